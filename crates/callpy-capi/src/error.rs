//! Failures as C sees them: owned text, asked for piece by piece.

use std::any::Any;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null;
use std::sync::OnceLock;

use callpy::workers::Crash;
use callpy::{Error, ErrorKind, PythonException};

use crate::text::text;

/// Python raised an exception.
pub const CALLPY_ERROR_PYTHON: u32 = 1;
/// An argument can't be passed to Python as it is, or is NULL or invalid.
pub const CALLPY_ERROR_ARGUMENT: u32 = 2;
/// The function's result can't be returned to C.
pub const CALLPY_ERROR_RESULT: u32 = 3;
/// A target such as "outliers:detect" is not written as one, or does not lead to a function.
pub const CALLPY_ERROR_TARGET: u32 = 4;
/// No interpreter could be used; the detail names each that was tried, and why not.
pub const CALLPY_ERROR_LOCATE: u32 = 5;
/// An environment for the requirements could not be made.
pub const CALLPY_ERROR_ENVIRONMENT: u32 = 6;
/// The interpreter was found and could not be started, or another one already runs.
pub const CALLPY_ERROR_START: u32 = 7;
/// NumPy is missing, or too old, or broken.
pub const CALLPY_ERROR_NUMPY: u32 = 8;
/// The result retains memory that was only lent for the call.
pub const CALLPY_ERROR_KEPT: u32 = 9;
/// Python is ending, or has ended; no more Python code runs.
pub const CALLPY_ERROR_ENDING: u32 = 10;
/// A panic inside callpy, which is a bug in callpy.
pub const CALLPY_ERROR_PANIC: u32 = 11;
/// Any other failure.
pub const CALLPY_ERROR_OTHER: u32 = 12;
/// The thread is in a sub-interpreter, or callpy_python_end was called by a function that Python calls.
pub const CALLPY_ERROR_ATTACH: u32 = 13;
/// The worker that ran the call has ended: see callpy_error_signal and callpy_error_exit_status. The end of
/// what it wrote to stderr is in the detail.
pub const CALLPY_ERROR_CRASHED: u32 = 14;
/// All workers are busy, and as many callers wait for one as may.
pub const CALLPY_ERROR_BUSY: u32 = 15;
/// The call did not return in the time that it had.
pub const CALLPY_ERROR_DEADLINE: u32 = 16;
/// The call was cancelled with callpy_call_cancel.
pub const CALLPY_ERROR_CANCELLED: u32 = 17;
/// An error of the program's own, which a callback returned: see callpy_error_new.
pub const CALLPY_ERROR_CALLBACK: u32 = 18;

/// A failure, the caller's to free with callpy_error_free.
///
/// Its texts are made when they are asked for: a program that only looks at the kind pays for none.
pub struct callpy_error {
    kind: u32,
    of: Of,
    message: Text,
    detail: Text,
    exception: Option<Exception>,
    cause: OnceLock<Option<Box<callpy_error>>>,
}

/// What a failure's texts are made of.
enum Of {
    Error(Error),
    /// The cause of another.
    Exception(PythonException),
    Text(String),
}

#[derive(Default)]
struct Exception {
    type_name: Text,
    module: Text,
    message: Text,
    traceback: Text,
}

/// Text without its zero bytes, which C would take for its end.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// Text for C, once it is made.
#[derive(Default)]
struct Text(OnceLock<CString>);

impl Text {
    fn get(&self, text: impl FnOnce() -> String) -> *const c_char {
        self.0.get_or_init(|| c_text(&text())).as_ptr()
    }
}

impl callpy_error {
    fn new(kind: u32, of: Of) -> callpy_error {
        let exception = of.exception().map(|_| Exception::default());
        let (message, detail) = (Text::default(), Text::default());
        callpy_error { kind, of, message, detail, exception, cause: OnceLock::new() }
    }

    /// Returns the exception, if it is one.
    pub(crate) fn exception(&self) -> Option<&PythonException> {
        self.of.exception()
    }

    /// Takes the failure that a callback returned out of what C has of it.
    pub(crate) fn into_source(self) -> Box<dyn std::error::Error + Send + Sync> {
        match self.of {
            Of::Error(error) => error.into(),
            Of::Exception(exception) => Error::from(exception).into(),
            Of::Text(text) => text.into(),
        }
    }

    fn message(&self) -> *const c_char {
        self.message.get(|| match &self.of {
            Of::Error(error) => error.to_string(),
            Of::Exception(exception) => exception.to_string(),
            Of::Text(text) => text.clone(),
        })
    }

    fn detail(&self) -> *const c_char {
        self.detail.get(|| match &self.of {
            Of::Error(error) => format!("{error:#}"),
            Of::Exception(exception) => exception.traceback().to_owned(),
            Of::Text(text) => text.clone(),
        })
    }

