//! NumPy's arrays and scalars, and the shapes that `Annotated` and jaxtyping write down.

use super::{Hints, Scope, union};
use crate::model::{Array, Dim, Dtypes, Literal, ScalarKind, ScalarType, Shape, Type, Usage};
use crate::syntax::{Expr, ExprKind};

impl Hints<'_> {
    /// The array or NumPy scalar with this canonical name, if it is one.
    pub(super) fn array(&self, path: &str, items: &[Expr], scope: Scope<'_>) -> Option<Type> {
        match path {
            "numpy.typing.NDArray" | "numpy.ndarray" => {
                // `NDArray[dtype]`, but `ndarray[shape, dtype[scalar]]`.
                let (shape, dtype) = match (path, items) {
                    ("numpy.ndarray", [shape, rest @ ..]) => (Some(shape), rest.first()),
                    (_, items) => (None, items.first()),
                };
                let shape = shape.and_then(|shape| shape_of(&self.ty(shape, scope)));
                let scalar = dtype.map_or(Type::Any, |dtype| self.ty(dtype, scope));
                return Some(match dtypes_of(&scalar) {
                    Some(dtypes) => {
                        let container = "numpy.ndarray".to_owned();
                        Type::Array(Array { container, dtypes, shape, usage: None })
                    }
                    // A dtype from another file.
                    None if matches!(scalar, Type::Unknown { .. }) => {
                        Type::Unknown { name: path.to_owned(), arguments: vec![scalar] }
                    }
                    None => super::invalid(format!("`{scalar}` is not a NumPy scalar type")),
                });
            }
            "numpy.typing.ArrayLike" => {
                let container = path.to_owned();
                return Some(Type::Array(Array {
                    container,
                    dtypes: Dtypes::Any,
                    shape: None,
                    usage: None,
                }));
            }
            _ => {}
        }
        let (module, name) = path.rsplit_once('.')?;
        match module {
            "numpy" => scalar(name).map(Type::Scalar),
            "jaxtyping" => self.jaxtyping(name, items, scope),
            _ => None,
        }
    }

    /// `Float64[Array, "n 3"]`
    fn jaxtyping(&self, name: &str, items: &[Expr], scope: Scope<'_>) -> Option<Type> {
        let dtypes = match name {
            "Array" | "ArrayLike" => {
                let container = format!("jax.{name}");
                return Some(Type::Array(Array {
                    container,
                    dtypes: Dtypes::Any,
                    shape: None,
                    usage: None,
                }));
            }
            "Shaped" => Dtypes::Any,
            "Num" => Dtypes::Kind(ScalarKind::Number),
            "Real" => Dtypes::Kind(ScalarKind::Real),
            "Inexact" => Dtypes::Kind(ScalarKind::Inexact),
            "Float" => Dtypes::Kind(ScalarKind::Floating),
            "Complex" => Dtypes::Kind(ScalarKind::ComplexFloating),
            "Integer" => Dtypes::Kind(ScalarKind::Integer),
            "Int" => Dtypes::Kind(ScalarKind::SignedInteger),
            "UInt" => Dtypes::Kind(ScalarKind::UnsignedInteger),
            // The others are NumPy's names with capital letters: `Float64`, `UInt8`.
            _ => Dtypes::One(ScalarType::from_numpy_name(&name.to_lowercase())?),
        };
        let [container, shape] = items else { return None };
        let Some(shape) = shape.string() else {
            return Some(super::invalid("the shape is not a string literal"));
        };
        // The container need not be NumPy's: torch, TensorFlow and others are unknown classes here.
        let array = |ty| match ty {
            Type::Array(Array { container, .. }) | Type::Unknown { name: container, .. } => {
                Type::Array(Array {
                    container,
                    dtypes: dtypes.clone(),
                    shape: Some(parse_shape(shape)),
                    usage: None,
                })
            }
            // jaxtyping allows `Float[Array | np.ndarray, "n"]` and `Float[float, ""]`.
            other => other,
        };
        Some(match self.ty(container, scope) {
            Type::Union(members) => union(members.into_iter().map(array)),
            other => array(other),
        })
    }

    /// `Annotated[NDArray[np.float64], "n 3", "retained"]`; other annotations are ignored.
    pub(super) fn annotated(&self, items: &[Expr], scope: Scope<'_>) -> Type {
        let [ty, notes @ ..] = items else {
            return super::invalid("`Annotated` without a type");
        };
        let mut ty = self.ty(ty, scope);
        let (mut shape, mut usage) = (None, None);
        for note in notes {
            match &note.kind {
                ExprKind::Str(text) => match usage_of(text) {
                    Some(Ok(other)) if usage.is_some_and(|usage| usage != other) => {
                        return super::invalid("it is both \"retained\" and \"borrowed\"");
                    }
                    Some(Ok(known)) => usage = Some(known),
                    Some(Err(meant)) if has_array(&ty) => {
                        return super::invalid(format!("write \"{meant}\" instead of {text:?}"));
                    }
                    Some(Err(_)) => {}
                    None => shape = shape.or_else(|| Some(parse_shape(text))),
                },
                // `Annotated[NDArray[np.float64], Literal["N", 3]]`
                ExprKind::Subscript(..) => {
                    if let Type::Literal(literals) = self.ty(note, scope) {
                        let dims = || literals.iter().filter_map(literal_dim).collect();
                        shape = shape.or_else(|| Some(Shape { dims: dims() }));
                    }
                }
                _ => {}
            }
        }
        if let Some(usage) = usage {
            each_array(&mut ty, &mut |array| array.usage = Some(usage));
            // callpy knows one habit of a function, so the stronger one counts.
            if self.usage.get() != Some(Usage::Retained) {
                self.usage.set(Some(usage));
            }
        }
        // `Annotated[NDArray | None, "n 3"]` is about the array.
        let array = match &mut ty {
            Type::Optional(inner) => &mut **inner,
            other => other,
        };
        if let (Type::Array(array), Some(shape)) = (array, shape) {
            array.shape = Some(shape);
        }
        ty
    }
}

