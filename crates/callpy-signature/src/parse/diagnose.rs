//! Finds the place and the cause of a syntax error, with a parser that recovers from all of them.
//!
//! After recovery, the error of one wrong token may cover the whole file. So the place is found by
//! bisection: the shortest run of lines from the top that is already wrong ends with the wrong line.

use tree_sitter::Node;

use super::lines::{self, Line};
use crate::error::Error;
use crate::position::Positions;

/// Returns the first syntax error of a source that has one. `plain` is the source as the grammar reads
/// it, with the same offsets.
pub(super) fn syntax_error(source: &str, plain: &str, positions: &Positions<'_>) -> Error {
    let scan = lines::scan(plain);
    let lines = &scan.lines;
    // The number of lines from the top that are correct.
    let (mut good, mut bad) = (0, lines.len());
    while good + 1 < bad {
        let middle = (good + bad) / 2;
        // Each look parses again: about ten in a file of a thousand lines.
        let wrong = has_error(&completed(plain, &lines[..middle]));
        if wrong { bad = middle } else { good = middle }
    }
    let blamed = lines.get(bad.saturating_sub(1));
    // An unpaired bracket explains all errors after it, and its message is clearer than the grammar's.
    if let Some((offset, message)) = scan.unpaired
        && blamed.is_none_or(|line| offset <= line.end)
    {
        return positions.error(offset, message);
    }
    let Some(line) = blamed else { return positions.error(0, "invalid syntax") };
    // The most common mistake, for which the grammar's own error is far off.
    if lacks_colon(plain, &lines[..bad]) {
        return positions.error(line.end, "expected `:`");
    }
    // Only the lines up to the wrong one, so that recovery does not continue further down.
    let text = completed(plain, &lines[..bad]);
    let tree = super::tree(&text);
    let fault = first_fault(tree.root_node(), line);
    if let Some((Fault::Missing(token), offset)) = fault {
        return positions.error(offset.min(line.end), format!("expected `{token}`"));
    }
    let start = fault.map_or(line.start, |(_, offset)| offset);
    let rest = &source[start..];
    // A `#` in a string cuts it short, which an excerpt may be.
    let excerpt = rest.split(['\n', '#']).next().unwrap_or(rest).trim_end();
    let excerpt = match excerpt.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &excerpt[..end]),
        None => excerpt.to_owned(),
    };
    positions.error(start, format!("invalid syntax at `{excerpt}`"))
}

/// Returns whether a colon at the end of the last line fixes the error.
fn lacks_colon(source: &str, lines: &[Line]) -> bool {
    let [earlier @ .., last] = lines else { return false };
    let with_colon = format!("{}:", &source[..last.end]);
    let last = Line { end: last.end + 1, opens: true, ..*last };
    !has_error(&completed(&with_colon, &[earlier, &[last]].concat()))
}

fn has_error(source: &str) -> bool {
    super::tree(source).root_node().has_error()
}

/// The lines as a separate source: blocks that are open at the end get a body.
fn completed(source: &str, lines: &[Line]) -> String {
    let Some(last) = lines.last() else { return String::new() };
    let mut text = source[..last.end].to_owned();
    let indent = |line: &Line| &source[line.start - line.indent..line.start];
    if last.opens {
        let body = if word(source, last) == "match" { "case _: pass" } else { "pass" };
        text += &format!("\n{} {body}", indent(last));
    } else if source[last.start..].starts_with('@') {
        text += &format!("\n{}def f(): pass", indent(last));
    }
    // `try` needs a handler. The open ones enclose the last line, innermost first.
    // One deeper than the last line, which may itself be a `try`.
    let mut inside = last.indent + 1;
    for line in lines.iter().rev() {
        if line.indent >= inside {
            continue;
        }
        inside = line.indent;
        if word(source, line) == "try" {
            text += &format!("\n{}finally: pass", indent(line));
        }
    }
    text + "\n"
}

fn word<'a>(source: &'a str, line: &Line) -> &'a str {
    let text = &source[line.start..line.end];
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Fault<'t> {
    Missing(&'t str),
    Unexpected,
}

/// The first error node that begins in the line. Trees may be deep: no recursion.
fn first_fault<'t>(root: Node<'t>, line: &Line) -> Option<(Fault<'t>, usize)> {
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        let start = node.start_byte();
        if (line.start..=line.end).contains(&start) {
            if node.is_missing() && !node.is_named() {
                return Some((Fault::Missing(node.kind()), start));
            }
            if (node.is_error() || node.is_missing()) && start < line.end {
                return Some((Fault::Unexpected, start));
            }
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}
