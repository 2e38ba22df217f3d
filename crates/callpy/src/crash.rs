//! How a worker process ended in a call, in words and numbers.

use std::fmt;

/// How a worker ended in a call: the signal or the exit status, and its last words.
///
/// The content of [`ErrorKind::Crashed`](crate::ErrorKind::Crashed). `Display` writes it in one line.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use callpy::{ErrorKind, Python};
///
/// let workers = Python::builder().workers(1)?;
/// let exit = workers.function("os:_exit")?;
/// let error = exit.call::<()>(3).unwrap_err();
/// let ErrorKind::Crashed(crash) = error.kind() else { panic!("{error}") };
/// assert_eq!((crash.exit_status(), crash.signal()), (Some(3), None));
/// // It said nothing; after a segfault, these are Python's words, and where it was.
/// assert!(crash.stderr().is_empty() && crash.frames().is_empty());
/// assert_eq!(error.to_string(), "os:_exit: its worker crashed: it exited with status 3");
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Crash {
    pub(crate) ending: String,
    pub(crate) signal: Option<i32>,
    pub(crate) exit_status: Option<i32>,
    pub(crate) stderr: String,
}

impl Crash {
    /// Returns the signal that ended the worker; none if it exited.
    pub fn signal(&self) -> Option<i32> {
        self.signal
    }

    /// Returns the worker's exit status; none if a signal ended it.
    pub fn exit_status(&self) -> Option<i32> {
        self.exit_status
    }

    /// Returns the end of what the worker wrote to stderr, 8 KiB at most: Python's own words about the
    /// crash, and where each of its threads was.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// Returns where Python was, innermost first: the lines that `faulthandler` wrote of the thread
    /// that crashed. There are none where the process was killed or ended by itself.
    pub fn frames(&self) -> Vec<&str> {
        let lines = self.stderr.lines().skip_while(|line| !line.starts_with("Fatal Python error"));
        let lines = lines.skip_while(|line| !line.contains("(most recent call first)")).skip(1);
        let own = lines.take_while(|line| line.starts_with("  "));
        own.map(str::trim).filter(|line| !line.contains("\"<callpy>\"")).collect()
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its worker crashed: {}", self.ending)?;
        match self.frames().iter().find(|line| line.starts_with("File \"")) {
            Some(frame) => write!(f, " in {frame}"),
            None => Ok(()),
        }
    }
}
