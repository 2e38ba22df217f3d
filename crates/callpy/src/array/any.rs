//! Arrays whose dtype is known only at run time: for bindings of other languages.

use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::copied::copy_memory;
use super::element::Dtype;
use super::lend::{lend_any, lend_packed};
use super::receive::{
    ByteOrder, Form, Received, byte_order, is_masked, numpy_if_imported, own, who_else,
};
use super::time::Unit;
use super::view::Layout;
use crate::convert::IntoPython;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw::Ref;
use crate::raw::ndarray::{Ndarray, SliceMemory};
use crate::raw::numpy::Memory;
use crate::raw::reference::Urgency;
use crate::scope::Scope;

/// NumPy's own limit (`NPY_MAXDIMS`), 32 before NumPy 2: there NumPy says so itself.
const MAX_AXES: usize = 64;

/// Memory of any dtype, shape and strides, lent to Python for one call.
///
/// If the element type is known at compile time, pass a slice or a view instead.
///
/// ```
/// use callpy::array::{AnyArray, AnyLoan};
/// use callpy::convert::Value;
/// use callpy::Dtype;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let table = [1_i32, 2, 3, 4, 5, 6];
/// // SAFETY: six int32 that no one writes for as long as `table` is borrowed.
/// let loan = unsafe {
///     AnyLoan::new(Dtype::Int32, table.as_ptr().cast_mut().cast(), &[2, 3], None, false)?
/// };
/// let Value::Array(turned) = python.function("numpy:transpose")?.call(loan.copied())? else {
///     panic!("an array came before");
/// };
/// assert_eq!(turned.shape(), [3, 2]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyLoan<'a> {
    dtype: Dtype,
    data: NonNull<c_void>,
    shape: AxisValues,
    strides: Option<AxisValues>,
    writable: bool,
    copied: bool,
    lends: PhantomData<&'a mut [u8]>,
}

/// Most arrays have one axis; those need no allocation.
#[derive(Debug)]
enum AxisValues {
    One([isize; 1]),
    Many(Box<[isize]>),
}

impl AxisValues {
    #[inline]
    fn new(values: &[isize]) -> AxisValues {
        match *values {
            [value] => AxisValues::One([value]),
            _ => AxisValues::Many(values.into()),
        }
    }

    #[inline]
    fn get(&self) -> &[isize] {
        match self {
            AxisValues::One(value) => value,
            AxisValues::Many(values) => values,
        }
    }
}

