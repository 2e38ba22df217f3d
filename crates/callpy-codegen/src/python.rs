//! Writes signatures and declarations as Python has them, for docs and messages.

use callpy_signature::{Expression, Function, Hint, Parameter, ParameterKind};

/// Writes a parameter or a field: `name: hint = default`.
pub(crate) fn declaration(name: &str, hint: Option<&Hint>, default: Option<&Expression>) -> String {
    let mut text = name.to_owned();
    if let Some(hint) = hint {
        text += &format!(": {}", hint.source);
    }
    if let Some(default) = default {
        // As PEP 8 lays it out.
        let equals = if hint.is_some() { " = " } else { "=" };
        text += &format!("{equals}{}", default.source);
    }
    text
}

/// Writes a function's whole signature.
pub(crate) fn signature(function: &Function) -> String {
    let parameters = listed(&function.parameters, |parameter| {
        declaration(&parameter.name, parameter.hint.as_ref(), parameter.default.as_ref())
    });
    let returns = function.returns.as_ref().map(|hint| format!(" -> {}", hint.source));
    format!("{}{parameters}{}", function.name, returns.unwrap_or_default())
}

/// Writes the parameters as `signature` of callpy's support.py does, to compare them with Python's.
pub(crate) fn parameters(parameters: &[Parameter]) -> String {
    listed(parameters, |parameter| match parameter.default {
        Some(_) => format!("{}=...", parameter.name),
        None => parameter.name.clone(),
    })
}

fn listed(parameters: &[Parameter], write: impl Fn(&Parameter) -> String) -> String {
    let mut parts = Vec::new();
    let (mut slash, mut star) = (false, false);
    for parameter in parameters {
        let kind = parameter.kind;
        if slash && kind != ParameterKind::PositionalOnly {
            parts.push("/".to_owned());
        }
        slash = kind == ParameterKind::PositionalOnly;
        if kind == ParameterKind::KeywordOnly && !star {
            parts.push("*".to_owned());
        }
        star |= matches!(kind, ParameterKind::KeywordOnly | ParameterKind::VarPositional);
        let stars = match kind {
            ParameterKind::VarPositional => "*",
            ParameterKind::VarKeyword => "**",
            _ => "",
        };
        parts.push(format!("{stars}{}", write(parameter)));
    }
    if slash {
        parts.push("/".to_owned());
    }
    format!("({})", parts.join(", "))
}

/// Folds the white space of a text, which may be on several lines.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
