//! Instances of classes: their methods, properties and contexts, looked up in the instance, which may be of a
//! subclass.

use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::OnceLock;

use super::{Module, Place, Usage, compare, signature};
use crate::call::CalledObject;
use crate::convert::{Call, FromPython, Ignored, IntoPython};
use crate::error::{Error, Result};
use crate::learn::{Habit, Learned};
use crate::object::Object;
use crate::queue;
use crate::raw::call::Seldom;
use crate::raw::callback::panic_message;
use crate::raw::{Attached, Attachment, Outcome, Ref};
use crate::scope::Scope;
use crate::support;

/// A method of the instances of a class.
pub struct Method {
    module: &'static Module,
    /// `Class.method`.
    path: &'static str,
    signature: &'static str,
    check: bool,
    usage: Usage,
    checked: OnceLock<()>,
}

impl Method {
    /// Declares a method.
    pub const fn new(
        module: &'static Module,
        path: &'static str,
        signature: &'static str,
        check: bool,
    ) -> Method {
        let usage = Usage::Learned;
        Method { module, path, signature, check, usage, checked: OnceLock::new() }
    }

    /// Declares that the method retains its arguments.
    #[must_use]
    pub const fn retains(mut self) -> Method {
        self.usage = Usage::Retains;
        self
    }

    /// Declares that the method does not retain its arguments.
    #[must_use]
    pub const fn lends(mut self) -> Method {
        self.usage = Usage::Lends;
        self
    }

    /// Calls the method of an instance with the arguments that the closure places.
    ///
    /// # Errors
    ///
    /// As [`Object::call_method`].
    #[track_caller]
    pub fn call<'a, R, P>(&self, object: &Object, place: P) -> Result<R>
    where
        R: FromPython,
        P: FnOnce(&mut Call<'a>) -> Result<()>,
    {
        static RETAINS: Learned = Learned::decided(Habit::Retains);
        static LENDS: Learned = Learned::decided(Habit::Lends);
        let site = Location::caller();
        if self.check && self.checked.get().is_none() {
            self.compare()?;
        }
        // One turn and one attachment for the look-up and the call.
        let pace = self as *const Method;
        let _turn = queue::enter(|| Some(pace.addr()));
        let _attachment = Attachment::new()?;
        let name = self.path.rsplit('.').next().unwrap_or(self.path);
        let method = object.attr(name).map_err(|error| error.at(self.name()))?;
        let learned = match self.usage {
            Usage::Learned => None,
            Usage::Retains => Some(&RETAINS),
            Usage::Lends => Some(&LENDS),
        };
        let callee = CalledObject { object: &method.0, name: || self.name(), learned };
        Call::run(&callee, site, Place(place), &mut Seldom::none())
    }

    fn name(&self) -> String {
        format!("{}:{}", self.module.name, self.path)
    }

    #[cold]
    fn compare(&self) -> Result<()> {
        let method = self.module.get()?.function(self.path)?;
        compare(self.module, self.path, self.signature, || signature(method.object()))?;
        self.checked.get_or_init(|| ());
        Ok(())
    }
}

/// Reads a property.
///
/// # Errors
///
/// What the property raised, and that of the conversion.
#[track_caller]
pub fn get<R: FromPython>(object: &Object, module: &Module, path: &str, name: &str) -> Result<R> {
    let at = |error: Error| error.at(format_args!("{}:{path}", module.name));
    let value = object.attr(name).map_err(at)?;
    let mut scope = Scope::new()?;
    R::from_python(value, &mut scope).map_err(at)
}

/// Sets a property, which retains the value.
///
/// # Errors
///
/// What the property raised, and that of the conversion.
#[track_caller]
pub fn set_property<V: IntoPython<'static>>(
    object: &Object,
    module: &Module,
    path: &str,
    name: &str,
    value: V,
) -> Result<()> {
    object.set_attr(name, value).map_err(|error| error.at(format_args!("{}:{path}", module.name)))
}

/// Enters a context, calls the function, and leaves the context: with the exception that the function's error
/// is, or with one that says what it is. The function's error is returned even if `__exit__` suppressed it, since
/// there is no value without it.
///
/// # Errors
///
/// What entering or leaving raised, and the function's own.
#[track_caller]
pub fn with<T: FromPython, R>(
    object: &Object,
    path: &str,
    body: impl FnOnce(T) -> Result<R>,
) -> Result<R> {
    let site = Location::caller();
    let entered = object.call_method("__enter__", ()).map_err(|error| error.at(path))?;
    let mut scope = Scope::new()?;
    let entered = T::from_python(entered, &mut scope);
    // Before the function runs.
    drop(scope);
    let entered = entered.map_err(|error| error.at("the result of __enter__").at(path));
    // Nothing of callpy's is left halfway, and the panic goes on.
    match catch_unwind(AssertUnwindSafe(|| entered.and_then(body))) {
        Ok(Ok(value)) => {
            leave(object, None, path, site)?;
            Ok(value)
        }
        Ok(Err(error)) => {
            let exception = made(|py| error.to_exception(py))?;
            leave(object, Some(exception), path, site)?;
            Err(error)
        }
        Err(panic) => {
            let text = format!("the program panicked: {}", panic_message(&*panic));
            let exception = made(|py| py.made_exception(c"RuntimeError", &text));
            // There is no one to tell of an error: the panic goes on.
            let _ = exception.and_then(|it| leave(object, Some(it), path, site));
            resume_unwind(panic)
        }
    }
}

/// Makes an object; the thread is attached no longer when it waits for its turn.
fn made(make: impl FnOnce(Attached<'_>) -> Outcome<Ref>) -> Result<Object> {
    let scope = Scope::new()?;
    scope.ok(make(scope.py())).map(Object)
}

/// Calls `__exit__`. An exception that it raised again is no error of its own.
fn leave(
    object: &Object,
    exception: Option<Object>,
    path: &str,
    site: &'static Location<'static>,
) -> Result<()> {
    let leave = made(support::leave)?.0;
    let name = || support::method_name(&object.0, "__exit__");
    let callee = CalledObject { object: &leave, name, learned: None };
    let arguments = (object, exception);
    Call::run::<Ignored>(&callee, site, arguments, &mut Seldom::none())
        .map(drop)
        .map_err(|error| error.at(path))
}
