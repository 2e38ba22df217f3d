//! Which Rust type a hint becomes. Decided once here; `types` writes it in each position.

use std::collections::HashSet;
use std::path::Path;

use callpy_signature::{
    Array, Class, ClassKind, Dtypes, EnumKind, FieldKind, Literal, Module, ScalarKind, ScalarType,
    SequenceKind, Shape, Type,
};

use crate::names::camel;
use crate::neighbours::Neighbours;

/// The Rust side of a hint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rust {
    Unit,
    Bool,
    Int,
    Float,
    Complex,
    Str,
    Bytes,
    Path,
    /// `any`: the hint says so, or is not there.
    Object {
        any: bool,
    },
    /// `iterable`: as a result it may be read only once, as a generator is.
    List {
        item: Box<Rust>,
        iterable: bool,
    },
    Tuple(Vec<Rust>),
    VariadicTuple(Box<Rust>),
    Dict(Box<Rust>, Box<Rust>),
    Set(Box<Rust>),
    Optional(Box<Rust>),
    /// The number of a union in `Lowering::unions`.
    Union(usize),
    /// The number of a set of texts in `Lowering::texts`.
    Text(usize),
    /// `element` is none for a dtype that the caller chooses.
    Array {
        element: Option<&'static str>,
        shape: Option<Shape>,
    },
    /// A NumPy scalar.
    Scalar(&'static str),
    Struct(String),
    /// An enum of the file.
    Enum(String),
}

/// An enum that stands for a union.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Union {
    pub(crate) name: String,
    /// As Python writes it.
    pub(crate) source: String,
    pub(crate) variants: Vec<(String, Rust)>,
}

/// An enum that stands for a `Literal` of texts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Texts {
    pub(crate) name: String,
    /// Variant and text.
    pub(crate) texts: Vec<(String, String)>,
}

/// Where a hint stands.
pub(crate) struct Place<'p> {
    /// What an enum made for it is called, if the file has no alias for it.
    pub(crate) name: String,
    /// Where it stands in words: "the parameter `x` of `f`".
    pub(crate) words: &'p str,
}

