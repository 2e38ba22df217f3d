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

/// How long a call keeps its slot while as many as there are cores have lost theirs, and compute: more
/// of them would help no one. It is the interval at which Python code gives the interpreter lock up.
const LONGEST_PATIENCE: u64 = 5_000_000;

const ROUND: Duration = Duration::from_micros(100);

/// How many rounds have been made. They stand still in the child of a fork.
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
    loop {
        while !IS_CROWD.load(Ordering::Relaxed) {
            thread::park();
            crowded = now();
        }
        thread::sleep(ROUND);
        ROUNDS.fetch_add(1, Ordering::Relaxed);
        let now = now();
        let busy = round(&mut seen, now, load.is_busy(now));
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
    fn is_due(&self, slot: &Slot, now: u64, is_busy: bool) -> bool {
        let (is_in_call, age) = (self.holder & 1 == 1, now.saturating_sub(self.first));
        if !is_in_call {
            return self.holder != 0 && age > 0;
        }
        let patience = match slot.usual.load(Ordering::Relaxed) {
            _ if is_busy => LONGEST_PATIENCE,
            // The first call of a function takes longer.
            0 => SHORT,
            usual if usual < SHORT => PATIENCE.max(3 * usual),
            _ => PATIENCE,
        };
        age >= patience
    }
}

/// The time that this process has run, and when that was.
#[derive(Default)]
struct Load {
    ran: u64,
    at: u64,
}

impl Load {
    /// Whether calls that lost their slots keep the processor busy.
    fn is_busy(&mut self, now: u64) -> bool {
        if OVERTAKEN.load(Ordering::Relaxed) < limit::most() {
            return false;
        }
        let Some(ran) = process_time() else { return false };
        let before = mem::replace(self, Load { ran, at: now });
        ran.saturating_sub(before.ran) > (now - before.at) / 2
    }
}

/// Frees the slots that are due, and gives them to the callers that wait; returns how many are in a
/// call.
fn round(seen: &mut [Seen; SLOTS.len()], now: u64, is_busy: bool) -> usize {
    let mut busy = 0;
    for (number, (slot, seen)) in SLOTS.iter().zip(seen).enumerate() {
        let holder = slot.holder.load(Ordering::Acquire);
        let calls = slot.calls.load(Ordering::Relaxed);
        let is_in_call = holder & 1 == 1;
        busy += usize::from(is_in_call);
        if (holder, calls) != (seen.holder, seen.calls) {
            *seen = Seen { holder, calls, first: now };
        }
        if line::is_empty() {
            continue;
        }
        let is_freed = seen.is_due(slot, now, is_busy) && slot.changes(holder, 0);
        if is_freed && is_in_call {
            OVERTAKEN.fetch_add(1, Ordering::Relaxed);
        }
        if (holder == 0 || is_freed) && number < limit::get() {
            line::admit(number);
        }
    }
    busy
}
