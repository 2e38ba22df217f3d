//! An ndarray's own fields, and the cached headers in which slices are lent.
//!
//! Making an array costs about half of a call, so the header of a loan that has ended is cached and
//! pointed at the next slice. That is sound only if no one else has a reference to the header: see
//! [`Ndarray::is_forgotten`].

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use super::cpython::{Header, PyObject, PyTypeObject};
use super::numpy::{Memory, Numpy, flags};
use super::raised::Outcome;
use super::reference::Ref;
use super::thread::Attached;

/// `PyArrayObject_fields` after the object header (`numpy/ndarraytypes.h`), the same in 1.x and 2.x.
#[repr(C)]
pub(super) struct ArrayFields {
    pub(super) data: *mut c_void,
    pub(super) nd: c_int,
    pub(super) dimensions: *mut isize,
    pub(super) strides: *mut isize,
    pub(super) base: *mut PyObject,
    pub(super) dtype: *mut PyObject,
    pub(super) flags: c_int,
    pub(super) weakrefs: *mut PyObject,
    /// Since NumPy 1.20.
    pub(super) exports: *mut c_void,
}

/// `PyArray_Descr` after the object header; what follows differs between 1.x and 2.x.
#[repr(C)]
struct DtypeFields {
    scalar_type: *mut PyTypeObject,
    kind: c_char,
    code: c_char,
    byte_order: c_char,
    flags: c_char,
    type_num: c_int,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(std::mem::offset_of!(ArrayFields, flags) == 48);
    assert!(std::mem::offset_of!(ArrayFields, exports) == 64);
    assert!(std::mem::offset_of!(DtypeFields, type_num) == 12);
};

/// An object that is known to be an ndarray, and is kept alive by the borrow.
#[derive(Clone, Copy)]
pub(crate) struct Ndarray<'r> {
    py: Attached<'r>,
    object: &'r Ref,
}