/// All hints of a file.
pub(crate) struct Lowering<'m> {
    pub(crate) module: &'m Module,
    pub(crate) unions: Vec<Union>,
    pub(crate) texts: Vec<Texts>,
    /// The names of types that are taken.
    pub(crate) taken: HashSet<String>,
    /// The names of Python's functions.
    pub(crate) functions: HashSet<&'m str>,
    /// The classes that some hint names.
    pub(crate) used: Vec<String>,
    /// What is only an object in Rust, and why: of the function at hand.
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

    /// Takes a name for a type of our own, with a `_` if the file has it already.
    pub(crate) fn take_name(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }

    fn object(&mut self, place: &Place<'_>, why: impl std::fmt::Display) -> Rust {
        self.untyped.push(format!("{}: {why}", place.words));
        Rust::Object { any: false }
    }

    pub(crate) fn lower(&mut self, ty: &Type, place: &Place<'_>) -> Rust {
        let boxed = |this: &mut Self, ty: &Type| Box::new(this.lower(ty, place));
        match ty {
            Type::None => Rust::Unit,
            Type::Bool => Rust::Bool,
            Type::Int => Rust::Int,
            Type::Float => Rust::Float,
            Type::Complex => Rust::Complex,
            Type::Str => Rust::Str,
            Type::Bytes => Rust::Bytes,
            Type::Any => Rust::Object { any: true },
            Type::Sequence { kind, item } => Rust::List {
                item: boxed(self, item),
                iterable: matches!(kind, SequenceKind::Iterable | SequenceKind::Collection),
            },
            // Rust's tuples have no traits beyond twelve, nor has the empty one here.
            Type::Tuple(items) if items.is_empty() || items.len() > 12 => {
                self.object(place, format_args!("a tuple of {} items", items.len()))
            }
            Type::Tuple(items) => {
                Rust::Tuple(items.iter().map(|item| self.lower(item, place)).collect())
            }
            Type::VariadicTuple(item) => Rust::VariadicTuple(boxed(self, item)),
            Type::Mapping { key, value, .. } => {
                let (key, value) = (self.lower(key, place), self.lower(value, place));
                match self.is_key(&key) {
                    true => Rust::Dict(Box::new(key), Box::new(value)),
                    false if matches!(key, Rust::Object { any: true }) => {
                        Rust::Object { any: true }
                    }
                    false => self.object(place, "a dict whose keys have no hash in Rust"),
                }
            }
            Type::Set { item, .. } => {
                let item = self.lower(item, place);
                match self.is_key(&item) {
                    true => Rust::Set(Box::new(item)),
                    false if matches!(item, Rust::Object { any: true }) => {
                        Rust::Object { any: true }
                    }
                    false => self.object(place, "a set whose items have no hash in Rust"),
                }
            }
            Type::Optional(inner) => match self.lower(inner, place) {
                object @ Rust::Object { any: true } => object,
                inner => Rust::Optional(Box::new(inner)),
            },
            Type::Union(members) => self.union(ty, members, place),
            Type::Literal(literals) => self.literal(ty, literals, place),
            Type::Array(array) => self.array(array, place),
            Type::Scalar(dtypes) => self.scalar(dtypes, place),
            Type::Class { name, .. } => self.class(name, place),
            Type::Unknown { name, arguments } => match &name[..] {
                "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "os.PathLike" => {
                    Rust::Path
                }
                "collections.abc.Hashable" | "typing.Hashable" => Rust::Object { any: true },
                "typing.NoReturn" | "typing.Never" => Rust::Unit,
                "numbers.Real" | "typing.SupportsFloat" => Rust::Float,
                "numbers.Integral" | "typing.SupportsInt" | "typing.SupportsIndex" => Rust::Int,
                name => match self.neighbours.find(name, arguments) {
                    Some(found) => self.lower(&found, place),
                    None => self.object(place, format_args!("{name} is not declared in this file")),
                },
            },
            Type::TypeVariable { bound: Some(bound), .. } => self.lower(bound, place),
            Type::TypeVariable { constraints, .. } if !constraints.is_empty() => {
                self.union(&Type::Union(constraints.clone()), constraints, place)
            }
            Type::TypeVariable { .. } => Rust::Object { any: true },
            // `module` has made an error of the invalid ones.
            _ => self.object(place, "no type"),
        }
    }

    fn union(&mut self, ty: &Type, members: &[Type], place: &Place<'_>) -> Rust {
        let mut variants: Vec<(String, Rust)> = Vec::new();
        let (mut object, mut optional) = (false, false);
        let mut lowered: Vec<Rust> =
            members.iter().rev().map(|member| self.lower(member, place)).collect();
        while let Some(rust) = lowered.pop() {
            match rust {
                // A neighbour's alias may be a union itself.
                Rust::Optional(inner) => {
                    optional = true;
                    lowered.push(*inner);
                }
                Rust::Union(number) => {
                    let variants = self.unions[number].variants.iter().rev();
                    lowered.extend(variants.map(|(_, rust)| rust.clone()));
                }
                Rust::Object { any: true } => return Rust::Object { any: true },
                Rust::Object { any: false } => object = true,
                // One NumPy scalar is as good as another number of its kind.
                rust if variants.iter().any(|(_, other)| *other == rust) => {}
                Rust::Unit => {}
                rust => {
                    let name = variant(self, &rust);
                    variants.push((name, rust));
                }
            }
        }
        number_names(&mut variants);
        if object {
            let name = unused("Object", &variants);
            variants.push((name, Rust::Object { any: false }));
        }
        let wrap = |rust| match optional {
            true => Rust::Optional(Box::new(rust)),
            false => rust,
        };
        if let [(_, only)] = &variants[..] {
            return wrap(only.clone());
        }
        let source = ty.to_string();
        if let Some(known) = self.unions.iter().position(|known| known.variants == variants) {
            return wrap(Rust::Union(known));
        }
        let name = self.alias(ty).unwrap_or_else(|| place.name.clone());
        let name = self.take_name(&name);
        self.unions.push(Union { name, source, variants });
        wrap(Rust::Union(self.unions.len() - 1))
    }

    fn literal(&mut self, ty: &Type, literals: &[Literal], place: &Place<'_>) -> Rust {
        let all = |is: fn(&Literal) -> bool| literals.iter().all(is);
        if all(|literal| matches!(literal, Literal::Int(_))) {
            return Rust::Int;
        }
        if all(|literal| matches!(literal, Literal::Bool(_))) {
            return Rust::Bool;
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
                // No names can be made of these texts.
                return Rust::Str;
            }
            texts.push((variant, text.clone()));
        }
        if let Some(known) = self.texts.iter().position(|known| known.texts == texts) {
            return Rust::Text(known);
        }
        let name = self.alias(ty).unwrap_or_else(|| place.name.clone());
        let name = self.take_name(&name);
        self.texts.push(Texts { name, texts });
        Rust::Text(self.texts.len() - 1)
    }

    /// Returns the name that the file itself gives to a type.
    fn alias(&self, ty: &Type) -> Option<String> {
        let same = self.module.aliases.iter().find(|alias| alias.hint.ty == *ty)?;
        Some(same.name.trim_start_matches('_').to_owned()).filter(|name| !name.is_empty())
    }

    fn array(&mut self, array: &Array, place: &Place<'_>) -> Rust {
        if !matches!(&array.container[..], "numpy.ndarray" | "numpy.typing.ArrayLike") {
            return self.object(place, format_args!("{} is no NumPy array", array.container));
        }
        let element = match &array.dtypes {
            Dtypes::One(dtype) => match element(*dtype) {
                Ok(element) => element,
                Err(()) => {
                    return self
                        .object(place, format_args!("no Rust type is np.{}", dtype.numpy_name()));
                }
            },
            _ => None,
        };
        Rust::Array { element, shape: array.shape.clone() }
    }

    fn scalar(&mut self, dtypes: &Dtypes, place: &Place<'_>) -> Rust {
        match dtypes {
            Dtypes::One(ScalarType::Str) => Rust::Str,
            Dtypes::One(ScalarType::Bytes) => Rust::Bytes,
            Dtypes::One(dtype) => match element(*dtype) {
                Ok(Some(element)) => Rust::Scalar(element),
                _ => self.object(place, format_args!("no Rust type is np.{}", dtype.numpy_name())),
            },
            Dtypes::Kind(ScalarKind::Floating | ScalarKind::Inexact | ScalarKind::Real) => {
                Rust::Float
            }
            Dtypes::Kind(ScalarKind::ComplexFloating) => Rust::Complex,
            Dtypes::Kind(
                ScalarKind::Integer | ScalarKind::SignedInteger | ScalarKind::UnsignedInteger,
            ) => Rust::Int,
            Dtypes::Union(members) => {
                let members: Vec<Rust> =
                    members.iter().map(|member| self.scalar(member, place)).collect();
                let all = |is: fn(&Rust) -> bool| members.iter().all(is);
                let is_float = |rust: &Rust| {
                    matches!(
                        rust,
                        Rust::Float | Rust::Scalar("f64" | "f32" | "__callpy::half::f16")
                    )
                };
                match () {
                    () if members.iter().all(is_float) => Rust::Float,
                    () if all(|rust| matches!(rust, Rust::Int | Rust::Scalar(_))) => Rust::Int,
                    () => self.object(place, "NumPy scalars of several kinds"),
                }
            }
            other => self.object(place, format_args!("{other} is no one Rust type")),
        }
    }

    fn class(&mut self, name: &str, place: &Place<'_>) -> Rust {
        let Some(class) = self.module.class(name) else {
            return self.object(place, format_args!("{name} is not declared in this file"));
        };
        match shape_of(class) {
            ClassShape::Object => self.object(
                place,
                format_args!("{name} is no dataclass, NamedTuple, TypedDict or Enum"),
            ),
            shape => {
                if !self.used.iter().any(|used| used == name) {
                    self.used.push(name.to_owned());
                }
                match shape {
                    ClassShape::Enum => Rust::Enum(name.to_owned()),
                    _ => Rust::Struct(name.to_owned()),
                }
            }
        }
    }

    /// Whether values can be keys of a `HashMap`.
    fn is_key(&self, rust: &Rust) -> bool {
        match rust {
            Rust::Unit | Rust::Bool | Rust::Int | Rust::Str | Rust::Bytes | Rust::Path => true,
            Rust::Text(_) | Rust::Enum(_) => true,
            Rust::Scalar(element) => {
                !matches!(*element, "f32" | "f64") && !element.starts_with('_')
            }
            Rust::Tuple(items) => items.iter().all(|item| self.is_key(item)),
            Rust::VariadicTuple(item) | Rust::Optional(item) => self.is_key(item),
            _ => false,
        }
    }

    /// Whether a value of this type has some part for which `is` holds, in structs' fields too.
    pub(crate) fn has(&mut self, rust: &Rust, is: fn(&Rust) -> bool) -> bool {
        self.has_within(rust, is, &mut Vec::new())
    }

    fn has_within(&mut self, rust: &Rust, is: fn(&Rust) -> bool, seen: &mut Vec<String>) -> bool {
        if is(rust) {
            return true;
        }
        match rust {
            Rust::List { item, .. }
            | Rust::VariadicTuple(item)
            | Rust::Set(item)
            | Rust::Optional(item) => self.has_within(item, is, seen),
            Rust::Dict(key, value) => {
                self.has_within(key, is, seen) || self.has_within(value, is, seen)
            }
            Rust::Tuple(items) => items.iter().any(|item| self.has_within(item, is, seen)),
            Rust::Union(number) => {
                let variants = self.unions[*number].variants.clone();
                variants.iter().any(|(_, rust)| self.has_within(rust, is, seen))
            }
            Rust::Struct(name) if !seen.contains(name) => {
                seen.push(name.clone());
                self.fields(name).iter().any(|(_, rust)| self.has_within(rust, is, seen))
            }
            _ => false,
        }
    }

    /// Whether a value of this type has a struct in it, not behind a pointer.
    pub(crate) fn holds(&mut self, rust: &Rust, class: &str, seen: &mut Vec<String>) -> bool {
        match rust {
            Rust::Optional(item) => self.holds(item, class, seen),
            Rust::Tuple(items) => items.iter().any(|item| self.holds(item, class, seen)),
            Rust::Union(number) => {
                let variants = self.unions[*number].variants.clone();
                variants.iter().any(|(_, rust)| self.holds(rust, class, seen))
            }
            Rust::Struct(name) if name == class => true,
            Rust::Struct(name) if !seen.contains(name) => {
                seen.push(name.clone());
                self.fields(name).iter().any(|(_, rust)| self.holds(rust, class, seen))
            }
            _ => false,
        }
    }

    /// Returns the fields of a class that an instance has.
    pub(crate) fn fields(&mut self, class: &str) -> Vec<(&'m callpy_signature::Field, Rust)> {
        let module = self.module;
        let Some(class) = module.class(class) else { return Vec::new() };
        let mut fields = Vec::new();
        for field in class.fields.iter().filter(|field| field.kind == FieldKind::Stored) {
            let words = format!("the field `{}` of `{}`", field.name, class.name);
            let name = format!("{}{}", class.name, camel(&field.name));
            let rust = match &field.hint {
                Some(hint) => self.lower(&hint.ty, &Place { name, words: &words }),
                None => Rust::Object { any: true },
            };
            let rust = match rust {
                Rust::Optional(_) if !field.required => rust,
                rust if !field.required => Rust::Optional(Box::new(rust)),
                rust => rust,
            };
            fields.push((field, rust));
        }
        fields
    }
}

