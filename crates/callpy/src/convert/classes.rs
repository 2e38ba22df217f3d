//! Values of some classes of the standard library that are known by their text, or by a Rust type of
//! another crate; and the names of classes that typed functions take and return.

pub use super::instance::{FromInstance, IntoInstance};
use super::{FromPython, IntoPython, Item};
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;
use crate::support;

fn make(module: &str, class: &str, text: &str, scope: &Scope<'_>) -> Result<Object> {
    let py = scope.py();
    scope.ok(py.with_frame(|| support::make_of_class(py, [module, class, text]))).map(Object)
}

fn text(module: &str, class: &str, object: &Object, scope: &Scope<'_>) -> Result<String> {
    let py = scope.py();
    let text =
        scope.taken(py.with_frame(|| support::text_of_class(py, [module, class], &object.0)))?;
    text.ok_or_else(|| scope.mismatch(format_args!("a {module}.{class}"), &object.0))
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $module:literal $class:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name<S = String>(pub S);

        impl<'a, S: AsRef<str>> IntoPython<'a> for $name<S> {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                make($module, $class, self.0.as_ref(), scope)
            }
        }

        impl<'a, S: AsRef<str> + Clone + 'a> Item<'a> for $name<S> {}

        impl FromPython for $name {
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                text($module, $class, &object, scope).map($name)
            }
        }
    )*};
}

classes! {
    /// A `decimal.Decimal`, as text.
    ///
    /// ```
    /// use callpy::classes::Decimal;
    ///
    /// # let python = callpy::Python::start()?;
    /// let add = python.function("operator:add")?;
    /// let Decimal(sum): Decimal<String> = add.call((Decimal("0.10"), Decimal("0.20")))?;
    /// assert_eq!(sum, "0.30");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Decimal = "decimal" "Decimal";
    /// A `fractions.Fraction`, as text.
    ///
    /// ```
    /// use callpy::classes::Fraction;
    ///
    /// # let python = callpy::Python::start()?;
    /// let add = python.function("operator:add")?;
    /// let Fraction(sum): Fraction<String> = add.call((Fraction("1/3"), Fraction("1/6")))?;
    /// assert_eq!(sum, "1/2");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Fraction = "fractions" "Fraction";
    /// A `uuid.UUID`, as text.
    ///
    /// ```
    /// use callpy::classes::Uuid;
    ///
    /// # let python = callpy::Python::start()?;
    /// let name = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    /// let Uuid(id): Uuid<String> = python.function("uuid:uuid5")?.call((Uuid(name), "callpy"))?;
    /// assert_eq!(id.len(), 36);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Uuid = "uuid" "UUID";
    /// A `pathlib.Path`, as text. (A `&Path` of Rust is a `str` in Python, and a `PathBuf` takes either.)
    ///
    /// ```
    /// use callpy::classes::Path;
    ///
    /// # let python = callpy::Python::start()?;
    /// let suffix = python.function("operator:attrgetter")?.call::<callpy::Object>("suffix")?;
    /// assert_eq!(suffix.call::<String>(Path("notes/today.txt"))?, ".txt");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Path = "pathlib" "Path";
    /// A `datetime.datetime`, as its `isoformat()`: `2024-05-06T07:08:09.000001+02:00`. Up to 3.10, Python
    /// reads no other text, such as one with a `Z`. What is finer than microseconds is cut off on the way to
    /// Python, also from pandas' nanoseconds. The text does not say which it is of the hour that a zone has
    /// twice.
    ///
    /// ```
    /// use callpy::classes::DateTime;
    ///
    /// # let python = callpy::Python::start()?;
    /// let replace = python.function("datetime:datetime.replace")?;
    /// let at = DateTime("2024-05-06T07:08:09+02:00");
    /// let DateTime(later): DateTime = replace.call((at, callpy::named("hour", 23)))?;
    /// assert_eq!(later, "2024-05-06T23:08:09+02:00");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    DateTime = "datetime" "datetime";
    /// A `datetime.date`, as its `isoformat()`: `2024-05-06`.
    ///
    /// ```
    /// use callpy::classes::Date;
    ///
    /// # let python = callpy::Python::start()?;
    /// let replace = python.function("datetime:date.replace")?;
    /// let Date(first): Date = replace.call((Date("2024-05-06"), callpy::named("day", 1)))?;
    /// assert_eq!(first, "2024-05-01");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Date = "datetime" "date";
    /// A `datetime.time`, as its `isoformat()`: `07:08:09`. What is finer than microseconds is cut off on the
    /// way to Python.
    ///
    /// ```
    /// use callpy::classes::Time;
    ///
    /// # let python = callpy::Python::start()?;
    /// let replace = python.function("datetime:time.replace")?;
    /// let Time(later): Time = replace.call((Time("07:08:09"), callpy::named("hour", 23)))?;
    /// assert_eq!(later, "23:08:09");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Time = "datetime" "time";
}

