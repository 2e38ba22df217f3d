package callpy

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAContextThatHasEndedNeverCalls(t *testing.T) {
	total := load[func(context.Context, []float64) (float64, error)](t, target("total"))
	double := load[func(context.Context, []float64) ([]float64, error)](t, target("double"))
	nothing := load[func(context.Context, []float64) error](t, target("nothing"))
	hypot := load[func(context.Context, float64, float64) (float64, error)](t, "math:hypot")
	reflected := load[func(context.Context, any) (any, error)](t, target("echo"))
	all := func(ctx context.Context) []error {
		_, mapped := MapAs[float64](ctx, find(t, target("total")), [][]float64{{1}})
		var first error
		if mapped != nil {
			first = mapped[0]
		}
		return []error{
			second(total(ctx, []float64{1})), second(double(ctx, []float64{1})), nothing(ctx, nil), second(hypot(ctx, 3, 4)),
			second(reflected(ctx, 1)), second(find(t, "math:sqrt").Call(ctx, 4)), find(t, "math:sqrt").Run(ctx, 4), first,
		}
	}
	for _, err := range all(ctx) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for _, err := range all(ended) {
		if err != context.Canceled {
			t.Fatal(err)
		}
	}
	late, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
	defer cancel()
	for _, err := range all(late) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	reason := errors.New("the client is gone")
	caused, cancelWith := context.WithCancelCause(ctx)
	cancelWith(reason)
	for _, err := range all(caused) {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || !strings.Contains(err.Error(), "the client is gone") {
			t.Fatal(err)
		}
	}
	for _, err := range all(nil) {
		bad(t, err, BadArgument, "the context is nil; pass context.Background()")
	}
}

func second[T any](_ T, err error) error { return err }

// All places are taken by calls that wait; another's context ends meanwhile.
func TestAContextEndsWhileItsCallWaits(t *testing.T) {
	output, code := child("context")
	equal(t, []any{output, code}, []any{"", 7})
}

func contextEndsInLine() int {
	must(start())
	read := must1(Load[func(uintptr, int) (Bytes, error)]("os:read"))
	count := must1(Load[func(context.Context, []float64) (int, error)](target("calls_so_far")))
	from, to, err := os.Pipe()
	must(err)
	descriptor := from.Fd()
	var readers sync.WaitGroup
	for range maxCalls {
		spawn(&readers, func() { must1(read(descriptor, 1)) })
	}
	for calls.inside.Load() < maxCalls {
		time.Sleep(time.Millisecond)
	}
	waiting, cancel := context.WithCancel(ctx)
	var waiters sync.WaitGroup
	for range 100 {
		spawn(&waiters, func() {
			if _, err := count(waiting, nil); err != context.Canceled {
				panic(err)
			}
		})
	}
	for calls.waiting.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	waiters.Wait()
	// A limit counts while its call waits there, and so does the shorter one of two.
	sleep := must1(Find("time:sleep")).Within(20 * time.Millisecond).Within(time.Hour)
	_, mapped := MapAs[any](ctx, sleep, []int{60})
	for _, err := range []error{sleep.Run(ctx, 60), mapped[0]} {
		if !errors.Is(err, Deadline) || err.Error() != "time:sleep: it did not return within 20ms" {
			panic(err)
		}
	}
	must1(to.Write(make([]byte, maxCalls)))
	readers.Wait()
	must(from.Close())
	if called := must1(count(ctx, nil)); called != 1 {
		panic(called)
	}
	return 7
}

// An ending is a context whose end the test makes.
type ending struct {
	context.Context
	done    chan struct{}
	cancels chan func()
}

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	select {
	case <-e.done:
		return context.Canceled
	default:
		return nil
	}
}

// AfterFunc is what context.AfterFunc calls.
func (e *ending) AfterFunc(cancels func()) func() bool {
	e.cancels <- cancels
	return func() bool { return false }
}

// Another call has the interpreter lock, for which this one waits until its context has ended.
func TestAContextEndsWhileItsCallWaitsForPython(t *testing.T) {
	if good(CallAs[bool](ctx, find(t, target("is_free_threaded"))))(t) {
		t.Skip("there is no lock to wait for")
	}
	hold := load[func(uintptr, uintptr) error](t, target("hold_lock"))
	called := find(t, target("calls_so_far"))
	before := good(CallAs[int](ctx, called, nil))(t)
	ready, isReady, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	until, goOn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	held, returned := make(chan error), make(chan error)
	// Fd makes them block, for which Python holds the lock.
	descriptor, end := isReady.Fd(), until.Fd()
	go func() { held <- hold(descriptor, end) }()
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	waiting := &ending{ctx, make(chan struct{}), make(chan func())}
	go func() { returned <- called.Run(waiting, nil) }()
	cancels := <-waiting.cancels
	close(waiting.done)
	// The package context cancels in a goroutine of its own.
	goroutines := runtime.NumGoroutine()
	cancels()
	for runtime.NumGoroutine() > goroutines {
		runtime.Gosched()
	}
	if _, err := goOn.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := <-returned; err != context.Canceled {
		t.Error(err)
	}
	if err := <-held; err != nil {
		t.Error(err)
	}
	equal(t, good(CallAs[int](ctx, called, nil))(t), before+1)
	for _, file := range []*os.File{ready, isReady, until, goOn} {
		file.Close()
	}
}

func TestAGateAdmitsItsWaitersInOrder(t *testing.T) {
	var gate gate
	for range maxCalls {
		if !gate.tryEnter() {
			t.Fatal("there is no room")
		}
	}
	enter := func(ctx context.Context) <-chan error {
		before, done := gate.waiting.Load(), make(chan error, 1)
		go func() { done <- gate.wait(ctx) }()
		for gate.waiting.Load() == before {
			time.Sleep(time.Millisecond)
		}
		// It is in the line once it has the lock.
		for length := 0; length <= int(before); {
			gate.mutex.Lock()
			length = gate.line.Len()
			gate.mutex.Unlock()
		}
		return done
	}
	impatient, cancel := context.WithCancel(ctx)
	first, gone, last := enter(ctx), enter(impatient), enter(ctx)
	cancel()
	if err := <-gone; err != context.Canceled {
		t.Fatal(err)
	}
	gate.leave()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	select {
	case <-last:
		t.Fatal("there was no room")
	default:
	}
	gate.leave()
	if err := <-last; err != nil {
		t.Fatal(err)
	}
	for range maxCalls {
		gate.leave()
	}
	equal(t, []int64{gate.inside.Load(), gate.waiting.Load()}, []int64{0, 0})
}
