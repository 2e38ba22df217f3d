//! Settles loans that something in Python still holds: lets go of what holds them by oversight, gives
//! up the result, and ends the process if a loan is retained after that.

use std::ops::Range;
use std::time::Duration;

use super::holders::{self, Names};
use super::lend::Loan;
use crate::error::Error;
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, Ref, process, reference};
use crate::support::{self, SearchTurn};

/// How often to wait for other threads, before what takes long and in total: the pauses of the first
/// eight add up to 13 milliseconds, and all of them to a second.
///
/// They are counted and not timed: a process that is stopped or starved has not waited.
const FIRST_ROUNDS: u32 = 8;
const ROUNDS: u32 = 107;

/// Ends the process if a panic would leave loans unsettled.
struct NoUnwinding;

impl Drop for NoUnwinding {
    fn drop(&mut self) {
        process::abort(
            "callpy: a panic while memory was lent to Python, which still holds it: the process \
             ends here",
        )
    }
}

/// An array that was passed to Python for a call, lent or as a copy.
pub(super) trait Passed: Sized {
    fn array(&self) -> &Ref;

    /// Returns its place among the arguments, from 1.
    fn argument(&self) -> usize;

    /// Ends it if nothing else holds the array; returns it otherwise.
    fn end(self, py: Attached<'_>, numpy: &Numpy) -> Option<Self>;
}

/// Ends loans that something still holds, or the process.
///
/// `results` are objects that are part of the call's result; `give_up` drops the result, and is
/// called once at most.
#[cold]
pub(super) fn settle_held(
    py: Attached<'_>,
    numpy: &Numpy,
    names: &impl Names,
    held: Vec<Loan>,
    results: Vec<Ref>,
    give_up: impl FnOnce(),
) -> Option<Error> {
    let no_unwinding = NoUnwinding;
    let mut open = Open::new(py, numpy, held);
    let error = open.settle(names, results, give_up);
    drop(open);
    std::mem::forget(no_unwinding);
    error
}

/// Takes the quick steps of settling, and returns what is still held.
pub(super) fn let_go_quickly<P: Passed>(py: Attached<'_>, numpy: &Numpy, held: Vec<P>) -> Vec<P> {
    let mut open = Open::new(py, numpy, held);
    let _all = open.let_go_of_young() || open.wait(0..FIRST_ROUNDS);
    open.loans
}

/// Loans whose arrays something still holds; or copies in their place.
struct Open<'o, P> {
    py: Attached<'o>,
    numpy: &'o Numpy,
    turn: SearchTurn<'o>,
    loans: Vec<P>,
}

impl Open<'_, Loan> {
    fn settle(
        &mut self,
        names: &impl Names,
        results: Vec<Ref>,
        give_up: impl FnOnce(),
    ) -> Option<Error> {
        if self.let_go_of_young() || self.wait(0..FIRST_ROUNDS) {
            return None;
        }
        // Before what takes long in a program with many objects.
        let seen = holders::in_results(self.py, &self.loans, &results);
        if seen.is_none() && self.let_go_slowly() {
            return None;
        }
        let error = holders::by_result(self.py, names, &self.loans, &results, seen);
        // The objects come last. Where a frame shares its memory with one, a producer made with PyO3 would only
        // note that the memory is to be freed, since it does not see that this thread is attached; freeing the
        // object, it does.
        give_up();
        drop(results);
        if self.let_go_of_young() || self.let_go_slowly() {
            return Some(error);
        }
        holders::abort(self.py, self.numpy, names, &self.loans)
    }
}

impl<'o, P: Passed> Open<'o, P> {
    fn new(py: Attached<'o>, numpy: &'o Numpy, loans: Vec<P>) -> Self {
        Open { py, numpy, turn: SearchTurn::begin(py), loans }
    }

    /// Ends the loans that nothing holds any more; returns whether those were all.
    fn end(&mut self) -> bool {
        // A handle in Rust that was dropped detached.
        reference::release_queued(self.py);
        let loans = std::mem::take(&mut self.loans).into_iter();
        self.loans = loans.filter_map(|loan| loan.end(self.py, self.numpy)).collect();
        self.loans.is_empty()
    }

    /// Releases what this call made: a cycle, a traceback that something retains.
    fn let_go_of_young(&mut self) -> bool {
        if self.end() {
            return true;
        }
        support::collect(self.py, 0);
        if self.end() {
            return true;
        }
        self.release(true);
        support::collect(self.py, 1);
        self.end()
    }

    /// Releases older objects, and gives other threads time to let go: a pool's worker drops its task
    /// only after it has handed over the result.
    fn let_go_slowly(&mut self) -> bool {
        self.let_go_of_old() || self.wait(FIRST_ROUNDS..ROUNDS) || self.let_go_of_old()
    }

    fn let_go_of_old(&mut self) -> bool {
        support::collect(self.py, 2);
        if self.end() {
            return true;
        }
        if self.release(false) {
            support::collect(self.py, 2);
        }
        self.end()
    }

    fn release(&self, young: bool) -> bool {
        support::release(self.py, young, &holders::arrays(&self.loans))
    }

    /// Waits for other threads, as long as there are some that run Python code.
    fn wait(&mut self, rounds: Range<u32>) -> bool {
        for round in rounds {
            // In each round, since this runs Python code: without an interpreter lock, what others let
            // go of is freed when this thread next does so.
            if !support::others_run(self.py) {
                return false;
            }
            let pause = Duration::from_micros(50 << round.min(7)).min(Duration::from_millis(10));
            let pause = if round < FIRST_ROUNDS { pause } else { Duration::from_millis(10) };
            self.turn.pause(|| std::thread::sleep(pause));
            if self.end() {
                return true;
            }
        }
        false
    }
}
