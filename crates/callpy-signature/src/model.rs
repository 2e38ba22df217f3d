//! The signature model: the declarations of a Python file, as plain data.

mod class;
mod display;
mod scalar;
mod types;

pub use class::{Class, ClassKind, EnumKind, Field, FieldKind, Member, MemberValue};
pub use scalar::{Dtypes, ScalarKind, ScalarType};
pub use types::{Array, Dim, Literal, MappingKind, SequenceKind, SetKind, Shape, Type, Usage};

/// What a Python file declares at its top level.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Module {
    /// The module's docstring, cleaned of its indentation as `inspect.cleandoc` does.
    pub docstring: Option<String>,
    /// The names in `__all__`, if it consists of string literals.
    pub all: Option<Vec<String>>,
    /// The functions in the file's order. If a name is defined twice, the later definition counts.
    pub functions: Vec<Function>,
    /// The classes in the file's order, including those created by a call (`namedtuple("P", "x y")`).
    pub classes: Vec<Class>,
    /// Names for types: `Vec = NDArray[np.float64]`, `type Vec = …`, `NewType`.
    ///
    /// Hints are already resolved through them; use this if you need the name.
    pub aliases: Vec<Alias>,
}

impl Module {
    /// Returns the function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Returns the class of this name.
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == name)
    }

    /// Returns a class and its bases of this file in the order in which Python looks for a method.
    pub fn resolution_order<'m>(&'m self, class: &'m Class) -> Vec<&'m Class> {
        self.order_below(class, &mut Vec::new())
    }

    /// C3, as Python has it: a class comes before its bases, and those in the order of their list. `above` has
    /// the classes that lead here, since a file may say that a class is its own base.
    fn order_below<'m>(&'m self, class: &'m Class, above: &mut Vec<&'m str>) -> Vec<&'m Class> {
        above.push(&class.name);
        let bases: Vec<&Class> = class
            .bases
            .iter()
            .filter(|name| !above.contains(&&name[..]))
            .filter_map(|name| self.class(name))
            .collect();
        let mut lists: Vec<Vec<&Class>> =
            bases.iter().map(|base| self.order_below(base, above)).collect();
        above.pop();
        lists.push(bases);
        let mut order = vec![class];
        loop {
            lists.retain(|list| !list.is_empty());
            let is_later = |head: &Class| {
                lists.iter().any(|list| list.iter().skip(1).any(|it| it.name == head.name))
            };
            // Where Python would refuse the class, any order will do.
            let heads = || lists.iter().filter_map(|list| list.first().copied());
            let Some(next) = heads().find(|head| !is_later(head)).or_else(|| heads().next()) else {
                return order;
            };
            lists.iter_mut().for_each(|list| list.retain(|it| it.name != next.name));
            order.push(next);
        }
    }

    /// Returns the constructor of a class, as it is called: without `self`. None if it is not known, since a
    /// base from another module defines it, or a metaclass.
    pub fn constructor(&self, class: &Class) -> Option<Function> {
        let known = class.method("__init__").or_else(|| class.method("__new__"));
        if let Some(known) = known {
            let mut constructor = known.clone();
            // A constructor without `self` can't be called.
            if constructor.parameters.is_empty() {
                return None;
            }
            constructor.parameters.remove(0);
            return Some(constructor);
        }
        let is_generated = match class.kind {
            ClassKind::Plain => false,
            ClassKind::Enum(_) => return None,
            ClassKind::Dataclass { custom_init, .. }
            | ClassKind::Attrs { custom_init, .. }
            | ClassKind::Model { custom_init } => !custom_init,
            ClassKind::NamedTuple | ClassKind::TypedDict => true,
        };
        // The `__new__` of a base takes what a call gives.
        let is_generated = is_generated && !class.has_new;
        // A mixin before the base that has one has none itself.
        let order = self.resolution_order(class);
        let makes = |base: &&&Class| {
            base.kind != ClassKind::Plain
                || base.method("__init__").is_some()
                || base.method("__new__").is_some()
        };
        let base = order.iter().skip(1).find(makes).or_else(|| order.get(1)).copied();
        // All that is unknown is beyond the base, whose own constructor comes before that.
        let is_beyond =
            |base: &Class| class.unknown_bases.iter().all(|name| base.unknown_bases.contains(name));
        if let Some(base) = base.filter(|base| !is_generated && is_beyond(base))
            && !class.has_metaclass
        {
            return self.constructor(base);
        }
        if class.has_metaclass || !(class.unknown_bases.is_empty() || is_generated) {
            return None;
        }
        let fields = class.fields.iter().filter(|field| field.in_init && is_generated);
        Some(Function {
            parameters: fields
                .map(|field| Parameter {
                    name: field.alias.as_ref().unwrap_or(&field.name).clone(),
                    span: field.span,
                    kind: ParameterKind::KeywordOnly,
                    hint: field.hint.clone(),
                    default: field.default.clone(),
                    is_unpacked: false,
                })
                .collect(),
            ..Self::generated(class)
        })
    }

    /// Returns the function that reads a field of an instance, as if it were a property.
    pub fn getter(class: &Class, field: &Field) -> Function {
        Function {
            name: field.name.clone(),
            name_span: field.span,
            span: field.span,
            docstring: field.docstring.clone(),
            returns: field.hint.clone(),
            parameters: Vec::new(),
            ..Self::generated(class)
        }
    }

    /// Returns a function without parameters that a class has without a definition: its constructor, by its name.
    pub fn generated(class: &Class) -> Function {
        Function {
            name: "__init__".to_owned(),
            name_span: class.name_span,
            span: class.span,
            docstring: None,
            decorators: Vec::new(),
            is_async: false,
            is_generator: false,
            is_conditional: class.is_conditional,
            overloads: 0,
            is_only_overloads: false,
            is_mixed: false,
            is_settable: false,
            set_by: None,
            type_parameters: Vec::new(),
            parameters: Vec::new(),
            returns: None,
        }
    }

    /// Returns the parameters of a function as it is called: instead of `**options: Unpack[Options]`, each
    /// key of the typed dict is a keyword-only parameter. Keys that need not be there have the default `...`.
    pub fn call_parameters(&self, function: &Function) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for parameter in &function.parameters {
            let unpacked = parameter.hint.as_ref().filter(|_| parameter.is_unpacked);
            let class = unpacked.and_then(|hint| match &hint.ty {
                Type::Class { name, .. } => self.class(name),
                _ => None,
            });
            let Some(class) = class.filter(|class| class.kind == ClassKind::TypedDict) else {
                parameters.push(parameter.clone());
                continue;
            };
            let is_new =
                |field: &&Field| function.parameters.iter().all(|it| it.name != field.name);
            parameters.extend(class.fields.iter().filter(is_new).map(|field| Parameter {
                name: field.name.clone(),
                span: field.span,
                kind: ParameterKind::KeywordOnly,
                hint: field.hint.clone(),
                default: (!field.required).then(|| Expression {
                    source: "...".to_owned(),
                    span: field.span,
                    literal: None,
                }),
                is_unpacked: false,
            }));
        }
        parameters
    }

    /// Returns whether `from module import *` would import the name: it is listed in `__all__`, or
    /// there is no `__all__` and the name has no leading underscore.
    pub fn is_public(&self, name: &str) -> bool {
        match &self.all {
            Some(all) => all.iter().any(|listed| listed == name),
            None => !name.starts_with('_'),
        }
    }

    /// Returns the public functions: see [`is_public`](Self::is_public).
    pub fn public_functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| self.is_public(&function.name))
    }
}

