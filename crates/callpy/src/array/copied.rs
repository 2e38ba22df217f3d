//! Copies that Python may keep and write.

use super::element::{Dtype, Element};
use super::view::Array;
use crate::convert::IntoPython;
use crate::error::Result;
use crate::object::Object;
use crate::raw::numpy::Memory;
use crate::receipt::CopyReason;
use crate::scope::Scope;

/// Passes Python a copy of its own: for functions that retain an argument, or write into it.
///
/// Takes slices, arrays, [`Array`]s, and arrays and views of the `ndarray` crate in any strides. The
/// copy is a writable array in C order that owns its memory.
///
/// ```
/// use callpy::Copied;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let source = "seen = []\ndef remember(series):\n    series *= 2\n    seen.append(series)";
/// let remember = python.module_from_source("monitor", "monitor.py", source)?.function("remember")?;
/// let series = vec![1.0, 2.0];
/// remember.call::<()>(Copied(&series))?;
/// remember.call::<()>(Copied(&series[1..]))?;
///
/// let table = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// remember.call::<()>(Copied(table.t()))?;
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Copied<S>(pub S);

/// What [`Copied`] copies from.
///
/// ```
/// use callpy::array::CopySource;
/// use callpy::{Copied, Function, Result};
///
/// fn remember<S: CopySource<Element = f64>>(remember: &Function, series: S) -> Result<()> {
///     remember.call(Copied(series))
/// }
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// remember(&python.function("builtins:print")?, &[1.0, 2.0])?;
/// # Ok::<(), callpy::Error>(())
/// ```
pub trait CopySource {
    /// The type of its elements.
    type Element: Element;

    /// Copies the elements into an array that Python owns.
    #[doc(hidden)]
    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object>;
}

impl<'a, S: CopySource> IntoPython<'a> for Copied<S> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.0.copy_into_python(scope)
    }
}

impl<S: CopySource + ?Sized> CopySource for &S {
    type Element = S::Element;

    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object> {
        (**self).copy_into_python(scope)
    }
}

impl<T: Element> CopySource for [T] {
    type Element = T;

    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object> {
        let data = self.as_ptr().cast_mut().cast();
        let memory = Memory { data, shape: &[self.len() as isize], strides: None, writable: false };
        // SAFETY: the slice's elements are valid, and not written while it is borrowed.
        unsafe { copy_memory(T::DTYPE, memory, scope) }
    }
}

impl<T: Element, const N: usize> CopySource for [T; N] {
    type Element = T;

    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object> {
        self[..].copy_into_python(scope)
    }
}

impl<T: Element> CopySource for Vec<T> {
    type Element = T;

    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object> {
        self[..].copy_into_python(scope)
    }
}

impl<T: Element> CopySource for Array<T> {
    type Element = T;

    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object> {
        let shape: Vec<isize> = self.shape().iter().map(|length| *length as isize).collect();
        let data = self.data().as_ptr().cast();
        let memory = Memory { data, shape: &shape, strides: Some(self.strides()), writable: false };
        // SAFETY: the array's elements are valid, and not written while it exists.
        unsafe { copy_memory(T::DTYPE, memory, scope) }
    }
}

/// Copies memory into a writable array that Python owns, in C order.
///
/// # Safety
///
/// The elements within shape and strides are aligned, valid ones of the dtype, and no one writes
/// them now.
pub(super) unsafe fn copy_memory(
    dtype: Dtype,
    memory: Memory<'_>,
    scope: &mut Scope<'_>,
) -> Result<Object> {
    // A broadcast view may have more bytes than an address space; NumPy refuses it below.
    let elements = memory.shape.iter().product::<isize>() as usize;
    let bytes = elements.saturating_mul(dtype.item_size());
    scope.copied(bytes, CopyReason::Asked)?;
    let py = scope.py();
    let numpy = py.numpy()?;
    let dtype = scope.ok(dtype.object(py, numpy))?;
    // SAFETY: as the caller says; no Python code sees the array, which is dropped here.
    let lent = unsafe { numpy.new_array(py, dtype, memory, numpy.lent.clone_ref(py)) };
    let lent = scope.ok(lent)?;
    let copy = scope.ok(numpy.copy(py, &lent));
    lent.release(py);
    copy.map(Object)
}
