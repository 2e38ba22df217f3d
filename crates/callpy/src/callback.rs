//! Rust closures as arguments: functions that Python calls.
//!
//! ```
//! use callpy::{Result, callback};
//!
//! # let python = callpy::Python::start()?;
//! let source = "
//! def lowest(function, xs):
//!     return min(xs, key=function)
//! ";
//! let lowest = python.module_from_source("searching", "searching.py", source)?.function("lowest")?;
//!
//! let middle = 2.25;
//! let distance = callback(|x: f64| (x - middle).abs());       // borrows `middle` until the call ends
//! assert_eq!(lowest.call::<f64>((distance, (1.0, 2.0, 3.0)))?, 2.0);
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! A closure takes what a result can be: every [`FromPython`] type, and `&[T]`, `&str` and views of the
//! `ndarray` crate, which are copies that live as long as the closure runs. It returns what an argument
//! can be, or a `Result` of that.
//!
//! **A scoped callback**, which is what [`callback`] makes, may borrow. When the call that it was
//! passed to ends, it is taken back: Python may still have the callable, but all that it does from then
//! on is raise a `RuntimeError`. If a thread of Python is in the closure at that moment, the call waits
//! for it. **An owned one** ([`Callback::owned`]) may be retained.
//!
//! **An error** is an exception in Python, of the class `callpy.CallbackError`; one that Python raised
//! in the closure is that exception again, unless it was raised on a [worker](crate::workers). What comes out of the call that the callback was passed to is
//! the closure's own error: the very [`Error`], or [`ErrorKind::Callback`] with the error of another type
//! as its source. **A panic** is a `BaseException` in Python, and goes on where the call was made.
//!
//! ```
//! use std::num::ParseIntError;
//!
//! use callpy::{ErrorKind, callback};
//!
//! # let python = callpy::Python::start()?;
//! let read = callback(|text: &str| text.parse::<i64>());
//! let error = python.function("builtins:max")?.call::<String>((("1", "2", "three"), callpy::named("key", read)));
//! let error = error.unwrap_err();
//! assert!(matches!(error.kind(), ErrorKind::Callback));
//! assert!(std::error::Error::source(&error).unwrap().is::<ParseIntError>());
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! Python calls from whichever thread it likes, and from several at once. So a closure is [`Fn`] and
//! [`Sync`]; [`callback_mut`] takes one that changes what it has captured.

use std::fmt;
use std::sync::{Mutex, TryLockError};

use crate::array::{Array, Element, lend_closure};
use crate::convert::{FromPython, IntoPython};
use crate::error::{Error, ErrorKind, Result};
use crate::learn::Passing;
use crate::object::Object;
use crate::raw::callback::{self as raw, Passed, Work};
use crate::raw::{Attachment, Outcome, Ref};
use crate::scope::Scope;
use crate::support;

/// A type that a closure can take from Python: every [`FromPython`] type, `&[T]`, `&str`, and views of
/// the `ndarray` crate.
///
/// ```
/// use callpy::callback::Parameter;
///
/// fn is_parameter<P: Parameter>() {}
/// is_parameter::<f64>();
/// is_parameter::<&[f64]>();
/// is_parameter::<callpy::Object>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a callback can't take a `{Self}`",
    label = "not a type that callpy makes of a Python object",
    note = "a callback takes what a result can be, and &[T], &str, and views of the ndarray crate"
)]
pub trait Parameter: Sized {
    /// This type, with the lifetime of one run of the closure.
    type Value<'v>;

    #[doc(hidden)]
    type Slot;

    #[doc(hidden)]
    fn receive(object: Object, scope: &mut Scope<'_>) -> Result<Self::Slot>;

    #[doc(hidden)]
    fn lend(slot: &mut Self::Slot) -> Self::Value<'_>;
}

impl<T: FromPython> Parameter for T {
    type Value<'v> = T;
    type Slot = Option<T>;

    #[inline]
    fn receive(object: Object, scope: &mut Scope<'_>) -> Result<Option<T>> {
        T::from_python(object, scope).map(Some)
    }

    #[inline]
    fn lend(slot: &mut Option<T>) -> T {
        slot.take().expect("it is taken once")
    }
}

impl<T: Element> Parameter for &[T] {
    type Value<'v> = &'v [T];
    type Slot = Array<T>;

