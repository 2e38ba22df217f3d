// What a C program sees of callpy.h: layouts, values, arrays, errors, threads, and nonsense.
// The argument is the path of functions.py.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callpy.h"

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(callpy_value) == 24, "callpy_value");
_Static_assert(offsetof(callpy_value, owned) == 4, "callpy_value.owned");
_Static_assert(offsetof(callpy_value, content) == 8, "callpy_value.content");
_Static_assert(sizeof(callpy_content) == 16, "callpy_content");
_Static_assert(sizeof(callpy_named) == 32, "callpy_named");
_Static_assert(sizeof(callpy_array) == 56, "callpy_array");
_Static_assert(offsetof(callpy_array, ndim) == 24, "callpy_array.ndim");
_Static_assert(offsetof(callpy_array, dtype) == 40, "callpy_array.dtype");
_Static_assert(offsetof(callpy_array, owned) == 52, "callpy_array.owned");
_Static_assert(sizeof(callpy_python_options) == 56, "callpy_python_options");
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
    CHECK(error);
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

static callpy_value integer(int64_t integer) {
    return (callpy_value){.tag = CALLPY_INT, .content.integer = integer};
}

static callpy_value string(const char *text) {
    return (callpy_value){.tag = CALLPY_STRING, .content.text = {text, strlen(text)}};
}

static callpy_value array(callpy_array *array) {
    return (callpy_value){.tag = CALLPY_ARRAY, .content.array = array};
}

static void values(void) {
    callpy_value items[] = {
        {.tag = CALLPY_NONE},
        {.tag = CALLPY_BOOL, .content.boolean = 1},
        integer(INT64_MIN),
        {.tag = CALLPY_UINT, .content.natural = UINT64_MAX},
        {.tag = CALLPY_FLOAT, .content.number = 0.5},
        {.tag = CALLPY_STRING, .content.text = {"h\xc3\xa9\0llo", 7}},
        {.tag = CALLPY_BYTE_STRING, .content.text = {"\xff\0", 2}},
        {.tag = CALLPY_TUPLE, .content.items = {NULL, 0}},
    };
    callpy_value entries[] = {
        string("list"),
        {.tag = CALLPY_LIST, .content.items = {items, 8}},
        integer(3),
        {.tag = CALLPY_STRING, .content.text = {NULL, 0}},
    };
    callpy_value dict = {.tag = CALLPY_DICT, .content.items = {entries, 4}};
    callpy_value result = call("echo", dict);
    CHECK(result.tag == CALLPY_DICT && result.owned == 1 && result.content.items.len == 4);
    callpy_value *entry = result.content.items.data;
    CHECK(entry[0].tag == CALLPY_STRING && !strcmp(entry[0].content.text.data, "list"));
    CHECK(entry[1].tag == CALLPY_LIST && entry[1].content.items.len == 8);
    CHECK(entry[2].content.integer == 3 && entry[3].content.text.len == 0);
    callpy_value *item = entry[1].content.items.data;
    for (size_t index = 0; index < 8; index++) CHECK(item[index].tag == items[index].tag);
    CHECK(item[1].content.boolean == 1 && item[2].content.integer == INT64_MIN);
    CHECK(item[3].content.natural == UINT64_MAX && item[4].content.number == 0.5);
    CHECK(item[5].content.text.len == 7 && !memcmp(item[5].content.text.data, "h\xc3\xa9\0llo", 8));
    CHECK(item[6].content.text.len == 2 && !memcmp(item[6].content.text.data, "\xff\0", 3));
    callpy_value_release(&result);
    CHECK(result.tag == CALLPY_NONE && result.owned == 0);
    callpy_value_release(&result);
    // An argument is left alone.
    callpy_value_release(&dict);

    callpy_value object = call("builtins:complex", integer(2));
    CHECK(object.tag == CALLPY_OBJECT);
    callpy_value text = call("builtins:repr", object);
    CHECK(!strcmp(text.content.text.data, "(2+0j)"));
    callpy_value_release(&text);
    callpy_value_release(&object);
}

static void named(void) {
    callpy_function *round = load("builtins:round");
    callpy_value number = {.tag = CALLPY_FLOAT, .content.number = 3.14159};
    callpy_named digits[] = {{"ndigits", integer(2)}, {"ndigits", integer(2)}};
    callpy_value result;
    good(callpy_function_call(round, &number, 1, digits, 1, &result));
    CHECK(result.tag == CALLPY_FLOAT && result.content.number == 3.14);
    bad(callpy_function_call(round, &number, 1, digits, 2, &result), CALLPY_ERROR_ARGUMENT, "twice");
    // A result that is not wanted.
    good(callpy_function_call(round, &number, 1, NULL, 0, NULL));
    callpy_function *other = callpy_function_clone(round);
    callpy_function_free(round);
    good(callpy_function_call(other, &number, 1, NULL, 0, NULL));
    callpy_function_free(other);
}

