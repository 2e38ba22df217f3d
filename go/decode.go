package callpy

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// isExact says whether a float of a kind holds an integer exactly.
func isExact(number int64, kind reflect.Kind) bool {
	bits := 53
	if kind == reflect.Float32 {
		bits = 24
	}
	return number>>bits == 0 || number>>bits == -1
}

func itemsOf(value *cValue) []cValue {
	if value.content[1] == 0 {
		return nil
	}
	return unsafe.Slice(at[cValue](value.content[0]), int(value.content[1]))
}

// textOf returns the text in a value, in C's memory.
func textOf(value *cValue) string {
	return unsafe.String(at[byte](value.content[0]), int(value.content[1]))
}

// arrayOf returns the array in a value; nil if it is something else.
func arrayOf(value *cValue) *cArray {
	if value.tag != cTagArray {
		return nil
	}
	return at[cArray](value.content[0])
}

// decode converts the result of a call to a type; what most results are needs no reflection.
func decode[R any](f *frame, function *Function) (R, error) {
	var result R
	value := &f.call.result
	switch got := any(&result).(type) {
	case *float64:
		if value.tag == cTagFloat {
			*got = *content[float64](value)
			return result, nil
		}
	case *int64:
		if value.tag == cTagInt {
			*got = *content[int64](value)
			return result, nil
		}
	case *int:
		if number := *content[int64](value); value.tag == cTagInt && int64(int(number)) == number {
			*got = int(number)
			return result, nil
		}
	case *bool:
		if value.tag == cTagBool {
			*got = *content[bool](value)
			return result, nil
		}
	case *[]float64:
		if decodeVector(value, got, cDtypeFloat64) {
			return result, nil
		}
	case *[]float32:
		if decodeVector(value, got, cDtypeFloat32) {
			return result, nil
		}
	case *[]int64:
		if decodeVector(value, got, cDtypeInt64) {
			return result, nil
		}
	case *[]int:
		if decodeVector(value, got, dtypeOf(reflect.Int)) {
			return result, nil
		}
	case *[]bool:
		if decodeVector(value, got, cDtypeBool) {
			return result, nil
		}
	}
	return decodeByReflection[R](f, function)
}

// decodeVector takes over an array of one axis without gaps; it returns false for all else.
func decodeVector[T any](value *cValue, to *[]T, dtype uint32) bool {
	array := arrayOf(value)
	if array == nil || array.ndim != 1 || array.dtype != dtype || !array.isPacked() {
		return false
	}
	*to, _ = copied[T](array)
	// It was taken out of the value, which holds nothing then.
	value.tag = cTagNone
	arrayRelease.with(unsafe.Pointer(array))
	return true
}

// decodeByReflection does the same by reflection, for which the result escapes to the heap.
func decodeByReflection[R any](f *frame, function *Function) (R, error) {
	var result R
	err := f.types.decodeInto(&f.call.result, reflect.ValueOf(&result).Elem())
	f.release()
	if err != nil {
		var none R
		return none, err.at("the result of " + function.name)
	}
	return result, nil
}

// wrong says that a value is not of a type, and how to make it one.
func wrong(wanted reflect.Type, got *cValue) *Error {
	kind := uint32(cWantValue)
	switch {
	case wanted.Kind() == reflect.Pointer && isTakeable(wanted.Elem()):
		kind = cWantArray
	case isFillable(wanted):
		kind = cWantArray
		if array := arrayOf(got); array != nil && array.dtype == reflect.New(wanted).Interface().(fillable).dtype() {
			kind = cWantFlat
		}
	case wanted.Kind() == reflect.Slice || wanted.Kind() == reflect.Array:
		kind = cWantList
		if dtype := dtypeOf(wanted.Elem().Kind()); dtype != 0 {
			kind = cWantArray
			if array := arrayOf(got); array != nil && array.dtype == dtype && array.ndim != 1 {
				kind = cWantFlat
			}
		}
	}
	return mismatch(wanted.String(), kind, got)
}

// mismatch makes an error whose words are the library's.
func mismatch(expected string, wanted uint32, got *cValue) *Error {
	var keeper keeper
	defer keeper.done()
	return takeError(valueMismatch.call(keeper.keep(unsafe.Pointer(got)), keeper.text(expected), uintptr(wanted)))
}

