//! One owned reference to a Python object, and the queue of those dropped on detached threads.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::Mutex;
#[cfg(unix)]
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::cpython::{PyObject, PyTypeObject};
use super::thread::{self, Attached, Attachment};
use super::{end, idle};

/// Owns one reference. May be sent anywhere and dropped anywhere.
#[repr(transparent)]
pub(crate) struct Ref(NonNull<PyObject>);

// SAFETY: the pointer is only followed with an `Attached` at hand, and a drop on a thread that has
// none only moves the pointer to a queue.
unsafe impl Send for Ref {}
// SAFETY: as above: `&Ref` offers nothing that works detached but comparing addresses.
unsafe impl Sync for Ref {}

impl Ref {
    /// Takes over a new reference; null is `None`.
    ///
    /// # Safety
    ///
    /// The pointer is null, or a reference that CPython gave to the caller to own.
    #[inline]
    pub(crate) unsafe fn steal(_: Attached<'_>, pointer: *mut PyObject) -> Option<Ref> {
        NonNull::new(pointer).map(Ref)
    }

    /// Adds a reference to an object that is kept alive meanwhile; null is `None`.
    ///
    /// # Safety
    ///
    /// The pointer is null or points to a live object.
    #[inline]
    pub(crate) unsafe fn borrow(py: Attached<'_>, pointer: *mut PyObject) -> Option<Ref> {
        let pointer = NonNull::new(pointer)?;
        // SAFETY: the object is alive and this thread attached.
        unsafe { (py.api.Py_IncRef)(pointer.as_ptr()) };
        Some(Ref(pointer))
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference up to a function that steals it.
    #[inline]
    pub(crate) fn into_ptr(self) -> *mut PyObject {
        ManuallyDrop::new(self).0.as_ptr()
    }

    #[inline]
    pub(crate) fn clone_ref(&self, py: Attached<'_>) -> Ref {
        // SAFETY: self keeps the object alive.
        unsafe { (py.api.Py_IncRef)(self.as_ptr()) };
        Ref(self.0)
    }

    /// Copies the handle without counting it, where the thread cannot attach. From then on no drop of
    /// a handle of this object counts, so the object stays.
    #[cold]
    pub(crate) fn clone_uncounted(&self) -> Ref {
        let mut uncounted = UNCOUNTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        uncounted.insert(self.0.addr());
        HAS_UNCOUNTED.store(true, Ordering::Release);
        Ref(self.0)
    }

    /// Whether this handle owns the reference that it gives up.
    #[inline]
    fn is_counted(&self) -> bool {
        // An uncounted copy was made from a borrow of some handle, whose drop comes after that.
        !HAS_UNCOUNTED.load(Ordering::Acquire) || {
            let uncounted = UNCOUNTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            !uncounted.contains(&self.0.addr())
        }
    }

    /// Drops the reference here and now, without asking whether this thread is attached.
    #[inline]
    pub(crate) fn release(self, py: Attached<'_>) {
        if self.is_counted() {
            // SAFETY: self owned this reference and gives it up.
            unsafe { (py.api.Py_DecRef)(self.into_ptr()) }
        } else {
            std::mem::forget(self);
        }
    }

    #[inline]
    pub(crate) fn class(&self, py: Attached<'_>) -> *mut PyTypeObject {
        // SAFETY: self keeps the object alive.
        unsafe { py.api.header.class(self.as_ptr()) }
    }

    /// Whether there are exactly so many references to the object, this one included: see
    /// [`Header::is_held_by`](super::layout::Header::is_held_by).
    #[inline]
    pub(crate) fn is_held_by(&self, py: Attached<'_>, holders: usize) -> bool {
        // SAFETY: self keeps the object alive.
        unsafe { py.api.header.is_held_by(self.as_ptr(), holders, || this_thread(py)) }
    }

    /// Returns how many references to the object there are, this one included.
    #[inline]
    pub(crate) fn references(&self, py: Attached<'_>) -> usize {
        // SAFETY: self keeps the object alive.
        unsafe { py.api.header.references(self.as_ptr()) }
    }
}

/// Returns this thread's number in a free-threaded build, which what it makes has.
fn this_thread(py: Attached<'_>) -> usize {
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    if NUMBER.get() == 0
        && let Ok(object) = py.list(Vec::new())
    {
        // SAFETY: the object is alive, and this thread made it.
        NUMBER.set(unsafe { py.api.header.owner(object.as_ptr()) });
    }
    NUMBER.get()
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        let pointer = self.0;
        let dropped = thread::if_attached(|py| {
            if self.is_counted() {
                // SAFETY: this was the reference that self owned.
                unsafe { (py.api.Py_DecRef)(pointer.as_ptr()) }
            }
        });
        // Once Python ends, no one comes to release what is queued.
        if dropped.is_none() && !end::is_ending() {
            queue(Ref(pointer));
        }
    }
}

/// The addresses of objects whose handles were copied uncounted.
static UNCOUNTED: Mutex<BTreeSet<NonZeroUsize>> = Mutex::new(BTreeSet::new());
static HAS_UNCOUNTED: AtomicBool = AtomicBool::new(false);

/// References dropped on threads that were not attached, until the next attachment: that of the idle
/// thread, if no other comes within about a second.
static QUEUE: Mutex<Vec<Ref>> = Mutex::new(Vec::new());
static QUEUED: AtomicUsize = AtomicUsize::new(0);

#[cfg(unix)]
pub(super) type Locks =
    (MutexGuard<'static, BTreeSet<NonZeroUsize>>, MutexGuard<'static, Vec<Ref>>);

/// Takes both locks, so that no other thread has them.
#[cfg(unix)]
pub(super) fn lock() -> Locks {
    let uncounted = UNCOUNTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    (uncounted, QUEUE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

#[cold]
fn queue(reference: Ref) {
    let mut queue = QUEUE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    queue.push(reference);
    QUEUED.store(queue.len(), Ordering::Release);
    drop(queue);
    idle::note_use();
}

/// Whether references wait for an attachment.
pub(super) fn are_queued() -> bool {
    QUEUED.load(Ordering::Acquire) != 0
}

/// Follows a reference in a value, and so is dropped after it: where the reference was queued and
/// keeps much memory, that does not wait for the next attachment.
pub(crate) struct Urgency {
    is_large: bool,
}

impl Urgency {
    /// For a reference to an object of so many bytes.
    #[inline]
    pub(crate) fn of(bytes: usize) -> Urgency {
        /// Waking another thread takes less time than the system takes to map so many bytes.
        const LARGE: usize = 1 << 20;
        Urgency { is_large: bytes >= LARGE }
    }
}

impl Drop for Urgency {
    #[inline]
    fn drop(&mut self) {
        if !self.is_large || !are_queued() {
            return;
        }
        if thread::has_lock() {
            idle::release_soon();
        } else if let Ok(attachment) = Attachment::new() {
            // A free-threaded build leaves an object to the thread that made it, which may be this one.
            release_queued(attachment.token());
        }
    }
}

/// Releases what was dropped detached.
#[inline]
pub(crate) fn release_queued(py: Attached<'_>) {
    if are_queued() {
        drain(py);
    }
}

#[cold]
fn drain(py: Attached<'_>) {
    // One at a time, and without the lock: a release may run any Python code, callpy's own too.
    while let Some(reference) = pop() {
        reference.release(py);
    }
}

fn pop() -> Option<Ref> {
    let mut queue = QUEUE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let reference = queue.pop();
    QUEUED.store(queue.len(), Ordering::Release);
    reference
}
