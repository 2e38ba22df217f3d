//! Classes of attrs: their fields, by the rules of `attrs.define` and the older `attr.s`.

use super::dataclass::{says, writes_init};
use super::tuple_and_dict::field;
use super::{docstring_after, put, qualifiers};
use crate::function::expression;
use crate::hint::{Hints, Scope};
use crate::model::{Class, ClassKind};
use crate::syntax::{self, Argument, Expr, ExprKind, Statement, keyword};

/// The name of the decorator that makes a class of attrs, and its arguments, if it has one.
pub(super) fn decorator<'a>(
    hints: &Hints<'_>,
    class: &'a syntax::Class,
) -> Option<(String, &'a [Argument])> {
    class.decorators.iter().find_map(|decorator| {
        let (function, arguments) = match &decorator.kind {
            ExprKind::Call(function, arguments) => (&**function, &arguments[..]),
            _ => (decorator, &[][..]),
        };
        let name = hints.names.global(function.name()?)?;
        let (module, maker) = name.rsplit_once('.')?;
        let is_one = matches!(module, "attr" | "attrs")
            && matches!(
                maker,
                "s" | "attrs" | "attributes" | "dataclass" | "define" | "frozen" | "mutable"
            );
        is_one.then(|| (maker.to_owned(), arguments))
    })
}

pub(super) fn fill(hints: &Hints<'_>, class: &syntax::Class, scope: Scope<'_>, model: &mut Class) {
    let Some((maker, arguments)) = decorator(hints, class) else { return };
    model.kind = ClassKind::Attrs {
        frozen: says(arguments, "frozen", maker == "frozen"),
        custom_init: writes_init(class) || !says(arguments, "init", true),
    };
    let keyword_only = says(arguments, "kw_only", false);
    let calls =
        |value: &Option<Expr>| value.as_ref().and_then(|value| options(hints, value)).is_some();
    let is_bare = |statement: &Statement| matches!(statement, Statement::Assign { annotation: None, value, .. } if calls(value));
    // An attribute without a hint means that hints alone declare no attributes.
    let by_hints = match &maker[..] {
        "s" | "attrs" | "attributes" => says(arguments, "auto_attribs", false),
        "dataclass" => true,
        _ => says(arguments, "auto_attribs", !class.body.iter().any(is_bare)),
    };
    for (at, statement) in class.body.iter().enumerate() {
        let Statement::Assign { targets, annotation, value, .. } = statement else { continue };
        let [name] = &targets[..] else { continue };
        let options = value.as_ref().and_then(|value| options(hints, value));
        let is_variable =
            annotation.as_ref().is_some_and(|hint| qualifiers(hints, hint).class_variable);
        if is_variable || (options.is_none() && !(by_hints && annotation.is_some())) {
            continue;
        }
        let hint = annotation.as_ref().or_else(|| keyword(options?, "type"));
        let mut field = field(hints, name, hint.map(|hint| hints.hint(hint, scope)));
        field.docstring = docstring_after(&class.body, at);
        field.keyword_only = keyword_only;
        let bare = name.text.trim_start_matches('_');
        let mut alias = Some(bare.to_owned()).filter(|bare| *bare != name.text);
        match (options, value) {
            (Some(options), _) => {
                let given = keyword(options, "default").or_else(|| keyword(options, "factory"));
                // `@name.default` on a method.
                let decorated = class.body.iter().find_map(|statement| match statement {
                    Statement::Function(function) => function
                        .decorators
                        .iter()
                        .find(|it| it.name() == Some(&format!("{}.default", name.text))),
                    _ => None,
                });
                field.default =
                    given.or(decorated).map(|default| expression(hints, made_by(hints, default)));
                field.in_init = says(options, "init", true);
                field.keyword_only = says(options, "kw_only", keyword_only);
                alias =
                    keyword(options, "alias").and_then(Expr::string).map(str::to_owned).or(alias);
            }
            (None, Some(value)) => {
                field.default = Some(expression(hints, made_by(hints, value)));
            }
            (None, None) => {}
        }
        field.alias = alias;
        put(&mut model.fields, field);
    }
}

/// The options of `field(…)` or `attr.ib(…)`.
fn options<'a>(hints: &Hints<'_>, value: &'a Expr) -> Option<&'a [Argument]> {
    let ExprKind::Call(function, options) = &value.kind else { return None };
    let name = hints.names.global(function.name()?)?;
    let (module, maker) = name.rsplit_once('.')?;
    let is_one =
        matches!(module, "attr" | "attrs") && matches!(maker, "ib" | "attrib" | "attr" | "field");
    is_one.then_some(options)
}

/// The `list` of `attrs.Factory(list)`.
fn made_by<'a>(hints: &Hints<'_>, default: &'a Expr) -> &'a Expr {
    if let ExprKind::Call(function, arguments) = &default.kind
        && let Some(name) = function.name().and_then(|name| hints.names.global(name))
        && matches!(&name[..], "attr.Factory" | "attrs.Factory")
        && let Some(factory) = arguments.first()
    {
        return &factory.value;
    }
    default
}
