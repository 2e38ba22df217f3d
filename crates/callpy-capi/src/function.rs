//! Finding a Python function, and calling it.

use std::ffi::c_char;

use callpy::convert::Call;
use callpy::{Error, Function, Ignored, IntoPython, Object, Result, Scope};

use crate::error::{callpy_error, guard, guard_silently};
use crate::python::running;
use crate::text::{path, reference, slice, text, usable};
use crate::value::{Argument, Owned, callpy_named, callpy_value};

/// A Python function, the caller's to free with callpy_function_free. Any number of threads may call
/// it at once.
pub struct callpy_function(pub(crate) Function);

/// Finds a function: "module:function", "package.module:Class.method" or "path/to/file.py:function".
/// Starts Python if it does not run yet. The function is the caller's, for callpy_function_free.
///
/// # Safety
///
/// The target is NULL or ends with a zero byte; `function` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_load(
    target: *const c_char,
    function: *mut *mut callpy_function,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        let target = unsafe { path(target, "the target") }?;
        usable(function, "the place for the function")?;
        let found = Box::new(callpy_function(running()?.function(target)?));
        // SAFETY: not null, and as the caller says.
        unsafe { function.write(Box::into_raw(found)) };
        Ok(())
    })
}

/// Calls a function: attaches this thread to Python, converts the arguments, calls, converts the
/// result, ends the loans and detaches. Arguments stay the caller's. The result is the caller's, for
/// callpy_value_release; `result` may be NULL for one that is not wanted, which is not looked at.
///
/// # Safety
///
/// The function is NULL or alive; there are as many arguments as are said, and each leads to what
/// its tag and lengths say; `result` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_call(
    function: *const callpy_function,
    arguments: *const callpy_value,
    arguments_len: usize,
    named: *const callpy_named,
    named_len: usize,
    result: *mut callpy_value,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        let (function, arguments) =
            unsafe { called(function, arguments, arguments_len, named, named_len) }?;
        if result.is_null() {
            let Ignored = function.call(arguments)?;
            return Ok(());
        }
        usable(result, "the place for the result")?;
        let value: Owned = function.call(arguments)?;
        // SAFETY: not null, and as the caller says.
        unsafe { result.write(value.into_value()) };
        Ok(())
    })
}

/// Calls a function as callpy_function_call does, and returns the result as it is, whatever it is: the
/// tag is CALLPY_TAG_OBJECT for None, a number or an array, too. Other calls can be passed it.
///
/// # Safety
///
/// As callpy_function_call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_call_object(
    function: *const callpy_function,
    arguments: *const callpy_value,
    arguments_len: usize,
    named: *const callpy_named,
    named_len: usize,
    result: *mut callpy_value,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        let (function, arguments) =
            unsafe { called(function, arguments, arguments_len, named, named_len) }?;
        usable(result, "the place for the result")?;
        let object: Object = function.call(arguments)?;
        // SAFETY: not null, and as the caller says.
        unsafe { result.write(Owned::from(object).into_value()) };
        Ok(())
    })
}

/// Reads what the calling functions are passed.
///
/// # Safety
///
/// As callpy_function_call, for `'a`.
#[inline]
unsafe fn called<'a>(
    function: *const callpy_function,
    arguments: *const callpy_value,
    arguments_len: usize,
    named: *const callpy_named,
    named_len: usize,
) -> Result<(&'a Function, Arguments<'a>)> {
    // SAFETY: as the caller says.
    unsafe {
        let function: &callpy_function = reference(function, "the function")?;
        let values = slice(arguments, arguments_len, "the arguments")?;
        let named = slice(named, named_len, "the keyword arguments")?;
        Ok((&function.0, Arguments { values, named }))
    }
}

