//! From a Python result to memory that Rust may read: borrowed if no one else can change it, copied
//! otherwise.

use std::ffi::c_void;

use super::element::{Dtype, Element};
use super::holders::FixedNames;
use super::view::{Array, Layout};
use crate::convert::{FromPython, IntoPython};
use crate::error::Result;
use crate::object::Object;
use crate::raw::ndarray::Ndarray;
use crate::raw::numpy::{Numpy, flags};
use crate::raw::{Attached, Outcome, Ref};
use crate::receipt::CopyReason;
use crate::scope::{Expected, Scope};
use crate::support;

/// Takes a result as an array of another dtype than it has, as `numpy.ndarray.astype` converts it.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// use callpy::Cast;
///
/// let Cast(counts): Cast<f32> = python.function("numpy:bincount")?.call(&[0_i64, 1, 1])?;
/// assert_eq!(counts[..], [1.0, 2.0]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug)]
pub struct Cast<T: Element>(pub Array<T>);

impl<T: Element> FromPython for Cast<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let py = scope.py();
        let numpy = py.numpy()?;
        if let Some(array) = Ndarray::of(py, numpy, &object.0)
            && let Some(ByteOrder::Native) = scope.taken(byte_order(py, numpy, array, T::DTYPE))?
        {
            return receive(object.0, scope).map(Cast);
        }
        let dtype = scope.ok(T::DTYPE.object(py, numpy))?;
        let Some(array) = scope.taken(support::cast(py, &object.0, &dtype))? else {
            return Err(scope.mismatch_of(Expected::Array, "an array", &object.0));
        };
        drop(object);
        let bytes = scope.taken(support::byte_size(scope.py(), &array))?;
        scope.copied(bytes, CopyReason::Cast)?;
        receive(array, scope).map(Cast)
    }
}

impl<T: Element> Array<T> {
    /// Copies the elements into an array of another type, as `numpy.ndarray.astype` does: floats
    /// lose their fraction where `U` is an integer, and large numbers wrap.
    ///
    /// # Errors
    ///
    /// NumPy's own if it knows no such cast.
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::Array;
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// let halves = Array::try_from(vec![0.5, 1.5, -2.5])?;
    /// assert_eq!(halves.cast::<i32>()?[..], [0, 1, -2]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn cast<U: Element>(&self) -> Result<Array<U>> {
        let mut scope = Scope::new()?;
        // Lent as to any other function: Python code never gets the array itself.
        let lent = self.into_python(&mut scope)?;
        let py = scope.py();
        let dtype = scope.ok(U::DTYPE.object(py, py.numpy()?))?;
        let cast = scope.ok(support::cast(py, &lent.0, &dtype))?;
        drop(lent);
        let cast = match cast {
            Some(array) => receive(array, &mut scope),
            None => unreachable!("a lent array is an ndarray"),
        };
        scope.settle(&FixedNames::new("numpy.ndarray.astype", "the array"), cast)
    }
}

/// Takes a result as an array of `T`, in any shape and strides.
pub(super) fn receive<T: Element>(object: Ref, scope: &mut Scope<'_>) -> Result<Array<T>> {
    let py = scope.py();
    let numpy = py.numpy()?;
    let Some(array) = Ndarray::of(py, numpy, &object) else {
        return Err(scope.mismatch_of(
            Expected::Array,
            format_args!("an array of {}", T::DTYPE),
            &object,
        ));
    };
    let held = who_else(py, numpy, array, 1);
    let masked = scope.taken(is_masked(py, numpy, &object, array))?;
    // A masked array is refused as an array of another dtype is, by what it is.
    let order = if masked { None } else { scope.taken(byte_order(py, numpy, array, T::DTYPE))? };
    if order.is_none() && !masked && T::DTYPE.is_struct() {
        let dtype = scope.ok(T::DTYPE.object(py, numpy))?;
        if let Some(packed) = scope.taken(py.with_frame(|| support::packed(py, &object, &dtype)))? {
            let bytes = scope.taken(support::byte_size(py, &packed))?;
            scope.copied(bytes, CopyReason::Layout)?;
            return receive(packed, scope);
        }
    }
    let Some(order) = order else {
        return Err(scope.mismatch_of(
            Expected::Array,
            format_args!("an array of {}", T::DTYPE),
            &object,
        ));
    };
    let form = Form { dtype: T::DTYPE, align: align_of::<T>() };
    let Received { object, data, layout } = own(object, form, order, held, scope)?;
    // SAFETY: `own` promises this for the dtype of T.
    Ok(unsafe { Array::new(object, data.cast(), layout) })
}

