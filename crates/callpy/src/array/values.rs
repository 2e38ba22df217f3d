//! Elements as values: one as a NumPy scalar, several as an array.

use std::mem::MaybeUninit;

use super::element::{Dtype, Element};
use super::lend::give;
use super::receive::receive;
use super::special::{FixedBytes, FixedStr};
use super::time::{Datetime64, TimeUnit, Timedelta64};
use super::view::Array;
use crate::convert::number::{NumberKind, kind_in_python, kind_of};
use crate::convert::{self, FromPython};
use crate::error::Result;
use crate::object::Object;
use crate::raw::objects::Builtin;
use crate::receipt::CopyReason;
use crate::scope::{Expected, Scope};
use crate::support;

/// Makes a type that is only an element a value as well.
#[doc(hidden)]
#[macro_export]
macro_rules! __element_values {
    ($([$($generic:tt)*] $rust:ty),* $(,)?) => {$(
        impl<'a, $($generic)*> $crate::IntoPython<'a> for $rust {
            fn into_python(self, scope: &mut $crate::Scope<'a>) -> $crate::Result<$crate::Object> {
                $crate::array::value_into_python(self, scope)
            }
        }

        impl<'a, $($generic)*> $crate::Item<'a> for $rust {
            fn vec_into_python(
                items: Vec<Self>,
                scope: &mut $crate::Scope<'a>,
            ) -> $crate::Result<$crate::Object> {
                $crate::array::give(items, scope)
            }

            fn slice_into_python(
                items: &'a [Self],
                scope: &mut $crate::Scope<'a>,
            ) -> $crate::Result<$crate::Object> {
                $crate::array::lend(items, scope)
            }

            fn options_into_column(
                items: Vec<Option<Self>>,
                scope: &mut $crate::Scope<'a>,
            ) -> $crate::Result<$crate::Object> {
                $crate::array::options_into_column(items, scope)
            }
        }

        impl<$($generic)*> $crate::FromPython for $rust {
            fn from_python(
                object: $crate::Object,
                scope: &mut $crate::Scope<'_>,
            ) -> $crate::Result<Self> {
                $crate::array::element_from_python(object, scope)
            }

            fn vec_from_python(
                object: $crate::Object,
                scope: &mut $crate::Scope<'_>,
            ) -> $crate::Result<Vec<Self>> {
                $crate::array::elements_from_python(object, scope)
            }
        }
    )*};
}

__element_values! {
    [U: TimeUnit] Datetime64<U>,
    [U: TimeUnit] Timedelta64<U>,
    [const N: usize] FixedStr<N>,
    [const N: usize] FixedBytes<N>,
}

/// Makes the NumPy scalar of an element.
#[doc(hidden)]
pub fn element_into_python<T: Element>(value: T, scope: &mut Scope<'_>) -> Result<Object> {
    give(vec![value], scope)?.item(0)
}

/// Makes what Python has of its own for an element, a complex number, or else its NumPy scalar.
#[doc(hidden)]
pub fn value_into_python<T: Element>(value: T, scope: &mut Scope<'_>) -> Result<Object> {
    let scalar = element_into_python(value, scope)?;
    match kind_of(T::DTYPE) {
        Some(NumberKind::Complex) => scope.ok(support::complex(scope.py(), &scalar.0)).map(Object),
        _ => Ok(scalar),
    }
}

/// Makes a column of a frame: an array of the values, and one that says which are missing.
#[doc(hidden)]
pub fn options_into_column<T: Element>(
    items: Vec<Option<T>>,
    scope: &mut Scope<'_>,
) -> Result<Object> {
    let missing: Vec<bool> = items.iter().map(Option::is_none).collect();
    // SAFETY: plain data, of which zeros are a value, also of a bool.
    let zeros: T = unsafe { MaybeUninit::zeroed().assume_init() };
    let values: Vec<T> = items.into_iter().map(|item| item.unwrap_or(zeros)).collect();
    let (values, missing) = (give(values, scope)?, give(missing, scope)?);
    let py = scope.py();
    scope.ok(support::column(py, &values.0, &missing.0)).map(Object)
}

/// Takes a NumPy scalar, or an array without axes, for an element.
#[doc(hidden)]
pub fn element_from_python<T: Element>(object: Object, scope: &mut Scope<'_>) -> Result<T> {
    let kind = kind_in_python(scope.py(), &object.0);
    let is_real = matches!(kind, Some(NumberKind::Float | NumberKind::Int));
    let object = if is_real && kind_of(T::DTYPE) == Some(NumberKind::Complex) {
        // A function that is hinted to return a complex number may return a real one (PEP 484), which has to
        // be as exact as any.
        match T::DTYPE {
            Dtype::Complex64 => _ = f32::from_python(object.clone(), scope)?,
            _ => _ = f64::from_python(object.clone(), scope)?,
        }
        Object(scope.taken(support::complex(scope.py(), &object.0))?)
    } else {
        object
    };
    let py = scope.py();
    let dtype = scope.ok(T::DTYPE.object(py, py.numpy()?))?;
    match support::as_array(py, &object.0, &dtype) {
        Ok(Some(array)) => Ok(receive::<T>(array, scope)?[0]),
        _ => Err(scope.mismatch_of(Expected::Element, T::DTYPE, &object.0)),
    }
}

/// Takes a list or a tuple for a vector of elements; an array with one axis is copied.
#[doc(hidden)]
pub fn elements_from_python<T>(object: Object, scope: &mut Scope<'_>) -> Result<Vec<T>>
where
    T: Element + FromPython,
{
    if scope.py().builtin(&object.0) != Builtin::Other {
        return convert::vec(object, scope);
    }
    let array = Array::<T>::from_python(object, scope)?;
    if array.ndim() != 1 {
        let expected = "a list, or an array with one axis";
        return Err(scope.mismatch_of(Expected::Flat, expected, array.object()));
    }
    scope.copied(array.len() * size_of::<T>(), CopyReason::Asked)?;
    array.try_to_vec()
}
