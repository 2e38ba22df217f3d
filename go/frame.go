package callpy

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
)

// A frame is the memory of one call: what Go passes, all that this leads to, and what C returns. It is used
// again by later calls, so that a call with few arguments allocates nothing.
type frame struct {
	keeper
	call   cInvocation
	limits cLimits
	values []cValue
	named  []cNamed
	// Results of C's that are in use until the call ends.
	held []*held
	// The generated package's own types, and whether what is converted may be any of them.
	types  *Types
	isOpen bool
	// Whether slices of numbers are lists.
	hasLists bool
	// Whether what is converted is in the key of a dict.
	isKey bool
	// Room for the first arguments, and for those of them that are slices.
	few     [fewArguments]cValue
	arrays  [fewArguments]cArray
	lengths [fewArguments]int
	lent    int
}

const fewArguments = 4

var frames = sync.Pool{New: func() any {
	frame := new(frame)
	frame.kept = make([]unsafe.Pointer, 0, fewArguments)
	return frame
}}

func newFrame() *frame {
	frame := frames.Get().(*frame)
	frame.values = frame.few[:0]
	return frame
}

// done gives the frame back. Only what leads to memory is cleared: invoke fills in the rest.
func (f *frame) done() {
	if len(f.kept) > 0 {
		runtime.KeepAlive(f.kept)
		clear(f.kept)
		f.kept = f.kept[:0]
	}
	if len(f.held) > 0 {
		for _, held := range f.held {
			held.done()
		}
		clear(f.held)
		f.held = f.held[:0]
	}
	f.values, f.named, f.lent = nil, nil, 0
	f.types, f.isOpen, f.hasLists, f.isKey = nil, false, false, false
	frames.Put(f)
}

// next returns the place of the next positional argument.
func (f *frame) next() *cValue {
	f.values = append(f.values, cValue{})
	return &f.values[len(f.values)-1]
}

// run makes the call of a function that is usable, whose result is in f.call.result then.
func (f *frame) run(ctx context.Context, function *Function, wanted bool) error {
	// Most contexts never end.
	canEnd := ctx.Done() != nil
	if canEnd {
		if err := ended(ctx); err != nil {
			return err
		}
	}
	left, err := function.begin(ctx)
	if err != nil {
		return err
	}
	defer calls.leave()
	if function.pool != nil {
		if err := function.enter(); err != nil {
			return err
		}
	}
	if canEnd || left > 0 {
		f.limits = cLimits{within: uintptr(left)}
		f.call.limits = addressOf(&f.limits)
	}
	if canEnd {
		stop := cancelWith(ctx, &f.limits)
		f.invoke(function, wanted)
		stop()
	} else {
		f.invoke(function, wanted)
	}
	function.leave()
	if f.call.failed == 0 {
		return nil
	}
	err = orEnded(ctx, toError(f.call.failed))
	if left > 0 && errors.Is(err, Deadline) {
		// Not what was left of the time.
		return function.late()
	}
	return err
}

// invoke makes the call of a function that stays until it has returned.
func (f *frame) invoke(function *Function, wanted bool) {
	f.call.wanted = 0
	if wanted {
		f.call.wanted = 1
	}
	f.invokeFor(function)
}

// invokeFor does the same where it is said already how the result is wanted.
func (f *frame) invokeFor(function *Function) {
	f.call.function = function.handle
	f.call.arguments, f.call.argumentsLength = addressOf(unsafe.SliceData(f.values)), uintptr(len(f.values))
	f.call.named, f.call.namedLength = addressOf(unsafe.SliceData(f.named)), uintptr(len(f.named))
	f.call.result.tag = cTagNone
	invoke.with(unsafe.Pointer(&f.call))
	f.call.limits = 0
}

// release frees what the result holds; a number holds nothing.
func (f *frame) release() { release(&f.call.result) }

func release(value *cValue) {
	if value.tag > cTagFloat {
		valueRelease.with(unsafe.Pointer(value))
	}
}

// lend makes a value an array of elements, of one axis. The elements must be alive until the call ends.
func (f *frame) lend(to *cValue, data unsafe.Pointer, length int, dtype uint32) {
	array := f.newArray(length)
	array.data, array.dtype = f.keep(data), dtype
	to.tag = cTagArray
	to.content[0] = addressOf(array)
}

// newArray returns an array of one axis, in the frame if there is room.
func (f *frame) newArray(length int) *cArray {
	if f.lent == len(f.arrays) {
		shape, array := &[1]int{length}, &cArray{ndim: 1}
		array.shape = f.keep(unsafe.Pointer(shape))
		f.keep(unsafe.Pointer(array))
		return array
	}
	array := &f.arrays[f.lent]
	f.lengths[f.lent] = length
	*array = cArray{ndim: 1, shape: addressOf(&f.lengths[f.lent])}
	f.lent++
	return array
}

func (f *frame) text(to *cValue, text string, tag uint32) {
	to.tag = tag
	if len(text) > 0 {
		to.content[0] = f.keep(unsafe.Pointer(unsafe.StringData(text)))
	}
	to.content[1] = uintptr(len(text))
}

// put writes an argument; what most arguments are needs no reflection.
func put[T any](f *frame, value T) *Error {
	to := f.next()
	switch passed := any(&value).(type) {
	case *float64:
		to.tag = cTagFloat
		*content[float64](to) = *passed
	case *int:
		to.tag = cTagInt
		*content[int64](to) = int64(*passed)
	case *int64:
		to.tag = cTagInt
		*content[int64](to) = *passed
	case *bool:
		to.tag = cTagBool
		*content[bool](to) = *passed
	case *string:
		f.text(to, *passed, cTagString)
	case *[]float64:
		f.lend(to, unsafe.Pointer(unsafe.SliceData(*passed)), len(*passed), cDtypeFloat64)
	case *[]float32:
		f.lend(to, unsafe.Pointer(unsafe.SliceData(*passed)), len(*passed), cDtypeFloat32)
	case *[]int64:
		f.lend(to, unsafe.Pointer(unsafe.SliceData(*passed)), len(*passed), cDtypeInt64)
	default:
		// A copy, since all that reflection sees is on the heap.
		boxed := value
		if err := f.value(reflect.ValueOf(boxed), to, 0); err != nil {
			return err.at("argument " + itoa(len(f.values)))
		}
	}
	return nil
}
