//! Decides once, for all languages, which type a hint becomes. `rust/types.rs` and `go/types.rs` write it.

use std::collections::HashSet;
use std::path::Path;

use callpy_dtypes::NumberKind;
use callpy_signature::{
    Array, Class, ClassKind, Dtypes, EnumKind, FieldKind, Function, Hint, Literal, Module,
    Parameter, ScalarKind, ScalarType, SequenceKind, Shape, Type,
};

use crate::dtype::Meaning;
use crate::names::camel;
use crate::neighbours::Neighbours;

/// The type of a hint, independent of the language.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Lowered {
    Unit,
    Bool,
    Int,
    Float,
    Complex,
    Str,
    Bytes,
    Path,
    /// `any`: the hint is `Any`, or there is none.
    Object {
        any: bool,
    },
    /// `iterable`: a result may be readable only once, like a generator.
    List {
        item: Box<Lowered>,
        iterable: bool,
    },
    Tuple(Vec<Lowered>),
    VariadicTuple(Box<Lowered>),
    Dict(Box<Lowered>, Box<Lowered>),
    Set(Box<Lowered>),
    Optional(Box<Lowered>),
    /// The number of a union in `Lowering::unions`.
    Union(usize),
    /// The number of a set of strings in `Lowering::texts`.
    Text(usize),
    /// `element` is none for a dtype that the caller chooses.
    Array {
        element: Option<ScalarType>,
        shape: Option<Shape>,
    },
    /// A NumPy scalar.
    Scalar(ScalarType),
    Struct(String),
    /// An enum of the file.
    Enum(String),
}

impl Lowered {
    /// Returns whether its values are small, and passed as they are in every language.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(
            self,
            Lowered::Unit
                | Lowered::Bool
                | Lowered::Int
                | Lowered::Float
                | Lowered::Complex
                | Lowered::Text(_)
                | Lowered::Enum(_)
        )
    }
}

/// An enum for a union.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Union {
    pub(crate) name: String,
    /// The union as Python writes it.
    pub(crate) source: String,
    pub(crate) variants: Vec<(String, Lowered)>,
}

/// An enum for a `Literal` of strings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Texts {
    pub(crate) name: String,
    /// Variant and text.
    pub(crate) texts: Vec<(String, String)>,
}

/// The place of a hint.
struct Place<'p> {
    /// The name of an enum for it, if the file has no alias.
    name: String,
    /// A description: "the parameter `x` of `f`".
    words: &'p str,
}

/// All hints of a file.
pub(crate) struct Lowering<'m> {
    pub(crate) module: &'m Module,
    pub(crate) unions: Vec<Union>,
    pub(crate) texts: Vec<Texts>,
    /// The names of types in use.
    pub(crate) taken: HashSet<String>,
    /// The names of Python's functions.
    pub(crate) functions: HashSet<&'m str>,
    /// The classes that hints refer to.
    pub(crate) used: Vec<String>,
    /// The parts of the current function that are plain objects, and why.
    pub(crate) untyped: Vec<String>,
    pub(crate) neighbours: Neighbours,
}

impl<'m> Lowering<'m> {
    pub(crate) fn new(module: &'m Module, file: Option<&Path>) -> Self {
        let taken = module.classes.iter().map(|class| class.name.clone()).collect();
        Lowering {
            module,
            unions: Vec::new(),
            texts: Vec::new(),
            taken,
            functions: module.functions.iter().map(|function| &function.name[..]).collect(),
            used: Vec::new(),
            untyped: Vec::new(),
            neighbours: Neighbours::new(file),
        }
    }

    /// Reserves a name for a generated type, with a `_` if the file uses it already.
    pub(crate) fn take_name(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }

    fn object(&mut self, place: &Place<'_>, why: impl std::fmt::Display) -> Lowered {
        self.untyped.push(format!("{}: {why}", place.words));
        Lowered::Object { any: false }
    }

