//! The search itself: the order of the candidates, and what is decided from it.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::facts::{self, Interpreter};
use super::report::{Candidate, Problem, Report, Source, Verdict};
use super::surroundings::Surroundings;
use crate::environment::{self, OnProgress, Requirements, Stop};
use crate::environment::{Key, Specifiers};
use crate::error::{Error, ErrorKind, Result};

const ORDER: [Source; 7] = [
    Source::Named,
    Source::CallpyPython,
    Source::Environment,
    Source::VirtualEnv,
    Source::Conda,
    Source::DotVenv,
    Source::Path,
];

/// What is asked of a search.
///
/// ```
/// use callpy::environment::Requirements;
/// use callpy::locate::{self, Wanted};
///
/// let requirements = Requirements::default().with_python(">=3.8");
/// let (python, _) = locate::find(&Wanted { requirements, ..Wanted::default() })?;
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Wanted {
    /// The interpreter to use: an executable, an environment's folder, a command such as
    /// `python3.12`, or a version such as `3.12`.
    pub python: Option<PathBuf>,
    /// What must be installed, and which versions of Python will do.
    pub requirements: Requirements,
    /// Is told of the making of an environment.
    pub progress: Option<OnProgress>,
    /// Is asked whether to stop the making of an environment.
    pub stop: Option<Stop>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wanted { python, requirements, progress: _, stop: _ } = self;
        f.debug_struct("Wanted")
            .field("python", python)
            .field("requirements", requirements)
            .finish_non_exhaustive()
    }
}

/// Finds the interpreter to use, making an environment for it if the requirements need one.
///
/// # Errors
/// [`ErrorKind::Locate`] if no candidate can be used, [`ErrorKind::Start`] if the one to use is there and
/// does not start, [`ErrorKind::Environment`] if the requirements are not written as such or their
/// environment can't be made.
///
/// # Examples
///
/// ```
/// use callpy::locate::{self, Wanted};
///
/// let (python, report) = locate::find(&Wanted::default())?;
/// assert_eq!(report.chosen().and_then(|chosen| chosen.interpreter()), Some(&python));
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn find(wanted: &Wanted) -> Result<(Interpreter, Report)> {
    find_in(wanted, &Surroundings::of_this_process())
}

/// Does as [`find`] in other surroundings than this process's.
///
/// # Errors
/// As [`find`].
///
/// # Examples
///
/// ```
/// use callpy::ErrorKind;
/// use callpy::locate::{self, Surroundings, Wanted};
///
/// // As a service would find it that is started with no variables at all.
/// let error = locate::find_in(&Wanted::default(), &Surroundings::empty("/")).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Locate(_)));
/// ```
pub fn find_in(wanted: &Wanted, around: &Surroundings) -> Result<(Interpreter, Report)> {
    let mut search = Search::new(wanted, around)?;
    match search.run(false)? {
        Decision::Use(interpreter) => Ok((interpreter, search.report)),
        Decision::Make(base) => {
            let made = environment::make(&search.key, &base, search.named, wanted, around)?;
            search.report.push(
                Source::Environment,
                made.executable().to_owned(),
                Verdict::Chosen(made.clone()),
            );
            Ok((made, search.report))
        }
        Decision::Fail(error) => Err(error),
        Decision::Nothing => Err(failure(search.report)),
    }
}

/// Reports on every candidate, those after the chosen one too, and makes and starts nothing.
///
/// # Errors
/// [`ErrorKind::Environment`] if the requirements are not written as such.
///
/// # Examples
///
/// ```
/// use callpy::locate::{self, Wanted};
///
/// println!("{}", locate::report(&Wanted::default())?);
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn report(wanted: &Wanted) -> Result<Report> {
    report_in(wanted, &Surroundings::of_this_process())
}

