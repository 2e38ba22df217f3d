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

/// What is known about a callable.
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
    /// Set beside the habit if the program has decided it; then nothing that is learned changes it.
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

    /// Notes that a call has returned and retained nothing. If several first calls run at once, one that
    /// retains has the last word.
    pub(crate) fn saw_none_retained(&self) {
        // Not a plain store: another call may have seen it retain, or the program may have decided.
        let (unknown, lends) = (Habit::Unknown as u8, Habit::Lends as u8);
        let _ = self.0.compare_exchange(unknown, lends, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Notes that a call has retained an argument; returns whether that was not known of the callable.
    pub(crate) fn saw_retained(&self) -> bool {
        // One line for a callable, not one for each composition of it.
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

    /// Begins again for another callable. The program may have decided already for all methods of its
    /// function.
    fn begin(&self, general: impl Iterator<Item = &'static Learned>) {
        let mut states = general.map(|learned| learned.0.load(Ordering::Relaxed));
        let decided = states.find(|state| state & Learned::DECIDED != 0);
        self.0.store(decided.unwrap_or_default(), Ordering::Relaxed);
    }
}

/// How a call passes its arrays: lent, or as what is learned of the callable says.
#[derive(Clone, Copy)]
pub(crate) struct Passing(Option<&'static Learned>);

impl Passing {
    pub(crate) const LENT: Passing = Passing(None);
    pub(crate) const COPIED: Passing = Passing(Some(&RETAINS));
    /// As the callable's habit says, which is looked up once there is an array to pass.
    pub(crate) const NOT_LOOKED_UP: Passing = Passing(Some(&NOT_LOOKED_UP));

    #[inline]
    pub(crate) fn of(learned: &'static Learned) -> Passing {
        Passing((!learned.lends()).then_some(learned))
    }

    #[inline]
    pub(crate) fn is_lent(self) -> bool {
        self.0.is_none()
    }

    /// Returns what was learned of the callable, if that decides.
    pub(crate) fn learned(self) -> Option<&'static Learned> {
        self.0
    }

    pub(crate) fn is_looked_up(self) -> bool {
        !self.0.is_some_and(|learned| std::ptr::eq(learned, &NOT_LOOKED_UP))
    }
}

/// For what always retains: an attribute that is set.
static RETAINS: Learned = Learned::decided(Habit::Retains);
static NOT_LOOKED_UP: Learned = Learned::new();

/// What was learned of a callable. As long as this lives, it is not used for another callable.
///
/// A reference to the callable would not be enough: while a bound method lives, its class can get another
/// `__call__`, and its instance another class.
pub(crate) struct Known {
    pub(crate) learned: &'static Learned,
    subject: Subject,
}

impl Known {
    pub(crate) fn of(py: Attached<'_>, callable: &Ref) -> Known {
        let mut subject = Subject::of(py, callable);
        Known { learned: table::learned(py, &mut subject), subject }
    }

    /// Whether to ask again at each call, since the callable's object may hold other objects by then.
    pub(crate) fn may_change(&self) -> bool {
        self.subject.may_change()
    }

    /// Drops the references here and now.
    pub(crate) fn release(self, py: Attached<'_>) {
        self.subject.release(py);
    }
}

/// Decides by hand what a callable does, whatever its object holds; if it is a function, for all methods
/// that it implements too.
pub(crate) fn decide(py: Attached<'_>, callable: &Ref, habit: Habit) {
    table::decide(py, Subject::of(py, callable), habit);
}
