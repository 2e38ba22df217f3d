//! A thread's attachment: holding a thread state, and caching it from one call to the next.
//!
//! `PyGILState_Ensure` makes a thread state where a thread has none, and `PyGILState_Release`
//! destroys it again, which costs ten times as much as taking the lock. So a thread's first
//! attachment is never released: the state is saved and restored from then on, and destroyed after
//! the thread (see `reaper`). A state that exists before the first attachment is not callpy's: Python
//! destroys it, on a thread that Python started. That one is never cached.

use std::ffi::c_ulong;
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::atomic::{Ordering, fence};

use super::cpython::{Api, PyGILState_STATE, PyInterpreterState, PyThreadState, api};
use super::failure::{Failure, FailureKind};
use super::layout::Header;
use super::registry::{self, Thread};
use super::{end, reaper};

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
        let Some(thread) = registry::this() else { return Attachment::first() };
        let (state, current) = (thread.state(), thread.api.current_state());
        if current == state {
            if !state.is_null() {
                return Ok(Attachment::nested(thread));
            }
        } else if current.is_null() {
            thread.enter();
            if end::admits_all() {
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
        Attachment::as_admitted(registry::register(api))
    }

    /// Does what `new` does if more than the cached state has to be checked.
    #[cold]
    fn as_admitted(thread: &'static Thread) -> Result<Attachment, Failure> {
        let is_nested = thread.is_nested();
        // Before a thread state is read, since a joined interpreter destroys it when it is finalised.
        thread.enter();
        fence(Ordering::SeqCst);
        let found = match end::has_gone(thread.api) {
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
        let is_pythons = !own.is_null() && thread.state().is_null();
        match end::admits(thread.api, is_nested, is_pythons) {
            true => Ok(Attachment::take(thread, own)),
            false => Err(ending()),
        }
    }

    /// Attaches the thread that ends Python.
    pub(super) fn to_end(api: &'static Api) -> Attachment {
        let thread = registry::register(api);
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
            if own.is_null() && thread.cache(thread.api.current_state(), true) {
                reaper::start(api);
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

impl Drop for Attachment {
    #[inline]
    fn drop(&mut self) {
        let api = self.thread.api;
        match self.end {
            End::Nothing => return,
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
                if let Some((thread, depth)) = self.thread {
                    thread.resume(depth);
                }
                // SAFETY: SaveThread returned this state on this thread, which holds none now.
                unsafe { (self.api.PyEval_RestoreThread)(self.state) }
            }
        }
        let thread = registry::this();
        // SAFETY: this thread is attached.
        let state = unsafe { (self.api.PyEval_SaveThread)() };
        let thread = thread.map(|thread| (thread, thread.pause()));
        let _restore = Restore { api: self.api, state, thread };
        work()
    }
}

/// Registers the thread that has started the interpreter, and is attached since.
///
/// Its state stays when the thread ends, since CPython 3.11 and 3.12 abort where the next state is
/// made after the first was the only one. But a free-threaded build knows an object's thread by an
/// address, which the next thread may have again: objects of that one that other threads drop would
/// never be freed. So there it is destroyed, as any other.
pub(super) fn started_here(api: &'static Api) -> Attachment {
    let thread = registry::register(api);
    thread.cache(thread.api.current_state(), api.header == Header::FreeThreaded);
    Attachment::nested(thread)
}

/// Destroys the state of this thread, which is ending.
///
/// Destructors that run meanwhile may call: the thread stays attached until the last of them is
/// done. `PyGILState_Release` would destroy the state a second time in such a call, up to 3.12.
pub(super) fn destroy_own_state(thread: &'static Thread) {
    let api = thread.api;
    thread.enter();
    fence(Ordering::SeqCst);
    if end::admits_all() {
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

/// Where a thread is, as CPython sees it.
pub(super) enum Place {
    /// It holds a thread state of the main interpreter.
    Attached,
    /// It holds none; its own is this one, or null if it has none yet.
    Detached(*mut PyThreadState),
    /// Its thread state is a sub-interpreter's.
    Elsewhere,
}

impl Place {
    /// Finds out where this thread is; `cached` is its state as the registry has it, or null.
    pub(super) fn of(api: &Api, cached: *mut PyThreadState) -> Place {
        let own = match cached.is_null() {
            // SAFETY: only reads, once the interpreter runs.
            true => unsafe { (api.PyGILState_GetThisThreadState)() },
            false => cached,
        };
        let current = api.current_state();
        if !current.is_null() && (current == own || is_of_this_thread(api, current)) {
            return if is_of_main(api, current) { Place::Attached } else { Place::Elsewhere };
        }
        // Since 3.12, CPython takes a thread's latest state for its own.
        match own.is_null() || is_of_main(api, own) {
            true => Place::Detached(own),
            false => Place::Elsewhere,
        }
    }
}

/// Whether a state of this thread's is one of the main interpreter.
fn is_of_main(api: &Api, state: *mut PyThreadState) -> bool {
    // SAFETY: the state is this thread's, and so alive. 3.8 lacks the function; there the third
    // field is the interpreter (`Include/cpython/pystate.h`).
    unsafe {
        let interpreter = match api.PyThreadState_GetInterpreter {
            Some(get) => get(state),
            None => state.cast::<*mut PyInterpreterState>().add(2).read(),
        };
        interpreter == (api.PyInterpreterState_Main)()
    }
}

/// Whether the current state, which is not the one that this thread is known by, is this thread's.
///
/// Since 3.12 each thread has a current state of its own. Before, the current state is that of
/// whichever thread holds the lock, and only its `thread_id` says which that is.
fn is_of_this_thread(api: &Api, current: *mut PyThreadState) -> bool {
    // The offset of `thread_id` in `PyThreadState` (`Include/cpython/pystate.h`), on 64 bits.
    let offset = match api.minor {
        8..=10 => 176,
        11 => 152,
        _ => return true,
    };
    // SAFETY: only asks for this thread's number.
    let this = unsafe { (api.PyThread_get_thread_ident)() };
    peek(current.cast::<c_ulong>().wrapping_byte_add(offset)) == Some(this)
}

/// Reads a number out of another thread's state, which may be freed meanwhile.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn peek(address: *const c_ulong) -> Option<c_ulong> {
    let mut value = 0;
    let to = libc::iovec { iov_base: (&raw mut value).cast(), iov_len: size_of::<c_ulong>() };
    let from = libc::iovec { iov_base: address.cast_mut().cast(), ..to };
    // SAFETY: writes only to `value`; the system returns an error if the address is not mapped.
    let size = unsafe { libc::process_vm_readv(libc::getpid(), &to, 1, &from, 1, 0) };
    (size == size_of::<c_ulong>() as isize).then_some(value)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn peek(_address: *const c_ulong) -> Option<c_ulong> {
    None
}

/// Whether this thread is attached to the main interpreter, as CPython itself has it.
///
/// Not `PyGILState_Check`: once a sub-interpreter exists, it always answers yes.
#[inline]
pub(crate) fn is_attached() -> bool {
    let Some(thread) = registry::this() else { return is_attached_unregistered() };
    let state = thread.state();
    if state.is_null() {
        return is_found_attached(thread.api);
    }
    thread.api.current_state() == state
}

#[cold]
fn is_attached_unregistered() -> bool {
    api().is_some_and(is_found_attached)
}

fn is_found_attached(api: &Api) -> bool {
    !end::has_gone(api) && matches!(Place::of(api, null_mut()), Place::Attached)
}

/// Whether a call that this thread makes now would be part of another call, or of an attachment, also
/// where that is detached.
pub(crate) fn is_in_call() -> bool {
    registry::this().is_some_and(Thread::is_nested) || is_attached()
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

/// Runs work detached, on a thread that may be attached or not.
pub(crate) fn detached<R>(work: impl FnOnce() -> R) -> R {
    match api().filter(|_| is_attached()) {
        Some(api) => Attached { api, attachment: PhantomData }.detach(work),
        None => work(),
    }
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
