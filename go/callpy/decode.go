package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"unsafe"
)

func itoa(number int) string { return strconv.Itoa(number) }

// An Object is a Python object that has no type in Go: a set, an instance of a class. It can be an
// argument of other calls, such as those of "builtins:repr" and "builtins:getattr".
type Object struct {
	value C.callpy_value
}

// release gives back what a result holds; a number holds nothing.
func release(value *C.callpy_value) {
	if value.tag > C.CALLPY_FLOAT {
		C.callpy_value_release(value)
	}
}

// taken leaves the value without what it held, which has another owner now.
func taken(value *C.callpy_value) C.callpy_value {
	whole := *value
	value.tag = C.CALLPY_NONE
	return whole
}

func itemsOf(value *C.callpy_value) []C.callpy_value {
	items := content[C.callpy_items](value)
	return unsafe.Slice(items.data, int(items.len))
}

func textOf(value *C.callpy_value) []byte {
	text := content[C.callpy_text](value)
	return unsafe.Slice((*byte)(unsafe.Pointer(text.data)), int(text.len))
}

func arrayOf(value *C.callpy_value) *C.callpy_array { return *content[*C.callpy_array](value) }

// decode takes a value for a type; what it takes over is not the value's any more.
func decode[R any](value *C.callpy_value, result *R) error {
	switch result := any(result).(type) {
	case *float64:
		if value.tag == C.CALLPY_FLOAT {
			*result = *content[float64](value)
			return nil
		}
	case *int64:
		if value.tag == C.CALLPY_INT {
			*result = *content[int64](value)
			return nil
		}
	}
	return decodeInto(value, reflect.ValueOf(result).Elem())
}

// decodeSlice copies a one-dimensional array, or a list, into a slice.
func decodeSlice[R Element](value *C.callpy_value) ([]R, error) {
	if value.tag == C.CALLPY_ARRAY {
		if array := arrayOf(value); array.dtype == elementDtype[R]() && array.ndim == 1 {
			result := make([]R, elements(array))
			copyOut(array, unsafe.Pointer(unsafe.SliceData(result)))
			return result, nil
		}
	}
	var result []R
	err := decodeInto(value, reflect.ValueOf(&result).Elem())
	return result, err
}

func wrong(wanted reflect.Type, came *C.callpy_value) error {
	return failure(BadResult, "expected %v, but %s came", wanted, describe(came))
}

func describe(came *C.callpy_value) string {
	switch came.tag {
	case C.CALLPY_NONE:
		return "None"
	case C.CALLPY_BOOL:
		return "a bool"
	case C.CALLPY_INT:
		return fmt.Sprintf("the int %d", *content[int64](came))
	case C.CALLPY_UINT:
		return fmt.Sprintf("the int %d", *content[uint64](came))
	case C.CALLPY_FLOAT:
		return fmt.Sprintf("the float %v", *content[float64](came))
	case C.CALLPY_STRING:
		return "a str"
	case C.CALLPY_BYTE_STRING:
		return "a bytes"
	case C.CALLPY_LIST, C.CALLPY_TUPLE:
		return fmt.Sprintf("a list or tuple of %d", len(itemsOf(came)))
	case C.CALLPY_DICT:
		return "a dict"
	case C.CALLPY_ARRAY:
		return describeArray(arrayOf(came))
	}
	return "another object"
}

func decodeTuple(value *C.callpy_value, out []reflect.Value) error {
	if value.tag != C.CALLPY_TUPLE || len(itemsOf(value)) != len(out) {
		return failure(BadResult, "expected a tuple of %d, but %s came", len(out), describe(value))
	}
	for index := range out {
		if err := decodeInto(&itemsOf(value)[index], out[index]); err != nil {
			return err
		}
	}
	return nil
}

