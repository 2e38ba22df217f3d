//! Systems on which there are no workers yet.

use std::panic::Location;

use crate::cancel::Limits;
use crate::error::Result;
use crate::learn::Habit;
use crate::raw::Ref;
use crate::raw::call::ArgumentList;
use crate::scope::Scope;

/// There is none.
pub(crate) enum Pool {}

/// There is none.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    never: std::convert::Infallible,
    pub(crate) limits: Limits,
    pub(crate) retries: u32,
}

impl Remote {
    pub(crate) fn decide(&self, _: Habit) {
        match self.never {}
    }

    pub(crate) fn signature(&self) -> Result<Option<String>> {
        match self.never {}
    }

    pub(crate) fn call(
        &self,
        _: &mut Scope<'_>,
        _: &ArgumentList,
        _: &'static Location<'static>,
    ) -> Result<Ref> {
        match self.never {}
    }
}
