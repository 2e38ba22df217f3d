package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
)

// A Kind says what sort of failure an [Error] is, for programs that act on it.
type Kind uint32

// The kinds of failure.
const (
	Exception   Kind = C.CALLPY_ERROR_PYTHON      // Python raised an exception
	BadArgument Kind = C.CALLPY_ERROR_ARGUMENT    // an argument can't be passed to Python
	BadResult   Kind = C.CALLPY_ERROR_RESULT      // the result is not what was asked for
	BadTarget   Kind = C.CALLPY_ERROR_TARGET      // a target does not lead to a function
	NoPython    Kind = C.CALLPY_ERROR_LOCATE      // no interpreter could be used; Detail names each
	Environment Kind = C.CALLPY_ERROR_ENVIRONMENT // an environment could not be created
	NotStarted  Kind = C.CALLPY_ERROR_START       // the interpreter could not be started
	NoNumpy     Kind = C.CALLPY_ERROR_NUMPY       // NumPy is missing, or too old, or broken
	Kept        Kind = C.CALLPY_ERROR_KEPT        // the result retains lent memory
	Ending      Kind = C.CALLPY_ERROR_ENDING      // Python is ending, or has ended
	Panic       Kind = C.CALLPY_ERROR_PANIC       // a bug in callpy
	Attach      Kind = C.CALLPY_ERROR_ATTACH      // the thread is in a sub-interpreter, or inside a call
	Other       Kind = C.CALLPY_ERROR_OTHER       // any other failure
	Closed      Kind = 1000                       // the function was closed
)

// An Error is any failure in this package except a context's. With the kind [Exception] it is a Python
// exception as text; nothing of it stays in the interpreter.
type Error struct {
	Kind Kind
	// Type is the name of the exception's type, such as "ValueError", and Module the module that defines it.
	Type, Module string
	// Message is str(exception).
	Message string
	// Cause is the exception that this one was raised from, or while handling which it was raised.
	Cause *Error

	// place is where the failure was, and line says what failed, unless C does.
	place, line string
	c           *C.callpy_error
	owner       *errorOwner
}

// An errorOwner frees an error of C's once neither it nor one of its causes is used.
type errorOwner struct{ root *C.callpy_error }

// Error says what failed and where, in one line.
func (e *Error) Error() string {
	if e.c == nil {
		return e.place + e.line
	}
	defer runtime.KeepAlive(e.owner)
	return e.place + text(C.callpy_error_message(e.c))
}

// Detail returns the line and everything else that belongs in a log, such as the traceback. It is made when
// it is asked for.
func (e *Error) Detail() string {
	if e.c == nil {
		return e.place + e.line
	}
	defer runtime.KeepAlive(e.owner)
	return e.place + text(C.callpy_error_detail(e.c))
}

// Traceback returns the traceback as Python prints it, chained exceptions included; nothing if this is no
// exception. It is made when it is asked for: the source lines are read from their files then.
func (e *Error) Traceback() string {
	if e.c == nil {
		return ""
	}
	defer runtime.KeepAlive(e.owner)
	return text(C.callpy_error_traceback(e.c))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

func failure(kind Kind, format string, arguments ...any) *Error {
	return &Error{Kind: kind, line: fmt.Sprintf(format, arguments...)}
}

// at adds the place that failed.
func (e *Error) at(place string) *Error {
	e.place = place + ": " + e.place
	return e
}

// toError takes over an error from C.
func toError(e *C.callpy_error) error {
	if e == nil {
		return nil
	}
	return takeError(e)
}

func takeError(e *C.callpy_error) *Error {
	owner := &errorOwner{e}
	runtime.AddCleanup(owner, func(e *C.callpy_error) { C.callpy_error_free(e) }, e)
	return readError(e, owner)
}

func readError(e *C.callpy_error, owner *errorOwner) *Error {
	read := &Error{
		Kind:    Kind(C.callpy_error_kind(e)),
		Type:    text(C.callpy_error_exception_type(e)),
		Module:  text(C.callpy_error_exception_module(e)),
		Message: text(C.callpy_error_exception_message(e)),
		c:       e,
		owner:   owner,
	}
	if cause := C.callpy_error_cause(e); cause != nil {
		read.Cause = readError(cause, owner)
	}
	return read
}

func text(text *C.char) string {
	if text == nil {
		return ""
	}
	return C.GoString(text)
}

// begin returns the context's error if the call may not begin.
func begin(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	return ctx.Err()
}
