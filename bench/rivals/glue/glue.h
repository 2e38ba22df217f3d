/* NumPy functions called from C: what the article's glue does, without its mistakes. */
#ifndef GLUE_H
#define GLUE_H

#include <stdint.h>

/* The result of a call. `error` is NULL, or a text to free with free(). */
typedef struct {
  char *error;
  void *object;     /* for glue_release, while attached */
  const void *data; /* the result's elements, until then */
  intptr_t size;
} glue_result;

/* Starts Python and imports NumPy; the thread is detached afterwards. Returns an error text or NULL. */
char *glue_start(void);

/* Between these two calls, a thread is attached. */
int glue_enter(void);
void glue_leave(int state);

/* While attached: returns a function of a module. `object` is the function. */
glue_result glue_load(const char *module, const char *function);

/* While attached: calls with an array over `data`, which Python must neither retain nor write to. The result
   is None for kind 'n', else a contiguous array of one axis: int64 for 'i', float64 for 'd'. */
glue_result glue_call(void *function, const double *data, intptr_t size, char kind);

/* While attached: returns an array over `data`. `object` is the array. */
glue_result glue_array(const double *data, intptr_t size);

/* While attached: calls with an existing array, as glue_call does. */
glue_result glue_call_ready(void *function, void *array, char kind);

void glue_release(void *object);

#endif
