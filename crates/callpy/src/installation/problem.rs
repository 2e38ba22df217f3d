//! The problems of candidates: why each can't be used, and its fix.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::raw::cpython::VERSIONS;

/// Why a candidate can't be used.
///
/// ```
/// use callpy::locate::Problem;
///
/// let problem = Problem::TooOld { version: (3, 7, 17) };
/// assert_eq!(problem.to_string(), "too old: it is 3.7.17, but callpy needs 3.8 or newer");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There is no such file or folder.
    Missing,
    /// There is no such command on PATH.
    NotOnPath,
    /// No Python of a version that was named is on PATH, pyenv's, or found by uv.
    NoSuchVersion {
        /// The version that was named, such as `3.14`.
        version: String,
        /// Those that pyenv has and callpy can use, the newest first.
        pyenv: Vec<String>,
    },
    /// A link to an interpreter that was removed or upgraded.
    BrokenLink {
        /// Where the link points.
        target: PathBuf,
    },
    /// The system can't run the file.
    DoesNotRun {
        /// The system's error message.
        reason: String,
    },
    /// It ends before it runs any code: a variable is wrong, or a site customisation fails.
    DoesNotStart {
        /// CPython's message, which begins with "Fatal Python error".
        words: String,
        /// The variable without which it starts, and its value.
        variable: Option<(String, OsString)>,
        /// All that it printed.
        output: String,
    },
    /// It runs and does not end.
    Hangs {
        /// How long callpy waited.
        seconds: u64,
    },
    /// It ran, but did not behave like a Python.
    NoAnswer {
        /// What it printed instead.
        output: String,
    },
    /// Another implementation than CPython.
    Implementation {
        /// Its name, such as `pypy`.
        name: String,
    },
    /// A version that is too old for callpy.
    TooOld {
        /// Its version.
        version: (u8, u8, u8),
    },
    /// A version that the requirements do not allow.
    RequiresPython {
        /// Its version.
        version: (u8, u8, u8),
        /// What `requires-python` says.
        required: String,
        /// The project that says so in its `pyproject.toml`, if it is one.
        project: Option<PathBuf>,
    },
    /// A Python for another kind of machine than this program.
    Architecture {
        /// Its platform, such as `linux-aarch64`.
        platform: String,
        /// The size of its pointers.
        bits: u32,
    },
    /// A static build: the interpreter is only in the executable, and can't be loaded.
    NoLibrary {
        /// Its version.
        version: (u8, u8, u8),
        /// Where it is installed.
        base_prefix: PathBuf,
        /// The files that callpy searched for.
        tried: Vec<PathBuf>,
    },
    /// The environment for the declared requirements does not exist yet.
    NotMade,
}

impl Problem {
    /// Returns why there is no file at `path`.
    pub(crate) fn missing(path: &Path) -> Self {
        if path.components().count() == 1 {
            return Problem::NotOnPath;
        }
        // bin/python is a link to python3, which may be a link to a removed file.
        let mut place = path.to_owned();
        let mut links = 0;
        while let Ok(target) = place.read_link() {
            place = place.parent().unwrap_or(Path::new("")).join(target);
            links += 1;
            if links == 40 {
                break;
            }
        }
        if links == 0 { Problem::Missing } else { Problem::BrokenLink { target: place } }
    }

    /// Returns whether it is a shim of pyenv, whose Python is another version than those in use.
    pub(crate) fn is_shim(&self) -> bool {
        let Problem::NoAnswer { output } = self else { return false };
        let line = output.lines().next().unwrap_or_default();
        line.starts_with("pyenv: ") && line.ends_with(": command not found")
    }

