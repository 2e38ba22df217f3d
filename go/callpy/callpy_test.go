package callpy

import (
	"context"
	"errors"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	var options []Option
	if requires := os.Getenv("CALLPY_GO_TEST_REQUIRES"); requires != "" {
		options = append(options, WithRequirements(requires))
	}
	if err := Start(options...); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func target(function string) string { return "testdata/functions.py:" + function }

func load[F any](t testing.TB, function string) F {
	t.Helper()
	loaded, err := Load[F](function)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func find(t testing.TB, function string) *Function {
	t.Helper()
	found, err := Find(function)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func equal(t testing.TB, came, expected any) {
	t.Helper()
	if !reflect.DeepEqual(came, expected) {
		t.Fatalf("expected %#v, but %#v came", expected, came)
	}
}

func good[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func bad(t testing.TB, err error, kind Kind, part string) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("no *Error but %v", err)
	}
	if failure.Kind != kind || !strings.Contains(failure.Error(), part) {
		t.Fatalf("expected kind %d with %q, but kind %d came: %v", kind, part, failure.Kind, failure)
	}
	return failure
}

func TestLoadGivesATypedFunction(t *testing.T) {
	double := load[func([]float64) ([]float64, error)](t, target("double"))
	equal(t, good(double([]float64{1, 2}))(t), []float64{2, 4})
	equal(t, good(double(nil))(t), []float64{})
	total := load[func([]float64) (float64, error)](t, target("total"))
	equal(t, good(total([]float64{1, 2, 3}))(t), 6.0)
	hypot := load[func(float64, int) (float64, error)](t, "math:hypot")
	equal(t, good(hypot(3, 4))(t), 5.0)
	counts := load[func([]string) (map[string]int, error)](t, target("counts"))
	equal(t, good(counts([]string{"a", "b", "a"}))(t), map[string]int{"a": 2, "b": 1})
	pair := load[func([]float32) (float64, float32, error)](t, target("pair"))
	least, most, err := pair([]float32{3, 1, 2})
	if err != nil || least != 1 || most != 3 {
		t.Fatal(least, most, err)
	}
	nothing := load[func([]float64) error](t, target("nothing"))
	if err := nothing([]float64{1}); err != nil {
		t.Fatal(err)
	}
	join := load[func([]string, ...any) (string, error)](t, target("join"))
	equal(t, good(join([]string{"in", "memory"}, Named("sep", "-")))(t), "in-memory")
	_, err = Load[func([]float64) []float64](target("double"))
	bad(t, err, BadArgument, "last result is an error")
	_, err = Load[int](target("double"))
	bad(t, err, BadArgument, "last result is an error")
}

func echo[R any](t *testing.T, value any) R {
	t.Helper()
	return good(CallAs[R](nil, find(t, target("echo")), value))(t)
}

func TestValuesGoThereAndBack(t *testing.T) {
	equal(t, echo[any](t, nil), nil)
	equal(t, echo[bool](t, true), true)
	equal(t, echo[int64](t, int64(math.MinInt64)), int64(math.MinInt64))
	equal(t, echo[uint64](t, uint64(math.MaxUint64)), uint64(math.MaxUint64))
	equal(t, echo[float64](t, 0.5), 0.5)
	equal(t, echo[float64](t, 2), 2.0)
	equal(t, echo[string](t, "h\u00e9\x00llo"), "h\u00e9\x00llo")
	equal(t, echo[string](t, ""), "")
	equal(t, echo[Bytes](t, Bytes{255, 0}), Bytes{255, 0})
	equal(t, echo[Bytes](t, Bytes{}), Bytes{})
	equal(t, echo[[]string](t, []string{"a", "b"}), []string{"a", "b"})
	equal(t, echo[map[string][]int32](t, map[string][]int32{"x": {1, 2}}), map[string][]int32{"x": {1, 2}})
	equal(t, echo[any](t, []any{1, "x", nil, 2.5}), []any{int64(1), "x", nil, 2.5})
	equal(t, echo[any](t, map[any]any{1: true}), map[any]any{int64(1): true})
	equal(t, echo[any](t, []int16{1, 2}), Array[int16]{[]int16{1, 2}, []int{2}})
	equal(t, echo[[]bool](t, []bool{true, false}), []bool{true, false})
	equal(t, echo[[]complex128](t, []complex128{1i}), []complex128{1i})
	equal(t, echo[*float64](t, (*float64)(nil)), (*float64)(nil))
	equal(t, *echo[*float64](t, 1.5), 1.5)
	matrix := Array[float64]{[]float64{1, 2, 3, 4, 5, 6}, []int{2, 3}}
	equal(t, echo[Array[float64]](t, matrix), matrix)
	object := good(CallAs[*Object](nil, find(t, "builtins:complex"), 2))(t)
	equal(t, good(CallAs[string](nil, find(t, "builtins:repr"), object))(t), "(2+0j)")
}

func TestArraysOfAnyShape(t *testing.T) {
	sums := find(t, target("sums"))
	matrix := Array[float64]{[]float64{1, 2, 3, 4, 5, 6}, []int{2, 3}}
	equal(t, good(CallAs[[]float64](nil, sums, matrix))(t), []float64{5, 7, 9})
	equal(t, good(CallAs[[]float64](nil, sums, matrix, Named("axis", 1)))(t), []float64{6, 15})
	transposed := good(CallAs[Array[float64]](nil, find(t, target("transposed")), matrix))(t)
	equal(t, transposed, Array[float64]{[]float64{1, 4, 2, 5, 3, 6}, []int{3, 2}})
	data := []float64{1, 2}
	fill := find(t, target("fill"))
	if err := fill.Run(nil, Mutable(data), Named("value", 9)); err != nil {
		t.Fatal(err)
	}
	equal(t, data, []float64{9, 9})
	bad(t, fill.Run(nil, data), Exception, "read-only")
	if err := find(t, target("keep")).Run(nil, Copied(data)); err != nil {
		t.Fatal(err)
	}
	bad(t, sums.Run(nil, Array[float64]{data, []int{3}}), BadArgument, "shape")
	bad(t, sums.Run(nil, Array[float64]{nil, []int{-1, 0}}), BadArgument, "length -1")
}

func TestAViewLiesWhereNumpyPutIt(t *testing.T) {
	double := load[func([]float64) (*View[float64], error)](t, target("double"))
	view := good(double([]float64{1, 2, 3}))(t)
	elements, ok := view.Slice()
	equal(t, ok, true)
	equal(t, elements, []float64{2, 4, 6})
	total := good(CallAs[float64](nil, find(t, target("total")), view))(t)
	equal(t, total, 12.0)
	runtime.KeepAlive(view)
	view.Release()
	view.Release()
	_, ok = view.Slice()
	equal(t, ok, false)
	_, err := CallAs[float64](nil, find(t, target("total")), view)
	bad(t, err, BadArgument, "released")

	matrix := Array[int64]{[]int64{1, 2, 3, 4, 5, 6}, []int{2, 3}}
	turned := good(CallAs[*View[int64]](nil, find(t, target("transposed")), matrix))(t)
	equal(t, turned.Shape(), []int{3, 2})
	equal(t, turned.Strides(), []int{8, 24})
	equal(t, turned.At(2, 1), int64(6))
	_, ok = turned.Slice()
	equal(t, ok, false)
	equal(t, turned.Copy(), Array[int64]{[]int64{1, 4, 2, 5, 3, 6}, []int{3, 2}})
	// Not released: that is for the cleanup.
}

func TestAnExceptionIsAnError(t *testing.T) {
	cause := load[func() (any, error)](t, target("cause"))
	for range 3 {
		_, err := cause()
		failure := bad(t, err, Exception, "outer")
		equal(t, []string{failure.Type, failure.Module, failure.Message}, []string{"ValueError", "builtins", "outer"})
		if !strings.Contains(failure.Traceback, "in cause") {
			t.Fatal(failure.Traceback)
		}
		equal(t, failure.Cause.Type, "KeyError")
		equal(t, errors.Unwrap(err), error(failure.Cause))
	}
	_, err := Find("no_such_module_here:f")
	bad(t, err, Exception, "no_such_module_here")
	_, err = Find("math:no-such-function")
	bad(t, err, BadTarget, "no-such-function")
	strict := load[func([]float64) ([]int64, error)](t, target("double"))
	_, err = strict([]float64{1})
	bad(t, err, BadResult, "expected []int64, but an array of float64 with shape [1] came")
	_, err = CallAs[int8](nil, find(t, target("echo")), 300)
	bad(t, err, BadResult, "the int 300")
	bad(t, find(t, target("echo")).Run(nil, make(chan int)), BadArgument, "chan int")
	bad(t, find(t, target("echo")).Run(nil, Named("value", 1), 2), BadArgument, "named")
	echo := find(t, target("echo"))
	echo.Close()
	bad(t, echo.Run(nil, 1), Closed, "closed")
}

func TestAContextIsLookedAtBeforeTheCall(t *testing.T) {
	total := load[func(context.Context, []float64) (float64, error)](t, target("total"))
	double := load[func(context.Context, []float64) ([]float64, error)](t, target("double"))
	ctx, cancel := context.WithCancel(context.Background())
	equal(t, good(total(ctx, []float64{1}))(t), 1.0)
	equal(t, good(double(ctx, []float64{1}))(t), []float64{2})
	cancel()
	for _, err := range []error{second(total(ctx, nil)), second(double(ctx, nil)), find(t, "math:sqrt").Run(ctx, 4)} {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// 64 goroutines, with exceptions and the collector at work. CALLPY_CALLS says how many calls.
func TestManyGoroutines(t *testing.T) {
	calls := int64(20_000)
	if testing.Short() {
		calls = 2_000
	}
	if given := os.Getenv("CALLPY_CALLS"); given != "" {
		wanted, err := good(Find("builtins:int"))(t).Call(nil, given)
		if err != nil {
			t.Fatal(err)
		}
		calls = wanted.(int64)
	}
	sometimes := load[func([]float64, int64) ([]int64, error)](t, target("sometimes"))
	double := load[func([]float64) (*View[float64], error)](t, target("double"))
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		}
	}()
	var next atomic.Int64
	work := func() {
		var workers sync.WaitGroup
		for range 64 {
			workers.Add(1)
			go func() {
				defer workers.Done()
				data := make([]float64, 1000)
				for {
					index := next.Add(1)
					if index > calls {
						return
					}
					data[index%1000] = 3
					indices, err := sometimes(data, index)
					if index%7 == 0 {
						if failure, ok := err.(*Error); !ok || failure.Type != "ValueError" {
							t.Error(err)
							return
						}
					} else if err != nil || !contains(indices, index%1000) {
						t.Error(indices, err)
						return
					}
					view, err := double(data)
					if err != nil || view.At(int(index%1000)) != 6 {
						t.Error(err)
						return
					}
					// The others are for the cleanup.
					if index%2 == 0 {
						view.Release()
					}
				}
			}()
		}
		workers.Wait()
	}
	start := time.Now()
	whole := calls
	calls = whole / 4
	work()
	early := resident()
	calls = whole
	work()
	close(stop)
	collector.Wait()
	t.Logf("%d calls of each in %v; resident after a quarter %d KiB, at the end %d KiB", whole, time.Since(start), early, resident())
	if late := resident(); early > 0 && late > early+64<<10 {
		t.Errorf("memory grew from %d to %d KiB", early, late)
	}
}

func contains(indices []int64, wanted int64) bool {
	for _, index := range indices {
		if index == wanted {
			return true
		}
	}
	return false
}

// resident returns the process's memory in KiB; 0 where that can't be known.
func resident() int64 {
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages := int64(0)
	for _, digit := range strings.Fields(string(status))[1] {
		pages = pages*10 + int64(digit-'0')
	}
	return pages * int64(os.Getpagesize()) / 1024
}

func BenchmarkNothing(b *testing.B) {
	nothing := load[func([]float64) error](b, target("nothing"))
	data := make([]float64, 1000)
	for b.Loop() {
		if err := nothing(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNothingReflected(b *testing.B) {
	nothing := load[func([]float64) (any, error)](b, target("nothing"))
	data := make([]float64, 1000)
	for b.Loop() {
		if _, err := nothing(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDouble(b *testing.B) {
	double := load[func([]float64) ([]float64, error)](b, target("double"))
	data := make([]float64, 1000)
	for b.Loop() {
		if _, err := double(data); err != nil {
			b.Fatal(err)
		}
	}
}
