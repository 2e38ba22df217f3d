package callpy

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Function is a Python function, or any other callable, for calls whose types are known only at run
// time; [Load] gives it a type. Any number of goroutines may call it.
type Function struct {
	// The address of C's handle.
	handle uintptr
	closed atomic.Bool
	name   string
	// The workers that it is on; nil in this process.
	pool *pool
	// The shortest limit of its calls; 0 for none.
	within time.Duration
	// The types of the generated package that it belongs to.
	types *Types
}

// Find returns the function that a target names: "module:function", "package.module:Class.method" or
// "path/to/file.py:function". It starts Python if it does not run yet.
func Find(target string) (*Function, error) {
	if strings.ContainsRune(target, 0) {
		return nil, failure(BadTarget, "the target %q has a NUL character in it", target)
	}
	// C would start it as well, but not with messages for Go.
	if err := Start(); err != nil {
		return nil, err
	}
	var keeper keeper
	defer keeper.done()
	handle := new(uintptr)
	if err := toError(functionLoad.call(keeper.text(target), keeper.keep(unsafe.Pointer(handle)))); err != nil {
		return nil, err
	}
	return newFunction(*handle, target, nil), nil
}

// newFunction takes over C's handle of a function. That of a pool needs to be entered.
func newFunction(handle uintptr, name string, pool *pool) *Function {
	function := &Function{handle: handle, name: name, pool: pool}
	if pool == nil {
		runtime.AddCleanup(function, func(handle uintptr) { free(functionFree, handle) }, handle)
	} else {
		pool.add(handle)
		runtime.AddCleanup(function, pool.free, handle)
	}
	return function
}

// Within returns the same function with calls that end after this time, with an error of kind [Deadline]; of
// several limits the shortest counts. On [Workers] that holds, whatever the function does, and the time counts
// from the beginning of the call, that of waiting for a worker included. In this process it counts from when the
// function is called, and only asks, as a context does that ends.
func (f *Function) Within(limit time.Duration) *Function {
	// 0 is no limit in C.
	limit = max(limit, 1)
	limited := f.limited(&cLimits{within: uintptr(limit)})
	if limited != f && (limited.within == 0 || limit < limited.within) {
		limited.within = limit
	}
	return limited
}

// Retries returns the same function with calls that are repeated up to so many times if their worker crashes: for
// a function that may run twice. In this process a crash ends the program.
func (f *Function) Retries(most uint) *Function { return f.limited(&cLimits{retries: uintptr(most)}) }

// limited returns a handle of the same function with limits; one that can't be called if this one can't.
func (f *Function) limited(limits *cLimits) *Function {
	if f.enter() != nil {
		return f
	}
	defer f.leave()
	var keeper keeper
	defer keeper.done()
	limited := new(uintptr)
	failed := functionLimit.call(f.handle, keeper.keep(unsafe.Pointer(limits)), keeper.keep(unsafe.Pointer(limited)))
	if failed != 0 {
		// For lack of a function only.
		panic("callpy: " + takeError(failed).Error())
	}
	function := newFunction(*limited, f.name, f.pool)
	function.types, function.within = f.types, f.within
	return function
}

// begin takes one of the places for calls, and waits for it no longer than a call may take. It returns what is left of
// that time, or 0 if there was no need to wait.
func (f *Function) begin(ctx context.Context) (left time.Duration, err error) {
	if calls.tryEnter() {
		return 0, nil
	}
	if f.within == 0 {
		return 0, calls.wait(ctx)
	}
	until := time.Now().Add(f.within)
	limited, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	if err := calls.wait(limited); err != nil {
		if err := ended(ctx); err != nil {
			return 0, err
		}
		return 0, f.late()
	}
	return max(time.Until(until), 1), nil
}

// late returns the error of a call that took too long, as C words it.
func (f *Function) late() error {
	return failure(Deadline, "%s: it did not return within %v", f.name, f.within)
}

// enter has the function's handle stay until leave, or returns an error if the function can't be called.
func (f *Function) enter() error {
	if err := f.unusable(); err != nil || f.pool == nil {
		return err
	}
	if err := f.pool.enter(); err != nil {
		return failure(Closed, "%s: the workers are closed", f.name)
	}
	return nil
}

func (f *Function) leave() {
	if f.pool != nil {
		f.pool.leave()
	}
	runtime.KeepAlive(f)
}

// Retains decides that the Python function retains its arguments: it gets copies, also at its first call.
// This holds for the Python function, whatever it is called through: a function that [Load] returned, too.
// Without such a decision callpy learns from the first call with arrays what a function does.
func (f *Function) Retains() error { return f.decide(functionRetains) }

// Lends decides that the Python function does not retain its arguments: they are lent, also at its first
// call. If it retains one nevertheless, the process ends. This holds for the Python function, as Retains
// does.
func (f *Function) Lends() error { return f.decide(functionLends) }

func (f *Function) decide(what cFunction) error {
	if err := f.enter(); err != nil {
		return err
	}
	defer f.leave()
	return toError(what.call(f.handle))
}

// Name returns the function's target.
func (f *Function) Name() string { return f.name }

// Close makes every later call an error, and returns nil; running calls finish. The Python function itself is
// freed once f is no longer used.
func (f *Function) Close() error {
	f.closed.Store(true)
	return nil
}

// Closed says whether Close was called.
func (f *Function) Closed() bool { return f.closed.Load() }

