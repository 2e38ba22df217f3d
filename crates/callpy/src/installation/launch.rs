//! The effects of a launcher that starts the interpreter: a script that exports variables or adds
//! options, or a shim that chooses one of several interpreters.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::context::Context;

/// The differences from running the interpreter itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Launch {
    /// Variables that the launcher sets.
    pub(crate) set: Vec<(OsString, OsString)>,
    /// Variables that it removes.
    pub(crate) removed: Vec<OsString>,
    /// Options that it passes, such as `-s` and `-X utf8`.
    pub(crate) options: Vec<OsString>,
    /// `sys.path` without the entry of the script.
    pub(crate) search_path: Vec<PathBuf>,
    /// Expressions and their values, as `ascii` shows them.
    pub(crate) settings: Vec<(String, String)>,
}

/// Variables that every shell sets.
const SHELLS_OWN: [&str; 4] = ["_", "SHLVL", "PWD", "OLDPWD"];

impl Launch {
    /// Compares the variables that the interpreter started with, as "NAME=value", with those that the
    /// launcher started with.
    pub(super) fn compare(&mut self, began: &[OsString], passed: &Context) {
        let began: Vec<_> = began.iter().filter_map(|pair| split(pair)).collect();
        let is_relevant = |name: &OsStr| !SHELLS_OWN.iter().any(|own| name == *own);
        let had = |name: &OsStr| began.iter().any(|(known, _)| known == name);
        self.removed = passed
            .variables()
            .filter(|(name, _)| is_relevant(name) && !had(name))
            .map(|(name, _)| name.to_owned())
            .collect();
        let is_new = |(name, value): &(OsString, OsString)| {
            is_relevant(name)
                && !passed.variables().any(|known| known == (name.as_os_str(), value.as_os_str()))
        };
        self.set = began.into_iter().filter(is_new).collect();
    }

    /// Returns the differences that have no effect in this process, since it is already running.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let late = |name: &OsStr| {
            let name = name.to_string_lossy();
            // The dynamic linker and C's allocator read these when a program starts.
            ["LD_", "DYLD_", "MALLOC_", "GLIBC_TUNABLES"].iter().any(|own| name.starts_with(own))
        };
        let set = self.set.iter().filter(|(name, _)| late(name)).map(|(name, value)| {
            let (name, value) = (name.display(), value.display());
            format!(
                "it sets {name}={value}, which has no effect in a running program: set it before \
                 this program starts"
            )
        });
        let removed = self.removed.iter().filter(|name| !is_pythons(name)).map(|name| {
            format!("it removes the variable {}, which this process still has", name.display())
        });
        set.chain(removed).collect()
    }
}

/// Splits "NAME=value".
fn split(pair: &OsStr) -> Option<(OsString, OsString)> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let bytes = pair.as_bytes();
        let end = bytes.iter().position(|byte| *byte == b'=')?;
        let part = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        Some((part(&bytes[..end]), part(&bytes[end + 1..])))
    }
    #[cfg(not(unix))]
    {
        let (name, value) = pair.to_str()?.split_once('=')?;
        Some((name.into(), value.into()))
    }
}

/// Returns whether a variable is one of Python's own.
pub(crate) fn is_pythons(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"PYTHON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_every_shell_sets_do_not_count() {
        let passed = Context::empty("/").with("A", "1").with("B", "2").with("PYTHONHOME", "/x");
        let began = ["A=1", "B=3", "C=4=5", "PWD=/", "SHLVL=1", "_=x"].map(OsString::from);
        let mut launch = Launch::default();
        launch.compare(&began, &passed);
        assert_eq!(launch.set, [("B", "3"), ("C", "4=5")].map(|(n, v)| (n.into(), v.into())));
        assert_eq!(launch.removed, ["PYTHONHOME"]);
        assert_eq!(launch.shortcomings(), Vec::<String>::new());
    }

    #[test]
    fn variables_without_effect_in_a_running_program_are_reported() {
        let passed = Context::empty("/").with("HOME", "/root");
        let mut launch = Launch::default();
        launch.compare(&["LD_LIBRARY_PATH=/opt/lib".into()], &passed);
        let [linker, home] = &launch.shortcomings()[..] else { panic!("{launch:?}") };
        assert!(
            linker.contains("LD_LIBRARY_PATH=/opt/lib") && linker.contains("before this program")
        );
        assert!(home.contains("removes the variable HOME"), "{home}");
    }
}
