//! `SharedArray`: an array in memory that a program and its workers have.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::argument::IntoArray;
use super::element::Element;
use super::lend::lend_any;
use crate::convert::IntoPython;
#[cfg(target_os = "linux")]
use crate::error::Error;
use crate::error::Result;
use crate::object::Object;
use crate::raw::numpy::Memory;
use crate::scope::Scope;

/// Memory that stays where it is as long as its owner lives.
pub(crate) trait Leased: Send + 'static {
    /// Returns where it begins.
    fn address(&self) -> NonNull<u8>;
    /// Returns how long it is.
    #[cfg(target_os = "linux")]
    fn len(&self) -> usize;
}

/// An array in memory that is shared with workers: a function there reads and writes the elements that
/// this program has, and nothing is copied.
///
/// Got from [`Workers::zeros`](crate::Workers::zeros). It is a slice of its elements in C order, and passed
/// by `&`, to be read, or by `&mut`, to be written; so are parts of that slice. A function in this process
/// can be passed it too. It may outlive its workers.
///
/// What a call that failed has written is there. A worker that retains the array, or is to be stopped and
/// does not, is killed before its call returns: nothing is written after that, except by processes that
/// the worker has forked itself, and by code that takes an address out of the array and uses it later. The
/// same is true of a function in this process: what Python forks while the array is lent, as
/// `multiprocessing` does by default up to 3.13, shares its memory, and has no copy of it.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// let workers = callpy::Python::builder().workers(1)?;
/// let multiply = workers.function("numpy:multiply")?;
///
/// let mut frame = workers.zeros::<f64>((2, 3))?;
/// frame.fill(1.5);
/// let out = callpy::named("out", &mut frame);
/// let (_, receipt) = multiply.call_with_receipt::<callpy::Object>((2.0, 3.0, out))?;
/// assert_eq!(frame[..], [6.0; 6]);
/// assert_eq!((frame.shape(), receipt.lent_bytes), (&[2, 3][..], 48));
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct SharedArray<T> {
    memory: Box<dyn Leased + Sync>,
    shape: Box<[usize]>,
    elements: PhantomData<T>,
}

impl<T: Element> SharedArray<T> {
    /// Takes memory, which is all zero and shared with no one who may write it but functions that are
    /// called with this array.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if there are too many axes, or more elements than memory can have.
    #[cfg(target_os = "linux")]
    pub(crate) fn new(
        shape: impl IntoShape,
        memory: impl FnOnce(usize) -> Result<Box<dyn Leased + Sync>>,
    ) -> Result<SharedArray<T>> {
        let shape = shape.into_shape();
        if shape.len() > 64 {
            return Err(Error::argument(format!(
                "an array has at most 64 axes, not {}",
                shape.len()
            )));
        }
        // NumPy multiplies the lengths and passes over zeros.
        let lengths = shape.iter().copied().filter(|length| *length != 0);
        let bytes = lengths
            .map(isize::try_from)
            .try_fold(size_of::<T>() as isize, |bytes, length| bytes.checked_mul(length.ok()?));
        let Some(bytes) = bytes else {
            return Err(Error::argument(format!(
                "an array of shape {shape:?} is larger than memory"
            )));
        };
        let bytes = if shape.contains(&0) { 0 } else { bytes as usize };
        let memory = memory(bytes)?;
        assert!(bytes <= memory.len() && memory.address().cast::<T>().is_aligned());
        Ok(SharedArray { memory, shape: shape.into(), elements: PhantomData })
    }

    /// Returns the length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn lent<'a>(&self, writable: bool, scope: &mut Scope<'a>) -> Result<Object> {
        let shape: Vec<isize> = self.shape.iter().map(|length| *length as isize).collect();
        let data = self.memory.address().as_ptr().cast();
        let memory = Memory { data, shape: &shape, strides: None, writable };
        // SAFETY: so many elements are in the memory, aligned, as `new` has seen; any bytes are elements, and
        // bools are set to 0 or 1 at the end of each loan. The callers have it borrowed for 'a, which
        // outlives the scope, and mutably if it is to be writable.
        unsafe { lend_any(T::DTYPE, memory, scope) }
    }
}

impl<T: Element> Deref for SharedArray<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let data = self.memory.address().cast();
        // SAFETY: so many elements are in the memory, aligned, as `new` has seen. They were zeros at first,
        // which are elements of every type, and so is what was written since; nothing writes them
        // while this is borrowed, since a worker that may still do so is killed before its call ends.
        unsafe { std::slice::from_raw_parts(data.as_ptr(), self.shape.iter().product()) }
    }
}

impl<T: Element> DerefMut for SharedArray<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let data = self.memory.address().cast();
        // SAFETY: as above; it is borrowed mutably, and each has memory of its own.
        unsafe { std::slice::from_raw_parts_mut(data.as_ptr(), self.shape.iter().product()) }
    }
}

impl<T: Element> fmt::Debug for SharedArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dtype, shape) = (T::DTYPE.to_string(), &self.shape);
        f.debug_struct("SharedArray").field("dtype", &dtype).field("shape", shape).finish()
    }
}

impl<'a, T: Element> IntoPython<'a> for &'a SharedArray<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.lent(false, scope)
    }
}

impl<'a, T: Element> IntoPython<'a> for &'a mut SharedArray<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.lent(true, scope)
    }
}

impl<'a, T: Element> IntoArray<'a, T> for &'a SharedArray<T> {}
impl<'a, T: Element> IntoArray<'a, T> for &'a mut SharedArray<T> {}

/// The length of each axis of an array: a number, a tuple, a slice or a vector of them.
///
/// ```
/// use callpy::IntoShape;
///
/// assert_eq!((2, 3).into_shape(), [2, 3]);
/// assert_eq!(4.into_shape(), [4]);
/// assert_eq!(().into_shape(), []);            // one element, no axes
/// assert_eq!([2, 3, 4].into_shape(), [2, 3, 4]);
/// ```
pub trait IntoShape {
    /// Returns the length of each axis.
    fn into_shape(self) -> Vec<usize>;
}

impl IntoShape for usize {
    fn into_shape(self) -> Vec<usize> {
        vec![self]
    }
}

impl IntoShape for Vec<usize> {
    fn into_shape(self) -> Vec<usize> {
        self
    }
}

impl IntoShape for &[usize] {
    fn into_shape(self) -> Vec<usize> {
        self.to_vec()
    }
}

impl<const N: usize> IntoShape for [usize; N] {
    fn into_shape(self) -> Vec<usize> {
        self.to_vec()
    }
}

macro_rules! shapes {
    ($($axes:ty: $($axis:ident)*;)*) => {$(
        impl IntoShape for $axes {
            fn into_shape(self) -> Vec<usize> {
                let ($($axis,)*) = self;
                vec![$($axis),*]
            }
        }
    )*};
}

shapes! {
    (): ;
    (usize,): a;
    (usize, usize): a b;
    (usize, usize, usize): a b c;
    (usize, usize, usize, usize): a b c d;
}
