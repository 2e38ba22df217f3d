package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// An Element is the Go type of an array's elements.
type Element interface {
	~bool | ~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint |
		~float32 | ~float64 | ~complex64 | ~complex128
}

// dtypeOf returns the dtype of an element's kind, 0 for what is none.
func dtypeOf(kind reflect.Kind) C.uint32_t {
	switch kind {
	case reflect.Bool:
		return C.CALLPY_BOOL8
	case reflect.Int8:
		return C.CALLPY_INT8
	case reflect.Int16:
		return C.CALLPY_INT16
	case reflect.Int32:
		return C.CALLPY_INT32
	case reflect.Int64:
		return C.CALLPY_INT64
	case reflect.Int:
		if unsafe.Sizeof(int(0)) == 8 {
			return C.CALLPY_INT64
		}
		return C.CALLPY_INT32
	case reflect.Uint8:
		return C.CALLPY_UINT8
	case reflect.Uint16:
		return C.CALLPY_UINT16
	case reflect.Uint32:
		return C.CALLPY_UINT32
	case reflect.Uint64:
		return C.CALLPY_UINT64
	case reflect.Uint:
		if unsafe.Sizeof(uint(0)) == 8 {
			return C.CALLPY_UINT64
		}
		return C.CALLPY_UINT32
	case reflect.Float32:
		return C.CALLPY_FLOAT32
	case reflect.Float64:
		return C.CALLPY_FLOAT64
	case reflect.Complex64:
		return C.CALLPY_COMPLEX64
	case reflect.Complex128:
		return C.CALLPY_COMPLEX128
	}
	return 0
}

var dtypeNames = [...]string{
	"?", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
	"float32", "float64", "complex64", "complex128", "datetime64", "timedelta64", "str", "bytes",
}

func elementDtype[T Element]() C.uint32_t {
	return dtypeOf(reflect.TypeFor[T]().Kind())
}

// An Array is memory of Go's with a shape: an argument as it lies, or a copied result.
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

type fillable interface{ fill(*C.callpy_array) error }

func (a *Array[T]) fill(from *C.callpy_array) error {
	if from.dtype != elementDtype[T]() {
		return wrongArray(reflect.TypeFor[Array[T]](), from)
	}
	a.Data = make([]T, elements(from))
	copyOut(from, unsafe.Pointer(unsafe.SliceData(a.Data)))
	a.Shape = shapeOf(from)
	return nil
}

// A View is a result array that lies where NumPy put it. It is given back by Release, or some time
// after nobody holds it any more. Nobody writes its elements.
type View[T Element] struct {
	array    atomic.Pointer[C.callpy_array]
	shape    []int
	cleanup  runtime.Cleanup
	elements int
}

type takeable interface{ take(*C.callpy_array) error }

func (v *View[T]) take(from *C.callpy_array) error {
	if from.dtype != elementDtype[T]() {
		return wrongArray(reflect.TypeFor[*View[T]](), from)
	}
	v.array.Store(from)
	v.shape, v.elements = shapeOf(from), elements(from)
	v.cleanup = runtime.AddCleanup(v, func(array *C.callpy_array) { C.callpy_array_release(array) }, from)
	return nil
}

// Shape returns the length of each axis.
func (v *View[T]) Shape() []int { return append([]int(nil), v.shape...) }

// Len returns the number of elements.
func (v *View[T]) Len() int { return v.elements }

// Strides returns the step of each axis in bytes; none once the view is released.
func (v *View[T]) Strides() []int {
	var strides []int
	if array := v.array.Load(); array != nil {
		for _, stride := range axes(array.strides, array.ndim) {
			strides = append(strides, int(stride))
		}
	}
	runtime.KeepAlive(v)
	return strides
}

// Slice returns the elements where they lie, to be read until the view is released and while the
// view itself is held (runtime.KeepAlive); false if they do not lie in C order without gaps, or the
// view is released.
func (v *View[T]) Slice() ([]T, bool) {
	array := v.array.Load()
	if array == nil || !packed(array) {
		return nil, false
	}
	return unsafe.Slice((*T)(array.data), v.elements), true
}

// At returns an element. It panics if there is none at the index, or the view is released.
func (v *View[T]) At(index ...int) T {
	array := v.array.Load()
	if array == nil {
		panic("callpy: the view is released")
	}
	if len(index) != len(v.shape) {
		panic(fmt.Sprintf("callpy: %d indices for %d axes", len(index), len(v.shape)))
	}
	offset := 0
	for axis, stride := range axes(array.strides, array.ndim) {
		if index[axis] < 0 || index[axis] >= v.shape[axis] {
			panic(fmt.Sprintf("callpy: index %d of %d", index[axis], v.shape[axis]))
		}
		offset += index[axis] * int(stride)
	}
	element := *(*T)(unsafe.Add(array.data, offset))
	runtime.KeepAlive(v)
	return element
}

// Copy returns a copy that Go owns; an empty one once the view is released.
func (v *View[T]) Copy() Array[T] {
	var copied Array[T]
	if array := v.array.Load(); array != nil {
		// Of the same dtype, so it can't fail.
		_ = copied.fill(array)
	}
	runtime.KeepAlive(v)
	return copied
}

// Release gives the array back. It must not be used any more then, nor what Slice returned. A second
// time does nothing.
func (v *View[T]) Release() {
	if array := v.array.Swap(nil); array != nil {
		v.cleanup.Stop()
		C.callpy_array_release(array)
	}
}

func (v *View[T]) held() *C.callpy_array { return v.array.Load() }

// Mutable lets Python write a slice, or an [Array], which nobody else may use during the call.
func Mutable(array any) any { return flagged{array, C.CALLPY_WRITABLE} }

// Copied lets Python have a copy of a slice, or an [Array], for functions that keep it.
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

// copyOut copies the elements in C order to memory of that size.
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
	shape, strides := axes(array.shape, array.ndim), axes(array.strides, array.ndim)
	for index := range count {
		offset, rest := 0, index
		for axis := len(shape) - 1; axis >= 0; axis-- {
			offset += rest % int(shape[axis]) * int(strides[axis])
			rest /= int(shape[axis])
		}
		copy(out[index*size:], unsafe.Slice((*byte)(unsafe.Add(array.data, offset)), size))
	}
}

func wrongArray(wanted reflect.Type, came *C.callpy_array) error {
	return failure(BadResult, "expected %v, but %s came", wanted, describeArray(came))
}

func describeArray(came *C.callpy_array) string {
	name := dtypeNames[0]
	if int(came.dtype) < len(dtypeNames) {
		name = dtypeNames[came.dtype]
	}
	return fmt.Sprintf("an array of %s with shape %v", name, shapeOf(came))
}