impl<'r> Ndarray<'r> {
    /// Returns the object as an ndarray if it is one, or of a subclass.
    #[inline]
    pub(crate) fn of(py: Attached<'r>, numpy: &Numpy, object: &'r Ref) -> Option<Ndarray<'r>> {
        py.is_instance(object, numpy.array_type).then_some(Ndarray { py, object })
    }

    /// Returns the object as an ndarray, which the caller knows it to be.
    #[inline]
    pub(crate) fn known(py: Attached<'r>, object: &'r Ref) -> Ndarray<'r> {
        debug_assert!(Numpy::get(py).is_some_and(|n| py.is_instance(object, n.array_type)));
        Ndarray { py, object }
    }

    /// Whether this is the array that a reference leads to.
    pub(crate) fn is(self, other: &Ref) -> bool {
        self.object.as_ptr() == other.as_ptr()
    }

    #[inline]
    pub(super) fn fields(self) -> *mut ArrayFields {
        // SAFETY: an ndarray's fields follow its header, in the same allocation.
        unsafe { self.object.as_ptr().byte_add(self.py.api.header.size()).cast() }
    }

    /// Reads a field. NumPy writes them only while it holds the interpreter lock or, without a lock, not
    /// while others may read them (its own rule for shape and strides).
    #[inline]
    fn read<T: Copy>(self, field: impl FnOnce(*mut ArrayFields) -> *mut T) -> T {
        // SAFETY: the closure projects to a field of this live array; the thread is attached.
        unsafe { field(self.fields()).read() }
    }

    #[inline]
    pub(crate) fn data(self) -> *mut c_void {
        // SAFETY: only projects.
        self.read(|f| unsafe { &raw mut (*f).data })
    }

    #[inline]
    fn rank(self) -> usize {
        // SAFETY: only projects.
        self.read(|f| unsafe { &raw mut (*f).nd }) as usize
    }

    #[inline]
    fn lengths(self, field: *mut isize) -> &'r [isize] {
        match self.rank() {
            0 => &[],
            // SAFETY: NumPy keeps `nd` values there as long as the array lives and no one reshapes it in
            // place, which takes a reference, and callers have checked that no one else has one.
            rank => unsafe { std::slice::from_raw_parts(field, rank) },
        }
    }

    /// The length of each axis.
    #[inline]
    pub(crate) fn shape(self) -> &'r [isize] {
        // SAFETY: only projects.
        self.lengths(self.read(|f| unsafe { &raw mut (*f).dimensions }))
    }

    /// The step of each axis, in bytes.
    #[inline]
    pub(crate) fn strides(self) -> &'r [isize] {
        // SAFETY: only projects.
        self.lengths(self.read(|f| unsafe { &raw mut (*f).strides }))
    }

    #[inline]
    pub(crate) fn flags(self) -> c_int {
        // SAFETY: only projects.
        self.read(|f| unsafe { &raw mut (*f).flags })
    }

    /// What keeps the memory alive, if the array does not own it.
    #[inline]
    pub(crate) fn base(self) -> Option<Ref> {
        // SAFETY: only projects; the base is null or alive as long as the array.
        unsafe { Ref::borrow(self.py, self.read(|f| &raw mut (*f).base)) }
    }

    #[inline]
    fn base_is(self, object: &Ref) -> bool {
        // SAFETY: only projects.
        self.read(|f| unsafe { &raw mut (*f).base }) == object.as_ptr()
    }

    /// Whether this is memory that was lent for a call.
    #[inline]
    pub(crate) fn is_lent(self, numpy: &Numpy) -> bool {
        self.base_is(&numpy.lent)
    }

    #[inline]
    fn dtype_ptr(self) -> *mut PyObject {
        // SAFETY: only projects.
        self.read(|f| unsafe { &raw mut (*f).dtype })
    }

    pub(crate) fn dtype(self) -> Ref {
        // SAFETY: an array has a dtype, and keeps it alive.
        unsafe { Ref::borrow(self.py, self.dtype_ptr()) }.expect("an array has a dtype")
    }

    /// The dtype's number, and its byte order: `=` native, `|` none, `<`, `>`.
    #[inline]
    pub(crate) fn type_num(self) -> (c_int, u8) {
        // SAFETY: the dtype is alive as long as the array; its first fields are the same in every
        // NumPy (`numpy/ndarraytypes.h`).
        unsafe {
            let fields = self.dtype_ptr().byte_add(self.py.api.header.size()).cast::<DtypeFields>();
            ((*fields).type_num, (*fields).byte_order as u8)
        }
    }

    #[inline]
    pub(crate) fn has_weakrefs(self) -> bool {
        // SAFETY: only projects. Read atomically, since on a free-threaded build another thread may
        // drop a weak reference at this moment.
        let weakrefs = unsafe { AtomicPtr::from_ptr(&raw mut (*self.fields()).weakrefs) };
        !weakrefs.load(Ordering::Acquire).is_null()
    }

    /// Whether there are exactly this many references to the array, all known to the caller.
    #[inline]
    pub(crate) fn is_held_by(self, holders: usize) -> bool {
        // In this order: without weak references, only a holder of the array can create another
        // reference. In the other order, a weak one could become a strong one between the two checks.
        !self.has_weakrefs() && self.object.is_held_by(self.py, holders)
    }

    /// Whether this is an ndarray and not of a subclass, to which `gc.get_objects` would give anyone a
    /// reference.
    #[inline]
    pub(crate) fn is_exactly_ndarray(self, numpy: &Numpy) -> bool {
        self.object.class(self.py) == numpy.array_type
    }

    /// Empties an array that no one holds, so that it refers to no memory if a weak reference revives it.
    /// Returns whether that is certain.
    pub(crate) fn make_empty(self) -> bool {
        for index in 0..self.rank() {
            // SAFETY: the array has `nd` lengths. Only weak references lead to it, and this thread holds
            // the lock, or a thread that revives it now shows in the count that is read next.
            unsafe { (*self.fields()).dimensions.add(index).write(0) };
        }
        // A thread that revives it counts first and then reads the lengths; this thread does the
        // opposite. Without a fence each could miss what the other wrote.
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        // An array without axes has an element and can't lose it; but with a lock, no other thread
        // runs between here and the array's deallocation.
        self.rank() > 0 || self.py.api.header != Header::FreeThreaded
    }

    /// Whether this is a lent array to which only the caller has a reference, so that its header may be
    /// used for other memory.
    ///
    /// A weak reference is not counted but could revive it; a NumPy that records an array's exported
    /// buffers would return the old shape; and Python may have reshaped the header in place, or set
    /// another dtype.
    #[inline]
    pub(crate) fn is_forgotten(self, numpy: &Numpy) -> bool {
        // SAFETY: only projects; `exports` is read only if the field exists.
        // The count first: as long as someone else holds the array, its fields may change.
        self.is_held_by(1)
            && self.is_lent(numpy)
            && self.is_exactly_ndarray(numpy)
            && self.rank() == 1
            && numpy.knows_exports
            && self.read(|f| unsafe { &raw mut (*f).exports }).is_null()
            && self.has_lendable_dtype(numpy)
    }

    /// Whether the dtype is the very one that slices are lent with.
    #[inline]
    fn has_lendable_dtype(self, numpy: &Numpy) -> bool {
        let dtype = numpy.lendable.get(self.type_num().0 as usize);
        dtype.is_some_and(|dtype| dtype.load(Ordering::Relaxed) == self.dtype_ptr())
    }
}

