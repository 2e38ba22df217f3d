package callpy

import (
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnArrayKnowsItsShape(t *testing.T) {
	matrix := ArrayOf([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	equal(t, matrix, Array[int32]{[]int32{1, 2, 3, 4, 5, 6}, []int{2, 3}})
	equal(t, matrix.Strides(), []int{12, 4})
	equal(t, []int32{matrix.At(0, 0), matrix.At(0, 2), matrix.At(1, 0)}, []int32{1, 3, 4})
	equal(t, ArrayOf([]int8{7, 8}).At(1), int8(8))
	equal(t, Array[int8]{Data: []int8{7}}.At(), int8(7))
	equal(t, good(CallAs[string](ctx, find(t, target("described")), matrix))(t), "int32 [2, 3] [12, 4]")
	for _, index := range [][]int{{}, {0}, {2, 0}, {0, 3}, {-1, 0}, {0, 0, 0}} {
		func() {
			defer func() {
				if message, _ := recover().(string); !strings.HasPrefix(message, "callpy: ") {
					t.Errorf("%v: %q", index, message)
				}
			}()
			matrix.At(index...)
		}()
	}
}

func TestWhatHoldsMemoryIsACloser(t *testing.T) {
	view := good(CallAs[*View[float64]](ctx, find(t, target("double")), []float64{1}))(t)
	object := good(CallAs[*Object](ctx, find(t, "builtins:complex"), 2))(t)
	echo := find(t, target("echo"))
	for _, closer := range []io.Closer{view, object, echo, view, object, echo} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, ok := view.Slice()
	equal(t, ok, false)
	bad(t, echo.Run(ctx, 1), Closed, "closed")
}

// 501 views of eight megabytes that no one releases: the memory that they hold counts for the collector.
func TestViewsThatAreDroppedAreCollected(t *testing.T) {
	empty := load[func(int) (*View[float64], error)](t, "numpy:empty")
	most := int64(0)
	for range 501 {
		if view := good(empty(1 << 20))(t); view.Len() != 1<<20 {
			t.Fatal(view.Len())
		}
		most = max(most, foreign.held.Load())
	}
	if most > 512<<20 {
		t.Errorf("views held %d MiB at once", most>>20)
	}
	// What is still used is left alone, and a broadcast array counts as what it is.
	view := good(CallAs[*View[float64]](ctx, find(t, target("broadcast")), 1<<43))(t)
	equal(t, view.owner.held.memory, 8)
	view.Release()
}

type (
	settings struct {
		Tolerance float64 `callpy:"tolerance"`
		Steps     int     `callpy:"steps"`
		Name      *string `callpy:"name"`
		Scale     float64
		secret    int
		Skipped   chan int `callpy:"-"`
	}
	plain struct {
		A int
		B string
	}
)

func TestAStructWithTagsIsADict(t *testing.T) {
	echo := find(t, target("echo"))
	name := "x"
	passed := settings{Tolerance: 0.5, Steps: 3, Name: &name, Scale: 2, secret: 1}
	got := good(CallAs[map[string]any](ctx, echo, passed))(t)
	equal(t, got, map[string]any{"tolerance": 0.5, "steps": int64(3), "name": "x", "Scale": 2.0})
	back := good(CallAs[settings](ctx, echo, passed))(t)
	equal(t, *back.Name, "x")
	back.Name = nil
	equal(t, back, settings{Tolerance: 0.5, Steps: 3, Scale: 2})
	// Only what a pointer leads to may be missing, and keys without a field are left.
	got = map[string]any{"tolerance": 1.0, "steps": 1, "Scale": 1.0, "more": 1}
	equal(t, good(CallAs[settings](ctx, echo, got))(t), settings{Tolerance: 1, Steps: 1, Scale: 1})
	delete(got, "steps")
	_, err := CallAs[settings](ctx, echo, got)
	bad(t, err, BadResult, "a dict without the key \"steps\"")
	got["steps"] = "many"
	_, err = CallAs[settings](ctx, echo, got)
	bad(t, err, BadResult, "the field Steps of the result of "+target("echo")+": expected int, got the str 'many'")
	_, err = CallAs[settings](ctx, echo, plain{1, "b"})
	bad(t, err, BadResult, "expected callpy.settings, got a tuple of 2")
	_, err = CallAs[plain](ctx, echo, passed)
	bad(t, err, BadResult, "expected callpy.plain, got a dict")
	equal(t, good(CallAs[plain](ctx, echo, plain{1, "b"}))(t), plain{1, "b"})
}

func TestListsHaveNoArraysInThem(t *testing.T) {
	represent := find(t, "builtins:repr")
	type sizes struct {
		Sizes []int
		Other [2]float32
	}
	type number int64
	var endless []any
	endless = append(endless, nil)
	endless[0] = ListsOf(endless)
	for expected, value := range map[string]any{
		"[1, 2]":            ListsOf([]int{1, 2}),
		"[1, -2]":           ListsOf([]int64{1, -2}),
		"[3]":               ListsOf([]number{3}),
		"[7200000000000]":   ListsOf([]time.Duration{2 * time.Hour}),
		"[0.5]":             ListsOf([]float64{0.5}),
		"[200]":             ListsOf([]uint8{200}),
		"[True, False]":     ListsOf([]bool{true, false}),
		"[(1+2j)]":          ListsOf([]complex128{1 + 2i}),
		"[]":                ListsOf([]int(nil)),
		"[[1], []]":         ListsOf([][]int{{1}, nil}),
		"{'a': [1]}":        ListsOf(map[string][]int{"a": {1}}),
		"([1], [0.5, 1.0])": ListsOf(sizes{[]int{1}, [2]float32{0.5, 1}}),
		"None":              ListsOf((*[]int)(nil)),
		"([1], array([1]))": Tuple{ListsOf([]int{1}), []int{1}},
		"([1], [1])":        Tuple{ListsOf(ListsOf([]int{1})), ListsOf[any]([]int{1})},
		"array([1.])":       ListsOf(ArrayOf([]float64{1})),
	} {
		equal(t, good(CallAs[string](ctx, represent, value))(t), expected)
	}
	bad(t, represent.Run(ctx, endless), BadArgument, "nested more than 200 deep")
	many := find(t, target("echo"))
	for _, value := range []any{
		numbersUpTo[int](100), numbersUpTo[int8](100), numbersUpTo[int16](100), numbersUpTo[int32](100),
		numbersUpTo[uint](100), numbersUpTo[uint8](100), numbersUpTo[uint16](100), numbersUpTo[uint32](100),
		numbersUpTo[uint64](100), numbersUpTo[float32](100), numbersUpTo[float64](100),
	} {
		found := good(CallAs[[]float64](ctx, many, ListsOf(value)))(t)
		equal(t, found, numbersUpTo[float64](100))
		equal(t, good(CallAs[string](ctx, represent, ListsOf(value)))(t)[:2], "[0")
	}
	complexes := make([]complex128, 100)
	complexes[1] = 1 - 2i
	equal(t, good(CallAs[string](ctx, represent, ListsOf(complexes)))(t)[:20], "[0j, (1-2j), 0j, 0j,")
	equal(t, good(CallAs[string](ctx, represent, ListsOf([]complex64(make([]complex64, 50)))))(t)[:8], "[0j, 0j,")
	bools := make([]bool, 100)
	bools[99] = true
	equal(t, good(CallAs[[]bool](ctx, many, ListsOf(bools)))(t), bools)
	extremes := slices.Repeat([]int64{math.MinInt64, math.MaxInt64}, 50)
	equal(t, good(CallAs[[]int64](ctx, many, ListsOf(extremes)))(t), extremes)
	var array [100]int
	array[99] = 7
	equal(t, good(CallAs[[]int](ctx, many, ListsOf(array)))(t), array[:])
	total := load[func(Lists[[]int]) (int, error)](t, "builtins:sum")
	equal(t, good(total(ListsOf([]int{1, 2})))(t), 3)
	_, err := Load[func(Lists[chan int]) error]("builtins:sum")
	bad(t, err, BadArgument, "a chan int can't be passed")
	_, err = Load[func() (Lists[[]int], error)]("builtins:list")
	bad(t, err, BadArgument, "no result of Python is a callpy.Lists[[]int]")
}

func numbersUpTo[T Element](end int) []T {
	numbers := reflect.MakeSlice(reflect.TypeFor[[]T](), end, end)
	for index := range end {
		numbers.Index(index).Set(reflect.ValueOf(index).Convert(reflect.TypeFor[T]()))
	}
	return numbers.Interface().([]T)
}

func TestListsNeedNoNumpy(t *testing.T) {
	output, code := child("lists")
	equal(t, []any{output, code}, []any{"", 7})
}

func listsWithoutNumpy() int {
	must(start())
	text := "import sys\nsys.modules['numpy'] = None\n"
	must((&Source{Name: "without_numpy", File: "without_numpy.py", Text: &text}).Run())
	sum := must1(Load[func(Lists[[]float64]) (float64, error)]("builtins:sum"))
	for _, count := range []int{2, 1000} {
		if total := must1(sum(ListsOf(slices.Repeat([]float64{0.5}, count)))); total != float64(count)/2 {
			panic(total)
		}
	}
	if err := must1(Find("builtins:sum")).Run(ctx, []float64{1, 2}); !errors.Is(err, NoNumpy) {
		panic(err)
	}
	return 7
}
