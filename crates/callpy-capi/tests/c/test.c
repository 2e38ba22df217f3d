// What a C program sees of callpy.h: layouts, values, arrays, errors, threads, and nonsense.
// The argument is the path of functions.py.
#define _POSIX_C_SOURCE 200809L  // nanosleep
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "callpy.h"

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(callpy_value) == 24, "callpy_value");
_Static_assert(offsetof(callpy_value, owned) == 4, "callpy_value.owned");
_Static_assert(offsetof(callpy_value, content) == 8, "callpy_value.content");
_Static_assert(sizeof(callpy_content) == 16, "callpy_content");
_Static_assert(offsetof(callpy_text, len) == 8, "callpy_text.len");
_Static_assert(offsetof(callpy_items, len) == 8, "callpy_items.len");
_Static_assert(sizeof(callpy_named) == 32, "callpy_named");
_Static_assert(offsetof(callpy_named, value) == 8, "callpy_named.value");
_Static_assert(sizeof(callpy_array) == 56, "callpy_array");
_Static_assert(offsetof(callpy_array, shape) == 8, "callpy_array.shape");
_Static_assert(offsetof(callpy_array, strides) == 16, "callpy_array.strides");
_Static_assert(offsetof(callpy_array, ndim) == 24, "callpy_array.ndim");
_Static_assert(offsetof(callpy_array, item_size) == 32, "callpy_array.item_size");
_Static_assert(offsetof(callpy_array, dtype) == 40, "callpy_array.dtype");
_Static_assert(offsetof(callpy_array, unit) == 44, "callpy_array.unit");
_Static_assert(offsetof(callpy_array, flags) == 48, "callpy_array.flags");
_Static_assert(offsetof(callpy_array, owned) == 52, "callpy_array.owned");
_Static_assert(sizeof(callpy_retained) == 48, "callpy_retained");
_Static_assert(sizeof(callpy_python_options) == 88, "callpy_python_options");
_Static_assert(sizeof(callpy_workers_options) == 56, "callpy_workers_options");
_Static_assert(sizeof(callpy_workers_statistics) == 104, "callpy_workers_statistics");
_Static_assert(sizeof(callpy_source) == 24, "callpy_source");
_Static_assert(sizeof(callpy_limits) == 24, "callpy_limits");
_Static_assert(offsetof(callpy_limits, call) == 8, "callpy_limits.call");
#endif

#define CHECK(condition)                                                           \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                               \
        }                                                                          \
    } while (0)

static const char *file;

static void good(callpy_error *error) {
    if (error) {
        fprintf(stderr, "%s\n", callpy_error_detail(error));
        exit(1);
    }
}

// The error is of this kind, and its message has this in it.
static void bad(callpy_error *error, uint32_t kind, const char *part) {
    if (!error) {
        fprintf(stderr, "no error; not kind %u, %s\n", kind, part);
        exit(1);
    }
    if (callpy_error_kind(error) != kind || !strstr(callpy_error_message(error), part)) {
        fprintf(stderr, "kind %u: %s; not kind %u, %s\n", callpy_error_kind(error),
                callpy_error_message(error), kind, part);
        exit(1);
    }
    callpy_error_free(error);
}

static callpy_function *load(const char *name) {
    char target[4096];
    callpy_function *function = NULL;
    if (strchr(name, ':')) {
        snprintf(target, sizeof target, "%s", name);
    } else {
        snprintf(target, sizeof target, "%s:%s", file, name);
    }
    good(callpy_function_load(target, &function));
    return function;
}

static callpy_error *try_call(const char *name, callpy_value argument, callpy_value *result) {
    callpy_function *function = load(name);
    callpy_error *error = callpy_function_call(function, &argument, 1, NULL, 0, result);
    callpy_function_free(function);
    return error;
}

static callpy_value call(const char *name, callpy_value argument) {
    callpy_value result = {0};
    good(try_call(name, argument, &result));
    return result;
}

static callpy_value call0(const char *name) {
    callpy_value result = {0};
    callpy_function *function = load(name);
    good(callpy_function_call(function, NULL, 0, NULL, 0, &result));
    callpy_function_free(function);
    return result;
}

static callpy_value array(callpy_array *array) {
    return (callpy_value){.tag = CALLPY_TAG_ARRAY, .content.array = array};
}

static void values(void) {
    callpy_value items[] = {
        {.tag = CALLPY_TAG_NONE},
        {.tag = CALLPY_TAG_BOOL, .content.boolean = 1},
        callpy_int(INT64_MIN),
        {.tag = CALLPY_TAG_UINT, .content.natural = UINT64_MAX},
        {.tag = CALLPY_TAG_FLOAT, .content.number = 0.5},
        {.tag = CALLPY_TAG_STRING, .content.text = {"h\xc3\xa9\0llo", 7}},
        {.tag = CALLPY_TAG_BYTES, .content.text = {"\xff\0", 2}},
        {.tag = CALLPY_TAG_TUPLE, .content.items = {NULL, 0}},
    };
    callpy_value entries[] = {
        callpy_string("list"),
        {.tag = CALLPY_TAG_LIST, .content.items = {items, 8}},
        callpy_int(3),
        {.tag = CALLPY_TAG_STRING, .content.text = {NULL, 0}},
    };
    callpy_value dict = {.tag = CALLPY_TAG_DICT, .content.items = {entries, 4}};
    callpy_value result = call("echo", dict);
    CHECK(result.tag == CALLPY_TAG_DICT && result.owned && result.content.items.len == 4);
    callpy_value *entry = result.content.items.data;
    CHECK(entry[0].tag == CALLPY_TAG_STRING && !strcmp(entry[0].content.text.data, "list"));
    CHECK(entry[1].tag == CALLPY_TAG_LIST && entry[1].content.items.len == 8);
    CHECK(entry[2].content.integer == 3 && entry[3].content.text.len == 0);
    callpy_value *item = entry[1].content.items.data;
    for (size_t index = 0; index < 8; index++) CHECK(item[index].tag == items[index].tag);
    CHECK(item[1].content.boolean == 1 && item[2].content.integer == INT64_MIN);
    CHECK(item[3].content.natural == UINT64_MAX && item[4].content.number == 0.5);
    CHECK(item[5].content.text.len == 7 && !memcmp(item[5].content.text.data, "h\xc3\xa9\0llo", 8));
    CHECK(item[6].content.text.len == 2 && !memcmp(item[6].content.text.data, "\xff\0", 3));
    callpy_value_release(&result);
    CHECK(result.tag == CALLPY_TAG_NONE && result.owned == 0);
    callpy_value_release(&result);
    // An argument is left alone.
    callpy_value_release(&dict);

    callpy_value object = call("builtins:complex", callpy_int(2));
    CHECK(object.tag == CALLPY_TAG_OBJECT);
    callpy_value text = call("builtins:repr", object);
    CHECK(!strcmp(text.content.text.data, "(2+0j)"));
    callpy_value_release(&text);
    callpy_value_release(&object);
}

static void named(void) {
    callpy_function *round = load("builtins:round");
    callpy_value number = {.tag = CALLPY_TAG_FLOAT, .content.number = 3.14159};
    callpy_named digits[] = {{"ndigits", callpy_int(2)}, {"ndigits", callpy_int(2)}};
    callpy_value result;
    good(callpy_function_call(round, &number, 1, digits, 1, &result));
    CHECK(result.tag == CALLPY_TAG_FLOAT && result.content.number == 3.14);
    bad(callpy_function_call(round, &number, 1, digits, 2, &result), CALLPY_ERROR_ARGUMENT, "twice");
    // A result that is not wanted.
    good(callpy_function_call(round, &number, 1, NULL, 0, NULL));
    callpy_function *other = callpy_function_clone(round);
    callpy_function_free(round);
    good(callpy_function_call(other, &number, 1, NULL, 0, NULL));
    callpy_function_free(other);
}

