//! The watch: a thread that, while several threads call, sees to what no caller is there to do.
//!
//! It takes a slot from a holder that makes no call, and from one that stays in a call for
//! [`PATIENCE`], whether it sleeps, waits for another caller or computes. It also searches the best
//! limit.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use super::{IS_CROWD, SLOTS, Slot, limit, line, now};
use crate::raw::process::{ThreadClock, process_time, spawn_thread, wake_in_time};
use crate::raw::thread::has_lock;

/// How long one call may keep the callers that wait from its slot, in nanoseconds.
pub(super) const PATIENCE: u64 = 200_000;

/// Functions whose calls take less than this, in nanoseconds, get three times as long as their calls
/// take: they will be over soon, and more callers beside them would slow all of them down.
const SHORT: u64 = 1_000_000;

/// How long a call keeps its slot at most. It is the interval at which Python code releases the
/// interpreter lock.
const LONGEST_PATIENCE: u64 = 5_000_000;

/// How long the watch sleeps between two rounds, in nanoseconds: half of the shortest patience with a
/// call, within these bounds. A round costs as much as waking up a thread does.
const ROUND: (u64, u64) = (100_000, 500_000);

/// How long the watch sleeps while the callers hand over their slots by themselves, as those of short
/// calls do. Where threads wake up slowly, a round makes the call beside it take 20 to 50 microseconds
/// longer, so there are fewer rounds.
fn calm_round() -> u64 {
    (20 * line::waking()).clamp(ROUND.0, 1_000_000)
}

/// After so long without a slot that the watch had to take from its holder, it is calm.
const CALM: u64 = 100_000_000;

/// How many rounds have been made.
static ROUNDS: AtomicU64 = AtomicU64::new(0);

static WATCH: OnceLock<Thread> = OnceLock::new();

pub(super) fn rounds() -> u64 {
    ROUNDS.load(Ordering::Relaxed)
}

static STATE: State = State(AtomicU8::new(UNTRIED));
const UNTRIED: u8 = 0;
const STARTING: u8 = 1;
const RUNNING: u8 = 2;
const NONE: u8 = 3;

/// Whether there is a watch.
struct State(AtomicU8);

impl State {
    /// Says whether there is one, started by the first to ask. Others don't wait for that, but go on as if
    /// there were none.
    fn is_running_after(&self, start: impl FnOnce() -> bool) -> bool {
        let (state, order) = (&self.0, Ordering::AcqRel);
        if state.load(Ordering::Relaxed) == UNTRIED
            && state.compare_exchange(UNTRIED, STARTING, order, Ordering::Relaxed).is_ok()
        {
            state.store(if start() { RUNNING } else { NONE }, Ordering::Release);
        }
        state.load(Ordering::Acquire) == RUNNING
    }
}

/// Starts to queue callers, if there is any use in that; says whether there is.
pub(super) fn start() -> bool {
    let is_running = STATE.is_running_after(|| {
        #[cfg(unix)]
        crate::raw::fork::in_child(super::forget);
        // Without an interpreter lock, callers only share the cores, which the system does better.
        has_lock() && spawn_thread("callpy-queue", run).is_ok()
    });
    if !is_running {
        return false;
    }
    IS_CROWD.store(true, Ordering::Relaxed);
    // Either this sees the watch, or a watch that is just starting sees the crowd: see `run`.
    fence(Ordering::SeqCst);
    if let Some(watch) = WATCH.get() {
        watch.unpark();
    }
    true
}

/// Says that there is none, in the child of a fork.
#[cfg(unix)]
pub(super) fn forget() {
    STATE.0.store(NONE, Ordering::Relaxed);
    IS_CROWD.store(false, Ordering::Relaxed);
}

pub(super) fn is_none() -> bool {
    STATE.0.load(Ordering::Relaxed) == NONE
}

fn run() {
    /// After so long without two calls at once there is no crowd.
    const QUIET: u64 = 50_000_000;
    let _ = WATCH.set(thread::current());
    fence(Ordering::SeqCst);
    // Linux lets a sleep end 50 microseconds late: half a round.
    wake_in_time();
    let mut limit = limit::Search::new();
    let mut seen = [Seen::default(); SLOTS.len()];
    let mut load = Load::default();
    let mut crowded = now();
    let mut needed = crowded;
    let mut pause = ROUND.0;
    loop {
        while !IS_CROWD.load(Ordering::Relaxed) {
            thread::park();
            crowded = now();
            needed = crowded;
        }
        thread::sleep(Duration::from_nanos(pause));
        ROUNDS.fetch_add(1, Ordering::Relaxed);
        let now = now();
        let Round { busy, shortest, has_taken } = round(&mut seen, now, &mut load);
        if has_taken || limit::is_comparing() {
            needed = now;
        }
        pause = match now - needed {
            CALM.. => calm_round(),
            _ => (shortest / 2).clamp(ROUND.0, ROUND.1),
        };
        if busy > 1 || !line::is_empty() {
            crowded = now;
        } else if now - crowded > QUIET {
            line::disperse();
        }
        limit.step(now, busy, !line::is_empty());
    }
}

