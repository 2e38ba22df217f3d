package callpy

import (
	"runtime"
	"strings"
	"unsafe"

	"github.com/callpy/callpy/go/internal/onearg"
	"github.com/ebitengine/purego"
)

// The structs of callpy.h. C's pointers are numbers here, and so are Go's that C gets: the garbage collector
// never mistakes one for the other, and what C reads is kept alive by a frame. The constants are in
// constants.go. A build with the tag callpy_static compares all of it with the header.

type cValue struct {
	tag, owned uint32
	content    [2]uintptr
}

type cArray struct {
	data, shape, strides       uintptr
	ndim, itemSize             uintptr
	dtype, unit, flags, marker uint32
}

type cNamed struct {
	name  uintptr
	value cValue
}

type cOptions struct {
	python                           uintptr
	requirements, requirementsLength uintptr
	scripts, scriptsLength           uintptr
	folders, foldersLength           uintptr
	language                         uintptr
	onRetained, onRetainedContext    uintptr
	libraryThreads                   uintptr
}

type cRetained struct {
	message, function          uintptr
	arguments, argumentsLength uintptr
	holders, holdersLength     uintptr
}

// A cInvocation is a call with everything that belongs to it.
type cInvocation struct {
	function                   uintptr
	arguments, argumentsLength uintptr
	named, namedLength         uintptr
	wanted                     uintptr
	limits                     uintptr
	result                     cValue
	failed                     uintptr
}

type cLimits struct {
	within, call, retries uintptr
}

type cWorkersOptions struct {
	setup                      uintptr
	variables, variablesLength uintptr
	maxWaiting, calls, memory  uintptr
	startWithin                uint64
}

type cSource struct {
	name, file, text uintptr
}

// content is what a value holds, read as a T.
func content[T any](value *cValue) *T { return (*T)(unsafe.Pointer(&value.content)) }

// at returns C's memory at an address. Go's vet would have a conversion of the number be a mistake, which it
// is for Go's own memory.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// addressOf returns the address of memory that something else keeps alive and in place.
func addressOf[T any](memory *T) uintptr { return uintptr(unsafe.Pointer(memory)) }

// A cFunction is one of the library's functions.
type cFunction int

const (
	arrayCheckMemory cFunction = iota
	arrayRelease
	callCancel
	callFree
	callNew
	errorCause
	errorDetail
	errorExceptionIs
	errorExceptionMessage
	errorExceptionModule
	errorExceptionObject
	errorExceptionType
	errorExitStatus
	errorFree
	errorKind
	errorMessage
	errorSignal
	errorTraceback
	functionFree
	functionLends
	functionLimit
	functionLoad
	functionMap
	functionRetains
	invoke
	moduleRun
	pythonEnd
	pythonStart
	pythonTrim
	valueMismatch
	valueRelease
	version
	workersFree
	workersFunction
	workersGetStatistics
	workersRestart
	workersSourceFunction
	workersStart
)

// The names of the library's functions.
var cNames = [...]string{
	arrayCheckMemory:      "callpy_array_check_memory",
	arrayRelease:          "callpy_array_release",
	callCancel:            "callpy_call_cancel",
	callFree:              "callpy_call_free",
	callNew:               "callpy_call_new",
	errorCause:            "callpy_error_cause",
	errorDetail:           "callpy_error_detail",
	errorExceptionIs:      "callpy_error_exception_is",
	errorExceptionMessage: "callpy_error_exception_message",
	errorExceptionModule:  "callpy_error_exception_module",
	errorExceptionObject:  "callpy_error_exception_object",
	errorExceptionType:    "callpy_error_exception_type",
	errorExitStatus:       "callpy_error_exit_status",
	errorFree:             "callpy_error_free",
	errorKind:             "callpy_error_kind",
	errorMessage:          "callpy_error_message",
	errorSignal:           "callpy_error_signal",
	errorTraceback:        "callpy_error_traceback",
	functionFree:          "callpy_function_free",
	functionLends:         "callpy_function_lends",
	functionLimit:         "callpy_function_limit",
	functionLoad:          "callpy_function_load",
	functionMap:           "callpy_function_map",
	functionRetains:       "callpy_function_retains",
	invoke:                "callpy_invoke",
	moduleRun:             "callpy_module_run",
	pythonEnd:             "callpy_python_end",
	pythonStart:           "callpy_python_start",
	pythonTrim:            "callpy_python_trim",
	valueMismatch:         "callpy_value_mismatch",
	valueRelease:          "callpy_value_release",
	version:               "callpy_version",
	workersFree:           "callpy_workers_free",
	workersFunction:       "callpy_workers_function",
	workersGetStatistics:  "callpy_workers_get_statistics",
	workersRestart:        "callpy_workers_restart",
	workersSourceFunction: "callpy_workers_source_function",
	workersStart:          "callpy_workers_start",
}

// call calls one of the library's functions with numbers and addresses, and returns its result. What the
// addresses lead to must be kept alive by the caller, and be on the heap.
func (f cFunction) call(arguments ...uintptr) uintptr {
	result, _, _ := purego.SyscallN(addresses[f], arguments...)
	return result
}

// with calls one of the library's functions that takes one pointer, at a fraction of call's cost.
func (f cFunction) with(argument unsafe.Pointer) { onearg.Call(addresses[f], argument) }

// free calls one of the library's functions that frees what is at an address of C's.
func free(with cFunction, address uintptr) { with.with(unsafe.Pointer(at[byte](address))) }

// A keeper keeps memory alive, and on the heap, while C reads it.
type keeper struct{ kept []unsafe.Pointer }

func (k *keeper) keep(memory unsafe.Pointer) uintptr {
	if memory != nil {
		k.kept = append(k.kept, memory)
	}
	return uintptr(memory)
}

// text returns the address of a copy that ends with a zero byte.
func (k *keeper) text(text string) uintptr {
	return k.keep(unsafe.Pointer(unsafe.SliceData(append([]byte(text), 0))))
}

func (k *keeper) texts(texts []string) (address, length uintptr) {
	if len(texts) == 0 {
		return 0, 0
	}
	addresses := make([]uintptr, len(texts))
	for index, text := range texts {
		addresses[index] = k.text(text)
	}
	return k.keep(unsafe.Pointer(unsafe.SliceData(addresses))), uintptr(len(texts))
}

// done ends what the keeper is for: nothing that it keeps may be freed before.
func (k *keeper) done() { runtime.KeepAlive(k.kept) }

// goText copies text of C's that ends with a zero byte.
func goText(address uintptr) string {
	if address == 0 {
		return ""
	}
	length := 0
	for *at[byte](address + uintptr(length)) != 0 {
		length++
	}
	return strings.Clone(unsafe.String(at[byte](address), length))
}

func goTexts(address, length uintptr) []string {
	texts := make([]string, length)
	for index := range texts {
		texts[index] = goText(*at[uintptr](address + uintptr(index)*unsafe.Sizeof(address)))
	}
	return texts
}
