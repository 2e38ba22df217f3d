//! An array that Python returned, read in place.

use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::OnceLock;

use super::element::{Dtype, Element};
use super::lend::{give, lend_any};
use super::receive::receive;
use crate::convert::{FromPython, IntoPython, Item};
use crate::error::{Error, Result};
use crate::object::Object;
use crate::raw::Ref;
use crate::raw::numpy::Memory;
use crate::raw::reference::Urgency;
use crate::scope::Scope;

/// An array that Python made, read in place: any rank, any strides.
///
/// It owns its ndarray, and no one else has a reference to it, so the values don't change while it
/// exists. Dropping it returns the memory to NumPy, from any thread.
///
/// As a slice (through `Deref`) it shows its elements in C order, the last axis varying fastest.
/// That costs nothing if they are stored in that order, as most results are; elements in another
/// order (a transpose, every second one) are gathered into a buffer the first time the slice is used.
/// [`as_slice`](Array::as_slice) never gathers. If there is no memory for the buffer, since a broadcast
/// array repeats its elements a billion times, `Deref` panics; [`try_to_vec`](Array::try_to_vec)
/// returns an error.
///
/// ```
/// use callpy::{Array, Object};
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let outer: Array<i64> = python.function("numpy:outer")?.call((&[1_i64, 2], &[1_i64, 10, 100]))?;
/// assert_eq!((outer.shape(), outer.strides(), outer.ndim()), (&[2, 3][..], &[24, 8][..], 2));
/// assert_eq!((outer.len(), outer.is_empty()), (6, false));
/// assert_eq!(outer[..], [1, 10, 100, 2, 20, 200]);
/// assert_eq!(outer.iter().max(), Some(&200));
///
/// let columns: Array<i64> = python.function("numpy:array")?.call((&outer, callpy::named("order", "F")))?;
/// assert!(columns.as_slice().is_none());      // it does not lie in C order
/// assert_eq!(columns.to_vec(), outer.to_vec());
///
/// let object: Object = outer.into_object();   // Python's again
/// assert_eq!(object.attr("size")?.extract::<usize>()?, 6);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Array<T> {
    object: Ref,
    data: NonNull<T>,
    layout: Layout,
    gathered: OnceLock<Box<[T]>>,
    _urgency: Urgency,
}

// SAFETY: the elements are plain data that no one writes while the Array exists, and the reference
// may be dropped on any thread.
unsafe impl<T: Element> Send for Array<T> {}
// SAFETY: as above; the gathered copy is behind a OnceLock.
unsafe impl<T: Element> Sync for Array<T> {}

/// Lengths, and steps in bytes, of the axes.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    axes: Axes,
    packed: bool,
}

/// Up to [`FEW`] axes, which most arrays have, need no allocation.
#[derive(Debug, Clone)]
enum Axes {
    Few { rank: u8, shape: [usize; FEW], strides: [isize; FEW] },
    Many { shape: Box<[usize]>, strides: Box<[isize]> },
}

const FEW: usize = 3;

impl Layout {
    #[inline]
    pub(super) fn new(shape: &[isize], strides: &[isize], item_size: usize) -> Layout {
        let mut expected = item_size as isize;
        // The stride of a single element is never used, and NumPy may put anything there.
        let packed = shape.contains(&0)
            || shape.iter().zip(strides).rev().all(|(length, stride)| {
                let fits = *length == 1 || *stride == expected;
                expected *= *length;
                fits
            });
        let axes = if shape.len() <= FEW {
            let mut few = ([0; FEW], [0; FEW]);
            for (axis, (length, stride)) in shape.iter().zip(strides).enumerate() {
                few.0[axis] = *length as usize;
                few.1[axis] = *stride;
            }
            if packed && shape.len() == 1 {
                few.1[0] = item_size as isize;
            }
            Axes::Few { rank: shape.len() as u8, shape: few.0, strides: few.1 }
        } else {
            let shape = shape.iter().map(|length| *length as usize).collect();
            Axes::Many { shape, strides: strides.into() }
        };
        Layout { axes, packed }
    }

    #[inline]
    pub(super) fn shape(&self) -> &[usize] {
        match &self.axes {
            Axes::Few { rank, shape, .. } => &shape[..usize::from(*rank)],
            Axes::Many { shape, .. } => shape,
        }
    }

