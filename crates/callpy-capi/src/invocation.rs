//! A call with all that belongs to it in one struct.

use std::ptr::null_mut;

use crate::error::callpy_error;
use crate::function::{
    callpy_function, callpy_function_call, callpy_function_call_object, callpy_function_free,
};
use crate::value::{callpy_named, callpy_value};
use crate::workers::{callpy_function_limit, callpy_limits};

/// A call, and what came of it. All zeros is a good beginning: `= {0}`.
#[repr(C)]
pub struct callpy_invocation {
    /// The function.
    pub function: *const callpy_function,
    /// The positional arguments.
    pub arguments: *const callpy_value,
    /// How many.
    pub arguments_len: usize,
    /// The keyword arguments.
    pub named: *const callpy_named,
    /// How many.
    pub named_len: usize,
    /// 0 for a result that is not wanted, which is not looked at; 2 for one that is wanted as it is, as
    /// callpy_function_call_object returns it; 1 for any other.
    pub wanted: usize,
    /// What may end this call before it returns, beside the function's own limits; NULL for nothing.
    pub limits: *const callpy_limits,
    /// The result, the caller's to release.
    pub result: callpy_value,
    /// What failed, the caller's to free; NULL if all went well.
    pub error: *mut callpy_error,
}

/// Calls a function as callpy_function_call does: for languages that call C fastest with one pointer.
///
/// # Safety
///
/// The invocation is NULL or can be written, and what it has is as callpy_function_call and
/// callpy_function_limit expect it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_invoke(invocation: *mut callpy_invocation) {
    // SAFETY: as the caller says.
    let Some(invocation) = (unsafe { invocation.as_mut() }) else { return };
    let result = if invocation.wanted == 0 { null_mut() } else { &raw mut invocation.result };
    let call = |function| {
        let call = match invocation.wanted {
            2 => callpy_function_call_object,
            _ => callpy_function_call,
        };
        // SAFETY: as the caller says.
        unsafe {
            call(
                function,
                invocation.arguments,
                invocation.arguments_len,
                invocation.named,
                invocation.named_len,
                result,
            )
        }
    };
    if invocation.limits.is_null() {
        invocation.error = call(invocation.function);
        return;
    }
    let mut limited = null_mut();
    // SAFETY: as the caller says.
    let failed =
        unsafe { callpy_function_limit(invocation.function, invocation.limits, &raw mut limited) };
    invocation.error = if failed.is_null() { call(limited) } else { failed };
    // SAFETY: null, or made above.
    unsafe { callpy_function_free(limited) };
}