impl<'a> AnyLoan<'a> {
    /// Lends the elements of an array: the first is at `data`, the others where `strides`, in bytes,
    /// lead; without strides they are contiguous in C order.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if no array can be as described: a negative length, more than 64 axes, more
    /// bytes than there are addresses, a null pointer to elements, elements that are not aligned, a
    /// dtype without size, a structured dtype.
    ///
    /// # Safety
    ///
    /// For all of `'a` the elements are readable, and no one writes them; if `writable`, they are
    /// writable, and no one else reads them. Any bytes are valid for Python.
    #[inline]
    pub unsafe fn new(
        dtype: Dtype,
        data: *mut c_void,
        shape: &[isize],
        strides: Option<&[isize]>,
        writable: bool,
    ) -> Result<AnyLoan<'a>> {
        let wrong = |message: String| Error::new(ErrorKind::Argument, message);
        let item_size = dtype.item_size();
        if item_size == 0 || matches!(dtype, Dtype::Struct(_)) {
            return Err(wrong(format!("memory can't be lent as an array of {dtype}")));
        }
        if shape.len() > MAX_AXES {
            let axes = shape.len();
            return Err(wrong(format!("an array has at most {MAX_AXES} axes, not {axes}")));
        }
        if let Some(strides) = strides
            && strides.len() != shape.len()
        {
            let (axes, strides) = (shape.len(), strides.len());
            return Err(wrong(format!("{axes} axes can't have {strides} strides")));
        }
        if let Some(length) = shape.iter().find(|length| **length < 0) {
            return Err(wrong(format!("an axis can't have the length {length}")));
        }
        let empty = shape.contains(&0);
        let does_not_fit = || wrong(format!("an array of shape {shape:?} does not fit in memory"));
        // NumPy multiplies the lengths before it looks at strides, and skips zeros.
        let item = isize::try_from(item_size).ok();
        let lengths = shape.iter().filter(|length| **length != 0);
        if lengths.fold(item, |all, length| all?.checked_mul(*length)).is_none() {
            return Err(does_not_fit());
        }
        if !empty {
            // The addresses of the first and of the last element by address, if there are such.
            let reach = |strides: &[isize]| {
                let ends = (data.addr(), data.addr());
                shape.iter().zip(strides).try_fold(ends, |(first, last), (length, stride)| {
                    let step = (length - 1).checked_mul(*stride)?;
                    let (down, up) = (step.min(0), step.max(0));
                    Some((first.checked_add_signed(down)?, last.checked_add_signed(up)?))
                })
            };
            let within = |strides| {
                reach(strides).is_some_and(|(first, last)| last - first <= isize::MAX as usize)
            };
            if !strides.is_none_or(within) {
                return Err(does_not_fit());
            }
            let align = dtype.align();
            let in_step =
                |strides: &[isize]| strides.iter().all(|stride| stride % align as isize == 0);
            if !data.addr().is_multiple_of(align) || !strides.is_none_or(in_step) {
                return Err(wrong(format!("the elements are not aligned as {dtype} must be")));
            }
        }
        let data = match NonNull::new(data) {
            Some(data) => data,
            // NumPy would allocate memory of its own for a null pointer.
            None if empty => NonNull::<u128>::dangling().cast(),
            None => {
                return Err(wrong(format!("an array of shape {shape:?} lies at a null pointer")));
            }
        };
        let (shape, strides) = (AxisValues::new(shape), strides.map(AxisValues::new));
        Ok(AnyLoan { dtype, data, shape, strides, writable, copied: false, lends: PhantomData })
    }

    /// Passes Python a copy of its own, for functions that retain an argument.
    #[must_use]
    pub fn copied(self) -> Self {
        AnyLoan { copied: true, ..self }
    }

    #[inline]
    fn lend(self, scope: &mut Scope<'a>) -> Result<Object> {
        let (data, writable) = (self.data.as_ptr(), self.writable);
        let item_size = self.dtype.item_size();
        let packed = |strides: &AxisValues| *strides.get() == [item_size as isize];
        if let AxisValues::One([len]) = self.shape
            && self.strides.as_ref().is_none_or(packed)
        {
            let memory = SliceMemory { data, len: len as usize, item_size, writable };
            // SAFETY: `new` has checked the description, and its caller promises the rest for 'a, which
            // outlives the scope.
            return unsafe { lend_packed(self.dtype, memory, scope) };
        }
        let strides = self.strides.as_ref().map(AxisValues::get);
        let memory = Memory { data, shape: self.shape.get(), strides, writable };
        // SAFETY: as above.
        unsafe { lend_any(self.dtype, memory, scope) }
    }
}

impl<'a> IntoPython<'a> for AnyLoan<'a> {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        if !self.copied {
            return self.lend(scope);
        }
        let strides = self.strides.as_ref().map(AxisValues::get);
        let (data, shape) = (self.data.as_ptr(), self.shape.get());
        let memory = Memory { data, shape, strides, writable: false };
        // SAFETY: as in `lend`.
        unsafe { copy_memory(self.dtype, memory, scope) }
    }
}

/// A result array of any dtype, read in place, as [`Array`](super::Array) is.
///
/// ```
/// use callpy::convert::Value;
/// use callpy::Dtype;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let Value::Array(array) = python.function("numpy:eye")?.call(2)? else { panic!("no array") };
/// assert_eq!((array.dtype(), array.shape(), array.strides()), (Dtype::Float64, &[2, 2][..], &[16, 8][..]));
/// assert!(!array.as_ptr().is_null());
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct AnyArray {
    object: Ref,
    dtype: Dtype,
    data: NonNull<c_void>,
    layout: Layout,
    _urgency: Urgency,
}

// SAFETY: the elements are plain data that no one writes while the array exists, and the reference
// may be dropped on any thread.
unsafe impl Send for AnyArray {}
// SAFETY: as above; nothing can be changed through a shared reference.
unsafe impl Sync for AnyArray {}

