//! The facts about an interpreter: a short `python -c` prints them as JSON, and callpy checks them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tinyjson::JsonValue;

use super::cache;
use super::context::Context;
use super::failure;
use super::launch::Launch;
use super::problem::Problem;
use crate::child;
use crate::raw::cpython::VERSIONS;

/// How long an interpreter may take to answer; on a slow disk it takes a few seconds.
const LIMIT: Duration = Duration::from_secs(20);

/// Marks the lines with an interpreter's answer.
pub(crate) const ANSWER: &str = "callpy:";

/// An interpreter that callpy can run in this process.
///
/// ```
/// use callpy::locate::{self, Wanted};
///
/// let (python, _) = locate::find(&Wanted::default())?;
/// assert!(python.version() >= (3, 8, 0));
/// assert!(python.libpython().is_file());
/// assert_eq!(python.is_virtual_environment(), python.prefix() != python.base_prefix());
/// println!("{} on {}", python.executable().display(), python.platform());
/// println!("based on {}", python.base_executable().display());
/// println!("packages are in {:?}", python.site_packages());
/// println!("free-threaded: {}, debug: {}", python.is_free_threaded(), python.is_debug());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Interpreter {
    executable: PathBuf,
    base_executable: PathBuf,
    libpython: PathBuf,
    version: (u8, u8, u8),
    prefix: PathBuf,
    base_prefix: PathBuf,
    platform: String,
    free_threaded: bool,
    debug: bool,
    site_packages: Vec<PathBuf>,
    pub(crate) launch: Launch,
}

/// Two are equal if they are the same environment of the same library, even with different launchers.
impl PartialEq for Interpreter {
    fn eq(&self, other: &Self) -> bool {
        (&self.executable, &self.libpython, &self.prefix, self.version)
            == (&other.executable, &other.libpython, &other.prefix, other.version)
    }
}

impl Eq for Interpreter {}

impl Interpreter {
    /// Returns the environment's own executable: `sys.executable`.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Returns the executable that the environment was created from, or [`Self::executable`] if this is
    /// not an environment.
    pub fn base_executable(&self) -> &Path {
        &self.base_executable
    }

    /// Returns the interpreter's shared library; the file existed during the search.
    pub fn libpython(&self) -> &Path {
        &self.libpython
    }

    /// Returns major, minor and patch version.
    pub fn version(&self) -> (u8, u8, u8) {
        self.version
    }

    /// Returns the folder of the environment: `sys.prefix`.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Returns the folder of the installation behind the environment: `sys.base_prefix`.
    pub fn base_prefix(&self) -> &Path {
        &self.base_prefix
    }

    /// Returns the platform by its name in Python, such as `linux-x86_64`.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// Returns whether this is a virtual environment of another installation.
    pub fn is_virtual_environment(&self) -> bool {
        self.prefix != self.base_prefix
    }

    /// Returns whether it is a free-threaded build, one without a GIL.
    pub fn is_free_threaded(&self) -> bool {
        self.free_threaded
    }

    /// Returns whether it is a debug build.
    pub fn is_debug(&self) -> bool {
        self.debug
    }

    /// Returns the folders of installed packages.
    pub fn site_packages(&self) -> &[PathBuf] {
        &self.site_packages
    }

    /// Returns the effects of a launcher that the embedded interpreter lacks, since a running program
    /// can't adopt them. There are rarely any.
    ///
    /// ```
    /// # let python = callpy::Python::start()?;
    /// for shortcoming in python.interpreter().expect("callpy has started it").shortcomings() {
    ///     eprintln!("warning: {shortcoming}");
    /// }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn shortcomings(&self) -> Vec<String> {
        self.launch.shortcomings()
    }

    /// Checks the answer of the interpreter at `asked`.
    fn judge(asked: &Path, answer: &JsonValue, context: &Context) -> Result<Self, Problem> {
        let facts = Facts(answer);
        let incomplete = || Problem::NoAnswer { output: "its answer is incomplete".into() };

        let implementation = facts.text("implementation").ok_or_else(incomplete)?;
        if implementation != "cpython" {
            return Err(Problem::Implementation { name: implementation.to_owned() });
        }
        let version = facts.version().ok_or_else(incomplete)?;
        if (version.0, u32::from(version.1)) < (3, *VERSIONS.start()) {
            return Err(Problem::TooOld { version });
        }
        let platform = facts.text("platform").ok_or_else(incomplete)?.to_owned();
        let bits = facts.number("bits").ok_or_else(incomplete)?;
        if !fits_this_process(&platform, bits) {
            return Err(Problem::Architecture { platform, bits });
        }

        let prefix = facts.path("prefix").ok_or_else(incomplete)?;
        let base_prefix = facts.path("base_prefix").ok_or_else(incomplete)?;
        let executable = facts.path("executable").unwrap_or_else(|| asked.to_owned());
        let mut base_executable =
            facts.path("base_executable").unwrap_or_else(|| executable.clone());
        // Before 3.11, sys._base_executable names the environment's own link on Unix.
        if prefix != base_prefix && base_executable == executable {
            base_executable = executable.canonicalize().unwrap_or(base_executable);
        }

        let libraries = facts.paths("libraries");
        let Some(libpython) = libraries.iter().find(|library| library.is_file()).cloned() else {
            return Err(Problem::NoLibrary { version, base_prefix, tried: libraries });
        };
        Ok(Interpreter {
            executable,
            base_executable,
            libpython,
            version,
            prefix,
            base_prefix,
            platform,
            free_threaded: facts.flag("free_threaded"),
            debug: facts.flag("debug"),
            site_packages: facts.paths("site_packages"),
            launch: facts.launch(context),
        })
    }
}

