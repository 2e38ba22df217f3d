//! The one owning handle of a Python object; every other handle wraps it.

use std::fmt;
use std::panic::Location;

use crate::Result;
use crate::array::Passing;
use crate::convert::{Call, FromPython, IntoPython};
use crate::function::Callee;
use crate::raw::{Attachment, Ref};
use crate::scope::{Scope, Value};
use crate::{queue, support};

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

    /// Sets the attribute of this name, which keeps the value: give arrays as `Vec`, not as slices.
    ///
    /// # Errors
    ///
    /// Python's own, and those of the value's conversion.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let settings: callpy::Object = python.function("types:SimpleNamespace")?.call(())?;
    /// settings.set_attr("threshold", 2.5)?;
    /// assert_eq!(settings.attr("threshold")?.extract::<f64>()?, 2.5);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn set_attr<V: IntoPython<'static>>(&self, name: &str, value: V) -> Result<()> {
        let mut scope = Scope::new()?;
        scope.loans.passing = Passing::COPIED;
        let value = value.into_python(&mut scope)?;
        let key = scope.ok(scope.py().str(name))?;
        let py = scope.py();
        let set = scope.ok(py.with_frame(|| py.set_attribute(&self.0, &key, &value.0)));
        drop(value);
        scope.settle(&Value::new(format!("the attribute {name:?}"), "the value"), set)
    }

    /// Returns `object[key]`.
    ///
    /// # Errors
    ///
    /// Python's KeyError, IndexError or TypeError.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let parts: callpy::Object = python.function("builtins:divmod")?.call((7, 2))?;
    /// assert_eq!(parts.item(1)?.extract::<i64>()?, 1);
    /// assert_eq!(parts.item(9).unwrap_err().exception().unwrap().type_name(), "IndexError");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn item<'a, K: IntoPython<'a>>(&self, key: K) -> Result<Object> {
        let mut scope = Scope::new()?;
        scope.loans.passing = Passing::COPIED;
        let key = key.into_python(&mut scope)?;
        let py = scope.py();
        let item = scope.ok(py.with_frame(|| py.item(&self.0, &key.0))).map(Object);
        drop(key);
        scope.settle(&Value::new("an item's look-up".to_owned(), "the key"), item)
    }

    /// Sets `object[key] = value`, which keeps the value: give arrays as `Vec`, not as slices.
    ///
    /// # Errors
    ///
    /// Python's own, and those of the conversions.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let prices: callpy::Object = python.function("builtins:dict")?.call(())?;
    /// prices.set_item("apple", 3)?;
    /// assert_eq!(prices.item("apple")?.extract::<i64>()?, 3);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn set_item<K, V>(&self, key: K, value: V) -> Result<()>
    where
        K: IntoPython<'static>,
        V: IntoPython<'static>,
    {
        let mut scope = Scope::new()?;
        scope.loans.passing = Passing::COPIED;
        let key = key.into_python(&mut scope)?;
        let value = value.into_python(&mut scope)?;
        let py = scope.py();
        let set = scope.ok(py.with_frame(|| py.set_item(&self.0, &key.0, &value.0)));
        drop((key, value));
        let of = "an item's assignment".to_owned();
        scope.settle(&Value::new(of, "the key or the value"), set)
    }

    /// Calls the object, as [`Function::call`](crate::Function::call) does.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let half: callpy::Object = python.function("operator:itemgetter")?.call(1)?;
    /// assert_eq!(half.call::<String>((("left", "right"),))?, "right");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn call<'a, R: FromPython>(&self, arguments: impl IntoPython<'a>) -> Result<R> {
        let _turn = queue::enter(self.0.as_ptr().addr());
        let name = || support::callable_name(&self.0);
        self.call_object(&self.0, name, Location::caller(), arguments)
    }

    fn call_object<'a, R: FromPython>(
        &self,
        object: &Ref,
        name: impl Fn() -> String,
        site: &'static Location<'static>,
        arguments: impl IntoPython<'a>,
    ) -> Result<R> {
        let attachment = Attachment::new()?;
        let mut call = Call::new(Scope::of(&attachment));
        call.scope.loans.learn_of(object.clone_ref(attachment.token()));
        call.run(Callee { object, name, needs_frame: true, site }, arguments)
    }

    /// Calls a method of the object.
    ///
    /// # Errors
    ///
    /// Python's AttributeError, and those of [`Function::call`](crate::Function::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let text: callpy::Object = python.function("builtins:str")?.call("a,b")?;
    /// assert_eq!(text.call_method::<Vec<String>>("split", ",")?, ["a", "b"]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[track_caller]
    pub fn call_method<'a, R: FromPython>(
        &self,
        name: &str,
        arguments: impl IntoPython<'a>,
    ) -> Result<R> {
        let _turn = queue::enter(self.0.as_ptr().addr() ^ name.len());
        let _attachment = Attachment::new()?;
        let method = self.attr(name)?;
        let full_name = || support::method_name(&self.0, name);
        self.call_object(&method.0, full_name, Location::caller(), arguments)
    }

    /// Converts the object to a Rust value.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if it is not one of that type.
    ///
    /// # Examples
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// let pi = python.module("math")?.attr("pi")?;
    /// assert_eq!(pi.extract::<f64>()?, std::f64::consts::PI);
    /// assert!(matches!(pi.extract::<i64>().unwrap_err().kind(), callpy::ErrorKind::Result));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn extract<T: FromPython>(&self) -> Result<T> {
        let mut scope = Scope::new()?;
        T::from_python(self.clone(), &mut scope)
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
