//! The CPython functions that callpy uses, as text that is read twice.
//!
//! `cpython.rs` makes of it a table of function pointers; the unpublished crate `callpy-ffi-check`
//! makes of it assignments from the functions of `pyo3-ffi`, so that a signature which is wrong for
//! some Python version does not compile there. Names and types are those of CPython's headers.

macro_rules! cpython_functions {
    ($reader:ident) => {
        $reader! {
            required {
                fn Py_IsInitialized() -> c_int;
                // CPython has room for 32 such functions (`NEXITFUNCS`), and calls them after finalisation.
                fn Py_AtExit(function: Option<extern "C" fn()>) -> c_int;
                fn PyPreConfig_InitPythonConfig(config: *mut PyPreConfig);
                fn Py_PreInitializeFromBytesArgs(config: *const PyPreConfig, count: Py_ssize_t, arguments: *mut *mut c_char) -> PyStatus;
                fn PyConfig_InitPythonConfig(config: *mut PyConfig);
                fn PyConfig_InitIsolatedConfig(config: *mut PyConfig);
                fn PyConfig_SetBytesArgv(config: *mut PyConfig, count: Py_ssize_t, arguments: *const *mut c_char) -> PyStatus;
                fn PyConfig_Clear(config: *mut PyConfig);
                fn Py_InitializeFromConfig(config: *const PyConfig) -> PyStatus;
                fn Py_CompileString(source: *const c_char, file: *const c_char, start: c_int) -> *mut PyObject;
                fn PyEval_EvalCode(code: *mut PyObject, globals: *mut PyObject, locals: *mut PyObject) -> *mut PyObject;
                fn PyEval_GetBuiltins() -> *mut PyObject;
                fn PyEval_GetGlobals() -> *mut PyObject;

                fn PyGILState_Ensure() -> PyGILState_STATE;
                fn PyGILState_Release(state: PyGILState_STATE);
                fn PyGILState_GetThisThreadState() -> *mut PyThreadState;
                fn PyEval_SaveThread() -> *mut PyThreadState;
                fn PyEval_RestoreThread(state: *mut PyThreadState);
                fn PyThreadState_Clear(state: *mut PyThreadState);
                fn PyThreadState_Delete(state: *mut PyThreadState);
                fn PyThreadState_DeleteCurrent();
                fn PyInterpreterState_Main() -> *mut PyInterpreterState;
                fn PyThreadState_SetAsyncExc(thread: c_ulong, exception: *mut PyObject) -> c_int;
                fn PyThread_get_thread_ident() -> c_ulong;

                // Not Py_INCREF, which is a macro that each version and build defines for itself.
                fn Py_IncRef(object: *mut PyObject);
                fn Py_DecRef(object: *mut PyObject);
                fn PyType_GetFlags(class: *mut PyTypeObject) -> c_ulong;
                // Up to 3.9 it refuses static types.
                fn PyType_GetSlot(class: *mut PyTypeObject, slot: c_int) -> *mut c_void;
                fn PyType_IsSubtype(class: *mut PyTypeObject, base: *mut PyTypeObject) -> c_int;

                fn PyErr_Occurred() -> *mut PyObject;
                // Deprecated since 3.12, where an exception is one object, and still exported.
                fn PyErr_Fetch(class: *mut *mut PyObject, value: *mut *mut PyObject, traceback: *mut *mut PyObject);
                fn PyErr_Restore(class: *mut PyObject, value: *mut PyObject, traceback: *mut PyObject);
                fn PyErr_NormalizeException(class: *mut *mut PyObject, value: *mut *mut PyObject, traceback: *mut *mut PyObject);
                fn PyErr_SetInterrupt();
                fn PyException_GetTraceback(exception: *mut PyObject) -> *mut PyObject;
                fn PyException_GetCause(exception: *mut PyObject) -> *mut PyObject;
                fn PyException_GetContext(exception: *mut PyObject) -> *mut PyObject;
                fn PyException_SetTraceback(exception: *mut PyObject, traceback: *mut PyObject) -> c_int;

                fn PyObject_CallObject(callable: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject;
                fn PyObject_Call(callable: *mut PyObject, arguments: *mut PyObject, keywords: *mut PyObject) -> *mut PyObject;
                fn PyObject_GetAttr(object: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
                fn PyObject_SetAttr(object: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
                fn PyObject_GetItem(object: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
                fn PyObject_SetItem(object: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
                fn PyObject_Hash(object: *mut PyObject) -> Py_ssize_t;
                fn PyObject_Size(object: *mut PyObject) -> Py_ssize_t;
                fn PyObject_Str(object: *mut PyObject) -> *mut PyObject;
                fn PyObject_Repr(object: *mut PyObject) -> *mut PyObject;
                fn PyObject_IsTrue(object: *mut PyObject) -> c_int;
                fn PyObject_GetIter(object: *mut PyObject) -> *mut PyObject;
                fn PyIter_Next(iterator: *mut PyObject) -> *mut PyObject;
                fn PyCallable_Check(object: *mut PyObject) -> c_int;

                fn PyNumber_Index(object: *mut PyObject) -> *mut PyObject;
                fn PyLong_FromLongLong(value: c_longlong) -> *mut PyObject;
                fn PyLong_FromUnsignedLongLong(value: c_ulonglong) -> *mut PyObject;
                fn PyLong_AsLongLong(object: *mut PyObject) -> c_longlong;
                fn PyLong_AsUnsignedLongLong(object: *mut PyObject) -> c_ulonglong;
                fn PyFloat_FromDouble(value: c_double) -> *mut PyObject;
                fn PyFloat_AsDouble(object: *mut PyObject) -> c_double;
                fn PyBool_FromLong(value: c_long) -> *mut PyObject;
                fn PyUnicode_FromStringAndSize(text: *const c_char, size: Py_ssize_t) -> *mut PyObject;
                fn PyUnicode_AsUTF8AndSize(object: *mut PyObject, size: *mut Py_ssize_t) -> *const c_char;
                fn PyUnicode_DecodeFSDefaultAndSize(path: *const c_char, size: Py_ssize_t) -> *mut PyObject;
                fn PyUnicode_EncodeFSDefault(path: *mut PyObject) -> *mut PyObject;
                fn PyUnicode_AsEncodedString(text: *mut PyObject, encoding: *const c_char, errors: *const c_char) -> *mut PyObject;
                fn PyUnicode_GetLength(text: *mut PyObject) -> Py_ssize_t;
                fn PyUnicode_InternFromString(text: *const c_char) -> *mut PyObject;
                fn PyBytes_FromStringAndSize(bytes: *const c_char, size: Py_ssize_t) -> *mut PyObject;
                fn PyBytes_Size(object: *mut PyObject) -> Py_ssize_t;
                fn PyBytes_AsString(object: *mut PyObject) -> *mut c_char;

                fn PyTuple_New(size: Py_ssize_t) -> *mut PyObject;
                fn PyTuple_Size(tuple: *mut PyObject) -> Py_ssize_t;
                fn PyTuple_GetItem(tuple: *mut PyObject, index: Py_ssize_t) -> *mut PyObject;
                fn PyTuple_SetItem(tuple: *mut PyObject, index: Py_ssize_t, item: *mut PyObject) -> c_int;
                fn PyList_New(size: Py_ssize_t) -> *mut PyObject;
                fn PyList_AsTuple(list: *mut PyObject) -> *mut PyObject;
                fn PyList_SetItem(list: *mut PyObject, index: Py_ssize_t, item: *mut PyObject) -> c_int;
                fn PyDict_New() -> *mut PyObject;
                fn PyDict_SetItem(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
                fn PyDict_Items(dict: *mut PyObject) -> *mut PyObject;

                fn PyImport_ImportModule(name: *const c_char) -> *mut PyObject;
                fn PyImport_Import(name: *mut PyObject) -> *mut PyObject;
                fn PyModule_New(name: *const c_char) -> *mut PyObject;
                fn PyModule_GetDict(module: *mut PyObject) -> *mut PyObject;

                fn PyCFunction_NewEx(definition: *mut PyMethodDef, this: *mut PyObject, module: *mut PyObject) -> *mut PyObject;
                fn PyFunction_GetCode(function: *mut PyObject) -> *mut PyObject;
                fn PyFunction_GetClosure(function: *mut PyObject) -> *mut PyObject;
                fn PyFunction_GetDefaults(function: *mut PyObject) -> *mut PyObject;
                fn PyFunction_GetKwDefaults(function: *mut PyObject) -> *mut PyObject;
                fn PyCapsule_New(pointer: *mut c_void, name: *const c_char, destructor: Option<PyCapsule_Destructor>) -> *mut PyObject;
                fn PyCapsule_GetPointer(capsule: *mut PyObject, name: *const c_char) -> *mut c_void;
                fn PyCapsule_IsValid(capsule: *mut PyObject, name: *const c_char) -> c_int;
            }
            // In 3.8 and 3.9 PyObject_Vectorcall is an inline function of the headers; pyo3-ffi keeps
            // one of its own until 3.12.
            optional {
                [Py_3_12] fn PyObject_Vectorcall(callable: *mut PyObject, arguments: *const *mut PyObject, count: size_t, names: *mut PyObject) -> *mut PyObject;
                [Py_3_12] fn PyErr_GetRaisedException() -> *mut PyObject;
                [Py_3_9] fn PyThreadState_GetInterpreter(state: *mut PyThreadState) -> *mut PyInterpreterState;
                [Py_3_13] fn PyThreadState_GetUnchecked() -> *mut PyThreadState;
                // Private before it became the function above, and so not to be had from pyo3-ffi.
                [any()] fn _PyThreadState_UncheckedGet() -> *mut PyThreadState;
                // Public, and nevertheless not to be had from pyo3-ffi.
                [any()] fn PyMethod_Function(method: *mut PyObject) -> *mut PyObject;
                [any()] fn PyMethod_Self(method: *mut PyObject) -> *mut PyObject;
                [any()] fn PyUnstable_GC_VisitObjects(visit: unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int, argument: *mut c_void);
            }
            objects {
                _Py_NoneStruct: PyObject,
                PyBool_Type: PyTypeObject,
                PyFloat_Type: PyTypeObject,
                PyBytes_Type: PyTypeObject,
                PyComplex_Type: PyTypeObject,
                PyCapsule_Type: PyTypeObject,
                PyDict_Type: PyTypeObject,
                PyFunction_Type: PyTypeObject,
                PyMethod_Type: PyTypeObject,
                PyModule_Type: PyTypeObject,
                PyUnicode_Type: PyTypeObject,
            }
        }
    };
}
