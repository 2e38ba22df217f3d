//! Checks a value of JSON against a hint, as far as JSON can say it.

use callpy_signature::{Class, ClassKind, Literal, Type};
use serde_json::{Map, Value};

/// How many characters of a value are shown.
const SHOWN: usize = 60;

/// What of a value does not fit.
struct Wrong {
    /// Where it is in the value: `["x"][0]`.
    path: String,
    /// What would fit, in words.
    wanted: String,
    got: String,
}

/// Checks the JSON of a parameter's value; `classes` are those that the hint may name.
///
/// # Errors
/// The value does not fit: the error says in words what would, where, and what there is instead:
/// `a whole number at a["x"], got 1.5`.
pub(crate) fn check(hint: &Type, name: &str, json: &str, classes: &[Class]) -> Result<(), String> {
    let value = match json {
        "NaN" | "Infinity" | "-Infinity" => Value::from(0.5),
        _ => match serde_json::from_str::<Value>(json) {
            Ok(value) => value,
            // It has been refused before.
            Err(_) => return Ok(()),
        },
    };
    // Whether it is a whole number of many digits is in its text alone.
    let is_whole = json.trim().trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let value = match value.is_f64() {
        true if is_whole => Value::from(u64::MAX),
        true => Value::from(0.5),
        false => value,
    };
    find(hint, &value, classes).map_err(|Wrong { path, wanted, got }| {
        let place = if path.is_empty() { path } else { format!(" at {name}{path}") };
        let got = if value.is_number() { json.trim().to_owned() } else { got };
        format!("{wanted}{place}, got {got}")
    })
}

fn fits(hint: &Type, value: &Value, classes: &[Class]) -> bool {
    find(hint, value, classes).is_ok()
}

/// Finds the first part of a value that does not fit; none for hints of which JSON says nothing.
fn find(hint: &Type, value: &Value, classes: &[Class]) -> Result<(), Wrong> {
    let wrong = || {
        let (path, wanted) = (String::new(), wanted(hint, classes));
        Err(Wrong { path, wanted, got: shown(value) })
    };
    let check = |is_fine: bool| if is_fine { Ok(()) } else { wrong() };
    let items = |items: &[Value], item: &Type| {
        let mut each = items.iter().enumerate();
        each.try_for_each(|(at, one)| within(format!("[{at}]"), find(item, one, classes)))
    };
    match (hint, value) {
        (Type::None, _) => check(value.is_null()),
        (Type::Bool, _) => check(value.is_boolean()),
        // A bool is an int in Python, and an int goes wherever a float does.
        (Type::Int, _) => check(value.is_boolean() || is_whole(value)),
        (Type::Float | Type::Complex, _) => check(value.is_boolean() || value.is_number()),
        (Type::Str, _) => check(value.is_string()),
        (
            Type::Sequence { item, .. } | Type::Set { item, .. } | Type::VariadicTuple(item),
            Value::Array(values),
        ) => items(values, item),
        (Type::Tuple(types), Value::Array(values)) if types.len() == values.len() => {
            let mut each = types.iter().zip(values).enumerate();
            each.try_for_each(|(at, (item, one))| {
                within(format!("[{at}]"), find(item, one, classes))
            })
        }
        (Type::Mapping { key, value: item, .. }, Value::Object(values)) => {
            if let Some(name) = values.keys().find(|name| !is_key(key, name, classes)) {
                return Err(Wrong {
                    path: String::new(),
                    wanted: match plural(key, classes) {
                        "" => format!("an object whose keys are each {}", wanted(key, classes)),
                        keys => format!("an object whose keys are {keys}"),
                    },
                    got: format!(
                        "the key {name:?} (JSON has no other keys than strings; pass others from Python)"
                    ),
                });
            }
            let mut each = values.iter();
            each.try_for_each(|(name, one)| within(format!("[{name:?}]"), find(item, one, classes)))
        }
        (Type::Optional(inner), _) if value.is_null() || fits(inner, value, classes) => Ok(()),
        (Type::Optional(inner), _) => inside(&[&**inner], value, classes).map_or_else(wrong, Err),
        (Type::Union(members), _) if members.iter().any(|it| fits(it, value, classes)) => Ok(()),
        (Type::Union(members), _) => {
            let members: Vec<&Type> = members.iter().collect();
            inside(&members, value, classes).map_or_else(wrong, Err)
        }
        (Type::Literal(literals), _) => {
            check(literals.iter().any(|literal| is_literal(literal, value)))
        }
        (Type::TypeVariable { bound: Some(bound), .. }, _) => find(bound, value, classes),
        (Type::Class { name, .. }, _) => match (typed_dict(name, classes), value) {
            (None, _) => Ok(()),
            (Some(class), Value::Object(values)) => of_class(class, values, classes),
            (Some(_), _) => wrong(),
        },
        (
            Type::Sequence { .. }
            | Type::Set { .. }
            | Type::VariadicTuple(_)
            | Type::Tuple(_)
            | Type::Mapping { .. },
            _,
        ) => wrong(),
        _ => Ok(()),
    }
}

