//! A value whose type is known only at run time: for bindings of other languages.

use std::borrow::Cow;

use super::number::{Number, NumberKind, number};
use super::{FromPython, IntoPython};
use crate::array::{AnyArray, AnyLoan};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw::Ref;
use crate::raw::objects::Builtin;
use crate::scope::Scope;

/// How deep lists may be nested: a list that contains itself has no end.
const MAX_DEPTH: usize = 200;

/// Any value, both ways.
///
/// If the types are known at compile time, use them directly instead.
///
/// ```
/// # let python = callpy::Python::start()?;
/// use callpy::convert::Value;
///
/// let divmod = python.function("builtins:divmod")?;
/// let Value::Tuple(parts) = divmod.call((7, 2))? else { panic!("a tuple came before") };
/// assert!(matches!(parts[..], [Value::Int(3), Value::Int(1)]));
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// `None`.
    None,
    /// `bool`, or NumPy's.
    Bool(bool),
    /// An `int`, or a NumPy integer, that fits.
    Int(i64),
    /// An `int`, or a NumPy integer, beyond the largest `i64`.
    Uint(u64),
    /// `float`, or a NumPy float.
    Float(f64),
    /// `str`.
    Str(Cow<'a, str>),
    /// `bytes`.
    Bytes(Cow<'a, [u8]>),
    /// `list`.
    List(Vec<Value<'a>>),
    /// `tuple`.
    Tuple(Vec<Value<'a>>),
    /// `dict`, in its order.
    Dict(Vec<(Value<'a>, Value<'a>)>),
    /// A result array.
    Array(AnyArray),
    /// Memory lent as an array; never a result.
    Loan(AnyLoan<'a>),
    /// Anything else: a set, a complex number, an `int` of more than 64 bits, a `str` that UTF-8 can't
    /// write since it has lone surrogates, an instance of a class.
    Object(Object),
}

impl<'a> IntoPython<'a> for Value<'a> {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        match self {
            Value::None => Ok(Object(scope.py().none())),
            Value::Bool(value) => value.into_python(scope),
            Value::Int(value) => value.into_python(scope),
            Value::Uint(value) => value.into_python(scope),
            Value::Float(value) => value.into_python(scope),
            Value::Str(text) => text.into_python(scope),
            Value::Bytes(bytes) => super::Bytes(bytes).into_python(scope),
            Value::List(items) => super::collections::list(items.into_iter(), scope),
            Value::Tuple(items) => {
                let items = super::collections::objects(items.into_iter(), scope)?;
                scope.ok(scope.py().tuple(items)).map(Object)
            }
            Value::Dict(entries) => super::collections::dict(entries.into_iter(), scope),
            Value::Array(array) => array.into_python(scope),
            Value::Loan(loan) => loan.into_python(scope),
            Value::Object(object) => Ok(object),
        }
    }
}

impl FromPython for Value<'static> {
    #[inline]
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        if scope.py().is_none(&object.0) {
            object.0.release(scope.py());
            return Ok(Value::None);
        }
        value(object, scope, 0)
    }
}

fn value(object: Object, scope: &mut Scope<'_>, depth: usize) -> Result<Value<'static>> {
    let py = scope.py();
    if py.is_none(&object.0) {
        return Ok(Value::None);
    }
    if depth > MAX_DEPTH {
        let message = format!("values are nested more than {MAX_DEPTH} deep");
        return Err(Error::new(ErrorKind::Result, message));
    }
    // The container is dropped first, so that only the items refer to its arrays.
    let inside = |items: Vec<Ref>, container: Ref, scope: &mut Scope<'_>| -> Result<Vec<_>> {
        container.release(scope.py());
        items.into_iter().map(|item| value(Object(item), scope, depth + 1)).collect()
    };
    Ok(match py.builtin(&object.0) {
        Builtin::Int if py.is_bool(&object.0) => Value::Bool(scope.taken(py.is_true(&object.0))?),
        Builtin::Int => int(object, scope),
        Builtin::Str => match py.text(&object.0).map(str::to_owned) {
            Ok(text) => Value::Str(text.into()),
            Err(_) => Value::Object(object),
        },
        Builtin::Bytes => {
            Value::Bytes(super::Bytes::<Vec<u8>>::from_python(object, scope)?.0.into())
        }
        kind @ (Builtin::List | Builtin::Tuple) => {
            let items = scope.taken(py.sequence_items(&object.0))?;
            let items = inside(items, object.0, scope)?;
            if matches!(kind, Builtin::List) { Value::List(items) } else { Value::Tuple(items) }
        }
        Builtin::Dict => {
            let pairs = scope.taken(py.dict_items(&object.0))?;
            object.0.release(py);
            let pair = |[key, item]: [Ref; 2]| {
                let key = value(Object(key), scope, depth + 1)?;
                Ok((key, value(Object(item), scope, depth + 1)?))
            };
            Value::Dict(pairs.into_iter().map(pair).collect::<Result<_>>()?)
        }
        _ if py.is_float(&object.0) => Value::Float(scope.taken(py.as_f64(&object.0))?),
        _ => match AnyArray::receive(object, scope)? {
            Ok(array) => Value::Array(array),
            Err(object) => return other(object, scope),
        },
    })
}

/// Converts a NumPy number, or anything that has no variant of its own.
fn other(object: Object, scope: &mut Scope<'_>) -> Result<Value<'static>> {
    let py = scope.py();
    Ok(match number(&object.0, scope)? {
        Some(Number { kind: NumberKind::Bool, object }) => {
            Value::Bool(scope.taken(py.is_true(&object))?)
        }
        Some(Number { kind: NumberKind::Int, object }) => int(Object(object), scope),
        Some(Number { kind: NumberKind::Float, object }) => {
            Value::Float(scope.taken(py.as_f64(&object))?)
        }
        _ => return Object::from_python(object, scope).map(Value::Object),
    })
}

/// Converts an int, which stays an object if it has more than 64 bits.
fn int(object: Object, scope: &Scope<'_>) -> Value<'static> {
    let py = scope.py();
    match py.as_i64(&object.0) {
        Ok(int) => Value::Int(int),
        Err(_) => py.as_u64(&object.0).map_or(Value::Object(object), Value::Uint),
    }
}
