// Finds the outliers in a column of a CSV file with a NumPy function.
//
//     crates/callpy-capi/install PREFIX
//     cc examples/outliers/main.c $(pkg-config --cflags --libs callpy) -o outliers
//     ./outliers examples/outliers
#include <callpy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(callpy_error *error) {
    if (error) {
        fprintf(stderr, "%s\n", callpy_error_detail(error));
        exit(1);
    }
}

int main(int count, char **arguments) {
    const char *folder = count > 1 ? arguments[1] : "examples/outliers";
    char path[4096], row[256];
    snprintf(path, sizeof path, "%s/cpu.csv", folder);
    FILE *rows = fopen(path, "r");
    if (!rows) {
        perror(path);
        return 1;
    }
    static double series[10000];
    ptrdiff_t length = 0;
    // The first row is the header.
    for (fgets(row, sizeof row, rows); length < 10000 && fgets(row, sizeof row, rows);) {
        const char *comma = strrchr(row, ',');
        if (comma) series[length++] = atof(comma + 1);
    }
    fclose(rows);

    // Starts Python with the packages that the header of outliers.py declares.
    char script[4096], target[4110];
    snprintf(script, sizeof script, "%s/outliers.py", folder);
    snprintf(target, sizeof target, "%s:detect", script);
    const char *scripts[] = {script};
    callpy_python_options options = {.scripts = scripts, .scripts_len = 1};
    check(callpy_python_start(&options));
    callpy_function *detect;
    check(callpy_function_load(target, &detect));

    // The series is lent for the call, and the indices are read where NumPy put them.
    callpy_array lent;
    callpy_value argument = callpy_vector(CALLPY_DTYPE_FLOAT64, series, &length, &lent), result;
    check(callpy_function_call(detect, &argument, 1, NULL, 0, &result));
    const callpy_array *indices = result.content.array;
    if (result.tag != CALLPY_TAG_ARRAY || indices->dtype != CALLPY_DTYPE_INT64 || indices->ndim != 1) {
        fprintf(stderr, "detect returned something else than indices\n");
        return 1;
    }
    for (ptrdiff_t at = 0; at < indices->shape[0]; at++) {
        int64_t index = *(const int64_t *)((const char *)indices->data + at * indices->strides[0]);
        printf("row %lld: %.1f\n", (long long)index, series[index]);
    }
    callpy_value_release(&result);
    callpy_function_free(detect);
    check(callpy_python_end());
    return 0;
}
