//! Converts Python's names to Rust's.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};

/// Rust's keywords, those of newer editions too: `r#name` is right in all of them.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Names that mean something else where a type is named.
pub(crate) const TYPES: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

/// Names that a parameter can't have, since they are patterns.
const PATTERNS: &[&str] = &["Err", "None", "Ok", "Some"];

/// Returns an identifier for each Python name, all of them different and none of them in use. A name that
/// Rust allows is preserved where possible, so that it is another that gets a `_`.
pub(crate) fn unique<'n>(
    names: impl IntoIterator<Item = &'n str>,
    used: &mut HashSet<String>,
) -> Vec<Ident> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut found: Vec<Option<Ident>> = vec![None; names.len()];
    for is_adjusted in [false, true] {
        for (name, found) in names.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let text = plain(&ident(name));
            if is_adjusted {
                *found = Some(unused(&text, used));
            } else if text == **name && used.insert(text) {
                *found = Some(ident(name));
            }
        }
    }
    found.into_iter().flatten().collect()
}

/// Returns an identifier that is not in use yet: with a `_` if need be.
pub(crate) fn unused(name: &str, used: &mut HashSet<String>) -> Ident {
    let mut text = plain(&ident(name));
    while !used.insert(text.clone()) {
        text.push('_');
    }
    ident(&text)
}

/// Returns identifiers for parameters, as [`unique`] does.
pub(crate) fn parameters<'n>(
    names: impl IntoIterator<Item = &'n str>,
    used: &[&str],
) -> Vec<Ident> {
    let mut used: HashSet<String> = used.iter().chain(PATTERNS).map(|&it| it.to_owned()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    // Generated code has names of its own, which begin so.
    used.extend(names.iter().filter(|name| name.starts_with("__")).map(|&name| name.to_owned()));
    unique(names, &mut used)
}

/// Returns a name without `r#`.
pub(crate) fn plain(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").unwrap_or(&text).to_owned()
}

/// Makes the identifier for a Python name, or for a key that is not an identifier.
pub(crate) fn ident(name: &str) -> Ident {
    let mut text: String =
        name.chars().map(|c| if unicode_ident::is_xid_continue(c) { c } else { '_' }).collect();
    if !text.starts_with(|c| c == '_' || unicode_ident::is_xid_start(c)) {
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

/// Returns whether a name in Go can have the character: letters and decimal digits alone, of those that
/// Python has.
pub fn is_in_go(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    // What Unicode counts among letters for their history: signs and marks.
    let is_other = matches!(
        c,
        '\u{1369}'
            ..='\u{1371}'
                | '\u{1885}'
                | '\u{1886}'
                | '\u{19da}'
                | '\u{2118}'
                | '\u{212e}'
                | '\u{309b}'
                | '\u{309c}'
    );
    // A number that may begin a name is a Roman one, or the like.
    let is_digit = || c.is_numeric() && !unicode_ident::is_xid_start(c);
    let is_letter = || unicode_ident::is_xid_start(c) && !c.is_numeric();
    unicode_ident::is_xid_continue(c) && !is_other && (is_digit() || is_letter())
}

/// Makes the name of a type or a variant: `nearest-neighbour` becomes `NearestNeighbour`. Empty if
/// the text has no letters.
pub(crate) fn camel(name: &str) -> String {
    let mut text = String::new();
    let shouts = !name.chars().any(char::is_lowercase);
    for word in name.split(|c: char| c == '_' || !unicode_ident::is_xid_continue(c)) {
        // A unit: the Greek capital letter looks like M, and compilers warn of names that look alike.
        let word = match word.strip_prefix(['\u{b5}', '\u{3bc}']) {
            Some(unit) if unit.is_ascii() => format!("micro{unit}"),
            _ => word.to_owned(),
        };
        let mut chars = word.chars();
        text.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        match shouts {
            true => text.extend(chars.flat_map(char::to_lowercase)),
            false => text.extend(chars),
        }
    }
    text
}
