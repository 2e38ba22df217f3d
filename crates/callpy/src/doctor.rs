//! What is right and what is wrong with the Python that callpy would use, and the way out.
//!
//! [`examine`] looks from outside: which Python is chosen, why no other, and whether its parts agree.
//! It starts nothing. [`examine_running`] looks from inside, once Python runs: NumPy, the allocator,
//! a target. The command `callpy doctor` does both, the second in a process of its own, since a
//! broken installation can end the process that starts it.
//!
//! ```
//! use callpy::doctor;
//! use callpy::locate::Wanted;
//!
//! let diagnosis = doctor::examine(&Wanted::default())?;
//! if !diagnosis.works() {
//!     eprintln!("{diagnosis}");
//! }
//! # Ok::<(), callpy::Error>(())
//! ```

use std::fmt;
use std::fs;
use std::path::Path;

use crate::locate::{self, Interpreter, Need, Problem, Report, Surroundings, Wanted, remedies};
use crate::{Array, Python, Result};

pub use crate::locate::{Remedy, System};

/// What an examination found.
///
/// `Display` shows the troubles, each with its way out on this system.
///
/// ```
/// use callpy::doctor;
/// use callpy::locate::{Surroundings, Wanted};
///
/// let nowhere = Surroundings::empty(".").with("CALLPY_PYTHON", "no/such/python");
/// let mut diagnosis = doctor::examine_in(&Wanted::default(), &nowhere)?;
/// assert!(!diagnosis.works());
///
/// let mut ours = doctor::Diagnosis::default();
/// ours.trouble(false, "the disk is nearly full", Vec::new());
/// assert!(ours.works());      // a trouble that is not fatal
/// diagnosis.merge(ours);
/// println!("{diagnosis}");
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Each place where Python was looked for; empty in what [`examine_running`] returns.
    pub report: Report,
    /// What is so.
    pub facts: Vec<Fact>,
    /// What is wrong, the worst first.
    pub troubles: Vec<Trouble>,
}

/// One fact.
///
/// ```
/// use callpy::doctor;
/// use callpy::locate::Wanted;
///
/// for fact in doctor::examine(&Wanted::default())?.facts {
///     println!("{}: {} = {}", fact.section, fact.name, fact.value);
/// }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about: `Python`, `running`, `NumPy`, `target`.
    pub section: String,
    /// Its name, such as `version`.
    pub name: String,
    /// Its value, for people.
    pub value: String,
}

/// Something wrong.
///
/// ```
/// use callpy::doctor;
/// use callpy::locate::{Surroundings, Wanted};
///
/// let nowhere = Surroundings::empty(".").with("CALLPY_PYTHON", "no/such/python");
/// let diagnosis = doctor::examine_in(&Wanted::default(), &nowhere)?;
/// let trouble = &diagnosis.troubles[0];
/// assert!(trouble.fatal);
/// println!("{}", trouble.what);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Whether a call can't work because of it.
    pub fatal: bool,
    /// What it is, in a sentence.
    pub what: String,
    /// The ways out, the one that fits this machine and this Python first.
    pub remedies: Vec<Remedy>,
}

impl Diagnosis {
    /// Returns whether a call could work, as far as was looked.
    pub fn works(&self) -> bool {
        !self.troubles.iter().any(|trouble| trouble.fatal)
    }

    /// Adds what another examination found.
    pub fn merge(&mut self, other: Diagnosis) {
        let Diagnosis { report, facts, troubles } = other;
        self.report.candidates.extend(report.candidates);
        self.facts.extend(facts);
        self.troubles.extend(troubles);
        self.troubles.sort_by_key(|trouble| !trouble.fatal);
    }

    fn fact(&mut self, section: &str, name: &str, value: impl fmt::Display) {
        let (section, name, value) = (section.to_owned(), name.to_owned(), value.to_string());
        self.facts.push(Fact { section, name, value });
    }

    /// Adds a trouble.
    pub fn trouble(&mut self, fatal: bool, what: impl Into<String>, remedies: Vec<Remedy>) {
        self.troubles.push(Trouble { fatal, what: what.into(), remedies });
        self.troubles.sort_by_key(|trouble| !trouble.fatal);
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Trouble { what, remedies, .. }) in self.troubles.iter().enumerate() {
            let between = if index == 0 { "" } else { "\n" };
            write!(f, "{between}{what}")?;
            if let Some(remedy) = remedies.first() {
                write!(f, "\n  -> {}", remedy.action)?;
            }
        }
        Ok(())
    }
}

/// Examines the Python that would be chosen, from outside: nothing is made or started.
///
/// # Errors
///
/// `ErrorKind::Environment` if the requirements are not written as such.
///
/// # Examples
///
/// ```
/// use callpy::doctor;
/// use callpy::locate::Wanted;
///
/// assert!(doctor::examine(&Wanted::default())?.works());
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn examine(wanted: &Wanted) -> Result<Diagnosis> {
    examine_in(wanted, &Surroundings::of_this_process())
}

