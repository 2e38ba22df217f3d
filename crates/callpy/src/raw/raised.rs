//! A Python exception that CPython's functions have raised, taken out of the interpreter.

use std::ptr::null_mut;

use super::cpython::PyObject;
use super::reference::Ref;
use super::thread::Attached;

/// A Python exception, taken out of the interpreter's error indicator.
///
/// `None` where a function failed without setting one, which a broken extension module can do.
pub(crate) struct Raised(pub(crate) Option<Ref>);

pub(crate) type Outcome<T> = Result<T, Raised>;

impl Attached<'_> {
    /// Takes over a function's result, or the exception it set.
    #[inline]
    pub(super) fn outcome(self, pointer: *mut PyObject) -> Outcome<Ref> {
        // SAFETY: callers pass the new reference that a CPython function returned.
        unsafe { Ref::steal(self, pointer) }.ok_or_else(|| self.take_raised())
    }

    pub(super) fn status(self, status: i32) -> Outcome<()> {
        if status == -1 { Err(self.take_raised()) } else { Ok(()) }
    }

    #[cold]
    pub(crate) fn take_raised(self) -> Raised {
        if let Some(get) = self.api.PyErr_GetRaisedException {
            // SAFETY: attached; returns a new reference or null and clears the indicator.
            return Raised(unsafe { Ref::steal(self, get()) });
        }
        let (mut class, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the three become owned references, each of which may be null; normalising makes
        // the value an instance, and setting its traceback takes no reference over.
        unsafe {
            (self.api.PyErr_Fetch)(&mut class, &mut value, &mut traceback);
            if class.is_null() {
                return Raised(None);
            }
            // Up to 3.11 what is set may be a class and arguments, of which no exception was made yet, and
            // the traceback is no part of the exception.
            (self.api.PyErr_NormalizeException)(&mut class, &mut value, &mut traceback);
            let value = Ref::steal(self, value);
            if let (Some(value), false) = (&value, traceback.is_null()) {
                (self.api.PyException_SetTraceback)(value.as_ptr(), traceback);
            }
            drop((Ref::steal(self, class), Ref::steal(self, traceback)));
            Raised(value)
        }
    }

    /// Returns the traceback of what the caller knows to be an exception.
    pub(crate) fn traceback_of(self, exception: &Ref) -> Option<Ref> {
        // SAFETY: attached, and the exception is alive; returns a new reference or null.
        unsafe { Ref::steal(self, (self.api.PyException_GetTraceback)(exception.as_ptr())) }
    }

    /// Takes away the traceback of what the caller knows to be an exception.
    pub(crate) fn clear_traceback(self, exception: &Ref) {
        let none = self.api._Py_NoneStruct;
        // SAFETY: attached, and both are alive; None is accepted and stands for no traceback.
        unsafe { (self.api.PyException_SetTraceback)(exception.as_ptr(), none) };
    }

    /// Returns the exception that one was raised from.
    pub(crate) fn cause_of(self, exception: &Ref) -> Option<Ref> {
        // SAFETY: as for the traceback.
        unsafe { Ref::steal(self, (self.api.PyException_GetCause)(exception.as_ptr())) }
    }

    /// Returns the exception that was being handled when one was raised.
    pub(crate) fn context_of(self, exception: &Ref) -> Option<Ref> {
        // SAFETY: as for the traceback.
        unsafe { Ref::steal(self, (self.api.PyException_GetContext)(exception.as_ptr())) }
    }

    /// Whether an exception is set, for a function whose result doesn't say.
    pub(super) fn raised(self) -> Outcome<()> {
        // SAFETY: attached; the answer is borrowed and only compared with null.
        if unsafe { (self.api.PyErr_Occurred)() }.is_null() {
            Ok(())
        } else {
            Err(self.take_raised())
        }
    }
}