/// The class `pandas.DataFrame`, as the `C` of [`IntoInstance`] and [`FromInstance`].
///
/// ```
/// fn can_be<T: callpy::classes::FromInstance<callpy::classes::PandasDataFrame>>() {}
///
/// can_be::<callpy::Frame>();
/// can_be::<callpy::Object>();
/// ```
#[derive(Debug, Clone, Copy)]
pub enum PandasDataFrame {}

/// The class `polars.DataFrame`, as the `C` of [`IntoInstance`] and [`FromInstance`].
///
/// ```
/// fn can_be<T: callpy::classes::FromInstance<callpy::classes::PolarsDataFrame>>() {}
///
/// can_be::<callpy::Frame>();
/// can_be::<callpy::Object>();
/// ```
#[derive(Debug, Clone, Copy)]
pub enum PolarsDataFrame {}

/// The class `pyarrow.Table`, as the `C` of [`IntoInstance`] and [`FromInstance`].
///
/// ```
/// fn can_be<T: callpy::classes::FromInstance<callpy::classes::ArrowTable>>() {}
///
/// can_be::<callpy::Frame>();
/// can_be::<callpy::Object>();
/// ```
#[derive(Debug, Clone, Copy)]
pub enum ArrowTable {}

/// The class `torch.Tensor`, as the `C` of [`IntoInstance`] and [`FromInstance`].
///
/// ```
/// fn can_be<T: callpy::classes::FromInstance<callpy::classes::TorchTensor>>() {}
///
/// can_be::<callpy::Like<f32>>();
/// can_be::<callpy::Object>();
/// ```
#[derive(Debug, Clone, Copy)]
pub enum TorchTensor {}

/// The class `jax.Array`, as the `C` of [`IntoInstance`] and [`FromInstance`].
///
/// ```
/// fn can_be<T: callpy::classes::FromInstance<callpy::classes::JaxArray>>() {}
///
/// can_be::<callpy::Like<f32>>();
/// can_be::<callpy::Object>();
/// ```
#[derive(Debug, Clone, Copy)]
pub enum JaxArray {}

#[cfg(feature = "rust_decimal")]
mod decimal {
    use rust_decimal::Decimal;

    use super::*;

    impl<'a> IntoPython<'a> for Decimal {
        fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
            make("decimal", "Decimal", &self.to_string(), scope)
        }
    }

    impl Item<'_> for Decimal {}

    /// Takes a `decimal.Decimal` of at most 28 digits, which is not rounded.
    impl FromPython for Decimal {
        fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
            let text = text("decimal", "Decimal", &object, scope)?;
            let number = exact(&text);
            number.ok_or_else(|| scope.mismatch("a Decimal that rust_decimal can hold", &object.0))
        }
    }

    /// Reads what `str` makes of a Decimal, such as `1.50` or `1E+3`.
    fn exact(text: &str) -> Option<Decimal> {
        let (digits, exponent) = text.split_once('E').unwrap_or((text, "0"));
        let mut number = Decimal::from_str_exact(digits).ok()?;
        let mut scale = i64::from(number.scale()).checked_sub(exponent.parse().ok()?)?;
        if number.is_zero() {
            // It is zero with any exponent.
            scale = scale.clamp(0, i64::from(Decimal::MAX_SCALE));
        }
        if let Ok(scale) = u32::try_from(scale) {
            number.set_scale(scale).ok()?;
            return Some(number);
        }
        let factor = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
        Decimal::try_from_i128_with_scale(number.mantissa().checked_mul(factor)?, 0).ok()
    }
}

#[cfg(feature = "uuid")]
mod uuid {
    use ::uuid::Uuid;

    use super::*;

    impl<'a> IntoPython<'a> for Uuid {
        fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
            make("uuid", "UUID", &self.to_string(), scope)
        }
    }

    impl Item<'_> for Uuid {}

    impl FromPython for Uuid {
        fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
            let text = text("uuid", "UUID", &object, scope)?;
            Uuid::parse_str(&text).map_err(|_| scope.mismatch("a UUID", &object.0))
        }
    }
}
