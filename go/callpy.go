// Package callpy calls Python functions in memory, from any goroutine.
//
//	detect, err := callpy.Load[func([]float64) ([]int64, error)]("outliers:detect")
//	indices, err := detect(series)
//
// A slice of numbers is a NumPy array in Python for the length of one call, over the slice's own
// memory. The result is copied into Go's memory, or, as a [View], read where NumPy put it. A Python
// exception is an [*Error].
//
// Building needs no Python. libpython is found and loaded when the first function is loaded: through the
// environment variables CALLPY_PYTHON, VIRTUAL_ENV and CONDA_PREFIX, a folder .venv, or PATH, unless
// [Start] names one. Nor does building need cgo: callpy's C library is loaded at run time too, and for Linux on
// amd64 and arm64 it is part of this module (see [WithLibrary]). A program that is built with the tag
// callpy_static links libcallpy_c.a instead, through cgo. Programs can be built for Linux and macOS, on amd64 and
// arm64.
//
// # What goes in and out
//
//	Go                                        Python
//	bool, integers, floats, string            bool, int, float, str
//	complex64, complex128                     complex
//	Bytes                                     bytes
//	slices and arrays of bool, numbers,       a read-only array over the same memory
//	complex numbers
//	Array[T]                                  the same with any shape
//	Mutable[T], Copied[T]                     an array that Python may write; one that it may retain
//	Lists[T]                                  a T in which slices of numbers are lists
//	time.Time                                 datetime
//	Times, Durations                          an array of datetime64 or timedelta64
//	other slices and arrays, Tuple, maps      list, tuple, dict
//	an array in a key of a map                tuple; bytes if it is of bytes
//	structs of exported fields                tuple; dict if fields have the tag callpy:"key"
//	nil; pointers to values                   None; None or the value
//	*Object                                   any other object
//	*View[T]                                  an array that is read in place
//
// A defined type is passed as its underlying type: a time.Duration is an int of nanoseconds. A nil slice
// or map is an empty one in Python. Channels and functions can't be passed. Results are never converted
// silently: the dtype must be that of the Go type, and numbers must fit.
//
// Python must not retain an array that was only lent. The first call of each function passes copies, which
// show whether it does; if so, it gets copies from then on, which [WithOnRetained] tells, and else later
// calls lend. Pass a [Copied] to a function that retains its argument only sometimes, or call
// [Function.Retains].
//
// # Goroutines and threads
//
// Any number of goroutines may call, without runtime.LockOSThread: a call runs on whatever thread the
// goroutine is on, and the thread's Python state is cached from call to call. If Python has an
// interpreter lock, Python code on several threads takes turns. At most 1,000 calls are in C at once,
// since each needs a thread of its own; the others wait.
//
// Python's main thread is the one that started it; only there does Python let a program handle signals.
// Go's own signal handling stays in place, os/signal included, unless Python code replaces it:
// faulthandler.enable() takes SIGSEGV away from Go, and then a nil pointer ends the process instead of
// causing a panic.
//
// # Contexts
//
// A function may take a context.Context as its first argument. A call whose context has ended does not begin:
// that is looked at before it and after each wait, that for Python's interpreter lock included. A running call is
// cancelled when its context ends. In this process that only asks: an exception is raised between two steps of
// Python code, and code in C can't be stopped. The arguments are lent until Python returns. On [Workers] the call
// ends within 200 milliseconds, whatever the function does. The error is the context's, with its cause.
//
// # The end of the process
//
// Go ends a process without C's exit handlers. So main defers [End], which runs Python's atexit functions
// and flushes its streams; where a program ends with os.Exit, it ends with [Exit] instead.
package callpy

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

// An Option says which Python to start, and which packages it needs.
type Option func(*options)

type options struct {
	library, python                string
	requirements, scripts, folders []string
	onRetained                     func(Retained)
	libraryThreads                 uint

	// What only workers have, and the name of an option that sets some of it.
	setup                     string
	variables                 []string
	startWithin               time.Duration
	maxWaiting, calls, memory uint
	forWorkers                string
}