    /// Returns the type of a parameter.
    pub(crate) fn parameter(&mut self, function: &Function, parameter: &Parameter) -> Lowered {
        let words = format!("the parameter `{}` of `{}`", parameter.name, function.name);
        let name = format!("{}{}", camel(&function.name), camel(&parameter.name));
        self.hint(parameter.hint.as_ref(), Place { name, words: &words })
    }

    /// Returns the type of a function's result.
    pub(crate) fn result(&mut self, function: &Function) -> Lowered {
        let words = format!("the result of `{}`", function.name);
        let name = format!("{}Result", camel(&function.name));
        self.hint(function.returns.as_ref(), Place { name, words: &words })
    }

    fn hint(&mut self, hint: Option<&Hint>, place: Place<'_>) -> Lowered {
        match hint {
            Some(hint) => self.lower(&hint.ty, &place),
            None => {
                self.untyped.push(format!("{}: it has no hint", place.words));
                Lowered::Object { any: true }
            }
        }
    }

    fn lower(&mut self, ty: &Type, place: &Place<'_>) -> Lowered {
        let boxed = |this: &mut Self, ty: &Type| Box::new(this.lower(ty, place));
        match ty {
            Type::None => Lowered::Unit,
            Type::Bool => Lowered::Bool,
            Type::Int => Lowered::Int,
            Type::Float => Lowered::Float,
            Type::Complex => Lowered::Complex,
            Type::Str => Lowered::Str,
            Type::Bytes => Lowered::Bytes,
            Type::Any => Lowered::Object { any: true },
            // Every kind of sequence is a list in Python, but an iterable may be readable only once.
            Type::Sequence { kind, item } => Lowered::List {
                item: boxed(self, item),
                iterable: matches!(kind, SequenceKind::Iterable | SequenceKind::Collection),
            },
            // Rust implements traits for tuples of up to twelve items, and callpy not for the empty one.
            Type::Tuple(items) if items.is_empty() || items.len() > 12 => {
                self.object(place, format_args!("a tuple of {} items", items.len()))
            }
            Type::Tuple(items) => {
                Lowered::Tuple(items.iter().map(|item| self.lower(item, place)).collect())
            }
            Type::VariadicTuple(item) => Lowered::VariadicTuple(boxed(self, item)),
            Type::Mapping { key, value, .. } => {
                let (key, value) = (self.lower(key, place), self.lower(value, place));
                match self.is_key(&key) {
                    true => Lowered::Dict(Box::new(key), Box::new(value)),
                    // `dict[Any, T]` says nothing about its keys, so it is not reported as untyped.
                    false if matches!(key, Lowered::Object { any: true }) => {
                        Lowered::Object { any: true }
                    }
                    false => self.object(place, "a dict whose keys can't be hashed in Rust"),
                }
            }
            Type::Set { item, .. } => {
                let item = self.lower(item, place);
                match self.is_key(&item) {
                    true => Lowered::Set(Box::new(item)),
                    false if matches!(item, Lowered::Object { any: true }) => {
                        Lowered::Object { any: true }
                    }
                    false => self.object(place, "a set whose items can't be hashed in Rust"),
                }
            }
            // An object may be None already.
            Type::Optional(inner) => match self.lower(inner, place) {
                object @ Lowered::Object { any: true } => object,
                inner => Lowered::Optional(Box::new(inner)),
            },
            Type::Union(members) => self.union(ty, members, place),
            Type::Literal(literals) => self.literal(ty, literals, place),
            Type::Array(array) => self.array(array, place),
            Type::Scalar(dtypes) => self.scalar(dtypes, place),
            Type::Class { name, .. } => self.class(name, place),
            // Classes of the standard library that stand for a type with a counterpart.
            Type::Unknown { name, arguments } => match &name[..] {
                "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "os.PathLike" => {
                    Lowered::Path
                }
                "collections.abc.Hashable" | "typing.Hashable" => Lowered::Object { any: true },
                "typing.NoReturn" | "typing.Never" => Lowered::Unit,
                "numbers.Real" | "typing.SupportsFloat" => Lowered::Float,
                "numbers.Integral" | "typing.SupportsInt" | "typing.SupportsIndex" => Lowered::Int,
                name => match self.neighbours.find(name, arguments) {
                    Some(found) => self.lower(&found, place),
                    None => self.object(place, format_args!("{name} is not declared in this file")),
                },
            },
            Type::TypeVariable { bound: Some(bound), .. } => self.lower(bound, place),
            Type::TypeVariable { constraints, .. } if !constraints.is_empty() => {
                self.union(&Type::Union(constraints.clone()), constraints, place)
            }
            // A variable without bound or constraints accepts anything.
            Type::TypeVariable { .. } => Lowered::Object { any: true },
            // Functions with invalid hints have been left out.
            _ => self.object(place, "no type"),
        }
    }

    fn union(&mut self, ty: &Type, members: &[Type], place: &Place<'_>) -> Lowered {
        let mut variants: Vec<(String, Lowered)> = Vec::new();
        let (mut object, mut optional) = (false, false);
        // A stack, since members may turn out to be unions, whose members belong in their place.
        let mut left: Vec<Lowered> =
            members.iter().rev().map(|member| self.lower(member, place)).collect();
        while let Some(lowered) = left.pop() {
            match lowered {
                // A neighbour's alias may itself be a union.
                Lowered::Optional(inner) => {
                    optional = true;
                    left.push(*inner);
                }
                Lowered::Union(number) => {
                    let variants = self.unions[number].variants.iter().rev();
                    left.extend(variants.map(|(_, lowered)| lowered.clone()));
                }
                // With `Any` in it, the union accepts anything.
                Lowered::Object { any: true } => return Lowered::Object { any: true },
                // Several classes without a counterpart share one variant, added last: it matches any
                // value, so the other variants are tried before it.
                Lowered::Object { any: false } => object = true,
                // A NumPy scalar converts like any other number of its kind.
                lowered if variants.iter().any(|(_, other)| *other == lowered) => {}
                Lowered::Unit => {}
                lowered => {
                    let name = variant(self, &lowered);
                    variants.push((name, lowered));
                }
            }
        }
        number_names(&mut variants);
        if object {
            let name = unused("Object", &variants);
            variants.push((name, Lowered::Object { any: false }));
        }
        let wrap = |lowered| match optional {
            true => Lowered::Optional(Box::new(lowered)),
            false => lowered,
        };
        if let [(_, only)] = &variants[..] {
            return wrap(only.clone());
        }
        // The same union in two places is one enum, so that values can be passed from one to the other.
        let source = ty.to_string();
        if let Some(known) = self.unions.iter().position(|known| known.variants == variants) {
            return wrap(Lowered::Union(known));
        }
        let name = self.alias(ty).unwrap_or_else(|| place.name.clone());
        let name = self.take_name(&name);
        self.unions.push(Union { name, source, variants });
        wrap(Lowered::Union(self.unions.len() - 1))
    }

    fn literal(&mut self, ty: &Type, literals: &[Literal], place: &Place<'_>) -> Lowered {
        // Python does not check literals, so numbers stay numbers. Only strings become an enum, whose
        // variants have names.
        let all = |is: fn(&Literal) -> bool| literals.iter().all(is);
        if all(|literal| matches!(literal, Literal::Int(_))) {
            return Lowered::Int;
        }
        if all(|literal| matches!(literal, Literal::Bool(_))) {
            return Lowered::Bool;
        }
        if let Some(Literal::Member { class, .. }) = literals.first()
            && literals
                .iter()
                .all(|other| matches!(other, Literal::Member { class: same, .. } if same == class))
            && self.module.class(class).is_some()
        {
            return self.class(class, place);
        }
        if !all(|literal| matches!(literal, Literal::Str(_))) {
            return self.object(place, "a Literal of several types");
        }
        let mut texts: Vec<(String, String)> = Vec::new();
        for literal in literals {
            let Literal::Str(text) = literal else { continue };
            let mut variant = camel(text);
            if variant.starts_with(|c: char| c.is_numeric()) {
                variant.insert(0, '_');
            }
            if variant.is_empty() || texts.iter().any(|(other, _)| *other == variant) {
                // These strings can't be turned into names.
                return Lowered::Str;
            }
            texts.push((variant, text.clone()));
        }
        if let Some(known) = self.texts.iter().position(|known| known.texts == texts) {
            return Lowered::Text(known);
        }
        let name = self.alias(ty).unwrap_or_else(|| place.name.clone());
        let name = self.take_name(&name);
        self.texts.push(Texts { name, texts });
        Lowered::Text(self.texts.len() - 1)
    }

    /// Returns the file's own name for a type.
    fn alias(&self, ty: &Type) -> Option<String> {
        let same = self.module.aliases.iter().find(|alias| alias.hint.ty == *ty)?;
        Some(same.name.trim_start_matches('_').to_owned()).filter(|name| !name.is_empty())
    }

    fn array(&mut self, array: &Array, place: &Place<'_>) -> Lowered {
        if !matches!(&array.container[..], "numpy.ndarray" | "numpy.typing.ArrayLike") {
            return self.object(place, format_args!("{} is not a NumPy array", array.container));
        }
        let element = match &array.dtypes {
            Dtypes::One(dtype) => match Meaning::of(*dtype) {
                Meaning::Number(_) => Some(*dtype),
                // The caller chooses: a hint can't say which unit or length it means.
                Meaning::Open => None,
                Meaning::Foreign => return self.foreign(*dtype, place),
            },
            _ => None,
        };
        Lowered::Array { element, shape: array.shape.clone() }
    }

    fn foreign(&mut self, dtype: ScalarType, place: &Place<'_>) -> Lowered {
        self.object(place, format_args!("np.{} has no type in Rust and Go", dtype.numpy_name()))
    }

    fn scalar(&mut self, dtypes: &Dtypes, place: &Place<'_>) -> Lowered {
        match dtypes {
            Dtypes::One(ScalarType::Str) => Lowered::Str,
            Dtypes::One(ScalarType::Bytes) => Lowered::Bytes,
            Dtypes::One(dtype) => match Meaning::of(*dtype) {
                Meaning::Number(_) => Lowered::Scalar(*dtype),
                _ => self.foreign(*dtype, place),
            },
            Dtypes::Kind(ScalarKind::Floating | ScalarKind::Inexact | ScalarKind::Real) => {
                Lowered::Float
            }
            Dtypes::Kind(ScalarKind::ComplexFloating) => Lowered::Complex,
            Dtypes::Kind(
                ScalarKind::Integer | ScalarKind::SignedInteger | ScalarKind::UnsignedInteger,
            ) => Lowered::Int,
            Dtypes::Union(members) => {
                let members: Vec<Lowered> =
                    members.iter().map(|member| self.scalar(member, place)).collect();
                let all = |is: fn(&Lowered) -> bool| members.iter().all(is);
                let is_float = |lowered: &Lowered| match lowered {
                    Lowered::Scalar(dtype) => is_number(*dtype, &[NumberKind::Float]),
                    other => *other == Lowered::Float,
                };
                match () {
                    () if members.iter().all(is_float) => Lowered::Float,
                    () if all(|lowered| matches!(lowered, Lowered::Int | Lowered::Scalar(_))) => {
                        Lowered::Int
                    }
                    () => self.object(place, "NumPy scalars of several kinds"),
                }
            }
            other => self.object(place, format_args!("{other} is not a single type")),
        }
    }

    fn class(&mut self, name: &str, place: &Place<'_>) -> Lowered {
        let Some(class) = self.module.class(name) else {
            return self.object(place, format_args!("{name} is not declared in this file"));
        };
        match shape_of(class) {
            ClassShape::Object => self.object(
                place,
                format_args!("{name} is not a dataclass, NamedTuple, TypedDict or Enum"),
            ),
            shape => {
                if !self.used.iter().any(|used| used == name) {
                    self.used.push(name.to_owned());
                }
                match shape {
                    ClassShape::Enum => Lowered::Enum(name.to_owned()),
                    _ => Lowered::Struct(name.to_owned()),
                }
            }
        }
    }

    /// Returns whether values can be keys of a `HashMap`.
    fn is_key(&self, lowered: &Lowered) -> bool {
        match lowered {
            Lowered::Unit
            | Lowered::Bool
            | Lowered::Int
            | Lowered::Str
            | Lowered::Bytes
            | Lowered::Path => true,
            Lowered::Text(_) | Lowered::Enum(_) => true,
            Lowered::Scalar(dtype) => is_number(*dtype, &[NumberKind::Bool, NumberKind::Int]),
            Lowered::Tuple(items) => items.iter().all(|item| self.is_key(item)),
            Lowered::VariadicTuple(item) | Lowered::Optional(item) => self.is_key(item),
            _ => false,
        }
    }

    /// Returns whether a value of this type has a part for which `is` holds, including fields of structs.
    pub(crate) fn has(&mut self, lowered: &Lowered, is: fn(&Lowered) -> bool) -> bool {
        self.has_within(lowered, is, &mut Vec::new())
    }

    fn has_within(
        &mut self,
        lowered: &Lowered,
        is: fn(&Lowered) -> bool,
        seen: &mut Vec<String>,
    ) -> bool {
        if is(lowered) {
            return true;
        }
        match lowered {
            Lowered::List { item, .. }
            | Lowered::VariadicTuple(item)
            | Lowered::Set(item)
            | Lowered::Optional(item) => self.has_within(item, is, seen),
            Lowered::Dict(key, value) => {
                self.has_within(key, is, seen) || self.has_within(value, is, seen)
            }
            Lowered::Tuple(items) => items.iter().any(|item| self.has_within(item, is, seen)),
            Lowered::Union(number) => {
                let variants = self.unions[*number].variants.clone();
                variants.iter().any(|(_, lowered)| self.has_within(lowered, is, seen))
            }
            Lowered::Struct(name) if !seen.contains(name) => {
                // A class may contain itself, directly or through others.
                seen.push(name.clone());
                self.fields(name).iter().any(|(_, lowered)| self.has_within(lowered, is, seen))
            }
            _ => false,
        }
    }

    /// Returns whether a value of this type contains a struct directly, not behind a pointer.
    pub(crate) fn holds(&mut self, lowered: &Lowered, class: &str, seen: &mut Vec<String>) -> bool {
        match lowered {
            Lowered::Optional(item) => self.holds(item, class, seen),
            Lowered::Tuple(items) => items.iter().any(|item| self.holds(item, class, seen)),
            Lowered::Union(number) => {
                let variants = self.unions[*number].variants.clone();
                variants.iter().any(|(_, lowered)| self.holds(lowered, class, seen))
            }
            Lowered::Struct(name) if name == class => true,
            Lowered::Struct(name) if !seen.contains(name) => {
                seen.push(name.clone());
                self.fields(name).iter().any(|(_, lowered)| self.holds(lowered, class, seen))
            }
            _ => false,
        }
    }

    /// Returns the fields of a class that an instance has.
    pub(crate) fn fields(&mut self, class: &str) -> Vec<(&'m callpy_signature::Field, Lowered)> {
        let module = self.module;
        let Some(class) = module.class(class) else { return Vec::new() };
        let mut fields = Vec::new();
        for field in class.fields.iter().filter(|field| field.kind == FieldKind::Stored) {
            let words = format!("the field `{}` of `{}`", field.name, class.name);
            let name = format!("{}{}", class.name, camel(&field.name));
            let lowered = match &field.hint {
                Some(hint) => self.lower(&hint.ty, &Place { name, words: &words }),
                None => Lowered::Object { any: true },
            };
            let lowered = match lowered {
                // A missing key and one that is None are the same to the caller.
                Lowered::Optional(_) if !field.required => lowered,
                lowered if !field.required => Lowered::Optional(Box::new(lowered)),
                lowered => lowered,
            };
            fields.push((field, lowered));
        }
        fields
    }
}

