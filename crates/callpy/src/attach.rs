//! A thread's attachment to the interpreter, for many calls in a row.
//!
//! Every call attaches its thread and detaches it again, which costs under 100 ns: the thread state
//! is cached from one call to the next, and destroyed after the thread has ended. What Rust drops on a
//! detached thread waits for the next attachment of any thread.
//!
//! # Stack
//!
//! Python runs on the stack of the thread that calls it. Rust's threads have 2 MiB, Python's own have
//! 8 MiB on Linux. 2 MiB is enough for NumPy and its linear algebra, and for Python code to reach its
//! recursion limit, which is then a `RecursionError`, through nearly everything; a recursion through
//! functions in C with large frames of their own, such as `sorted(…, key=…)`, overflows it, which
//! ends the process. CPython 3.14 and newer measure the stack, and raise in time. Make threads for such
//! code with [`std::thread::Builder::stack_size`] of 8 MiB (or the option of a pool, or
//! `RUST_MIN_STACK=8388608` for all).
//!
//! ```
//! # let python = callpy::Python::start()?;
//! let reduce = python.function("functools:reduce")?;
//! let worker = std::thread::Builder::new().stack_size(8 << 20).spawn(move || reduce.name().len());
//! # assert_eq!(worker.unwrap().join().unwrap(), "functools:reduce".len());
//! # Ok::<(), callpy::Error>(())
//! ```

use std::fmt;

use crate::{queue, raw};

/// Shows that this thread is attached: see [`Python::attach`](crate::Python::attach).
///
/// ```
/// # let python = callpy::Python::start()?;
/// let len = python.function("builtins:len")?;
/// let sum = python.attach(|py| {
///     let first: usize = len.call("attached")?;
///     let second = py.detach(|| std::thread::spawn(move || len.call::<usize>("elsewhere")).join());
///     Ok::<usize, callpy::Error>(first + second.expect("no panic")?)
/// })??;
/// assert_eq!(sum, 17);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Attached<'py>(raw::Attached<'py>);

impl<'py> Attached<'py> {
    pub(crate) fn new(token: raw::Attached<'py>) -> Self {
        Attached(token)
    }

    /// Lets other threads use the interpreter while the closure runs.
    ///
    /// Calls in the closure attach again, as anywhere else. It can't use what is sound only while this
    /// thread is attached, since that is not `Send`:
    ///
    /// ```compile_fail,E0277
    /// # let python = callpy::Python::start().unwrap();
    /// python.attach(|py| py.detach(|| py.detach(|| ())));
    /// ```
    pub fn detach<R>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.detach(|| {
            queue::pause();
            work()
        })
    }
}

impl fmt::Debug for Attached<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}
