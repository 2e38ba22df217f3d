//! Starting the interpreter in this process; its interrupts, and the last words of the process.

use std::ffi::{CStr, CString};
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cpython::{self, Api, PyPreConfig, api};
use super::{end, thread};
use crate::{Error, ErrorKind, Result, support};

/// Starts the interpreter as the environment's own `python` would, and leaves this thread detached.
pub(crate) fn initialize(api: &'static Api, executable: &Path) -> Result<()> {
    let name = encode(executable)?;
    let interrupts = Interrupts::save();
    pre_initialize(api)?;
    // SAFETY: decodes to a string that is never freed, since CPython keeps the pointer; then starts
    // the interpreter, which no other thread does (callers hold the start lock). Signal handlers
    // stay the host's.
    unsafe {
        let name = (api.Py_DecodeLocale)(name.as_ptr(), null_mut());
        if name.is_null() {
            return Err(Error::new(
                ErrorKind::Start,
                format!("the path {} can't be decoded in this locale", executable.display()),
            ));
        }
        (api.Py_SetProgramName)(name);
        (api.Py_InitializeEx)(0);
    }
    let settled = {
        let attachment = thread::started_here(api);
        support::after_start(attachment.token())
    };
    interrupts.restore();
    // SAFETY: attached since Py_InitializeEx, whose thread state stays with this thread.
    unsafe { (api.PyEval_SaveThread)() };
    cpython::set_running();
    end::at_exit(support::end);
    settled
}

/// Takes over locale and encodings as `python` does; `Py_InitializeEx` alone would stay with ASCII
/// where no locale is set (PEP 540).
fn pre_initialize(api: &'static Api) -> Result<()> {
    // SAFETY: CPython fills the configuration, in which all values are valid, and reads it; this
    // may be done before initialisation, and again.
    let status = unsafe {
        let mut config = std::mem::zeroed::<PyPreConfig>();
        (api.PyPreConfig_InitPythonConfig)(&mut config);
        // It would set a variable of the environment, which other threads may be reading.
        config.coerce_c_locale = 0;
        (api.Py_PreInitialize)(&config)
    };
    if status.kind == 0 {
        return Ok(());
    }
    let message = match status.message.is_null() {
        true => "it gives no reason".into(),
        // SAFETY: CPython's messages are constant texts.
        false => unsafe { CStr::from_ptr(status.message) }.to_string_lossy(),
    };
    Err(Error::new(ErrorKind::Start, format!("Python does not start: {message}")))
}

#[cfg(unix)]
fn encode(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).map_err(|error| {
        Error::new(ErrorKind::Start, format!("{} is no path", path.display())).with_source(error)
    })
}

#[cfg(windows)]
fn encode(path: &Path) -> Result<CString> {
    CString::new(path.to_string_lossy().into_owned()).map_err(|error| {
        Error::new(ErrorKind::Start, format!("{} is no path", path.display())).with_source(error)
    })
}

/// The host's SIGINT handling: importing Python's signal module replaces it even where
/// `Py_InitializeEx(0)` promised not to.
struct Interrupts(#[cfg(unix)] Option<libc::sigaction>);

impl Interrupts {
    #[cfg(unix)]
    fn save() -> Interrupts {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: asks for the present action without setting one; it is filled on success.
        Interrupts(unsafe {
            (libc::sigaction(libc::SIGINT, std::ptr::null(), action.as_mut_ptr()) == 0)
                .then(|| action.assume_init())
        })
    }

    #[cfg(windows)]
    fn save() -> Interrupts {
        Interrupts()
    }

    fn restore(self) {
        #[cfg(unix)]
        if let Some(action) = self.0 {
            // SAFETY: sets what the system reported as this process's own action.
            unsafe { libc::sigaction(libc::SIGINT, &action, null_mut()) };
        }
    }
}

/// Whether Python has a handler for what [`interrupt`] pretends to.
static ENABLED: AtomicBool = AtomicBool::new(false);

/// Registers Python's own handler of SIGINT, on the thread that started Python; what the system
/// does about the signal stays as it is.
pub(crate) fn enable_interrupts(py: thread::Attached<'_>) -> super::Outcome<()> {
    let interrupts = Interrupts::save();
    let enabled = support::enable_interrupts(py);
    interrupts.restore();
    enabled.map(|()| ENABLED.store(true, Ordering::Release))
}

/// Leaves interrupts without effect, since the interpreter is about to go.
pub(super) fn disable_interrupts() {
    ENABLED.store(false, Ordering::Release);
}

/// Does as if SIGINT had come; only atomics, so that a signal handler may call it.
pub(crate) fn interrupt() {
    if let Some(api) = api().filter(|_| ENABLED.load(Ordering::Acquire)) {
        // SAFETY: needs no attachment, and only sets flags. Up to 3.9 it would have Python call the
        // handler even where there is none; ENABLED says that there is one.
        unsafe { (api.PyErr_SetInterrupt)() }
    }
}

/// Ends the process at once with a message, where going on would be unsound.
pub(crate) fn abort(message: &str) -> ! {
    complain(message);
    std::process::abort()
}

/// Writes a line to stderr.
///
/// Not with `eprintln!`: it panics where stderr is closed, and waits for a thread that holds
/// stderr's lock, perhaps while that waits for the interpreter.
pub(crate) fn complain(message: &str) {
    let message = format!("{message}\n");
    let mut rest = message.as_bytes();
    #[cfg(unix)]
    while !rest.is_empty() {
        // SAFETY: the buffer is as long as is said. A closed or full stderr is no reason to go on.
        match unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) } {
            written @ 1.. => rest = &rest[written as usize..],
            _ => break,
        }
    }
    #[cfg(windows)]
    {
        use std::io::Write;
        let _ = std::io::stderr().write_all(std::mem::take(&mut rest));
    }
}

/// Makes a C string of source text, in which a NUL is an error of the caller's.
pub(crate) fn c_string(text: &str, what: &str) -> Result<CString> {
    CString::new(text).map_err(|error| {
        Error::new(ErrorKind::Target, format!("{what} has a NUL character in it"))
            .with_source(error)
    })
}
