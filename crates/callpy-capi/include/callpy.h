#ifndef CALLPY_H
#define CALLPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Calls Python functions in memory.
//
//     callpy_function *detect;
//     callpy_error *error = callpy_function_load("outliers:detect", &detect);
//
// The rules, which hold for every function here:
//
// - A function that can fail returns an error, or NULL if all went well. An error is the caller's,
//   who frees it with callpy_error_free. Out-parameters come last, and are written on success only.
// - Arguments are only read, and stay the caller's. Results are the caller's, and are freed or released
//   by the function that their description names, which does nothing with NULL.
// - Values and arrays are plain structs, whose copy by assignment refers to the same result: release
//   one of the two, and don't use the other any more. Releasing both is a double free, and so is
//   freeing an error or a function twice: undefined behavior, as with free(). Only the variable that
//   callpy_value_release was passed may be released again, since it is CALLPY_TAG_NONE by then.
// - Any thread may call anything at any time; a handle must not be freed while it is in use.
// - No two constants of CALLPY_TAG_*, CALLPY_DTYPE_*, CALLPY_UNIT_* and an array's flags have the same
//   number. One in the place of another is an error, which names both.
// - Text in arguments is UTF-8, and a path the bytes that the system has for it; where it is a
//   `const char *` alone, it ends with a zero byte.

// An element is one byte, 0 or 1.
#define CALLPY_DTYPE_BOOL 101

// An element is an int8_t.
#define CALLPY_DTYPE_INT8 102

// An element is an int16_t.
#define CALLPY_DTYPE_INT16 103

// An element is an int32_t.
#define CALLPY_DTYPE_INT32 104

// An element is an int64_t.
#define CALLPY_DTYPE_INT64 105

// An element is a uint8_t.
#define CALLPY_DTYPE_UINT8 106

// An element is a uint16_t.
#define CALLPY_DTYPE_UINT16 107

// An element is a uint32_t.
#define CALLPY_DTYPE_UINT32 108

// An element is a uint64_t.
#define CALLPY_DTYPE_UINT64 109

// An element is a half-precision float (IEEE 754 binary16).
#define CALLPY_DTYPE_FLOAT16 110

// An element is a float.
#define CALLPY_DTYPE_FLOAT32 111

// An element is a double.
#define CALLPY_DTYPE_FLOAT64 112

// An element is two floats, the real part first.
#define CALLPY_DTYPE_COMPLEX64 113

// An element is two doubles, the real part first.
#define CALLPY_DTYPE_COMPLEX128 114

// An element is an int64_t that counts `unit` since 1970-01-01T00:00; INT64_MIN is no time.
#define CALLPY_DTYPE_DATETIME64 115

// An element is an int64_t that counts `unit`; INT64_MIN is no time.
#define CALLPY_DTYPE_TIMEDELTA64 116

// An element is `item_size / 4` code points of four bytes each, padded with zeros; none is greater
// than 0x10FFFF, which is not checked.
#define CALLPY_DTYPE_STR 117

// An element is `item_size` bytes, padded with zeros.
#define CALLPY_DTYPE_BYTES 118

// A unit of datetime64 and timedelta64: a year.
#define CALLPY_UNIT_YEAR 201

// A month.
#define CALLPY_UNIT_MONTH 202

// A week.
#define CALLPY_UNIT_WEEK 203

// A day.
#define CALLPY_UNIT_DAY 204

// An hour.
#define CALLPY_UNIT_HOUR 205

// A minute.
#define CALLPY_UNIT_MINUTE 206

// A second.
#define CALLPY_UNIT_SECOND 207

// A millisecond.
#define CALLPY_UNIT_MILLISECOND 208

// A microsecond.
#define CALLPY_UNIT_MICROSECOND 209

// A nanosecond.
#define CALLPY_UNIT_NANOSECOND 210

// A picosecond.
#define CALLPY_UNIT_PICOSECOND 211

// A femtosecond.
#define CALLPY_UNIT_FEMTOSECOND 212

