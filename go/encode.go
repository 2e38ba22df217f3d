package callpy

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// Bytes is Python's bytes. (A []byte is an array of uint8.)
type Bytes []byte

// Tuple is Python's tuple, both ways. (A []any is a list.) As a key of a map, which can't be a slice, a tuple is an
// array, such as [2]any{"a", int64(1)}; bytes are one, too, such as [1]byte{'a'}.
type Tuple []any

// An Arg is a keyword argument, made by [Named].
type Arg struct {
	name  string
	value any
}

// Named returns a keyword argument, to be passed after the positional ones.
func Named(name string, value any) Arg { return Arg{name, value} }

// maxDepth is how deeply values may be nested, the same as in C: a value that contains itself has no end.
const maxDepth = 200

const tooDeep = "values are nested more than 200 deep"

func itoa(number int) string { return strconv.Itoa(number) }

// argument writes an argument of a call: positional, or a keyword argument.
func (f *frame) argument(from reflect.Value) *Error {
	inner := from
	if from.IsValid() && from.Kind() == reflect.Interface {
		inner = from.Elem()
	}
	if inner.IsValid() && inner.Type() == argType {
		return f.keyword(inner.Interface().(Arg))
	}
	if f.named != nil {
		return failure(BadArgument, "a positional argument follows a keyword argument: put keyword arguments last")
	}
	if err := f.value(from, f.next(), 0); err != nil {
		return err.at("argument " + itoa(len(f.values)))
	}
	return nil
}

func (f *frame) keyword(argument Arg) *Error {
	if strings.ContainsRune(argument.name, 0) {
		return failure(BadArgument, "the name %q has a NUL character in it", argument.name)
	}
	passed := cNamed{name: f.keeper.text(argument.name)}
	if err := f.value(reflect.ValueOf(argument.value), &passed.value, 0); err != nil {
		return err.at("argument \"" + argument.name + "\"")
	}
	f.named = append(f.named, passed)
	return nil
}

func (f *frame) value(from reflect.Value, to *cValue, depth int) *Error {
	if !from.IsValid() {
		// nil without a type.
		return nil
	}
	if depth > maxDepth {
		return failure(BadArgument, tooDeep)
	}
	kind := from.Kind()
	if kind == reflect.Interface {
		return f.anyValue(from.Elem(), to, depth)
	}
	if f.isOpen {
		if name, ok := f.types.names[from.Type()]; ok {
			return f.marked(name, from, to, depth)
		}
	}
	// Before any method is called on it: a nil pointer is None, whatever its type.
	if kind == reflect.Pointer && from.IsNil() {
		return nil
	}
	switch kind {
	case reflect.Bool:
		to.tag = cTagBool
		*content[bool](to) = from.Bool()
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		to.tag = cTagInt
		*content[int64](to) = from.Int()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint, reflect.Uintptr:
		to.tag = cTagUint
		*content[uint64](to) = from.Uint()
	case reflect.Float32, reflect.Float64:
		to.tag = cTagFloat
		*content[float64](to) = from.Float()
	case reflect.String:
		f.text(to, from.String(), cTagString)
	case reflect.Slice:
		switch {
		case from.Type() == bytesType:
			f.text(to, unsafe.String(unsafe.SliceData(from.Bytes()), from.Len()), cTagBytes)
		case from.Type() == tupleType:
			return f.items(from, to, cTagTuple, depth)
		case isLendable(from.Type()):
			return from.Interface().(lendable).lend(f, to)
		default:
			return f.slice(from, to, depth)
		}
	case reflect.Array:
		if f.isKey {
			return f.arrayKey(from, to, depth)
		}
		if dtypeOf(from.Type().Elem().Kind()) != 0 && !from.CanAddr() {
			here := reflect.New(from.Type()).Elem()
			here.Set(from)
			from = here
		}
		return f.slice(from, to, depth)
	case reflect.Map:
		return f.dict(from, to, depth)
	case reflect.Pointer:
		if isHolder(from.Type()) {
			return f.hold(from.Interface().(holder), to)
		}
		if from.Type() == functionType {
			return failure(BadArgument, "a %v can't be passed to Python; CallAs[*Object] returns objects that can", from.Type())
		}
		return f.value(from.Elem(), to, depth+1)
	case reflect.Complex64, reflect.Complex128:
		return f.complex(from.Complex(), to)
	case reflect.Struct:
		return f.structure(from, to, depth)
	default:
		return failure(BadArgument, "a %v can't be passed to Python", from.Type())
	}
	return nil
}

