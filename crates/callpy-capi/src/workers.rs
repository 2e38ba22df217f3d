//! Worker processes that call the same functions, and what ends a call before it returns.

use std::ffi::c_char;
use std::os::raw::c_void;
use std::time::Duration;

use callpy::generated::function_on_workers;
use callpy::{Cancel, Error, Workers};

use crate::error::{callpy_error, guard, guard_silently};
use crate::function::callpy_function;
use crate::module::callpy_source;
use crate::python::{builder, callpy_python_options};
use crate::text::{path, reference, slice, text, usable};

/// Processes that call Python functions, the caller's to free with callpy_workers_free. Any number of
/// threads may use them at once.
pub struct callpy_workers(Workers);

/// What workers are to be like, beside the Python that they have. All zeros is a good beginning.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_workers_options {
    /// Called in each worker, without arguments, before its first call, to load a model, say:
    /// "module:function" or "path/to/file.py:function"; NULL for nothing.
    pub setup: *const c_char,
    /// Environment variables of the workers, each as "NAME=value".
    pub variables: *const *const c_char,
    /// How many.
    pub variables_len: usize,
    /// How many callers may wait for a worker; one more gets CALLPY_ERROR_BUSY. 0 for any number.
    pub max_waiting: usize,
    /// After how many calls a worker is replaced; 0 for never.
    pub calls: usize,
    /// How many bytes of memory of its own a worker may have after a call; one that has more is replaced.
    /// 0 for any number.
    pub memory: usize,
    /// How many nanoseconds a worker may take to start, with its imports and `setup`; 0 for five minutes.
    pub start_within: u64,
}

const _: () = assert!(
    std::mem::offset_of!(callpy_workers_options, start_within) == 6 * size_of::<*const c_void>()
);

/// What workers have done so far, and what they are at.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_workers_statistics {
    /// Workers that are ready and not in use, with the spare one.
    pub free: usize,
    /// Workers that are in a call.
    pub busy: usize,
    /// Callers that wait for a worker.
    pub waiting: usize,
    /// Calls that were sent to a worker.
    pub calls: u64,
    /// Calls that had to wait for a worker.
    pub waited: u64,
    /// Calls that were refused, since too many waited.
    pub refused: u64,
    /// Workers that ended by themselves, in a call or between calls, or that could not start.
    pub crashes: u64,
    /// Calls whose time was up.
    pub deadlines: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Workers that were started: those that there are, crashes and restarts together.
    pub started: u64,
    /// Workers that callpy ended and replaced: on request, after so many calls, or since they had too much
    /// memory, retained an argument, or did not stop when they had to.
    pub restarts: u64,
    /// Bytes that were copied for workers.
    pub bytes_sent: u64,
    /// Bytes of results that workers have put in shared memory.
    pub bytes_received: u64,
}

/// Starts `count` worker processes and a spare one. Starts Python in this process too, as
/// callpy_python_start does; the options hold for both, and either may be NULL.
///
/// The functions of workers are called as those of this process are. Calls run at once, a crash is the
/// error of one call (CALLPY_ERROR_CRASHED), and limits hold, whatever a function does. The processes end
/// once the workers and all their functions are freed, and at the latest when this process ends.
///
/// # Safety
///
/// The options are NULL or valid, as for callpy_python_start, and the variables as many texts as is said;
/// `workers` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_workers_start(
    python: *const callpy_python_options,
    options: *const callpy_workers_options,
    count: usize,
    workers: *mut *mut callpy_workers,
) -> *mut callpy_error {
    guard(|| {
        usable(workers, "the place for the workers")?;
        // SAFETY: as the caller says.
        let mut builder = unsafe { builder(python) }?;
        if !options.is_null() {
            // SAFETY: not null, and valid, as the caller says.
            let options = unsafe { reference(options, "the options of the workers") }?;
            if !options.setup.is_null() {
                // SAFETY: as the caller says.
                builder = builder.worker_setup(unsafe { path(options.setup, "setup") }?);
            }
            // SAFETY: as the caller says.
            let variables =
                unsafe { slice(options.variables, options.variables_len, "variables") }?;
            for variable in variables {
                // SAFETY: as the caller says.
                let variable: &str = unsafe { text(*variable, "variables") }?;
                let (name, value) = variable.split_once('=').ok_or_else(|| {
                    Error::argument(format!("variables: expected \"NAME=value\", got {variable:?}"))
                })?;
                builder = builder.worker_variable(name, value);
            }
            if options.max_waiting > 0 {
                builder = builder.max_waiting(options.max_waiting);
            }
            if options.calls > 0 {
                builder = builder.worker_calls(options.calls as u64);
            }
            if options.memory > 0 {
                builder = builder.worker_memory(options.memory);
            }
            if options.start_within > 0 {
                let limit = Duration::from_nanos(options.start_within);
                builder = builder.worker_start_within(limit);
            }
        }
        let started = Box::new(callpy_workers(builder.workers(count)?));
        // SAFETY: not null, and as the caller says.
        unsafe { workers.write(Box::into_raw(started)) };
        Ok(())
    })
}

