//! Runs the look from inside in a process of its own, and reports how that process ended.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::problem::{Diagnosis, Kind};
use crate::failure::{Result, check_signals, failed};
use crate::signals;

/// Marks the line with the answer, which follows what Python printed.
const ANSWER: &str = "callpy doctor: ";

/// How long a pipe must be silent after the process has ended for its text to count as complete.
const SILENCE: Duration = Duration::from_millis(300);

/// Prints the diagnosis of this process.
pub(super) fn answer(seen: &Diagnosis) -> Result<()> {
    let seen = seen.to_json();
    let mut stdout = std::io::stdout();
    // On a new line, since Python may have printed half a line.
    writeln!(stdout, "\n{ANSWER}{seen}")?;
    stdout.flush()?;
    Ok(())
}

/// Runs the look in another process, and adds its diagnosis, or how that process ended.
pub(super) fn ask(
    python: Option<&Path>,
    target: Option<&str>,
    limit: Duration,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let mut child = callpy::child::spawn(&mut command(python, target)?)
        .map_err(|error| failed(format_args!("can't run this program again: {error}")))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let ended = wait(&mut child, limit);
    check_signals()?;
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
        let last_line = match stderr.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => format!("its last line was: {line}"),
            None => "it printed nothing".to_owned(),
        };
        let what =
            format!("starting this Python{importing} ended the process ({status}); {last_line}");
        diagnosis.fatal(Kind::Crashed { with_target: target.is_some() }, what);
        return Ok(());
    };
    diagnosis.add_json(&seen);
    if !status.success() {
        let what = format!("the process that ran Python ended with an error: {status}");
        diagnosis.warning(Kind::Other, what);
    }
    Ok(())
}

/// Returns this program's command for the look from inside.
fn command(python: Option<&Path>, target: Option<&str>) -> Result<Command> {
    let program = std::env::current_exe()
        .map_err(|error| failed(format_args!("can't find this program: {error}")))?;
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

/// Reads a pipe on another thread.
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

/// Returns the output of a process that has ended.
///
/// It can't wait for the end of the pipe: a child that the process has left behind, such as a server,
/// may hold the pipe open.
fn text(pipe: &Receiver<Vec<u8>>) -> String {
    // Such a child may also print without end.
    let begun = Instant::now();
    let next = || pipe.recv_timeout(SILENCE).ok().filter(|_| begun.elapsed() < 10 * SILENCE);
    let bytes: Vec<u8> = std::iter::from_fn(next).flatten().collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the end; none if the limit is reached or the user stops the command first.
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
