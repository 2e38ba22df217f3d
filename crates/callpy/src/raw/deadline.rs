//! Asks a call to stop when its time is up or it is cancelled: an exception in the thread that runs it.
//!
//! CPython looks for the exception between two steps of Python code, so code in C goes on until it
//! returns. The exception belongs to the call: it is raised in no other, since the one who asks and the
//! call's end have the same lock, and what was not raised by then is taken back while the thread is
//! still attached.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_ulong;
use std::io;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::process;
use super::reference::Ref;
use super::thread::{Attached, Attachment};

/// A call that can be asked to stop, on the thread that runs it.
///
/// Dropped, it asks no more: an exception that came later would hit another call.
pub(crate) struct Limited<'py> {
    py: Attached<'py>,
    call: Arc<Call>,
    /// When its time is up, if it ever is.
    at: Option<Instant>,
    /// The call around it on this thread, which may have been asked to stop meanwhile.
    outer: Option<Arc<Call>>,
}

thread_local! {
    /// The innermost call of this thread that can be asked to stop.
    static INNERMOST: RefCell<Option<Arc<Call>>> = const { RefCell::new(None) };
}

/// Puts a call in the place of the innermost one, and returns that.
fn replace_innermost(call: Option<Arc<Call>>) -> Option<Arc<Call>> {
    // A thread that is ending has none.
    INNERMOST.try_with(|innermost| innermost.replace(call)).ok().flatten()
}

/// Asks one call to stop, from any thread.
#[derive(Clone)]
pub(crate) struct Canceller(Arc<Call>);

struct Call {
    number: u64,
    thread: c_ulong,
    /// Raised when its time is up, and when it is cancelled.
    exceptions: [Ref; 2],
    is_cancelled: AtomicBool,
    stage: Mutex<Stage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// By which of the exceptions.
    Asked(usize),
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

fn timer() -> MutexGuard<'static, Timer> {
    TIMER.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'py> Limited<'py> {
    /// Has one of the exceptions, which are classes, raised in this thread unless the call is over by
    /// then: the first at that time, the second when the call is cancelled.
    pub(crate) fn begin(
        py: Attached<'py>,
        at: Option<Instant>,
        exceptions: [Ref; 2],
    ) -> io::Result<Self> {
        // SAFETY: needs no attachment; the number is that of this thread.
        let thread = unsafe { (py.api.PyThread_get_thread_ident)() };
        let mut timer = timer();
        let this = std::process::id();
        // In the child of a fork the calls are the parent's, and will end there.
        if timer.process != Some(this) {
            process::spawn_thread("callpy-deadlines", run)?;
            timer.process = Some(this);
            timer.calls.clear();
        }
        timer.next += 1;
        let call = Arc::new(Call {
            number: timer.next,
            thread,
            exceptions,
            is_cancelled: AtomicBool::new(false),
            stage: Mutex::new(Stage::Running),
        });
        if let Some(at) = at {
            timer.add(at, &call);
        }
        drop(timer);
        let outer = replace_innermost(Some(Arc::clone(&call)));
        Ok(Limited { py, call, at, outer })
    }

    /// Returns what cancels the call.
    pub(crate) fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.call))
    }

    /// Ends the call; says whether it was asked to stop.
    pub(crate) fn end(mut self) -> bool {
        self.take_back()
    }

    /// Has the call asked no more; says whether it was asked to stop, and nothing the second time.
    fn take_back(&mut self) -> bool {
        if let Some(at) = self.at {
            timer().calls.remove(&(at, self.call.number));
        }
        let before = std::mem::replace(&mut *self.call.stage(), Stage::Over);
        if before == Stage::Over {
            return false;
        }
        let outer = self.outer.take();
        replace_innermost(outer.clone());
        let was_asked = before != Stage::Running;
        if was_asked {
            // CPython has room for one such exception a thread (`async_exc`), and forgets it here.
            // SAFETY: attached; takes back what this thread has not raised yet.
            unsafe { (self.py.api.PyThreadState_SetAsyncExc)(self.call.thread, null_mut()) };
            // With it goes what the call around this one was asked.
            if let Some(outer) = outer {
                let stage = outer.stage();
                if let Stage::Asked(which) = *stage {
                    outer.raise(self.py, which);
                }
            }
        }
        was_asked
    }
}

impl Drop for Limited<'_> {
    fn drop(&mut self) {
        self.take_back();
    }
}

impl Canceller {
    /// Has the call asked to stop, by the timer thread, since that needs the interpreter.
    pub(crate) fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
        timer().add(Instant::now(), &self.0);
    }
}

impl Timer {
    fn add(&mut self, at: Instant, call: &Arc<Call>) {
        let key = (at, call.number);
        self.calls.insert(key, Arc::clone(call));
        if self.calls.first_key_value().is_some_and(|(first, _)| *first == key) {
            CHANGED.notify_one();
        }
    }
}

impl Call {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, py: Attached<'_>) {
        let which = usize::from(self.is_cancelled.load(Ordering::Relaxed));
        // The thread that ends the call is attached, and waits for this lock no longer than the few steps below.
        let mut stage = self.stage();
        // A function that has caught the one is asked by the other.
        if *stage != Stage::Over && *stage != Stage::Asked(which) {
            *stage = Stage::Asked(which);
            self.raise(py, which);
        }
    }

    fn raise(&self, py: Attached<'_>, which: usize) {
        let exception = self.exceptions[which].as_ptr();
        // SAFETY: attached; the class is alive, and CPython adds a reference of its own.
        unsafe { (py.api.PyThreadState_SetAsyncExc)(self.thread, exception) };
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
        // Without the timer's lock, since a thread that is attached may wait for that.
        if let Some(call) = due
            && let Ok(attachment) = Attachment::new()
        {
            call.ask(attachment.token());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::interpreter::Python;
    use crate::support;

    #[test]
    fn a_call_that_unwinds_is_asked_no_more() {
        let python = Python::start().unwrap();
        let code = python.function("textwrap:dedent").unwrap();
        let attachment = Attachment::new().unwrap();
        let py = attachment.token();
        let exceptions = support::stopped(py).unwrap_or_else(|_| panic!("there are such classes"));
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let limited = Limited::begin(py, Some(Instant::now()), exceptions).unwrap();
            while *limited.call.stage() == Stage::Running {
                py.detach(std::thread::yield_now);
            }
            panic!("before the call is over");
        }));
        assert!(unwound.is_err());
        assert_eq!(code.call::<String>(" the next call").unwrap(), "the next call");
    }
}
