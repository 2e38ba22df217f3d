//! Destroys the states of threads that have ended, on a thread of its own.
//!
//! CPython destroys a thread state only under the interpreter lock. If an ending thread waited for
//! the lock, joining it from inside an attachment would never return. So a thread just ends, and the
//! reaper destroys its state later. CPython does the same to other threads' states, in the child of a
//! fork and when it finalises.
//!
//! A state is destroyed once its thread has gone, not earlier: destructors that run after callpy's
//! own may still attach, in C++ too. Only Linux says when that is; elsewhere, and where there is no
//! interpreter lock to wait for, an ending thread destroys its own state.

#[cfg(target_os = "linux")]
use std::sync::atomic::AtomicI32;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;

use super::cpython::Api;
use super::layout::Header;
use super::registry::{self, Thread};
use super::thread::Attached;
use super::{end, process, reference, thread};

static IS_STARTED: AtomicBool = AtomicBool::new(false);
static IS_RUNNING: AtomicBool = AtomicBool::new(false);
static ENDED: Condvar = Condvar::new();

/// Whether states can be left to the reaper.
pub(super) fn is_running() -> bool {
    IS_RUNNING.load(Ordering::Relaxed)
}

/// Starts the reaper where it is needed, if that is yet to be done.
pub(super) fn start(api: &'static Api) {
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

/// Tells the reaper that a thread has ended.
pub(super) fn wake() {
    // Under the lock, so that the reaper is not between its look and its wait.
    let _threads = registry::threads();
    ENDED.notify_one();
}

fn run(api: &'static Api) {
    loop {
        let gone = next_gone();
        let reaper = registry::register(api);
        reaper.enter();
        fence(Ordering::SeqCst);
        // A joined interpreter destroys them itself when it is finalised, and may be gone.
        if !end::is_over() {
            destroy_states(api, &gone);
        }
        reaper.leave();
    }
}

/// Waits for threads that have gone, and removes them from the registry.
fn next_gone() -> Vec<Arc<Thread>> {
    /// A thread takes some microseconds to go after callpy's destructor, or as long as its others do.
    const SOON: Duration = Duration::from_millis(1);
    const LATER: Duration = Duration::from_millis(64);
    let mut pause = SOON;
    let mut threads = registry::threads();
    loop {
        let gone: Vec<_> = threads.extract_if(.., |thread| thread.has_gone()).collect();
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
    // others' threads have gone, so no one else uses their states, and each is destroyed once, since
    // it is in the registry no more. What clearing runs may attach and detach, as anywhere.
    unsafe {
        (api.PyGILState_Ensure)();
        thread::if_attached(reference::release_queued);
        for thread in gone {
            (api.PyThreadState_Clear)(thread.state());
        }
        // Since 3.12, deleting another thread's state makes CPython forget this thread's. So nothing
        // runs between the first deletion and the last, which is that of this thread's.
        (api.PyThreadState_Clear)(api.current_state());
        for thread in gone {
            (api.PyThreadState_Delete)(thread.state());
        }
        (api.PyThreadState_DeleteCurrent)();
    }
}

/// A thread, as the system knows it.
pub(super) struct ThreadId(#[cfg(target_os = "linux")] AtomicI32);

#[cfg(target_os = "linux")]
impl ThreadId {
    pub(super) fn current() -> ThreadId {
        let id = ThreadId(AtomicI32::new(0));
        id.renew();
        id
    }

    /// Notes this thread's number, which is another in the child of a fork.
    pub(super) fn renew(&self) {
        // SAFETY: only asks.
        self.0.store(unsafe { libc::gettid() }, Ordering::Relaxed);
    }

    fn number(&self) -> libc::pid_t {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether the thread exists no more. Where its number has been given to another, that one must
    /// go first.
    pub(super) fn is_gone(&self) -> bool {
        // SAFETY: sends nothing, and only asks whether there is such a thread.
        let status = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), self.number(), 0) };
        status == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
    }

    /// Whether the thread does nothing until a signal comes (`pause`).
    pub(super) fn waits_for_a_signal(&self) -> bool {
        // Where there is no such call, the C library calls `ppoll`, for no files and without a limit.
        #[cfg(target_arch = "x86_64")]
        let pause = format!("{} ", libc::SYS_pause);
        #[cfg(not(target_arch = "x86_64"))]
        let pause = format!("{} 0x0 0x0 0x0 ", libc::SYS_ppoll);
        std::fs::read_to_string(format!("/proc/self/task/{}/syscall", self.number()))
            .is_ok_and(|call| call.starts_with(&pause))
    }

    /// The thread's name, as messages have it.
    pub(super) fn name(&self) -> String {
        let name = std::fs::read_to_string(format!("/proc/self/task/{}/comm", self.number()));
        name.map_or_else(
            |_| format!("thread {}", self.number()),
            |name| format!("thread {:?}", name.trim_end()),
        )
    }
}

#[cfg(not(target_os = "linux"))]
impl ThreadId {
    pub(super) fn current() -> ThreadId {
        ThreadId()
    }

    #[cfg(unix)]
    pub(super) fn renew(&self) {}

    /// Not known here, and not asked: see `start`.
    pub(super) fn is_gone(&self) -> bool {
        false
    }

    pub(super) fn waits_for_a_signal(&self) -> bool {
        false
    }

    pub(super) fn name(&self) -> String {
        "another thread".to_owned()
    }
}
