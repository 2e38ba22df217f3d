package callpy

import (
	"context"
	"reflect"
	"slices"
)

// Load returns a Python function as a Go function of type F, whose last result is an error.
//
//	detect, err := callpy.Load[func([]float64) ([]int64, error)]("outliers:detect")
//
// F may begin with a context.Context (see [Function.Call]) and end with variadic arguments. Parameters of type
// [Arg] are keyword arguments, and so is what [Named] returns where a parameter is of type any. For several
// results before the error, Python returns a tuple. A type of which no call can ever succeed, such as one with a
// channel, is an error at once.
func Load[F any](target string) (F, error) {
	var none F
	// Before it is looked for.
	if err := checkType[F](target); err != nil {
		return none, err
	}
	function, err := Find(target)
	if err != nil {
		return none, err
	}
	return As[F](function)
}

// As returns a function as a Go function of type F, as [Load] does: one on [Workers], or with limits.
//
//	function, err := workers.Function("outliers:detect")
//	detect, err := callpy.As[func([]float64) ([]int64, error)](function.Within(50 * time.Millisecond))
func As[F any](f *Function) (F, error) {
	var typed F
	kind := reflect.TypeFor[F]()
	if err := f.unusable(); err != nil {
		return typed, err
	}
	if err := checkType[F](f.name); err != nil {
		return typed, err
	}
	if !loadCommon(&typed, f) {
		reflect.ValueOf(&typed).Elem().Set(reflect.MakeFunc(kind, reflected(f, kind)))
	}
	return typed, nil
}

// checkType returns an error if a function of type F can never be called.
func checkType[F any](target string) error {
	kind := reflect.TypeFor[F]()
	if err := checkFunction(kind); err != nil {
		return failure(BadArgument, "%s can't be loaded as %v: %v", target, kind, err)
	}
	return nil
}

// loadCommon makes a function of a common type, which is called without reflection; false if it is of another.
func loadCommon(load any, f *Function) bool {
	return loadOne[[]float64](load, f) || loadOne[[]float32](load, f) || loadOne[[]int64](load, f) ||
		loadOne[float64](load, f) || loadOne[int](load, f) || loadOne[int64](load, f) || loadOne[string](load, f) ||
		loadTwo[float64, float64](load, f) || loadTwo[int, int](load, f) || loadTwo[int64, int64](load, f) ||
		loadTwo[string, string](load, f) || loadTwo[[]float64, float64](load, f) || loadTwo[[]float64, int](load, f) ||
		loadTwo[[]float64, []float64](load, f) || loadThree[float64, float64, float64](load, f)
}

func loadOne[A any](load any, f *Function) bool {
	switch load := load.(type) {
	case *func(A) error:
		*load = func(a A) error { return only(one[A, nothing](background, f, a)) }
	case *func(context.Context, A) error:
		*load = func(ctx context.Context, a A) error { return only(one[A, nothing](ctx, f, a)) }
	default:
		return loadOneFor[A, float64](load, f) || loadOneFor[A, int](load, f) || loadOneFor[A, int64](load, f) ||
			loadOneFor[A, bool](load, f) || loadOneFor[A, string](load, f) || loadOneFor[A, []float64](load, f) ||
			loadOneFor[A, []float32](load, f) || loadOneFor[A, []int64](load, f) || loadOneFor[A, []int](load, f) ||
			loadOneFor[A, []bool](load, f) || loadOneFor[A, *View[float64]](load, f) || loadOneFor[A, *View[int64]](load, f)
	}
	return true
}

func loadOneFor[A, R any](load any, f *Function) bool {
	switch load := load.(type) {
	case *func(A) (R, error):
		*load = func(a A) (R, error) { return one[A, R](background, f, a) }
	case *func(context.Context, A) (R, error):
		*load = func(ctx context.Context, a A) (R, error) { return one[A, R](ctx, f, a) }
	default:
		return false
	}
	return true
}

func loadTwo[A, B any](load any, f *Function) bool {
	switch load := load.(type) {
	case *func(A, B) error:
		*load = func(a A, b B) error { return only(two[A, B, nothing](background, f, a, b)) }
	case *func(context.Context, A, B) error:
		*load = func(ctx context.Context, a A, b B) error { return only(two[A, B, nothing](ctx, f, a, b)) }
	default:
		return loadTwoFor[A, B, float64](load, f) || loadTwoFor[A, B, int](load, f) || loadTwoFor[A, B, int64](load, f) ||
			loadTwoFor[A, B, bool](load, f) || loadTwoFor[A, B, string](load, f) || loadTwoFor[A, B, []float64](load, f) ||
			loadTwoFor[A, B, []int64](load, f) || loadTwoFor[A, B, []int](load, f)
	}
	return true
}

