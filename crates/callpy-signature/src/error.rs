//! Why a Python file can't be read: its syntax, and where.

use std::fmt;

/// A syntax error in the Python source.
///
/// Hints that are merely unknown or odd are no errors: they are part of the model, as
/// [`Type::Unknown`](crate::Type::Unknown) and [`Type::Invalid`](crate::Type::Invalid).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// What is wrong there, as one line without the place.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Error {}