/// A function or a method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Function {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub name_span: Span,
    /// From `def` or `async` to the end of the body, without decorators.
    pub span: Span,
    /// The docstring, cleaned of its indentation.
    pub docstring: Option<String>,
    /// The decorators, outermost first.
    pub decorators: Vec<Decorator>,
    /// `async def`.
    pub is_async: bool,
    /// The body has a `yield`: the function is a generator, or an async one.
    pub is_generator: bool,
    /// The definition is inside an `if`, a `try` or a loop, so it may never run.
    pub is_conditional: bool,
    /// The number of `@overload` declarations. If the implementation has no hints, it has theirs: of each
    /// parameter and of the result, the union.
    pub overloads: usize,
    /// There are only overloads, as in a stub: the function is all of them together, and what one of them
    /// does without has the default `...`.
    pub is_only_overloads: bool,
    /// The overloads differ in more than their types, so parameters and result are those of the first.
    pub is_mixed: bool,
    /// It is a property with a setter.
    pub is_settable: bool,
    /// The parameter of that setter, if it has a hint of its own.
    pub set_by: Option<Parameter>,
    /// The names in the brackets of `def f[T](…)`.
    pub type_parameters: Vec<String>,
    /// The parameters in the file's order, which is Python's: positional-only,
    /// positional-or-keyword, `*args`, keyword-only, `**kwargs`. Those of a method include `self`.
    pub parameters: Vec<Parameter>,
    /// The hint of the result.
    pub returns: Option<Hint>,
}

