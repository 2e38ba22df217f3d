//! Which Rust type is which NumPy dtype.

use std::ffi::{c_int, c_long};
use std::fmt;

/// A Rust type whose values lie in memory just as those of one NumPy dtype.
///
/// | Rust | dtype |
/// |---|---|
/// | `bool` | `bool` |
/// | `i8`, `i16`, `i32`, `i64`, `isize` | `int8`, `int16`, `int32`, `int64`, `intp` |
/// | `u8`, `u16`, `u32`, `u64`, `usize` | `uint8`, `uint16`, `uint32`, `uint64`, `uintp` |
/// | `f32`, `f64` | `float32`, `float64` |
///
/// # Safety
///
/// The type is plain data of exactly the dtype's item size, its alignment is at most that size, and
/// every bit pattern that Python may write is a value of it. (`bool`, whose bytes may only be 0 and
/// 1, is looked after by callpy itself.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the element type of a NumPy array",
    label = "no NumPy dtype has the layout of `{Self}`",
    note = "element types are bool, i8 to i64, u8 to u64, f32 and f64; other values go to Python as \
            a list: give `Vec<{Self}>` where `{Self}` is a String, a number in an Option, a tuple, …"
)]
pub unsafe trait Element: Copy + Send + Sync + fmt::Debug + PartialEq + 'static {
    /// The dtype that this type is.
    const DTYPE: Dtype;
}

/// A NumPy dtype of fixed size, in this machine's byte order.
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
    /// `float32`
    Float32,
    /// `float64`
    Float64,
}

impl Dtype {
    /// The number by which NumPy knows the dtype (`NPY_TYPES` of `numpy/ndarraytypes.h`).
    ///
    /// NumPy counts C's types: which of `long` and `long long` is called `int64` depends on the
    /// platform.
    pub(crate) const fn type_num(self) -> c_int {
        const LONG_IS_64: bool = size_of::<c_long>() == 8;
        match self {
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
        }
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
            _ => return None,
        })
    }
}

impl fmt::Display for Dtype {
    /// Writes NumPy's name for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dtype::Bool => "bool",
            Dtype::Int8 => "int8",
            Dtype::Int16 => "int16",
            Dtype::Int32 => "int32",
            Dtype::Int64 => "int64",
            Dtype::Uint8 => "uint8",
            Dtype::Uint16 => "uint16",
            Dtype::Uint32 => "uint32",
            Dtype::Uint64 => "uint64",
            Dtype::Float32 => "float32",
            Dtype::Float64 => "float64",
        })
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
