//! Why the command ends early, and with which exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

use anstream::eprintln;
use callpy::ErrorKind;

use crate::{helper, signals};

/// The outcome of a step of the command.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// The end of the command before its work is done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command is used wrongly; the text says how it is used well. Exit code 2.
    Usage(String),
    /// It is used well, and didn't succeed. Exit code 1.
    Failed(String),
    /// Python raised an exception: its traceback, and what to do if that is known. Exit code 1.
    Exception { type_name: String, traceback: String, help: Option<String> },
    /// The function ended the program, as `sys.exit` does.
    Exit(u8),
    /// Ctrl-C or a termination: the process ends by that signal. Where Python was, if it was there.
    Interrupted { place: Option<String> },
    /// Whoever read the output has enough of it: no failure. Exit code 0.
    BrokenPipe,
}

impl Failure {
    /// Tells the user, and returns the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let error = "\x1b[1m\x1b[31merror:\x1b[0m";
        match self {
            Failure::Usage(text) => {
                eprintln!("{error} {text}\n\nFor more information, try '--help'.");
                ExitCode::from(2)
            }
            Failure::Failed(text) => {
                eprintln!("{error} {text}");
                ExitCode::FAILURE
            }
            Failure::Exception { traceback, help, .. } => {
                eprintln!("{}", traceback.trim_end());
                if let Some(help) = help {
                    eprintln!("\x1b[1m\x1b[32mhelp:\x1b[0m {help}");
                }
                ExitCode::FAILURE
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

impl From<callpy::Error> for Failure {
    fn from(error: callpy::Error) -> Self {
        let Some(exception) = error.exception() else {
            return match error.kind() {
                ErrorKind::Environment if signals::has_come() => {
                    Failure::Interrupted { place: None }
                }
                ErrorKind::Target => Failure::Usage(error.to_string()),
                _ => Failure::Failed(format!("{error:#}")),
            };
        };
        match (exception.module(), exception.type_name()) {
            (helper::MODULE, "Usage") => Failure::Usage(exception.message().to_owned()),
            (helper::MODULE, "Failure") => Failure::Failed(exception.message().to_owned()),
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

/// Returns the innermost place that a traceback names, of the user's own if there is one:
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

/// Ends as python does: a number is the exit code, a text is printed.
fn exit(status: &str) -> Failure {
    match status {
        "" | "None" => Failure::Exit(0),
        _ => match status.parse::<i64>() {
            // The system keeps the low byte.
            Ok(code) => Failure::Exit(code as u8),
            Err(_) => Failure::Exception {
                type_name: "SystemExit".to_owned(),
                traceback: status.to_owned(),
                help: None,
            },
        },
    }
}

/// What writing our own output may lead to.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Failed(format!("the output can't be written: {error}")),
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
