package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"reflect"
	"runtime"
	"strings"
	"unsafe"
)

// Bytes is Python's bytes. (A []byte is an array of uint8.)
type Bytes []byte

// Tuple is Python's tuple. (A []any is a list.)
type Tuple []any

// maxDepth is how deeply values may be nested, the same as in C: a value that contains itself has no end.
const maxDepth = 200

// An encoder writes arguments in C's form. What they point to stays in place: Go's memory is pinned, and
// C's is held.
type encoder struct {
	pinner runtime.Pinner
	held   []*held
}

func (e *encoder) release() {
	e.pinner.Unpin()
	for _, held := range e.held {
		held.done()
	}
}

// setPointer writes a pointer into the union, which is bytes to Go, and pins what it points to.
func (e *encoder) setPointer(value *C.callpy_value, pointer unsafe.Pointer) {
	if pointer != nil {
		e.pinner.Pin(pointer)
	}
	*content[uintptr](value) = uintptr(pointer)
}

func setLength(value *C.callpy_value, length int) {
	*(*uintptr)(unsafe.Add(unsafe.Pointer(&value.content), unsafe.Sizeof(uintptr(0)))) = uintptr(length)
}

func content[T any](value *C.callpy_value) *T { return (*T)(unsafe.Pointer(&value.content)) }

func (e *encoder) arguments(arguments []any) ([]C.callpy_value, []C.callpy_named, *Error) {
	values := make([]C.callpy_value, 0, len(arguments))
	var keywords []C.callpy_named
	for index, argument := range arguments {
		keyword, ok := argument.(named)
		if !ok {
			if keywords != nil {
				return nil, nil, failure(BadArgument, "a positional argument follows a keyword argument: put keyword arguments last")
			}
			values = append(values, C.callpy_value{})
			if err := e.value(reflect.ValueOf(argument), &values[index], 0); err != nil {
				return nil, nil, err.at("argument " + itoa(index+1))
			}
			continue
		}
		if strings.ContainsRune(keyword.name, 0) {
			return nil, nil, failure(BadArgument, "the name %q has a NUL character in it", keyword.name)
		}
		name := append([]byte(keyword.name), 0)
		e.pinner.Pin(unsafe.SliceData(name))
		passed := C.callpy_named{name: (*C.char)(unsafe.Pointer(unsafe.SliceData(name)))}
		if err := e.value(reflect.ValueOf(keyword.value), &passed.value, 0); err != nil {
			return nil, nil, err.at("argument \"" + keyword.name + "\"")
		}
		keywords = append(keywords, passed)
	}
	return values, keywords, nil
}

func (e *encoder) value(from reflect.Value, to *C.callpy_value, depth int) *Error {
	if !from.IsValid() {
		// nil without a type.
		return nil
	}
	if depth > maxDepth {
		return failure(BadArgument, "values are nested more than %d deep", maxDepth)
	}
	if from.Kind() == reflect.Interface {
		return e.value(from.Elem(), to, depth)
	}
	kind := from.Kind()
	// Before any method is called on it: a nil pointer is None, whatever its type.
	if kind == reflect.Pointer && from.IsNil() {
		return nil
	}
	switch passed := from.Interface().(type) {
	case Bytes:
		to.tag = C.CALLPY_TAG_BYTES
		if len(passed) > 0 {
			e.setPointer(to, unsafe.Pointer(unsafe.SliceData(passed)))
		}
		setLength(to, len(passed))
		return nil
	case Tuple:
		return e.items(from, to, C.CALLPY_TAG_TUPLE, depth)
	case holder:
		return e.hold(passed, to)
	case flagged:
		if view, ok := passed.array.(holder); ok && passed.flags == C.CALLPY_COPIED {
			return e.copied(view, to)
		}
		return e.array(reflect.ValueOf(passed.array), to, passed.flags)
	case shaped:
		return e.array(from, to, 0)
	case named:
		return failure(BadArgument, "the keyword argument %q is inside a value; pass it to the call itself", passed.name)
	case *Function:
		return failure(BadArgument, "a %v can't be passed to Python; CallAs[*Object] returns objects that can", from.Type())
	}
	switch kind {
	case reflect.Bool:
		to.tag = C.CALLPY_TAG_BOOL
		*content[bool](to) = from.Bool()
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		to.tag = C.CALLPY_TAG_INT
		*content[int64](to) = from.Int()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint, reflect.Uintptr:
		to.tag = C.CALLPY_TAG_UINT
		*content[uint64](to) = from.Uint()
	case reflect.Float32, reflect.Float64:
		to.tag = C.CALLPY_TAG_FLOAT
		*content[float64](to) = from.Float()
	case reflect.String:
		text := from.String()
		to.tag = C.CALLPY_TAG_STRING
		if len(text) > 0 {
			e.setPointer(to, unsafe.Pointer(unsafe.StringData(text)))
		}
		setLength(to, len(text))
	case reflect.Slice:
		if dtypeOf(from.Type().Elem().Kind()) != 0 {
			return e.array(from, to, 0)
		}
		return e.items(from, to, C.CALLPY_TAG_LIST, depth)
	case reflect.Array:
		if dtypeOf(from.Type().Elem().Kind()) != 0 {
			return e.array(from, to, 0)
		}
		return e.items(from, to, C.CALLPY_TAG_LIST, depth)
	case reflect.Map:
		items := make([]C.callpy_value, 0, 2*from.Len())
		for entries := from.MapRange(); entries.Next(); {
			items = append(items, C.callpy_value{}, C.callpy_value{})
			key, item := entries.Key(), entries.Value()
			if err := e.value(key, &items[len(items)-2], depth+1); err != nil {
				return err
			}
			if err := e.value(item, &items[len(items)-1], depth+1); err != nil {
				return err
			}
		}
		e.setItems(to, C.CALLPY_TAG_DICT, items)
	case reflect.Pointer:
		return e.value(from.Elem(), to, depth+1)
	case reflect.Complex64, reflect.Complex128:
		// A 0-d array, NumPy's form of a number; the C ABI has no complex number.
		number := Array[complex128]{Data: []complex128{from.Complex()}, Shape: []int{}}
		return e.array(reflect.ValueOf(number), to, 0)
	case reflect.Struct:
		return e.fields(from, to, depth)
	default:
		return failure(BadArgument, "a %v can't be passed to Python", from.Type())
	}
	return nil
}

