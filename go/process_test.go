package callpy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// What a process does once is done by a child: this test program, told so by this variable.
const childVariable = "CALLPY_GO_TEST_CHILD"

var children = map[string]func() int{
	"os.Exit":   func() int { busy(); os.Exit(7); return 1 },
	"Exit":      func() int { busy(); Exit(7); return 1 },
	"End":       func() int { busy(); must(End()); must(End()); os.Exit(7); return 1 },
	"init":      func() int { return seven },
	"interrupt": interrupt,
	"many":      many,
	"nothing":   func() int { return 0 },
	"context":   contextEndsInLine,
	"lists":     listsWithoutNumpy,
	"library":   findLibrary,

	"panic while told": panicWhileTold,
}

// Calls before main, on the thread that Go keeps for it.
var seven = func() int {
	if os.Getenv(childVariable) != "init" {
		return 0
	}
	must(start())
	return must1(CallAs[int](ctx, must1(Find("builtins:int")), "7"))
}()

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must1[T any](value T, err error) T {
	must(err)
	return value
}

// busy returns while eight goroutines are inside Python.
func busy() {
	must(start())
	must(must1(Find(target("print_at_exit"))).Run(ctx))
	double := must1(Load[func([]float64) ([]float64, error)](target("double")))
	var calls atomic.Int64
	ready := make(chan struct{})
	for range 8 {
		go func() {
			data := make([]float64, 10_000)
			for {
				_, err := double(data)
				var failure *Error
				if errors.As(err, &failure) && failure.Kind == Ending {
					return
				}
				must(err)
				if calls.Add(1) == 100 {
					close(ready)
				}
			}
		}()
	}
	<-ready
}

// Python's modules that handle signals leave the program's own handling alone.
func interrupt() int {
	must(start())
	must(must1(Find("importlib:import_module")).Run(ctx, "asyncio"))
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	must(must1(Find(target("nothing"))).Run(ctx, []float64{1}))
	must(syscall.Kill(os.Getpid(), syscall.SIGINT))
	<-interrupts
	must(must1(Find(target("nothing"))).Run(ctx, []float64{1}))
	return 7
}

// 12,000 goroutines are in a call that waits, more than Go may have threads.
func many() int {
	must(start())
	read := must1(Load[func(uintptr, int) (Bytes, error)]("os:read"))
	from, to, err := os.Pipe()
	must(err)
	// Asked for its number, Go makes the pipe a blocking one.
	descriptor := from.Fd()
	const goroutines = 12_000
	var began, ended sync.WaitGroup
	began.Add(goroutines)
	ended.Add(goroutines)
	for range goroutines {
		go func() {
			began.Done()
			if got := must1(read(descriptor, 1)); len(got) != 1 {
				panic(got)
			}
			ended.Done()
		}()
	}
	began.Wait()
	must1(to.Write(make([]byte, goroutines)))
	ended.Wait()
	must(from.Close())
	if threads := pprof.Lookup("threadcreate").Count(); threads > 2*maxCalls {
		panic(threads)
	}
	return 7
}

func child(name string) (string, int) {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+name)
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		return err.Error(), -1
	}
	return string(output), command.ProcessState.ExitCode()
}

func TestAProcessEndsWhileGoroutinesAreInPython(t *testing.T) {
	for range 3 {
		output, code := child("os.Exit")
		equal(t, []any{output, code}, []any{"", 7})
		for _, end := range []string{"Exit", "End"} {
			output, code = child(end)
			equal(t, []any{output, code}, []any{"the end\n", 7})
		}
	}
}

func TestMoreGoroutinesThanThreads(t *testing.T) {
	output, code := child("many")
	equal(t, []any{output, code}, []any{"", 7})
}

func TestACallInInit(t *testing.T) {
	output, code := child("init")
	equal(t, []any{output, code}, []any{"", 7})
}

func TestAnInterruptIsTheProgramsOwn(t *testing.T) {
	output, code := child("interrupt")
	equal(t, []any{output, code}, []any{"", 7})
}

func TestProcessesAreStartedMeanwhile(t *testing.T) {
	double := load[func([]float64) ([]float64, error)](t, target("double"))
	run := load[func([]string) (Bytes, error)](t, "subprocess:check_output")
	stop, stopped := make(chan struct{}), make(chan error)
	for range 4 {
		go func() {
			for {
				select {
				case <-stop:
					stopped <- nil
					return
				default:
					if _, err := double(make([]float64, 1000)); err != nil {
						stopped <- err
						return
					}
				}
			}
		}()
	}
	for round := range 10 {
		output, code := child("nothing")
		equal(t, []any{output, code}, []any{"", 0})
		said := fmt.Sprint("round ", round)
		equal(t, good(run([]string{"echo", said}))(t), Bytes(said+"\n"))
	}
	close(stop)
	for range 4 {
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}
}