// An attosecond.
#define CALLPY_UNIT_ATTOSECOND 213


// A flag of an argument: Python may write the elements, which no one else may use during the call.
#define CALLPY_WRITABLE 256

// A flag of an argument: Python gets a copy of the elements, which it may retain and write.
#define CALLPY_COPIED 512

// Python raised an exception.
#define CALLPY_ERROR_PYTHON 1

// An argument can't be passed to Python as it is, or is NULL or invalid.
#define CALLPY_ERROR_ARGUMENT 2

// The function's result can't be returned to C.
#define CALLPY_ERROR_RESULT 3

// A target such as "outliers:detect" is not written as one, or does not lead to a function.
#define CALLPY_ERROR_TARGET 4

// No interpreter could be used; the detail names each that was tried, and why not.
#define CALLPY_ERROR_LOCATE 5

// An environment for the requirements could not be made.
#define CALLPY_ERROR_ENVIRONMENT 6

// The interpreter was found and could not be started, or another one already runs.
#define CALLPY_ERROR_START 7

// NumPy is missing, or too old, or broken.
#define CALLPY_ERROR_NUMPY 8

// The result retains memory that was only lent for the call.
#define CALLPY_ERROR_KEPT 9

// Python is ending, or has ended; no more Python code runs.
#define CALLPY_ERROR_ENDING 10

// A panic inside callpy, which is a bug in callpy.
#define CALLPY_ERROR_PANIC 11

// Any other failure.
#define CALLPY_ERROR_OTHER 12

// The thread is in a sub-interpreter, or callpy_python_end was called by a function that Python calls.
#define CALLPY_ERROR_ATTACH 13

// The worker that ran the call has ended: see callpy_error_signal and callpy_error_exit_status. The end of
// what it wrote to stderr is in the detail.
#define CALLPY_ERROR_CRASHED 14

// All workers are busy, and as many callers wait for one as may.
#define CALLPY_ERROR_BUSY 15

// The call did not return in the time that it had.
#define CALLPY_ERROR_DEADLINE 16

// The call was cancelled with callpy_call_cancel.
#define CALLPY_ERROR_CANCELLED 17

// An error of the program's own, which a callback returned: see callpy_error_new.
#define CALLPY_ERROR_CALLBACK 18

// The program is written in C or C++.
#define CALLPY_LANGUAGE_C 0

// The program is written in Go.
#define CALLPY_LANGUAGE_GO 1

// None.
#define CALLPY_TAG_NONE 0

// A bool: content.boolean.
#define CALLPY_TAG_BOOL 1

// An int: content.integer.
#define CALLPY_TAG_INT 2

// An int: content.natural. As a result only where it is greater than INT64_MAX.
#define CALLPY_TAG_UINT 3

// A float: content.number.
#define CALLPY_TAG_FLOAT 4

// A str: content.text, in UTF-8.
#define CALLPY_TAG_STRING 5

// A bytes: content.text.
#define CALLPY_TAG_BYTES 6

// A list: content.items.
#define CALLPY_TAG_LIST 7

// A tuple: content.items.
#define CALLPY_TAG_TUPLE 8

// A dict: content.items, a key and its value by turns, so that there are twice as many. No two keys are equal in
// Python, as 1 and 1.0 are.
#define CALLPY_TAG_DICT 9

// A NumPy array: content.array.
#define CALLPY_TAG_ARRAY 10

// Any other Python object: content.object. It can be passed to other calls, such as those of
// "builtins:repr" and "builtins:getattr". A result is one too if it is an int of more than 64 bits,
// a str that UTF-8 can't write, a masked array, or an array of structs or of Python objects.
#define CALLPY_TAG_OBJECT 11

// A function of the program's, for Python to call: content.callback. An argument, but never a result.
#define CALLPY_TAG_CALLBACK 12

// A single value was wanted.
#define CALLPY_WANT_VALUE 0

// A list was wanted, or anything else with several values.
#define CALLPY_WANT_LIST 1