/// The kind of type that a class becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClassShape {
    Struct,
    Enum,
    Object,
}

pub(crate) fn shape_of(class: &Class) -> ClassShape {
    match class.kind {
        // Members of a flag can be combined, so an enum can't list all values.
        ClassKind::Enum(EnumKind::Flag | EnumKind::IntFlag) => ClassShape::Object,
        ClassKind::Enum(_) if class.members.is_empty() => ClassShape::Object,
        ClassKind::Enum(_) => ClassShape::Enum,
        ClassKind::Dataclass { .. } | ClassKind::NamedTuple | ClassKind::TypedDict => {
            ClassShape::Struct
        }
        _ => ClassShape::Object,
    }
}

/// Returns whether Rust can create an instance: the constructor takes exactly the known fields.
pub(crate) fn is_constructible(class: &Class) -> bool {
    let init_only = |field: &callpy_signature::Field| {
        field.kind == FieldKind::InitOnly && field.default.is_none()
    };
    let generated = !matches!(class.kind, ClassKind::Dataclass { custom_init: true, .. });
    generated && class.unknown_bases.is_empty() && !class.fields.iter().any(init_only)
}

/// Returns whether a dtype is a number of one of these kinds.
fn is_number(dtype: ScalarType, kinds: &[NumberKind]) -> bool {
    matches!(Meaning::of(dtype), Meaning::Number(number) if kinds.contains(&number.kind))
}