static void arrays(void) {
    double series[6] = {1, 2, 3, 4, 5, 6};
    ptrdiff_t shape[2] = {2, 3}, strides[2] = {8, 16}, six[1] = {6};
    callpy_array lent = {.data = series, .shape = six, .ndim = 1, .dtype = CALLPY_FLOAT64};
    callpy_value result = call("total", array(&lent));
    CHECK(result.content.number == 21);
    // Read-only unless it says so.
    bad(try_call("write", array(&lent), NULL), CALLPY_ERROR_PYTHON, "read-only");
    lent.flags = CALLPY_WRITABLE;
    good(try_call("write", array(&lent), NULL));
    CHECK(series[0] == 1);
    lent.flags = CALLPY_COPIED;
    good(try_call("keep", array(&lent), NULL));
    // Columns first.
    lent = (callpy_array){.data = series, .shape = shape, .strides = strides, .ndim = 2, .item_size = 8, .dtype = CALLPY_FLOAT64};
    result = call("described", array(&lent));
    CHECK(!strcmp(result.content.text.data, "float64 [2, 3] [8, 16]"));
    callpy_value_release(&result);
    result = call("transposed", array(&lent));
    CHECK(result.tag == CALLPY_ARRAY);
    callpy_array *view = result.content.array;
    CHECK(view->ndim == 2 && view->shape[0] == 3 && view->shape[1] == 2);
    CHECK(view->dtype == CALLPY_FLOAT64 && view->item_size == 8 && view->owned);
    CHECK(*(double *)((char *)view->data + 2 * view->strides[0] + view->strides[1]) == 6);
    // A result is an argument as well, but not to be written.
    callpy_value again = call("total", result);
    CHECK(again.content.number == 21);
    view->flags = CALLPY_WRITABLE;
    bad(try_call("total", result, NULL), CALLPY_ERROR_ARGUMENT, "CALLPY_WRITABLE");
    result.tag = CALLPY_NONE;
    callpy_array_release(view);
    // A view of the argument comes back as a copy.
    lent = (callpy_array){.data = series, .shape = six, .ndim = 1, .dtype = CALLPY_FLOAT64};
    result = call("echo", array(&lent));
    CHECK(result.content.array->data != series);
    CHECK(!memcmp(result.content.array->data, series, sizeof series));
    callpy_value_release(&result);
    // Without axes there is one element; without elements there need be no memory.
    lent.ndim = 0;
    result = call("total", array(&lent));
    CHECK(result.content.number == 1);
    ptrdiff_t none[2] = {0, 3};
    lent = (callpy_array){.shape = none, .ndim = 2, .dtype = CALLPY_INT16};
    result = call("described", array(&lent));
    CHECK(!strncmp(result.content.text.data, "int16 [0, 3]", 12));
    callpy_value_release(&result);
    // A bool that Python wrote is 0 or 1.
    uint8_t flags[2] = {0, 0};
    ptrdiff_t two[1] = {2};
    lent = (callpy_array){.data = flags, .shape = two, .ndim = 1, .dtype = CALLPY_BOOL8, .flags = CALLPY_WRITABLE};
    good(try_call("fill", array(&lent), NULL));
    CHECK(flags[0] == 1 && flags[1] == 1);
}

static void dtypes(void) {
    static const struct { const char *name; uint32_t dtype; size_t size; } all[] = {
        {"bool", CALLPY_BOOL8, 1}, {"int8", CALLPY_INT8, 1}, {"int16", CALLPY_INT16, 2},
        {"int32", CALLPY_INT32, 4}, {"int64", CALLPY_INT64, 8}, {"uint8", CALLPY_UINT8, 1},
        {"uint16", CALLPY_UINT16, 2}, {"uint32", CALLPY_UINT32, 4}, {"uint64", CALLPY_UINT64, 8},
        {"float16", CALLPY_FLOAT16, 2}, {"float32", CALLPY_FLOAT32, 4}, {"float64", CALLPY_FLOAT64, 8},
        {"complex64", CALLPY_COMPLEX64, 8}, {"complex128", CALLPY_COMPLEX128, 16},
        {"m8[ns]", CALLPY_TIMEDELTA64, 8}, {"M8[D]", CALLPY_DATETIME64, 8},
        {"S3", CALLPY_BYTES, 3}, {"U2", CALLPY_STR, 8}, {">i4", CALLPY_INT32, 4},
        {">m8[ns]", CALLPY_TIMEDELTA64, 8},
    };
    for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
        callpy_value result = call("made", string(all[index].name));
        CHECK(result.tag == CALLPY_ARRAY);
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
    CHECK(times.content.array->unit == CALLPY_SECOND);
    CHECK(((int64_t *)times.content.array->data)[0] == 1585819800);
    CHECK(((int64_t *)times.content.array->data)[1] == INT64_MIN);
    callpy_value_release(&times);
    callpy_value texts = call0("texts");
    CHECK(texts.content.array->dtype == CALLPY_STR && texts.content.array->item_size == 20);
    callpy_value_release(&texts);
    callpy_value objects = call0("objects");
    CHECK(objects.tag == CALLPY_OBJECT);
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
        CHECK(strstr(callpy_error_traceback(error), "in cause"));
        const callpy_error *cause = callpy_error_cause(error);
        CHECK(!strcmp(callpy_error_exception_type(cause), "KeyError"));
        CHECK(callpy_error_cause(cause) == NULL);
        callpy_error_free(error);
    }
    callpy_function_free(function);
    bad(callpy_function_load("no_such_module_here:f", &function), CALLPY_ERROR_PYTHON, "no_such_module_here");
    bad(callpy_function_load("math:no-such-function", &function), CALLPY_ERROR_TARGET, "no-such-function");
    bad(callpy_function_load("math", &function), CALLPY_ERROR_TARGET, "names no function");
    bad(callpy_function_load("math:pi", &function), CALLPY_ERROR_TARGET, "can't be called");
    callpy_value deep;
    bad(try_call("deep", integer(300), &deep), CALLPY_ERROR_RESULT, "deep");
    // What is not wanted is not looked at.
    good(try_call("deep", integer(300), NULL));
    function = load("endless");
    bad(callpy_function_call(function, NULL, 0, NULL, 0, &deep), CALLPY_ERROR_RESULT, "deep");
    callpy_function_free(function);
}

