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

// held is a result that stays C's. It is freed when its last user has done with it: a view that is
// released while a call reads it, or a goroutine does, ends after that.
type held struct {
	// Begins at a multiple of eight, as C wants it, since Go aligns users so.
	value C.callpy_value
	users atomic.Int64
}

func (h *held) use() bool {
	for {
		users := h.users.Load()
		if users == 0 {
			return false
		}
		if h.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

func (h *held) done() {
	if h.users.Add(-1) == 0 {
		C.callpy_value_release(&h.value)
	}
}

// An owner holds one result until it is released, or until nobody holds the owner any more.
type owner struct {
	held     *held
	released atomic.Bool
	cleanup  runtime.Cleanup
}

// A holder is a *View or an *Object.
type holder interface{ use() *held }

// take takes over what a value holds.
func (o *owner) take(value *C.callpy_value) {
	o.held = &held{value: *value}
	o.held.users.Store(1)
	value.tag = C.CALLPY_NONE
	o.cleanup = runtime.AddCleanup(o, (*held).done, o.held)
}

// use returns what is held, for the caller to call done; nil if it is released.
func (o *owner) use() *held {
	// Even if this owner is collected from here on, the user is counted, or there is nothing to use.
	if o.held == nil || o.released.Load() || !o.held.use() {
		return nil
	}
	return o.held
}

func (o *owner) release() {
	if o.held != nil && o.released.CompareAndSwap(false, true) {
		o.cleanup.Stop()
		held := o.held
		// Stop does nothing once the cleanup is queued, which can't be before this.
		runtime.KeepAlive(o)
		held.done()
	}
}

// An Object is a Python object that has no type in Go: a set, an instance of a class, an array of
// times; or any array that is only passed on. It can be an argument of other calls, such as those of
// "builtins:repr" and "builtins:getattr".
type Object struct{ owner owner }

func (o *Object) use() *held { return o.owner.use() }

// Release gives the object back, which is otherwise done some time after nobody holds it any more. It
// can be no argument then. A second time does nothing, nor does it with nil.
func (o *Object) Release() {
	if o != nil {
		o.owner.release()
	}
}

func newObject(value *C.callpy_value) *Object {
	object := new(Object)
	object.owner.take(value)
	return object
}

// A View is a result array that lies where NumPy put it. It is given back by Release, or some time
// after nobody holds it any more. Nobody writes its elements. Its methods may be called by several
// goroutines at once.
type View[T Element] struct {
	owner    owner
	shape    []int
	elements int
}

type takeable interface{ take(*C.callpy_value) *Error }

func (v *View[T]) take(from *C.callpy_value) *Error {
	array := arrayOf(from)
	if array == nil || array.dtype != elementDtype[T]() {
		return wrong(reflect.TypeFor[*View[T]](), from)
	}
	v.shape, v.elements = shapeOf(array), elements(array)
	v.owner.take(from)
	return nil
}

func (v *View[T]) use() *held { return v.owner.use() }

// array returns the array, and what to call when it is not used any more; nil once it is released.
func (v *View[T]) array() (*C.callpy_array, func()) {
	held := v.use()
	if held == nil {
		return nil, func() {}
	}
	return arrayOf(&held.value), held.done
}

// Shape returns the length of each axis.
func (v *View[T]) Shape() []int { return append([]int(nil), v.shape...) }

// Len returns the number of elements.
func (v *View[T]) Len() int { return v.elements }

// Strides returns the step of each axis in bytes; none once the view is released.
func (v *View[T]) Strides() []int {
	array, done := v.array()
	defer done()
	if array == nil {
		return nil
	}
	var strides []int
	for _, stride := range axes(array.strides, array.ndim) {
		strides = append(strides, int(stride))
	}
	return strides
}

// Slice returns the elements where they lie; false if they do not lie in C order without gaps, or
// the view is released.
//
// The slice is C's memory. It must not be used, nor written, once the view is released, and the view
// must be held as long as the slice is used: a deferred Release does it, or runtime.KeepAlive. What
// has to live longer is taken by Copy.
func (v *View[T]) Slice() ([]T, bool) {
	array, done := v.array()
	defer done()
	if array == nil || !packed(array) {
		return nil, false
	}
	return unsafe.Slice((*T)(array.data), v.elements), true
}

// At returns an element. It panics if there is none at the index, or the view is released.
func (v *View[T]) At(index ...int) T {
	held := v.use()
	if held == nil {
		panic("callpy: the view is released")
	}
	defer held.done()
	if len(index) != len(v.shape) {
		panic(fmt.Sprintf("callpy: %d indices for %d axes", len(index), len(v.shape)))
	}
	array, offset := arrayOf(&held.value), 0
	for axis, stride := range axes(array.strides, array.ndim) {
		if index[axis] < 0 || index[axis] >= v.shape[axis] {
			panic(fmt.Sprintf("callpy: index %d of %d", index[axis], v.shape[axis]))
		}
		offset += index[axis] * int(stride)
	}
	return *(*T)(unsafe.Add(array.data, offset))
}

// Copy returns a copy that Go owns; an empty one once the view is released.
func (v *View[T]) Copy() Array[T] {
	array, done := v.array()
	defer done()
	var copied Array[T]
	if array != nil {
		// Of the same dtype, so it can't fail.
		_ = copied.fill(array)
	}
	return copied
}

// Release gives the array back. Nothing that Slice returned may be used any more then. A second time
// does nothing, nor does it with nil.
func (v *View[T]) Release() {
	if v != nil {
		v.owner.release()
	}
}
