//! A thread that calls: its entry, which others read, and its attachment to the interpreter.
//!
//! `PyGILState_Ensure` makes a thread state where a thread has none, and `PyGILState_Release`
//! destroys it again, which costs ten times as much as taking the lock. So a thread's first
//! attachment is never released: the state is saved and restored from then on, and destroyed after
//! the thread (see `reaper`). A state that exists before the first attachment is not callpy's: Python
//! destroys it, on a thread that Python started. That one is never cached.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, compiler_fence, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::cpython::{Api, Header, PyGILState_STATE, PyThreadState, api};
use super::failure::{Failure, FailureKind};
use super::phase;
use super::place::Place;
use super::process::ThreadId;

/// Proof that this thread is attached: it holds a thread state, and the lock where there is one.
///
/// Zero-sized but for the table, copied freely, never sent to another thread.
#[derive(Clone, Copy)]
pub(crate) struct Attached<'a> {
    pub(crate) api: &'static Api,
    pub(super) attachment: PhantomData<&'a Attachment>,
}

/// An attachment of this thread, released on drop.
pub(crate) struct Attachment {
    thread: &'static Thread,
    end: End,
    not_send: PhantomData<*mut ()>,
}

/// What ends an attachment.
#[derive(Clone, Copy)]
enum End {
    /// The thread was attached already.
    Nothing,
    /// The cached state was restored, and is saved again.
    Save,
    /// What `PyGILState_Ensure` returned.
    Release(PyGILState_STATE),
}

impl Attachment {
    /// Attaches this thread; does nothing if it is attached already.
    ///
    /// # Errors
    ///
    /// `FailureKind::Ending` when Python is ending, `FailureKind::Start` before a start, and
    /// `FailureKind::Attach` on a thread that is in a sub-interpreter.
    #[inline]
    pub(crate) fn new() -> Result<Attachment, Failure> {
        let Some(thread) = this() else { return Attachment::first() };
        // Up to 3.11 the current state may be another thread's, which holds the lock. Then it is neither
        // null nor this thread's, and the longer way finds out whose it is.
        let (state, current) = (thread.state(), thread.current_state());
        if current == state {
            if !state.is_null() {
                return Ok(Attachment::nested(thread));
            }
        } else if current.is_null() {
            thread.enter();
            if admits_all() {
                // SAFETY: the state is this thread's own, lasts as long as the thread, and is not
                // current. `PyGILState_Ensure` would do the same after it had looked the state up.
                unsafe { (thread.api.PyEval_RestoreThread)(state) };
                return Ok(Attachment { thread, end: End::Save, not_send: PhantomData });
            }
            thread.leave();
        }
        Attachment::as_admitted(thread)
    }

    #[cold]
    fn first() -> Result<Attachment, Failure> {
        Attachment::of(api().ok_or_else(not_started)?)
    }

    /// Attaches this thread to an interpreter, also before all threads may.
    pub(super) fn of(api: &'static Api) -> Result<Attachment, Failure> {
        Attachment::as_admitted(register(api))
    }

    /// Does what `new` does if more than the cached state has to be checked.
    #[cold]
    fn as_admitted(thread: &'static Thread) -> Result<Attachment, Failure> {
        let is_nested = thread.is_nested();
        // Before a thread state is read, since a joined interpreter destroys it when it is finalised.
        thread.enter();
        fence(Ordering::SeqCst);
        let found = match phase::has_gone(thread.api) {
            true => Err(ending()),
            false => Attachment::found(thread, is_nested),
        };
        if !matches!(found, Ok(Attachment { end: End::Save | End::Release(_), .. })) {
            thread.leave();
        }
        found
    }

    /// Attaches a thread that has entered its attachment, if it may.
    fn found(thread: &'static Thread, is_nested: bool) -> Result<Attachment, Failure> {
        let own = match Place::of(thread.api, thread.state()) {
            Place::Attached => return Ok(Attachment::nested(thread)),
            Place::Elsewhere => return Err(elsewhere()),
            Place::Detached(own) => own,
        };
        // The state was there before callpy's first attachment: that of a thread of `threading`, say, which
        // the end joins.
        let is_pythons = !own.is_null() && thread.state().is_null();
        match phase::admits(thread.api, is_nested, is_pythons) {
            true => Ok(Attachment::take(thread, own)),
            false => Err(ending()),
        }
    }

    /// Attaches the thread that ends Python.
    pub(super) fn to_end(api: &'static Api) -> Attachment {
        let thread = register(api);
        match Place::of(api, thread.state()) {
            Place::Detached(own) => {
                // Entered only after it has the lock: the end waits for others, not for itself.
                let attachment = Attachment::take(thread, own);
                thread.enter();
                attachment
            }
            Place::Attached | Place::Elsewhere => Attachment::nested(thread),
        }
    }

