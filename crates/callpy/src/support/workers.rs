//! What the host of workers asks of support/workers.py, and the source text that they run.

use std::ffi::OsString;

use super::{SOURCE, call, pair};
use crate::raw::{Attached, Outcome, Ref};

/// Returns the source text of this module, for a worker's own.
pub(crate) fn source() -> &'static str {
    SOURCE.trim_end_matches('\0')
}

/// Returns the folders in which this process looks for modules.
pub(crate) fn worker_path(py: Attached<'_>) -> Outcome<Vec<OsString>> {
    let folders = call(py, c"worker_path", &[])?;
    py.items(&folders)?.iter().map(|folder| py.os_string(folder)).collect()
}

/// Returns a pickle, and arrays of bytes over the memory that it leaves out.
pub(crate) fn pickled(py: Attached<'_>, object: &Ref) -> Outcome<(Ref, Vec<Ref>)> {
    let (bytes, buffers) = pair(py, &call(py, c"pickled", &[object])?)?;
    Ok((bytes, py.items(&buffers)?))
}

pub(crate) fn unpickled(py: Attached<'_>, bytes: &Ref, buffers: Vec<Ref>) -> Outcome<Ref> {
    call(py, c"unpickled", &[bytes, &py.list(buffers)?])
}

/// Returns the dtype of an array as a pickle, and how many bytes its elements are.
pub(crate) fn dtype_and_size(py: Attached<'_>, array: &Ref) -> Outcome<(Ref, usize)> {
    let (dtype, size) = pair(py, &call(py, c"dtype_and_size", &[array])?)?;
    Ok((dtype, py.as_i64(&size)? as usize))
}

/// Writes to an array what is in another one of its shape.
pub(crate) fn write_back(py: Attached<'_>, array: &Ref, written: &Ref) -> Outcome<()> {
    call(py, c"write_back", &[array, written]).map(drop)
}

/// Returns the types of which values are passed to workers as they are: int, float, str, bytes, bool.
pub(crate) fn exact_types(py: Attached<'_>) -> Outcome<Vec<Ref>> {
    py.tuple_items(&call(py, c"exact_types", &[])?)
}
