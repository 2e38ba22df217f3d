//! Decides once, for all languages, which type a hint becomes. `rust/types.rs` and `go/types.rs` write it.

use std::collections::HashSet;
use std::mem::discriminant;
use std::path::Path;

use callpy_dtypes::NumberKind;
use callpy_signature::{
    Array, Class, ClassKind, Dtypes, EnumKind, FieldKind, Function, Hint, Literal, Module,
    Parameter, ParameterKind, ScalarKind, ScalarType, SequenceKind, SetKind, Shape, Type,
};

use crate::dtype::Meaning;
use crate::known::{self, Known};
use crate::names::{TYPES, camel, plain, unique, unused};
use crate::neighbours::{Found, NeighbourClass, Neighbours};

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
    Set {
        item: Box<Lowered>,
        /// `frozenset`, which can be in a set, and the key of a dict.
        frozen: bool,
    },
    Optional(Box<Lowered>),
    /// The number of a union in `Lowering::unions`.
    Union(usize),
    /// The number of a set of strings in `Lowering::texts`.
    Text(usize),
    /// `element` is none for a dtype that the caller chooses: of times that may be the unit only.
    Array {
        element: Option<ScalarType>,
        times: Option<Times>,
        shape: Option<Shape>,
    },
    /// A NumPy scalar.
    Scalar(ScalarType),
    Struct(String),
    /// An enum of the file.
    Enum(String),
    /// An instance of a class of the file that has no value in other languages: the Python object, with
    /// the class's methods.
    Instance(String),
    /// An iterator: as a result, it is read item by item.
    Items(Box<Lowered>),
    /// An instance of a class that several types stand for.
    Known(Known),
    /// An instance of a class of a neighbour, or of another package, by its number in
    /// `Lowering::handles`.
    Handle(usize),
}

/// What an array of times has, of some unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// datetime64.
    Points,
    /// timedelta64.
    Spans,
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
    /// It has the file's own name for the type.
    pub(crate) is_alias: bool,
}

/// A class that a neighbour declares, and which instances there are of it here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Handle {
    /// The name of its type.
    pub(crate) name: String,
    /// The class's own name.
    pub(crate) class: String,
    /// The file that declares it.
    pub(crate) file: String,
    /// Any object with its methods is one.
    pub(crate) is_protocol: bool,
    /// The neighbour's class, if it has methods here: a function or a method of this file returns it.
    pub(crate) found: Option<NeighbourClass>,
}

impl Handle {
    /// The package that has the class, or the module if that is in none.
    pub(crate) fn package(&self) -> &str {
        let first = self.file.split('/').next().unwrap_or_default();
        first.split('.').next().unwrap_or_default()
    }
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
    /// The classes of neighbours that hints refer to.
    pub(crate) handles: Vec<Handle>,
    /// The names of functions in use.
    pub(crate) functions: HashSet<String>,
    /// The classes of the file, and the names of their types.
    types: Vec<(&'m str, String)>,
    /// The classes that hints refer to.
    pub(crate) used: Vec<String>,
    /// The parts of the current function that are plain objects, and why.
    pub(crate) untyped: Vec<String>,
    pub(crate) neighbours: Neighbours,
    /// The hint is that of a result of this file's own functions.
    is_result: bool,
    /// The methods of neighbours' classes are being written.
    pub(crate) is_beyond: bool,
}

impl<'m> Lowering<'m> {
    pub(crate) fn new(module: &'m Module, file: Option<&Path>) -> Self {
        // The files that generated code is in has these names already.
        let mut taken: HashSet<String> =
            TYPES.iter().chain(&["__callpy", "__declared"]).map(|&name| name.to_owned()).collect();
        let classes = module.classes.iter().map(|class| &class.name[..]);
        let types = unique(classes.clone(), &mut taken);
        let types = classes.zip(types.iter().map(plain)).collect();
        Lowering {
            module,
            unions: Vec::new(),
            texts: Vec::new(),
            taken,
            handles: Vec::new(),
            functions: module.functions.iter().map(|function| function.name.clone()).collect(),
            types,
            used: Vec::new(),
            untyped: Vec::new(),
            neighbours: Neighbours::new(file),
            is_result: false,
            is_beyond: false,
        }
    }