    /// Notes the thread that has started the interpreter, and is attached since.
    ///
    /// Its state stays when the thread ends, since CPython 3.11 and 3.12 abort where the next state is
    /// made after the first was the only one. But a free-threaded build knows an object's thread by an
    /// address, which the next thread may have again: objects of that one that other threads drop would
    /// never be freed. So there it is destroyed, as any other.
    pub(super) fn of_starter(api: &'static Api) -> Attachment {
        let thread = register(api);
        thread.cache(thread.current_state(), api.header == Header::FreeThreaded);
        Attachment::nested(thread)
    }

    #[inline]
    fn nested(thread: &'static Thread) -> Attachment {
        Attachment { thread, end: End::Nothing, not_send: PhantomData }
    }

    /// Attaches a thread that has entered its attachment; `own` is its state, or null.
    fn take(thread: &'static Thread, own: *mut PyThreadState) -> Attachment {
        let api = thread.api;
        let end = if !own.is_null() && own == thread.state() {
            // SAFETY: as in `new`.
            unsafe { (api.PyEval_RestoreThread)(own) };
            End::Save
        } else {
            // SAFETY: the interpreter runs, and this thread is detached.
            let state = unsafe { (api.PyGILState_Ensure)() };
            // Without a `Release` for this `Ensure`, CPython's own count for the state never falls to 0, at
            // which it would destroy the state.
            if own.is_null() && thread.cache(thread.current_state(), true) {
                HOOKS.get().inspect(|hooks| (hooks.state_is_cached)(api));
                End::Save
            } else {
                End::Release(state)
            }
        };
        Attachment { thread, end, not_send: PhantomData }
    }

    #[inline]
    pub(crate) fn token(&self) -> Attached<'_> {
        Attached { api: self.thread.api, attachment: PhantomData }
    }

    /// Returns a token for a value of this thread's that is dropped before the attachment is.
    #[inline]
    pub(crate) fn within(&self) -> Within {
        Within { api: self.thread.api, not_send: PhantomData }
    }
}

impl Drop for Attachment {
    #[inline]
    fn drop(&mut self) {
        let api = self.thread.api;
        match self.end {
            End::Nothing => return,
            // `SaveThread` returns the state, which the entry has.
            // SAFETY: this thread restored its state (an Attachment is not Send), and attachments
            // are nested as values are.
            End::Save => unsafe {
                (api.PyEval_SaveThread)();
            },
            // SAFETY: the state is what Ensure returned on this thread; as above.
            End::Release(state) => unsafe { (api.PyGILState_Release)(state) },
        }
        self.thread.leave();
    }
}

/// A token without a lifetime: its owner makes sure that this thread stays attached.
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

/// What callpy knows about one thread.
///
/// It is the thread's own to write. Other threads read it to see which calls are under way, and to
/// destroy the thread state once the thread has gone.
pub(super) struct Thread {
    pub(super) api: &'static Api,
    /// The thread state that is cached for the thread's life; null where there is none.
    state: AtomicPtr<PyThreadState>,
    /// How many attachments the thread is in; 0 while it does work of its own in `detach`.
    pub(super) depth: AtomicU32,
    /// How many of its attachments wait in `detach`.
    pub(super) paused: AtomicU32,
    /// Whether threads share the entry that attach in their last destructors, when their own is gone.
    is_shared: bool,
    /// Whether the state is callpy's to destroy when the thread has ended.
    pub(super) is_destroyed: AtomicBool,
    /// Set by callpy's thread-local destructor. The thread may still attach in later ones.
    pub(super) has_ended: AtomicBool,
    pub(super) id: ThreadId,
}

thread_local! {
    /// This thread's entry; null before its first attachment.
    static THIS: Cell<*const Thread> = const { Cell::new(ptr::null()) };
    static AT_THREAD_END: AtThreadEnd = const { AtThreadEnd };
}

pub(super) type Threads = Vec<Arc<Thread>>;

static THREADS: Mutex<Threads> = Mutex::new(Vec::new());

pub(super) fn threads() -> MutexGuard<'static, Threads> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the rooms above do for threads; set before the first one attaches.
pub(super) struct Hooks {
    pub(super) state_is_cached: fn(&'static Api),
    /// Returns whether the entry is needed no more.
    pub(super) thread_ends: fn(&'static Thread) -> bool,
}

pub(super) static HOOKS: OnceLock<Hooks> = OnceLock::new();

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
    // The destructor has run, so nothing would remove an entry of this thread's own.
    if AT_THREAD_END.try_with(|_| ()).is_err() {
        static SHARED: OnceLock<Thread> = OnceLock::new();
        return SHARED.get_or_init(|| Thread::new(api, true));
    }
    if api.header == Header::FreeThreaded {
        phase::without_lock();
    }
    let thread = Arc::new(Thread::new(api, false));
    THIS.set(Arc::as_ptr(&thread));
    threads().push(thread);
    this().expect("it was set above")
}

/// What callpy does when a thread ends.
struct AtThreadEnd;

impl Drop for AtThreadEnd {
    fn drop(&mut self) {
        if let (Some(thread), Some(hooks)) = (this(), HOOKS.get())
            && (hooks.thread_ends)(thread)
        {
            THIS.set(ptr::null());
            threads().retain(|other| !ptr::eq(&**other, thread));
        }
    }
}

impl Thread {
    fn new(api: &'static Api, is_shared: bool) -> Thread {
        Thread {
            api,
            state: AtomicPtr::new(null_mut()),
            depth: AtomicU32::new(0),
            paused: AtomicU32::new(0),
            is_shared,
            is_destroyed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            id: ThreadId::current(),
        }
    }

