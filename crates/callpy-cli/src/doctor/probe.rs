//! The look from inside, in a process of its own, and what that process's end says.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::problem::{Diagnosis, Kind};
use crate::failure::{Failure, Result};
use crate::signals;

/// Begins the line with the answer, which follows whatever Python printed.
const ANSWER: &str = "callpy doctor: ";

/// How long a pipe must be silent, once the process has ended, before its text is taken as complete.
const SILENCE: Duration = Duration::from_millis(300);

/// Prints what was seen in this process.
pub(super) fn answer(seen: &Diagnosis) -> Result<()> {
    let seen = seen.to_json();
    let mut stdout = std::io::stdout();
    // On a line of its own, whatever was printed before it.
    writeln!(stdout, "\n{ANSWER}{seen}")?;
    stdout.flush()?;
    Ok(())
}

/// Has another process look, and adds what it saw, or what its end says.
pub(super) fn ask(
    python: Option<&Path>,
    target: Option<&str>,
    limit: Duration,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let mut child = callpy::child::spawn(&mut command(python, target)?)
        .map_err(|error| Failure::Failed(format!("this program can't be run again: {error}")))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let ended = wait(&mut child, limit);
    signals::check()?;
    let Some(status) = ended else {
        let seconds = limit.as_secs();
        let what = format!(
            "starting Python and importing took longer than {seconds} s; the process was ended"
        );
        diagnosis.fatal(Kind::TimedOut, what);
        return Ok(());
    };
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    let answer = stdout.lines().rev().find_map(|line| line.strip_prefix(ANSWER));
    let Some(seen) = answer.and_then(|line| serde_json::from_str::<Value>(line).ok()) else {
        let importing = match target {
            Some(target) => format!(", or importing {target},"),
            None => String::new(),
        };
        let last_words = match stderr.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => format!("its last words: {line}"),
            None => "it said nothing".to_owned(),
        };
        let what =
            format!("starting this Python{importing} ended the process ({status}); {last_words}");
        diagnosis.fatal(Kind::Crashed { with_target: target.is_some() }, what);
        return Ok(());
    };
    diagnosis.add_json(&seen);
    if !status.success() {
        let what = format!("the process with Python in it ended with an error: {status}");
        diagnosis.warning(Kind::Other, what);
    }
    Ok(())
}

/// Returns this command with its look from inside.
fn command(python: Option<&Path>, target: Option<&str>) -> Result<Command> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::Failed(format!("this program can't be found: {error}")))?;
    let mut command = Command::new(program);
    command.args(["doctor", "--probe"]);
    if let Some(python) = python {
        command.arg("--python").arg(python);
    }
    if let Some(target) = target {
        command.arg("--").arg(target);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
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

/// Waits for the end; none if the limit is reached first, or the user stops the command.
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
