package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"context"
	"fmt"
)

// A Kind is the sort of a failure, for programs that act on it.
type Kind uint32

// The sorts of failure.
const (
	Exception   Kind = C.CALLPY_ERROR_PYTHON      // Python raised an exception
	BadArgument Kind = C.CALLPY_ERROR_ARGUMENT    // an argument can't be given to Python
	BadResult   Kind = C.CALLPY_ERROR_RESULT      // the result is not what was asked for
	BadTarget   Kind = C.CALLPY_ERROR_TARGET      // a target does not lead to a function
	NoPython    Kind = C.CALLPY_ERROR_LOCATE      // no interpreter could be used; Detail names each
	Environment Kind = C.CALLPY_ERROR_ENVIRONMENT // an environment could not be made
	NotStarted  Kind = C.CALLPY_ERROR_START       // the interpreter could not be started
	NoNumpy     Kind = C.CALLPY_ERROR_NUMPY       // NumPy is missing, or too old, or broken
	Kept        Kind = C.CALLPY_ERROR_KEPT        // the result would have kept lent memory
	Ending      Kind = C.CALLPY_ERROR_ENDING      // the process is ending
	Panic       Kind = C.CALLPY_ERROR_PANIC       // a mistake of callpy's
	Other       Kind = C.CALLPY_ERROR_OTHER       // any other failure
	Closed      Kind = 1000                       // the function was closed
)

// An Error is any failure of this package but a context's; of kind [Exception] it is a Python
// exception as text, of which nothing stays in the interpreter.
type Error struct {
	Kind Kind
	// Line is one useful line.
	Line string
	// Detail is the line and what a reader of a log wants beside it.
	Detail string
	// Type is the name of the exception's type, such as "ValueError", and Module where it is defined.
	Type, Module string
	// Message is str(exception).
	Message string
	// Traceback is as Python prints it, chained exceptions included.
	Traceback string
	// Cause is the exception that this one was raised from, or while handling which it was raised.
	Cause *Error
}

// Error returns one useful line.
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

// at says where it failed.
func (e *Error) at(place string) *Error {
	e.Line = place + ": " + e.Line
	e.Detail = place + ": " + e.Detail
	return e
}

// toError takes over an error of C's.
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

// begin says whether a call may begin.
func begin(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	return ctx.Err()
}
