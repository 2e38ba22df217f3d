//! Optional arguments: set one by one, and placed when the call is made.

use std::fmt;

use super::Dims;
use crate::convert::{Call, IntoPython};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::scope::Scope;

type Make<'a> = Box<dyn FnOnce(&mut Scope<'a>, &Dims) -> Result<Object> + 'a>;

/// The arguments that were set for parameters with a default.
#[derive(Default)]
pub struct Options<'a> {
    set: Vec<(&'static str, Make<'a>)>,
    /// `*args`.
    rest: Vec<Make<'a>>,
    /// `**kwargs`.
    extra: Vec<(String, Make<'a>)>,
}

/// An option that is about to become an argument.
pub struct Made<'a, 'd>(Make<'a>, &'d Dims);

impl<'a> IntoPython<'a> for Made<'a, '_> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        (self.0)(scope, self.1)
    }
}

impl<'a> Options<'a> {
    /// Sets a parameter; the last value counts.
    pub fn set(
        &mut self,
        name: &'static str,
        make: impl FnOnce(&mut Scope<'a>, &Dims) -> Result<Object> + 'a,
    ) {
        self.set.retain(|(other, _)| *other != name);
        self.set.push((name, Box::new(make)));
    }

    /// Adds one of `*args`.
    pub fn push(&mut self, make: impl FnOnce(&mut Scope<'a>, &Dims) -> Result<Object> + 'a) {
        self.rest.push(Box::new(make));
    }

    /// Adds one of `**kwargs`.
    pub fn extra(
        &mut self,
        name: impl Into<String>,
        make: impl FnOnce(&mut Scope<'a>, &Dims) -> Result<Object> + 'a,
    ) {
        self.extra.push((name.into(), Box::new(make)));
    }

    /// Places the positional arguments: those in `only`, and those in `either` if `*args` follow.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if one of them is unset before one that is set: Python fills positions
    /// from the left.
    pub fn positional(
        &mut self,
        call: &mut Call<'a>,
        dims: &Dims,
        only: &[&'static str],
        either: &[&'static str],
    ) -> Result<()> {
        let either = if self.rest.is_empty() { &[] } else { either };
        let mut unset = None;
        let gap = |set: &str, unset: &str| {
            Error::new(
                ErrorKind::Argument,
                format!("{set} is given by position, after {unset}: set {unset} as well"),
            )
        };
        for name in only.iter().chain(either) {
            match (self.set.iter().position(|(set, _)| set == name), unset) {
                (Some(_), Some(unset)) => return Err(gap(name, unset)),
                (Some(index), None) => call.positional(Made(self.set.remove(index).1, dims))?,
                (None, _) => unset = unset.or(Some(*name)),
            }
        }
        if let (false, Some(unset)) = (self.rest.is_empty(), unset) {
            return Err(gap("*args", unset));
        }
        self.rest.drain(..).try_for_each(|make| call.positional(Made(make, dims)))
    }

    /// Places the others as keyword arguments.
    ///
    /// # Errors
    ///
    /// Those of the conversions.
    pub fn named(self, call: &mut Call<'a>, dims: &Dims) -> Result<()> {
        for (name, make) in self.set {
            call.named(name, Made(make, dims))?;
        }
        self.extra.into_iter().try_for_each(|(name, make)| call.named(&name, Made(make, dims)))
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.set.iter().map(|(name, _)| *name);
        let extra = self.extra.iter().map(|(name, _)| name.as_str());
        f.debug_set().entries(names.chain(extra)).finish()
    }
}
