//! Finds libpython in this process, or loads it.

use std::ffi::c_void;
use std::path::Path;

use super::failure::{Failure, FailureKind};

/// The library that CPython's functions are looked up in.
pub(crate) struct Library(Os);

#[cfg(unix)]
type Os = libloading::os::unix::Library;
#[cfg(windows)]
type Os = libloading::os::windows::Library;

impl Library {
    /// Returns the CPython that is in this process already, if there is one.
    ///
    /// A second libpython beside it would have a second set of globals, and the first extension
    /// module would mix the two.
    pub(crate) fn of_this_process() -> Option<Library> {
        #[cfg(unix)]
        let library = Os::this();
        // A PyO3 program imports python3X.dll by name, so its functions are not the executable's. Also of a
        // version that callpy does not know: then that is the reason why it can't be joined.
        // python3Xt.dll is free-threaded.
        #[cfg(windows)]
        let library = (0..100)
            .flat_map(|minor| ["", "t"].map(|threads| format!("python3{minor}{threads}.dll")))
            .find_map(|name| Os::open_already_loaded(name).ok())?;
        let library = Library(library);
        library.symbol("Py_IsInitialized").map(|_| library)
    }

    /// Loads libpython with its names visible to extension modules, which look them up globally.
    ///
    /// Since 3.8 they are not linked with libpython themselves: with local names, the first import of one
    /// fails with "undefined symbol: PyExc_…".
    pub(crate) fn load(path: &Path) -> Result<Library, Failure> {
        #[cfg(unix)]
        // SAFETY: libpython's initialisers only set up its own globals.
        let library = unsafe {
            // All symbols now: a lazy one that is missing would end the process at its first call.
            let flags = libloading::os::unix::RTLD_NOW | libloading::os::unix::RTLD_GLOBAL;
            Os::open(Some(path), flags)
        };
        // The folder of python3X.dll also has what that needs (vcruntime140.dll, say), and is not where
        // Windows looks by itself; nor should it look in the current folder, as it would.
        #[cfg(windows)]
        // SAFETY: as above.
        let library = unsafe {
            use libloading::os::windows as dll;
            let flags =
                dll::LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | dll::LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
            Os::load_with_flags(path, flags)
        };
        library.map(Library).map_err(|error| {
            Failure::new(FailureKind::Start, format!("cannot load {}: {error}", path.display()))
                .with_source(error)
        })
    }

    /// Returns the address of an exported function or object.
    pub(crate) fn symbol(&self, name: &str) -> Option<*mut c_void> {
        // SAFETY: only the address is taken here; who gives it a type says why that is right.
        unsafe { self.0.get::<*mut c_void>(name.as_bytes()) }
            .ok()
            .map(|symbol| *symbol)
            .filter(|address| !address.is_null())
    }

    /// Gives up the right to close the library: its code may run until the process ends.
    pub(crate) fn keep(self) {
        std::mem::forget(self.0);
    }
}
