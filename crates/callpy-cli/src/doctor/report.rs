//! A diagnosis as people read it, and as programs do.

use std::fmt::Write as _;
use std::io::Write as _;

use callpy::doctor::{Diagnosis, Trouble};
use callpy::locate::{Candidate, Verdict};
use serde_json::{Map, Value, json};

use crate::failure::Result;

/// Returns the verdict, as one line.
fn summary(diagnosis: &Diagnosis) -> String {
    let fact = |section: &str, name: &str| {
        let is = |fact: &&callpy::doctor::Fact| fact.section == section && fact.name == name;
        diagnosis.facts.iter().find(is).map(|fact| fact.value.as_str())
    };
    let python = match fact("running", "version").or_else(|| fact("Python", "version")) {
        Some(version) => format!("Python {version}"),
        None => "Python".to_owned(),
    };
    let numpy = fact("NumPy", "version").map(|version| format!(" with NumPy {version}"));
    let mut fatal = diagnosis.troubles.iter().filter(|trouble| trouble.fatal);
    match diagnosis.works() {
        true => format!("callpy can call {python}{}", numpy.unwrap_or_default()),
        false if fatal.all(|trouble| trouble.what.starts_with("NumPy")) => {
            format!("callpy can start {python}, but can't give it arrays")
        }
        false => format!("callpy can't call {python} here"),
    }
}

/// Prints the diagnosis.
pub(super) fn print(diagnosis: &Diagnosis, target: Option<&str>) -> Result<()> {
    let (bold, dim, end) = ("\x1b[1m", "\x1b[2m", "\x1b[0m");
    let mut text = String::new();
    let colour = if diagnosis.works() { "\x1b[32m" } else { "\x1b[31m" };
    let _ = writeln!(text, "{bold}{colour}{}{end}", summary(diagnosis));
    for Trouble { fatal, what, remedies } in &diagnosis.troubles {
        let kind = if *fatal { "\x1b[31mtrouble\x1b[0m" } else { "\x1b[33mwarning\x1b[0m" };
        let _ = writeln!(text, "\n{kind}: {what}");
        let Some((first, others)) = remedies.split_first() else { continue };
        let _ = writeln!(text, "  -> {bold}{}{end}", first.action);
        let mut told = vec![&first.action];
        for other in others {
            if !told.contains(&&other.action) {
                told.push(&other.action);
                let _ = writeln!(text, "{dim}     {other}{end}");
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
        let _ = writeln!(text, "\n{bold}Where Python was looked for, in this order{end}");
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
        "troubles": troubles(diagnosis),
        "facts": facts,
        "candidates": candidates,
    })
    .to_string()
}

/// Returns the troubles as JSON.
pub(super) fn troubles(diagnosis: &Diagnosis) -> Value {
    let troubles = diagnosis.troubles.iter().map(|Trouble { fatal, what, remedies }| {
        let remedies = remedies.iter().map(|remedy| {
            json!({ "system": remedy.system.map(|system| system.to_string()), "action": remedy.action })
        });
        json!({ "fatal": fatal, "what": what, "remedies": remedies.collect::<Vec<Value>>() })
    });
    troubles.collect()
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
