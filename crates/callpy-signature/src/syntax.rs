//! The part of Python's syntax that signatures need, independent of the parser.
//!
//! `parse` makes it from the source, and later steps read nothing else, so another parser only needs
//! another `parse`. Trees are at most [`MAX_DEPTH`] deep, so recursion over them is safe.

use std::ops::Range;

use crate::model::ParameterKind;

/// Deeper expressions and blocks are left out: no real hint comes close, and Python itself refuses
/// 100 levels of indentation and 200 brackets.
pub(crate) const MAX_DEPTH: usize = 100;

/// Bytes in the source.
pub(crate) type Bytes = Range<usize>;

#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) range: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) enum ExprKind {
    /// A name, or a chain of attributes of a name: `np.float64`.
    Name(String),
    Subscript(Box<Expr>, Vec<Expr>),
    Call(Box<Expr>, Vec<Argument>),
    /// `a | b | c`.
    Union(Vec<Expr>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    /// `*x`
    Starred,
    Str(String),
    Bytes(Vec<u8>),
    Int(i128),
    Float(f64),
    Bool(bool),
    None,
    Ellipsis,
    /// An expression that no hint contains.
    Other,
}

#[derive(Debug, Clone)]
pub(crate) struct Argument {
    /// The keyword; an empty one for `**`.
    pub(crate) keyword: Option<String>,
    pub(crate) value: Expr,
}

impl Expr {
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn string(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a tuple or list display.
    pub(crate) fn items(&self) -> Option<&[Expr]> {
        match &self.kind {
            ExprKind::Tuple(items) | ExprKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The strings of a list or tuple of string literals.
    pub(crate) fn strings(&self) -> Option<Vec<String>> {
        self.items()?.iter().map(|item| item.string().map(str::to_owned)).collect()
    }
}

/// The value of a keyword argument.
pub(crate) fn keyword<'a>(arguments: &'a [Argument], name: &str) -> Option<&'a Expr> {
    arguments
        .iter()
        .find(|argument| argument.keyword.as_deref() == Some(name))
        .map(|argument| &argument.value)
}

/// The positional arguments.
pub(crate) fn positional(arguments: &[Argument]) -> impl Iterator<Item = &Expr> {
    arguments.iter().filter(|argument| argument.keyword.is_none()).map(|argument| &argument.value)
}

#[derive(Debug, Clone)]
pub(crate) struct Identifier {
    pub(crate) text: String,
    pub(crate) range: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) enum Statement {
    /// Each local name and its dotted path.
    Import(Vec<(String, String)>),
    StarImport(String),
    Assign {
        targets: Vec<Identifier>,
        annotation: Option<Expr>,
        value: Option<Expr>,
        range: Bytes,
    },
    /// `name += value`.
    Extend {
        name: String,
        value: Expr,
    },
    TypeAlias(TypeAlias),
    Function(Box<Function>),
    Class(Box<Class>),
    /// `if`, `try`, `with`, `for`, …: one of the branches may run.
    Branches {
        condition: Condition,
        branches: Vec<Vec<Statement>>,
    },
    Expression(Expr),
    Delete(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// `if TYPE_CHECKING`: the first branch never runs.
    TypeChecking,
    /// `if __name__ == "__main__"`: the first branch is not part of the module.
    Main,
    /// `with`: the one branch always runs.
    Always,
    Unknown,
}

#[derive(Debug, Clone)]
pub(crate) struct TypeAlias {
    pub(crate) name: Identifier,
    pub(crate) parameters: Vec<TypeParameter>,
    pub(crate) value: Expr,
}

#[derive(Debug, Clone)]
pub(crate) struct TypeParameter {
    pub(crate) name: String,
    /// What follows the colon: a bound, or a tuple of constraints.
    pub(crate) bound: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: Identifier,
    pub(crate) range: Bytes,
    pub(crate) docstring: Option<String>,
    pub(crate) decorators: Vec<Expr>,
    pub(crate) is_async: bool,
    pub(crate) is_generator: bool,
    pub(crate) type_parameters: Vec<TypeParameter>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: Identifier,
    pub(crate) kind: ParameterKind,
    pub(crate) annotation: Option<Expr>,
    pub(crate) default: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Class {
    pub(crate) name: Identifier,
    pub(crate) range: Bytes,
    pub(crate) docstring: Option<String>,
    pub(crate) decorators: Vec<Expr>,
    pub(crate) type_parameters: Vec<TypeParameter>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) body: Vec<Statement>,
}