    fn cause(&self) -> *const callpy_error {
        let cause = || {
            let exception = self.of.exception()?;
            let cause = exception.cause().or(exception.context())?;
            let of = Of::Exception(cause.clone());
            Some(Box::new(callpy_error::new(CALLPY_ERROR_PYTHON, of)))
        };
        self.cause.get_or_init(cause).as_deref().map_or(null(), |cause| cause)
    }
}

impl Of {
    fn crash(&self) -> Option<&Crash> {
        match self {
            Of::Error(error) => match error.kind() {
                ErrorKind::Crashed(crash) => Some(crash),
                _ => None,
            },
            _ => None,
        }
    }

    fn exception(&self) -> Option<&PythonException> {
        match self {
            Of::Error(error) => error.exception(),
            Of::Exception(exception) => Some(exception),
            Of::Text(_) => None,
        }
    }
}

impl From<Error> for callpy_error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Python(_) => CALLPY_ERROR_PYTHON,
            ErrorKind::Locate(_) => CALLPY_ERROR_LOCATE,
            ErrorKind::Environment => CALLPY_ERROR_ENVIRONMENT,
            ErrorKind::Start => CALLPY_ERROR_START,
            ErrorKind::Target => CALLPY_ERROR_TARGET,
            ErrorKind::Argument => CALLPY_ERROR_ARGUMENT,
            ErrorKind::Result => CALLPY_ERROR_RESULT,
            ErrorKind::Numpy => CALLPY_ERROR_NUMPY,
            ErrorKind::Kept => CALLPY_ERROR_KEPT,
            ErrorKind::Ending => CALLPY_ERROR_ENDING,
            ErrorKind::Attach => CALLPY_ERROR_ATTACH,
            ErrorKind::Crashed(_) => CALLPY_ERROR_CRASHED,
            ErrorKind::Busy => CALLPY_ERROR_BUSY,
            ErrorKind::Deadline => CALLPY_ERROR_DEADLINE,
            ErrorKind::Cancelled => CALLPY_ERROR_CANCELLED,
            ErrorKind::Callback => CALLPY_ERROR_CALLBACK,
            _ => CALLPY_ERROR_OTHER,
        };
        callpy_error::new(kind, Of::Error(error))
    }
}

/// Runs the body of a C function: a failure becomes an error, and so does a panic.
pub(crate) fn guard(work: impl FnOnce() -> Result<(), Error>) -> *mut callpy_error {
    let outcome = catch_unwind(AssertUnwindSafe(|| work().err().map(callpy_error::from)));
    let error = match outcome {
        Ok(None) => return std::ptr::null_mut(),
        Ok(Some(error)) => error,
        Err(panic) => callpy_error::new(CALLPY_ERROR_PANIC, Of::Text(said(panic))),
    };
    Box::into_raw(Box::new(error))
}

/// Runs the body of a C function that can't fail; a panic in it is told on stderr by Rust.
pub(crate) fn guard_silently(work: impl FnOnce()) {
    // What was thrown may panic when it is dropped.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
        std::mem::forget(panic);
    }
}

fn said(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned();
    std::mem::forget(panic);
    format!("a panic inside callpy: {text}")
}

/// # Safety
///
/// The error is null or alive for `'a`.
unsafe fn ask<'a, T>(
    error: *const callpy_error,
    missing: T,
    answer: impl FnOnce(&'a callpy_error) -> T,
) -> T {
    // SAFETY: as the caller says.
    unsafe { error.as_ref() }.map_or(missing, answer)
}

/// Returns what sort of failure it is, one of CALLPY_ERROR_*; 0 for NULL.
///
/// # Safety
///
/// The error is NULL, or one that callpy returned and that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_kind(error: *const callpy_error) -> u32 {
    // SAFETY: as the caller says.
    unsafe { ask(error, 0, |error| error.kind) }
}

/// Returns one useful line, which is the error's own; NULL for NULL.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_message(error: *const callpy_error) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { ask(error, null(), callpy_error::message) }
}

/// Returns the message and what a reader of a log wants beside it, such as the Python traceback or
/// every interpreter that was tried; the text is the error's own.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_detail(error: *const callpy_error) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { ask(error, null(), callpy_error::detail) }
}

/// Answers with a text of the exception.
///
/// # Safety
///
/// The error is null or alive.
unsafe fn ask_exception(
    error: *const callpy_error,
    place: impl FnOnce(&Exception) -> &Text,
    text: impl FnOnce(&PythonException) -> &str,
) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe {
        ask(error, null(), |error| match (&error.exception, error.of.exception()) {
            (Some(texts), Some(exception)) => place(texts).get(|| text(exception).to_owned()),
            _ => null(),
        })
    }
}

