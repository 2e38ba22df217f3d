//! Pointers from C: what is null, not aligned, not UTF-8 or absurdly long is an error.

use std::ffi::{CStr, OsStr, c_char};

use callpy::Error;

/// Reads text that ends with a zero byte.
///
/// # Safety
///
/// The pointer is null, or leads to bytes that end with a zero and don't change for `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Error> {
    usable(pointer, what)?;
    // SAFETY: not null, and as the caller says.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|error| Error::argument(format!("{what} is not UTF-8: {error}")))
}

/// Reads a path that ends with a zero byte: any bytes on Unix, UTF-8 elsewhere.
///
/// # Safety
///
/// As [`text`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, what: &str) -> Result<&'a OsStr, Error> {
    usable(pointer, what)?;
    // SAFETY: not null, and as the caller says.
    #[cfg(unix)]
    let path =
        std::os::unix::ffi::OsStrExt::from_bytes(unsafe { CStr::from_ptr(pointer) }.to_bytes());
    // SAFETY: as the caller says.
    #[cfg(not(unix))]
    let path = unsafe { text(pointer, what) }?.as_ref();
    Ok(path)
}

/// Takes a pointer for a reference.
///
/// # Safety
///
/// A pointer that is not null leads to a value that doesn't change for `'a`.
#[inline]
pub(crate) unsafe fn reference<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Error> {
    usable(pointer, what)?;
    // SAFETY: not null, aligned, and as the caller says.
    Ok(unsafe { &*pointer })
}

/// Checks that a pointer is neither null nor misaligned.
#[inline]
pub(crate) fn usable<T>(pointer: *const T, what: &str) -> Result<(), Error> {
    match pointer.is_null() || !pointer.is_aligned() {
        true => Err(not_usable(pointer.is_null(), what)),
        false => Ok(()),
    }
}

#[cold]
fn not_usable(is_null: bool, what: &str) -> Error {
    let wrong = if is_null { "NULL" } else { "not aligned" };
    Error::argument(format!("{what} is {wrong}"))
}

/// Takes a pointer and a length for a slice; a null pointer is an empty one.
///
/// # Safety
///
/// A pointer that is not null leads to so many values that don't change for `'a`.
#[inline]
pub(crate) unsafe fn slice<'a, T>(
    pointer: *const T,
    length: usize,
    what: &str,
) -> Result<&'a [T], Error> {
    if length == 0 {
        return Ok(&[]);
    }
    let fits = length.checked_mul(size_of::<T>()).is_some_and(|bytes| bytes <= isize::MAX as usize);
    if pointer.is_null() || !pointer.is_aligned() || !fits {
        return Err(no_slice(pointer.is_null(), fits, length, what));
    }
    // SAFETY: not null, aligned, of a possible length, and as the caller says.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

#[cold]
fn no_slice(is_null: bool, fits: bool, length: usize, what: &str) -> Error {
    Error::argument(match (is_null, fits) {
        (true, _) => format!("{what}: NULL with a length of {length}"),
        (_, false) => format!("{what}: a length of {length} is not possible"),
        _ => format!("{what}: the pointer is not aligned"),
    })
}
