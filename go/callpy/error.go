package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"context"
	"fmt"
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
	// Line says what failed and where, in one line.
	Line string
	// Detail is the line and everything else that belongs in a log, such as the traceback.
	Detail string
	// Type is the name of the exception's type, such as "ValueError", and Module the module that defines it.
	Type, Module string
	// Message is str(exception).
	Message string
	// Traceback is as Python prints it, chained exceptions included.
	Traceback string
	// Cause is the exception that this one was raised from, or while handling which it was raised.
	Cause *Error
}

// Error returns Line.
func (e *Error) Error() string { return e.Line }

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

func failure(kind Kind, format string, arguments ...any) *Error {
	line := fmt.Sprintf(format, arguments...)
	return &Error{Kind: kind, Line: line, Detail: line}
}

// at adds the place that failed.
func (e *Error) at(place string) *Error {
	e.Line = place + ": " + e.Line
	e.Detail = place + ": " + e.Detail
	return e
}

// toError takes over an error from C.
func toError(e *C.callpy_error) error {
	if e == nil {
		return nil
	}
	defer C.callpy_error_free(e)
	return readError(e)
}

func readError(e *C.callpy_error) *Error {
	text := func(text *C.char) string {
		if text == nil {
			return ""
		}
		return C.GoString(text)
	}
	read := &Error{
		Kind:      Kind(C.callpy_error_kind(e)),
		Line:      text(C.callpy_error_message(e)),
		Detail:    text(C.callpy_error_detail(e)),
		Type:      text(C.callpy_error_exception_type(e)),
		Module:    text(C.callpy_error_exception_module(e)),
		Message:   text(C.callpy_error_exception_message(e)),
		Traceback: text(C.callpy_error_traceback(e)),
	}
	if cause := C.callpy_error_cause(e); cause != nil {
		read.Cause = readError(cause)
	}
	return read
}

// begin returns the context's error if the call may not begin.
func begin(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	return ctx.Err()
}
