package callpy

import (
	"io"
	"strings"
	"testing"
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
