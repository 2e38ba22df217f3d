//! Which Rust types typed functions take and return for the instances of a Python class, where there are several.

use std::time::{Duration, SystemTime};

use super::classes::{Date, DateTime, Decimal, Fraction, Time, Uuid};
use super::{FromPython, IntoPython};
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;

/// A value that can be passed where a typed function expects an instance of the class `C`.
///
/// | hint | `C` | values |
/// |---|---|---|
/// | `datetime` | [`DateTime`] | `SystemTime`; chrono's `NaiveDateTime` and `DateTime<Z>`; jiff's `Timestamp`, `Zoned` and `civil::DateTime`; text |
/// | `date` | [`Date`] | chrono's `NaiveDate`, jiff's `civil::Date`, text |
/// | `time` | [`Time`] | chrono's `NaiveTime`, jiff's `civil::Time`, text |
/// | `timedelta` | `Duration` | `Duration`, chrono's `TimeDelta`, jiff's `SignedDuration` |
/// | `Decimal` | [`Decimal`] | rust_decimal's `Decimal`, text |
/// | `UUID` | [`Uuid`] | uuid's `Uuid`, text |
/// | `Fraction` | [`Fraction`] | text |
/// | `pandas.DataFrame`, `polars.DataFrame`, `pyarrow.Table` | [`PandasDataFrame`](super::classes::PandasDataFrame), [`PolarsDataFrame`](super::classes::PolarsDataFrame), [`ArrowTable`](super::classes::ArrowTable) | [`Columns`](crate::Columns) |
/// | `torch.Tensor`, `jax.Array` | [`TorchTensor`](super::classes::TorchTensor), [`JaxArray`](super::classes::JaxArray) | slices, vectors and arrays of numbers, which are copied |
///
/// An [`Object`] can be passed for each of them.
///
/// ```
/// use callpy::classes::{Decimal, IntoInstance};
///
/// fn total<'a>(price: impl IntoInstance<'a, Decimal>) -> callpy::Result<String> {
///     let add = callpy::Python::start()?.function("operator:add")?;
///     let Decimal(total): Decimal = add.call((price, Decimal("0.20")))?;
///     Ok(total)
/// }
///
/// assert_eq!(total(Decimal("0.10"))?, "0.30");
/// # Ok::<(), callpy::Error>(())
/// ```
///
/// For a type of your own, whose [`IntoPython`] makes the instance, `impl IntoInstance<'_, Decimal> for Price
/// {}` is enough. One that is something else in Python elsewhere makes it here:
///
/// ```
/// use callpy::classes::{Decimal, IntoInstance};
/// use callpy::{IntoPython, Object, Result, Scope};
///
/// struct Cents(i64);
///
/// impl<'a> IntoPython<'a> for Cents {
///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
///         self.0.into_python(scope)
///     }
/// }
///
/// impl<'a> IntoInstance<'a, Decimal> for Cents {
///     fn into_instance(self, scope: &mut Scope<'a>) -> Result<Object> {
///         Decimal(format!("{}e-2", self.0)).into_python(scope)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be passed for Python's `{C}`",
    label = "not a type that is converted to one",
    note = "see callpy::classes::IntoInstance; the types of chrono, jiff, rust_decimal and uuid need callpy's \
            feature of that name"
)]
pub trait IntoInstance<'a, C>: IntoPython<'a> {
    /// Makes the instance.
    ///
    /// # Errors
    ///
    /// Those of the conversion, and what the class raised.
    fn into_instance(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.into_python(scope)
    }
}

/// A type that the result of a typed function can be, where the hint is the class `C`.
///
/// The caller chooses: see [`IntoInstance`] for the types. Frames are read as a [`Frame`](crate::Frame),
/// tensors as [`Like<T>`](crate::Like), and everything can stay an [`Object`].
///
/// ```
/// use callpy::classes::{Decimal, FromInstance};
///
/// fn tenth<T: FromInstance<Decimal>>() -> callpy::Result<T> {
///     callpy::Python::start()?.function("decimal:Decimal")?.call("0.1")
/// }
///
/// let Decimal(text) = tenth()?;
/// assert_eq!(text, "0.1");
/// assert_eq!(tenth::<callpy::Object>()?.call_method::<String>("__str__", ())?, "0.1");
/// # Ok::<(), callpy::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "Python's `{C}` can't be a `{Self}`",
    label = "not a type that one is converted to",
    note = "see callpy::classes::FromInstance; the types of chrono, jiff, rust_decimal and uuid need callpy's \
            feature of that name"
)]
pub trait FromInstance<C>: FromPython {}

impl<'a, C> IntoInstance<'a, C> for Object {}
impl<'a, C> IntoInstance<'a, C> for &Object {}
impl<C> FromInstance<C> for Object {}

macro_rules! instances {
    ($($class:ty: $($type:ty),+;)*) => {$($(
        impl<'a> IntoInstance<'a, $class> for $type {}
        impl FromInstance<$class> for $type {}
    )+)*};
}

macro_rules! texts {
    ($($class:ident)*) => {$(
        impl<'a, S: AsRef<str>> IntoInstance<'a, $class> for $class<S> {}
        impl FromInstance<$class> for $class {}
    )*};
}

texts! { DateTime Date Time Decimal Uuid Fraction }

instances! {
    DateTime: SystemTime;
    Duration: Duration;
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};

    use super::*;

    instances! {
        DateTime: NaiveDateTime;
        Date: NaiveDate;
        Time: NaiveTime;
        Duration: TimeDelta;
    }

    impl<'a, Z: TimeZone> IntoInstance<'a, DateTime> for chrono::DateTime<Z> {}
    impl FromInstance<DateTime> for chrono::DateTime<FixedOffset> {}
    impl FromInstance<DateTime> for chrono::DateTime<Utc> {}
}

#[cfg(feature = "jiff")]
instances! {
    DateTime: jiff::civil::DateTime, jiff::Timestamp, jiff::Zoned;
    Date: jiff::civil::Date;
    Time: jiff::civil::Time;
    Duration: jiff::SignedDuration;
}

#[cfg(feature = "rust_decimal")]
instances! { Decimal: rust_decimal::Decimal; }

#[cfg(feature = "uuid")]
instances! { Uuid: uuid::Uuid; }
