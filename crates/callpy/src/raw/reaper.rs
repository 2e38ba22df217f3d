//! Destroys the thread states of threads that have ended, on a thread of callpy's own: the reaper.
//!
//! CPython destroys a thread state only under the interpreter lock. If an ending thread waited for
//! the lock, joining it from inside an attachment would never return. So a thread just ends, and the
//! reaper destroys its state later. CPython does the same to other threads' states, in the child of a
//! fork and when it finalises.
//!
//! The reaper waits until the thread has gone, since destructors that run after callpy's own may still
//! attach, in C++ too. Only Linux says when that is. Elsewhere, and where there is no interpreter lock
//! to wait for, an ending thread destroys its own state.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;

use super::cpython::{Api, Header};
use super::thread::{self, Attached, Hooks, Thread};
use super::{end, phase, process, reference};

static IS_STARTED: AtomicBool = AtomicBool::new(false);
static IS_RUNNING: AtomicBool = AtomicBool::new(false);
static ENDED: Condvar = Condvar::new();

/// Has every thread's state destroyed after the thread; called before the first one attaches.
pub(super) fn install() {
    let _ = thread::HOOKS.set(Hooks { state_is_cached: start, thread_ends });
}

/// Starts the reaper where it is needed, unless it runs already.
fn start(api: &'static Api) {
    let is_needed = cfg!(target_os = "linux") && api.header != Header::FreeThreaded;
    if is_needed && !IS_STARTED.swap(true, Ordering::Relaxed) {
        // Since 3.12, a debug build asserts that a thread deletes no other's state.
        let asserts = api.minor >= 12 && thread::if_attached(is_debug_build) == Some(true);
        let is_running =
            !asserts && process::spawn_thread("callpy-reaper", move || run(api)).is_ok();
        IS_RUNNING.store(is_running, Ordering::Relaxed);
    }
}

fn is_debug_build(py: Attached<'_>) -> bool {
    let counts = || py.attribute(&py.import(c"sys")?, &py.interned(c"gettotalrefcount")?);
    counts().is_ok()
}

/// Says that there is no reaper, in the child of a fork.
#[cfg(unix)]
pub(super) fn forget() {
    IS_STARTED.store(false, Ordering::Relaxed);
    IS_RUNNING.store(false, Ordering::Relaxed);
}

/// Leaves the state of a thread that ends to the reaper, or destroys it; returns whether the thread's
/// entry is needed no more.
fn thread_ends(thread: &'static Thread) -> bool {
    end::as_thread_ends();
    let has_state = !thread.state().is_null();
    // A thread that is in a call as it ends has called `exit`, and does not return to the call.
    // The interpreter's first state stays as well: see `Attachment::of_starter`.
    if thread.is_in_call() || has_state && !thread.is_destroyed.load(Ordering::Relaxed) {
        return false;
    }
    if has_state && IS_RUNNING.load(Ordering::Relaxed) {
        thread.has_ended.store(true, Ordering::Release);
        // Under the lock, so that the reaper is not between its look and its wait.
        let _threads = thread::threads();
        ENDED.notify_one();
        return false;
    }
    if has_state {
        destroy_own_state(thread);
    }
    true
}

/// Destroys the state of this thread, which is ending.
///
/// Destructors that run meanwhile may call: the thread stays attached until the last of them is
/// done. `PyGILState_Release` would destroy the state a second time in such a call, up to 3.12.
fn destroy_own_state(thread: &'static Thread) {
    let api = thread.api;
    thread.enter();
    fence(Ordering::SeqCst);
    if thread::admits_all() {
        let state = thread.state();
        // SAFETY: the state is this thread's own, not current, and forgotten before it is destroyed.
        unsafe {
            (api.PyEval_RestoreThread)(state);
            (api.PyThreadState_Clear)(state);
            thread.cache(null_mut(), false);
            (api.PyThreadState_DeleteCurrent)();
        }
    }
    thread.leave();
}

fn run(api: &'static Api) {
    loop {
        let gone = next_gone();
        let reaper = thread::register(api);
        reaper.enter();
        fence(Ordering::SeqCst);
        // A joined interpreter destroys them itself when it is finalised, and may be gone by now.
        if !phase::is_over() {
            destroy_states(api, &gone);
        }
        reaper.leave();
    }
}

/// Waits until threads have gone, and removes and returns their entries.
fn next_gone() -> Vec<Arc<Thread>> {
    /// After callpy's destructor a thread lasts for some microseconds, or as long as its others take.
    const SOON: Duration = Duration::from_millis(1);
    const LATER: Duration = Duration::from_millis(64);
    let mut pause = SOON;
    let mut threads = thread::threads();
    loop {
        let gone: Vec<_> =
            threads.extract_if(.., |thread| thread.has_ended() && thread.id.is_gone()).collect();
        if !gone.is_empty() {
            return gone;
        }
        if threads.iter().any(|thread| thread.has_ended()) {
            threads = ENDED
                .wait_timeout(threads, pause)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(threads, _)| threads);
            pause = LATER.min(pause * 2);
        } else {
            threads = ENDED.wait(threads).unwrap_or_else(PoisonError::into_inner);
            pause = SOON;
        }
    }
}

fn destroy_states(api: &'static Api, gone: &[Arc<Thread>]) {
    // SAFETY: the reaper attaches here with a state that lives until the end of this function. The
    // other threads have gone, so nothing else uses their states, and each is destroyed once, since its
    // entry has been removed. What clearing runs may attach and detach, as anywhere.
    unsafe {
        (api.PyGILState_Ensure)();
        thread::if_attached(reference::release_queued);
        for thread in gone {
            (api.PyThreadState_Clear)(thread.state());
        }
        // Since 3.12, deleting another thread's state makes CPython forget this thread's. So nothing
        // runs from the first deletion to the last one, which is that of this thread's own state.
        (api.PyThreadState_Clear)((api.current_state)());
        for thread in gone {
            (api.PyThreadState_Delete)(thread.state());
        }
        (api.PyThreadState_DeleteCurrent)();
    }
}