/// Does as [`examine`] in other surroundings than this process's.
///
/// # Errors
///
/// As [`examine`].
///
/// # Examples
///
/// ```
/// use callpy::doctor;
/// use callpy::locate::{Surroundings, Wanted};
///
/// // As a service would find it that is started with no variables at all.
/// assert!(!doctor::examine_in(&Wanted::default(), &Surroundings::empty("/"))?.works());
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn examine_in(wanted: &Wanted, around: &Surroundings) -> Result<Diagnosis> {
    let mut diagnosis =
        Diagnosis { report: locate::report_in(wanted, around)?, ..Diagnosis::default() };
    let base =
        diagnosis.report.candidates().iter().find_map(|candidate| match candidate.verdict() {
            locate::Verdict::Base(base) => Some(base.clone()),
            _ => None,
        });
    let chosen = diagnosis.report.chosen().and_then(|candidate| candidate.interpreter()).cloned();
    match (chosen, base) {
        (Some(python), _) => describe(&mut diagnosis, &python),
        (None, Some(base)) => {
            diagnosis.fact("Python", "environment", "not made yet: the first call makes it");
            diagnosis.fact("Python", "made from", base.executable().display());
        }
        (None, None) => nothing_usable(&mut diagnosis),
    }
    Ok(diagnosis)
}

fn nothing_usable(diagnosis: &mut Diagnosis) {
    let mut troubles: Vec<Trouble> = Vec::new();
    let mut told: Vec<String> = Vec::new();
    for candidate in diagnosis.report.candidates() {
        let Some(problem) = candidate.problem() else { continue };
        let is_nothing = matches!(problem, Problem::NotOnPath | Problem::NotMade);
        let is_named = candidate.source().names_one();
        // One wrong variable refuses them all.
        if (is_nothing && !is_named) || told.contains(&problem.to_string()) {
            continue;
        }
        told.push(problem.to_string());
        let mut remedies = problem.remedies(candidate.path());
        if remedies.is_empty() && is_named {
            let action = "name a Python that is there, or none: then others are looked for";
            remedies.push(Remedy::anywhere(action));
        }
        let what = format!("{}: {}: {problem}", candidate.source(), candidate.path().display());
        troubles.push(Trouble { fatal: true, what, remedies });
    }
    if troubles.is_empty() {
        let remedies = remedies(Need::Python(None), System::of_this_machine());
        diagnosis.trouble(true, "there is no Python", remedies);
    }
    diagnosis.troubles.extend(troubles);
}

fn describe(diagnosis: &mut Diagnosis, python: &Interpreter) {
    let (major, minor, patch) = python.version();
    diagnosis.fact("Python", "version", format_args!("{major}.{minor}.{patch}"));
    diagnosis.fact("Python", "executable", python.executable().display());
    diagnosis.fact("Python", "libpython", python.libpython().display());
    diagnosis.fact("Python", "found by", "asking the executable for its sysconfig");
    diagnosis.fact("Python", "platform", python.platform());
    if python.is_free_threaded() {
        diagnosis.fact("Python", "build", "free-threaded");
    }
    if python.is_debug() {
        diagnosis.fact("Python", "debug build", "yes: slow");
    }
    if python.is_virtual_environment() {
        diagnosis.fact("Python", "environment", python.prefix().display());
        diagnosis.fact("Python", "base", python.base_executable().display());
        environment_agrees(diagnosis, python);
    }
}

/// Whether an environment was made for the version that its python has now.
fn environment_agrees(diagnosis: &mut Diagnosis, python: &Interpreter) {
    let (major, minor, _) = python.version();
    let Some((was_major, was_minor)) = version_of_environment(python.prefix()) else { return };
    if (was_major, was_minor) == (major, minor) {
        return;
    }
    let what = format!(
        "the environment {} was made for Python {was_major}.{was_minor}, and its python is \
         {major}.{minor} now: it does not see what was installed for {was_major}.{was_minor}",
        python.prefix().display()
    );
    let need = Need::Environment { folder: python.prefix() };
    let first = System::of_installation(python.base_prefix()).or(System::of_this_machine());
    let remedies = remedies(need, first);
    diagnosis.trouble(false, what, remedies);
}

/// Reads the version in `pyvenv.cfg`: venv writes it as `version`, uv as `version_info`.
fn version_of_environment(prefix: &Path) -> Option<(u8, u8)> {
    let text = fs::read_to_string(prefix.join("pyvenv.cfg")).ok()?;
    let version = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "version" | "version_info").then(|| value.trim().to_owned())
    })?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// Examines the Python that runs, from inside: NumPy, the allocator, the stack, a whole call, and
