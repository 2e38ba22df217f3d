//! The table of CPython functions, found by name in the library at run time.

#![allow(non_camel_case_types, non_snake_case, reason = "the names are CPython's")]

use std::ffi::{CStr, c_char, c_double, c_int, c_long, c_longlong, c_ulong, c_ulonglong, c_void};
use std::ops::RangeInclusive;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::failure::{Failure, FailureKind};
use super::library::Library;
use super::pyconfig::{PyConfig, PyPreConfig, PyStatus};

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

/// The minor versions of Python 3 that callpy knows, each tried. ARCHITECTURE.md says what a new one
/// needs.
pub(crate) const VERSIONS: RangeInclusive<u32> = 8..=15;

/// The environment variable that names a newer version to try anyway.
const UNTESTED: &str = "CALLPY_UNTESTED_PYTHON";

fn known_versions() -> String {
    format!("callpy knows CPython 3.{} to 3.{}", VERSIONS.start(), VERSIONS.end())
}

fn missing(name: &str) -> Failure {
    let message = format!("this Python has no {name}: {}", known_versions());
    Failure::new(FailureKind::Start, message)
}

/// Refuses a version whose structures callpy does not know, unless it is named.
pub(crate) fn admit(minor: u32) -> Result<(), Failure> {
    let is_named = || std::env::var_os(UNTESTED).is_some_and(|name| name == *format!("3.{minor}"));
    if VERSIONS.contains(&minor) || (minor > *VERSIONS.end() && is_named()) {
        return Ok(());
    }
    let fix = match minor < *VERSIONS.start() {
        true => "name a newer Python with CALLPY_PYTHON".to_owned(),
        false => format!(
            "name an older Python with CALLPY_PYTHON, or try a newer callpy. To try this one, set \
             {UNTESTED}=3.{minor}: callpy then starts if the structures that it relies on are as in \
             3.{}",
            VERSIONS.end()
        ),
    };
    let message = format!("this is Python 3.{minor}: {}; {fix}", known_versions());
    Err(Failure::new(FailureKind::Start, message))
}

/// Which header this interpreter's objects have: `reference.rs` reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// Up to 3.13.
    Classic,
    /// 3.14 and newer, on 64 bits.
    Split,
    /// The builds without an interpreter lock.
    FreeThreaded,
}

impl Header {
    /// Tells the header from `Py_GetVersion`'s text, which names a free-threaded build since 3.13.
    pub(crate) fn of(version: &str, minor: u32) -> Header {
        if version.contains("free-threading") {
            Header::FreeThreaded
        } else if minor >= 14 && cfg!(target_pointer_width = "64") {
            Header::Split
        } else {
            Header::Classic
        }
    }
}

// callpy-ffi-check asserts the same of pyo3-ffi's.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<PyMethodDef>() == 32);
    assert!(std::mem::offset_of!(PyMethodDef, function) == 8);
    assert!(std::mem::offset_of!(PyMethodDef, flags) == 16);
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
            /// Returns the current thread state: this thread's own if it is attached. Up to 3.11 it is
            /// that of whichever thread holds the lock, and so another's, or null, if this thread does
            /// not. Only reads a variable, and may be called by any thread.
            pub(super) current_state: unsafe extern "C" fn() -> *mut PyThreadState,
        }

        impl Api {
            fn from_library(library: &Library, minor: u32, header: Header) -> Result<Api, Failure> {
                let required = |name: &str| library.symbol(name).ok_or_else(|| missing(name));
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
                    current_state: no_state,
                } })
            }

            /// Returns the table through which threads are [stopped](stop_unwinding): for an interpreter
            /// that has another owner, who may finalise it.
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
                // An unwinding that reached a frame of the ABI "C" would abort the process there.
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

/// In a table that is being filled.
unsafe extern "C" fn no_state() -> *mut PyThreadState {
    null_mut()
}

/// The table of the library that was found; no interpreter need run yet.
static API: OnceLock<Api> = OnceLock::new();