    /// Returns the fix, if there is a better one than to name another Python.
    ///
    /// It is one sentence for all systems; `callpy doctor` has the commands for each.
    pub(crate) fn fix(&self) -> Option<String> {
        let install = |what: &str| {
            format!(
                "install {what}, for instance with `uv python install`, and name it with CALLPY_PYTHON"
            )
        };
        Some(match self {
            Problem::BrokenLink { .. } => {
                "recreate the environment: its Python was removed or upgraded".into()
            }
            Problem::TooOld { .. } => install("a newer Python"),
            Problem::NoSuchVersion { version, .. } => {
                format!(
                    "install it, for instance with `uv python install {version}`, or name another"
                )
            }
            Problem::RequiresPython { required, .. } => install(&format!("Python {required}")),
            Problem::Implementation { .. } => install("CPython"),
            Problem::Architecture { .. } => {
                format!("install a Python for {}", std::env::consts::ARCH)
            }
            Problem::DoesNotStart { variable: Some((name, _)), .. } => {
                format!("unset {name}, or correct it")
            }
            Problem::NoLibrary { version, base_prefix, .. } => library_fix(*version, base_prefix),
            _ => return None,
        })
    }
}

/// Returns how to get a shared library for a Python, depending on what installed it.
fn library_fix((major, minor, patch): (u8, u8, u8), base_prefix: &Path) -> String {
    if base_prefix.to_string_lossy().contains("pyenv") {
        format!(
            "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force {major}.{minor}.{patch}"
        )
    } else if base_prefix == Path::new("/usr") {
        format!(
            "apt install libpython{major}.{minor} (Debian, Ubuntu), or dnf install python3-libs \
             (Fedora)"
        )
    } else {
        format!("uv python install {major}.{minor}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing => f.write_str("there is no such file"),
            Problem::NotOnPath => f.write_str("there is no such command on PATH"),
            Problem::NoSuchVersion { version, pyenv } => {
                write!(
                    f,
                    "there is no Python {version} on PATH, and neither pyenv nor uv has one"
                )?;
                match pyenv.is_empty() {
                    true => Ok(()),
                    false => write!(f, "; pyenv has {}", pyenv.join(", ")),
                }
            }
            Problem::BrokenLink { target } => {
                write!(f, "a broken link: {} is gone", target.display())
            }
            Problem::DoesNotRun { reason } => write!(f, "it can't be run: {reason}"),
            Problem::DoesNotStart { words, variable, .. } => {
                write!(f, "it does not start: {words}")?;
                match variable {
                    Some((name, value)) => write!(f, " ({name} is {value:?})"),
                    None => Ok(()),
                }
            }
            Problem::Hangs { seconds } => write!(f, "it did not answer within {seconds} s"),
            Problem::NoAnswer { output } => {
                f.write_str("it does not behave like a Python")?;
                // The last line of a traceback says most, and the first line of a shim's message.
                let is_traceback = output.contains("Traceback (most recent call last)");
                let mut lines = output.lines();
                match if is_traceback { lines.last() } else { lines.next() } {
                    Some(line) => write!(f, ": {}", line.trim()),
                    None => Ok(()),
                }
            }
            Problem::Implementation { name } => {
                write!(f, "it is {name}; callpy needs CPython")
            }
            Problem::TooOld { version: (major, minor, patch) } => {
                let oldest = VERSIONS.start();
                write!(
                    f,
                    "too old: it is {major}.{minor}.{patch}, but callpy needs 3.{oldest} or newer"
                )
            }
            Problem::RequiresPython { version: (major, minor, patch), required, project } => {
                write!(f, "it is {major}.{minor}.{patch}, but ")?;
                match project {
                    Some(file) => write!(f, "{} requires Python {required}", file.display()),
                    None => write!(f, "Python {required} is required"),
                }
            }
            Problem::Architecture { platform, bits } => write!(
                f,
                "it is built for {platform} ({bits} bits), but this program for {} ({} bits)",
                std::env::consts::ARCH,
                usize::BITS
            ),
            Problem::NoLibrary { tried, .. } => {
                f.write_str("it has no shared library that callpy can load")?;
                match tried.first() {
                    Some(first) => write!(f, "; {} does not exist", first.display()),
                    None => Ok(()),
                }
            }
            Problem::NotMade => f.write_str("not created yet"),
        }
    }
}