/// What a class is in Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClassShape {
    Struct,
    Enum,
    Object,
}

pub(crate) fn shape_of(class: &Class) -> ClassShape {
    match class.kind {
        // Members of these combine, so an enum can't name them all.
        ClassKind::Enum(EnumKind::Flag | EnumKind::IntFlag) => ClassShape::Object,
        ClassKind::Enum(_) if class.members.is_empty() => ClassShape::Object,
        ClassKind::Enum(_) => ClassShape::Enum,
        ClassKind::Dataclass { .. } | ClassKind::NamedTuple | ClassKind::TypedDict => {
            ClassShape::Struct
        }
        _ => ClassShape::Object,
    }
}

/// Whether Rust can make an instance: the constructor takes the fields that are known.
pub(crate) fn is_constructible(class: &Class) -> bool {
    let init_only = |field: &callpy_signature::Field| {
        field.kind == FieldKind::InitOnly && field.default.is_none()
    };
    let generated = !matches!(class.kind, ClassKind::Dataclass { custom_init: true, .. });
    generated && class.unknown_bases.is_empty() && !class.fields.iter().any(init_only)
}

/// Returns the Rust type of an array's elements: none if one dtype has several, an error if it has
/// none at all.
fn element(dtype: ScalarType) -> Result<Option<&'static str>, ()> {
    Ok(Some(match dtype {
        ScalarType::Bool => "bool",
        ScalarType::Int8 => "i8",
        ScalarType::Int16 => "i16",
        ScalarType::Int32 => "i32",
        ScalarType::Int64 => "i64",
        ScalarType::Uint8 => "u8",
        ScalarType::Uint16 => "u16",
        ScalarType::Uint32 => "u32",
        ScalarType::Uint64 => "u64",
        ScalarType::Intp => "isize",
        ScalarType::Uintp => "usize",
        ScalarType::Long => "::core::ffi::c_long",
        ScalarType::Ulong => "::core::ffi::c_ulong",
        ScalarType::Float16 => "__callpy::half::f16",
        ScalarType::Float32 => "f32",
        ScalarType::Float64 => "f64",
        ScalarType::Complex64 => "__callpy::num_complex::Complex<f32>",
        ScalarType::Complex128 => "__callpy::num_complex::Complex<f64>",
        // Their unit or width is not in the hint.
        ScalarType::Datetime64
        | ScalarType::Timedelta64
        | ScalarType::Str
        | ScalarType::Bytes
        | ScalarType::Void => {
            return Ok(None);
        }
        _ => return Err(()),
    }))
}

