//! NumPy, imported when an array is first passed or returned.

use crate::error::{Error, ErrorKind, Result};
use crate::exception::PythonException;
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, Raised, proof};
use crate::{exception, support};

/// Returns NumPy, imported if it isn't yet, and has it allocate by callpy's allocator on this thread.
#[cold]
pub(crate) fn on_this_thread(py: Attached<'_>) -> Result<&'static Numpy> {
    let numpy = match Numpy::get(py) {
        Some(numpy) => numpy,
        None => import(py)?,
    };
    numpy.allocate_on_this_thread(py);
    Ok(numpy)
}

/// Imports NumPy. Other threads may do so meanwhile, since the import hands the interpreter over.
fn import(py: Attached<'_>) -> Result<&'static Numpy> {
    let capsule = support::numpy_table(py).map_err(|raised| not_imported(py, raised))?;
    let lent = support::lent(py).map_err(|raised| Error::raised(py, raised))?;
    let numpy = Numpy::new(py, &capsule, lent)?;
    if !proof::matches_arrays(py, &numpy).unwrap_or(false) {
        let message = format!(
            "the arrays of this NumPy (C API version {:#x}) are not laid out as callpy knows them: \
             it needs NumPy 1.17 to 2.x",
            numpy.features
        );
        return Err(Error::new(ErrorKind::Numpy, message));
    }
    Ok(numpy.install())
}

fn not_imported(py: Attached<'_>, raised: Raised) -> Error {
    let error = Error::raised(py, raised);
    let missing = error.exception().and_then(PythonException::missing_module);
    let python = support::executable(py);
    let message = if missing == Some("numpy") {
        let install = exception::install(&python, "numpy");
        format!("arrays need NumPy, which {python} does not have: {install}")
    } else {
        format!("arrays need NumPy, and that of {python} can't be imported: {error}")
    };
    Error::new(ErrorKind::Numpy, message).with_source(error)
}