// An array was wanted.
#define CALLPY_WANT_ARRAY 2

// The elements of an array with one axis were wanted.
#define CALLPY_WANT_FLAT 3

// By which calls are cancelled, the caller's to free with callpy_call_free. One is for one call, or for
// calls that end together.
typedef struct callpy_call callpy_call;

// A failure, the caller's to free with callpy_error_free.
//
// Its texts are made when they are asked for: a program that only looks at the kind pays for none.
typedef struct callpy_error callpy_error;

// A Python function, the caller's to free with callpy_function_free. Any number of threads may call
// it at once.
typedef struct callpy_function callpy_function;

// A Python object, which belongs to the value it came in.
typedef struct callpy_object callpy_object;

// Processes that call Python functions, the caller's to free with callpy_workers_free. Any number of
// threads may use them at once.
typedef struct callpy_workers callpy_workers;

// An array of any shape and strides.
//
// As an argument it describes the caller's memory, which is lent to Python for the call. If Python
// still holds it when the call ends, and can't be made to let go, callpy names the holder and aborts
// the process, since returning would leave Python with a dangling pointer: pass what a function
// retains with CALLPY_COPIED.
//
// As a result it is read where NumPy put it, until it is released; no one may write it.
typedef struct callpy_array {
    // The address of the first element.
    void *data;
    // The length of each axis.
    const ptrdiff_t *shape;
    // The step of each axis in bytes; NULL for elements in C order without gaps. Never NULL in a
    // result that has axes.
    const ptrdiff_t *strides;
    // How many axes: 0 to 64 (32 before NumPy 2). With 0 there is one element.
    size_t ndim;
    // The size of an element in bytes; for an argument 0 will do, where the dtype says it.
    size_t item_size;
    // What an element is: CALLPY_DTYPE_INT64, CALLPY_DTYPE_FLOAT64 and so on.
    uint32_t dtype;
    // CALLPY_UNIT_SECOND and so on, for times; else 0.
    uint32_t unit;
    // Of an argument: CALLPY_WRITABLE, CALLPY_COPIED; else 0.
    uint32_t flags;
    // callpy's own: 0 in an array of the caller's making.
    uint32_t owned;
} callpy_array;

// Text or bytes.
typedef struct callpy_text {
    // The first byte. In a result, a zero byte follows the last.
    const char *data;
    // How many bytes.
    size_t len;
} callpy_text;

// Values one after the other.
typedef struct callpy_items {
    // The first.
    struct callpy_value *data;
    // How many.
    size_t len;
} callpy_items;

// What Python calls. The arguments are callpy's, which releases them after it returns; arrays among them
// are read only. It writes its result to `result`, which is None before and is copied: `*result =
// arguments[0]` returns an argument. A result of another call may be moved there, and is released by
// callpy. An error that it returns is an exception in Python, and callpy's to free: one of a function of
// callpy's, or one that callpy_error_new makes.
//
// Python calls it on whichever thread it likes, and on several at once. It may call any function of
// callpy's. It must return: no exception and no longjmp may leave it.
typedef struct callpy_error *(*callpy_callback_function)(const struct callpy_value *arguments,
                                                         size_t arguments_len,
                                                         struct callpy_value *result,
                                                         void *context);

// A function of C's as an argument, lent for one call: content.callback of a CALLPY_TAG_CALLBACK. Python
// may still have the callable afterwards, but all that it does from then on is raise a RuntimeError.
typedef struct callpy_callback {
    // The function.
    callpy_callback_function function;
    // What it is passed last.
    void *context;
} callpy_callback;