/// Finds a function for the workers to call; targets are those of callpy_function_load. The function is
/// the caller's, for callpy_function_free, and is called with callpy_function_call.
///
/// # Safety
///
/// The workers are NULL or alive; the target is NULL or ends with a zero byte; `function` is NULL or can
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_workers_function(
    workers: *const callpy_workers,
    target: *const c_char,
    function: *mut *mut callpy_function,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, as the caller says.
        let workers = unsafe { reference(workers, "the workers") }?;
        // SAFETY: as the caller says.
        let target = unsafe { text(target, "the target") }?;
        usable(function, "the place for the function")?;
        let found = Box::new(callpy_function(workers.0.function(target)?));
        // SAFETY: not null, and as the caller says.
        unsafe { function.write(Box::into_raw(found)) };
        Ok(())
    })
}

/// Finds a function in source text, for the workers to call, as callpy_workers_function finds one in a file. It is
/// in the last of the sources, which may import the ones before it by name. All of them become modules of this
/// process too.
///
/// # Safety
///
/// The workers are NULL or alive; there are as many sources as is said, and each text is NULL or ends with a
/// zero byte, as `function` does; `found` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_workers_source_function(
    workers: *const callpy_workers,
    sources: *const callpy_source,
    sources_len: usize,
    function: *const c_char,
    found: *mut *mut callpy_function,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, as the caller says.
        let workers = unsafe { reference(workers, "the workers") }?;
        // SAFETY: as the caller says.
        let sources = unsafe { slice(sources, sources_len, "the sources") }?;
        // SAFETY: as the caller says.
        let sources = sources.iter().map(|source| unsafe { source.read() });
        let sources = sources.collect::<Result<Vec<_>, Error>>()?;
        // SAFETY: as the caller says.
        let function = unsafe { text(function, "the function") }?;
        usable(found, "the place for the function")?;
        let on_workers = function_on_workers(&workers.0, &sources, function)?;
        // SAFETY: not null, and as the caller says.
        unsafe { found.write(Box::into_raw(Box::new(callpy_function(on_workers)))) };
        Ok(())
    })
}

/// Says what the workers have done so far.
///
/// # Safety
///
/// The workers are NULL or alive; `statistics` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_workers_get_statistics(
    workers: *const callpy_workers,
    statistics: *mut callpy_workers_statistics,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, as the caller says.
        let workers = unsafe { reference(workers, "the workers") }?;
        usable(statistics, "the place for the statistics")?;
        let now = workers.0.statistics();
        let now = callpy_workers_statistics {
            free: now.free,
            busy: now.busy,
            waiting: now.waiting,
            calls: now.calls,
            waited: now.waited,
            refused: now.refused,
            crashes: now.crashes,
            deadlines: now.deadlines,
            cancelled: now.cancelled,
            started: now.started,
            restarts: now.restarts,
            bytes_sent: now.bytes_sent,
            bytes_received: now.bytes_received,
        };
        // SAFETY: not null, and as the caller says.
        unsafe { statistics.write(now) };
        Ok(())
    })
}