/// Does as [`report`] in other surroundings than this process's.
///
/// # Errors
/// As [`report`].
///
/// # Examples
///
/// ```
/// use callpy::locate::{self, Surroundings, Wanted};
///
/// let report = locate::report_in(&Wanted::default(), &Surroundings::empty("/"))?;
/// assert!(report.chosen().is_none());
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn report_in(wanted: &Wanted, around: &Surroundings) -> Result<Report> {
    let mut search = Search::new(wanted, around)?;
    if let Decision::Make(base) = search.run(true)? {
        let made = environment::ready(&search.key, &base, around);
        if let Some(made) = made {
            let path = made.executable().to_owned();
            search.report.push(Source::Environment, path, Verdict::Chosen(made));
        }
    }
    Ok(search.report)
}

fn failure(report: Report) -> Error {
    let refused = |one: &&Candidate| one.problem() != Some(&Problem::NotMade);
    let refused: Vec<&Candidate> = report.candidates().iter().filter(refused).collect();
    let message = match refused[..] {
        [] => format!("no Python was found: {}", report.fix()),
        [one] => {
            let fix = one.problem().and_then(Problem::fix);
            let fix = fix.map(|fix| format!("; {fix}")).unwrap_or_default();
            format!("no Python can be used: {one}{fix}")
        }
        [first, ..] => format!(
            "none of {} Pythons can be used, the first being {first}; {}",
            refused.len(),
            report.fix()
        ),
    };
    Error::new(ErrorKind::Locate(report), message)
}

/// Makes the error of a Python that is there and does not start; `then` is said after the fix.
pub(crate) fn does_not_start(executable: &Path, problem: &Problem, then: &str) -> Error {
    let fix = problem.fix().map(|fix| format!("; {fix}")).unwrap_or_default();
    let message = format!("{}: {problem}{fix}{then}", executable.display());
    let error = Error::new(ErrorKind::Start, message);
    match problem {
        Problem::DoesNotStart { output, .. } => error.with_detail(output.clone()),
        _ => error,
    }
}

enum Decision {
    Use(Interpreter),
    /// The one to use does not start.
    Fail(Error),
    /// An environment is to be made from this one.
    Make(Interpreter),
    Nothing,
}