    /// Reserves a name for a generated type, with a `_` if the file uses it already.
    pub(crate) fn take_name(&mut self, name: &str) -> String {
        plain(&unused(if name.is_empty() { "Type" } else { name }, &mut self.taken))
    }

    /// Returns the identifier of the type for a class of the file.
    pub(crate) fn type_ident(&self, class: &str) -> proc_macro2::Ident {
        crate::names::ident(self.type_name(class))
    }

    /// Returns whether any object with the class's methods is one.
    pub(crate) fn is_protocol(&self, class: &str) -> bool {
        self.module.class(class).is_some_and(|class| class.is_protocol)
    }

    /// Returns the name of the type for a class of the file.
    pub(crate) fn type_name(&self, class: &str) -> &str {
        let known = self.types.iter().find(|(name, _)| *name == class);
        known.map_or("_Unknown", |(_, name)| name)
    }

    fn object(&mut self, place: &Place<'_>, why: impl std::fmt::Display) -> Lowered {
        self.untyped.push(format!("{}: {why}", place.words));
        Lowered::Object { any: false }
    }

    /// Returns the type of a parameter of a function, which has a path such as `Class.method`.
    pub(crate) fn parameter(&mut self, path: &str, parameter: &Parameter) -> Lowered {
        let words = format!("the parameter `{}` of `{path}`", parameter.name);
        let name = format!("{}{}", camel(path), camel(&parameter.name));
        let hint = parameter.hint.as_ref();
        // All the keyword arguments together are a dict that another file declares.
        let hint = hint.filter(|_| !parameter.is_unpacked);
        if parameter.is_unpacked {
            self.untyped.push(format!("{words}: its keys are not known"));
            return Lowered::Object { any: true };
        }
        let is_variadic =
            matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
        // Anyone who wants to say that these may be anything leaves the hint out.
        if hint.is_none() && is_variadic {
            return Lowered::Object { any: true };
        }
        let place = Place { name, words: &words };
        match hint.and_then(|hint| item_of(&hint.ty)) {
            Some(item) => Lowered::Items(Box::new(self.lower(&item, &place))),
            None => self.hint(hint, place),
        }
    }

    /// Returns the type of what a call of a function returns.
    pub(crate) fn returned(&mut self, path: &str, function: &Function) -> Lowered {
        match self.result(path, function.returns.as_ref()) {
            // A generator may have no end.
            Lowered::List { item, iterable: true } if function.is_generator => Lowered::Items(item),
            lowered => lowered,
        }
    }

    /// Returns the type of a result, or of a property.
    pub(crate) fn result(&mut self, path: &str, returns: Option<&Hint>) -> Lowered {
        let words = format!("the result of `{path}`");
        let name = format!("{}Result", camel(path));
        let place = Place { name, words: &words };
        self.is_result = !self.is_beyond;
        let lowered = match returns.and_then(|hint| item_of(&hint.ty)) {
            Some(item) => Lowered::Items(Box::new(self.lower(&item, &place))),
            None => self.hint(returns, place),
        };
        self.is_result = false;
        lowered
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
                Lowered::Dict(Box::new(key), Box::new(value))
            }
            Type::Set { kind, item } => {
                Lowered::Set { item: boxed(self, item), frozen: *kind == SetKind::FrozenSet }
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
                // A callback is any function that can be passed.
                "collections.abc.Callable" => Lowered::Object { any: true },
                // Such a function only ever raises, so there is no value to convert.
                "typing.NoReturn" | "typing.Never" => Lowered::Unit,
                // Abstract classes that no one makes an instance of: the function takes a plain number.
                "numbers.Real" | "typing.SupportsFloat" => Lowered::Float,
                "numbers.Integral" | "typing.SupportsInt" | "typing.SupportsIndex" => Lowered::Int,
                "numbers.Number" | "numbers.Complex" => Lowered::Float,
                // What pydantic checks is the constructor's business.
                "pydantic.PositiveInt"
                | "pydantic.NonNegativeInt"
                | "pydantic.NegativeInt"
                | "pydantic.NonPositiveInt"
                | "pydantic.StrictInt" => Lowered::Int,
                "pydantic.PositiveFloat"
                | "pydantic.NonNegativeFloat"
                | "pydantic.NegativeFloat"
                | "pydantic.NonPositiveFloat"
                | "pydantic.StrictFloat"
                | "pydantic.FiniteFloat" => Lowered::Float,
                "pydantic.StrictStr" | "pydantic.EmailStr" => Lowered::Str,
                "pydantic.StrictBool" => Lowered::Bool,
                "pydantic.FilePath" | "pydantic.DirectoryPath" | "pydantic.NewPath" => {
                    Lowered::Path
                }
                name => self.named(name, arguments, place),
            },
            Type::Recursive { alias } => {
                self.object(place, format_args!("{alias} contains itself"))
            }
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

