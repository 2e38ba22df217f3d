//! Tells which number an object is: a Python number, a NumPy scalar, the item of a 0-d array.

pub(crate) use callpy_dtypes::NumberKind;

use crate::array::{Dtype, numpy_if_imported};
use crate::error::{Error, Result};
use crate::raw::objects::Builtin;
use crate::raw::{Attached, Ref};
use crate::scope::Scope;
use crate::support;

/// Returns the kind of an object of Python's own types and their subclasses.
#[inline]
pub(crate) fn kind_in_python(py: Attached<'_>, object: &Ref) -> Option<NumberKind> {
    if py.is_float(object) {
        Some(NumberKind::Float)
    } else if py.is_bool(object) {
        Some(NumberKind::Bool)
    } else if py.builtin(object) == Builtin::Int {
        Some(NumberKind::Int)
    } else {
        py.is_complex(object).then_some(NumberKind::Complex)
    }
}

macro_rules! kinds {
    (
        numbers {$($name:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $number:literal, one: $one:ident, kind: $kind:ident, $($rest:tt)*
        })*}
        $($sections:tt)*
    ) => {
        /// Returns the kind of number that a dtype holds.
        pub(crate) fn kind_of(dtype: Dtype) -> Option<NumberKind> {
            match dtype {
                $(Dtype::$name => Some(NumberKind::$kind),)*
                Dtype::Datetime64(_) | Dtype::Timedelta64(_) => None,
                Dtype::Str(_) | Dtype::Bytes(_) | Dtype::Struct(_) | Dtype::Row(..) => None,
            }
        }
    };
}

callpy_dtypes::dtypes!(kinds);

/// An object that CPython's own functions read as a number of its kind.
pub(crate) struct Number {
    pub(crate) kind: NumberKind,
    pub(crate) object: Ref,
}

/// Returns the dtype of a NumPy scalar; `None` for other objects, and for subclasses.
pub(crate) fn scalar_dtype(object: &Ref, scope: &Scope<'_>) -> Result<Option<Dtype>> {
    let py = scope.py();
    let number = numpy_if_imported(scope)?.and_then(|numpy| numpy.number_type(object.class(py)));
    Ok(number.and_then(Dtype::from_type_num))
}

/// Returns the object as a number; `None` if it is none.
pub(crate) fn number(object: &Ref, scope: &Scope<'_>) -> Result<Option<Number>> {
    let py = scope.py();
    if let Some(kind) = kind_in_python(py, object) {
        return Ok(Some(Number { kind, object: object.clone_ref(py) }));
    }
    if let Some(kind) = scalar_dtype(object, scope)?.and_then(kind_of) {
        let object = match kind {
            NumberKind::Int => scope.taken(py.index(object))?,
            _ => object.clone_ref(py),
        };
        return Ok(Some(Number { kind, object }));
    }
    let object = scope.taken(support::plain(py, object))?;
    Ok(kind_in_python(py, &object).map(|kind| Number { kind, object }))
}

/// Returns the float that is the same number as an int.
///
/// # Errors
///
/// `ErrorKind::Result` if there is none: a float holds 53 bits.
pub(crate) fn exact_float(int: &Ref, scope: &Scope<'_>, name: &str) -> Result<f64> {
    let py = scope.py();
    let float = match py.as_i64(int) {
        // Compared as i128: a cast back to i64 saturates, which would hide that i64::MAX was rounded.
        Ok(value) => Some(value as f64).filter(|float| *float as i128 == i128::from(value)),
        Err(_) => match support::exact_float(py, int) {
            Ok(float) if py.is_float(&float) => Some(scope.taken(py.as_f64(&float))?),
            Ok(_) => None,
            Err(_) => return Err(out_of_range(int, scope, name)),
        },
    };
    float.ok_or_else(|| inexact(int, scope, name))
}

#[cold]
pub(crate) fn out_of_range(int: &Ref, scope: &Scope<'_>, name: &str) -> Error {
    let text = support::shown(scope.py(), int);
    Error::result(format!("{text} is out of the range of {name}"))
}

#[cold]
pub(crate) fn inexact(int: &Ref, scope: &Scope<'_>, name: &str) -> Error {
    let text = support::shown(scope.py(), int);
    Error::result(format!("{text} can't be an {name} without rounding"))
}
