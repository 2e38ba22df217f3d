package callpy

import (
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// 64 goroutines call, while the collector and the profiler interrupt them, exceptions and failed
// conversions come in between, and threads end. CALLPY_CALLS says how many calls (1000000 is the long
// test).
func TestManyGoroutines(t *testing.T) {
	warm, calls := int64(40_000), int64(40_000)
	if text := os.Getenv("CALLPY_CALLS"); text != "" {
		calls = good(strconv.ParseInt(text, 10, 64))(t)
	}
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				runtime.GC()
			}
		}
	}()
	work := stress(t)
	work(warm)
	early, begin := resident(), time.Now()
	work(warm + calls)
	close(stop)
	<-stopped
	late := resident()
	t.Logf("%d calls in %v; resident before %d KiB, after %d KiB", calls, time.Since(begin), early, late)
	if early > 0 && late > early+64<<10 {
		t.Errorf("memory grew from %d to %d KiB", early, late)
	}
}

// stress returns what makes calls until so many are made.
func stress(t *testing.T) func(calls int64) {
	sometimes := load[func([]float64, int64) ([]int64, error)](t, target("sometimes"))
	double := load[func([]float64) (*View[float64], error)](t, target("double"))
	wrong := load[func([]float64) ([]int64, error)](t, target("double"))
	echo := find(t, target("echo"))
	object := load[func(float64) (*Object, error)](t, "builtins:complex")
	var next atomic.Int64
	remembered := load[func([]float64) (float64, error)](t, target("remembered"))
	one := func(data []float64, index int64) error {
		place := index % 1000
		data[place] = 3
		if index%500 == 250 {
			// The loan ends only after a search for who holds it.
			first, err := remembered(data)
			if err == nil && first != data[0] {
				err = errors.New("got another element back")
			}
			return err
		}
		switch index % 10 {
		case 0, 1:
			// An exception every seventh time.
			indices, err := sometimes(data, index)
			if index%7 == 0 {
				return expect(err, Exception)
			}
			if err == nil && !slices.Contains(indices, place) {
				return errors.New("the index is not found")
			}
			return err
		case 2:
			return expect(echo.Run(ctx, data, make(chan int)), BadArgument)
		case 3:
			// Only C sees that.
			return expect(echo.Run(ctx, []any{data, "\xff"}), BadArgument)
		case 4:
			_, err := wrong(data)
			return expect(err, BadResult)
		case 5:
			value, err := CallAs[map[string]any](ctx, echo, map[string]any{"a": []string{"b"}, "c": data})
			if err == nil && value["c"].(Array[float64]).Data[place] != 3 {
				err = errors.New("got another array back")
			}
			return err
		case 6:
			held, err := object(2)
			if err == nil && index%4 == 0 {
				held.Release()
			}
			return err
		}
		view, err := double(data)
		if err != nil {
			return err
		}
		if view.At(int(place)) != 6 {
			return errors.New("it is not doubled")
		}
		// The others are for the cleanup.
		if index%4 == 0 {
			go view.Release()
			// Released or not: never freed while it is read.
			_ = view.Copy()
			_ = echo.Run(ctx, view)
		}
		return nil
	}
	return func(calls int64) {
		var workers sync.WaitGroup
		for range 64 {
			spawn(&workers, func() {
				data := make([]float64, 1000)
				for index := next.Add(1); index <= calls && !t.Failed(); index = next.Add(1) {
					if err := one(data, index); err != nil {
						t.Error(index, err)
					}
					if index%500 == 0 {
						// A goroutine that ends locked ends its thread, and with it the kept state.
						spawn(&workers, func() {
							runtime.LockOSThread()
							if err := one(make([]float64, 1000), 7); err != nil {
								t.Error(err)
							}
						})
					}
				}
			})
		}
		workers.Wait()
	}
}

func spawn(group *sync.WaitGroup, work func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		work()
	}()
}

func expect(err error, kind Kind) error {
	var failure *Error
	if errors.As(err, &failure) && failure.Kind == kind {
		return nil
	}
	return errors.Join(errors.New("another outcome"), err)
}

// resident returns the process's memory in KiB, without Go's garbage; 0 where that can't be known.
func resident() int64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(status))[1], 10, 64)
	return pages * int64(os.Getpagesize()) / 1024
}

// A view that several goroutines read, give to Python and release at once is freed once, after that.
func TestAViewIsReleasedWhileItIsUsed(t *testing.T) {
	double := load[func([]float64) (*View[float64], error)](t, target("double"))
	total := find(t, target("total"))
	for range 200 {
		view := good(double([]float64{1, 2, 3}))(t)
		var users sync.WaitGroup
		for user := range 4 {
			spawn(&users, func() {
				for range 10 {
					sum, err := CallAs[float64](ctx, total, view)
					if err != nil && expect(err, BadArgument) != nil || err == nil && sum != 12 {
						t.Error(sum, err)
					}
					if copied := view.Copy(); len(copied.Data) == 3 && copied.Data[2] != 6 {
						t.Error(copied)
					}
					if user == 3 {
						view.Release()
					}
				}
			})
		}
		users.Wait()
		if _, ok := view.Slice(); ok {
			t.Fatal("a released view has a slice")
		}
	}
}

// Loans that end only after a search for who holds them, in many goroutines at once: none of the
// searches takes another for a holder.
func TestManyGoroutinesSearchForHolders(t *testing.T) {
	remembered := load[func([]float64) (float64, error)](t, target("remembered"))
	sometimes := load[func([]float64, int64) ([]int64, error)](t, target("sometimes"))
	var workers sync.WaitGroup
	for worker := range 8 {
		spawn(&workers, func() {
			data := []float64{float64(worker), 3}
			for range 25 {
				if first, err := remembered(data); err != nil || first != data[0] {
					t.Error(first, err)
				}
				if _, err := sometimes(data, 7); expect(err, Exception) != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
}
