//! A Python exception as owned text and places, with the object itself.

mod frame;
mod import;
mod read;
#[cfg(target_os = "linux")]
mod told;
mod traceback;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

pub use self::frame::StackFrame;
#[cfg(target_os = "linux")]
pub(crate) use self::import::Search;
pub(crate) use self::import::{FailedImports, MARKER, install};
pub use self::import::{is_own_environment, is_without_pip};
pub(crate) use self::read::{read, remember_text};
#[cfg(target_os = "linux")]
pub(crate) use self::told::{Told, ToldFrame};
use crate::raw::{Attached, Ref};

/// A Python exception as owned text, with the exception object itself, whose traceback was let go of.
///
/// ```
/// # let python = callpy::Python::start()?;
/// let source = "
/// def read(text):
///     try:
///         return float(text)
///     except ValueError as error:
///         raise KeyError('no number') from error
/// ";
/// let read = python.module_from_source("reading", "reading.py", source)?.function("read")?;
/// let error = read.call::<f64>("ten").unwrap_err();
/// let exception = error.exception().expect("Python raised it");
/// assert_eq!((exception.module(), exception.type_name()), ("builtins", "KeyError"));
/// assert_eq!(exception.message(), "'no number'");
/// assert_eq!(exception.cause().unwrap().type_name(), "ValueError");
/// assert!(exception.context().is_none());
/// assert!(exception.notes().is_empty());
/// assert!(exception.traceback().contains("reading.py"));
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PythonException(Arc<Parts>);

/// What is known of an exception. Its clones share it: an error is moved more often than read.
#[derive(Debug, PartialEq, Eq, Default)]
struct Parts {
    type_name: String,
    qualified_name: String,
    module: String,
    message: String,
    missing_module: Option<String>,
    frames: Vec<StackFrame>,
    notes: Vec<String>,
    printed: Option<Printed>,
    hides_context: bool,
    cause: Option<PythonException>,
    context: Option<PythonException>,
    traceback: Traceback,
    object: Kept,
    /// Module and name of each class that its class is derived from, the nearest first.
    bases: Bases,
}

type Bases = Arc<[(String, String)]>;

/// The exception itself, without its traceback; none if it was let go of, or was another process's.
#[derive(Default)]
struct Kept(Mutex<Option<Ref>>);

impl PartialEq for Kept {
    /// The rest says what it is.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

impl Kept {
    fn of(exception: Ref) -> Kept {
        Kept(Mutex::new(Some(exception)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ref>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.lock().is_some() { "kept" } else { "not kept" })
    }
}

/// What Python prints of an exception that it prints in a way of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Printed {
    /// After the frames: a syntax error, which shows the line.
    End(String),
    /// In all: a group of exceptions.
    All(String),
}

/// The text of the traceback, made when it is first asked for.
#[derive(Debug, Default)]
struct Traceback(OnceLock<String>);

impl PartialEq for Traceback {
    /// It follows from the rest of the exception.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Traceback {}

impl PythonException {
    /// Returns the name of the exception's type without its module, such as `ValueError`.
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// Returns the module in which the type is defined, such as `builtins` or `numpy.linalg`.
    pub fn module(&self) -> &str {
        &self.0.module
    }

    /// Whether the exception is of this class or of one derived from it, as in an `except` clause:
    /// `"builtins.OSError"`, `"json.decoder.JSONDecodeError"`. The name of one of Python's own needs no
    /// module.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let error = python.function("builtins:open")?.call::<callpy::Object>("/no/such/file").unwrap_err();
    /// let exception = error.exception().unwrap();
    /// assert_eq!(exception.type_name(), "FileNotFoundError");
    /// assert!(exception.is("builtins.OSError") && exception.is("Exception"));
    /// assert!(!exception.is("builtins.ValueError"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn is(&self, class: &str) -> bool {
        let is_own = |module: &str, name: &str| match class.strip_suffix(name) {
            Some("") => module == "builtins",
            Some(before) => before.strip_suffix('.') == Some(module),
            None => false,
        };
        is_own(&self.0.module, &self.0.qualified_name)
            || self.0.bases.iter().any(|(module, name)| is_own(module, name))
    }

    /// Returns the exception itself, unless it was let go of.
    pub(crate) fn kept(&self, py: Attached<'_>) -> Option<Ref> {
        self.0.object.lock().as_ref().map(|exception| exception.clone_ref(py))
    }

    /// Lets go of the exception itself, which may hold what was lent.
    #[cold]
    pub(crate) fn forget(&self) {
        let exception = self.0.object.lock().take();
        // Not under the lock: it may run Python code.
        drop(exception);
    }

    /// Returns `str(exception)`.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the name of the module that an import did not find: that of a `ModuleNotFoundError`.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let error = python.module("json.absent").unwrap_err();
    /// assert_eq!(error.exception().unwrap().missing_module(), Some("json.absent"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn missing_module(&self) -> Option<&str> {
        self.0.missing_module.as_deref()
    }

    /// Returns the frames that the exception went through, the innermost last.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let source = "def half(x):\n    return x / 2\n";
    /// let half = python.module_from_source("halves", "halves.py", source)?.function("half")?;
    /// let error = half.call::<f64>("ten").unwrap_err();
    /// let [frame] = error.exception().unwrap().frames() else { panic!("one frame") };
    /// assert_eq!((frame.function(), frame.file(), frame.line()), ("half", "halves.py", 2));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn frames(&self) -> &[StackFrame] {
        &self.0.frames
    }

    /// Returns the innermost frame in a file of the program's own: neither one of the standard library
    /// nor of an installed package.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let source = "import json\n\ndef read(text):\n    return json.loads(text)\n";
    /// let read = python.module_from_source("notes", "notes.py", source)?.function("read")?;
    /// let error = read.call::<i64>("{").unwrap_err();
    /// let exception = error.exception().unwrap();
    /// assert_eq!(exception.own_frame().unwrap().to_string(), "read (notes.py, line 4)");
    /// assert!(exception.frames().last().unwrap().file().contains("json"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn own_frame(&self) -> Option<&StackFrame> {
        self.0.frames.iter().rev().find(|frame| frame.is_own())
    }

    /// Returns the traceback as Python prints it, with chained exceptions and notes, but without the
    /// marks below the source lines.
    ///
    /// The text is made when it is asked for; the source lines are read from their files then.
    pub fn traceback(&self) -> &str {
        self.0.traceback.0.get_or_init(|| traceback::text(&self.0))
    }

    /// Returns the notes added with `add_note` (Python 3.11 and newer).
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// Returns the exception named in `raise … from cause`.
    pub fn cause(&self) -> Option<&PythonException> {
        self.0.cause.as_ref()
    }

    /// Returns the exception that was being handled when this one was raised, if it is not its
    /// cause as well.
    pub fn context(&self) -> Option<&PythonException> {
        self.0.context.as_ref()
    }
}

impl fmt::Debug for PythonException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PythonException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.type_name)?;
        // One line: what follows the first that says something is in the traceback.
        let mut lines = self.0.message.lines().filter(|line| !line.trim().is_empty());
        let Some(first) = lines.next() else { return Ok(()) };
        write!(f, ": {first}")?;
        // That of a model of pydantic only counts the errors: the first field, and what is wrong, follow.
        if self.0.type_name == "ValidationError" && first.contains(" validation error") {
            for line in lines {
                write!(f, ": {}", line.trim())?;
                if line.starts_with(' ') {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl std::error::Error for PythonException {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