    fn receive(object: Object, scope: &mut Scope<'_>) -> Result<Array<T>> {
        let array = Array::from_python(object, scope)?;
        match array.ndim() {
            1 => Ok(array),
            axes => {
                Err(Error::result(format!("expected an array with one axis, got one with {axes}")))
            }
        }
    }

    fn lend(slot: &mut Array<T>) -> &[T] {
        slot
    }
}

impl Parameter for &str {
    type Value<'v> = &'v str;
    type Slot = String;

    fn receive(object: Object, scope: &mut Scope<'_>) -> Result<String> {
        String::from_python(object, scope)
    }

    fn lend(slot: &mut String) -> &str {
        slot
    }
}

#[cfg(feature = "ndarray")]
impl<T: Element, D: ndarray::Dimension> Parameter for ndarray::ArrayView<'_, T, D> {
    type Value<'v> = ndarray::ArrayView<'v, T, D>;
    type Slot = Array<T>;

    fn receive(object: Object, scope: &mut Scope<'_>) -> Result<Array<T>> {
        let array = Array::from_python(object, scope)?;
        match D::NDIM {
            Some(axes) if axes != array.ndim() => {
                let got = array.ndim();
                Err(Error::result(format!(
                    "expected an array with {axes} axes, got one with {got}"
                )))
            }
            _ => Ok(array),
        }
    }

    fn lend(slot: &mut Array<T>) -> ndarray::ArrayView<'_, T, D> {
        slot.view().into_dimensionality().expect("the number of axes was checked")
    }
}

/// What a closure can return to Python: a value that can be an argument, or a `Result` of one.
///
/// ```
/// use callpy::callback::Returned;
///
/// fn is_returned<R: Returned>() {}
/// is_returned::<f64>();
/// is_returned::<Result<Vec<f64>, std::io::Error>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a callback can't return a `{Self}` to Python",
    label = "neither a value that can be an argument nor a `Result` of one",
    note = "what is returned borrows nothing, since Python may keep it; the error of a `Result` is \
            one that `Box<dyn std::error::Error + Send + Sync>` can be made from"
)]
pub trait Returned {
    #[doc(hidden)]
    fn into_result(self, scope: &mut Scope<'static>) -> Result<Object>;
}

impl<R: IntoPython<'static>> Returned for R {
    #[inline]
    fn into_result(self, scope: &mut Scope<'static>) -> Result<Object> {
        self.into_python(scope).map_err(at_result)
    }
}

impl<R, E> Returned for Result<R, E>
where
    R: IntoPython<'static>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    #[inline]
    fn into_result(self, scope: &mut Scope<'static>) -> Result<Object> {
        match self {
            Ok(value) => value.into_result(scope),
            Err(error) => Err(as_error(error.into())),
        }
    }
}

#[cold]
fn as_error(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::new(ErrorKind::Callback, error.to_string()).with_source(error),
    }
}

/// A closure whose parameters and result Python knows; `S` is its signature, which is inferred.
///
/// ```
/// use callpy::callback::Closure;
///
/// fn is_closure<S, F: Closure<S>>(_: F) {}
/// is_closure(|x: f64, name: &str| x + name.len() as f64);
/// ```
#[diagnostic::on_unimplemented(
    message = "this closure can't be called by Python",
    label = "not a closure whose parameters and result Python knows",
    note = "give each parameter a type: `|x: f64, rows: &[f64]|`; a closure that changes what it has \
            captured goes to `callback_mut`"
)]
pub trait Closure<S> {
    #[doc(hidden)]
    fn run(&self, passed: Arguments<'_>, scope: &mut Scope<'static>) -> Result<Object>;
}

/// As [`Closure`], for closures that change what they have captured.
///
/// ```
/// use callpy::callback::ClosureMut;
///
/// fn is_closure<S, F: ClosureMut<S>>(_: F) {}
/// let mut total = 0.0;
/// is_closure(|x: f64| total += x);
/// ```
#[diagnostic::on_unimplemented(
    message = "this closure can't be called by Python",
    label = "not a closure whose parameters and result Python knows",
    note = "give each parameter a type: `|x: f64, rows: &[f64]|`"
)]
pub trait ClosureMut<S> {
    #[doc(hidden)]
    fn run_mut(&mut self, passed: Arguments<'_>, scope: &mut Scope<'static>) -> Result<Object>;
}

