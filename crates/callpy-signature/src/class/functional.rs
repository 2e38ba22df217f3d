//! Classes created by a call: `namedtuple("P", "x y")`, `TypedDict("D", {…})`, `Enum("E", "A B")`.

use std::collections::HashMap;

use super::dataclass::says;
use super::tuple_and_dict::field;
use super::{enumeration, put, qualifiers};
use crate::function::expression;
use crate::hint::{Hints, Scope};
use crate::model::{Class, ClassKind, EnumKind, Field};
use crate::names::{Names, is_keyword};
use crate::syntax::{Argument, Expr, ExprKind, Identifier, keyword, positional};

/// Whether the expression is such a call.
pub(crate) fn makes_class(expr: &Expr, names: &Names) -> bool {
    kind(expr, names).is_some()
}

/// The kind of the class that the call creates, and the call's arguments.
fn kind<'a>(expr: &'a Expr, names: &Names) -> Option<(ClassKind, &'a [Argument])> {
    let ExprKind::Call(function, arguments) = &expr.kind else { return None };
    let path = names.global(function.name()?)?;
    let kind = match path.as_str() {
        "collections.namedtuple" | "typing.NamedTuple" => ClassKind::NamedTuple,
        "typing.TypedDict" => ClassKind::TypedDict,
        _ => ClassKind::Enum(enumeration::base(&path)?),
    };
    // `Color(1)` looks up a member; creating an enum takes a name and members.
    (positional(arguments).count() >= 2).then_some((kind, arguments))
}

/// Fills the class from the call.
pub(super) fn fill(hints: &Hints<'_>, call: &Expr, class: &mut Class) {
    let Some((kind, arguments)) = kind(call, hints.names) else { return };
    class.kind = kind;
    let Some(declared) = positional(arguments).nth(1) else { return };
    match kind {
        ClassKind::TypedDict => typed_dict(hints, declared, arguments, class),
        ClassKind::Enum(kind) => members(hints, declared, kind, class),
        _ => named_tuple(hints, declared, arguments, class),
    }
}

/// Fields as pairs or as names.
fn named_tuple(hints: &Hints<'_>, declared: &Expr, arguments: &[Argument], class: &mut Class) {
    let renames = says(arguments, "rename", false);
    for (at, (name, hint)) in names(declared).into_iter().enumerate() {
        // As `namedtuple` does it, for what can't be the name of a field.
        let is_bad = !is_field_name(&name) || class.fields.iter().any(|field| field.name == name);
        let text = if renames && is_bad { format!("_{at}") } else { name };
        let name = Identifier { text, range: declared.range.clone() };
        let hint = hint.map(|hint| typed(hints, hint));
        put(&mut class.fields, field(hints, &name, hint));
    }
    let defaults = keyword(arguments, "defaults").and_then(Expr::items).unwrap_or_default();
    // The defaults belong to the last fields.
    let fields = class.fields.iter_mut().rev().zip(defaults.iter().rev());
    for (field, default) in fields {
        field.default = Some(expression(hints, default));
    }
}

/// Whether a named tuple can have a field of this name.
fn is_field_name(name: &str) -> bool {
    name.starts_with(char::is_alphabetic)
        && name.chars().all(|c| c == '_' || c.is_alphanumeric())
        && !is_keyword(name)
}

fn typed(hints: &Hints<'_>, hint: &Expr) -> crate::model::Hint {
    hints.hint(hint, Scope::new(&HashMap::new()))
}

/// `"x y"`, `"x, y"`, `["x", "y"]` or `[("x", int), ("y", int)]`
fn names<'a>(declared: &'a Expr) -> Vec<(String, Option<&'a Expr>)> {
    if let Some(text) = declared.string() {
        let words = text.split(|c: char| c == ',' || c.is_whitespace());
        return words.filter(|word| !word.is_empty()).map(|it| (it.to_owned(), None)).collect();
    }
    let item = |item: &'a Expr| match &item.kind {
        ExprKind::Str(name) => Some((name.clone(), None)),
        ExprKind::Tuple(pair) => match &pair[..] {
            [name, second] => Some((name.string()?.to_owned(), Some(second))),
            _ => None,
        },
        _ => None,
    };
    declared.items().unwrap_or_default().iter().filter_map(item).collect()
}

fn typed_dict(hints: &Hints<'_>, declared: &Expr, arguments: &[Argument], class: &mut Class) {
    let ExprKind::Dict(pairs) = &declared.kind else { return };
    let total = says(arguments, "total", true);
    for (key, hint) in pairs {
        let Some(name) = key.string() else { continue };
        let name = Identifier { text: name.to_owned(), range: key.range.clone() };
        let required = qualifiers(hints, hint).required.unwrap_or(total);
        let field = Field { required, ..field(hints, &name, Some(typed(hints, hint))) };
        put(&mut class.fields, field);
    }
}

/// Members are numbered from 1, or have values.
fn members(hints: &Hints<'_>, declared: &Expr, kind: EnumKind, class: &mut Class) {
    let pairs = match &declared.kind {
        ExprKind::Dict(pairs) => pairs
            .iter()
            .filter_map(|(key, value)| Some((key.string()?.to_owned(), Some(value))))
            .collect(),
        _ => names(declared),
    };
    let span = hints.positions.span(&declared.range);
    for (name, value) in pairs {
        let value = match value {
            Some(value) => enumeration::value(hints, value),
            None => enumeration::automatic(kind, &name, &class.members),
        };
        enumeration::push(class, name, span, value, None);
    }
}
