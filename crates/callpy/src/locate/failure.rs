//! Why a Python that is there does not start: its own words, and the variable that is to blame.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::launch::is_pythons;
use super::report::Problem;
use super::surroundings::Surroundings;
use crate::child;

/// How CPython begins its words where it ends the process.
const FATAL: &str = "Fatal Python error: ";

/// One that fails to start fails at once.
const LIMIT: Duration = Duration::from_secs(20);

/// Returns the problem that this output of the interpreter tells of, if it is one of its start.
pub(super) fn of_output(output: &str, executable: &Path, around: &Surroundings) -> Option<Problem> {
    let words = words(output)?;
    let variable = culprit(executable, around);
    Some(Problem::DoesNotStart { words, variable, output: output.to_owned() })
}

/// Runs an interpreter whose start has failed in this process, and returns what it says itself; none if
/// it starts.
pub(crate) fn reproduce(executable: &Path, around: &Surroundings) -> Option<Problem> {
    of_output(&run(executable, around)?, executable, around)
}

fn run(executable: &Path, around: &Surroundings) -> Option<String> {
    let mut command = around.command(executable);
    command.args(["-c", "pass"]);
    Some(child::run(command, Some(LIMIT), |_| ()).ok()?.text())
}

/// Finds the variable without which the interpreter starts.
fn culprit(executable: &Path, around: &Surroundings) -> Option<(String, OsString)> {
    let own = around.variables().filter(|(name, _)| is_pythons(name));
    own.filter_map(|(name, value)| Some((name.to_str()?, value))).find_map(|(name, value)| {
        let output = run(executable, &around.without(&[name]))?;
        words(&output).is_none().then(|| (name.to_owned(), value.to_owned()))
    })
}

/// Puts CPython's last words on one line: the fatal error, and the exception behind it with its place.
fn words(output: &str) -> Option<String> {
    let mut lines = output.lines().skip_while(|line| !line.starts_with(FATAL));
    let mut words = lines.next()?.to_owned();
    // "Python runtime state: ...", then a traceback or the exception alone.
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
    fn the_last_words_on_one_line() {
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
