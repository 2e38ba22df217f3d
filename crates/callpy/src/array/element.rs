//! Which Rust type is which NumPy dtype.

use std::ffi::{c_int, c_long};
use std::fmt;
use std::sync::Mutex;

use crate::raw::numpy::Numpy;
use crate::raw::{Attached, Outcome, Ref};
use crate::support;

/// A Rust type whose values lie in memory just as those of one NumPy dtype.
///
/// | Rust | dtype |
/// |---|---|
/// | `bool` | `bool` |
/// | `i8`, `i16`, `i32`, `i64`, `isize` | `int8`, `int16`, `int32`, `int64`, `intp` |
/// | `u8`, `u16`, `u32`, `u64`, `usize` | `uint8`, `uint16`, `uint32`, `uint64`, `uintp` |
/// | `f32`, `f64` | `float32`, `float64` |
/// | `half::f16` (feature `half`) | `float16` |
/// | `num_complex::Complex<f32>`, `Complex<f64>` (feature `complex`) | `complex64`, `complex128` |
/// | [`Datetime64<U>`](crate::Datetime64), [`Timedelta64<U>`](crate::Timedelta64) | `datetime64[U]`, `timedelta64[U]` |
/// | [`FixedStr<N>`](crate::FixedStr), [`FixedBytes<N>`](crate::FixedBytes) | `<U{N}`, `S{N}` |
/// | a struct declared with [`element!`](crate::element) | a structured dtype |
///
/// # Safety
///
/// The type is plain data of exactly the dtype's item size, without padding, and every bit pattern
/// that Python may write is a value of it. (`bool`, whose bytes may only be 0 and 1, is looked after
/// by callpy itself, and may not be part of a struct.)
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
    /// `bool`
    Bool,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `float16`
    Float16,
    /// `float32`
    Float32,
    /// `float64`
    Float64,
    /// `complex64`, two `float32`
    Complex64,
    /// `complex128`, two `float64`
    Complex128,
    /// `datetime64`: a count of the unit since 1970
    Datetime64(Unit),
    /// `timedelta64`: a count of the unit
    Timedelta64(Unit),
    /// `str_`: so many characters of four bytes each, padded with zeros
    Str(usize),
    /// `bytes_`: so many bytes, padded with zeros
    Bytes(usize),
    /// A structured dtype
    Struct(&'static [Field]),
}

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

/// The unit of a time, from a week to an attosecond (`numpy.datetime64`).
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
    /// `Y`
    Year,
    /// `M`
    Month,
    /// `W`
    Week,
    /// `D`
    Day,
    /// `h`
    Hour,
    /// `m`
    Minute,
    /// `s`
    Second,
    /// `ms`
    Millisecond,
    /// `us`
    Microsecond,
    /// `ns`
    Nanosecond,
    /// `ps`
    Picosecond,
    /// `fs`
    Femtosecond,
    /// `as`
    Attosecond,
}

impl Unit {
    /// All units, the longest first.
    pub const ALL: [Unit; 13] = [
        Unit::Year,
        Unit::Month,
        Unit::Week,
        Unit::Day,
        Unit::Hour,
        Unit::Minute,
        Unit::Second,
        Unit::Millisecond,
        Unit::Microsecond,
        Unit::Nanosecond,
        Unit::Picosecond,
        Unit::Femtosecond,
        Unit::Attosecond,
    ];

    /// Returns NumPy's abbreviation.
    pub const fn code(self) -> &'static str {
        match self {
            Unit::Year => "Y",
            Unit::Month => "M",
            Unit::Week => "W",
            Unit::Day => "D",
            Unit::Hour => "h",
            Unit::Minute => "m",
            Unit::Second => "s",
            Unit::Millisecond => "ms",
            Unit::Microsecond => "us",
            Unit::Nanosecond => "ns",
            Unit::Picosecond => "ps",
            Unit::Femtosecond => "fs",
            Unit::Attosecond => "as",
        }
    }

    /// Returns the unit of a code.
    pub(crate) fn from_code(code: &str) -> Option<Unit> {
        Unit::ALL.into_iter().find(|unit| unit.code() == code)
    }
}

impl Dtype {
    /// The number by which NumPy knows the dtype (`NPY_TYPES` of `numpy/ndarraytypes.h`), if that
    /// says all: text, times and structs share a number with others of their kind.
    ///
    /// NumPy counts C's types: which of `long` and `long long` is called `int64` depends on the
    /// platform.
    #[inline]
    pub(crate) const fn type_num(self) -> Option<c_int> {
        const LONG_IS_64: bool = size_of::<c_long>() == 8;
        Some(match self {
            Dtype::Bool => 0,
            Dtype::Int8 => 1,
            Dtype::Uint8 => 2,
            Dtype::Int16 => 3,
            Dtype::Uint16 => 4,
            Dtype::Int32 => 5,
            Dtype::Uint32 => 6,
            Dtype::Int64 => 7 + if LONG_IS_64 { 0 } else { 2 },
            Dtype::Uint64 => 8 + if LONG_IS_64 { 0 } else { 2 },
            Dtype::Float32 => 11,
            Dtype::Float64 => 12,
            Dtype::Complex64 => 14,
            Dtype::Complex128 => 15,
            Dtype::Float16 => 23,
            _ => return None,
        })
    }

