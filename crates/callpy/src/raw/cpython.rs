//! The table of CPython functions, found by name in the library at run time.

#![allow(non_camel_case_types, non_snake_case, reason = "the names are CPython's")]

use std::ffi::{CStr, c_char, c_double, c_int, c_long, c_longlong, c_ulong, c_ulonglong, c_void};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::layout::Header;
use super::library::Library;
use crate::{Error, ErrorKind, Result};

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub(crate) struct $name { _opaque: [u8; 0] }
    )*};
}
opaque!(PyObject, PyTypeObject, PyThreadState, PyInterpreterState);

pub(crate) type Py_ssize_t = isize;
type size_t = usize;
#[cfg(unix)]
pub(crate) type wchar_t = libc::wchar_t;
#[cfg(windows)]
pub(crate) type wchar_t = u16;
/// An enum of two ints in C.
pub(crate) type PyGILState_STATE = c_int;
pub(crate) type PyCapsule_Destructor = unsafe extern "C" fn(*mut PyObject);

/// `PyMethodDef` (`Include/methodobject.h`).
#[repr(C)]
pub(crate) struct PyMethodDef {
    pub(crate) name: *const c_char,
    pub(crate) function: unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject,
    pub(crate) flags: c_int,
    pub(crate) documentation: *const c_char,
}

// SAFETY: the pointers lead to texts that live as long as the program, and are only read.
unsafe impl Sync for PyMethodDef {}

/// `PyPreConfig` (`Include/cpython/initconfig.h`), the same since 3.8.
#[repr(C)]
pub(crate) struct PyPreConfig {
    _before: [c_int; 5],
    pub(crate) coerce_c_locale: c_int,
    /// The fields that callpy does not touch, and room for those that are yet to come.
    _after: [c_int; 26],
}

/// `PyStatus` (`Include/cpython/initconfig.h`).
#[repr(C)]
pub(crate) struct PyStatus {
    pub(crate) kind: c_int,
    _function: *const c_char,
    pub(crate) message: *const c_char,
    _exit_code: c_int,
}

// callpy-ffi-check asserts the same of pyo3-ffi's.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(std::mem::offset_of!(PyPreConfig, coerce_c_locale) == 20);
    assert!(size_of::<PyPreConfig>() >= 48);
    assert!(size_of::<PyMethodDef>() == 32);
    assert!(std::mem::offset_of!(PyMethodDef, function) == 8);
    assert!(std::mem::offset_of!(PyMethodDef, flags) == 16);
    assert!(size_of::<PyStatus>() == 32 && std::mem::offset_of!(PyStatus, message) == 16);
};

macro_rules! table {
    (
        required { $(fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)* }
        optional { $([$($when:tt)*] fn $oname:ident($($oarg:ident: $oty:ty),*) $(-> $oret:ty)?;)* }
        objects { $($object:ident: $class:ty,)* }
    ) => {
        /// CPython's functions, by their own names.
        pub(crate) struct Api {
            $(pub(crate) $name: unsafe extern "C" fn($($ty),*) $(-> $ret)?,)*
            $(pub(crate) $oname: Option<unsafe extern "C" fn($($oty),*) $(-> $oret)?>,)*
            $(pub(crate) $object: *mut $class,)*
            /// The minor version: 12 for Python 3.12.
            pub(crate) minor: u32,
            pub(crate) header: Header,
        }

        impl Api {
            fn from_library(library: &Library, minor: u32, header: Header) -> Result<Api> {
                let required = |name: &str| {
                    library.symbol(name).ok_or_else(|| {
                        Error::new(ErrorKind::Start, format!(
                            "this Python has no {name}: callpy knows CPython 3.8 to 3.15"))
                    })
                };
                // SAFETY: the symbol is CPython's function of that name, and the signature beside
                // it is checked against pyo3-ffi for every version by callpy-ffi-check. An address
                // and a function pointer have the same size on every supported platform.
                Ok(unsafe { Api {
                    $($name: std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($ty),*) $(-> $ret)?>(
                        required(stringify!($name))?),)*
                    $($oname: library.symbol(stringify!($oname)).map(|address| {
                        std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($oty),*) $(-> $oret)?>(address)
                    }),)*
                    $($object: required(stringify!($object))?.cast(),)*
                    minor,
                    header,
                } })
            }

            /// Returns the table through which threads are [stopped](stop_unwinding).
            #[cfg(unix)]
            fn stopping(&'static self) -> Api {
                Api {
                    $($name: stopping::$name,)*
                    $($oname: self.$oname.map(|_| stopping::$oname as _),)*
                    $($object: self.$object,)*
                    ..*self
                }
            }
        }

        /// CPython's functions, each called so that the thread is stopped if CPython ends it there.
        #[cfg(unix)]
        mod stopping {
            use super::*;

            $(pub(super) unsafe extern "C" fn $name($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: as the caller says; the ABI is the same but for unwinding.
                stop_unwinding(|| unsafe {
                    let function: unsafe extern "C-unwind" fn($($ty),*) $(-> $ret)? =
                        std::mem::transmute(direct().$name);
                    function($($arg),*)
                })
            })*
            $(pub(super) unsafe extern "C" fn $oname($($oarg: $oty),*) $(-> $oret)? {
                // SAFETY: as above.
                stop_unwinding(|| unsafe {
                    let function: unsafe extern "C-unwind" fn($($oty),*) $(-> $oret)? =
                        std::mem::transmute(direct().$oname.expect("this one is in the table"));
                    function($($oarg),*)
                })
            })*
        }
    };
}
cpython_functions!(table);

