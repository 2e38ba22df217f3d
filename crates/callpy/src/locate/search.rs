//! The search: the order of the candidates, and which one is used.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::report::{Candidate, Report, Source, Verdict};
use crate::environment::{self, Creation, Key, OnProgress, Requirements, Specifiers, Stop};
use crate::error::{Error, ErrorKind, Result};
use crate::installation::{Context, Interpreter, Problem, cache::hash, interpreter, python_in};

const ORDER: [Source; 7] = [
    Source::Named,
    Source::CallpyPython,
    Source::Environment,
    Source::VirtualEnv,
    Source::Conda,
    Source::DotVenv,
    Source::Path,
];

/// What to search for.
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
    /// The required packages and versions of Python.
    pub requirements: Requirements,
    /// Called with each step of the creation of an environment.
    pub progress: Option<OnProgress>,
    /// Called to ask whether to stop the creation of an environment.
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

/// Finds the interpreter to use, and creates an environment if the requirements need one.
///
/// # Errors
/// [`ErrorKind::Locate`] if no candidate can be used, [`ErrorKind::Start`] if the candidate to use does
/// not start, [`ErrorKind::Environment`] if the requirements are malformed or their environment can't be
/// created.
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
    find_in(wanted, &Context::of_this_process())
}

/// Finds the interpreter as [`find`] does, in another context than this process's.
///
/// # Errors
/// As [`find`].
///
/// # Examples
///
/// ```
/// use callpy::ErrorKind;
/// use callpy::locate::{self, Context, Wanted};
///
/// // As for a service that is started without any variables.
/// let error = locate::find_in(&Wanted::default(), &Context::empty("/")).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Locate(_)));
/// ```
pub fn find_in(wanted: &Wanted, context: &Context) -> Result<(Interpreter, Report)> {
    let mut search = Search::new(wanted, context)?;
    match search.run(false)? {
        Decision::Use(interpreter) => Ok((interpreter, search.report)),
        Decision::Make(base) => {
            let Wanted { requirements, progress, stop, .. } = wanted;
            let creation = Creation {
                requirements,
                progress: progress.as_ref(),
                stop: stop.as_ref(),
                key: &search.key,
                is_default: !search.named,
            };
            let made = environment::make(&creation, &base, context)?;
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

/// Reports on every candidate, including those after the chosen one. Creates and starts nothing.
///
/// # Errors
/// [`ErrorKind::Environment`] if the requirements are malformed.
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
    report_in(wanted, &Context::of_this_process())
}

/// Reports on every candidate as [`report`] does, in another context than this process's.
///
/// # Errors
/// As [`report`].
///
/// # Examples
///
/// ```
/// use callpy::locate::{self, Context, Wanted};
///
/// let report = locate::report_in(&Wanted::default(), &Context::empty("/"))?;
/// assert!(report.chosen().is_none());
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn report_in(wanted: &Wanted, context: &Context) -> Result<Report> {
    let mut search = Search::new(wanted, context)?;
    if let Decision::Make(base) = search.run(true)? {
        let made = environment::ready(&search.key, &base, context);
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

/// Makes the error of a Python that exists but does not start; `then` follows the fix.
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
    /// The interpreter to use does not start.
    Fail(Error),
    /// Create an environment from this interpreter.
    Make(Interpreter),
    Nothing,
}

struct Search<'a> {
    wanted: &'a Wanted,
    context: &'a Context,
    key: Key,
    python: Specifiers,
    /// Whether the program, the command line or `CALLPY_PYTHON` names an interpreter.
    named: bool,
    report: Report,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted, context: &'a Context) -> Result<Self> {
        Ok(Search {
            wanted,
            context,
            key: wanted.requirements.key()?,
            python: wanted.requirements.python()?,
            named: wanted.python.is_some() || context.variable("CALLPY_PYTHON").is_some(),
            report: Report::default(),
        })
    }

    /// Checks the candidates up to the first that decides, or `all` of them.
    fn run(&mut self, all: bool) -> Result<Decision> {
        let mut decision = Decision::Nothing;
        // A named interpreter ends the search, even if it can't be used.
        let mut open = true;
        for source in ORDER {
            if source == Source::Environment && self.wanted.requirements.needs_environment() {
                // If an interpreter is named, its environment is looked up after it was found.
                if open && !self.named {
                    let (path, found) = environment::ready_by_default(&self.key, self.context);
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
                    // No other is used instead, or the result would depend on what is cached.
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
        let cache = self.context.cache_folder().map(|folder| {
            folder.join("facts").join(hash(&format!("{path:?}"))).with_extension("json")
        });
        let found = interpreter(path, cache.as_deref(), self.context)?;
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
            && environment::has(found, &self.wanted.requirements, &self.key, self.context)
    }

    /// Returns the paths that a source points at, including ones that do not exist.
    fn paths(&self, source: Source) -> Vec<PathBuf> {
        let context = self.context;
        let folder = |name: &str| {
            context.variable(name).map(|folder| python_in(&context.resolve(folder.as_ref())))
        };
        match source {
            Source::Named => {
                self.wanted.python.as_deref().map(|name| named(name, context)).unwrap_or_default()
            }
            Source::CallpyPython => context
                .variable("CALLPY_PYTHON")
                .map(|name| named(name.as_ref(), context))
                .unwrap_or_default(),
            Source::Environment => Vec::new(),
            Source::VirtualEnv => Vec::from_iter(folder("VIRTUAL_ENV")),
            Source::Conda => Vec::from_iter(folder("CONDA_PREFIX")),
            Source::DotVenv => {
                let above = context.folder().into_iter().flat_map(Path::ancestors);
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
                    names.iter().flat_map(|name| context.on_path(name.as_ref())).collect();
                // /bin is often a link to /usr/bin, and PATH may contain a folder twice.
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

/// Returns the places of an interpreter that is named by path, folder, command or version.
fn named(name: &Path, context: &Context) -> Vec<PathBuf> {
    let path = context.resolve(name);
    let is_bare = name.components().count() == 1 && !name.is_absolute();
    if path.is_dir() {
        return vec![python_in(&path)];
    }
    if !is_bare {
        return vec![path];
    }
    // Every place on PATH, since the first may be a shim that does not work.
    let mut found = context.on_path(name.as_os_str());
    let is_version = name.to_string_lossy().starts_with(|first: char| first.is_ascii_digit());
    if found.is_empty() && is_version {
        let mut command = OsString::from("python");
        command.push(name);
        found = context.on_path(&command);
    }
    if found.is_empty() && path.is_file() {
        found.push(path);
    } else if found.is_empty() {
        found.push(name.to_owned());
    }
    found
}
