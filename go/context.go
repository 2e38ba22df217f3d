package callpy

import (
	"context"
	"errors"
)

// ended returns the error of a context that has ended, with its cause; nil if it goes on.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != err {
		return &endedError{err, cause}
	}
	return err
}

// An endedError is a context's error, and the cause that the program gave.
type endedError struct{ err, cause error }

func (e *endedError) Error() string { return e.err.Error() + ": " + e.cause.Error() }

func (e *endedError) Unwrap() []error { return []error{e.err, e.cause} }

// cancelWith adds to limits what cancels a call of C's once the context ends, and returns a function to call when the
// call has returned.
func cancelWith(ctx context.Context, limits *cLimits) (stop func()) {
	call := callNew.call()
	limits.call = call
	cancelled := make(chan struct{})
	cancels := context.AfterFunc(ctx, func() {
		callCancel.call(call)
		close(cancelled)
	})
	return func() {
		if !cancels() {
			<-cancelled
		}
		free(callFree, call)
	}
}

// orEnded returns the error of a call, or its context's if that cancelled the call.
func orEnded(ctx context.Context, err error) error {
	if err != nil && errors.Is(err, Cancelled) {
		if err := ended(ctx); err != nil {
			return err
		}
	}
	return err
}
