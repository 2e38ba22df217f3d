//! Targets: the texts that name a function or a module.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// What a text such as `outliers.py:detect` names.
///
/// The text is split at its last colon. What is before it is a file if it ends in `.py` or contains a
/// slash, otherwise a module that Python imports; what is after it is a function of the file or module.
///
/// ```
/// use std::path::Path;
/// use callpy::Target;
///
/// let detect = Target::parse("tools/outliers.py:detect");
/// assert_eq!(detect.file(), Some(Path::new("tools/outliers.py")));
/// assert_eq!(detect.function(), Some("detect"));
///
/// let module = Target::parse("scipy.signal");
/// assert_eq!(module.module(), "scipy.signal");
/// assert_eq!((module.file(), module.function()), (None, None));
/// assert!(module.parts().unwrap_err().to_string().contains("names no function"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    text: OsString,
    module: OsString,
    function: Option<String>,
}

impl Target {
    /// Parses a target. A path need not be UTF-8: pass an `OsStr`.
    pub fn parse(text: impl AsRef<OsStr>) -> Target {
        let text = text.as_ref();
        // A drive is not a module: C:\tools\clean.py
        let parts = split(text).filter(|(_, function)| !is_file(function.as_ref()));
        let (module, function) = parts.unwrap_or((text, ""));
        let function = Some(function.to_owned()).filter(|name| !name.is_empty());
        Target { text: text.to_owned(), module: module.to_owned(), function }
    }

    /// Returns the name of the module, or the path of the file.
    pub fn module(&self) -> &OsStr {
        &self.module
    }

    /// Returns the Python file, if the target names one.
    pub fn file(&self) -> Option<&Path> {
        is_file(&self.module).then(|| Path::new(&self.module))
    }

    /// Returns the function, if the target names one: `detect`, or `Class.method`.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Returns module and function.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Target` if the target names no module or no function.
    pub fn parts(&self) -> Result<(&OsStr, &str)> {
        let missing = match self.function() {
            _ if self.module.is_empty() => "names no module",
            Some(function) => return Ok((&self.module, function)),
            None => "names no function",
        };
        let message = format!(
            "{:?} {missing}: write \"module:function\" or \"path/to/file.py:function\"",
            self.text
        );
        Err(Error::new(ErrorKind::Target, message))
    }
}

/// Returns whether a target of this form is a file. A module's name is always text.
pub(crate) fn is_file(name: &OsStr) -> bool {
    name.to_str().is_none_or(|name| name.ends_with(".py") || name.contains(['/', '\\']))
}

/// Splits a target at its last colon; none if what follows is not text.
fn split(text: &OsStr) -> Option<(&OsStr, &str)> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let bytes = text.as_bytes();
        let colon = bytes.iter().rposition(|byte| *byte == b':')?;
        let function = std::str::from_utf8(&bytes[colon + 1..]).ok()?;
        Some((OsStr::from_bytes(&bytes[..colon]), function))
    }
    #[cfg(not(unix))]
    {
        let (module, function) = text.to_str()?.rsplit_once(':')?;
        Some((module.as_ref(), function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_before_and_after_the_colon() {
        for (text, module, function) in [
            ("outliers.py:detect", "outliers.py", Some("detect")),
            ("a.b:C.method", "a.b", Some("C.method")),
            ("C:\\tools\\clean.py:run", "C:\\tools\\clean.py", Some("run")),
            ("C:\\tools\\clean.py", "C:\\tools\\clean.py", None),
            ("outliers.py", "outliers.py", None),
            ("outliers.py:", "outliers.py", None),
            (":detect", "", Some("detect")),
            (":", "", None),
            ("", "", None),
        ] {
            let target = Target::parse(text);
            assert_eq!((target.module(), target.function()), (module.as_ref(), function), "{text}");
            let missing = match function {
                _ if module.is_empty() => "names no module",
                None => "names no function",
                Some(function) => {
                    assert_eq!(target.parts().unwrap(), (module.as_ref(), function));
                    continue;
                }
            };
            let error = target.parts().unwrap_err().to_string();
            assert!(error.contains(missing), "{error}");
        }
    }
}