func decodeInto(value *C.callpy_value, out reflect.Value) error {
	kind := out.Type()
	switch result := out.Addr().Interface().(type) {
	case *Bytes:
		if value.tag != C.CALLPY_BYTE_STRING {
			return wrong(kind, value)
		}
		*result = append(Bytes{}, textOf(value)...)
		return nil
	case **Object:
		if value.tag != C.CALLPY_OBJECT {
			return wrong(kind, value)
		}
		*result = newObject(value)
		return nil
	case *any:
		natural, err := natural(value)
		*result = natural
		return err
	case fillable:
		if value.tag != C.CALLPY_ARRAY {
			return wrong(kind, value)
		}
		return result.fill(arrayOf(value))
	}
	if kind.Kind() == reflect.Pointer {
		pointer := reflect.New(kind.Elem())
		if view, ok := pointer.Interface().(takeable); ok {
			if value.tag != C.CALLPY_ARRAY {
				return wrong(kind, value)
			}
			if err := view.take(arrayOf(value)); err != nil {
				return err
			}
			taken(value)
			out.Set(pointer)
			return nil
		}
		// None or a value.
		if value.tag == C.CALLPY_NONE {
			out.SetZero()
			return nil
		}
		if err := decodeInto(value, pointer.Elem()); err != nil {
			return err
		}
		out.Set(pointer)
		return nil
	}
	switch kind.Kind() {
	case reflect.Bool:
		if value.tag == C.CALLPY_BOOL {
			out.SetBool(*content[bool](value))
			return nil
		}
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		if number := *content[int64](value); value.tag == C.CALLPY_INT && !out.OverflowInt(number) {
			out.SetInt(number)
			return nil
		}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		number := *content[uint64](value)
		fits := value.tag == C.CALLPY_UINT || value.tag == C.CALLPY_INT && int64(number) >= 0
		if fits && !out.OverflowUint(number) {
			out.SetUint(number)
			return nil
		}
	case reflect.Float32, reflect.Float64:
		switch value.tag {
		case C.CALLPY_FLOAT:
			out.SetFloat(*content[float64](value))
			return nil
		case C.CALLPY_INT:
			out.SetFloat(float64(*content[int64](value)))
			return nil
		case C.CALLPY_UINT:
			out.SetFloat(float64(*content[uint64](value)))
			return nil
		}
	case reflect.String:
		if value.tag == C.CALLPY_STRING {
			out.SetString(string(textOf(value)))
			return nil
		}
	case reflect.Slice:
		switch value.tag {
		case C.CALLPY_ARRAY:
			array := arrayOf(value)
			if array.dtype != dtypeOf(kind.Elem().Kind()) || array.ndim != 1 {
				return wrong(kind, value)
			}
			count := elements(array)
			out.Set(reflect.MakeSlice(kind, count, count))
			copyOut(array, out.UnsafePointer())
			return nil
		case C.CALLPY_LIST, C.CALLPY_TUPLE:
			items := itemsOf(value)
			out.Set(reflect.MakeSlice(kind, len(items), len(items)))
			for index := range items {
				if err := decodeInto(&items[index], out.Index(index)); err != nil {
					return err
				}
			}
			return nil
		}
	case reflect.Map:
		if value.tag == C.CALLPY_DICT {
			items := itemsOf(value)
			out.Set(reflect.MakeMapWithSize(kind, len(items)/2))
			for index := 0; index < len(items); index += 2 {
				key, item := reflect.New(kind.Key()).Elem(), reflect.New(kind.Elem()).Elem()
				if err := decodeInto(&items[index], key); err != nil {
					return err
				}
				if err := decodeInto(&items[index+1], item); err != nil {
					return err
				}
				if !key.Comparable() {
					return failure(BadResult, "a key of the dict can't be one in Go")
				}
				out.SetMapIndex(key, item)
			}
			return nil
		}
	}
	return wrong(kind, value)
}

func newObject(value *C.callpy_value) *Object {
	object := &Object{value: taken(value)}
	runtime.AddCleanup(object, func(value C.callpy_value) { C.callpy_value_release(&value) }, object.value)
	return object
}

// natural returns a value as Go has it.
func natural(value *C.callpy_value) (any, error) {
	switch value.tag {
	case C.CALLPY_NONE:
		return nil, nil
	case C.CALLPY_BOOL:
		return *content[bool](value), nil
	case C.CALLPY_INT:
		return *content[int64](value), nil
	case C.CALLPY_UINT:
		return *content[uint64](value), nil
	case C.CALLPY_FLOAT:
		return *content[float64](value), nil
	case C.CALLPY_STRING:
		return string(textOf(value)), nil
	case C.CALLPY_BYTE_STRING:
		return decoded[Bytes](value)
	case C.CALLPY_LIST, C.CALLPY_TUPLE:
		return decoded[[]any](value)
	case C.CALLPY_DICT:
		return decoded[map[any]any](value)
	case C.CALLPY_OBJECT:
		return newObject(value), nil
	}
	switch array := arrayOf(value); array.dtype {
	case C.CALLPY_BOOL8:
		return decoded[Array[bool]](value)
	case C.CALLPY_INT8:
		return decoded[Array[int8]](value)
	case C.CALLPY_INT16:
		return decoded[Array[int16]](value)
	case C.CALLPY_INT32:
		return decoded[Array[int32]](value)
	case C.CALLPY_INT64:
		return decoded[Array[int64]](value)
	case C.CALLPY_UINT8:
		return decoded[Array[uint8]](value)
	case C.CALLPY_UINT16:
		return decoded[Array[uint16]](value)
	case C.CALLPY_UINT32:
		return decoded[Array[uint32]](value)
	case C.CALLPY_UINT64:
		return decoded[Array[uint64]](value)
	case C.CALLPY_FLOAT32:
		return decoded[Array[float32]](value)
	case C.CALLPY_FLOAT64:
		return decoded[Array[float64]](value)
	case C.CALLPY_COMPLEX64:
		return decoded[Array[complex64]](value)
	case C.CALLPY_COMPLEX128:
		return decoded[Array[complex128]](value)
	default:
		return nil, failure(BadResult, "%s has no type in Go", describeArray(array))
	}
}

func decoded[T any](value *C.callpy_value) (any, error) {
	var result T
	err := decodeInto(value, reflect.ValueOf(&result).Elem())
	return result, err
}
