package callpy

import (
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"
)

// A Retained is what a program is told of a function that retains its arguments.
type Retained struct {
	// Function is the function as errors name it.
	Function string
	// Arguments are the retained arguments as errors name them: "argument 1", "argument \"data\"".
	Arguments []string
	// Holders says what holds them.
	Holders []string

	message string
}

// String returns one line that says all of it: what is written to stderr where nothing is told.
func (r Retained) String() string { return r.message }

var onRetained atomic.Pointer[func(Retained)]

// WithOnRetained has a function told of each Python function that was seen to retain its arguments and
// gets copies from now on, once for each. Without it a line on stderr says so. The call that showed it
// waits for tell, which may call Python functions and may run on several goroutines at once. The tell of a
// later [Start] takes its place.
func WithOnRetained(tell func(Retained)) Option { return func(o *options) { o.onRetained = tell } }

// retainedHook returns the address of what C calls.
var retainedHook = sync.OnceValue(func() uintptr { return purego.NewCallback(tellRetained) })

func tellRetained(address, _ uintptr) uintptr {
	tell := onRetained.Load()
	retained := at[cRetained](address)
	told := Retained{
		Function:  goText(retained.function),
		Arguments: goTexts(retained.arguments, retained.argumentsLength),
		Holders:   goTexts(retained.holders, retained.holdersLength),
		message:   goText(retained.message),
	}
	// On a goroutine of its own: a panic or a runtime.Goexit in it must not unwind the frames of C below.
	done := make(chan struct{})
	go func() {
		defer func() {
			// Not closed first: the program would go on, and might end before the panic ends it.
			if panicked := recover(); panicked != nil {
				panic(panicked)
			}
			close(done)
		}()
		(*tell)(told)
	}()
	<-done
	return 0
}