// What a value holds; its tag says which of these.
typedef union callpy_content {
    // 0 or 1.
    uint8_t boolean;
    // CALLPY_TAG_INT.
    int64_t integer;
    // CALLPY_TAG_UINT.
    uint64_t natural;
    // CALLPY_TAG_FLOAT.
    double number;
    // CALLPY_TAG_STRING, CALLPY_TAG_BYTES.
    struct callpy_text text;
    // CALLPY_TAG_LIST, CALLPY_TAG_TUPLE, CALLPY_TAG_DICT.
    struct callpy_items items;
    // CALLPY_TAG_ARRAY.
    struct callpy_array *array;
    // CALLPY_TAG_OBJECT.
    struct callpy_object *object;
    // CALLPY_TAG_CALLBACK.
    const struct callpy_callback *callback;
} callpy_content;

// A value. One of the caller's making is never freed by callpy, nor need it outlive the call; a
// result is released with callpy_value_release, with all that is in it.
typedef struct callpy_value {
    // CALLPY_TAG_NONE, CALLPY_TAG_BOOL and so on.
    uint32_t tag;
    // callpy's own: 0 in a value of the caller's making.
    uint32_t owned;
    // What it holds.
    union callpy_content content;
} callpy_value;

// A keyword argument.
typedef struct callpy_named {
    // The name; it ends with a zero byte.
    const char *name;
    // The value.
    struct callpy_value value;
} callpy_named;

// What may end a call before it returns: see callpy_function_limit. All zeros is nothing: `= {0}`.
//
// On workers, a call ends at most 200 milliseconds after that, whatever the function does. In this
// process it is only asked to end: C code can't be stopped.
typedef struct callpy_limits {
    // How long the call may take, in nanoseconds, with the time that it waits for a worker: then it ends
    // with CALLPY_ERROR_DEADLINE. 0 for any time.
    uint64_t within;
    // Ends the call with CALLPY_ERROR_CANCELLED once it is cancelled; may be NULL.
    const struct callpy_call *call;
    // How often the call is repeated if its worker crashes, for a function that may run twice.
    size_t retries;
} callpy_limits;

// A call, and what came of it. All zeros is a good beginning: `= {0}`.
typedef struct callpy_invocation {
    // The function.
    const struct callpy_function *function;
    // The positional arguments.
    const struct callpy_value *arguments;
    // How many.
    size_t arguments_len;
    // The keyword arguments.
    const struct callpy_named *named;
    // How many.
    size_t named_len;
    // 0 for a result that is not wanted, which is not looked at; 2 for one that is wanted as it is, as
    // callpy_function_call_object returns it; 1 for any other.
    size_t wanted;
    // What may end this call before it returns, beside the function's own limits; NULL for nothing.
    const struct callpy_limits *limits;
    // The result, the caller's to release.
    struct callpy_value result;
    // What failed, the caller's to free; NULL if all went well.
    struct callpy_error *error;
} callpy_invocation;

// A function was seen to retain arguments, and gets copies from now on. All of it is callpy's, and
// gone when the hook returns.
typedef struct callpy_retained {
    // One line that says so: what callpy writes to stderr where there is no hook.
    const char *message;
    // The function, as errors name it.
    const char *function;
    // The retained arguments: "argument 1", "argument \"data\"".
    const char *const *arguments;
    // How many.
    size_t arguments_len;
    // What holds them, in words.
    const char *const *holders;
    // How many.
    size_t holders_len;
} callpy_retained;

// Called once for each function that was seen to retain its arguments, on the thread that called it,
// which is not attached to Python meanwhile: the hook may call any function of callpy's, and wait for
// other threads. Several threads may call it at once. It must return: no exception and no longjmp may
// leave it.
typedef void (*callpy_retained_hook)(const struct callpy_retained *retained, void *context);

