//! Holds each function of pyo3-ffi against its type in callpy's table.
//!
//! callpy finds CPython's functions by name at run time, so no compiler and no linker would notice a
//! wrong signature. Here the very text of that table is read with pyo3-ffi's declarations beside it:
//! where the two differ for the Python that `PYO3_CONFIG_FILE` describes, this does not compile. It
//! is only type-checked (`.ci/ffi-check` does so for each Python), never linked or run.

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

/// pyo3-ffi, and in its place what it words otherwise than CPython's headers and exports do.
#[allow(non_snake_case, reason = "the names are CPython's")]
mod ffi {
    use super::*;
    pub(super) use pyo3_ffi::*;

    /// A C function, for which pyo3-ffi has an inline one of Rust's.
    pub(super) unsafe extern "C" fn Py_CompileString(
        source: *const c_char,
        file: *const c_char,
        start: c_int,
    ) -> *mut PyObject {
        unsafe { pyo3_ffi::Py_CompileString(source, file, start) }
    }

    /// A C function, for which pyo3-ffi has an inline one of Rust's.
    pub(super) unsafe extern "C" fn PyCFunction_NewEx(
        definition: *mut PyMethodDef,
        this: *mut PyObject,
        module: *mut PyObject,
    ) -> *mut PyObject {
        unsafe { pyo3_ffi::PyCFunction_NewEx(definition, this, module) }
    }

    /// The arguments are `char * const *` in `initconfig.h`; pyo3-ffi has its const elsewhere.
    pub(super) unsafe extern "C" fn PyConfig_SetBytesArgv(
        config: *mut PyConfig,
        count: Py_ssize_t,
        arguments: *const *mut c_char,
    ) -> PyStatus {
        let arguments = arguments.cast_mut().cast::<*const c_char>();
        unsafe { pyo3_ffi::PyConfig_SetBytesArgv(config, count, arguments) }
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
    // pyo3-ffi keeps the struct to itself and gives its address.
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

// The object headers that raw/layout.rs describes, as this Python has them.
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

// The structures of which callpy knows a few fields.
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
