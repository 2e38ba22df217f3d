//! Runs a program with a time limit, and passes on its lines as they arrive.
//!
//! Not part of the public interface: the command runs its own children through it.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Starts a program with the default action for every signal, even those that this process ignores.
///
/// ```
/// let mut child = callpy::child::spawn(std::process::Command::new("true").arg("to itself"))?;
/// assert!(child.wait()?.success());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// The same as for [`Command::spawn`], which nothing else in callpy calls.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    crate::raw::child::spawn(command)
}

/// Limits on what is stored of a program that prints endlessly.
const MOST_LINES: usize = 500;
const LONGEST_LINE: usize = 64 * 1024;

/// How a program ended, and the last lines it printed.
///
/// ```
/// use callpy::child::Ended;
///
/// fn last_line(ended: &Ended) -> &str {
///     ended.lines.back().map_or("it printed nothing", |line| line)
/// }
/// let ended = Ended { status: None, lines: ["one".to_owned(), "two".to_owned()].into() };
/// assert_eq!(last_line(&ended), "two");
/// ```
#[derive(Debug)]
pub struct Ended {
    /// None in a process that ignores SIGCHLD or waits for all its children elsewhere, since the system
    /// has then forgotten the child.
    pub status: Option<ExitStatus>,
    /// The last lines, of stdout and stderr together.
    pub lines: VecDeque<String>,
}

impl Ended {
    /// Returns the last lines as one text.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

/// Runs `command` with stdout and stderr in one stream, and calls `on_line` for each line.
///
/// # Errors
/// The program can't be started, or runs longer than `limit` (`ErrorKind::TimedOut`).
pub(crate) fn run(
    command: Command,
    limit: Option<Duration>,
    on_line: impl FnMut(&str),
) -> io::Result<Ended> {
    run_until(command, limit, &|| false, on_line)
}

/// How often `stop` is called.
pub(crate) const ASKED: Duration = Duration::from_millis(50);

/// How long an interrupted program may take to clean up.
#[cfg(unix)]
const CLEANUP: Duration = Duration::from_secs(5);

/// How long the output of a program is read after its end, while a process that it has left behind, such
/// as a server, holds its output open.
const LEFT_OPEN: Duration = Duration::from_secs(1);

/// Runs `command` with stdout and stderr in one stream, calls `on_line` for each line, and asks `stop`
/// several times a second whether to interrupt it.
///
/// ```
/// let mut command = std::process::Command::new("echo");
/// command.arg("hello");
/// let ended = callpy::child::run_until(command, None, &|| false, |line| assert_eq!(line, "hello"))?;
/// assert!(ended.status.is_some_and(|status| status.success()));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// The program can't be started, runs longer than `limit` (`ErrorKind::TimedOut`), or was stopped
/// (`ErrorKind::Interrupted`).
pub fn run_until(
    mut command: Command,
    limit: Option<Duration>,
    stop: &dyn Fn() -> bool,
    mut on_line: impl FnMut(&str),
) -> io::Result<Ended> {
    let (output, input) = io::pipe()?;
    command.stdout(input.try_clone()?).stderr(input);
    let mut child = spawn(&mut command)?;
    // Closes the command's writing end of the pipe, or the stream would never end.
    drop(command);

    // Bounded, so that a program that prints endlessly can't fill this process's memory.
    let (sender, receiver) = sync_channel(64);
    let reader = move || send_lines(output, &sender);
    if let Err(error) = crate::raw::process::spawn_thread("callpy-lines", reader) {
        kill(&mut child);
        return Err(error);
    }

    let mut deadline = limit.map(|limit| Instant::now() + limit);
    let mut lines = VecDeque::new();
    let mut has_ended = false;
    // How long to wait for the end of a program that prints no more: mostly it is about to end.
    let mut pause = Duration::from_micros(100);
    loop {
        if stop() {
            end(&mut child);
            return Err(io::ErrorKind::Interrupted.into());
        }
        if !has_ended && !is_running(&mut child) {
            has_ended = true;
            deadline = Some(Instant::now() + LEFT_OPEN);
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            if has_ended {
                break;
            }
            // The reader is not joined, since a grandchild may still hold the pipe open.
            kill(&mut child);
            return Err(io::ErrorKind::TimedOut.into());
        }
        match receiver.recv_timeout(left.unwrap_or(ASKED).min(ASKED)) {
            Ok(line) => {
                on_line(&line);
                if lines.len() == MOST_LINES {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if has_ended => break,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(pause.min(left.unwrap_or(pause)));
                pause = ASKED.min(pause * 2);
            }
        }
    }
    Ok(Ended { status: child.wait().ok(), lines })
}

/// Interrupts a program as Ctrl-C does, so that pip can clean up, and kills it if that takes too long.
fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        let deadline = Instant::now() + CLEANUP;
        crate::raw::child::interrupt(child);
        while is_running(child) && Instant::now() < deadline {
            thread::sleep(ASKED);
        }
    }
    kill(child);
}

