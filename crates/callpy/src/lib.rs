//! Calls Python functions in memory: slices in, NumPy arrays out, nothing copied.
#![deny(unsafe_code)]

pub mod environment;
mod error;
pub mod locate;

pub use error::{Error, ErrorKind, PythonException, Result};
