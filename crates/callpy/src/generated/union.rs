//! Decides which member of a union a value is: the one whose hint fits best.

use crate::array::{Dtype, is_array};
use crate::convert::number::{NumberKind, kind_of, number, scalar_dtype};
use crate::error::Result;
use crate::object::Object;
use crate::raw::Ref;
use crate::raw::objects::Builtin;
use crate::scope::Scope;
use crate::support;

/// A hint, as far as it identifies values.
#[derive(Debug, Clone, Copy)]
pub enum Hint<'h> {
    /// Any object.
    Any,
    /// `int`, or a NumPy integer.
    Int,
    /// `bool`.
    Bool,
    /// `float`.
    Float,
    /// `complex`.
    Complex,
    /// `str`.
    Str,
    /// `bytes`.
    Bytes,
    /// A path.
    Path,
    /// A NumPy scalar.
    Scalar(Dtype),
    /// An array, of any dtype if none is named.
    Array(Option<Dtype>),
    /// One of these texts.
    Literal(&'h [&'h str]),
    /// A list.
    List(&'h Hint<'h>),
    /// Anything that can be iterated over.
    Iterable(&'h Hint<'h>),
    /// A tuple of these.
    Tuple(&'h [Hint<'h>]),
    /// A tuple of any length.
    VariadicTuple(&'h Hint<'h>),
    /// A set or a frozenset.
    Set(&'h Hint<'h>),
    /// A dict.
    Dict(&'h Hint<'h>, &'h Hint<'h>),
    /// A dict that has the required keys.
    TypedDict {
        /// The required keys.
        required: &'h [&'h str],
        /// The optional keys.
        optional: &'h [&'h str],
    },
    /// An instance of a class, or an object with the same attributes.
    Class {
        /// The class's name.
        name: &'h str,
        /// The attributes.
        fields: &'h [&'h str],
    },
    /// An instance of a class, or of a subclass. One with that name in another package could be it, too: a
    /// package may show what another one defines.
    Instance {
        /// The package; empty if any would do.
        package: &'h str,
        /// The class's name.
        name: &'h str,
    },
    /// A member of an enum.
    Enum(&'h str),
    /// None or a value.
    Optional(&'h Hint<'h>),
    /// One of these.
    Union(&'h [Hint<'h>]),
}

/// How well a value fits a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is something else.
    Not,
    /// It can be converted: an int for a float, a tuple for a list.
    Converted,
    /// It is of this kind: a `numpy.int64` for an int.
    Kind,
    /// It is exactly this: an instance of the class, one of the texts.
    Just,
}

