//! The queue before the interpreter lock: how many callers are in Python at once.
//!
//! NumPy releases the interpreter lock in each operation of more than 500 elements, and each release
//! wakes a thread that waits for it. Callers that wait inside Python therefore spend their time
//! handing the lock to one another: eight of them do a fifth of what one does. So they wait here,
//! where waiting costs nothing, and as many are let in as pay: from one to twice the number of cores.
//!
//! A caller holds one of that many slots. It keeps its slot from one call to the next, for a slice of
//! time, because handing a slot over costs more than a short call. Then the slot goes to the caller
//! that has waited longest.
//!
//! The queue only saves time. Nothing is unsound or stuck when a thread passes it, and so these do: a
//! nested call, a call in [`Python::attach`](crate::Python::attach), a call of a function that mostly
//! sleeps, and all threads of the child of a fork. A holder that stays in one call loses its slot to
//! the next caller: see [`watch`]. One that does work of its own in `detach` gives it up.

mod limit;
mod line;
mod pace;
mod watch;

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::Instant;

use pace::Pace;

use crate::raw;
use crate::raw::process::ThreadClock;

/// How long a caller keeps its slot while others wait, in nanoseconds; at least for one call. `usual` is
/// how long its calls take.
///
/// Long enough that handing over costs a sixteenth of the time, but not so long that the last of many
/// callers waits for it too long.
fn slice(usual: u64) -> u64 {
    let longest = (16 * usual).clamp(2_000_000, 5_000_000);
    (16 * line::cost()).clamp(80_000, longest)
}

/// Whether several threads call. Until then, calls take no slots.
static IS_CROWD: AtomicBool = AtomicBool::new(false);

/// The thread that has seen another one call and waits for that one to call again, and since when; 0 if there is
/// none. Until then it may be one caller that has moved to another thread, as a goroutine does.
static SUSPECTS: AtomicU64 = AtomicU64::new(0);

/// A thread's number (its low 20 bits) and a time in microseconds (its low 44 bits).
#[derive(Clone, Copy)]
struct Stamp(u64);

impl Stamp {
    const TIME: u64 = (1 << 44) - 1;

    fn of(number: u64, now: u64) -> Stamp {
        Stamp((number << 44) | ((now / 1000) & Stamp::TIME))
    }

    #[inline]
    fn is_of(self, number: u64) -> bool {
        self.0 >> 44 == number & 0xf_ffff
    }

    /// How long ago it was, in nanoseconds; 0 if another thread was a little later than `now`.
    fn age(self, now: u64) -> u64 {
        let passed = (now / 1000).wrapping_sub(self.0) & Stamp::TIME;
        if passed > Stamp::TIME / 2 { 0 } else { passed * 1000 }
    }
}

static SLOTS: [Slot; 64] = [const { Slot::new() }; 64];

/// A permit to be in Python. Each has cache lines of its own, since its holder writes to it at each
/// call, and costs no one else anything.
#[repr(align(128))]
struct Slot {
    /// 0 if it is free; otherwise twice the number of its holder, and one more during a call.
    holder: AtomicU64,
    /// When its holder got it.
    taken: AtomicU64,
    /// How long a call of the holder's function usually takes; 0 if that is not known.
    usual: AtomicU64,
    /// The clock of the holder's thread, once it has begun a call.
    clock: AtomicI32,
    /// How many calls have been made in it, and how much work they were: see [`limit`].
    calls: AtomicU64,
    work: AtomicU64,
}

/// What a thread knows of itself.
struct Caller {
    /// The thread's number; 0 before it is needed.
    number: Cell<u64>,
    clock: Cell<ThreadClock>,
    /// The slot of the thread's last call; by now it may be another's.
    slot: Cell<Option<usize>>,
    /// Whether the next call is the first in a slot that was handed over.
    is_first: Cell<bool>,
    /// Whether the caller that is to have the slot next was told so.
    has_called: Cell<bool>,
    /// How many calls are left before this thread looks whether others call.
    until_look: Cell<u32>,
    looked: Cell<u64>,
}

