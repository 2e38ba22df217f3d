package callpy

import (
	"context"
	"testing"
)

func TestItemsOfAnyIterable(t *testing.T) {
	count := good(Load[func(int) (*Object, error)]("itertools:count"))(t)
	var found []int
	for number, err := range good(Items[int](count(5)))(t) {
		if found = append(found, good(number, err)(t)); len(found) == 3 {
			break
		}
	}
	equal(t, found, []int{5, 6, 7})
	keys := good(Load[func([]string) (*Object, error)]("builtins:frozenset"))(t)
	for text, err := range good(Items[string](keys([]string{"a"})))(t) {
		equal(t, good(text, err)(t), "a")
	}
	// An item of another type is the last.
	chain := good(Load[func(...any) (*Object, error)]("itertools:chain"))(t)
	var failed error
	for _, err := range good(Items[int](chain([]any{1, "text", 2})))(t) {
		failed = err
	}
	bad(t, failed, BadResult, "item 1: expected int, got the str 'text'")
	_, err := Items[int](count(0))
	equal(t, err, nil)
	_, err = Items[chan int](count(0))
	bad(t, err, BadArgument, "no result of Python is a chan int")
	_, err = Items[int](CallAs[*Object](ctx, find(t, "builtins:object")))
	bad(t, err, Exception, "not iterable")
	_, err = Items[int](CallAs[*Object](ctx, find(t, "math:sqrt"), -1))
	bad(t, err, Exception, "ValueError")
}

// Items end with their context, also while Python makes one.
func TestItemsEndWithTheirContext(t *testing.T) {
	text := `
begun, ended = [], []

def numbers():
    try:
        yield 1
        begun.append(1)
        while True:
            pass
    finally:
        ended.append(1)
`
	source := Source{Name: "callpy_endless", File: "endless.py", Text: &text}
	equal(t, source.Run(), nil)
	numbers, begun := find(t, "callpy_endless:numbers"), find(t, "callpy_endless:begun.__len__")
	for _, isEarly := range []bool{true, false} {
		waiting, cancel := context.WithCancel(ctx)
		var found []int
		var last error
		for number, err := range good(ItemsContext[int](waiting, good(CallAs[*Object](ctx, numbers))(t), nil))(t) {
			if last = err; err == nil {
				found = append(found, number)
			}
			if isEarly {
				cancel()
				continue
			}
			go func() {
				for count, err := CallAs[int](ctx, begun); count == 0 && err == nil; {
					count, err = CallAs[int](ctx, begun)
				}
				cancel()
			}()
		}
		cancel()
		equal(t, found, []int{1})
		equal(t, last, context.Canceled)
	}
	equal(t, good(CallAs[int](ctx, find(t, "callpy_endless:ended.__len__")))(t), 2)
	_, err := ItemsContext[int](nil, good(CallAs[*Object](ctx, numbers))(t), nil)
	bad(t, err, BadArgument, "the context is nil")
}

func TestItemsReadAnIteratorOnce(t *testing.T) {
	text := `import io
log = io.StringIO("a\nb\nc\n")

class Countdown:
    left = 3

    def __iter__(self):
        # As many do, which no one asks a second time.
        self.left = 3
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left

class Bare:
    __next__ = Countdown.__next__
    left = 3

class Whole:
    def __iter__(self):
        return Bare()

def lines():
    return log
`
	source := Source{Name: "callpy_iterators", File: "iterators.py", Text: &text}
	equal(t, source.Run(), nil)
	for _, name := range []string{"Countdown", "Whole"} {
		var found []int
		for number, err := range good(Items[int](CallAs[*Object](ctx, find(t, "callpy_iterators:"+name))))(t) {
			found = append(found, good(number, err)(t))
		}
		equal(t, found, []int{2, 1, 0})
	}
	// A file stays open for others who have it.
	for range 2 {
		for line, err := range good(Items[string](CallAs[*Object](ctx, find(t, "callpy_iterators:lines"))))(t) {
			if good(line, err)(t) == "b\n" {
				break
			}
		}
	}
	equal(t, good(CallAs[bool](ctx, find(t, "callpy_iterators:log.closed.__eq__"), false))(t), true)
}
