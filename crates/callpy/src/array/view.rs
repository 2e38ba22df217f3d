//! A Python result, read where it lies.

use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::OnceLock;

use super::element::Element;
use crate::Object;
use crate::raw::Ref;

/// An array that Python made, read in place: any rank, any strides.
///
/// It owns its ndarray, and nobody else has it: the values don't change while it exists. Dropping it
/// gives the memory back to NumPy, from any thread.
///
/// As a slice (through `Deref`) it shows its elements in C order, the last axis varying fastest.
/// That costs nothing where they lie so, as results mostly do; elements that lie otherwise (a
/// transpose, every second one) are gathered into a buffer the first time the slice is asked for.
/// [`as_slice`](Array::as_slice) never gathers.
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
}

// SAFETY: the elements are plain data that nobody writes while the Array exists, and the reference
// may be dropped on any thread.
unsafe impl<T: Element> Send for Array<T> {}
// SAFETY: as above; the gathered copy is behind a OnceLock.
unsafe impl<T: Element> Sync for Array<T> {}

/// Lengths, and steps in bytes, of the axes.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    /// One axis, packed: most results are, and need no allocation here.
    Packed {
        shape: [usize; 1],
        strides: [isize; 1],
    },
    Axes {
        shape: Box<[usize]>,
        strides: Box<[isize]>,
        packed: bool,
    },
}

impl Layout {
    #[inline]
    pub(super) fn new(shape: &[isize], strides: &[isize], item_size: usize) -> Layout {
        if let ([length], [stride]) = (shape, strides)
            && (*stride == item_size as isize || *length <= 1)
        {
            return Layout::Packed { shape: [*length as usize], strides: [item_size as isize] };
        }
        let shape: Box<[usize]> = shape.iter().map(|length| *length as usize).collect();
        let mut expected = item_size as isize;
        let packed = shape.contains(&0)
            || shape.iter().zip(strides).rev().all(|(length, stride)| {
                let fits = *length == 1 || *stride == expected;
                expected *= *length as isize;
                fits
            });
        Layout::Axes { shape, strides: strides.into(), packed }
    }

    #[inline]
    pub(super) fn shape(&self) -> &[usize] {
        match self {
            Layout::Packed { shape, .. } => shape,
            Layout::Axes { shape, .. } => shape,
        }
    }

    pub(super) fn strides(&self) -> &[isize] {
        match self {
            Layout::Packed { strides, .. } => strides,
            Layout::Axes { strides, .. } => strides,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.shape().iter().product()
    }

    pub(super) fn is_packed(&self) -> bool {
        match self {
            Layout::Packed { .. } => true,
            Layout::Axes { packed, .. } => *packed,
        }
    }

    /// Makes bytes that stand for bools 0 or 1, if they may be written; says whether all of them are.
    ///
    /// NumPy's own bools are, but a view of other bytes may hold anything, and a Rust `bool` may not.
    ///
    /// # Safety
    ///
    /// The elements are bytes, which nobody else uses, and writable if that is said.
    pub(super) unsafe fn normalise_bools(&self, first: *mut u8, writable: bool) -> bool {
        let normalise = |offset: isize| {
            // SAFETY: the offset is that of an element, of which the caller says the rest.
            unsafe {
                let byte = first.offset(offset);
                let valid = *byte <= 1;
                if !valid && writable {
                    *byte = 1;
                }
                valid || writable
            }
        };
        if self.is_packed() {
            (0..self.len() as isize).all(normalise)
        } else {
            self.offsets().all(normalise)
        }
    }

    /// Yields where each element lies, in bytes from the first, in C order.
    pub(super) fn offsets(&self) -> impl Iterator<Item = isize> + '_ {
        (0..self.len()).map(|mut index| {
            let mut offset = 0;
            for (length, stride) in self.shape().iter().zip(self.strides()).rev() {
                offset += (index % length) as isize * stride;
                index /= length;
            }
            offset
        })
    }
}

impl<T: Element> Array<T> {
    /// # Safety
    ///
    /// The object is an ndarray that only the caller holds and whose memory only it leads to; the
    /// elements at `data` and the layout's offsets are aligned, valid values of `T`.
    #[inline]
    pub(super) unsafe fn new(object: Ref, data: *mut T, layout: Layout) -> Self {
        // An empty array may have any address.
        let data = match NonNull::new(data) {
            Some(data) if layout.len() > 0 => data,
            _ => NonNull::dangling(),
        };
        Array { object, data, layout, gathered: OnceLock::new() }
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

    /// Returns the address of the first element; the others lie as the strides say.
    pub(super) fn data(&self) -> NonNull<T> {
        self.data
    }

    /// Returns the ndarray, which must stay as it is.
    pub(crate) fn object(&self) -> &Ref {
        &self.object
    }

    /// Returns the elements as a slice if they lie one after the other in C order.
    #[inline]
    pub fn as_slice(&self) -> Option<&[T]> {
        // SAFETY: packed elements lie one after the other; they are valid and not written while
        // self keeps the array.
        self.layout
            .is_packed()
            .then(|| unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len()) })
    }

    /// Copies the elements into a vector, in C order.
    pub fn to_vec(&self) -> Vec<T> {
        match self.as_slice() {
            Some(slice) => slice.to_vec(),
            // SAFETY: each offset leads to an element of the array.
            None => self
                .layout
                .offsets()
                .map(|offset| unsafe { *self.data.as_ptr().byte_offset(offset) })
                .collect(),
        }
    }

    /// Gives up the view for the Python object, which may then be changed by anybody.
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
        self.shape() == other.shape() && self[..] == other[..]
    }
}

impl<T: Element> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ndim() != 1 {
            write!(f, "shape {:?} ", self.shape())?;
        }
        fmt::Debug::fmt(&self[..], f)
    }
}
