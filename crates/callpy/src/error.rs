//! The one error type: what went wrong, where, and what to do about it.

use std::any::Any;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::time::Duration;

use crate::crash::Crash;
use crate::exception::{self, FailedImports, PythonException};
use crate::locate::Report;
use crate::raw::callback::{self, Carried};
use crate::raw::failure::{Failure, FailureKind, Reason};
use crate::raw::{Attached, Outcome, Raised, Ref};

/// The result of everything in callpy that can fail.
///
/// ```
/// fn start() -> callpy::Result<callpy::Python> {
///     callpy::Python::start()
/// }
/// # start().unwrap();
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error: which function or step failed, why, and how to fix it.
///
/// `{}` is one useful line; `{:#}` adds what belongs in a log: the Python traceback, every interpreter
/// that was tried, or the installer's output.
///
/// ```
/// use callpy::{Error, ErrorKind};
///
/// fn explain(error: &Error) -> String {
///     match error.kind() {
///         ErrorKind::Python(exception) => format!("Python raised {}", exception.type_name()),
///         _ => format!("{error}"),
///     }
/// }
///
/// # let python = callpy::Python::start()?;
/// let error = python.function("math:sqrt")?.call::<f64>(-1.0).unwrap_err();
/// assert_eq!(explain(&error), "Python raised ValueError");
/// assert!(format!("{error}").starts_with("ValueError: "));
/// assert!(format!("{error:#}").contains("Traceback") || format!("{error:#}").contains("ValueError"));
/// # Ok::<(), Error>(())
/// ```
pub struct Error {
    // Boxed, so that a `Result` is hardly larger than its value.
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    /// What callpy was doing, outermost last: "argument 2 of outliers:detect".
    place: Option<String>,
    message: String,
    /// What callpy knows of the cause, and how to fix it.
    hint: Option<Hint>,
    /// Long text that only `{:#}` shows.
    detail: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// What a callback panicked with.
    panic: Option<Mutex<Box<dyn Any + Send>>>,
}

enum Hint {
    Text(String),
    Imports(FailedImports),
}