// Which Python to start, and what it must have. All zeros is a good beginning: `= {0}`, in C++
// `= {}`.
typedef struct callpy_python_options {
    // A python executable, an environment's folder, or a command on PATH; NULL for the first that
    // is found.
    const char *python;
    // Packages that must be there, written as pip takes them ("numpy>=1.21").
    const char *const *requirements;
    // How many.
    size_t requirements_len;
    // Python files whose headers say what they need (PEP 723).
    const char *const *scripts;
    // How many.
    size_t scripts_len;
    // Folders in which modules are looked for, before all others.
    const char *const *search_path;
    // How many.
    size_t search_path_len;
    // CALLPY_LANGUAGE_C, or that of a binding over C: messages say in its terms how to fix things.
    size_t language;
    // Is told of each function that retains its arguments; NULL for a line on stderr. The hook of a
    // later start takes its place.
    callpy_retained_hook on_retained;
    // What the hook is passed. It must stay valid until the process ends.
    void *on_retained_context;
    // How many threads BLAS and OpenMP libraries use for one call; 0 leaves that to them. 1 is right where
    // several threads of the program call.
    size_t library_threads;
} callpy_python_options;

// What workers are to be like, beside the Python that they have. All zeros is a good beginning.
typedef struct callpy_workers_options {
    // Called in each worker, without arguments, before its first call, to load a model, say:
    // "module:function" or "path/to/file.py:function"; NULL for nothing.
    const char *setup;
    // Environment variables of the workers, each as "NAME=value".
    const char *const *variables;
    // How many.
    size_t variables_len;
    // How many callers may wait for a worker; one more gets CALLPY_ERROR_BUSY. 0 for any number.
    size_t max_waiting;
    // After how many calls a worker is replaced; 0 for never.
    size_t calls;
    // How many bytes of memory of its own a worker may have after a call; one that has more is replaced.
    // 0 for any number.
    size_t memory;
    // How many nanoseconds a worker may take to start, with its imports and `setup`; 0 for five minutes.
    uint64_t start_within;
} callpy_workers_options;

// Source text that is to be a Python module: see callpy_module_run.
typedef struct callpy_source {
    // The module's name in Python.
    const char *name;
    // The file name in tracebacks.
    const char *file;
    // Python source.
    const char *text;
} callpy_source;

// What workers have done so far, and what they are at.
typedef struct callpy_workers_statistics {
    // Workers that are ready and not in use, with the spare one.
    size_t free;
    // Workers that are in a call.
    size_t busy;
    // Callers that wait for a worker.
    size_t waiting;
    // Calls that were sent to a worker.
    uint64_t calls;
    // Calls that had to wait for a worker.
    uint64_t waited;
    // Calls that were refused, since too many waited.
    uint64_t refused;
    // Workers that ended by themselves, in a call or between calls, or that could not start.
    uint64_t crashes;
    // Calls whose time was up.
    uint64_t deadlines;
    // Calls that were cancelled.
    uint64_t cancelled;
    // Workers that were started: those that there are, crashes and restarts together.
    uint64_t started;
    // Workers that callpy ended and replaced: on request, after so many calls, or since they had too much
    // memory, retained an argument, or did not stop when they had to.
    uint64_t restarts;
    // Bytes that were copied for workers.
    uint64_t bytes_sent;
    // Bytes of results that workers have put in shared memory.
    uint64_t bytes_received;
} callpy_workers_statistics;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns an error if there is no memory for a copy of a result's elements without gaps: an array that
// was broadcast may show a few elements a billion times. NULL if there is, or was a moment ago.
struct callpy_error *callpy_array_check_memory(const struct callpy_array *array);

// Releases a result array that was taken out of its value, whose tag was set to CALLPY_TAG_NONE then;
// all others are released with their value. Arguments are left alone.
void callpy_array_release(struct callpy_array *array);

// Returns what sort of failure it is, one of CALLPY_ERROR_*; 0 for NULL.
uint32_t callpy_error_kind(const struct callpy_error *error);

// Returns one useful line, which is the error's own; NULL for NULL.
const char *callpy_error_message(const struct callpy_error *error);

// Returns the message and what a reader of a log wants beside it, such as the Python traceback or
// every interpreter that was tried; the text is the error's own.
const char *callpy_error_detail(const struct callpy_error *error);

// Returns the name of the exception's type without its module, such as "ValueError", the error's
// own; NULL if this is not a Python exception.
const char *callpy_error_exception_type(const struct callpy_error *error);

