package callpy

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// A Kind says what sort of failure an [Error] is, for programs that act on it. It is an error itself, so that
// errors.Is finds it:
//
//	if errors.Is(err, callpy.Exception) {
type Kind uint32

// The kinds of failure.
const (
	Exception   Kind = cErrorPython      // Python raised an exception
	BadArgument Kind = cErrorArgument    // an argument can't be passed to Python
	BadResult   Kind = cErrorResult      // the result is not what was asked for
	BadTarget   Kind = cErrorTarget      // a target does not lead to a function
	NoPython    Kind = cErrorLocate      // no interpreter could be used; Detail names each
	Environment Kind = cErrorEnvironment // an environment could not be created
	NotStarted  Kind = cErrorStart       // the interpreter could not be started
	NoNumpy     Kind = cErrorNumpy       // NumPy is missing, or too old, or broken
	Kept        Kind = cErrorKept        // the result retains lent memory
	Ending      Kind = cErrorEnding      // Python is ending, or has ended
	Panic       Kind = cErrorPanic       // a bug in callpy
	Attach      Kind = cErrorAttach      // the thread is in a sub-interpreter, or inside a call
	Crashed     Kind = cErrorCrashed     // the worker that ran the call has ended
	Busy        Kind = cErrorBusy        // all workers are busy, and enough calls wait
	Deadline    Kind = cErrorDeadline    // the call took longer than it may
	Cancelled   Kind = cErrorCancelled   // the call was cancelled
	Other       Kind = cErrorOther       // any other failure
	Closed      Kind = 1000              // the function was closed, or its workers
	NoLibrary   Kind = 1001              // callpy's C library is not there, or of another release
)

var kindNames = map[Kind]string{
	Exception:   "a Python exception",
	BadArgument: "a bad argument",
	BadResult:   "a bad result",
	BadTarget:   "a bad target",
	NoPython:    "no usable Python",
	Environment: "no environment",
	NotStarted:  "Python not started",
	NoNumpy:     "no usable NumPy",
	Kept:        "lent memory retained",
	Ending:      "Python ending",
	Panic:       "a bug in callpy",
	Attach:      "no attachment",
	Crashed:     "a crashed worker",
	Busy:        "busy workers",
	Deadline:    "a deadline exceeded",
	Cancelled:   "a cancelled call",
	Other:       "another failure",
	Closed:      "a closed function or workers",
	NoLibrary:   "no C library",
}

// String returns the kind in a few words.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("Kind(%d)", uint32(k))
}

// Error returns the same as String.
func (k Kind) Error() string { return k.String() }

// An Error is any failure in this package except a context's. With the kind [Exception] it is a Python
// exception as text; [Error.Object] returns the exception itself. Formatted by %+v it is its Detail.
type Error struct {
	Kind Kind
	// Type is the name of the exception's type, such as "ValueError", and Module the module that defines it.
	Type, Module string
	// Message is str(exception).
	Message string
	// Cause is the exception that this one was raised from, or while handling which it was raised.
	Cause *Error

	// place is where the failure was, from the inside out, as in C, and line says what failed, unless C does.
	place, line string
	// The address of C's error; 0 if this is Go's own.
	c     uintptr
	owner *errorOwner
}

// An errorOwner frees an error of C's once neither it nor one of its causes is used. It has a pointer since Go puts
// several small objects without pointers into one block, and cleans up none of them while another is used.
type errorOwner struct {
	root uintptr
	_    *byte
}

// Error says what failed and where, in one line.
func (e *Error) Error() string { return e.placed(e.text(errorMessage, e.line)) }

// Detail returns the line and everything else that belongs in a log, such as the traceback. It is made when
// it is asked for.
func (e *Error) Detail() string { return e.placed(e.text(errorDetail, e.line)) }

func (e *Error) placed(text string) string {
	if e.place == "" {
		return text
	}
	return e.place + ": " + text
}

// Traceback returns the traceback as Python prints it, chained exceptions included; nothing if this is no
// exception. It is made when it is asked for: the source lines are read from their files then.
func (e *Error) Traceback() string { return e.text(errorTraceback, "") }

