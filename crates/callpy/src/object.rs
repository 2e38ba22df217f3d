//! The one owning handle of a Python object; every other handle wraps it.
//!
//! What takes or makes Rust values of it is in `convert/object.rs`, calling it in `call.rs`.

use std::fmt;

use crate::error::Result;
use crate::exception::PythonException;
use crate::raw::{Attachment, Ref};
use crate::scope::Scope;

/// Any Python object, for what has no type in Rust.
///
/// A handle may be sent to another thread, used there and dropped there. Each of its methods attaches
/// for as long as it takes.
///
/// ```
/// # let python = callpy::Python::start()?;
/// let counter: callpy::Object = python.function("collections:Counter")?.call("banana")?;
/// let top: Vec<(String, i64)> = counter.call_method("most_common", 1)?;
/// assert_eq!(top, [("a".to_owned(), 3)]);
/// let bs: i64 = counter.item("b")?.extract()?;
/// assert_eq!(bs, 1);
/// assert_eq!((counter.len()?, counter.is_empty()?, counter.is_none()), (3, false, false));
/// # Ok::<(), callpy::Error>(())
/// ```
#[repr(transparent)]
pub struct Object(pub(crate) Ref);

impl Object {
    /// Returns the attribute of this name.
    ///
    /// # Errors
    ///
    /// Python's AttributeError, or what a property raised.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let day: callpy::Object = python.function("datetime:date")?.call((2020, 4, 2))?;
    /// assert_eq!(day.attr("year")?.extract::<i32>()?, 2020);
    /// assert_eq!(day.to_string(), "2020-04-02");
    /// assert_eq!(day.repr()?, "datetime.date(2020, 4, 2)");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn attr(&self, name: &str) -> Result<Object> {
        let scope = Scope::new()?;
        let name = scope.ok(scope.py().str(name))?;
        let py = scope.py();
        scope.ok(py.with_frame(|| py.attribute(&self.0, &name))).map(Object)
    }

    /// Returns `len(object)`.
    ///
    /// # Errors
    ///
    /// Python's TypeError if it has no length.
    pub fn len(&self) -> Result<usize> {
        let scope = Scope::new()?;
        let py = scope.py();
        scope.ok(py.with_frame(|| py.size(&self.0)))
    }

    /// Whether `len(object)` is 0.
    ///
    /// # Errors
    ///
    /// As [`len`](Object::len).
    pub fn is_empty(&self) -> Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Whether the object is `None`.
    pub fn is_none(&self) -> bool {
        Attachment::new().is_ok_and(|attachment| attachment.token().is_none(&self.0))
    }

    /// Returns `repr(object)`.
    ///
    /// # Errors
    ///
    /// What `__repr__` raised.
    pub fn repr(&self) -> Result<String> {
        let scope = Scope::new()?;
        let py = scope.py();
        let text = scope.ok(py.with_frame(|| py.to_repr(&self.0)))?;
        scope.ok(py.text_escaped(&text))
    }
}

impl PythonException {
    /// Returns the exception object, for what its class has beside a message: `errno`, `response`.
    ///
    /// Its traceback was let go of, since the frames hold whatever the function had. `None` for an
    /// exception in a [worker](crate::workers), and for one that held memory that was lent.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let error = python.function("builtins:open")?.call::<callpy::Object>("/no/such/file").unwrap_err();
    /// let exception = error.exception().and_then(|exception| exception.object()).unwrap();
    /// assert_eq!(exception.attr("errno")?.extract::<i32>()?, 2);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn object(&self) -> Option<Object> {
        self.kept(Attachment::new().ok()?.token()).map(Object)
    }
}

impl Clone for Object {
    fn clone(&self) -> Self {
        match Attachment::new() {
            Ok(attachment) => Object(self.0.clone_ref(attachment.token())),
            // Python is ending, or this thread is in a sub-interpreter.
            Err(_) => Object(self.0.clone_uncounted()),
        }
    }
}

impl fmt::Display for Object {
    /// Writes `str(object)`, with escapes such as `\udc80` for what is no character.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = || -> Result<String> {
            let scope = Scope::new()?;
            let py = scope.py();
            let text = scope.ok(py.with_frame(|| py.to_str(&self.0)))?;
            scope.ok(py.text_escaped(&text))
        };
        f.write_str(text().as_deref().unwrap_or("<a Python object>"))
    }
}

impl fmt::Debug for Object {
    /// Writes `repr(object)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.repr().as_deref().unwrap_or("<a Python object>"))
    }
}
