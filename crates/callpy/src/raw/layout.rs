//! Where CPython keeps an object's type and reference count: three layouts, told apart at start.

use std::mem::offset_of;
use std::sync::atomic::{AtomicIsize, AtomicU32, AtomicUsize, Ordering};

use super::cpython::{PyObject, PyTypeObject};

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

/// Which header this interpreter's objects have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Classic,
    Split,
    FreeThreaded,
}

impl Header {
    /// Tells the header from `Py_GetVersion`'s text, which names a free-threaded build since 3.13.
    pub(crate) fn of(version: &str, minor: u32) -> Header {
        if version.contains("free-threading") {
            Header::FreeThreaded
        } else if minor >= 14 && cfg!(target_pointer_width = "64") {
            Header::Split
        } else {
            Header::Classic
        }
    }

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
