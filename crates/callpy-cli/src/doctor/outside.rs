//! The look from outside: which Python is chosen, why the others are not, and whether its parts fit.

use std::fs;
use std::path::Path;

use callpy::locate::{self, Interpreter, Problem, Verdict, Wanted};

use super::problem::{Diagnosis, Kind, is_named};
use crate::failure::Result;

/// Looks at the Python that would be chosen; creates and starts nothing.
pub(super) fn look(wanted: &Wanted) -> Result<Diagnosis> {
    let mut diagnosis = Diagnosis { report: locate::report(wanted)?, ..Diagnosis::default() };
    for warning in diagnosis.report.warnings().to_vec() {
        diagnosis.possible(Kind::Other, warning);
    }
    let base = diagnosis.report.candidates().iter().find_map(|it| match it.verdict() {
        Verdict::Base(base) => Some(base.clone()),
        _ => None,
    });
    match (diagnosis.interpreter().cloned(), base) {
        (Some(python), _) => describe(&mut diagnosis, &python),
        (None, Some(base)) => {
            diagnosis.fact("Python", "environment", "not created yet: the first call creates it");
            diagnosis.fact("Python", "base", base.executable().display());
        }
        (None, None) => nothing_usable(&mut diagnosis),
    }
    Ok(diagnosis)
}

/// Adds the problems of a search that found no usable Python.
pub(super) fn nothing_usable(diagnosis: &mut Diagnosis) {
    let mut seen: Vec<String> = Vec::new();
    for candidate in diagnosis.report.candidates().to_vec() {
        let Some(problem) = candidate.problem() else { continue };
        let is_absent = matches!(problem, Problem::NotOnPath | Problem::NotMade);
        // A wrong variable makes all of them unusable, for the same reason.
        if (is_absent && !is_named(&candidate)) || seen.contains(&problem.to_string()) {
            continue;
        }
        seen.push(problem.to_string());
        let what = format!("{}: {}: {problem}", candidate.source(), candidate.path().display());
        diagnosis.fatal(Kind::Candidate(Box::new(candidate)), what);
    }
    if seen.is_empty() {
        diagnosis.fatal(Kind::NoPython, "there is no Python");
    }
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
    for shortcoming in python.shortcomings() {
        let what = format!("{}: {shortcoming}", python.executable().display());
        diagnosis.possible(Kind::Other, what);
    }
    if python.is_debug() {
        diagnosis.fact("Python", "debug build", "yes: slow");
    }
    if python.is_virtual_environment() {
        diagnosis.fact("Python", "environment", python.prefix().display());
        diagnosis.fact("Python", "base", python.base_executable().display());
        compare_versions(diagnosis, python);
    }
}

/// Compares the version that an environment was created for with that of its Python.
fn compare_versions(diagnosis: &mut Diagnosis, python: &Interpreter) {
    let (major, minor, _) = python.version();
    let Some((was_major, was_minor)) = version_of_environment(python.prefix()) else { return };
    if (was_major, was_minor) == (major, minor) {
        return;
    }
    let folder = python.prefix();
    let what = format!(
        "the environment {} was created for Python {was_major}.{was_minor}, but its Python is now \
         {major}.{minor}, which does not see the packages installed for {was_major}.{was_minor}",
        folder.display()
    );
    diagnosis.possible(Kind::StaleEnvironment(folder.to_owned()), what);
}

/// Compares the version of the running library with that of the executable.
pub(super) fn compare_library(diagnosis: &mut Diagnosis) {
    let Some(python) = diagnosis.interpreter().cloned() else { return };
    let Some(runs) = diagnosis.known("running", "version") else { return };
    // Without the flags of the build, such as the t in 3.13.0t.
    let runs = runs.trim_end_matches(char::is_alphabetic).to_owned();
    let (major, minor, patch) = python.version();
    let version = format!("{major}.{minor}.{patch}");
    if runs != version {
        let what = format!(
            "{} is Python {runs}, but {}, which names it as its library, is Python {version}",
            python.libpython().display(),
            python.executable().display()
        );
        diagnosis.fatal(Kind::WrongLibrary, what);
    }
}

/// A Python of the system's own needs no NumPy: a call that passes arrays gets an environment with it.
pub(super) fn numpy_by_default(diagnosis: &mut Diagnosis) {
    let Some(python) = diagnosis.interpreter().cloned() else { return };
    let is_conda = python.prefix().join("conda-meta").is_dir();
    if python.is_virtual_environment() || is_conda {
        return;
    }
    let can_create = diagnosis.known("running", "venv") != Some("no");
    for problem in &mut diagnosis.problems {
        if matches!(problem.kind, Kind::NoNumpy) {
            problem.fatal = false;
            "NumPy is not installed; the first call that passes an array creates an environment with it"
                .clone_into(&mut problem.what);
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_uv = || std::env::split_paths(&path).any(|folder| folder.join("uv").is_file());
    if !can_create && !has_uv() {
        let what = "this Python has no venv module and uv is not on PATH, so no environment can be created";
        diagnosis.possible(Kind::NoVenv, what);
    }
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
