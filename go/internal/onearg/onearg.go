// Package onearg calls C functions that take one pointer.
package onearg

import "unsafe"

// Call calls a C function with a pointer to memory that it may read and write, and ignores its result.
// The memory must be on the heap: a callback into Go may move the stack.
//
// cgo and purego call C through the same function of Go's runtime. purego's own SyscallN fills in memory for
// 32 arguments at each call; here there is nothing to copy.
func Call(function uintptr, argument unsafe.Pointer) { cgocall(function, argument) }

//go:linkname cgocall runtime.cgocall
func cgocall(function uintptr, argument unsafe.Pointer) int32