/// Names a union's member.
fn variant(lowering: &Lowering<'_>, rust: &Rust) -> String {
    let name = match rust {
        Rust::Unit => "None",
        Rust::Bool => "Bool",
        Rust::Int => "Int",
        Rust::Float => "Float",
        Rust::Complex => "Complex",
        Rust::Str => "Str",
        Rust::Bytes => "Bytes",
        Rust::Path => "Path",
        Rust::Object { .. } => "Object",
        Rust::List { .. } => "List",
        Rust::Tuple(_) | Rust::VariadicTuple(_) => "Tuple",
        Rust::Dict(..) => "Dict",
        Rust::Set(_) => "Set",
        Rust::Optional(_) => "Optional",
        Rust::Union(number) => &lowering.unions[*number].name,
        Rust::Text(number) => &lowering.texts[*number].name,
        Rust::Array { .. } => "Array",
        Rust::Scalar(element) => {
            return camel(
                element
                    .trim_start_matches("__callpy::half::")
                    .trim_start_matches("__callpy::num_complex::")
                    .trim_start_matches("::core::ffi::"),
            );
        }
        Rust::Struct(name) | Rust::Enum(name) => name,
    };
    name.to_owned()
}

/// Gives each of several variants of one name a number: `List1`, `List2`.
fn number_names(variants: &mut [(String, Rust)]) {
    let names: Vec<String> = variants.iter().map(|(name, _)| name.clone()).collect();
    for (index, (name, _)) in variants.iter_mut().enumerate() {
        if names.iter().filter(|other| *other == name).count() > 1 {
            let number = names[..=index].iter().filter(|other| *other == name).count();
            name.push_str(&number.to_string());
        }
    }
}

fn unused(name: &str, variants: &[(String, Rust)]) -> String {
    let mut name = name.to_owned();
    while variants.iter().any(|(other, _)| *other == name) {
        name.push('_');
    }
    name
}
