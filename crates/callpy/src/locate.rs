//! Which Python? An ordered search, and a report of every candidate tried.

use std::fmt;

/// What was tried in the search for a Python, in order.
#[derive(Debug, Clone, Default)]
pub struct Report {}

impl fmt::Display for Report {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
