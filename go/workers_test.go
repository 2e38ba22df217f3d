package callpy

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

func workers(t *testing.T, count int, with ...Option) *Workers {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("workers need Linux")
	}
	started := good(StartWorkers(count, with...))(t)
	t.Cleanup(func() { started.Close() })
	return started
}

func on(t *testing.T, workers *Workers, target string) *Function {
	t.Helper()
	return good(workers.Function(target))(t)
}

func TestWorkersCallTheSameFunctions(t *testing.T) {
	workers := workers(t, 2, WithWorkerEnv("ANSWER=42"), WithWorkerSetup(target("set_up")))
	double := good(As[func([]float64) ([]float64, error)](on(t, workers, target("double"))))(t)
	for range 3 {
		equal(t, good(double([]float64{1, 2}))(t), []float64{2, 4})
	}
	view := good(CallAs[*View[float64]](ctx, on(t, workers, target("double")), []float64{3}))(t)
	defer view.Release()
	equal(t, view.At(0), 6.0)
	counts := good(As[func(context.Context, []string) (map[string]int, error)](on(t, workers, target("counts"))))(t)
	equal(t, good(counts(ctx, []string{"a", "b", "a"}))(t), map[string]int{"a": 2, "b": 1})
	getenv := on(t, workers, "os:getenv")
	equal(t, good(getenv.Call(ctx, "ANSWER"))(t), "42")
	equal(t, good(getenv.Call(ctx, "CALLPY_IS_SET_UP"))(t), "yes")
	sums, failed := MapAs[float64](ctx, on(t, workers, target("total")), [][]float64{{1, 2}, {3}})
	equal(t, []any{sums, failed}, []any{[]float64{3, 3}, []error(nil)})
	if here := good(find(t, "os:getpid").Call(ctx))(t); here == good(on(t, workers, "os:getpid").Call(ctx))(t) {
		t.Error("it is called in this process")
	}
	_, err := CallAs[float64](ctx, on(t, workers, "math:sqrt"), -1)
	if failed := bad(t, err, Exception, "ValueError"); !failed.IsA("ValueError") {
		t.Error(failed)
	}
	_, err = workers.Function("math:no_such")
	bad(t, err, BadTarget, "no_such")
	_, err = workers.Function("a\x00b")
	bad(t, err, BadTarget, "NUL")
}

func TestACrashIsAnErrorOfTheCall(t *testing.T) {
	workers := workers(t, 1)
	failed := bad(t, on(t, workers, "os:_exit").Run(ctx, 3), Crashed, "it exited with status 3")
	equal(t, []any{failed.ExitStatus(), failed.Signal()}, []any{3, syscall.Signal(0)})
	failed = bad(t, on(t, workers, "os:abort").Run(ctx), Crashed, "SIGABRT")
	equal(t, []any{failed.ExitStatus(), failed.Signal()}, []any{-1, syscall.SIGABRT})
	once := on(t, workers, target("exit_once"))
	file := filepath.Join(t.TempDir(), "exited")
	again := good(As[func(string) (string, error)](once.Retries(1)))(t)
	equal(t, good(again(file))(t), "again")
	statistics := good(workers.Statistics())(t)
	equal(t, []any{statistics.Crashes, statistics.Calls, statistics.Busy}, []any{uint64(3), uint64(4), 0})
	none := &Error{Kind: Busy}
	equal(t, []any{none.ExitStatus(), none.Signal(), none.IsA("Exception")}, []any{-1, syscall.Signal(0), false})
}

func TestALimitHolds(t *testing.T) {
	workers := workers(t, 1, WithMaxWaiting(1))
	sleep := on(t, workers, "time:sleep")
	bad(t, sleep.Within(20*time.Millisecond).Run(ctx, 60), Deadline, "within 20ms")
	bad(t, sleep.Within(20*time.Millisecond).Within(time.Minute).Run(ctx, 60), Deadline, "within 20ms")
	// A limit that is over never calls.
	bad(t, sleep.Within(-time.Second).Retries(1).Run(ctx, 60), Deadline, "within 1ns")
	bad(t, find(t, target("spin")).Within(20*time.Millisecond).Run(ctx), Deadline, "within 20ms")

	// A slow machine may have cost a worker. Until another has started, both calls would wait.
	for good(workers.Statistics())(t).Free < 2 {
		time.Sleep(time.Millisecond)
	}
	// One call is in the worker, one waits for it, and one more is too many.
	waiting, cancel := context.WithCancelCause(ctx)
	ended := make(chan error)
	for range 2 {
		go func() { ended <- sleep.Run(waiting, 60) }()
	}
	for good(workers.Statistics())(t).Waiting == 0 {
		time.Sleep(time.Millisecond)
	}
	bad(t, sleep.Run(ctx, 60), Busy, "")
	reason := errors.New("the client is gone")
	cancel(reason)
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
			t.Error(err)
		}
	}
	statistics := good(workers.Statistics())(t)
	equal(t, []any{statistics.Refused, statistics.Busy, statistics.Waiting}, []any{uint64(1), 0, 0})
}

