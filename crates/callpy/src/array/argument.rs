//! What can be passed where a function takes an array of `T`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::copied::{Copied, CopySource};
use super::element::Element;
use super::given::Given;
use super::lend::lend_mut;
use super::like::Like;
use super::view::Array;
use crate::convert::classes::{FromInstance, IntoInstance, JaxArray, TorchTensor};
use crate::convert::{IntoPython, Item};
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;
use crate::support;

/// An array of `T` that can be passed to a Python function.
///
/// The functions that [`module!`](crate::module) generates take it for `NDArray[…]`: slices, vectors,
/// [`Array<T>`], arrays and views of the `ndarray` crate, and memory that Python may keep ([`Given`],
/// `Arc<[T]>`, [`Copied`]). Ranks are checked when the function is called.
///
/// ```
/// use callpy::{Array, Function, IntoArray, Result};
///
/// fn total<'a>(sum: &Function, values: impl IntoArray<'a, f64>) -> Result<f64> {
///     sum.call(values)
/// }
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let sum = python.function("numpy:sum")?;
/// assert_eq!(total(&sum, &[1.0, 2.0])?, 3.0);             // lent
/// assert_eq!(total(&sum, vec![1.0, 2.0])?, 3.0);          // moved
/// assert_eq!(total(&sum, Array::try_from(vec![4.0])?)?, 4.0);
/// # Ok::<(), callpy::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an array of `{T}`",
    label = "this function takes an array of `{T}`",
    note = "an array of `{T}` is lent as &[{T}], &mut [{T}], &Vec<{T}>, &Array<{T}> or an ndarray view, and given \
            as Vec<{T}>, Arc<[{T}]> or Given; nothing is cast in silence: convert the elements first"
)]
pub trait IntoArray<'a, T: Element>: IntoPython<'a> + 'a {}

impl<'a, T: Element + Item<'a>> IntoArray<'a, T> for &'a [T] {}
impl<'a, T: Element + Item<'a>> IntoArray<'a, T> for &'a Vec<T> {}
impl<'a, T: Element + Item<'a>, const N: usize> IntoArray<'a, T> for &'a [T; N] {}
impl<'a, T: Element> IntoArray<'a, T> for &'a mut [T] {}
impl<'a, T: Element> IntoArray<'a, T> for &'a mut Vec<T> {}
impl<'a, T: Element, const N: usize> IntoArray<'a, T> for &'a mut [T; N] {}
impl<'a, T: Element + Item<'a>> IntoArray<'a, T> for Vec<T> {}
impl<'a, T: Element + Item<'a>> IntoArray<'a, T> for Box<[T]> {}
impl<'a, T: Element> IntoArray<'a, T> for Arc<[T]> {}
impl<'a, T: Element> IntoArray<'a, T> for Arc<Vec<T>> {}
impl<'a, T: Element> IntoArray<'a, T> for &'a Array<T> {}
impl<'a, T: Element> IntoArray<'a, T> for Array<T> {}
impl<'a, T: Element, S: CopySource<Element = T> + 'a> IntoArray<'a, T> for Copied<S> {}
impl<'a, T, O> IntoArray<'a, T> for Given<O, T>
where
    T: Element,
    O: AsRef<[T]> + Send + 'static,
{
}

impl<'a, T: Element> IntoPython<'a> for &'a mut [T] {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend_mut(self, scope)
    }
}

impl<'a, T: Element> IntoPython<'a> for &'a mut Vec<T> {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend_mut(self, scope)
    }
}

impl<'a, T: Element, const N: usize> IntoPython<'a> for &'a mut [T; N] {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        lend_mut(self, scope)
    }
}

impl<'a, T: Element> IntoPython<'a> for Arc<[T]> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        Given::plain(self).give(scope)
    }
}

impl<'a, T: Element> IntoPython<'a> for Arc<Vec<T>> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        struct Shared<T>(Arc<Vec<T>>);
        impl<T> AsRef<[T]> for Shared<T> {
            fn as_ref(&self) -> &[T] {
                &self.0
            }
        }
        Given::plain(Shared(self)).give(scope)
    }
}

type Make<'a> = Box<dyn FnOnce(&mut Scope<'a>) -> Result<Object> + 'a>;

/// Any [`IntoArray`], where a type must have a name: in the enums that unions become.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let weights = callpy::ArrayArgument::new(&[1.0, 2.0]);
/// assert_eq!(python.function("numpy:sum")?.call::<f64>(weights)?, 3.0);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct ArrayArgument<'a, T> {
    make: Make<'a>,
    element: PhantomData<T>,
}

impl<'a, T: Element> ArrayArgument<'a, T> {
    /// Takes the array, which is lent or moved when the call is made.
    pub fn new(array: impl IntoArray<'a, T>) -> Self {
        ArrayArgument { make: Box::new(|scope| array.into_python(scope)), element: PhantomData }
    }
}

/// The arrays that become an argument by `into()`. Not everything that is `IntoArray`, since that would
/// conflict with the standard library's `From<T> for T`.
macro_rules! from {
    ($([$($generics:tt)*] $array:ty),* $(,)?) => {$(
        impl<'a, T: Element + Item<'a>, $($generics)*> From<$array> for ArrayArgument<'a, T> {
            fn from(array: $array) -> Self {
                ArrayArgument::new(array)
            }
        }
    )*};
}

from! { [] &'a [T], [] &'a Vec<T>, [const N: usize] &'a [T; N], [] Vec<T>, [] &'a Array<T>, [] Array<T> }

impl<'a, T: Element> IntoPython<'a> for ArrayArgument<'a, T> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        (self.make)(scope)
    }
}

impl<T: Element> fmt::Debug for ArrayArgument<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {}", T::DTYPE)
    }
}

/// The arrays that become tensors, by a copy: torch writes to memory that is read-only, and both may
/// retain it.
macro_rules! tensors {
    ($([$($generics:tt)*] $array:ty),* $(,)?) => {$(
        impl<'a, T: Element + Item<'a>, $($generics)*> IntoInstance<'a, TorchTensor> for $array {
            fn into_instance(self, scope: &mut Scope<'a>) -> Result<Object> {
                tensor("torch", self, scope)
            }
        }

        impl<'a, T: Element + Item<'a>, $($generics)*> IntoInstance<'a, JaxArray> for $array {
            fn into_instance(self, scope: &mut Scope<'a>) -> Result<Object> {
                tensor("jax", self, scope)
            }
        }
    )*};
}

tensors! {
    [] &'a [T], [] &'a Vec<T>, [const N: usize] &'a [T; N], [] Vec<T>, [] &'a Array<T>, [] Array<T>,
    [] ArrayArgument<'a, T>,
}

impl<T: Element> FromInstance<TorchTensor> for Like<T> {}
impl<T: Element> FromInstance<JaxArray> for Like<T> {}

fn tensor<'a>(package: &str, array: impl IntoPython<'a>, scope: &mut Scope<'a>) -> Result<Object> {
    let array = array.into_python(scope)?;
    let py = scope.py();
    scope.ok(py.with_frame(|| support::tensor(py, package, &array.0))).map(Object)
}
