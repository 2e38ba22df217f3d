//! NumPy's C API table, found at run time: one binary serves NumPy 1.17 to 2.x.
//!
//! The table is an array of addresses in a capsule; the slots are NumPy's own, stable since 1.0
//! (`numpy/_core/code_generators/numpy_api.py`).

use std::ffi::{c_int, c_uchar, c_uint, c_void};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::cpython::{PyObject, PyTypeObject, stop_unwinding};
use super::failure::{Failure, FailureKind};
use super::memory;
use super::raised::Outcome;
use super::reference::Ref;
use super::thread::Attached;

const GET_NDARRAY_C_VERSION: usize = 0;
const ARRAY_TYPE: usize = 2;
/// The slots of NumPy's scalar types, each with the number of its dtype: `bool`, the ten integers,
/// `float32`, `float64`, the two complex types, `float16`. Rust has no `longdouble`.
const NUMBERS: [(usize, c_int); 16] = [
    (31, 12),
    (30, 11),
    (23, 7),
    (22, 5),
    (8, 0),
    (20, 1),
    (21, 3),
    (24, 9),
    (25, 2),
    (26, 4),
    (27, 6),
    (28, 8),
    (29, 10),
    (217, 23),
    (33, 14),
    (34, 15),
];

/// Whether the slot of the scalar type is known for the dtype with this number.
pub(crate) const fn has_scalar_type(number: c_int) -> bool {
    let mut index = 0;
    while index < NUMBERS.len() {
        if NUMBERS[index].1 == number {
            return true;
        }
        index += 1;
    }
    false
}

const DESCR_FROM_TYPE: usize = 45;
const NEW_COPY: usize = 85;
const NEW_FROM_DESCR: usize = 94;
const DESCR_NEW: usize = 95;
const EQUIV_TYPES: usize = 182;
const GET_NDARRAY_C_FEATURE_VERSION: usize = 211;
const SET_BASE_OBJECT: usize = 282;
const DATA_MEM_SET_HANDLER: usize = 304;

/// `NPY_1_17_API_VERSION`, the oldest that callpy knows.
const FEATURES_1_17: u32 = 0x0d;
/// Since 1.20 an array itself records what its exported buffers look like.
const FEATURES_1_20: u32 = 0x0e;
/// `NPY_1_22_API_VERSION`, the first with data allocators (NEP 49).
const FEATURES_1_22: u32 = 0x0f;

pub(crate) struct Numpy {
    table: *const *mut c_void,
    /// The version of the C API.
    pub(crate) features: u32,
    /// The class `numpy.ndarray`.
    pub(super) array_type: *mut PyTypeObject,
    /// Whether an array records the buffers that it exported (see `Ndarray::is_forgotten`).
    pub(super) knows_exports: bool,
    /// The base of every lent array, which identifies it and keeps it from being made writable.
    pub(crate) lent: Ref,
    /// The dtype objects that slices were lent with, each at its number; NumPy keeps them alive. Others
    /// may have the number too, with fields or metadata.
    pub(super) lendable: [AtomicPtr<PyObject>; LENDABLE],
    handler: Option<Ref>,
}

/// One more than the last number of a dtype that is lent by its number (`NPY_HALF`).
const LENDABLE: usize = 24;

// SAFETY: the table is NumPy's, constant, and never unloaded; CPython unloads no extension module.
unsafe impl Send for Numpy {}
// SAFETY: as above.
unsafe impl Sync for Numpy {}

/// Memory as an array describes it. The elements are aligned.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'m> {
    pub(crate) data: *mut c_void,
    pub(crate) shape: &'m [isize],
    /// In bytes; none if the elements are contiguous in C order.
    pub(crate) strides: Option<&'m [isize]>,
    pub(crate) writable: bool,
}

/// Flag bits of an array (`numpy/ndarraytypes.h`).
pub(crate) mod flags {
    use std::ffi::c_int;

    pub(crate) const C_CONTIGUOUS: c_int = 0x0001;
    pub(crate) const F_CONTIGUOUS: c_int = 0x0002;
    pub(crate) const OWNDATA: c_int = 0x0004;
    pub(crate) const ALIGNED: c_int = 0x0100;
    pub(crate) const WRITEABLE: c_int = 0x0400;
}

static NUMPY: OnceLock<Numpy> = OnceLock::new();