struct Search<'a> {
    wanted: &'a Wanted,
    around: &'a Surroundings,
    key: Key,
    python: Specifiers,
    /// Whether the program, the command line or `CALLPY_PYTHON` names the interpreter.
    named: bool,
    report: Report,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted, around: &'a Surroundings) -> Result<Self> {
        Ok(Search {
            wanted,
            around,
            key: wanted.requirements.key()?,
            python: wanted.requirements.python()?,
            named: wanted.python.is_some() || around.variable("CALLPY_PYTHON").is_some(),
            report: Report::default(),
        })
    }

    /// Goes through the candidates up to the first that decides, or `all` of them.
    fn run(&mut self, all: bool) -> Result<Decision> {
        let mut decision = Decision::Nothing;
        // A named interpreter that can't be used is the search's end.
        let mut open = true;
        for source in ORDER {
            if source == Source::Environment && self.wanted.requirements.needs_environment() {
                // A named interpreter decides which environment; none has been asked for here.
                if open && !self.named {
                    let (path, found) = environment::ready_by_default(&self.key, self.around);
                    let verdict = match found {
                        Some(interpreter) => {
                            decision = Decision::Use(interpreter.clone());
                            open = false;
                            Verdict::Chosen(interpreter)
                        }
                        None => Verdict::Unusable(Problem::NotMade),
                    };
                    self.report.push(source, path, verdict);
                }
            }
            let paths = if open || all { self.paths(source) } else { break };
            let names_one = source.names_one() && !paths.is_empty();
            for path in paths {
                if !open && !all {
                    break;
                }
                let verdict = match self.look(&path) {
                    // No other is taken instead: whether one is, would depend on what is cached.
                    Err(problem @ Problem::DoesNotStart { .. }) if open => {
                        open = false;
                        decision = Decision::Fail(does_not_start(&path, &problem, ""));
                        Verdict::Unusable(problem)
                    }
                    Err(problem) => Verdict::Unusable(problem),
                    Ok(found) if !open => Verdict::Usable(found),
                    Ok(found) => {
                        open = false;
                        if self.is_enough(source, &found) {
                            decision = Decision::Use(found.clone());
                            Verdict::Chosen(found)
                        } else {
                            decision = Decision::Make(found.clone());
                            Verdict::Base(found)
                        }
                    }
                };
                self.report.push(source, path, verdict);
            }
            open &= !names_one;
        }
        Ok(decision)
    }

    /// Returns the interpreter at `path`, if it can be used.
    fn look(&self, path: &Path) -> Result<Interpreter, Problem> {
        let kept = self.around.cache_folder().map(|folder| {
            folder.join("facts").join(super::hash(&format!("{path:?}"))).with_extension("json")
        });
        let found = facts::interpreter(path, kept.as_deref(), self.around)?;
        let version = found.version();
        if self.python.contains(&[version.0.into(), version.1.into(), version.2.into()]) {
            Ok(found)
        } else {
            Err(Problem::RequiresPython { version, required: self.python.to_string() })
        }
    }

    fn is_enough(&self, source: Source, found: &Interpreter) -> bool {
        if !self.wanted.requirements.needs_environment() {
            return true;
        }
        source.names_one()
            && environment::has(found, &self.wanted.requirements, &self.key, self.around)
    }

    /// Returns the paths that a source points at. What leads nowhere is in it as it was written.
    fn paths(&self, source: Source) -> Vec<PathBuf> {
        let around = self.around;
        let folder = |name: &str| {
            around.variable(name).map(|folder| python_in(&around.resolve(folder.as_ref())))
        };
        match source {
            Source::Named => {
                self.wanted.python.as_deref().map(|name| named(name, around)).unwrap_or_default()
            }
            Source::CallpyPython => around
                .variable("CALLPY_PYTHON")
                .map(|name| named(name.as_ref(), around))
                .unwrap_or_default(),
            Source::Environment => Vec::new(),
            Source::VirtualEnv => Vec::from_iter(folder("VIRTUAL_ENV")),
            Source::Conda => Vec::from_iter(folder("CONDA_PREFIX")),
            Source::DotVenv => {
                let above = around.folder().into_iter().flat_map(Path::ancestors);
                let nearest = above.map(|folder| folder.join(".venv")).find(|venv| venv.is_dir());
                Vec::from_iter(nearest.map(|venv| python_in(&venv)))
            }
            Source::Path => {
                let names: &[&str] = if cfg!(windows) {
                    &["python3", "python", "py"]
                } else {
                    &["python3", "python"]
                };
                let mut found: Vec<PathBuf> =
                    names.iter().flat_map(|name| around.on_path(name.as_ref())).collect();
                // /bin is often a link to /usr/bin, and folders stand on PATH more than once.
                let mut seen = Vec::new();
                found.retain(|path| {
                    let place = (path.parent().map(Path::canonicalize), path.file_name());
                    let place = format!("{place:?}");
                    let new = !seen.contains(&place);
                    seen.push(place);
                    new
                });
                found
            }
        }
    }
}

/// Returns where an interpreter stands that is named by path, folder, command or version.
fn named(name: &Path, around: &Surroundings) -> Vec<PathBuf> {
    let path = around.resolve(name);
    let is_bare = name.components().count() == 1 && !name.is_absolute();
    if path.is_dir() {
        return vec![python_in(&path)];
    }
    if !is_bare {
        return vec![path];
    }
    // Every place on PATH: a shim may stand in front of the one that works.
    let mut found = around.on_path(name.as_os_str());
    let is_version = name.to_string_lossy().starts_with(|first: char| first.is_ascii_digit());
    if found.is_empty() && is_version {
        let mut command = OsString::from("python");
        command.push(name);
        found = around.on_path(&command);
    }
    if found.is_empty() && path.is_file() {
        found.push(path);
    } else if found.is_empty() {
        found.push(name.to_owned());
    }
    found
}

/// Returns the interpreter of an environment or an installation, whether it is there or not.
pub(crate) fn python_in(folder: &Path) -> PathBuf {
    let places: &[&str] = if cfg!(windows) {
        &["Scripts\\python.exe", "python.exe"]
    } else {
        &["bin/python", "bin/python3"]
    };
    let mut all = places.iter().map(|place| folder.join(place));
    all.find(|path| path.symlink_metadata().is_ok()).unwrap_or_else(|| folder.join(places[0]))
}