/// Returns the name of the exception's type without its module, such as "ValueError", the error's
/// own; NULL if this is not a Python exception.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_exception_type(error: *const callpy_error) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { ask_exception(error, |texts| &texts.type_name, PythonException::type_name) }
}

/// Returns the module of the exception's type, such as "builtins", the error's own; NULL if this is
/// not a Python exception.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_exception_module(
    error: *const callpy_error,
) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { ask_exception(error, |texts| &texts.module, PythonException::module) }
}

/// Returns whether the exception is of a class or of one derived from it, as in an `except` clause:
/// "builtins.OSError", "json.decoder.JSONDecodeError". The name of one of Python's own needs no module.
/// False if this is not a Python exception, or the class is NULL.
///
/// # Safety
///
/// As callpy_error_kind; and the class is NULL or ends with a zero byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_exception_is(
    error: *const callpy_error,
    class: *const c_char,
) -> bool {
    // SAFETY: as the caller says.
    let Ok(class) = (unsafe { text(class, "the class") }) else { return false };
    // SAFETY: as the caller says.
    unsafe { ask(error, false, |error| error.of.exception().is_some_and(|it| it.is(class))) }
}

/// Returns str(exception), the error's own; NULL if this is not a Python exception.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_exception_message(
    error: *const callpy_error,
) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { ask_exception(error, |texts| &texts.message, PythonException::message) }
}

/// Returns the traceback as Python prints it, the error's own; NULL if this is not a Python
/// exception.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_traceback(error: *const callpy_error) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { ask_exception(error, |texts| &texts.traceback, PythonException::traceback) }
}

/// Returns the exception that this one was raised from, or while handling which it was raised; it is
/// the error's own and must not be freed. NULL if there is none.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_cause(error: *const callpy_error) -> *const callpy_error {
    // SAFETY: as the caller says.
    unsafe { ask(error, null(), callpy_error::cause) }
}

/// Returns the signal that ended the worker of a call; 0 if none did, or this is not
/// CALLPY_ERROR_CRASHED.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_signal(error: *const callpy_error) -> i32 {
    // SAFETY: as the caller says.
    unsafe { ask(error, 0, |error| error.of.crash().and_then(Crash::signal).unwrap_or(0)) }
}

/// Returns the exit status of the worker of a call; -1 if it did not exit by itself, or this is not
/// CALLPY_ERROR_CRASHED.
///
/// # Safety
///
/// As callpy_error_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_exit_status(error: *const callpy_error) -> i32 {
    // SAFETY: as the caller says.
    unsafe { ask(error, -1, |error| error.of.crash().and_then(Crash::exit_status).unwrap_or(-1)) }
}

/// Makes an error of the program's own, for a callback to return: in Python it is an exception of the class
/// callpy.CallbackError, and it is the error of the call that the callback was passed to. NULL is no
/// message.
///
/// # Safety
///
/// The message is NULL or ends with a zero byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_new(message: *const c_char) -> *mut callpy_error {
    // SAFETY: as the caller says.
    let message = unsafe { text(message, "the message") };
    let message = message.map_or_else(|error| error.to_string(), str::to_owned);
    Box::into_raw(Box::new(callpy_error::new(CALLPY_ERROR_CALLBACK, Of::Text(message))))
}

/// Frees an error that a function of callpy returned, with all texts that were got from it.
///
/// # Safety
///
/// As callpy_error_kind; and it is not a cause.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_free(error: *mut callpy_error) {
    if !error.is_null() {
        // SAFETY: made by `guard`, as the caller says, and freed once.
        guard_silently(|| drop(unsafe { Box::from_raw(error) }));
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    /// Panics when it is dropped, as what was thrown may do.
    struct Twice;

    impl Drop for Twice {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let told = |work: fn() -> Result<(), Error>| {
            let error = guard(work);
            // SAFETY: an error, which is alive until it is freed.
            unsafe {
                assert_eq!(callpy_error_kind(error), CALLPY_ERROR_PANIC);
                let message = CStr::from_ptr(callpy_error_message(error)).to_str().unwrap();
                let message = message.to_owned();
                callpy_error_free(error);
                message
            }
        };
        assert_eq!(told(|| panic!("one")), "a panic inside callpy: one");
        assert_eq!(told(|| panic!("{}", 2)), "a panic inside callpy: 2");
        assert_eq!(told(|| std::panic::panic_any(Twice)), "a panic inside callpy: no message");
        guard_silently(|| panic!("one"));
        guard_silently(|| std::panic::panic_any(Twice));
    }

    #[test]
    fn a_text_has_no_zero_byte() {
        let error = guard(|| Err(Error::argument("a\0b")));
        // SAFETY: an error, which is alive until it is freed.
        unsafe {
            let message = CStr::from_ptr(callpy_error_message(error));
            assert_eq!(message.to_str(), Ok("a\u{fffd}b"));
            callpy_error_free(error);
        }
    }
}
