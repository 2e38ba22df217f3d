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
// callpy:"-".
func fieldsOf(kind reflect.Type) (fields, *Error) {
	if known, ok := knownFields.Load(kind); ok {
		return known.(fields), nil
	}
	var found fields
	hidden := ""
	for index := range kind.NumField() {
		one := kind.Field(index)
		key, isTagged := one.Tag.Lookup("callpy")
		found.isDict = found.isDict || isTagged
		switch {
		case key == "-":
			continue
		case !one.IsExported():
			hidden = one.Name
			continue
		case key == "":
			key = one.Name
		}
		found.all = append(found.all, field{index, one.Name, key})
	}
	if !found.isDict && (hidden != "" || len(found.all) == 0) {
		return found, failure(BadArgument, "a %v can't be passed to Python: only structs whose fields are all exported, or that "+
			"have a field with the tag callpy:\"key\", can", kind)
	}
	knownFields.Store(kind, found)
	return found, nil
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
	if kind == bytesType || kind == timeType || kind.Implements(holderType) {
		return nil
	}
	if c.isResult && reflect.PointerTo(kind).Implements(fillableType) {
		return nil
	}
	if !c.isResult && kind.Implements(lendableType) {
		return nil
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
		if kind == argType || kind.Implements(lendableType) {
			return c.never(kind)
		}
		fields, err := fieldsOf(kind)
		if err != nil {
			return err
		}
		for _, field := range fields.all {
			if err := c.check(kind.Field(field.index).Type); err != nil {
				return err.at("field " + field.name)
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
