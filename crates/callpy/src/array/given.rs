//! Memory of any owner, passed to Python without a copy.

use std::fmt;
use std::ptr::NonNull;

use super::element::Element;
use super::lend::give_memory;
use crate::convert::IntoPython;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw;
use crate::raw::numpy::Memory;
use crate::scope::Scope;

/// Memory of any owner, passed to Python read-only and without a copy: a memory map, a buffer of
/// another library, an `Arc`.
///
/// Python may keep it as long as it likes; the owner is dropped when Python lets go, on whichever
/// thread that happens.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let table = callpy::Given::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).with_shape(&[3, 2])?;
/// let means: callpy::Array<f64> = python.function("numpy:mean")?.call((table, callpy::named("axis", 0)))?;
/// assert_eq!(means[..], [3.0, 4.0]);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Given<O, T> {
    owner: Owner<O>,
    data: *const T,
    shape: Vec<usize>,
}

// SAFETY: the pointer leads to the owner's memory; the owner is sent with it, and may be.
unsafe impl<O: Send, T: Element> Send for Given<O, T> {}

/// A value that is never moved again, and only dropped.
struct Owner<O> {
    value: NonNull<O>,
    /// Whether dropping the value only frees memory.
    is_plain: bool,
}

// SAFETY: owns its value as a Box does; it is not a Box, since moving one asserts that no pointer
// into its value is in use.
unsafe impl<O: Send> Send for Owner<O> {}

impl<O> Owner<O> {
    fn new(value: O) -> Self {
        Owner { value: NonNull::from(Box::leak(Box::new(value))), is_plain: false }
    }
}

impl<O> Drop for Owner<O> {
    fn drop(&mut self) {
        // SAFETY: leaked from a box in `new`, and dropped only here.
        let value = unsafe { Box::from_raw(self.value.as_ptr()) };
        if self.is_plain {
            drop(value);
        } else {
            // A destructor that waits for another thread would keep the interpreter lock from it.
            raw::detach::detached(|| drop(value));
        }
    }
}

impl<T: Element, O: AsRef<[T]> + Send + 'static> Given<O, T> {
    /// Takes the owner of a slice of `T`.
    ///
    /// ```
    /// use callpy::{Array, Given};
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// let shared: std::sync::Arc<[i32]> = [3, 1, 2].into();
    /// let sorted: Array<i32> = python.function("numpy:sort")?.call(Given::new(shared.clone()))?;
    /// assert_eq!((&sorted[..], &shared[..]), (&[1, 2, 3][..], &[3, 1, 2][..]));
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn new(owner: O) -> Self {
        let owner = Owner::new(owner);
        // SAFETY: the owner is alive. Its slice is borrowed once; from here on the owner is only
        // dropped, so the slice stays as it is.
        let slice: &[T] = unsafe { owner.value.as_ref() }.as_ref();
        let (data, shape) = (slice.as_ptr(), vec![slice.len()]);
        Given { owner, data, shape }
    }

    /// Takes an owner whose destructor only frees memory, so that it need not run detached.
    pub(crate) fn plain(owner: O) -> Self {
        let mut given = Given::new(owner);
        given.owner.is_plain = true;
        given
    }

    /// Sets the shape, in C order (the last axis varies fastest).
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if the product of the lengths is not the slice's length.
    pub fn with_shape(mut self, shape: &[usize]) -> Result<Self> {
        let length: usize = self.shape.iter().product();
        if shape.iter().try_fold(1, |all: usize, axis| all.checked_mul(*axis)) != Some(length) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("{length} elements can't have the shape {shape:?}"),
            ));
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    pub(crate) fn give(self, scope: &mut Scope<'_>) -> Result<Object> {
        let shape: Vec<isize> = self.shape.iter().map(|length| *length as isize).collect();
        let data = self.data.cast_mut().cast();
        let memory = Memory { data, shape: &shape, strides: None, writable: false };
        // SAFETY: the slice is the owner's, which is dropped with the capsule and not touched before.
        unsafe { give_memory::<T, _>(self.owner, memory, scope) }
    }
}

impl<O, T> fmt::Debug for Given<O, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl<'a, T, O> IntoPython<'a> for Given<O, T>
where
    T: Element,
    O: AsRef<[T]> + Send + 'static,
{
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.give(scope)
    }
}