/// The arguments of a call by Python.
#[doc(hidden)]
pub struct Arguments<'p>(Passed<'p>);

impl Arguments<'_> {
    /// Returns how many there are.
    #[doc(hidden)]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Converts one of them.
    #[doc(hidden)]
    pub fn take<T: FromPython>(&self, index: usize, scope: &mut Scope<'_>) -> Result<T> {
        T::from_python(Object(self.0.get(index)), scope).map_err(|error| at_argument(error, index))
    }

    fn check(&self, count: usize) -> Result<()> {
        match self.0.len() {
            got if got == count => Ok(()),
            got => Err(wrong_count(count, got)),
        }
    }

    #[inline]
    fn receive<P: Parameter>(&self, index: usize, scope: &mut Scope<'_>) -> Result<P::Slot> {
        P::receive(Object(self.0.get(index)), scope).map_err(|error| at_argument(error, index))
    }
}

#[cold]
fn wrong_count(count: usize, got: usize) -> Error {
    let plural = if count == 1 { "" } else { "s" };
    Error::new(ErrorKind::Callback, format!("a callback takes {count} argument{plural}, got {got}"))
}

#[cold]
fn at_argument(error: Error, index: usize) -> Error {
    error.at(format_args!("argument {} of a callback", index + 1))
}

#[cold]
fn at_result(error: Error) -> Error {
    error.at("the result of a callback")
}

macro_rules! closures {
    ($($count:literal: $($name:ident $slot:ident $index:literal),*;)*) => {$(
        impl<F, R, $($name),*> Closure<fn($($name),*) -> R> for F
        where
            R: Returned,
            $($name: Parameter,)*
            F: Fn($($name),*) -> R + for<'v> Fn($($name::Value<'v>),*) -> R,
        {
            #[inline]
            fn run(&self, passed: Arguments<'_>, scope: &mut Scope<'static>) -> Result<Object> {
                /// Says which of the two kinds of call this is.
                #[inline]
                #[allow(clippy::too_many_arguments, reason = "as many as the closure has")]
                fn call<R, $($name),*>(f: impl Fn($($name),*) -> R, $($slot: $name),*) -> R {
                    f($($slot),*)
                }
                passed.check($count)?;
                $(let mut $slot = passed.receive::<$name>($index, scope)?;)*
                call(self, $($name::lend(&mut $slot)),*).into_result(scope)
            }
        }

        impl<F, R, $($name),*> ClosureMut<fn($($name),*) -> R> for F
        where
            R: Returned,
            $($name: Parameter,)*
            F: FnMut($($name),*) -> R + for<'v> FnMut($($name::Value<'v>),*) -> R,
        {
            #[inline]
            fn run_mut(&mut self, passed: Arguments<'_>, scope: &mut Scope<'static>) -> Result<Object> {
                #[inline]
                #[allow(clippy::too_many_arguments, reason = "as many as the closure has")]
                fn call<R, $($name),*>(mut f: impl FnMut($($name),*) -> R, $($slot: $name),*) -> R {
                    f($($slot),*)
                }
                passed.check($count)?;
                $(let mut $slot = passed.receive::<$name>($index, scope)?;)*
                call(self, $($name::lend(&mut $slot)),*).into_result(scope)
            }
        }
    )*};
}

closures! {
    0: ;
    1: A a 0;
    2: A a 0, B b 1;
    3: A a 0, B b 1, C c 2;
    4: A a 0, B b 1, C c 2, D d 3;
    5: A a 0, B b 1, C c 2, D d 3, E e 4;
    6: A a 0, B b 1, C c 2, D d 3, E e 4, G g 5;
}

/// A closure that Python can call, lent for one call: made by [`callback`] or [`callback_mut`].
///
/// ```
/// use callpy::{Callback, callback};
///
/// # let python = callpy::Python::start()?;
/// let words = ["one", "two"];
/// let lookup: Callback<'_> = callback(|index: usize| words[index]);
/// # drop(lookup);
/// let lookup = callback(|index: usize| words[index].to_owned());
/// let list: callpy::Object = python.function("builtins:sorted")?.call(((1, 0), callpy::named("key", lookup)))?;
/// assert_eq!(list.extract::<Vec<usize>>()?, [0, 1]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[must_use]
pub struct Callback<'a>(Box<Work<'a>>);

