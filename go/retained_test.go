package callpy

import (
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// isLent calls a function that returns the address of its argument, and says whether that was lent.
func isLent(t testing.TB, function string) bool {
	t.Helper()
	data := []float64{1, 2, 3}
	address := load[func([]float64) (int, error)](t, target(function))
	return uintptr(good(address(data))(t)) == uintptr(unsafe.Pointer(unsafe.SliceData(data)))
}

// listen has the program told, and returns what it is told of a function.
func listen(t testing.TB) func(function string) []Retained {
	t.Helper()
	var mutex sync.Mutex
	var told []Retained
	if err := Start(WithOnRetained(func(retained Retained) {
		// The thread of the call is not attached: others may call, and so may this function.
		root := load[func(float64) (float64, error)](t, "math:sqrt")
		equal(t, good(root(4))(t), 2.0)
		mutex.Lock()
		defer mutex.Unlock()
		told = append(told, retained)
	})); err != nil {
		t.Fatal(err)
	}
	return func(function string) []Retained {
		mutex.Lock()
		defer mutex.Unlock()
		var of []Retained
		for _, retained := range told {
			if retained.Function == "functions:"+function {
				of = append(of, retained)
			}
		}
		return of
	}
}

func TestTheProgramIsToldOfWhatRetains(t *testing.T) {
	told := listen(t)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 10 {
				if isLent(t, "keep") {
					t.Error("it was lent")
				}
			}
		}()
	}
	all.Wait()
	of := told("keep")
	equal(t, len(of), 1)
	equal(t, of[0].Arguments, []string{"argument 1"})
	equal(t, len(of[0].Holders), 1)
	for _, part := range []string{"keep retained argument 1, held by", "'kept'", "it gets copies from now on"} {
		if !strings.Contains(of[0].String(), part) {
			t.Fatalf("there is no %q in %q", part, of[0])
		}
	}
	// The next Start's takes its place.
	again := listen(t)
	equal(t, isLent(t, "keep_again"), false)
	equal(t, []int{len(told("keep_again")), len(again("keep_again"))}, []int{0, 1})
}

func TestAProgramDecidesWhatAFunctionDoes(t *testing.T) {
	told := listen(t)
	if err := find(t, target("keep_quietly")).Retains(); err != nil {
		t.Fatal(err)
	}
	equal(t, isLent(t, "keep_quietly"), false)
	equal(t, len(told("keep_quietly")), 0)

	equal(t, isLent(t, "address"), false)
	equal(t, isLent(t, "address"), true)
	decided := find(t, target("address_again"))
	if err := decided.Lends(); err != nil {
		t.Fatal(err)
	}
	equal(t, isLent(t, "address_again"), true)
	if err := decided.Retains(); err != nil {
		t.Fatal(err)
	}
	equal(t, isLent(t, "address_again"), false)

	decided.Close()
	bad(t, decided.Retains(), Closed, "closed")
	bad(t, (*Function)(nil).Lends(), Closed, "nil")
}

// A panic of the program's own ends it as Go does, with its stack.
func TestAPanicWhileToldIsGos(t *testing.T) {
	output, code := child("panic while told")
	equal(t, code, 2)
	if !strings.Contains(output, "panic: as this test wants it") || !strings.Contains(output, "goroutine ") {
		t.Fatal(output)
	}
}

func panicWhileTold() int {
	must(start())
	must(Start(WithOnRetained(func(Retained) { panic("as this test wants it") })))
	must(must1(Find(target("keep"))).Run(ctx, []float64{1}))
	return 7
}