/// Puts the place of a part before a place in it.
fn within(place: String, found: Result<(), Wrong>) -> Result<(), Wrong> {
    found.map_err(|wrong| Wrong { path: place + &wrong.path, ..wrong })
}

/// Returns what is wrong inside a list or an object, if only one of the types is one.
fn inside(types: &[&Type], value: &Value, classes: &[Class]) -> Option<Wrong> {
    let is_same = |hint: &&&Type| match hint {
        Type::Sequence { .. } | Type::Set { .. } | Type::VariadicTuple(_) | Type::Tuple(_) => {
            value.is_array()
        }
        Type::Mapping { .. } => value.is_object(),
        Type::Class { name, .. } => value.is_object() && typed_dict(name, classes).is_some(),
        Type::Optional(_) | Type::Union(_) => value.is_array() || value.is_object(),
        _ => false,
    };
    let mut same = types.iter().filter(is_same);
    let (one, None) = (same.next()?, same.next()) else { return None };
    find(one, value, classes).err().filter(|wrong| !wrong.path.is_empty())
}

fn typed_dict<'c>(name: &str, classes: &'c [Class]) -> Option<&'c Class> {
    classes.iter().find(|class| class.name == name && class.kind == ClassKind::TypedDict)
}

/// Checks the keys of a typed dict, and their values.
fn of_class(class: &Class, values: &Map<String, Value>, classes: &[Class]) -> Result<(), Wrong> {
    let wrong = |wanted: String, got: String| Err(Wrong { path: String::new(), wanted, got });
    let got = || {
        let keys: Vec<String> = values.keys().map(|key| format!("{key:?}")).collect();
        if keys.is_empty() { "no key".to_owned() } else { keys.join(", ") }
    };
    let missing = class.fields.iter().find(|it| it.required && !values.contains_key(&it.name));
    if let Some(field) = missing {
        return wrong(format!("an object with the key {:?}", field.name), got());
    }
    // Bases of other modules may have more.
    let is_known = |key: &&String| class.field(key).is_some() || !class.unknown_bases.is_empty();
    if let Some(key) = values.keys().find(|key| !is_known(key)) {
        let names: Vec<String> = class.fields.iter().map(|it| format!("{:?}", it.name)).collect();
        return wrong(format!("an object with the keys {}", names.join(", ")), format!("{key:?}"));
    }
    class.fields.iter().try_for_each(|field| {
        let value = values.get(&field.name);
        let hint = field.hint.as_ref().filter(|_| class.type_parameters.is_empty());
        match (value, hint) {
            (Some(value), Some(hint)) => {
                within(format!("[{:?}]", field.name), find(&hint.ty, value, classes))
            }
            _ => Ok(()),
        }
    })
}