/// Returns NumPy if Python has imported it. If not, no result can be an array or a NumPy scalar, so
/// there is no need to import it.
#[inline]
pub(crate) fn numpy_if_imported(scope: &Scope<'_>) -> Result<Option<&'static Numpy>> {
    let py = scope.py();
    match Numpy::get(py) {
        None if !scope.taken(is_numpy_imported(py))? => Ok(None),
        _ => py.numpy().map(Some),
    }
}

fn is_numpy_imported(py: Attached<'_>) -> Outcome<bool> {
    let modules = py.attribute(&py.import(c"sys")?, &py.str("modules")?)?;
    Ok(py.item(&modules, &py.str("numpy")?).is_ok())
}

/// Whether the array is a masked one, whose values are wrong without its mask.
#[inline]
pub(super) fn is_masked(
    py: Attached<'_>,
    numpy: &Numpy,
    object: &Ref,
    array: Ndarray<'_>,
) -> Outcome<bool> {
    Ok(!array.is_exactly_ndarray(numpy) && support::is_masked(py, object)?)
}

/// An array, and the memory that only it refers to.
pub(super) struct Received {
    pub(super) object: Ref,
    pub(super) data: *mut c_void,
    pub(super) layout: Layout,
}

/// The dtype and alignment that elements must have.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) dtype: Dtype,
    pub(super) align: usize,
}

/// Makes sure that an array is this call's own, by a copy if it is not.
///
/// The object is an ndarray of this dtype, in this byte order, and `held` is what `who_else` returned
/// for it before any Python code ran. What is returned has the dtype in native order, aligned and with
/// valid values; its elements are where the layout says, and the reference is the only one to them.
#[inline]
pub(super) fn own(
    mut object: Ref,
    Form { dtype, align }: Form,
    order: ByteOrder,
    held: Option<CopyReason>,
    scope: &mut Scope<'_>,
) -> Result<Received> {
    let py = scope.py();
    let numpy = py.numpy()?;
    let array = Ndarray::known(py, &object);
    let reason = match order {
        ByteOrder::Foreign => Some(CopyReason::ByteOrder),
        ByteOrder::Native => {
            held.or_else(|| (!is_aligned(array, align)).then_some(CopyReason::Misaligned))
        }
    };
    let reason = match reason {
        // The same reason as if the argument had been lent, so that a first call reports no other.
        Some(CopyReason::NotUnique) if scope.loans.passed_copy(py, numpy, array) => {
            Some(CopyReason::Lent)
        }
        reason => reason,
    };
    if let Some(reason) = reason {
        let exact = array.is_exactly_ndarray(numpy);
        let layout = Layout::new(array.shape(), array.strides(), dtype.item_size());
        let repeats = layout.memory(dtype.item_size()) < layout.len() * dtype.item_size();
        let copy = match reason {
            _ if repeats => support::compact_copy(py, &object),
            CopyReason::ByteOrder => support::native(py, &object),
            // NumPy's copy would be of the subclass too, whose code may keep a reference.
            _ if !exact => support::exact_copy(py, &object),
            _ => numpy.copy(py, &object),
        };
        let copy = scope.taken(copy)?;
        let bytes = Ndarray::of(py, numpy, &copy).map_or(0, |copy| memory(copy, dtype));
        scope.copied(bytes, reason)?;
        object = copy;
        // Python code made the copy, and a program may have replaced that code.
        let py = scope.py();
        let order = match Ndarray::of(py, numpy, &object) {
            Some(copy) if who_else(py, numpy, copy, 1).is_none() && is_aligned(copy, align) => {
                scope.taken(byte_order(py, numpy, copy, dtype))?
            }
            _ => None,
        };
        if !matches!(order, Some(ByteOrder::Native)) {
            return Err(scope.mismatch_of(
                Expected::Array,
                format_args!("an array of {dtype}"),
                &object,
            ));
        }
    }
    let py = scope.py();
    let array = Ndarray::of(py, numpy, &object).expect("a copy of an ndarray is one");
    // Any other byte in a Rust `bool` would be undefined behaviour.
    if dtype == Dtype::Bool && !normalise_bools(array) {
        let valid = scope.taken(support::compact_copy(py, &object))?;
        let copy =
            Ndarray::of(py, numpy, &valid).filter(|copy| who_else(py, numpy, *copy, 1).is_none());
        let Some(copy) = copy.filter(|copy| normalise_bools(*copy)) else {
            return Err(scope.mismatch_of(Expected::Array, "an array of bool", &object));
        };
        let bytes = memory(copy, dtype);
        scope.copied(bytes, CopyReason::Bool)?;
        object = valid;
    }
    let py = scope.py();
    let array = Ndarray::of(py, numpy, &object).expect("a copy of an ndarray is one");
    let layout = Layout::new(array.shape(), array.strides(), dtype.item_size());
    let data = array.data();
    if let Some(receipt) = &mut *scope.receipt {
        receipt.borrowed_bytes += layout.memory(dtype.item_size());
    }
    Ok(Received { object, data, layout })
}

/// Returns how many bytes of memory an array's elements are in.
fn memory(array: Ndarray<'_>, dtype: Dtype) -> usize {
    Layout::new(array.shape(), array.strides(), dtype.item_size()).memory(dtype.item_size())
}

