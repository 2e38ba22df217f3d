//! The context of a search: environment variables, the current folder, the cache folder.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The environment variables and the current folder with which Python is searched for.
///
/// The child processes of the search get exactly these, so a program can search as another user or
/// service would.
///
/// ```
/// use callpy::locate::{self, Context, Wanted};
///
/// let here = Context::of_this_process().with("CALLPY_PYTHON", "no/such/python");
/// assert!(locate::report_in(&Wanted::default(), &here)?.chosen().is_none());
/// assert!(locate::report_in(&Wanted::default(), &Context::empty("/"))?.chosen().is_none());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Context {
    variables: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl Context {
    /// Returns the context of this process.
    pub fn of_this_process() -> Self {
        Context {
            variables: std::env::vars_os().collect(),
            folder: std::env::current_dir().ok(),
            home: std::env::home_dir(),
        }
    }

    /// Returns a context without variables, in `folder`.
    pub fn empty(folder: impl Into<PathBuf>) -> Self {
        Context { variables: Vec::new(), folder: Some(folder.into()), home: None }
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.retain(|(known, _)| !same_name(known, name));
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Returns the context without some variables.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let mut rest = self.clone();
        rest.variables.retain(|(known, _)| !names.iter().any(|name| same_name(known, name)));
        rest
    }

    /// Returns a variable's value; an empty variable counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        let (_, value) = self.variables.iter().find(|(known, _)| same_name(known, name))?;
        (!value.is_empty()).then_some(value)
    }

    /// Returns all variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Returns the current folder, unless it was deleted.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Returns `path` relative to the current folder.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.as_ref().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// Returns the user's home folder.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from).or_else(|| self.home.clone())
    }

    /// Returns callpy's cache folder: `CALLPY_CACHE`, or one in the user's own.
    ///
    /// ```
    /// use callpy::locate::Context;
    ///
    /// let context = Context::empty("/").with("CALLPY_CACHE", "/var/cache/callpy");
    /// assert_eq!(context.cache_folder().unwrap().to_str(), Some("/var/cache/callpy"));
    /// assert_eq!(Context::empty("/").cache_folder(), None);
    /// ```
    pub fn cache_folder(&self) -> Option<PathBuf> {
        if let Some(folder) = self.variable("CALLPY_CACHE") {
            return Some(self.resolve(folder.as_ref()));
        }
        if cfg!(windows) {
            return Some(Path::new(self.variable("LOCALAPPDATA")?).join("callpy"));
        }
        // The XDG specification says that a relative path must be ignored.
        let shared = self.variable("XDG_CACHE_HOME").map(PathBuf::from);
        if let Some(shared) = shared.filter(|path| path.is_absolute()) {
            return Some(shared.join("callpy"));
        }
        let home = self.home()?;
        let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        Some(home.join(caches).join("callpy"))
    }

    /// Returns each executable file named `name` on PATH, in order.
    pub(crate) fn on_path(&self, name: &OsStr) -> Vec<PathBuf> {
        let mut name = name.to_owned();
        if cfg!(windows) && Path::new(&name).extension().is_none_or(|end| end != "exe") {
            name.push(".exe");
        }
        let Some(path) = self.variable("PATH") else { return Vec::new() };
        std::env::split_paths(path)
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(|folder| self.resolve(&folder).join(&name))
            .filter(|file| is_executable(file))
            .collect()
    }

    /// Returns a command that runs in this context.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }
}

fn same_name(known: &OsStr, name: &str) -> bool {
    if cfg!(windows) { known.eq_ignore_ascii_case(name) } else { known == name }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}