func (t *Types) decodeTuple(value *cValue, out []reflect.Value) *Error {
	if value.tag != cTagTuple || len(itemsOf(value)) != len(out) {
		return mismatch(fmt.Sprintf("a tuple of %d", len(out)), cWantValue, value)
	}
	for index := range out {
		if err := t.decodeInto(&itemsOf(value)[index], out[index]); err != nil {
			return err.atItem(index)
		}
	}
	return nil
}

// decodeInto converts a value to a type. What it takes over no longer belongs to the value.
func (t *Types) decodeInto(value *cValue, out reflect.Value) *Error {
	kind := out.Type()
	switch result := out.Addr().Interface().(type) {
	case *Bytes:
		if value.tag != cTagBytes {
			return wrong(kind, value)
		}
		*result = append(Bytes{}, textOf(value)...)
		return nil
	case **Object:
		if value.tag != cTagObject && value.tag != cTagArray {
			return wrong(kind, value)
		}
		*result = newObject(value)
		(*result).types = t
		return nil
	case *time.Time:
		found, ok, err := decodeTime(value)
		if !ok && err == nil {
			err = wrong(kind, value)
		}
		*result = found
		return err
	case fillable:
		if !isFillable(kind) {
			break
		}
		// What is a slice in Go has one axis.
		array := arrayOf(value)
		if array != nil && array.dtype == result.dtype() && (kind.Kind() == reflect.Struct || array.ndim == 1) {
			return result.fill(array)
		}
		return wrong(kind, value)
	}
	if kind.Kind() == reflect.Pointer {
		pointer := reflect.New(kind.Elem())
		if isTakeable(kind.Elem()) {
			if err := pointer.Interface().(takeable).take(value); err != nil {
				return err
			}
			out.Set(pointer)
			return nil
		}
		// None or a value.
		if value.tag == cTagNone {
			out.SetZero()
			return nil
		}
		if err := t.decodeInto(value, pointer.Elem()); err != nil {
			return err
		}
		out.Set(pointer)
		return nil
	}
	switch kind.Kind() {
	case reflect.Bool:
		if value.tag == cTagBool {
			out.SetBool(*content[bool](value))
			return nil
		}
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		if number := *content[int64](value); value.tag == cTagInt && !out.OverflowInt(number) {
			out.SetInt(number)
			return nil
		}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		number := *content[uint64](value)
		fits := value.tag == cTagUint || value.tag == cTagInt && int64(number) >= 0
		if fits && !out.OverflowUint(number) {
			out.SetUint(number)
			return nil
		}
	case reflect.Float32, reflect.Float64:
		switch value.tag {
		case cTagFloat:
			if number := *content[float64](value); !out.OverflowFloat(number) {
				out.SetFloat(number)
				return nil
			}
		case cTagInt:
			if number := *content[int64](value); isExact(number, kind.Kind()) {
				out.SetFloat(float64(number))
				return nil
			}
		}
	case reflect.String:
		if value.tag == cTagString {
			out.SetString(strings.Clone(textOf(value)))
			return nil
		}
	case reflect.Slice:
		switch value.tag {
		case cTagArray:
			array := arrayOf(value)
			if array.dtype == cDtypeStr && array.ndim == 1 && kind.Elem().Kind() == reflect.String {
				return decodeTexts(array, out)
			}
			if array.dtype != dtypeOf(kind.Elem().Kind()) || array.ndim != 1 {
				return wrong(kind, value)
			}
			return decodeNumbers(array, out)
		case cTagList, cTagTuple:
			items := itemsOf(value)
			out.Set(reflect.MakeSlice(kind, len(items), len(items)))
			for index := range items {
				if err := t.decodeInto(&items[index], out.Index(index)); err != nil {
					return err.atItem(index)
				}
			}
			return nil
		}
	case reflect.Array:
		return t.decodeArray(value, out)
	case reflect.Complex64, reflect.Complex128:
		if array := arrayOf(value); array != nil && array.ndim == 0 && array.dtype == dtypeOf(kind.Kind()) {
			if kind.Kind() == reflect.Complex64 {
				out.SetComplex(complex128(*at[complex64](array.data)))
			} else {
				out.SetComplex(*at[complex128](array.data))
			}
			return nil
		}
		number, ok, err := decodeComplex(value)
		if err != nil || ok && !out.OverflowComplex(number) {
			out.SetComplex(number)
			return err
		}
	case reflect.Struct:
		return t.decodeStruct(value, out)
	case reflect.Interface:
		natural, err := t.natural(value)
		if err != nil || natural == nil {
			return err
		}
		if !reflect.TypeOf(natural).AssignableTo(kind) {
			return failure(BadResult, "expected %v, got %T, which does not implement it", kind, natural)
		}
		out.Set(reflect.ValueOf(natural))
		return nil
	case reflect.Map:
		if value.tag == cTagDict {
			items := itemsOf(value)
			out.Set(reflect.MakeMapWithSize(kind, len(items)/2))
			for index := 0; index < len(items); index += 2 {
				key, item := reflect.New(kind.Key()).Elem(), reflect.New(kind.Elem()).Elem()
				if err := t.decodeKey(&items[index], key); err != nil {
					return err.inside("a key")
				}
				if err := t.decodeInto(&items[index+1], item); err != nil {
					return err.atKey(key)
				}
				if !key.Comparable() {
					return failure(BadResult, "expected %v, got a dict with a key that is a %v in Go, which can't be one", kind, key.Elem().Type())
				}
				out.SetMapIndex(key, item)
			}
			if out.Len() < len(items)/2 {
				return failure(BadResult, "expected %v, got a dict with keys that are equal in Go, as rounded numbers may be", kind)
			}
			return nil
		}
	}
	return wrong(kind, value)
}

