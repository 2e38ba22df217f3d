package callpy

import (
	"sync"
	"sync/atomic"
)

// maxCalls is how many calls are in C at once, but for a thousand that began before there were so
// many threads. Each holds a thread, which Go never gives back, and at 10,000 Go ends the process; the
// goroutines beyond wait as goroutines do, for next to nothing.
const maxCalls = 1000

// A gate lets so many in at once. It counts only once so many threads have called: a program that has
// fewer pays nothing for it.
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

// enter says whether it has counted its caller, who tells leave.
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

// wait counts its caller as waiting before it looks again: whoever leaves after that look sees it.
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
