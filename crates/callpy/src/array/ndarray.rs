//! Arrays and views of the `ndarray` crate: in without a copy, out as views.

use ndarray::{
    ArrayBase, ArrayView, ArrayViewD, ArrayViewMut, Axis, Data, DataMut, Dimension, IxDyn,
    OwnedArcRepr, OwnedRepr, RawData, ShapeBuilder, ShapeError, ViewRepr,
};

use super::argument::IntoArray;
use super::copied::{CopySource, copy_memory};
use super::element::Element;
use super::lend::{give_memory, lend_any};
use super::view::Array;
use crate::convert::{FromPython, IntoPython, Item};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw::numpy::Memory;
use crate::receipt::CopyReason;
use crate::scope::Scope;

/// Shape and strides as NumPy counts them: strides in bytes.
struct Axes {
    shape: Vec<isize>,
    strides: Vec<isize>,
}

impl Axes {
    fn of<S: RawData, D: Dimension>(array: &ArrayBase<S, D>) -> Axes {
        let item = size_of::<S::Elem>() as isize;
        Axes {
            shape: array.shape().iter().map(|length| *length as isize).collect(),
            strides: array.strides().iter().map(|stride| stride * item).collect(),
        }
    }

    fn memory<T>(&self, data: *const T, writable: bool) -> Memory<'_> {
        let (shape, strides) = (&self.shape[..], Some(&self.strides[..]));
        Memory { data: data.cast_mut().cast(), shape, strides, writable }
    }
}

fn lend<'a, T: Element, D: Dimension>(
    view: ArrayView<'a, T, D>,
    scope: &mut Scope<'a>,
) -> Result<Object> {
    let axes = Axes::of(&view);
    // SAFETY: the view's elements are valid and not written for 'a, which outlives the scope.
    unsafe { lend_any(T::DTYPE, axes.memory(view.as_ptr(), false), scope) }
}

fn lend_mut<'a, T: Element, D: Dimension>(
    mut view: ArrayViewMut<'a, T, D>,
    scope: &mut Scope<'a>,
) -> Result<Object> {
    let axes = Axes::of(&view);
    // SAFETY: only this view refers to the elements for 'a, which outlives the scope.
    unsafe { lend_any(T::DTYPE, axes.memory(view.as_mut_ptr(), true), scope) }
}

impl<'a, T: Element, D: Dimension> IntoPython<'a> for ArrayBase<ViewRepr<&'a T>, D> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend(self, scope)
    }
}

// In a vector, views are a list of arrays, each with a shape of its own.
impl<'a, T: Element, D: Dimension + 'a> Item<'a> for ArrayBase<ViewRepr<&'a T>, D> {}
impl<'a, S: Data<Elem: Element>, D: Dimension> Item<'a> for &'a ArrayBase<S, D> {}

impl<'a, T: Element, D: Dimension> IntoPython<'a> for ArrayBase<ViewRepr<&'a mut T>, D> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend_mut(self, scope)
    }
}

impl<'a, S, D> IntoPython<'a> for &'a ArrayBase<S, D>
where
    S: Data<Elem: Element>,
    D: Dimension,
{
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend(self.view(), scope)
    }
}

impl<'a, S, D> IntoPython<'a> for &'a mut ArrayBase<S, D>
where
    S: DataMut<Elem: Element>,
    D: Dimension,
{
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend_mut(self.view_mut(), scope)
    }
}

impl<'a, T: Element, D: Dimension + 'static> IntoPython<'a> for ArrayBase<OwnedRepr<T>, D> {
    /// Moves the array to Python, which may write it and keep it.
    fn into_python(mut self, scope: &mut Scope<'a>) -> Result<Object> {
        let axes = Axes::of(&self);
        let memory = axes.memory(self.as_mut_ptr(), true);
        // SAFETY: the array's buffer stays where it is until the array is dropped.
        unsafe { give_memory::<T, _>(self, memory, scope) }
    }
}

impl<'a, T: Element, D: Dimension + 'static> IntoPython<'a> for ArrayBase<OwnedArcRepr<T>, D> {
    /// Shares the array with Python, which may read it and keep it.
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let axes = Axes::of(&self);
        let memory = axes.memory(self.as_ptr(), false);
        // SAFETY: the shared buffer stays where it is while this handle to it lives, and is not
        // written while it is shared.
        unsafe { give_memory::<T, _>(self, memory, scope) }
    }
}

