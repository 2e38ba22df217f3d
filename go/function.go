package callpy

/*
#include <stdlib.h>
#include "callpy.h"

typedef struct {
    callpy_error *error;
    callpy_value value;
} callpy_go_outcome;

// How many threads have called. A thread counts once, which costs next to nothing; the gate reads it.
static uint32_t callpy_go_threads;

// Go can't see a static variable by its name.
static uint32_t *callpy_go_thread_count(void) { return &callpy_go_threads; }

static inline void callpy_go_count_thread(void) {
    static _Thread_local bool counted;
    if (!counted) {
        counted = true;
        __atomic_fetch_add(&callpy_go_threads, 1, __ATOMIC_RELAXED);
    }
}

static void callpy_go_free_function(uintptr_t function) {
    callpy_function_free((callpy_function *)function);
}

static callpy_error *callpy_go_decide(uintptr_t function, bool retains) {
    const callpy_function *decided = (const callpy_function *)function;
    return retains ? callpy_function_retains(decided) : callpy_function_lends(decided);
}

static callpy_go_outcome callpy_go_call(
    uintptr_t function, const callpy_value *arguments, size_t arguments_len,
    const callpy_named *named, size_t named_len, bool wanted
) {
    callpy_go_outcome outcome = {0};
    callpy_go_count_thread();
    outcome.error = callpy_function_call((const callpy_function *)function,
        arguments, arguments_len, named, named_len, wanted ? &outcome.value : NULL);
    return outcome;
}

static callpy_error *callpy_go_map(
    uintptr_t function, const callpy_value *arguments, size_t calls_len, callpy_value *results, callpy_error **errors
) {
    callpy_go_count_thread();
    return callpy_function_map((const callpy_function *)function, arguments, calls_len, 1, results, errors);
}

// Calls with one slice. It is passed as chars, which hold no pointers for cgo to check.
static inline callpy_error *callpy_go_slice(
    uintptr_t function, const char *data, size_t length, uint32_t dtype, callpy_value *result
) {
    callpy_go_count_thread();
    ptrdiff_t shape = (ptrdiff_t)length;
    callpy_array array = {.data = (void *)data, .shape = &shape, .ndim = 1, .dtype = dtype};
    callpy_value argument = {.tag = CALLPY_TAG_ARRAY, .content.array = &array};
    return callpy_function_call((const callpy_function *)function, &argument, 1, NULL, 0, result);
}

static callpy_error *callpy_go_run_slice(
    uintptr_t function, const char *data, size_t length, uint32_t dtype
) {
    return callpy_go_slice(function, data, length, dtype, NULL);
}

static callpy_go_outcome callpy_go_call_slice(
    uintptr_t function, const char *data, size_t length, uint32_t dtype
) {
    callpy_go_outcome outcome = {0};
    outcome.error = callpy_go_slice(function, data, length, dtype, &outcome.value);
    return outcome;
}
*/
import "C"

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"
)

// A Function is a Python function, or any other callable, for calls whose types are known only at run
// time; [Load] gives it a type. Any number of goroutines may call it.
type Function struct {
	// A callpy_function, which belongs to C: as a number, cgo does not check what it points to.
	handle C.uintptr_t
	closed atomic.Bool
	name   string
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
	text := C.CString(target)
	defer C.free(unsafe.Pointer(text))
	var handle *C.callpy_function
	if err := toError(C.callpy_function_load(text, &handle)); err != nil {
		return nil, err
	}
	function := &Function{handle: C.uintptr_t(uintptr(unsafe.Pointer(handle))), name: target}
	runtime.AddCleanup(function, func(handle C.uintptr_t) { C.callpy_go_free_function(handle) }, function.handle)
	return function, nil
}

// Retains decides that the Python function retains its arguments: it gets copies, also at its first call.
// This holds for the Python function, whatever it is called through: a function that [Load] returned, too.
// Without such a decision callpy learns from the first call with arrays what a function does.
func (f *Function) Retains() error { return f.decide(true) }

// Lends decides that the Python function does not retain its arguments: they are lent, also at its first
// call. If it retains one nevertheless, the process ends. This holds for the Python function, as Retains
// does.
func (f *Function) Lends() error { return f.decide(false) }

func (f *Function) decide(retains bool) error {
	if f == nil || f.closed.Load() {
		return errClosed(f)
	}
	failed := C.callpy_go_decide(f.handle, C.bool(retains))
	runtime.KeepAlive(f)
	return toError(failed)
}

// Name returns the function's target.
func (f *Function) Name() string { return f.name }

// Close makes every later call an error; running calls finish. The Python function itself is freed once
// f is no longer used.
func (f *Function) Close() { f.closed.Store(true) }

// Closed says whether Close was called.
func (f *Function) Closed() bool { return f.closed.Load() }

// An outcome is what a call returns. Go aligns a C.callpy_value alone to four bytes, since to Go its union
// is bytes; next to a pointer it is aligned as C expects.
type outcome = C.callpy_go_outcome

// A named is a keyword argument.
type named struct {
	name  string
	value any
}

// Named makes a keyword argument, to be passed after the positional ones.
func Named(name string, value any) any { return named{name, value} }

// Call calls the function and returns its result as the natural Go type: nil, bool, int64, uint64, float64,
// string, [Bytes], []any, map[any]any, [Array] of the dtype's type, []string or [*Object]. [CallAs]
// converts it to a given type.
//
// The context is checked before the call begins; nil means no context. It does not stop a running call,
// whose result is returned even if the context is done by then.
func (f *Function) Call(ctx context.Context, arguments ...any) (any, error) {
	return CallAs[any](ctx, f, arguments...)
}

