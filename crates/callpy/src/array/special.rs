//! Element types that Rust has no type of its own for: times, fixed-width text, structs.

use std::fmt;
use std::marker::PhantomData;

use super::element::{Dtype, Element, Unit};

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

/// The units of time, as types for [`Datetime64`] and [`Timedelta64`].
///
/// ```
/// use callpy::{Dtype, Element, Timedelta64, array::Unit, unit::Microsecond};
///
/// assert_eq!(Timedelta64::<Microsecond>::DTYPE, Dtype::Timedelta64(Unit::Microsecond));
/// ```
pub mod unit {
    use super::{TimeUnit, Unit};

    macro_rules! units {
        ($($name:ident),*) => {$(
            #[doc = concat!("The unit `Unit::", stringify!($name), "`.")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
            pub struct $name;

            impl TimeUnit for $name {
                const UNIT: Unit = Unit::$name;
            }
        )*};
    }

    units!(
        Year,
        Month,
        Week,
        Day,
        Hour,
        Minute,
        Second,
        Millisecond,
        Microsecond,
        Nanosecond,
        Picosecond,
        Femtosecond,
        Attosecond
    );
}

macro_rules! times {
    ($($(#[$doc:meta])* $name:ident => $dtype:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name<U>(i64, PhantomData<U>);

        impl<U: TimeUnit> $name<U> {
            /// Not a time (`NaT`), the missing value.
            pub const NAT: Self = $name(i64::MIN, PhantomData);

            /// Makes it from a count of the unit.
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

        // SAFETY: NumPy keeps a time as an int64, whose every bit pattern is a value.
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

/// Text of at most `N` characters, padded with zeros (`numpy.str_`, dtype `U{N}`).
///
/// ```
/// use callpy::FixedStr;
///
/// let name = FixedStr::<8>::new("sensor").expect("it has 6 characters");
/// assert_eq!(name.to_string(), "sensor");
/// assert!(FixedStr::<4>::new("sensor").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct FixedStr<const N: usize>([u32; N]);

impl<const N: usize> FixedStr<N> {
    /// Makes it from text; `None` if that has more than `N` characters.
    pub fn new(text: &str) -> Option<Self> {
        let mut characters = [0; N];
        for (index, character) in text.chars().enumerate() {
            *characters.get_mut(index)? = character.into();
        }
        Some(FixedStr(characters))
    }

    fn characters(&self) -> impl Iterator<Item = char> + '_ {
        let end = self.0.iter().rposition(|code| *code != 0).map_or(0, |last| last + 1);
        // Python may hold lone surrogates, which are no characters.
        self.0[..end]
            .iter()
            .map(|code| char::from_u32(*code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

impl<const N: usize> fmt::Display for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.characters().collect::<String>())
    }
}

impl<const N: usize> fmt::Debug for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

// SAFETY: NumPy keeps N code points of four bytes each; every bit pattern is a u32.
unsafe impl<const N: usize> Element for FixedStr<N> {
    const DTYPE: Dtype = Dtype::Str(N);
}

/// At most `N` bytes, padded with zeros (`numpy.bytes_`, dtype `S{N}`).
///
/// ```
/// use callpy::FixedBytes;
///
/// let code = FixedBytes::<4>::new(b"EUR").expect("it has 3 bytes");
/// assert_eq!(code.as_bytes(), b"EUR");
/// assert!(FixedBytes::<2>::new(b"EUR").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct FixedBytes<const N: usize>([u8; N]);

impl<const N: usize> FixedBytes<N> {
    /// Makes it from bytes; `None` if they are more than `N`.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut padded = [0; N];
        padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(FixedBytes(padded))
    }

    /// Returns the bytes without their padding.
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        &self.0[..end]
    }
}

impl<const N: usize> fmt::Debug for FixedBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.as_bytes().escape_ascii())
    }
}

// SAFETY: N bytes, as NumPy keeps them.
unsafe impl<const N: usize> Element for FixedBytes<N> {
    const DTYPE: Dtype = Dtype::Bytes(N);
}

/// Declares a struct that is an element of arrays: a structured dtype with the same fields.
///
/// The struct is `repr(C)` and may have no padding: where one field needs alignment, order them from
/// the largest to the smallest, or add a field that fills the gap. What is not so does not compile.
///
/// ```
/// callpy::element! {
///     /// One measurement.
///     #[derive(Debug, Clone, Copy, PartialEq)]
///     pub struct Sample {
///         pub time: i64,
///         pub value: f32,
///         pub channel: u32,
///     }
/// }
/// assert_eq!(
///     <Sample as callpy::Element>::DTYPE.to_string(),
///     "{time: int64, value: float32, channel: uint32}",
/// );
/// ```
#[macro_export]
macro_rules! element {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $type:ty),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[repr(C)]
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $type,)+
        }

        const _: () = {
            const FIELDS: &[$crate::array::Field] = &[$($crate::array::Field {
                name: stringify!($field),
                dtype: <$type as $crate::Element>::DTYPE,
                offset: ::std::mem::offset_of!($name, $field),
            }),+];
            assert!(
                $crate::array::Dtype::Struct(FIELDS).item_size() == ::std::mem::size_of::<$name>(),
                "the struct has padding: order its fields from the largest to the smallest, or fill the gaps",
            );
            $(assert!(
                !matches!(<$type as $crate::Element>::DTYPE, $crate::Dtype::Bool),
                "a bool can't be part of a struct, since Python may write any byte: use u8",
            );)+

            // SAFETY: repr(C) and without padding, as asserted; the fields are elements and no bool.
            #[allow(unsafe_code, reason = "the assertions above are what the trait asks for")]
            unsafe impl $crate::Element for $name {
                const DTYPE: $crate::Dtype = $crate::Dtype::Struct(FIELDS);
            }
        };

        impl<'a> $crate::IntoPython<'a> for $name {
            fn into_python(self, scope: &mut $crate::Scope<'a>) -> $crate::Result<$crate::Object> {
                $crate::convert::element_into_python(self, scope)
            }
        }

        impl<'a> $crate::Item<'a> for $name {
            fn vec_into_python(
                items: Vec<Self>,
                scope: &mut $crate::Scope<'a>,
            ) -> $crate::Result<$crate::Object> {
                $crate::convert::elements_into_python(items, scope)
            }

            fn slice_into_python(
                items: &'a [Self],
                scope: &mut $crate::Scope<'a>,
            ) -> $crate::Result<$crate::Object> {
                $crate::convert::lend_elements(items, scope)
            }
        }

        impl $crate::FromPython for $name {
            fn from_python(
                object: $crate::Object,
                scope: &mut $crate::Scope<'_>,
            ) -> $crate::Result<Self> {
                $crate::convert::element_from_python(object, scope)
            }

            fn vec_from_python(
                object: $crate::Object,
                scope: &mut $crate::Scope<'_>,
            ) -> $crate::Result<Vec<Self>> {
                $crate::convert::elements_from_python(object, scope)
            }
        }
    };
}