// Returns the module of the exception's type, such as "builtins", the error's own; NULL if this is
// not a Python exception.
const char *callpy_error_exception_module(const struct callpy_error *error);

// Returns whether the exception is of a class or of one derived from it, as in an `except` clause:
// "builtins.OSError", "json.decoder.JSONDecodeError". The name of one of Python's own needs no module.
// False if this is not a Python exception, or the class is NULL.
bool callpy_error_exception_is(const struct callpy_error *error,
                               const char *class_);

// Returns str(exception), the error's own; NULL if this is not a Python exception.
const char *callpy_error_exception_message(const struct callpy_error *error);

// Returns the traceback as Python prints it, the error's own; NULL if this is not a Python
// exception.
const char *callpy_error_traceback(const struct callpy_error *error);

// Returns the exception that this one was raised from, or while handling which it was raised; it is
// the error's own and must not be freed. NULL if there is none.
const struct callpy_error *callpy_error_cause(const struct callpy_error *error);

// Returns the signal that ended the worker of a call; 0 if none did, or this is not
// CALLPY_ERROR_CRASHED.
int32_t callpy_error_signal(const struct callpy_error *error);

// Returns the exit status of the worker of a call; -1 if it did not exit by itself, or this is not
// CALLPY_ERROR_CRASHED.
int32_t callpy_error_exit_status(const struct callpy_error *error);

// Makes an error of the program's own, for a callback to return: in Python it is an exception of the class
// callpy.CallbackError, and it is the error of the call that the callback was passed to. NULL is no
// message.
struct callpy_error *callpy_error_new(const char *message);

// Frees an error that a function of callpy returned, with all texts that were got from it.
void callpy_error_free(struct callpy_error *error);

// Finds a function: "module:function", "package.module:Class.method" or "path/to/file.py:function".
// Starts Python if it does not run yet. The function is the caller's, for callpy_function_free.
struct callpy_error *callpy_function_load(const char *target, struct callpy_function **function);

// Calls a function: attaches this thread to Python, converts the arguments, calls, converts the
// result, ends the loans and detaches. Arguments stay the caller's. The result is the caller's, for
// callpy_value_release; `result` may be NULL for one that is not wanted, which is not looked at.
struct callpy_error *callpy_function_call(const struct callpy_function *function,
                                          const struct callpy_value *arguments,
                                          size_t arguments_len,
                                          const struct callpy_named *named,
                                          size_t named_len,
                                          struct callpy_value *result);

// Calls a function as callpy_function_call does, and returns the result as it is, whatever it is: the
// tag is CALLPY_TAG_OBJECT for None, a number or an array, too. Other calls can be passed it.
struct callpy_error *callpy_function_call_object(const struct callpy_function *function,
                                                 const struct callpy_value *arguments,
                                                 size_t arguments_len,
                                                 const struct callpy_named *named,
                                                 size_t named_len,
                                                 struct callpy_value *result);

// Calls a function once for each of `calls_len` rows of arguments, in one attachment: for many calls that
// each take little. Other callers have their turn between calls.
//
// `arguments` holds `arguments_len` positional arguments for the first call, then those for the second,
// and so on. Each call's result is written to its place in `results`, as callpy_function_call does, or
// its error to its place in `errors`, which is NULL where the call succeeded. Both are the caller's to
// release and free. Returns an error, and makes no call, where an argument of this function is unusable.
struct callpy_error *callpy_function_map(const struct callpy_function *function,
                                         const struct callpy_value *arguments,
                                         size_t calls_len,
                                         size_t arguments_len,
                                         struct callpy_value *results,
                                         struct callpy_error **errors);

// Decides that a function retains its arguments: it gets copies, also at its first call.
//
// This holds for the Python function, not for this handle. Without such a decision callpy learns what
// a function does from its first call with arrays, which passes copies.
struct callpy_error *callpy_function_retains(const struct callpy_function *function);

