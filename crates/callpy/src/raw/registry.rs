//! The threads that have called: each one's cached thread state, and whether it is in a call.
//!
//! A thread registers at its first attachment. Its entry is its own to write; other threads read it
//! to see which calls are under way, and to destroy the thread state once the thread has gone.

use std::cell::Cell;
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, compiler_fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::cpython::{Api, PyThreadState};
use super::layout::Header;
use super::reaper::{self, ThreadId};
use super::{end, thread};

/// What callpy knows about one thread.
pub(super) struct Thread {
    pub(super) api: &'static Api,
    /// The thread state that is cached for the thread's life; null where there is none.
    state: AtomicPtr<PyThreadState>,
    /// How many attachments the thread is in; 0 while it does work of its own in `detach`.
    depth: AtomicU32,
    /// How many of its attachments wait in `detach`.
    paused: AtomicU32,
    kind: Kind,
    /// Whether the state is callpy's to destroy when the thread has ended.
    is_destroyed: AtomicBool,
    /// Set by callpy's thread-local destructor. The thread may still attach in later ones.
    has_ended: AtomicBool,
    pub(super) id: ThreadId,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One thread's own entry.
    Own,
    /// Shared by threads that attach in their last destructors, when their own entry is gone.
    Shared,
}

thread_local! {
    /// This thread's entry; null before its first attachment.
    static THIS: Cell<*const Thread> = const { Cell::new(ptr::null()) };
    static AT_THREAD_END: AtThreadEnd = const { AtThreadEnd };
}

static THREADS: Mutex<Vec<Arc<Thread>>> = Mutex::new(Vec::new());

pub(super) type Lock = MutexGuard<'static, Vec<Arc<Thread>>>;

pub(super) fn threads() -> Lock {
    THREADS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Returns this thread's entry, if it has one.
#[inline]
pub(super) fn this() -> Option<&'static Thread> {
    // SAFETY: null, or the address of an entry that `THREADS` holds until this thread has gone or
    // THIS is null again. Callers keep the reference on this thread's stack.
    unsafe { THIS.get().as_ref() }
}