/// What the watch has seen in a slot.
#[derive(Clone, Copy, Default)]
struct Seen {
    holder: u64,
    calls: u64,
    /// When the watch saw this call, or this absence, first.
    first: u64,
}

impl Seen {
    /// Whether a slot should be another's: its holder stays away, or stays in one call.
    fn is_due(&self, now: u64, patience: u64) -> bool {
        let (is_in_call, age) = (self.holder & 1 == 1, now.saturating_sub(self.first));
        if is_in_call { age >= patience } else { self.holder != 0 && age > 0 }
    }
}

/// How long a call of the slot's function may keep the slot.
fn patience(slot: &Slot, doublings: usize) -> u64 {
    let patience = match slot.usual.load(Ordering::Relaxed) {
        // The first call of a function takes longer.
        0 => SHORT,
        usual if usual < SHORT => PATIENCE.max(3 * usual) + line::cost(),
        _ => PATIENCE,
    };
    (patience << doublings.min(5)).min(LONGEST_PATIENCE)
}

/// The calls under way that have lost their slots.
static LOST: Mutex<Vec<Lost>> = Mutex::new(Vec::new());

struct Lost {
    /// The caller's number.
    caller: u64,
    clock: ThreadClock,
    /// How long the thread had run when the watch looked last, in nanoseconds.
    ran: u64,
    /// When it lost its slot, or was last seen to have run.
    at: u64,
}

fn lost() -> MutexGuard<'static, Vec<Lost>> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that a call has ended which may have lost its slot.
pub(super) fn ended(caller: u64) {
    lost().retain(|lost| lost.caller != caller);
}

/// Whether calls that have lost their slots keep a processor busy.
static ARE_LOST_BUSY: AtomicBool = AtomicBool::new(false);

pub(super) fn are_lost_busy() -> bool {
    ARE_LOST_BUSY.load(Ordering::Relaxed)
}

/// How long this process has run, and how long the calls that have lost their slots.
#[derive(Default)]
struct Load {
    /// 0 if no call contended when the watch looked last.
    ran: u64,
    /// When the watch looked last; 0 if no call had lost its slot then.
    at: u64,
    /// What those calls ran, on average of this time.
    lost_ran: u64,
    elapsed: u64,
    /// Whose clock is read next.
    next: usize,
}

impl Load {
    /// How many times patience is to double, since letting more callers in would not help: while calls
    /// that lost their slots compute, or wait for the interpreter lock, beside those in slots.
    fn doublings(&mut self, now: u64, busy: usize) -> usize {
        let before = (self.ran, self.at);
        let contending = self.contending(now);
        if contending == 0 {
            self.ran = 0;
            return 0;
        }
        let Some(ran) = process_time() else { return 0 };
        self.ran = ran;
        if before.0 == 0 {
            return 0;
        }
        let cores =
            ran.saturating_sub(before.0) as f64 / now.saturating_sub(before.1).max(1) as f64;
        // Whether more callers would help shows in what the process as a whole gets done: nothing tells which
        // thread waits for the interpreter lock.
        let inside = contending + busy;
        let is_idle = cores < 0.5;
        let is_parallel = inside < limit::cores() && cores > 0.8 * inside as f64;
        if is_idle || is_parallel { 0 } else { contending }
    }

    /// Looks whether calls that have lost their slots run, and returns how many contend for the
    /// processor or the interpreter lock. The others have not run for a while: they wait for something
    /// else, as a worker does in Python for the next piece of work.
    fn contending(&mut self, now: u64) -> usize {
        /// Reading a clock takes up to a microsecond.
        const AT_ONCE: usize = 8;
        /// A thread that waits for the interpreter lock runs within this time.
        const A_WHILE: u64 = 100_000_000;
        /// Looking whether there is work takes a waiting thread less.
        const A_LITTLE: u64 = 100_000;
        /// Over so long it is averaged, since a thread that computes may not run for some milliseconds.
        const AVERAGED: u64 = 4_000_000;
        let mut lost = lost();
        if lost.is_empty() {
            *self = Load::default();
        } else {
            let before = mem::replace(&mut self.at, now);
            self.elapsed += if before == 0 { 0 } else { now - before };
            for _ in 0..AT_ONCE.min(lost.len()) {
                self.next = (self.next + 1) % lost.len();
                let call = &mut lost[self.next];
                let ran = call.clock.ran().map_or(0, |ran| ran.saturating_sub(call.ran));
                if ran > A_LITTLE {
                    call.at = now;
                    self.lost_ran += ran;
                }
                if ran > A_LITTLE || now.saturating_sub(call.at) >= A_WHILE {
                    call.ran += ran;
                }
            }
            if self.elapsed > AVERAGED {
                (self.lost_ran, self.elapsed) = (self.lost_ran / 2, self.elapsed / 2);
            }
        }
        ARE_LOST_BUSY.store(self.lost_ran > self.elapsed / 2, Ordering::Relaxed);
        lost.iter().filter(|call| now.saturating_sub(call.at) < A_WHILE).count()
    }
}

