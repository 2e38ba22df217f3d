// Code generated from the table of crates/callpy-dtypes; DO NOT EDIT.

package callpy

import (
	"reflect"
	"strconv"
)

// An Element is the Go type of an array's elements.
type Element interface {
	~bool | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64 | ~complex64 | ~complex128 | ~int | ~uint
}

// dtypeOf returns the dtype of an element's kind, 0 if no array has such elements.
func dtypeOf(kind reflect.Kind) uint32 {
	switch kind {
	case reflect.Bool:
		return cDtypeBool
	case reflect.Int8:
		return cDtypeInt8
	case reflect.Int16:
		return cDtypeInt16
	case reflect.Int32:
		return cDtypeInt32
	case reflect.Int64:
		return cDtypeInt64
	case reflect.Uint8:
		return cDtypeUint8
	case reflect.Uint16:
		return cDtypeUint16
	case reflect.Uint32:
		return cDtypeUint32
	case reflect.Uint64:
		return cDtypeUint64
	case reflect.Float32:
		return cDtypeFloat32
	case reflect.Float64:
		return cDtypeFloat64
	case reflect.Complex64:
		return cDtypeComplex64
	case reflect.Complex128:
		return cDtypeComplex128
	case reflect.Int:
		if strconv.IntSize == 64 {
			return cDtypeInt64
		}
		return cDtypeInt32
	case reflect.Uint:
		if strconv.IntSize == 64 {
			return cDtypeUint64
		}
		return cDtypeUint32
	}
	return 0
}

// dtypeName returns NumPy's name of a dtype.
func dtypeName(dtype uint32) string {
	switch dtype {
	case cDtypeBool:
		return "bool"
	case cDtypeInt8:
		return "int8"
	case cDtypeInt16:
		return "int16"
	case cDtypeInt32:
		return "int32"
	case cDtypeInt64:
		return "int64"
	case cDtypeUint8:
		return "uint8"
	case cDtypeUint16:
		return "uint16"
	case cDtypeUint32:
		return "uint32"
	case cDtypeUint64:
		return "uint64"
	case cDtypeFloat16:
		return "float16"
	case cDtypeFloat32:
		return "float32"
	case cDtypeFloat64:
		return "float64"
	case cDtypeComplex64:
		return "complex64"
	case cDtypeComplex128:
		return "complex128"
	case cDtypeDatetime64:
		return "datetime64"
	case cDtypeTimedelta64:
		return "timedelta64"
	case cDtypeStr:
		return "str"
	case cDtypeBytes:
		return "bytes"
	}
	return "?"
}

// naturalNumbers returns an array of numbers as the Array that Go has for its dtype.
func naturalNumbers(value *cValue, array *cArray) (any, *Error) {
	switch array.dtype {
	case cDtypeBool:
		return naturally[Array[bool]](value)
	case cDtypeInt8:
		return naturally[Array[int8]](value)
	case cDtypeInt16:
		return naturally[Array[int16]](value)
	case cDtypeInt32:
		return naturally[Array[int32]](value)
	case cDtypeInt64:
		return naturally[Array[int64]](value)
	case cDtypeUint8:
		return naturally[Array[uint8]](value)
	case cDtypeUint16:
		return naturally[Array[uint16]](value)
	case cDtypeUint32:
		return naturally[Array[uint32]](value)
	case cDtypeUint64:
		return naturally[Array[uint64]](value)
	case cDtypeFloat32:
		return naturally[Array[float32]](value)
	case cDtypeFloat64:
		return naturally[Array[float64]](value)
	case cDtypeComplex64:
		return naturally[Array[complex64]](value)
	case cDtypeComplex128:
		return naturally[Array[complex128]](value)
	}
	return nil, failure(BadResult, "an array of %s has no type in Go; an *Object can hold it", dtypeName(array.dtype))
}
