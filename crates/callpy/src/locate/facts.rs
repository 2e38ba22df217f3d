//! An interpreter's own facts: asked with one short `python -c`, answered as JSON, and judged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tinyjson::JsonValue;

use super::cache;
use super::report::Problem;
use super::surroundings::Surroundings;
use crate::child;

/// How long an interpreter may take to answer; a cold one on a slow disk takes a few seconds.
const LIMIT: Duration = Duration::from_secs(20);

/// Begins the line in which an interpreter answers.
pub(crate) const ANSWER: &str = "callpy:";

/// An interpreter that callpy can run in this process, by its own account.
///
/// ```
/// use callpy::locate::{self, Wanted};
///
/// let (python, _) = locate::find(&Wanted::default())?;
/// assert!(python.version() >= (3, 8, 0));
/// assert!(python.libpython().is_file());
/// assert_eq!(python.is_virtual_environment(), python.prefix() != python.base_prefix());
/// println!("{} on {}", python.executable().display(), python.platform());
/// println!("made from {}", python.base_executable().display());
/// println!("packages are in {:?}", python.site_packages());
/// println!("free-threaded: {}, debug: {}", python.is_free_threaded(), python.is_debug());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

impl Interpreter {
    /// Returns the environment's own executable: what `sys.executable` is.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Returns the executable that the environment was made from; [`Self::executable`] if it is none.
    pub fn base_executable(&self) -> &Path {
        &self.base_executable
    }

    /// Returns the shared library that holds the interpreter; the file existed when it was looked for.
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

    /// Says whether this is a virtual environment of another installation.
    pub fn is_virtual_environment(&self) -> bool {
        self.prefix != self.base_prefix
    }

    /// Says whether it is a free-threaded build, one without a GIL.
    pub fn is_free_threaded(&self) -> bool {
        self.free_threaded
    }

    /// Says whether it is a debug build.
    pub fn is_debug(&self) -> bool {
        self.debug
    }

    /// Returns the folders in which it looks for installed packages.
    pub fn site_packages(&self) -> &[PathBuf] {
        &self.site_packages
    }

    /// Judges the answer of the interpreter at `asked`.
    fn judge(asked: &Path, answer: &JsonValue) -> Result<Self, Problem> {
        let facts = Facts(answer);
        let incomplete = || Problem::NoAnswer { output: "its answer is not complete".into() };

        let implementation = facts.text("implementation").ok_or_else(incomplete)?;
        if implementation != "cpython" {
            return Err(Problem::Implementation { name: implementation.to_owned() });
        }
        let version = facts.version().ok_or_else(incomplete)?;
        if version < (3, 8, 0) {
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
        })
    }
}

/// Returns the interpreter at `executable`, asking it only if `kept` doesn't hold its answer.
pub(crate) fn interpreter(
    executable: &Path,
    kept: Option<&Path>,
    around: &Surroundings,
) -> Result<Interpreter, Problem> {
    // PYTHONHOME changes every answer, and is wrong more often than right: ask anew.
    let kept = kept.filter(|_| around.variable("PYTHONHOME").is_none());
    let stamp = cache::stamp(executable).ok_or_else(|| Problem::missing(executable))?;
    if let Some(answer) = kept.and_then(|file| cache::load(file, &stamp)) {
        // An answer is judged each time: its library may have gone, or come. One that is not
        // complete is another release's.
        let judged = Interpreter::judge(executable, &answer);
        if !matches!(judged, Err(Problem::NoAnswer { .. })) {
            return judged;
        }
    }
    let answer = ask(executable, around)?;
    // A shim (pyenv's, for one) leads to another interpreter tomorrow, and its own file says nothing
    // of it: only an interpreter that stands where it says it does is remembered.
    let stands = Facts(&answer).path("executable").and_then(|path| path.canonicalize().ok());
    if let Some(file) =
        kept.filter(|_| stands.is_some() && stands == executable.canonicalize().ok())
    {
        // A cache that can't be written costs time, nothing else.
        _ = cache::store(file, &stamp, &answer);
    }
    Interpreter::judge(executable, &answer)
}

fn ask(executable: &Path, around: &Surroundings) -> Result<JsonValue, Problem> {
    let mut command = around.command(executable);
    command.arg("-c").arg(include_str!("facts.py"));
    let ended = child::run(command, Some(LIMIT), |_| ()).map_err(|error| match error.kind() {
        std::io::ErrorKind::TimedOut => Problem::Hangs { seconds: LIMIT.as_secs() },
        _ => Problem::DoesNotStart { reason: error.to_string() },
    })?;
    let answer = ended.lines.iter().rev().find_map(|line| line.strip_prefix(ANSWER));
    if let Some(answer) = answer.and_then(|line| line.parse().ok()) {
        return Ok(answer);
    }
    match around.variable("PYTHONHOME") {
        Some(home) if ended.success != Some(true) => Err(Problem::PythonHome { home: home.into() }),
        _ => Err(Problem::NoAnswer { output: ended.text() }),
    }
}

/// Says whether a library for this platform can be loaded into this process.
fn fits_this_process(platform: &str, bits: u32) -> bool {
    // linux-x86_64, macosx-14.0-arm64, win-amd64; 32-bit Windows says win32 alone.
    let machine = platform.rsplit('-').next().unwrap_or(platform);
    let same = match std::env::consts::ARCH {
        "x86_64" => matches!(machine, "x86_64" | "amd64"),
        "x86" => matches!(machine, "x86" | "win32") || machine.ends_with("86"),
        "aarch64" => matches!(machine, "aarch64" | "arm64"),
        // Names differ too much to refuse on; the loader has the last word.
        _ => true,
    };
    // A 32-bit Python on a 64-bit kernel names the kernel's machine.
    bits == usize::BITS && (same || machine == "universal2")
}

/// An answer, by the names that `facts.py` gives.
struct Facts<'a>(&'a JsonValue);

impl Facts<'_> {
    fn value<T: tinyjson::InnerAsRef>(&self, name: &str) -> Option<&T> {
        let facts: &std::collections::HashMap<String, JsonValue> = self.0.get()?;
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

/// Reads a path as `facts.py` writes it: on Unix one character for each byte.
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