/// Returns this thread's entry, made if there is none.
#[cold]
pub(super) fn register(api: &'static Api) -> &'static Thread {
    if let Some(thread) = this() {
        return thread;
    }
    if AT_THREAD_END.try_with(|_| ()).is_err() {
        static SHARED: OnceLock<Thread> = OnceLock::new();
        return SHARED.get_or_init(|| Thread::new(api, Kind::Shared));
    }
    if api.header == Header::FreeThreaded {
        end::without_lock();
    }
    #[cfg(unix)]
    super::fork::watch();
    let thread = Arc::new(Thread::new(api, Kind::Own));
    THIS.set(Arc::as_ptr(&thread));
    threads().push(thread);
    this().expect("it was set above")
}

/// Returns the names of the other threads that are in a call.
pub(super) fn names_in_call() -> Vec<String> {
    let threads = threads();
    let in_call = threads.iter().filter(|thread| thread.is_in_call() && !thread.is_this());
    in_call.map(|thread| thread.id.name()).collect()
}

/// Whether another thread is in a call, or has ended and left its state to the reaper.
pub(super) fn others_are_busy() -> bool {
    let is_busy = |thread: &Arc<Thread>| thread.is_in_call() || thread.has_ended();
    threads().iter().any(|thread| is_busy(thread) && !thread.is_this())
}

/// Forgets all threads but this one, in the child of a fork, which has no other.
#[cfg(unix)]
pub(super) fn forget_others(threads: &mut Vec<Arc<Thread>>) {
    threads.retain(|thread| thread.is_this());
    threads.iter().for_each(|this| this.id.renew());
}

/// Forgets all thread states, which were destroyed with their interpreter.
pub(super) fn forget_states() {
    threads().retain(|thread| {
        thread.cache(null_mut(), false);
        !thread.has_ended()
    });
}

impl Thread {
    fn new(api: &'static Api, kind: Kind) -> Thread {
        Thread {
            api,
            state: AtomicPtr::new(null_mut()),
            depth: AtomicU32::new(0),
            paused: AtomicU32::new(0),
            kind,
            is_destroyed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            id: ThreadId::current(),
        }
    }

    #[inline]
    pub(super) fn state(&self) -> *mut PyThreadState {
        self.state.load(Ordering::Relaxed)
    }

    /// Caches the thread's state; false where the entry is not the thread's own.
    pub(super) fn cache(&self, state: *mut PyThreadState, is_destroyed: bool) -> bool {
        if self.kind == Kind::Shared {
            return false;
        }
        self.is_destroyed.store(is_destroyed, Ordering::Relaxed);
        self.state.store(state, Ordering::Relaxed);
        true
    }

    /// Notes one more attachment of this thread, before it waits for the lock.
    #[inline]
    pub(super) fn enter(&self) {
        self.depth.store(self.depth.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        // The phase is read next, and must not be read before others can see this. Here is the
        // compiler's part of that; the processor's is left to the one who ends Python, since a
        // fence would cost every call more than all else here: see `end::barrier`.
        compiler_fence(Ordering::SeqCst);
    }

    #[inline]
    pub(super) fn leave(&self) {
        self.depth.store(self.depth.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Release);
    }

    /// Notes that this thread does work of its own. Returns what `resume` is to be told.
    pub(super) fn pause(&self) -> u32 {
        let depth = self.depth.load(Ordering::Relaxed);
        self.paused
            .store(self.paused.load(Ordering::Relaxed).wrapping_add(depth), Ordering::Relaxed);
        self.depth.store(0, Ordering::Release);
        depth
    }

    pub(super) fn resume(&self, depth: u32) {
        self.paused
            .store(self.paused.load(Ordering::Relaxed).wrapping_sub(depth), Ordering::Relaxed);
        self.depth.store(depth, Ordering::Relaxed);
    }

    /// Whether the thread is in a call, or waits for the lock to begin one.
    ///
    /// Not known where the entry is shared: several threads count there at once, without an atomic step.
    pub(super) fn is_in_call(&self) -> bool {
        self.kind == Kind::Own && self.depth.load(Ordering::Acquire) > 0
    }

    /// Whether what this thread calls now is part of a call that is under way.
    pub(super) fn is_nested(&self) -> bool {
        self.is_in_call() || self.kind == Kind::Own && self.paused.load(Ordering::Relaxed) > 0
    }

    fn is_this(&self) -> bool {
        ptr::eq(self, THIS.get())
    }

    /// Notes that this thread ends the process, and does not return to what it was in.
    pub(super) fn exits(&self) {
        self.depth.store(0, Ordering::Release);
        self.paused.store(0, Ordering::Relaxed);
        self.has_ended.store(false, Ordering::Release);
    }

    /// Whether the thread has ended, and so has no more use for its state.
    pub(super) fn has_gone(&self) -> bool {
        self.has_ended() && self.id.is_gone()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }
}

/// What callpy does when a thread ends.
struct AtThreadEnd;

impl Drop for AtThreadEnd {
    fn drop(&mut self) {
        let Some(thread) = this() else { return };
        end::as_thread_ends();
        // A thread that is in a call as it ends has called `exit`, and does not return to the call.
        // The interpreter's first state stays as well: 3.11 and 3.12 abort where the next state is
        // made after the first was the only one.
        let stays = !thread.state().is_null() && !thread.is_destroyed.load(Ordering::Relaxed);
        if thread.is_in_call() || stays {
            return;
        }
        if !thread.state().is_null() {
            if reaper::is_running() {
                thread.has_ended.store(true, Ordering::Release);
                reaper::wake();
                return;
            }
            thread::destroy_own_state(thread);
        }
        THIS.set(ptr::null());
        threads().retain(|other| !ptr::eq(&**other, thread));
    }
}
