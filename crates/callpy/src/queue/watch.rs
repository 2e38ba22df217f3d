//! The watch: a thread that, while several threads call, sees to what no caller is there to do.
//!
//! It takes a slot from a holder that makes no call, and from one that stays in a call for
//! [`PATIENCE`], whether it sleeps, waits for another caller or computes. It also searches the best
//! limit.

use std::mem;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use std::thread::{self, Thread};
use std::time::Duration;

use super::{IS_CROWD, OVERTAKEN, SLOTS, Slot, limit, line, now};
use crate::raw::process::{process_time, spawn_thread, wake_in_time};
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

/// How many rounds have been made. They stop in the child of a fork.
static ROUNDS: AtomicU64 = AtomicU64::new(0);

/// The process that the watch runs in.
static PROCESS: AtomicU32 = AtomicU32::new(0);

static WATCH: OnceLock<Thread> = OnceLock::new();

static IS_OUT_OF_ORDER: AtomicBool = AtomicBool::new(false);

pub(super) fn rounds() -> u64 {
    ROUNDS.load(Ordering::Relaxed)
}

/// Starts to queue callers, if there is any use in that; says whether there is.
pub(super) fn start() -> bool {
    static IS_STARTED: AtomicBool = AtomicBool::new(false);
    if !IS_STARTED.swap(true, Ordering::Relaxed) {
        PROCESS.store(std::process::id(), Ordering::Relaxed);
        let is_started = has_lock() && spawn_thread("callpy-queue", run).is_ok();
        IS_OUT_OF_ORDER.store(!is_started, Ordering::Relaxed);
    }
    if IS_OUT_OF_ORDER.load(Ordering::Relaxed) {
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

/// Stops the queue for good where this is the child of a fork: it has no watch, and the line may have
/// been locked by a thread that it does not have.
#[cold]
pub(super) fn has_none() -> bool {
    let has_none = PROCESS.load(Ordering::Relaxed) != std::process::id();
    if has_none {
        IS_OUT_OF_ORDER.store(true, Ordering::Relaxed);
        IS_CROWD.store(false, Ordering::Relaxed);
    }
    has_none
}

fn run() {
    /// After so long without two calls at once there is no crowd.
    const QUIET: u64 = 50_000_000;
    let _ = WATCH.set(thread::current());
    fence(Ordering::SeqCst);
    wake_in_time();
    let mut limit = limit::Search::new();
    let mut seen = [Seen::default(); SLOTS.len()];
    let mut load = Load::default();
    let mut crowded = now();
    let mut shortest = PATIENCE;
    loop {
        while !IS_CROWD.load(Ordering::Relaxed) {
            thread::park();
            crowded = now();
        }
        thread::sleep(Duration::from_nanos((shortest / 2).clamp(ROUND.0, ROUND.1)));
        ROUNDS.fetch_add(1, Ordering::Relaxed);
        let now = now();
        let busy;
        (busy, shortest) = round(&mut seen, now, &mut load);
        if busy > 1 || !line::is_empty() {
            crowded = now;
        } else if now - crowded > QUIET {
            IS_CROWD.store(false, Ordering::Relaxed);
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

/// The time that this process has run, and when that was.
#[derive(Default)]
struct Load {
    ran: u64,
    at: u64,
}

impl Load {
    /// How many times patience is to double, since letting more callers in would not help: while calls
    /// that lost their slots compute, or wait for the interpreter lock, beside those in slots.
    fn doublings(&mut self, now: u64, busy: usize) -> usize {
        let overtaken = OVERTAKEN.load(Ordering::Relaxed);
        if overtaken == 0 {
            *self = Load::default();
            return 0;
        }
        let Some(ran) = process_time() else { return 0 };
        let before = mem::replace(self, Load { ran, at: now });
        if before.at == 0 {
            return 0;
        }
        let cores =
            ran.saturating_sub(before.ran) as f64 / now.saturating_sub(before.at).max(1) as f64;
        let inside = overtaken + busy;
        let is_idle = cores < 0.5;
        let is_parallel = inside < limit::cores() && cores > 0.8 * inside as f64;
        if is_idle || is_parallel { 0 } else { overtaken }
    }
}

/// Frees the slots that are due, and gives them to the callers that wait; returns how many are in a
/// call, and the shortest patience with one.
fn round(seen: &mut [Seen; SLOTS.len()], now: u64, load: &mut Load) -> (usize, u64) {
    let busy = SLOTS.iter().filter(|slot| slot.holder.load(Ordering::Relaxed) & 1 == 1).count();
    let doublings = load.doublings(now, busy);
    let mut shortest = u64::MAX;
    for (number, (slot, seen)) in SLOTS.iter().zip(seen).enumerate() {
        let holder = slot.holder.load(Ordering::Acquire);
        let calls = slot.calls.load(Ordering::Relaxed);
        let is_in_call = holder & 1 == 1;
        if (holder, calls) != (seen.holder, seen.calls) {
            *seen = Seen { holder, calls, first: now };
        }
        if line::is_empty() {
            continue;
        }
        let patience = patience(slot, doublings);
        if is_in_call {
            shortest = shortest.min(patience);
        }
        let is_freed = seen.is_due(now, patience) && slot.changes(holder, 0);
        if is_freed && is_in_call {
            OVERTAKEN.fetch_add(1, Ordering::Relaxed);
        }
        if (holder == 0 || is_freed) && number < limit::get() {
            line::admit(number);
        }
    }
    (busy, shortest)
}
