package callpy

import "testing"

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
	bad(t, failed, BadResult, "an item: expected int, got the str 'text'")
	_, err := Items[int](count(0))
	equal(t, err, nil)
	_, err = Items[chan int](count(0))
	bad(t, err, BadArgument, "no result of Python is a chan int")
	_, err = Items[int](CallAs[*Object](ctx, find(t, "builtins:object")))
	bad(t, err, Exception, "not iterable")
	_, err = Items[int](CallAs[*Object](ctx, find(t, "math:sqrt"), -1))
	bad(t, err, Exception, "math domain error")
}