impl AnyArray {
    /// Returns the dtype of the elements.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Returns the length of each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// Returns the step of each axis in bytes.
    pub fn strides(&self) -> &[isize] {
        self.layout.strides()
    }

    /// Returns the address of the first element, which is in native byte order, aligned, and valid for
    /// as long as this array exists. It is never null; if there is no element, it must not be read.
    pub fn as_ptr(&self) -> *const c_void {
        self.data.as_ptr()
    }

    /// Whether there is memory for the elements one after the other: an array that was broadcast may
    /// show a few elements a billion times.
    #[doc(hidden)]
    pub fn check_memory(&self) -> Result<()> {
        let bytes = self.layout.len().saturating_mul(self.dtype.item_size());
        let reserved = Vec::<u8>::new().try_reserve_exact(bytes);
        reserved.map_err(|_| super::view::no_memory(self.dtype, &self.layout))
    }

    /// Takes an array of whatever dtype; returns the object if it is no array, or a masked one, or of a
    /// dtype that Rust can't read (Python objects, structs, `longdouble`).
    pub(crate) fn receive(
        object: Object,
        scope: &mut Scope<'_>,
    ) -> Result<std::result::Result<AnyArray, Object>> {
        let py = scope.py();
        let Some(numpy) = numpy_if_imported(scope)? else { return Ok(Err(object)) };
        let Some(array) = Ndarray::of(py, numpy, &object.0) else { return Ok(Err(object)) };
        let held = who_else(py, numpy, array, 1);
        if scope.taken(is_masked(py, numpy, &object.0, array))? {
            return Ok(Err(object));
        }
        let known = match Dtype::from_type_num(array.type_num().0) {
            Some(dtype) => {
                scope.taken(byte_order(py, numpy, array, dtype))?.map(|order| (dtype, order))
            }
            None => described(scope, array)?,
        };
        let Some((dtype, order)) = known else { return Ok(Err(object)) };
        let form = Form { dtype, align: dtype.align() };
        let Received { object, data, layout } = own(object.0, form, order, held, scope)?;
        // An empty array may have any address.
        let data = match NonNull::new(data) {
            Some(data) if layout.len() > 0 => data,
            _ => NonNull::<u128>::dangling().cast(),
        };
        let _urgency = Urgency::of(layout.len().saturating_mul(dtype.item_size()));
        Ok(Ok(AnyArray { object, dtype, data, layout, _urgency }))
    }
}

impl<'a> IntoPython<'a> for AnyArray {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Ok(Object(self.object))
    }
}

impl fmt::Debug for AnyArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyArray({}, shape {:?})", self.dtype, self.shape())
    }
}

/// Reads the dtype of text and times from `dtype.str` (`<U8`, `|S3`, `<M8[ns]`), since their numbers
/// don't tell size and unit.
fn described(scope: &Scope<'_>, array: Ndarray<'_>) -> Result<Option<(Dtype, ByteOrder)>> {
    let py = scope.py();
    let (type_num, _) = array.type_num();
    let dtype = &array.dtype();
    let text = scope.taken(py.str("str").and_then(|name| py.attribute(dtype, &name)))?;
    let text = scope.taken(py.text(&text))?;
    let foreign = if cfg!(target_endian = "little") { '>' } else { '<' };
    let order = match text.starts_with(foreign) {
        true => ByteOrder::Foreign,
        false => ByteOrder::Native,
    };
    let Some(kind) = text.get(1..2) else { return Ok(None) };
    let rest = &text[2..];
    let unit = || Unit::from_code(rest.strip_prefix("8[")?.strip_suffix(']')?);
    let size = || rest.parse().ok().filter(|size| *size > 0);
    // `NPY_STRING` and so on (`numpy/ndarraytypes.h`): another library's dtype may have any letter.
    let dtype = match (type_num, kind) {
        (18, "S") => size().map(Dtype::Bytes),
        (19, "U") => size().map(Dtype::Str),
        (21, "M") => unit().map(Dtype::Datetime64),
        (22, "m") => unit().map(Dtype::Timedelta64),
        _ => None,
    };
    Ok(dtype.map(|dtype| (dtype, order)))
}