    /// Returns the type of a name that the file imports.
    fn named(&mut self, name: &str, arguments: &[Type], place: &Place<'_>) -> Lowered {
        if let Some(known) = Known::find(name) {
            return Lowered::Known(known);
        }
        match self.neighbours.find(name, arguments) {
            Some(Found::Type(found)) => self.lower(&found, place),
            Some(Found::Class(class)) => self.handle(class),
            None => match known::instance(name) {
                Some((package, class)) => self.handle(NeighbourClass {
                    class: class.to_owned(),
                    file: package.to_owned(),
                    path: None,
                    is_protocol: false,
                }),
                None => self.object(place, format_args!("{name} is not declared in this file")),
            },
        }
    }

    fn union(&mut self, ty: &Type, members: &[Type], place: &Place<'_>) -> Lowered {
        let mut variants: Vec<(String, Lowered)> = Vec::new();
        let (mut object, mut optional) = (false, false);
        // A name that the file gives the union is the one that its readers know.
        let name = self.alias(ty).unwrap_or_else(|| place.name.clone());
        let text_place = Place { name: format!("{name}Text"), words: place.words };
        let member_place = |member: &Type| match member {
            Type::Literal(_) => &text_place,
            _ => place,
        };
        let members: Vec<Type> = members.iter().flat_map(split_literal).collect();
        // A stack, since members may turn out to be unions, whose members belong in their place.
        let mut left: Vec<Lowered> =
            members.iter().rev().map(|member| self.lower(member, member_place(member))).collect();
        while let Some(mut lowered) = left.pop() {
            // Such arrays are one variant.
            if let Lowered::Array { times, .. } = &mut lowered {
                *times = None;
            }
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
                // A NumPy scalar converts like any other number of its kind. Two arrays whose elements
                // the caller chooses are one variant.
                lowered if variants.iter().any(|(_, other)| *other == lowered) => {}
                // Other languages have one type for both.
                Lowered::Set { item, .. } if variants.iter().any(|(_, other)| {
                    matches!(other, Lowered::Set { item: other, .. } if *other == item)
                }) => {}
                Lowered::Unit => {}
                lowered => {
                    let name = variant(self, &lowered);
                    variants.push((name, lowered));
                }
            }
        }
        number_names(&mut variants);
        if object {
            variants.push(("Object".to_owned(), Lowered::Object { any: false }));
        }
        let names = unique(variants.iter().map(|(name, _)| &name[..]), &mut HashSet::new());
        for ((name, _), unused) in variants.iter_mut().zip(&names) {
            *name = plain(unused);
        }
        let wrap = |lowered| match optional {
            true => Lowered::Optional(Box::new(lowered)),
            false => lowered,
        };
        match &variants[..] {
            [(_, only)] => return wrap(only.clone()),
            [] => return Lowered::Unit,
            _ => {}
        }
        // The same union in two places is one enum, so that values can be passed from one to the other.
        let source = ty.to_string();
        if let Some(known) = self.unions.iter().position(|known| known.variants == variants) {
            return wrap(Lowered::Union(known));
        }
        let name = self.take_name(&name);
        self.unions.push(Union { name, source, variants });
        wrap(Lowered::Union(self.unions.len() - 1))
    }

