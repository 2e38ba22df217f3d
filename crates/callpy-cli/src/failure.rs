//! Why the command ends early, and with which exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

use anstream::eprintln;
use callpy::ErrorKind;

use crate::signals;

/// The result of a step of the command.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// The name under which Python knows command.py, whose exceptions become failures here.
pub(crate) const COMMAND_MODULE: &str = "callpy_command";

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong. Exit code 2, and a hint at `--help`.
    Usage(String),
    /// A file, column, module or function that the command line names can't be used. Exit code 2.
    Input(String),
    /// The work failed, and how to fix that, if it is known. Exit code 1.
    Failed { text: String, fix: Option<String> },
    /// Python raised an exception: its traceback, and a hint, if there is one. Exit code 1.
    Exception { type_name: String, traceback: String, help: Option<String> },
    /// The function called `sys.exit`.
    Exit(u8),
    /// Ctrl-C or SIGTERM: the process ends by that signal. Where Python was, if it was running.
    Interrupted { place: Option<String> },
    /// The reader of the output closed the pipe, as `head` does. Exit code 0.
    BrokenPipe,
}

impl Failure {
    /// Prints the failure, and returns the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let error = "\x1b[1m\x1b[31merror:\x1b[0m";
        let print_after = |label, text: Option<String>| {
            if let Some(text) = text {
                eprintln!("\x1b[1m\x1b[32m{label}:\x1b[0m {text}");
            }
            ExitCode::FAILURE
        };
        match self {
            Failure::Usage(text) => {
                eprintln!("{error} {text}\n\nFor more information, try '--help'.");
                ExitCode::from(2)
            }
            Failure::Input(text) => {
                eprintln!("{error} {text}");
                ExitCode::from(2)
            }
            Failure::Failed { text, fix } => {
                eprintln!("{error} {text}");
                print_after("fix", fix)
            }
            Failure::Exception { traceback, help, .. } => {
                eprintln!("{}", traceback.trim_end());
                print_after("help", help)
            }
            Failure::Exit(code) => ExitCode::from(code),
            Failure::Interrupted { place } => {
                if let Some(place) = place {
                    eprintln!("{error} interrupted in {place}");
                }
                ExitCode::from(signals::end())
            }
            Failure::BrokenPipe => ExitCode::SUCCESS,
        }
    }
}

/// Makes a [`Failure::Usage`].
pub(crate) fn usage<T>(text: impl fmt::Display) -> Result<T> {
    Err(Failure::Usage(text.to_string()))
}

/// Makes a [`Failure::Input`].
pub(crate) fn bad_input<T>(text: impl fmt::Display) -> Result<T> {
    Err(Failure::Input(text.to_string()))
}

/// Makes a [`Failure::Failed`] without a fix.
pub(crate) fn failed(text: impl fmt::Display) -> Failure {
    Failure::Failed { text: text.to_string(), fix: None }
}

/// Fails if Ctrl-C or SIGTERM has asked the command to end.
pub(crate) fn check_signals() -> Result<()> {
    match signals::has_come() {
        true => Err(Failure::Interrupted { place: None }),
        false => Ok(()),
    }
}

impl From<callpy::Error> for Failure {
    fn from(error: callpy::Error) -> Self {
        let Some(exception) = error.exception() else {
            return match error.kind() {
                ErrorKind::Environment if signals::has_come() => {
                    Failure::Interrupted { place: None }
                }
                ErrorKind::Target => Failure::Input(error.to_string()),
                // A report on one Python or none says what the message has said already.
                ErrorKind::Locate(report) if report.candidates().len() < 2 => failed(error),
                _ => failed(format_args!("{error:#}")),
            };
        };
        match (exception.module(), exception.type_name()) {
            (COMMAND_MODULE, "InputError") => Failure::Input(exception.message().to_owned()),
            (COMMAND_MODULE, "Failure") => failed(exception.message()),
            ("builtins", "KeyboardInterrupt") => {
                Failure::Interrupted { place: place(exception.traceback()) }
            }
            ("builtins", "SystemExit") => exit(exception.message()),
            (_, type_name) => Failure::Exception {
                type_name: type_name.to_owned(),
                traceback: exception.traceback().to_owned(),
                help: error.hint().map(str::to_owned),
            },
        }
    }
}

/// Returns the innermost place in a traceback, in the user's own files if there is one:
/// `f (f.py, line 3)`.
fn place(traceback: &str) -> Option<String> {
    let frame = |line: &str| {
        let (file, rest) = line.strip_prefix("  File \"")?.split_once("\", line ")?;
        let (line, function) = rest.split_once(", in ")?;
        let is_own = !file.contains("/lib/python3") && !file.contains("site-packages");
        let place = format!("{function} ({file}, line {line})");
        (!file.starts_with('<')).then_some((is_own, place))
    };
    let frames = || traceback.lines().rev().filter_map(frame);
    frames().find(|(is_own, _)| *is_own).or_else(|| frames().next()).map(|(_, place)| place)
}

/// Exits as python does: a number is the exit code, a text is printed.
fn exit(status: &str) -> Failure {
    match status {
        "" | "None" => Failure::Exit(0),
        _ => match status.parse::<i64>() {
            // The system only uses the low byte.
            Ok(code) => Failure::Exit(code as u8),
            Err(_) => Failure::Exception {
                type_name: "SystemExit".to_owned(),
                traceback: status.to_owned(),
                help: None,
            },
        },
    }
}

/// The errors of writing our own output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => failed(format_args!("can't write the output: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_python_was() {
        let traceback = "Traceback (most recent call last):\n  File \"a b.py\", line 7, in outer\n    \
                         inner()\n  File \"a b.py\", line 3, in inner\n    sleep(1)\nKeyboardInterrupt\n";
        assert_eq!(place(traceback).unwrap(), "inner (a b.py, line 3)");
        let library = "  File \"/usr/lib/python3.11/selectors.py\", line 9, in select\n";
        assert_eq!(place(&format!("{traceback}{library}")).unwrap(), "inner (a b.py, line 3)");
        assert_eq!(place(library).unwrap(), "select (/usr/lib/python3.11/selectors.py, line 9)");
        assert_eq!(place("KeyboardInterrupt\n"), None);
    }
}
