//! What a call of the target needs.

use callpy::{Builder, Target};

use crate::failure::Result;
use crate::file::check_python_file;

/// Checks that the Python file is there, if the target names one.
pub(crate) fn check(target: &Target) -> Result<()> {
    let function = target.function().unwrap_or("FUNCTION");
    target.file().map_or(Ok(()), |file| check_python_file(file, &format!(":{function}")))
}

/// Adds what finding and running the function needs: its file's requirements, or the current folder,
/// in which `python` too looks for modules first.
pub(crate) fn needs(target: &Target, builder: Builder) -> Builder {
    match target.file() {
        Some(file) => builder.script(file),
        None => builder.search_path("."),
    }
}