thread_local! {
    static CALLER: Caller = const {
        Caller {
            number: Cell::new(0),
            clock: Cell::new(ThreadClock::NONE),
            slot: Cell::new(None),
            is_first: Cell::new(false),
            has_called: Cell::new(false),
            until_look: Cell::new(0),
            looked: Cell::new(0),
        }
    };
}

/// A caller's turn, from before it attaches until after it has detached.
pub(crate) struct Turn {
    held: Option<Held>,
    not_send: PhantomData<*mut ()>,
}

struct Held {
    slot: usize,
    pace: &'static Pace,
    /// When the call began, and how long this thread had run by then; of calls that are measured.
    began: Option<(u64, Option<u64>)>,
}

/// Waits until this thread may call; `function` is a number by which its pace is known, which is asked
/// for only where it is needed: none for one that does not run in this process.
#[inline]
pub(crate) fn enter(function: impl FnOnce() -> Option<usize>) -> Turn {
    // A thread that misses a new crowd makes a few calls more without a slot, which costs only time.
    let is_crowd = IS_CROWD.load(Ordering::Relaxed)
        || CALLER.with(|caller| match caller.until_look.get() {
            0 => caller.sees_others(),
            calls => {
                caller.until_look.set(calls - 1);
                let suspects = Stamp(SUSPECTS.load(Ordering::Relaxed));
                suspects.0 != 0 && !suspects.is_of(caller.number.get()) && is_other(suspects)
            }
        });
    let held = match is_crowd {
        true => function().and_then(|function| CALLER.with(|caller| caller.take(function))),
        false => None,
    };
    Turn { held, not_send: PhantomData }
}

/// Gives up the slot of this thread's call, whose function has called Rust, which does work of its own
/// now.
#[inline]
pub(crate) fn pause() {
    if IS_CROWD.load(Ordering::Relaxed) {
        CALLER.with(Caller::gives_up);
    }
}

/// Stops the queue for good in the child of a fork: it has no watch, and other threads may have locked
/// what only they could unlock. Only writes to atomics.
#[cfg(unix)]
fn forget() {
    watch::forget();
    line::forget();
}

/// The part of a series of calls that is made in one turn.
pub(crate) struct Series {
    calls: u32,
    began: u64,
}

impl Series {
    pub(crate) fn begin() -> Series {
        Series { calls: 0, began: now() }
    }

    /// Counts a call; says whether others should have their turn now: those in line, after a slice,
    /// and threads that wait for Python itself, after the time that Python code gives them.
    #[inline]
    pub(crate) fn is_over(&mut self) -> bool {
        /// Asking for the time costs as much as half a call.
        const CALLS: u32 = 16;
        // `sys.getswitchinterval()`: so long a thread of Python's waits until it asks for the lock.
        const SWITCH_INTERVAL: u64 = 5_000_000;
        self.calls += 1;
        let is_wanted = !line::is_empty();
        (is_wanted || self.calls.is_multiple_of(CALLS))
            && now() - self.began > if is_wanted { slice(0) } else { SWITCH_INTERVAL }
    }
}

impl Drop for Turn {
    #[inline]
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            CALLER.with(|caller| caller.leave(held));
        }
    }
}

/// Notes that a thread calls that another one may have seen before; says whether there is a crowd.
#[cold]
fn is_other(suspects: Stamp) -> bool {
    /// How long a thread's suspicion counts: the thread may have ended since.
    const RECENT: u64 = 50_000_000;
    SUSPECTS.store(0, Ordering::Relaxed);
    suspects.age(now()) < RECENT && watch::start()
}