// Any result as an object, which other calls take.
static void unconverted(void) {
    static const struct { const char *expression, *type; } all[] = {
        {"None", "NoneType"}, {"True", "bool"}, {"3", "int"}, {"0.5", "float"}, {"'text'", "str"},
        {"b'bytes'", "bytes"}, {"[1]", "list"}, {"(1, 2)", "tuple"}, {"{1: 2}", "dict"},
        {"np.arange(3)", "ndarray"}, {"1j", "complex"}, {"int", "type"},
    };
    callpy_function *evaluated = load("evaluated"), *divmod = load("builtins:divmod");
    for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
        callpy_value expression = callpy_string(all[index].expression), object;
        good(callpy_function_call_object(evaluated, &expression, 1, NULL, 0, &object));
        CHECK(object.tag == CALLPY_TAG_OBJECT && object.owned);
        callpy_value arguments[] = {call("builtins:type", object), callpy_string("__name__")}, name;
        callpy_function *getattr = load("builtins:getattr");
        good(callpy_function_call(getattr, arguments, 2, NULL, 0, &name));
        CHECK(!strcmp(name.content.text.data, all[index].type));
        callpy_function_free(getattr);
        callpy_value_release(&name);
        callpy_value_release(&arguments[0]);
        callpy_value_release(&object);
        CHECK(object.tag == CALLPY_TAG_NONE && !object.owned);
    }
    callpy_value arguments[] = {callpy_int(7), callpy_int(0)}, object = callpy_int(5);
    bad(callpy_function_call_object(divmod, arguments, 2, NULL, 0, &object), CALLPY_ERROR_PYTHON, "ZeroDivisionError");
    CHECK(object.tag == CALLPY_TAG_INT && object.content.integer == 5);
    bad(callpy_function_call_object(divmod, arguments, 2, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_call_object(NULL, arguments, 2, NULL, 0, &object), CALLPY_ERROR_ARGUMENT, "NULL");
    // The same with one pointer.
    uint32_t tags[] = {CALLPY_TAG_NONE, CALLPY_TAG_TUPLE, CALLPY_TAG_OBJECT};
    arguments[1] = callpy_int(2);
    for (size_t wanted = 0; wanted < 3; wanted++) {
        callpy_invocation invocation = {
            .function = divmod, .arguments = arguments, .arguments_len = 2, .wanted = wanted};
        callpy_invoke(&invocation);
        good(invocation.error);
        CHECK(invocation.result.tag == tags[wanted]);
        callpy_value_release(&invocation.result);
    }
    callpy_function_free(divmod);
    callpy_function_free(evaluated);
}

// What callbacks are passed, and how often they were called.
struct context { int calls; double offset; };

static callpy_error *distance(const callpy_value *arguments, size_t len, callpy_value *result, void *passed) {
    struct context *context = passed;
    context->calls++;
    if (len != 1 || arguments[0].tag != CALLPY_TAG_FLOAT) return callpy_error_new("expected a float");
    double number = arguments[0].content.number - context->offset;
    *result = callpy_float(number < 0 ? -number : number);
    return NULL;
}

// Calls Python itself, and passes on its result or its error.
static callpy_error *inner(const callpy_value *arguments, size_t len, callpy_value *result, void *function) {
    return callpy_function_call(function, arguments, len, NULL, 0, result);
}

static callpy_error *sums(const callpy_value *arguments, size_t len, callpy_value *result, void *context) {
    static double rows[2];
    static ptrdiff_t two = 2;
    static callpy_array lent;
    (void)len, (void)context;
    const callpy_array *array = arguments[0].content.array;
    CHECK(arguments[0].tag == CALLPY_TAG_ARRAY && array->dtype == CALLPY_DTYPE_FLOAT64);
    rows[0] = ((double *)array->data)[0], rows[1] = ((double *)array->data)[array->shape[0] - 1];
    *result = callpy_vector(CALLPY_DTYPE_FLOAT64, rows, &two, &lent);
    return NULL;
}

// Returns its first argument, or the last item of it.
static callpy_error *same(const callpy_value *arguments, size_t len, callpy_value *result, void *of_item) {
    CHECK(len == 1);
    const callpy_items *items = &arguments[0].content.items;
    *result = of_item ? items->data[items->len - 1] : arguments[0];
    // What is lent to it is not its own to release.
    callpy_value copy = *result;
    callpy_value_release(&copy);
    return NULL;
}

static callpy_error *mistaken(const callpy_value *arguments, size_t len, callpy_value *result, void *context) {
    (void)arguments, (void)len, (void)context;
    result->tag = CALLPY_DTYPE_FLOAT64;
    return NULL;
}

