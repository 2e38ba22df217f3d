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
    /// The number of `@overload` declarations, which are not in the model.
    pub overloads: usize,
    /// There are only overloads, as in a stub: parameters and result are those of the first.
    pub is_only_overloads: bool,
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
