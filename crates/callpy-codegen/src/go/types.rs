//! The Go types of hints, and names in Go.

use std::collections::HashSet;

use callpy_signature::{Module, ScalarType};

use crate::dtype::Meaning;
use crate::known::Known;
use crate::lower::{Lowered, Lowering, Times, base_of, left_out};

/// Go's names and types for one file.
pub(super) struct Go {
    taken: HashSet<String>,
    classes: Vec<(String, String)>,
    texts: Vec<(usize, String)>,
    /// The methods of each type.
    methods: Vec<(String, String)>,
    /// The structs for tuples: name and items.
    pub(super) tuples: Vec<(String, Vec<Lowered>)>,
}

impl Go {
    pub(super) fn new(module: &Module) -> Go {
        let taken =
            ["callpy", "glue", "glueText", "init", "module", "source", "types"].map(str::to_owned);
        let (texts, tuples, methods) = (Vec::new(), Vec::new(), Vec::new());
        let mut go = Go { taken: taken.into(), classes: Vec::new(), texts, methods, tuples };
        // Classes first, so that a function with the same Go name gets another.
        for class in module.classes.iter().filter(|class| left_out(class).is_none()) {
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

    /// Reserves a name for a method of a type.
    pub(super) fn method(&mut self, class: &str, name: &str) -> String {
        let mut name = name.to_owned();
        // The object that the type embeds has the first two; `go vet` wants the signatures of Go's own
        // interfaces for the others.
        const TAKEN: [&str; 13] = [
            "Object",
            "Release",
            "GobDecode",
            "GobEncode",
            "MarshalJSON",
            "MarshalXML",
            "ReadByte",
            "ReadRune",
            "UnmarshalJSON",
            "UnmarshalXML",
            "UnreadByte",
            "UnreadRune",
            "WriteByte",
        ];
        while TAKEN.contains(&&name[..]) || self.has_method(class, &name) {
            name.push_str("Method");
        }
        self.methods.push((class.to_owned(), name.clone()));
        name
    }

    /// Reserves the name of the struct that the type of a class contains, which is that of its base.
    pub(super) fn embed(&mut self, class: &str, base: Option<&str>) {
        if let Some(base) = base {
            self.methods.push((self.class(class), self.class(base)));
        }
    }

    pub(super) fn has_method(&self, class: &str, name: &str) -> bool {
        self.methods.iter().any(|(of, known)| of == class && known == name)
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
        let name = self.take_or(&upper_camel(name), "Value");
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
            Lowered::Known(Known::DateTime | Known::Date) => "time.Time".into(),
            Lowered::Known(Known::Timedelta) => "time.Duration".into(),
            Lowered::Known(Known::Decimal | Known::Fraction | Known::Uuid) => "string".into(),
            Lowered::Unit
            | Lowered::Object { .. }
            | Lowered::Items(_)
            | Lowered::Known(_)
            | Lowered::Union(_)
            | Lowered::Handle(_) => "any".into(),
            // What is a list or a text in C comes as one.
            Lowered::Instance(name) if is_plain_in_c(lowering, name) => "any".into(),
            Lowered::Instance(name) => format!("*{}", self.class(name)),
            Lowered::List { item, .. }
            | Lowered::VariadicTuple(item)
            | Lowered::Set { item, .. } => {
                format!("[]{}", self.of(lowering, item))
            }
            Lowered::Dict(key, value) => match key_of(lowering, key) {
                Key::Own => {
                    format!("map[{}]{}", self.of(lowering, key), self.of(lowering, value))
                }
                Key::Any => format!("map[any]{}", self.of(lowering, value)),
                Key::None => {
                    let pair = [(**key).clone(), (**value).clone()];
                    format!("[]{}", self.tuple(lowering, &pair))
                }
            },
            Lowered::Tuple(items) => self.tuple(lowering, items),
            // None is nil, not an object.
            Lowered::Optional(optional) => match self.of(lowering, optional) {
                inner if inner == "any" => inner,
                // A nil pointer is None already.
                inner if matches!(**optional, Lowered::Instance(_)) => inner,
                inner => format!("*{inner}"),
            },
            Lowered::Text(number) => {
                let name = lowering.texts[*number].name.clone();
                self.text(*number, &name)
            }
            Lowered::Array { element, times, shape } => {
                // Without a shape in the hint, most arrays have one axis.
                let is_slice = matches!(
                    shape.as_ref().map(callpy_signature::Shape::rank),
                    None | Some(Some(1))
                );
                match (element.and_then(element_type), times) {
                    (Some(element), _) if is_slice => format!("[]{element}"),
                    (Some(element), _) => format!("callpy.Array[{element}]"),
                    (None, Some(Times::Points)) if is_slice => "callpy.Times".into(),
                    (None, Some(Times::Spans)) if is_slice => "callpy.Durations".into(),
                    _ => "any".into(),
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
            let is_instance = matches!(item, Lowered::Instance(_));
            let words = ty.replace("callpy.", "").replace("time.", "").replace("[]", "slice_");
            let words = words.replace('*', if is_instance { "" } else { "maybe_" });
            let words: String =
                words.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            name.push_str(&upper_camel(&words));
        }
        let name = self.take(&format!("{name}Tuple"));
        self.tuples.push((name.clone(), items.to_vec()));
        name
    }
}

/// What the keys of a dict are in Go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Those of a map, of their own type.
    Own,
    /// Those of a map, of any type.
    Any,
    /// None can be those of a map, so that the dict is a slice of pairs.
    None,
}

/// Returns what the keys of a dict are in Go: a map's must be comparable.
pub(super) fn key_of(lowering: &mut Lowering<'_>, key: &Lowered) -> Key {
    match key {
        key if is_comparable(lowering, key, &mut Vec::new()) => Key::Own,
        Lowered::Unit
        | Lowered::Object { .. }
        | Lowered::Union(_)
        | Lowered::Handle(_)
        | Lowered::Instance(_)
        | Lowered::Known(_) => Key::Any,
        // Pointers are the same only if they lead to the same place.
        Lowered::Optional(inner) => match **inner {
            Lowered::Tuple(_) | Lowered::Struct(_) => Key::None,
            _ if key_of(lowering, inner) == Key::None => Key::None,
            _ => Key::Any,
        },
        _ => Key::None,
    }
}

/// Whether Go compares values of a type by what they are.
fn is_comparable(lowering: &mut Lowering<'_>, lowered: &Lowered, within: &mut Vec<String>) -> bool {
    match lowered {
        Lowered::Bool
        | Lowered::Int
        | Lowered::Float
        | Lowered::Str
        | Lowered::Path
        | Lowered::Text(_)
        | Lowered::Enum(_) => true,
        // A map in Go takes complex numbers as keys, and the glue does not.
        Lowered::Scalar(dtype) => {
            element_type(*dtype).is_some_and(|element| !element.starts_with("complex"))
        }
        Lowered::Known(known) => matches!(
            known,
            Known::DateTime
                | Known::Date
                | Known::Timedelta
                | Known::Decimal
                | Known::Fraction
                | Known::Uuid
        ),
        Lowered::Tuple(items) => items.iter().all(|item| is_comparable(lowering, item, within)),
        Lowered::Struct(name) if !within.contains(name) => {
            within.push(name.clone());
            let fields = lowering.fields(name);
            fields.iter().all(|(_, field)| is_comparable(lowering, field, within))
        }
        _ => false,
    }
}

/// Returns the classes whose types the type of a class contains, the nearest first.
pub(super) fn bases(lowering: &Lowering<'_>, class: &str) -> Vec<String> {
    let module = lowering.module;
    let mut found = Vec::new();
    let mut at = module.class(class);
    while let Some(base) = at.and_then(|class| base_of(module, class)) {
        // A class can't be its own base, but the file may say so.
        if base.name == class || found.contains(&base.name) {
            break;
        }
        found.push(base.name.clone());
        at = Some(base);
    }
    found
}

/// Returns whether C has a kind for instances of a class, because of its bases, and so does not get them as
/// objects.
pub(super) fn is_plain_in_c(lowering: &Lowering<'_>, class: &str) -> bool {
    let Some(class) = lowering.module.class(class) else { return false };
    class.unknown_bases.iter().any(|base| {
        let name = base.rsplit('.').next().unwrap_or(base);
        let base = [
            "bool",
            "bytes",
            "dict",
            "float",
            "int",
            "list",
            "str",
            "tuple",
            "OrderedDict",
            "defaultdict",
            "Counter",
            "Dict",
            "List",
            "Tuple",
            "ndarray",
            "NamedTuple",
        ];
        base.contains(&name)
    })
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

/// Names that Go has already, and what a Go programmer calls a parameter instead.
const INSTEAD: [(&str, &str); 48] = [
    ("any", "value"),
    ("append", "appended"),
    ("bool", "flag"),
    ("break", "breakAt"),
    ("byte", "byteValue"),
    ("callpy", "callpyValue"),
    ("cap", "capacity"),
    ("case", "caseName"),
    ("chan", "channel"),
    ("clear", "cleared"),
    ("close", "closed"),
    ("complex", "complexValue"),
    ("const", "constant"),
    ("continue", "continued"),
    ("copy", "copied"),
    ("default", "defaultValue"),
    ("defer", "deferred"),
    ("delete", "deleted"),
    ("else", "otherwise"),
    ("error", "errValue"),
    ("fallthrough", "fallthroughTo"),
    ("float64", "number"),
    ("for", "forWhat"),
    ("func", "fn"),
    ("go", "goValue"),
    ("goto", "gotoLine"),
    ("if", "ifWhat"),
    ("import", "imported"),
    ("int", "integer"),
    ("interface", "iface"),
    ("iota", "iotaValue"),
    ("len", "length"),
    ("make", "maker"),
    ("map", "mapping"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("new", "newValue"),
    ("nil", "nilValue"),
    ("package", "pkg"),
    ("print", "printed"),
    ("range", "rng"),
    ("return", "returned"),
    ("select", "selected"),
    ("string", "str"),
    ("struct", "structure"),
    ("switch", "switched"),
    ("time", "moment"),
    ("type", "typ"),
];

/// The rest of Go's keywords and predeclared names.
const MORE: [&str; 23] = [
    "comparable",
    "complex64",
    "complex128",
    "false",
    "float32",
    "imag",
    "int8",
    "int16",
    "int32",
    "int64",
    "panic",
    "println",
    "real",
    "recover",
    "rune",
    "true",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintptr",
    "var",
];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !crate::names::is_in_go(c)).filter(|word| !word.is_empty())
}

fn capitalised(word: &str) -> String {
    let lower = word.to_lowercase();
    if INITIALISMS.contains(&&lower[..]) {
        return lower.to_uppercase();
    }
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    // `MAX_SIZE` is Python's way to write a constant; one letter alone may be a name such as `X`.
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
    if let Some((_, instead)) = INSTEAD.iter().find(|(own, _)| *own == text) {
        return (*instead).to_owned();
    }
    if MORE.contains(&&text[..]) {
        text.push_str("Value");
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
            ("type", "Type", "typ"),
            ("string", "String", "str"),
            ("x", "X", "x"),
            ("_2d", "X2d", "x2d"),
            ("größe", "Größe", "größe"),
            ("XMLReader", "XMLReader", "xmlreader"),
            // Go has no vowel signs in names.
            ("मूल्य", "Xमलय", "मलय"),
            ("ตัวที่1", "Xตวท1", "ตวท1"),
        ] {
            assert_eq!((upper_camel(python), lower_camel(python)), (upper.into(), lower.into()));
        }
    }
}
