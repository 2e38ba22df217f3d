//! The functions of a module, as they are called in this process or on workers.

use std::fmt;
use std::time::Duration;

use super::{Function, Place};
use crate::call;
use crate::cancel::Cancel;
use crate::convert::{Call, FromPython};
use crate::error::Result;
use crate::workers::Workers;

/// All functions of a module, each by its place.
#[derive(Clone)]
pub struct Functions {
    declared: &'static [Function],
    /// The same on workers; `None` in this process.
    on: Option<Vec<call::Function>>,
}

impl Functions {
    /// Declares functions that are called in this process.
    pub const fn here(declared: &'static [Function]) -> Functions {
        Functions { declared, on: None }
    }

    /// Finds the same functions on workers, which import them.
    ///
    /// # Errors
    ///
    /// As [`Workers::function`].
    pub fn on(&self, workers: &Workers) -> Result<Functions> {
        let Some(first) = self.declared.first() else { return Ok(self.clone()) };
        let module = first.module.target().map_err(|error| error.at(first.module.name))?;
        let functions = self.declared.iter().map(|function| function.on(workers, &module));
        Ok(Functions { declared: self.declared, on: Some(functions.collect::<Result<_>>()?) })
    }

    /// Calls the function at a place with the arguments that the closure places.
    ///
    /// # Errors
    ///
    /// As [`Function::call`].
    #[inline]
    #[track_caller]
    pub fn call<'a, R, P>(&self, place: usize, arguments: P) -> Result<R>
    where
        R: FromPython,
        P: FnOnce(&mut Call<'a>) -> Result<()>,
    {
        let function = match &self.on {
            None => self.declared[place].get()?,
            Some(on) => &on[place],
        };
        function.call(Place(arguments))
    }

    /// As [`call::Function::within`], for each of them.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Functions {
        self.changed(|function| function.within(limit))
    }

    /// As [`call::Function::cancelled_by`], for each of them.
    #[must_use]
    pub fn cancelled_by(&self, cancel: &Cancel) -> Functions {
        self.changed(|function| function.cancelled_by(cancel))
    }

    /// As [`call::Function::retries`], for each of them.
    #[must_use]
    pub fn retries(&self, most: u32) -> Functions {
        self.changed(|function| function.retries(most))
    }

    fn changed(&self, change: impl Fn(&call::Function) -> call::Function) -> Functions {
        let on = self.on.as_ref().map(|functions| functions.iter().map(change).collect());
        Functions { declared: self.declared, on }
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.declared.iter().map(|function| function.name)).finish()
    }
}