impl Caller {
    /// Looks whether another thread calls as often as this one.
    #[cold]
    fn sees_others(&self) -> bool {
        /// A look costs as much as half a call.
        const CALLS: u32 = 32;
        const MILLISECOND: u64 = 1_000_000;
        /// Who looked last, and when.
        static LAST: AtomicU64 = AtomicU64::new(0);

        if watch::is_none() {
            // There will be no queue, and all threads that look write to the same memory.
            self.until_look.set(u32::MAX);
            return false;
        }
        let (now, number) = (now(), self.number());
        let elapsed = now.saturating_sub(self.looked.replace(now));
        let own = Stamp::of(number, now);
        let last = Stamp(LAST.swap(own.0, Ordering::Relaxed));
        self.until_look.set(CALLS - 1);
        // The threads need not call at the same pace: one that called within two of this thread's intervals
        // calls often enough to be in its way.
        let is_soon = last.age(now) < (2 * elapsed).max(MILLISECOND);
        let sees = last.0 != 0 && !last.is_of(number) && is_soon;
        let suspects = Stamp(SUSPECTS.load(Ordering::Relaxed));
        if suspects.0 != 0 && !suspects.is_of(number) {
            return is_other(suspects);
        }
        // Until the next look of this thread's, the other's next call makes them a crowd.
        let suspicion = if sees { own.0 } else { 0 };
        if suspicion != suspects.0 {
            SUSPECTS.store(suspicion, Ordering::Relaxed);
        }
        false
    }

    fn number(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.number.get() == 0 {
            self.number.set(NEXT.fetch_add(1, Ordering::Relaxed));
            self.clock.set(ThreadClock::of_this_thread());
        }
        self.number.get()
    }

    #[cold]
    fn take(&self, function: usize) -> Option<Held> {
        /// Measuring a call costs as much as a short one.
        const MEASURED: u64 = 16;

        // A call within another doesn't wait: the holder of the slot could be waiting for this thread.
        if raw::thread::is_in_call() {
            return None;
        }
        let pace = Pace::of(function);
        if pace.sleeps() {
            return None;
        }
        let slot = self.slot()?;
        let this = &SLOTS[slot];
        this.usual.store(pace.usual(), Ordering::Relaxed);
        this.clock.store(self.clock.get().0, Ordering::Relaxed);
        let is_suspect = pace.is_suspect();
        let is_measured = is_suspect
            || pace.usual() == 0
            || this.calls.load(Ordering::Relaxed).is_multiple_of(MEASURED);
        // The CPU clock of a thread takes a system call; the time does not.
        let ran = || is_suspect.then(raw::process::thread_time).flatten();
        Some(Held { slot, pace, began: is_measured.then(|| (now(), ran())) })
    }

    /// Returns the slot of the call that begins: the last one, one that no call is in, or the one that
    /// this caller has waited for.
    fn slot(&self) -> Option<usize> {
        let number = self.number();
        if let Some(slot) = self.slot.get()
            && SLOTS[slot].changes(number << 1, number << 1 | 1)
        {
            return Some(slot);
        }
        // Not past those who wait: a slot that no call is in may be about to be theirs.
        let slot = match line::is_empty() {
            true => (0..limit::get()).find(|&slot| SLOTS[slot].is_taken(number)),
            false => None,
        };
        self.is_first.set(slot.is_none());
        let slot = slot.or_else(|| line::wait(number));
        self.slot.set(slot);
        self.has_called.set(false);
        slot
    }

    #[cold]
    fn leave(&self, held: &Held) {
        if watch::is_none() {
            // The child of a fork.
            return;
        }
        let this = &SLOTS[held.slot];
        this.completed(held.pace.usual());
        if let Some((began, ran)) = held.began {
            let elapsed = now().saturating_sub(began);
            held.pace.learn(elapsed);
            if let Some(before) = ran {
                let ran = raw::process::thread_time()
                    .map_or(elapsed, |after| after.saturating_sub(before));
                held.pace.judge(elapsed, ran, watch::are_lost_busy());
            }
        }
        // Read before the slot is given back, since its next holder writes its own time there.
        let taken = this.taken.load(Ordering::Relaxed);
        if !self.gives_back(held.slot) {
            watch::ended(self.number());
            held.pace.suspect();
        } else if self.is_first.get() && held.pace.usual() != 0 {
            line::learn_cost(now().saturating_sub(taken), held.pace.usual());
        }
        self.is_first.set(false);
    }

    #[cold]
    fn gives_up(&self) {
        let (busy, slot) = (self.number() << 1 | 1, self.slot.get());
        if let Some(slot) = slot.filter(|&slot| SLOTS[slot].changes(busy, 0))
            && slot < limit::get()
        {
            line::admit(slot);
        }
    }

