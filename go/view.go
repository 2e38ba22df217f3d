package callpy

import (
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"
)

// held is a result that still belongs to C. It is freed when its last user is done with it: a view that is
// released while a call or another goroutine reads it is freed after that.
type held struct {
	value cValue
	users atomic.Int64
	// How much memory of C's is in it.
	memory int
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
		release(&h.value)
		foreign.freed(h.memory)
	}
}

// An owner holds one result until it is released, or until the owner itself is garbage.
type owner struct {
	held     *held
	released atomic.Bool
	cleanup  runtime.Cleanup
}

// A holder is a *View or an *Object.
type holder interface{ use() *held }

// take takes over what a value holds.
func (o *owner) take(value *cValue) {
	o.held = &held{value: *value}
	if array := arrayOf(value); array != nil {
		o.held.memory = array.memory()
	}
	o.held.users.Store(1)
	value.tag = cTagNone
	o.cleanup = runtime.AddCleanup(o, (*held).done, o.held)
	foreign.allocated(o.held.memory)
}

// use returns what is held, nil if it is released; the caller must call done.
func (o *owner) use() *held {
	// Even if this owner is collected from here on, either the user is counted or there is nothing to use.
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

// An Object is a Python object that has no type in Go: a set, or an instance of a class; or any array that is only
// passed on. It can be an argument of other calls, such as "builtins:repr" and "builtins:getattr".
type Object struct {
	owner owner
	// The types of the generated package that it comes from.
	types *Types
}

func (o *Object) use() *held {
	// A struct may embed none.
	if o == nil {
		return nil
	}
	return o.owner.use()
}

// Release frees the object, which otherwise happens some time after it becomes garbage. It can't be an
// argument afterwards. Releasing it twice, or releasing nil, does nothing.
func (o *Object) Release() {
	if o != nil {
		o.owner.release()
	}
}

// Close releases the object, and returns nil: an Object is an io.Closer.
func (o *Object) Close() error {
	o.Release()
	return nil
}

func newObject(value *cValue) *Object {
	object := new(Object)
	object.owner.take(value)
	return object
}

// A View is a result array that is read where NumPy put it. Release frees it; otherwise that happens some
// time after it becomes garbage. Its elements never change. Several goroutines may call its methods at
// once.
type View[T Element] struct {
	owner    owner
	shape    []int
	elements int
}

type takeable interface{ take(*cValue) *Error }

func (v *View[T]) take(from *cValue) *Error {
	array := arrayOf(from)
	if array == nil || array.dtype != elementDtype[T]() {
		return wrong(reflect.TypeFor[*View[T]](), from)
	}
	v.shape, v.elements = slices.Clone(array.lengths()), array.elements()
	v.owner.take(from)
	return nil
}

func (v *View[T]) use() *held {
	if v == nil {
		return nil
	}
	return v.owner.use()
}

// array returns the array, nil once it is released, and a function to call when it is no longer used.
func (v *View[T]) array() (*cArray, func()) {
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
	return slices.Clone(array.steps())
}

// Slice returns the elements in place; false if they are not in C order without gaps, or if the view is
// released.
//
// The slice is C's memory. Never write to it, and do not use it once the view is released. Keep the view
// alive as long as the slice is used, with a deferred Release or runtime.KeepAlive. Use Copy for elements
// that must live longer.
func (v *View[T]) Slice() ([]T, bool) {
	array, done := v.array()
	defer done()
	if array == nil || !array.isPacked() {
		return nil, false
	}
	return unsafe.Slice(at[T](array.data), v.elements), true
}

// At returns an element. It panics if the index is out of range or the view is released.
func (v *View[T]) At(index ...int) T {
	held := v.use()
	if held == nil {
		panic("callpy: the view is released")
	}
	defer held.done()
	checkIndex(index, v.shape)
	array := arrayOf(&held.value)
	address := array.data
	for axis, step := range array.steps() {
		address += uintptr(index[axis] * step)
	}
	return *at[T](address)
}

// Copy returns a copy that Go owns; an empty one once the view is released. It panics if there is no memory
// for one: NumPy's broadcast_to may show a few elements a billion times.
func (v *View[T]) Copy() Array[T] {
	array, done := v.array()
	defer done()
	var copied Array[T]
	if array != nil {
		if err := copied.fill(array); err != nil {
			panic("callpy: " + err.Error())
		}
	}
	return copied
}

// Copied returns the view as an argument that is copied, for functions that retain or write it.
func (v *View[T]) Copied() Copied[T] { return Copied[T]{view: v} }

// Release frees the array. What Slice returned must not be used afterwards. Releasing it twice, or
// releasing nil, does nothing.
func (v *View[T]) Release() {
	if v != nil {
		v.owner.release()
	}
}

// Close releases the view, and returns nil: a View is an io.Closer.
func (v *View[T]) Close() error {
	v.Release()
	return nil
}
