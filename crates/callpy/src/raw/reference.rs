//! One owned reference to a Python object: where the object keeps its type and its count, and the
//! queue of references that were dropped on detached threads.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::mem::{ManuallyDrop, offset_of};
use std::num::NonZeroUsize;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cpython::{Header, PyObject, PyTypeObject};
use super::thread::{self, Attached, Attachment};
use super::{idle, phase};

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
        uncounted().insert(self.0.addr());
        HAS_UNCOUNTED.store(true, Ordering::Release);
        Ref(self.0)
    }

    /// Whether this handle owns the reference that it gives up.
    #[inline]
    fn is_counted(&self) -> bool {
        // An uncounted copy was made from a borrow of some handle, whose drop comes after that.
        !HAS_UNCOUNTED.load(Ordering::Acquire) || !uncounted().contains(&self.0.addr())
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
    /// [`Header::is_held_by`].
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
///
/// Asked of an object: CPython has no function for it that is the same on every platform.
fn this_thread(py: Attached<'_>) -> usize {
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    if NUMBER.get() == 0 {
        let mut error = [null_mut(); 3];
        let [class, value, traceback] = &mut error;
        // SAFETY: attached; each is a new reference or null, and the list is this thread's.
        unsafe {
            match Ref::steal(py, (py.api.PyList_New)(0)) {
                Some(object) => NUMBER.set(py.api.header.owner(object.as_ptr())),
                // Memory is out: for now no object is this thread's alone.
                None => (py.api.PyErr_Fetch)(class, value, traceback),
            }
            error.into_iter().for_each(|part| drop(Ref::steal(py, part)));
        }
    }
    NUMBER.get()
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        let pointer = self.0;
        // Attaching here could wait for the lock: for a thread, perhaps, that waits for this one.
        let dropped = thread::if_attached(|py| {
            if self.is_counted() {
                // SAFETY: this was the reference that self owned.
                unsafe { (py.api.Py_DecRef)(pointer.as_ptr()) }
            }
        });
        // Once Python ends, no one comes to release what is queued.
        if dropped.is_none() && !phase::is_ending() {
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

fn uncounted() -> MutexGuard<'static, BTreeSet<NonZeroUsize>> {
    UNCOUNTED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn waiting() -> MutexGuard<'static, Vec<Ref>> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
pub(super) type Locks =
    (MutexGuard<'static, BTreeSet<NonZeroUsize>>, MutexGuard<'static, Vec<Ref>>);

/// Takes both locks, so that no other thread has them.
#[cfg(unix)]
pub(super) fn lock() -> Locks {
    (uncounted(), waiting())
}

#[cold]
fn queue(reference: Ref) {
    let mut queue = waiting();
    queue.push(reference);
    QUEUED.store(queue.len(), Ordering::Release);
    drop(queue);
    idle::note_use();
}

/// Whether references wait for an attachment.
fn are_queued() -> bool {
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
            idle::work_soon();
        } else {
            // A free-threaded build leaves an object to the thread that made it, which may be this one.
            release_from_any_thread();
        }
    }
}

/// Releases what was dropped detached, on a thread that may have to attach; not while Python ends, when
/// no one needs it.
pub(super) fn release_from_any_thread() {
    if are_queued()
        && let Ok(attachment) = Attachment::new()
    {
        release_queued(attachment.token());
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
    let mut queue = waiting();
    let reference = queue.pop();
    QUEUED.store(queue.len(), Ordering::Release);
    reference
}

/// `PyObject` of CPython up to 3.13 (`Include/object.h`): one count of machine size.
#[repr(C)]
struct Classic {
    refcnt: AtomicIsize,
    class: *mut PyTypeObject,
}

/// `PyObject` of CPython 3.14 and newer on 64 bits: the count is the low half, flags the other.
#[cfg(target_endian = "little")]
#[repr(C)]
struct Split {
    refcnt: AtomicU32,
    _overflow_and_flags: u32,
    class: *mut PyTypeObject,
}

/// `PyObject` of the free-threaded builds (PEP 703): the owning thread counts for itself.
#[repr(C)]
struct FreeThreaded {
    tid: AtomicUsize,
    _flags_mutex_gc_bits: u32,
    local: AtomicU32,
    shared: AtomicIsize,
    class: *mut PyTypeObject,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Classic>() == 16 && offset_of!(Classic, class) == 8);
    assert!(size_of::<Split>() == 16 && offset_of!(Split, class) == 8);
    assert!(size_of::<FreeThreaded>() == 32 && offset_of!(FreeThreaded, class) == 24);
    assert!(offset_of!(FreeThreaded, local) == 12 && offset_of!(FreeThreaded, shared) == 16);
};

/// The two low bits of the shared count are flags (`_Py_REF_SHARED_SHIFT`).
const SHARED_SHIFT: u32 = 2;
/// The flags of an object whose owning thread counts no more (`_Py_REF_MERGED`); its `tid` is 0.
const MERGED: isize = 3;

impl Header {
    /// The size of the header, which is the offset of a type's own first field.
    pub(crate) fn size(self) -> usize {
        match self {
            Header::Classic | Header::Split => size_of::<Classic>(),
            Header::FreeThreaded => size_of::<FreeThreaded>(),
        }
    }

    /// Returns the type of an object.
    ///
    /// # Safety
    ///
    /// The object must be alive and this thread attached.
    #[inline]
    pub(crate) unsafe fn class(self, object: *mut PyObject) -> *mut PyTypeObject {
        // SAFETY: every live object begins with the header of its build.
        unsafe {
            match self {
                Header::Classic | Header::Split => (*object.cast::<Classic>()).class,
                Header::FreeThreaded => (*object.cast::<FreeThreaded>()).class,
            }
        }
    }

    /// Whether there are exactly so many references to an object, all known to the caller. If so, no
    /// other thread has one or gets one, unless the caller passes it on or a weak reference leads to
    /// the object.
    ///
    /// `thread` is this thread, as a free-threaded build numbers it (see [`Header::owner`]). There it
    /// is one look: the owner alone changes the local count, and all others are in the shared word. A
    /// count that another thread owns can't be looked at so, and the answer is no.
    ///
    /// # Safety
    ///
    /// The object must be alive and this thread attached.
    #[inline]
    pub(crate) unsafe fn is_held_by(
        self,
        object: *mut PyObject,
        holders: usize,
        thread: impl FnOnce() -> usize,
    ) -> bool {
        if self != Header::FreeThreaded {
            // SAFETY: as the caller says.
            return unsafe { self.references(object) } == holders;
        }
        // SAFETY: the object is alive, and begins with the header of its build.
        let object = unsafe { &*object.cast::<FreeThreaded>() };
        match object.tid.load(Ordering::Relaxed) {
            0 => {
                let count = (holders as isize) << SHARED_SHIFT;
                object.shared.load(Ordering::Acquire) == count | MERGED
            }
            owner => {
                owner == thread()
                    && object.local.load(Ordering::Relaxed) as usize == holders
                    && object.shared.load(Ordering::Acquire) == 0
            }
        }
    }

    /// Returns the number of the thread that owns an object of a free-threaded build: the one that
    /// made it.
    ///
    /// # Safety
    ///
    /// The object must be alive and this thread attached, to a free-threaded build.
    pub(crate) unsafe fn owner(self, object: *mut PyObject) -> usize {
        debug_assert_eq!(self, Header::FreeThreaded);
        // SAFETY: as the caller says.
        unsafe { (*object.cast::<FreeThreaded>()).tid.load(Ordering::Relaxed) }
    }

    /// Returns how many references to an object there are, summed over all threads.
    ///
    /// Where the answer is 1 and the caller owns that reference, no other thread can come to have
    /// one, but through a weak reference. Immortal objects answer a large number.
    ///
    /// # Safety
    ///
    /// The object must be alive and this thread attached.
    #[inline]
    pub(crate) unsafe fn references(self, object: *mut PyObject) -> usize {
        // SAFETY: every live object begins with the header of its build; the fields are read
        // atomically since other threads of a free-threaded build may count at the same time.
        unsafe {
            match self {
                Header::Classic => {
                    (*object.cast::<Classic>()).refcnt.load(Ordering::Relaxed) as usize
                }
                Header::Split => (*object.cast::<Split>()).refcnt.load(Ordering::Relaxed) as usize,
                Header::FreeThreaded => {
                    let object = &*object.cast::<FreeThreaded>();
                    let sum = || {
                        let local = object.local.load(Ordering::Acquire) as isize;
                        let shared = object.shared.load(Ordering::Acquire) >> SHARED_SHIFT;
                        local + shared
                    };
                    // Two fields can't be read at one moment: a reference handed from one thread to
                    // another between the two loads is in neither. It is in the second sum.
                    sum().max(sum()) as usize
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an object of a free-threaded build with these fields is seen to have one holder.
    fn is_held_once(tid: usize, local: u32, shared: isize) -> bool {
        let object = FreeThreaded {
            tid: AtomicUsize::new(tid),
            _flags_mutex_gc_bits: 0,
            local: AtomicU32::new(local),
            shared: AtomicIsize::new(shared),
            class: std::ptr::null_mut(),
        };
        let object = (&raw const object).cast_mut().cast();
        // SAFETY: it has the header of a free-threaded build.
        unsafe { Header::FreeThreaded.is_held_by(object, 1, || THIS) }
    }

    const THIS: usize = 0x7000;
    const OTHER: usize = 0x8000;
    const WEAKREFS: isize = 1;
    const QUEUED: isize = 2;
    const ONE: isize = 1 << SHARED_SHIFT;

    #[test]
    fn one_look_says_whether_an_object_is_this_threads_alone() {
        assert!(is_held_once(THIS, 1, 0));
        // Another thread holds it, has a weak reference, or has given one back.
        assert!(!is_held_once(THIS, 1, ONE));
        assert!(!is_held_once(THIS, 1, WEAKREFS));
        assert!(!is_held_once(THIS, 1, QUEUED - ONE));
        assert!(!is_held_once(THIS, 2, 0));
        assert!(!is_held_once(THIS, 2, QUEUED - ONE));
        // Another thread counts for itself.
        assert!(!is_held_once(OTHER, 1, 0));
        assert!(!is_held_once(OTHER, 0, ONE));
        // The thread that made it has ended.
        assert!(is_held_once(0, 0, ONE | MERGED));
        assert!(!is_held_once(0, 0, (2 * ONE) | MERGED));
    }
}
