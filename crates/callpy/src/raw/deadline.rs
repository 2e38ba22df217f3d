//! Asks a call to stop when its time is up: an exception in the thread that runs it.
//!
//! CPython looks for the exception between two steps of Python code, so code in C goes on until it
//! returns. The exception belongs to the call: it is raised in no other, since the one who asks and the
//! call's end have the same lock, and what was not raised by then is taken back while the thread is
//! still attached.

use std::collections::BTreeMap;
use std::ffi::c_ulong;
use std::io;
use std::ptr::null_mut;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::process;
use super::reference::Ref;
use super::thread::{Attached, Attachment};

/// A call whose time is limited, on the thread that runs it.
pub(crate) struct Limited {
    call: Arc<Call>,
    key: Key,
}

struct Call {
    thread: c_ulong,
    exception: Ref,
    stage: Mutex<Stage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    Asked,
    Over,
}

/// When a call is to stop, and a number that tells calls apart.
type Key = (Instant, u64);

struct Timer {
    calls: BTreeMap<Key, Arc<Call>>,
    next: u64,
    /// The process whose timer thread runs: the child of a fork has none.
    process: Option<u32>,
}

static TIMER: Mutex<Timer> = Mutex::new(Timer { calls: BTreeMap::new(), next: 0, process: None });
static CHANGED: Condvar = Condvar::new();

fn timer() -> std::sync::MutexGuard<'static, Timer> {
    TIMER.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Limited {
    /// Has the exception, a class, raised in this thread at that time, unless the call is over by then.
    pub(crate) fn begin(py: Attached<'_>, at: Instant, exception: Ref) -> io::Result<Limited> {
        // SAFETY: needs no attachment; the number is that of this thread.
        let thread = unsafe { (py.api.PyThread_get_thread_ident)() };
        let call = Arc::new(Call { thread, exception, stage: Mutex::new(Stage::Running) });
        let mut timer = timer();
        let this = std::process::id();
        if timer.process != Some(this) {
            process::spawn_thread("callpy-deadlines", run)?;
            timer.process = Some(this);
            timer.calls.clear();
        }
        timer.next += 1;
        let key = (at, timer.next);
        timer.calls.insert(key, Arc::clone(&call));
        let is_first = timer.calls.first_key_value().is_some_and(|(first, _)| *first == key);
        drop(timer);
        if is_first {
            CHANGED.notify_one();
        }
        Ok(Limited { call, key })
    }

    /// Ends the call; says whether it was asked to stop.
    pub(crate) fn end(self, py: Attached<'_>) -> bool {
        timer().calls.remove(&self.key);
        let mut stage = self.call.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let was_asked = *stage == Stage::Asked;
        *stage = Stage::Over;
        if was_asked {
            // SAFETY: attached; takes back what this thread has not raised yet.
            unsafe { (py.api.PyThreadState_SetAsyncExc)(self.call.thread, null_mut()) };
        }
        was_asked
    }
}

impl Call {
    fn ask(&self, py: Attached<'_>) {
        // The thread that ends the call is attached, and waits for this lock no longer than the few steps below.
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if *stage == Stage::Running {
            *stage = Stage::Asked;
            // SAFETY: attached; the class is alive, and CPython adds a reference of its own.
            unsafe { (py.api.PyThreadState_SetAsyncExc)(self.thread, self.exception.as_ptr()) };
        }
    }
}

/// The timer thread: attaches only when the time of a call is up.
fn run() {
    loop {
        let due = {
            let mut timer = timer();
            loop {
                let now = Instant::now();
                timer = match timer.calls.first_key_value().map(|(key, _)| *key) {
                    None => CHANGED.wait(timer).unwrap_or_else(PoisonError::into_inner),
                    Some(key) if key.0 <= now => break timer.calls.remove(&key),
                    Some((at, _)) => {
                        let waited = CHANGED.wait_timeout(timer, at - now);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                };
            }
        };
        if let Some(call) = due
            && let Ok(attachment) = Attachment::new()
        {
            call.ask(attachment.token());
        }
    }
}