/// the target if one is named.
///
/// # Errors
///
/// `ErrorKind::Ending` if the process is ending. What is wrong with the installation is a trouble in
/// the answer, not an error.
///
/// # Examples
///
/// ```
/// use callpy::{Python, doctor};
///
/// let python = Python::builder().require(["numpy"]).start()?;
/// let diagnosis = doctor::examine_running(python, Some("math:sqrt"))?;
/// assert!(diagnosis.works());
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn examine_running(python: Python, target: Option<&str>) -> Result<Diagnosis> {
    let mut diagnosis = Diagnosis::default();
    let module = python.module_from_source(
        "callpy.doctor",
        "<callpy doctor>",
        include_str!("doctor/look.py"),
    )?;
    type Facts = Vec<(String, String, String)>;
    let (facts, troubles): (Facts, Vec<(bool, String, String)>) =
        module.function("look")?.call(target.unwrap_or_default())?;
    for (section, name, value) in facts {
        diagnosis.fact(&section, &name, value);
    }
    for (fatal, kind, what) in troubles {
        let remedies = way_out(&python, &kind);
        diagnosis.trouble(fatal, what, remedies);
    }
    if let Some(python) = python.interpreter() {
        let (major, minor, patch) = python.version();
        let located = format!("{major}.{minor}.{patch}");
        let runs = diagnosis.facts.iter().find(|fact| fact.name == "version");
        let runs = runs.map(|fact| fact.value.trim_end_matches(char::is_alphabetic).to_owned());
        if runs.as_ref().is_some_and(|runs| *runs != located) {
            let runs = runs.unwrap_or_default();
            let library = python.libpython().display();
            diagnosis.trouble(
                true,
                format!("{library} is Python {runs}, and its python is {located}"),
                remedies(
                    Need::Library { version: python.version(), base_prefix: python.base_prefix() },
                    System::of_installation(python.base_prefix()),
                ),
            );
        }
    }
    if diagnosis.works() {
        whole_call(&mut diagnosis, python);
        if diagnosis.works() {
            let allocator: String = module.function("allocator")?.call(())?;
            diagnosis.fact("NumPy", "allocator", allocator);
        }
    }
    if let Some(target) = target {
        examine_target(&mut diagnosis, python, &module, target);
    }
    Ok(diagnosis)
}

/// How `look.py` begins to say so.
const NO_NUMPY: &str = "NumPy is not installed";

fn way_out(python: &Python, kind: &str) -> Vec<Remedy> {
    match kind.split_once(':') {
        Some((kind, name)) => match python.interpreter() {
            Some(python) => remedies(
                Need::Package {
                    name,
                    executable: python.executable(),
                    prefix: python.prefix(),
                    anew: kind == "broken",
                },
                System::of_installation(python.base_prefix()),
            ),
            None => vec![Remedy::anywhere(format!("install {name} for the Python that runs"))],
        },
        None if kind == "rename" => vec![Remedy::anywhere("give the file another name")],
        None => Vec::new(),
    }
}

/// Lends an array, calls, and reads the result.
fn whole_call(diagnosis: &mut Diagnosis, python: Python) {
    let series = [1.0, 2.0, 3.0];
    let sums = python.function("numpy:cumsum").and_then(|f| f.call::<Array<f64>>(&series));
    match sums {
        Ok(sums) if sums[..] == [1.0, 3.0, 6.0] => {
            diagnosis.fact("running", "a call", "an array went in and an array came out");
        }
        Ok(sums) => {
            let what = format!("numpy.cumsum([1, 2, 3]) gave {sums:?}: this NumPy is broken");
            let remedies = way_out(&python, "broken:numpy");
            diagnosis.trouble(true, what, remedies);
        }
        Err(error) => {
            let remedies = way_out(&python, "broken:numpy");
            diagnosis.trouble(true, error.to_string(), remedies);
        }
    }
}

fn examine_target(diagnosis: &mut Diagnosis, python: Python, module: &crate::Module, target: &str) {
    let (path, function) = match target.rsplit_once(':') {
        Some((module, function)) if !function.is_empty() && !function.ends_with(".py") => {
            (module, Some(function))
        }
        _ => (target.trim_end_matches(':'), None),
    };
    let loaded = match python.module(path) {
        Ok(loaded) => loaded,
        Err(error) => {
            let missing = error
                .exception()
                .filter(|exception| exception.type_name() == "ModuleNotFoundError")
                .and_then(|exception| {
                    exception.message().split('\'').nth(1).map(|name| name.to_owned())
                });
            let remedies = match missing {
                Some(name) if name != path => way_out(&python, &format!("import:{name}")),
                _ => Vec::new(),
            };
            let what = match error.exception() {
                Some(exception) => format!("{path} can't be imported: {exception}"),
                None => error.to_string(),
            };
            diagnosis.trouble(true, what, remedies);
            return;
        }
    };
    // A target that imports without NumPy may well need none.
    for trouble in &mut diagnosis.troubles {
        trouble.fatal &= !trouble.what.starts_with(NO_NUMPY);
    }
    diagnosis.fact("target", "module", path);
    let Some(function) = function else { return };
    let signature = loaded
        .function(function)
        .and_then(|found| module.function("signature")?.call::<String>(found.object().clone()));
    match signature {
        Ok(signature) => {
            diagnosis.fact("target", "signature", format_args!("{function}{signature}"))
        }
        Err(error) => diagnosis.trouble(true, error.to_string(), Vec::new()),
    }
}
