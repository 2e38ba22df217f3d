// callpy.h by itself, twice, and all its inline functions.
#include "callpy.h"
#include "callpy.h"

int main(void) {
    callpy_array array;
    double data[1] = {1};
    ptrdiff_t length = 1;
    const callpy_value arguments[] = {
        callpy_none(),       callpy_bool(1),          callpy_int(1),
        callpy_float(0.5),   callpy_string("text"),   callpy_vector(CALLPY_DTYPE_FLOAT64, data, &length, &array),
    };
    callpy_value result;
    callpy_error_free(callpy_function_call(NULL, arguments, 6, NULL, 0, &result));
    return 0;
}
