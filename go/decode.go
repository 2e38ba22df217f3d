package callpy

/*
#include <stdlib.h>
#include "callpy.h"
*/
import "C"

import (
	"fmt"
	"reflect"
	"strconv"
	"unsafe"
)

// Integers of this many bits and a sign are exact as floats.
const maxExact = 53

func itoa(number int) string { return strconv.Itoa(number) }

// release frees what a result holds; a number holds nothing.
func release(outcome outcome) {
	if outcome.value.tag > C.CALLPY_TAG_FLOAT {
		releaseAll(outcome)
	}
}

// A function of its own, since what is passed to C by its address escapes to the heap.
func releaseAll(outcome outcome) { C.callpy_value_release(&outcome.value) }

func itemsOf(value *C.callpy_value) []C.callpy_value {
	items := content[C.callpy_items](value)
	return unsafe.Slice(items.data, int(items.len))
}

func textOf(value *C.callpy_value) []byte {
	text := content[C.callpy_text](value)
	return unsafe.Slice((*byte)(unsafe.Pointer(text.data)), int(text.len))
}

// arrayOf returns the array in a value; nil if it is something else.
func arrayOf(value *C.callpy_value) *C.callpy_array {
	if value.tag != C.CALLPY_TAG_ARRAY {
		return nil
	}
	return *content[*C.callpy_array](value)
}

// decoded converts a function's result to a type, and frees it.
func decoded[R any](function *Function, outcome outcome) (R, error) {
	var result R
	switch number := any(&result).(type) {
	case *float64:
		if outcome.value.tag == C.CALLPY_TAG_FLOAT {
			*number = *content[float64](&outcome.value)
			return result, nil
		}
	case *int64:
		if outcome.value.tag == C.CALLPY_TAG_INT {
			*number = *content[int64](&outcome.value)
			return result, nil
		}
	}
	return decodedByReflection[R](function, outcome)
}

// decodedByReflection does the same by reflection, for which result and value escape to the heap.
func decodedByReflection[R any](function *Function, outcome outcome) (R, error) {
	var result R
	err := decodeInto(&outcome.value, reflect.ValueOf(&result).Elem())
	release(outcome)
	if err != nil {
		var none R
		return none, err.at("the result of " + function.name)
	}
	return result, nil
}

// wrong says that a value is not of a type, and how to make it one.
func wrong(wanted reflect.Type, got *C.callpy_value) *Error {
	kind := C.uint32_t(C.CALLPY_WANT_VALUE)
	zero := reflect.Zero(wanted).Interface()
	_, isShaped := zero.(shaped)
	_, isView := zero.(takeable)
	switch {
	case isShaped || isView:
		kind = C.CALLPY_WANT_ARRAY
	case wanted.Kind() == reflect.Slice || wanted.Kind() == reflect.Array:
		kind = C.CALLPY_WANT_LIST
		if dtype := dtypeOf(wanted.Elem().Kind()); dtype != 0 {
			kind = C.CALLPY_WANT_ARRAY
			if array := arrayOf(got); array != nil && array.dtype == dtype && array.ndim != 1 {
				kind = C.CALLPY_WANT_FLAT
			}
		}
	}
	return mismatch(wanted.String(), kind, got)
}

// mismatch makes an error whose words are the library's.
func mismatch(expected string, wanted C.uint32_t, got *C.callpy_value) *Error {
	text := C.CString(expected)
	defer C.free(unsafe.Pointer(text))
	return takeError(C.callpy_value_mismatch(got, text, wanted))
}

// checkMemory returns an error where a copy of an array would need more memory than there is.
func checkMemory(array *C.callpy_array) *Error {
	// What has no gaps is as large in C.
	if packed(array) {
		return nil
	}
	if err := C.callpy_array_check_memory(array); err != nil {
		return takeError(err)
	}
	return nil
}

func decodeTuple(value *C.callpy_value, out []reflect.Value) *Error {
	if value.tag != C.CALLPY_TAG_TUPLE || len(itemsOf(value)) != len(out) {
		return mismatch(fmt.Sprintf("a tuple of %d", len(out)), C.CALLPY_WANT_VALUE, value)
	}
	for index := range out {
		if err := decodeInto(&itemsOf(value)[index], out[index]); err != nil {
			return err
		}
	}
	return nil
}