fn kill(child: &mut Child) {
    // If it has ended, its id may belong to another process.
    if is_running(child) && child.kill().is_ok() {
        _ = child.wait();
    }
}

/// Returns whether a child runs; one that the system has forgotten has ended.
pub(crate) fn is_running(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}

fn send_lines(mut output: impl Read, sender: &SyncSender<String>) {
    let mut line = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = match output.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(count) => count,
            Err(_) => 0,
        };
        for &byte in &chunk[..count] {
            let ends = matches!(byte, b'\n' | b'\r');
            if !ends {
                line.push(byte);
            }
            let is_whole = ends || line.len() == LONGEST_LINE;
            if is_whole && send(&mut line, sender).is_err() {
                return;
            }
        }
        if count == 0 {
            _ = send(&mut line, sender);
            return;
        }
    }
}

/// Sends a line that is not empty; fails if the receiver is gone.
fn send(line: &mut Vec<u8>, sender: &SyncSender<String>) -> Result<(), ()> {
    let text = String::from_utf8_lossy(line).trim_end().to_owned();
    line.clear();
    if text.is_empty() { Ok(()) } else { sender.send(text).map_err(|_| ()) }
}

#[cfg(all(test, unix))]
#[allow(clippy::disallowed_methods, reason = "a test's parent")]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        command
    }

    #[test]
    fn lines_of_both_streams_arrive_in_order() {
        let mut seen = Vec::new();
        let script = "echo one; echo two >&2; printf 'three\\rfour\\n\\nfive'; exit 3";
        let ended = run(shell(script), None, |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
        assert_eq!(seen, ["one", "two", "three", "four", "five"]);
        assert_eq!(ended.text(), "one\ntwo\nthree\nfour\nfive\n");
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let limit = Some(Duration::from_millis(50));
        let error = run(shell("exec sleep 600"), limit, |_| ()).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // A program that prints endlessly neither fills the memory nor exceeds the limit.
        let error = run(shell("while :; do echo x; done"), limit, |_| ()).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // Nor does one that has closed its output.
        let closed = shell("exec >/dev/null 2>&1 sleep 600");
        let error = run(closed, limit, |_| ()).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_process_left_behind_does_not_count() {
        let script = "echo begun; sleep 600 & echo $!; exit 3";
        // A limit that is passed before the output is given up.
        let is_whole = |ended: &Ended| ended.lines.len() == 2;
        let run = || run(shell(script), Some(LEFT_OPEN), |_| ()).ok().filter(is_whole);
        // Which a slow machine may need for the start.
        let ended = (0..10).find_map(|_| run()).unwrap();
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
        assert_eq!(ended.lines[0], "begun");
        Command::new("kill").arg(&ended.lines[1]).status().unwrap();
    }

    #[test]
    fn an_interrupted_program_may_clean_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tidied");
        let script = format!(
            "trap 'touch {}; exit' INT; echo begun; while :; do sleep 0.01; done",
            file.display()
        );
        let begun = std::cell::Cell::new(false);
        let stopped = run_until(shell(&script), None, &|| begun.get(), |_| begun.set(true));
        assert_eq!(stopped.err().unwrap().kind(), io::ErrorKind::Interrupted);
        assert!(file.exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn signals_have_their_default_actions() {
        // Whatever this process ignores is not ignored there.
        const BLOCKING: &str = "--default-signal --block-signal";
        let ignoring = "CALLPY_TEST_IGNORING";
        if let Some(how) = std::env::var_os(ignoring) {
            for set in ["SigBlk", "SigIgn"] {
                let script = format!("sed -n 's/{set}:\t//p' /proc/self/status");
                let signals = run(shell(&script), None, |_| ()).unwrap().text();
                let signals = u64::from_str_radix(signals.trim(), 16).unwrap();
                // 32 and 33 are the C library's own.
                assert_eq!(signals & !(0b11 << 31), 0, "{set}");
            }
            // The terminal's signals to this process's group, which ignores them, do not reach it.
            let group = run(shell("ps -o pgid= -p $$; echo $$"), None, |_| ()).unwrap();
            let is_its_own = group.lines[0].trim() == group.lines[1];
            assert_eq!(is_its_own, how != *BLOCKING);
            return;
        }
        // Runs this test again in a process that ignores or blocks all signals that it can, or both.
        for how in ["--ignore-signal", BLOCKING, "--ignore-signal --block-signal"] {
            let mut command = Command::new("env");
            command.args(how.split(' ')).arg(std::env::current_exe().unwrap());
            command.args(["--exact", "child::tests::signals_have_their_default_actions"]);
            let ended = command.env(ignoring, how).output().unwrap();
            let output = String::from_utf8_lossy(&ended.stdout).into_owned();
            assert!(ended.status.success() && output.contains("1 passed"), "{how}: {output}");
        }
    }

    #[test]
    fn the_last_lines_are_stored() {
        let script = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo $i; done";
        let ended = run(shell(script), None, |_| ()).unwrap();
        assert_eq!(ended.lines.len(), MOST_LINES);
        assert_eq!(ended.lines.back().unwrap(), "1000");
    }
}
