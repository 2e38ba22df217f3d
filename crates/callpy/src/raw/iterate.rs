//! Iterators.

use super::objects::{Outcome, Raised};
use super::reference::Ref;
use super::thread::Attached;

impl Attached<'_> {
    /// Returns an iterator over the object.
    pub(crate) fn iterator(self, iterable: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and the object is alive; a new reference, or null with an exception.
        unsafe { Ref::steal(self, (self.api.PyObject_GetIter)(iterable.as_ptr())) }
            .ok_or_else(|| self.take_raised())
    }

    /// Returns the next item of what [`iterator`](Attached::iterator) returned; `None` at its end.
    pub(crate) fn next(self, iterator: &Ref) -> Outcome<Option<Ref>> {
        // SAFETY: attached, and an iterator; a new reference, or null at the end or with an exception.
        match unsafe { Ref::steal(self, (self.api.PyIter_Next)(iterator.as_ptr())) } {
            Some(item) => Ok(Some(item)),
            None => match self.take_raised() {
                Raised(None) => Ok(None),
                raised => Err(raised),
            },
        }
    }
}