// CallAs calls a function as [Function.Call] does, and returns its result as an R. A result of another
// type is an error: nothing is converted silently.
func CallAs[R any](ctx context.Context, f *Function, arguments ...any) (R, error) {
	var result R
	if err := begin(ctx); err != nil {
		return result, err
	}
	outcome, err := f.call(arguments, true)
	if err != nil {
		return result, err
	}
	return decoded[R](f, outcome)
}

// Run calls a function and ignores its result.
func (f *Function) Run(ctx context.Context, arguments ...any) error {
	if err := begin(ctx); err != nil {
		return err
	}
	_, err := f.call(arguments, false)
	return err
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
	if err := begin(ctx); err != nil {
		return failAll(err)
	}
	if f == nil || f.closed.Load() {
		return failAll(errClosed(f))
	}
	var encoder encoder
	defer encoder.release()
	// Inputs that can't be passed are left out; places says whose values these are.
	values := make([]C.callpy_value, len(inputs))
	places := make([]int, 0, len(inputs))
	for index := range inputs {
		value := &values[len(places)]
		if err := encoder.value(reflect.ValueOf(&inputs[index]).Elem(), value, 0); err != nil {
			*value = C.callpy_value{}
			fail(index, err.at("argument 1").at(f.name))
			continue
		}
		places = append(places, index)
	}
	if len(places) == 0 {
		return results, errors
	}
	outcomes := newOutcomes(len(places))
	defer outcomes.free()
	counted := calls.enter(threads())
	failed := C.callpy_go_map(f.handle, unsafe.SliceData(values), C.size_t(len(places)), outcomes.values, outcomes.errors)
	calls.leave(counted)
	runtime.KeepAlive(f)
	runtime.KeepAlive(inputs)
	if err := toError(failed); err != nil {
		return failAll(err)
	}
	for call, index := range places {
		got := outcomes.at(call)
		err := toError(got.error)
		if err == nil {
			results[index], err = decoded[R](f, got)
		}
		if err != nil {
			fail(index, err)
		}
	}
	return results, errors
}

// outcomes is C's memory for the results of many calls: Go's would be written with C's pointers.
type outcomes struct {
	values *C.callpy_value
	errors **C.callpy_error
}

func newOutcomes(count int) outcomes {
	size := C.size_t(count)
	return outcomes{
		(*C.callpy_value)(C.calloc(size, C.size_t(unsafe.Sizeof(C.callpy_value{})))),
		(**C.callpy_error)(C.calloc(size, C.size_t(unsafe.Sizeof((*C.callpy_error)(nil))))),
	}
}

func (o outcomes) at(call int) outcome {
	var got outcome
	got.value = *(*C.callpy_value)(unsafe.Add(unsafe.Pointer(o.values), uintptr(call)*unsafe.Sizeof(*o.values)))
	got.error = *(**C.callpy_error)(unsafe.Add(unsafe.Pointer(o.errors), uintptr(call)*unsafe.Sizeof(*o.errors)))
	return got
}

func (o outcomes) free() {
	C.free(unsafe.Pointer(o.values))
	C.free(unsafe.Pointer(o.errors))
}

func (f *Function) call(arguments []any, wanted bool) (outcome, error) {
	if f == nil || f.closed.Load() {
		return outcome{}, errClosed(f)
	}
	var encoder encoder
	defer encoder.release()
	values, named, err := encoder.arguments(arguments)
	if err != nil {
		return outcome{}, err.at(f.name)
	}
	counted := calls.enter(threads())
	got := C.callpy_go_call(f.handle, unsafe.SliceData(values), C.size_t(len(values)),
		unsafe.SliceData(named), C.size_t(len(named)), C.bool(wanted))
	calls.leave(counted)
	runtime.KeepAlive(f)
	runtime.KeepAlive(arguments)
	return got, toError(got.error)
}

var threadCount = (*uint32)(C.callpy_go_thread_count())

// threads returns how many threads have called.
func threads() uint32 { return atomic.LoadUint32(threadCount) }

// runSlice calls with one slice, and ignores the result.
func runSlice[T Element](f *Function, data []T, dtype C.uint32_t) error {
	if f.closed.Load() {
		return errClosed(f)
	}
	address := (*C.char)(unsafe.Pointer(unsafe.SliceData(data)))
	counted := calls.enter(threads())
	failed := C.callpy_go_run_slice(f.handle, address, C.size_t(len(data)), dtype)
	calls.leave(counted)
	runtime.KeepAlive(f)
	if failed != nil {
		return toError(failed)
	}
	return nil
}

// callSlice calls with one slice.
func callSlice[T Element](f *Function, data []T, dtype C.uint32_t) (outcome, error) {
	if f.closed.Load() {
		return outcome{}, errClosed(f)
	}
	address := (*C.char)(unsafe.Pointer(unsafe.SliceData(data)))
	counted := calls.enter(threads())
	got := C.callpy_go_call_slice(f.handle, address, C.size_t(len(data)), dtype)
	calls.leave(counted)
	runtime.KeepAlive(f)
	if got.error != nil {
		return got, toError(got.error)
	}
	return got, nil
}

func errClosed(f *Function) error {
	if f == nil {
		return failure(Closed, "the function is nil; Find or Load returns one")
	}
	return failure(Closed, "%s is closed", f.name)
}