// decodeStruct fills a struct from a tuple, or from a dict, of which it takes the keys that it has.
func (t *Types) decodeStruct(value *cValue, out reflect.Value) *Error {
	kind := out.Type()
	fields, err := fieldsOf(kind)
	switch {
	case err != nil:
		return wrong(kind, value)
	case fields.isDict:
		return t.decodeFields(value, fields, out)
	case value.tag != cTagTuple || len(itemsOf(value)) != len(fields.all):
		return wrong(kind, value)
	}
	for index, field := range fields.all {
		if err := t.decodeInto(&itemsOf(value)[index], out.Field(field.index)); err != nil {
			return err.inside("the field " + field.name)
		}
	}
	return nil
}

func (t *Types) decodeFields(value *cValue, fields fields, out reflect.Value) *Error {
	if value.tag != cTagDict {
		return wrong(out.Type(), value)
	}
	items := itemsOf(value)
	byKey := make(map[string]*cValue, len(items)/2)
	for index := 0; index < len(items); index += 2 {
		if items[index].tag == cTagString {
			byKey[textOf(&items[index])] = &items[index+1]
		}
	}
	for _, field := range fields.all {
		place := out.Field(field.index)
		item, ok := byKey[field.key]
		switch {
		case ok:
			if err := t.decodeInto(item, place); err != nil {
				return err.inside("the field " + field.name)
			}
		case place.Kind() != reflect.Pointer:
			return failure(BadResult, "expected %v, got a dict without the key %q; only a field that is a pointer may be missing", out.Type(), field.key)
		}
	}
	return nil
}

// decodeNumbers makes a slice of an array with one axis.
func decodeNumbers(array *cArray, out reflect.Value) *Error {
	switch array.itemSize {
	case 1:
		return decodeElements[uint8](array, out)
	case 2:
		return decodeElements[uint16](array, out)
	case 4:
		return decodeElements[uint32](array, out)
	case 8:
		return decodeElements[uint64](array, out)
	}
	return decodeElements[[2]uint64](array, out)
}

// decodeElements makes a slice whose elements are as large as T.
func decodeElements[T any](array *cArray, out reflect.Value) *Error {
	data, err := copied[T](array)
	if err == nil {
		out.Set(reflect.NewAt(out.Type(), unsafe.Pointer(&data)).Elem())
	}
	return err
}

// decodeComplex returns the number that a complex is; false for anything else.
func decodeComplex(value *cValue) (complex128, bool, *Error) {
	if value.tag != cTagObject {
		return 0, false, nil
	}
	frame := newFrame()
	defer frame.done()
	object := frame.next()
	object.tag, object.content = value.tag, value.content
	if err := complexParts.call(frame); err != nil {
		return 0, false, err
	}
	defer frame.release()
	if frame.call.result.tag != cTagTuple {
		return 0, false, nil
	}
	parts := itemsOf(&frame.call.result)
	return complex(*content[float64](&parts[0]), *content[float64](&parts[1])), true, nil
}