/// Returns whether a string fits as a key; true for hints of which JSON says nothing.
fn is_key(hint: &Type, key: &str, classes: &[Class]) -> bool {
    fits(hint, &Value::from(key), classes)
}

fn is_whole(value: &Value) -> bool {
    // A float this large may have been a whole number.
    let is_large = |number: f64| number.abs() >= 18_446_744_073_709_551_615.0;
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(is_large)
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
fn wanted(hint: &Type, classes: &[Class]) -> String {
    let all = |types: &[Type], between: &str| {
        types.iter().map(|one| wanted(one, classes)).collect::<Vec<_>>().join(between)
    };
    match hint {
        Type::None => "null".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Int => "a whole number".to_owned(),
        Type::Float | Type::Complex => "a number".to_owned(),
        Type::Str => "a string".to_owned(),
        Type::Sequence { item, .. } | Type::Set { item, .. } | Type::VariadicTuple(item) => {
            match plural(item, classes) {
                "" => "a list".to_owned(),
                items => format!("a list of {items}"),
            }
        }
        Type::Tuple(items) if items.is_empty() => "an empty list".to_owned(),
        Type::Tuple(items) => format!("a list of {}: {}", items.len(), all(items, ", ")),
        Type::Mapping { .. } | Type::Class { .. } => "an object".to_owned(),
        Type::Optional(inner) => format!("{} or null", wanted(inner, classes)),
        Type::Union(members) => all(members, " or "),
        Type::Literal(literals) => {
            let shown = |literal: &Literal| match literal {
                Literal::Str(text) => format!("{text:?}"),
                Literal::Int(number) => number.to_string(),
                Literal::Bool(truth) => truth.to_string(),
                _ => "null".to_owned(),
            };
            literals.iter().map(shown).collect::<Vec<_>>().join(" or ")
        }
        Type::TypeVariable { bound: Some(bound), .. } => wanted(bound, classes),
        _ => "something else".to_owned(),
    }
}

/// Says in words what items fit; nothing for those that need more words.
fn plural(item: &Type, classes: &[Class]) -> &'static str {
    match item {
        Type::Int => "whole numbers",
        Type::Float | Type::Complex => "numbers",
        Type::Str => "strings",
        Type::Bool => "true and false",
        Type::Sequence { .. } | Type::Set { .. } | Type::VariadicTuple(_) | Type::Tuple(_) => {
            "lists"
        }
        Type::Mapping { .. } => "objects",
        Type::Class { name, .. } if typed_dict(name, classes).is_some() => "objects",
        _ => "",
    }
}

