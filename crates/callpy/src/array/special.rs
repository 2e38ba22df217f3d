//! Element types for text and bytes of a fixed length, and for structs.

use std::fmt;

use super::element::{Dtype, Element};

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
/// the largest to the smallest, or add a field that fills the gap. A struct with padding does not compile.
/// A field may be an array of a fixed length, `[f64; 3]`, which is a sub-array of NumPy's.
///
/// As a result, records of any layout that have these fields, and perhaps more, are copied field by field.
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
                dtype: <$type as $crate::array::FieldType>::DTYPE,
                offset: ::std::mem::offset_of!($name, $field),
            }),+];
            assert!(
                $crate::array::Dtype::Struct(FIELDS).item_size() == ::std::mem::size_of::<$name>(),
                "the struct has padding: order its fields from the largest to the smallest, or fill the gaps",
            );
            $(assert!(
                !<$type as $crate::array::FieldType>::DTYPE.is_bool(),
                "a bool can't be part of a struct, since Python may write any byte: use u8",
            );)+

            // SAFETY: repr(C) and without padding, as asserted; the fields are elements and no bool.
            #[allow(unsafe_code, reason = "the assertions above are what the trait asks for")]
            unsafe impl $crate::Element for $name {
                const DTYPE: $crate::Dtype = $crate::Dtype::Struct(FIELDS);
            }
        };

        $crate::__element_values! { [] $name }
    };
}