/// The flags of a lent slice: one axis, packed, which NumPy calls contiguous in both orders.
const SLICE: c_int = flags::C_CONTIGUOUS | flags::F_CONTIGUOUS | flags::ALIGNED;

/// The cached headers of a thread, each with the number of its dtype.
pub(crate) struct Headers([Cell<Option<(Ref, c_int)>>; 4]);

impl Headers {
    pub(crate) const fn new() -> Headers {
        Headers([const { Cell::new(None) }; 4])
    }

    /// Takes a cached header of this dtype.
    #[inline]
    fn take(&self, type_num: c_int) -> Option<Ref> {
        for slot in &self.0 {
            match slot.take() {
                Some((header, number)) if number == type_num => return Some(header),
                // A header of another dtype stays.
                other => slot.set(other),
            }
        }
        None
    }

    /// Caches a header, or returns it if there is no place.
    #[inline]
    fn put(&self, header: Ref, type_num: c_int) -> Option<Ref> {
        for slot in &self.0 {
            match slot.take() {
                None => {
                    slot.set(Some((header, type_num)));
                    return None;
                }
                other => slot.set(other),
            }
        }
        Some(header)
    }
}

thread_local! {
    /// This thread's cached headers. Those left when it ends wait in the queue of dropped references.
    static HEADERS: Headers = const { Headers::new() };
}

/// Runs `work` with this thread's cached headers; `None` while the thread's destructors run.
#[inline]
fn with_headers<R>(work: impl FnOnce(&Headers) -> R) -> Option<R> {
    HEADERS.try_with(work).ok()
}

/// A slice's memory, as an array describes it.
#[derive(Clone, Copy)]
pub(crate) struct SliceMemory {
    pub(crate) data: *mut c_void,
    pub(crate) len: usize,
    pub(crate) item_size: usize,
    pub(crate) writable: bool,
}

/// Makes a one-dimensional array over a slice, with a cached header if there is one.
///
/// # Safety
///
/// The memory is valid, and only the array may write it (and read it, if it is writable), until the
/// caller has checked that the array is forgotten. The type number is that of a built-in dtype of this
/// item size.
#[inline]
pub(crate) unsafe fn lend_slice(
    py: Attached<'_>,
    numpy: &Numpy,
    type_num: c_int,
    memory: SliceMemory,
) -> Outcome<Ref> {
    let SliceMemory { data, len, item_size, writable } = memory;
    let flags = SLICE | if writable { flags::WRITEABLE } else { 0 };
    if let Some(header) = with_headers(|headers| headers.take(type_num)).flatten() {
        let fields = Ndarray::known(py, &header).fields();
        // SAFETY: before `cache_header`, no one else had a reference to this header, and it had one axis
        // and the dtype; this thread alone has held it since.
        unsafe {
            (*fields).data = data;
            (*fields).dimensions.write(len as isize);
            (*fields).strides.write(item_size as isize);
            // All of them: the last call may have changed some (`setflags`).
            (*fields).flags = flags;
        }
        return Ok(header);
    }
    let dtype = numpy.lendable(py, type_num)?;
    let memory = Memory { data, shape: &[len as isize], strides: None, writable };
    // SAFETY: the caller promises that the memory is valid for as long.
    unsafe { numpy.new_array(py, dtype, memory, numpy.lent.clone_ref(py)) }
}

/// Caches the header of a loan that has ended and [is forgotten](Ndarray::is_forgotten).
#[inline]
pub(crate) fn cache_header(py: Attached<'_>, header: Ref) {
    let (type_num, _) = Ndarray::known(py, &header).type_num();
    if let Some(header) = with_headers(|headers| headers.put(header, type_num)).flatten() {
        header.release(py);
    }
}