/// What a note says of the use of an array, if it does; of a note that means to, what it should be.
fn usage_of(note: &str) -> Option<Result<Usage, &'static str>> {
    match note.trim() {
        "retained" => return Some(Ok(Usage::Retained)),
        "borrowed" => return Some(Ok(Usage::Borrowed)),
        _ => {}
    }
    Some(Err(match &note.trim().to_ascii_lowercase()[..] {
        "retained" | "retain" | "retains" | "keep" | "keeps" | "kept" | "copied" => "retained",
        "borrowed" | "borrow" | "borrows" | "lend" | "lends" | "lent" => "borrowed",
        _ => return None,
    }))
}

fn has_array(ty: &Type) -> bool {
    matches!(ty, Type::Array(_)) || ty.children().into_iter().any(has_array)
}

/// Changes each array in a type.
fn each_array(ty: &mut Type, change: &mut impl FnMut(&mut Array)) {
    match ty {
        Type::Array(array) => change(array),
        other => other.children_mut().into_iter().for_each(|part| each_array(part, change)),
    }
}

fn literal_dim(literal: &Literal) -> Option<Dim> {
    match literal {
        Literal::Int(extent) => u64::try_from(*extent).ok().map(Dim::Fixed),
        Literal::Str(name) => Some(Dim::Named(name.clone())),
        _ => None,
    }
}

