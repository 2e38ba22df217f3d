// The shared library as a plug-in's: opened at run time, called on a thread, closed, and all again.
// The argument is the library's path.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "callpy.h"

static void *library;

static void *work(void *well) {
    // ISO C has no cast from an object's address to a function's.
    union { void *found; callpy_error *(*load)(const char *, callpy_function **); } load;
    union { void *found; void (*release)(callpy_function *); } release;
    load.found = dlsym(library, "callpy_function_load");
    release.found = dlsym(library, "callpy_function_free");
    callpy_function *function;
    if (load.found && release.found && !load.load("math:sqrt", &function)) {
        release.release(function);
        *(int *)well = 1;
    }
    return NULL;
}

int main(int count, char **arguments) {
    for (int round = 0; round < 2; round++) {
        pthread_t thread;
        int well = 0;
        library = dlopen(arguments[count - 1], RTLD_NOW | RTLD_LOCAL);
        if (!library || pthread_create(&thread, NULL, work, &well) || pthread_join(thread, NULL)) return 1;
        if (!well || dlclose(library)) return 1;
    }
    puts("all well");
    return 0;
}
