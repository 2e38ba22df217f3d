//! Which Rust type is which NumPy dtype: made from the table of `callpy-dtypes`.

use std::ffi::{c_int, c_long};
use std::fmt;
use std::sync::Mutex;

use super::time::Unit;
use crate::raw::numpy::{Numpy, has_scalar_type};
use crate::raw::{Attached, Outcome, Ref};
use crate::support;

macro_rules! documentation {
    (
        numbers {$($name:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $number:literal, one: $one:ident, kind: $kind:ident, numpy: $numpy:literal $($rest:tt)*
        })*}
        machine {$($machine:ident {
            rust: $machine_rust:ty, wide: $wide:ident, narrow: $narrow:ident, one: $machine_one:ident, kind: $machine_kind:ident,
            numpy: $machine_numpy:literal $($machine_rest:tt)*
        })*}
        $($sections:tt)*
    ) => {
        concat!(
            $("| `", stringify!($rust), "`" $(, " (feature `", $feature, "`)")?, " | `", $numpy, "` |\n",)*
            $("| `", stringify!($machine_rust), "` | `", $machine_numpy, "` |\n",)*
        )
    };
}

/// A Rust type whose values have the memory layout of one NumPy dtype.
///
/// | Rust | dtype |
/// |---|---|
#[doc = callpy_dtypes::dtypes!(documentation)]
/// | [`Datetime64<U>`](crate::Datetime64), [`Timedelta64<U>`](crate::Timedelta64) | `datetime64[U]`, `timedelta64[U]` |
/// | [`FixedStr<N>`](crate::FixedStr), [`FixedBytes<N>`](crate::FixedBytes) | `<U{N}`, `S{N}` |
/// | a struct declared with [`element!`](crate::element) | a structured dtype |
///
/// # Safety
///
/// The type is plain data of exactly the dtype's item size, without padding, and every bit pattern
/// that Python may write is a value of it. (callpy itself checks `bool`, whose bytes may only be 0 and
/// 1; it may not be part of a struct.)
///
/// # Examples
///
/// ```
/// use callpy::{Dtype, Element};
///
/// assert_eq!(f64::DTYPE, Dtype::Float64);
///
/// fn bytes<T: Element>(elements: &[T]) -> usize {
///     elements.len() * T::DTYPE.item_size()
/// }
/// assert_eq!(bytes(&[1.0_f32, 2.0]), 8);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the element type of a NumPy array",
    label = "no NumPy dtype has the layout of `{Self}`",
    note = "element types are bool, i8 to i64, u8 to u64, f32, f64, complex numbers, Datetime64, \
            FixedStr and structs declared with callpy::element!; String, Option and tuples go to \
            Python as a list, in a Vec"
)]
pub unsafe trait Element: Copy + Send + Sync + fmt::Debug + PartialEq + 'static {
    /// The dtype that this type is.
    const DTYPE: Dtype;
}

/// The row of the dtype table for a dtype without a unit or a length.
struct Row {
    /// NumPy's number for it, where C's `long` has 64 bits.
    number: c_int,
    size: usize,
    align: usize,
    name: &'static str,
}

