//! Converts a hint's expression to its [`Type`].

mod array;
mod generic;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::model::{Hint, Literal, Type, Usage};
use crate::names::{Alias, Names, Resolved};
use crate::parse;
use crate::position::Positions;
use crate::syntax::{Argument, Expr, ExprKind, TypeParameter, keyword, positional};

/// Deeper hints are not read: no one writes them, and dropping a type is recursive.
const MAX_DEPTH: usize = 64;

/// Why `*tuple[int, str]` and `Unpack[…]` are not types, except for `**kwargs`.
const UNPACKED: &str = "unpacked type arguments are not supported";

/// Hints with more parts are not read. Aliases of aliases could double them at each step.
const MAX_PARTS: usize = 4000;

/// Turns hints into types.
pub(crate) struct Hints<'a> {
    pub(crate) names: &'a Names,
    pub(crate) positions: &'a Positions<'a>,
    /// The rest of [`MAX_PARTS`].
    parts: Cell<usize>,
    /// The aliases being read, outermost first.
    open: RefCell<Vec<String>>,
    /// What a note in the hint that is being read says of the argument.
    usage: Cell<Option<Usage>>,
}

/// The scope of a hint: its type parameters, and its depth.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    variables: &'s HashMap<String, Type>,
    depth: usize,
}

impl<'s> Scope<'s> {
    pub(crate) fn new(variables: &'s HashMap<String, Type>) -> Self {
        Scope { variables, depth: 0 }
    }

    fn variable(self, name: &str) -> Option<Type> {
        self.variables.get(name).cloned()
    }

    fn deeper(self) -> Self {
        Scope { depth: self.depth + 1, ..self }
    }
}

impl<'a> Hints<'a> {
    pub(crate) fn new(names: &'a Names, positions: &'a Positions<'a>) -> Self {
        Hints {
            names,
            positions,
            parts: Cell::new(MAX_PARTS),
            open: RefCell::default(),
            usage: Cell::default(),
        }
    }

    /// The hint at an expression of the file.
    pub(crate) fn hint(&self, expr: &Expr, scope: Scope<'_>) -> Hint {
        self.hint_with(expr, || self.ty(expr, scope))
    }

    fn hint_with(&self, expr: &Expr, ty: impl FnOnce() -> Type) -> Hint {
        // Each hint has the whole limit, so that a large one does not spoil the others.
        self.parts.set(MAX_PARTS);
        self.usage.set(None);
        let source = match &expr.kind {
            // Without the quotes, which are no part of the type.
            ExprKind::Str(text) => text.trim(),
            _ => self.positions.text(&expr.range),
        };
        let ty = ty();
        let span = self.positions.span(&expr.range);
        Hint { source: source.to_owned(), span, ty, usage: self.usage.get() }
    }

    /// The hint of an alias, which is its value.
    pub(crate) fn value_of(&self, alias: &Alias, scope: Scope<'_>) -> Hint {
        self.hint_with(&alias.value, || self.named(&alias.name.text, &[], scope))
    }

    /// The hint of all keyword arguments: what `Unpack[…]` holds.
    pub(crate) fn unpacked(&self, expr: &Expr, scope: Scope<'_>) -> Hint {
        let inner = self.unpack(expr);
        self.hint_with(expr, || self.ty(inner.as_ref().unwrap_or(expr), scope))
    }

    /// Whether an expression is `Unpack[…]`, also as a string.
    pub(crate) fn is_unpack(&self, expr: &Expr) -> bool {
        self.unpack(expr).is_some()
    }

    fn unpack(&self, expr: &Expr) -> Option<Expr> {
        match &expr.kind {
            ExprKind::Str(text) => self.unpack(&parse::hint(text)?),
            ExprKind::Subscript(base, items) => {
                let name = self.names.global(base.name()?)?;
                items.first().filter(|_| name == "typing.Unpack").cloned()
            }
            _ => None,
        }
    }

    pub(crate) fn ty(&self, expr: &Expr, scope: Scope<'_>) -> Type {
        let scope = scope.deeper();
        match self.parts.get().checked_sub(1) {
            Some(left) if scope.depth <= MAX_DEPTH => self.parts.set(left),
            _ => return invalid("it is nested too deeply, or its aliases are"),
        }
        match &expr.kind {
            ExprKind::None => Type::None,
            ExprKind::Name(name) => self.named(name, &[], scope),
            ExprKind::Subscript(base, items) => match &base.kind {
                ExprKind::Name(name) => self.named(name, items, scope),
                // The grammar reads `*tuple[int]` as `(*tuple)[int]`.
                ExprKind::Starred => invalid(UNPACKED),
                _ => invalid("only a name can have type arguments"),
            },
            ExprKind::Union(members) => self.union(members, scope),
            ExprKind::Str(text) => match parse::hint(text) {
                Some(inner) => self.ty(&inner, scope),
                None => invalid("the string is not a Python expression"),
            },
            ExprKind::Starred => invalid(UNPACKED),
            ExprKind::Tuple(_) | ExprKind::List(_) => {
                invalid("a list or tuple of types is not a type")
            }
            ExprKind::Call(..) => invalid("a call is not a type"),
            _ => invalid("the expression is not a type"),
        }
    }

