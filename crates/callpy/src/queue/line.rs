//! The callers that wait for a slot, first come, first served.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{IS_CROWD, SLOTS, now, watch};

static LINE: Mutex<VecDeque<Arc<Waiter>>> = Mutex::new(VecDeque::new());

/// The length of the line. It may lag behind for an instant, which costs one round of the watch.
static LENGTH: AtomicUsize = AtomicUsize::new(0);

struct Waiter {
    number: u64,
    /// Whether it was woken, which it waits for. Not by parking the thread: a thread can't be parked in
    /// its last destructors, in which it may call.
    is_woken: Mutex<bool>,
    changed: Condvar,
    /// When it was woken.
    woken: AtomicU64,
    /// What the waiter is doing; from [`GRANTED`] on, the slot that it got.
    state: AtomicU32,
}

/// After so long without a round of the watch, which is starved or stopped, a caller goes on without a
/// slot.
const STANDSTILL: Duration = Duration::from_millis(50);

/// For each group of so many callers before it, a caller waits that long once more. If a thousand callers
/// looked every 50 milliseconds they would keep a core busy, and if all of them went on at once they
/// would starve the watch for good.
const GROUP: usize = 8;

/// How long a caller with so many before it waits without a round of the watch.
fn patience(ahead: usize) -> Duration {
    STANDSTILL * (1 + ahead / GROUP) as u32
}

/// How long a thread takes to wake up, in nanoseconds: 5 microseconds on a machine of one's own, and
/// ten times as much on a virtual one whose host is busy.
static WAKING: AtomicU64 = AtomicU64::new(20_000);
const MOST_WAKING: u64 = 100_000;

pub(super) fn waking() -> u64 {
    WAKING.load(Ordering::Relaxed)
}

/// How much longer the first call in a slot that was handed over takes than others, in nanoseconds: the
/// caller had to wake up, and its core has nothing of what the call needs in its caches.
static COST: AtomicU64 = AtomicU64::new(20_000);

pub(super) fn cost() -> u64 {
    COST.load(Ordering::Relaxed)
}

/// Learns by a call that ended so long after its slot was handed over.
pub(super) fn learn_cost(elapsed: u64, usual: u64) {
    const MOST: u64 = 500_000;
    let latest = elapsed.saturating_sub(usual).min(MOST);
    COST.store((cost() * 15 + latest) / 16, Ordering::Relaxed);
}

const PARKED: u32 = 0;
const AWAKE: u32 = 1;
const GRANTED: u32 = 2;

pub(super) fn is_empty() -> bool {
    LENGTH.load(Ordering::Relaxed) == 0
}

fn line() -> MutexGuard<'static, VecDeque<Arc<Waiter>>> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the crowd, if no one waits. A caller that waits has the watch at work.
pub(super) fn disperse() {
    let line = line();
    if line.is_empty() {
        IS_CROWD.store(false, Ordering::Relaxed);
    }
}

/// Has no one wait, in the child of a fork.
#[cfg(unix)]
pub(super) fn forget() {
    LENGTH.store(0, Ordering::Relaxed);
}

/// Waits for a slot; none where the caller should go on without.
pub(super) fn wait(number: u64) -> Option<usize> {
    let waiter = Arc::new(Waiter {
        number,
        is_woken: Mutex::new(false),
        changed: Condvar::new(),
        woken: AtomicU64::new(0),
        state: AtomicU32::new(AWAKE),
    });
    let patience = {
        let mut line = line();
        // Under the lock, as `disperse` writes it: without a crowd the watch sleeps, and would not wake this
        // caller.
        if !IS_CROWD.load(Ordering::Relaxed) {
            return None;
        }
        line.push_back(Arc::clone(&waiter));
        LENGTH.store(line.len(), Ordering::Relaxed);
        patience(line.len() - 1)
    };
    loop {
        let is_parked =
            waiter.state.compare_exchange(AWAKE, PARKED, Ordering::AcqRel, Ordering::Acquire);
        if is_parked.is_ok() {
            let (rounds, parked) = (watch::rounds(), now());
            waiter.park(patience);
            let _ =
                waiter.state.compare_exchange(PARKED, AWAKE, Ordering::AcqRel, Ordering::Acquire);
            let is_stuck =
                now() - parked >= patience.as_nanos() as u64 && watch::rounds() == rounds;
            // If it is no longer in the line, it is being granted a slot, which it must then take.
            if is_stuck && waiter.slot().is_none() && waiter.leaves_line() {
                return None;
            }
        }
        let awake = now();
        let was_called = waiter.learn(awake);
        loop {
            if let Some(slot) = waiter.slot() {
                return Some(slot);
            }
            // It is this caller's turn in a moment, unless it only looked whether the watch goes on.
            if !was_called || now() - awake > 4 * waking() {
                break;
            }
            std::hint::spin_loop();
        }
    }
}

impl Waiter {
    fn wake(&self) {
        self.woken.store(now(), Ordering::Relaxed);
        *self.is_woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }

    /// Waits until it is woken, or for so long that the watch seems to stand still.
    fn park(&self, patience: Duration) {
        let is_woken = self.is_woken.lock().unwrap_or_else(PoisonError::into_inner);
        let woken = self.changed.wait_timeout_while(is_woken, patience, |is_woken| !*is_woken);
        *woken.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    /// Learns how long it took to wake up; false if it was not called, but woke up by itself.
    fn learn(&self, now: u64) -> bool {
        let woken = self.woken.swap(0, Ordering::Relaxed);
        if woken != 0 {
            let waking = waking();
            let latest = now.saturating_sub(woken).min(MOST_WAKING);
            WAKING.store((waking * 15 + latest) / 16, Ordering::Relaxed);
        }
        woken != 0
    }

    /// The slot that it was granted.
    fn slot(&self) -> Option<usize> {
        self.state.load(Ordering::Acquire).checked_sub(GRANTED).map(|slot| slot as usize)
    }

    /// Leaves the line, where no one has taken it from there.
    fn leaves_line(&self) -> bool {
        let mut line = line();
        let length = line.len();
        line.retain(|other| other.number != self.number);
        LENGTH.store(line.len(), Ordering::Relaxed);
        line.len() < length
    }
}

/// Wakes the caller that waits first, so that it is awake when it gets its slot; false if none waits.
pub(super) fn call() -> bool {
    let Some(first) = line().front().map(Arc::clone) else { return false };
    if first.state.load(Ordering::Relaxed) == PARKED {
        first.wake();
    }
    true
}

/// Whether the caller that waits first is awake.
pub(super) fn is_awake() -> bool {
    line().front().is_some_and(|first| first.state.load(Ordering::Relaxed) == AWAKE)
}

/// Gives a free slot to the caller that waits first.
pub(super) fn admit(slot: usize) {
    let mut line = line();
    let Some(first) = line.pop_front() else { return };
    // A caller that came by may have taken the slot. The first one then keeps its place.
    if !SLOTS[slot].changes(0, first.number << 1 | 1) {
        line.push_front(first);
        return;
    }
    LENGTH.store(line.len(), Ordering::Relaxed);
    // Waking takes a system call, for which the others need not wait.
    drop(line);
    SLOTS[slot].taken.store(now(), Ordering::Relaxed);
    if first.state.swap(GRANTED + slot as u32, Ordering::AcqRel) == PARKED {
        first.wake();
    }
}