// IsA reports whether the exception is of a class or of one derived from it, as in an except clause:
// "builtins.OSError", "json.decoder.JSONDecodeError". The name of one of Python's own needs no module.
func (e *Error) IsA(class string) bool {
	if e.c == 0 || strings.ContainsRune(class, 0) {
		return false
	}
	var keeper keeper
	defer keeper.done()
	defer runtime.KeepAlive(e.owner)
	// C sets the lowest byte of a bool, and leaves the others as they were.
	return uint8(errorExceptionIs.call(e.c, keeper.text(class))) != 0
}

// Object returns the exception object, for what its class has beside a message, such as "errno", and for calls that
// take an exception. Its traceback was let go of. It is nil if this is no exception, or one that was raised in a worker
// or that held memory that was lent.
func (e *Error) Object() *Object {
	if e.c == 0 {
		return nil
	}
	defer runtime.KeepAlive(e.owner)
	result := new(cValue)
	var keeper keeper
	defer keeper.done()
	if uint8(errorExceptionObject.call(e.c, keeper.keep(unsafe.Pointer(result)))) == 0 {
		return nil
	}
	return newObject(result)
}

// Signal returns the signal that ended the worker of a call; 0 if none did, or the error is not of kind [Crashed].
func (e *Error) Signal() syscall.Signal {
	return syscall.Signal(e.number(errorSignal, 0))
}

// ExitStatus returns the exit status of the worker of a call; -1 if it did not exit by itself, or the error is not
// of kind [Crashed].
func (e *Error) ExitStatus() int { return e.number(errorExitStatus, -1) }

// number returns one of the numbers of C's error, or Go's own.
func (e *Error) number(which cFunction, own int) int {
	if e.c == 0 {
		return own
	}
	defer runtime.KeepAlive(e.owner)
	return int(int32(which.call(e.c)))
}

// text returns one of the texts of C's error, or Go's own.
func (e *Error) text(which cFunction, own string) string {
	if e.c == 0 {
		return own
	}
	defer runtime.KeepAlive(e.owner)
	return goText(which.call(e.c))
}

// Format writes the detail for %+v, and the line for other verbs.
func (e *Error) Format(state fmt.State, verb rune) {
	text := e.Error()
	if verb == 'v' {
		verb = 's'
		if state.Flag('+') {
			text = e.Detail()
		}
	}
	fmt.Fprintf(state, fmt.FormatString(state, verb), text)
}

// Is reports whether the error is of a [Kind].
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

func failure(kind Kind, format string, arguments ...any) *Error {
	return &Error{Kind: kind, line: fmt.Sprintf(format, arguments...)}
}

// at adds where it failed: each caller that knows more adds its part, as in "item 2 of argument 1 of math:fsum".
func (e *Error) at(place string) *Error {
	if e.place != "" {
		place = e.place + " of " + place
	}
	e.place = place
	return e
}

// atItem adds the item that failed.
func (e *Error) atItem(index int) *Error { return e.inside("item " + itoa(index)) }

// atKey adds the key of the value that failed.
func (e *Error) atKey(key reflect.Value) *Error {
	if key.Kind() == reflect.Interface {
		key = key.Elem()
	}
	if key.Kind() == reflect.String {
		return e.inside("key " + quoted(key.String()))
	}
	return e.inside(fmt.Sprintf("key %v", key))
}

// quoted returns text as Python shows it.
func quoted(text string) string {
	inner := strconv.Quote(text)
	if strings.Contains(text, "'") && !strings.Contains(text, "\"") {
		return inner
	}
	inner = strings.ReplaceAll(inner[1:len(inner)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
}

// inside adds a place inside another value, but to what is nested too deeply, which is in no place.
func (e *Error) inside(place string) *Error {
	if e.line == tooDeep {
		return e
	}
	return e.at(place)
}

// toError takes over an error from C, or none.
func toError(address uintptr) error {
	if address == 0 {
		return nil
	}
	return takeError(address)
}

func takeError(address uintptr) *Error {
	owner := &errorOwner{root: address}
	runtime.AddCleanup(owner, func(address uintptr) { free(errorFree, address) }, address)
	return readError(address, owner)
}

func readError(address uintptr, owner *errorOwner) *Error {
	read := &Error{
		Kind:    Kind(errorKind.call(address)),
		Type:    goText(errorExceptionType.call(address)),
		Module:  goText(errorExceptionModule.call(address)),
		Message: goText(errorExceptionMessage.call(address)),
		c:       address,
		owner:   owner,
	}
	if cause := errorCause.call(address); cause != 0 {
		read.Cause = readError(cause, owner)
	}
	return read
}
