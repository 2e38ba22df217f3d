//! Numbers, text, bytes, None and objects.

use std::borrow::Cow;

use super::number::{Number, NumberKind, exact_float, inexact, number, out_of_range};
use super::{FromPython, IntoPython, Item};
use crate::array::{self, Texts};
use crate::error::Result;
use crate::object::Object;
use crate::raw::objects::Builtin;
use crate::raw::{Outcome, Ref};
use crate::scope::Scope;
use crate::support;

/// A value that one function makes a Python object of.
macro_rules! scalar {
    ($($rust:ty => $make:ident as $wide:ty),* $(,)?) => {$(
        impl<'a> IntoPython<'a> for $rust {
            #[inline]
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                scope.ok(scope.py().$make(self as $wide)).map(Object)
            }
        }
    )*};
}

/// The element types: a vector of them is an array, and an array can be copied into a vector.
macro_rules! elements {
    ($($rust:ty => $read:ident),* $(,)?) => {$(
        impl<'a> Item<'a> for $rust {
            fn vec_into_python(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
                array::give(items, scope)
            }

            #[inline]
            fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
                array::lend(items, scope)
            }

            fn options_into_column(
                items: Vec<Option<Self>>,
                scope: &mut Scope<'a>,
            ) -> Result<Object> {
                array::options_into_column(items, scope)
            }
        }

        impl FromPython for $rust {
            #[inline]
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                $read(&object.0, scope, stringify!($rust))
            }

            fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
                array::elements_from_python(object, scope)
            }
        }
    )*};
}

/// Converts a single value as the row of the dtype table says under `one`.
macro_rules! one {
    (signed $rust:ty) => {
        scalar! { $rust => int as i64 }
        elements! { $rust => integer }
    };
    (unsigned $rust:ty) => {
        scalar! { $rust => uint as u64 }
        elements! { $rust => unsigned }
    };
    (single $rust:ty) => {
        scalar! { $rust => float as f64 }
        elements! { $rust => single }
    };
    (double $rust:ty) => {
        scalar! { $rust => float as f64 }
        elements! { $rust => double }
    };
    (truth $rust:ty) => {
        scalar! { $rust => bool as bool }
        elements! { $rust => truth }
    };
    (element $rust:ty) => {
        crate::__element_values! { [] $rust }
    };
}

macro_rules! conversions {
    (
        numbers {$($name:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $number:literal, one: $one:ident, kind: $kind:ident, $($rest:tt)*
        })*}
        machine {$($machine:ident {
            rust: $machine_rust:ty, wide: $wide:ident, narrow: $narrow:ident, one: $machine_one:ident, kind: $machine_kind:ident,
            $($machine_rest:tt)*
        })*}
        $($sections:tt)*
    ) => {
        $($(#[cfg(feature = $feature)])? one! { $one $rust })*
        $(one! { $machine_one $machine_rust })*
    };
}

callpy_dtypes::dtypes!(conversions);

/// Reads an int, or a NumPy integer, with `read`.
fn int<T>(
    object: &Ref,
    scope: &Scope<'_>,
    name: &str,
    read: impl Fn(&Ref) -> Outcome<T>,
) -> Result<T> {
    let py = scope.py();
    if py.builtin(object) == Builtin::Int && !py.is_bool(object) {
        return read(object).map_err(|_| out_of_range(object, scope, name));
    }
    match number(object, scope)? {
        Some(Number { kind: NumberKind::Int, object }) => {
            read(&object).map_err(|_| out_of_range(&object, scope, name))
        }
        _ => Err(scope.mismatch(name, object)),
    }
}

fn integer<T: TryFrom<i64>>(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<T> {
    let wide = int(object, scope, name, |int| scope.py().as_i64(int))?;
    T::try_from(wide).map_err(|_| out_of_range(object, scope, name))
}

fn unsigned<T: TryFrom<u64>>(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<T> {
    let wide = int(object, scope, name, |int| scope.py().as_u64(int))?;
    T::try_from(wide).map_err(|_| out_of_range(object, scope, name))
}

fn double(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<f64> {
    let py = scope.py();
    if py.is_float(object) {
        return scope.taken(py.as_f64(object));
    }
    match number(object, scope)? {
        Some(Number { kind: NumberKind::Float, object }) => scope.taken(py.as_f64(&object)),
        Some(Number { kind: NumberKind::Int, object }) => exact_float(&object, scope, name),
        _ => Err(scope.mismatch(name, object)),
    }
}

/// A float is rounded to the nearest `f32`, since that is what the caller asks for; an int is not.
fn single(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<f32> {
    let value = double(object, scope, name)?;
    let single = value as f32;
    if f64::from(single) == value || value.is_nan() {
        return Ok(single);
    }
    if single.is_infinite() {
        return Err(out_of_range(object, scope, name));
    }
    match number(object, scope)? {
        Some(Number { kind: NumberKind::Int, object }) => Err(inexact(&object, scope, name)),
        _ => Ok(single),
    }
}

fn truth(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<bool> {
    match number(object, scope)? {
        Some(Number { kind: NumberKind::Bool, object }) => scope.taken(scope.py().is_true(&object)),
        _ => Err(scope.mismatch(name, object)),
    }
}

/// Text, which is a `str` in Python.
macro_rules! text {
    ($($rust:ty),*) => {$(
        impl<'a> IntoPython<'a> for $rust {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                scope.ok(scope.py().str(self.as_ref())).map(Object)
            }
        }
    )*};
}

text!(&str, String, &String, Cow<'_, str>);

impl<'a> Item<'a> for &'a str {
    fn vec_into_column(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
        text_column(items.into_iter(), scope)
    }

    fn slice_into_column(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        text_column(items.iter().copied(), scope)
    }

    fn options_into_column(items: Vec<Option<Self>>, scope: &mut Scope<'a>) -> Result<Object> {
        text_column(items.into_iter(), scope)
    }
}

impl<'a> Item<'a> for String {
    fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        // As `&str`, so that no text is cloned.
        super::collections::list(items.iter().map(String::as_str), scope)
    }

    fn vec_into_column(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
        text_column(items.into_iter(), scope)
    }

    fn slice_into_column(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        text_column(items.iter().map(String::as_str), scope)
    }

    fn options_into_column(items: Vec<Option<Self>>, scope: &mut Scope<'a>) -> Result<Object> {
        text_column(items.into_iter(), scope)
    }
}

/// Makes a column of texts, of which it is known that they are texts also where there are none.
fn text_column<'a, T: IntoPython<'a>>(
    items: impl Iterator<Item = T>,
    scope: &mut Scope<'a>,
) -> Result<Object> {
    let texts = super::collections::list(items, scope)?;
    let py = scope.py();
    scope.ok(support::text_column(py, &texts.0)).map(Object)
}

impl FromPython for String {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let py = scope.py();
        if py.builtin(&object.0) != Builtin::Str {
            return Err(scope.mismatch("str", &object.0));
        }
        scope.taken(py.text(&object.0)).map(str::to_owned)
    }

    /// Takes a list or a tuple of `str`, or an array of text with one axis.
    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        match scope.py().builtin(&object.0) {
            Builtin::Other => {
                Ok(Texts::from_python(object, scope)?.iter().map(str::to_owned).collect())
            }
            _ => super::vec(object, scope),
        }
    }
}

/// Python's `bytes`. (A plain `Vec<u8>` or `&[u8]` is an array of `uint8`.)
///
/// ```
/// # let python = callpy::Python::start()?;
/// use callpy::Bytes;
///
/// let compress = python.function("zlib:compress")?;
/// let Bytes(short): Bytes<Vec<u8>> = compress.call(Bytes(b"aaaaaaaaaaaaaaaaaaaaaaaa"))?;
/// assert!(short.len() < 24);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes<B>(pub B);

impl<'a, B: AsRef<[u8]>> IntoPython<'a> for Bytes<B> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        scope.ok(scope.py().bytes(self.0.as_ref())).map(Object)
    }
}