impl<S, D> CopySource for ArrayBase<S, D>
where
    S: Data<Elem: Element>,
    D: Dimension,
{
    type Element = S::Elem;

    fn copy_into_python(&self, scope: &mut Scope<'_>) -> Result<Object> {
        let axes = Axes::of(self);
        // SAFETY: the elements are valid, and not written while the array is borrowed.
        unsafe { copy_memory(S::Elem::DTYPE, axes.memory(self.as_ptr(), false), scope) }
    }
}

impl<'a, T: Element, D: Dimension> IntoArray<'a, T> for ArrayBase<ViewRepr<&'a T>, D> where D: 'a {}
impl<'a, T: Element, D: Dimension> IntoArray<'a, T> for ArrayBase<ViewRepr<&'a mut T>, D> where D: 'a
{}
impl<'a, T, S, D> IntoArray<'a, T> for &'a ArrayBase<S, D>
where
    T: Element,
    S: Data<Elem = T>,
    D: Dimension,
{
}
impl<'a, T, S, D> IntoArray<'a, T> for &'a mut ArrayBase<S, D>
where
    T: Element,
    S: DataMut<Elem = T>,
    D: Dimension,
{
}
impl<'a, T: Element, D: Dimension + 'static> IntoArray<'a, T> for ArrayBase<OwnedRepr<T>, D> {}
impl<'a, T: Element, D: Dimension + 'static> IntoArray<'a, T> for ArrayBase<OwnedArcRepr<T>, D> {}

impl<T: Element> Array<T> {
    /// Returns a view of the array for the `ndarray` crate, of the same shape.
    ///
    /// Nothing is copied, unless a stride is no multiple of the element's size, as in a field of a
    /// structured array: then it is a view of the gathered elements.
    ///
    /// ```
    /// use ndarray::Ix2;
    ///
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    ///
    /// let eye: callpy::Array<f64> = python.function("numpy:eye")?.call(3)?;
    /// let eye = eye.view().into_dimensionality::<Ix2>()?;
    /// assert_eq!(eye[[1, 1]], 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn view(&self) -> ArrayViewD<'_, T> {
        let item = size_of::<T>() as isize;
        if self.is_empty() || item == 0 || self.strides().iter().any(|stride| stride % item != 0) {
            return ArrayView::from_shape(IxDyn(self.shape()), &self[..])
                .expect("the slice has as many elements as the shape says");
        }
        // ndarray builds views from the lowest address; an axis that runs backwards is inverted afterwards.
        let mut first = self.data().as_ptr().cast_const();
        let mut strides = IxDyn::zeros(self.ndim());
        for (axis, (length, stride)) in self.shape().iter().zip(self.strides()).enumerate() {
            let stride = match length {
                // Its stride is never used, and NumPy may put anything there.
                1 => 0,
                _ => stride / item,
            };
            strides[axis] = stride.unsigned_abs();
            if stride < 0 {
                // SAFETY: leads to the last element of this axis, which is one of the array's.
                first = unsafe { first.offset((*length as isize - 1) * stride) };
            }
        }
        let shape = IxDyn(self.shape()).strides(strides);
        // SAFETY: the elements that shape and strides lead to are those of the array, which are
        // valid and not written while self is borrowed.
        let mut view = unsafe { ArrayView::from_shape_ptr(shape, first) };
        for (axis, (length, stride)) in self.shape().iter().zip(self.strides()).enumerate() {
            if *stride < 0 && *length > 1 {
                view.invert_axis(Axis(axis));
            }
        }
        view
    }
}

impl<T: Element, D: Dimension> FromPython for ArrayBase<OwnedRepr<T>, D> {
    /// A copy, in C order; an [`Array`] is none.
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let array = Array::<T>::from_python(object, scope)?;
        scope.copied(array.len() * size_of::<T>(), CopyReason::Asked)?;
        let wrong_rank = |error: ShapeError| {
            let rank = D::NDIM.unwrap_or_default();
            let message =
                format!("expected an array with {rank} axes, got one of shape {:?}", array.shape());
            Error::new(ErrorKind::Result, message).with_source(error)
        };
        ndarray::ArrayD::from_shape_vec(IxDyn(array.shape()), array.try_to_vec()?)
            .and_then(ArrayBase::into_dimensionality)
            .map_err(wrong_rank)
    }
}
