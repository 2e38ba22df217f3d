//! The function that the command line names.

use std::path::PathBuf;

use callpy::{Builder, Function, Python};

use crate::failure::{Failure, Result, usage};
use crate::helper::Helper;

/// `path/to/file.py:function` or `module:function`.
pub(crate) struct Target {
    text: String,
    module: String,
    function: Option<String>,
}

impl Target {
    /// Splits what the command line says.
    pub(crate) fn parse(text: &str) -> Target {
        let (module, function) = match text.rsplit_once(':') {
            // A drive is no module: C:\tools\clean.py
            Some((module, function)) if !is_file(function) => (module, Some(function)),
            _ => (text, None),
        };
        Target {
            text: text.to_owned(),
            module: module.to_owned(),
            function: function.filter(|name| !name.is_empty()).map(str::to_owned),
        }
    }

    pub(crate) fn file(&self) -> Option<PathBuf> {
        is_file(&self.module).then(|| PathBuf::from(&self.module))
    }

    /// Adds what the function needs to be found and run: its file's requirements, or the folder
    /// where `python` too would look for modules first.
    pub(crate) fn needs(&self, builder: Builder) -> Builder {
        match self.file() {
            Some(file) => builder.script(file),
            None => builder.search_path("."),
        }
    }

    /// Returns the function.
    pub(crate) fn find(&self, python: Python, helper: &Helper) -> Result<Function> {
        if self.module.is_empty() {
            return usage(format!(
                "{:?} names no function: write path/to/file.py:function or module:function",
                self.text
            ));
        }
        let module = python.module(&self.module).map_err(|error| self.explain(error, python))?;
        let Some(function) = &self.function else {
            let has = match helper.functions(&module)? {
                none if none.is_empty() => format!("{} has no functions of its own", self.module),
                some => format!("{} has\n  {}", self.module, some.join("\n  ")),
            };
            return usage(format!(
                "{} names no function: write {}:FUNCTION\n{has}",
                self.text, self.module
            ));
        };
        Ok(module.function(function)?)
    }

    /// Says what to do about an import that failed, where that is known.
    fn explain(&self, error: callpy::Error, python: Python) -> Failure {
        let missing = error
            .exception()
            .filter(|exception| exception.type_name() == "ModuleNotFoundError")
            .and_then(|exception| exception.message().strip_prefix("No module named '"))
            .and_then(|rest| rest.strip_suffix('\''))
            .map(str::to_owned);
        let place = python.interpreter().map_or("this Python".to_owned(), |interpreter| {
            interpreter.executable().display().to_string()
        });
        let Some(missing) = missing else { return error.into() };
        let own = self.module == missing || self.module.starts_with(&format!("{missing}."));
        if own && self.file().is_none() {
            let near = PathBuf::from(format!("{}.py", self.module.replace('.', "/")));
            let file = if near.is_file() { near } else { "path/to/file.py".into() };
            return Failure::Usage(format!(
                "there is no module {missing} in the current folder or in {place}; a file is \
                 named by its path: {}:{}",
                file.display(),
                self.function.as_deref().unwrap_or("function")
            ));
        }
        let mut failure = Failure::from(error);
        if let (Failure::Exception { help: Some(help), .. }, Some(file)) =
            (&mut failure, self.file())
        {
            *help += &format!(
                "\nor let {} say in its header that it needs it:\n  # /// script\n  \
                 # dependencies = [\"{missing}\"]\n  # ///",
                file.display()
            );
        }
        failure
    }
}

/// As callpy itself tells a file from a module.
fn is_file(name: &str) -> bool {
    name.ends_with(".py") || name.contains(['/', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_colon_and_behind() {
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