    fn literal(&mut self, ty: &Type, literals: &[Literal], place: &Place<'_>) -> Lowered {
        if literals.iter().any(|literal| !is_of_kind(&literals[0], literal)) {
            return self.union(ty, &[Type::Literal(literals.to_vec())], place);
        }
        // Python does not check literals, so numbers stay numbers. Only strings become an enum, whose
        // variants have names.
        let all = |is: fn(&Literal) -> bool| literals.iter().all(is);
        if all(|literal| matches!(literal, Literal::Int(_))) {
            return Lowered::Int;
        }
        if all(|literal| matches!(literal, Literal::Bool(_))) {
            return Lowered::Bool;
        }
        if all(|literal| matches!(literal, Literal::Bytes(_))) {
            return Lowered::Bytes;
        }
        // Some members of an enum: Rust and Go have no type for a part of an enum's values.
        if let Some(Literal::Member { class, .. }) = literals.first()
            && self.module.class(class).is_some()
        {
            return self.class(class, place);
        }
        if !all(|literal| matches!(literal, Literal::Str(_))) {
            return self.object(place, "a Literal of what is neither text nor a number");
        }
        let mut texts: Vec<(String, String)> = Vec::new();
        for literal in literals {
            let Literal::Str(text) = literal else { continue };
            let mut variant = camel(text);
            // `Literal["2d", "3d"]`; `_` is dropped again where a language needs none.
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
        let alias = self.alias(ty);
        let is_alias = alias.is_some();
        let name = self.take_name(alias.as_ref().unwrap_or(&place.name));
        self.texts.push(Texts { name, texts, is_alias });
        Lowered::Text(self.texts.len() - 1)
    }

    /// Returns the file's own name for a type.
    fn alias(&self, ty: &Type) -> Option<String> {
        // With `None` in it, the alias is an option of the type.
        let is_same = |alias: &Type| match alias {
            Type::Optional(inner) => **inner == *ty,
            alias => alias == ty,
        };
        let same = self.module.aliases.iter().find(|alias| is_same(&alias.hint.ty))?;
        Some(same.name.trim_start_matches('_').to_owned()).filter(|name| !name.is_empty())
    }

    fn array(&mut self, array: &Array, place: &Place<'_>) -> Lowered {
        if let Some(known) = Known::find(&array.container) {
            return Lowered::Known(known);
        }
        if !matches!(&array.container[..], "numpy.ndarray" | "numpy.typing.ArrayLike") {
            return self.object(place, format_args!("{} is not a NumPy array", array.container));
        }
        let times = match &array.dtypes {
            Dtypes::One(ScalarType::Datetime64) => Some(Times::Points),
            Dtypes::One(ScalarType::Timedelta64) => Some(Times::Spans),
            _ => None,
        };
        let element = match &array.dtypes {
            Dtypes::One(dtype) => match Meaning::of(*dtype) {
                Meaning::Number(_) => Some(*dtype),
                // The caller chooses: a hint can't say which unit or length it means.
                Meaning::Open => None,
                Meaning::Foreign => return self.foreign(*dtype, place),
            },
            _ => None,
        };
        Lowered::Array { element, times, shape: array.shape.clone() }
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
            // An abstract class of NumPy: any of its dtypes converts to the widest type.
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
        let shape = shape_of(class);
        if let Some(why) = left_out(class) {
            return self.object(place, format_args!("{name} is {why}"));
        }
        self.use_class(class);
        match shape {
            ClassShape::Enum => Lowered::Enum(name.to_owned()),
            ClassShape::Struct => Lowered::Struct(name.to_owned()),
            ClassShape::Instance => Lowered::Instance(name.to_owned()),
        }
    }

    /// Notes that a class is used, and with it the classes that it inherits methods from.
    pub(crate) fn use_class(&mut self, class: &Class) {
        if self.used.contains(&class.name) {
            return;
        }
        self.used.push(class.name.clone());
        if let Some(base) = base_of(self.module, class) {
            self.use_class(base);
        }
    }

    fn handle(&mut self, found: NeighbourClass) -> Lowered {
        let same = |known: &Handle| known.class == found.class && known.file == found.file;
        let at = self.handles.iter().position(same).unwrap_or_else(|| {
            let NeighbourClass { class, file, is_protocol, path } = found.clone();
            let mut name = match path {
                Some(_) => camel(&class),
                None => known::type_name(&file, &class),
            };
            if path.is_none() && self.taken.contains(&name) {
                // Installed packages are known by their names: `ReMatch` beside the file's `Match`.
                name = format!("{}{}", camel(&file), camel(&class));
            }
            let name = self.take_name(&name);
            self.handles.push(Handle { name, class, file, is_protocol, found: None });
            self.handles.len() - 1
        });
        if self.is_result {
            self.handles[at].found.get_or_insert(found);
        }
        Lowered::Handle(at)
    }

    /// Returns whether values can be keys of a `HashMap`.
    pub(crate) fn is_key(&self, lowered: &Lowered) -> bool {
        match lowered {
            Lowered::Unit
            | Lowered::Bool
            | Lowered::Int
            | Lowered::Str
            | Lowered::Bytes
            | Lowered::Path => true,
            Lowered::Text(_) | Lowered::Enum(_) => true,
            Lowered::Known(known) => known.is_value(),
            // No floats: Rust has no `Hash` and no `Eq` for them, because of NaN.
            Lowered::Scalar(dtype) => is_number(*dtype, &[NumberKind::Bool, NumberKind::Int]),
            Lowered::Tuple(items) => items.iter().all(|item| self.is_key(item)),
            Lowered::VariadicTuple(item) | Lowered::Optional(item) => self.is_key(item),
            _ => false,
        }
    }

    /// Returns whether a value of this type has a part for which `is` holds, including fields of structs.
    pub(crate) fn has(&mut self, lowered: &Lowered, is: fn(&Self, &Lowered) -> bool) -> bool {
        self.has_within(lowered, is, &mut Vec::new())
    }

    fn has_within(
        &mut self,
        lowered: &Lowered,
        is: fn(&Self, &Lowered) -> bool,
        seen: &mut Vec<String>,
    ) -> bool {
        if is(self, lowered) {
            return true;
        }
        match lowered {
            Lowered::List { item, .. }
            | Lowered::VariadicTuple(item)
            | Lowered::Set { item, .. }
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
            // Lists, dicts and sets keep their items on the heap, so that the size is known without them.
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
    Instance,
}

pub(crate) fn shape_of(class: &Class) -> ClassShape {
    match class.kind {
        ClassKind::Enum(EnumKind::Flag | EnumKind::IntFlag) => ClassShape::Instance,
        ClassKind::Enum(_) if class.members.is_empty() => ClassShape::Instance,
        ClassKind::Enum(_) => ClassShape::Enum,
        ClassKind::Plain => ClassShape::Instance,
        _ if is_constructible(class) => ClassShape::Struct,
        _ => ClassShape::Instance,
    }
}

/// Returns whether other languages can create an instance from its fields: the constructor takes exactly
/// those that are known.
fn is_constructible(class: &Class) -> bool {
    let init_only = |field: &callpy_signature::Field| {
        field.kind == FieldKind::InitOnly && field.default.is_none()
    };
    let generated = !matches!(
        class.kind,
        ClassKind::Dataclass { custom_init: true, .. }
            | ClassKind::Attrs { custom_init: true, .. }
            | ClassKind::Model { custom_init: true }
    );
    // What Python calls before it sees the fields may want others.
    let is_replaced = class.has_new || class.has_metaclass;
    // What `__post_init__` computes for a field that the constructor does not take, no one else knows.
    let is_computed = class.has_post_init && class.fields.iter().any(|field| !field.in_init);
    generated
        && !is_replaced
        && !is_computed
        && class.abstract_methods.is_empty()
        && class.unknown_bases.is_empty()
        && !class.fields.iter().any(init_only)
}

/// Returns why a class has no type, if it has none.
pub(crate) fn left_out(class: &Class) -> Option<&'static str> {
    match class.kind {
        // Members of a flag can be combined, so an enum can't list all values.
        ClassKind::Enum(EnumKind::Flag | EnumKind::IntFlag) => {
            Some("a flag, whose values are not listed")
        }
        ClassKind::Enum(_) if class.members.is_empty() => Some("an enum without members"),
        // It is a dict in Python, and some of its keys are not known.
        ClassKind::TypedDict if !is_constructible(class) => {
            Some("a TypedDict with keys from another file")
        }
        _ => None,
    }
}

/// Returns the class of the file whose methods an instance has too: the first base that is an instance
/// itself.
pub(crate) fn base_of<'m>(module: &'m Module, class: &Class) -> Option<&'m Class> {
    let bases = class.bases.iter().filter_map(|name| module.class(name));
    let is_instance = |base: &&Class| {
        base.name != class.name
            && left_out(base).is_none()
            && shape_of(base) == ClassShape::Instance
    };
    bases.into_iter().find(is_instance).filter(|_| shape_of(class) == ClassShape::Instance)
}

