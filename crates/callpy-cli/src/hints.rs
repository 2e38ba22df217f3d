//! Checks a value of JSON against a hint, as far as JSON can say it.

use callpy_signature::{Literal, Type};
use serde_json::Value;

/// Checks the JSON of a value.
///
/// # Errors
/// The value does not fit: the error says in words what would, `a number`.
pub(crate) fn check(hint: &Type, json: &str) -> Result<(), String> {
    match serde_json::from_str::<Value>(json) {
        Ok(value) if !fits(hint, &value) => Err(wanted(hint)),
        _ => Ok(()),
    }
}

/// Returns whether a value fits; true for hints of which JSON says nothing.
fn fits(hint: &Type, value: &Value) -> bool {
    match hint {
        Type::None => value.is_null(),
        Type::Bool => value.is_boolean(),
        // A bool is an int in Python, and an int goes wherever a float does.
        Type::Int => value.is_boolean() || is_whole(value),
        Type::Float | Type::Complex => value.is_boolean() || value.is_number(),
        Type::Str => value.is_string(),
        Type::Sequence { item, .. } | Type::Set { item, .. } | Type::VariadicTuple(item) => {
            value.as_array().is_some_and(|items| items.iter().all(|one| fits(item, one)))
        }
        Type::Tuple(items) => value.as_array().is_some_and(|values| {
            values.len() == items.len()
                && items.iter().zip(values).all(|(item, one)| fits(item, one))
        }),
        Type::Mapping { value: item, .. } => {
            value.as_object().is_some_and(|items| items.values().all(|one| fits(item, one)))
        }
        Type::Optional(inner) => value.is_null() || fits(inner, value),
        Type::Union(members) => members.iter().any(|member| fits(member, value)),
        Type::Literal(literals) => literals.iter().any(|literal| is_literal(literal, value)),
        Type::TypeVariable { bound: Some(bound), .. } => fits(bound, value),
        _ => true,
    }
}

fn is_whole(value: &Value) -> bool {
    value.as_number().is_some_and(|number| !number.to_string().contains(['.', 'e', 'E']))
}

fn is_literal(literal: &Literal, value: &Value) -> bool {
    match literal {
        Literal::None => value.is_null(),
        Literal::Bool(literal) => value.as_bool() == Some(*literal),
        Literal::Int(literal) => {
            value.as_i64().map(i128::from).or(value.as_u64().map(i128::from)) == Some(*literal)
        }
        Literal::Float(literal) => value.as_f64() == Some(*literal),
        Literal::Str(literal) => value.as_str() == Some(literal),
        // These are not in JSON.
        _ => true,
    }
}

/// Says in words what fits.
fn wanted(hint: &Type) -> String {
    match hint {
        Type::None => "null".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Int => "a whole number".to_owned(),
        Type::Float | Type::Complex => "a number".to_owned(),
        Type::Str => "a string".to_owned(),
        Type::Sequence { item, .. } | Type::Set { item, .. } | Type::VariadicTuple(item) => {
            list_of(item, "a list")
        }
        Type::Tuple(items) => {
            let items: Vec<String> = items.iter().map(wanted).collect();
            format!("a list of {}: {}", items.len(), items.join(", "))
        }
        Type::Mapping { .. } => "an object".to_owned(),
        Type::Optional(inner) => format!("{} or null", wanted(inner)),
        Type::Union(members) => members.iter().map(wanted).collect::<Vec<_>>().join(" or "),
        Type::Literal(literals) => {
            let shown = |literal: &Literal| match literal {
                Literal::Str(text) => format!("{text:?}"),
                Literal::Int(number) => number.to_string(),
                Literal::Bool(truth) => truth.to_string(),
                _ => "null".to_owned(),
            };
            literals.iter().map(shown).collect::<Vec<_>>().join(" or ")
        }
        Type::TypeVariable { bound: Some(bound), .. } => wanted(bound),
        _ => "something else".to_owned(),
    }
}

fn list_of(item: &Type, list: &str) -> String {
    match item {
        Type::Int => format!("{list} of whole numbers"),
        Type::Float => format!("{list} of numbers"),
        Type::Str => format!("{list} of strings"),
        Type::Bool => format!("{list} of true and false"),
        _ => list.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use callpy_signature::read_hint;

    use super::*;

    #[test]
    fn values_are_checked_as_far_as_json_says() {
        for (hint, json, wanted) in [
            ("float", "3", None),
            ("float", "1e3", None),
            ("float", "\"fast\"", Some("a number")),
            ("int", "3", None),
            ("int", "3.5", Some("a whole number")),
            ("int", "[3]", Some("a whole number")),
            ("bool", "1", Some("true or false")),
            ("str", "\"3\"", None),
            ("str", "3", Some("a string")),
            ("Optional[float]", "null", None),
            ("Optional[float]", "\"x\"", Some("a number or null")),
            ("Literal['fast', 'exact']", "\"fast\"", None),
            ("Literal['fast', 'exact']", "\"slow\"", Some("\"fast\" or \"exact\"")),
            ("Literal[1, 2]", "3", Some("1 or 2")),
            ("list[float]", "[1, 2.5]", None),
            ("list[int]", "[1, 2.5]", Some("a list of whole numbers")),
            ("dict[str, int]", "{\"a\": 1}", None),
            ("dict[str, int]", "[1]", Some("an object")),
            ("int | str", "1.5", Some("a whole number or a string")),
            ("tuple[int, str]", "[1, \"a\"]", None),
            ("tuple[int, str]", "[1]", Some("a list of 2: a whole number, a string")),
            ("np.ndarray", "[1]", None),
            ("Any", "{}", None),
            ("pathlib.Path", "\"x\"", None),
        ] {
            let found = check(&read_hint(hint), json);
            assert_eq!(found.err().as_deref(), wanted, "{hint} {json}");
        }
    }
}
