//! Named tuples and typed dicts written as classes.

use super::dataclass::says;
use super::{annotated, put, qualifiers};
use crate::function::expression;
use crate::hint::{Hints, Scope};
use crate::model::{Class, ClassKind, Field, FieldKind, Hint};
use crate::syntax::{self, Identifier};

pub(super) fn named_tuple(
    hints: &Hints<'_>,
    class: &syntax::Class,
    scope: Scope<'_>,
    model: &mut Class,
) {
    model.kind = ClassKind::NamedTuple;
    // In a subclass of a named tuple, annotations declare no fields.
    if !model.fields.is_empty() {
        return;
    }
    for it in annotated(&class.body) {
        let hint = hints.hint(it.hint, scope);
        let mut field = field(hints, it.name, Some(hint));
        field.default = it.value.map(|value| expression(hints, value));
        field.docstring = it.docstring;
        put(&mut model.fields, field);
    }
}

pub(super) fn typed_dict(
    hints: &Hints<'_>,
    class: &syntax::Class,
    scope: Scope<'_>,
    model: &mut Class,
) {
    model.kind = ClassKind::TypedDict;
    let total = says(&class.arguments, "total", true);
    for it in annotated(&class.body) {
        let mut field = field(hints, it.name, Some(hints.hint(it.hint, scope)));
        field.required = qualifiers(hints, it.hint).required.unwrap_or(total);
        field.docstring = it.docstring;
        put(&mut model.fields, field);
    }
}

/// A field with the default options.
pub(super) fn field(hints: &Hints<'_>, name: &Identifier, hint: Option<Hint>) -> Field {
    Field {
        name: name.text.clone(),
        alias: None,
        span: hints.positions.span(&name.range),
        hint,
        default: None,
        kind: FieldKind::Stored,
        in_init: true,
        keyword_only: false,
        required: true,
        docstring: None,
    }
}
