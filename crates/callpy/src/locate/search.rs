//! The search: the order of the candidates, and which one is used.

use std::fmt;
use std::path::{Path, PathBuf};

use super::places::{Place, absent, asked_of_pyenv, project, version};
use super::report::{Candidate, Report, Source, Verdict};
use crate::environment::{self, Creation, Key, OnProgress, Requirements, Specifiers, Stop};
use crate::error::{Error, ErrorKind, Result};
use crate::installation::{Context, Interpreter, Problem, cache::hash, interpreter};

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
    /// Packages that are required if `requirements` names none. A Python that has them is used as it
    /// is, and so is any virtual environment; otherwise an environment with them is created.
    pub by_default: Requirements,
    /// The folder of the Python file to call: `.venv` is searched for in it and above it, before the
    /// current folder.
    pub folder: Option<PathBuf>,
    /// Called with each step of the creation of an environment.
    pub progress: Option<OnProgress>,
    /// Called to ask whether to stop the creation of an environment.
    pub stop: Option<Stop>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wanted { python, requirements, by_default, folder, progress: _, stop: _ } = self;
        f.debug_struct("Wanted")
            .field("python", python)
            .field("requirements", requirements)
            .field("by_default", by_default)
            .field("folder", folder)
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
    let decision = search.run(false)?;
    search.warn();
    match decision {
        Decision::Use(interpreter) => Ok((interpreter, search.report)),
        Decision::Make(base) => {
            let Wanted { progress, stop, .. } = wanted;
            let creation = Creation {
                requirements: &search.required,
                progress: progress.as_ref(),
                stop: stop.as_ref(),
                key: &search.key,
                is_default: !search.named,
            };
            let made = environment::make(&creation, &base, context);
            let made = made.map_err(|error| match search.ready_elsewhere() {
                Some(python) => error.with_hint(format_args!(
                    "{} has all that is required: name it with CALLPY_PYTHON",
                    python.executable().display()
                )),
                None => error,
            })?;
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
    let decision = search.run(true)?;
    search.warn();
    if let Decision::Make(base) = decision {
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
    /// The requirements that count: those that were declared, or else those by default.
    required: Requirements,
    key: Key,
    python: Specifiers,
    /// The `pyproject.toml` of the target's project, and the versions of Python that it allows. They
    /// choose among the Pythons of this machine: one that is named, activated, or in the project's own
    /// environment is used as it is.
    python_of_project: Option<(PathBuf, Specifiers)>,
    /// Whether the program, the command line or `CALLPY_PYTHON` names an interpreter.
    named: bool,
    report: Report,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted, context: &'a Context) -> Result<Self> {
        let declared = &wanted.requirements;
        let required = match declared.needs_environment() {
            true => declared.clone(),
            false => declared.clone().merge(wanted.by_default.clone()),
        };
        let named = wanted.python.is_some() || context.variable("CALLPY_PYTHON").is_some();
        let mut report = Report::default();
        let mut python_of_project = None;
        if !named
            && declared.leaves_python_to_project()
            && let Some((file, text)) = project(wanted, context)
        {
            match text.parse::<Specifiers>() {
                Ok(python) => python_of_project = Some((file, python)),
                Err(bad) => report.warnings.push(format!(
                    "requires-python in {} has `{bad}`, which callpy can't read: any Python is used",
                    file.display()
                )),
            }
        }
        Ok(Search {
            wanted,
            context,
            key: required.key()?,
            python: required.python()?,
            required,
            python_of_project,
            named,
            report,
        })
    }

    /// Checks the candidates up to the first that decides, or `all` of them.
    fn run(&mut self, all: bool) -> Result<Decision> {
        let mut decision = Decision::Nothing;
        // A named interpreter ends the search, even if it can't be used.
        let mut open = true;
        for place in Place::ORDER {
            if place == Place::Environment && self.wanted.requirements.needs_environment() {
                // If an interpreter is named, its environment is looked up after it was found.
                if open && !self.named {
                    let (path, found) = environment::ready_by_default(&self.key, self.context);
                    // An environment of another version is found later, if its base is chosen.
                    let found = found.filter(|found| self.is_of_project(found));
                    let verdict = match found {
                        Some(interpreter) => {
                            decision = Decision::Use(interpreter.clone());
                            open = false;
                            Verdict::Chosen(interpreter)
                        }
                        None => Verdict::Unusable(Problem::NotMade),
                    };
                    self.report.push(place.source(), path, verdict);
                }
            }
            let is_last = place.is_last_resort();
            let python = match &self.python_of_project {
                // Versions that the requirements by default name come before the project's.
                Some((_, python))
                    if place.is_of_machine() && self.python.to_string().is_empty() =>
                {
                    python.clone()
                }
                _ => self.python.clone(),
            };
            if !open && (!all || is_last) || is_last && python.to_string().is_empty() {
                break;
            }
            let name = place.name(self.wanted, self.context);
            let mut some = false;
            for path in place.paths(self.wanted, self.context, &python) {
                if !open && !all {
                    some = true;
                    break;
                }
                if is_last && self.is_known(&path) {
                    continue;
                }
                let looked = self.look(&path, name, &python);
                // A shim of pyenv is there for all versions that are, whether it may run one or not.
                let is_asked = is_last || name.is_some_and(|name| version(name).is_some());
                if is_asked && matches!(&looked, Err(problem) if problem.is_shim()) {
                    continue;
                }
                some = true;
                let verdict = match looked {
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
                        if self.is_enough(place.source(), &found) {
                            decision = Decision::Use(found.clone());
                            Verdict::Chosen(found)
                        } else {
                            decision = Decision::Make(found.clone());
                            Verdict::Base(found)
                        }
                    }
                };
                self.report.push(place.source(), path, verdict);
            }
            if let Some(name) = name {
                if !some {
                    let problem = Verdict::Unusable(absent(name, self.context));
                    self.report.push(place.source(), name.to_owned(), problem);
                }
                open = false;
            }
        }
        Ok(decision)
    }

    /// Warns of what was meant to be used and can't be, where another Python is used instead.
    fn warn(&mut self) {
        let candidates = self.report.candidates();
        let used =
            |one: &&Candidate| matches!(one.verdict(), Verdict::Chosen(_) | Verdict::Base(_));
        let Some(at) = candidates.iter().position(|one| used(&one)) else { return };
        let used = &candidates[at];
        if used.source().names_one() {
            return;
        }
        let instead = || {
            let version = used.interpreter().map(Interpreter::version);
            let (major, minor, patch) = version.unwrap_or_default();
            format!("{} (Python {major}.{minor}.{patch}) is used instead", used.path().display())
        };
        let mut warnings = Vec::new();
        for passed in &candidates[..at] {
            let is_meant =
                matches!(passed.source(), Source::VirtualEnv | Source::Conda | Source::DotVenv);
            match passed.problem() {
                // Another version is required, which is known where it is.
                None | Some(Problem::RequiresPython { .. } | Problem::NotMade) => {}
                Some(_) if is_meant => {
                    let fix = match passed.source() {
                        Source::DotVenv => "recreate it",
                        _ => "activate another environment, or deactivate it",
                    };
                    warnings.push(format!("{passed}; {}; {fix}", instead()));
                }
                Some(_) => {}
            }
        }
        if used.source() == Source::Path
            && let Some(pyenv) = asked_of_pyenv(self.context)
            && !pyenv.is_there(used.interpreter())
        {
            warnings.push(format!("{pyenv}; {}; {}", instead(), pyenv.fix()));
        }
        self.report.warnings.extend(warnings);
    }

    /// Returns whether the search has looked at this file on PATH, maybe by another name.
    fn is_known(&self, path: &Path) -> bool {
        let real = path.canonicalize().ok();
        let mut earlier = self.report.candidates().iter();
        earlier.any(|one| one.source() == Source::Path && one.path().canonicalize().ok() == real)
    }

    /// Returns whether the target's project allows an interpreter of this version.
    fn is_of_project(&self, found: &Interpreter) -> bool {
        self.python_of_project.as_ref().is_none_or(|(_, python)| python.contains(&numbers(found)))
    }

    /// Returns the interpreter at `path`, if it can be used. It must be one of `python`, and have the
    /// version in its `name`, if there is one.
    fn look(
        &self,
        path: &Path,
        name: Option<&Path>,
        python: &Specifiers,
    ) -> Result<Interpreter, Problem> {
        let cache = self.context.cache_folder().map(|folder| {
            folder.join("facts").join(hash(&format!("{path:?}"))).with_extension("json")
        });
        let found = interpreter(path, cache.as_deref(), self.context)?;
        let numbers = numbers(&found);
        let required = match name.and_then(version) {
            Some(asked) if !asked.contains(&numbers) => asked.to_string(),
            _ if !python.contains(&numbers) => python.to_string(),
            _ => return Ok(found),
        };
        let project = self.python_of_project.as_ref();
        let project = project.filter(|(_, of_project)| of_project.to_string() == required);
        let project = project.map(|(file, _)| file.clone());
        Err(Problem::RequiresPython { version: found.version(), required, project })
    }

    fn is_enough(&self, source: Source, found: &Interpreter) -> bool {
        if !self.required.needs_environment() {
            return true;
        }
        if !self.wanted.requirements.needs_environment() {
            // The user decides what is in an environment of his own.
            let is_own = found.is_virtual_environment() || source == Source::Conda;
            return is_own || self.has(found);
        }
        source.names_one() && self.has(found)
    }

    fn has(&self, found: &Interpreter) -> bool {
        environment::has(found, &self.required, &self.key, self.context)
    }

    /// Returns an interpreter that could be used as it is if it were named.
    fn ready_elsewhere(&self) -> Option<Interpreter> {
        let mut search = Search::new(self.wanted, self.context).ok()?;
        search.run(true).ok()?;
        let mut usable = search.report.candidates.iter().filter_map(Candidate::interpreter);
        usable.find(|&found| search.has(found)).cloned()
    }
}

/// Returns the numbers of an interpreter's version, as specifiers compare them.
fn numbers(found: &Interpreter) -> [u64; 3] {
    let (major, minor, patch) = found.version();
    [major.into(), minor.into(), patch.into()]
}
