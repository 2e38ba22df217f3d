//! Explains an exception that was raised because an argument is lent read-only.

use super::holders::{Names, list};
use super::lend::Loans;
use crate::error::Error;
use crate::exception::PythonException;
use crate::language::Language;
use crate::raw::ndarray::Ndarray;
use crate::raw::numpy::flags;
use crate::raw::{Attached, Ref};

/// Adds to an exception about read-only memory which arguments are read-only, and how to pass them
/// instead.
#[cold]
pub(crate) fn explain(py: Attached<'_>, loans: &Loans, names: &impl Names, error: Error) -> Error {
    if !error.exception().is_some_and(is_about_read_only) {
        return error;
    }
    let is_read_only = |array: &Ref| Ndarray::known(py, array).flags() & flags::WRITEABLE == 0;
    let mut arguments: Vec<String> = loans
        .passed()
        .filter(|(array, _)| is_read_only(array))
        .map(|(_, argument)| names.argument(py, argument))
        .collect();
    arguments.dedup();
    if arguments.is_empty() {
        return error;
    }
    let is = if arguments.len() == 1 { "is" } else { "are" };
    error.with_hint(format_args!("{} {is} lent read-only: {}", list(&arguments), fix()))
}

/// Whether an exception is about memory that can't be written. NumPy, Cython, Python's own buffers and
/// numba each use their own words and types for that.
fn is_about_read_only(exception: &PythonException) -> bool {
    const READ_ONLY: [&str; 5] = ["read-only", "readonly", "read-write", "writeable", "writable"];
    let text = exception.message().to_ascii_lowercase();
    let of_memory = matches!(exception.type_name(), "ValueError" | "TypeError" | "BufferError")
        || text.contains("array");
    let cause = exception.cause().or(exception.context());
    (of_memory && READ_ONLY.iter().any(|words| text.contains(words)))
        || cause.is_some_and(is_about_read_only)
}

/// How to pass what a function may write to.
pub(super) fn fix() -> &'static str {
    match Language::current() {
        Language::Rust | Language::Command => {
            "pass it as `&mut` to have it written in place, or as an owned `Vec` or a \
             `callpy::Copied` to let Python write memory of its own"
        }
        Language::C => {
            "add CALLPY_WRITABLE to the array's flags to have it written in place, or CALLPY_COPIED \
             to let Python write a copy"
        }
        Language::Go => {
            "pass it with callpy.MutableOf to have it written in place, or with callpy.CopiedOf to let \
             Python write a copy"
        }
    }
}