// Decides that a function does not retain its arguments: they are lent, also at its first call. If it
// retains one nevertheless, the process ends.
//
// This holds for the Python function, as that of callpy_function_retains does.
struct callpy_error *callpy_function_lends(const struct callpy_function *function);

// Returns a second handle of the same function, the caller's to free as well; NULL for NULL.
struct callpy_function *callpy_function_clone(const struct callpy_function *function);

// Frees a function's handle.
void callpy_function_free(struct callpy_function *function);

// Calls a function as callpy_function_call does: for languages that call C fastest with one pointer.
void callpy_invoke(struct callpy_invocation *invocation);

// Imports source text as the Python module `name`; it is then found as "name:function", and by
// `import name`. The same text again is the same module; another text under a known name, or the
// name of a module that Python finds elsewhere, is an error (CALLPY_ERROR_TARGET). Tracebacks name
// `file`, which need not exist: the text is run from a copy in the cache folder, where processes
// that Python starts find it, too. What the source says in its header that it needs (PEP 723) is
// made ready first; Python is started if it does not run yet.
struct callpy_error *callpy_module_run(const char *name, const char *file, const char *source);

// Starts Python in this process, or joins the one that runs; options may be NULL.
//
// There is one interpreter in a process: to start it again is right and cheap. PYTHONPATH is
// honoured, and so is CALLPY_PYTHON where the options name no python.
struct callpy_error *callpy_python_start(const struct callpy_python_options *options);

// Ends Python: the last thing that `main` does. Later calls are CALLPY_ERROR_ENDING.
//
// Does what `python` does at its end: joins the threads of Python's that are not daemons, runs atexit
// handlers, and flushes its streams. Calls under way on other threads get up to a second to return.
// Ends nothing if Python does not run or has ended, or if it ran before callpy joined it. A program
// that does not call this has Python end as C's exit handlers run, on another thread.
struct callpy_error *callpy_python_end(void);

// Gives memory that freed arrays were in back to the system, and frees the results that were released
// on threads that were not in a call. callpy does so by itself about a second after the last use of
// either. Does nothing if Python does not run.
struct callpy_error *callpy_python_trim(void);

// Returns callpy's version, such as "0.1.0", for as long as the process runs.
const char *callpy_version(void);

// Makes the error that a result is not what was wanted: "expected an array of float64, got a
// pandas.Series (use .to_numpy())". `expected` is the text for what was wanted, and `wanted` one of
// CALLPY_WANT_*, on which the fix depends. The error is of the kind CALLPY_ERROR_RESULT.
struct callpy_error *callpy_value_mismatch(const struct callpy_value *value,
                                           const char *expected,
                                           uint32_t wanted);

// Writes the exception object, for what its class has beside a message and for calls that take one, and
// returns true. Its traceback was let go of. False if this is not a Python exception, or it was raised in a
// worker, or it held memory that was lent; then nothing is written.
bool callpy_error_exception_object(const struct callpy_error *error,
                                   struct callpy_value *result);

// Releases what a result holds, and makes it CALLPY_TAG_NONE. Values of the caller's making are left
// as they are but for that. What Python has to free is freed at the next call of any thread.
void callpy_value_release(struct callpy_value *value);

// Starts `count` worker processes and a spare one. Starts Python in this process too, as
// callpy_python_start does; the options hold for both, and either may be NULL.
//
// The functions of workers are called as those of this process are. Calls run at once, a crash is the
// error of one call (CALLPY_ERROR_CRASHED), and limits hold, whatever a function does. The processes end
// once the workers and all their functions are freed, and at the latest when this process ends.
struct callpy_error *callpy_workers_start(const struct callpy_python_options *python,
                                          const struct callpy_workers_options *options,
                                          size_t count,
                                          struct callpy_workers **workers);

// Finds a function for the workers to call; targets are those of callpy_function_load. The function is
// the caller's, for callpy_function_free, and is called with callpy_function_call.
struct callpy_error *callpy_workers_function(const struct callpy_workers *workers,
                                             const char *target,
                                             struct callpy_function **function);

