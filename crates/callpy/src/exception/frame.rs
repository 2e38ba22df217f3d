//! One place of a traceback, and the source line there.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A frame that an exception went through: a function, and the place in it.
///
/// ```
/// # let python = callpy::Python::start()?;
/// let source = "def deep(levels):\n    return deep(levels - 1) if levels else 1 / 0\n";
/// let deep = python.module_from_source("deep", "deep.py", source)?.function("deep")?;
/// let error = deep.call::<f64>(3).unwrap_err();
/// let frame = &error.exception().unwrap().frames()[0];
/// assert_eq!((frame.function(), frame.file(), frame.line()), ("deep", "deep.py", 2));
/// assert_eq!(frame.times(), 4);
/// assert_eq!(frame.to_string(), "deep (deep.py, line 2)");
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFrame {
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    pub(super) function: Arc<str>,
    pub(super) times: usize,
    pub(super) source: Source,
}

/// Where a frame's source line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// In the file.
    File,
    /// In this text, which is that of a whole file.
    Text(Arc<str>),
    /// Here.
    Line(String),
}

impl StackFrame {
    /// Returns the function's name; `<module>` for code of a file's top level.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Returns the file's name as Python has it, which may be no file, such as `<string>`.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the number of the line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns how many frames in a row are at this place: more than one in recursion.
    pub fn times(&self) -> usize {
        self.times
    }

    /// Whether this is in a file of the program's own, neither installed nor of the standard library, or
    /// in source text of its own, whatever its name.
    pub(super) fn is_own(&self) -> bool {
        if let Source::Text(_) = self.source {
            return !self.file.starts_with("<callpy");
        }
        let file = self.file.replace('\\', "/");
        // A folder of the user's may be called python3-tools.
        let parts = ["/site-packages/", "/dist-packages/", "/lib/python3.", "/Lib/"];
        let is_zipped = || file.contains("/lib/python3") && file.contains(".zip/");
        !file.starts_with('<') && !is_zipped() && !parts.iter().any(|part| file.contains(part))
    }
}

impl fmt::Display for StackFrame {
    /// Writes `function (file, line number)`; a file below the working directory as seen from there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let file = Path::new(&*self.file).strip_prefix(&here).unwrap_or(Path::new(&*self.file));
        write!(f, "{} ({}, line {})", self.function, file.display(), self.line)
    }
}
