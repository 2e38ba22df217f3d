//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::Result;
use crate::rivals::{ALL, Rival};

/// Compare callpy with everything a user would otherwise choose.
///
/// A full run takes about twenty minutes, writes bench/results and the plots, and updates the
/// tables in README.md and docs/comparison.md. A partial run writes into target/bench only.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Options {
    /// Check every rival's answers with a call or two; write nothing
    #[arg(long)]
    pub(crate) quick: bool,

    /// Run only these rivals; `pyo3` means all whose names begin with it
    #[arg(long, value_delimiter = ',', value_name = "RIVAL")]
    rivals: Vec<String>,

    /// Run only these sizes
    #[arg(long, value_delimiter = ',', value_name = "DOUBLES")]
    sizes: Vec<usize>,

    /// Run only these numbers of threads
    #[arg(long, value_delimiter = ',', value_name = "THREADS")]
    threads: Vec<usize>,

    /// Set how many turns each rival has at each row
    #[arg(long, default_value_t = 11, value_name = "N")]
    repetitions: usize,

    /// List the rivals
    #[arg(long)]
    pub(crate) list: bool,

    /// Write the tables and plots of a whole run's record again, instead of measuring
    #[arg(long, value_name = "RECORD")]
    pub(crate) again: Option<PathBuf>,

    /// Run clippy on the rivals' code instead of running the rivals
    #[arg(long)]
    pub(crate) clippy: bool,
}

impl Options {
    pub(crate) fn rivals(&self) -> Result<Vec<&'static Rival>> {
        let matches = |rival: &Rival, name: &str| {
            rival
                .key
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if let Some(name) =
            self.rivals.iter().find(|name| !ALL.iter().any(|rival| matches(rival, name)))
        {
            return Err(format!("there is no rival {name:?}; --list names them").into());
        }
        let wanted = |rival: &&Rival| {
            self.rivals.is_empty()
                // The others are compared with these.
                || ["callpy", "callpy-attached"].contains(&rival.key)
                || self.rivals.iter().any(|name| matches(rival, name))
        };
        Ok(ALL.iter().filter(wanted).collect())
    }

    pub(crate) fn sizes(&self) -> Vec<usize> {
        match (&self.sizes[..], self.quick) {
            ([], false) => vec![0, 16, 1_000, 10_000, 100_000, 1_000_000, 10_000_000],
            ([], true) => vec![0, 16, 1_000, 100_000],
            (sizes, _) => sizes.to_vec(),
        }
    }

    pub(crate) fn threads(&self) -> Vec<usize> {
        match (&self.threads[..], self.quick) {
            ([], false) => vec![1, 2, 4, 8, 32],
            ([], true) => vec![8],
            (threads, _) => threads.to_vec(),
        }
    }

    pub(crate) fn repetitions(&self) -> usize {
        if self.quick { 1 } else { self.repetitions.max(1) }
    }

    pub(crate) fn is_whole(&self) -> bool {
        !self.quick && self.rivals.is_empty() && self.sizes.is_empty() && self.threads.is_empty()
    }
}
