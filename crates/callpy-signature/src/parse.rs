//! Parses the source into [`syntax`](crate::syntax). Only this module uses the parser.

mod diagnose;
mod expression;
mod layout;
mod lines;
mod statement;
mod string;

use std::borrow::Cow;

use tree_sitter::{Node, Parser, Tree};
use unicode_normalization::UnicodeNormalization as _;

use crate::error::Error;
use crate::position::Positions;
use crate::syntax::{Expr, ExprKind, Statement};

pub(crate) use string::clean_docstring;

/// The statements of a file, and its docstring.
pub(crate) fn file(
    source: &str,
    positions: &Positions<'_>,
) -> Result<(Option<String>, Vec<Statement>), Error> {
    // The grammar would skip them, but Python refuses the file.
    if let Some(offset) = source.find('\0') {
        return Err(positions.error(offset, "source code cannot contain null bytes"));
    }
    let mut tree = tree(source);
    if tree.root_node().has_error() {
        // Only then, since almost every file can be parsed as it is.
        let plain = lines::readable(source);
        if let Cow::Owned(plain) = &plain {
            tree = self::tree(plain);
        }
        // Where brackets or quotes do not pair, no one can tell where bodies end.
        if tree.root_node().has_error() && lines::scan(&plain).unpaired.is_none() {
            // Signatures do not depend on bodies, and Python reports their errors itself.
            let mut bare = lines::without_bodies(&plain);
            tree = self::tree(&bare);
            if tree.root_node().has_error() {
                lines::blank_annotations(&mut bare, |hint| {
                    self::tree(&format!("def f(x: {hint}): ...\n")).root_node().has_error()
                        && !self::tree(&format!("({hint}\n)\n")).root_node().has_error()
                });
                tree = self::tree(&bare);
            }
        }
        if tree.root_node().has_error() {
            return Err(diagnose::syntax_error(source, &plain, positions));
        }
    }
    layout::check(tree.root_node(), source, positions)?;
    // From the source as it is: the blanked text has the same offsets.
    let mut reader = Reader { source, positions, error: None };
    let statements = reader.block(tree.root_node(), 0);
    match reader.error {
        Some(error) => Err(error),
        None => Ok((reader.docstring(tree.root_node()), statements)),
    }
}

/// The expression in a string hint; none if it is not Python.
pub(crate) fn hint(text: &str) -> Option<Expr> {
    let text = text.trim();
    // Most hints in strings are names: those need no parser.
    if is_dotted_name(text) {
        let kind = match text {
            "None" => ExprKind::None,
            "True" | "False" => ExprKind::Bool(text == "True"),
            _ => ExprKind::Name(normalized(text).into_owned()),
        };
        return Some(Expr { kind, range: 0..text.len() });
    }
    // In brackets, as `typing.get_type_hints` does, so that the hint may have several lines.
    let source = format!("({text}\n)");
    let tree = tree(&source);
    let root = tree.root_node();
    let positions = Positions::new(&source);
    let mut reader = Reader { source: &source, positions: &positions, error: None };
    let [statement] = children(root)[..] else { return None };
    let [expression] = children(statement)[..] else { return None };
    // The text may close the bracket itself: `):x = (1` would be a statement of another kind.
    let whole = statement.kind() == "expression_statement" && !root.has_error();
    whole.then(|| reader.expression(expression, 0))
}

fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut chars = part.chars();
        chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
            && chars.all(|other| other == '_' || other.is_alphanumeric())
    })
}

/// Returns a name in the form that Python gives it (PEP 3131, NFKC): `µ`, which keyboards have, is Greek.
fn normalized(name: &str) -> Cow<'_, str> {
    match name.is_ascii() {
        true => Cow::Borrowed(name),
        false => Cow::Owned(name.nfkc().collect()),
    }
}

fn tree(source: &str) -> Tree {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("Cargo.toml pairs an engine with the grammar it can read");
    parser.parse(source, None).expect("a parser with a language and without a deadline has a tree")
}

/// Reads nodes of one tree.
struct Reader<'a> {
    source: &'a str,
    positions: &'a Positions<'a>,
    /// The first error that Python reports but the grammar accepts.
    error: Option<Error>,
}

impl<'a> Reader<'a> {
    fn text(&self, node: Node<'_>) -> &'a str {
        &self.source[node.byte_range()]
    }

    /// A name as Python has it.
    fn name(&self, node: Node<'_>) -> String {
        normalized(self.text(node)).into_owned()
    }

    fn refuse(&mut self, node: Node<'_>, message: impl Into<String>) {
        if self.error.is_none() {
            self.error = Some(self.positions.error(node.start_byte(), message));
        }
    }
}

/// The named children without comments.
fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !is_extra(*child)).collect()
}

/// The children of a field without comments.
fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor)
        .filter(|child| child.is_named() && !is_extra(*child))
        .collect()
}

fn is_extra(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "line_continuation")
}