func TestAContextThatEndsCancelsARunningCall(t *testing.T) {
	here, workers := find(t, target("spin")), workers(t, 1)
	for _, spin := range []*Function{here, on(t, workers, target("spin"))} {
		late, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		_, mapped := MapAs[any](late, spin, []Tuple{{}})
		for _, err := range append(mapped, spin.Run(late)) {
			if err != context.DeadlineExceeded && !errors.Is(err, Exception) {
				t.Error(spin.Name(), err)
			}
		}
		cancel()
	}
	// A context that has not ended leaves the next calls alone.
	living, cancel := context.WithCancel(ctx)
	defer cancel()
	hypot := load[func(context.Context, float64, float64) (float64, error)](t, "math:hypot")
	for range 100 {
		equal(t, good(hypot(living, 3, 4))(t), 5.0)
	}
}

// Contexts that end about when their calls do: each call has its result or its context's error, and no other call
// has either.
func TestContextsEndAtAnyTime(t *testing.T) {
	workers := workers(t, 2)
	var callers sync.WaitGroup
	for _, function := range []*Function{find(t, "operator:neg"), on(t, workers, "operator:neg")} {
		for range 4 {
			spawn(&callers, func() {
				for number := range 300 {
					limited, cancel := context.WithTimeout(ctx, time.Duration(number%30)*time.Microsecond)
					got, err := CallAs[int](limited, function, number)
					if err == nil && got != -number || err != nil && err != context.DeadlineExceeded {
						t.Error(got, err)
					}
					cancel()
					if got, err := CallAs[int](ctx, function, number); err != nil || got != -number {
						t.Error(got, err)
					}
				}
			})
		}
	}
	callers.Wait()
}

func TestWorkersEndOnceTheyAreClosed(t *testing.T) {
	workers := workers(t, 1)
	double, getpid := on(t, workers, target("double")), on(t, workers, "os:getpid")
	view := good(CallAs[*View[float64]](ctx, double, []float64{3}))(t)
	process := good(CallAs[int](ctx, getpid))(t)
	limited := getpid.Within(time.Minute)
	if err := workers.Restart(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := workers.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for syscall.Kill(process, 0) == nil {
		time.Sleep(time.Millisecond)
	}
	for _, function := range []*Function{getpid, limited, limited.Within(time.Minute), getpid.Retries(1)} {
		bad(t, function.Run(ctx), Closed, "os:getpid: the workers are closed")
		bad(t, function.Lends(), Closed, "the workers are closed")
	}
	_, mapped := MapAs[int](ctx, getpid, []Tuple{{}})
	bad(t, mapped[0], Closed, "the workers are closed")
	_, err := workers.Function("os:getpid")
	bad(t, err, Closed, "the workers are closed")
	_, err = workers.Statistics()
	bad(t, err, Closed, "the workers are closed")
	// What they returned stays.
	equal(t, view.At(0), 6.0)
	view.Release()
	for _, none := range []*Workers{nil, {}} {
		bad(t, none.Restart(), Closed, "the workers are nil")
		equal(t, none.Close(), nil)
	}
	_, err = StartWorkers(0)
	bad(t, err, NotStarted, "at least one worker")
	_, err = StartWorkers(-1)
	bad(t, err, NotStarted, "at least one worker")
	_, err = StartWorkers(1, WithWorkerSetup("signal:pause"), WithWorkerStartWithin(100*time.Millisecond))
	bad(t, err, NotStarted, "it was not ready after 100ms")
	bad(t, Start(WithWorkerCalls(1)), NotStarted, "WithWorkerCalls is an option of StartWorkers")
	_, err = StartWorkers(1, WithWorkerEnv("A"))
	bad(t, err, BadArgument, `expected "NAME=value"`)
}

// A function that is found while they are closed does not keep them.
func TestWorkersEndThoughAFunctionIsFoundMeanwhile(t *testing.T) {
	workers := workers(t, 1)
	process := good(CallAs[int](ctx, on(t, workers, "os:getpid")))(t)
	// Its import waits for a lock.
	script := filepath.Join(t.TempDir(), "waiting.py")
	source := "import fcntl, time\nfcntl.flock(open(__file__), fcntl.LOCK_SH)\n"
	if err := os.WriteFile(script, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	lock := good(os.Open(script))(t)
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	var finding sync.WaitGroup
	var found *Function
	var failed error
	spawn(&finding, func() { found, failed = workers.Function(script + ":time.time") })
	isFinding := func() bool {
		workers.pool.mutex.Lock()
		defer workers.pool.mutex.Unlock()
		return workers.pool.users > 0
	}
	for !isFinding() {
		runtime.Gosched()
	}
	workers.Close()
	lock.Close()
	finding.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	for syscall.Kill(process, 0) == nil {
		time.Sleep(time.Millisecond)
	}
	bad(t, found.Run(ctx), Closed, "the workers are closed")
}

// Workers that no one has closed end with the last of their functions.
func TestWorkersThatAreGarbageEnd(t *testing.T) {
	process := func() int {
		started := good(StartWorkers(1))(t)
		getpid := on(t, started, "os:getpid")
		started = nil
		runtime.GC()
		return good(CallAs[int](ctx, getpid))(t)
	}()
	for syscall.Kill(process, 0) == nil {
		runtime.GC()
	}
}
