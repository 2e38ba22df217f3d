//! The look from inside, in a process of its own, and what is made of that process's end.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use callpy::doctor::{Diagnosis, Fact, Remedy, System};
use callpy::{Error, ErrorKind};
use serde_json::{Value, json};

use super::{Doctor, one_line};
use crate::failure::{Failure, Result};
use crate::signals;

/// Begins the line with the answer: what Python prints stands before it.
const ANSWER: &str = "callpy doctor: ";

/// Looks, and prints the answer.
pub(super) fn answer(doctor: &Doctor) -> Result<()> {
    let diagnosis = doctor.look().unwrap_or_else(|error| {
        let mut diagnosis = Diagnosis::default();
        diagnosis.trouble(true, one_line(&error), remedies(&error));
        diagnosis
    });
    let facts = diagnosis.facts.iter().map(|fact| json!([fact.section, fact.name, fact.value]));
    let facts: Vec<Value> = facts.collect();
    let troubles = super::report::troubles(&diagnosis);
    let mut stdout = std::io::stdout();
    // A line of its own, whatever was printed before it.
    writeln!(stdout, "\n{ANSWER}{}", json!({ "facts": facts, "troubles": troubles }))?;
    stdout.flush()?;
    Ok(())
}

/// Returns what an error itself says is to be done.
pub(super) fn remedies(error: &Error) -> Vec<Remedy> {
    let action = match error.kind() {
        ErrorKind::Environment => {
            "see whether the package index can be reached and the cache folder be written \
             (CALLPY_CACHE names another), and call again"
        }
        ErrorKind::Start => {
            "name another Python with --python or CALLPY_PYTHON, or install this one anew"
        }
        _ => return Vec::new(),
    };
    vec![Remedy { system: None, action: action.to_owned() }]
}

/// Has another process look, and takes its answer, or its end, into account.
pub(super) fn ask(doctor: &Doctor, limit: Duration) -> Result<Diagnosis> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::Failed(format!("this program can't be found: {error}")))?;
    let mut command = Command::new(program);
    command.args(["doctor", "--probe"]);
    if let Some(python) = &doctor.python {
        command.arg("--python").arg(python);
    }
    if let Some(target) = &doctor.target {
        command.arg("--").arg(target);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| Failure::Failed(format!("this program can't be run again: {error}")))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let ended = wait(&mut child, limit);
    let text = |reader: JoinHandle<String>| reader.join().unwrap_or_default();
    let Some(status) = ended else {
        // What it started may hold its pipes open, so nobody waits for their end.
        let mut diagnosis = Diagnosis::default();
        let what = format!(
            "starting Python and importing took longer than {} s; the process was ended",
            limit.as_secs()
        );
        let action = "see what the import waits for, or give it longer with --limit SECONDS";
        let remedies = vec![Remedy { system: None, action: action.to_owned() }];
        diagnosis.trouble(true, what, remedies);
        return Ok(diagnosis);
    };
    signals::check()?;
    let (stdout, stderr) = (text(stdout), text(stderr));
    let answer = stdout.lines().rev().find_map(|line| line.strip_prefix(ANSWER));
    let mut diagnosis = answer.and_then(|line| serde_json::from_str(line).ok()).map_or_else(
        || {
            let mut diagnosis = Diagnosis::default();
            let last = stderr.lines().rfind(|line| !line.trim().is_empty());
            let said =
                last.map_or("it said nothing".into(), |line| format!("its last words: {line}"));
            let or = doctor.target.as_ref().map(|target| format!(", or importing {target},"));
            let or = or.unwrap_or_default();
            let what = format!("starting this Python{or} ended the process ({status}); {said}");
            diagnosis.trouble(true, what, last_words(&stderr));
            diagnosis
        },
        |answer| parse(&answer),
    );
    if answer.is_some() && !status.success() {
        let what = format!("the process that had Python in it did not end well: {status}");
        diagnosis.trouble(false, what, Vec::new());
    }
    Ok(diagnosis)
}

/// What to do after a fatal error of CPython's.
fn last_words(stderr: &str) -> Vec<Remedy> {
    let action = if stderr.contains("PYTHONHOME") || stderr.contains("init_fs_encoding") {
        match System::of_this_machine() {
            Some(System::Windows) => "set PYTHONHOME=",
            _ => "unset PYTHONHOME",
        }
    } else {
        "name another Python with --python or CALLPY_PYTHON, or install this one anew"
    };
    vec![Remedy { system: None, action: action.to_owned() }]
}

fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end; none if that did not come in time, or the user wants out.
fn wait(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if begun.elapsed() >= limit || signals::has_come() {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn parse(answer: &Value) -> Diagnosis {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut diagnosis = Diagnosis::default();
    for fact in list(&answer["facts"]) {
        let (section, name, value) = (text(&fact[0]), text(&fact[1]), text(&fact[2]));
        diagnosis.facts.push(Fact { section, name, value });
    }
    for trouble in list(&answer["troubles"]) {
        let remedies = list(&trouble["remedies"]);
        let remedies = remedies.iter().map(|remedy| Remedy {
            system: System::named(remedy["system"].as_str().unwrap_or_default()),
            action: text(&remedy["action"]),
        });
        let fatal = trouble["fatal"].as_bool().unwrap_or(true);
        diagnosis.trouble(fatal, text(&trouble["what"]), remedies.collect());
    }
    diagnosis
}
