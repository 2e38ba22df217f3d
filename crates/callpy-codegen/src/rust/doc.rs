//! Docstrings as rustdoc.

use proc_macro2::TokenStream;
use quote::quote;

use crate::python::one_line;

/// Writes a docstring: its first paragraph as text, the rest unchanged, since its layout is that of
/// NumPy or Sphinx and not Markdown. (rustdoc would run its indented examples as Rust.)
pub(crate) fn docstring(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    if text.is_empty() {
        return None;
    }
    let (summary, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let indented = |text: &str| text.lines().any(|line| line.starts_with("    "));
    let (summary, rest) = match indented(summary) || summary.contains(">>>") {
        true => ("", text),
        false => (summary, rest),
    };
    let mut doc = String::new();
    for line in summary.lines() {
        doc.push_str(&escape(line.trim()));
        doc.push('\n');
    }
    let rest = rest.trim_matches('\n');
    if !rest.trim().is_empty() {
        // The docstring may have fences itself.
        let mut fence = "```".to_owned();
        while rest.contains(&fence) {
            fence.push('`');
        }
        doc.push_str(&format!("\n{fence}text\n{rest}\n{fence}\n"));
    }
    Some(doc)
}

/// Escapes characters that would be a link, a tag or a heading in Markdown.
fn escape(line: &str) -> String {
    let mut escaped = String::new();
    for (index, c) in line.char_indices() {
        if matches!(c, '[' | ']' | '<' | '>') || (index == 0 && matches!(c, '#' | '-' | '+' | '*'))
        {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Writes source text as inline code.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text);
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

/// Makes the attributes for a text.
pub(crate) fn attributes(text: &str) -> TokenStream {
    let lines = text.trim_end().lines().map(|line| match line {
        "" => String::new(),
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}