    /// Returns the dtype of a number, of which several may name one.
    pub(crate) fn from_type_num(number: c_int) -> Option<Dtype> {
        Some(match number {
            0 => Dtype::Bool,
            1 => Dtype::Int8,
            2 => Dtype::Uint8,
            3 => Dtype::Int16,
            4 => Dtype::Uint16,
            5 => Dtype::Int32,
            6 => Dtype::Uint32,
            7 if size_of::<c_long>() == 8 => Dtype::Int64,
            8 if size_of::<c_long>() == 8 => Dtype::Uint64,
            7 => Dtype::Int32,
            8 => Dtype::Uint32,
            9 => Dtype::Int64,
            10 => Dtype::Uint64,
            11 => Dtype::Float32,
            12 => Dtype::Float64,
            14 => Dtype::Complex64,
            15 => Dtype::Complex128,
            23 => Dtype::Float16,
            _ => return None,
        })
    }

    /// Returns the size of one element in bytes.
    #[inline]
    pub const fn item_size(self) -> usize {
        match self {
            Dtype::Bool | Dtype::Int8 | Dtype::Uint8 => 1,
            Dtype::Int16 | Dtype::Uint16 | Dtype::Float16 => 2,
            Dtype::Int32 | Dtype::Uint32 | Dtype::Float32 => 4,
            Dtype::Int64 | Dtype::Uint64 | Dtype::Float64 | Dtype::Complex64 => 8,
            Dtype::Datetime64(_) | Dtype::Timedelta64(_) => 8,
            Dtype::Complex128 => 16,
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
        }
    }

    /// Returns the alignment of an element in bytes, as C has it.
    #[inline]
    pub(crate) const fn align(self) -> usize {
        match self {
            Dtype::Complex64 | Dtype::Str(_) => 4,
            Dtype::Complex128 => 8,
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
            plain => plain.item_size(),
        }
    }
}

/// The dtype objects that were made. They are callpy's own: Python may change a dtype in place
/// (`dtype.names = …`), so it is only ever given copies of these.
static OBJECTS: Mutex<Vec<(Dtype, Ref)>> = Mutex::new(Vec::new());

impl Dtype {
    /// Returns NumPy's object for the dtype, to be given to Python.
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
        // Made without the lock, since Python may hand the interpreter to another thread.
        let object = self.make(py, numpy)?;
        objects().push((self, object.clone_ref(py)));
        Ok(object)
    }

    fn make(self, py: Attached<'_>, numpy: &Numpy) -> Outcome<Ref> {
        let Dtype::Struct(fields) = self else { return support::dtype(py, &self.to_string()) };
        let mut parts = Vec::new();
        for field in fields {
            let offset = py.uint(field.offset as u64)?;
            let part = [py.str(field.name)?, field.dtype.object(py, numpy)?, offset];
            parts.push(py.tuple(part.into())?);
        }
        support::struct_dtype(py, py.list(parts)?, self.item_size())
    }

    fn is_struct(self) -> bool {
        matches!(self, Dtype::Struct(_))
    }
}

impl fmt::Display for Dtype {
    /// Writes NumPy's name for it, which for all but structs `numpy.dtype` takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Dtype::Bool => "bool",
            Dtype::Int8 => "int8",
            Dtype::Int16 => "int16",
            Dtype::Int32 => "int32",
            Dtype::Int64 => "int64",
            Dtype::Uint8 => "uint8",
            Dtype::Uint16 => "uint16",
            Dtype::Uint32 => "uint32",
            Dtype::Uint64 => "uint64",
            Dtype::Float16 => "float16",
            Dtype::Float32 => "float32",
            Dtype::Float64 => "float64",
            Dtype::Complex64 => "complex64",
            Dtype::Complex128 => "complex128",
            Dtype::Datetime64(unit) => return write!(f, "datetime64[{}]", unit.code()),
            Dtype::Timedelta64(unit) => return write!(f, "timedelta64[{}]", unit.code()),
            Dtype::Str(characters) => return write!(f, "U{characters}"),
            Dtype::Bytes(bytes) => return write!(f, "S{bytes}"),
            Dtype::Struct(fields) => {
                for (index, field) in fields.iter().enumerate() {
                    let start = if index > 0 { ", " } else { "{" };
                    write!(f, "{start}{}: {}", field.name, field.dtype)?;
                }
                "}"
            }
        };
        f.write_str(name)
    }
}

macro_rules! elements {
    ($($rust:ty => $dtype:ident,)*) => {$(
        // SAFETY: a number of the same size and kind; all bit patterns are values, and bool's are
        // checked wherever Python may have written them.
        unsafe impl Element for $rust {
            const DTYPE: Dtype = Dtype::$dtype;
        }
    )*};
}

elements! {
    bool => Bool,
    i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64,
    u8 => Uint8, u16 => Uint16, u32 => Uint32, u64 => Uint64,
    f32 => Float32, f64 => Float64,
}

#[cfg(target_pointer_width = "64")]
elements! { isize => Int64, usize => Uint64, }
#[cfg(target_pointer_width = "32")]
elements! { isize => Int32, usize => Uint32, }

#[cfg(feature = "half")]
elements! { half::f16 => Float16, }
#[cfg(feature = "complex")]
elements! { num_complex::Complex<f32> => Complex64, num_complex::Complex<f64> => Complex128, }
