// Go through cgo and rivals/glue/glue.c: the article's program, without its mistakes. A goroutine stays
// on its thread while that holds the interpreter.
package main

/*
#include <stdlib.h>
#include "glue.c"

static glue_result call(void *function, const char *data, intptr_t size, char kind) {
  return glue_call(function, (const double *)data, size, kind);
}
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/callpy/callpy/bench/rivals/go/harness"
)

func entered(work func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	state := C.glue_enter()
	defer C.glue_leave(state)
	return work()
}

func failure(text *C.char) error {
	if text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(text))
	return errors.New(C.GoString(text))
}

func load(name string) unsafe.Pointer {
	module, function := C.CString("work"), C.CString(name)
	defer C.free(unsafe.Pointer(module))
	defer C.free(unsafe.Pointer(function))
	var object unsafe.Pointer
	err := entered(func() error {
		found := C.glue_load(module, function)
		object = found.object
		return failure(found.error)
	})
	if err != nil {
		panic(err)
	}
	return object
}

// call returns a copy of the result that Go owns.
func call[T int64 | float64](function unsafe.Pointer, kind C.char, data []float64) ([]T, error) {
	var copied []T
	err := entered(func() error {
		address := (*C.char)(unsafe.Pointer(unsafe.SliceData(data)))
		result := C.call(function, address, C.intptr_t(len(data)), kind)
		if err := failure(result.error); err != nil {
			return err
		}
		copied = append(copied, unsafe.Slice((*T)(result.data), int(result.size))...)
		C.glue_release(result.object)
		return nil
	})
	runtime.KeepAlive(data)
	return copied, err
}

func main() {
	if err := failure(C.glue_start()); err != nil {
		panic(err)
	}
	nothing, detect, scaled := load("nothing"), load("detect"), load("scaled")
	rival := harness.Rival{
		Nothing: func(data []float64) error { _, err := call[int64](nothing, 'n', data); return err },
		Detect:  func(data []float64) ([]int64, error) { return call[int64](detect, 'i', data) },
		Scaled:  func(data []float64) ([]float64, error) { return call[float64](scaled, 'd', data) },
		Copied:  func(_, answer int) int { return answer },
	}
	rival.Serve()
}
