//! Classes, especially value classes: dataclasses, named tuples, typed dicts and enums.

use super::{Decorator, Expression, Function, Hint, Span, Type};

/// A class of the file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Class {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub name_span: Span,
    /// The whole definition, without decorators.
    pub span: Span,
    /// The docstring, cleaned of its indentation.
    pub docstring: Option<String>,
    /// Its kind.
    pub kind: ClassKind,
    /// The definition is inside an `if`, a `try` or a loop, so it may never run.
    pub is_conditional: bool,
    /// The names in the brackets of `class C[T]`, or of its `Generic[T]` base.
    pub type_parameters: Vec<String>,
    /// The bases in the same file, by name.
    pub bases: Vec<String>,
    /// It is a `typing.Protocol`: any object with these methods is one.
    pub is_protocol: bool,
    /// The methods that a subclass must define, `@abstractmethod`: there are no instances until then.
    pub abstract_methods: Vec<String>,
    /// It has a `__new__`, its own or that of a base in the same file.
    pub has_new: bool,
    /// It has a `__post_init__` (in attrs `__attrs_post_init__`), its own or that of a base in the same file:
    /// fields may have other values than those that the constructor took.
    pub has_post_init: bool,
    /// It has a metaclass other than `ABCMeta`, which decides what a call of the class does.
    pub has_metaclass: bool,
    /// The bases from other modules, with imports resolved: what they add to the class is not known.
    /// Without `object`, `Generic`, `Protocol`, `ABC` and the base that defines the kind.
    pub unknown_bases: Vec<String>,
    /// The fields of a dataclass, named tuple or typed dict: those of bases in the same file
    /// first, in the order of the constructor's parameters (keyword-only ones stay in place).
    pub fields: Vec<Field>,
    /// The names with hints in the body of a plain class, which its instances have. What `ClassVar` and `Final` are
    /// in has the kind [`FieldKind::Constant`].
    pub attributes: Vec<Field>,
    /// The members of an enum.
    pub members: Vec<Member>,
    /// The methods, nested functions of the class body.
    pub methods: Vec<Function>,
    /// The decorators, outermost first, including `dataclass` itself.
    pub decorators: Vec<Decorator>,
}

impl Class {
    /// Makes a class of which nothing but its methods is known.
    pub fn with_methods(name: &str, methods: Vec<Function>) -> Class {
        Class {
            name: name.to_owned(),
            name_span: Span::default(),
            span: Span::default(),
            docstring: None,
            kind: ClassKind::Plain,
            is_conditional: false,
            type_parameters: Vec::new(),
            bases: Vec::new(),
            is_protocol: false,
            abstract_methods: Vec::new(),
            has_new: false,
            has_post_init: false,
            has_metaclass: false,
            unknown_bases: Vec::new(),
            fields: Vec::new(),
            attributes: Vec::new(),
            members: Vec::new(),
            methods,
            decorators: Vec::new(),
        }
    }

    /// Returns the method of this name, of the class itself.
    pub fn method(&self, name: &str) -> Option<&Function> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// Returns the field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The kind of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClassKind {
    /// `@dataclass`.
    Dataclass {
        /// `frozen=True`.
        frozen: bool,
        /// The constructor is not generated: `init=False`, or the class defines `__init__`.
        custom_init: bool,
    },
    /// `NamedTuple` or `collections.namedtuple`.
    NamedTuple,
    /// `TypedDict`.
    TypedDict,
    /// A class of attrs: `@attrs.define`, `@attr.s`, …
    Attrs {
        /// `@frozen`, or `frozen=True`.
        frozen: bool,
        /// The constructor is not generated: `init=False`, or the class defines `__init__`.
        custom_init: bool,
    },
    /// A model of pydantic: a subclass of `BaseModel`.
    Model {
        /// The constructor does not take the fields by their names or aliases.
        custom_init: bool,
    },
    /// `Enum` and its variants.
    Enum(EnumKind),
    /// Any other class.
    Plain,
}

/// The base type of an enum's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnumKind {
    /// `Enum`: none.
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
    /// The name; in a functional typed dict it need not be an identifier.
    pub name: String,
    /// The constructor's name for it, if that is another: attrs removes underscores, pydantic has aliases.
    pub alias: Option<String>,
    /// The place of the name.
    pub span: Span,
    /// The hint without `Required`, `InitVar` and other qualifiers. Only fields of
    /// `collections.namedtuple` have none.
    pub hint: Option<Hint>,
    /// The default: a value, or the `default_factory` as written.
    pub default: Option<Expression>,
    /// Its kind.
    pub kind: FieldKind,
    /// Whether the constructor takes it; false for `field(init=False)`.
    pub in_init: bool,
    /// Whether the constructor takes it as a keyword argument only.
    pub keyword_only: bool,
    /// Whether a typed dict must have the key; always true elsewhere.
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
    /// An attribute that can be read, and not set.
    Constant,
}

/// A member of an enum.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Member {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// The value.
    pub value: MemberValue,
    /// The earlier member with the same value, if this is an alias of it.
    pub alias_of: Option<String>,
    /// The string literal that follows the member.
    pub docstring: Option<String>,
}

/// The value of an enum's member.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MemberValue {
    /// An integer; `auto()` is evaluated.
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