/// Returns the interpreter at `executable`, which runs only if the file `cached` lacks its answer.
pub(crate) fn interpreter(
    executable: &Path,
    cached: Option<&Path>,
    context: &Context,
) -> Result<Interpreter, Problem> {
    let stamp = cache::stamp(executable, context).ok_or_else(|| Problem::missing(executable))?;
    let is_current = |answer: &JsonValue| {
        let facts = Facts(answer);
        facts.text("ages").is_some_and(|ages| ages == facts.ages())
    };
    let known = cached.and_then(|file| cache::load(file, &stamp)).filter(is_current);
    if let Some(answer) = known {
        // The answer is checked again, since its library may have been removed or installed. An
        // incomplete answer is from another release of callpy.
        let judged = Interpreter::judge(executable, &answer, context);
        if !matches!(judged, Err(Problem::NoAnswer { .. })) {
            return judged;
        }
    }
    let answer = ask(executable, context)?;
    if let Some(file) = cached.filter(|_| may_be_cached(executable, &answer, context)) {
        // A cache that can't be written only costs time.
        _ = cache::store(file, &stamp, &cacheable(&answer));
    }
    Interpreter::judge(executable, &answer, context)
}

/// Returns whether the next start will have the same answer, unless a watched file changes.
fn may_be_cached(executable: &Path, answer: &JsonValue, context: &Context) -> bool {
    // A launcher (pyenv's shim, a script that exports variables) may choose another Python later
    // without a change to its file, so only the answer of the interpreter itself is cached.
    let facts = Facts(answer);
    let ran = facts.path("binary").or_else(|| facts.path("executable"));
    let ran = ran.and_then(|path| path.canonicalize().ok());
    // A relative path leads elsewhere from another folder.
    let paths = context.variable("PYTHONPATH").map(std::env::split_paths);
    let is_relative = paths.into_iter().flatten().any(|path| path.is_relative());
    ran.is_some() && ran == executable.canonicalize().ok() && !is_relative
}

/// Returns the part of an answer to cache: without the variables, which may be secrets, and without
/// the settings that depend on them.
fn cacheable(answer: &JsonValue) -> JsonValue {
    let mut cached = answer.clone();
    if let Some(facts) = cached.get_mut::<HashMap<String, JsonValue>>() {
        facts.remove("environment");
        facts.remove("settings");
        facts.insert("ages".to_owned(), Facts(answer).ages().into());
    }
    cached
}

fn ask(executable: &Path, context: &Context) -> Result<JsonValue, Problem> {
    let mut command = context.command(executable);
    command.arg("-c").arg(include_str!("facts.py"));
    let ended = child::run(command, Some(LIMIT), |_| ()).map_err(|error| match error.kind() {
        std::io::ErrorKind::TimedOut => Problem::Hangs { seconds: LIMIT.as_secs() },
        _ => Problem::DoesNotRun { reason: error.to_string() },
    })?;
    let answer: String = ended.lines.iter().filter_map(|line| line.strip_prefix(ANSWER)).collect();
    if let Ok(answer) = answer.parse() {
        return Ok(answer);
    }
    let output = ended.text();
    Err(failure::of_output(&output, executable, context).unwrap_or(Problem::NoAnswer { output }))
}

