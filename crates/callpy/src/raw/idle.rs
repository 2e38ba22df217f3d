//! A thread of callpy's own that frees what other threads left behind, once they have left it alone for
//! a second: memory of NumPy's arrays, and references that were dropped on detached threads.
//!
//! Noting a use costs one relaxed load. The first use starts the thread. It wakes once a second while
//! there are more uses, and then sleeps until the next one. The process doesn't wait for it to exit.

use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::process;

/// What the thread does.
pub(super) struct Work {
    /// After a second, and [soon](work_soon) where that is asked for. Where it frees an array, that is
    /// a use.
    pub(super) release: fn(),
    /// After a second in which `release` had nothing to free.
    pub(super) trim: fn(),
}

static WORK: OnceLock<Work> = OnceLock::new();

/// Says what the thread is to do; called before the first use.
pub(super) fn install(work: Work) {
    let _ = WORK.set(work);
}

/// For how long there must be no use.
const QUIET_FOR: Duration = Duration::from_secs(1);

static STATE: AtomicU8 = AtomicU8::new(ASLEEP);
/// There is nothing to do: the next use wakes the thread.
const ASLEEP: u8 = 0;
/// No use since the thread last looked.
const QUIET: u8 = 1;
const USED: u8 = 2;

/// Whether to release without waiting for a quiet second.
static IS_URGENT: AtomicBool = AtomicBool::new(false);

static IS_STARTED: AtomicBool = AtomicBool::new(false);
/// The thread, for waking it; null until it first looks at the above.
static THREAD: AtomicPtr<Thread> = AtomicPtr::new(null_mut());

/// Notes that something may be left to free.
#[inline]
pub(super) fn note_use() {
    // USED, seen late, is at most a moment old, and the thread waits for a second from then.
    if STATE.load(Ordering::Relaxed) != USED {
        note_first_use();
    }
}

#[cold]
fn note_first_use() {
    if STATE.swap(USED, Ordering::SeqCst) == ASLEEP {
        wake();
    }
}

/// Has the thread release what it can now.
#[cold]
pub(super) fn work_soon() {
    IS_URGENT.store(true, Ordering::SeqCst);
    wake();
}

fn wake() {
    if let Some(work) = WORK.get()
        && !IS_STARTED.swap(true, Ordering::SeqCst)
    {
        // If no thread can be started, memory stays until `Python::trim`, and references until the next
        // call.
        let _ = process::spawn_thread("callpy-idle", || run(work));
    }
    // SAFETY: null, or leaked by `run`. If it is null, the thread has yet to look at the state, which
    // was written before this.
    if let Some(thread) = unsafe { THREAD.load(Ordering::SeqCst).as_ref() } {
        thread.unpark();
    }
}

/// Says that there is no such thread, in the child of a fork.
#[cfg(unix)]
pub(super) fn forget() {
    THREAD.store(null_mut(), Ordering::SeqCst);
    IS_STARTED.store(false, Ordering::SeqCst);
    STATE.store(ASLEEP, Ordering::SeqCst);
}

fn run(work: &Work) {
    let this = Box::new(std::thread::current());
    THREAD.store(Box::into_raw(this), Ordering::SeqCst);
    let mut quiet_since = Instant::now();
    loop {
        if IS_URGENT.swap(false, Ordering::SeqCst) {
            (work.release)();
        }
        let left = QUIET_FOR.saturating_sub(quiet_since.elapsed());
        match STATE.load(Ordering::SeqCst) {
            ASLEEP => std::thread::park(),
            USED => {
                let _ = change(USED, QUIET);
                quiet_since = Instant::now();
            }
            _ if !left.is_zero() => std::thread::park_timeout(left),
            _ => {
                (work.release)();
                if change(QUIET, ASLEEP) {
                    (work.trim)();
                }
            }
        }
    }
}

fn change(from: u8, to: u8) -> bool {
    STATE.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}
