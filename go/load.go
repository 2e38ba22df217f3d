package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"context"
	"reflect"
	"unsafe"
)

var (
	errorType   = reflect.TypeFor[error]()
	contextType = reflect.TypeFor[context.Context]()
)

// Load returns a Python function as a Go function of type F, whose last result is an error.
//
//	detect, err := callpy.Load[func([]float64) ([]int64, error)]("outliers:detect")
//
// F may begin with a context.Context (see [Function.Call]) and end with variadic arguments. For several
// results before the error, Python returns a tuple. Pass [Named], [Mutable] and [Copied] to parameters
// of type any.
func Load[F any](target string) (F, error) {
	var load F
	kind := reflect.TypeFor[F]()
	if kind.Kind() != reflect.Func || kind.NumOut() == 0 || kind.Out(kind.NumOut()-1) != errorType {
		return load, failure(BadArgument, "%s can't be loaded as %v: expected a function type whose last result is an error", target, kind)
	}
	function, err := Find(target)
	if err != nil {
		return load, err
	}
	// Common types need no reflection.
	switch typed := any(&load).(type) {
	case *func([]float64) error:
		*typed = sliceToNothing[float64](function)
	case *func([]float32) error:
		*typed = sliceToNothing[float32](function)
	case *func([]float64) ([]float64, error):
		*typed = sliceToSlice[float64, float64](function)
	case *func([]float64) ([]int64, error):
		*typed = sliceToSlice[float64, int64](function)
	case *func([]float64) ([]int, error):
		*typed = sliceToSlice[float64, int](function)
	case *func([]float64) ([]bool, error):
		*typed = sliceToSlice[float64, bool](function)
	case *func([]float32) ([]float32, error):
		*typed = sliceToSlice[float32, float32](function)
	case *func([]int64) ([]int64, error):
		*typed = sliceToSlice[int64, int64](function)
	case *func([]float64) (float64, error):
		*typed = sliceToValue[float64, float64](function)
	case *func([]float64) (*View[float64], error):
		*typed = sliceToValue[float64, *View[float64]](function)
	case *func([]float64) (*View[int64], error):
		*typed = sliceToValue[float64, *View[int64]](function)
	case *func(context.Context, []float64) ([]float64, error):
		*typed = withContext(sliceToSlice[float64, float64](function))
	case *func(context.Context, []float64) ([]int64, error):
		*typed = withContext(sliceToSlice[float64, int64](function))
	default:
		reflect.ValueOf(&load).Elem().Set(reflect.MakeFunc(kind, reflected(function, kind)))
	}
	return load, nil
}

func sliceToNothing[T Element](function *Function) func([]T) error {
	dtype := elementDtype[T]()
	return func(data []T) error { return runSlice(function, data, dtype) }
}

func sliceToSlice[T, R Element](function *Function) func([]T) ([]R, error) {
	dtype, expected := elementDtype[T](), elementDtype[R]()
	return func(data []T) ([]R, error) {
		outcome, err := callSlice(function, data, dtype)
		if err != nil {
			return nil, err
		}
		if array := arrayOf(&outcome.value); array != nil && array.ndim == 1 && array.dtype == expected {
			result := make([]R, elements(array))
			copyOut(array, unsafe.Pointer(unsafe.SliceData(result)))
			C.callpy_array_release(array)
			return result, nil
		}
		return decoded[[]R](function, outcome)
	}
}

func sliceToValue[T Element, R any](function *Function) func([]T) (R, error) {
	dtype := elementDtype[T]()
	return func(data []T) (R, error) {
		outcome, err := callSlice(function, data, dtype)
		if err != nil {
			var none R
			return none, err
		}
		return decoded[R](function, outcome)
	}
}

func withContext[A, R any](call func(A) (R, error)) func(context.Context, A) (R, error) {
	return func(ctx context.Context, argument A) (R, error) {
		if err := begin(ctx); err != nil {
			var none R
			return none, err
		}
		return call(argument)
	}
}

func reflected(function *Function, kind reflect.Type) func([]reflect.Value) []reflect.Value {
	results := kind.NumOut() - 1
	return func(in []reflect.Value) []reflect.Value {
		out := make([]reflect.Value, results+1)
		for index := range out {
			out[index] = reflect.New(kind.Out(index)).Elem()
		}
		if err := function.callReflected(kind, in, out[:results]); err != nil {
			for index := range results {
				out[index].SetZero()
			}
			out[results].Set(reflect.ValueOf(err))
		}
		return out
	}
}

func (f *Function) callReflected(kind reflect.Type, in, out []reflect.Value) error {
	if len(in) > 0 && kind.In(0) == contextType {
		ctx, _ := in[0].Interface().(context.Context)
		if err := begin(ctx); err != nil {
			return err
		}
		in = in[1:]
	}
	arguments := make([]any, 0, len(in))
	for index, argument := range in {
		if kind.IsVariadic() && index == len(in)-1 {
			for rest := range argument.Len() {
				arguments = append(arguments, argument.Index(rest).Interface())
			}
			break
		}
		arguments = append(arguments, argument.Interface())
	}
	outcome, err := f.call(arguments, len(out) > 0)
	if err != nil {
		return err
	}
	var failed *Error
	switch len(out) {
	case 0:
	case 1:
		failed = decodeInto(&outcome.value, out[0])
	default:
		failed = decodeTuple(&outcome.value, out)
	}
	// Only now, when everything that was taken over no longer belongs to the outcome.
	release(outcome)
	if failed != nil {
		return failed.at("the result of " + f.name)
	}
	return nil
}