static void callbacks(void) {
    struct context context = {0, 2.25};
    callpy_callback callback = {distance, &context};
    callpy_value numbers[] = {callpy_float(1), callpy_float(2), callpy_float(3)}, result;
    callpy_value tuple = {.tag = CALLPY_TAG_TUPLE, .content.items = {numbers, 3}};
    callpy_named key = {"key", {.tag = CALLPY_TAG_CALLBACK, .content.callback = &callback}};
    callpy_function *lowest = load("builtins:min");
    good(callpy_function_call(lowest, &tuple, 1, &key, 1, &result));
    CHECK(result.content.number == 2 && context.calls == 3);
    // Its error is that of the call, whatever Python makes of it in between.
    numbers[1] = callpy_string("two");
    bad(callpy_function_call(lowest, &tuple, 1, &key, 1, &result), CALLPY_ERROR_CALLBACK, "expected a float");
    CHECK(context.calls == 5);
    // Another call inside, whose result and whose exception go through.
    callpy_function *divmod = load("builtins:divmod");
    callback = (callpy_callback){inner, divmod};
    callpy_value applied[] = {key.value, callpy_int(7), callpy_int(2)};
    callpy_function *apply = load("apply");
    good(callpy_function_call(apply, applied, 3, NULL, 0, &result));
    CHECK(result.tag == CALLPY_TAG_TUPLE && result.content.items.data[0].content.integer == 3);
    callpy_value_release(&result);
    applied[2] = callpy_int(0);
    bad(callpy_function_call(apply, applied, 3, NULL, 0, &result), CALLPY_ERROR_PYTHON, "ZeroDivisionError");
    callpy_function_free(divmod);
    // Arrays both ways; what it returns is copied.
    callback = (callpy_callback){sums, NULL};
    double series[3] = {1, 2, 3.5};
    ptrdiff_t three = 3;
    callpy_array lent;
    applied[1] = callpy_vector(CALLPY_DTYPE_FLOAT64, series, &three, &lent);
    good(callpy_function_call(apply, applied, 2, NULL, 0, &result));
    CHECK(result.tag == CALLPY_TAG_ARRAY && ((double *)result.content.array->data)[1] == 3.5);
    callpy_value_release(&result);
    // Its arguments, or items of them, are its result.
    callback.function = same;
    callpy_value words[] = {callpy_int(1), callpy_string("the last of the words")};
    callpy_value inside[] = {callpy_float(2.5), {.tag = CALLPY_TAG_LIST, .content.items = {words, 2}}};
    callpy_value kinds[] = {words[1], applied[1], inside[1], {.tag = CALLPY_TAG_TUPLE, .content.items = {inside, 2}}};
    for (size_t index = 0; index < 4; index++) {
        applied[1] = kinds[index];
        callback.context = NULL;
        good(callpy_function_call(apply, applied, 2, NULL, 0, &result));
        CHECK(result.tag == kinds[index].tag);
        callpy_value_release(&result);
    }
    callback.context = &callback;
    good(callpy_function_call(apply, applied, 2, NULL, 0, &result));
    CHECK(result.tag == CALLPY_TAG_LIST && !strcmp(result.content.items.data[1].content.text.data, "the last of the words"));
    callpy_value_release(&result);
    // A wrong result has a place, and so has a wrong argument.
    callback.function = mistaken;
    bad(callpy_function_call(apply, applied, 2, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "the result of a callback: expected a value's tag");
    callpy_function *endless = load("apply_to_endless");
    bad(callpy_function_call(endless, applied, 1, NULL, 0, NULL), CALLPY_ERROR_RESULT, "argument 2 of a callback: values are nested");
    callpy_function_free(endless);
    // After its call it is only a callable that raises.
    callpy_value kept = call("echo_object", key.value);
    CHECK(kept.tag == CALLPY_TAG_OBJECT);
    bad(callpy_function_call(apply, &kept, 1, NULL, 0, NULL), CALLPY_ERROR_PYTHON, "RuntimeError");
    callpy_value_release(&kept);
    // And where it can't be.
    callpy_value list = {.tag = CALLPY_TAG_LIST, .content.items = {&key.value, 1}};
    bad(callpy_function_call(apply, &list, 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "inside another value");
    callback.function = NULL;
    bad(callpy_function_call(apply, applied, 2, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "function is NULL");
    key.value.content.callback = NULL;
    bad(callpy_function_call(lowest, &tuple, 1, &key, 1, NULL), CALLPY_ERROR_ARGUMENT, "a callback is NULL");
    callpy_function_free(apply);
    callpy_function_free(lowest);
}

static void series_of_calls(void) {
    callpy_function *divmod = NULL;
    good(callpy_function_load("builtins:divmod", &divmod));
    callpy_value rows[6] = {callpy_int(7), callpy_int(2), callpy_int(1), callpy_int(0), callpy_int(9), callpy_int(3)};
    callpy_value results[3];
    callpy_error *errors[3];
    good(callpy_function_map(divmod, rows, 3, 2, results, errors));
    CHECK(errors[0] == NULL && errors[2] == NULL);
    CHECK(results[0].tag == CALLPY_TAG_TUPLE && results[2].tag == CALLPY_TAG_TUPLE);
    CHECK(results[1].tag == CALLPY_TAG_NONE && callpy_error_kind(errors[1]) == CALLPY_ERROR_PYTHON);
    CHECK(!strcmp(callpy_error_exception_type(errors[1]), "ZeroDivisionError"));
    callpy_error_free(errors[1]);
    callpy_value_release(&results[0]);
    callpy_value_release(&results[2]);
    good(callpy_function_map(divmod, NULL, 0, 2, NULL, NULL));
    bad(callpy_function_map(NULL, rows, 3, 2, results, errors), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_map(divmod, rows, 3, 2, NULL, errors), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_map(divmod, rows, 3, 2, results, NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_map(divmod, rows, SIZE_MAX, 2, results, errors), CALLPY_ERROR_ARGUMENT, "many");
    callpy_function_free(divmod);
}

static void arrays(void) {
    double series[6] = {1, 2, 3, 4, 5, 6};
    ptrdiff_t shape[2] = {2, 3}, strides[2] = {8, 16}, six[1] = {6};
    callpy_array lent = {.data = series, .shape = six, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64};
    callpy_value result = call("total", array(&lent));
    CHECK(result.content.number == 21);
    // Read-only unless it says so.
    bad(try_call("write", array(&lent), NULL), CALLPY_ERROR_PYTHON, "read-only");
    lent.flags = CALLPY_WRITABLE;
    good(try_call("write", array(&lent), NULL));
    CHECK(series[0] == 1);
    lent.flags = CALLPY_COPIED;
    // A copy is Python's to keep and to write.
    good(try_call("keep_and_write", array(&lent), NULL));
    lent = (callpy_array){.data = series, .shape = shape, .strides = strides, .ndim = 2, .dtype = CALLPY_DTYPE_FLOAT64, .flags = CALLPY_COPIED};
    good(try_call("keep_and_write", array(&lent), NULL));
    CHECK(series[0] == 1 && series[5] == 6);
    // Columns first.
    lent = (callpy_array){.data = series, .shape = shape, .strides = strides, .ndim = 2, .item_size = 8, .dtype = CALLPY_DTYPE_FLOAT64};
    result = call("described", array(&lent));
    CHECK(!strcmp(result.content.text.data, "float64 [2, 3] [8, 16]"));
    callpy_value_release(&result);
    result = call("transposed", array(&lent));
    CHECK(result.tag == CALLPY_TAG_ARRAY);
    callpy_array *view = result.content.array;
    CHECK(view->ndim == 2 && view->shape[0] == 3 && view->shape[1] == 2);
    CHECK(view->dtype == CALLPY_DTYPE_FLOAT64 && view->item_size == 8 && view->owned);
    CHECK(*(double *)((char *)view->data + 2 * view->strides[0] + view->strides[1]) == 6);
    // A result is an argument as well, but not to be written.
    callpy_value again = call("total", result);
    CHECK(again.content.number == 21);
    view->flags = CALLPY_COPIED;
    good(try_call("keep_and_write", result, NULL));
    CHECK(*(double *)view->data == 1);
    view->flags = CALLPY_WRITABLE;
    bad(try_call("total", result, NULL), CALLPY_ERROR_ARGUMENT, "CALLPY_WRITABLE");
    result.tag = CALLPY_TAG_NONE;
    callpy_array_release(view);
    // A view of the argument comes back as a copy.
    lent = (callpy_array){.data = series, .shape = six, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64};
    result = call("echo", array(&lent));
    CHECK(result.content.array->data != series);
    CHECK(!memcmp(result.content.array->data, series, sizeof series));
    callpy_value_release(&result);
    // Without axes there is one element; without elements there need be no memory.
    lent.ndim = 0;
    result = call("total", array(&lent));
    CHECK(result.content.number == 1);
    ptrdiff_t none[2] = {0, 3};
    lent = (callpy_array){.shape = none, .ndim = 2, .dtype = CALLPY_DTYPE_INT16};
    result = call("described", array(&lent));
    CHECK(!strncmp(result.content.text.data, "int16 [0, 3]", 12));
    callpy_value_release(&result);
    // A bool that Python wrote is 0 or 1.
    uint8_t flags[2] = {0, 0};
    ptrdiff_t two[1] = {2};
    lent = (callpy_array){.data = flags, .shape = two, .ndim = 1, .dtype = CALLPY_DTYPE_BOOL, .flags = CALLPY_WRITABLE};
    good(try_call("fill", array(&lent), NULL));
    CHECK(flags[0] == 1 && flags[1] == 1);
    good(try_call("write_bytes", array(&lent), NULL));
    CHECK(flags[0] == 1 && flags[1] == 1);
    // Other bytes are true, as NumPy has it.
    flags[0] = 255, flags[1] = 2, lent.flags = 0;
    CHECK(call("counted", array(&lent)).content.integer == 4);
    // Backwards, and the same element again and again.
    ptrdiff_t back[1] = {-8}, again_and_again[1] = {0};
    lent = (callpy_array){.data = series + 5, .shape = six, .strides = back, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64};
    CHECK(call("first", array(&lent)).content.number == 6);
    CHECK(call("total", array(&lent)).content.number == 21);
    lent.strides = again_and_again;
    CHECK(call("total", array(&lent)).content.number == 36);
    // A word makes one.
    result = call("total", callpy_vector(CALLPY_DTYPE_FLOAT64, series, six, &lent));
    CHECK(result.content.number == 21);
}

// What a Python expression is for C.
static void results(void) {
    static const struct { const char *expression; uint32_t tag; } all[] = {
        {"None", CALLPY_TAG_NONE}, {"True", CALLPY_TAG_BOOL}, {"np.bool_(True)", CALLPY_TAG_BOOL},
        {"-2**63", CALLPY_TAG_INT}, {"-1", CALLPY_TAG_INT}, {"2**63", CALLPY_TAG_UINT}, {"2**64", CALLPY_TAG_OBJECT},
        {"-2**63 - 1", CALLPY_TAG_OBJECT}, {"10**100", CALLPY_TAG_OBJECT}, {"np.int8(-3)", CALLPY_TAG_INT},
        {"np.uint64(2**64 - 1)", CALLPY_TAG_UINT}, {"np.float16(0.5)", CALLPY_TAG_FLOAT},
        {"np.float32(0.5)", CALLPY_TAG_FLOAT}, {"np.float64(0.5)", CALLPY_TAG_FLOAT},
        {"np.longdouble(0.5)", CALLPY_TAG_OBJECT}, {"np.complex64(1)", CALLPY_TAG_OBJECT},
        {"np.datetime64(1, 'ns')", CALLPY_TAG_OBJECT}, {"np.timedelta64(1, 'ns')", CALLPY_TAG_OBJECT},
        {"np.str_('a')", CALLPY_TAG_STRING}, {"np.bytes_(b'a')", CALLPY_TAG_BYTES},
        {"'\\ud800'", CALLPY_TAG_OBJECT}, {"['\\udcff']", CALLPY_TAG_LIST}, {"''", CALLPY_TAG_STRING},
        {"bytearray(b'a')", CALLPY_TAG_OBJECT}, {"memoryview(b'a')", CALLPY_TAG_OBJECT}, {"{1}", CALLPY_TAG_OBJECT},
        {"range(3)", CALLPY_TAG_OBJECT}, {"int", CALLPY_TAG_OBJECT}, {"...", CALLPY_TAG_OBJECT},
        {"collections.OrderedDict(a=1)", CALLPY_TAG_DICT}, {"collections.Counter('abc')", CALLPY_TAG_DICT},
        {"collections.namedtuple('P', 'x')(1)", CALLPY_TAG_TUPLE}, {"enum.IntEnum('E', 'A').A", CALLPY_TAG_INT},
        {"type('S', (str,), {'__len__': None, '__str__': None})('s')", CALLPY_TAG_STRING},
        {"type('B', (bytes,), {'__len__': None})(b's')", CALLPY_TAG_BYTES},
        {"type('I', (int,), {'__int__': None, '__index__': None})(7)", CALLPY_TAG_INT},
        {"type('F', (float,), {'__float__': None})(0.5)", CALLPY_TAG_FLOAT},
        {"type('D', (dict,), {'items': None, '__iter__': None})(a=1)", CALLPY_TAG_DICT},
        {"type('L', (list,), {})([1])", CALLPY_TAG_LIST}, {"[]", CALLPY_TAG_LIST}, {"()", CALLPY_TAG_TUPLE},
        {"{}", CALLPY_TAG_DICT}, {"np.array(3)", CALLPY_TAG_ARRAY}, {"np.zeros((2, 0), 'f4')", CALLPY_TAG_ARRAY},
        {"np.zeros(2, '>f2')", CALLPY_TAG_ARRAY}, {"np.zeros(2, '>c16')", CALLPY_TAG_ARRAY},
        {"np.array(['abc'], '>U3')", CALLPY_TAG_ARRAY}, {"np.zeros(2, '>M8[s]')", CALLPY_TAG_ARRAY},
        {"np.matrix([[1]])", CALLPY_TAG_ARRAY}, {"np.zeros(2, 'g')", CALLPY_TAG_OBJECT},
        {"np.zeros(2, 'V3')", CALLPY_TAG_OBJECT}, {"np.zeros(2, 'i4,f8')", CALLPY_TAG_OBJECT},
        {"np.zeros(2, 'M8')", CALLPY_TAG_OBJECT}, {"np.zeros(2, 'M8[25s]')", CALLPY_TAG_OBJECT},
        {"np.rec.array([(1, 2.0)])", CALLPY_TAG_OBJECT}, {"np.array([None])", CALLPY_TAG_OBJECT},
        {"np.ma.masked", CALLPY_TAG_OBJECT}, {"np.ma.array([1, 2], mask=[0, 1])", CALLPY_TAG_OBJECT},
    };
    callpy_function *evaluated = load("evaluated");
    for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
        // The place of an argument may be the result's.
        callpy_value value = callpy_string(all[index].expression);
        good(callpy_function_call(evaluated, &value, 1, NULL, 0, &value));
        if (value.tag != all[index].tag) {
            fprintf(stderr, "%s is %u, not %u\n", all[index].expression, value.tag, all[index].tag);
            exit(1);
        }
        // And back, whatever it is.
        callpy_value again = call("echo", value);
        CHECK(again.tag == value.tag);
        callpy_value_release(&again);
        callpy_value_release(&value);
    }
    callpy_function_free(evaluated);

    static const struct { const char *expression; double first, last; } arrays[] = {
        {"np.arange(3.0)", 0, 2}, {"np.arange(3.0)[::-1]", 2, 0}, {"np.arange(6.0)[::2]", 0, 4},
        {"np.broadcast_to(np.float64(3), (3,))", 3, 3}, {"np.arange(3, dtype='>f8')", 0, 2},
        {"np.frombuffer(bytes(25), 'f8', 3, 1)", 0, 0}, {"np.arange(9.0).reshape(3, 3)[:, 1]", 1, 7},
    };
    for (size_t index = 0; index < sizeof arrays / sizeof *arrays; index++) {
        callpy_value value = call("evaluated", callpy_string(arrays[index].expression));
        CHECK(value.tag == CALLPY_TAG_ARRAY && value.content.array->dtype == CALLPY_DTYPE_FLOAT64);
        const char *data = value.content.array->data;
        CHECK((uintptr_t)data % sizeof(double) == 0 && value.content.array->shape[0] == 3);
        CHECK(*(const double *)data == arrays[index].first);
        CHECK(*(const double *)(data + 2 * value.content.array->strides[0]) == arrays[index].last);
        CHECK(call("first", value).content.number == arrays[index].first);
        callpy_value_release(&value);
    }
    // More elements than any machine has room for, over the memory of three.
    callpy_value many = call("evaluated", callpy_string("np.broadcast_to(np.arange(3.0), (1 << 50, 3))"));
    CHECK(many.tag == CALLPY_TAG_ARRAY && many.content.array->shape[0] == (ptrdiff_t)1 << 50);
    CHECK(many.content.array->strides[0] == 0 && ((const double *)many.content.array->data)[2] == 2);
    callpy_value_release(&many);

    static const char *const bools[] = {
        "np.array([0, 2, 255], 'u1').view(bool)", "np.frombuffer(b'\\0\\2\\xff', bool)",
    };
    for (size_t index = 0; index < 2; index++) {
        callpy_value value = call("evaluated", callpy_string(bools[index]));
        CHECK(value.content.array->dtype == CALLPY_DTYPE_BOOL);
        CHECK(!memcmp(value.content.array->data, "\0\1\1", 3));
        callpy_value_release(&value);
    }
    static const char *const units[] = {
        "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as",
    };
    for (uint32_t unit = CALLPY_UNIT_YEAR; unit <= CALLPY_UNIT_ATTOSECOND; unit++) {
        char expression[64];
        snprintf(expression, sizeof expression, "np.zeros(1, 'M8[%s]')", units[unit - CALLPY_UNIT_YEAR]);
        callpy_value value = call("evaluated", callpy_string(expression));
        CHECK(value.content.array->dtype == CALLPY_DTYPE_DATETIME64 && value.content.array->unit == unit);
        callpy_value text = call("described", value);
        snprintf(expression, sizeof expression, "datetime64[%s] ", units[unit - CALLPY_UNIT_YEAR]);
        CHECK(!strncmp(text.content.text.data, expression, strlen(expression)));
        callpy_value_release(&text);
        callpy_value_release(&value);
    }
    // What was converted before the failure is given up.
    callpy_value value;
    bad(try_call("evaluated", callpy_string("[np.ones(9), b'x', 'text', {1: [{2}]}, (endless(),)]"), &value),
        CALLPY_ERROR_RESULT, "deep");
    // A subclass of list is read by what it holds, not by its own methods.
    good(try_call("evaluated", callpy_string("['x', type('L', (list,), {'__iter__': lambda self: 1 / 0})([1])]"), &value));
    callpy_value_release(&value);
    callpy_function *function = load("endless_dict");
    bad(callpy_function_call(function, NULL, 0, NULL, 0, &value), CALLPY_ERROR_RESULT, "deep");
    callpy_function_free(function);
}

// Results in arguments, and marks that are not callpy's.
static void ownership(void) {
    double series[3] = {1, 2, 3};
    ptrdiff_t three[1] = {3};
    callpy_array lent;
    callpy_value results[] = {
        call("evaluated", callpy_string("{'a': [np.arange(3.0), 'text', {1}]}")),
        call("evaluated", callpy_string("np.arange(3)")),
        callpy_vector(CALLPY_DTYPE_FLOAT64, series, three, &lent),
    };
    callpy_value list = {.tag = CALLPY_TAG_LIST, .content.items = {results, 3}};
    callpy_value echo = call("echo", list);
    CHECK(echo.tag == CALLPY_TAG_LIST && echo.content.items.len == 3);
    callpy_value *item = echo.content.items.data;
    CHECK(item[0].tag == CALLPY_TAG_DICT && item[1].tag == CALLPY_TAG_ARRAY && item[2].tag == CALLPY_TAG_ARRAY);
    CHECK(item[1].content.array->data != results[1].content.array->data);
    for (int index = 0; index < 3; index++) callpy_value_release(&results[index]);
    CHECK(((double *)item[2].content.array->data)[2] == 3 && series[2] == 3);
    // A part is taken out.
    callpy_array *taken = item[1].content.array;
    item[1].content.array = NULL;
    callpy_value_release(&echo);
    CHECK(((int64_t *)taken->data)[2] == 2);
    callpy_array_release(taken);

    // A function whose result holds its argument is passed copies, from its first call on.
    callpy_value given = callpy_vector(CALLPY_DTYPE_FLOAT64, series, three, &lent), holder;
    good(try_call("held", given, &holder));
    CHECK(holder.tag == CALLPY_TAG_OBJECT);
    callpy_value_release(&holder);
    good(try_call("held", given, NULL));

    // These would end in free() of what malloc() did not make.
    callpy_value forged = callpy_string("text");
    forged.owned = 1;
    callpy_value_release(&forged);
    CHECK(forged.tag == CALLPY_TAG_NONE);
    memset(&forged, 0xff, sizeof forged);
    forged.tag = CALLPY_TAG_LIST;
    callpy_value_release(&forged);
    lent.owned = 1;
    callpy_array_release(&lent);
    CHECK(lent.data == series);
    forged = call("echo", callpy_int(3));
    forged.tag = CALLPY_TAG_STRING;
    forged.content.text = (callpy_text){"text", 4};
    callpy_value_release(&forged);
}

// As deep as values may stand in one another, both ways.
static void depth(void) {
    static callpy_value nested[202];
    for (int level = 0; level < 201; level++) {
        nested[level] = (callpy_value){.tag = CALLPY_TAG_TUPLE, .content.items = {&nested[level + 1], 1}};
    }
    callpy_value result = call("echo", nested[1]), *value = &result;
    for (int level = 0; level < 200; level++) {
        CHECK(value->tag == CALLPY_TAG_TUPLE && value->content.items.len == 1);
        value = value->content.items.data;
    }
    CHECK(value->tag == CALLPY_TAG_NONE);
    callpy_value_release(&result);
    bad(try_call("echo", nested[0], NULL), CALLPY_ERROR_ARGUMENT, "deep");
    bad(try_call("deep", callpy_int(201), &result), CALLPY_ERROR_RESULT, "deep");
    result = call("deep", callpy_int(200));
    callpy_value_release(&result);
    // In a circle, by way of a dict.
    callpy_value entries[2] = {callpy_int(1)};
    callpy_value dict = {.tag = CALLPY_TAG_DICT, .content.items = {entries, 2}};
    entries[1] = (callpy_value){.tag = CALLPY_TAG_LIST, .content.items = {&dict, 1}};
    bad(try_call("echo", dict, NULL), CALLPY_ERROR_ARGUMENT, "deep");
    // A key that can't be one.
    callpy_value wrong[2] = {{.tag = CALLPY_TAG_LIST}, callpy_int(1)};
    dict.content.items.data = wrong;
    bad(try_call("echo", dict, NULL), CALLPY_ERROR_PYTHON, "unhashable");
}

// A pointer that nothing can lie at is refused before it is followed.
static void unaligned(void) {
    callpy_value value = callpy_int(1), space[2];
    callpy_function *function = load("echo"), *found = NULL;
#define OFF(pointer) ((void *)((uintptr_t)(pointer) + 1))
    bad(callpy_function_call(OFF(function), &value, 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "function is not aligned");
    bad(callpy_function_call(function, OFF(&value), 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "not aligned");
    bad(callpy_function_call(function, NULL, 0, OFF(&value), 1, NULL), CALLPY_ERROR_ARGUMENT, "not aligned");
    bad(callpy_function_call(function, &value, 1, NULL, 0, OFF(space)), CALLPY_ERROR_ARGUMENT, "not aligned");
    bad(callpy_function_load("math:sqrt", OFF(&found)), CALLPY_ERROR_ARGUMENT, "not aligned");
    bad(callpy_python_start(OFF(space)), CALLPY_ERROR_ARGUMENT, "not aligned");
    callpy_value_release(OFF(space));
    callpy_array_release(OFF(space));
    callpy_array lent = {.data = space, .shape = OFF(space), .ndim = 1, .dtype = CALLPY_DTYPE_UINT8};
    callpy_value values[] = {
        {.tag = CALLPY_TAG_ARRAY, .content.array = OFF(space)},
        {.tag = CALLPY_TAG_OBJECT, .content.object = OFF(space)},
        {.tag = CALLPY_TAG_LIST, .content.items = {OFF(space), 1}},
        {.tag = CALLPY_TAG_ARRAY, .content.array = &lent},
    };
    for (size_t index = 0; index < sizeof values / sizeof *values; index++) {
        bad(callpy_function_call(function, &values[index], 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "not aligned");
    }
    callpy_function_free(function);
}

// Source text as a module.
static void modules(void) {
    good(callpy_module_run("carried", "carried.py", "def twice(x):\n    return 2 * x\n"));
    CHECK(call("carried:twice", callpy_int(4)).content.integer == 8);
    good(callpy_module_run("carried", "carried.py", "def twice(x):\n    return 2 * x\n"));
    bad(callpy_module_run("carried", "carried.py", ""), CALLPY_ERROR_TARGET, "other text");
    bad(callpy_module_run("broken", "broken.py", "def"), CALLPY_ERROR_PYTHON, "SyntaxError");
    bad(callpy_module_run(NULL, "a.py", ""), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_module_run("a", NULL, ""), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_module_run("a", "a.py", NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_module_run("a", "a.py", "\xff"), CALLPY_ERROR_ARGUMENT, "UTF-8");
    bad(callpy_module_run("", "a.py", ""), CALLPY_ERROR_TARGET, "name");
    bad(callpy_module_run("a/b.py", "a.py", ""), CALLPY_ERROR_TARGET, "name");
}

static void arguments_in_a_word(void) {
    // All of it is set, whatever was there before.
    static const callpy_value zeros;
    callpy_value none = callpy_none();
    CHECK(!memcmp(&none, &zeros, sizeof none));
    CHECK(call("echo", none).tag == CALLPY_TAG_NONE);
    callpy_value result = call("echo", callpy_bool(2));
    CHECK(result.tag == CALLPY_TAG_BOOL && result.content.boolean == 1);
    result = call("echo", callpy_int(INT64_MIN));
    CHECK(result.tag == CALLPY_TAG_INT && result.content.integer == INT64_MIN);
    result = call("echo", callpy_float(0.5));
    CHECK(result.tag == CALLPY_TAG_FLOAT && result.content.number == 0.5);
    result = call("echo", callpy_string("h\xc3\xa9llo"));
    CHECK(result.tag == CALLPY_TAG_STRING && !strcmp(result.content.text.data, "h\xc3\xa9llo"));
    callpy_value_release(&result);
    CHECK(callpy_version()[0] && strspn(callpy_version(), "0123456789.") >= 5);
}

static void dtypes(void) {
    static const struct { const char *name; uint32_t dtype; size_t size; } all[] = {
        NUMBERS // Rows of the table in callpy-dtypes, defined by tests/c.rs.
        {"m8[ns]", CALLPY_DTYPE_TIMEDELTA64, 8}, {"M8[D]", CALLPY_DTYPE_DATETIME64, 8},
        {"S3", CALLPY_DTYPE_BYTES, 3}, {"U2", CALLPY_DTYPE_STR, 8}, {">i4", CALLPY_DTYPE_INT32, 4},
        {">m8[ns]", CALLPY_DTYPE_TIMEDELTA64, 8},
    };
    for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
        callpy_value result = call("made", callpy_string(all[index].name));
        CHECK(result.tag == CALLPY_TAG_ARRAY);
        callpy_array *made = result.content.array;
        CHECK(made->dtype == all[index].dtype && made->item_size == all[index].size);
        CHECK(made->ndim == 1 && made->shape[0] == 3);
        const char *data = made->data;
        CHECK(memcmp(data, data + made->strides[0], made->item_size));
        CHECK(!memcmp(data + made->strides[0], data + 2 * made->strides[0], made->item_size));
        // There and back: the same dtype, unit and bytes.
        callpy_value echo = call("echo", result);
        callpy_array *back = echo.content.array;
        CHECK(back->dtype == made->dtype && back->unit == made->unit);
        CHECK(back->item_size == made->item_size);
        CHECK(!memcmp(back->data, made->data, 3 * made->item_size));
        callpy_value_release(&echo);
        callpy_value_release(&result);
    }
    callpy_value times = call0("times");
    CHECK(times.content.array->unit == CALLPY_UNIT_SECOND);
    CHECK(((int64_t *)times.content.array->data)[0] == 1585819800);
    CHECK(((int64_t *)times.content.array->data)[1] == INT64_MIN);
    callpy_value_release(&times);
    callpy_value texts = call0("texts");
    CHECK(texts.content.array->dtype == CALLPY_DTYPE_STR && texts.content.array->item_size == 20);
    callpy_value_release(&texts);
    callpy_value objects = call0("objects");
    CHECK(objects.tag == CALLPY_TAG_OBJECT);
    callpy_value_release(&objects);
}

static void errors(void) {
    callpy_function *function = load("cause");
    for (int round = 0; round < 3; round++) {
        callpy_error *error = callpy_function_call(function, NULL, 0, NULL, 0, NULL);
        CHECK(callpy_error_kind(error) == CALLPY_ERROR_PYTHON);
        CHECK(!strcmp(callpy_error_exception_type(error), "ValueError"));
        CHECK(!strcmp(callpy_error_exception_module(error), "builtins"));
        CHECK(!strcmp(callpy_error_exception_message(error), "outer"));
        CHECK(callpy_error_exception_is(error, "builtins.ValueError"));
        CHECK(callpy_error_exception_is(error, "Exception"));
        CHECK(!callpy_error_exception_is(error, "KeyError") && !callpy_error_exception_is(error, NULL));
        CHECK(strstr(callpy_error_traceback(error), "in cause"));
        callpy_value exception, shown;
        CHECK(callpy_error_exception_object(error, &exception));
        CHECK(exception.tag == CALLPY_TAG_OBJECT);
        good(try_call("shown", exception, &shown));
        CHECK(!strcmp(shown.content.text.data, "ValueError('outer')"));
        callpy_value_release(&shown);
        callpy_value_release(&exception);
        CHECK(!callpy_error_exception_object(error, NULL) && !callpy_error_exception_object(NULL, &exception));
        const callpy_error *cause = callpy_error_cause(error);
        CHECK(!strcmp(callpy_error_exception_type(cause), "KeyError"));
        CHECK(callpy_error_cause(cause) == NULL);
        CHECK(callpy_error_exception_is(cause, "LookupError"));
        callpy_error_free(error);
    }
    callpy_function_free(function);
    CHECK(!callpy_error_exception_is(NULL, "Exception"));
    bad(callpy_function_load("no_such_module_here:f", &function), CALLPY_ERROR_PYTHON, "no_such_module_here");
    bad(callpy_function_load("math:no-such-function", &function), CALLPY_ERROR_TARGET, "no-such-function");
    bad(callpy_function_load("math", &function), CALLPY_ERROR_TARGET, "names no function");
    bad(callpy_function_load("math:pi", &function), CALLPY_ERROR_TARGET, "can't be called");
    callpy_value deep;
    bad(try_call("deep", callpy_int(300), &deep), CALLPY_ERROR_RESULT, "deep");
    // What is not wanted is not looked at.
    good(try_call("deep", callpy_int(300), NULL));
    function = load("endless");
    bad(callpy_function_call(function, NULL, 0, NULL, 0, &deep), CALLPY_ERROR_RESULT, "deep");
    callpy_function_free(function);
}

// The words for a result of another type are the library's, with the fix.
static void mismatches(void) {
    callpy_value value = call("evaluated", callpy_string("range(3)"));
    bad(callpy_value_mismatch(&value, "a list of int", CALLPY_WANT_LIST), CALLPY_ERROR_RESULT,
        "expected a list of int, got a range (use list())");
    callpy_value_release(&value);
    callpy_value number = callpy_float(2.5);
    bad(callpy_value_mismatch(&number, "an int", CALLPY_WANT_VALUE), CALLPY_ERROR_RESULT,
        "expected an int, got the float 2.5");
    bad(callpy_value_mismatch(NULL, "an int", CALLPY_WANT_VALUE), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_value_mismatch(&number, NULL, CALLPY_WANT_VALUE), CALLPY_ERROR_ARGUMENT, "NULL");
    value = call("evaluated", callpy_string("__import__('numpy').broadcast_to(0.5, 1 << 43)"));
    bad(callpy_value_mismatch(&value, "an array of int32", CALLPY_WANT_ARRAY), CALLPY_ERROR_RESULT,
        "got an array of float64 (8796093022208) (use .astype())");
    bad(callpy_array_check_memory(value.content.array), CALLPY_ERROR_RESULT,
        "there is no memory to read an array of float64");
    callpy_value_release(&value);
    bad(callpy_array_check_memory(NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    callpy_array own = {0};
    bad(callpy_array_check_memory(&own), CALLPY_ERROR_ARGUMENT, "no result");
}

static void retained(void) {
    double series[2] = {1, 2};
    ptrdiff_t shape[1] = {2};
    callpy_array lent = {.data = series, .shape = shape, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64};
    callpy_function *function = load("rows_if");
    callpy_value arguments[2] = {array(&lent), callpy_bool(0)}, result;
    good(callpy_function_call(function, arguments, 2, NULL, 0, &result));
    arguments[1] = callpy_bool(1);
    callpy_error *error = callpy_function_call(function, arguments, 2, NULL, 0, &result);
    CHECK(!strstr(callpy_error_message(error), "Vec") && !strstr(callpy_error_message(error), ".rs"));
    bad(error, CALLPY_ERROR_KEPT, "to fix it, pass a copy: add CALLPY_COPIED to the array's flags");
    lent.flags = CALLPY_COPIED;
    good(callpy_function_call(function, arguments, 2, NULL, 0, &result));
    callpy_value_release(&result);
    callpy_function_free(function);
}

// What the hook was told: how often, and of what.
struct told {
    int count;
    char function[4096], holder[4096];
};

// The hook's thread is not attached: it may call functions.
static void tell(const callpy_retained *retained, void *context) {
    struct told *told = context;
    told->count++;
    CHECK(strlen(retained->function) < sizeof told->function);
    strcpy(told->function, retained->function);
    CHECK(strstr(retained->message, retained->function) && strstr(retained->message, "copies"));
    CHECK(retained->arguments_len == 1 && !strcmp(retained->arguments[0], "argument 1"));
    CHECK(retained->holders_len == 1 && strlen(retained->holders[0]) < sizeof told->holder);
    strcpy(told->holder, retained->holders[0]);
    callpy_function *sqrt = load("math:sqrt");
    callpy_value argument = callpy_float(4.0), result;
    good(callpy_function_call(sqrt, &argument, 1, NULL, 0, &result));
    CHECK(result.content.number == 2.0);
    callpy_function_free(sqrt);
}

// Calls a function that returns the address of its argument; says whether that was lent.
static bool lends(callpy_function *function) {
    double series[2] = {1, 2};
    ptrdiff_t shape[1] = {2};
    callpy_array lent = {.data = series, .shape = shape, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64};
    callpy_value argument = array(&lent), result;
    good(callpy_function_call(function, &argument, 1, NULL, 0, &result));
    CHECK(result.tag == CALLPY_TAG_INT);
    return (uintptr_t)result.content.integer == (uintptr_t)series;
}

static void habits(struct told *told) {
    told->count = 0;
    callpy_function *keep = load("keep");
    CHECK(!lends(keep) && told->count == 1);
    CHECK(strstr(told->function, ":keep"));
    // Under valgrind, the time for the search of the holder is over before it is found.
    CHECK(strstr(told->holder, "'kept'") || strstr(told->holder, "not searched further"));
    CHECK(!lends(keep) && told->count == 1);
    callpy_function_free(keep);
    // What is decided need not be told.
    callpy_function *keep_quietly = load("keep_quietly");
    good(callpy_function_retains(keep_quietly));
    CHECK(!lends(keep_quietly) && told->count == 1);
    callpy_function_free(keep_quietly);
    // A decision is for the function, not for the handle; the last one counts.
    callpy_function *address = load("address"), *again = load("address");
    good(callpy_function_lends(address));
    CHECK(lends(address) && lends(again));
    good(callpy_function_retains(again));
    CHECK(!lends(address) && !lends(again));
    callpy_function_free(address);
    callpy_function_free(again);
}

// A constant in the place of another sort's: the error says which was passed, and which was meant.
static void constants(void) {
    double series[3] = {1, 2, 3.5};
    ptrdiff_t three = 3;
    callpy_array lent;
    static const struct { uint32_t dtype; const char *got, *meant; } dtypes[] = {
        {CALLPY_TAG_FLOAT, "got CALLPY_TAG_FLOAT", "CALLPY_DTYPE_FLOAT64"},
        {CALLPY_TAG_INT, "got CALLPY_TAG_INT", "CALLPY_DTYPE_INT64"},
        {CALLPY_TAG_UINT, "got CALLPY_TAG_UINT", "CALLPY_DTYPE_UINT64"},
        {CALLPY_TAG_BOOL, "got CALLPY_TAG_BOOL", "CALLPY_DTYPE_BOOL"},
        {CALLPY_TAG_STRING, "got CALLPY_TAG_STRING", "CALLPY_DTYPE_STR"},
        {CALLPY_TAG_BYTES, "got CALLPY_TAG_BYTES", "CALLPY_DTYPE_BYTES"},
        {CALLPY_TAG_ARRAY, "got CALLPY_TAG_ARRAY", "CALLPY_DTYPE_*"},
        {CALLPY_UNIT_SECOND, "got CALLPY_UNIT_SECOND", "CALLPY_DTYPE_DATETIME64"},
        {CALLPY_COPIED, "got CALLPY_COPIED", "CALLPY_DTYPE_*"},
        {0, "got 0", "CALLPY_DTYPE_*"},
        {7777, "got 7777", "CALLPY_DTYPE_*"},
    };
    for (size_t index = 0; index < sizeof dtypes / sizeof *dtypes; index++) {
        callpy_value argument = callpy_vector(dtypes[index].dtype, series, &three, &lent);
        bad(try_call("total", argument, NULL), CALLPY_ERROR_ARGUMENT, dtypes[index].got);
        bad(try_call("total", argument, NULL), CALLPY_ERROR_ARGUMENT, dtypes[index].meant);
    }
    static const struct { uint32_t tag; const char *got, *meant; } tags[] = {
        {CALLPY_DTYPE_FLOAT64, "got CALLPY_DTYPE_FLOAT64", "CALLPY_TAG_FLOAT"},
        {CALLPY_DTYPE_INT8, "got CALLPY_DTYPE_INT8", "CALLPY_TAG_INT"},
        {CALLPY_DTYPE_UINT64, "got CALLPY_DTYPE_UINT64", "CALLPY_TAG_UINT"},
        {CALLPY_DTYPE_BOOL, "got CALLPY_DTYPE_BOOL", "CALLPY_TAG_BOOL"},
        {CALLPY_DTYPE_DATETIME64, "got CALLPY_DTYPE_DATETIME64", "CALLPY_TAG_ARRAY"},
        {CALLPY_UNIT_YEAR, "got CALLPY_UNIT_YEAR", "CALLPY_TAG_*"},
        {13, "got 13", "CALLPY_TAG_*"},
    };
    for (size_t index = 0; index < sizeof tags / sizeof *tags; index++) {
        callpy_value argument = callpy_none();
        argument.tag = tags[index].tag;
        bad(try_call("echo", argument, NULL), CALLPY_ERROR_ARGUMENT, tags[index].got);
        bad(try_call("echo", argument, NULL), CALLPY_ERROR_ARGUMENT, tags[index].meant);
    }
    int64_t times[3] = {1, 2, 3};
    callpy_value argument = callpy_vector(CALLPY_DTYPE_DATETIME64, times, &three, &lent);
    bad(try_call("echo", argument, NULL), CALLPY_ERROR_ARGUMENT, "CALLPY_UNIT_*), got 0");
    lent.unit = CALLPY_DTYPE_INT64;
    bad(try_call("echo", argument, NULL), CALLPY_ERROR_ARGUMENT, "CALLPY_UNIT_*), got CALLPY_DTYPE_INT64");
    lent.dtype = CALLPY_DTYPE_INT64, lent.unit = CALLPY_WRITABLE;
    bad(try_call("echo", argument, NULL), CALLPY_ERROR_ARGUMENT, "int64 has no unit, got CALLPY_WRITABLE");
    lent.unit = 0, lent.flags = CALLPY_TAG_BOOL;
    bad(try_call("echo", argument, NULL), CALLPY_ERROR_ARGUMENT, "CALLPY_COPIED), got CALLPY_TAG_BOOL");
}

static void nonsense(void) {
    callpy_function *function = load("nothing"), *none = NULL;
    callpy_value value = callpy_int(1);
    bad(callpy_function_load(NULL, &none), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_load("math:sqrt", NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    // A path may be any bytes.
    bad(callpy_function_load("\xff.py:f", &none), CALLPY_ERROR_TARGET, "there is no file");
    bad(callpy_function_load("f.py:\xff", &none), CALLPY_ERROR_TARGET, "names no function");
    bad(callpy_function_retains(NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_lends(NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_call(NULL, NULL, 0, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_call(function, NULL, 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_call(function, &value, SIZE_MAX, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "possible");
    callpy_named named = {NULL, value};
    bad(callpy_function_call(function, NULL, 0, &named, 1, NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    named.name = "\xff";
    bad(callpy_function_call(function, NULL, 0, &named, 1, NULL), CALLPY_ERROR_ARGUMENT, "UTF-8");
    const char *nulls[1] = {NULL};
    callpy_python_options options = {.requirements = nulls, .requirements_len = 1};
    bad(callpy_python_start(&options), CALLPY_ERROR_ARGUMENT, "NULL");
    options.requirements = NULL;
    bad(callpy_python_start(&options), CALLPY_ERROR_ARGUMENT, "NULL");

    callpy_value values[] = {
        {.tag = 13}, {.tag = UINT32_MAX},
        {.tag = CALLPY_TAG_STRING, .content.text = {"\xff", 1}},
        {.tag = CALLPY_TAG_STRING, .content.text = {NULL, 1}},
        {.tag = CALLPY_TAG_BYTES, .content.text = {"a", SIZE_MAX}},
        {.tag = CALLPY_TAG_LIST, .content.items = {NULL, 3}},
        {.tag = CALLPY_TAG_LIST, .content.items = {&value, SIZE_MAX / 24}},
        {.tag = CALLPY_TAG_DICT, .content.items = {&value, 1}},
        {.tag = CALLPY_TAG_ARRAY}, {.tag = CALLPY_TAG_OBJECT},
    };
    for (size_t index = 0; index < sizeof values / sizeof *values; index++) {
        bad(callpy_function_call(function, &values[index], 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "argument 1");
    }
    callpy_value endless = {.tag = CALLPY_TAG_LIST, .content.items = {&endless, 1}};
    bad(callpy_function_call(function, &endless, 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "deep");

    double one = 1;
    ptrdiff_t shape[65] = {0}, negative[1] = {-1}, huge[2] = {PTRDIFF_MAX, 2}, single[1] = {1}, odd[1] = {3};
    ptrdiff_t four[2] = {4, 4}, far[2] = {PTRDIFF_MAX - 7, 8};
    ptrdiff_t two[1] = {2}, below[1] = {PTRDIFF_MIN + 8}, least[1] = {PTRDIFF_MIN};
    callpy_array arrays[] = {
        {.data = &one, .shape = NULL, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = NULL, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = negative, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = huge, .ndim = 2, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = shape, .ndim = 65, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = shape, .ndim = SIZE_MAX, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = single, .ndim = 1, .dtype = 0},
        {.data = &one, .shape = single, .ndim = 1, .dtype = 119},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64, .item_size = 4},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64, .flags = 64},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_STR},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_STR, .item_size = 3},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_BYTES, .item_size = SIZE_MAX},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_DATETIME64, .unit = 214},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_DATETIME64},
        {.data = (char *)&one + 1, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = single, .strides = odd, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = four, .strides = far, .ndim = 2, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = two, .strides = below, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = two, .strides = least, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64, .unit = CALLPY_UNIT_SECOND},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_INT16, .unit = 99},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DTYPE_BYTES, .item_size = 8, .unit = 1},
    };
    for (size_t index = 0; index < sizeof arrays / sizeof *arrays; index++) {
        value = array(&arrays[index]);
        bad(callpy_function_call(function, &value, 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "argument 1");
    }
    callpy_function_free(function);

    CHECK(callpy_error_kind(NULL) == 0 && callpy_error_message(NULL) == NULL);
    CHECK(callpy_error_cause(NULL) == NULL && callpy_error_traceback(NULL) == NULL);
    callpy_error_free(NULL);
    callpy_function_free(NULL);
    callpy_value_release(NULL);
    callpy_array_release(NULL);
    CHECK(callpy_function_clone(NULL) == NULL);
}

static void *work(void *shared) {
    callpy_function *function = shared;
    double series[1000];
    ptrdiff_t shape[1] = {1000};
    for (int index = 0; index < 1000; index++) series[index] = index;
    callpy_array lent = {.data = series, .shape = shape, .ndim = 1, .dtype = CALLPY_DTYPE_FLOAT64};
    callpy_value argument = array(&lent), wrong = callpy_string("x"), result;
    for (int round = 0; round < 50; round++) {
        good(callpy_function_call(function, &argument, 1, NULL, 0, &result));
        CHECK(result.content.number == 499500);
        bad(callpy_function_call(function, &wrong, 1, NULL, 0, &result), CALLPY_ERROR_PYTHON, "AttributeError");
    }
    return NULL;
}

static void threads(void) {
    callpy_function *function = load("total");
    pthread_t all[8];
    for (int index = 0; index < 8; index++) CHECK(!pthread_create(&all[index], NULL, work, function));
    for (int index = 0; index < 8; index++) CHECK(!pthread_join(all[index], NULL));
    callpy_function_free(function);
}

#ifdef __linux__
// A slow machine may have cost a worker, whose calls then find none that is free.
static void wait_for_free(const callpy_workers *workers) {
    callpy_workers_statistics now;
    do {
        struct timespec millisecond = {.tv_nsec = 1000 * 1000};
        nanosleep(&millisecond, NULL);
        good(callpy_workers_get_statistics(workers, &now));
    } while (now.free < 2);
}

static callpy_function *on_workers(const callpy_workers *workers, const char *name) {
    char target[4096];
    snprintf(target, sizeof target, strchr(name, ':') ? "%s%s" : "%s:%s", strchr(name, ':') ? "" : file, name);
    callpy_function *function = NULL;
    good(callpy_workers_function(workers, target, &function));
    return function;
}

static void *cancel(void *call) {
    callpy_call_cancel(call);
    return NULL;
}

// The same functions, in processes of their own.
static void workers(void) {
    const char *variables[] = {"ANSWER=42"};
    callpy_workers_options options = {
        .variables = variables, .variables_len = 1, .max_waiting = 8, .calls = 1000, .memory = 1u << 30};
    callpy_workers *workers = NULL;
    good(callpy_workers_start(NULL, &options, 1, &workers));

    callpy_function *total = on_workers(workers, "total");
    double series[] = {1.0, 2.0, 4.0};
    ptrdiff_t length = 3;
    callpy_array lent;
    callpy_value argument = callpy_vector(CALLPY_DTYPE_FLOAT64, series, &length, &lent), result;
    good(callpy_function_call(total, &argument, 1, NULL, 0, &result));
    CHECK(result.tag == CALLPY_TAG_FLOAT && result.content.number == 7.0);
    callpy_value results[2], arguments[] = {argument, argument};
    callpy_error *errors[2];
    good(callpy_function_map(total, arguments, 2, 1, results, errors));
    CHECK(!errors[0] && !errors[1] && results[1].content.number == 7.0);
    callpy_function_free(total);

    callpy_function *getenv = on_workers(workers, "os:getenv");
    argument = callpy_string("ANSWER");
    good(callpy_function_call(getenv, &argument, 1, NULL, 0, &result));
    CHECK(!strcmp(result.content.text.data, "42"));
    callpy_value_release(&result);
    callpy_function_free(getenv);

    // Of source text, which imports other source text.
    callpy_source sources[] = {{"first_of_two", "first.py", "BASE = 40\n"},
                               {"second_of_two", "second.py", "import first_of_two\n\n\ndef add(x):\n"
                                                              "    return first_of_two.BASE + x\n"}};
    callpy_function *add;
    good(callpy_workers_source_function(workers, sources, 2, "add", &add));
    argument = callpy_int(2);
    good(callpy_function_call(add, &argument, 1, NULL, 0, &result));
    CHECK(result.content.integer == 42);
    argument = callpy_string("text");
    bad(callpy_function_call(add, &argument, 1, NULL, 0, NULL), CALLPY_ERROR_PYTHON, "TypeError");
    callpy_function_free(add);
    bad(callpy_workers_source_function(workers, sources, 2, "no_such", &add), CALLPY_ERROR_TARGET, "no_such");
    bad(callpy_workers_source_function(workers, NULL, 0, "add", &add), CALLPY_ERROR_ARGUMENT, "no module");
    bad(callpy_workers_source_function(NULL, sources, 2, "add", &add), CALLPY_ERROR_ARGUMENT, "the workers is NULL");
    sources[1].text = NULL;
    bad(callpy_workers_source_function(workers, sources, 2, "add", &add), CALLPY_ERROR_ARGUMENT, "the source is NULL");

    // A crash is an error of the call.
    callpy_function *leave = on_workers(workers, "os:_exit");
    argument = callpy_int(3);
    callpy_error *error = callpy_function_call(leave, &argument, 1, NULL, 0, NULL);
    CHECK(callpy_error_kind(error) == CALLPY_ERROR_CRASHED);
    CHECK(callpy_error_exit_status(error) == 3 && callpy_error_signal(error) == 0);
    callpy_error_free(error);
    callpy_function *abort = on_workers(workers, "os:abort");
    error = callpy_function_call(abort, NULL, 0, NULL, 0, NULL);
    CHECK(callpy_error_kind(error) == CALLPY_ERROR_CRASHED);
    CHECK(callpy_error_exit_status(error) == -1 && callpy_error_signal(error) == 6);
    CHECK(strstr(callpy_error_detail(error), "Fatal Python error"));
    callpy_error_free(error);
    callpy_function_free(abort);
    callpy_limits limits = {.retries = 2};
    callpy_function *limited;
    good(callpy_function_limit(leave, &limits, &limited));
    bad(callpy_function_call(limited, &argument, 1, NULL, 0, NULL), CALLPY_ERROR_CRASHED, "status 3");
    callpy_function_free(limited);
    callpy_function_free(leave);

    // Deadlines, and cancelling from another thread, on workers and here.
    wait_for_free(workers);
    callpy_function *sleep = on_workers(workers, "time:sleep"), *here = load("spin");
    argument = callpy_float(60.0);
    limits = (callpy_limits){.within = 20 * 1000 * 1000};
    good(callpy_function_limit(sleep, &limits, &limited));
    bad(callpy_function_call(limited, &argument, 1, NULL, 0, NULL), CALLPY_ERROR_DEADLINE, "within 20ms");
    callpy_function_free(limited);
    good(callpy_function_limit(here, &limits, &limited));
    bad(callpy_function_call(limited, NULL, 0, NULL, 0, NULL), CALLPY_ERROR_DEADLINE, "within 20ms");
    callpy_function_free(limited);
    callpy_function *both[] = {sleep, here};
    for (int index = 0; index < 2; index++) {
        wait_for_free(workers);
        callpy_call *call = callpy_call_new();
        limits = (callpy_limits){.call = call};
        good(callpy_function_limit(both[index], &limits, &limited));
        pthread_t thread;
        CHECK(!pthread_create(&thread, NULL, cancel, call));
        bad(callpy_function_call(limited, &argument, 1 - index, NULL, 0, NULL), CALLPY_ERROR_CANCELLED,
            "it was cancelled");
        CHECK(!pthread_join(thread, NULL));
        bad(callpy_function_call(limited, &argument, 1 - index, NULL, 0, NULL), CALLPY_ERROR_CANCELLED,
            "it was cancelled");
        callpy_function_free(limited);
        // The limits of one call.
        callpy_invocation invocation = {
            .function = both[index], .arguments = &argument, .arguments_len = 1 - index, .limits = &limits};
        callpy_invoke(&invocation);
        bad(invocation.error, CALLPY_ERROR_CANCELLED, "it was cancelled");
        invocation.function = NULL;
        callpy_invoke(&invocation);
        bad(invocation.error, CALLPY_ERROR_ARGUMENT, "the function is NULL");
        // They are beside the function's own: the earlier deadline counts, and each call cancels it.
        callpy_call *other = callpy_call_new();
        callpy_limits cancels[] = {{.call = call}, {.call = other}};
        callpy_limits deadlines[] = {{.within = 20 * 1000 * 1000}, {.within = 60ull * 1000 * 1000 * 1000}};
        for (int first = 0; first < 2; first++) {
            good(callpy_function_limit(both[index], &cancels[first], &limited));
            invocation.function = limited, invocation.limits = &cancels[1 - first];
            callpy_invoke(&invocation);
            bad(invocation.error, CALLPY_ERROR_CANCELLED, "it was cancelled");
            callpy_function_free(limited);
            good(callpy_function_limit(both[index], &deadlines[first], &limited));
            invocation.function = limited, invocation.limits = &deadlines[1 - first];
            callpy_invoke(&invocation);
            bad(invocation.error, CALLPY_ERROR_DEADLINE, "within 20ms");
            callpy_function_free(limited);
        }
        callpy_call_free(other);
        callpy_call_free(call);
    }
    callpy_function_free(here);

    callpy_workers_statistics now;
    good(callpy_workers_get_statistics(workers, &now));
    CHECK(now.crashes == 5 && now.deadlines == 3 && now.cancelled == 5 && now.busy == 0);
    CHECK(now.bytes_sent >= 3 * sizeof series && now.started >= 7);
    good(callpy_workers_restart(workers));
    callpy_workers_free(workers);
    // A function keeps them.
    argument = callpy_float(0.0);
    good(callpy_function_call(sleep, &argument, 1, NULL, 0, NULL));
    callpy_function_free(sleep);

    // Nonsense.
    callpy_workers_free(NULL);
    callpy_call_free(NULL);
    callpy_call_cancel(NULL);
    CHECK(callpy_error_signal(NULL) == 0 && callpy_error_exit_status(NULL) == -1);
    bad(callpy_workers_start(NULL, NULL, 0, &workers), CALLPY_ERROR_START, "at least one worker");
    callpy_workers_options waits = {.setup = "signal:pause", .start_within = 100000000};
    bad(callpy_workers_start(NULL, &waits, 1, &workers), CALLPY_ERROR_START, "not ready after 100ms");
    bad(callpy_workers_start(NULL, NULL, 1, NULL), CALLPY_ERROR_ARGUMENT, "place for the workers is NULL");
    bad(callpy_workers_function(NULL, "os:abort", &sleep), CALLPY_ERROR_ARGUMENT, "the workers is NULL");
    variables[0] = "ANSWER";
    bad(callpy_workers_start(NULL, &options, 1, &workers), CALLPY_ERROR_ARGUMENT, "\"NAME=value\"");
    bad(callpy_function_limit(NULL, &limits, &limited), CALLPY_ERROR_ARGUMENT, "the function is NULL");
}
#else
static void workers(void) {}
#endif

// Two mistakes of the caller's, for those who want to see whether they would be told.
static void mistakes(void) {
    callpy_value lost = call("evaluated", callpy_string("['never', 'released']"));
    lost.content.items.data = NULL;
    callpy_value text = call("evaluated", callpy_string("'read after its release'"));
    const volatile char *first = text.content.text.data;
    callpy_value_release(&text);
    if (*first && lost.tag == CALLPY_TAG_NONE) puts("");
}

// Last, and again: that does nothing.
static void end(void) {
    callpy_function *sqrt;
    good(callpy_function_load("math:sqrt", &sqrt));
    good(callpy_python_trim());
    good(callpy_python_end());
    bad(callpy_python_trim(), CALLPY_ERROR_ENDING, "ended");
    good(callpy_python_end());
    callpy_value argument = callpy_float(4.0), result;
    bad(callpy_function_call(sqrt, &argument, 1, NULL, 0, &result), CALLPY_ERROR_ENDING, "ended");
    callpy_function_free(sqrt);
}

int main(int count, char **arguments) {
    CHECK(count == 2 || count == 3);
    file = arguments[count - 1];
    const char *numpy[] = {"numpy"};
    static struct told told;
    callpy_python_options options = {
        .requirements = numpy, .requirements_len = 1, .on_retained = tell, .on_retained_context = &told};
    good(callpy_python_start(&options));
    good(callpy_python_start(NULL));
    values();
    named();
    arguments_in_a_word();
    unconverted();
    callbacks();
    series_of_calls();
    arrays();
    dtypes();
    results();
    ownership();
    depth();
    unaligned();
    modules();
    errors();
    mismatches();
    retained();
    habits(&told);
    constants();
    nonsense();
    threads();
    workers();
    if (count == 3 && !strcmp(arguments[1], "mistakes")) mistakes();
    end();
    puts("all well");
    return 0;
}
