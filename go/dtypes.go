// Code generated from the table of crates/callpy-dtypes; DO NOT EDIT.

package callpy

/*
#include "callpy.h"
*/
import "C"

import (
	"reflect"
	"strconv"
)

// An Element is the Go type of an array's elements.
type Element interface {
	~bool | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64 | ~complex64 | ~complex128 | ~int | ~uint
}

// dtypeOf returns the dtype of an element's kind, 0 if no array has such elements.
func dtypeOf(kind reflect.Kind) C.uint32_t {
	switch kind {
	case reflect.Bool:
		return C.CALLPY_DTYPE_BOOL
	case reflect.Int8:
		return C.CALLPY_DTYPE_INT8
	case reflect.Int16:
		return C.CALLPY_DTYPE_INT16
	case reflect.Int32:
		return C.CALLPY_DTYPE_INT32
	case reflect.Int64:
		return C.CALLPY_DTYPE_INT64
	case reflect.Uint8:
		return C.CALLPY_DTYPE_UINT8
	case reflect.Uint16:
		return C.CALLPY_DTYPE_UINT16
	case reflect.Uint32:
		return C.CALLPY_DTYPE_UINT32
	case reflect.Uint64:
		return C.CALLPY_DTYPE_UINT64
	case reflect.Float32:
		return C.CALLPY_DTYPE_FLOAT32
	case reflect.Float64:
		return C.CALLPY_DTYPE_FLOAT64
	case reflect.Complex64:
		return C.CALLPY_DTYPE_COMPLEX64
	case reflect.Complex128:
		return C.CALLPY_DTYPE_COMPLEX128
	case reflect.Int:
		if strconv.IntSize == 64 {
			return C.CALLPY_DTYPE_INT64
		}
		return C.CALLPY_DTYPE_INT32
	case reflect.Uint:
		if strconv.IntSize == 64 {
			return C.CALLPY_DTYPE_UINT64
		}
		return C.CALLPY_DTYPE_UINT32
	}
	return 0
}

// dtypeName returns NumPy's name of a dtype.
func dtypeName(dtype C.uint32_t) string {
	switch dtype {
	case C.CALLPY_DTYPE_BOOL:
		return "bool"
	case C.CALLPY_DTYPE_INT8:
		return "int8"
	case C.CALLPY_DTYPE_INT16:
		return "int16"
	case C.CALLPY_DTYPE_INT32:
		return "int32"
	case C.CALLPY_DTYPE_INT64:
		return "int64"
	case C.CALLPY_DTYPE_UINT8:
		return "uint8"
	case C.CALLPY_DTYPE_UINT16:
		return "uint16"
	case C.CALLPY_DTYPE_UINT32:
		return "uint32"
	case C.CALLPY_DTYPE_UINT64:
		return "uint64"
	case C.CALLPY_DTYPE_FLOAT16:
		return "float16"
	case C.CALLPY_DTYPE_FLOAT32:
		return "float32"
	case C.CALLPY_DTYPE_FLOAT64:
		return "float64"
	case C.CALLPY_DTYPE_COMPLEX64:
		return "complex64"
	case C.CALLPY_DTYPE_COMPLEX128:
		return "complex128"
	case C.CALLPY_DTYPE_DATETIME64:
		return "datetime64"
	case C.CALLPY_DTYPE_TIMEDELTA64:
		return "timedelta64"
	case C.CALLPY_DTYPE_STR:
		return "str"
	case C.CALLPY_DTYPE_BYTES:
		return "bytes"
	}
	return "?"
}

// naturalNumbers returns an array of numbers as the Array that Go has for its dtype.
func naturalNumbers(value *C.callpy_value, array *C.callpy_array) (any, *Error) {
	switch array.dtype {
	case C.CALLPY_DTYPE_BOOL:
		return naturally[Array[bool]](value)
	case C.CALLPY_DTYPE_INT8:
		return naturally[Array[int8]](value)
	case C.CALLPY_DTYPE_INT16:
		return naturally[Array[int16]](value)
	case C.CALLPY_DTYPE_INT32:
		return naturally[Array[int32]](value)
	case C.CALLPY_DTYPE_INT64:
		return naturally[Array[int64]](value)
	case C.CALLPY_DTYPE_UINT8:
		return naturally[Array[uint8]](value)
	case C.CALLPY_DTYPE_UINT16:
		return naturally[Array[uint16]](value)
	case C.CALLPY_DTYPE_UINT32:
		return naturally[Array[uint32]](value)
	case C.CALLPY_DTYPE_UINT64:
		return naturally[Array[uint64]](value)
	case C.CALLPY_DTYPE_FLOAT32:
		return naturally[Array[float32]](value)
	case C.CALLPY_DTYPE_FLOAT64:
		return naturally[Array[float64]](value)
	case C.CALLPY_DTYPE_COMPLEX64:
		return naturally[Array[complex64]](value)
	case C.CALLPY_DTYPE_COMPLEX128:
		return naturally[Array[complex128]](value)
	}
	return nil, failure(BadResult, "an array of %s has no type in Go; an *Object can hold it", dtypeName(array.dtype))
}
