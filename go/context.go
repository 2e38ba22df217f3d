package callpy

import "context"

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
