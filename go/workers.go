package callpy

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Workers are processes that call Python functions, as many at once as there are workers. A crash is the error
// of one call, of kind [Crashed], and a limit ([Function.Within], or a context that ends) holds, whatever a
// function does. Any number of goroutines may use them.
//
//	workers, err := callpy.StartWorkers(4, callpy.WithScript("outliers.py"))
//	defer workers.Close()
//	function, err := workers.Function("outliers:detect")
//	detect, err := callpy.As[func([]float64) ([]int64, error)](function)
//
// A package that callpy bindgen has generated has On, which returns its functions on workers.
//
// Arrays are copied once into memory that both processes share, and a [View] reads the result there. Other
// values than numbers, text, bytes, arrays and tuples of them are pickled. An [Object] is a copy on the other
// side. What a function stores is its worker's own, and goes with it. Workers need Linux.
type Workers struct{ pool *pool }

// WithWorkerSetup names a function that each worker calls before anything else, without arguments: to load a
// model, say.
func WithWorkerSetup(target string) Option {
	return func(o *options) { o.setup, o.forWorkers = target, "WithWorkerSetup" }
}

// WithWorkerStartWithin limits how long a worker may take to start, with its imports and its set-up function; five
// minutes by default, or with zero. One that takes longer is ended, and calls that wait for a worker get an error of
// kind [NotStarted].
func WithWorkerStartWithin(limit time.Duration) Option {
	return func(o *options) { o.startWithin, o.forWorkers = limit, "WithWorkerStartWithin" }
}

// WithWorkerEnv adds environment variables of the workers, each as "NAME=value".
func WithWorkerEnv(variables ...string) Option {
	return func(o *options) {
		o.variables, o.forWorkers = append(o.variables, variables...), "WithWorkerEnv"
	}
}

// WithWorkerCalls has a worker replaced after so many calls.
func WithWorkerCalls(count uint) Option {
	return func(o *options) { o.calls, o.forWorkers = count, "WithWorkerCalls" }
}

// WithWorkerMemory has a worker replaced that has more bytes of memory of its own than this after a call.
func WithWorkerMemory(bytes uint) Option {
	return func(o *options) { o.memory, o.forWorkers = bytes, "WithWorkerMemory" }
}

// WithMaxWaiting limits how many calls may wait for a worker: one more is an error of kind [Busy]. At most 1,000
// calls are in C at once, those that wait there included; a limit beyond that is never reached.
func WithMaxWaiting(count uint) Option {
	return func(o *options) { o.maxWaiting, o.forWorkers = count, "WithMaxWaiting" }
}

// StartWorkers starts so many worker processes and a spare one. It starts Python in this process too, as [Start]
// does, and takes the same options and those of workers.
func StartWorkers(count int, with ...Option) (*Workers, error) {
	if count < 0 {
		return nil, failure(NotStarted, "expected at least one worker, got %d", count)
	}
	wanted, err := chosen(with)
	if err != nil {
		return nil, err
	}
	var keeper keeper
	defer keeper.done()
	passed := &cWorkersOptions{
		maxWaiting: uintptr(wanted.maxWaiting), calls: uintptr(wanted.calls), memory: uintptr(wanted.memory),
		startWithin: uint64(max(0, wanted.startWithin)),
	}
	if wanted.setup != "" {
		passed.setup = keeper.text(wanted.setup)
	}
	passed.variables, passed.variablesLength = keeper.texts(wanted.variables)
	handle := new(uintptr)
	if err := toError(workersStart.call(wanted.passed(&keeper), keeper.keep(unsafe.Pointer(passed)), uintptr(count),
		keeper.keep(unsafe.Pointer(handle)))); err != nil {
		return nil, err
	}
	workers := &Workers{&pool{handle: *handle, functions: make(map[uintptr]struct{})}}
	runtime.AddCleanup(workers, (*pool).drop, workers.pool)
	return workers, nil
}

// Function returns the function that a target names, as [Find] does, for the workers to call. [As] gives it a
// type.
func (w *Workers) Function(target string) (*Function, error) {
	if strings.ContainsRune(target, 0) {
		return nil, failure(BadTarget, "the target %q has a NUL character in it", target)
	}
	var keeper keeper
	defer keeper.done()
	return w.find(target, func(workers uintptr, handle *uintptr) uintptr {
		return workersFunction.call(workers, keeper.text(target), keeper.keep(unsafe.Pointer(handle)))
	})
}