impl Numpy {
    /// Returns NumPy if it was needed before; otherwise no object can be an array of callpy's.
    #[inline]
    pub(crate) fn get(_: Attached<'_>) -> Option<&'static Numpy> {
        NUMPY.get()
    }

    /// Reads the table out of NumPy's capsule. `lent` becomes the base of every lent array.
    ///
    /// # Errors
    ///
    /// `FailureKind::Numpy` if callpy does not know this version.
    pub(crate) fn new(py: Attached<'_>, capsule: &Ref, lent: Ref) -> Result<Numpy, Failure> {
        let failed = |message: String| Err(Failure::new(FailureKind::Numpy, message));
        // SAFETY: attached; NumPy's capsule has no name, and its pointer is the table.
        let table = unsafe { (py.api.PyCapsule_GetPointer)(capsule.as_ptr(), std::ptr::null()) };
        if table.is_null() {
            let _ = py.take_raised();
            return failed("NumPy's C API table is empty".to_owned());
        }
        let mut numpy = Numpy {
            table: table.cast(),
            features: 0,
            array_type: null_mut(),
            knows_exports: false,
            lent,
            lendable: Default::default(),
            handler: None,
        };
        type Version = unsafe extern "C" fn() -> c_uint;
        // SAFETY: slots 0 and 211 are functions of this type in every NumPy since 1.4.
        let (abi, features) = unsafe {
            (
                numpy.slot::<Version>(GET_NDARRAY_C_VERSION)(),
                numpy.slot::<Version>(GET_NDARRAY_C_FEATURE_VERSION)(),
            )
        };
        // `NPY_ABI_VERSION` is 0x0100_0009 in all of NumPy 1 and 0x0200_0000 in NumPy 2.
        if !(0x0100_0000..0x0300_0000).contains(&abi) || features < FEATURES_1_17 {
            return failed(format!(
                "this NumPy's C API (ABI {abi:#x}, version {features:#x}) is not one that callpy knows: it needs NumPy 1.17 to 2.x"
            ));
        }
        numpy.features = features;
        // SAFETY: slot 2 is PyArray_Type itself.
        numpy.array_type = unsafe { numpy.slot(ARRAY_TYPE) };
        numpy.knows_exports = features >= FEATURES_1_20;
        if features >= FEATURES_1_22 {
            numpy.handler = memory::handler(py).ok();
        }
        Ok(numpy)
    }

    /// Makes this the NumPy that [`get`](Numpy::get) returns, unless another thread was first.
    pub(crate) fn install(self) -> &'static Numpy {
        NUMPY.get_or_init(|| self)
    }

    /// Reads a function's address out of the table.
    ///
    /// # Safety
    ///
    /// `F` is the type of the function that this slot holds in every NumPy since the one that
    /// introduced it, and this NumPy is not older.
    #[inline]
    unsafe fn slot<F: Copy>(&self, index: usize) -> F {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        // SAFETY: the caller promises what is in the slot.
        unsafe { std::mem::transmute_copy(&*self.table.add(index)) }
    }

    /// Returns the dtype's number of a NumPy scalar type, if it is a number. A subclass is not: its code
    /// may behave differently.
    #[inline]
    pub(crate) fn number_type(&self, class: *mut PyTypeObject) -> Option<c_int> {
        // SAFETY: each of these slots holds a type, the same in every NumPy since 1.6.
        let is = |slot: usize| unsafe { self.slot::<*mut PyTypeObject>(slot) } == class;
        NUMBERS.iter().find(|(slot, _)| is(*slot)).map(|(_, number)| *number)
    }

    /// Returns the dtype of a built-in type number.
    pub(crate) fn dtype_of(&self, py: Attached<'_>, type_num: c_int) -> Outcome<Ref> {
        type Function = unsafe extern "C" fn(c_int) -> *mut PyObject;
        // SAFETY: slot 45 has this type; it returns a new reference, or null with an exception.
        unsafe { Ref::steal(py, self.slot::<Function>(DESCR_FROM_TYPE)(type_num)) }
            .ok_or_else(|| py.take_raised())
    }

    /// Returns the dtype of a built-in type number, to lend a slice with.
    pub(crate) fn lendable(&self, py: Attached<'_>, type_num: c_int) -> Outcome<Ref> {
        let dtype = self.dtype_of(py, type_num)?;
        // NumPy has one object for each of its own dtypes, so this stores the same one each time.
        if let Some(slot) = self.lendable.get(type_num as usize) {
            slot.store(dtype.as_ptr(), Ordering::Relaxed);
        }
        Ok(dtype)
    }