func loadTwoFor[A, B, R any](load any, f *Function) bool {
	switch load := load.(type) {
	case *func(A, B) (R, error):
		*load = func(a A, b B) (R, error) { return two[A, B, R](background, f, a, b) }
	case *func(context.Context, A, B) (R, error):
		*load = func(ctx context.Context, a A, b B) (R, error) { return two[A, B, R](ctx, f, a, b) }
	default:
		return false
	}
	return true
}

func loadThree[A, B, C any](load any, f *Function) bool {
	return loadThreeFor[A, B, C, float64](load, f) || loadThreeFor[A, B, C, int](load, f) || loadThreeFor[A, B, C, []float64](load, f)
}

func loadThreeFor[A, B, C, R any](load any, f *Function) bool {
	switch load := load.(type) {
	case *func(A, B, C) (R, error):
		*load = func(a A, b B, c C) (R, error) { return three[A, B, C, R](background, f, a, b, c) }
	case *func(context.Context, A, B, C) (R, error):
		*load = func(ctx context.Context, a A, b B, c C) (R, error) { return three[A, B, C, R](ctx, f, a, b, c) }
	default:
		return false
	}
	return true
}

var background = context.Background()

// nothing is the result that is not wanted.
type nothing struct{}

func only(_ nothing, err error) error { return err }

func one[A, R any](ctx context.Context, function *Function, a A) (R, error) {
	if err := function.usable(ctx); err != nil {
		var none R
		return none, err
	}
	frame := newFrame()
	failed := put(frame, a)
	return finish[R](ctx, frame, function, failed)
}

func two[A, B, R any](ctx context.Context, function *Function, a A, b B) (R, error) {
	if err := function.usable(ctx); err != nil {
		var none R
		return none, err
	}
	frame := newFrame()
	failed := put(frame, a)
	if failed == nil {
		failed = put(frame, b)
	}
	return finish[R](ctx, frame, function, failed)
}

func three[A, B, C, R any](ctx context.Context, function *Function, a A, b B, c C) (R, error) {
	if err := function.usable(ctx); err != nil {
		var none R
		return none, err
	}
	frame := newFrame()
	failed := put(frame, a)
	if failed == nil {
		failed = put(frame, b)
	}
	if failed == nil {
		failed = put(frame, c)
	}
	return finish[R](ctx, frame, function, failed)
}

// finish makes the call, unless an argument has failed, and converts its result.
func finish[R any](ctx context.Context, frame *frame, function *Function, failed *Error) (R, error) {
	defer frame.done()
	var none R
	if failed != nil {
		return none, failed.at(function.name)
	}
	_, isUnwanted := any(none).(nothing)
	if err := frame.run(ctx, function, !isUnwanted); err != nil || isUnwanted {
		return none, err
	}
	return decode[R](frame, function)
}

// reflected returns a function of any type for reflect.MakeFunc.
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
	ctx := background
	if kind.NumIn() > 0 && kind.In(0) == contextType {
		// nil stays nil.
		ctx, _ = in[0].Interface().(context.Context)
		in = in[1:]
	}
	if err := f.usable(ctx); err != nil {
		return err
	}
	frame := newFrame()
	defer frame.done()
	frame.types = f.types
	if kind.IsVariadic() {
		last := in[len(in)-1]
		in = slices.Clip(in[:len(in)-1])
		for index := range last.Len() {
			in = append(in, last.Index(index))
		}
	}
	for _, argument := range in {
		if err := frame.argument(argument); err != nil {
			return err.at(f.name)
		}
	}
	if err := frame.run(ctx, f, len(out) > 0); err != nil || len(out) == 0 {
		return err
	}
	var failed *Error
	if result := &frame.call.result; len(out) == 1 {
		failed = f.types.decodeInto(result, out[0])
	} else {
		failed = f.types.decodeTuple(result, out)
	}
	// Only now, when everything that was taken over no longer belongs to the result.
	frame.release()
	if failed != nil {
		return failed.at("the result of " + f.name)
	}
	return nil
}
