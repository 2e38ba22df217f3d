//! Frees what others left, on a thread of its own: memory of NumPy's arrays that mimalloc still keeps
//! a second after the last use, and references that were dropped on detached threads.
//!
//! Noting a use costs one relaxed load. The thread is started by the first one, wakes once a second
//! while there are more, and then sleeps until the next. Nothing waits for it as the process exits.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::thread::Attachment;
use super::{end, memory, process, reference};

/// For how long there must be no use.
const QUIET_FOR: Duration = Duration::from_secs(1);

static STATE: AtomicU8 = AtomicU8::new(ASLEEP);
/// There is nothing to do: the next use wakes the thread.
const ASLEEP: u8 = 0;
/// No use since the thread last looked.
const QUIET: u8 = 1;
const USED: u8 = 2;

/// Whether references are to be released without waiting for a quiet second.
static IS_URGENT: AtomicBool = AtomicBool::new(false);

static IS_STARTED: AtomicBool = AtomicBool::new(false);
/// The thread, to be woken; null until it looks at the above for the first time.
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

/// Has the references that were dropped on detached threads released as soon as the thread can attach.
#[cold]
pub(super) fn release_soon() {
    IS_URGENT.store(true, Ordering::SeqCst);
    wake();
}

fn wake() {
    if !IS_STARTED.swap(true, Ordering::SeqCst) {
        start();
    }
    // SAFETY: null, or leaked by `run`. If it is null, the thread has yet to look at the state, which
    // was written before this.
    if let Some(thread) = unsafe { THREAD.load(Ordering::SeqCst).as_ref() } {
        thread.unpark();
    }
}

fn start() {
    // Where there can be no thread, memory stays until `Python::trim`, and references until the next call.
    let _ = process::spawn_thread("callpy-idle", run);
}

/// Says that there is no such thread, in the child of a fork.
#[cfg(unix)]
pub(super) fn forget() {
    THREAD.store(null_mut(), Ordering::SeqCst);
    IS_STARTED.store(false, Ordering::SeqCst);
    STATE.store(ASLEEP, Ordering::SeqCst);
}

fn run() {
    let this = Box::new(std::thread::current());
    THREAD.store(Box::into_raw(this), Ordering::SeqCst);
    let mut quiet_since = Instant::now();
    loop {
        if IS_URGENT.swap(false, Ordering::SeqCst) {
            release_queued();
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
                // Where this frees an array, that is a use, and another second follows.
                release_queued();
                if change(QUIET, ASLEEP) {
                    memory::trim();
                    // Calls may have loaded some.
                    end::at_exit_before_libraries();
                }
            }
        }
    }
}

fn change(from: u8, to: u8) -> bool {
    STATE.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}

/// Releases references, unless Python ends; then no one needs to.
fn release_queued() {
    if reference::are_queued()
        && let Ok(attachment) = Attachment::new()
    {
        reference::release_queued(attachment.token());
    }
}