// sourceFunction returns the function that a target names in a source, which the workers import.
func (w *Workers) sourceFunction(source *Source, target string) (*Function, error) {
	var keeper keeper
	defer keeper.done()
	var sources []cSource
	for ; source != nil; source = source.After {
		passed, err := source.passed(&keeper)
		if err != nil {
			return nil, err
		}
		sources = append(sources, passed)
	}
	slices.Reverse(sources)
	_, function, _ := strings.Cut(target, ":")
	return w.find(target, func(workers uintptr, handle *uintptr) uintptr {
		return workersSourceFunction.call(workers, keeper.keep(unsafe.Pointer(unsafe.SliceData(sources))), uintptr(len(sources)),
			keeper.text(function), keeper.keep(unsafe.Pointer(handle)))
	})
}

// find returns the function whose handle C writes.
func (w *Workers) find(name string, call func(workers uintptr, handle *uintptr) uintptr) (found *Function, err error) {
	handle := new(uintptr)
	err = w.use(func(workers uintptr) uintptr {
		failed := call(workers, handle)
		if failed == 0 {
			// Before the pool is left: if it was closed meanwhile, that frees the handle too.
			found = newFunction(*handle, name, w.pool)
		}
		return failed
	})
	return found, err
}

// Statistics are what workers have done so far, and what they are at.
type Statistics struct {
	// Free is how many workers are ready and not in use, with the spare one; Busy how many are in a call.
	Free, Busy int
	// Waiting is how many calls wait for a worker.
	Waiting int
	// Calls were sent to a worker, Waited had to wait for one, and Refused were too many to wait.
	Calls, Waited, Refused uint64
	// Crashes is how many workers ended by themselves, in a call or between calls, or could not start.
	Crashes uint64
	// Deadlines is how many calls took too long, and Cancelled how many were cancelled.
	Deadlines, Cancelled uint64
	// Started is how many workers were started: those that there are, Crashes and Restarts together. Restarts is
	// how many callpy ended and replaced: on request, after so many calls, or since they had too much memory,
	// retained an argument, or did not stop when they had to.
	Started, Restarts uint64
	// BytesSent were copied for workers, and BytesReceived are those of results in shared memory.
	BytesSent, BytesReceived uint64
}

// Statistics returns what the workers have done so far.
func (w *Workers) Statistics() (Statistics, error) {
	statistics := new(Statistics)
	err := w.use(func(workers uintptr) uintptr {
		var keeper keeper
		defer keeper.done()
		return workersGetStatistics.call(workers, keeper.keep(unsafe.Pointer(statistics)))
	})
	return *statistics, err
}

// Restart replaces every worker, one after the other, each when it is free: calls go on meanwhile. It returns at
// once.
func (w *Workers) Restart() error {
	return w.use(func(workers uintptr) uintptr { return workersRestart.call(workers) })
}

// Close ends the processes once the calls under way have returned, for which it does not wait, and returns nil.
// Later calls of the workers' functions are errors of kind [Closed].
func (w *Workers) Close() error {
	if w != nil && w.pool != nil {
		w.pool.close()
	}
	return nil
}

// use calls C with the workers' handle.
func (w *Workers) use(call func(workers uintptr) uintptr) error {
	if w == nil || w.pool == nil {
		return failure(Closed, "the workers are nil; StartWorkers returns some")
	}
	if err := w.pool.enter(); err != nil {
		return err
	}
	defer w.pool.leave()
	defer runtime.KeepAlive(w)
	return toError(call(w.pool.handle))
}

// A pool has C's handles of workers and of their functions, whose processes end with the last of these.
type pool struct {
	mutex sync.Mutex
	// 0 once it is freed.
	handle    uintptr
	functions map[uintptr]struct{}
	// How many use a handle now.
	users    int
	isClosed bool
}

// enter has all handles stay until leave.
func (p *pool) enter() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.isClosed {
		return failure(Closed, "the workers are closed")
	}
	p.users++
	return nil
}

func (p *pool) leave() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.users--
	p.freeUnused()
}

func (p *pool) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.isClosed = true
	p.freeUnused()
}

// freeUnused frees all handles if the pool is closed and no one uses one.
func (p *pool) freeUnused() {
	if !p.isClosed || p.users > 0 {
		return
	}
	for function := range p.functions {
		free(functionFree, function)
	}
	clear(p.functions)
	p.freeWorkers()
}

func (p *pool) freeWorkers() {
	if p.handle != 0 {
		free(workersFree, p.handle)
		p.handle = 0
	}
}

// add takes over the handle of a function. The caller is between enter and leave.
func (p *pool) add(function uintptr) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.functions[function] = struct{}{}
}

// free frees the handle of a function, unless that was done.
func (p *pool) free(function uintptr) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if _, ok := p.functions[function]; ok {
		delete(p.functions, function)
		free(functionFree, function)
	}
}

// drop frees the workers' handle: no one can find more functions. Those that there are can be called.
func (p *pool) drop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.freeWorkers()
}
