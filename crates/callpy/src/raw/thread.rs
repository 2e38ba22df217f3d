//! A thread's attachment: holding a thread state, and keeping it from one call to the next.
//!
//! `PyGILState_Ensure` makes a thread state where a thread has none, and `PyGILState_Release`
//! destroys it again, which costs ten times as much as taking the lock. So a thread's first
//! attachment ensures twice: the second count keeps the state until the thread ends. A state that is
//! there before is somebody else's (of a thread that Python itself started, say), who destroys it
//! when he thinks fit: that one is never kept.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::cpython::{Api, PyGILState_STATE, PyThreadState, api};
use super::layout::Header;
use super::ndarray::Headers;
use crate::{Error, ErrorKind, Result};

/// Set once, when the process begins to end: no new Python code runs after that.
static ENDING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static KEEPING: Cell<Keeping> = const { Cell::new(Keeping::Undecided) };
    /// The thread state that lives as long as this thread, if callpy sees to that; null otherwise.
    static STATE: Cell<*mut PyThreadState> = const { Cell::new(null_mut()) };
    /// Dropped when the thread ends; it is only made when there is something to give back.
    static KEPT: Kept = const { Kept { headers: Headers::new() } };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Undecided,
    /// The state is callpy's, and stays until the thread ends.
    State,
    /// The state stays anyhow, since this thread started the interpreter; or this thread's
    /// destructors run, and what it attaches from now on, it gives back at once.
    Never,
}

/// Proof that this thread is attached: it holds a thread state, and the lock where there is one.
///
/// Zero-sized but for the table, copied freely, never sent to another thread.
#[derive(Clone, Copy)]
pub(crate) struct Attached<'a> {
    pub(crate) api: &'static Api,
    attachment: PhantomData<&'a Attachment>,
}

/// An attachment of this thread, released on drop.
pub(crate) struct Attachment {
    api: &'static Api,
    end: End,
    not_send: PhantomData<*mut ()>,
}

/// What ends an attachment.
#[derive(Clone, Copy)]
enum End {
    /// The thread was attached already.
    Nothing,
    /// The kept state was taken up, and is laid down again.
    Save,
    /// What `PyGILState_Ensure` returned.
    Release(PyGILState_STATE),
}

impl Attachment {
    /// Attaches this thread; a thread that is attached already goes on as it is.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Ending` when the process is ending, `ErrorKind::Start` before a start.
    #[inline]
    pub(crate) fn new() -> Result<Attachment> {
        let Some(api) = api() else { return Err(not_started()) };
        let state = STATE.get();
        if !state.is_null() && current_state(api) == state {
            return Ok(Attachment { api, end: End::Nothing, not_send: PhantomData });
        }
        if ENDING.load(Ordering::Acquire) && !is_attached() {
            return Err(ending());
        }
        if state.is_null() {
            return Ok(Attachment::ensure(api));
        }
        // SAFETY: the state is this thread's own, stays until the thread ends, and is not current.
        // `PyGILState_Ensure` would do the same after it had looked the state up.
        unsafe { (api.PyEval_RestoreThread)(state) };
        Ok(Attachment { api, end: End::Save, not_send: PhantomData })
    }

    /// Attaches, also while the process is ending; the interpreter runs.
    #[inline]
    pub(super) fn ensure(api: &'static Api) -> Attachment {
        // SAFETY: the table is only filled once an interpreter runs. callpy never finalises it; if
        // its owner does, `ENDING` is set.
        let state = unsafe {
            let undecided = KEEPING.get() == Keeping::Undecided;
            let keeps = undecided && (api.PyGILState_GetThisThreadState)().is_null();
            let state = (api.PyGILState_Ensure)();
            if keeps {
                keep(api);
            }
            state
        };
        Attachment { api, end: End::Release(state), not_send: PhantomData }
    }

    #[inline]
    pub(crate) fn token(&self) -> Attached<'_> {
        Attached { api: self.api, attachment: PhantomData }
    }

    /// Returns a token for a value of this thread's that is dropped before the attachment is.
    #[inline]
    pub(crate) fn within(&self) -> Within {
        Within { api: self.api, not_send: PhantomData }
    }
}

/// A token that names no attachment: its owner sees to it that this thread stays attached.
pub(crate) struct Within {
    api: &'static Api,
    not_send: PhantomData<*mut ()>,
}

impl Within {
    #[inline]
    pub(crate) fn token(&self) -> Attached<'_> {
        Attached { api: self.api, attachment: PhantomData }
    }
}

impl Drop for Attachment {
    #[inline]
    fn drop(&mut self) {
        match self.end {
            End::Nothing => {}
            // SAFETY: this thread took its state up (an Attachment is not Send), and attachments are
            // nested as values are.
            End::Save => unsafe {
                (self.api.PyEval_SaveThread)();
            },
            // SAFETY: the state is what Ensure returned on this thread; as above.
            End::Release(state) => unsafe { (self.api.PyGILState_Release)(state) },
        }
    }
}

impl Attached<'_> {
    /// Runs other work while other threads may hold the interpreter.
    pub(crate) fn detach<R>(self, work: impl FnOnce() -> R) -> R {
        struct Restore(&'static Api, *mut PyThreadState);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: SaveThread returned this state on this thread, which holds none now.
                unsafe { (self.0.PyEval_RestoreThread)(self.1) }
            }
        }
        // SAFETY: this thread is attached.
        let _restore = Restore(self.api, unsafe { (self.api.PyEval_SaveThread)() });
        work()
    }

    /// Lends this thread's spare array headers; none while the thread's destructors run.
    #[inline]
    pub(crate) fn headers<R>(self, work: impl FnOnce(&Headers) -> R) -> Option<R> {
        KEPT.try_with(|kept| work(&kept.headers)).ok()
    }
}