    /// Makes an independent copy of a dtype.
    pub(crate) fn new_dtype(&self, py: Attached<'_>, dtype: &Ref) -> Outcome<Ref> {
        type DescrNew = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
        // SAFETY: slot 95 has this type; it returns a new reference, or null with an exception.
        unsafe { Ref::steal(py, self.slot::<DescrNew>(DESCR_NEW)(dtype.as_ptr())) }
            .ok_or_else(|| py.take_raised())
    }

    /// Whether two dtypes have the same layout and meaning.
    pub(crate) fn are_equivalent(&self, _: Attached<'_>, one: &Ref, other: &Ref) -> bool {
        type EquivTypes = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_uchar;
        // SAFETY: slot 182 has this type; both are dtypes.
        unsafe { self.slot::<EquivTypes>(EQUIV_TYPES)(one.as_ptr(), other.as_ptr()) != 0 }
    }

    /// Makes an array over memory that `base` keeps alive.
    ///
    /// # Safety
    ///
    /// The memory's elements are of the dtype, readable, and writable if it says so, until the array
    /// and all its views are dropped. There are as many strides, if any, as lengths.
    pub(crate) unsafe fn new_array(
        &self,
        py: Attached<'_>,
        dtype: Ref,
        memory: Memory<'_>,
        base: Ref,
    ) -> Outcome<Ref> {
        let Memory { data, shape, strides, writable } = memory;
        let packed = if strides.is_none() { flags::C_CONTIGUOUS } else { 0 };
        let writable = if writable { flags::WRITEABLE } else { 0 };
        type NewFromDescr = unsafe extern "C" fn(
            *mut PyTypeObject,
            *mut PyObject,
            c_int,
            *const isize,
            *const isize,
            *mut c_void,
            c_int,
            *mut PyObject,
        ) -> *mut PyObject;
        type SetBaseObject = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int;
        let strides = strides.map_or(std::ptr::null(), <[isize]>::as_ptr);
        // SAFETY: slot 94 has this type and steals the dtype, on failure too; shape and strides are
        // copied; the memory is as the caller promises.
        let array = unsafe {
            Ref::steal(
                py,
                self.slot::<NewFromDescr>(NEW_FROM_DESCR)(
                    self.array_type,
                    dtype.into_ptr(),
                    shape.len() as c_int,
                    shape.as_ptr(),
                    strides,
                    data,
                    packed | flags::ALIGNED | writable,
                    null_mut(),
                ),
            )
        }
        .ok_or_else(|| py.take_raised())?;
        // A view of a view gets the first view's base, unless that is no array (`PyArray_SetBaseObject`).
        // So the views of an array with this base all refer to the array itself.
        // SAFETY: slot 282 has this type and steals the base, on failure too.
        let status =
            unsafe { self.slot::<SetBaseObject>(SET_BASE_OBJECT)(array.as_ptr(), base.into_ptr()) };
        if status == 0 { Ok(array) } else { Err(py.take_raised()) }
    }

    /// Copies an array into a new one in C order that owns its memory, with the same dtype.
    pub(crate) fn copy(&self, py: Attached<'_>, array: &Ref) -> Outcome<Ref> {
        type NewCopy = unsafe extern "C-unwind" fn(*mut PyObject, c_int) -> *mut PyObject;
        // `NPY_CORDER`. `NPY_KEEPORDER` would keep a transposed result from being read as a slice.
        const C_ORDER: c_int = 0;
        // SAFETY: slot 85 has this type; the caller has checked that this is an ndarray.
        let new_copy = || unsafe { self.slot::<NewCopy>(NEW_COPY)(array.as_ptr(), C_ORDER) };
        // It may release the interpreter lock while it copies, and so has to attach again.
        let copy = stop_unwinding(new_copy);
        // SAFETY: a new reference, or null with an exception.
        unsafe { Ref::steal(py, copy) }.ok_or_else(|| py.take_raised())
    }

    /// Sets callpy's allocator in this thread's context; before 1.22 NumPy has only its own.
    pub(crate) fn allocate_on_this_thread(&self, py: Attached<'_>) {
        type SetHandler = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
        let Some(handler) = &self.handler else { return };
        // SAFETY: slot 304 has this type since 1.22; it borrows the capsule and returns a new
        // reference to the one before, or null with an exception.
        let before = unsafe {
            Ref::steal(py, self.slot::<SetHandler>(DATA_MEM_SET_HANDLER)(handler.as_ptr()))
        };
        // The allocator before is held by its own arrays, so it may go here.
        if before.is_none() {
            let _ = py.take_raised();
        }
    }
}
