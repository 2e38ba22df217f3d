//! Types as text for messages: Python's notation, with imports and aliases resolved.

use std::fmt;

use super::{Array, Dim, Dtypes, Literal, MappingKind, SequenceKind, SetKind, Shape, Type};

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::None => f.write_str("None"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Float => f.write_str("float"),
            Type::Complex => f.write_str("complex"),
            Type::Str => f.write_str("str"),
            Type::Bytes => f.write_str("bytes"),
            Type::Any => f.write_str("Any"),
            Type::Sequence { kind, item } => {
                let name = match kind {
                    SequenceKind::List => "list",
                    SequenceKind::Sequence => "Sequence",
                    SequenceKind::MutableSequence => "MutableSequence",
                    SequenceKind::Collection => "Collection",
                    SequenceKind::Iterable => "Iterable",
                };
                write!(f, "{name}[{item}]")
            }
            Type::Tuple(items) if items.is_empty() => f.write_str("tuple[()]"),
            Type::Tuple(items) => generic(f, "tuple", items),
            Type::VariadicTuple(item) => write!(f, "tuple[{item}, ...]"),
            Type::Mapping { kind, key, value } => {
                let name = match kind {
                    MappingKind::Dict => "dict",
                    MappingKind::Mapping => "Mapping",
                    MappingKind::MutableMapping => "MutableMapping",
                };
                write!(f, "{name}[{key}, {value}]")
            }
            Type::Set { kind, item } => {
                let name = match kind {
                    SetKind::Set => "set",
                    SetKind::FrozenSet => "frozenset",
                    SetKind::AbstractSet => "AbstractSet",
                    SetKind::MutableSet => "MutableSet",
                };
                write!(f, "{name}[{item}]")
            }
            Type::Optional(inner) => write!(f, "{inner} | None"),
            Type::Union(members) => list(f, members, " | "),
            Type::Literal(literals) => {
                f.write_str("Literal[")?;
                list(f, literals, ", ")?;
                f.write_str("]")
            }
            Type::Array(array) => array.fmt(f),
            Type::Scalar(dtypes) => dtypes.fmt(f),
            Type::Class { name, arguments } | Type::Unknown { name, arguments } => {
                generic(f, name, arguments)
            }
            Type::TypeVariable { name, .. } | Type::Recursive { alias: name } => f.write_str(name),
            Type::Invalid { .. } => f.write_str("<invalid>"),
        }
    }
}

fn generic(f: &mut fmt::Formatter<'_>, name: &str, arguments: &[Type]) -> fmt::Result {
    f.write_str(name)?;
    if arguments.is_empty() {
        return Ok(());
    }
    f.write_str("[")?;
    list(f, arguments, ", ")?;
    f.write_str("]")
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::None => f.write_str("None"),
            Literal::Bool(true) => f.write_str("True"),
            Literal::Bool(false) => f.write_str("False"),
            Literal::Int(value) => value.fmt(f),
            Literal::Float(value) => write!(f, "{value:?}"),
            Literal::Str(value) => write!(f, "{value:?}"),
            Literal::Bytes(value) => write!(f, "b\"{}\"", value.escape_ascii()),
            Literal::Member { class, member } => write!(f, "{class}.{member}"),
        }
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.container.as_str() {
            "numpy.ndarray" => "NDArray",
            "numpy.typing.ArrayLike" => "ArrayLike",
            other => other,
        };
        f.write_str(name)?;
        match (&self.dtypes, &self.shape) {
            (Dtypes::Any, None) => Ok(()),
            (dtypes, None) => write!(f, "[{dtypes}]"),
            (dtypes, Some(shape)) => write!(f, "[{dtypes}, \"{shape}\"]"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.dims, " ")
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Any => f.write_str("_"),
            Dim::Fixed(extent) => extent.fmt(f),
            Dim::Named(name) => f.write_str(name),
            Dim::Ellipsis => f.write_str("..."),
            Dim::Variadic(name) => write!(f, "*{name}"),
            Dim::Expression(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Dtypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dtypes::Any => f.write_str("np.generic"),
            Dtypes::One(dtype) => write!(f, "np.{}", dtype.numpy_name()),
            Dtypes::Kind(kind) => write!(f, "np.{}", kind.numpy_name()),
            Dtypes::Union(members) => list(f, members, " | "),
        }
    }
}
