package callpy

import (
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

func elementDtype[T Element]() uint32 { return dtypeOf(reflect.TypeFor[T]().Kind()) }

// An Array is Go memory with a shape: an argument that is lent without a copy, or a copied result.
type Array[T Element] struct {
	// Data holds the elements in C order: the last axis varies fastest.
	Data []T
	// Shape is the length of each axis; their product is len(Data).
	Shape []int
}

// ArrayOf returns an array over a slice, with one axis if no shape is passed. A shape whose product is not
// len(data) is an error of the call that the array is passed to.
func ArrayOf[T Element](data []T, shape ...int) Array[T] {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	return Array[T]{data, shape}
}

// At returns an element. It panics if an index is out of range.
func (a Array[T]) At(index ...int) T {
	checkIndex(index, a.Shape)
	place := 0
	for axis, length := range a.Shape {
		place = place*length + index[axis]
	}
	return a.Data[place]
}

// Strides returns the step of each axis in bytes.
func (a Array[T]) Strides() []int {
	var element T
	strides, step := make([]int, len(a.Shape)), int(unsafe.Sizeof(element))
	for axis := len(a.Shape) - 1; axis >= 0; axis-- {
		strides[axis] = step
		step *= a.Shape[axis]
	}
	return strides
}

// Mutable returns the array as an argument that Python may write.
func (a Array[T]) Mutable() Mutable[T] { return Mutable[T]{a} }

// Copied returns the array as an argument that is copied.
func (a Array[T]) Copied() Copied[T] { return Copied[T]{array: a} }

// A Mutable is an argument that Python may write: a slice or an [Array], which no one else may use during the
// call.
type Mutable[T Element] struct{ array Array[T] }

// MutableOf returns a slice as an argument that Python may write, with one axis if no shape is passed.
func MutableOf[T Element](data []T, shape ...int) Mutable[T] {
	return ArrayOf(data, shape...).Mutable()
}

// A Copied is an argument of which Python gets a copy, for functions that retain or write it: a slice, an
// [Array] or a [View].
type Copied[T Element] struct {
	array Array[T]
	view  *View[T]
}

// CopiedOf returns a slice as an argument that is copied, with one axis if no shape is passed.
func CopiedOf[T Element](data []T, shape ...int) Copied[T] { return ArrayOf(data, shape...).Copied() }

// A Lists is an argument in which slices of numbers are Python lists and not arrays, at any depth: for a function
// that wants lists, or a Python without NumPy. Lists are pickled for [Workers], where an array is copied once.
type Lists[T any] struct{ value T }

// ListsOf returns a value as an argument in which slices of numbers are Python lists.
func ListsOf[T any](value T) Lists[T] { return Lists[T]{value} }

type lists interface{ inside() reflect.Value }

func (l Lists[T]) inside() reflect.Value { return reflect.ValueOf(&l.value).Elem() }

// A lendable is an array, or an argument made of one.
type lendable interface {
	lend(f *frame, to *cValue) *Error
}

func (a Array[T]) lend(f *frame, to *cValue) *Error { return lendArray(f, to, a.Data, a.Shape, 0) }

func (m Mutable[T]) lend(f *frame, to *cValue) *Error {
	return lendArray(f, to, m.array.Data, m.array.Shape, cWritable)
}

func (c Copied[T]) lend(f *frame, to *cValue) *Error {
	if c.view == nil {
		return lendArray(f, to, c.array.Data, c.array.Shape, cCopied)
	}
	if err := f.hold(c.view, to); err != nil {
		return err
	}
	// Described as memory of the caller's.
	array := *arrayOf(to)
	array.flags, array.marker = cCopied, 0
	to.content[0] = f.keep(unsafe.Pointer(&array))
	return nil
}

func lendArray[T Element](f *frame, to *cValue, data []T, shape []int, flags uint32) *Error {
	if len(shape) == 0 && len(data) != 1 {
		return failure(BadArgument, "an array without axes has one element, got %d (use ArrayOf for one axis)", len(data))
	}
	if all := product(shape); all != len(data) {
		// If the product overflows or a length is negative, C reports it.
		return failure(BadArgument, "%d elements can't have the shape %v", len(data), shape)
	}
	array := &cArray{ndim: uintptr(len(shape)), dtype: elementDtype[T](), flags: flags}
	if len(shape) > 0 {
		array.shape = f.keep(unsafe.Pointer(unsafe.SliceData(shape)))
	}
	if len(data) > 0 {
		array.data = f.keep(unsafe.Pointer(unsafe.SliceData(data)))
	}
	to.tag = cTagArray
	to.content[0] = f.keep(unsafe.Pointer(array))
	return nil
}

func product(shape []int) int {
	all := 1
	for _, length := range shape {
		all *= length
	}
	return all
}

func checkIndex(index, shape []int) {
	if len(index) != len(shape) {
		panic(fmt.Sprintf("callpy: %d indices for %d axes", len(index), len(shape)))
	}
	for axis, place := range index {
		if place < 0 || place >= shape[axis] {
			panic(fmt.Sprintf("callpy: index %d of %d", place, shape[axis]))
		}
	}
}

type fillable interface {
	dtype() uint32
	fill(*cArray) *Error
}

func (a *Array[T]) dtype() uint32 { return elementDtype[T]() }

func (a *Array[T]) fill(from *cArray) *Error {
	data, err := copied[T](from)
	if err != nil {
		return err
	}
	a.Data, a.Shape = data, slices.Clone(from.lengths())
	if a.Shape == nil {
		a.Shape = []int{}
	}
	return nil
}

// lengths returns the length of each axis, in C's memory.
func (a *cArray) lengths() []int { return axes(a.shape, a.ndim) }

// steps returns the step of each axis in bytes, in C's memory.
func (a *cArray) steps() []int { return axes(a.strides, a.ndim) }

func axes(address, ndim uintptr) []int {
	if ndim == 0 {
		return nil
	}
	return unsafe.Slice(at[int](address), int(ndim))
}

func (a *cArray) elements() int { return product(a.lengths()) }

// memory returns how many bytes lie between the first element's beginning and the last one's end.
func (a *cArray) memory() int {
	if a.elements() == 0 {
		return 0
	}
	extent, steps := int(a.itemSize), a.steps()
	for axis, length := range a.lengths() {
		extent += (length - 1) * max(steps[axis], -steps[axis])
	}
	return extent
}

func (a *cArray) isPacked() bool {
	if a.elements() == 0 {
		return true
	}
	expected := int(a.itemSize)
	shape, steps := a.lengths(), a.steps()
	for axis := len(shape) - 1; axis >= 0; axis-- {
		if shape[axis] != 1 && steps[axis] != expected {
			return false
		}
		expected *= shape[axis]
	}
	return true
}

// copied returns the elements of an array in C order, in Go's memory, as Ts: one or, of text, several for each.
func copied[T any](array *cArray) ([]T, *Error) {
	var element T
	count := array.elements() * int(array.itemSize) / int(unsafe.Sizeof(element))
	if count == 0 {
		return []T{}, nil
	}
	if array.isPacked() {
		from := unsafe.Slice(at[T](array.data), count)
		// In this form the compiler leaves out the zeros that make would write first.
		data := make([]T, len(from))
		copy(data, from)
		return data, nil
	}
	// What has gaps may be larger without them.
	if err := arrayCheckMemory.call(addressOf(array)); err != 0 {
		return nil, takeError(err)
	}
	data := make([]T, count)
	out := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), count*int(unsafe.Sizeof(element)))
	copyAxes(out, array.data, array.lengths(), array.steps(), int(array.itemSize))
	return data, nil
}

// copyAxes copies elements that have gaps between them, axis by axis, and returns the rest of out.
func copyAxes(out []byte, from uintptr, shape, strides []int, size int) []byte {
	if len(shape) == 0 {
		return out[copy(out, unsafe.Slice(at[byte](from), size)):]
	}
	for index := range shape[0] {
		out = copyAxes(out, from+uintptr(index*strides[0]), shape[1:], strides[1:], size)
	}
	return out
}
