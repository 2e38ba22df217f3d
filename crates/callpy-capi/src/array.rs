//! Arrays in C: lent for a call on the way in, read in place on the way out.

use std::ffi::c_void;
use std::ptr::null_mut;

use callpy::array::{AnyArray, AnyLoan, Unit};
use callpy::{Dtype, Error, IntoPython, Object, Result, Scope};

use crate::constant::{Sort, name, wrong};
use crate::error::{callpy_error, guard, guard_silently};
use crate::text::{reference, slice};

macro_rules! dtypes {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $type_num:literal, one: $one:ident, kind: $kind:ident, numpy: $name:literal [$($alias:literal),*],
            go: $go:expr, c: $number_constant:ident = $number_code:literal $number_docs:literal,
        })*}
        machine { $($machine:tt)* }
        aliases { $($aliases:tt)* }
        sized {$($sized:ident {
            numpy: $sized_name:literal [$($sized_alias:literal),*], example: $example:literal,
            c: $sized_constant:ident = $sized_code:literal $sized_docs:literal,
        })*}
        $($sections:tt)*
    ) => {
        $(#[doc = $number_docs] pub const $number_constant: u32 = $number_code;)*
        $(#[doc = $sized_docs] pub const $sized_constant: u32 = $sized_code;)*

        /// The dtypes that need no more than their number, each at its number's place.
        const NUMBERS: [(u32, Dtype); [$($number_code),*].len()] =
            [$(($number_constant, Dtype::$number)),*];
    };
}

macro_rules! units {
    ($($name:ident $code:literal $constant:ident = $number:literal $docs:literal;)*) => {
        $(#[doc = $docs] pub const $constant: u32 = $number;)*

        /// The units of time, each at its number's place.
        const UNITS: [(u32, Unit); Unit::ALL.len()] = [$(($constant, Unit::$name)),*];
    };
}

callpy_dtypes::dtypes!(dtypes);
callpy_dtypes::units!(units);

/// A flag of an argument: Python may write the elements, which no one else may use during the call.
pub const CALLPY_WRITABLE: u32 = 0x100;
/// A flag of an argument: Python gets a copy of the elements, which it may retain and write.
pub const CALLPY_COPIED: u32 = 0x200;

/// An array of any shape and strides.
///
/// As an argument it describes the caller's memory, which is lent to Python for the call. If Python
/// still holds it when the call ends, and can't be made to let go, callpy names the holder and aborts
/// the process, since returning would leave Python with a dangling pointer: pass what a function
/// retains with CALLPY_COPIED.
///
/// As a result it is read where NumPy put it, until it is released; no one may write it.
#[repr(C)]
pub struct callpy_array {
    /// The address of the first element.
    pub data: *mut c_void,
    /// The length of each axis.
    pub shape: *const isize,
    /// The step of each axis in bytes; NULL for elements in C order without gaps. Never NULL in a
    /// result that has axes.
    pub strides: *const isize,
    /// How many axes: 0 to 64 (32 before NumPy 2). With 0 there is one element.
    pub ndim: usize,
    /// The size of an element in bytes; for an argument 0 will do, where the dtype says it.
    pub item_size: usize,
    /// What an element is: CALLPY_DTYPE_INT64, CALLPY_DTYPE_FLOAT64 and so on.
    pub dtype: u32,
    /// CALLPY_UNIT_SECOND and so on, for times; else 0.
    pub unit: u32,
    /// Of an argument: CALLPY_WRITABLE, CALLPY_COPIED; else 0.
    pub flags: u32,
    /// callpy's own: 0 in an array of the caller's making.
    pub owned: u32,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<callpy_array>() == 56);
    assert!(std::mem::offset_of!(callpy_array, shape) == 8);
    assert!(std::mem::offset_of!(callpy_array, strides) == 16);
    assert!(std::mem::offset_of!(callpy_array, ndim) == 24);
    assert!(std::mem::offset_of!(callpy_array, item_size) == 32);
    assert!(std::mem::offset_of!(callpy_array, dtype) == 40);
    assert!(std::mem::offset_of!(callpy_array, unit) == 44);
    assert!(std::mem::offset_of!(callpy_array, flags) == 48);
    assert!(std::mem::offset_of!(callpy_array, owned) == 52);
};

/// The mark of a result array. Not 1: a struct that was never filled in might contain that.
const OWNED: u32 = u32::from_ne_bytes(*b"CPya");

const FIRST_DTYPE: u32 = CALLPY_DTYPE_BOOL;
const FIRST_UNIT: u32 = CALLPY_UNIT_YEAR;

const _: () = {
    let mut index = 0;
    while index < NUMBERS.len() {
        assert!(NUMBERS[index].0 == FIRST_DTYPE + index as u32);
        index += 1;
    }
    let mut index = 0;
    while index < UNITS.len() {
        assert!(UNITS[index].0 == FIRST_UNIT + index as u32);
        index += 1;
    }
};

/// A text's size is an `int` of NumPy's.
const MAX_ITEM_SIZE: usize = i32::MAX as usize;

impl callpy_array {
    #[inline]
    fn dtype(&self) -> Result<Dtype> {
        let unit = || {
            let unit = UNITS.get(self.unit.wrapping_sub(FIRST_UNIT) as usize);
            unit.map(|(_, unit)| *unit).ok_or_else(|| wrong(Sort::Unit, self.unit))
        };
        let dtype = match self.dtype {
            CALLPY_DTYPE_DATETIME64 => Dtype::Datetime64(unit()?),
            CALLPY_DTYPE_TIMEDELTA64 => Dtype::Timedelta64(unit()?),
            CALLPY_DTYPE_STR | CALLPY_DTYPE_BYTES
                if !(1..=MAX_ITEM_SIZE).contains(&self.item_size) =>
            {
                let message = format!("text can't have an item_size of {}", self.item_size);
                return Err(Error::argument(message));
            }
            CALLPY_DTYPE_STR => Dtype::Str(self.item_size / 4),
            CALLPY_DTYPE_BYTES => Dtype::Bytes(self.item_size),
            number => match NUMBERS.get(number.wrapping_sub(FIRST_DTYPE) as usize) {
                Some((_, dtype)) => *dtype,
                None => return Err(wrong(Sort::Dtype, number)),
            },
        };
        if self.unit != 0 && !matches!(dtype, Dtype::Datetime64(_) | Dtype::Timedelta64(_)) {
            let message = format!("an array of {dtype} has no unit, got {}", name(self.unit));
            return Err(Error::argument(message));
        }
        if self.item_size != 0 && self.item_size != dtype.item_size() {
            let message = format!(
                "an element of {dtype} has {} bytes, not {}",
                dtype.item_size(),
                self.item_size
            );
            return Err(Error::argument(message));
        }
        Ok(dtype)
    }

    /// Lends the memory for a call.
    ///
    /// # Safety
    ///
    /// As `loan`, for `'a`.
    #[inline]
    pub(crate) unsafe fn lend<'a>(&self, scope: &mut Scope<'a>) -> Result<Object> {
        // Most arguments are lent as Rust lends its own slices, which is the shorter way.
        // SAFETY: as the caller says.
        unsafe {
            let lent = match self.dtype {
                CALLPY_DTYPE_FLOAT64 => self.plain::<f64>().map(|slice| slice.into_python(scope)),
                CALLPY_DTYPE_FLOAT32 => self.plain::<f32>().map(|slice| slice.into_python(scope)),
                CALLPY_DTYPE_INT64 => self.plain::<i64>().map(|slice| slice.into_python(scope)),
                CALLPY_DTYPE_INT32 => self.plain::<i32>().map(|slice| slice.into_python(scope)),
                CALLPY_DTYPE_UINT8 => self.plain::<u8>().map(|slice| slice.into_python(scope)),
                _ => None,
            };
            lent.unwrap_or_else(|| self.loan()?.into_python(scope))
        }
    }

    /// Returns the elements if they are contiguous on one axis and lent read-only; none also
    /// for what is wrong, which `loan` then says.
    ///
    /// # Safety
    ///
    /// As `loan`, and the dtype is that of `T`.
    #[inline]
    unsafe fn plain<'a, T>(&self) -> Option<&'a [T]> {
        let sized = self.item_size == 0 || self.item_size == size_of::<T>();
        let marked = self.flags != 0 || self.unit != 0;
        if self.ndim != 1 || !self.strides.is_null() || marked || !sized {
            return None;
        }
        // SAFETY: as the caller says.
        unsafe {
            let [length] = slice(self.shape, 1, "").ok()? else { return None };
            slice(self.data.cast(), usize::try_from(*length).ok()?, "").ok()
        }
    }

    /// Describes the memory as a loan.
    ///
    /// # Safety
    ///
    /// Shape and strides are as many as `ndim` says, and the elements are there, for `'a`.
    #[inline]
    pub(crate) unsafe fn loan<'a>(&self) -> Result<AnyLoan<'a>> {
        if self.flags & !(CALLPY_WRITABLE | CALLPY_COPIED) != 0 {
            return Err(wrong(Sort::Flag, self.flags));
        }
        if self.ndim > 64 {
            let message = format!("an array has at most 64 axes, not {}", self.ndim);
            return Err(Error::argument(message));
        }
        // SAFETY: as the caller says.
        let shape = unsafe { slice(self.shape, self.ndim, "an array's shape") }?;
        let strides = match self.strides.is_null() {
            true => None,
            // SAFETY: as the caller says.
            false => Some(unsafe { slice(self.strides, self.ndim, "an array's strides") }?),
        };
        let writable = self.flags & CALLPY_WRITABLE != 0;
        // A result that is passed as an argument has more than one reader.
        if writable && self.owned == OWNED {
            return Err(Error::argument("a result can't be lent as CALLPY_WRITABLE"));
        }
        // SAFETY: as the caller says.
        let loan = unsafe { AnyLoan::new(self.dtype()?, self.data, shape, strides, writable) }?;
        Ok(if self.flags & CALLPY_COPIED != 0 { loan.copied() } else { loan })
    }
}