// unusable returns an error if the function can't be called.
func (f *Function) unusable() error {
	if f == nil {
		return failure(Closed, "the function is nil; Find or Load returns one")
	}
	if f.closed.Load() {
		return failure(Closed, "%s is closed", f.name)
	}
	if f.handle == 0 {
		return failure(BadArgument, "the function is NULL; Find or Load returns one")
	}
	return nil
}

// usable returns an error if the function can't be called, or the context is nil.
func (f *Function) usable(ctx context.Context) error {
	if err := f.unusable(); err != nil {
		return err
	}
	if ctx == nil {
		return failure(BadArgument, "%s: the context is nil; pass context.Background()", f.name)
	}
	return nil
}

// Call calls the function and returns its result as the natural Go type: nil, bool, int64, uint64, float64,
// string, [Bytes], []any, map[any]any, [Array] of the dtype's type, []string, [Times], [Durations] or [*Object].
// [CallAs] converts it to a given type.
//
// A call whose context has ended does not begin, whatever it waited for. A running call is cancelled when the
// context ends, and returns the context's error; if it returns a result nevertheless, that is returned.
func (f *Function) Call(ctx context.Context, arguments ...any) (any, error) {
	return CallAs[any](ctx, f, arguments...)
}

// CallAs calls a function as [Function.Call] does, and returns its result as an R. A result of another
// type is an error: nothing is converted silently.
func CallAs[R any](ctx context.Context, f *Function, arguments ...any) (R, error) {
	var none R
	if err := f.usable(ctx); err != nil {
		return none, err
	}
	frame := newFrame()
	defer frame.done()
	if err := frame.arguments(f, arguments); err != nil {
		return none, err
	}
	if err := frame.run(ctx, f, true); err != nil {
		return none, err
	}
	return decode[R](frame, f)
}

// Run calls a function and ignores its result.
func (f *Function) Run(ctx context.Context, arguments ...any) error {
	if err := f.usable(ctx); err != nil {
		return err
	}
	frame := newFrame()
	defer frame.done()
	if err := frame.arguments(f, arguments); err != nil {
		return err
	}
	return frame.run(ctx, f, false)
}

func (f *frame) arguments(function *Function, arguments []any) error {
	for _, argument := range arguments {
		if err := f.argument(reflect.ValueOf(argument)); err != nil {
			return err.at(function.name)
		}
	}
	return nil
}

// MapAs calls a function once for each input, its only argument, and returns the results and the errors in
// the order of the inputs; errors is nil if there is none. All calls are made in one attachment, which is
// cheaper where each takes little, and other callers have their turn between calls.
func MapAs[R any, A any](ctx context.Context, f *Function, inputs []A) (results []R, errors []error) {
	results = make([]R, len(inputs))
	fail := func(index int, err error) {
		if errors == nil {
			errors = make([]error, len(inputs))
		}
		errors[index] = err
	}
	failAll := func(err error) ([]R, []error) {
		for index := range inputs {
			fail(index, err)
		}
		return results, errors
	}
	if err := f.usable(ctx); err != nil {
		return failAll(err)
	}
	frame := newFrame()
	defer frame.done()
	// Inputs that can't be passed are left out; places says whose values these are.
	values := make([]cValue, len(inputs))
	places := make([]int, 0, len(inputs))
	for index := range inputs {
		value := &values[len(places)]
		if err := frame.value(reflect.ValueOf(&inputs[index]).Elem(), value, 0); err != nil {
			*value = cValue{}
			fail(index, err.at("argument 1").at(f.name))
			continue
		}
		places = append(places, index)
	}
	if len(places) == 0 {
		return results, errors
	}
	if err := ended(ctx); err != nil {
		return failAll(err)
	}
	got, failed := make([]cValue, len(places)), make([]uintptr, len(places))
	if _, err := f.begin(ctx); err != nil {
		return failAll(err)
	}
	defer calls.leave()
	limited, done, err := f.cancelledBy(ctx)
	if err != nil {
		return failAll(err)
	}
	err = toError(functionMap.call(limited, frame.keep(unsafe.Pointer(unsafe.SliceData(values))), uintptr(len(places)), 1,
		frame.keep(unsafe.Pointer(unsafe.SliceData(got))), frame.keep(unsafe.Pointer(unsafe.SliceData(failed)))))
	done()
	if err != nil {
		return failAll(err)
	}
	for call, index := range places {
		err := orEnded(ctx, toError(failed[call]))
		if err == nil {
			frame.call.result = got[call]
			results[index], err = decode[R](frame, f)
		}
		if err != nil {
			fail(index, err)
		}
	}
	return results, errors
}

// cancelledBy returns a handle of the function whose calls are cancelled once the context ends, and a function to
// call when they have returned.
func (f *Function) cancelledBy(ctx context.Context) (handle uintptr, done func(), err error) {
	if err := f.enter(); err != nil {
		return 0, nil, err
	}
	if ctx.Done() == nil {
		return f.handle, f.leave, nil
	}
	limits, limited := new(cLimits), new(uintptr)
	stop := cancelWith(ctx, limits)
	var keeper keeper
	defer keeper.done()
	failed := functionLimit.call(f.handle, keeper.keep(unsafe.Pointer(limits)), keeper.keep(unsafe.Pointer(limited)))
	done = func() {
		stop()
		free(functionFree, *limited)
		f.leave()
	}
	if failed != 0 {
		done()
		return 0, nil, toError(failed)
	}
	return *limited, done, nil
}