/// A callback that Python may retain, made by [`Callback::owned`].
///
/// Python drops the closure when it lets go of the callable, on any thread.
///
/// ```
/// use callpy::{Object, OwnedCallback, callback};
///
/// # let python = callpy::Python::start()?;
/// let shout: OwnedCallback = callback(|text: &str| text.to_uppercase()).owned();
/// let names: Object = python.function("types:SimpleNamespace")?.call(())?;
/// names.set_attr("shout", shout)?;
/// assert_eq!(names.call_method::<String>("shout", "hey")?, "HEY");
/// # Ok::<(), callpy::Error>(())
/// ```
#[must_use]
pub struct OwnedCallback(Box<Work<'static>>);

/// Makes a callback of a closure, which may borrow: it is lent for one call.
///
/// The [module](mod@crate::callback) says more.
///
/// ```
/// use callpy::{Result, callback};
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let apply = python.function("numpy:apply_along_axis")?;
/// let weights = [0.25, 0.75];
/// let weigh = callback(|row: &[f64]| -> Result<f64> {
///     Ok(row.iter().zip(&weights).map(|(x, weight)| x * weight).sum())
/// });
/// let means: callpy::Array<f64> = apply.call((weigh, 1, &[[4.0, 8.0], [0.0, 4.0]]))?;
/// assert_eq!(means[..], [7.0, 3.0]);
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn callback<'a, F, S>(closure: F) -> Callback<'a>
where
    F: Closure<S> + Send + Sync + 'a,
{
    Callback(Box::new(move |attachment, passed| {
        answer(attachment, |scope| closure.run(Arguments(passed), scope))
    }))
}

/// Makes a callback of a closure that changes what it has captured.
///
/// If Python calls it while it runs, from the closure itself or from another thread, that call raises an
/// exception.
///
/// ```
/// # let python = callpy::Python::start()?;
/// let mut seen = Vec::new();
/// let key = callpy::callback_mut(|item: i64| {
///     seen.push(item);
///     -item
/// });
/// let highest: i64 = python.function("builtins:min")?.call(((1, 3, 2), callpy::named("key", key)))?;
/// assert_eq!((highest, &seen[..]), (3, &[1, 3, 2][..]));
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn callback_mut<'a, F, S>(closure: F) -> Callback<'a>
where
    F: ClosureMut<S> + Send + 'a,
{
    let closure = Mutex::new(closure);
    Callback(Box::new(move |attachment, passed| {
        answer(attachment, |scope| {
            let mut closure = match closure.try_lock() {
                Ok(closure) => closure,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    let message = "this callback runs already, and only once at a time";
                    return Err(Error::new(ErrorKind::Callback, message));
                }
            };
            closure.run_mut(Arguments(passed), scope)
        })
    }))
}

/// Answers a call by Python.
#[inline]
fn answer(
    attachment: &Attachment,
    run: impl FnOnce(&mut Scope<'static>) -> Result<Object>,
) -> Outcome<Ref> {
    let mut scope = Scope::of(attachment);
    scope.is_callback = true;
    // Python may keep what is returned.
    scope.loans.passing = Passing::COPIED;
    match run(&mut scope) {
        Ok(object) => Ok(object.0),
        Err(error) => Err(error.into_raised(scope.py())),
    }
}

impl Callback<'static> {
    /// Makes a callback that Python may retain, of a closure that borrows nothing.
    pub fn owned(self) -> OwnedCallback {
        OwnedCallback(self.0)
    }
}

impl fmt::Debug for Callback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a callback")
    }
}

impl fmt::Debug for OwnedCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an owned callback")
    }
}

/// Tells what is below of the classes of the exceptions that carry errors and panics.
fn prepare(scope: &Scope<'_>) -> Result<()> {
    if !raw::has_classes() {
        let classes = scope.ok(support::callback_classes(scope.py()))?;
        raw::set_classes(classes);
    }
    Ok(())
}

impl<'a> IntoPython<'a> for Callback<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        prepare(scope)?;
        lend_closure(self.0, scope)
    }
}

impl<'a> IntoPython<'a> for OwnedCallback {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        prepare(scope)?;
        scope.ok(scope.py().keep(self.0)).map(Object)
    }
}
