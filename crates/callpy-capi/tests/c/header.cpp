// As header.c, in C++.
#include "header.c"

static_assert(sizeof(void *) != 8 || sizeof(callpy_value) == 24, "callpy_value");
static_assert(sizeof(void *) != 8 || sizeof(callpy_array) == 56, "callpy_array");
static_assert(sizeof(void *) != 8 || sizeof(callpy_named) == 32, "callpy_named");
