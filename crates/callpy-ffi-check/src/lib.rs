//! Compares each function of pyo3-ffi with its type in callpy's table.
//!
//! callpy finds CPython's functions by name at run time, so neither a compiler nor a linker would notice
//! a wrong signature. This crate reads the text of the table together with pyo3-ffi's declarations, and
//! does not compile if the two differ for the Python that `PYO3_CONFIG_FILE` describes. It is only
//! type-checked (`.ci/ffi-check` does so for each Python), never linked or run.

#![allow(
    deprecated,
    reason = "what CPython calls deprecated, it still exports, and older ones need it"
)]

#[macro_use]
#[path = "../../callpy/src/raw/functions.rs"]
mod functions;
#[allow(dead_code, unreachable_pub, reason = "only its layouts are looked at")]
#[path = "../../callpy/src/raw/pyconfig.rs"]
mod pyconfig;

#[allow(unused_imports, reason = "which of them a table needs is the table's affair")]
use pyo3_ffi::{
    Py_ssize_t, PyCapsule_Destructor, PyConfig, PyGILState_STATE, PyInterpreterState, PyMethodDef,
    PyObject, PyPreConfig, PyStatus, PyThreadState, PyTypeObject,
};
#[allow(unused_imports, reason = "as above")]
use std::ffi::{c_char, c_double, c_int, c_long, c_longlong, c_ulong, c_ulonglong, c_void};
use std::mem::offset_of;
#[allow(non_camel_case_types, dead_code, reason = "the name is C's; 3.9 has no use of it")]
type size_t = usize;

/// pyo3-ffi, with replacements for declarations that differ from CPython's headers and exports.
#[allow(non_snake_case, reason = "the names are CPython's")]
mod ffi {
    use super::*;
    pub(super) use pyo3_ffi::*;

    /// A C function that pyo3-ffi replaces with an inline Rust function.
    pub(super) unsafe extern "C" fn Py_CompileString(
        source: *const c_char,
        file: *const c_char,
        start: c_int,
    ) -> *mut PyObject {
        unsafe { pyo3_ffi::Py_CompileString(source, file, start) }
    }

    /// A C function that pyo3-ffi replaces with an inline Rust function.
    pub(super) unsafe extern "C" fn PyCFunction_NewEx(
        definition: *mut PyMethodDef,
        this: *mut PyObject,
        module: *mut PyObject,
    ) -> *mut PyObject {
        unsafe { pyo3_ffi::PyCFunction_NewEx(definition, this, module) }
    }

    /// The arguments are `char * const *` in `initconfig.h`; pyo3-ffi puts the const elsewhere.
    pub(super) unsafe extern "C" fn PyConfig_SetBytesArgv(
        config: *mut PyConfig,
        count: Py_ssize_t,
        arguments: *const *mut c_char,
    ) -> PyStatus {
        let arguments = arguments.cast_mut().cast::<*const c_char>();
        unsafe { pyo3_ffi::PyConfig_SetBytesArgv(config, count, arguments) }
    }

    /// The thread's number is an unsigned long in `pystate.h` since 3.7; pyo3-ffi has a long.
    pub(super) unsafe extern "C" fn PyThreadState_SetAsyncExc(
        thread: c_ulong,
        exception: *mut PyObject,
    ) -> c_int {
        unsafe { pyo3_ffi::PyThreadState_SetAsyncExc(thread.cast_signed(), exception) }
    }

    unsafe extern "C" {
        /// Declared in `cpython/classobject.h` (`classobject.h` before 3.11); pyo3-ffi has no bound
        /// methods.
        pub(super) static mut PyMethod_Type: PyTypeObject;
    }
}

macro_rules! check {
    (
        required { $(fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)* }
        optional { $([$($when:tt)*] fn $oname:ident($($oarg:ident: $oty:ty),*) $(-> $oret:ty)?;)* }
        objects { $($object:ident: $class:ty,)* }
    ) => {
        $(const _: unsafe extern "C" fn($($ty),*) $(-> $ret)? = ffi::$name;)*
        $(
            #[cfg($($when)*)]
            const _: unsafe extern "C" fn($($oty),*) $(-> $oret)? = ffi::$oname;
        )*
        $(check_object!($object: $class);)*
    };
}

macro_rules! check_object {
    // The struct is private in pyo3-ffi, which only exposes its address.
    (_Py_NoneStruct: $class:ty) => {
        const _: unsafe fn() -> *mut $class = ffi::Py_None;
    };
    ($object:ident: $class:ty) => {
        const _: fn() -> *mut $class = || &raw mut ffi::$object;
    };
}

cpython_functions!(check);

// The table has a C int for this enum.
const _: () = assert!(size_of::<PyGILState_STATE>() == size_of::<c_int>());

// This Python's object headers, which raw/reference.rs describes.
#[cfg(all(target_pointer_width = "64", not(Py_GIL_DISABLED)))]
const _: () = {
    assert!(size_of::<PyObject>() == 16);
    assert!(offset_of!(PyObject, ob_refcnt) == 0 && offset_of!(PyObject, ob_type) == 8);
};
#[cfg(all(target_pointer_width = "64", Py_GIL_DISABLED))]
const _: () = {
    assert!(size_of::<PyObject>() == 32);
    assert!(offset_of!(PyObject, ob_tid) == 0 && offset_of!(PyObject, ob_ref_local) == 12);
    assert!(offset_of!(PyObject, ob_ref_shared) == 16 && offset_of!(PyObject, ob_type) == 24);
};

// The structures of which callpy uses a few fields.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(offset_of!(PyPreConfig, coerce_c_locale) == 20);
    assert!(size_of::<PyPreConfig>() <= size_of::<pyconfig::PyPreConfig>());
    assert!(size_of::<PyStatus>() == size_of::<pyconfig::PyStatus>());
    assert!(offset_of!(PyStatus, _type) == offset_of!(pyconfig::PyStatus, kind));
    assert!(offset_of!(PyStatus, func) == offset_of!(pyconfig::PyStatus, function));
    assert!(offset_of!(PyStatus, err_msg) == offset_of!(pyconfig::PyStatus, message));
    assert!(offset_of!(PyStatus, exitcode) == offset_of!(pyconfig::PyStatus, exit_code));
    assert!(size_of::<PyConfig>() <= size_of::<pyconfig::PyConfig>());
    let fields = pyconfig::Fields::of(minor(env!("PYTHON_MINOR")));
    assert!(offset_of!(PyConfig, install_signal_handlers) == fields.install_signal_handlers);
    assert!(offset_of!(PyConfig, configure_c_stdio) == fields.configure_c_stdio);
    assert!(size_of::<PyMethodDef>() == 32 && offset_of!(PyMethodDef, ml_name) == 0);
    assert!(offset_of!(PyMethodDef, ml_meth) == 8 && offset_of!(PyMethodDef, ml_flags) == 16);
};

const fn minor(text: &str) -> u32 {
    match u32::from_str_radix(text, 10) {
        Ok(minor) => minor,
        Err(_) => panic!("the minor version is a number"),
    }
}
