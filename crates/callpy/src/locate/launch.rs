//! What a launcher does before the interpreter runs: a script that exports variables or adds options,
//! a shim that picks one of several.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::surroundings::Surroundings;

/// What differs from running the interpreter itself.
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

/// Variables that a shell sets for itself.
const SHELLS_OWN: [&str; 4] = ["_", "SHLVL", "PWD", "OLDPWD"];

impl Launch {
    /// Compares the variables that the interpreter began with, as "NAME=value", and those that it was
    /// given.
    pub(super) fn compare(&mut self, began: &[OsString], given: &Surroundings) {
        let began: Vec<_> = began.iter().filter_map(|pair| split(pair)).collect();
        let is_relevant = |name: &OsStr| !SHELLS_OWN.iter().any(|own| name == *own);
        let had = |name: &OsStr| began.iter().any(|(known, _)| known == name);
        self.removed = given
            .variables()
            .filter(|(name, _)| is_relevant(name) && !had(name))
            .map(|(name, _)| name.to_owned())
            .collect();
        let is_new = |(name, value): &(OsString, OsString)| {
            is_relevant(name)
                && !given.variables().any(|given| given == (name.as_os_str(), value.as_os_str()))
        };
        self.set = began.into_iter().filter(is_new).collect();
    }

    /// Says what this process can't take over, since it runs already.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let late = |name: &OsStr| {
            let name = name.to_string_lossy();
            // Read by the dynamic linker and by C's allocator as a program begins.
            ["LD_", "DYLD_", "MALLOC_", "GLIBC_TUNABLES"].iter().any(|own| name.starts_with(own))
        };
        let set = self.set.iter().filter(|(name, _)| late(name)).map(|(name, value)| {
            let (name, value) = (name.display(), value.display());
            format!(
                "it sets {name}={value}, which has no effect in a program that runs already: set \
                 it before this program starts"
            )
        });
        let removed = self.removed.iter().filter(|name| !is_pythons(name)).map(|name| {
            format!("it removes the variable {}, which stays in this process", name.display())
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

/// Whether a variable is one of Python's own.
pub(crate) fn is_pythons(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"PYTHON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_sets_for_itself_is_not_the_launchers() {
        let given = Surroundings::empty("/").with("A", "1").with("B", "2").with("PYTHONHOME", "/x");
        let began = ["A=1", "B=3", "C=4=5", "PWD=/", "SHLVL=1", "_=x"].map(OsString::from);
        let mut launch = Launch::default();
        launch.compare(&began, &given);
        assert_eq!(launch.set, [("B", "3"), ("C", "4=5")].map(|(n, v)| (n.into(), v.into())));
        assert_eq!(launch.removed, ["PYTHONHOME"]);
        assert_eq!(launch.shortcomings(), Vec::<String>::new());
    }

    #[test]
    fn what_comes_too_late_is_said() {
        let given = Surroundings::empty("/").with("HOME", "/root");
        let mut launch = Launch::default();
        launch.compare(&["LD_LIBRARY_PATH=/opt/lib".into()], &given);
        let [linker, home] = &launch.shortcomings()[..] else { panic!("{launch:?}") };
        assert!(
            linker.contains("LD_LIBRARY_PATH=/opt/lib") && linker.contains("before this program")
        );
        assert!(home.contains("removes the variable HOME"), "{home}");
    }
}
