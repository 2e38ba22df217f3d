//! Modules whose source a program carries.

use std::ffi::c_char;

use callpy::environment::Requirements;
use callpy::generated::Text;
use callpy::{Python, Result};

use crate::error::{callpy_error, guard};
use crate::text::text;

/// Source text that is to be a Python module: see callpy_module_run.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_source {
    /// The module's name in Python.
    pub name: *const c_char,
    /// The file name in tracebacks.
    pub file: *const c_char,
    /// Python source.
    pub text: *const c_char,
}

const _: () = assert!(size_of::<callpy_source>() == 3 * size_of::<*const c_char>());

impl callpy_source {
    /// Reads the texts.
    ///
    /// # Safety
    ///
    /// Each is NULL, or ends with a zero byte and doesn't change for `'a`.
    pub(crate) unsafe fn read<'a>(&self) -> Result<Text<'a>> {
        // SAFETY: as the caller says.
        unsafe {
            Ok(Text {
                name: text(self.name, "the name")?,
                file: text(self.file, "the file")?,
                text: text(self.text, "the source")?,
            })
        }
    }
}

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
        let Text { name, file, text } =
            unsafe { callpy_source { name, file, text: source }.read() }?;
        let requirements = Requirements::from_script(text)?.unwrap_or_default();
        let python = Python::builder().requirements(requirements).start()?;
        python.module_from_source(name, file, text)?;
        Ok(())
    })
}
