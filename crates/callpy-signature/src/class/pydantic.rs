//! Models of pydantic: their fields, by the rules of `pydantic.BaseModel`.

use super::dataclass::{says, writes_init};
use super::tuple_and_dict::field;
use super::{annotated, put, qualifiers};
use crate::function::expression;
use crate::hint::{Hints, Scope};
use crate::model::{Class, ClassKind};
use crate::syntax::{self, Argument, Expr, ExprKind, keyword, positional};

/// Whether a class is the base of models.
pub(super) fn is_base(path: &str) -> bool {
    matches!(
        path,
        "pydantic.BaseModel"
            | "pydantic.main.BaseModel"
            | "pydantic.v1.BaseModel"
            | "pydantic.BaseSettings"
            | "pydantic_settings.BaseSettings"
            | "pydantic.generics.GenericModel"
    )
}

pub(super) fn fill(hints: &Hints<'_>, class: &syntax::Class, scope: Scope<'_>, model: &mut Class) {
    // A generator of aliases is a function, so the names that the constructor takes are not known.
    let text = hints.positions.text(&class.range);
    let inherited = matches!(model.kind, ClassKind::Model { custom_init: true });
    let custom_init = inherited || writes_init(class) || text.contains("alias_generator");
    model.kind = ClassKind::Model { custom_init };
    for it in annotated(&class.body) {
        let qualifiers = qualifiers(hints, it.hint);
        let name = &it.name.text;
        if qualifiers.class_variable || name.starts_with('_') || name == "model_config" {
            continue;
        }
        let mut field = field(hints, it.name, Some(hints.hint(it.hint, scope)));
        field.docstring = it.docstring;
        field.keyword_only = true;
        // `x: Annotated[int, Field(alias="y")]` as well as `x: int = Field(alias="y")`.
        let noted = match &it.hint.kind {
            ExprKind::Subscript(_, items) => items.iter().find_map(|item| options(hints, item)),
            _ => None,
        };
        let called = it.value.and_then(|value| options(hints, value));
        for options in [noted, called].into_iter().flatten() {
            let default = positional(options)
                .next()
                .or_else(|| keyword(options, "default"))
                .filter(|default| !matches!(default.kind, ExprKind::Ellipsis))
                .or_else(|| keyword(options, "default_factory"));
            field.default = default.map(|default| expression(hints, default)).or(field.default);
            field.in_init &= says(options, "init", true);
            let alias =
                ["validation_alias", "alias"].iter().find_map(|name| keyword(options, name));
            field.alias = alias.and_then(Expr::string).map(str::to_owned).or(field.alias);
        }
        if let (Some(value), None) = (it.value, called)
            && !matches!(value.kind, ExprKind::Ellipsis)
        {
            field.default = Some(expression(hints, value));
        }
        put(&mut model.fields, field);
    }
}

/// The options of `Field(…)`.
fn options<'a>(hints: &Hints<'_>, value: &'a Expr) -> Option<&'a [Argument]> {
    let ExprKind::Call(function, options) = &value.kind else { return None };
    let name = hints.names.global(function.name()?)?;
    matches!(&name[..], "pydantic.Field" | "pydantic.fields.Field" | "pydantic.v1.Field")
        .then_some(options)
}
