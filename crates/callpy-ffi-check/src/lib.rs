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

#[cfg(unix)]
use libc::wchar_t;
#[allow(unused_imports, reason = "which of them a table needs is the table's affair")]
use pyo3_ffi::{
    Py_ssize_t, PyCapsule_Destructor, PyGILState_STATE, PyMethodDef, PyObject, PyPreConfig,
    PyStatus, PyThreadState, PyTypeObject,
};
#[allow(unused_imports, reason = "as above")]
use std::ffi::{c_char, c_double, c_int, c_long, c_longlong, c_ulong, c_ulonglong, c_void};
use std::mem::offset_of;
#[cfg(windows)]
type wchar_t = u16;
#[allow(non_camel_case_types, reason = "the name is C's")]
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

    /// The size is `size_t *` in `pylifecycle.h` and signed in pyo3-ffi.
    pub(super) unsafe extern "C" fn Py_DecodeLocale(
        text: *const c_char,
        size: *mut size_t,
    ) -> *mut wchar_t {
        unsafe { pyo3_ffi::Py_DecodeLocale(text, size.cast::<Py_ssize_t>()) }
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

// The structs of which callpy knows but a field or two.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(offset_of!(PyPreConfig, coerce_c_locale) == 20 && size_of::<PyPreConfig>() <= 48);
    assert!(size_of::<PyStatus>() == 32);
    assert!(offset_of!(PyStatus, _type) == 0 && offset_of!(PyStatus, err_msg) == 16);
    assert!(size_of::<PyMethodDef>() == 32 && offset_of!(PyMethodDef, ml_name) == 0);
    assert!(offset_of!(PyMethodDef, ml_meth) == 8 && offset_of!(PyMethodDef, ml_flags) == 16);
};