    #[inline]
    pub(super) fn strides(&self) -> &[isize] {
        match &self.axes {
            Axes::Few { rank, strides, .. } => &strides[..usize::from(*rank)],
            Axes::Many { strides, .. } => strides,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.shape().iter().product()
    }

    pub(super) fn is_packed(&self) -> bool {
        self.packed
    }

    /// Returns how far the elements reach from the first: the lowest offset in bytes, and the end of
    /// the highest element. There is at least one.
    fn reach(&self, item_size: usize) -> std::ops::Range<isize> {
        let mut reach = 0..item_size as isize;
        for (length, stride) in self.shape().iter().zip(self.strides()) {
            let step = (*length as isize - 1) * stride;
            reach.start += step.min(0);
            reach.end += step.max(0);
        }
        reach
    }

    /// Returns how many bytes of memory the elements are in. Along a broadcast axis, and in windows
    /// that overlap, there are more elements than there is memory.
    pub(super) fn memory(&self, item_size: usize) -> usize {
        if self.len() == 0 {
            return 0;
        }
        let axes = self.shape().iter().zip(self.strides());
        let distinct: usize =
            axes.filter(|(_, stride)| **stride != 0).map(|(len, _)| len).product();
        self.reach(item_size).len().min(distinct * item_size)
    }

    /// Sets the bytes of bools to 0 or 1, if they are writable; returns whether all of them are.
    ///
    /// NumPy's own bools are, but a view of other bytes may hold anything, and a Rust `bool` may not.
    /// If they are not writable and there are more of them than bytes in their memory, each of those
    /// bytes is checked once, so that `false` may be due to one that is no element.
    ///
    /// # Safety
    ///
    /// The elements are bytes of one allocation, which no one else uses, and which may be written if
    /// `writable` is true.
    pub(super) unsafe fn normalise_bools(&self, first: *mut u8, writable: bool) -> bool {
        let normalise = |offset: isize| {
            // SAFETY: the offset is that of an element, and the caller promises the rest.
            unsafe {
                let byte = first.offset(offset);
                let valid = *byte <= 1;
                if !valid && writable {
                    *byte = 1;
                }
                valid || writable
            }
        };
        // SAFETY: the offset is between the lowest and the highest element, so it is in their allocation.
        let is_valid = |offset: isize| unsafe { *first.offset(offset) <= 1 };
        match self.len() {
            0 => true,
            len if !writable && self.reach(1).len() < len => self.reach(1).all(is_valid),
            len if self.is_packed() => (0..len as isize).all(normalise),
            _ => self.offsets().all(normalise),
        }
    }

    /// Yields the offset of each element from the first, in bytes, in C order.
    pub(super) fn offsets(&self) -> Offsets<'_> {
        Offsets { layout: self, index: vec![0; self.shape().len()], offset: 0, left: self.len() }
    }
}

/// The offsets of the elements, in C order.
pub(super) struct Offsets<'l> {
    layout: &'l Layout,
    index: Vec<usize>,
    offset: isize,
    left: usize,
}