/// Takes the slot from its holder, if that has not changed meanwhile.
fn is_taken(slot: &Slot, holder: u64, now: u64) -> bool {
    // Locked before, since the call may end at this moment.
    let mut lost = (holder & 1 == 1).then(lost);
    let is_taken = slot.changes(holder, 0);
    if let Some(lost) = lost.as_mut().filter(|_| is_taken) {
        let clock = ThreadClock(slot.clock.load(Ordering::Relaxed));
        lost.push(Lost { caller: holder >> 1, clock, ran: clock.ran().unwrap_or(0), at: now });
    }
    is_taken
}

/// What the watch found in a round.
struct Round {
    /// How many slots are in a call.
    busy: usize,
    /// The shortest patience with one of these calls.
    shortest: u64,
    /// Whether a caller that waits would have waited longer without the watch.
    has_taken: bool,
}

/// Frees the slots that are due, and gives them to the callers that wait.
fn round(seen: &mut [Seen; SLOTS.len()], now: u64, load: &mut Load) -> Round {
    let busy = SLOTS.iter().filter(|slot| slot.holder.load(Ordering::Relaxed) & 1 == 1).count();
    let doublings = load.doublings(now, busy);
    let (mut shortest, mut has_taken) = (u64::MAX, false);
    for (number, (slot, seen)) in SLOTS.iter().zip(seen).enumerate() {
        let holder = slot.holder.load(Ordering::Acquire);
        let calls = slot.calls.load(Ordering::Relaxed);
        // The same holder with another count is in another call.
        if (holder, calls) != (seen.holder, seen.calls) {
            *seen = Seen { holder, calls, first: now };
        }
        if line::is_empty() {
            continue;
        }
        let patience = patience(slot, doublings);
        if holder & 1 == 1 {
            shortest = shortest.min(patience);
        }
        let is_free = holder == 0 || seen.is_due(now, patience) && is_taken(slot, holder, now);
        if is_free && number < limit::get() {
            line::admit(number);
            has_taken = true;
        }
    }
    Round { busy, shortest, has_taken }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn no_one_queues_before_the_watch_runs_or_where_there_is_none() {
        let state = State(AtomicU8::new(UNTRIED));
        let no_other = || -> bool { unreachable!("it is started once") };
        // Another thread asks while the first one starts it.
        let meanwhile = Cell::new(true);
        let start = || {
            meanwhile.set(state.is_running_after(no_other));
            true
        };
        assert!(state.is_running_after(start) && !meanwhile.get());
        assert!(state.is_running_after(no_other));

        let state = State(AtomicU8::new(UNTRIED));
        assert!(!state.is_running_after(|| false) && !state.is_running_after(no_other));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn calls_that_wait_for_something_else_do_not_count() {
        const MILLISECOND: u64 = 1_000_000;
        let this = ThreadClock::of_this_thread();
        let compute = || {
            let begun = this.ran().unwrap();
            while this.ran().unwrap() < begun + 2 * MILLISECOND {}
        };
        let (tell, told) = std::sync::mpsc::channel();
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let sleeper = thread::spawn(move || {
            tell.send(ThreadClock::of_this_thread()).unwrap();
            let _ = wait.recv();
        });
        let sleeping = told.recv().unwrap();
        // By the test's own time, since a busy machine may give this thread little of it.
        let mut load = Load::default();
        let lose = |clock: ThreadClock, at| {
            lost().push(Lost { caller: 0, clock, ran: clock.ran().unwrap(), at });
        };
        (0..3).for_each(|_| lose(sleeping, MILLISECOND));
        assert_eq!(load.contending(MILLISECOND), 3, "they may wait for the interpreter lock");
        compute();
        assert_eq!(load.contending(200 * MILLISECOND), 0);
        assert!(!are_lost_busy());
        lose(this, 200 * MILLISECOND);
        compute();
        assert_eq!(load.contending(201 * MILLISECOND), 1);
        compute();
        assert_eq!(load.contending(400 * MILLISECOND), 1, "it has run");
        ended(0);
        drop(end);
        sleeper.join().unwrap();
    }
}