// decodeTexts converts NumPy's fixed-width text to strings: code points of four bytes each, padded with zeros.
func decodeTexts(array *cArray, out reflect.Value) *Error {
	count, size := array.elements(), int(array.itemSize)/4
	points, err := copied[rune](array)
	if err != nil {
		return err
	}
	out.Set(reflect.MakeSlice(out.Type(), count, count))
	for index := range count {
		text := points[index*size : (index+1)*size]
		for len(text) > 0 && text[len(text)-1] == 0 {
			text = text[:len(text)-1]
		}
		for _, point := range text {
			if !utf8.ValidRune(point) {
				return failure(BadResult, "expected %v, got text in item %d that UTF-8 can't write; an *Object can hold the array", out.Type(), index)
			}
		}
		out.Index(index).SetString(string(text))
	}
	return nil
}

// decodeArray fills a Go array, whose length is part of its type.
func (t *Types) decodeArray(value *cValue, out reflect.Value) *Error {
	items := reflect.New(reflect.SliceOf(out.Type().Elem())).Elem()
	if value.tag == cTagBytes && items.Type().Elem().Kind() == reflect.Uint8 {
		items.SetBytes([]byte(textOf(value)))
	} else if err := t.decodeInto(value, items); err != nil {
		return err
	}
	if items.Len() != out.Len() {
		return wrong(out.Type(), value)
	}
	reflect.Copy(out, items)
	return nil
}

// natural returns a value as its natural Go type.
func (t *Types) natural(value *cValue) (any, *Error) {
	if kind, inner := t.told(value); inner != nil {
		result := reflect.New(kind).Elem()
		err := t.decodeInto(inner, result)
		return result.Interface(), err
	}
	switch value.tag {
	case cTagNone:
		return nil, nil
	case cTagBool:
		return *content[bool](value), nil
	case cTagInt:
		return *content[int64](value), nil
	case cTagUint:
		return *content[uint64](value), nil
	case cTagFloat:
		return *content[float64](value), nil
	case cTagString:
		return strings.Clone(textOf(value)), nil
	case cTagBytes:
		return naturally[Bytes](value)
	case cTagList:
		return within[[]any](t, value)
	case cTagTuple:
		return within[Tuple](t, value)
	case cTagDict:
		return within[map[any]any](t, value)
	case cTagObject:
		return newObject(value), nil
	}
	array := arrayOf(value)
	found, err := naturalArray(value, array)
	if err == nil {
		return found, nil
	}
	if err := arrayCheckMemory.call(addressOf(array)); err != 0 {
		return nil, takeError(err)
	}
	// It has no type in Go, or one without its values. As an object it can be passed on.
	return newObject(value), nil
}

func naturalArray(value *cValue, array *cArray) (any, *Error) {
	switch array.dtype {
	case cDtypeStr:
		return naturally[[]string](value)
	case cDtypeDatetime64:
		return naturally[Times](value)
	case cDtypeTimedelta64:
		return naturally[Durations](value)
	}
	return naturalNumbers(value, array)
}

// decodeKey converts the key of a dict. Go compares no slices: a tuple is an array there, and so are bytes.
func (t *Types) decodeKey(value *cValue, out reflect.Value) *Error {
	if err := t.decodeInto(value, out); err != nil || out.Kind() != reflect.Interface || out.IsNil() {
		return err
	}
	if key := reflect.ValueOf(comparableOf(out.Interface())); key.Type().AssignableTo(out.Type()) {
		out.Set(key)
	}
	return nil
}

// comparableOf returns a natural value as one that can be a key.
func comparableOf(value any) any {
	switch value := value.(type) {
	case Bytes:
		key := reflect.New(reflect.ArrayOf(len(value), reflect.TypeFor[byte]())).Elem()
		reflect.Copy(key, reflect.ValueOf([]byte(value)))
		return key.Interface()
	case Tuple:
		key := reflect.New(reflect.ArrayOf(len(value), reflect.TypeFor[any]())).Elem()
		for index, item := range value {
			if item = comparableOf(item); item != nil {
				key.Index(index).Set(reflect.ValueOf(item))
			}
		}
		return key.Interface()
	}
	return value
}

func naturally[T any](value *cValue) (any, *Error) { return within[T](nil, value) }

// within returns a value as a T, in which values of a generated package's types may be.
func within[T any](t *Types, value *cValue) (any, *Error) {
	var result T
	err := t.decodeInto(value, reflect.ValueOf(&result).Elem())
	return result, err
}
