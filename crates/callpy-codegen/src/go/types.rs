//! The Go types of hints, and names in Go.

use std::collections::HashSet;

use callpy_signature::{Module, ScalarType};

use crate::dtype::Meaning;
use crate::lower::{ClassShape, Lowered, Lowering, shape_of};

/// Go's names and types for one file.
pub(super) struct Go {
    taken: HashSet<String>,
    classes: Vec<(String, String)>,
    texts: Vec<(usize, String)>,
    /// The structs for tuples: name and items.
    pub(super) tuples: Vec<(String, Vec<Lowered>)>,
}

impl Go {
    pub(super) fn new(module: &Module) -> Go {
        let (taken, texts, tuples) = (HashSet::new(), Vec::new(), Vec::new());
        let mut go = Go { taken, classes: Vec::new(), texts, tuples };
        // Classes first, so that a function with the same Go name gets another.
        for class in module.classes.iter().filter(|class| shape_of(class) != ClassShape::Object) {
            let name = go.take(&upper_camel(&class.name));
            go.classes.push((class.name.clone(), name));
        }
        go
    }

    /// Reserves a name, with an ending if it is in use.
    pub(super) fn take_or(&mut self, name: &str, ending: &str) -> String {
        match self.taken.contains(name) {
            true => self.take(&format!("{name}{ending}")),
            false => self.take(name),
        }
    }

    /// Reserves an unused name.
    pub(super) fn take(&mut self, name: &str) -> String {
        let mut unused = name.to_owned();
        let mut number = 2;
        while !self.taken.insert(unused.clone()) {
            unused = format!("{name}{number}");
            number += 1;
        }
        unused
    }

    pub(super) fn class(&self, python: &str) -> String {
        let known = self.classes.iter().find(|(name, _)| name == python);
        known.map_or_else(|| upper_camel(python), |(_, name)| name.clone())
    }

    /// Returns the name of the type for a set of strings.
    pub(super) fn text(&mut self, number: usize, name: &str) -> String {
        if let Some((_, name)) = self.texts.iter().find(|(known, _)| *known == number) {
            return name.clone();
        }
        let name = self.take(&upper_camel(name));
        self.texts.push((number, name.clone()));
        name
    }

    /// Returns the Go type.
    pub(super) fn of(&mut self, lowering: &mut Lowering<'_>, lowered: &Lowered) -> String {
        match lowered {
            Lowered::Bool => "bool".into(),
            Lowered::Int => "int".into(),
            Lowered::Float => "float64".into(),
            Lowered::Complex => "complex128".into(),
            Lowered::Str | Lowered::Path => "string".into(),
            Lowered::Bytes => "callpy.Bytes".into(),
            Lowered::Unit | Lowered::Object { any: true } | Lowered::Union(_) => "any".into(),
            Lowered::Object { any: false } => "*callpy.Object".into(),
            Lowered::List { item, .. } | Lowered::VariadicTuple(item) | Lowered::Set(item) => {
                format!("[]{}", self.of(lowering, item))
            }
            Lowered::Dict(key, value) => {
                let is_key = matches!(
                    **key,
                    Lowered::Bool
                        | Lowered::Int
                        | Lowered::Float
                        | Lowered::Str
                        | Lowered::Path
                        | Lowered::Text(_)
                        | Lowered::Enum(_)
                        | Lowered::Scalar(_)
                );
                let key = if is_key { self.of(lowering, key) } else { "any".into() };
                format!("map[{key}]{}", self.of(lowering, value))
            }
            Lowered::Tuple(items) => self.tuple(lowering, items),
            // None is nil, not an object.
            Lowered::Optional(inner) => match self.of(lowering, inner) {
                inner if inner == "any" || inner == "*callpy.Object" => "any".into(),
                inner => format!("*{inner}"),
            },
            Lowered::Text(number) => {
                let name = lowering.texts[*number].name.clone();
                self.text(*number, &name)
            }
            Lowered::Array { element, shape } => {
                let Some(element) = element.and_then(element_type) else { return "any".into() };
                match shape.as_ref().map(callpy_signature::Shape::rank) {
                    None | Some(Some(1)) => format!("[]{element}"),
                    _ => format!("callpy.Array[{element}]"),
                }
            }
            Lowered::Scalar(element) => element_type(*element).unwrap_or("float64").into(),
            Lowered::Struct(name) | Lowered::Enum(name) => self.class(name),
        }
    }

    fn tuple(&mut self, lowering: &mut Lowering<'_>, items: &[Lowered]) -> String {
        if let Some((name, _)) = self.tuples.iter().find(|(_, known)| known == items) {
            return name.clone();
        }
        let mut name = String::new();
        for item in items {
            let ty = self.of(lowering, item);
            let words = ty.replace("callpy.", "").replace("[]", "slice_").replace('*', "maybe_");
            let words: String =
                words.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            name.push_str(&upper_camel(&words));
        }
        let name = self.take(&format!("{name}Tuple"));
        self.tuples.push((name.clone(), items.to_vec()));
        name
    }
}

/// Returns the Go type of a dtype's values, if there is one.
fn element_type(dtype: ScalarType) -> Option<&'static str> {
    match Meaning::of(dtype) {
        Meaning::Number(number) => number.go,
        _ => None,
    }
}

/// Words that Go writes in capitals (`staticcheck`'s list, the usual ones of it).
const INITIALISMS: [&str; 22] = [
    "api", "ascii", "cpu", "css", "dns", "eof", "guid", "html", "http", "https", "id", "ip",
    "json", "sql", "tcp", "tls", "udp", "uri", "url", "utf8", "uuid", "xml",
];

const KEYWORDS: [&str; 28] = [
    "any",
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "error",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
    "callpy",
];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn capitalised(word: &str) -> String {
    let lower = word.to_lowercase();
    if INITIALISMS.contains(&&lower[..]) {
        return lower.to_uppercase();
    }
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    let shouts = word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
    match shouts {
        true => first.chain(chars.flat_map(char::to_lowercase)).collect(),
        false => first.chain(chars).collect(),
    }
}

/// Makes an exported name: `load_url` becomes `LoadURL`.
pub(super) fn upper_camel(name: &str) -> String {
    let text: String = words(name).map(capitalised).collect();
    match text.chars().next() {
        // An exported name begins with a capital letter; `protoc-gen-go` adds an `X` too.
        Some(first) if first.is_uppercase() => text,
        _ => format!("X{text}"),
    }
}

/// Makes a name that is not exported: `load_url` becomes `loadURL`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut text = String::new();
    for (index, word) in words(name).enumerate() {
        match index {
            0 => text.push_str(&word.to_lowercase()),
            _ => text.push_str(&capitalised(word)),
        }
    }
    if text.is_empty() || text.starts_with(|c: char| c.is_numeric()) {
        text.insert(0, 'x');
    }
    if KEYWORDS.contains(&&text[..]) {
        text.push('_');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_gos_own() {
        for (python, upper, lower) in [
            ("detect", "Detect", "detect"),
            ("load_url", "LoadURL", "loadURL"),
            ("user_id_of", "UserIDOf", "userIDOf"),
            ("FAST", "Fast", "fast"),
            ("type", "Type", "type_"),
            ("x", "X", "x"),
            ("_2d", "X2d", "x2d"),
            ("größe", "Größe", "größe"),
            ("XMLReader", "XMLReader", "xmlreader"),
        ] {
            assert_eq!((upper_camel(python), lower_camel(python)), (upper.into(), lower.into()));
        }
    }
}
