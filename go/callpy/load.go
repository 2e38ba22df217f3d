package callpy

import (
	"context"
	"reflect"
)

var (
	errorType   = reflect.TypeFor[error]()
	contextType = reflect.TypeFor[context.Context]()
)

// Load returns a Python function as a Go function of type F, whose last result is an error.
//
//	detect, err := callpy.Load[func([]float64) ([]int64, error)]("outliers:detect")
//
// F may begin with a context.Context (see [Function.Call]) and end with variadic arguments. Of
// several results before the error, Python returns a tuple. [Named], [Mutable] and [Copied] are
// given to parameters of type any.
func Load[F any](target string) (F, error) {
	var load F
	kind := reflect.TypeFor[F]()
	if kind.Kind() != reflect.Func || kind.NumOut() == 0 || kind.Out(kind.NumOut()-1) != errorType {
		return load, failure(BadArgument, "%s can't be loaded as %v: that is not a function whose last result is an error", target, kind)
	}
	function, err := Find(target)
	if err != nil {
		return load, err
	}
	// The usual types take no reflection.
	switch typed := any(&load).(type) {
	case *func([]float64) error:
		*typed = slice(function)
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

func slice(function *Function) func([]float64) error {
	dtype := elementDtype[float64]()
	return func(data []float64) error {
		value, err := callSlice(function, data, dtype)
		release(&value)
		return err
	}
}

func sliceToSlice[T, R Element](function *Function) func([]T) ([]R, error) {
	dtype := elementDtype[T]()
	return func(data []T) ([]R, error) {
		value, err := callSlice(function, data, dtype)
		if err != nil {
			return nil, err
		}
		result, err := decodeSlice[R](&value)
		release(&value)
		if err != nil {
			return nil, function.resultError(err)
		}
		return result, nil
	}
}

func sliceToValue[T Element, R any](function *Function) func([]T) (R, error) {
	dtype := elementDtype[T]()
	return func(data []T) (R, error) {
		var result R
		value, err := callSlice(function, data, dtype)
		if err != nil {
			return result, err
		}
		if err = decode(&value, &result); err != nil {
			err = function.resultError(err)
		}
		release(&value)
		return result, err
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
			out[results].Set(reflect.ValueOf(err))
		}
		return out
	}
}

func (f *Function) callReflected(kind reflect.Type, in, out []reflect.Value) error {
	if len(in) > 0 && kind.In(0) == contextType {
		if ctx, ok := in[0].Interface().(context.Context); ok {
			if err := begin(ctx); err != nil {
				return err
			}
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
	value, err := f.call(arguments)
	if err != nil {
		return err
	}
	defer release(&value)
	switch len(out) {
	case 0:
		return nil
	case 1:
		err = decodeInto(&value, out[0])
	default:
		err = decodeTuple(&value, out)
	}
	if err != nil {
		return f.resultError(err)
	}
	return nil
}