// anyValue passes what is in an interface. No hint says there which of a package's own types it is.
func (f *frame) anyValue(from reflect.Value, to *cValue, depth int) *Error {
	before := f.isOpen
	f.isOpen = f.types != nil
	err := f.value(from, to, depth)
	f.isOpen = before
	return err
}

// marked passes a value of a package's own type with the type's name, for its glue to recognise. What is in it has
// hints again.
func (f *frame) marked(name string, from reflect.Value, to *cValue, depth int) *Error {
	items := make([]cValue, 2)
	f.text(&items[0], name, cTagString)
	f.isOpen = false
	err := f.value(from, &items[1], depth+1)
	f.isOpen = true
	f.setItems(to, cTagTuple, items)
	return err
}

// hold passes what stays C's, which is in use until the call ends.
func (f *frame) hold(from holder, to *cValue) *Error {
	held := from.use()
	if held == nil {
		return failure(BadArgument, "the %T is released, or no call has returned it", from)
	}
	f.held = append(f.held, held)
	to.tag, to.content = held.value.tag, held.value.content
	return nil
}

// slice passes a slice, or an array that has an address.
func (f *frame) slice(from reflect.Value, to *cValue, depth int) *Error {
	dtype := dtypeOf(from.Type().Elem().Kind())
	if dtype == 0 || f.hasLists {
		return f.items(from, to, cTagList, depth)
	}
	if from.Kind() == reflect.Array {
		from = from.Slice(0, from.Len())
	}
	f.lend(to, from.UnsafePointer(), from.Len(), dtype)
	return nil
}

func (f *frame) items(from reflect.Value, to *cValue, tag uint32, depth int) *Error {
	if code := codes[from.Type().Elem().Kind()]; code != "" && tag == cTagList && from.Len() >= manyNumbers {
		return f.numbers(from, code, to)
	}
	items := make([]cValue, from.Len())
	if from.Kind() == reflect.Slice {
		// What most numbers are needs no reflection for each.
		switch from.Type().Elem().Kind() {
		case reflect.Int:
			setNumbers[int, int64](items, cTagInt, from.UnsafePointer())
		case reflect.Int64:
			setNumbers[int64, int64](items, cTagInt, from.UnsafePointer())
		case reflect.Float64:
			setNumbers[float64, float64](items, cTagFloat, from.UnsafePointer())
		}
		if len(items) > 0 && items[0].tag != cTagNone {
			f.setItems(to, tag, items)
			return nil
		}
	}
	for index := range items {
		if err := f.value(from.Index(index), &items[index], depth+1); err != nil {
			return err.atItem(index)
		}
	}
	f.setItems(to, tag, items)
	return nil
}

// manyNumbers is from how many numbers on a list is made of their memory, by Python, instead of a value for each.
const manyNumbers = 32

// codes are Python's letters for kinds of numbers in memory, and NumPy's for complex ones.
var codes = [reflect.UnsafePointer + 1]string{
	reflect.Bool: "?", reflect.Float32: "f", reflect.Float64: "d",
	reflect.Int: "q", reflect.Int8: "b", reflect.Int16: "h", reflect.Int32: "i", reflect.Int64: "q",
	reflect.Complex64: "F", reflect.Complex128: "D",
	reflect.Uint: "Q", reflect.Uint8: "B", reflect.Uint16: "H", reflect.Uint32: "I", reflect.Uint64: "Q",
}

// numbers passes the numbers in a slice, or in an array that has an address, as a list.
func (f *frame) numbers(from reflect.Value, code string, to *cValue) *Error {
	if from.Kind() == reflect.Array {
		from = from.Slice(0, from.Len())
	}
	frame := newFrame()
	defer frame.done()
	put(frame, code)
	size := from.Len() * int(from.Type().Elem().Size())
	frame.text(frame.next(), unsafe.String((*byte)(from.UnsafePointer()), size), cTagBytes)
	return f.made(madeNumbers, frame, to)
}