macro_rules! dtype {
    (
        numbers {$($name:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $number:literal, one: $one:ident, kind: $kind:ident, numpy: $numpy:literal $($rest:tt)*
        })*}
        machine {$($machine:ident {
            rust: $machine_rust:ty, wide: $wide:ident, narrow: $narrow:ident, $($machine_rest:tt)*
        })*}
        $($sections:tt)*
    ) => {
        /// A NumPy dtype of fixed size, in this machine's byte order.
        ///
        /// ```
        /// use callpy::{Datetime64, Dtype, Element, FixedStr, unit};
        ///
        /// assert_eq!(Dtype::Int16.item_size(), 2);
        /// assert_eq!(Datetime64::<unit::Millisecond>::DTYPE.to_string(), "datetime64[ms]");
        /// assert_eq!(FixedStr::<8>::DTYPE, Dtype::Str(8));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Dtype {
            $(#[doc = concat!("`", $numpy, "`")] $name,)*
            /// `datetime64`: a count of the unit since 1970
            Datetime64(Unit),
            /// `timedelta64`: a count of the unit
            Timedelta64(Unit),
            /// `str_`: this many characters of four bytes each, padded with zeros
            Str(usize),
            /// `bytes_`: this many bytes, padded with zeros
            Bytes(usize),
            /// A structured dtype
            Struct(&'static [Field]),
            /// In a field of a structured dtype: so many of a dtype, one after the other
            Row(&'static Dtype, usize),
        }

        impl Dtype {
            const fn row(self) -> Option<Row> {
                Some(match self {
                    $(Dtype::$name => {
                        Row { number: $number, size: $size, align: $align, name: $numpy }
                    })*
                    _ => return None,
                })
            }

            const fn with_number(number: c_int) -> Option<Dtype> {
                Some(match number {
                    $($number => Dtype::$name,)*
                    _ => return None,
                })
            }
        }

        $(const _: () = assert!(
            has_scalar_type($number),
            "add the slot of its scalar type to NUMBERS in raw/numpy.rs",
        );)*

        $($(#[cfg(feature = $feature)])? const _: () = {
            assert!(size_of::<$rust>() == $size);

            // SAFETY: a number of the same kind, and of the same size, as asserted. Every bit pattern is
            // a value of it; bools are checked wherever Python may have written them.
            unsafe impl Element for $rust {
                const DTYPE: Dtype = Dtype::$name;
            }
        };)*

        $(
            // SAFETY: the size is the one that decides which dtype it is, and every bit pattern is a value.
            unsafe impl Element for $machine_rust {
                const DTYPE: Dtype = match size_of::<$machine_rust>() {
                    8 => Dtype::$wide,
                    _ => Dtype::$narrow,
                };
            }
        )*
    };
}

callpy_dtypes::dtypes!(dtype);

/// A field of a structured dtype.
///
/// ```
/// use callpy::{Dtype, Element};
///
/// callpy::element! {
///     #[derive(Debug, Clone, Copy, PartialEq)]
///     struct Reading { time: i64, value: f64 }
/// }
/// let Dtype::Struct(fields) = Reading::DTYPE else { unreachable!("a struct is one") };
/// assert_eq!((fields[1].name, fields[1].dtype, fields[1].offset), ("value", Dtype::Float64, 8));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name in Python.
    pub name: &'static str,
    /// Its dtype.
    pub dtype: Dtype,
    /// Where it begins, in bytes from the struct's beginning.
    pub offset: usize,
}

/// What a field of a struct may be: an element, or an array of elements, or of such arrays.
///
/// # Safety
///
/// As for [`Element`].
#[doc(hidden)]
pub unsafe trait FieldType {
    const DTYPE: Dtype;
}

// SAFETY: it is an element.
unsafe impl<T: Element> FieldType for T {
    const DTYPE: Dtype = <T as Element>::DTYPE;
}

// SAFETY: an array has its items one after the other, and nothing else.
unsafe impl<T: FieldType, const N: usize> FieldType for [T; N] {
    const DTYPE: Dtype = Dtype::Row(&T::DTYPE, N);
}

/// NumPy numbers C's types, and int64 is `long` where that has 64 bits, else `long long`.
const LONG_HAS_64_BITS: bool = size_of::<c_long>() == 8;

impl Dtype {
    /// Returns NumPy's number for the dtype (`NPY_TYPES` in `numpy/ndarraytypes.h`), if that identifies
    /// it: text, times and structs share a number with others of their kind.
    #[inline]
    pub(crate) const fn type_num(self) -> Option<c_int> {
        match self.row() {
            Some(Row { number: number @ (7 | 8), .. }) if !LONG_HAS_64_BITS => Some(number + 2),
            Some(row) => Some(row.number),
            None => None,
        }
    }

    /// Returns the dtype with a number. Two of C's integer types have the same size, so two numbers may
    /// mean the same dtype.
    pub(crate) fn from_type_num(number: c_int) -> Option<Dtype> {
        Dtype::with_number(match number {
            9 | 10 => number - 2,
            7 | 8 if !LONG_HAS_64_BITS => number - 2,
            _ => number,
        })
    }

    /// Returns the size of one element in bytes.
    #[inline]
    pub const fn item_size(self) -> usize {
        match self {
            Dtype::Datetime64(_) | Dtype::Timedelta64(_) => size_of::<i64>(),
            Dtype::Str(characters) => 4 * characters,
            Dtype::Bytes(bytes) => bytes,
            Dtype::Struct(fields) => {
                // Without padding the size is the sum of the fields'.
                let (mut size, mut index) = (0, 0);
                while index < fields.len() {
                    size += fields[index].dtype.item_size();
                    index += 1;
                }
                size
            }
            Dtype::Row(of, length) => of.item_size() * length,
            number => match number.row() {
                Some(row) => row.size,
                None => unreachable!(),
            },
        }
    }