/// Returns whether a library for this platform can be loaded into this process.
fn fits_this_process(platform: &str, bits: u32) -> bool {
    // linux-x86_64, macosx-14.0-arm64, win-amd64; 32-bit Windows says win32 alone.
    let machine = platform.rsplit('-').next().unwrap_or(platform);
    let same = match std::env::consts::ARCH {
        "x86_64" => matches!(machine, "x86_64" | "amd64"),
        "x86" => matches!(machine, "x86" | "win32") || machine.ends_with("86"),
        "aarch64" => matches!(machine, "aarch64" | "arm64"),
        // Names differ too much to refuse one; the loader decides.
        _ => true,
    };
    // A 32-bit Python on a 64-bit kernel names the kernel's machine.
    bits == usize::BITS && (same || machine == "universal2")
}

/// An answer, with the names of `facts.py`.
struct Facts<'a>(&'a JsonValue);

impl Facts<'_> {
    fn value<T: tinyjson::InnerAsRef>(&self, name: &str) -> Option<&T> {
        let facts: &HashMap<String, JsonValue> = self.0.get()?;
        facts.get(name)?.get()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value::<String>(name).map(String::as_str)
    }

    fn flag(&self, name: &str) -> bool {
        self.value(name).copied().unwrap_or(false)
    }

    fn number(&self, name: &str) -> Option<u32> {
        whole(*self.value::<f64>(name)?)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).filter(|text| !text.is_empty()).map(decode)
    }

    fn paths(&self, name: &str) -> Vec<PathBuf> {
        let listed: Option<&Vec<JsonValue>> = self.value(name);
        let texts = listed.into_iter().flatten().filter_map(|path| path.get::<String>());
        texts.map(|text| decode(text)).collect()
    }

    fn texts(&self, name: &str) -> Vec<OsString> {
        self.paths(name).into_iter().map(PathBuf::into_os_string).collect()
    }

    fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let listed: Option<&Vec<JsonValue>> = self.value(name);
        let pair = |pair: &JsonValue| {
            let [name, value] = &pair.get::<Vec<JsonValue>>()?[..] else { return None };
            Some((name.get::<String>()?.clone(), value.get::<String>()?.clone()))
        };
        listed.into_iter().flatten().filter_map(pair).collect()
    }

    fn launch(&self, context: &Context) -> Launch {
        let mut launch = Launch {
            options: self.texts("options"),
            search_path: self.paths("search_path"),
            settings: self.pairs("settings"),
            ..Launch::default()
        };
        // A cached answer has no variables, since there was no launcher.
        if self.value::<Vec<JsonValue>>("environment").is_some() {
            launch.compare(&self.texts("environment"), context);
        }
        launch
    }

    /// Returns the ages of the folders and files that affect the next start.
    fn ages(&self) -> String {
        let age = |path: PathBuf| path.metadata().map_or("-".to_owned(), |data| cache::age(&data));
        self.paths("watched").into_iter().map(age).collect::<Vec<_>>().join(" ")
    }

    fn version(&self) -> Option<(u8, u8, u8)> {
        let parts: &Vec<JsonValue> = self.value("version")?;
        let part = |index: usize| u8::try_from(whole(*parts.get(index)?.get::<f64>()?)?).ok();
        Some((part(0)?, part(1)?, part(2)?))
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "JSON numbers are doubles; the bounds are checked"
)]
fn whole(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (0.0..=65535.0).contains(&number)).then_some(number as u32)
}

/// Reads a path in the form of `facts.py`: on Unix one character for each byte.
#[cfg(unix)]
fn decode(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn decode(text: &str) -> PathBuf {
    text.into()
}

/// Returns the path of the interpreter in an environment or an installation, even if it is missing.
pub(crate) fn python_in(folder: &Path) -> PathBuf {
    let places: &[&str] = if cfg!(windows) {
        &["Scripts\\python.exe", "python.exe"]
    } else {
        &["bin/python", "bin/python3"]
    };
    let mut all = places.iter().map(|place| folder.join(place));
    all.find(|path| path.symlink_metadata().is_ok()).unwrap_or_else(|| folder.join(places[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_of_this_architecture_fit() {
        let here = std::env::consts::ARCH;
        let bits = usize::BITS;
        if here == "x86_64" {
            assert!(fits_this_process("linux-x86_64", bits));
            assert!(fits_this_process("win-amd64", bits));
            assert!(!fits_this_process("linux-aarch64", bits));
            assert!(!fits_this_process("macosx-14.0-arm64", bits));
        }
        assert!(fits_this_process("macosx-11.0-universal2", bits));
        assert!(!fits_this_process(&format!("linux-{here}"), bits / 2));
    }

    #[test]
    fn numbers_out_of_range_are_no_version() {
        for version in ["[3, 12]", "[3, 12, -1]", "[3, 12, 0.5]", "[3, 300, 0]", "\"3.12\""] {
            let answer = format!("{{\"version\": {version}}}").parse().unwrap();
            assert_eq!(Facts(&answer).version(), None, "{version}");
        }
    }
}
