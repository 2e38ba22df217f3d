//! Prints a diagnosis as text or as JSON.

use std::fmt::Write as _;
use std::io::Write as _;

use callpy::locate::{Candidate, Verdict};
use serde_json::{Map, Value, json};

use super::fix::fixes;
use super::problem::{Diagnosis, Finding};
use crate::failure::Result;

/// Returns the result in one line.
fn summary(diagnosis: &Diagnosis) -> String {
    let version = diagnosis.known("running", "version");
    let python = match version.or_else(|| diagnosis.known("Python", "version")) {
        Some(version) => format!("Python {version}"),
        None => "Python".to_owned(),
    };
    let mut fatal = diagnosis.problems.iter().filter(|problem| problem.fatal);
    match (diagnosis.works(), diagnosis.known("NumPy", "version")) {
        (true, Some(numpy)) => format!("callpy can call {python} with NumPy {numpy}"),
        (true, None) => format!("callpy can call {python}"),
        (false, _) if fatal.all(|problem| problem.kind.is_about_numpy()) => {
            format!("callpy can start {python}, but can't pass arrays to it")
        }
        (false, _) => format!("callpy can't call {python} here"),
    }
}

/// Prints the diagnosis.
pub(super) fn print(diagnosis: &Diagnosis, target: Option<&str>) -> Result<()> {
    let (bold, dim, end) = ("\x1b[1m", "\x1b[2m", "\x1b[0m");
    let mut text = String::new();
    let colour = if diagnosis.works() { "\x1b[32m" } else { "\x1b[31m" };
    let _ = writeln!(text, "{bold}{colour}{}{end}", summary(diagnosis));
    for problem in &diagnosis.problems {
        let kind = match problem.fatal {
            true => "\x1b[31mproblem\x1b[0m",
            false => "\x1b[33mpossible problem\x1b[0m",
        };
        let _ = writeln!(text, "\n{kind}: {}", problem.what);
        let fixes = fixes(&problem.kind, diagnosis.interpreter());
        let Some((first, others)) = fixes.split_first() else { continue };
        let _ = writeln!(text, "  fix: {bold}{}{end}", first.action);
        let mut printed = vec![&first.action];
        for other in others {
            if !printed.contains(&&other.action) {
                printed.push(&other.action);
                let _ = writeln!(text, "{dim}       {other}{end}");
            }
        }
    }

    let mut sections: Vec<&str> = Vec::new();
    for fact in &diagnosis.facts {
        if !sections.contains(&&fact.section[..]) {
            sections.push(&fact.section);
        }
    }
    for section in sections {
        let title = match (section, target) {
            ("running", _) => "In the process",
            ("target", Some(target)) => target,
            (other, _) => other,
        };
        let _ = writeln!(text, "\n{bold}{title}{end}");
        for fact in diagnosis.facts.iter().filter(|fact| fact.section == section) {
            let _ = writeln!(text, "  {:<17}{}", fact.name, fact.value);
        }
    }

    if !diagnosis.report.candidates().is_empty() {
        let _ = writeln!(text, "\n{bold}Where callpy searched for Python, in this order{end}");
        for candidate in diagnosis.report.candidates() {
            let _ = writeln!(text, "  {candidate}");
        }
    }
    anstream::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Returns the diagnosis as one line of JSON.
pub(super) fn json(diagnosis: &Diagnosis) -> String {
    let mut facts = Map::new();
    for fact in &diagnosis.facts {
        let section = facts.entry(fact.section.clone()).or_insert_with(|| json!({}));
        section[&fact.name] = fact.value.clone().into();
    }
    let candidates: Vec<Value> = diagnosis.report.candidates().iter().map(candidate).collect();
    json!({
        "works": diagnosis.works(),
        "summary": summary(diagnosis),
        "problems": problems(diagnosis),
        "facts": facts,
        "candidates": candidates,
    })
    .to_string()
}

fn problems(diagnosis: &Diagnosis) -> Value {
    let problem = |problem: &Finding| {
        let fixes = fixes(&problem.kind, diagnosis.interpreter()).into_iter().map(|fix| {
            json!({ "system": fix.system.map(|system| system.to_string()), "action": fix.action })
        });
        json!({ "fatal": problem.fatal, "what": problem.what, "fixes": fixes.collect::<Value>() })
    };
    diagnosis.problems.iter().map(problem).collect()
}

fn candidate(candidate: &Candidate) -> Value {
    let version = candidate.interpreter().map(|interpreter| {
        let (major, minor, patch) = interpreter.version();
        format!("{major}.{minor}.{patch}")
    });
    let verdict = match candidate.verdict() {
        Verdict::Chosen(_) => "chosen",
        Verdict::Base(_) => "base",
        Verdict::Usable(_) => "usable",
        _ => "unusable",
    };
    json!({
        "source": candidate.source().to_string(),
        "path": candidate.path().to_string_lossy(),
        "version": version,
        "verdict": verdict,
        "problem": candidate.problem().map(ToString::to_string),
    })
}
