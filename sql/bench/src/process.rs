//! A running rival: one line per command, one line per answer.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::rivals::{Program, Rival};
use crate::{Result, root};

/// A rival's process, which ends with this.
pub(crate) struct Process {
    rival: &'static Rival,
    python: PathBuf,
    child: Child,
    tell: Option<ChildStdin>,
    hear: Receiver<String>,
}

/// How long a query took, and what it returned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) nanoseconds: f64,
    /// The number of rows, and a digest of them in whatever order they are.
    pub(crate) rows: (u64, u64),
}

/// How long opening a table may take, which is not timed.
const OPENING: Duration = Duration::from_secs(300);

impl Process {
    pub(crate) fn start(rival: &'static Rival, python: &Path) -> Result<Process> {
        let rivals = root().join("sql/rivals");
        let mut command = match rival.program {
            Program::Script(script) => {
                let mut command = Command::new(python);
                command.arg(rivals.join(script));
                command
            }
            Program::Own => Command::new(std::env::current_exe()?),
        };
        let path = std::env::join_paths([rivals, root().join("examples/outliers")])?;
        let mut child = command
            .args(rival.arguments)
            .env("PYTHONPATH", path)
            .env("PYTHONWARNINGS", "ignore")
            .env("CALLPY_PYTHON", python)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let tell = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let (say, hear) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| say.send(line)));
        Ok(Process { rival, python: python.to_owned(), child, tell, hear })
    }

    fn ask(&mut self, command: &str, limit: Duration) -> Result<String> {
        if let Some(tell) = &mut self.tell {
            // A broken pipe shows up as the end of the answers.
            let _ = writeln!(tell, "{command}");
        }
        let line = match self.hear.recv_timeout(limit) {
            Ok(line) => line,
            Err(why) => {
                // Another one takes its place, which has no table open.
                let _ = self.child.kill();
                *self = Process::start(self.rival, &self.python.clone())?;
                return Err(match why {
                    RecvTimeoutError::Timeout => format!("more than {limit:?}"),
                    RecvTimeoutError::Disconnected => "it ended; see its messages".to_owned(),
                }
                .into());
            }
        };
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("ok", answer) => Ok(answer.to_owned()),
            ("error", reason) => Err(reason.into()),
            _ => Err(format!("{command}: it answered {line:?}").into()),
        }
    }

    pub(crate) fn open(&mut self, file: &Path) -> Result<()> {
        self.ask(&format!("open {}", file.display()), OPENING).map(drop)
    }

    /// Runs a query, which is ended with its process when it takes too long.
    pub(crate) fn run(&mut self, work: &str, limit: Duration) -> Result<Answer> {
        let answer = self.ask(&format!("run {work}"), limit)?;
        let [nanoseconds, length, digest] = answer.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("it answered {answer:?}").into());
        };
        Ok(Answer { nanoseconds: nanoseconds.parse()?, rows: (length.parse()?, digest.parse()?) })
    }
}

impl Drop for Process {
    /// Lets it end by itself, so that it also ends its children.
    fn drop(&mut self) {
        drop(self.tell.take());
        let _ = self.child.wait();
    }
}