/// Returns whether a class is an exception, which other languages get as errors.
pub(crate) fn is_exception(module: &Module, class: &Class) -> bool {
    let is_one = |base: &String| {
        let name = base.rsplit('.').next().unwrap_or(base);
        ["Error", "Exception", "Warning", "Interrupt", "Exit"].iter().any(|it| name.ends_with(it))
    };
    class.unknown_bases.iter().any(is_one)
        || class.bases.iter().any(|base| {
            is_one(base)
                && module
                    .class(base)
                    .is_some_and(|base| base.name != class.name && is_exception(module, base))
        })
}

/// Returns the items of an iterator, or of a generator.
pub(crate) fn item_of(ty: &Type) -> Option<Type> {
    match ty {
        Type::Unknown { name, arguments }
            if matches!(&name[..], "collections.abc.Iterator" | "collections.abc.Generator") =>
        {
            Some(arguments.first().cloned().unwrap_or(Type::Any))
        }
        _ => None,
    }
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
        Lowered::Items(_) => "Items",
        Lowered::Known(known) => known.variant(),
        Lowered::List { .. } => "List",
        Lowered::Tuple(_) | Lowered::VariadicTuple(_) => "Tuple",
        Lowered::Dict(..) => "Dict",
        Lowered::Set { .. } => "Set",
        Lowered::Optional(_) => "Optional",
        Lowered::Union(number) => &lowering.unions[*number].name,
        Lowered::Text(number) if !lowering.texts[*number].is_alias => "Text",
        Lowered::Text(number) => &lowering.texts[*number].name,
        Lowered::Array { .. } => "Array",
        Lowered::Scalar(dtype) => match Meaning::of(*dtype) {
            // Without the type's crate: `ComplexF32`.
            Meaning::Number(number) => {
                return camel(number.rust.rsplit("::").next().unwrap_or(number.rust));
            }
            _ => "Scalar",
        },
        Lowered::Struct(name) | Lowered::Enum(name) | Lowered::Instance(name) => {
            lowering.type_name(name)
        }
        Lowered::Handle(number) => &lowering.handles[*number].name,
    };
    name.to_owned()
}

