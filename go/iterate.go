package callpy

import (
	"context"
	"iter"
	"reflect"
)

// Items returns what a Python iterable has, item by item: a generator, say, which need not have an end. It takes
// over the object, as a call returns it with its error.
//
//	count, err := callpy.Load[func(int) (*callpy.Object, error)]("itertools:count")
//	numbers, err := callpy.Items[int](count(5))
//	for number, err := range numbers {
//
// The items can be read once. An error is the last of them. A generator that is not read to its end is closed.
func Items[T any](object *Object, err error) (iter.Seq2[T, error], error) {
	return ItemsContext[T](background, object, err)
}

// ItemsContext returns items as [Items] does. Once the context has ended, its error is the last of them; what Python
// does for an item is cancelled then, as a call is.
func ItemsContext[T any](ctx context.Context, object *Object, err error) (iter.Seq2[T, error], error) {
	if err != nil {
		return nil, err
	}
	defer object.Release()
	if ctx == nil {
		return nil, failure(BadArgument, "the context is nil; pass context.Background()")
	}
	checker := checker{isResult: true}
	if err := checker.check(reflect.TypeFor[T]()); err != nil {
		return nil, err
	}
	function, err := Find("builtins:iter")
	if err != nil {
		return nil, err
	}
	iterator, err := CallAs[*Object](ctx, function, object)
	if err != nil {
		return nil, err
	}
	iterator.types = object.types
	return func(yield func(T, error) bool) {
		defer iterator.end()
		for index := 0; ; index++ {
			item, ok, err := nextItem[T](ctx, iterator, index)
			if err != nil {
				yield(item, err)
				return
			}
			if !ok || !yield(item, nil) {
				return
			}
		}
	}, nil
}

// nextItem returns the next item, of this index; false at the end.
func nextItem[T any](ctx context.Context, iterator *Object, index int) (item T, ok bool, err error) {
	held := iterator.use()
	if held == nil {
		return item, false, nil
	}
	defer held.done()
	function, err := iteratorItem.function()
	if err != nil {
		return item, false, err
	}
	frame := newFrame()
	defer frame.done()
	*frame.next() = cValue{tag: held.value.tag, content: held.value.content}
	if err := frame.run(ctx, function, true); err != nil {
		return item, false, err
	}
	defer frame.release()
	if frame.call.result.tag != cTagTuple {
		return item, false, nil
	}
	items := itemsOf(&frame.call.result)
	if err := iterator.types.decodeInto(&items[0], reflect.ValueOf(&item).Elem()); err != nil {
		var none T
		return none, false, err.atItem(index)
	}
	return item, true, nil
}

// end closes an iterator that can be closed. What a generator raises then has no one to go to.
func (o *Object) end() {
	if function, err := iteratorClose.function(); err == nil {
		_ = function.Run(background, o)
	}
	o.Release()
}