/// The kind of failure, for programs that act on it.
///
/// ```
/// use callpy::ErrorKind;
///
/// # let python = callpy::Python::start()?;
/// let error = python.function("decimal:Decimal")?.call::<f64>("1.5").unwrap_err();
/// match error.kind() {
///     ErrorKind::Python(exception) => eprintln!("{}", exception.traceback()),
///     ErrorKind::Result => eprintln!("another type than was asked for: {error}"),
///     _ => return Err(error),
/// }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No interpreter could be used; the report names each that was tried, and why not.
    Locate(Report),
    /// An environment for the declared requirements could not be made.
    Environment,
    /// The interpreter was found and could not be started, or another one already runs.
    Start,
    /// A target such as `"outliers:detect"` is malformed, or does not lead to a callable.
    Target,
    /// Python raised an exception.
    Python(PythonException),
    /// An argument can't be passed to Python as it is.
    Argument,
    /// The function's result is not what the caller asked for.
    Result,
    /// NumPy is missing, or too old, or broken.
    Numpy,
    /// The result retained memory that was only lent for the call.
    Kept,
    /// A copy was needed and copies are denied for this function.
    CopyDenied,
    /// The thread cannot be attached, since it is in a sub-interpreter; or it is attached where it
    /// must not be, as for [`Python::end`](crate::Python::end).
    Attach,
    /// Python is ending, or has ended; no more Python code runs.
    Ending,
    /// The worker that ran the call has ended: a signal, an exit, or it can't be used any more. Other
    /// calls go on.
    Crashed(Crash),
    /// All workers are busy, and as many callers wait for one as may.
    Busy,
    /// The call did not return in the time that [`Function::within`](crate::Function::within) gave it.
    Deadline,
    /// A [callback](crate::callback()) returned an error, which is the source of this one.
    Callback,
    /// The call was [cancelled](crate::Cancel).
    Cancelled,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            inner: Box::new(Inner {
                kind,
                place: None,
                message: message.into(),
                hint: None,
                detail: None,
                source: None,
                panic: None,
            }),
        }
    }

    /// Creates the error of an argument that can't be passed to Python, for your own
    /// [`IntoPython`](crate::IntoPython).
    ///
    /// ```
    /// use callpy::{Error, IntoPython, Object, Result, Scope};
    ///
    /// struct Percent(f64);
    ///
    /// impl<'a> IntoPython<'a> for Percent {
    ///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
    ///         if !(0.0..=100.0).contains(&self.0) {
    ///             return Err(Error::argument(format!("{} is no percentage", self.0)));
    ///         }
    ///         self.0.into_python(scope)
    ///     }
    /// }
    ///
    /// # let python = callpy::Python::start()?;
    /// let error = python.function("math:sqrt")?.call::<f64>(Percent(120.0)).unwrap_err();
    /// assert_eq!(error.to_string(), "argument 1 of math:sqrt: 120 is no percentage");
    /// # Ok::<(), Error>(())
    /// ```
    #[cold]
    pub fn argument(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Argument, message)
    }

    /// Creates the error of a result that is not what was asked for, for your own
    /// [`FromPython`](crate::FromPython).
    ///
    /// ```
    /// use callpy::{Error, FromPython, Object, Result, Scope};
    ///
    /// #[derive(Debug)]
    /// struct Even(i64);
    ///
    /// impl FromPython for Even {
    ///     fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
    ///         match i64::from_python(object, scope)? {
    ///             number if number % 2 == 0 => Ok(Even(number)),
    ///             number => Err(Error::result(format!("{number} is odd"))),
    ///         }
    ///     }
    /// }
    ///
    /// # let python = callpy::Python::start()?;
    /// let error = python.function("builtins:len")?.call::<Even>("odd").unwrap_err();
    /// assert_eq!(error.to_string(), "the result of builtins:len: 3 is odd");
    /// # Ok::<(), Error>(())
    /// ```
    #[cold]
    pub fn result(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Result, message)
    }

    /// Creates the error of a call that did not return in time.
    #[cold]
    pub(crate) fn late(name: impl fmt::Display, within: Duration) -> Self {
        let message = format!("{name}: it did not return within {within:?}");
        Error::new(ErrorKind::Deadline, message)
    }

    /// Creates the error of a call that was cancelled.
    #[cold]
    pub(crate) fn cancelled(name: impl fmt::Display) -> Self {
        Error::new(ErrorKind::Cancelled, format!("{name}: it was cancelled"))
    }

    /// Turns a raised exception into an error, and lets go of it.
    #[cold]
    pub(crate) fn raised(py: Attached<'_>, raised: Raised) -> Self {
        if let Some(error) = raised.0.as_ref().and_then(|exception| carried(py, exception)) {
            return error;
        }
        let (exception, imports) = exception::read(py, raised);
        let mut error = Error::from(exception);
        error.inner.hint = imports.map(Hint::Imports);
        error
    }

    /// Adds the failed imports that an exception of a worker is about.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_imports(mut self, imports: Option<FailedImports>) -> Self {
        self.inner.hint = imports.map(Hint::Imports);
        self
    }

    /// Turns an exception into the error of a result that could not be converted. (The function itself
    /// has succeeded.)
    #[cold]
    pub(crate) fn raised_in_conversion(py: Attached<'_>, raised: Raised) -> Self {
        let error = Error::raised(py, raised);
        Error::result(format!("it can't be converted: {error}")).with_source(error)
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.inner.detail = Some(detail.into());
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Adds what callpy knows of the cause, and how to fix it.
    pub(crate) fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.inner.hint = Some(Hint::Text(hint.to_string()));
        self
    }

    /// Adds where the failure happened, from the inside out: each caller that knows more adds its part.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.inner.place = Some(match self.inner.place.take() {
            Some(inner) => format!("{inner} of {place}"),
            None => place.to_string(),
        });
        self
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }

    /// Returns what callpy knows of the cause, and how to fix it; `{}` shows it as well.
    ///
    /// Where an import failed, the folders of the search path are looked at when this is first asked
    /// for, or the error first shown.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let error = python.module("no_such_module").unwrap_err();
    /// assert!(error.hint().unwrap().contains("pip install no_such_module"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn hint(&self) -> Option<&str> {
        match &self.inner.hint {
            Some(Hint::Text(hint)) => Some(hint),
            Some(Hint::Imports(imports)) => imports.hint(),
            None => None,
        }
    }

    /// Returns the Python exception, if that is what this error is.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let error = python.function("math:sqrt")?.call::<f64>(-1.0).unwrap_err();
    /// assert_eq!(error.exception().map(|it| it.type_name()), Some("ValueError"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn exception(&self) -> Option<&PythonException> {
        match &self.inner.kind {
            ErrorKind::Python(exception) => Some(exception),
            _ => None,
        }
    }
}