/// Shows a value, or its beginning.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
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
            ("float", "NaN", None),
            ("float", "\"fast\"", Some("a number, got \"fast\"")),
            ("int", "3", None),
            ("int", "100000000000000000000", None),
            ("int", "3.5", Some("a whole number, got 3.5")),
            ("int", "1e3", Some("a whole number, got 1e3")),
            ("int", "1e300", Some("a whole number, got 1e300")),
            ("int", "NaN", Some("a whole number, got NaN")),
            ("int", "[3]", Some("a whole number, got [3]")),
            ("bool", "1", Some("true or false, got 1")),
            ("str", "\"3\"", None),
            ("str", "3", Some("a string, got 3")),
            ("Optional[float]", "null", None),
            ("Optional[float]", "\"x\"", Some("a number or null, got \"x\"")),
            ("Literal['fast', 'exact']", "\"fast\"", None),
            ("Literal['fast', 'exact']", "\"slow\"", Some("\"fast\" or \"exact\", got \"slow\"")),
            ("Literal[1, 2]", "3", Some("1 or 2, got 3")),
            ("list[float]", "[1, 2.5]", None),
            ("list[float]", "1", Some("a list of numbers, got 1")),
            ("dict[str, int]", "{\"a\": 1}", None),
            ("dict[str, int]", "[1]", Some("an object, got [1]")),
            ("int | str", "1.5", Some("a whole number or a string, got 1.5")),
            ("tuple[int, str]", "[1, \"a\"]", None),
            ("tuple[int, str]", "[1]", Some("a list of 2: a whole number, a string, got [1]")),
            ("np.ndarray", "[1]", None),
            ("Any", "{}", None),
            ("pathlib.Path", "\"x\"", None),
        ] {
            let found = check(&read_hint(hint), "a", json, &[]);
            assert_eq!(found.err().as_deref(), wanted, "{hint} {json}");
        }
    }

    #[test]
    fn an_error_says_where_in_the_value_it_is() {
        for (hint, json, wanted) in [
            ("list[int]", "[1, 2.5]", "a whole number at a[1], got 2.5"),
            ("dict[str, int]", "{\"x\": 1.5}", "a whole number at a[\"x\"], got 1.5"),
            (
                "dict[str, dict[str, list[int]]]",
                "{\"x\": {\"y\": [1, \"z\"]}}",
                "a whole number at a[\"x\"][\"y\"][1], got \"z\"",
            ),
            ("list[list[int]]", "[[1], 2]", "a list of whole numbers at a[1], got 2"),
            ("tuple[int, list[str]]", "[1, [\"x\", 2]]", "a string at a[1][1], got 2"),
            ("tuple[int, ...]", "[1, null]", "a whole number at a[1], got null"),
            ("int | list[str]", "[\"x\", 1]", "a string at a[1], got 1"),
            ("Optional[list[int]]", "[null]", "a whole number at a[0], got null"),
            (
                "list[int] | list[str]",
                "[1.5]",
                "a list of whole numbers or a list of strings, got [1.5]",
            ),
            ("list[Literal['x', 'y']]", "[\"x\", \"z\"]", "\"x\" or \"y\" at a[1], got \"z\""),
            ("dict[int | str, int] | None", "{\"a\": 1.5}", "a whole number at a[\"a\"], got 1.5"),
            (
                "dict[Literal[1, 2], int]",
                "{\"1\": 2}",
                "an object whose keys are each 1 or 2, got the key \"1\" (JSON has no other keys than strings; pass others from Python)",
            ),
            (
                "dict[int, str]",
                "{\"1\": \"x\"}",
                "an object whose keys are whole numbers, got the key \"1\" (JSON has no other keys than strings; pass others from Python)",
            ),
        ] {
            let found = check(&read_hint(hint), "a", json, &[]);
            assert_eq!(found.err().as_deref(), Some(wanted), "{hint} {json}");
        }
    }

    #[test]
    fn typed_dicts_are_checked_by_their_keys() {
        let module = callpy_signature::read(
            "from typing import TypedDict\n\
             class Point(TypedDict):\n    x: int\n    y: float\n\
             class Line(TypedDict, total=False):\n    points: list[Point]\n\
             def f(a: Point, b: Line): ...\n",
        )
        .unwrap();
        let hint = |at: usize| &module.functions[0].parameters[at].hint.as_ref().unwrap().ty;
        for (at, json, wanted) in [
            (0, "{\"x\": 1, \"y\": 2}", None),
            (0, "3", Some("an object, got 3")),
            (0, "{\"x\": 1}", Some("an object with the key \"y\", got \"x\"")),
            (
                0,
                "{\"x\": 1, \"y\": 2, \"z\": 3}",
                Some("an object with the keys \"x\", \"y\", got \"z\""),
            ),
            (0, "{\"x\": 1.5, \"y\": 2}", Some("a whole number at a[\"x\"], got 1.5")),
            (1, "{}", None),
            (
                1,
                "{\"points\": [{\"x\": 1, \"y\": \"a\"}]}",
                Some("a number at a[\"points\"][0][\"y\"], got \"a\""),
            ),
        ] {
            let found = check(hint(at), "a", json, &module.classes);
            assert_eq!(found.err().as_deref(), wanted, "{json}");
        }
    }
}
