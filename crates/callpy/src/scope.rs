//! What belongs to one call: its attachment, its loans and its receipt.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::array::{FixedNames, Loans, Names};
use crate::error::{Error, ErrorKind, Result};
use crate::learn::Passing;
use crate::raw::call::Seldom;
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, Attachment, Raised, Ref, Within, reference};
use crate::receipt::{CopyReason, Receipt};
use crate::{numpy, support};

/// One call, for which values are converted.
///
/// Whatever is lent in it lives for `'a`, which outlives the scope; when the scope ends, all loans are
/// settled. Programs use it only to implement [`IntoPython`](crate::IntoPython) or
/// [`FromPython`](crate::FromPython).
///
/// ```
/// use callpy::{IntoPython, Object, Result, Scope};
///
/// /// Passed to Python as a list of its parts.
/// struct Path(&'static str);
///
/// impl<'a> IntoPython<'a> for Path {
///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
///         self.0.split('/').map(str::to_owned).collect::<Vec<String>>().into_python(scope)
///     }
/// }
///
/// # let python = callpy::Python::start()?;
/// assert_eq!(python.function("builtins:len")?.call::<usize>(Path("a/b/c"))?, 3);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Scope<'a> {
    pub(crate) loans: Loans,
    // Not the attachment itself: nested implementations of `IntoPython` in a program could swap two
    // scopes, and the inner call would then end the outer one's attachment.
    within: Within,
    pub(crate) deny_copies: bool,
    /// Whether it is of a callback, whose arguments may be lent by the call around it.
    pub(crate) is_callback: bool,
    /// Whether the result of a call on workers is dropped there.
    pub(crate) drops_result: bool,
    pub(crate) receipt: Seldom<Receipt>,
    lends: PhantomData<Cell<&'a ()>>,
}

/// A scope with an attachment of its own.
pub(crate) struct Entered<'a> {
    // Dropped in this order: the loans are settled while the thread is attached.
    scope: Scope<'a>,
    _attachment: Attachment,
}

impl<'a> Deref for Entered<'a> {
    type Target = Scope<'a>;

    fn deref(&self) -> &Scope<'a> {
        &self.scope
    }
}

impl<'a> DerefMut for Entered<'a> {
    fn deref_mut(&mut self) -> &mut Scope<'a> {
        &mut self.scope
    }
}

impl<'a> Scope<'a> {
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "it is one, and attached")]
    pub(crate) fn new() -> Result<Entered<'a>> {
        let attachment = Attachment::new()?;
        Ok(Entered { scope: Scope::of(&attachment), _attachment: attachment })
    }

    /// Opens a scope for what always retains arrays, which are passed as copies.
    pub(crate) fn copying() -> Result<Entered<'a>> {
        let mut scope = Scope::new()?;
        scope.loans.passing = Passing::COPIED;
        Ok(scope)
    }

    /// Opens a scope, which the caller drops before the attachment.
    #[inline]
    pub(crate) fn of(attachment: &Attachment) -> Self {
        // Here, since each call comes by, and before anything of it could be held by what is queued.
        reference::release_queued(attachment.token());
        Scope {
            loans: Loans::new(),
            within: attachment.within(),
            deny_copies: false,
            is_callback: false,
            drops_result: false,
            receipt: Seldom::none(),
            lends: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn py(&self) -> Attached<'_> {
        self.within.token()
    }

    /// Borrows the parts that lending needs together.
    #[inline]
    pub(crate) fn lending(&mut self) -> (Attached<'_>, &mut Loans, Option<&mut Receipt>) {
        (self.within.token(), &mut self.loans, self.receipt.as_deref_mut())
    }

    /// Turns a Python exception into an error.
    #[inline]
    pub(crate) fn ok<T>(&self, outcome: Result<T, Raised>) -> Result<T> {
        match outcome {
            Ok(value) => Ok(value),
            Err(raised) => Err(Error::raised(self.py(), raised)),
        }
    }

    /// Turns a Python exception that a result's conversion raised into the error of that result.
    #[inline]
    pub(crate) fn taken<T>(&self, outcome: Result<T, Raised>) -> Result<T> {
        match outcome {
            Ok(value) => Ok(value),
            Err(raised) => Err(Error::raised_in_conversion(self.py(), raised)),
        }
    }

    /// Notes a copy of this many bytes, unless copies are denied.
    ///
    /// # Errors
    ///
    /// `ErrorKind::CopyDenied` on a function with `deny_copies`.
    pub(crate) fn copied(&mut self, bytes: usize, reason: CopyReason) -> Result<()> {
        if self.deny_copies {
            return Err(Error::new(
                ErrorKind::CopyDenied,
                format!("{bytes} bytes would have to be copied, since {reason}"),
            ));
        }
        if let Some(receipt) = &mut *self.receipt {
            receipt.add_copy(bytes, reason);
        }
        Ok(())
    }

    /// Settles every loan; if the result held one, an error takes its place.
    #[inline]
    pub(crate) fn settle<R>(&mut self, names: &impl Names, result: Result<R>) -> Result<R> {
        if self.loans.is_empty() {
            return result;
        }
        let py = self.within.token();
        if let Err(error) = &result
            && self.loans.are_held(py)
        {
            error.forget_object();
        }
        // Where settling has to give the result up, that must drop it before the loans are looked at again.
        let mut result = Some(result);
        match self.loans.settle(py, names, || drop(result.take())) {
            Some(error) => Err(error),
            None => result.expect("a result is given up for an error only"),
        }
    }

    #[cold]
    fn settle_late(&mut self) {
        let names = FixedNames::new("a call that failed", "an argument");
        // No learning: there is no name by which to report it.
        self.loans.failed = true;
        self.loans.settle(self.within.token(), &names, || ());
    }

    /// Makes the error of a result that is not what was asked for.
    pub(crate) fn mismatch(&self, expected: impl fmt::Display, got: &Ref) -> Error {
        self.mismatch_of(Expected::Value, expected, got)
    }

    /// As [`mismatch`](Scope::mismatch), if something else than a plain value was asked for.
    #[cold]
    pub(crate) fn mismatch_of(
        &self,
        wanted: Expected,
        expected: impl fmt::Display,
        got: &Ref,
    ) -> Error {
        let expected = expected.to_string();
        let got = support::got(self.py(), got, wanted.name(), &expected);
        Error::new(ErrorKind::Result, format!("expected {expected}, got {got}"))
    }
}

thread_local! {
    /// NumPy, once it allocates as callpy wants on this thread.
    static NUMPY: Cell<Option<&'static Numpy>> = const { Cell::new(None) };
}

impl Attached<'_> {
    /// Returns NumPy, imported at the first use.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Numpy` where it is missing, too old or can't be imported.
    #[inline]
    pub(crate) fn numpy(self) -> Result<&'static Numpy> {
        match NUMPY.get() {
            Some(numpy) => Ok(numpy),
            None => numpy::on_this_thread(self).inspect(|numpy| NUMPY.set(Some(numpy))),
        }
    }
}

/// What kind of result was asked for, which decides the fix that the message names.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// A number, a text, a value of any other type.
    Value,
    /// The element of an array.
    Element,
    /// Several values.
    List,
    /// The elements of an array with one axis.
    Flat,
    /// An array.
    Array,
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Expected::Value => "value",
            Expected::Element => "element",
            Expected::List => "list",
            Expected::Flat => "flat",
            Expected::Array => "array",
        }
    }
}

impl Drop for Scope<'_> {
    /// Settles what a panic or an early error left.
    #[inline]
    fn drop(&mut self) {
        if !self.loans.is_empty() {
            self.settle_late();
        }
    }
}
