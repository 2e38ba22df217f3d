//go:build callpy_static

package callpy

/*
#cgo LDFLAGS: -lcallpy_c -lm
#cgo linux LDFLAGS: -ldl -lpthread
#include <stddef.h>
#include "callpy.h"

static const uintptr_t callpy_go_addresses[] = {
    (uintptr_t)callpy_array_check_memory,
    (uintptr_t)callpy_array_release,
    (uintptr_t)callpy_call_cancel,
    (uintptr_t)callpy_call_free,
    (uintptr_t)callpy_call_new,
    (uintptr_t)callpy_error_cause,
    (uintptr_t)callpy_error_detail,
    (uintptr_t)callpy_error_exception_is,
    (uintptr_t)callpy_error_exception_message,
    (uintptr_t)callpy_error_exception_module,
    (uintptr_t)callpy_error_exception_object,
    (uintptr_t)callpy_error_exception_type,
    (uintptr_t)callpy_error_exit_status,
    (uintptr_t)callpy_error_free,
    (uintptr_t)callpy_error_kind,
    (uintptr_t)callpy_error_message,
    (uintptr_t)callpy_error_signal,
    (uintptr_t)callpy_error_traceback,
    (uintptr_t)callpy_function_free,
    (uintptr_t)callpy_function_lends,
    (uintptr_t)callpy_function_limit,
    (uintptr_t)callpy_function_load,
    (uintptr_t)callpy_function_map,
    (uintptr_t)callpy_function_retains,
    (uintptr_t)callpy_invoke,
    (uintptr_t)callpy_module_run,
    (uintptr_t)callpy_python_end,
    (uintptr_t)callpy_python_start,
    (uintptr_t)callpy_python_trim,
    (uintptr_t)callpy_value_mismatch,
    (uintptr_t)callpy_value_release,
    (uintptr_t)callpy_version,
    (uintptr_t)callpy_workers_free,
    (uintptr_t)callpy_workers_function,
    (uintptr_t)callpy_workers_get_statistics,
    (uintptr_t)callpy_workers_restart,
    (uintptr_t)callpy_workers_source_function,
    (uintptr_t)callpy_workers_start,
};

enum { callpy_go_count = sizeof callpy_go_addresses / sizeof *callpy_go_addresses };

// Go can't see a static variable by its name.
static uintptr_t callpy_go_address(size_t function) { return callpy_go_addresses[function]; }
*/
import "C"

import "unsafe"

// The library is linked into the program, so there is nothing to find.
var addresses = func() (found [len(cNames)]uintptr) {
	for function := range found {
		found[function] = uintptr(C.callpy_go_address(C.size_t(function)))
	}
	return found
}()

func isLoaded() bool { return true }

func loadLibrary(string) error { return nil }

// What is declared for C here is what the header says: neither size nor place differs, or this does not compile.
var (
	_ [len(cNames)]struct{}                                    = [C.callpy_go_count]struct{}{}
	_ [unsafe.Sizeof(cValue{})]struct{}                        = [C.sizeof_callpy_value]struct{}{}
	_ [unsafe.Sizeof(cArray{})]struct{}                        = [C.sizeof_callpy_array]struct{}{}
	_ [unsafe.Sizeof(cNamed{})]struct{}                        = [C.sizeof_callpy_named]struct{}{}
	_ [unsafe.Sizeof(cOptions{})]struct{}                      = [C.sizeof_callpy_python_options]struct{}{}
	_ [unsafe.Sizeof(cLimits{})]struct{}                       = [C.sizeof_callpy_limits]struct{}{}
	_ [unsafe.Sizeof(cWorkersOptions{})]struct{}               = [C.sizeof_callpy_workers_options]struct{}{}
	_ [unsafe.Sizeof(cSource{})]struct{}                       = [C.sizeof_callpy_source]struct{}{}
	_ [unsafe.Sizeof(Statistics{})]struct{}                    = [C.sizeof_callpy_workers_statistics]struct{}{}
	_ [unsafe.Sizeof(cRetained{})]struct{}                     = [C.sizeof_callpy_retained]struct{}{}
	_ [unsafe.Sizeof(cInvocation{})]struct{}                   = [C.sizeof_callpy_invocation]struct{}{}
	_ [unsafe.Offsetof(cValue{}.content)]struct{}              = [unsafe.Offsetof(C.callpy_value{}.content)]struct{}{}
	_ [unsafe.Offsetof(cArray{}.itemSize)]struct{}             = [unsafe.Offsetof(C.callpy_array{}.item_size)]struct{}{}
	_ [unsafe.Offsetof(cArray{}.flags)]struct{}                = [unsafe.Offsetof(C.callpy_array{}.flags)]struct{}{}
	_ [unsafe.Offsetof(cOptions{}.libraryThreads)]struct{}     = [unsafe.Offsetof(C.callpy_python_options{}.library_threads)]struct{}{}
	_ [unsafe.Offsetof(cRetained{}.holders)]struct{}           = [unsafe.Offsetof(C.callpy_retained{}.holders)]struct{}{}
	_ [unsafe.Offsetof(cLimits{}.call)]struct{}                = [unsafe.Offsetof(C.callpy_limits{}.call)]struct{}{}
	_ [unsafe.Offsetof(cWorkersOptions{}.startWithin)]struct{} = [unsafe.Offsetof(C.callpy_workers_options{}.start_within)]struct{}{}
	_ [unsafe.Offsetof(Statistics{}.Calls)]struct{}            = [unsafe.Offsetof(C.callpy_workers_statistics{}.calls)]struct{}{}
	_ [unsafe.Offsetof(cInvocation{}.limits)]struct{}          = [unsafe.Offsetof(C.callpy_invocation{}.limits)]struct{}{}
	_ [unsafe.Offsetof(cInvocation{}.result)]struct{}          = [unsafe.Offsetof(C.callpy_invocation{}.result)]struct{}{}
	_ [unsafe.Offsetof(cInvocation{}.failed)]struct{}          = [unsafe.Offsetof(C.callpy_invocation{}.error)]struct{}{}
)
