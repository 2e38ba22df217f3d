//! The report of a search: each candidate, why it can't be used, and the fix.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::installation::{Interpreter, Problem};
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
    pub(crate) warnings: Vec<String>,
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

    /// Returns what was meant to be used and can't be, where another Python is used instead: an environment
    /// that is activated or the project's, or the version that `PYENV_VERSION` names.
    ///
    /// ```
    /// use callpy::locate::{self, Context, Wanted};
    ///
    /// let context = Context::of_this_process().with("VIRTUAL_ENV", "/no/such/environment");
    /// let report = locate::report_in(&Wanted::default(), &context)?;
    /// let warned = report.warnings().iter().any(|warning| warning.contains("/no/such/environment"));
    /// assert_eq!(warned, report.chosen().is_some_and(|one| one.source() != locate::Source::CallpyPython));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn warnings(&self) -> &[String] {
        &self.warnings
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
                write!(f, "\n    fix: {fix}")?;
            }
            for shortcoming in candidate.interpreter().iter().flat_map(|it| it.shortcomings()) {
                write!(f, "\n    note: {shortcoming}")?;
            }
        }
        let mut notes = self.warnings.iter().chain(&self.notes);
        notes.try_for_each(|note| write!(f, "\n  note: {note}"))
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
    /// The environment of a project: `.venv` in the target's folder, the current one, or one above.
    DotVenv,
    /// A command on PATH.
    Path,
    /// A Python that pyenv has installed.
    Pyenv,
    /// A Python that uv finds.
    Uv,
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
            Source::Pyenv => "pyenv",
            Source::Uv => "uv",
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
