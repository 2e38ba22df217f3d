//! Work of a thread's own in the middle of a call, while other threads may use the interpreter.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use super::cpython::{Api, PyThreadState, api};
use super::thread::{self, Attached, Thread};

impl Attached<'_> {
    /// Runs work while other threads may use the interpreter.
    pub(crate) fn detach<R>(self, work: impl FnOnce() -> R) -> R {
        struct Restore {
            api: &'static Api,
            state: *mut PyThreadState,
            thread: Option<(&'static Thread, u32)>,
        }
        impl Drop for Restore {
            fn drop(&mut self) {
                // First: once it waits for the lock, the end must see it.
                if let Some((thread, depth)) = self.thread {
                    resume(thread, depth);
                }
                // SAFETY: SaveThread returned this state on this thread, which holds none now.
                unsafe { (self.api.PyEval_RestoreThread)(self.state) }
            }
        }
        let thread = thread::this();
        // SAFETY: this thread is attached.
        let state = unsafe { (self.api.PyEval_SaveThread)() };
        let thread = thread.map(|thread| (thread, pause(thread)));
        let _restore = Restore { api: self.api, state, thread };
        work()
    }
}

/// Notes that this thread does work of its own, so that the end doesn't wait for it. Returns what
/// `resume` is to be told.
fn pause(this: &Thread) -> u32 {
    let depth = this.depth.load(Ordering::Relaxed);
    // What it calls meanwhile is still part of the calls that wait here, which the end lets finish.
    let paused = this.paused.load(Ordering::Relaxed);
    this.paused.store(paused.wrapping_add(depth), Ordering::Relaxed);
    this.depth.store(0, Ordering::Release);
    depth
}

fn resume(this: &Thread, depth: u32) {
    let paused = this.paused.load(Ordering::Relaxed);
    this.paused.store(paused.wrapping_sub(depth), Ordering::Relaxed);
    this.depth.store(depth, Ordering::Relaxed);
}

/// Runs work detached, on a thread that may be attached or not.
pub(crate) fn detached<R>(work: impl FnOnce() -> R) -> R {
    match api().filter(|_| thread::is_attached()) {
        Some(api) => Attached { api, attachment: PhantomData }.detach(work),
        None => work(),
    }
}