static void nonsense(void) {
    callpy_function *function = load("nothing"), *none = NULL;
    callpy_value value = integer(1);
    bad(callpy_function_load(NULL, &none), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_load("math:sqrt", NULL), CALLPY_ERROR_ARGUMENT, "NULL");
    bad(callpy_function_load("\xff:f", &none), CALLPY_ERROR_ARGUMENT, "UTF-8");
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
        {.tag = 12}, {.tag = UINT32_MAX},
        {.tag = CALLPY_STRING, .content.text = {"\xff", 1}},
        {.tag = CALLPY_STRING, .content.text = {NULL, 1}},
        {.tag = CALLPY_BYTE_STRING, .content.text = {"a", SIZE_MAX}},
        {.tag = CALLPY_LIST, .content.items = {NULL, 3}},
        {.tag = CALLPY_LIST, .content.items = {&value, SIZE_MAX / 24}},
        {.tag = CALLPY_DICT, .content.items = {&value, 1}},
        {.tag = CALLPY_ARRAY}, {.tag = CALLPY_OBJECT},
    };
    for (size_t index = 0; index < sizeof values / sizeof *values; index++) {
        bad(callpy_function_call(function, &values[index], 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "argument 1");
    }
    callpy_value endless = {.tag = CALLPY_LIST, .content.items = {&endless, 1}};
    bad(callpy_function_call(function, &endless, 1, NULL, 0, NULL), CALLPY_ERROR_ARGUMENT, "deep");

    double one = 1;
    ptrdiff_t shape[65] = {0}, negative[1] = {-1}, huge[2] = {PTRDIFF_MAX, 2}, single[1] = {1}, odd[1] = {3};
    ptrdiff_t four[2] = {4, 4}, far[2] = {PTRDIFF_MAX - 7, 8};
    callpy_array arrays[] = {
        {.data = &one, .shape = NULL, .ndim = 1, .dtype = CALLPY_FLOAT64},
        {.data = NULL, .shape = single, .ndim = 1, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = negative, .ndim = 1, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = huge, .ndim = 2, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = shape, .ndim = 65, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = shape, .ndim = SIZE_MAX, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = single, .ndim = 1, .dtype = 0},
        {.data = &one, .shape = single, .ndim = 1, .dtype = 19},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_FLOAT64, .item_size = 4},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_FLOAT64, .flags = 64},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_STR},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_STR, .item_size = 3},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_BYTES, .item_size = SIZE_MAX},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DATETIME64, .unit = 14},
        {.data = &one, .shape = single, .ndim = 1, .dtype = CALLPY_DATETIME64},
        {.data = (char *)&one + 1, .shape = single, .ndim = 1, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = single, .strides = odd, .ndim = 1, .dtype = CALLPY_FLOAT64},
        {.data = &one, .shape = four, .strides = far, .ndim = 2, .dtype = CALLPY_FLOAT64},
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
    callpy_array lent = {.data = series, .shape = shape, .ndim = 1, .dtype = CALLPY_FLOAT64};
    callpy_value argument = array(&lent), wrong = string("x"), result;
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

int main(int count, char **arguments) {
    CHECK(count == 2);
    file = arguments[1];
    const char *numpy[] = {"numpy"};
    callpy_python_options options = {.requirements = numpy, .requirements_len = 1};
    good(callpy_python_start(&options));
    good(callpy_python_start(NULL));
    values();
    named();
    arrays();
    dtypes();
    errors();
    nonsense();
    threads();
    puts("all well");
    return 0;
}
