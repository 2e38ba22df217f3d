package callpy

import (
	"context"
	"reflect"
	"sync"
	"time"
)

var (
	argType      = reflect.TypeFor[Arg]()
	bytesType    = reflect.TypeFor[Bytes]()
	contextType  = reflect.TypeFor[context.Context]()
	errorType    = reflect.TypeFor[error]()
	fillableType = reflect.TypeFor[fillable]()
	functionType = reflect.TypeFor[*Function]()
	holderType   = reflect.TypeFor[holder]()
	takeableType = reflect.TypeFor[takeable]()
	lendableType = reflect.TypeFor[lendable]()
	listsType    = reflect.TypeFor[lists]()
	timeType     = reflect.TypeFor[time.Time]()
	tupleType    = reflect.TypeFor[Tuple]()
)

// A field is one of a struct that is a tuple or a dict in Python.
type field struct {
	index     int
	name, key string
}

type fields struct {
	all []field
	// Whether the struct is a dict: a field of it has the tag callpy.
	isDict bool
}

// What fieldsOf found, by type.
var knownFields sync.Map

// fieldsOf returns a struct's fields: all of them, or, if it is a dict, all exported ones but those with the tag
// callpy:"-". What would be left out against what the program says is an error.
func fieldsOf(kind reflect.Type) (fields, *Error) {
	if known, ok := knownFields.Load(kind); ok {
		return known.(fields), nil
	}
	var found fields
	hidden, embedded, keys := "", "", make(map[string]string)
	for index := range kind.NumField() {
		one := kind.Field(index)
		key, isTagged := one.Tag.Lookup("callpy")
		found.isDict = found.isDict || isTagged
		switch {
		case key == "-":
			continue
		case !one.IsExported() && isTagged:
			return found, failure(BadArgument, "a %v can't be passed to Python: its field %s has a tag, and is not exported", kind, one.Name)
		case !one.IsExported():
			hidden = one.Name
			if one.Anonymous {
				embedded = one.Name
			}
			continue
		case key == "":
			key = one.Name
		}
		if other, ok := keys[key]; ok {
			return found, failure(BadArgument, "a %v can't be passed to Python: its fields %s and %s are both the key %q",
				kind, other, one.Name, key)
		}
		keys[key] = one.Name
		found.all = append(found.all, field{index, one.Name, key})
	}
	if found.isDict && embedded != "" {
		return found, failure(BadArgument, "a %v can't be passed to Python: it embeds %s, which is not exported; the tag "+
			"callpy:\"-\" leaves it out", kind, embedded)
	}
	if !found.isDict && (hidden != "" || len(found.all) == 0) {
		return found, failure(BadArgument, "a %v can't be passed to Python: only structs whose fields are all exported, or that "+
			"have a field with the tag callpy:\"key\", can", kind)
	}
	knownFields.Store(kind, found)
	return found, nil
}

// embeds says whether a struct has an embedded field, whose methods are the struct's too: it is no array, view or object
// of this package's, though it may look like one.
func embeds(kind reflect.Type) bool {
	if kind.Kind() != reflect.Struct {
		return false
	}
	for index := range kind.NumField() {
		if kind.Field(index).Anonymous {
			return true
		}
	}
	return false
}

// isHolder says whether values of a type are a view or an object: a struct that embeds one, and has nothing else, is
// what it embeds, as the classes of generated packages are.
func isHolder(kind reflect.Type) bool {
	if !kind.Implements(holderType) {
		return false
	}
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return !embeds(kind) || kind.NumField() == 1
}

// isLists says whether values of a type are [Lists].
func isLists(kind reflect.Type) bool { return kind.Implements(listsType) && !embeds(kind) }

func isLendable(kind reflect.Type) bool { return kind.Implements(lendableType) && !embeds(kind) }

// isFillable says whether a pointer to a type is filled from an array.
func isFillable(kind reflect.Type) bool {
	return reflect.PointerTo(kind).Implements(fillableType) && !embeds(kind)
}

// isTakeable says whether a pointer to a type takes over an array.
func isTakeable(kind reflect.Type) bool {
	return reflect.PointerTo(kind).Implements(takeableType) && !embeds(kind)
}

// A checker says why a type can never be an argument, or a result.
type checker struct {
	isResult bool
	seen     map[reflect.Type]bool
}

// check returns the type that can't be passed; nil if there is none.
func (c *checker) check(kind reflect.Type) *Error {
	if c.seen[kind] {
		// It contains itself, by a pointer, slice or map.
		return nil
	}
	if c.seen == nil {
		c.seen = make(map[reflect.Type]bool)
	}
	c.seen[kind] = true
	if kind == bytesType || kind == timeType || isHolder(kind) {
		return nil
	}
	if c.isResult && isFillable(kind) || !c.isResult && isLendable(kind) {
		return nil
	}
	if isLists(kind) {
		if c.isResult {
			return c.never(kind)
		}
		return c.check(kind.Field(0).Type)
	}
	switch kind.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return c.never(kind)
	case reflect.Uintptr:
		if c.isResult {
			return c.never(kind)
		}
	case reflect.Interface:
		// What is in it is known at the call.
		if c.isResult && kind.NumMethod() > 0 {
			return c.never(kind)
		}
	case reflect.Pointer:
		if kind == functionType {
			return c.never(kind)
		}
		return c.check(kind.Elem())
	case reflect.Slice, reflect.Array:
		return c.check(kind.Elem())
	case reflect.Map:
		if err := c.check(kind.Key()); err != nil {
			return err
		}
		return c.check(kind.Elem())
	case reflect.Struct:
		if kind == argType || isLendable(kind) {
			return c.never(kind)
		}
		fields, err := fieldsOf(kind)
		if err != nil {
			return err
		}
		for _, field := range fields.all {
			if err := c.check(kind.Field(field.index).Type); err != nil {
				return err.at("the field " + field.name)
			}
		}
	}
	return nil
}

func (c *checker) never(kind reflect.Type) *Error {
	if c.isResult {
		return failure(BadArgument, "no result of Python is a %v", kind)
	}
	return failure(BadArgument, "a %v can't be passed to Python", kind)
}

// checkFunction returns an error if a function of this type can never be called.
func checkFunction(kind reflect.Type) *Error {
	if kind.Kind() != reflect.Func || kind.NumOut() == 0 || kind.Out(kind.NumOut()-1) != errorType {
		return failure(BadArgument, "expected a function type whose last result is an error")
	}
	for index := range kind.NumIn() {
		parameter := kind.In(index)
		if kind.IsVariadic() && index == kind.NumIn()-1 {
			parameter = parameter.Elem()
		}
		// The first may be one.
		if parameter == contextType {
			if index > 0 {
				return failure(BadArgument, "a context.Context must be the first parameter")
			}
			continue
		}
		if parameter == argType {
			continue
		}
		if err := new(checker).check(parameter); err != nil {
			return err
		}
	}
	for index := range kind.NumOut() - 1 {
		checker := checker{isResult: true}
		if err := checker.check(kind.Out(index)); err != nil {
			return err
		}
	}
	return nil
}
