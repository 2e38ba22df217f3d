package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"reflect"
	"runtime"
	"unsafe"
)

// Bytes is Python's bytes. (A []byte is an array of uint8.)
type Bytes []byte

// An encoder writes arguments as C has them. What they lead to stays where it lies, pinned.
type encoder struct {
	pinner runtime.Pinner
}

func (e *encoder) release() { e.pinner.Unpin() }

// setPointer writes a pointer into the union, which is bytes to Go; what it leads to is pinned.
func (e *encoder) setPointer(value *C.callpy_value, pointer unsafe.Pointer) {
	if pointer != nil {
		e.pinner.Pin(pointer)
	}
	*(*uintptr)(unsafe.Pointer(&value.content)) = uintptr(pointer)
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
				return nil, nil, failure(BadArgument, "a positional argument stands after a named one; put the named ones last")
			}
			values = append(values, C.callpy_value{})
			if err := e.value(reflect.ValueOf(argument), &values[index]); err != nil {
				err.Line = "argument " + itoa(index+1) + ": " + err.Line
				return nil, nil, err
			}
			continue
		}
		name := append([]byte(keyword.name), 0)
		e.pinner.Pin(unsafe.SliceData(name))
		given := C.callpy_named{name: (*C.char)(unsafe.Pointer(unsafe.SliceData(name)))}
		if err := e.value(reflect.ValueOf(keyword.value), &given.value); err != nil {
			err.Line = "argument \"" + keyword.name + "\": " + err.Line
			return nil, nil, err
		}
		keywords = append(keywords, given)
	}
	return values, keywords, nil
}

func (e *encoder) value(from reflect.Value, to *C.callpy_value) *Error {
	if !from.IsValid() {
		return nil
	}
	switch given := from.Interface().(type) {
	case Bytes:
		to.tag = C.CALLPY_BYTE_STRING
		if len(given) > 0 {
			e.setPointer(to, unsafe.Pointer(unsafe.SliceData(given)))
		}
		setLength(to, len(given))
		return nil
	case *Object:
		if given == nil {
			return nil
		}
		to.tag = C.CALLPY_OBJECT
		// C's memory, which is not pinned.
		*content[uintptr](to) = uintptr(unsafe.Pointer(*content[*C.callpy_object](&given.value)))
		return nil
	case interface{ held() *C.callpy_array }:
		array := given.held()
		if array == nil {
			return failure(BadArgument, "the view is released")
		}
		to.tag = C.CALLPY_ARRAY
		*content[uintptr](to) = uintptr(unsafe.Pointer(array))
		return nil
	case flagged:
		return e.array(reflect.ValueOf(given.array), to, given.flags)
	case shaped:
		return e.array(from, to, 0)
	case named:
		return failure(BadArgument, "the named argument %q stands inside a value", given.name)
	}
	switch kind := from.Kind(); kind {
	case reflect.Bool:
		to.tag = C.CALLPY_BOOL
		*content[bool](to) = from.Bool()
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		to.tag = C.CALLPY_INT
		*content[int64](to) = from.Int()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint, reflect.Uintptr:
		to.tag = C.CALLPY_UINT
		*content[uint64](to) = from.Uint()
	case reflect.Float32, reflect.Float64:
		to.tag = C.CALLPY_FLOAT
		*content[float64](to) = from.Float()
	case reflect.String:
		text := from.String()
		to.tag = C.CALLPY_STRING
		if len(text) > 0 {
			e.setPointer(to, unsafe.Pointer(unsafe.StringData(text)))
		}
		setLength(to, len(text))
	case reflect.Slice:
		if dtypeOf(from.Type().Elem().Kind()) != 0 {
			return e.array(from, to, 0)
		}
		items := make([]C.callpy_value, from.Len())
		for index := range items {
			if err := e.value(from.Index(index), &items[index]); err != nil {
				return err
			}
		}
		e.items(to, C.CALLPY_LIST, items)
	case reflect.Map:
		items := make([]C.callpy_value, 0, 2*from.Len())
		for entries := from.MapRange(); entries.Next(); {
			items = append(items, C.callpy_value{}, C.callpy_value{})
			if err := e.value(entries.Key(), &items[len(items)-2]); err != nil {
				return err
			}
			if err := e.value(entries.Value(), &items[len(items)-1]); err != nil {
				return err
			}
		}
		e.items(to, C.CALLPY_DICT, items)
	case reflect.Interface, reflect.Pointer:
		if !from.IsNil() {
			return e.value(from.Elem(), to)
		}
	default:
		return failure(BadArgument, "a %v can't be given to Python", from.Type())
	}
	return nil
}

func (e *encoder) items(to *C.callpy_value, tag C.uint32_t, items []C.callpy_value) {
	to.tag = tag
	if len(items) > 0 {
		e.setPointer(to, unsafe.Pointer(unsafe.SliceData(items)))
	}
	setLength(to, len(items))
}

func (e *encoder) array(from reflect.Value, to *C.callpy_value, flags C.uint32_t) *Error {
	var shape []int
	given := from
	if from.IsValid() {
		if parts, ok := from.Interface().(shaped); ok {
			given, shape = parts.parts()
			if shape == nil {
				shape = []int{}
			}
		}
	}
	if !given.IsValid() || given.Kind() != reflect.Slice || dtypeOf(given.Type().Elem().Kind()) == 0 {
		return failure(BadArgument, "%v is no slice of numbers", given)
	}
	if shape == nil {
		shape = []int{given.Len()}
	}
	lengths, all := make([]C.ptrdiff_t, len(shape)), 1
	for axis, length := range shape {
		lengths[axis] = C.ptrdiff_t(length)
		all *= length
	}
	if all != given.Len() {
		return failure(BadArgument, "%d elements can't have the shape %v", given.Len(), shape)
	}
	array := &C.callpy_array{ndim: C.size_t(len(shape)), dtype: dtypeOf(given.Type().Elem().Kind()), flags: flags}
	if len(lengths) > 0 {
		array.shape = unsafe.SliceData(lengths)
		e.pinner.Pin(array.shape)
	}
	if given.Len() > 0 {
		array.data = given.UnsafePointer()
		e.pinner.Pin(array.data)
	}
	to.tag = C.CALLPY_ARRAY
	e.setPointer(to, unsafe.Pointer(array))
	return nil
}
