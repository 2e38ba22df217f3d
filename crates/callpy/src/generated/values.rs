//! Values as hints declare them: a list for a hint of a list, an instance of the class for a class.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use crate::array::{Array, Element, IntoArray, element_into_python};
use crate::convert::classes::IntoInstance;
use crate::convert::{self, Arguments, FromPython, IntoPython, Item};
use crate::error::{Error, ErrorKind, Result};
use crate::exception::PythonException;
use crate::interpreter::Python;
use crate::object::Object;
use crate::raw::objects::Builtin;
use crate::raw::{Attached, Outcome, Ref};
use crate::scope::Scope;
use crate::support;

/// Wraps an iterator whose items become a collection.
macro_rules! collected {
    ($($(#[$attribute:meta])* $function:ident $wrapper:ident $make:path;)*) => {$(
        $(#[$attribute])*
        pub fn $function<I: IntoIterator>(items: I) -> $wrapper<I> {
            $wrapper(items)
        }

        $(#[$attribute])*
        pub struct $wrapper<I>(I);

        impl<'a, I> IntoPython<'a> for $wrapper<I>
        where
            I: IntoIterator,
            I::Item: IntoPython<'a>,
        {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                let items = convert::objects(self.0.into_iter(), scope)?;
                scope.ok($make(scope.py(), items)).map(Object)
            }
        }
    )*};
}

collected! {
    /// A list, also of numbers.
    list List Attached::list;
    /// A tuple of any length.
    tuple Tuple Attached::tuple;
    /// A set.
    set Set make_set;
    /// A frozenset.
    frozenset FrozenSet make_frozenset;
    /// An iterator.
    iterator OverItems make_iterator;
}

fn make_iterator(py: Attached<'_>, items: Vec<Ref>) -> Outcome<Ref> {
    py.iterator(&py.list(items)?)
}

fn make_set(py: Attached<'_>, items: Vec<Ref>) -> Outcome<Ref> {
    support::set(py, &py.list(items)?)
}

fn make_frozenset(py: Attached<'_>, items: Vec<Ref>) -> Outcome<Ref> {
    support::frozenset(py, &py.list(items)?)
}

/// A dict.
pub fn dict<I, K, V>(entries: I) -> Dict<I>
where
    I: IntoIterator<Item = (K, V)>,
{
    Dict(entries)
}

/// A dict.
pub struct Dict<I>(I);

impl<'a, I, K, V> IntoPython<'a> for Dict<I>
where
    I: IntoIterator<Item = (K, V)>,
    K: IntoPython<'a>,
    V: IntoPython<'a>,
{
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        convert::dict(self.0.into_iter(), scope)
    }
}

/// Text of any owner.
pub fn text<S: AsRef<str>>(text: S) -> Text<S> {
    Text(text)
}

/// Text of any owner.
pub struct Text<S>(S);

impl<'a, S: AsRef<str>> IntoPython<'a> for Text<S> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.0.as_ref().into_python(scope)
    }
}

/// A NumPy scalar.
pub fn scalar<T: Element>(value: T) -> Scalar<T> {
    Scalar(value)
}

/// A NumPy scalar.
pub struct Scalar<T>(T);

impl<'a, T: Element> IntoPython<'a> for Scalar<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        element_into_python(self.0, scope)
    }
}

/// A `pathlib.Path`.
pub fn path<P: AsRef<Path>>(path: P) -> PathArgument<P> {
    PathArgument(path)
}

/// A `pathlib.Path`.
pub struct PathArgument<P>(P);

impl<'a, P: AsRef<Path>> IntoPython<'a> for PathArgument<P> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let path = self.0.as_ref().into_python(scope)?;
        Python::start()?.module("pathlib")?.attr("Path")?.call(path)
    }
}

/// An instance of a class that several Rust types stand for.
pub fn instance<'a, C, V: IntoInstance<'a, C>>(value: V) -> Instance<C, V> {
    Instance(value, PhantomData)
}

/// An instance of a class that several Rust types stand for.
pub struct Instance<C, V>(V, PhantomData<C>);

impl<'a, C, V: IntoInstance<'a, C>> IntoPython<'a> for Instance<C, V> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.0.into_instance(scope)
    }
}

/// Converts the items of any iterable.
pub fn iterated<T: FromPython>(object: Object) -> Result<Vec<T>> {
    let mut scope = Scope::new()?;
    let py = scope.py();
    // An object with `__getitem__` alone can be iterated over as well.
    if !["__iter__", "__getitem__"].iter().any(|name| support::has_method(py, &object.0, name)) {
        return Err(scope.mismatch("an iterable", &object.0));
    }
    let items = scope.taken(py.with_frame(|| py.items(&object.0)))?;
    drop(object);
    let list = scope.ok(scope.py().list(items))?;
    Vec::from_python(Object(list), &mut scope)
}

/// Makes the object of a field or an entry.
///
/// # Errors
///
/// Those of the conversion, at the field.
pub fn give<'a>(
    name: &'static str,
    value: impl IntoPython<'a>,
    scope: &mut Scope<'a>,
) -> Result<(&'static str, Object)> {
    let value = value.into_python(scope);
    value.map(|value| (name, value)).map_err(|error| error.at(format_args!("the field {name}")))
}

/// Converts the object of a field or an entry to a `T`.
///
/// # Errors
///
/// Those of the conversion, at the field.
pub fn field<T: FromPython>(
    name: &'static str,
    object: Object,
    scope: &mut Scope<'_>,
) -> Result<T> {
    T::from_python(object, scope).map_err(|error| error.at(format_args!("the field {name}")))
}