    /// Ends a call in a slot, and hands the slot over if it is time; false if it was lost before.
    fn gives_back(&self, slot: usize) -> bool {
        let (busy, absent) = (self.number() << 1 | 1, self.number() << 1);
        let this = &SLOTS[slot];
        let (is_surplus, mut is_over) = (slot >= limit::get(), false);
        if !line::is_empty() && !is_surplus {
            let held_for = now().saturating_sub(this.taken.load(Ordering::Relaxed));
            let usual = this.usual.load(Ordering::Relaxed);
            let slice = slice(usual);
            // The next caller is woken so early that it is awake when the slice ends, if a core is free for it
            // to be awake on.
            if held_for + line::waking().max(usual) >= slice
                && limit::leaves_a_core()
                && !self.has_called.get()
            {
                self.has_called.set(line::call());
            }
            // Until the next one is awake, this caller's work costs it nothing.
            is_over = held_for >= slice
                && (!limit::leaves_a_core() || held_for > 2 * slice || line::is_awake());
        }
        // A slot above the limit goes to no one: the search has made it smaller meanwhile.
        if !is_over && !is_surplus {
            let is_ours = this.changes(busy, absent);
            if !is_ours {
                self.slot.set(None);
            }
            return is_ours;
        }
        self.slot.set(None);
        let is_ours = this.changes(busy, 0);
        if is_ours && is_over {
            line::admit(slot);
        }
        is_ours
    }
}

impl Slot {
    const fn new() -> Slot {
        Slot {
            holder: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            usual: AtomicU64::new(0),
            clock: AtomicI32::new(0),
            calls: AtomicU64::new(0),
            work: AtomicU64::new(0),
        }
    }

    fn changes(&self, from: u64, to: u64) -> bool {
        self.holder.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Takes the slot, if no call is in it.
    fn is_taken(&self, number: u64) -> bool {
        let holder = self.holder.load(Ordering::Relaxed);
        let is_taken = holder & 1 == 0 && self.changes(holder, number << 1 | 1);
        if is_taken {
            self.taken.store(now(), Ordering::Relaxed);
        }
        is_taken
    }

    /// Counts a call; approximately, since a caller that has lost the slot counts too.
    fn completed(&self, work: u64) {
        // Not `fetch_add`, since an exact count would cost more than it is worth here.
        self.calls.store(self.calls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.work.store(self.work.load(Ordering::Relaxed) + work, Ordering::Relaxed);
    }
}

/// Nanoseconds since the first call.
fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    // `Instant` itself does not fit into an atomic.
    FIRST.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_tell_threads_and_times() {
        let (number, second) = ((1 << 20) + 7, 1_000_000_000);
        let stamp = Stamp::of(number, 5 * second);
        assert!(stamp.is_of(number) && !stamp.is_of(8));
        assert_eq!(stamp.age(7 * second), 2 * second);
        assert_eq!(stamp.age(4 * second), 0);
        // After 203 days the times begin again.
        let most = (Stamp::TIME + 1) * 1000;
        assert_eq!(Stamp::of(1, most - second).age(most + second), 2 * second);
    }

    #[test]
    fn a_call_within_another_takes_no_slot_and_detached_work_keeps_none() {
        let python = crate::Python::start().unwrap();
        let outer = loop {
            // Another test's call may have the slot, or find that there is no crowd.
            IS_CROWD.store(true, Ordering::Relaxed);
            let turn = enter(|| Some(1));
            if turn.held.is_some() {
                break turn;
            }
        };
        let slot = outer.held.as_ref().unwrap().slot;
        let busy = CALLER.with(Caller::number) << 1 | 1;
        python
            .attach(|py| {
                assert!(enter(|| Some(2)).held.is_none());
                py.detach(|| {
                    assert_ne!(SLOTS[slot].holder.load(Ordering::Relaxed), busy);
                    assert!(enter(|| Some(2)).held.is_none());
                });
            })
            .unwrap();
        drop(outer);
        IS_CROWD.store(false, Ordering::Relaxed);
    }
}