// decodeInto converts a value to a type. What it takes over no longer belongs to the value.
func decodeInto(value *C.callpy_value, out reflect.Value) *Error {
	kind := out.Type()
	switch result := out.Addr().Interface().(type) {
	case *Bytes:
		if value.tag != C.CALLPY_TAG_BYTES {
			return wrong(kind, value)
		}
		*result = append(Bytes{}, textOf(value)...)
		return nil
	case **Object:
		if value.tag != C.CALLPY_TAG_OBJECT && value.tag != C.CALLPY_TAG_ARRAY {
			return wrong(kind, value)
		}
		*result = newObject(value)
		return nil
	case *any:
		natural, err := natural(value)
		*result = natural
		return err
	case fillable:
		if array := arrayOf(value); array != nil && array.dtype == result.dtype() {
			return result.fill(array)
		}
		return wrong(kind, value)
	}
	if kind.Kind() == reflect.Pointer {
		pointer := reflect.New(kind.Elem())
		if view, ok := pointer.Interface().(takeable); ok {
			if err := view.take(value); err != nil {
				return err
			}
			out.Set(pointer)
			return nil
		}
		// None or a value.
		if value.tag == C.CALLPY_TAG_NONE {
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
		if value.tag == C.CALLPY_TAG_BOOL {
			out.SetBool(*content[bool](value))
			return nil
		}
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		if number := *content[int64](value); value.tag == C.CALLPY_TAG_INT && !out.OverflowInt(number) {
			out.SetInt(number)
			return nil
		}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		number := *content[uint64](value)
		fits := value.tag == C.CALLPY_TAG_UINT || value.tag == C.CALLPY_TAG_INT && int64(number) >= 0
		if fits && !out.OverflowUint(number) {
			out.SetUint(number)
			return nil
		}
	case reflect.Float32, reflect.Float64:
		switch value.tag {
		case C.CALLPY_TAG_FLOAT:
			if number := *content[float64](value); !out.OverflowFloat(number) {
				out.SetFloat(number)
				return nil
			}
		case C.CALLPY_TAG_INT:
			// Only what a float holds exactly.
			if number := *content[int64](value); number>>maxExact == 0 || number>>maxExact == -1 {
				out.SetFloat(float64(number))
				return nil
			}
		}
	case reflect.String:
		if value.tag == C.CALLPY_TAG_STRING {
			out.SetString(string(textOf(value)))
			return nil
		}
	case reflect.Slice:
		switch value.tag {
		case C.CALLPY_TAG_ARRAY:
			array := arrayOf(value)
			if array.dtype == C.CALLPY_DTYPE_STR && array.ndim == 1 && kind.Elem().Kind() == reflect.String {
				return decodeTexts(array, out)
			}
			if array.dtype != dtypeOf(kind.Elem().Kind()) || array.ndim != 1 {
				return wrong(kind, value)
			}
			if err := checkMemory(array); err != nil {
				return err
			}
			count := elements(array)
			out.Set(reflect.MakeSlice(kind, count, count))
			copyOut(array, out.UnsafePointer())
			return nil
		case C.CALLPY_TAG_LIST, C.CALLPY_TAG_TUPLE:
			items := itemsOf(value)
			out.Set(reflect.MakeSlice(kind, len(items), len(items)))
			for index := range items {
				if err := decodeInto(&items[index], out.Index(index)); err != nil {
					return err
				}
			}
			return nil
		}
	case reflect.Array:
		return decodeArray(value, out)
	case reflect.Complex64, reflect.Complex128:
		if array := arrayOf(value); array != nil && array.ndim == 0 && array.dtype == dtypeOf(kind.Kind()) {
			copyOut(array, out.Addr().UnsafePointer())
			return nil
		}
	case reflect.Struct:
		if value.tag != C.CALLPY_TAG_TUPLE || !isTuple(kind) || len(itemsOf(value)) != kind.NumField() {
			return wrong(kind, value)
		}
		for index := range kind.NumField() {
			if err := decodeInto(&itemsOf(value)[index], out.Field(index)); err != nil {
				return err.at("field " + kind.Field(index).Name)
			}
		}
		return nil
	case reflect.Map:
		if value.tag == C.CALLPY_TAG_DICT {
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
					return failure(BadResult, "expected %v, got a dict with a key that is a %v in Go, which can't be one", kind, key.Elem().Type())
				}
				out.SetMapIndex(key, item)
			}
			return nil
		}
	}
	return wrong(kind, value)
}

// decodeTexts converts NumPy's fixed-width text to strings: code points of four bytes each, padded with zeros.
func decodeTexts(array *C.callpy_array, out reflect.Value) *Error {
	if err := checkMemory(array); err != nil {
		return err
	}
	count, size := elements(array), int(array.item_size)/4
	points := make([]rune, count*size)
	copyOut(array, unsafe.Pointer(unsafe.SliceData(points)))
	out.Set(reflect.MakeSlice(out.Type(), count, count))
	for index := range count {
		text := points[index*size : (index+1)*size]
		for len(text) > 0 && text[len(text)-1] == 0 {
			text = text[:len(text)-1]
		}
		out.Index(index).SetString(string(text))
	}
	return nil
}

// decodeArray fills a Go array, whose length is part of its type.
func decodeArray(value *C.callpy_value, out reflect.Value) *Error {
	items := reflect.New(reflect.SliceOf(out.Type().Elem())).Elem()
	if err := decodeInto(value, items); err != nil {
		return err
	}
	if items.Len() != out.Len() {
		return wrong(out.Type(), value)
	}
	reflect.Copy(out, items)
	return nil
}

// natural returns a value as its natural Go type.
func natural(value *C.callpy_value) (any, *Error) {
	switch value.tag {
	case C.CALLPY_TAG_NONE:
		return nil, nil
	case C.CALLPY_TAG_BOOL:
		return *content[bool](value), nil
	case C.CALLPY_TAG_INT:
		return *content[int64](value), nil
	case C.CALLPY_TAG_UINT:
		return *content[uint64](value), nil
	case C.CALLPY_TAG_FLOAT:
		return *content[float64](value), nil
	case C.CALLPY_TAG_STRING:
		return string(textOf(value)), nil
	case C.CALLPY_TAG_BYTES:
		return naturally[Bytes](value)
	case C.CALLPY_TAG_LIST, C.CALLPY_TAG_TUPLE:
		return naturally[[]any](value)
	case C.CALLPY_TAG_DICT:
		return naturally[map[any]any](value)
	case C.CALLPY_TAG_OBJECT:
		return newObject(value), nil
	}
	array := arrayOf(value)
	if array.dtype == C.CALLPY_DTYPE_STR {
		return naturally[[]string](value)
	}
	return naturalNumbers(value, array)
}

func naturally[T any](value *C.callpy_value) (any, *Error) {
	var result T
	err := decodeInto(value, reflect.ValueOf(&result).Elem())
	return result, err
}
