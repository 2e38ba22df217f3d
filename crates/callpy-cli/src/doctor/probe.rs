//! The look from inside, in a process of its own, and what is made of that process's end.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use callpy::doctor::{Diagnosis, Fact, Remedy, System};
use callpy::locate::Problem;
use callpy::{Error, ErrorKind};
use serde_json::{Value, json};

use super::{Doctor, one_line};
use crate::failure::{Failure, Result};
use crate::signals;

/// Begins the line with the answer: what Python prints stands before it.
const ANSWER: &str = "callpy doctor: ";

/// How long a pipe may be silent, once the process is gone, before what came through it is all.
const SILENCE: Duration = Duration::from_millis(300);

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
    let Some(status) = ended else {
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
    let (stdout, stderr) = (text(&stdout), text(&stderr));
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
            diagnosis.trouble(true, what, last_words(&stderr, doctor));
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
fn last_words(stderr: &str, doctor: &Doctor) -> Vec<Remedy> {
    if stderr.contains("PYTHONHOME") || stderr.contains("init_fs_encoding") {
        return Problem::PythonHome { home: "".into() }.remedies("".as_ref());
    }
    let action = if doctor.target.is_some() {
        "run `callpy doctor` without the target: if that ends well, the module ends the process; if \
         not, name another Python with --python or CALLPY_PYTHON, or install this one anew"
    } else {
        "name another Python with --python or CALLPY_PYTHON, or install this one anew"
    };
    vec![Remedy { system: None, action: action.to_owned() }]
}

/// Reads a pipe as the bytes come, on a thread of its own.
fn read(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let Some(mut pipe) = pipe else { return };
        let mut chunk = [0; 4096];
        loop {
            match pipe.read(&mut chunk) {
                Ok(count @ 1..) if sender.send(chunk[..count].to_vec()).is_ok() => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    });
    receiver
}

/// Returns what an ended process wrote.
///
/// Not up to the pipe's end: what the process started, a server that a target leaves behind, may hold
/// the pipe open for as long as it likes.
fn text(pipe: &Receiver<Vec<u8>>) -> String {
    // One that prints without end is not listened to for ever.
    let begun = Instant::now();
    let next = || pipe.recv_timeout(SILENCE).ok().filter(|_| begun.elapsed() < 10 * SILENCE);
    let bytes: Vec<u8> = std::iter::from_fn(next).flatten().collect();
    String::from_utf8_lossy(&bytes).into_owned()
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
