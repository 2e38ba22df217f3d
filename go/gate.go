package callpy

import (
	"sync"
	"sync/atomic"
)

// maxCalls is how many calls may be in C at once, apart from up to a thousand that began before there were
// that many threads. Each occupies a thread, Go never returns threads, and it ends the process at 10,000.
// The goroutines beyond the limit wait, which costs next to nothing.
const maxCalls = 1000

// A gate admits maxCalls at once. It counts only once that many threads have called, so that a program
// with fewer pays nothing for it.
type gate struct {
	inside  atomic.Int64
	waiting atomic.Int64
	mutex   sync.Mutex
	left    sync.Cond
}

var calls = newGate()

func newGate() *gate {
	gate := new(gate)
	gate.left.L = &gate.mutex
	return gate
}

// enter reports whether it has counted its caller, who passes that on to leave.
func (g *gate) enter(threads uint32) bool {
	return threads >= maxCalls && g.count()
}

func (g *gate) count() bool {
	if g.inside.Add(1) > maxCalls {
		g.inside.Add(-1)
		g.wait()
	}
	return true
}

// wait counts its caller as waiting before it checks again: a call that leaves after that check sees it.
func (g *gate) wait() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	for g.inside.Add(1) > maxCalls {
		g.inside.Add(-1)
		g.left.Wait()
	}
}

func (g *gate) leave(counted bool) {
	if counted {
		g.uncount()
	}
}

func (g *gate) uncount() {
	g.inside.Add(-1)
	if g.waiting.Load() > 0 {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.left.Signal()
	}
}