    /// A name, and the items in its brackets.
    fn named(&self, name: &str, items: &[Expr], scope: Scope<'_>) -> Type {
        if let Some(variable) = scope.variables.get(name) {
            // An argument that its alias uses twice doubles at each level of nesting.
            return match self.parts.get().checked_sub(parts(variable)) {
                Some(left) => {
                    self.parts.set(left);
                    variable.clone()
                }
                None => invalid("its aliases make it too large"),
            };
        }
        match self.names.resolve(name) {
            Resolved::Global(path) => self.global(&path, items, scope),
            Resolved::Class(name) => Type::Class { name, arguments: self.arguments(items, scope) },
            Resolved::Member { class, attribute } => Type::Unknown {
                name: format!("{class}.{attribute}"),
                arguments: self.arguments(items, scope),
            },
            Resolved::Alias(alias) => self.alias(&alias, items, scope),
            Resolved::Value => invalid(format!("`{name}` is a value, not a type")),
        }
    }

    /// An alias: its value, or a reference to itself inside its value.
    fn alias(&self, alias: &Alias, items: &[Expr], scope: Scope<'_>) -> Type {
        let name = &alias.name.text;
        // Its value is being read, so it has no type yet.
        if self.open.borrow().contains(name) {
            return Type::Recursive { alias: name.clone() };
        }
        // The arguments are resolved where the alias is used: `Maybe[Maybe[int]]` is not recursive.
        let arguments = items.iter().map(|item| self.ty(item, scope)).collect();
        // By name: an alias that leads back to itself through others is found as well.
        self.open.borrow_mut().push(name.clone());
        let ty = self.alias_value(alias, arguments, scope);
        self.open.borrow_mut().pop();
        ty
    }

    fn alias_value(&self, alias: &Alias, arguments: Vec<Type>, scope: Scope<'_>) -> Type {
        let name = &alias.name.text;
        if let ExprKind::Call(function, arguments) = &alias.value.kind {
            let function = function.name().and_then(|function| self.names.global(function));
            return match function.as_deref() {
                Some("typing.TypeVar") => self.type_variable(name, arguments, scope),
                Some("typing.ParamSpec" | "typing.TypeVarTuple") => {
                    Type::TypeVariable { name: name.clone(), bound: None, constraints: Vec::new() }
                }
                // When the program runs, calling a `NewType` returns the argument.
                Some("typing.NewType") => match positional(arguments).nth(1) {
                    Some(base) => self.ty(base, scope),
                    None => invalid("`NewType` has no base"),
                },
                Some("typing.TypeAliasType") => match positional(arguments).nth(1) {
                    Some(value) => self.ty(value, scope),
                    None => invalid("`TypeAliasType` has no value"),
                },
                _ => invalid(format!("`{name}` is the result of a call, not a type")),
            };
        }
        let parameters = match &alias.parameters[..] {
            // Without arguments, each variable stands for `Any`, whatever their order.
            [] if arguments.is_empty() => Vec::new(),
            [] => self.free_variables(&alias.value),
            parameters => parameters.iter().map(|parameter| parameter.name.clone()).collect(),
        };
        let mut variables = self.variables(&alias.parameters, scope);
        variables.extend(parameters.into_iter().zip(arguments));
        self.ty(&alias.value, Scope { variables: &variables, depth: scope.depth })
    }

    /// The type parameters of `def f[T: bound]`, `class C[T]` and `type X[T]`.
    pub(crate) fn variables(
        &self,
        parameters: &[TypeParameter],
        scope: Scope<'_>,
    ) -> HashMap<String, Type> {
        let variable = |parameter: &TypeParameter| {
            let bound = parameter.bound.as_ref();
            let constraints = bound.and_then(|bound| match &bound.kind {
                ExprKind::Tuple(items) => Some(items),
                _ => None,
            });
            let name = parameter.name.clone();
            let ty = match constraints {
                Some(items) => {
                    let constraints = items.iter().map(|item| self.ty(item, scope)).collect();
                    Type::TypeVariable { name: name.clone(), bound: None, constraints }
                }
                None => {
                    let bound = bound.map(|bound| Box::new(self.ty(bound, scope)));
                    Type::TypeVariable { name: name.clone(), bound, constraints: Vec::new() }
                }
            };
            (name, ty)
        };
        parameters.iter().map(variable).collect()
    }