// setNumbers fills values with the T that are in memory, as the C that they are in C.
func setNumbers[T, C int | int64 | float64](items []cValue, tag uint32, data unsafe.Pointer) {
	for index, number := range unsafe.Slice((*T)(data), len(items)) {
		items[index].tag = tag
		*content[C](&items[index]) = C(number)
	}
}

func (f *frame) dict(from reflect.Value, to *cValue, depth int) *Error {
	items := make([]cValue, 0, 2*from.Len())
	for entries := from.MapRange(); entries.Next(); {
		items = append(items, cValue{}, cValue{})
		if err := f.key(entries.Key(), &items[len(items)-2], depth+1); err != nil {
			return err.inside("a key")
		}
		if err := f.value(entries.Value(), &items[len(items)-1], depth+1); err != nil {
			return err.atKey(entries.Key())
		}
	}
	f.setItems(to, cTagDict, items)
	return nil
}

// key passes the key of a dict, in which an array is what Python can hash.
func (f *frame) key(from reflect.Value, to *cValue, depth int) *Error {
	before := f.isKey
	f.isKey = true
	err := f.value(from, to, depth)
	f.isKey = before
	return err
}

// arrayKey passes an array in a key: bytes, or a tuple of anything else.
func (f *frame) arrayKey(from reflect.Value, to *cValue, depth int) *Error {
	if from.Type().Elem().Kind() != reflect.Uint8 {
		return f.items(from, to, cTagTuple, depth)
	}
	bytes := make([]byte, from.Len())
	for index := range bytes {
		bytes[index] = byte(from.Index(index).Uint())
	}
	f.text(to, unsafe.String(unsafe.SliceData(bytes), len(bytes)), cTagBytes)
	return nil
}

func (f *frame) setItems(to *cValue, tag uint32, items []cValue) {
	to.tag = tag
	if len(items) > 0 {
		to.content[0] = f.keep(unsafe.Pointer(unsafe.SliceData(items)))
	}
	to.content[1] = uintptr(len(items))
}

// complex passes a complex number, for which the C ABI has no tag.
func (f *frame) complex(from complex128, to *cValue) *Error {
	frame := newFrame()
	defer frame.done()
	put(frame, real(from))
	put(frame, imag(from))
	return f.made(madeComplex, frame, to)
}

// made passes the object that a function of the helpers makes of what is in a frame.
func (f *frame) made(by *helper, frame *frame, to *cValue) *Error {
	if err := by.call(frame); err != nil {
		return err
	}
	object := newObject(&frame.call.result)
	// It is in use by the call until that ends.
	defer object.Release()
	return f.hold(object, to)
}

// structure passes a struct: an array of this package's, a time, or any other as a tuple or a dict of its fields.
func (f *frame) structure(from reflect.Value, to *cValue, depth int) *Error {
	if isLendable(from.Type()) {
		return from.Interface().(lendable).lend(f, to)
	}
	if isLists(from.Type()) {
		before := f.hasLists
		f.hasLists = true
		err := f.value(from.Interface().(lists).inside(), to, depth+1)
		f.hasLists = before
		return err
	}
	if isHolder(from.Type()) {
		return f.hold(from.Interface().(holder), to)
	}
	if from.Type() == timeType {
		return f.time(from.Interface().(time.Time), to)
	}
	if from.Type() == argType {
		return failure(BadArgument, "the keyword argument %q is inside a value; pass it to the call itself", from.Interface().(Arg).name)
	}
	fields, err := fieldsOf(from.Type())
	if err != nil {
		return err
	}
	tag := uint32(cTagTuple)
	items := make([]cValue, 0, 2*len(fields.all))
	for _, field := range fields.all {
		if fields.isDict {
			tag = cTagDict
			items = append(items, cValue{})
			f.text(&items[len(items)-1], field.key, cTagString)
		}
		items = append(items, cValue{})
		if err := f.value(from.Field(field.index), &items[len(items)-1], depth+1); err != nil {
			return err.inside("the field " + field.name)
		}
	}
	f.setItems(to, tag, items)
	return nil
}
