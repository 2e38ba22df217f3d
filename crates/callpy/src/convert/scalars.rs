//! Numbers, text, bytes, None and objects.

use std::borrow::Cow;

use super::{FromPython, IntoPython, Item};
use crate::array::{
    Array, Copied, Datetime64, Element, FixedBytes, FixedStr, Given, TimeUnit, Timedelta64,
};
use crate::raw::objects::Builtin;
use crate::raw::{Outcome, Ref};
use crate::scope::Scope;
use crate::{Object, Result, support};

/// A value that is given as one Python object made by one function.
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

scalar! {
    i8 => int as i64, i16 => int as i64, i32 => int as i64, i64 => int as i64, isize => int as i64,
    u8 => uint as u64, u16 => uint as u64, u32 => uint as u64, u64 => uint as u64,
    usize => uint as u64, f32 => float as f64, f64 => float as f64, bool => bool as bool,
}

/// The element types: a vector of them is an array, and an array can be copied into a vector.
macro_rules! elements {
    ($($rust:ty => $read:ident),* $(,)?) => {$(
        impl<'a> Item<'a> for $rust {
            fn vec_into_python(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
                scope.give(items)
            }

            #[inline]
            fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
                scope.lend(items)
            }
        }

        impl FromPython for $rust {
            #[inline]
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                $read(&object.0, scope, stringify!($rust))
            }

            fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
                super::collections::vec_of_elements(object, scope)
            }
        }
    )*};
}

elements! {
    i8 => integer, i16 => integer, i32 => integer, i64 => integer, isize => integer,
    u8 => unsigned, u16 => unsigned, u32 => unsigned, u64 => unsigned, usize => unsigned,
    f32 => single, f64 => double, bool => truth,
}

/// Element types whose scalars are NumPy's own: they go through an array of one.
macro_rules! element_values {
    ($([$($generic:tt)*] $rust:ty),* $(,)?) => {$(
        impl<'a, $($generic)*> IntoPython<'a> for $rust {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                super::element_into_python(self, scope)
            }
        }

        impl<'a, $($generic)*> Item<'a> for $rust {
            fn vec_into_python(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
                scope.give(items)
            }

            fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
                scope.lend(items)
            }
        }

        impl<$($generic)*> FromPython for $rust {
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                crate::array::element(object, scope)
            }

            fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
                super::collections::vec_of_elements(object, scope)
            }
        }
    )*};
}

element_values! {
    [U: TimeUnit] Datetime64<U>,
    [U: TimeUnit] Timedelta64<U>,
    [const N: usize] FixedStr<N>,
    [const N: usize] FixedBytes<N>,
}
#[cfg(feature = "complex")]
element_values! { [] num_complex::Complex<f32>, [] num_complex::Complex<f64> }
#[cfg(feature = "half")]
element_values! { [] half::f16 }

/// Reads an int, or a NumPy integer, with any function of those below.
fn number<T>(
    object: &Ref,
    scope: &Scope<'_>,
    name: &str,
    read: impl Fn(&Ref) -> Outcome<T>,
) -> Result<T> {
    let py = scope.py();
    if py.is_bool(object) {
        return Err(scope.mismatch(name, object));
    }
    let plain;
    let int = if py.builtin(object) == Builtin::Int {
        object
    } else {
        plain = scope.ok(support::plain(py, object))?;
        if py.is_bool(&plain) || py.builtin(&plain) != Builtin::Int {
            return Err(scope.mismatch(name, object));
        }
        &plain
    };
    read(int).map_err(|_| out_of_range(int, scope, name))
}

#[cold]
fn out_of_range(int: &Ref, scope: &Scope<'_>, name: &str) -> crate::Error {
    let text = Object(int.clone_ref(scope.py())).to_string();
    crate::Error::new(crate::ErrorKind::Result, format!("{text} is out of the range of {name}"))
}

fn integer<T: TryFrom<i64>>(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<T> {
    let wide = number(object, scope, name, |int| scope.py().as_i64(int))?;
    T::try_from(wide).map_err(|_| out_of_range(object, scope, name))
}

fn unsigned<T: TryFrom<u64>>(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<T> {
    let wide = number(object, scope, name, |int| scope.py().as_u64(int))?;
    T::try_from(wide).map_err(|_| out_of_range(object, scope, name))
}

fn double(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<f64> {
    let py = scope.py();
    if py.is_float(object) {
        return scope.ok(py.as_f64(object));
    }
    let plain = scope.ok(support::plain(py, object))?;
    if py.is_bool(&plain) || !(py.is_float(&plain) || py.builtin(&plain) == Builtin::Int) {
        return Err(scope.mismatch(name, object));
    }
    // An int beyond the range of a double is Python's OverflowError.
    py.as_f64(&plain).map_err(|_| out_of_range(&plain, scope, name))
}

fn single(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<f32> {
    let value = double(object, scope, name)?;
    let single = value as f32;
    if single.is_infinite() && value.is_finite() {
        return Err(out_of_range(object, scope, name));
    }
    Ok(single)
}

fn truth(object: &Ref, scope: &mut Scope<'_>, name: &str) -> Result<bool> {
    let py = scope.py();
    let plain = match py.is_bool(object) {
        true => object.clone_ref(py),
        false => scope.ok(support::plain(py, object))?,
    };
    if !py.is_bool(&plain) {
        return Err(scope.mismatch(name, object));
    }
    scope.ok(py.is_true(&plain))
}

/// Text that is given as a Python str.
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

impl<'a> Item<'a> for &'a str {}
impl<'a> Item<'a> for String {
    fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        super::collections::list(items.iter().map(String::as_str), scope)
    }
}

impl FromPython for String {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let py = scope.py();
        if py.builtin(&object.0) != Builtin::Str {
            return Err(scope.mismatch("str", &object.0));
        }
        scope.ok(py.text(&object.0)).map(str::to_owned)
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
        scope.ok(py.byte_slice(&object.0)).map(|bytes| Bytes(bytes.to_vec()))
    }
}

impl<'a> IntoPython<'a> for () {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        Ok(Object(scope.py().none()))
    }

    /// No argument at all.
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

impl<'a, T: Item<'a>> Item<'a> for Option<T> {}

impl<T: FromPython> FromPython for Option<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        if scope.py().is_none(&object.0) {
            return Ok(None);
        }
        T::from_python(object, scope).map(Some)
    }
}

impl<'a> IntoPython<'a> for Object {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Ok(self)
    }
}

impl<'a> IntoPython<'a> for &Object {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        Ok(Object(self.0.clone_ref(scope.py())))
    }
}

impl<'a> Item<'a> for Object {}

impl FromPython for Object {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        crate::array::detach_from_loans(object.0, scope).map(Object)
    }
}

impl<'a, T: Element> IntoPython<'a> for Array<T> {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Ok(self.into_object())
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

impl<'a, T: Element> IntoPython<'a> for Copied<&[T]> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.give(scope)
    }
}
