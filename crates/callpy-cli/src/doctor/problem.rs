//! What the doctor finds: facts, and problems with the kinds that decide their fixes.

use std::path::PathBuf;

use callpy::locate::{Candidate, Interpreter, Report, Source};
use serde_json::{Value, json};

/// Everything that was found, from outside and from inside.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    /// Each place where Python was searched for.
    pub(super) report: Report,
    pub(super) facts: Vec<Fact>,
    /// Problems, the fatal ones first.
    pub(super) problems: Vec<Finding>,
}

/// One fact.
#[derive(Debug)]
pub(super) struct Fact {
    /// The section: `Python`, `running`, `NumPy`, `target`.
    pub(super) section: String,
    /// Its name, such as `version`.
    pub(super) name: String,
    /// Its value, as text.
    pub(super) value: String,
}

/// One problem.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// Whether it makes calls impossible.
    pub(super) fatal: bool,
    /// The problem in a sentence.
    pub(super) what: String,
}

/// The kind of a problem.
#[derive(Debug)]
pub(super) enum Kind {
    /// There is no Python.
    NoPython,
    /// This Python can't be used.
    Candidate(Box<Candidate>),
    /// This environment was created for another version than its Python has now.
    StaleEnvironment(PathBuf),
    /// The library has another version than the executable.
    WrongLibrary,
    /// The environment for the requirements can't be created.
    EnvironmentFailed,
    /// There is no venv module to create it with, and no uv.
    NoVenv,
    /// Python can't be started.
    StartFailed,
    /// Python, or the target, ended the process.
    Crashed {
        with_target: bool,
    },
    /// The look from inside took too long.
    TimedOut,
    NoNumpy,
    OldNumpy,
    BrokenNumpy,
    /// NumPy needs this package, which is missing.
    NumpyLacks(String),
    /// The target needs this package, which is missing.
    NoPackage(String),
    /// A file has the name of a standard module.
    Shadowing,
    /// Anything else, for which there is no fix.
    Other,
}

impl Diagnosis {
    /// Returns whether a call can work, as far as is known.
    pub(super) fn works(&self) -> bool {
        !self.problems.iter().any(|problem| problem.fatal)
    }

    /// Returns the interpreter that a call would use.
    pub(super) fn interpreter(&self) -> Option<&Interpreter> {
        self.report.chosen().and_then(Candidate::interpreter)
    }

    /// Returns a fact's value.
    pub(super) fn known(&self, section: &str, name: &str) -> Option<&str> {
        let is = |fact: &&Fact| fact.section == section && fact.name == name;
        self.facts.iter().find(is).map(|fact| fact.value.as_str())
    }

    pub(super) fn fact(&mut self, section: &str, name: &str, value: impl ToString) {
        let (section, name, value) = (section.to_owned(), name.to_owned(), value.to_string());
        self.facts.push(Fact { section, name, value });
    }

    /// Adds a problem that makes calls impossible.
    pub(super) fn fatal(&mut self, kind: Kind, what: impl Into<String>) {
        self.push(Finding { kind, fatal: true, what: what.into() });
    }

    /// Adds a problem that may not affect calls.
    pub(super) fn possible(&mut self, kind: Kind, what: impl Into<String>) {
        self.push(Finding { kind, fatal: false, what: what.into() });
    }

    fn push(&mut self, problem: Finding) {
        self.problems.push(problem);
        self.problems.sort_by_key(|problem| !problem.fatal);
    }

    /// Writes the look from inside for the process that asked for it: a line of JSON for each fact and
    /// each problem.
    pub(super) fn to_lines(&self) -> Vec<String> {
        let facts = self.facts.iter().map(|fact| json!([fact.section, fact.name, fact.value]));
        let problems = self.problems.iter().map(|problem| {
            let (kind, package) = problem.kind.name();
            json!([problem.fatal, kind, package, problem.what])
        });
        facts.chain(problems).map(|line| line.to_string()).collect()
    }

    /// Adds a line of another process's look.
    pub(super) fn add_line(&mut self, line: &str) {
        let parts: Vec<Value> = serde_json::from_str(line).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match &parts[..] {
            [section, name, value] => self.fact(&text(section), &text(name), text(value)),
            [fatal, kind, package, what] => {
                let kind = Kind::named(&text(kind), text(package));
                let fatal = fatal.as_bool().unwrap_or(true);
                self.push(Finding { kind, fatal, what: text(what) });
            }
            _ => {}
        }
    }
}

impl Kind {
    /// Returns whether it only affects arrays, so that Python itself works.
    pub(super) fn is_about_numpy(&self) -> bool {
        matches!(self, Kind::NoNumpy | Kind::OldNumpy | Kind::BrokenNumpy | Kind::NumpyLacks(_))
    }

    /// Returns the name of a kind that the look from inside finds, and its package.
    fn name(&self) -> (&'static str, &str) {
        match self {
            Kind::StartFailed => ("start-failed", ""),
            Kind::EnvironmentFailed => ("environment-failed", ""),
            Kind::NoVenv => ("no-venv", ""),
            Kind::NoNumpy => ("no-numpy", ""),
            Kind::OldNumpy => ("old-numpy", ""),
            Kind::BrokenNumpy => ("broken-numpy", ""),
            Kind::NumpyLacks(package) => ("numpy-lacks", package),
            Kind::NoPackage(package) => ("no-package", package),
            Kind::Shadowing => ("shadowing", ""),
            _ => ("other", ""),
        }
    }

    /// Returns the kind with a name that look.py or the other process uses.
    pub(super) fn named(name: &str, package: String) -> Kind {
        let with_names = [
            Kind::StartFailed,
            Kind::EnvironmentFailed,
            Kind::NoVenv,
            Kind::NoNumpy,
            Kind::OldNumpy,
            Kind::BrokenNumpy,
            Kind::NumpyLacks(package.clone()),
            Kind::NoPackage(package),
            Kind::Shadowing,
        ];
        with_names.into_iter().find(|kind| kind.name().0 == name).unwrap_or(Kind::Other)
    }
}

/// Returns whether the user named this Python, so that no other may be used instead.
pub(super) fn is_named(candidate: &Candidate) -> bool {
    matches!(candidate.source(), Source::Named | Source::CallpyPython)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_look_of_one_process_reaches_the_other() {
        let mut seen = Diagnosis::default();
        seen.fact("NumPy", "version", "2.1.0");
        seen.possible(Kind::Shadowing, "random.py hides a module");
        let kinds = [
            Kind::StartFailed,
            Kind::EnvironmentFailed,
            Kind::NoVenv,
            Kind::NoNumpy,
            Kind::OldNumpy,
            Kind::BrokenNumpy,
            Kind::NumpyLacks("mkl".into()),
            Kind::NoPackage("scipy".into()),
            Kind::Other,
        ];
        for kind in kinds {
            let what = format!("{kind:?}");
            seen.fatal(kind, what);
        }
        let mut read = Diagnosis::default();
        seen.to_lines().iter().for_each(|line| read.add_line(line));
        assert_eq!(read.known("NumPy", "version"), Some("2.1.0"));
        let show = |diagnosis: &Diagnosis| format!("{:?}", diagnosis.problems);
        assert_eq!(show(&read), show(&seen));
    }
}
