package callpy

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"unsafe"
)

type (
	pointerToItself *pointerToItself
	tree            struct {
		Value    float64
		Children []tree
	}
	hidden struct{ value int }
	tagged struct {
		Name  string `callpy:"name"`
		value int    `callpy:"value"`
	}
	twice struct {
		Name  string `callpy:"name"`
		Other string `callpy:"name"`
	}
	embedding struct {
		hidden
		Name string `callpy:"name"`
	}
	without struct {
		hidden `callpy:"-"`
		Name   string `callpy:"name"`
	}
)

func TestLoadRefusesWhatCanNeverWork(t *testing.T) {
	refused := func(part string, err error) {
		t.Helper()
		bad(t, err, BadArgument, part)
	}
	const never = "no/such/file.py:function"
	refused("a chan int can't be passed to Python", second(Load[func(chan int) error](never)))
	refused("a func() can't be passed", second(Load[func([]func()) error](never)))
	refused("a chan int can't", second(Load[func(map[string]*chan int) error](never)))
	refused("unsafe.Pointer can't", second(Load[func(unsafe.Pointer) error](never)))
	refused("a *callpy.Function can't", second(Load[func(*Function) error](never)))
	refused("only structs whose fields are all exported", second(Load[func(hidden) error](never)))
	refused("its field value has a tag, and is not exported", second(Load[func(tagged) error](never)))
	refused(`its fields Name and Other are both the key "name"`, second(Load[func() (twice, error)](never)))
	refused("it embeds hidden, which is not exported; the tag callpy:\"-\"", second(Load[func(embedding) error](never)))
	refused("field B: a chan int", second(Load[func(struct{ B chan int }) error](never)))
	refused("a callpy.Arg can't be passed", second(Load[func([]Arg) error](never)))
	refused("must be the first parameter", second(Load[func(int, context.Context) error](never)))
	refused("a chan int can't", second(Load[func(...chan int) error](never)))
	refused("no result of Python is a chan int", second(Load[func() (chan int, error)](never)))
	refused("no result of Python is a fmt.Stringer", second(Load[func() (fmt.Stringer, error)](never)))
	refused("no result of Python is a uintptr", second(Load[func() (int, []uintptr, error)](never)))
	refused("no result of Python is a callpy.Mutable", second(Load[func() (Mutable[float64], error)](never)))
	refused("no result of Python is a callpy.Arg", second(Load[func() (map[string]Arg, error)](never)))
	refused("last result is an error", second(Load[func() float64](never)))
	refused("last result is an error", second(Load[int](never)))

	// What may work is looked for.
	for _, err := range []error{
		second(Load[func(context.Context, fmt.Stringer, ...Arg) (any, error)](never)),
		second(Load[func(pointerToItself, tree, Mutable[float64], Copied[int8], *View[bool]) (tree, error)](never)),
		second(Load[func(without) (without, error)](never)),
		second(Load[func(uintptr, *Object, Bytes, Tuple, [2]string, complex64) (*View[int8], Array[int8], error)](never)),
	} {
		if err == nil || errors.Is(err, BadArgument) {
			t.Error(err)
		}
	}
}

func TestTypesOfArgumentsFitInAFunctionsType(t *testing.T) {
	fill := load[func(Mutable[float64], Arg) error](t, target("fill"))
	matrix := ArrayOf([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	if err := fill(matrix.Mutable(), Named("value", 9)); err != nil {
		t.Fatal(err)
	}
	equal(t, []float64{matrix.At(0, 0), matrix.At(1, 2)}, []float64{9, 9})
	keep := load[func(Copied[float64]) error](t, target("keep_and_write"))
	if err := keep(matrix.Copied()); err != nil {
		t.Fatal(err)
	}
	equal(t, matrix.At(1, 2), 9.0)
	join := load[func([]string, ...Arg) (string, error)](t, target("join"))
	equal(t, good(join([]string{"in", "memory"}, Named("sep", "-")))(t), "in-memory")
	equal(t, good(join([]string{"in", "memory"}))(t), "in memory")
}

// Each common type of function gives the same as any other would.
func TestCommonTypesNeedNoReflection(t *testing.T) {
	equal(t, good(load[func(float64) (float64, error)](t, "math:sqrt")(4))(t), 2.0)
	equal(t, good(load[func(float64, float64) (float64, error)](t, "math:hypot")(3, 4))(t), 5.0)
	equal(t, good(load[func(int, int) (int, error)](t, "math:gcd")(12, 18))(t), 6)
	equal(t, good(load[func(int64, int64) (bool, error)](t, "operator:lt")(1, 2))(t), true)
	equal(t, good(load[func(string) (int, error)](t, "builtins:len")("größe"))(t), 5)
	equal(t, good(load[func(string) (string, error)](t, "builtins:repr")(""))(t), "''")
	equal(t, good(load[func(string, string) (string, error)](t, "operator:add")("a", "b"))(t), "ab")
	equal(t, good(load[func([]float64, float64) ([]float64, error)](t, "numpy:multiply")([]float64{1, 2}, 3))(t), []float64{3, 6})
	equal(t, good(load[func([]float64, []float64) (float64, error)](t, "numpy:dot")([]float64{1, 2}, []float64{3, 4}))(t), 11.0)
	equal(t, good(load[func(float64, float64, float64) ([]float64, error)](t, "numpy:arange")(0, 3, 1))(t), []float64{0, 1, 2})
	equal(t, good(load[func(context.Context, int) (int, error)](t, "operator:neg")(ctx, 3))(t), -3)
	_, err := load[func(float64, float64) (int, error)](t, "math:hypot")(3, 4)
	bad(t, err, BadResult, "expected int, got the float 5.0")
	_, err = load[func(string, string) (string, error)](t, "operator:add")("a", "\xff")
	bad(t, err, BadArgument, "UTF-8")
}

func TestCallsOfCommonTypesAllocateNothing(t *testing.T) {
	hypot := load[func(float64, float64) (float64, error)](t, "math:hypot")
	nothing := load[func([]float64) error](t, target("nothing"))
	total := load[func([]float64) (float64, error)](t, target("total"))
	data := make([]float64, 10)
	for name, call := range map[string]func(){
		"hypot":   func() { must1(hypot(3, 4)) },
		"nothing": func() { must(nothing(data)) },
		"total":   func() { must1(total(data)) },
	} {
		if allocations := testing.AllocsPerRun(1000, call); allocations >= 1 && !isRace {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}
