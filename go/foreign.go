package callpy

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// foreign counts the memory of C's that results hold. Go's collector sees only a few words of each, so a
// program that drops views without releasing them could fill the memory before it runs.
var foreign foreignMemory

type foreignMemory struct {
	held, limit atomic.Int64
	collecting  sync.Mutex
}

// What may be held before the first collection.
const leastForeign = 64 << 20

// allocated counts memory, and collects garbage if there is twice as much as the last collection left: as Go
// does with its own.
func (f *foreignMemory) allocated(bytes int) {
	if held := f.held.Add(int64(bytes)); held > max(f.limit.Load(), leastForeign) {
		f.collect()
	}
}

func (f *foreignMemory) freed(bytes int) { f.held.Add(-int64(bytes)) }

func (f *foreignMemory) collect() {
	// Others go on while one collects.
	if !f.collecting.TryLock() {
		return
	}
	defer f.collecting.Unlock()
	if f.held.Load() <= max(f.limit.Load(), leastForeign) {
		return
	}
	// The views that are garbage are freed by a goroutine of Go's, and so is this.
	freed := make(chan struct{})
	runtime.AddCleanup(new(*int), func(freed chan struct{}) { close(freed) }, freed)
	runtime.GC()
	// Cleanups of the program's own may hold it up.
	late := time.Now().Add(100 * time.Millisecond)
	select {
	case <-freed:
	case <-time.After(time.Until(late)):
	}
	// Others may be under way: several goroutines run them.
	held := f.held.Load()
	for before := held + 1; held < before && time.Now().Before(late); {
		time.Sleep(time.Millisecond)
		before, held = held, f.held.Load()
	}
	f.limit.Store(2 * held)
}