#[cold]
fn keep(api: &'static Api) {
    // Registers the destructor; fails when this thread's destructors have run already.
    if KEPT.try_with(|_| ()).is_ok() {
        // SAFETY: this thread is attached, so this only raises the state's counter. The matching
        // release is in `Kept::drop`.
        unsafe { (api.PyGILState_Ensure)() };
        STATE.set(current_state(api));
        KEEPING.set(Keeping::State);
    } else {
        KEEPING.set(Keeping::Never);
    }
}

/// Says that this thread has started the interpreter, and has a state of its own for that.
///
/// That state stays when the thread ends, since CPython 3.11 and 3.12 abort where the next state is
/// made after the first was the only one. But a free-threaded build knows an object's thread by an
/// address, which the next thread may have again: what other threads drop of that one's would be
/// left to the ended thread for good. So there it is given back, as any other.
pub(super) fn started_here(api: &Api) {
    let gives_back = api.header == Header::FreeThreaded && KEPT.try_with(|_| ()).is_ok();
    // SAFETY: only reads; the interpreter runs.
    STATE.set(unsafe { (api.PyGILState_GetThisThreadState)() });
    KEEPING.set(if gives_back { Keeping::State } else { Keeping::Never });
}

/// What a thread keeps between its attachments.
struct Kept {
    headers: Headers,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let kept = KEEPING.replace(Keeping::Never);
        let Some(api) = api() else { return };
        if kept != Keeping::State {
            return;
        }
        let _counted = GivingBack::new();
        // While the process ends, the thread that ends it holds the interpreter for good: waiting
        // for it here would hang whoever joins this thread.
        if ENDING.load(Ordering::SeqCst) {
            return;
        }
        let attachment = Attachment::ensure(api);
        STATE.set(null_mut());
        self.headers.clear(attachment.token());
        // SAFETY: gives back the count that `keep` or the start took; the attachment's own is the
        // last one, so its drop destroys the state.
        unsafe { (api.PyGILState_Release)(PYGILSTATE_LOCKED) };
    }
}

/// `PyGILState_LOCKED`: the state was held before, so releasing keeps it held.
const PYGILSTATE_LOCKED: PyGILState_STATE = 0;

/// The thread state that is current: this thread's own if it is attached. Up to 3.11 it is that of
/// whichever thread holds the lock, and so another's, or null, if this thread does not.
#[inline]
fn current_state(api: &Api) -> *mut PyThreadState {
    match (api.PyThreadState_GetUnchecked, api._PyThreadState_UncheckedGet) {
        // SAFETY: only reads a variable, and may be called by anybody.
        (Some(get), _) | (None, Some(get)) => unsafe { get() },
        (None, None) => null_mut(),
    }
}

/// Whether this thread is attached, asked of CPython itself.
///
/// Not `PyGILState_Check`: once a sub-interpreter exists, it answers yes to everybody.
#[inline]
pub(crate) fn is_attached() -> bool {
    let Some(api) = api() else { return false };
    let own = match STATE.get() {
        // SAFETY: only reads, once the interpreter runs.
        state if state.is_null() => unsafe { (api.PyGILState_GetThisThreadState)() },
        state => state,
    };
    !own.is_null() && current_state(api) == own
}

/// Runs work if this thread is attached.
#[inline]
pub(crate) fn if_attached<R>(work: impl FnOnce(Attached<'_>) -> R) -> Option<R> {
    if !is_attached() {
        return None;
    }
    api().map(|api| work(Attached { api, attachment: PhantomData }))
}

#[inline]
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::Acquire)
}

/// Counts the threads that are giving their states back, for which the end waits.
static GIVING_BACK: AtomicUsize = AtomicUsize::new(0);

struct GivingBack;

impl GivingBack {
    fn new() -> GivingBack {
        GIVING_BACK.fetch_add(1, Ordering::SeqCst);
        GivingBack
    }
}

impl Drop for GivingBack {
    fn drop(&mut self) {
        GIVING_BACK.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Lets nobody attach any more who is not attached already; false if that was so before.
pub(super) fn keep_out() -> bool {
    if ENDING.swap(true, Ordering::SeqCst) {
        return false;
    }
    // A thread that gives its state back has seen that this is not the end, and needs the
    // interpreter: to take that from it for good would hang whoever joins the thread. What runs
    // then could wait for something itself, so there is a limit.
    let wait = || {
        let start = Instant::now();
        while GIVING_BACK.load(Ordering::SeqCst) != 0 && start.elapsed().as_secs() < 1 {
            std::thread::yield_now();
        }
    };
    if if_attached(|py| py.detach(wait)).is_none() {
        wait();
    }
    true
}

/// Attaches the thread that ends the process, and keeps all others out from now on.
///
/// Its attachment is never released: the libraries' own destructors run next, and a thread that
/// computed in them meanwhile would crash the process that has already done its work.
pub(crate) fn attach_to_end(api: &'static Api) -> Option<Attachment> {
    keep_out().then(|| Attachment::ensure(api))
}

#[cold]
fn not_started() -> Error {
    Error::new(ErrorKind::Start, "no Python runs yet: begin with Python::start()")
}

#[cold]
fn ending() -> Error {
    Error::new(ErrorKind::Ending, "the process is ending, and Python with it")
}
