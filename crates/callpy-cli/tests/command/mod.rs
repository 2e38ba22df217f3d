//! The built command, run in a folder of its own.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The header with which a function gets NumPy, the same as in outliers.py, so that all tests share one
/// environment. The first test creates it, in the user's own cache.
pub const NUMPY: &str = "\
# /// script
# requires-python = \">=3.8\"
# dependencies = [\"numpy>=1.21\"]
# ///
import numpy as np
";

/// A folder with functions and files of numbers.
pub struct Folder(TempDir);

/// The result of a run.
#[derive(Debug)]
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Folder {
    pub fn new() -> Folder {
        Folder(TempDir::new().unwrap())
    }

    /// A folder with functions that need NumPy, in f.py.
    pub fn with(functions: &str) -> Folder {
        Folder::new().file("f.py", format!("{NUMPY}\n{functions}"))
    }

    /// A folder with functions that need nothing, in f.py.
    pub fn plain(functions: &str) -> Folder {
        Folder::new().file("f.py", functions)
    }

    pub fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Folder {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// `callpy call` with these arguments, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.callpy(&[&["call"], arguments].concat())
    }

    /// `callpy` with these arguments, ready to run.
    pub fn callpy(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callpy"));
        command.current_dir(self.0.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, None)
    }

    pub fn pipe(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ended {
        self.run_with(arguments, Some(input.as_ref()))
    }

    fn run_with(&self, arguments: &[&str], input: Option<&[u8]>) -> Ended {
        let mut command = self.command(arguments);
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = callpy::child::spawn(&mut command).unwrap();
        if let Some(input) = input {
            // Fails if the command ends without reading its input.
            let _ = child.stdin.take().unwrap().write_all(input);
        }
        child.wait_with_output().unwrap().into()
    }

    /// Runs a function that is expected to succeed, and returns what it printed.
    #[track_caller]
    pub fn printed(&self, arguments: &[&str]) -> String {
        self.run(arguments).printed()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        Ended {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }
}

impl Ended {
    #[track_caller]
    pub fn printed(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Asserts an exit code, nothing on stdout, and words on stderr.
    #[track_caller]
    pub fn failed(self, code: i32, words: &[&str]) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }
}

/// The README's example: outliers.py and cpu.csv.
pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples")
}