// Finds a function in source text, for the workers to call, as callpy_workers_function finds one in a file. It is
// in the last of the sources, which may import the ones before it by name. All of them become modules of this
// process too.
struct callpy_error *callpy_workers_source_function(const struct callpy_workers *workers,
                                                    const struct callpy_source *sources,
                                                    size_t sources_len,
                                                    const char *function,
                                                    struct callpy_function **found);

// Says what the workers have done so far.
struct callpy_error *callpy_workers_get_statistics(const struct callpy_workers *workers,
                                                   struct callpy_workers_statistics *statistics);

// Replaces every worker, one after the other, each when it is free: calls go on meanwhile. Returns at
// once.
struct callpy_error *callpy_workers_restart(const struct callpy_workers *workers);

// Frees the handle of workers. Their functions can be called until they are freed too.
void callpy_workers_free(struct callpy_workers *workers);

// Creates what cancels calls, which it returns; it can't fail.
struct callpy_call *callpy_call_new(void);

// Cancels the calls under way that have it among their limits, and those that begin later. May be called
// on any thread, and does not wait for the calls.
void callpy_call_cancel(const struct callpy_call *call);

// Frees what cancels calls. Handles that were made with it stay as they are.
void callpy_call_free(struct callpy_call *call);

// Makes a second handle of the same function, whose calls are within limits as well as those of the first:
// the earlier deadline counts, and each `call` of the limits cancels them. Retries other than 0 replace those
// of the first. It is the caller's, for callpy_function_free. This takes well under a microsecond: a call that is to have limits of
// its own has a handle of its own.
struct callpy_error *callpy_function_limit(const struct callpy_function *function,
                                           const struct callpy_limits *limits,
                                           struct callpy_function **limited);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CALLPY_H */

#ifndef CALLPY_ARGUMENTS
#define CALLPY_ARGUMENTS

// Arguments in a word. What they point to stays the caller's, and must be there until the call ends.

// None.
static inline callpy_value callpy_none(void) {
    callpy_value value;
    memset(&value, 0, sizeof value);
    value.tag = CALLPY_TAG_NONE;
    return value;
}

// A bool: False for 0, else True.
static inline callpy_value callpy_bool(int boolean) {
    callpy_value value = callpy_none();
    value.tag = CALLPY_TAG_BOOL;
    value.content.boolean = boolean ? 1 : 0;
    return value;
}

// An int.
static inline callpy_value callpy_int(int64_t integer) {
    callpy_value value = callpy_none();
    value.tag = CALLPY_TAG_INT;
    value.content.integer = integer;
    return value;
}

// A float.
static inline callpy_value callpy_float(double number) {
    callpy_value value = callpy_none();
    value.tag = CALLPY_TAG_FLOAT;
    value.content.number = number;
    return value;
}

// A str of UTF-8 text that ends with a zero byte; not NULL.
static inline callpy_value callpy_string(const char *text) {
    callpy_value value = callpy_none();
    value.tag = CALLPY_TAG_STRING;
    value.content.text.data = text;
    value.content.text.len = strlen(text);
    return value;
}

// An array of one axis to be read only, in memory without gaps:
//
//     callpy_array lent;
//     callpy_value argument = callpy_vector(CALLPY_DTYPE_FLOAT64, series, &length, &lent);
static inline callpy_value callpy_vector(uint32_t dtype, const void *data, const ptrdiff_t *length,
                                         callpy_array *array) {
    callpy_value value = callpy_none();
    memset(array, 0, sizeof *array);
#ifdef __cplusplus
    array->data = const_cast<void *>(data);
#else
    array->data = (void *)(uintptr_t)data;
#endif
    array->shape = length;
    array->ndim = 1;
    array->dtype = dtype;
    value.tag = CALLPY_TAG_ARRAY;
    value.content.array = array;
    return value;
}

#endif  /* CALLPY_ARGUMENTS */
