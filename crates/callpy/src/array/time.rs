//! Points and spans of time, and their units, as values and as types.

use std::fmt;
use std::marker::PhantomData;

use super::element::{Dtype, Element};

/// A unit of time as a type.
///
/// ```
/// use callpy::{Datetime64, TimeUnit, unit};
///
/// fn unit_of<U: TimeUnit>(_: Datetime64<U>) -> &'static str {
///     U::UNIT.code()
/// }
/// assert_eq!(unit_of(Datetime64::<unit::Day>::new(18_354)), "D");
/// ```
pub trait TimeUnit: Copy + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The unit.
    const UNIT: Unit;
}

macro_rules! unit {
    ($($name:ident $code:literal $constant:ident = $number:literal $docs:literal;)*) => {
        /// The unit of a time, from a year to an attosecond (`numpy.datetime64`).
        ///
        /// ```
        /// use callpy::array::Unit;
        ///
        /// assert_eq!(Unit::Nanosecond.code(), "ns");
        /// assert_eq!(Unit::ALL[0], Unit::Year);
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Unit {
            $(#[doc = concat!("`", $code, "`")] $name,)*
        }

        impl Unit {
            /// All units, the longest first.
            pub const ALL: [Unit; [$($number),*].len()] = [$(Unit::$name),*];

            /// Returns NumPy's abbreviation.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Unit::$name => $code,)*
                }
            }

            /// Returns the unit of an abbreviation.
            pub(crate) fn from_code(code: &str) -> Option<Unit> {
                Unit::ALL.into_iter().find(|unit| unit.code() == code)
            }
        }

        /// The units of time, as types for [`Datetime64`](crate::Datetime64) and
        /// [`Timedelta64`](crate::Timedelta64).
        ///
        /// ```
        /// use callpy::{Dtype, Element, Timedelta64, array::Unit, unit::Microsecond};
        ///
        /// assert_eq!(Timedelta64::<Microsecond>::DTYPE, Dtype::Timedelta64(Unit::Microsecond));
        /// ```
        pub mod unit {
            use super::{TimeUnit, Unit};

            $(
                #[doc = concat!("The unit `Unit::", stringify!($name), "`.")]
                #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
                pub struct $name;

                impl TimeUnit for $name {
                    const UNIT: Unit = Unit::$name;
                }
            )*
        }
    };
}

callpy_dtypes::units!(unit);

macro_rules! times {
    ($($(#[$doc:meta])* $name:ident => $dtype:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name<U>(i64, PhantomData<U>);

        impl<U: TimeUnit> $name<U> {
            /// Not a time (`NaT`), the missing value.
            pub const NAT: Self = $name(i64::MIN, PhantomData);

            /// Creates it from a count of the unit.
            pub const fn new(count: i64) -> Self {
                $name(count, PhantomData)
            }

            /// Returns the count of the unit; `None` for [`NAT`](Self::NAT).
            pub const fn count(self) -> Option<i64> {
                if self.0 == i64::MIN { None } else { Some(self.0) }
            }
        }

        impl<U: TimeUnit> fmt::Debug for $name<U> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.count() {
                    Some(count) => write!(f, "{count} {}", U::UNIT.code()),
                    None => f.write_str("NaT"),
                }
            }
        }

        // SAFETY: NumPy stores a time as an int64, whose every bit pattern is a value.
        unsafe impl<U: TimeUnit> Element for $name<U> {
            const DTYPE: Dtype = Dtype::$dtype(U::UNIT);
        }
    )*};
}

times! {
    /// A point in time: a count of the unit `U` since 1970-01-01T00:00 (`numpy.datetime64`).
    ///
    /// ```
    /// use callpy::{Datetime64, unit::Second};
    ///
    /// let start = Datetime64::<Second>::new(1_585_819_800);
    /// assert_eq!(start.count(), Some(1_585_819_800));
    /// assert_eq!(Datetime64::<Second>::NAT.count(), None);
    /// ```
    Datetime64 => Datetime64,
    /// A span of time: a count of the unit `U` (`numpy.timedelta64`).
    ///
    /// ```
    /// use callpy::{Array, Datetime64, Timedelta64, unit::Second};
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let times = [0, 30, 90].map(Datetime64::<Second>::new);
    /// let gaps: Array<Timedelta64<Second>> = python.function("numpy:diff")?.call(&times)?;
    /// assert_eq!(gaps[..], [30, 60].map(Timedelta64::new));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    Timedelta64 => Timedelta64,
}