    #[inline]
    pub(super) fn state(&self) -> *mut PyThreadState {
        self.state.load(Ordering::Relaxed)
    }

    /// Returns the [current state](Api::current_state), asked on this thread.
    #[inline]
    fn current_state(&self) -> *mut PyThreadState {
        // SAFETY: only reads a variable, and may be called by any thread.
        unsafe { (self.api.current_state)() }
    }

    /// Caches the thread's state; false where the entry is not the thread's own.
    pub(super) fn cache(&self, state: *mut PyThreadState, is_destroyed: bool) -> bool {
        if self.is_shared {
            return false;
        }
        self.is_destroyed.store(is_destroyed, Ordering::Relaxed);
        self.state.store(state, Ordering::Relaxed);
        true
    }

    /// Notes one more attachment of this thread, before it waits for the lock.
    #[inline]
    pub(super) fn enter(&self) {
        // Not `fetch_add`, which would take longer than the rest of a call's bookkeeping: no other thread
        // writes here, except to a shared entry, whose count no one reads.
        self.depth.store(self.depth.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        // The phase is read next, and must not be read before others can see this. Here is the
        // compiler's part of that; the processor's is left to the thread that ends Python, since a
        // fence would cost every call more than all else here: see `phase::barrier`.
        compiler_fence(Ordering::SeqCst);
    }

    #[inline]
    pub(super) fn leave(&self) {
        self.depth.store(self.depth.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Release);
    }

    /// Whether the thread is in a call, or waits for the lock to begin one.
    ///
    /// Not known where the entry is shared: several threads count there at once, without an atomic step.
    pub(super) fn is_in_call(&self) -> bool {
        !self.is_shared && self.depth.load(Ordering::Acquire) > 0
    }

    /// Whether what this thread calls now is part of a call that is under way.
    pub(super) fn is_nested(&self) -> bool {
        self.is_in_call() || !self.is_shared && self.paused.load(Ordering::Relaxed) > 0
    }

    pub(super) fn is_this(&self) -> bool {
        ptr::eq(self, THIS.get())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }
}

/// Whether every thread may begin a call. Asked between `Thread::enter` and attaching.
#[inline]
pub(super) fn admits_all() -> bool {
    match phase::PHASE.load(Ordering::Acquire) {
        phase::RUNNING => true,
        phase::RUNNING_FREE => {
            // No lock comes after this, which would keep a thread that was not seen from going on.
            fence(Ordering::SeqCst);
            phase::PHASE.load(Ordering::Acquire) == phase::RUNNING_FREE
        }
        _ => false,
    }
}

/// Whether this thread is attached to the main interpreter, as CPython itself has it.
///
/// Not `PyGILState_Check`: once a sub-interpreter exists, it always answers yes.
#[inline]
pub(crate) fn is_attached() -> bool {
    let Some(thread) = this() else { return api().is_some_and(is_found_attached) };
    let state = thread.state();
    if state.is_null() {
        return is_found_attached(thread.api);
    }
    thread.current_state() == state
}

#[cold]
fn is_found_attached(api: &Api) -> bool {
    !phase::has_gone(api) && matches!(Place::of(api, null_mut()), Place::Attached)
}

/// Whether a call that this thread makes now would be part of another call, or of an attachment, also
/// where that is detached.
pub(crate) fn is_in_call() -> bool {
    this().is_some_and(Thread::is_nested) || is_attached()
}

/// Whether threads take turns at an interpreter lock: not in a free-threaded build.
pub(crate) fn has_lock() -> bool {
    api().is_some_and(|api| api.header != Header::FreeThreaded)
}

/// Runs work if this thread is attached.
#[inline]
pub(crate) fn if_attached<R>(work: impl FnOnce(Attached<'_>) -> R) -> Option<R> {
    if !is_attached() {
        return None;
    }
    api().map(|api| work(Attached { api, attachment: PhantomData }))
}

#[cold]
fn not_started() -> Failure {
    Failure::new(FailureKind::Start, "no Python runs yet: call Python::start first")
}

#[cold]
fn ending() -> Failure {
    Failure::new(FailureKind::Ending, "Python has ended, or is ending: no call begins any more")
}

#[cold]
fn elsewhere() -> Failure {
    let message = "this thread is in a sub-interpreter, and callpy calls the main interpreter: call \
                   from a thread that runs none";
    Failure::new(FailureKind::Attach, message)
}