/// Whether an object is an array, and of this dtype if there is one.
pub(crate) fn is_array(object: &Ref, dtype: Option<Dtype>, scope: &Scope<'_>) -> bool {
    let py = scope.py();
    let Ok(Some(numpy)) = numpy_if_imported(scope) else { return false };
    let Some(array) = Ndarray::of(py, numpy, object) else { return false };
    dtype.is_none_or(|dtype| matches!(byte_order(py, numpy, array, dtype), Ok(Some(_))))
}

/// Whether numbers have this machine's byte order.
pub(super) enum ByteOrder {
    Native,
    Foreign,
}

/// Returns the byte order in which an array has the dtype; `None` if it has another dtype.
#[inline]
pub(super) fn byte_order(
    py: Attached<'_>,
    numpy: &Numpy,
    array: Ndarray<'_>,
    dtype: Dtype,
) -> Outcome<Option<ByteOrder>> {
    let (type_num, order) = array.type_num();
    if dtype.type_num().is_some() {
        // `>` on a little-endian machine; the native order is `=`, and `|` where it does not matter.
        let foreign = if cfg!(target_endian = "little") { b'>' } else { b'<' };
        let order = if order == foreign { ByteOrder::Foreign } else { ByteOrder::Native };
        return Ok((Dtype::from_type_num(type_num) == Some(dtype)).then_some(order));
    }
    let found = array.dtype();
    if numpy.are_equivalent(py, &found, &dtype.own_object(py, numpy)?) {
        return Ok(Some(ByteOrder::Native));
    }
    let wanted = dtype.object(py, numpy)?;
    Ok(support::is_swapped(py, &found, &wanted)?.then_some(ByteOrder::Foreign))
}

#[inline]
fn is_aligned(array: Ndarray<'_>, align: usize) -> bool {
    let aligned = array.data().addr().is_multiple_of(align)
        && array.strides().iter().all(|stride| stride % align as isize == 0);
    // An empty array may have any address, since it is not read.
    aligned || array.shape().contains(&0)
}

/// Returns why others could change the array's memory, if it has more holders than these: the caller,
/// and the view that led the caller to it.
///
/// Ask this before anything else: an array that only the caller holds can't be changed by Python code
/// that runs afterwards, here or on another thread.
pub(super) fn who_else(
    py: Attached<'_>,
    numpy: &Numpy,
    array: Ndarray<'_>,
    holders: usize,
) -> Option<CopyReason> {
    if !array.is_held_by(holders) || !array.is_exactly_ndarray(numpy) {
        return Some(lent_below(py, numpy, array).unwrap_or(CopyReason::NotUnique));
    }
    let Some(base) = array.base() else {
        return (array.flags() & flags::OWNDATA == 0).then_some(CopyReason::NotUnique);
    };
    match Ndarray::of(py, numpy, &base) {
        _ if array.is_lent(numpy) => Some(CopyReason::Lent),
        // Two holders: the view, and `base`.
        Some(owner) => who_else(py, numpy, owner, 2),
        // Memory that Rust passed by value comes back, and no one else has it.
        None if py.is_own_capsule(&base) && base.is_held_by(py, 2) => None,
        None => Some(CopyReason::ForeignOwner(support::what_type(py, &base))),
    }
}

/// Returns that memory is lent if an array refers to it, directly or through views.
fn lent_below(py: Attached<'_>, numpy: &Numpy, array: Ndarray<'_>) -> Option<CopyReason> {
    if array.is_lent(numpy) {
        return Some(CopyReason::Lent);
    }
    let base = array.base()?;
    lent_below(py, numpy, Ndarray::of(py, numpy, &base)?)
}

/// Sets the bytes of a bool array to 0 or 1; returns false if that takes a copy: some have other values,
/// and the array can't be written, or has more elements than bytes, which would each be written often.
fn normalise_bools(array: Ndarray<'_>) -> bool {
    let layout = Layout::new(array.shape(), array.strides(), 1);
    let repeats = layout.memory(1) < layout.len();
    let writable = array.flags() & flags::WRITEABLE != 0 && !repeats;
    // SAFETY: the array is this thread's alone, and its elements are bytes, of the one block of memory
    // that NumPy or Rust allocated for it.
    unsafe { layout.normalise_bools(array.data().cast(), writable) }
}

/// Replaces views of lent memory in a result by copies before it leaves the call: the result itself, or
/// the items of its tuples, lists and dicts.
pub(crate) fn detach_from_loans(object: Ref, scope: &mut Scope<'_>) -> Result<Ref> {
    if !scope.is_callback && !scope.loans.are_held(scope.py()) {
        return Ok(object);
    }
    let copies = scope.taken(scope.py().tuple(scope.loans.bases_of_copies(scope.py())))?;
    let (copied, bytes) = scope.taken(support::copied_out(scope.py(), &object, &copies))?;
    object.release(scope.py());
    if bytes > 0 {
        scope.copied(bytes, CopyReason::Lent)?;
    }
    let py = scope.py();
    if scope.loans.are_held(py) {
        let suspect = copied.clone_ref(py);
        scope.loans.suspect(suspect);
    }
    Ok(copied)
}
