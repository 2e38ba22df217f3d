//! Finds the Python to use: an ordered search, with a report on every candidate.
//!
//! The first of these that is usable is used:
//!
//! 1. the one that the program or the command line names, then the one that `CALLPY_PYTHON` names:
//!    an executable, the folder of an environment, a command such as `python3.12`, or a version;
//! 2. the environment that callpy made earlier for the declared requirements;
//! 3. the activated environment: `VIRTUAL_ENV`, then `CONDA_PREFIX`;
//! 4. `.venv` in the folder of the Python file to call or the nearest folder above it, then in the
//!    current folder or above: what uv, poetry and pdm create for a project;
//! 5. `python3`, then `python`, in any folder on PATH;
//! 6. if the requirements name versions of Python, and none of these has one: `python3.13`,
//!    `python3.12` and so on, on PATH; pyenv's Pythons; the one that `uv python find` finds.
//!
//! Where the requirements name no version, `requires-python` in the `pyproject.toml` of that folder or
//! the nearest above counts from step 5 on, unless a script's header declares the requirements.
//!
//! A named interpreter that can't be used is an error: no other is used instead. With declared
//! requirements, a named interpreter that meets them all is used as it is; otherwise callpy creates an
//! [environment](crate::environment) from the interpreter that the search finds.
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

mod places;
mod report;
mod search;

pub use report::{Candidate, Report, Source, Verdict};
pub(crate) use search::does_not_start;
pub use search::{Wanted, find, find_in, report, report_in};

pub use crate::exception::{is_own_environment, is_without_pip};
pub use crate::installation::{Context, Interpreter, Problem};
