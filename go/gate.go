package callpy

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
)

// maxCalls is how many calls may be in C at once. Each occupies a thread, Go never returns threads, and it
// ends the process at 10,000. The goroutines beyond the limit wait, which costs next to nothing.
const maxCalls = 1000

// A gate admits maxCalls at once, in the order in which they come.
type gate struct {
	inside  atomic.Int64
	waiting atomic.Int64
	mutex   sync.Mutex
	// The channels of those who wait, first come first.
	line list.List
}

var calls gate

// tryEnter enters if there is room.
func (g *gate) tryEnter() bool {
	if g.inside.Add(1) <= maxCalls {
		return true
	}
	g.inside.Add(-1)
	return false
}

// wait waits until there is room, and returns the context's error if that ends before.
func (g *gate) wait(ctx context.Context) error {
	// Counted as waiting before it looks again: who leaves after that look sees it.
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	woken := make(chan struct{}, 1)
	for wasWoken := false; ; wasWoken = true {
		g.mutex.Lock()
		if g.inside.Add(1) <= maxCalls {
			g.mutex.Unlock()
			// It may have ended in the meantime.
			if err := ended(ctx); err != nil {
				g.leave()
				return err
			}
			return nil
		}
		g.inside.Add(-1)
		// Who was woken and found that another had been faster is still the first.
		var place *list.Element
		if wasWoken {
			place = g.line.PushFront(woken)
		} else {
			place = g.line.PushBack(woken)
		}
		g.mutex.Unlock()
		select {
		case <-woken:
		case <-ctx.Done():
			g.mutex.Lock()
			g.line.Remove(place)
			g.mutex.Unlock()
			// If it was woken as well, that was for someone who would have come in.
			select {
			case <-woken:
				g.wake()
			default:
			}
			return ended(ctx)
		}
	}
}

func (g *gate) leave() {
	g.inside.Add(-1)
	if g.waiting.Load() > 0 {
		g.wake()
	}
}

// wake wakes the first in the line.
func (g *gate) wake() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if first := g.line.Front(); first != nil {
		g.line.Remove(first).(chan struct{}) <- struct{}{}
	}
}
