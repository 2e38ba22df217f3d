//! Which Python? An ordered search, and a report of every candidate tried.
//!
//! The first of these that can be used is used:
//!
//! 1. the one that the program or the command line names, then the one that `CALLPY_PYTHON` names:
//!    an executable, the folder of an environment, a command such as `python3.12`, or a version;
//! 2. the environment that callpy made earlier for the declared requirements;
//! 3. the activated environment: `VIRTUAL_ENV`, then `CONDA_PREFIX`;
//! 4. `.venv` in the current folder or the nearest folder above it;
//! 5. `python3`, then `python`, wherever they are on PATH.
//!
//! One that is named and can't be used is an error: no other is taken in its place. With declared
//! requirements, a named interpreter that has all of them is used as it is; else what the search
//! finds is the base from which an [environment](crate::environment) is made.
//!
//! ```
//! use callpy::locate::{self, Wanted};
//!
//! let report = locate::report(&Wanted::default())?;
//! println!("{report}");
//! if let Some(python) = report.chosen().and_then(|candidate| candidate.interpreter()) {
//!     println!("libpython is {}", python.libpython().display());
//! }
//! # Ok::<(), callpy::Error>(())
//! ```

pub(crate) mod cache;
mod facts;
mod failure;
mod launch;
mod report;
mod search;
mod surroundings;

pub(crate) use cache::{age, hash, load, stamp, store, write};
pub use facts::Interpreter;
pub(crate) use facts::{ANSWER, interpreter};
pub(crate) use failure::reproduce;
pub(crate) use launch::is_pythons;
pub use report::{Candidate, Problem, Report, Source, Verdict};
pub use search::{Wanted, find, find_in, report, report_in};
pub(crate) use search::{does_not_start, python_in};
pub use surroundings::Surroundings;
