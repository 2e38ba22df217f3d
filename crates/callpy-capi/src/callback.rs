//! Functions of C's that Python calls.

use std::ffi::c_void;

use callpy::callback::{Arguments, Closure, Returned};
use callpy::{Object, Result, Scope};

use crate::error::callpy_error;
use crate::value::{Argument, Lent, Owned, callpy_value};

/// What Python calls. The arguments are callpy's, which releases them after it returns; arrays among them
/// are read only. It writes its result to `result`, which is None before and is copied: `*result =
/// arguments[0]` returns an argument. A result of another call may be moved there, and is released by
/// callpy. An error that it returns is an exception in Python, and callpy's to free: one of a function of
/// callpy's, or one that callpy_error_new makes.
///
/// Python calls it on whichever thread it likes, and on several at once. It may call any function of
/// callpy's. It must return: no exception and no longjmp may leave it.
pub type callpy_callback_function = Option<
    unsafe extern "C" fn(
        arguments: *const callpy_value,
        arguments_len: usize,
        result: *mut callpy_value,
        context: *mut c_void,
    ) -> *mut callpy_error,
>;

/// A function of C's as an argument, lent for one call: content.callback of a CALLPY_TAG_CALLBACK. Python
/// may still have the callable afterwards, but all that it does from then on is raise a RuntimeError.
#[repr(C)]
pub struct callpy_callback {
    /// The function.
    pub function: callpy_callback_function,
    /// What it is passed last.
    pub context: *mut c_void,
}

const _: () = assert!(std::mem::offset_of!(callpy_callback, context) == size_of::<usize>());

/// The function and the context of a callback.
pub(crate) struct Callback {
    function: unsafe extern "C" fn(
        *const callpy_value,
        usize,
        *mut callpy_value,
        *mut c_void,
    ) -> *mut callpy_error,
    context: *mut c_void,
}

// SAFETY: any thread may call it with the context, as the caller of `new` says.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

impl Callback {
    /// # Safety
    ///
    /// Any thread may call the function with the context, as long as this lives.
    pub(crate) unsafe fn new(callback: &callpy_callback) -> Result<Callback> {
        let missing = || callpy::Error::argument("a callback's function is NULL");
        let function = callback.function.ok_or_else(missing)?;
        Ok(Callback { function, context: callback.context })
    }
}

/// A closure of any number of arguments.
impl Closure<callpy_callback> for Callback {
    fn run(&self, passed: Arguments<'_>, scope: &mut Scope<'static>) -> Result<Object> {
        let mut arguments = Lent::with_capacity(passed.count());
        for index in 0..passed.count() {
            arguments.push(passed.take(index, scope)?);
        }
        // Dropped before the arguments, to which it may refer.
        let mut result = Owned::NONE;
        let passed = arguments.as_slice();
        // SAFETY: there are so many arguments, which live until it returns; as the caller of `new` says.
        let error = unsafe {
            (self.function)(passed.as_ptr(), passed.len(), result.as_mut(), self.context)
        };
        if !error.is_null() {
            // SAFETY: an error that callpy made, which is given up by returning it.
            let error = unsafe { Box::from_raw(error) };
            return Err::<Object, _>(error.into_source()).into_result(scope);
        }
        // SAFETY: what it leads to is as the function says, the arguments among it. It is converted or copied
        // at once: Python may retain what a callback returns, so nothing of it is lent.
        let result: Argument<'static> =
            unsafe { Argument::new(&*std::ptr::from_ref(result.as_mut())) };
        result.into_result(scope)
    }
}
