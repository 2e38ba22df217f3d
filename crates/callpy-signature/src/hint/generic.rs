//! The types of `builtins`, `typing` and `collections.abc`.

use super::{Hints, Scope, UNPACKED, invalid, union};
use crate::model::{Literal, MappingKind, SequenceKind, SetKind, Type};
use crate::syntax::{Expr, ExprKind};

impl Hints<'_> {
    /// A type from outside the file: its canonical name, and the items in its brackets.
    pub(super) fn global(&self, path: &str, items: &[Expr], scope: Scope<'_>) -> Type {
        if let Some(array) = self.array(path, items, scope) {
            return array;
        }
        let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
        let item = || {
            let item = items.first().map(|item| self.ty(item, scope));
            Box::new(item.unwrap_or(Type::Any))
        };
        let only = || match items {
            [only] => self.ty(only, scope),
            _ => invalid(format!("`{name}` takes one type")),
        };
        match (module, name) {
            ("builtins", "bool") => Type::Bool,
            ("builtins", "int") => Type::Int,
            ("builtins", "float") => Type::Float,
            ("builtins", "complex") => Type::Complex,
            ("builtins", "str") | ("typing", "LiteralString") => Type::Str,
            ("builtins", "bytes") => Type::Bytes,
            ("builtins", "object") | ("typing", "Any") => Type::Any,
            ("types", "NoneType") => Type::None,
            ("builtins", "tuple") => self.tuple(items, scope),
            ("builtins", "list") => Type::Sequence { kind: SequenceKind::List, item: item() },
            ("builtins", "set") => Type::Set { kind: SetKind::Set, item: item() },
            ("builtins", "frozenset") => Type::Set { kind: SetKind::FrozenSet, item: item() },
            ("builtins", "dict") => self.mapping(MappingKind::Dict, items, scope),
            ("collections.abc", "Mapping") => self.mapping(MappingKind::Mapping, items, scope),
            ("collections.abc", "MutableMapping") => {
                self.mapping(MappingKind::MutableMapping, items, scope)
            }
            ("collections.abc", "Set") => Type::Set { kind: SetKind::AbstractSet, item: item() },
            ("collections.abc", "MutableSet") => {
                Type::Set { kind: SetKind::MutableSet, item: item() }
            }
            ("collections.abc", "Sequence") => {
                Type::Sequence { kind: SequenceKind::Sequence, item: item() }
            }
            ("collections.abc", "MutableSequence") => {
                Type::Sequence { kind: SequenceKind::MutableSequence, item: item() }
            }
            ("collections.abc", "Collection") => {
                Type::Sequence { kind: SequenceKind::Collection, item: item() }
            }
            ("collections.abc", "Iterable") => {
                Type::Sequence { kind: SequenceKind::Iterable, item: item() }
            }
            ("typing", "Optional") => union([only(), Type::None]),
            ("typing", "Union") if !items.is_empty() => self.union(items, scope),
            ("typing", "Literal") => self.literals(items, scope),
            ("typing", "Annotated") => self.annotated(items, scope),
            ("typing", "Final" | "ClassVar") if items.is_empty() => Type::Any,
            ("typing", "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly")
            | ("dataclasses", "InitVar") => only(),
            ("typing", "Unpack") => invalid(UNPACKED),
            // In a class it is the class itself.
            ("typing", "Self") => scope.variable("Self").unwrap_or(Type::Any),
            ("typing", "TypeGuard" | "TypeIs") => Type::Bool,
            ("typing", "AnyStr") => Type::TypeVariable {
                name: name.to_owned(),
                bound: None,
                constraints: vec![Type::Str, Type::Bytes],
            },
            _ => Type::Unknown { name: path.to_owned(), arguments: self.arguments(items, scope) },
        }
    }

    fn tuple(&self, items: &[Expr], scope: Scope<'_>) -> Type {
        match items {
            [] => Type::VariadicTuple(Box::new(Type::Any)),
            // `tuple[()]`, the only way to write the type of the empty tuple.
            [Expr { kind: ExprKind::Tuple(empty), .. }] if empty.is_empty() => {
                Type::Tuple(Vec::new())
            }
            [item, Expr { kind: ExprKind::Ellipsis, .. }] => {
                Type::VariadicTuple(Box::new(self.ty(item, scope)))
            }
            items => Type::Tuple(items.iter().map(|item| self.ty(item, scope)).collect()),
        }
    }

    fn mapping(&self, kind: MappingKind, items: &[Expr], scope: Scope<'_>) -> Type {
        let (key, value) = match items {
            [] => (Type::Any, Type::Any),
            [key, value] => (self.ty(key, scope), self.ty(value, scope)),
            _ => return invalid("a mapping takes the types of its keys and of its values"),
        };
        Type::Mapping { kind, key: Box::new(key), value: Box::new(value) }
    }

    fn literals(&self, items: &[Expr], scope: Scope<'_>) -> Type {
        let mut literals: Vec<Literal> = Vec::new();
        let mut optional = false;
        for item in items {
            // `Literal[A, Literal[1, 2]]`, and aliases of such.
            let nested = match &item.kind {
                ExprKind::Name(_) | ExprKind::Subscript(..) => Some(self.ty(item, scope)),
                _ => None,
            };
            let (nested, nullable) = match nested {
                Some(Type::Optional(inner)) => (Some(*inner), true),
                other => (other, false),
            };
            optional |= nullable;
            match (nested, self.literal(item)) {
                (Some(Type::Literal(inner)), _) => literals.extend(inner),
                // `Literal[None]` is the same as `None` (PEP 586).
                (_, Some(Literal::None)) => optional = true,
                (_, Some(Literal::Float(_)) | None) => {
                    return invalid("`Literal` takes integers, strings, bytes, booleans and None");
                }
                (_, Some(literal)) if literals.contains(&literal) => {}
                (_, Some(literal)) => literals.push(literal),
            }
        }
        match (literals.is_empty(), optional) {
            (true, true) => Type::None,
            (true, false) => invalid("`Literal` without values"),
            (false, true) => Type::Optional(Box::new(Type::Literal(literals))),
            (false, false) => Type::Literal(literals),
        }
    }
}
