//! Objects as values, and the attributes and items that are set on them.

use super::{FromPython, IntoPython, Item};
use crate::array::{FixedNames, detach_from_loans};
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;

impl Object {
    /// Sets the attribute of this name, which retains the value: pass arrays as `Vec`, not as slices.
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
        let mut scope = Scope::copying()?;
        let value = value.into_python(&mut scope)?;
        let key = scope.ok(scope.py().str(name))?;
        let py = scope.py();
        let set = scope.ok(py.with_frame(|| py.set_attribute(&self.0, &key, &value.0)));
        drop(value);
        scope.settle(&FixedNames::here(format!("the attribute {name:?}"), "the value"), set)
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
        let mut scope = Scope::copying()?;
        let key = key.into_python(&mut scope)?;
        let py = scope.py();
        let item = scope.ok(py.with_frame(|| py.item(&self.0, &key.0))).map(Object);
        drop(key);
        scope.settle(&FixedNames::here("an item's look-up", "the key"), item)
    }

    /// Sets `object[key] = value`, which retains the value: pass arrays as `Vec`, not as slices.
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
        let mut scope = Scope::copying()?;
        let key = key.into_python(&mut scope)?;
        let value = value.into_python(&mut scope)?;
        let py = scope.py();
        let set = scope.ok(py.with_frame(|| py.set_item(&self.0, &key.0, &value.0)));
        drop((key, value));
        scope.settle(&FixedNames::here("an item's assignment", "the key or the value"), set)
    }

    /// Converts the object to a Rust value.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if it is of another type.
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
}

impl<'a> IntoPython<'a> for Object {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Ok(self)
    }
}

impl<'a> IntoPython<'a> for &Object {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        Ok(Object(self.0.clone_ref(scope.py())))
    }
}

impl<'a> Item<'a> for Object {}

impl FromPython for Object {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        detach_from_loans(object.0, scope).map(Object)
    }
}
