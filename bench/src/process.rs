//! A running rival: one line per command, one line per answer.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;
use crate::python::Environment;
use crate::rivals::{Program, Rival};

/// A rival's process, which ends with this.
pub(crate) struct Process {
    child: Child,
    tell: Option<ChildStdin>,
    hear: Lines<BufReader<ChildStdout>>,
}

/// What a call returned, and what it copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) length: usize,
    pub(crate) digest: u64,
    pub(crate) copied: usize,
}

impl Process {
    pub(crate) fn start(rival: &Rival, program: &Path, python: &Environment) -> Result<Process> {
        let mut command = match rival.program {
            Program::Script(_) => {
                let mut command = Command::new(python.interpreter.executable());
                command.arg(program);
                command
            }
            _ => Command::new(program),
        };
        python.prepare(&mut command, rival.program.is_linked());
        command.envs(rival.variables.iter().copied());
        command.args(rival.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let tell = child.stdin.take();
        let hear = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Ok(Process { child, tell, hear })
    }

    fn ask(&mut self, command: &str) -> Result<String> {
        if let Some(tell) = &mut self.tell {
            // A broken pipe shows up as the end of the answers.
            let _ = writeln!(tell, "{command}");
        }
        let line = self.hear.next().ok_or("it ended; its messages are above")??;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("ok", answer) => Ok(answer.to_owned()),
            ("error", reason) => Err(format!("{command}: {reason}").into()),
            _ => Err(format!("{command}: it answered {line:?}").into()),
        }
    }

    pub(crate) fn check(&mut self, work: &str, size: usize) -> Result<Answer> {
        let answer = self.ask(&format!("check {work} {size}"))?;
        let [length, digest, copied] = answer.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("it answered {answer:?}").into());
        };
        Ok(Answer { length: length.parse()?, digest: digest.parse()?, copied: copied.parse()? })
    }

    /// Returns the nanoseconds in which every thread made `count` calls.
    pub(crate) fn time(
        &mut self,
        work: &str,
        size: usize,
        threads: usize,
        count: usize,
    ) -> Result<f64> {
        Ok(self.ask(&format!("time {work} {size} {threads} {count}"))?.parse()?)
    }

    /// Returns the nanoseconds of each of `count` calls of every thread.
    pub(crate) fn sample(
        &mut self,
        work: &str,
        size: usize,
        threads: usize,
        count: usize,
    ) -> Result<Vec<f64>> {
        let answer = self.ask(&format!("sample {work} {size} {threads} {count}"))?;
        Ok(answer.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
    }

    /// Returns the peak memory of the process and its children; none where /proc does not tell.
    pub(crate) fn peak(&self) -> Option<u64> {
        let mut family = vec![self.child.id()];
        let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
            .ok()?
            .filter_map(|entry| {
                let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
                Some((id, status(id, "PPid:")? as u32))
            })
            .collect();
        let mut next = 0;
        while let Some(parent) = family.get(next).copied() {
            family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
            next += 1;
        }
        family.into_iter().map(|id| Some(status(id, "VmHWM:")? * 1024)).sum()
    }
}

fn status(id: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Drop for Process {
    /// Lets it end by itself, so that it also ends its children.
    fn drop(&mut self) {
        drop(self.tell.take());
        let _ = self.child.wait();
    }
}
