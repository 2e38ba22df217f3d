//! Syntax errors, with their place.

use std::fmt;

/// A syntax error in the Python source.
///
/// Unknown or malformed hints are not errors: they are part of the model, as
/// [`Type::Unknown`](crate::Type::Unknown) and [`Type::Invalid`](crate::Type::Invalid).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// What is wrong, in one line without the place.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Error {}