// WithLibrary names the file of callpy's C library, for the first use of this package. Without it the library is
// the file that CALLPY_LIBRARY names, libcallpy_c.so beside the executable, or the one that is part of this
// module.
func WithLibrary(file string) Option { return func(o *options) { o.library = file } }

// WithPython names the interpreter: a python executable, an environment's folder, or a command on
// PATH.
func WithPython(path string) Option { return func(o *options) { o.python = path } }

// WithRequirements adds packages that must be installed, in pip's syntax ("numpy>=1.21").
func WithRequirements(packages ...string) Option {
	return func(o *options) { o.requirements = append(o.requirements, packages...) }
}

// WithScript adds the requirements in the header of a Python file (PEP 723).
func WithScript(path string) Option {
	return func(o *options) { o.scripts = append(o.scripts, path) }
}

// WithSearchPath adds a folder to search for modules, before all others.
func WithSearchPath(folder string) Option {
	return func(o *options) { o.folders = append(o.folders, folder) }
}

// WithLibraryThreads sets how many threads BLAS and OpenMP libraries use for one call; by default most use
// as many as there are cores. 1 is right where several goroutines call.
func WithLibraryThreads(count uint) Option {
	return func(o *options) { o.libraryThreads = count }
}

// Start starts Python in this process, or joins the one that runs. [Load] and [Find] start it without
// options if it does not run yet. PYTHONPATH and CALLPY_PYTHON are honoured.
func Start(with ...Option) error {
	wanted, err := chosen(with)
	if err != nil {
		return err
	}
	if wanted.forWorkers != "" {
		return failure(NotStarted, "%s is an option of StartWorkers", wanted.forWorkers)
	}
	var keeper keeper
	defer keeper.done()
	return toError(pythonStart.call(wanted.passed(&keeper)))
}

// chosen returns the options that are set, once the library is loaded that they name.
func chosen(with []Option) (*options, error) {
	wanted := new(options)
	for _, option := range with {
		option(wanted)
	}
	all := slices.Concat([]string{wanted.library, wanted.python, wanted.setup}, wanted.requirements, wanted.scripts,
		wanted.folders, wanted.variables)
	for _, text := range all {
		if strings.ContainsRune(text, 0) {
			return nil, failure(NotStarted, "the option %q has a NUL character in it", text)
		}
	}
	return wanted, loadLibrary(wanted.library)
}

// passed returns the address of the options that C takes, and has the program's hook told from now on.
func (o *options) passed(keeper *keeper) uintptr {
	passed := &cOptions{language: cLanguageGo, libraryThreads: uintptr(o.libraryThreads)}
	if o.python != "" {
		passed.python = keeper.text(o.python)
	}
	passed.requirements, passed.requirementsLength = keeper.texts(o.requirements)
	passed.scripts, passed.scriptsLength = keeper.texts(o.scripts)
	passed.folders, passed.foldersLength = keeper.texts(o.folders)
	if tell := o.onRetained; tell != nil {
		onRetained.Store(&tell)
		passed.onRetained = retainedHook()
	}
	return keeper.keep(unsafe.Pointer(passed))
}

// End ends Python, as the last thing in main: it joins Python's threads that are not daemons, runs its
// atexit functions and flushes its streams, which the end of main and os.Exit do not. Calls under way get
// up to a second to return; later ones are an error of kind [Ending]. A second End does nothing.
//
//	func main() {
//		defer callpy.End()
func End() error {
	if !isLoaded() {
		return nil
	}
	return toError(pythonEnd.call())
}

// Trim gives memory that freed arrays were in back to the system. callpy does so by itself about a second
// after the last use of arrays; this is for a program that needs the memory elsewhere now. It does nothing
// if Python does not run.
func Trim() error {
	if !isLoaded() {
		return nil
	}
	return toError(pythonTrim.call())
}

// Exit ends Python as [End] does, and the process as C does. Deferred functions do not run.
func Exit(code int) {
	runtime.LockOSThread()
	End() // Where this fails, so does what C's exit handlers try in its place, which says so.
	if exit, err := purego.Dlsym(purego.RTLD_DEFAULT, "exit"); err == nil {
		purego.SyscallN(exit, uintptr(code))
	}
	os.Exit(code)
}
