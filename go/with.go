package callpy

import "errors"

// With calls a function within a context manager: it enters it, calls the function, and leaves it, in generated code.
//
// If the function returns an error, the context is left with the exception that the error is or wraps, or else with a
// RuntimeError that has its text; and likewise if it panics, or ends its goroutine. An error that the context suppresses
// is nil, as in Python. If leaving fails too, the error is both: first what was raised as it was left.
func With[M, T any](manager M, enter func(M) (T, error), body func(T) error) (err error) {
	leave, err := contextLeave.function()
	if err != nil {
		return err
	}
	entered, err := enter(manager)
	if err != nil && !errors.Is(err, BadResult) {
		return err
	}
	if err != nil {
		// It was entered, and what that returned is of another type.
		_, leaving := left(leave, manager, err)
		return leavingError(leaving, err)
	}
	returned := false
	defer func() {
		if !returned {
			// The panic goes on, with the place where it began.
			_, _ = left(leave, manager, errUnwinding)
		}
	}()
	err = body(entered)
	returned = true
	isSuppressed, leaving := left(leave, manager, err)
	if isSuppressed && leaving == nil {
		return nil
	}
	return leavingError(leaving, err)
}

var errUnwinding = errors.New("the function panicked, or ended its goroutine")

// left leaves a context, with an error or without. It returns whether the context suppressed the error.
func left(leave *Function, manager any, err error) (bool, error) {
	var reason any
	var raised *Error
	switch {
	case errors.As(err, &raised):
		// A nil object is not a nil reason.
		if object := raised.Object(); object != nil {
			defer object.Release()
			reason = object
			break
		}
		reason = err.Error()
	case err != nil:
		reason = err.Error()
	}
	return CallAs[bool](background, leave, manager, reason)
}

// leavingError returns the error of a body, and that of leaving its context.
func leavingError(leaving, err error) error {
	switch {
	case leaving == nil:
		return err
	case err == nil:
		return leaving
	}
	return &bothErrors{leaving, err}
}

// bothErrors is what was raised as a context was left, and the error with which it was left.
type bothErrors struct{ leaving, err error }

func (e *bothErrors) Error() string {
	return e.leaving.Error() + " (as it left its context with: " + e.err.Error() + ")"
}

func (e *bothErrors) Unwrap() []error { return []error{e.leaving, e.err} }