#[cfg(unix)]
fn direct() -> &'static Api {
    API.get().expect("it was filled before the functions that stop a thread were used")
}

/// Calls a C function that attaches this thread, or that may on its way.
///
/// Once the owner of a joined interpreter finalises it, CPython up to 3.13 ends other threads that
/// attach with `pthread_exit`. That unwinds the stack, which Rust's frames do not allow: the process
/// would abort. So the thread stops here for ever, before the first of them is reached, as CPython 3.14
/// does itself. (A program built with `panic = "abort"` has no unwinding to stop, and aborts.)
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

/// The table, once an interpreter runs and any thread may attach; null before.
static RUNNING: AtomicPtr<Api> = AtomicPtr::new(null_mut());

/// Notes that the interpreter runs, and is called by this table.
pub(super) fn set_running(api: &'static Api) {
    RUNNING.store(std::ptr::from_ref(api).cast_mut(), Ordering::Release);
}

/// Returns the table, once an interpreter runs.
#[inline]
pub(crate) fn api() -> Option<&'static Api> {
    // SAFETY: null, or the address of a static table, which is never written after it was made.
    unsafe { RUNNING.load(Ordering::Acquire).as_ref() }
}

impl Api {
    /// Fills the table from the library, or returns the one that is filled already.
    pub(crate) fn install(library: &Library) -> Result<&'static Api, Failure> {
        if let Some(api) = API.get() {
            return Ok(api);
        }
        let get_version = library.symbol("Py_GetVersion").ok_or_else(|| {
            Failure::new(FailureKind::Start, "the library that was loaded is not a libpython")
        })?;
        // SAFETY: Py_GetVersion takes nothing, may be called before initialisation, and returns a
        // string that lives as long as the library.
        let version = unsafe {
            let get_version: unsafe extern "C" fn() -> *const c_char =
                std::mem::transmute(get_version);
            CStr::from_ptr(get_version())
        }
        .to_string_lossy();
        // The text goes on with the patch level and the compiler: "3.12.1 (main, Dec  8 2023) [GCC 12.2.0]".
        let minor = version
            .strip_prefix("3.")
            .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .ok_or_else(|| {
                let message = format!("this is Python {version}: {}", known_versions());
                Failure::new(FailureKind::Start, message)
            })?;
        admit(minor)?;
        let mut api = Api::from_library(library, minor, Header::of(&version, minor))?;
        // The public name is that of 3.13 and newer. `PyThreadState_Get` would end the process where there
        // is no state.
        let current_state = api.PyThreadState_GetUnchecked.or(api._PyThreadState_UncheckedGet);
        api.current_state = current_state.ok_or_else(|| missing("PyThreadState_GetUnchecked"))?;
        // If two threads come here at once, both have found the same addresses.
        Ok(API.get_or_init(|| api))
    }

    /// Returns the table by which an interpreter is called that has another owner.
    pub(super) fn joined(&'static self) -> &'static Api {
        #[cfg(unix)]
        {
            static JOINED: OnceLock<Api> = OnceLock::new();
            JOINED.get_or_init(|| self.stopping())
        }
        #[cfg(not(unix))]
        self
    }

    /// Whether an interpreter runs.
    pub(crate) fn is_initialized(&self) -> bool {
        // SAFETY: may be called at any time.
        unsafe { (self.Py_IsInitialized)() != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::Reason;
    use super::*;

    #[test]
    fn unknown_versions_are_refused_by_name() {
        let newer = VERSIONS.end() + 1;
        let refused = admit(newer).unwrap_err();
        let Reason { kind, message: text, .. } = refused.into_reason();
        assert_eq!(kind, FailureKind::Start, "{text}");
        for part in
            [&format!("Python 3.{newer}")[..], "3.8 to 3.", &format!("{UNTESTED}=3.{newer}")]
        {
            assert!(text.contains(part), "{text}");
        }
        assert!(admit(7).unwrap_err().to_string().contains("name a newer Python"));
        VERSIONS.for_each(|minor| admit(minor).unwrap());
    }
}