    /// `TypeVar("T", A, B)` or `TypeVar("T", bound=A)`
    fn type_variable(&self, name: &str, arguments: &[Argument], scope: Scope<'_>) -> Type {
        let constraints = positional(arguments).skip(1);
        Type::TypeVariable {
            name: name.to_owned(),
            bound: keyword(arguments, "bound").map(|bound| Box::new(self.ty(bound, scope))),
            constraints: constraints.map(|constraint| self.ty(constraint, scope)).collect(),
        }
    }

    /// The type variables in the value of an old-style generic alias, in order of appearance.
    pub(crate) fn free_variables(&self, value: &Expr) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![value];
        while let Some(expr) = left.pop() {
            match &expr.kind {
                ExprKind::Name(name) => {
                    if let Resolved::Alias(alias) = self.names.resolve(name)
                        && let ExprKind::Call(function, _) = &alias.value.kind
                        && function.name().and_then(|function| self.names.global(function))
                            == Some("typing.TypeVar".to_owned())
                        && !found.contains(name)
                    {
                        found.push(name.clone());
                    }
                }
                ExprKind::Subscript(base, items) => {
                    left.extend(items.iter().rev());
                    left.push(base);
                }
                ExprKind::Union(items) | ExprKind::Tuple(items) | ExprKind::List(items) => {
                    left.extend(items.iter().rev());
                }
                _ => {}
            }
        }
        found
    }

    fn union(&self, members: &[Expr], scope: Scope<'_>) -> Type {
        union(members.iter().map(|member| self.ty(member, scope)))
    }

    /// Type arguments; a `Callable`'s list of parameters becomes a tuple, `...` one of any length.
    fn arguments(&self, items: &[Expr], scope: Scope<'_>) -> Vec<Type> {
        let argument = |item: &Expr| match &item.kind {
            ExprKind::List(inner) => Type::Tuple(self.arguments(inner, scope.deeper())),
            ExprKind::Ellipsis => Type::VariadicTuple(Box::new(Type::Any)),
            _ => self.ty(item, scope),
        };
        match scope.depth {
            0..=MAX_DEPTH => items.iter().map(argument).collect(),
            _ => Vec::new(),
        }
    }

    /// A literal in `Literal[…]` or a default.
    pub(crate) fn literal(&self, expr: &Expr) -> Option<Literal> {
        Some(match &expr.kind {
            ExprKind::None => Literal::None,
            ExprKind::Bool(value) => Literal::Bool(*value),
            ExprKind::Int(value) => Literal::Int(*value),
            ExprKind::Float(value) => Literal::Float(*value),
            ExprKind::Str(value) => Literal::Str(value.clone()),
            ExprKind::Bytes(value) => Literal::Bytes(value.clone()),
            ExprKind::Name(name) => {
                let path = match self.names.resolve(name) {
                    Resolved::Member { class, attribute } => format!("{class}.{attribute}"),
                    Resolved::Global(path) => path,
                    _ => return None,
                };
                let (class, member) = path.rsplit_once('.')?;
                Literal::Member { class: class.to_owned(), member: member.to_owned() }
            }
            _ => return None,
        })
    }
}

pub(crate) fn invalid(reason: impl Into<String>) -> Type {
    Type::Invalid { reason: reason.into() }
}

/// The number of types in a type.
fn parts(ty: &Type) -> usize {
    1 + ty.children().into_iter().map(parts).sum::<usize>()
}

/// A union: flat, each member once, with `None` turned into an `Optional`.
pub(crate) fn union(members: impl IntoIterator<Item = Type>) -> Type {
    // As `typing.Union` does, so that hints that mean the same are equal.
    let mut flat = Vec::new();
    let mut optional = false;
    let mut add = |member: Type, flat: &mut Vec<Type>| match member {
        Type::None => optional = true,
        other if flat.contains(&other) => {}
        other => flat.push(other),
    };
    for member in members {
        let (member, nullable) = match member {
            Type::Optional(inner) => (*inner, true),
            other => (other, false),
        };
        match member {
            Type::Union(inner) => inner.into_iter().for_each(|member| add(member, &mut flat)),
            other => add(other, &mut flat),
        }
        if nullable {
            add(Type::None, &mut flat);
        }
    }
    let only = match flat.len() {
        0 => return Type::None,
        1 => flat.remove(0),
        _ => Type::Union(flat),
    };
    if optional { Type::Optional(Box::new(only)) } else { only }
}