/// A member of a union: its hint, and how to convert a value to it.
pub type Member<'h, U> = (Hint<'h>, fn(Object, &mut Scope<'_>) -> Result<U>);

/// Converts a value to the member of a union that it fits best.
///
/// # Errors
///
/// `ErrorKind::Result` if it fits none, or can't be converted to those that it fits: an int that is too
/// large does not become a float.
pub fn member<U>(
    union: &str,
    object: Object,
    scope: &mut Scope<'_>,
    members: &[Member<'_, U>],
) -> Result<U> {
    let fits = members.iter().map(|(hint, _)| hint.fit(&object.0, scope));
    let fits = fits.collect::<Result<Vec<Fit>>>()?;
    let best = fits.iter().copied().max().filter(|fit| *fit > Fit::Not);
    let best = members.iter().zip(fits).filter(|(_, fit)| Some(*fit) == best);
    let mut best = best.collect::<Vec<_>>();
    // A class of any package may have the name of one whose package is known.
    best.sort_by_key(|((hint, _), _)| !hint.is_of_package());
    let mut best = best.into_iter().peekable();
    let mut errors: Vec<String> = Vec::new();
    while let Some(((_, take), _)) = best.next() {
        // A single candidate's own error says more than that no member fits.
        if best.peek().is_none() && errors.is_empty() {
            return take(object, scope);
        }
        // Each gets its own reference, since it may release it.
        match take(Object(object.0.clone_ref(scope.py())), scope) {
            Ok(value) => return Ok(value),
            Err(error) => errors.push(error.to_string()),
        }
    }
    let error = scope.mismatch(union, &object.0);
    Err(if errors.is_empty() { error } else { error.with_detail(errors.join("\n")) })
}

impl Hint<'_> {
    fn is_of_package(&self) -> bool {
        matches!(self, Hint::Instance { package, .. } if !package.is_empty())
    }

    fn fit(&self, object: &Ref, scope: &mut Scope<'_>) -> Result<Fit> {
        let py = scope.py();
        let kind = |is: bool| if is { Fit::Kind } else { Fit::Not };
        let builtin = py.builtin(object);
        Ok(match *self {
            Hint::Any => Fit::Converted,
            Hint::Bool => number_fit(NumberKind::Bool, object, scope)?,
            Hint::Int => number_fit(NumberKind::Int, object, scope)?,
            Hint::Float => number_fit(NumberKind::Float, object, scope)?,
            Hint::Complex => number_fit(NumberKind::Complex, object, scope)?,
            Hint::Scalar(dtype) => match kind_of(dtype) {
                _ if scalar_dtype(object, scope)? == Some(dtype) => Fit::Just,
                Some(kind) => number_fit(kind, object, scope)?,
                None => Fit::Not,
            },
            Hint::Str => kind(builtin == Builtin::Str),
            Hint::Bytes => kind(builtin == Builtin::Bytes),
            Hint::Path if builtin == Builtin::Str => Fit::Converted,
            Hint::Path => kind(support::has_method(py, object, "__fspath__")),
            Hint::Literal(texts) if builtin == Builtin::Str => {
                let is_one = py.text(object).is_ok_and(|text| texts.contains(&text));
                if is_one { Fit::Just } else { Fit::Not }
            }
            Hint::Literal(_) => Fit::Not,
            // A 0-d array can be a number as well, but is an array first.
            Hint::Array(dtype) if is_array(object, dtype, scope) => Fit::Just,
            Hint::Array(_) => Fit::Not,
            Hint::List(item) | Hint::Iterable(item) if builtin == Builtin::List => {
                item.fit_all(Fit::Kind, object, scope)?
            }
            Hint::Iterable(item) | Hint::VariadicTuple(item) if builtin == Builtin::Tuple => {
                item.fit_all(Fit::Kind, object, scope)?
            }
            Hint::List(item) if builtin == Builtin::Tuple => {
                item.fit_all(Fit::Converted, object, scope)?
            }
            Hint::VariadicTuple(item) if builtin == Builtin::List => {
                item.fit_all(Fit::Converted, object, scope)?
            }
            Hint::Iterable(_) if support::has_method(py, object, "__iter__") => Fit::Converted,
            Hint::List(item) | Hint::VariadicTuple(item) | Hint::Iterable(item) => {
                item.fit_array(object, scope)
            }
            Hint::Tuple(items) if builtin == Builtin::Tuple => {
                let values = scope.taken(py.tuple_items(object))?;
                match values.len() == items.len() {
                    true => least(Fit::Kind, items.iter().zip(&values), scope)?,
                    false => Fit::Not,
                }
            }
            Hint::Tuple(_) => Fit::Not,
            Hint::Set(item) => match scope.taken(support::set_items(py, object))? {
                Some(items) => item.fit_all(Fit::Kind, &items, scope)?,
                None => Fit::Not,
            },
            Hint::Dict(key, value) if builtin == Builtin::Dict => {
                let pairs = scope.taken(py.dict_items(object))?;
                let parts = pairs.iter().flat_map(|[k, v]| [(key, k), (value, v)]);
                least(Fit::Kind, parts, scope)?
            }
            Hint::TypedDict { required, optional } if builtin == Builtin::Dict => {
                let keys = scope.taken(py.dict_items(object))?;
                let keys: Vec<&str> =
                    keys.iter().filter_map(|[key, _]| py.text(key).ok()).collect();
                let known = |key: &&str| required.contains(key) || optional.contains(key);
                match (required.iter().all(|key| keys.contains(key)), keys.iter().all(known)) {
                    (false, _) => Fit::Not,
                    (true, false) => Fit::Kind,
                    (true, true) => Fit::Just,
                }
            }
            Hint::Dict(..) | Hint::TypedDict { .. } => Fit::Not,
            Hint::Enum(name) => match scope.taken(support::member_name(py, object, name))? {
                Some(_) => Fit::Just,
                None => Fit::Not,
            },
            Hint::Instance { package, name } => class_fit(package, name, object, scope)?,
            Hint::Class { name, fields } => match class_fit("", name, object, scope)? {
                Fit::Not if support::has_attributes(scope.py(), object, fields) => Fit::Converted,
                fit => fit,
            },
            Hint::Optional(_) if py.is_none(object) => Fit::Kind,
            Hint::Optional(inner) => inner.fit(object, scope)?,
            Hint::Union(members) => {
                let fits = members.iter().map(|member| member.fit(object, scope));
                fits.collect::<Result<Vec<Fit>>>()?.into_iter().max().unwrap_or(Fit::Not)
            }
        })
    }

    /// How well a list or a tuple fits, given how well it fits without its items.
    fn fit_all(&self, own: Fit, sequence: &Ref, scope: &mut Scope<'_>) -> Result<Fit> {
        let items = scope.taken(scope.py().sequence_items(sequence))?;
        least(own, items.iter().map(|item| (self, item)), scope)
    }

    /// An array with one axis can be converted to a list of its elements.
    fn fit_array(&self, object: &Ref, scope: &Scope<'_>) -> Fit {
        let dtype = match *self {
            Hint::Bool => Dtype::Bool,
            Hint::Int => Dtype::Int64,
            Hint::Float => Dtype::Float64,
            Hint::Complex => Dtype::Complex128,
            Hint::Scalar(dtype) => dtype,
            _ => return Fit::Not,
        };
        if is_array(object, Some(dtype), scope) { Fit::Converted } else { Fit::Not }
    }
}

/// The worst fit of several parts; no part fits better than the whole.
fn least<'p>(
    own: Fit,
    parts: impl Iterator<Item = (&'p Hint<'p>, &'p Ref)>,
    scope: &mut Scope<'_>,
) -> Result<Fit> {
    let mut least = own;
    for (hint, object) in parts {
        least = least.min(hint.fit(object, scope)?);
        if least == Fit::Not {
            break;
        }
    }
    Ok(least)
}

/// How well an object fits a class by the names of its own class and of those that it inherits from.
fn class_fit(package: &str, name: &str, object: &Ref, scope: &mut Scope<'_>) -> Result<Fit> {
    let classes = scope.taken(support::class_names(scope.py(), object))?;
    let fits = classes.iter().enumerate().map(|(place, class)| {
        let (module, own_name) = class.rsplit_once('.').unwrap_or_default();
        // What `io` has is of the module `_io`.
        let found = module.split('.').next().unwrap_or_default().trim_start_matches('_');
        match place {
            _ if own_name != name => Fit::Not,
            _ if !package.is_empty() && package != found => Fit::Converted,
            0 => Fit::Just,
            _ => Fit::Kind,
        }
    });
    Ok(fits.max().unwrap_or(Fit::Not))
}

/// A number of the kind fits, and a bool fits nothing else. An int can be converted to a float.
fn number_fit(wanted: NumberKind, object: &Ref, scope: &Scope<'_>) -> Result<Fit> {
    Ok(match number(object, scope)?.map(|number| number.kind) {
        Some(found) if found == wanted => Fit::Kind,
        Some(NumberKind::Int) if wanted == NumberKind::Float => Fit::Converted,
        _ => Fit::Not,
    })
}