// hold passes what stays C's, which is in use until the call ends.
func (e *encoder) hold(from holder, to *C.callpy_value) *Error {
	held := from.use()
	if held == nil {
		return failure(BadArgument, "the %T is released", from)
	}
	e.held = append(e.held, held)
	to.tag, to.content = held.value.tag, held.value.content
	return nil
}

// copied passes a copy of a result array, described as memory of the caller's.
func (e *encoder) copied(from holder, to *C.callpy_value) *Error {
	if err := e.hold(from, to); err != nil {
		return err
	}
	result := arrayOf(to)
	if result == nil {
		return failure(BadArgument, "expected an array to copy, got a %T", from)
	}
	array := *result
	array.flags, array.owned = C.CALLPY_COPIED, 0
	e.setPointer(to, unsafe.Pointer(&array))
	return nil
}

// fields passes a struct as the tuple of its fields.
func (e *encoder) fields(from reflect.Value, to *C.callpy_value, depth int) *Error {
	if !isTuple(from.Type()) {
		return failure(BadArgument, "a %v can't be passed to Python: only structs whose fields are all exported can", from.Type())
	}
	items := make([]C.callpy_value, from.NumField())
	for index := range items {
		if err := e.value(from.Field(index), &items[index], depth+1); err != nil {
			return err.at("field " + from.Type().Field(index).Name)
		}
	}
	e.setItems(to, C.CALLPY_TAG_TUPLE, items)
	return nil
}

// isTuple says whether a struct's fields can be the items of a tuple.
func isTuple(kind reflect.Type) bool {
	for index := range kind.NumField() {
		if !kind.Field(index).IsExported() {
			return false
		}
	}
	return kind.NumField() > 0
}

func (e *encoder) items(from reflect.Value, to *C.callpy_value, tag C.uint32_t, depth int) *Error {
	items := make([]C.callpy_value, from.Len())
	for index := range items {
		if err := e.value(from.Index(index), &items[index], depth+1); err != nil {
			return err
		}
	}
	e.setItems(to, tag, items)
	return nil
}

func (e *encoder) setItems(to *C.callpy_value, tag C.uint32_t, items []C.callpy_value) {
	to.tag = tag
	if len(items) > 0 {
		e.setPointer(to, unsafe.Pointer(unsafe.SliceData(items)))
	}
	setLength(to, len(items))
}

func (e *encoder) array(from reflect.Value, to *C.callpy_value, flags C.uint32_t) *Error {
	data, shape, err := elementsOf(from, flags)
	if err != nil {
		return err
	}
	lengths, all := make([]C.ptrdiff_t, len(shape)), 1
	for axis, length := range shape {
		lengths[axis] = C.ptrdiff_t(length)
		all *= length
	}
	// If the product overflows or a length is negative, C reports it.
	if all != data.Len() {
		return failure(BadArgument, "%d elements can't have the shape %v", data.Len(), shape)
	}
	array := &C.callpy_array{ndim: C.size_t(len(shape)), dtype: dtypeOf(data.Type().Elem().Kind()), flags: flags}
	if len(lengths) > 0 {
		array.shape = unsafe.SliceData(lengths)
		e.pinner.Pin(array.shape)
	}
	if data.Len() > 0 {
		array.data = data.UnsafePointer()
		e.pinner.Pin(array.data)
	}
	to.tag = C.CALLPY_TAG_ARRAY
	e.setPointer(to, unsafe.Pointer(array))
	return nil
}

// elementsOf returns the slice of numbers that a value is, or points to, and its shape.
func elementsOf(from reflect.Value, flags C.uint32_t) (reflect.Value, []int, *Error) {
	passed := from
	for passed.IsValid() && passed.Kind() == reflect.Pointer && !passed.IsNil() {
		passed = passed.Elem()
	}
	if passed.IsValid() && passed.Kind() != reflect.Pointer {
		if parts, ok := passed.Interface().(shaped); ok {
			data, shape := parts.parts()
			return data, shape, nil
		}
	}
	if passed.IsValid() && passed.Kind() == reflect.Array {
		if !passed.CanAddr() {
			if flags&C.CALLPY_WRITABLE != 0 {
				return passed, nil, failure(BadArgument, "what Python writes to a %v would be lost; pass a pointer to it, or a slice", passed.Type())
			}
			here := reflect.New(passed.Type()).Elem()
			here.Set(passed)
			passed = here
		}
		passed = passed.Slice(0, passed.Len())
	}
	if !passed.IsValid() || passed.Kind() != reflect.Slice || dtypeOf(passed.Type().Elem().Kind()) == 0 {
		what := "nil"
		if from.IsValid() {
			what = "a " + from.Type().String()
		}
		return passed, nil, failure(BadArgument, "expected a slice of numbers or an Array, got %s", what)
	}
	return passed, []int{passed.Len()}, nil
}