/// Names a union's member.
fn variant(lowering: &Lowering<'_>, lowered: &Lowered) -> String {
    let name = match lowered {
        Lowered::Unit => "None",
        Lowered::Bool => "Bool",
        Lowered::Int => "Int",
        Lowered::Float => "Float",
        Lowered::Complex => "Complex",
        Lowered::Str => "Str",
        Lowered::Bytes => "Bytes",
        Lowered::Path => "Path",
        Lowered::Object { .. } => "Object",
        Lowered::List { .. } => "List",
        Lowered::Tuple(_) | Lowered::VariadicTuple(_) => "Tuple",
        Lowered::Dict(..) => "Dict",
        Lowered::Set(_) => "Set",
        Lowered::Optional(_) => "Optional",
        Lowered::Union(number) => &lowering.unions[*number].name,
        Lowered::Text(number) => &lowering.texts[*number].name,
        Lowered::Array { .. } => "Array",
        Lowered::Scalar(dtype) => match Meaning::of(*dtype) {
            // Without the type's crate: `ComplexF32`.
            Meaning::Number(number) => {
                return camel(number.rust.rsplit("::").next().unwrap_or(number.rust));
            }
            _ => "Scalar",
        },
        Lowered::Struct(name) | Lowered::Enum(name) => name,
    };
    name.to_owned()
}

/// Numbers variants with the same name: `List1`, `List2`.
fn number_names(variants: &mut [(String, Lowered)]) {
    let names: Vec<String> = variants.iter().map(|(name, _)| name.clone()).collect();
    for (index, (name, _)) in variants.iter_mut().enumerate() {
        if names.iter().filter(|other| *other == name).count() > 1 {
            let number = names[..=index].iter().filter(|other| *other == name).count();
            name.push_str(&number.to_string());
        }
    }
}

fn unused(name: &str, variants: &[(String, Lowered)]) -> String {
    let mut name = name.to_owned();
    while variants.iter().any(|(other, _)| *other == name) {
        name.push('_');
    }
    name
}
