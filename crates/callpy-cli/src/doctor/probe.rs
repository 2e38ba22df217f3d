//! Runs the look from inside in a process of its own, and reports how that process ended.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use callpy::child::run_until;

use super::problem::{Diagnosis, Kind};
use crate::failure::{Result, check_signals, failed};
use crate::signals;

/// Marks the lines of the answer among those that Python printed.
const ANSWER: &str = "callpy doctor: ";

/// Prints the diagnosis of this process.
pub(super) fn answer(seen: &Diagnosis) -> Result<()> {
    // On a new line, since Python may have printed half a line.
    let lines = seen.to_lines().into_iter().map(|line| format!("\n{ANSWER}{line}"));
    Ok(writeln!(io::stdout(), "{}", lines.collect::<String>())?)
}

/// Runs the look in another process, and adds its diagnosis, or how that process ended.
pub(super) fn ask(
    options: Vec<OsString>,
    target: Option<&str>,
    limit: Duration,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let ended = run_until(command(options, target)?, Some(limit), &signals::has_come, |_| ());
    check_signals()?;
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            let seconds = limit.as_secs();
            let what = format!(
                "starting Python and importing took longer than {seconds} s; the process was ended"
            );
            diagnosis.fatal(Kind::TimedOut, what);
            return Ok(());
        }
        Err(error) => return Err(failed(format_args!("can't run this program again: {error}"))),
    };
    let status = ended.status.map_or("unknown status".to_owned(), |status| status.to_string());
    let mut answer = ended.lines.iter().filter_map(|line| line.strip_prefix(ANSWER)).peekable();
    if answer.peek().is_none() {
        let importing = match target {
            Some(target) => format!(", or importing {target},"),
            None => String::new(),
        };
        let last_line = match ended.lines.back() {
            Some(line) => format!("its last line was: {line}"),
            None => "it printed nothing".to_owned(),
        };
        let what =
            format!("starting this Python{importing} ended the process ({status}); {last_line}");
        diagnosis.fatal(Kind::Crashed { with_target: target.is_some() }, what);
        return Ok(());
    }
    answer.for_each(|line| diagnosis.add_line(line));
    if !ended.status.is_some_and(|status| status.success()) {
        let what = format!("the process that ran Python ended with an error: {status}");
        diagnosis.possible(Kind::Other, what);
    }
    Ok(())
}

/// Returns this program's command for the look from inside.
fn command(options: Vec<OsString>, target: Option<&str>) -> Result<Command> {
    let program = std::env::current_exe()
        .map_err(|error| failed(format_args!("can't find this program: {error}")))?;
    let mut command = Command::new(program);
    command.args(["doctor", "--probe"]).args(options);
    if let Some(target) = target {
        command.arg("--").arg(target);
    }
    command.stdin(Stdio::null());
    Ok(command)
}
