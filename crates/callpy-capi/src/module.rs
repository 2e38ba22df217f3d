//! Modules whose source a program carries.

use std::ffi::c_char;

use callpy::environment::Requirements;
use callpy::{Error, Python};

use crate::error::{callpy_error, guard};
use crate::text::text;

/// Runs source text as the Python module `name`, unless there is a module of that name already; it
/// is then found as "name:function", and by `import name`. Tracebacks name `file`, which need not
/// exist. What the source says in its header that it needs (PEP 723) is made ready first; Python is
/// started if it does not run yet.
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
        if name.is_empty() || name.contains([':', '/', '\\']) || name.ends_with(".py") {
            return Err(Error::argument(format!("{name:?} can't be a module's name")));
        }
        let requirements = Requirements::from_script(source)?.unwrap_or_default();
        let python = Python::builder().requirements(requirements).start()?;
        python.module_from_source(name, file, source)?;
        Ok(())
    })
}