impl Function {
    /// Returns whether every parameter and the result have a hint.
    pub fn is_fully_hinted(&self) -> bool {
        self.returns.is_some() && self.parameters.iter().all(|parameter| parameter.hint.is_some())
    }

    /// Returns the first decorator that may change the function's signature.
    pub fn unsettling_decorator(&self) -> Option<&Decorator> {
        self.decorators.iter().find(|decorator| decorator.effect != DecoratorEffect::Keeps)
    }

    /// Returns what the function is in its class, by its decorators.
    pub fn role(&self) -> Role {
        let role = self.decorators.iter().find_map(Decorator::role);
        match &self.name[..] {
            // Python makes these static or class methods by itself.
            "__new__" => Role::Static,
            "__init_subclass__" | "__class_getitem__" => Role::Class,
            _ => role.unwrap_or(Role::Method),
        }
    }
}

/// What a function is in its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// It is called with the instance.
    Method,
    /// `@classmethod`.
    Class,
    /// `@staticmethod`.
    Static,
    /// `@property`, `@functools.cached_property`.
    Property,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// The name, without the stars of `*args` and `**kwargs`.
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// How it is passed.
    pub kind: ParameterKind,
    /// The hint. For `*args: int` it is the hint of one argument.
    pub hint: Option<Hint>,
    /// The default, if it has one; the parameter is then optional.
    pub default: Option<Expression>,
    /// `**options: Unpack[Options]`: the hint is the typed dict of all keyword arguments together, not
    /// the type of each.
    pub is_unpacked: bool,
}

impl Parameter {
    /// Makes a parameter without a default.
    pub fn new(
        name: impl Into<String>,
        span: Span,
        kind: ParameterKind,
        hint: Option<Hint>,
    ) -> Parameter {
        Parameter { name: name.into(), span, kind, hint, default: None, is_unpacked: false }
    }
}

/// How an argument is passed to a parameter: the five kinds of the language reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Before the `/`.
    PositionalOnly,
    /// By position or by name.
    PositionalOrKeyword,
    /// `*args`.
    VarPositional,
    /// After `*` or `*args`.
    KeywordOnly,
    /// `**kwargs`.
    VarKeyword,
}

/// A hint: its source, its place and its type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hint {
    /// The hint as it is written, without the quotes of a string.
    pub source: String,
    /// Its place.
    pub span: Span,
    /// Its type, with imports and aliases resolved.
    pub ty: Type,
    /// What a note in it says of the argument, on whatever type; [`Array::usage`] has it for arrays.
    pub usage: Option<Usage>,
}

/// An expression that Python evaluates: a default.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Expression {
    /// The expression as it is written.
    pub source: String,
    /// Its place.
    pub span: Span,
    /// Its value, if it is a literal.
    pub literal: Option<Literal>,
}

/// A decorator of a function or a class.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decorator {
    /// The decorator as it is written, without the `@`.
    pub source: String,
    /// The dotted name with imports resolved, such as `functools.lru_cache`; none if the decorator
    /// is another kind of expression.
    pub name: Option<String>,
    /// Its place, without the `@`.
    pub span: Span,
    /// Its effect on the signature.
    pub effect: DecoratorEffect,
}

impl Decorator {
    /// Returns what it makes of a function in a class; none if it says nothing about that.
    pub fn role(&self) -> Option<Role> {
        match self.name.as_deref()? {
            "builtins.staticmethod" | "abc.abstractstaticmethod" => Some(Role::Static),
            "builtins.classmethod" | "abc.abstractclassmethod" => Some(Role::Class),
            "builtins.property"
            | "functools.cached_property"
            | "abc.abstractproperty"
            | "enum.property"
            | "types.DynamicClassAttribute" => Some(Role::Property),
            _ => None,
        }
    }
}

/// The effect of a decorator on the function's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecoratorEffect {
    /// Known to preserve it: `functools.cache`, `numba.njit`, `torch.no_grad()`, …
    Keeps,
    /// Known to change it: `contextlib.contextmanager`, `property`, `dask.delayed`, …
    Changes,
    /// Not known.
    Unknown,
}

/// A name for a type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// The names in the brackets of `type Pair[T] = …`.
    pub type_parameters: Vec<String>,
    /// Its type.
    pub hint: Hint,
}

/// A range of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

/// A place in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Position {
    /// Bytes from the start of the source.
    pub offset: usize,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
}
