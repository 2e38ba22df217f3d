//! The function that the command line names.

use std::path::PathBuf;

use callpy::Builder;

use crate::failure::Result;
use crate::file::check_python_file;

/// `path/to/file.py:function` or `module:function`.
pub(crate) struct Target {
    /// The target as it was written.
    pub(crate) text: String,
    pub(crate) module: String,
    pub(crate) function: Option<String>,
}

impl Target {
    /// Splits a target of the command line.
    pub(crate) fn parse(text: &str) -> Target {
        let (module, function) = match text.rsplit_once(':') {
            // A drive is not a module: C:\tools\clean.py
            Some((module, function)) if !is_file(function) => (module, Some(function)),
            _ => (text, None),
        };
        Target {
            text: text.to_owned(),
            module: module.to_owned(),
            function: function.filter(|name| !name.is_empty()).map(str::to_owned),
        }
    }

    /// Returns the Python file, if the target names one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        is_file(&self.module).then(|| PathBuf::from(&self.module))
    }

    /// Checks that the Python file is there, if the target names one.
    pub(crate) fn check(&self) -> Result<()> {
        let function = self.function.as_deref().unwrap_or("FUNCTION");
        self.file().map_or(Ok(()), |file| check_python_file(&file, &format!(":{function}")))
    }

    /// Adds what finding and running the function needs: its file's requirements, or the current
    /// folder, in which `python` too looks for modules first.
    pub(crate) fn needs(&self, builder: Builder) -> Builder {
        match self.file() {
            Some(file) => builder.script(file),
            None => builder.search_path("."),
        }
    }
}

/// Returns whether a name is that of a file, by the library's rule.
fn is_file(name: &str) -> bool {
    name.ends_with(".py") || name.contains(['/', '\\'])
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
        ] {
            let target = Target::parse(text);
            assert_eq!(
                (&target.module[..], target.function.as_deref()),
                (module, function),
                "{text}"
            );
        }
    }
}