    /// Returns the alignment of an element in bytes, as in C.
    #[inline]
    pub(crate) const fn align(self) -> usize {
        match self {
            Dtype::Datetime64(_) | Dtype::Timedelta64(_) => size_of::<i64>(),
            Dtype::Str(_) => 4,
            Dtype::Bytes(_) => 1,
            Dtype::Struct(fields) => {
                let (mut align, mut index) = (1, 0);
                while index < fields.len() {
                    let own = fields[index].dtype.align();
                    align = if own > align { own } else { align };
                    index += 1;
                }
                align
            }
            Dtype::Row(of, _) => of.align(),
            number => match number.row() {
                Some(row) => row.align,
                None => unreachable!(),
            },
        }
    }
}

/// The dtype objects that were made. They are callpy's own: Python may change a dtype in place
/// (`dtype.names = …`), so it only ever gets copies of these.
static OBJECTS: Mutex<Vec<(Dtype, Ref)>> = Mutex::new(Vec::new());

impl Dtype {
    /// Returns a NumPy object for the dtype that may be passed to Python.
    pub(crate) fn object(self, py: Attached<'_>, numpy: &Numpy) -> Outcome<Ref> {
        match self {
            // A copy would share the dtypes of its fields.
            Dtype::Struct(fields) if fields.iter().any(|field| field.dtype.is_struct()) => {
                self.make(py, numpy)
            }
            _ if self.type_num().is_some() => self.own_object(py, numpy),
            _ => numpy.new_dtype(py, &self.own_object(py, numpy)?),
        }
    }

    /// Returns callpy's own object for the dtype, for comparisons.
    pub(super) fn own_object(self, py: Attached<'_>, numpy: &Numpy) -> Outcome<Ref> {
        if let Some(number) = self.type_num() {
            return numpy.dtype_of(py, number);
        }
        let objects = || OBJECTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let known = |objects: &Vec<(Dtype, Ref)>| {
            objects.iter().find(|(dtype, _)| *dtype == self).map(|(_, object)| object.clone_ref(py))
        };
        if let Some(object) = known(&objects()) {
            return Ok(object);
        }
        // Made without holding the mutex, since Python may switch to a thread that wants it.
        let object = self.make(py, numpy)?;
        objects().push((self, object.clone_ref(py)));
        Ok(object)
    }

    fn make(self, py: Attached<'_>, numpy: &Numpy) -> Outcome<Ref> {
        let Dtype::Struct(fields) = self else { return support::dtype(py, &self.to_string()) };
        let mut parts = Vec::new();
        for field in fields {
            let offset = py.uint(field.offset as u64)?;
            let part = [py.str(field.name)?, field.dtype.format(py, numpy)?, offset];
            parts.push(py.tuple(part.into())?);
        }
        support::struct_dtype(py, py.list(parts)?, self.item_size())
    }

    /// Returns what NumPy takes for the dtype of a field.
    fn format(self, py: Attached<'_>, numpy: &Numpy) -> Outcome<Ref> {
        let (mut item, mut shape) = (self, Vec::new());
        while let Dtype::Row(of, length) = item {
            shape.push(py.uint(length as u64)?);
            item = *of;
        }
        let item = item.object(py, numpy)?;
        if shape.is_empty() { Ok(item) } else { py.tuple([item, py.tuple(shape)?].into()) }
    }

    /// Whether it is a struct, or rows of structs.
    pub(super) fn is_struct(self) -> bool {
        match self {
            Dtype::Row(of, _) => of.is_struct(),
            dtype => matches!(dtype, Dtype::Struct(_)),
        }
    }

    /// Whether it is a bool, or rows of bools.
    #[doc(hidden)]
    pub const fn is_bool(self) -> bool {
        match self {
            Dtype::Row(of, _) => of.is_bool(),
            dtype => matches!(dtype, Dtype::Bool),
        }
    }
}

impl fmt::Display for Dtype {
    /// Writes NumPy's name, which `numpy.dtype` accepts for all but structs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dtype::Datetime64(unit) => write!(f, "datetime64[{}]", unit.code()),
            Dtype::Timedelta64(unit) => write!(f, "timedelta64[{}]", unit.code()),
            Dtype::Str(characters) => write!(f, "U{characters}"),
            Dtype::Bytes(bytes) => write!(f, "S{bytes}"),
            Dtype::Struct(fields) => {
                for (index, field) in fields.iter().enumerate() {
                    let start = if index > 0 { ", " } else { "{" };
                    write!(f, "{start}{}: {}", field.name, field.dtype)?;
                }
                f.write_str("}")
            }
            Dtype::Row(of, length) => write!(f, "{of}[{length}]"),
            number => match number.row() {
                Some(row) => f.write_str(row.name),
                None => unreachable!(),
            },
        }
    }
}
