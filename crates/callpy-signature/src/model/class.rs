//! Classes, above all those that are values: dataclasses, named tuples, typed dicts and enums.

use super::{Decorator, Expression, Function, Hint, Span, Type};

/// A class of the file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Class {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The whole definition, decorators not included.
    pub span: Span,
    /// The docstring, cleaned of its indentation.
    pub docstring: Option<String>,
    /// Which sort of value it is.
    pub kind: ClassKind,
    /// Defined under an `if`, a `try` or a loop, and so perhaps not defined at all.
    pub is_conditional: bool,
    /// The names in the brackets of `class C[T]`, or of its `Generic[T]` base.
    pub type_parameters: Vec<String>,
    /// The bases that are declared elsewhere, resolved: what they add to the class is not known.
    /// `object`, `Generic`, `Protocol`, `ABC` and the base that makes the kind are not among them.
    pub unknown_bases: Vec<String>,
    /// The fields of a dataclass, named tuple or typed dict: those of bases in the same file
    /// first, in the order in which the constructor takes them (keyword-only ones stay in place).
    pub fields: Vec<Field>,
    /// The members of an enum.
    pub members: Vec<Member>,
    /// The methods, nested functions of the class body.
    pub methods: Vec<Function>,
    /// The decorators, outermost first; `dataclass` itself is among them.
    pub decorators: Vec<Decorator>,
}

impl Class {
    /// Returns the field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Which sort of value a class makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClassKind {
    /// `@dataclass`.
    Dataclass {
        /// `frozen=True`.
        frozen: bool,
        /// The constructor is not the generated one: `init=False`, or the class writes `__init__`.
        custom_init: bool,
    },
    /// `NamedTuple` or `collections.namedtuple`.
    NamedTuple,
    /// `TypedDict`.
    TypedDict,
    /// `Enum` and its kin.
    Enum(EnumKind),
    /// Any other class.
    Plain,
}

/// What the members of an enum are besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnumKind {
    /// `Enum`: members are only members.
    Plain,
    /// `IntEnum`, or `(int, Enum)`.
    Int,
    /// `StrEnum`, or `(str, Enum)`.
    Str,
    /// `Flag`.
    Flag,
    /// `IntFlag`.
    IntFlag,
}

/// A field of a dataclass, named tuple or typed dict.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// The name; the key of a functional typed dict may be no identifier.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The hint with `Required`, `InitVar` and the like taken off; only
    /// `collections.namedtuple` has fields without one.
    pub hint: Option<Hint>,
    /// The default: a value, or the `default_factory` as written.
    pub default: Option<Expression>,
    /// What sort of field it is.
    pub kind: FieldKind,
    /// The constructor takes it (`field(init=False)`).
    pub in_init: bool,
    /// The constructor takes it by name only.
    pub keyword_only: bool,
    /// The key of a typed dict must be there; always true elsewhere.
    pub required: bool,
    /// The string literal that follows the field.
    pub docstring: Option<String>,
}

/// Whether an instance has the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// It is an attribute of the instance.
    Stored,
    /// `InitVar`: the constructor takes it, the instance does not have it.
    InitOnly,
}

/// A member of an enum.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Member {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The value.
    pub value: MemberValue,
    /// The earlier member with the same value, of which this is another name.
    pub alias_of: Option<String>,
    /// The string literal that follows the member.
    pub docstring: Option<String>,
}

/// The value of an enum's member.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MemberValue {
    /// An integer; `auto()` is counted out.
    Int(i128),
    /// A string; `auto()` of a `StrEnum` is the lower-case name.
    Str(String),
    /// Something else, as written.
    Other(String),
}

impl Class {
    /// Returns the hints of all fields.
    pub fn field_types(&self) -> impl Iterator<Item = &Type> {
        self.fields.iter().filter_map(|field| field.hint.as_ref()).map(|hint| &hint.ty)
    }
}
