//! Errors in the layout of statements that Python reports but the grammar accepts.

use tree_sitter::Node;

use super::children;
use crate::error::Error;
use crate::position::Positions;

/// The first statement in a wrong place.
pub(super) fn check(root: Node<'_>, source: &str, positions: &Positions<'_>) -> Result<(), Error> {
    let mut faults = Vec::new();
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        let inner = children(node);
        let fault = match node.kind() {
            // A module's statements are not indented; those of a block are as its first one is.
            "module" => misplaced(&inner, Some(0), source),
            "block" => match inner.first() {
                None => Some((node.start_byte(), "expected an indented block".to_owned())),
                Some(_) => misplaced(&inner, None, source),
            },
            "try_statement" if inner.len() < 2 => {
                Some((node.end_byte(), "expected `except` or `finally`".to_owned()))
            }
            "print_statement" | "exec_statement" => python_2(node, source),
            _ => None,
        };
        faults.extend(fault);
        let is_body =
            |child: &Node<'_>| node.kind() == "function_definition" && !children(*child).is_empty();
        // Bodies of functions are not read, whatever is in them.
        left.extend(inner.into_iter().filter(|it| holds_statements(*it) && !is_body(it)));
    }
    // Python stops at the first one, and the walk does not go in the file's order.
    match faults.into_iter().min() {
        Some((offset, message)) => Err(positions.error(offset, message)),
        None => Ok(()),
    }
}

fn holds_statements(node: Node<'_>) -> bool {
    let kind = node.kind();
    matches!(
        kind,
        "block"
            | "if_statement"
            | "for_statement"
            | "while_statement"
            | "try_statement"
            | "with_statement"
            | "match_statement"
            | "print_statement"
            | "exec_statement"
    ) || kind.ends_with("_clause")
        || kind.ends_with("_definition")
}

/// The first statement at the start of a line whose indentation differs from its block's.
fn misplaced(
    statements: &[Node<'_>],
    mut indent: Option<usize>,
    source: &str,
) -> Option<(usize, String)> {
    let mut after_block = false;
    for statement in statements {
        if let Some(own) = self::indent(source, *statement)
            && own != *indent.get_or_insert(own)
        {
            let message = match after_block {
                true => "unindent does not match any outer indentation level",
                false => "unexpected indent",
            };
            return Some((statement.start_byte(), message.to_owned()));
        }
        after_block = holds_statements(*statement);
    }
    None
}

/// The indentation of a statement; none if it does not begin a logical line.
fn indent(source: &str, statement: Node<'_>) -> Option<usize> {
    let before = &source[..statement.start_byte()];
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let blank = &before[line..];
    // A backslash at the end of a comment continues nothing, but checking for comments is not worth
    // the effort.
    let is_continued = before[..line].trim_end_matches(['\r', '\n']).ends_with('\\');
    if is_continued || !blank.trim_start().is_empty() {
        return None;
    }
    // A form feed resets the count.
    Some(blank.len() - blank.rfind('\x0c').map_or(0, |feed| feed + 1))
}

/// The grammar also accepts Python 2. `print -x` is valid in Python 3 too, so only statements that are
/// not are errors.
fn python_2(node: Node<'_>, source: &str) -> Option<(usize, String)> {
    let keyword = node.kind().trim_end_matches("_statement");
    let argument = *children(node).first()?;
    let rest = &source[argument.byte_range()];
    let is_operand =
        rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\''));
    let message = format!("this is Python 2; in Python 3 it is `{keyword}(…)`");
    is_operand.then_some((node.start_byte(), message))
}