/// Replaces every worker, one after the other, each when it is free: calls go on meanwhile. Returns at
/// once.
///
/// # Safety
///
/// The workers are NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_workers_restart(
    workers: *const callpy_workers,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, as the caller says.
        unsafe { reference(workers, "the workers") }?.0.restart();
        Ok(())
    })
}

/// Frees the handle of workers. Their functions can be called until they are freed too.
///
/// # Safety
///
/// The workers are NULL, or a handle that callpy returned, not freed before and not in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_workers_free(workers: *mut callpy_workers) {
    if !workers.is_null() {
        // SAFETY: made by `callpy_workers_start`, as the caller says, and freed once.
        guard_silently(|| drop(unsafe { Box::from_raw(workers) }));
    }
}

/// By which calls are cancelled, the caller's to free with callpy_call_free. One is for one call, or for
/// calls that end together.
pub struct callpy_call(Cancel);

/// What may end a call before it returns: see callpy_function_limit. All zeros is nothing: `= {0}`.
///
/// On workers, a call ends at most 200 milliseconds after that, whatever the function does. In this
/// process it is only asked to end: C code can't be stopped.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_limits {
    /// How long the call may take, in nanoseconds, with the time that it waits for a worker: then it ends
    /// with CALLPY_ERROR_DEADLINE. 0 for any time.
    pub within: u64,
    /// Ends the call with CALLPY_ERROR_CANCELLED once it is cancelled; may be NULL.
    pub call: *const callpy_call,
    /// How often the call is repeated if its worker crashes, for a function that may run twice.
    pub retries: usize,
}

const _: () = assert!(std::mem::offset_of!(callpy_limits, call) == 8);

/// Creates what cancels calls, which it returns; it can't fail.
#[unsafe(no_mangle)]
pub extern "C" fn callpy_call_new() -> *mut callpy_call {
    Box::into_raw(Box::new(callpy_call(Cancel::new())))
}

/// Cancels the calls under way that have it among their limits, and those that begin later. May be called
/// on any thread, and does not wait for the calls.
///
/// # Safety
///
/// It is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_call_cancel(call: *const callpy_call) {
    // SAFETY: null or alive, as the caller says.
    if let Some(call) = unsafe { call.as_ref() } {
        guard_silently(|| call.0.cancel());
    }
}

/// Frees what cancels calls. Handles that were made with it stay as they are.
///
/// # Safety
///
/// It is NULL, or one that callpy_call_new returned, not freed before, and no function of callpy's is
/// using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_call_free(call: *mut callpy_call) {
    if !call.is_null() {
        // SAFETY: made by `callpy_call_new`, as the caller says, and freed once.
        guard_silently(|| drop(unsafe { Box::from_raw(call) }));
    }
}

/// Makes a second handle of the same function, whose calls are within limits as well as those of the first:
/// the earlier deadline counts, and each `call` of the limits cancels them. Retries other than 0 replace those
/// of the first. It is the caller's, for callpy_function_free. This takes well under a microsecond: a call that is to have limits of
/// its own has a handle of its own.
///
/// # Safety
///
/// The function is NULL or alive; the limits are NULL or valid, and their call NULL or alive; `limited`
/// is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_function_limit(
    function: *const callpy_function,
    limits: *const callpy_limits,
    limited: *mut *mut callpy_function,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: null or alive, and null or valid, as the caller says.
        let (function, limits) =
            unsafe { (reference(function, "the function")?, reference(limits, "the limits")?) };
        usable(limited, "the place for the function")?;
        let mut function = function.0.clone();
        if limits.within > 0 {
            function = function.within(Duration::from_nanos(limits.within));
        }
        // SAFETY: null or alive, as the caller says.
        if let Some(call) = unsafe { limits.call.as_ref() } {
            function = function.cancelled_by(&call.0);
        }
        if limits.retries > 0 {
            function = function.retries(limits.retries.try_into().unwrap_or(u32::MAX));
        }
        // SAFETY: not null, and as the caller says.
        unsafe { limited.write(Box::into_raw(Box::new(callpy_function(function)))) };
        Ok(())
    })
}