/// Returns the class that a target names.
///
/// # Errors
///
/// Those of finding it.
pub fn class(target: &str) -> Result<Object> {
    Python::start()?.function(target).map(|class| class.object().clone())
}

type Make<'a> = Box<dyn FnOnce(&mut Scope<'a>) -> Result<Object> + 'a>;

/// Any array, of any element type, where a type must have a name: in the enums that unions become.
pub struct AnyArrayArgument<'a>(Make<'a>);

impl<'a> AnyArrayArgument<'a> {
    /// Takes the array, which is lent or moved when the call is made.
    pub fn new<T: Element>(array: impl IntoArray<'a, T>) -> Self {
        AnyArrayArgument(Box::new(|scope| array.into_python(scope)))
    }
}

impl<'a> IntoPython<'a> for AnyArrayArgument<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        (self.0)(scope)
    }
}

impl fmt::Debug for AnyArrayArgument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyArrayArgument")
    }
}

macro_rules! any_array {
    ($([$($generics:tt)*] $source:ty;)*) => {$(
        impl<'a, T: Element + Item<'a>, $($generics)*> From<$source> for AnyArrayArgument<'a> {
            fn from(array: $source) -> Self {
                AnyArrayArgument::new::<T>(array)
            }
        }
    )*};
}

any_array! {
    [] &'a [T];
    [] &'a Vec<T>;
    [const N: usize] &'a [T; N];
    [] Vec<T>;
    [] Array<T>;
    [] &'a Array<T>;
}

/// Sets fields that the constructor does not take, in frozen classes too.
///
/// # Errors
///
/// Python's own.
pub fn set_fields<const N: usize>(
    object: Object,
    fields: [(&'static str, Object); N],
) -> Result<Object> {
    let set = Python::start()?.module("builtins")?.attr("object")?.attr("__setattr__")?;
    for (name, value) in fields {
        set.call::<()>((&object, name, value))
            .map_err(|error| error.at(format_args!("the field {name}")))?;
    }
    Ok(object)
}

/// Makes an instance of a class, with the fields as keyword arguments.
///
/// # Errors
///
/// What the constructor raised.
pub fn construct<const N: usize>(
    class: &Object,
    fields: [(&'static str, Object); N],
) -> Result<Object> {
    let mut arguments = Arguments::new();
    for (name, value) in fields {
        arguments.push_named(name, value);
    }
    class.call(arguments)
}

/// Makes a dict with text for keys.
///
/// # Errors
///
/// Python's own.
pub fn mapping(
    fields: impl IntoIterator<Item = (&'static str, Object)>,
    scope: &Scope<'_>,
) -> Result<Object> {
    let py = scope.py();
    let mut pairs = Vec::new();
    for (name, value) in fields {
        pairs.push((scope.ok(py.str(name))?, value.0));
    }
    scope.ok(py.dict(pairs)).map(Object)
}

/// Returns the attributes of an object. The object is dropped first, so that only the fields refer to
/// arrays in it, which then need not be copied.
///
/// # Errors
///
/// `ErrorKind::Result` if it has no such attribute.
pub fn attributes<const N: usize>(
    class: &'static str,
    object: Object,
    names: [&'static str; N],
    scope: &Scope<'_>,
) -> Result<[Object; N]> {
    let field = |name: &&str| {
        object.attr(name).map_err(|error| match error.exception().map(PythonException::type_name) {
            Some("AttributeError") => scope.mismatch(class, &object.0).with_source(error),
            _ => Error::result(format!("it can't be read: {error}"))
                .with_source(error)
                .at(format_args!("the field {name}")),
        })
    };
    let fields = names.iter().map(field).collect::<Result<Vec<Object>>>()?;
    Ok(fields.try_into().unwrap_or_else(|_| unreachable!("one for each name")))
}

/// Returns the values of a dict by their keys; `None` for a missing key.
///
/// # Errors
///
/// `ErrorKind::Result` if it is no dict.
pub fn entries<const N: usize>(
    class: &'static str,
    object: Object,
    names: [&'static str; N],
    scope: &Scope<'_>,
) -> Result<[Option<Object>; N]> {
    let py = scope.py();
    if py.builtin(&object.0) != Builtin::Dict {
        return Err(scope.mismatch(class, &object.0));
    }
    // Not by look-up, since a defaultdict has every key.
    let mut pairs = scope.taken(py.dict_items(&object.0))?;
    Ok(names.map(|name| {
        let at = pairs.iter().position(|[key, _]| py.text(key).is_ok_and(|key| key == name))?;
        let [_, value] = pairs.swap_remove(at);
        Some(Object(value))
    }))
}

/// Returns the name of a member of the enum with this name.
///
/// # Errors
///
/// `ErrorKind::Result` for another value.
pub fn enum_name(class: &'static str, object: &Object, scope: &Scope<'_>) -> Result<String> {
    let name = scope.taken(support::member_name(scope.py(), &object.0, class))?;
    name.ok_or_else(|| scope.mismatch(class, &object.0))
}

/// Makes the error of a result that is not what the hint says.
pub fn mismatch(expected: impl fmt::Display, got: &Object, scope: &Scope<'_>) -> Error {
    scope.mismatch(expected, &got.0)
}

/// Makes the error of a dict that lacks a key.
pub fn missing(class: &'static str, key: &'static str) -> Error {
    Error::new(ErrorKind::Result, format!("the dict has no {key:?}, which a {class} must have"))
}
