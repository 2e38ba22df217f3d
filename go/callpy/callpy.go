// Package callpy calls Python functions in memory, from any goroutine.
//
//	detect, err := callpy.Load[func([]float64) ([]int64, error)]("outliers:detect")
//	indices, err := detect(series)
//
// A slice of numbers is a NumPy array in Python for the length of one call, over the slice's own
// memory. The result is copied into Go's memory, or, as a [View], read where NumPy put it. A Python
// exception is an [*Error].
//
// No Python is needed to build: libpython is found and loaded when the first function is, by the
// environment variables CALLPY_PYTHON, VIRTUAL_ENV and CONDA_PREFIX, a folder .venv, or PATH. [Start]
// says otherwise. What is linked is libcallpy_c.a, which crates/callpy-capi/install puts where
// CGO_CFLAGS and CGO_LDFLAGS lead.
//
// # What goes in and out
//
//	Go                                        Python
//	bool, integers, floats, string            bool, int, float, str
//	Bytes                                     bytes
//	slices and arrays of bool, numbers,       a read-only array over the same memory
//	complex numbers
//	Array[T]                                  the same with any shape
//	Mutable(x), Copied(x)                     an array that Python may write; one that it may keep
//	other slices and arrays, Tuple, maps      list, tuple, dict
//	nil; pointers to values                   None; None or the value
//	*Object                                   any other object
//	*View[T]                                  an array that stays where it is
//
// A type of one's own is what it is made of: a time.Duration is an int of nanoseconds. An empty slice
// or map is an empty one in Python too, if it is nil. Structs, channels and functions can't be given.
// Results are never converted in silence: the dtype must be that of the Go type, and numbers must fit.
//
// Python must not keep an array that was only lent: it ends the process, and says who keeps it. What
// a function keeps is given as [Copied].
//
// # Goroutines and threads
//
// Any number of goroutines may call, without runtime.LockOSThread: a call runs on whatever thread the
// goroutine is on, whose attachment to Python is kept from call to call. Where Python has an
// interpreter lock, Python code of several calls takes turns. At most 1,000 calls are in C at once,
// since each needs a thread of its own; others wait.
//
// Python's main thread, on which alone Python lets a program handle signals, is the one that started
// it. Go's own handling stays as it is, os/signal included, unless Python code replaces it:
// faulthandler.enable() takes SIGSEGV from Go, where a nil pointer is then no panic any more but the
// end of the process.
//
// # Contexts
//
// A function may take a context.Context first. It is looked at before the call begins. A call that
// runs is not stopped: the arguments are lent until Python returns, and Python code can't be
// interrupted from outside. What must end in time needs a limit in Python.
//
// # The end of the process
//
// Go ends a process without C's exit handlers. Where Python's own matter (what it printed into a
// pipe, its atexit functions), end with [Exit].
package callpy

/*
#cgo LDFLAGS: -lcallpy_c -lm
#cgo linux LDFLAGS: -ldl -lpthread
#include <stdlib.h>
#include "callpy.h"
*/
import "C"

import (
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// An Option says which Python to start, and what it must have.
type Option func(*options)

type options struct {
	python                         string
	requirements, scripts, folders []string
}

// WithPython names the interpreter: a python executable, an environment's folder, or a command on
// PATH.
func WithPython(path string) Option { return func(o *options) { o.python = path } }

// WithRequirements adds packages that must be there, written as pip takes them ("numpy>=1.21").
func WithRequirements(packages ...string) Option {
	return func(o *options) { o.requirements = append(o.requirements, packages...) }
}

// WithScript adds what a Python file says in its header that it needs (PEP 723).
func WithScript(path string) Option {
	return func(o *options) { o.scripts = append(o.scripts, path) }
}

// WithSearchPath adds a folder in which modules are looked for, before all others.
func WithSearchPath(folder string) Option {
	return func(o *options) { o.folders = append(o.folders, folder) }
}

// Start starts Python in this process, or joins the one that runs. [Load] and [Find] start it without
// options if that was not done. PYTHONPATH and CALLPY_PYTHON are honoured.
func Start(with ...Option) error {
	var wanted options
	for _, option := range with {
		option(&wanted)
	}
	all := append([]string{wanted.python}, slices.Concat(wanted.requirements, wanted.scripts, wanted.folders)...)
	for _, text := range all {
		if strings.ContainsRune(text, 0) {
			return failure(NotStarted, "the option %q has a NUL character in it", text)
		}
	}
	var texts cTexts
	defer texts.free()
	// In C's memory with all it leads to, so that no Go pointer is passed on.
	size := C.size_t(unsafe.Sizeof(C.callpy_python_options{}))
	given := (*C.callpy_python_options)(texts.allocate(size))
	if wanted.python != "" {
		given.python = texts.text(wanted.python)
	}
	given.requirements, given.requirements_len = texts.list(wanted.requirements)
	given.scripts, given.scripts_len = texts.list(wanted.scripts)
	given.search_path, given.search_path_len = texts.list(wanted.folders)
	return toError(C.callpy_python_start(given))
}

// Exit ends the process as C does: Python's atexit functions run and its streams are flushed, which
// os.Exit and the end of main leave out. Deferred functions do not run.
func Exit(code int) {
	runtime.LockOSThread()
	C.exit(C.int(code))
}

// cTexts owns memory of C's.
type cTexts []unsafe.Pointer

func (t *cTexts) allocate(size C.size_t) unsafe.Pointer {
	memory := C.calloc(1, size)
	*t = append(*t, memory)
	return memory
}

func (t *cTexts) text(text string) *C.char {
	memory := C.CString(text)
	*t = append(*t, unsafe.Pointer(memory))
	return memory
}

func (t *cTexts) list(texts []string) (**C.char, C.size_t) {
	if len(texts) == 0 {
		return nil, 0
	}
	length := C.size_t(len(texts))
	memory := (**C.char)(t.allocate(length * C.size_t(unsafe.Sizeof(uintptr(0)))))
	for index, text := range texts {
		unsafe.Slice(memory, len(texts))[index] = t.text(text)
	}
	return memory, length
}

func (t *cTexts) free() {
	for _, memory := range *t {
		C.free(memory)
	}
}