/// Returns the error that an exception has carried out of a callback.
fn carried(py: Attached<'_>, exception: &Ref) -> Option<Error> {
    match callback::carried(py, exception)? {
        Carried::Error(error) => error.downcast().ok().map(|error| *error),
        Carried::Panic(panic) => {
            let message = format!("a callback panicked: {}", callback::panic_message(&*panic));
            let mut error = Error::new(ErrorKind::Callback, message);
            error.inner.panic = Some(Mutex::new(panic));
            Some(error)
        }
    }
}

impl Error {
    /// Turns the error of a callback into a Python exception, which carries it, or is the one that it is.
    #[cold]
    pub(crate) fn into_raised(self, py: Attached<'_>) -> Raised {
        if let Some(object) = self.exception().and_then(|exception| exception.kept(py)) {
            return Raised(Some(object));
        }
        let message = self.to_string();
        callback::carry(py, &message, Box::new(self))
    }

    /// Returns the exception that this error is, or a RuntimeError with its text, whose cause is the exception
    /// below it.
    #[cold]
    pub(crate) fn to_exception(&self, py: Attached<'_>) -> Outcome<Ref> {
        if let Some(object) = self.exception().and_then(|exception| exception.kept(py)) {
            return Ok(object);
        }
        let exception = py.made_exception(c"RuntimeError", &self.to_string())?;
        if let Some(below) = self.exception_below().and_then(|below| below.kept(py)) {
            py.set_attribute(&exception, &py.interned(c"__cause__")?, &below)?;
        }
        Ok(exception)
    }

    /// Lets go of the exception object, which may hold what was lent.
    #[cold]
    pub(crate) fn forget_object(&self) {
        let mut next = self.exception_below();
        while let Some(exception) = next {
            exception.forget();
            next = exception.cause().or_else(|| exception.context());
        }
    }

    /// Goes on with the panic of a callback, if that is what this error is.
    #[cold]
    pub(crate) fn resume_panic(self) -> Self {
        match self.inner.panic {
            None => self,
            Some(panic) => {
                resume_unwind(panic.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
            }
        }
    }

    /// Returns the Python exception that this error is, or that is the reason for it.
    fn exception_below(&self) -> Option<&PythonException> {
        let source = || self.inner.source.as_ref()?.downcast_ref::<Error>()?.exception_below();
        self.exception().or_else(source)
    }
}

impl From<PythonException> for Error {
    fn from(exception: PythonException) -> Self {
        let message = exception.to_string();
        Error::new(ErrorKind::Python(exception), message)
    }
}

impl From<Failure> for Error {
    #[cold]
    fn from(failure: Failure) -> Self {
        let Reason { kind, message, source } = failure.into_reason();
        let kind = match kind {
            FailureKind::Start => ErrorKind::Start,
            FailureKind::Attach => ErrorKind::Attach,
            FailureKind::Ending => ErrorKind::Ending,
            FailureKind::Numpy => ErrorKind::Numpy,
        };
        let mut error = Error::new(kind, message);
        error.inner.source = source;
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.inner.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.inner.message)?;
        if let Some(frame) = self.exception().and_then(PythonException::own_frame) {
            write!(f, " in {frame}")?;
        }
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        if f.alternate() {
            if let Some(exception) = self.exception_below() {
                write!(f, "\n{}", exception.traceback().trim_end())?;
            }
            if let ErrorKind::Locate(report) = &self.inner.kind {
                write!(f, "\n{report}")?;
            }
            if let Some(detail) = self.inner.detail.as_ref().filter(|detail| !detail.is_empty()) {
                write!(f, "\n{}", detail.trim_end())?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    /// As `{:#}`, since this is what `fn main() -> Result<()>` prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.inner.kind {
            ErrorKind::Python(exception) => {
                exception.cause().map(|cause| cause as &dyn std::error::Error)
            }
            _ => self.inner.source.as_deref().map(|source| source as _),
        }
    }
}
