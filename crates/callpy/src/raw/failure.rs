//! What fails in `raw`, of which the rooms above make the error that a program gets.

use std::fmt;

/// Why a step of CPython's or NumPy's failed, where no Python exception says so.
#[derive(Debug)]
pub(crate) struct Failure(Box<Reason>);

#[derive(Debug)]
pub(crate) struct Reason {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What failed; each is a kind of the crate's error as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Start,
    Attach,
    Ending,
    Numpy,
}

impl Failure {
    #[cold]
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure(Box::new(Reason { kind, message: message.into(), source: None }))
    }

    pub(super) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Failure {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(crate) fn into_reason(self) -> Reason {
        *self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}
