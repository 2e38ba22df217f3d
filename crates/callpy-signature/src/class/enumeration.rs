//! Enums: their members, and the values of `auto()`.

use super::docstring_after;
use crate::hint::Hints;
use crate::model::{Class, ClassKind, EnumKind, Literal, Member, MemberValue, Span};
use crate::syntax::{self, Expr, ExprKind, Statement};

/// The kind of enum that a base class defines.
pub(super) fn base(path: &str) -> Option<EnumKind> {
    Some(match path {
        "enum.Enum" => EnumKind::Plain,
        "enum.IntEnum" => EnumKind::Int,
        "enum.StrEnum" => EnumKind::Str,
        "enum.Flag" => EnumKind::Flag,
        "enum.IntFlag" => EnumKind::IntFlag,
        _ => return None,
    })
}

pub(super) fn fill(hints: &Hints<'_>, class: &syntax::Class, kind: EnumKind, model: &mut Class) {
    model.kind = ClassKind::Enum(kind);
    // `_generate_next_value_` decides what `auto()` is.
    let has_own_auto = class.body.iter().any(|statement| {
        matches!(statement, Statement::Function(function)
            if function.name.text == "_generate_next_value_")
    });
    let ignored = class.body.iter().find_map(|statement| match statement {
        Statement::Assign { targets, value: Some(value), .. } => {
            let is_list = targets.iter().any(|target| target.text == "_ignore_");
            is_list.then(|| match value.string() {
                Some(text) => {
                    text.replace(',', " ").split_whitespace().map(str::to_owned).collect()
                }
                None => value.strings().unwrap_or_default(),
            })
        }
        _ => None,
    });
    let ignored: Vec<String> = ignored.unwrap_or_default();
    for (at, statement) in class.body.iter().enumerate() {
        // With a hint or without: `enum` does not look at hints.
        let Statement::Assign { targets, value: Some(value), .. } = statement else { continue };
        for target in targets {
            // `_ignore_`, `__slots__`, and private names with two underscores.
            let name = &target.text;
            let is_sunder = name.starts_with('_') && name.ends_with('_');
            let is_left_out = is_sunder || name.starts_with("__") || ignored.contains(name);
            if is_left_out || is_no_member(hints, value) {
                continue;
            }
            let value = match is_auto(hints, value) {
                true if has_own_auto => MemberValue::Other("auto()".to_owned()),
                true => automatic(kind, name, &model.members),
                false => self::value(hints, value),
            };
            let span = hints.positions.span(&target.range);
            push(model, name.clone(), span, value, docstring_after(&class.body, at));
        }
    }
}

pub(super) fn push(
    class: &mut Class,
    name: String,
    span: Span,
    value: MemberValue,
    docstring: Option<String>,
) {
    let is_plain = !matches!(value, MemberValue::Other(_));
    // A second name for a value is an alias of the first, as `enum` has it. Whether expressions that can't
    // be read here are equal is not known.
    let earlier = class.members.iter().find(|member| is_plain && member.value == value);
    let alias_of = earlier.map(|member| member.alias_of.as_ref().unwrap_or(&member.name).clone());
    class.members.push(Member { name, span, value, alias_of, docstring });
}

pub(super) fn value(hints: &Hints<'_>, value: &Expr) -> MemberValue {
    match hints.literal(value) {
        Some(Literal::Int(number)) => MemberValue::Int(number),
        Some(Literal::Str(text)) => MemberValue::Str(text),
        _ => MemberValue::Other(hints.positions.text(&value.range).to_owned()),
    }
}

/// The value of `auto()`: the greatest value so far plus one, the next bit, or the name.
pub(super) fn automatic(kind: EnumKind, name: &str, earlier: &[Member]) -> MemberValue {
    let mut numbers = earlier.iter().filter_map(|member| match member.value {
        MemberValue::Int(number) => Some(number),
        _ => None,
    });
    let only_numbers = earlier.iter().all(|member| matches!(member.value, MemberValue::Int(_)));
    let next = match kind {
        // `StrEnum._generate_next_value_`.
        EnumKind::Str => return MemberValue::Str(name.to_lowercase()),
        // The greatest since 3.13; before it was the last one, from which files seldom differ.
        EnumKind::Plain | EnumKind::Int => {
            numbers.max().map_or(Some(1), |greatest| greatest.checked_add(1))
        }
        EnumKind::Flag | EnumKind::IntFlag => match numbers.by_ref().max() {
            Some(greatest) if greatest > 0 => {
                1_i128.checked_shl(128 - greatest.leading_zeros()).filter(|bit| *bit > 0)
            }
            _ => Some(1),
        },
    };
    match next.filter(|_| only_numbers) {
        Some(number) => MemberValue::Int(number),
        None => MemberValue::Other("auto()".to_owned()),
    }
}

fn is_auto(hints: &Hints<'_>, value: &Expr) -> bool {
    called(hints, value).is_some_and(|function| function == "enum.auto")
}

/// `nonmember(1)` and descriptors, which functions are, are attributes of the enum, not members.
fn is_no_member(hints: &Hints<'_>, value: &Expr) -> bool {
    if hints.positions.text(&value.range).starts_with("lambda") {
        return true;
    }
    let function = called(hints, value);
    matches!(function.as_deref(), Some("enum.nonmember" | "builtins.property" | "enum.property"))
}

fn called(hints: &Hints<'_>, value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Call(function, _) => hints.names.global(function.name()?),
        _ => None,
    }
}
