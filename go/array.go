package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"reflect"
	"unsafe"
)

func elementDtype[T Element]() C.uint32_t {
	return dtypeOf(reflect.TypeFor[T]().Kind())
}

// An Array is Go memory with a shape: an argument that is lent without a copy, or a copied result.
type Array[T Element] struct {
	// Data holds the elements in C order: the last axis varies fastest.
	Data []T
	// Shape is the length of each axis; their product is len(Data).
	Shape []int
}

type shaped interface {
	parts() (data reflect.Value, shape []int)
}

func (a Array[T]) parts() (reflect.Value, []int) { return reflect.ValueOf(a.Data), a.Shape }

type fillable interface {
	dtype() C.uint32_t
	fill(*C.callpy_array) *Error
}

func (a *Array[T]) dtype() C.uint32_t { return elementDtype[T]() }

func (a *Array[T]) fill(from *C.callpy_array) *Error {
	if err := checkMemory(from); err != nil {
		return err
	}
	a.Data = make([]T, elements(from))
	copyOut(from, unsafe.Pointer(unsafe.SliceData(a.Data)))
	a.Shape = shapeOf(from)
	return nil
}

// Mutable lets Python write to a slice, an [Array], or the array that a pointer leads to. No one else may
// use that memory during the call.
func Mutable(array any) any { return flagged{array, C.CALLPY_WRITABLE} }

// Copied passes a copy of a slice, an [Array] or a [View], for functions that retain or write it.
func Copied(array any) any { return flagged{array, C.CALLPY_COPIED} }

type flagged struct {
	array any
	flags C.uint32_t
}

func axes(first *C.ptrdiff_t, ndim C.size_t) []C.ptrdiff_t {
	if ndim == 0 {
		return nil
	}
	return unsafe.Slice(first, int(ndim))
}

func shapeOf(array *C.callpy_array) []int {
	shape := make([]int, 0, array.ndim)
	for _, length := range axes(array.shape, array.ndim) {
		shape = append(shape, int(length))
	}
	return shape
}

func elements(array *C.callpy_array) int {
	all := 1
	for _, length := range axes(array.shape, array.ndim) {
		all *= int(length)
	}
	return all
}

func packed(array *C.callpy_array) bool {
	if elements(array) == 0 {
		return true
	}
	expected := C.ptrdiff_t(array.item_size)
	shape, strides := axes(array.shape, array.ndim), axes(array.strides, array.ndim)
	for axis := len(shape) - 1; axis >= 0; axis-- {
		if shape[axis] != 1 && strides[axis] != expected {
			return false
		}
		expected *= shape[axis]
	}
	return true
}

// copyOut copies the elements in C order to memory of the same size.
func copyOut(array *C.callpy_array, to unsafe.Pointer) {
	count, size := elements(array), int(array.item_size)
	if count == 0 {
		return
	}
	out := unsafe.Slice((*byte)(to), count*size)
	if packed(array) {
		copy(out, unsafe.Slice((*byte)(array.data), count*size))
		return
	}
	copyAxes(out, array.data, axes(array.shape, array.ndim), axes(array.strides, array.ndim), size)
}

// copyAxes copies elements that have gaps between them, axis by axis, and returns the rest of out.
func copyAxes(out []byte, from unsafe.Pointer, shape, strides []C.ptrdiff_t, size int) []byte {
	if len(shape) == 0 {
		return out[copy(out, unsafe.Slice((*byte)(from), size)):]
	}
	for index := range int(shape[0]) {
		out = copyAxes(out, unsafe.Add(from, index*int(strides[0])), shape[1:], strides[1:], size)
	}
	return out
}
