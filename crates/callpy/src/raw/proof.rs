//! What callpy knows of CPython's and NumPy's structures, tried on the ones that run.
//!
//! One binary serves every Python, so no compiler has compared these layouts with the headers. A fresh
//! object is looked at instead, whose fields are known: where one differs, callpy does not start.

use std::ffi::{c_int, c_void};

use super::cpython::{Api, Header, PyObject};
use super::ndarray::{ArrayFields, Ndarray};
use super::numpy::{Memory, Numpy, flags};
use super::pyconfig::{Fields, PyConfig};
use super::raised::Outcome;
use super::thread::Attached;

/// Looks at a fresh object: its type, its count before and after a change, and what follows its header.
pub(crate) fn matches_header(py: Attached<'_>, header: Header) -> Result<(), String> {
    // Longer than any header, so that a wrong one reads no other's memory.
    const LENGTH: usize = 256;
    let wrong = |what: &str| {
        Err(format!(
            "the objects of this Python 3.{} are not laid out as callpy knows them ({what})",
            py.api.minor
        ))
    };
    // No `bytes` of one character or none: these are shared, and immortal since 3.12.
    let Ok(object) = py.bytes(&[b'-'; LENGTH]) else { return wrong("none could be made") };
    let object = object.as_ptr();
    // SAFETY: the object is alive, this thread's alone and longer than what is read of it.
    unsafe {
        if header.class(object) != py.api.PyBytes_Type {
            return wrong("the type");
        }
        let before = header.references(object);
        (py.api.Py_IncRef)(object);
        let between = header.references(object);
        (py.api.Py_DecRef)(object);
        if (before, between, header.references(object)) != (1, 2, 1) {
            return wrong("the reference count");
        }
        // `ob_size`, the first field of an object of variable size.
        if object.byte_add(header.size()).cast::<usize>().read() != LENGTH {
            return wrong("the header's size");
        }
    }
    Ok(())
}

/// Looks at the fields of `PyConfig` that callpy sets: they are on for `python`, and off for an isolated
/// interpreter (`initconfig.c`).
pub(crate) fn matches_fields(api: &Api, fields: Fields) -> Result<(), String> {
    // The two differ in what is looked at, so that a field that happens to be 1 or 0 is not taken for it.
    let mut python = PyConfig::zeroed();
    let mut isolated = PyConfig::zeroed();
    // SAFETY: CPython fills the structures, which are large enough; nothing in them is owned yet.
    unsafe {
        (api.PyConfig_InitPythonConfig)(&mut python);
        (api.PyConfig_InitIsolatedConfig)(&mut isolated);
    }
    for field in [fields.install_signal_handlers, fields.configure_c_stdio] {
        if (*python.field(field), *isolated.field(field)) != (1, 0) {
            return Err(format!(
                "the configuration of this Python 3.{} is not laid out as callpy knows it",
                api.minor
            ));
        }
    }
    Ok(())
}

/// The shape of the array on which the layout is checked, and its strides in bytes.
const SHAPE: [isize; 2] = [2, 3];
const STRIDES: [isize; 2] = [12, 4];

/// Whether an array has its fields where callpy reads them, checked on one whose fields all differ.
pub(crate) fn matches_arrays(py: Attached<'_>, numpy: &Numpy) -> Outcome<bool> {
    const INT16: c_int = 3;
    let mut values = [0i16; 12];
    let dtype = numpy.dtype_of(py, INT16)?;
    let data = values.as_mut_ptr().cast();
    let memory = Memory { data, shape: &SHAPE, strides: Some(&STRIDES), writable: false };
    let base = numpy.lent.clone_ref(py);
    // SAFETY: the values live as long as the array, to which no one else gets a reference; every
    // element of this shape is within them.
    let array = unsafe { numpy.new_array(py, dtype.clone_ref(py), memory, base) }?;
    let Some(ndarray) = Ndarray::of(py, numpy, &array) else { return Ok(false) };
    let fields = ndarray.fields();
    // SAFETY: the array is alive, and only this thread refers to it.
    Ok(unsafe { is_sample(fields, data, numpy.lent.as_ptr(), dtype.as_ptr()) })
}

/// Whether these are the fields of that array.
///
/// # Safety
///
/// They can be read. What the later ones point to is read only if the first ones are right.
unsafe fn is_sample(
    fields: *const ArrayFields,
    data: *mut c_void,
    base: *mut PyObject,
    dtype: *mut PyObject,
) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        let fields = fields.read();
        let mask = flags::OWNDATA | flags::ALIGNED | flags::WRITEABLE | flags::C_CONTIGUOUS;
        fields.data == data
            && fields.nd == 2
            && fields.base == base
            && fields.dtype == dtype
            && fields.flags & mask == flags::ALIGNED
            && fields.weakrefs.is_null()
            && fields.dimensions.cast::<[isize; 2]>().read() == SHAPE
            && fields.strides.cast::<[isize; 2]>().read() == STRIDES
    }
}

#[cfg(test)]
mod tests {
    use std::ptr::{null_mut, without_provenance_mut};

    use super::*;

    #[test]
    fn a_wrong_layout_of_arrays_is_found() {
        let (mut shape, mut strides, mut other) = (SHAPE, STRIDES, [1, 1]);
        let (data, base, dtype) =
            (without_provenance_mut(16), without_provenance_mut(32), without_provenance_mut(48));
        let sample = ArrayFields {
            data,
            nd: 2,
            dimensions: shape.as_mut_ptr(),
            strides: strides.as_mut_ptr(),
            base,
            dtype,
            flags: flags::ALIGNED,
            weakrefs: null_mut(),
            exports: null_mut(),
        };
        let other = other.as_mut_ptr();
        // SAFETY: the fields point to the lengths and strides above.
        let is_sample =
            |fields: ArrayFields| unsafe { is_sample(&raw const fields, data, base, dtype) };
        assert!(is_sample(ArrayFields { ..sample }));
        assert!(!is_sample(ArrayFields { data: dtype.cast(), ..sample }));
        assert!(!is_sample(ArrayFields { nd: 1, ..sample }));
        assert!(!is_sample(ArrayFields { dimensions: other, ..sample }));
        assert!(!is_sample(ArrayFields { strides: other, ..sample }));
        assert!(!is_sample(ArrayFields { base: dtype, ..sample }));
        assert!(!is_sample(ArrayFields { dtype: base, ..sample }));
        assert!(!is_sample(ArrayFields { flags: flags::ALIGNED | flags::OWNDATA, ..sample }));
        assert!(!is_sample(ArrayFields { weakrefs: base, ..sample }));
    }
}
