//! Starting the interpreter.

use std::ffi::{c_char, c_void};
use std::num::NonZeroUsize;

use callpy::{Builder, Error, Language, Python};

use crate::error::{callpy_error, guard};
use crate::retained::{Hook, callpy_retained_hook};
use crate::text::{path, reference, slice, text};

/// Which Python to start, and what it must have. All zeros is a good beginning: `= {0}`, in C++
/// `= {}`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_python_options {
    /// A python executable, an environment's folder, or a command on PATH; NULL for the first that
    /// is found.
    pub python: *const c_char,
    /// Packages that must be there, written as pip takes them ("numpy>=1.21").
    pub requirements: *const *const c_char,
    /// How many.
    pub requirements_len: usize,
    /// Python files whose headers say what they need (PEP 723).
    pub scripts: *const *const c_char,
    /// How many.
    pub scripts_len: usize,
    /// Folders in which modules are looked for, before all others.
    pub search_path: *const *const c_char,
    /// How many.
    pub search_path_len: usize,
    /// CALLPY_LANGUAGE_C, or that of a binding over C: messages say in its terms how to fix things.
    pub language: usize,
    /// Is told of each function that retains its arguments; NULL for a line on stderr. The hook of a
    /// later start takes its place.
    pub on_retained: callpy_retained_hook,
    /// What the hook is passed. It must stay valid until the process ends.
    pub on_retained_context: *mut c_void,
    /// How many threads BLAS and OpenMP libraries use for one call; 0 leaves that to them. 1 is right where
    /// several threads of the program call.
    pub library_threads: usize,
}

const _: () = assert!(
    std::mem::offset_of!(callpy_python_options, library_threads) == 10 * size_of::<usize>()
);

/// The program is written in C or C++.
pub const CALLPY_LANGUAGE_C: usize = 0;
/// The program is written in Go.
pub const CALLPY_LANGUAGE_GO: usize = 1;

/// Starts Python in this process, or joins the one that runs; options may be NULL.
///
/// There is one interpreter in a process: to start it again is right and cheap. PYTHONPATH is
/// honoured, and so is CALLPY_PYTHON where the options name no python.
///
/// # Safety
///
/// The options are NULL or valid, with so many texts as they say, and a hook that any thread may call
/// with its context until the process ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_python_start(
    options: *const callpy_python_options,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        unsafe { builder(options) }?.start()?;
        Ok(())
    })
}

/// Reads the options.
///
/// # Safety
///
/// As `callpy_python_start`.
pub(crate) unsafe fn builder(options: *const callpy_python_options) -> Result<Builder, Error> {
    let mut builder = Python::builder().language(Language::C);
    if options.is_null() {
        return Ok(builder);
    }
    // SAFETY: not null, and valid, as the caller says.
    let options = unsafe { reference(options, "the options") }?;
    builder = builder.language(language(options.language)?);
    if !options.python.is_null() {
        // SAFETY: as the caller says.
        builder = builder.python(unsafe { path(options.python, "python") }?);
    }
    // SAFETY: as the caller says.
    let list = |first, len, what| unsafe { slice::<*const c_char>(first, len, what) };
    for requirement in list(options.requirements, options.requirements_len, "requirements")? {
        // SAFETY: as the caller says.
        builder = builder.require([unsafe { text(*requirement, "requirements") }?]);
    }
    for script in list(options.scripts, options.scripts_len, "scripts")? {
        // SAFETY: as the caller says.
        builder = builder.script(unsafe { path(*script, "scripts") }?);
    }
    for folder in list(options.search_path, options.search_path_len, "search_path")? {
        // SAFETY: as the caller says.
        builder = builder.search_path(unsafe { path(*folder, "search_path") }?);
    }
    if let Some(count) = NonZeroUsize::new(options.library_threads) {
        builder = builder.library_threads(count);
    }
    if let Some(hook) = options.on_retained {
        // SAFETY: any thread may call it with the context, as the caller says.
        let hook = unsafe { Hook::new(hook, options.on_retained_context) };
        builder = builder.on_retained(move |retained| hook.tell(retained));
    }
    Ok(builder)
}

fn language(number: usize) -> Result<Language, Error> {
    match number {
        CALLPY_LANGUAGE_C => Ok(Language::C),
        CALLPY_LANGUAGE_GO => Ok(Language::Go),
        _ => Err(Error::argument(format!("there is no language {number}"))),
    }
}

/// Ends Python: the last thing that `main` does. Later calls are CALLPY_ERROR_ENDING.
///
/// Does what `python` does at its end: joins the threads of Python's that are not daemons, runs atexit
/// handlers, and flushes its streams. Calls under way on other threads get up to a second to return.
/// Ends nothing if Python does not run or has ended, or if it ran before callpy joined it. A program
/// that does not call this has Python end as C's exit handlers run, on another thread.
#[unsafe(no_mangle)]
pub extern "C" fn callpy_python_end() -> *mut callpy_error {
    guard(|| Python::running().map_or(Ok(()), |python| python.end()))
}

/// Gives memory that freed arrays were in back to the system, and frees the results that were released
/// on threads that were not in a call. callpy does so by itself about a second after the last use of
/// either. Does nothing if Python does not run.
#[unsafe(no_mangle)]
pub extern "C" fn callpy_python_trim() -> *mut callpy_error {
    guard(|| Python::running().map_or(Ok(()), |python| python.trim()))
}

/// Returns callpy's version, such as "0.1.0", for as long as the process runs.
#[unsafe(no_mangle)]
pub extern "C" fn callpy_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The running interpreter, started if there is none.
pub(crate) fn running() -> Result<Python, Error> {
    match Python::running() {
        Some(python) => Ok(python),
        None => Python::builder().language(Language::C).start(),
    }
}
