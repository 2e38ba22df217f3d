package callpy

import (
	"context"
	"errors"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

var ctx = context.Background()

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(children[name]())
	}
	if err := start(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func start() error {
	var options []Option
	if requires := os.Getenv("CALLPY_GO_TEST_REQUIRES"); requires != "" {
		options = append(options, WithRequirements(requires))
	}
	return Start(options...)
}

func target(function string) string {
	return "testdata/functions.py:" + function
}

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

func equal(t testing.TB, got, expected any) {
	t.Helper()
	if !reflect.DeepEqual(got, expected) {
		t.Fatalf("expected %#v, got %#v", expected, got)
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
	if failure.Kind != kind || !errors.Is(err, kind) || !strings.Contains(failure.Error(), part) {
		t.Fatalf("expected %v with %q, got %v: %v", kind, part, failure.Kind, failure)
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
	return good(CallAs[R](ctx, find(t, target("echo")), value))(t)
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
	equal(t, echo[*string](t, (*float64)(nil)), (*string)(nil))
	equal(t, echo[Array[float64]](t, &matrix), matrix)
	equal(t, echo[Array[float64]](t, Array[float64]{Data: []float64{7}}), Array[float64]{[]float64{7}, []int{}})
	equal(t, echo[Array[int8]](t, Array[int8]{[]int8{}, []int{0, 3}}), Array[int8]{[]int8{}, []int{0, 3}})
}

// The kinds of Go are walked, so that a dtype of the table that has one can't be left out.
func TestEveryDtypeGoesThereAndBack(t *testing.T) {
	made, echo := find(t, target("made")), find(t, target("echo"))
	described := find(t, target("described"))
	for kind := reflect.Invalid; kind <= reflect.UnsafePointer; kind++ {
		dtype := dtypeOf(kind)
		if dtype == 0 {
			continue
		}
		name := dtypeName(dtype)
		array := reflect.ValueOf(good(made.Call(ctx, name))(t)).FieldByName("Data")
		if found := array.Type().Elem().Kind(); dtypeOf(found) != dtype {
			t.Errorf("%s is []%v in Go", name, found)
		}
		slice := array.Interface()
		back := good(echo.Call(ctx, slice))(t)
		equal(t, reflect.ValueOf(back).FieldByName("Data").Interface(), slice)
		equal(t, strings.HasPrefix(good(CallAs[string](ctx, described, slice))(t), name+" "), true)
	}
}

func TestNumbersKeepTheirValue(t *testing.T) {
	slices := []any{
		[]bool{true, false}, []int8{-1}, []uint64{math.MaxUint64}, []float32{0.5}, []float64{math.Inf(-1)},
		[]complex64{1 + 2i},
	}
	for _, slice := range slices {
		array := good(find(t, target("echo")).Call(ctx, slice))(t)
		equal(t, reflect.ValueOf(array).FieldByName("Data").Interface(), slice)
	}
	equal(t, echo[[]int](t, []int{-5}), []int{-5})
	equal(t, echo[[]uint](t, []uint{5}), []uint{5})
	equal(t, math.IsNaN(echo[float64](t, math.NaN())), true)
	equal(t, echo[float32](t, float32(0.1)), float32(0.1))
}

func TestTextsAreStrings(t *testing.T) {
	texts := find(t, target("texts"))
	equal(t, good(texts.Call(ctx))(t), []string{"one", "three"})
	equal(t, good(CallAs[[]city](ctx, texts))(t), []city{"one", "three"})
	equal(t, good(CallAs[[2]string](ctx, texts))(t), [2]string{"one", "three"})
	_, err := CallAs[[]int64](ctx, texts)
	bad(t, err, BadResult, "got an array of <U5 (2)")
	evaluate := find(t, "builtins:eval")
	_, err = CallAs[[]string](ctx, evaluate, "__import__('numpy').array(['ok', 'a\\ud800'])")
	bad(t, err, BadResult, "expected []string, got text in item 1 that UTF-8 can't write")
	equal(t, good(evaluate.Call(ctx, "__import__('numpy').array([90], 'm8[m]')"))(t), Durations{90 * time.Minute})
	equal(t, good(find(t, target("times")).Call(ctx))(t), Times{time.Date(2020, 4, 2, 9, 30, 0, 0, time.UTC), {}})
	times := good(CallAs[*Object](ctx, find(t, target("times"))))(t)
	written := find(t, "numpy:datetime_as_string")
	equal(t, good(CallAs[[]string](ctx, written, times))(t), []string{"2020-04-02T09:30:00", "NaT"})
	times.Release()
	object := good(CallAs[*Object](ctx, find(t, target("objects"))))(t)
	equal(t, good(CallAs[int](ctx, find(t, "builtins:len"), object))(t), 1)
}

func TestNothingIsLostInAConversion(t *testing.T) {
	for _, number := range []any{1e300, int64(1)<<24 + 1, -1<<24 - 1, int64(1)<<53 + 1, uint64(math.MaxUint64)} {
		_, err := CallAs[float32](ctx, find(t, target("echo")), number)
		bad(t, err, BadResult, "expected float32")
	}
	equal(t, echo[float32](t, -1<<24), float32(-0x1p24))
	equal(t, echo[float64](t, int64(-1)<<53), -0x1p53)
	_, err := CallAs[float64](ctx, find(t, target("echo")), int64(-1)<<53-1)
	bad(t, err, BadResult, "-9007199254740993")
	_, err = CallAs[uint8](ctx, find(t, target("echo")), -1)
	bad(t, err, BadResult, "the int -1")
	_, err = CallAs[[2]float64](ctx, find(t, target("echo")), []float64{1, 2, 3})
	bad(t, err, BadResult, "expected [2]float64, got an array of float64 (3)")
	_, err = CallAs[[]string](ctx, find(t, target("echo")), "abc")
	bad(t, err, BadResult, "got the str 'abc'")
	// An interface that the natural type has not.
	_, err = CallAs[error](ctx, find(t, target("echo")), 1)
	bad(t, err, BadResult, "expected error, got int64, which does not implement it")
	equal(t, good(CallAs[error](ctx, find(t, target("echo")), nil))(t), nil)
	_, err = CallAs[[]float32](ctx, find(t, target("echo")), []float64{1})
	bad(t, err, BadResult, "array of float64")
}

func TestAMismatchNamesTheFix(t *testing.T) {
	frame := find(t, target("frame"))
	_, err := CallAs[[]float64](ctx, frame)
	bad(t, err, BadResult, "functions.py:frame: expected []float64, got a functions.Frame (use .to_numpy())")
	_, err = CallAs[*View[float64]](ctx, frame)
	bad(t, err, BadResult, "expected *callpy.View[float64], got a functions.Frame (use .to_numpy())")
	_, err = CallAs[float64](ctx, find(t, target("echo")), []float64{1})
	bad(t, err, BadResult, "expected float64, got an array of float64 (1) (use .item())")
	_, err = CallAs[[]int64](ctx, find(t, "builtins:iter"), []any{1, "two"})
	bad(t, err, BadResult, "a list_iterator (use numpy.array(list(…)))")
	_, err = CallAs[Array[float64]](ctx, find(t, target("echo")), Tuple{1, 2, 3})
	bad(t, err, BadResult, "got a tuple of 3 (use numpy.asarray())")
}

func TestABroadcastArrayCostsItsMemory(t *testing.T) {
	broadcast := find(t, target("broadcast"))
	const length = 1 << 43
	view := good(CallAs[*View[float64]](ctx, broadcast, length))(t)
	defer view.Release()
	equal(t, view.Len(), length)
	equal(t, view.At(length-1), 0.5)
	_, err := CallAs[[]float64](ctx, broadcast, length)
	bad(t, err, BadResult, "there is no memory to read an array of float64")
	_, err = CallAs[Array[float64]](ctx, broadcast, length)
	bad(t, err, BadResult, "its own elements are in 8")
	_, err = broadcast.Call(ctx, length)
	bad(t, err, BadResult, "there is no memory")
	func() {
		defer func() {
			if message, _ := recover().(string); !strings.Contains(message, "there is no memory") {
				t.Errorf("%q", message)
			}
		}()
		view.Copy()
	}()
	equal(t, good(CallAs[[]float64](ctx, broadcast, 3))(t), []float64{0.5, 0.5, 0.5})
}

type (
	celsius float64
	city    string
	keys    [2]city
)

func TestNamedTypesAndArraysOfFixedLength(t *testing.T) {
	equal(t, echo[celsius](t, celsius(21.5)), celsius(21.5))
	equal(t, echo[[]celsius](t, []celsius{1, 2}), []celsius{1, 2})
	equal(t, echo[map[city]celsius](t, map[city]celsius{"Graz": 3}), map[city]celsius{"Graz": 3})
	equal(t, echo[[3]float64](t, [3]float64{1, 2, 3}), [3]float64{1, 2, 3})
	equal(t, echo[[]float64](t, &[3]float64{1, 2, 3}), []float64{1, 2, 3})
	equal(t, echo[keys](t, keys{"a", "b"}), keys{"a", "b"})
	equal(t, echo[[0]int](t, [0]int{}), [0]int{})
	typed := load[func(celsius, ...celsius) (celsius, error)](t, "builtins:max")
	equal(t, good(typed(1, 3, 2))(t), celsius(3))
	type Hypot func(celsius, celsius) (celsius, error)
	equal(t, good(load[Hypot](t, "math:hypot")(3, 4))(t), celsius(5))
	describe := find(t, "builtins:repr")
	equal(t, good(CallAs[string](ctx, describe, Tuple{1, "x", Tuple{}}))(t), "(1, 'x', ())")
	equal(t, good(CallAs[string](ctx, describe, []any(nil)))(t), "[]")
	equal(t, good(CallAs[string](ctx, describe, map[string]int(nil)))(t), "{}")
	equal(t, good(CallAs[string](ctx, describe, Bytes(nil)))(t), "b''")
	equal(t, good(CallAs[string](ctx, describe, []float64(nil)))(t), "array([], dtype=float64)")
}

func TestWhatPythonReturnsGoesBackAsTheSameType(t *testing.T) {
	// As Python writes it, and what Go gets where it can say so.
	for text, expected := range map[string]any{
		"(1, 'a')":                  Tuple{int64(1), "a"},
		"()":                        Tuple{},
		"[(1, [2, ()])]":            []any{Tuple{int64(1), []any{int64(2), Tuple{}}}},
		"{'x': (1, 2)}":             map[any]any{"x": Tuple{int64(1), int64(2)}},
		"{(1, 'a'): 2}":             map[any]any{[2]any{int64(1), "a"}: int64(2)},
		"{(1, (None, b'x')): [()]}": map[any]any{[2]any{int64(1), [2]any{nil, [1]byte{'x'}}}: []any{Tuple{}}},
		"{b'ab': {(): b'c'}}":       map[any]any{[2]byte{'a', 'b'}: map[any]any{[0]any{}: Bytes("c")}},
		"(b'', {b'': ()})":          Tuple{Bytes{}, map[any]any{[0]byte{}: Tuple{}}},
		"{1, 2}":                    nil,
		"{frozenset({1}): (2j,)}":   nil,
		"([{1}], bytearray(b'x'), range(0, 3), datetime.date(2020, 1, 2), %d)": nil,
	} {
		text = strings.Replace(text, "%d", "1180591620717411303424", 1)
		made := good(CallAs[any](ctx, find(t, target("evaluated")), text))(t)
		if expected != nil {
			equal(t, made, expected)
		}
		equal(t, good(CallAs[string](ctx, find(t, "builtins:repr"), made))(t), text)
	}
	// Arrays that have no type in Go, or none with their values, are objects.
	for _, text := range []string{
		"np.array([1.5], 'f2')", "np.array('abc')", "np.array([['a', 'b']])", "np.array([b'a'])",
		"np.array([['2020-01-01']], 'M8[D]')", "np.array('2020-01-01', 'M8[ns]')", "np.array(['0001-01-01'], 'M8[D]')",
		"np.array([3], 'm8[Y]')", "np.array([2**62], 'm8[W]')",
	} {
		made := good(CallAs[any](ctx, find(t, target("evaluated")), "["+text+"]"))(t)
		if _, ok := made.([]any)[0].(*Object); !ok {
			t.Errorf("%s is a %T", text, made.([]any)[0])
		}
		if !good(CallAs[bool](ctx, find(t, target("is_same_array")), made, text))(t) {
			t.Errorf("%s went back as another", text)
		}
	}
	// Keys of types that the program names.
	type key struct {
		Pair [2]int
		Hash [3]byte
	}
	keys := map[key]int{{[2]int{1, 2}, [3]byte{'a', 'b', 'c'}}: 1}
	equal(t, echo[map[key]int](t, keys), keys)
	equal(t, good(CallAs[string](ctx, find(t, "builtins:repr"), keys))(t), "{((1, 2), b'abc'): 1}")
	pairs := map[[2]string][]int{{"a", "b"}: {1}}
	equal(t, echo[map[[2]string][]int](t, pairs), pairs)
	// What is in a value, and not in a key, is as ever.
	equal(t, good(CallAs[string](ctx, find(t, "builtins:repr"), map[any]any{[1]any{1}: [2]string{"a", "b"}}))(t), "{(1,): ['a', 'b']}")
}

func TestDictsWithOddKeys(t *testing.T) {
	numbers := echo[map[float64]int](t, map[float64]int{math.NaN(): 1, math.Inf(1): 2})
	equal(t, len(numbers), 2)
	equal(t, numbers[math.Inf(1)], 2)
	equal(t, echo[map[any]any](t, map[any]any{nil: 1, "x": nil, 2.5: false}), map[any]any{nil: int64(1), "x": nil, 2.5: false})
	_, err := find(t, target("echo")).Call(ctx, map[any]any{&[]int{}: 1})
	bad(t, err, Exception, "unhashable")
	equal(t, good(find(t, target("by_pair")).Call(ctx, 1, "b"))(t), any(map[any]any{[2]any{int64(1), "b"}: int64(1)}))
	_, err = CallAs[map[string]int](ctx, find(t, target("echo")), map[int]int{1: 2})
	bad(t, err, BadResult, "a key of the result of "+target("echo")+": expected string, got the int 1")
	// Keys that differ on one side only.
	_, err = find(t, target("echo")).Call(ctx, map[any]any{1: "a", 1.0: "b", true: "c"})
	bad(t, err, BadArgument, "two keys of a dict are equal in Python")
	at := time.Unix(1e9, 100)
	_, err = find(t, target("echo")).Call(ctx, map[time.Time]int{at: 1, at.Add(1): 2})
	bad(t, err, BadArgument, "two keys of a dict are equal in Python")
	_, err = CallAs[map[float32]int](ctx, find(t, target("echo")), map[float64]int{0.1: 1, float64(float32(0.1)): 2})
	bad(t, err, BadResult, "got a dict with keys that are equal in Go")
}

func TestAnErrorSaysWhereInAValueItIs(t *testing.T) {
	function := find(t, target("echo"))
	for place, value := range map[string]any{
		"item 0 of item 1 of argument 1":         []any{1, Tuple{make(chan int)}},
		"item 0 of key 'a' of argument 1":        map[string]any{"a": []any{make(chan int)}},
		`key "it's" of argument 1`:               map[string]any{"it's": make(chan int)},
		`key '\'"\t' of argument 1`:              map[any]any{"'\"\t": make(chan int)},
		"key 2 of argument 1":                    map[any]any{2: make(chan int)},
		"a key of argument 1":                    map[any]any{make(chan int): 1},
		"item 2 of the field List of argument 1": struct{ List []any }{[]any{1, 2, make(chan int)}},
		`item 0 of argument "value"`:             Named("value", []any{make(chan int)}),
	} {
		err := bad(t, function.Run(ctx, value), BadArgument, "")
		equal(t, err.Error(), place+" of "+target("echo")+": a chan int can't be passed to Python")
	}
	_, err := CallAs[[]int](ctx, function, []any{1, 2, nil})
	bad(t, err, BadResult, "item 2 of the result of "+target("echo")+": expected int, got None")
	_, err = CallAs[map[string][]int](ctx, function, map[string][]any{"a": {"b"}})
	bad(t, err, BadResult, "item 0 of key 'a' of the result of "+target("echo")+": expected int, got the str 'b'")
	two := load[func(any) (int, string, error)](t, target("echo"))
	_, _, err = two(Tuple{1, 2})
	bad(t, err, BadResult, "item 1 of the result of "+target("echo")+": expected string, got the int 2")
}

func TestArgumentsThatCanNotBeGiven(t *testing.T) {
	var endless []any
	endless = append(endless, nil)
	endless[0] = endless
	type pointer *pointer
	var round pointer
	round = &round
	dict := map[string]any{}
	dict["self"] = dict
	function := find(t, target("echo"))
	for _, value := range []any{endless, round, dict} {
		bad(t, function.Run(ctx, value), BadArgument, "argument 1 of "+target("echo")+": values are nested more than 200 deep")
	}
	for _, passed := range []any{struct{}{}, time.Location{}, struct{ x int }{}, make(chan int)} {
		bad(t, function.Run(ctx, passed), BadArgument, "a "+reflect.TypeOf(passed).String()+" can't be passed")
	}
	type linked struct{ Next *linked }
	loop := new(linked)
	loop.Next = loop
	equal(t, bad(t, function.Run(ctx, loop), BadArgument, "").Error(),
		"argument 1 of "+target("echo")+": values are nested more than 200 deep")
	bad(t, function.Run(ctx, func() {}), BadArgument, "a func()")
	bad(t, function.Run(ctx, &time.Location{}), BadArgument, "a time.Location")
	bad(t, function.Run(ctx, function), BadArgument, "*callpy.Function")
	bad(t, function.Run(ctx, []any{Named("x", 1)}), BadArgument, "inside a value")
	bad(t, function.Run(ctx, Named("x\x00y", 1)), BadArgument, "NUL")
	bad(t, function.Run(ctx, "\xff"), BadArgument, "UTF-8")
	bad(t, function.Run(ctx, Array[float64]{nil, []int{1 << 40, 1 << 40}}), BadArgument, "does not fit in memory")
	bad(t, function.Run(ctx, 1, Named("value", 2)), Exception, "multiple values")
	bad(t, new(Function).Run(ctx, 1), BadArgument, "NULL")
	bad(t, (*Function)(nil).Run(ctx, 1), Closed, "nil")
	_, err := Find("math:sq\x00rt")
	bad(t, err, BadTarget, "NUL")
	bad(t, Start(WithPython("a\x00b")), NotStarted, "NUL")
}

func TestObjectsAreHandles(t *testing.T) {
	represent := find(t, "builtins:repr")
	object := good(CallAs[*Object](ctx, find(t, "builtins:complex"), 2))(t)
	for range 3 {
		equal(t, good(CallAs[string](ctx, represent, object))(t), "(2+0j)")
		runtime.GC()
	}
	equal(t, good(CallAs[string](ctx, represent, []any{object, object}))(t), "[(2+0j), (2+0j)]")
	object.Release()
	object.Release()
	bad(t, represent.Run(ctx, object), BadArgument, "the *callpy.Object is released")
	bad(t, represent.Run(ctx, new(View[float64])), BadArgument, "released")
	new(View[float64]).Release()
	(*View[float64])(nil).Release()
	(*Object)(nil).Release()
	equal(t, good(CallAs[string](ctx, represent, (*Object)(nil)))(t), "None")
	equal(t, good(CallAs[string](ctx, represent, (*View[int8])(nil)))(t), "None")
	equal(t, good(CallAs[string](ctx, represent, (*Array[int8])(nil)))(t), "None")
}

func TestArraysOfAnyShape(t *testing.T) {
	sums := find(t, target("sums"))
	matrix := Array[float64]{[]float64{1, 2, 3, 4, 5, 6}, []int{2, 3}}
	equal(t, good(CallAs[[]float64](ctx, sums, matrix))(t), []float64{5, 7, 9})
	equal(t, good(CallAs[[]float64](ctx, sums, matrix, Named("axis", 1)))(t), []float64{6, 15})
	transposed := good(CallAs[Array[float64]](ctx, find(t, target("transposed")), matrix))(t)
	equal(t, transposed, Array[float64]{[]float64{1, 4, 2, 5, 3, 6}, []int{3, 2}})
	data := []float64{1, 2}
	fill := find(t, target("fill"))
	if err := fill.Run(ctx, MutableOf(data), Named("value", 9)); err != nil {
		t.Fatal(err)
	}
	equal(t, data, []float64{9, 9})
	fixed := [2]float64{1, 2}
	if err := fill.Run(ctx, MutableOf(fixed[:])); err != nil {
		t.Fatal(err)
	}
	equal(t, fixed, [2]float64{7, 7})
	if err := fill.Run(ctx, matrix.Mutable(), 8); err != nil {
		t.Fatal(err)
	}
	equal(t, matrix.Data[5], 8.0)
	bad(t, fill.Run(ctx, data), Exception, "read-only")
	// A copy is Python's to keep and to write.
	keep := find(t, target("keep_and_write"))
	turned := good(CallAs[*View[float64]](ctx, find(t, "numpy:transpose"), matrix))(t)
	for _, copied := range []any{CopiedOf(data), matrix.Copied(), turned.Copied(), CopiedOf(data, 1, 2)} {
		if err := keep.Run(ctx, copied); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, data, []float64{9, 9})
	equal(t, matrix.Data[5], 8.0)
	equal(t, turned.At(2, 1), 8.0)
	turned.Release()
	bad(t, keep.Run(ctx, turned.Copied()), BadArgument, "is released")
	bad(t, sums.Run(ctx, Array[float64]{data, []int{3}}), BadArgument, "shape")
	bad(t, sums.Run(ctx, Array[float64]{nil, []int{-1, 0}}), BadArgument, "length -1")
}

func TestARetainedArgumentIsFixedInGo(t *testing.T) {
	rows := find(t, target("rows_if"))
	data := []float64{1, 2}
	if err := rows.Run(ctx, data, false); err != nil {
		t.Fatal(err)
	}
	_, err := CallAs[*Object](ctx, rows, data, true)
	bad(t, err, Kept, "the result retains argument 1")
	bad(t, err, Kept, "to fix it, pass a copy, with callpy.CopiedOf")
	if strings.Contains(err.Error(), "Vec") || strings.Contains(err.Error(), ".rs") {
		t.Error(err)
	}
}

func TestAViewLiesWhereNumpyPutIt(t *testing.T) {
	double := load[func([]float64) (*View[float64], error)](t, target("double"))
	view := good(double([]float64{1, 2, 3}))(t)
	elements, ok := view.Slice()
	equal(t, ok, true)
	equal(t, elements, []float64{2, 4, 6})
	total := good(CallAs[float64](ctx, find(t, target("total")), view))(t)
	equal(t, total, 12.0)
	runtime.KeepAlive(view)
	view.Release()
	view.Release()
	_, ok = view.Slice()
	equal(t, ok, false)
	_, err := CallAs[float64](ctx, find(t, target("total")), view)
	bad(t, err, BadArgument, "released")

	matrix := Array[int64]{[]int64{1, 2, 3, 4, 5, 6}, []int{2, 3}}
	turned := good(CallAs[*View[int64]](ctx, find(t, target("transposed")), matrix))(t)
	equal(t, turned.Shape(), []int{3, 2})
	equal(t, turned.Strides(), []int{8, 24})
	equal(t, turned.At(2, 1), int64(6))
	_, ok = turned.Slice()
	equal(t, ok, false)
	equal(t, turned.Copy(), Array[int64]{[]int64{1, 4, 2, 5, 3, 6}, []int{3, 2}})
	// Not released: that is for the cleanup.
}

func TestAResultThatIsNotWantedIsNotLookedAt(t *testing.T) {
	endless := find(t, target("endless"))
	_, err := endless.Call(ctx)
	bad(t, err, BadResult, "more than 200 deep")
	if err := endless.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := load[func() error](t, target("endless"))(); err != nil {
		t.Fatal(err)
	}
	if err := load[func([]float64) error](t, target("double"))([]float64{1}); err != nil {
		t.Fatal(err)
	}
	if err := load[func([]float64) error](t, target("echo"))([]float64{1}); err != nil {
		t.Fatal(err)
	}
}

func TestAnExceptionIsAnError(t *testing.T) {
	cause := load[func() (any, error)](t, target("cause"))
	for range 3 {
		_, err := cause()
		failure := bad(t, err, Exception, "outer")
		equal(t, []string{failure.Type, failure.Module, failure.Message}, []string{"ValueError", "builtins", "outer"})
		if !strings.Contains(failure.Traceback(), "in cause") {
			t.Fatal(failure.Traceback())
		}
		// Made when it is asked for, also of the cause, and after other errors are gone.
		runtime.GC()
		if !strings.Contains(failure.Detail(), "direct cause") || !strings.Contains(failure.Cause.Traceback(), "KeyError") {
			t.Fatal(failure.Detail(), failure.Cause.Traceback())
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
	bad(t, err, BadResult, "expected []int64, got an array of float64 (1) (use .astype())")
	_, err = CallAs[int8](ctx, find(t, target("echo")), 300)
	bad(t, err, BadResult, "the int 300")
	bad(t, find(t, target("echo")).Run(ctx, make(chan int)), BadArgument, "chan int")
	bad(t, find(t, target("echo")).Run(ctx, Named("value", 1), 2), BadArgument, "keyword argument")
	echo := find(t, target("echo"))
	echo.Close()
	bad(t, echo.Run(ctx, 1), Closed, "closed")
}

func TestStructsAreTuples(t *testing.T) {
	type point struct {
		X    float64
		Name string
		Next *float64
	}
	same := load[func(any) (point, error)](t, target("echo"))
	passed := point{1.5, "a", nil}
	if got, err := same(passed); err != nil || got != passed {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := same(Tuple{1.5, "a"}); err == nil || !strings.Contains(err.Error(), "got a tuple of 2") {
		t.Errorf("a shorter tuple: %v", err)
	}
	if _, err := same(Tuple{"a", "a", nil}); err == nil || !strings.Contains(err.Error(), "field X") {
		t.Errorf("another type: %v", err)
	}
	if _, err := same(time.Location{}); err == nil || !strings.Contains(err.Error(), "all exported") {
		t.Errorf("a struct of private fields: %v", err)
	}
}

func TestComplexNumbersAreComplex(t *testing.T) {
	equal(t, good(CallAs[string](ctx, find(t, "builtins:repr"), []any{complex64(1.5 - 2i), 1i}))(t), "[(1.5-2j), 1j]")
	// An array without axes is taken, too, and so are NumPy's numbers.
	equal(t, good(load[func(complex128) (complex128, error)](t, "numpy:array")(1+2i))(t), 1+2i)
	equal(t, good(load[func(complex128) (complex128, error)](t, "cmath:sqrt")(-4))(t), 2i)
	for _, number := range []string{"1.5-2j", "__import__('numpy').complex64(1.5-2j)", "__import__('numpy').complex128(1.5-2j)"} {
		equal(t, good(CallAs[complex64](ctx, find(t, "builtins:eval"), number))(t), complex64(1.5-2i))
	}
	_, err := CallAs[complex64](ctx, find(t, "builtins:complex"), 1e300)
	bad(t, err, BadResult, "expected complex64, got a complex")
	_, err = CallAs[complex64](ctx, find(t, "builtins:frozenset"))
	bad(t, err, BadResult, "expected complex64, got a frozenset")
}

// A struct that embeds one of this package's types has its methods, and fields of its own.
func TestAStructIsNotWhatItEmbeds(t *testing.T) {
	type grid struct {
		Array[float64]
		Name string
	}
	type series struct {
		*View[float64]
		Name string
	}
	type alone struct{ *View[float64] }
	type wrapped struct{ *Object }
	passed := grid{ArrayOf([]float64{1, 2}), "a"}
	equal(t, echo[grid](t, passed), passed)
	equal(t, good(CallAs[int](ctx, find(t, "builtins:len"), &passed))(t), 2)
	got := echo[*series](t, Tuple{[]float64{3}, "b"})
	equal(t, []any{got.At(0), got.Name}, []any{3.0, "b"})
	equal(t, echo[series](t, got).Name, "b")
	got.Release()
	_, err := CallAs[*alone](ctx, find(t, target("echo")), []float64{3})
	bad(t, err, BadResult, "expected callpy.alone, got an array of float64 (1)")
	// One that has nothing else is what it embeds, as in generated packages.
	object := good(CallAs[*Object](ctx, find(t, "builtins:frozenset")))(t)
	for _, argument := range []any{wrapped{object}, &wrapped{object}} {
		equal(t, good(CallAs[string](ctx, find(t, "builtins:repr"), argument))(t), "frozenset()")
	}
	for _, argument := range []any{wrapped{}, &wrapped{}, &Object{}, alone{}} {
		bad(t, find(t, target("echo")).Run(ctx, argument), BadArgument, "no call has returned it")
	}
}

func TestASourceIsRunOnceAndAfterAnErrorAnew(t *testing.T) {
	broken, whole := "raise ValueError('not yet')", "import itertools\nnumbers = itertools.count(1)\ndef number() -> int:\n    return next(numbers)\n"
	source := Source{Name: "callpy_test_source", File: "numbers.py", Text: &broken}
	number := Lazy[func() (int, error)]{Source: &source, Target: "callpy_test_source:number"}
	if _, err := number.Get(); err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Fatalf("a source that raises: %v", err)
	}
	source.Text = &whole
	for expected := 1; expected < 4; expected++ {
		call, err := number.Get()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := call(); err != nil || got != expected {
			t.Errorf("%v, %v", got, err)
		}
	}
	bad(t, (&Source{Name: "a", File: "a.py"}).Run(), BadTarget, `the source of "a" has no Text`)
	empty := ""
	for _, name := range []string{"", "a:b", "a/b", "a.py", "a\x00b"} {
		if err := (&Source{Name: name, File: "f", Text: &empty}).Run(); err == nil {
			t.Errorf("%q is a module's name", name)
		}
	}
}

func TestASeriesOfCallsKeepsOrderAndErrors(t *testing.T) {
	invert := find(t, "operator:inv")
	results, errs := MapAs[int64](context.Background(), invert, []any{1, "two", 3, make(chan int)})
	if results[0] != -2 || results[2] != -4 || errs[0] != nil || errs[2] != nil {
		t.Fatal(results, errs)
	}
	if !strings.Contains(errs[1].Error(), "TypeError") || !strings.Contains(errs[3].Error(), "chan int") {
		t.Fatal(errs)
	}
	total := find(t, "builtins:sum")
	sums, errs := MapAs[float64](context.Background(), total, [][]float64{{1, 2}, {3}, {}})
	if errs != nil || !reflect.DeepEqual(sums, []float64{3, 3, 0}) {
		t.Fatal(sums, errs)
	}
	if none, errs := MapAs[int64, int](context.Background(), invert, nil); len(none) != 0 || errs != nil {
		t.Fatal(none, errs)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, errs := MapAs[int64](done, invert, []int{1}); errs[0] == nil {
		t.Fatal("the context is done")
	}
}
