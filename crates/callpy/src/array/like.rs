//! Results that are made an array on request: what `numpy.asarray` takes; and single numbers.

use super::element::Element;
use super::receive::receive;
use super::view::Array;
use crate::convert::FromPython;
use crate::convert::number::{NumberKind, kind_of};
use crate::error::Result;
use crate::object::Object;
use crate::raw::ndarray::Ndarray;
use crate::scope::Scope;
use crate::support;

/// Takes a result that is like an array: whatever `numpy.asarray` takes.
///
/// That is a tensor of torch or jax, a pandas or polars `Series`, a `memoryview`, an `array.array`, a
/// list of numbers, a list of such lists. Tensors get to NumPy through DLPack, which copies nothing;
/// the memory is then read in place or copied by the rules for all results, and what another library
/// owns is copied.
///
/// The dtype must be that of `T`, as with [`Array<T>`]; [`Array::cast`] converts. A list has no dtype,
/// so it is one of `T` if its numbers are the same as `T`: `[1, 2]` is an array of `f64` as well. Where
/// NumPy would change a value in a list, such as a bool beside numbers or a whole number that rounds, that
/// is an error. What another package makes of its own values is its own: whole numbers with nulls among them
/// are floats with NaN in pandas, polars and pyarrow, and a frame of several types has one that may round, and
/// in which bools may be numbers. A [`Frame`](crate::Frame) has each column as it is.
///
/// ```
/// use callpy::{Like, Python};
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = Python::start()?;
/// let Like(pairs): Like<f64> = python.function("json:loads")?.call("[[1, 2.5], [3, 4]]")?;
/// assert_eq!((pairs.shape(), &pairs[..]), (&[2, 2][..], &[1.0, 2.5, 3.0, 4.0][..]));
///
/// let Like(numbers): Like<i16> = python.function("array:array")?.call(("h", (1, 2)))?;
/// assert_eq!(numbers[..], [1, 2]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug)]
pub struct Like<T: Element>(pub Array<T>);

impl<T: Element> FromPython for Like<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let py = scope.py();
        let numpy = py.numpy()?;
        if Ndarray::of(py, numpy, &object.0).is_some() {
            return receive(object.0, scope).map(Like);
        }
        let dtype = scope.ok(T::DTYPE.object(py, numpy))?;
        let array = scope.taken(py.with_frame(|| support::like(py, &object.0, &dtype)))?;
        // Dropped first, so that an array that it made of its own memory has no other owner.
        drop(object);
        receive(array, scope).map(Like)
    }
}

/// Takes a result as one number, as `float()`, `operator.index()` or `complex()` makes it of an object
/// with `__float__`, `__index__` or `__complex__`: a `Decimal`, a `Fraction`, a tensor of one element.
///
/// A float is rounded where the number has more digits. Text is no number, what is masked has none, and a
/// complex number is no float.
///
/// ```
/// use callpy::Scalar;
///
/// # let python = callpy::Python::start()?;
/// let Scalar(third): Scalar<f64> = python.function("fractions:Fraction")?.call((1, 3))?;
/// assert_eq!(third, 1.0 / 3.0);
/// assert!(python.function("builtins:str")?.call::<Scalar<f64>>(1).is_err());
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Scalar<T>(pub T);

impl<T: Element + FromPython> FromPython for Scalar<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let kind = match kind_of(T::DTYPE) {
            Some(NumberKind::Int) => "i",
            Some(NumberKind::Float) => "f",
            Some(NumberKind::Complex) => "c",
            _ => return T::from_python(object, scope).map(Scalar),
        };
        let py = scope.py();
        match scope.taken(py.with_frame(|| support::as_number(py, &object.0, kind)))? {
            Some(number) => T::from_python(Object(number), scope).map(Scalar),
            None => Err(scope.mismatch(T::DTYPE, &object.0)),
        }
    }
}