// SAFETY: the pointers are addresses of functions and of objects that live as long as the library,
// which is never closed.
unsafe impl Send for Api {}
// SAFETY: as above; the table is never written after it was made.
unsafe impl Sync for Api {}

static API: OnceLock<Api> = OnceLock::new();
/// The table without the functions that stop a thread, where `API` has these.
#[cfg(unix)]
static DIRECT: OnceLock<Api> = OnceLock::new();

#[cfg(unix)]
fn direct() -> &'static Api {
    DIRECT.get().expect("it was filled before the functions that stop a thread were used")
}

/// Calls a C function that attaches this thread, or that may on its way.
///
/// Once the owner of a joined interpreter finalises it, CPython up to 3.13 ends other threads that
/// attach with `pthread_exit`. That unwinds the stack, which Rust's frames do not allow: the process
/// would abort. So the thread stops here, for good, before the first of them is reached. CPython 3.14
/// does the same. (A program built with `panic = "abort"` has no unwinding to stop, and aborts.)
#[inline]
pub(super) fn stop_unwinding<R>(call: impl FnOnce() -> R) -> R {
    struct Stop;
    impl Drop for Stop {
        fn drop(&mut self) {
            loop {
                std::thread::park();
            }
        }
    }
    let stop = Stop;
    let result = call();
    std::mem::forget(stop);
    result
}

/// The table, once an interpreter runs and may be attached to by anybody; null before.
static RUNNING: AtomicPtr<Api> = AtomicPtr::new(null_mut());

/// Says that the interpreter runs.
pub(crate) fn set_running() {
    if let Some(api) = API.get() {
        RUNNING.store(std::ptr::from_ref(api).cast_mut(), Ordering::Release);
    }
}

/// Returns the table, once an interpreter runs.
#[inline]
pub(crate) fn api() -> Option<&'static Api> {
    // SAFETY: null, or the address of the static table, which is never written after it was made.
    unsafe { RUNNING.load(Ordering::Acquire).as_ref() }
}

impl Api {
    /// Fills the table from the library, or returns the one that is filled already.
    pub(crate) fn install(library: &Library) -> Result<&'static Api> {
        if let Some(api) = API.get() {
            return Ok(api);
        }
        let get_version = library.symbol("Py_GetVersion").ok_or_else(|| {
            Error::new(ErrorKind::Start, "the library that was loaded is not a libpython")
        })?;
        // SAFETY: Py_GetVersion takes nothing, may be called before initialisation, and returns a
        // string that lives as long as the library.
        let version = unsafe {
            let get_version: unsafe extern "C" fn() -> *const c_char =
                std::mem::transmute(get_version);
            CStr::from_ptr(get_version())
        }
        .to_string_lossy();
        let minor = version
            .strip_prefix("3.")
            .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .filter(|minor| *minor >= 8)
            .ok_or_else(|| {
                Error::new(ErrorKind::Start, format!("Python {version} is older than 3.8"))
            })?;
        let api = Api::from_library(library, minor, Header::of(&version, minor))?;
        // An interpreter that runs already has another owner, who may finalise it.
        #[cfg(unix)]
        if api.is_initialized() {
            return Ok(API.get_or_init(|| DIRECT.get_or_init(|| api).stopping()));
        }
        Ok(API.get_or_init(|| api))
    }

    /// Returns the current thread state: this thread's own if it is attached. Up to 3.11 it is that of
    /// whichever thread holds the lock, and so another's, or null, if this thread does not.
    #[inline]
    pub(super) fn current_state(&self) -> *mut PyThreadState {
        match (self.PyThreadState_GetUnchecked, self._PyThreadState_UncheckedGet) {
            // SAFETY: only reads a variable, and may be called by any thread.
            (Some(get), _) | (None, Some(get)) => unsafe { get() },
            (None, None) => null_mut(),
        }
    }

    /// Whether an interpreter runs.
    pub(crate) fn is_initialized(&self) -> bool {
        // SAFETY: may be called at any time.
        unsafe { (self.Py_IsInitialized)() != 0 }
    }
}