impl<'a, B: AsRef<[u8]> + Clone + 'a> Item<'a> for Bytes<B> {}

impl FromPython for Bytes<Vec<u8>> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let py = scope.py();
        if py.builtin(&object.0) != Builtin::Bytes {
            return Err(scope.mismatch("bytes", &object.0));
        }
        scope.taken(py.byte_slice(&object.0)).map(|bytes| Bytes(bytes.to_vec()))
    }
}

impl<'a> IntoPython<'a> for () {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        Ok(Object(scope.py().none()))
    }

    /// Places no argument.
    fn place(self, _: &mut super::Call<'a>) -> Result<()> {
        Ok(())
    }
}

impl FromPython for () {
    #[inline]
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        if !scope.py().is_none(&object.0) {
            return Err(scope.mismatch("None", &object.0));
        }
        // A plain drop would first find out whether this thread is attached.
        object.0.release(scope.py());
        Ok(())
    }
}

impl<'a, T: IntoPython<'a>> IntoPython<'a> for Option<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        match self {
            Some(value) => value.into_python(scope),
            None => Ok(Object(scope.py().none())),
        }
    }
}

impl<'a, T: Item<'a>> Item<'a> for Option<T> {
    fn vec_into_column(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
        T::options_into_column(items, scope)
    }

    fn slice_into_column(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        T::options_into_column(items.to_vec(), scope)
    }
}

impl<T: FromPython> FromPython for Option<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        if scope.py().is_none(&object.0) {
            return Ok(None);
        }
        T::from_python(object, scope).map(Some)
    }

    /// Takes a list, or an array with one axis in which values may be missing.
    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        let py = scope.py();
        if py.builtin(&object.0) != Builtin::Other {
            return super::vec(object, scope);
        }
        match scope.taken(py.with_frame(|| support::with_missing(py, &object.0)))? {
            None => super::vec(object, scope),
            Some((values, None)) => {
                drop(object);
                match scope.py().builtin(&values) {
                    Builtin::List => super::vec(Object(values), scope),
                    _ => Ok(T::vec_from_python(Object(values), scope)?
                        .into_iter()
                        .map(Some)
                        .collect()),
                }
            }
            Some((values, Some(missing))) => {
                drop(object);
                let missing = bool::vec_from_python(Object(missing), scope)?;
                let values = T::vec_from_python(Object(values), scope)?.into_iter().zip(missing);
                Ok(values.map(|(value, is_missing)| (!is_missing).then_some(value)).collect())
            }
        }
    }
}
