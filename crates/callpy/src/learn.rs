//! Which callables retain their arguments, learned from the first call of each.
//!
//! Ordinary code retains what it is passed: `self.last = data`, `KNeighborsClassifier.fit`, a logging
//! handler that buffers. A loan that is retained ends the process, so the first call of a callable
//! with arrays passes copies that callpy watches. If none of them is held when the call returns,
//! later calls lend; if one is, they go on with copies, and [`Retained`] says so once.

mod retained;
mod subject;
mod table;

use std::sync::atomic::{AtomicU8, Ordering};

pub use self::retained::Retained;

pub(crate) use self::retained::{OnRetained, set_hook, tell};

use crate::raw::{Attached, Ref};
use subject::Subject;

/// What is known of a callable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Habit {
    /// No call with arrays has returned yet.
    Unknown = 0,
    /// It does not retain its arguments: they are lent.
    Lends = 1,
    /// It retains them: they are copied.
    Retains = 2,
}

/// What was learned of one callable, for all handles of it and all threads.
pub(crate) struct Learned(AtomicU8);

impl Learned {
    /// Set beside the habit if the program has decided it, which nothing that is learned changes.
    const DECIDED: u8 = 4;

    pub(crate) const fn new() -> Learned {
        Learned(AtomicU8::new(Habit::Unknown as u8))
    }

    pub(crate) const fn decided(habit: Habit) -> Learned {
        Learned(AtomicU8::new(habit as u8 | Learned::DECIDED))
    }

    /// Returns whether arrays are simply lent: what a call asks before anything else.
    #[inline]
    pub(crate) fn lends(&self) -> bool {
        self.0.load(Ordering::Relaxed) & Habit::Lends as u8 != 0
    }

    pub(crate) fn habit(&self) -> Habit {
        // Nothing else is published with it, so the order does not matter.
        match self.0.load(Ordering::Relaxed) & !Learned::DECIDED {
            0 => Habit::Unknown,
            1 => Habit::Lends,
            _ => Habit::Retains,
        }
    }

    /// Notes that a call has returned and retained nothing. Of several first calls that run at once,
    /// one that retains has the last word.
    pub(crate) fn saw_none_retained(&self) {
        let (unknown, lends) = (Habit::Unknown as u8, Habit::Lends as u8);
        let _ = self.0.compare_exchange(unknown, lends, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Notes that a call has retained an argument; says whether that is news of the callable.
    pub(crate) fn saw_retained(&self) -> bool {
        self.begin_to_copy() && table::is_first_to_retain(self)
    }

    /// Has arguments copied from now on, unless the program has decided otherwise; says whether this
    /// changes anything.
    fn begin_to_copy(&self) -> bool {
        let news = |state| (state < Habit::Retains as u8).then_some(Habit::Retains as u8);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, news).is_ok()
    }

    pub(crate) fn decide(&self, habit: Habit) {
        self.0.store(habit as u8 | Learned::DECIDED, Ordering::Relaxed);
    }

    /// Begins again for another callable, for whose method or function the program may have decided
    /// already.
    fn begin(&self, general: impl Iterator<Item = &'static Learned>) {
        let mut states = general.map(|learned| learned.0.load(Ordering::Relaxed));
        let decided = states.find(|state| state & Learned::DECIDED != 0);
        self.0.store(decided.unwrap_or_default(), Ordering::Relaxed);
    }
}

/// What was learned of a callable, which stays that callable's as long as this lives.
///
/// The callable itself does not keep it: a class can get another `__call__`, and an instance another
/// class, while a bound method of it lives.
pub(crate) struct Known {
    pub(crate) learned: &'static Learned,
    subject: Subject,
}

impl Known {
    pub(crate) fn of(py: Attached<'_>, callable: &Ref) -> Known {
        let mut subject = Subject::of(py, callable);
        Known { learned: table::learned(py, &mut subject), subject }
    }

    /// Whether to ask again at each call, since the callable's object may come to hold others.
    pub(crate) fn may_change(&self) -> bool {
        self.subject.may_change()
    }

    /// Drops the references here and now.
    pub(crate) fn release(self, py: Attached<'_>) {
        self.subject.release(py);
    }
}

/// Decides by hand what a callable does, whatever its object holds, and every method that it is the
/// function of.
pub(crate) fn decide(py: Attached<'_>, callable: &Ref, habit: Habit) {
    table::decide(py, Subject::of(py, callable), habit);
}
