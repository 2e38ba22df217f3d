//! Finds out why a Python does not start: its error message, and the variable that causes it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::context::Context;
use super::launch::is_pythons;
use super::problem::Problem;
use crate::child;

/// The beginning of CPython's message when it ends the process.
const FATAL: &str = "Fatal Python error: ";

/// A Python that fails to start usually fails at once.
const LIMIT: Duration = Duration::from_secs(20);

/// Returns the problem in an interpreter's output, if it failed to start.
pub(super) fn of_output(output: &str, executable: &Path, context: &Context) -> Option<Problem> {
    let words = words(output)?;
    let variable = culprit(executable, context);
    Some(Problem::DoesNotStart { words, variable, output: output.to_owned() })
}

/// Runs an interpreter that failed to start in this process, and returns its problem; none if it starts.
pub(crate) fn reproduce(executable: &Path, context: &Context) -> Option<Problem> {
    of_output(&run(executable, context)?, executable, context)
}

fn run(executable: &Path, context: &Context) -> Option<String> {
    let mut command = context.command(executable);
    command.args(["-c", "pass"]);
    Some(child::run(command, Some(LIMIT), |_| ()).ok()?.text())
}

/// Finds the variable without which the interpreter starts.
fn culprit(executable: &Path, context: &Context) -> Option<(String, OsString)> {
    let own = context.variables().filter(|(name, _)| is_pythons(name));
    own.filter_map(|(name, value)| Some((name.to_str()?, value))).find_map(|(name, value)| {
        let output = run(executable, &context.without(&[name]))?;
        words(&output).is_none().then(|| (name.to_owned(), value.to_owned()))
    })
}

/// Returns CPython's message in one line: the fatal error, and the exception that caused it, with its
/// place.
fn words(output: &str) -> Option<String> {
    let mut lines = output.lines().skip_while(|line| !line.starts_with(FATAL));
    let mut words = lines.next()?.to_owned();
    // "Python runtime state: ...", then a traceback or only the exception.
    let rest: Vec<&str> = lines
        .take_while(|line| {
            !line.starts_with("Current thread") && !line.starts_with("Extension modules")
        })
        .filter(|line| !line.trim().is_empty() && !line.starts_with("Python runtime state"))
        .collect();
    if let Some(exception) = rest.last() {
        words += &format!(": {exception}");
    }
    let place = rest.iter().rev().find_map(|line| line.trim().strip_prefix("File "));
    if let Some(place) = place {
        // File "/x/sitecustomize.py", line 1, in <module>
        let place = place.split(", in ").next().unwrap_or(place).replace('"', "");
        words += &format!(" ({place})");
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_one_line() {
        let said = "Python path configuration:\n  sys.path = [\n  ]\n\
                    Fatal Python error: init_stdio_encoding: failed to get the codec\n\
                    Python runtime state: core initialized\nLookupError: unknown encoding: bogus\n\
                    Current thread 0x00007f8cf3ff7b80 (most recent call first):\n<no Python frame>\n";
        let line = "Fatal Python error: init_stdio_encoding: failed to get the codec: \
                    LookupError: unknown encoding: bogus";
        assert_eq!(words(said).as_deref(), Some(line));

        let said = "Fatal Python error: init_import_site: Failed to import the site module\n\
                    Python runtime state: initialized\nTraceback (most recent call last):\n  \
                    File \"<frozen site>\", line 548, in execsitecustomize\n  \
                    File \"/x/sitecustomize.py\", line 1, in <module>\n    raise SystemExit(3)\n\
                    SystemExit: 3\n";
        let line = "Fatal Python error: init_import_site: Failed to import the site module: \
                    SystemExit: 3 (/x/sitecustomize.py, line 1)";
        assert_eq!(words(said).as_deref(), Some(line));

        let said = "Fatal Python error: config_init_hash_seed: PYTHONHASHSEED must be\n";
        assert_eq!(words(said).as_deref(), Some(said.trim()));
        assert_eq!(words("Traceback:\nNameError: x\n"), None);
    }
}
