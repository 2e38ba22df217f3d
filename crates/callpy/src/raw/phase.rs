//! How far Python's end has come, which decides what calls may begin.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};

use super::cpython::Api;

/// Each call reads it as it begins: see `thread::admits_all`.
pub(super) static PHASE: AtomicU8 = AtomicU8::new(RUNNING);
pub(super) const RUNNING: u8 = 0;
/// As above, on a build without an interpreter lock.
pub(super) const RUNNING_FREE: u8 = 1;
/// Exit handlers run. New calls fail, except within other calls and on Python's own threads.
const ENDING: u8 = 2;
/// New calls fail, except within other calls.
const OVER: u8 = 3;

/// Whether the owner of a joined interpreter finalises it, or has done so.
static IS_FINALISED: AtomicBool = AtomicBool::new(false);
/// Whether a joined interpreter is gone. Its owner may start another, to which no handle leads.
static IS_GONE: AtomicBool = AtomicBool::new(false);

std::thread_local! {
    /// Whether this thread runs the libraries' destructors, after Python's end. Without a destructor of its own, so
    /// that it can be read until the thread is gone.
    static IS_LEFT: Cell<bool> = const { Cell::new(false) };
}

/// Says that this thread is attached from now on for the libraries' destructors alone: what callpy's handles drop
/// there is not released, and calls are errors, since the libraries that would be used are partly gone.
pub(super) fn leave() {
    IS_LEFT.set(true);
}

pub(super) fn is_left() -> bool {
    IS_LEFT.get()
}

fn phase() -> u8 {
    PHASE.load(Ordering::Acquire)
}

/// Says that the interpreter has no lock, so that flags of its threads are not ordered by that.
pub(super) fn without_lock() {
    let _ = PHASE.compare_exchange(RUNNING, RUNNING_FREE, Ordering::AcqRel, Ordering::Relaxed);
}

/// Whether a thread may begin a call: one within another, or on a thread of Python's own, perhaps.
pub(super) fn admits(api: &Api, is_nested: bool, is_pythons: bool) -> bool {
    match phase() {
        RUNNING | RUNNING_FREE => true,
        // The owner of a joined interpreter may have finalised it.
        ENDING => (is_nested || is_pythons) && api.is_initialized(),
        _ => is_nested && api.is_initialized(),
    }
}

#[inline]
pub(super) fn is_ending() -> bool {
    phase() >= ENDING
}

/// Whether to leave thread states alone: no one needs them destroyed, or CPython does that.
pub(super) fn is_over() -> bool {
    phase() == OVER || IS_FINALISED.load(Ordering::Acquire)
}

/// Whether there are no thread states left, since the interpreter is finalised, or this thread is not to use its
/// own any more.
pub(super) fn has_gone(api: &Api) -> bool {
    is_ending() && (is_left() || IS_GONE.load(Ordering::Acquire) || !api.is_initialized())
}

/// Begins the end; false if it has begun already.
pub(super) fn begin_end() -> bool {
    let next = |phase| (phase < ENDING).then_some(ENDING);
    PHASE.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).is_ok()
}

/// Says that the end is over.
pub(super) fn finish_end() {
    PHASE.store(OVER, Ordering::Release);
}

/// Goes back to before an end that is not over, in the child of a fork; false if there is none.
#[cfg(unix)]
pub(super) fn cancel_end() -> bool {
    PHASE.compare_exchange(ENDING, RUNNING, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

/// Says that the owner of a joined interpreter finalises it now.
pub(super) fn note_finalising() {
    IS_FINALISED.store(true, Ordering::Release);
}

/// Says that a joined interpreter is gone.
pub(super) fn note_gone() {
    note_finalising();
    IS_GONE.store(true, Ordering::Release);
    PHASE.fetch_max(ENDING, Ordering::AcqRel);
}

/// Has each thread see the phase, or be seen in its call.
///
/// A thread notes its call and then reads the phase; the end writes the phase and then reads the notes.
/// Without a fence between the two steps on both sides, each could miss the other's write. The threads'
/// fence would cost every call more than all else that it does here, so the system makes it instead,
/// for all threads at once.
pub(super) fn barrier() {
    fence(Ordering::SeqCst);
    #[cfg(target_os = "linux")]
    {
        // `linux/membarrier.h`.
        const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
        const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
        // SAFETY: these commands only make processors order their memory accesses.
        let done = unsafe {
            libc::syscall(libc::SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0);
            libc::syscall(libc::SYS_membarrier, PRIVATE_EXPEDITED, 0) == 0
        };
        if done {
            return;
        }
    }
    // No processor holds a write back for so long.
    std::thread::sleep(std::time::Duration::from_millis(1));
}