/// Splits a `Literal` of several types into one for each; any other type stays as it is.
fn split_literal(ty: &Type) -> Vec<Type> {
    let Type::Literal(literals) = ty else { return vec![ty.clone()] };
    let mut kinds: Vec<Vec<Literal>> = Vec::new();
    for literal in literals {
        match kinds.iter_mut().find(|kind| is_of_kind(&kind[0], literal)) {
            Some(kind) => kind.push(literal.clone()),
            None => kinds.push(vec![literal.clone()]),
        }
    }
    kinds.into_iter().map(Type::Literal).collect()
}

/// Whether two literals are of one type.
fn is_of_kind(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::Member { class, .. }, Literal::Member { class: other, .. }) => class == other,
        _ => discriminant(one) == discriminant(other),
    }
}

/// Numbers variants with the same name: `List1`, `List2`.
fn number_names(variants: &mut [(String, Lowered)]) {
    // All of them, also the first: `List` beside `List2` would look like the usual one.
    let names: Vec<String> = variants.iter().map(|(name, _)| name.clone()).collect();
    for (index, (name, _)) in variants.iter_mut().enumerate() {
        if names.iter().filter(|other| *other == name).count() > 1 {
            let number = names[..=index].iter().filter(|other| *other == name).count();
            name.push_str(&number.to_string());
        }
    }
}
