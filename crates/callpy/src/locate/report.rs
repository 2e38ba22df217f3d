//! The report of a search: each candidate, why it can't be used, and the fix.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::facts::Interpreter;
use crate::raw::cpython::VERSIONS;

/// The candidates of a search for Python, in order.
///
/// `Display` shows each candidate on a line of its own, with the problem and its fix.
///
/// ```
/// use callpy::locate::{self, Wanted};
///
/// let report = locate::report(&Wanted::default())?;
/// println!("{report}");
/// match report.chosen() {
///     Some(candidate) => assert!(candidate.interpreter().is_some()),
///     None => println!("{}", report.fix()),
/// }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// Returns all candidates, in the order of the search.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Returns the candidate that is used, if any is.
    pub fn chosen(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| matches!(candidate.verdict, Verdict::Chosen(_)))
    }

    /// Returns the fix for the first candidate that has one, else how to get a Python.
    pub fn fix(&self) -> String {
        let mut problems = self.candidates.iter().filter_map(Candidate::problem);
        problems.find_map(Problem::fix).unwrap_or_else(|| {
            let oldest = VERSIONS.start();
            format!(
                "install Python 3.{oldest} or newer and put it on PATH, or name one with \
                 CALLPY_PYTHON"
            )
        })
    }

    /// Returns the differences between the running interpreter and the chosen executable, if any.
    ///
    /// ```
    /// let python = callpy::Python::start()?;
    /// for note in python.report().expect("callpy has started it").notes() {
    ///     println!("{note}");
    /// }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn push(&mut self, source: Source, path: PathBuf, verdict: Verdict) {
        self.candidates.push(Candidate { source, path, verdict });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.candidates.is_empty() {
            return write!(f, "no Python was found: {}", self.fix());
        }
        f.write_str("callpy searched for Python in this order:")?;
        for candidate in &self.candidates {
            write!(f, "\n  {candidate}")?;
            if let Some(fix) = candidate.problem().and_then(Problem::fix) {
                write!(f, "\n    -> {fix}")?;
            }
            for shortcoming in candidate.interpreter().iter().flat_map(|it| it.shortcomings()) {
                write!(f, "\n    note: {shortcoming}")?;
            }
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n  note: {note}"))
    }
}

/// One place where callpy searched for Python.
///
/// ```
/// use callpy::locate::{self, Problem, Source, Context, Wanted};
///
/// let nowhere = Context::empty(".").with("CALLPY_PYTHON", "no/such/python");
/// let report = locate::report_in(&Wanted::default(), &nowhere)?;
/// let candidate = report.candidates().iter().find(|one| one.source() == Source::CallpyPython).unwrap();
/// assert!(candidate.path().ends_with("no/such/python"));
/// assert_eq!(candidate.problem(), Some(&Problem::Missing));
/// assert!(candidate.interpreter().is_none());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Candidate {
    source: Source,
    path: PathBuf,
    verdict: Verdict,
}

impl Candidate {
    /// Returns what pointed at this place.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Returns the executable, or a name or folder without one.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the result for this candidate.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Returns the interpreter, if it can be used.
    pub fn interpreter(&self) -> Option<&Interpreter> {
        match &self.verdict {
            Verdict::Chosen(found) | Verdict::Base(found) | Verdict::Usable(found) => Some(found),
            Verdict::Unusable(_) => None,
        }
    }

    /// Returns why the candidate can't be used.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.verdict {
            Verdict::Unusable(problem) => Some(problem),
            _ => None,
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.source, self.path.display())?;
        if let Some(interpreter) = self.interpreter() {
            let (major, minor, patch) = interpreter.version();
            write!(f, "Python {major}.{minor}.{patch}, ")?;
        }
        match &self.verdict {
            Verdict::Chosen(_) => f.write_str("chosen"),
            Verdict::Base(_) => f.write_str("base of the environment"),
            Verdict::Usable(_) => f.write_str("usable, but an earlier one is chosen"),
            Verdict::Unusable(problem) => problem.fmt(f),
        }
    }
}

/// What points at a candidate, in the order of the search.
///
/// ```
/// use callpy::locate::Source;
///
/// assert_eq!(Source::VirtualEnv.to_string(), "VIRTUAL_ENV");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The program or the command line named it.
    Named,
    /// The variable `CALLPY_PYTHON` names it.
    CallpyPython,
    /// The environment that callpy created for the declared requirements.
    Environment,
    /// The variable `VIRTUAL_ENV`: an activated virtual environment.
    VirtualEnv,
    /// The variable `CONDA_PREFIX`: an activated conda environment.
    Conda,
    /// A folder `.venv` in the current folder or one above it.
    DotVenv,
    /// A command on PATH.
    Path,
}

impl Source {
    /// Returns whether it names one interpreter, so that no other may be used instead.
    pub(crate) fn names_one(self) -> bool {
        matches!(self, Source::Named | Source::CallpyPython)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Named => "named",
            Source::CallpyPython => "CALLPY_PYTHON",
            Source::Environment => "environment for the requirements",
            Source::VirtualEnv => "VIRTUAL_ENV",
            Source::Conda => "CONDA_PREFIX",
            Source::DotVenv => ".venv",
            Source::Path => "PATH",
        })
    }
}

/// The result for a candidate.
///
/// ```
/// use callpy::locate::{self, Verdict, Wanted};
///
/// for candidate in locate::report(&Wanted::default())?.candidates() {
///     match candidate.verdict() {
///         Verdict::Unusable(problem) => println!("{}: {problem}", candidate.path().display()),
///         _ => println!("{}: fine", candidate.path().display()),
///     }
/// }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Verdict {
    /// It is used.
    Chosen(Interpreter),
    /// The environment for the declared requirements is created from it.
    Base(Interpreter),
    /// It could be used, but an earlier one is.
    Usable(Interpreter),
    /// It can't be used.
    Unusable(Problem),
}

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
            Problem::RequiresPython { version: (major, minor, patch), required } => {
                write!(f, "it is {major}.{minor}.{patch}, but Python {required} is required")
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
