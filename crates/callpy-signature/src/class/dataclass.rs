//! Dataclasses: their fields, by the rules of `dataclasses.dataclass`.

use super::{Annotated, annotated, put, qualifiers};
use crate::function::expression;
use crate::hint::{Hints, Scope};
use crate::model::{Class, ClassKind, Field, FieldKind};
use crate::syntax::{self, Argument, Expr, ExprKind, Statement, keyword};

/// The arguments of a class's `@dataclass(…)`, if it has that decorator.
pub(super) fn decorator<'a>(hints: &Hints<'_>, class: &'a syntax::Class) -> Option<&'a [Argument]> {
    class.decorators.iter().find_map(|decorator| {
        let (function, arguments) = match &decorator.kind {
            ExprKind::Call(function, arguments) => (&**function, &arguments[..]),
            _ => (decorator, &[][..]),
        };
        let name = hints.names.global(function.name()?)?;
        let is_one =
            matches!(&name[..], "dataclasses.dataclass" | "pydantic.dataclasses.dataclass");
        is_one.then_some(arguments)
    })
}

pub(super) fn fill(
    hints: &Hints<'_>,
    class: &syntax::Class,
    arguments: &[Argument],
    scope: Scope<'_>,
    model: &mut Class,
) {
    model.kind = ClassKind::Dataclass {
        frozen: says(arguments, "frozen", false),
        custom_init: writes_init(class) || !says(arguments, "init", true),
    };
    let mut keyword_only = says(arguments, "kw_only", false);
    for Annotated { name, hint, value, docstring } in annotated(&class.body) {
        let hint_name = hint.name().and_then(|name| hints.names.global(name));
        // `_: KW_ONLY` is no field: those after it are keyword-only (3.10).
        if hint_name.as_deref() == Some("dataclasses.KW_ONLY") {
            keyword_only = true;
            continue;
        }
        let qualifiers = qualifiers(hints, hint);
        if qualifiers.class_variable {
            continue;
        }
        let mut field = Field {
            name: name.text.clone(),
            alias: None,
            span: hints.positions.span(&name.range),
            hint: Some(hints.hint(hint, scope)),
            default: None,
            kind: if qualifiers.init_only { FieldKind::InitOnly } else { FieldKind::Stored },
            in_init: true,
            keyword_only,
            required: true,
            docstring,
        };
        match value.map(|value| (value, field_call(hints, value))) {
            Some((_, Some(options))) => {
                let default = ["default", "default_factory", "factory"];
                let default = default.iter().find_map(|name| keyword(options, name));
                field.default = default.map(|default| expression(hints, default));
                field.in_init = says(options, "init", true);
                field.keyword_only = says(options, "kw_only", keyword_only);
            }
            Some((value, None)) => field.default = Some(expression(hints, value)),
            None => {}
        }
        put(&mut model.fields, field);
    }
}

/// The options of `field(…)`.
fn field_call<'a>(hints: &Hints<'_>, value: &'a Expr) -> Option<&'a [Argument]> {
    match &value.kind {
        ExprKind::Call(function, options) => {
            let name = hints.names.global(function.name()?)?;
            matches!(&name[..], "dataclasses.field" | "pydantic.Field").then_some(options)
        }
        _ => None,
    }
}

/// Whether a class defines its constructor.
pub(super) fn writes_init(class: &syntax::Class) -> bool {
    class.body.iter().any(|statement| {
        matches!(statement, Statement::Function(function) if function.name.text == "__init__")
    })
}

/// A flag among keyword arguments.
pub(super) fn says(arguments: &[Argument], name: &str, otherwise: bool) -> bool {
    match keyword(arguments, name).map(|value| &value.kind) {
        Some(ExprKind::Bool(value)) => *value,
        _ => otherwise,
    }
}
