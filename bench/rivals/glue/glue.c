#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>
#include <stdlib.h>
#include <string.h>

#include "glue.h"

/* Clears the exception that is set, and returns its text, which the caller owns. */
static char *take_error(void) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  PyObject *text = value == NULL ? NULL : PyObject_Str(value);
  const char *utf8 = text == NULL ? NULL : PyUnicode_AsUTF8(text);
  char *copy = strdup(utf8 == NULL ? "an exception without a message" : utf8);
  PyErr_Clear();
  Py_XDECREF(text);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(traceback);
  return copy;
}

static glue_result failed(void) { return (glue_result){.error = take_error()}; }

char *glue_start(void) {
  Py_InitializeEx(0);
  char *error = _import_array() < 0 ? take_error() : NULL;
  PyEval_SaveThread();
  return error;
}

int glue_enter(void) { return (int)PyGILState_Ensure(); }

void glue_leave(int state) { PyGILState_Release((PyGILState_STATE)state); }

glue_result glue_load(const char *module, const char *function) {
  PyObject *imported = PyImport_ImportModule(module);
  if (imported == NULL) return failed();
  PyObject *found = PyObject_GetAttrString(imported, function);
  Py_DECREF(imported);
  if (found == NULL) return failed();
  return (glue_result){.object = found};
}

glue_result glue_array(const double *data, intptr_t size) {
  npy_intp shape[] = {size};
  PyObject *array = PyArray_SimpleNewFromData(1, shape, NPY_DOUBLE, (void *)data);
  if (array == NULL) return failed();
  PyArray_CLEARFLAGS((PyArrayObject *)array, NPY_ARRAY_WRITEABLE);
  return (glue_result){.object = array};
}

glue_result glue_call(void *function, const double *data, intptr_t size, char kind) {
  glue_result array = glue_array(data, size);
  if (array.error != NULL) return array;
  glue_result result = glue_call_ready(function, array.object, kind);
  Py_DECREF((PyObject *)array.object);
  return result;
}

glue_result glue_call_ready(void *function, void *array, char kind) {
  PyObject *arguments[] = {array};
  PyObject *result = PyObject_Vectorcall(function, arguments, 1, NULL);
  if (result == NULL) return failed();
  if (kind == 'n') return (glue_result){.object = result};

  int dtype = kind == 'i' ? NPY_INT64 : NPY_DOUBLE;
  if (!PyArray_Check(result) || PyArray_TYPE((PyArrayObject *)result) != dtype ||
      PyArray_NDIM((PyArrayObject *)result) != 1 ||
      !PyArray_ISCARRAY_RO((PyArrayObject *)result)) {
    Py_DECREF(result);
    return (glue_result){.error = strdup("the result is not the array that was expected")};
  }
  return (glue_result){
      .object = result,
      .data = PyArray_DATA((PyArrayObject *)result),
      .size = PyArray_SIZE((PyArrayObject *)result),
  };
}

void glue_release(void *object) { Py_XDECREF((PyObject *)object); }
