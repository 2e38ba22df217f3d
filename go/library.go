//go:build !callpy_static

package callpy

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"
)

// compatible is what the library's version begins with: releases that share it have the same C ABI.
const compatible = "0.1."

// library is callpy's C library, which is loaded once. If that fails it is looked for again the next time: a
// program may name another place by then.
var library struct {
	loading sync.Mutex
	loaded  atomic.Bool
	// What [WithLibrary] named.
	named string
}

// addresses are where the library's functions are, once it is loaded.
var addresses [len(cNames)]uintptr

func isLoaded() bool { return library.loaded.Load() }

// loadLibrary loads the library if that was not done yet; named is the file that a program names, if any.
func loadLibrary(named string) error {
	if library.loaded.Load() {
		return nil
	}
	library.loading.Lock()
	defer library.loading.Unlock()
	if library.loaded.Load() {
		return nil
	}
	if named != "" {
		library.named = named
	}
	handle, err := onThreadThatStays(func() (uintptr, error) { return openLibrary(library.named) })
	if err != nil {
		return err
	}
	for function, name := range cNames {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return failure(NoLibrary, "callpy's C library has no function %s: it is of another release than this module", name)
		}
		addresses[function] = address
	}
	if found := goText(version.call()); !strings.HasPrefix(found, compatible) {
		return failure(NoLibrary, "callpy's C library has the version %s, and this module needs %sx", found, compatible)
	}
	library.loaded.Store(true)
	return nil
}

// onThreadThatStays does what must not be done by a thread that may end, one after the other. mimalloc, which is part
// of the library, takes the thread that loads it for the main thread. If that ended, a later thread with its address
// would be taken for it, and get memory of its that was given up. There is one such thread, however often a program
// tries to load a library that it can't use.
func onThreadThatStays(work func() (uintptr, error)) (handle uintptr, err error) {
	done := make(chan struct{})
	threadThatStays() <- func() {
		defer close(done)
		handle, err = work()
	}
	<-done
	return handle, err
}

var threadThatStays = sync.OnceValue(func() chan<- func() {
	works := make(chan func())
	go func() {
		runtime.LockOSThread()
		for work := range works {
			work()
		}
	}()
	return works
})

func fileName() string {
	if runtime.GOOS == "darwin" {
		return "libcallpy_c.dylib"
	}
	return "libcallpy_c.so"
}

// openLibrary opens the first file that is there: what the program or the user names, what lies beside the
// executable, the library that is part of the program, and what the system's loader finds.
func openLibrary(named string) (uintptr, error) {
	if named != "" {
		return open(named, "WithLibrary names")
	}
	if named = os.Getenv("CALLPY_LIBRARY"); named != "" {
		return open(named, "CALLPY_LIBRARY names")
	}
	beside := ""
	if executable, err := os.Executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(executable); err == nil {
			executable = resolved
		}
		beside = filepath.Join(filepath.Dir(executable), fileName())
		if _, err := os.Stat(beside); err == nil {
			return open(beside, "beside the executable there is")
		}
	}
	if compressed, hash := embedded(); compressed != nil {
		return openEmbedded(compressed, hash)
	}
	handle, err := dlopen(fileName())
	if err != nil {
		return 0, failure(NoLibrary, "callpy's C library is not found: %s is neither beside the executable "+
			"(%s) nor known to the system's loader, and callpy has none for %s/%s in it; set CALLPY_LIBRARY to the file",
			fileName(), beside, runtime.GOOS, runtime.GOARCH)
	}
	return handle, nil
}

func open(file, why string) (uintptr, error) {
	if _, err := os.Stat(file); err != nil {
		return 0, failure(NoLibrary, "callpy's C library can't be loaded: %s %s: %v", why, file, reason(err))
	}
	// A name without a slash would be searched for elsewhere.
	path, err := filepath.Abs(file)
	if err != nil {
		return 0, failure(NoLibrary, "callpy's C library can't be loaded: %s %s: %v", why, file, err)
	}
	handle, err := dlopen(path)
	if err != nil {
		return 0, failure(NoLibrary, "callpy's C library can't be loaded: %s %s: %v", why, file, err)
	}
	return handle, nil
}

// reason returns an error without the file's name, which is in the message already.
func reason(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// openEmbedded opens the library that is part of the program. It is unpacked into the user's cache folder, once
// for all programs. Where no file in that folder can be written and loaded, a file of this process's own is,
// and is removed at once.
func openEmbedded(compressed []byte, hash string) (uintptr, error) {
	file, err := cached(compressed, hash)
	if err == nil {
		var handle uintptr
		if handle, err = dlopen(file); err == nil {
			return handle, nil
		}
	}
	file, temporaryErr := write(os.TempDir(), compressed, hash)
	if temporaryErr == nil {
		defer os.Remove(file)
		var handle uintptr
		if handle, temporaryErr = dlopen(file); temporaryErr == nil {
			return handle, nil
		}
	}
	return 0, failure(NoLibrary, "callpy's C library, which is part of this program, can't be unpacked and loaded: %v; %v "+
		"(set XDG_CACHE_HOME to a folder in which files may be written and loaded, or CALLPY_LIBRARY to the library)", err, temporaryErr)
}

func dlopen(file string) (uintptr, error) {
	return purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
}
