//! The end of loans that something in Python still holds: what holds them by oversight lets go, the
//! result is given up, and what is retained all the same ends the process.

use std::time::{Duration, Instant};

use super::holders::{self, Names};
use super::lend::Loan;
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, process, reference};
use crate::{Error, support};

/// Ends the process where loans would be forgotten by a panic.
struct NoUnwinding;

impl Drop for NoUnwinding {
    fn drop(&mut self) {
        process::abort(
            "callpy: a panic while memory was lent to Python, which still holds it: the process \
             ends here",
        )
    }
}

/// Ends loans that something still holds, or the process.
///
/// `give_up` drops the call's result; it is called once at most.
#[cold]
pub(super) fn settle_held(
    py: Attached<'_>,
    numpy: &Numpy,
    names: &impl Names,
    held: Vec<Loan>,
    give_up: impl FnOnce(),
) -> Option<Error> {
    let no_unwinding = NoUnwinding;
    let turn = support::begin_turn(py);
    let held = end_all(py, numpy, held);
    let held = let_go(py, numpy, held);
    let held = wait_for_threads(py, numpy, held);
    let error = if held.is_empty() {
        None
    } else {
        let (argument, holders) = holders::describe(py, names, &held);
        // The result itself, say a generator that goes on reading its argument.
        give_up();
        let held = let_go(py, numpy, held);
        if !held.is_empty() {
            holders::abort(py, numpy, names, &held);
        }
        Some(holders::by_the_result(names, &argument, &holders))
    };
    support::end_turn(py, turn);
    std::mem::forget(no_unwinding);
    error
}

fn end_all(py: Attached<'_>, numpy: &Numpy, held: Vec<Loan>) -> Vec<Loan> {
    held.into_iter().filter_map(|loan| loan.end(py, numpy)).collect()
}

/// Lets go of what holds loans by oversight, the quick ways first.
fn let_go(py: Attached<'_>, numpy: &Numpy, held: Vec<Loan>) -> Vec<Loan> {
    // A handle in Rust that was dropped detached.
    reference::release_queued(py);
    let mut held = end_all(py, numpy, held);
    if held.is_empty() {
        return held;
    }
    // A cycle, of this call most likely, which takes a twentieth of the time.
    for generation in [0, 2] {
        support::collect(py, generation);
        held = end_all(py, numpy, held);
        if held.is_empty() {
            return held;
        }
    }
    // A traceback that somebody keeps.
    held.iter().for_each(|loan| support::release(py, &loan.array));
    end_all(py, numpy, held)
}

/// Gives other threads a second to let go: a worker of a pool drops its task only after it has
/// handed over the result.
fn wait_for_threads(py: Attached<'_>, numpy: &Numpy, mut held: Vec<Loan>) -> Vec<Loan> {
    if !held.iter().any(|loan| support::others_hold(py, &loan.array)) {
        return held;
    }
    let start = Instant::now();
    let mut pause = Duration::from_micros(50);
    while start.elapsed() < Duration::from_secs(1) {
        py.detach(|| std::thread::sleep(pause));
        pause = (pause * 2).min(Duration::from_millis(10));
        held = end_all(py, numpy, held);
        // Asked again, since without an interpreter lock, what others let go is freed on this thread
        // when it next runs Python.
        if !held.iter().any(|loan| support::others_hold(py, &loan.array)) {
            break;
        }
    }
    let_go(py, numpy, held)
}