/// A result: what C sees of it, and what keeps it.
#[repr(C)]
struct Owned {
    view: callpy_array,
    array: AnyArray,
}

/// Hands a result array to C.
pub(crate) fn hand_out(array: AnyArray) -> Result<*mut callpy_array> {
    let (dtype, unit) = match array.dtype() {
        Dtype::Datetime64(unit) => (CALLPY_DTYPE_DATETIME64, Some(unit)),
        Dtype::Timedelta64(unit) => (CALLPY_DTYPE_TIMEDELTA64, Some(unit)),
        Dtype::Str(_) => (CALLPY_DTYPE_STR, None),
        Dtype::Bytes(_) => (CALLPY_DTYPE_BYTES, None),
        dtype => match NUMBERS.iter().find(|(_, other)| *other == dtype) {
            Some((number, _)) => (*number, None),
            None => return Err(Error::result(format!("an array of {dtype} can't be read in C"))),
        },
    };
    let unit = unit.and_then(|unit| UNITS.iter().find(|(_, other)| *other == unit));
    let item_size = array.dtype().item_size();
    let view = callpy_array {
        data: array.as_ptr().cast_mut(),
        shape: null_mut(),
        strides: null_mut(),
        ndim: array.shape().len(),
        item_size,
        dtype,
        unit: unit.map_or(0, |(code, _)| *code),
        flags: 0,
        owned: OWNED,
    };
    let owned = Box::into_raw(Box::new(Owned { view, array }));
    // SAFETY: just made. Shape and strides may be inside the array, so they are asked for where it
    // has come to stay; a length of NumPy's fits in an isize.
    unsafe {
        let array = &(*owned).array;
        let (shape, strides) = (array.shape().as_ptr(), array.strides().as_ptr());
        (*owned).view.shape = shape.cast();
        (*owned).view.strides = strides;
    }
    Ok(owned.cast())
}

/// Returns an error if there is no memory for a copy of a result's elements without gaps: an array that
/// was broadcast may show a few elements a billion times. NULL if there is, or was a moment ago.
///
/// # Safety
///
/// The array is one of a result, which was not released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_array_check_memory(
    array: *const callpy_array,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        let view = unsafe { reference(array, "the array") }?;
        if view.owned != OWNED {
            return Err(Error::argument("the array is no result"));
        }
        // SAFETY: made by `hand_out`, as `owned` says.
        unsafe { &*array.cast::<Owned>() }.array.check_memory()
    })
}

/// Releases a result array that was taken out of its value, whose tag was set to CALLPY_TAG_NONE then;
/// all others are released with their value. Arguments are left alone.
///
/// # Safety
///
/// The array is NULL, or one of a result, which is not released again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_array_release(array: *mut callpy_array) {
    // SAFETY: null, or valid, as the caller says; one that is not aligned is left alone.
    let result =
        array.is_aligned() && unsafe { array.as_ref() }.is_some_and(|it| it.owned == OWNED);
    if result {
        // SAFETY: made by `hand_out`, as `owned` says, and released once.
        guard_silently(|| drop(unsafe { Box::from_raw(array.cast::<Owned>()) }));
    }
}
