//! Modules whose source a program carries.

use std::ffi::c_char;

use callpy::Python;
use callpy::environment::Requirements;

use crate::error::{callpy_error, guard};
use crate::text::text;

/// Imports source text as the Python module `name`; it is then found as "name:function", and by
/// `import name`. The same text again is the same module; another text under a known name, or the
/// name of a module that Python finds elsewhere, is an error (CALLPY_ERROR_TARGET). Tracebacks name
/// `file`, which need not exist: the text is run from a copy in the cache folder, where processes
/// that Python starts find it, too. What the source says in its header that it needs (PEP 723) is
/// made ready first; Python is started if it does not run yet.
///
/// # Safety
///
/// Each text is NULL or ends with a zero byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_module_run(
    name: *const c_char,
    file: *const c_char,
    source: *const c_char,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        let (name, file, source) = unsafe {
            (text(name, "the name")?, text(file, "the file")?, text(source, "the source")?)
        };
        let requirements = Requirements::from_script(source)?.unwrap_or_default();
        let python = Python::builder().requirements(requirements).start()?;
        python.module_from_source(name, file, source)?;
        Ok(())
    })
}
