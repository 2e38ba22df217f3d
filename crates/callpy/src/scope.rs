//! One call's own things: its attachment, its loans, and what is to be said of its copies.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use crate::array::Loans;
use crate::raw::{Attached, Attachment, Raised, Ref};
use crate::receipt::{CopyReason, Receipt};
use crate::{Error, ErrorKind, Result, exception};

/// The extent of one call, in which values are converted.
///
/// Whatever is lent in it, lives for `'a`, which is longer than the scope; when the scope ends, all
/// loans are over. Programs meet it only where they implement
/// [`IntoPython`](crate::IntoPython) or [`FromPython`](crate::FromPython).
pub struct Scope<'a> {
    // Dropped in this order: the loans are settled while the thread is attached.
    pub(crate) loans: Loans,
    attachment: Attachment,
    pub(crate) deny_copies: bool,
    pub(crate) receipt: Option<Box<Receipt>>,
    lends: PhantomData<Cell<&'a ()>>,
}

impl<'a> Scope<'a> {
    #[inline]
    pub(crate) fn new() -> Result<Self> {
        Ok(Scope::of(Attachment::new()?))
    }

    #[inline]
    pub(crate) fn of(attachment: Attachment) -> Self {
        crate::raw::reference::release_queued(attachment.token());
        Scope {
            loans: Loans::new(),
            attachment,
            deny_copies: false,
            receipt: None,
            lends: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn py(&self) -> Attached<'_> {
        self.attachment.token()
    }

    /// The parts that a loan needs at once.
    #[inline]
    pub(crate) fn lending(&mut self) -> (Attached<'_>, &mut Loans, Option<&mut Receipt>) {
        (self.attachment.token(), &mut self.loans, self.receipt.as_deref_mut())
    }

    /// Turns a Python exception into an error.
    #[inline]
    pub(crate) fn ok<T>(&self, outcome: Result<T, Raised>) -> Result<T> {
        outcome.map_err(|raised| exception::into_error(self.py(), raised))
    }

    /// Notes a copy of so many bytes, unless copies are denied.
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
        if let Some(receipt) = &mut self.receipt {
            receipt.add_copy(bytes, reason);
        }
        Ok(())
    }

    /// Ends every loan, then detaches; an error takes the result's place if that held a loan.
    #[inline]
    pub(crate) fn settle<R>(&mut self, name: impl Fn() -> String, result: Result<R>) -> Result<R> {
        if self.loans.is_empty() {
            return result;
        }
        let mut result = Some(result);
        let py = self.attachment.token();
        match self.loans.settle(py, name, || drop(result.take())) {
            Some(error) => Err(error),
            None => result.expect("a result is given up for an error only"),
        }
    }

    /// Says that a result is not what was asked for.
    #[cold]
    pub(crate) fn mismatch(&self, expected: impl fmt::Display, came: &Ref) -> Error {
        let came = crate::support::what(self.py(), came);
        Error::new(ErrorKind::Result, format!("expected {expected}, but {came} came"))
    }
}

impl Drop for Scope<'_> {
    /// Settles what a panic or an early error left.
    fn drop(&mut self) {
        if !self.loans.is_empty() {
            self.loans.settle(self.attachment.token(), || "a call that failed".to_owned(), || ());
        }
    }
}