impl Iterator for Offsets<'_> {
    type Item = isize;

    #[inline]
    fn next(&mut self) -> Option<isize> {
        self.left = self.left.checked_sub(1)?;
        let offset = self.offset;
        let axes = self.layout.shape().iter().zip(self.layout.strides()).zip(&mut self.index);
        for ((length, stride), index) in axes.rev() {
            *index += 1;
            if *index < *length {
                self.offset += stride;
                break;
            }
            // This axis starts again; the one before it moves on.
            self.offset -= stride * (*length as isize - 1);
            *index = 0;
        }
        Some(offset)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Says that an array is too large for memory of its own.
#[cold]
pub(super) fn no_memory(dtype: Dtype, layout: &Layout) -> Error {
    let size = dtype.item_size();
    Error::result(format!(
        "there is no memory to read an array of {dtype} of shape {:?} as a slice: {} bytes; its own \
         elements are in {}",
        layout.shape(),
        layout.len().saturating_mul(size),
        layout.memory(size),
    ))
}

impl<T: Element> Array<T> {
    /// # Safety
    ///
    /// The object is an ndarray that only the caller holds, and nothing else refers to its memory; the
    /// elements at `data` and the layout's offsets are aligned, valid values of `T`.
    #[inline]
    pub(super) unsafe fn new(object: Ref, data: *mut T, layout: Layout) -> Self {
        // An empty array may have any address.
        let data = match NonNull::new(data) {
            Some(data) if layout.len() > 0 => data,
            _ => NonNull::dangling(),
        };
        let urgency = Urgency::of(layout.len().saturating_mul(size_of::<T>()));
        Array { object, data, layout, gathered: OnceLock::new(), _urgency: urgency }
    }

    /// Returns the length of each axis; none for a 0-d array.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// Returns the step from one element to the next along each axis, in bytes; it may be negative.
    pub fn strides(&self) -> &[isize] {
        self.layout.strides()
    }

    /// Returns the number of axes.
    pub fn ndim(&self) -> usize {
        self.shape().len()
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the address of the first element; the strides lead to the others.
    pub(super) fn data(&self) -> NonNull<T> {
        self.data
    }

    /// Returns the ndarray, which must stay as it is.
    pub(crate) fn object(&self) -> &Ref {
        &self.object
    }

    /// Returns the elements as a slice if they are contiguous in C order.
    #[inline]
    pub fn as_slice(&self) -> Option<&[T]> {
        // SAFETY: packed elements are contiguous; they are valid and not written while self holds the
        // array.
        self.layout
            .is_packed()
            .then(|| unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len()) })
    }

    /// Copies the elements into a vector, in C order.
    ///
    /// # Panics
    ///
    /// If there is not enough memory; see [`try_to_vec`](Array::try_to_vec).
    pub fn to_vec(&self) -> Vec<T> {
        self.try_to_vec().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Copies the elements into a vector, in C order, if there is memory for them: a broadcast array may
    /// repeat a few elements a billion times.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if there is not enough memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::Array;
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let broadcast = python.function("numpy:broadcast_to")?;
    /// let many: Array<f64> = broadcast.call((vec![0.5], (1_usize << 59,)))?;
    /// assert_eq!((many.len(), many.strides()), (1 << 59, &[0][..]));
    /// assert!(many.try_to_vec().unwrap_err().to_string().contains("no memory"));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn try_to_vec(&self) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        if elements.try_reserve_exact(self.len()).is_err() {
            return Err(no_memory(T::DTYPE, &self.layout));
        }
        match self.as_slice() {
            Some(slice) => elements.extend_from_slice(slice),
            None => elements.extend(self.elements()),
        }
        Ok(elements)
    }

    /// Yields the elements in C order, contiguous or not.
    fn elements(&self) -> impl Iterator<Item = T> + '_ {
        // SAFETY: each offset leads to an element of the array, which self holds.
        self.layout.offsets().map(|offset| unsafe { *self.data.as_ptr().byte_offset(offset) })
    }

    /// Turns the array into its Python object, which anyone may change from then on.
    pub fn into_object(self) -> Object {
        Object(self.object)
    }
}

impl<T: Element> Deref for Array<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self.as_slice() {
            Some(slice) => slice,
            None => self.gathered.get_or_init(|| self.to_vec().into()),
        }
    }
}

impl<T: Element> AsRef<[T]> for Array<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<'a, T: Element> IntoIterator for &'a Array<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Element> PartialEq for Array<T> {
    /// Compares shapes and values.
    fn eq(&self, other: &Self) -> bool {
        // Not as slices, which would gather elements that are not contiguous.
        self.shape() == other.shape() && self.elements().eq(other.elements())
    }
}

impl<T: Element> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ndim() != 1 {
            write!(f, "shape {:?} ", self.shape())?;
        }
        f.debug_list().entries(self.elements()).finish()
    }
}

impl<'a, T: Element> IntoPython<'a> for Array<T> {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Ok(self.into_object())
    }
}

impl<'a, T: Element> IntoPython<'a> for &'a Array<T> {
    /// Lends the array in place and read-only, since its values don't change while it exists.
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let shape: Vec<isize> = self.shape().iter().map(|length| *length as isize).collect();
        let strides = Some(self.strides());
        let data = self.data().as_ptr().cast();
        let memory = Memory { data, shape: &shape, strides, writable: false };
        // SAFETY: the array's elements are valid and not written for 'a, which outlives the scope.
        unsafe { lend_any(T::DTYPE, memory, scope) }
    }
}

impl<'a, T: Element> Item<'a> for &'a Array<T> {}

impl<T: Element> FromPython for Array<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        receive(object.0, scope)
    }
}

impl<T: Element> TryFrom<Vec<T>> for Array<T> {
    type Error = Error;

    /// Makes an array of one axis over the vector's own memory. Python must have been started.
    fn try_from(vector: Vec<T>) -> Result<Self> {
        let mut scope = Scope::new()?;
        let array = give(vector, &mut scope)?;
        receive(array.0, &mut scope)
    }
}
