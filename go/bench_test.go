package callpy

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

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

func BenchmarkTwoNumbers(b *testing.B) {
	hypot := load[func(float64, float64) (float64, error)](b, "math:hypot")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hypot(3, 4); err != nil {
			b.Fatal(err)
		}
	}
}

// What Go needs to get into C and back, which is part of each call.
func BenchmarkNothingInC(b *testing.B) {
	if err := start(); err != nil {
		b.Fatal(err)
	}
	none := new(cValue)
	for b.Loop() {
		valueRelease.with(unsafe.Pointer(none))
	}
}

func BenchmarkCopyOfAMillion(b *testing.B) {
	data := make([]float64, 1<<20)
	double := load[func([]float64) ([]float64, error)](b, target("double"))
	for b.Loop() {
		if _, err := double(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkView(b *testing.B) {
	double := load[func([]float64) (*View[float64], error)](b, target("double"))
	data := make([]float64, 1000)
	for b.Loop() {
		view, err := double(data)
		if err != nil {
			b.Fatal(err)
		}
		view.Release()
	}
}

func BenchmarkTwoNumbersWithAContext(b *testing.B) {
	hypot := load[func(context.Context, float64, float64) (float64, error)](b, "math:hypot")
	living, cancel := context.WithCancel(ctx)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hypot(living, 3, 4); err != nil {
			b.Fatal(err)
		}
	}
}

// The time of one call by so many goroutines at once: all make the same number of calls in all.
func BenchmarkGoroutines(b *testing.B) {
	for _, function := range []string{"outliers", "nothing"} {
		for _, count := range []int{1, 4, 64, 512} {
			b.Run(fmt.Sprintf("%s/%d", function, count), func(b *testing.B) {
				call := load[func([]float64) (any, error)](b, target(function))
				var done atomic.Int64
				var callers sync.WaitGroup
				for range count {
					data := make([]float64, 1000)
					spawn(&callers, func() {
						for done.Add(1) <= int64(b.N) {
							if _, err := call(data); err != nil {
								b.Error(err)
							}
						}
					})
				}
				callers.Wait()
			})
		}
	}
}
