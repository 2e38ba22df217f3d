//! The types of hints: Python's own types, NumPy's arrays and dtypes, and the classes of the file.

use super::scalar::Dtypes;

/// The type of a hint.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Type {
    /// `None`.
    None,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `complex`.
    Complex,
    /// `str`, `Text` and `LiteralString`.
    Str,
    /// `bytes`.
    Bytes,
    /// `Any` and `object`.
    Any,
    /// `list[T]`, `Sequence[T]`, …; a bare `list` has items of [`Type::Any`].
    Sequence {
        /// The kind.
        kind: SequenceKind,
        /// The items.
        item: Box<Type>,
    },
    /// `tuple[A, B]`; empty for `tuple[()]`.
    Tuple(Vec<Type>),
    /// `tuple[T, ...]`, and a bare `tuple`.
    VariadicTuple(Box<Type>),
    /// `dict[K, V]`, `Mapping[K, V]`, …
    Mapping {
        /// The kind.
        kind: MappingKind,
        /// The keys.
        key: Box<Type>,
        /// The values.
        value: Box<Type>,
    },
    /// `set[T]`, `frozenset[T]`, …
    Set {
        /// The kind.
        kind: SetKind,
        /// The items.
        item: Box<Type>,
    },
    /// `Optional[T]`, `T | None`, or a union with `None` in any place.
    Optional(Box<Type>),
    /// `Union[A, B]` or `A | B` without `None`: two or more different members, in order.
    Union(Vec<Type>),
    /// `Literal[1, "a"]`, nested ones flattened. A `None` among others makes it
    /// [`Type::Optional`].
    Literal(Vec<Literal>),
    /// A NumPy array, or an array of another library in jaxtyping's notation.
    Array(Array),
    /// A NumPy scalar such as `np.float64`.
    Scalar(Dtypes),
    /// A class of the same file: see [`Module::class`](crate::Module::class).
    Class {
        /// Its name.
        name: String,
        /// The arguments of a generic class.
        arguments: Vec<Type>,
    },
    /// Any other class, such as `pathlib.Path` or `collections.abc.Callable`.
    Unknown {
        /// The dotted name with imports resolved. Names that `typing` only re-exports are those of
        /// their origin: `typing.Callable` is `collections.abc.Callable`.
        name: String,
        /// The arguments; a `Callable`'s list of parameters is a [`Type::Tuple`].
        arguments: Vec<Type>,
    },
    /// A type variable.
    TypeVariable {
        /// Its name.
        name: String,
        /// Its bound.
        bound: Option<Box<Type>>,
        /// Its constraints.
        constraints: Vec<Type>,
    },
    /// An alias of the file inside its own value: the inner `Json` of
    /// `Json = int | list["Json"]`.
    Recursive {
        /// Its name.
        alias: String,
    },
    /// Not a type: for instance a call, or a string that is not a Python expression.
    Invalid {
        /// Why, as one line.
        reason: String,
    },
}

impl Type {
    /// Returns the direct parts of the type, such as the items of a list.
    pub fn children(&self) -> Vec<&Type> {
        match self {
            Type::Sequence { item, .. } | Type::Set { item, .. } => vec![item],
            Type::VariadicTuple(inner) | Type::Optional(inner) => vec![inner],
            Type::Mapping { key, value, .. } => vec![key, value],
            Type::Tuple(items) | Type::Union(items) => items.iter().collect(),
            Type::Class { arguments, .. } | Type::Unknown { arguments, .. } => {
                arguments.iter().collect()
            }
            Type::TypeVariable { bound, constraints, .. } => {
                bound.as_deref().into_iter().chain(constraints).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Replaces the type, or parts of it, by what the function returns for them.
    pub fn replace(&mut self, with: &mut dyn FnMut(&Type) -> Option<Type>) {
        match with(self) {
            Some(other) => *self = other,
            None => self.children_mut().into_iter().for_each(|part| part.replace(with)),
        }
    }

    /// As [`children`](Self::children).
    pub(crate) fn children_mut(&mut self) -> Vec<&mut Type> {
        match self {
            Type::Sequence { item, .. } | Type::Set { item, .. } => vec![item],
            Type::VariadicTuple(inner) | Type::Optional(inner) => vec![inner],
            Type::Mapping { key, value, .. } => vec![key, value],
            Type::Tuple(items) | Type::Union(items) => items.iter_mut().collect(),
            Type::Class { arguments, .. } | Type::Unknown { arguments, .. } => {
                arguments.iter_mut().collect()
            }
            Type::TypeVariable { bound, constraints, .. } => {
                bound.as_deref_mut().into_iter().chain(constraints).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The kind of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SequenceKind {
    /// `list`.
    List,
    /// `collections.abc.Sequence`.
    Sequence,
    /// `collections.abc.MutableSequence`.
    MutableSequence,
    /// `collections.abc.Collection`.
    Collection,
    /// `collections.abc.Iterable`.
    Iterable,
}

/// The kind of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MappingKind {
    /// `dict`.
    Dict,
    /// `collections.abc.Mapping`.
    Mapping,
    /// `collections.abc.MutableMapping`.
    MutableMapping,
}

/// The kind of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetKind {
    /// `set`.
    Set,
    /// `frozenset`.
    FrozenSet,
    /// `collections.abc.Set`, which `typing` calls `AbstractSet`.
    AbstractSet,
    /// `collections.abc.MutableSet`.
    MutableSet,
}

/// A literal value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits.
    Int(i128),
    /// A float, which can be a default but not in `Literal[…]`.
    Float(f64),
    /// A string.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An enum's member, such as `Color.RED`.
    Member {
        /// The enum as written, imports resolved.
        class: String,
        /// The member's name.
        member: String,
    },
}

/// An array's hint.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Array {
    /// The class: `numpy.ndarray`, for jaxtyping also `jax.Array`, `torch.Tensor`, …, and
    /// `numpy.typing.ArrayLike` for values that NumPy converts to arrays.
    pub container: String,
    /// The dtypes allowed.
    pub dtypes: Dtypes,
    /// The shape, if the hint says anything about it.
    pub shape: Option<Shape>,
    /// What becomes of an argument, if the hint says so.
    pub usage: Option<Usage>,
}

/// What a function does with an array that it is passed, as a note in `Annotated` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// `"retained"`: it may still hold the array when it has returned.
    Retained,
    /// `"borrowed"`: it never does.
    Borrowed,
}

/// The shape of an array, axis by axis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shape {
    /// The axes; at most one is [`Dim::Ellipsis`] or [`Dim::Variadic`].
    pub dims: Vec<Dim>,
}

impl Shape {
    /// Returns the number of axes, if it is fixed.
    pub fn rank(&self) -> Option<usize> {
        let fixed = !self.dims.iter().any(|dim| matches!(dim, Dim::Ellipsis | Dim::Variadic(_)));
        fixed.then_some(self.dims.len())
    }
}

/// The extent of one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dim {
    /// Anything: `_`, or the `int` in `tuple[int, int]`.
    Any,
    /// A number.
    Fixed(u64),
    /// A name: the same length wherever it occurs in one call.
    Named(String),
    /// Any number of axes: `...`.
    Ellipsis,
    /// Any number of axes with a name: `*batch`.
    Variadic(String),
    /// Any other part of a shape string, as written: `n+1`, `#n`.
    Expression(String),
}