/// The dtypes that a type argument names: `np.float64`, `np.dtype[np.float64]`, a type variable
/// over such, a union of them, or `Any`.
fn dtypes_of(ty: &Type) -> Option<Dtypes> {
    match ty {
        Type::Any => Some(Dtypes::Any),
        Type::Scalar(dtypes) => Some(dtypes.clone()),
        // NumPy's dtypes for Python's own scalars.
        Type::Bool => Some(Dtypes::One(ScalarType::Bool)),
        // Since NumPy 2 on every platform, and before it wherever C's `long` has 64 bits.
        Type::Int => Some(Dtypes::One(ScalarType::Intp)),
        Type::Float => Some(Dtypes::One(ScalarType::Float64)),
        Type::Complex => Some(Dtypes::One(ScalarType::Complex128)),
        Type::Unknown { name, arguments } if name == "numpy.dtype" => {
            arguments.first().map_or(Some(Dtypes::Any), dtypes_of)
        }
        Type::TypeVariable { bound: Some(bound), .. } => dtypes_of(bound),
        Type::TypeVariable { constraints, .. } if constraints.is_empty() => Some(Dtypes::Any),
        Type::Union(members) | Type::TypeVariable { constraints: members, .. } => {
            let mut all = Vec::new();
            for member in members {
                let more = match dtypes_of(member)? {
                    Dtypes::Any => return Some(Dtypes::Any),
                    Dtypes::Union(inner) => inner,
                    other => vec![other],
                };
                for dtypes in more {
                    if !all.contains(&dtypes) {
                        all.push(dtypes);
                    }
                }
            }
            Some(if all.len() == 1 { all.remove(0) } else { Dtypes::Union(all) })
        }
        _ => None,
    }
}

/// The shape in the first argument of `np.ndarray`.
fn shape_of(ty: &Type) -> Option<Shape> {
    let dim = |item: &Type| match item {
        Type::Literal(literals) => match &literals[..] {
            [only] => literal_dim(only).unwrap_or(Dim::Any),
            _ => Dim::Any,
        },
        Type::TypeVariable { name, .. } => Dim::Named(name.clone()),
        _ => Dim::Any,
    };
    match ty {
        Type::Tuple(items) => Some(Shape { dims: items.iter().map(dim).collect() }),
        Type::VariadicTuple(_) => Some(Shape { dims: vec![Dim::Ellipsis] }),
        Type::TypeVariable { bound: Some(bound), .. } => shape_of(bound),
        _ => None,
    }
}

/// A shape string in jaxtyping's notation: `"batch n 3"`, `"... n"`, `"*batch _"`, `""`.
fn parse_shape(text: &str) -> Shape {
    // Commas too, as in `"n, 3"` and `"(n, 3)"`.
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let is_name = |word: &str| {
        word.chars().all(|c| c == '_' || c.is_alphanumeric())
            && !word.starts_with(|c: char| c.is_numeric())
    };
    let dim = |word: &str| {
        // `channels=` and `?` only add information.
        let plain = word.trim_start_matches('?');
        let plain = plain.rsplit('=').next().unwrap_or(plain);
        match plain {
            "..." => Dim::Ellipsis,
            "_" => Dim::Any,
            // In jaxtyping, an axis whose name begins with `_` is not compared with others of the name.
            _ if is_name(plain) && plain.starts_with('_') => Dim::Any,
            _ if is_name(plain) => Dim::Named(plain.to_owned()),
            _ => match (plain.parse(), plain.strip_prefix('*')) {
                (Ok(extent), _) => Dim::Fixed(extent),
                (_, Some("_")) => Dim::Ellipsis,
                (_, Some(name)) if is_name(name) => Dim::Variadic(name.to_owned()),
                _ => Dim::Expression(word.to_owned()),
            },
        }
    };
    Shape { dims: words.map(dim).collect() }
}

/// The dtypes of a scalar class of NumPy.
fn scalar(name: &str) -> Option<Dtypes> {
    if name == "generic" {
        return Some(Dtypes::Any);
    }
    let kind = ScalarKind::from_numpy_name(name).map(Dtypes::Kind);
    kind.or_else(|| ScalarType::from_numpy_name(name).map(Dtypes::One))
}