/// Calls a function once for each of `calls_len` rows of arguments, in one attachment: for many calls that
/// each take little. Other callers have their turn between calls.
///
/// `arguments` holds `arguments_len` positional arguments for the first call, then those for the second,
/// and so on. Each call's result is written to its place in `results`, as callpy_function_call does, or
/// its error to its place in `errors`, which is NULL where the call succeeded. Both are the caller's to
/// release and free. Returns an error, and makes no call, where an argument of this function is unusable.
///
/// # Safety
///
/// The function is NULL or alive; there are `calls_len` times `arguments_len` arguments, each of which leads
/// to what its tag and lengths say; `results` and `errors` have room for `calls_len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_map(
    function: *const callpy_function,
    arguments: *const callpy_value,
    calls_len: usize,
    arguments_len: usize,
    results: *mut callpy_value,
    errors: *mut *mut callpy_error,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, as the caller says.
        let function = unsafe { reference(function, "the function") }?;
        let values_len = calls_len
            .checked_mul(arguments_len)
            .ok_or_else(|| Error::argument("there can't be so many arguments"))?;
        // SAFETY: as the caller says.
        let values = unsafe { slice(arguments, values_len, "the arguments") }?;
        if calls_len > 0 {
            usable(results, "the place for the results")?;
            usable(errors, "the place for the errors")?;
        }
        let row = |call: usize| &values[call * arguments_len..][..arguments_len];
        let all = (0..calls_len).map(|call| Arguments { values: row(call), named: &[] });
        for (call, result) in function.0.map::<Owned, _>(all).into_iter().enumerate() {
            let (value, error) = match result {
                Ok(value) => (value.into_value(), std::ptr::null_mut()),
                Err(error) => {
                    (callpy_value::NONE, Box::into_raw(Box::new(callpy_error::from(error))))
                }
            };
            // SAFETY: not null, and there is room for all calls, as the caller says.
            unsafe {
                results.add(call).write(value);
                errors.add(call).write(error);
            }
        }
        Ok(())
    })
}

/// What `callpy_function_call` was passed, whose caller vouches for it.
struct Arguments<'a> {
    values: &'a [callpy_value],
    named: &'a [callpy_named],
}

impl<'a> IntoPython<'a> for Arguments<'a> {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Err(Error::argument("a list of arguments is inside a value"))
    }

    #[inline]
    fn place(self, call: &mut Call<'a>) -> Result<()> {
        for value in self.values {
            // SAFETY: as the caller of `callpy_function_call` says.
            call.positional(unsafe { Argument::new(value) })?;
        }
        for callpy_named { name, value } in self.named {
            // SAFETY: as above.
            let (name, value) =
                unsafe { (text(*name, "the name of an argument")?, Argument::new(value)) };
            call.named(name, value)?;
        }
        Ok(())
    }
}

/// Decides that a function retains its arguments: it gets copies, also at its first call.
///
/// This holds for the Python function, not for this handle. Without such a decision callpy learns what
/// a function does from its first call with arrays, which passes copies.
///
/// # Safety
///
/// The function is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_retains(
    function: *const callpy_function,
) -> *mut callpy_error {
    // SAFETY: as the caller says.
    unsafe { decide(function, Function::retains) }
}

/// Decides that a function does not retain its arguments: they are lent, also at its first call. If it
/// retains one nevertheless, the process ends.
///
/// This holds for the Python function, as that of callpy_function_retains does.
///
/// # Safety
///
/// The function is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_lends(
    function: *const callpy_function,
) -> *mut callpy_error {
    // SAFETY: as the caller says.
    unsafe { decide(function, Function::lends) }
}

/// # Safety
///
/// The function is null or alive.
unsafe fn decide(
    function: *const callpy_function,
    how: fn(&Function) -> Function,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, as the caller says.
        how(&unsafe { reference(function, "the function") }?.0);
        Ok(())
    })
}

/// Returns a second handle of the same function, the caller's to free as well; NULL for NULL.
///
/// # Safety
///
/// The function is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_clone(
    function: *const callpy_function,
) -> *mut callpy_function {
    // SAFETY: null or alive, as the caller says. A clone of a handle only counts.
    unsafe { function.as_ref() }.map_or(std::ptr::null_mut(), |function| {
        Box::into_raw(Box::new(callpy_function(function.0.clone())))
    })
}

/// Frees a function's handle.
///
/// # Safety
///
/// The function is NULL, or a handle that callpy returned, not freed before and not in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_free(function: *mut callpy_function) {
    if !function.is_null() {
        // SAFETY: made by `callpy_function_load`, as the caller says, and freed once.
        guard_silently(|| drop(unsafe { Box::from_raw(function) }));
    }
}
