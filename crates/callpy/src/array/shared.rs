//! Arrays in memory that is shared with a worker: those that it returns, and those that it is passed.

use std::ptr::NonNull;

use super::element::Dtype;
use super::receive::{ByteOrder, byte_order};
use super::shared_array::Leased;
use crate::error::{Error, Result};
use crate::raw::call::ArgumentList;
use crate::raw::ndarray::Ndarray;
use crate::raw::numpy::{Memory, Numpy, flags};
use crate::raw::{Attached, Outcome, Ref};
use crate::scope::Scope;

/// Makes an array over leased memory, which is given back when the array and all its views are gone.
pub(crate) fn array_over(
    scope: &Scope<'_>,
    lease: impl Leased,
    dtype: Dtype,
    shape: &[isize],
) -> Result<Ref> {
    let py = scope.py();
    let numpy = py.numpy()?;
    let data = lease.address();
    let lengths = shape.iter().map(|length| *length as usize);
    let bytes = lengths.product::<usize>() * dtype.item_size();
    assert!(bytes <= lease.len() && data.addr().get().is_multiple_of(dtype.align()));
    let into_error = |raised| Error::raised(py, raised);
    let object = dtype.object(py, numpy).map_err(into_error)?;
    let base = py.capsule(Box::new(lease)).map_err(into_error)?;
    let memory = Memory { data: data.as_ptr().cast(), shape, strides: None, writable: true };
    // SAFETY: the memory has so many bytes, as asserted, and is mapped readable and writable as long as
    // the lease lives, which the capsule does until the array and all its views are gone. Any bytes are
    // values of the dtype for NumPy.
    scope.ok(unsafe { numpy.new_array(py, object, memory, base) })
}

/// Returns the place, from 1, of an argument in which an array is lent to be written that is none of the
/// arguments themselves, or not of numbers and not shared with the worker.
pub(crate) fn not_returned(
    scope: &Scope<'_>,
    arguments: &ArgumentList,
    is_shared: impl Fn(usize) -> bool,
) -> Option<usize> {
    let py = scope.py();
    let numpy = scope.loans.numpy?;
    let places = 0..arguments.len();
    let is_returned = |array: &Ref| {
        let header = Ndarray::known(py, array);
        (Dtype::from_type_num(header.type_num().0).is_some() || is_shared(header.data().addr()))
            && places.clone().any(|place| arguments.value(py, place).as_ptr() == array.as_ptr())
    };
    let mut lent = scope.loans.passed().filter(|(array, _)| {
        let header = Ndarray::known(py, array);
        header.is_lent(numpy) && header.flags() & flags::WRITEABLE != 0
    });
    lent.find(|(array, _)| !is_returned(array)).map(|(_, place)| place)
}

/// What an array argument is to a worker.
pub(crate) struct Argument<'r> {
    pub(crate) number: u8,
    pub(crate) dtype: Dtype,
    pub(crate) shape: &'r [isize],
    /// Whether its memory is lent for the call.
    pub(crate) is_lent: bool,
    pub(crate) is_writable: bool,
    /// Its elements, if they lie in C order without gaps.
    pub(crate) bytes: Option<&'r [u8]>,
}

/// An array without gaps whose memory is lent for the call, of any dtype.
pub(crate) struct Packed<'r> {
    pub(crate) address: usize,
    pub(crate) shape: &'r [isize],
    pub(crate) is_writable: bool,
}

/// Takes an object for such an array.
pub(crate) fn packed<'r>(py: Attached<'r>, numpy: &Numpy, object: &'r Ref) -> Option<Packed<'r>> {
    let array = Ndarray::of(py, numpy, object)?;
    let flags = array.flags();
    let is_one =
        array.is_exactly_ndarray(numpy) && array.is_lent(numpy) && flags & flags::C_CONTIGUOUS != 0;
    let is_writable = flags & flags::WRITEABLE != 0;
    is_one.then(|| Packed { address: array.data().addr(), shape: array.shape(), is_writable })
}

/// Takes an object for an array of numbers in this machine's byte order, of which their dtype says all.
pub(crate) fn argument<'r>(
    py: Attached<'r>,
    numpy: &Numpy,
    object: &'r Ref,
) -> Outcome<Option<Argument<'r>>> {
    let Some(array) = Ndarray::of(py, numpy, object) else { return Ok(None) };
    if !array.is_exactly_ndarray(numpy) {
        return Ok(None);
    }
    let number = array.type_num().0;
    let Some(dtype) = Dtype::from_type_num(number) else { return Ok(None) };
    let Some(ByteOrder::Native) = byte_order(py, numpy, array, dtype)? else { return Ok(None) };
    let found = array.dtype();
    // Most are the very same; another may have metadata, which the number does not tell.
    if found.as_ptr() != dtype.object(py, numpy)?.as_ptr()
        && !py.is_none(&py.attribute(&found, &py.interned(c"metadata")?)?)
    {
        return Ok(None);
    }
    let Ok(number) = u8::try_from(number) else { return Ok(None) };
    let flags = array.flags();
    let is_packed = flags & flags::C_CONTIGUOUS != 0;
    let shape = array.shape();
    let len = shape.iter().map(|length| *length as usize).product::<usize>() * dtype.item_size();
    let bytes = match NonNull::new(array.data().cast::<u8>()) {
        // SAFETY: NumPy says that the elements lie side by side from there on; the array keeps them, and
        // no Python code runs, which could write them, until the caller detaches.
        Some(data) if is_packed => Some(unsafe { std::slice::from_raw_parts(data.as_ptr(), len) }),
        _ => None,
    };
    let is_writable = flags & flags::WRITEABLE != 0;
    Ok(Some(Argument { number, dtype, shape, is_lent: array.is_lent(numpy), is_writable, bytes }))
}
