//! Converts Python's names to Rust's.

use proc_macro2::{Ident, Span};

/// Rust's keywords, those of newer editions too: `r#name` is right in all of them.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Makes the identifier for a Python name, or for a key that is not an identifier.
pub(crate) fn ident(name: &str) -> Ident {
    let mut text: String =
        name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if text.is_empty() || text.starts_with(|c: char| c.is_numeric()) {
        text.insert(0, '_');
    }
    // These can't be raw identifiers.
    if matches!(&text[..], "_" | "self" | "Self" | "super" | "crate") {
        text.push('_');
    }
    match KEYWORDS.contains(&&text[..]) {
        true => Ident::new_raw(&text, Span::call_site()),
        false => Ident::new(&text, Span::call_site()),
    }
}

/// Makes the name of a type or a variant: `nearest-neighbour` becomes `NearestNeighbour`. Empty if
/// the text has no letters.
pub(crate) fn camel(name: &str) -> String {
    let mut text = String::new();
    let shouts = !name.chars().any(char::is_lowercase);
    for word in name.split(|c: char| !c.is_alphanumeric()) {
        let mut chars = word.chars();
        text.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        match shouts {
            true => text.extend(chars.flat_map(char::to_lowercase)),
            false => text.extend(chars),
        }
    }
    text
}
