//! Expressions, as in hints, defaults, bases and decorators.

use tree_sitter::Node;

use super::{Reader, children, fields, string};
use crate::syntax::{Argument, Expr, ExprKind, MAX_DEPTH};

impl Reader<'_> {
    pub(super) fn expression(&mut self, node: Node<'_>, depth: usize) -> Expr {
        let kind = if depth > MAX_DEPTH { ExprKind::Other } else { self.kind(node, depth + 1) };
        Expr { kind, range: node.byte_range() }
    }

    fn kind(&mut self, node: Node<'_>, depth: usize) -> ExprKind {
        match node.kind() {
            // `type` wraps an annotation; the others are brackets or wrappers.
            "type" | "parenthesized_expression" | "expression_statement" => {
                match children(node)[..] {
                    [inner] => self.expression(inner, depth).kind,
                    _ => ExprKind::Other,
                }
            }
            "identifier" => ExprKind::Name(self.name(node)),
            "attribute" | "member_type" | "dotted_name" => self.attribute(node),
            "none" => ExprKind::None,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "ellipsis" => ExprKind::Ellipsis,
            "integer" => string::integer(self.text(node)).map_or(ExprKind::Other, ExprKind::Int),
            "float" => string::float(self.text(node)).map_or(ExprKind::Other, ExprKind::Float),
            "unary_operator" => self.unary(node, depth),
            "binary_operator" | "union_type" => self.union(node, depth),
            "string" | "concatenated_string" => self.literal_string(node),
            "subscript" => {
                let Some(value) = node.child_by_field_name("value") else {
                    return ExprKind::Other;
                };
                let base = self.expression(value, depth);
                let items = fields(node, "subscript");
                ExprKind::Subscript(Box::new(base), self.items(&items, depth))
            }
            "generic_type" => match children(node)[..] {
                [base, parameters] => {
                    let base = self.expression(base, depth);
                    let items = children(parameters);
                    ExprKind::Subscript(Box::new(base), self.items(&items, depth))
                }
                _ => ExprKind::Other,
            },
            "tuple" | "expression_list" => ExprKind::Tuple(self.all(&children(node), depth)),
            "list" => ExprKind::List(self.all(&children(node), depth)),
            "dictionary" => self.dictionary(node, depth),
            "call" => self.call(node, depth),
            "list_splat" | "splat_type" | "list_splat_pattern" => ExprKind::Starred,
            _ => ExprKind::Other,
        }
    }

    fn all(&mut self, nodes: &[Node<'_>], depth: usize) -> Vec<Expr> {
        nodes.iter().map(|node| self.expression(*node, depth)).collect()
    }

    /// The items in the brackets of a subscript; `x[(a, b)]` is `x[a, b]`, as in Python.
    fn items(&mut self, nodes: &[Node<'_>], depth: usize) -> Vec<Expr> {
        let mut items = self.all(nodes, depth);
        match &mut items[..] {
            [Expr { kind: ExprKind::Tuple(inner), .. }] if !inner.is_empty() => {
                std::mem::take(inner)
            }
            _ => items,
        }
    }

    /// A chain of attributes, which may be long: no recursion.
    fn attribute(&mut self, mut node: Node<'_>) -> ExprKind {
        let mut names = Vec::new();
        loop {
            let parts = children(node);
            match (node.kind(), &parts[..]) {
                ("identifier", _) => names.push(self.name(node)),
                ("attribute" | "member_type" | "dotted_name" | "type", [first, rest @ ..]) => {
                    names.extend(rest.iter().rev().map(|part| self.name(*part)));
                    node = *first;
                    continue;
                }
                _ => return ExprKind::Other,
            }
            names.reverse();
            return ExprKind::Name(names.join("."));
        }
    }

    fn unary(&mut self, node: Node<'_>, depth: usize) -> ExprKind {
        let minus = node.child(0).is_some_and(|operator| operator.kind() == "-");
        let argument = node.child_by_field_name("argument").filter(|_| minus);
        match argument.map(|argument| self.expression(argument, depth).kind) {
            // Literals have no sign: an i128 that was read from one has a negative.
            Some(ExprKind::Int(number)) => ExprKind::Int(-number),
            Some(ExprKind::Float(number)) => ExprKind::Float(-number),
            _ => ExprKind::Other,
        }
    }

    /// `a | b | c`, which leans to the left and may be long: no recursion on that side.
    fn union(&mut self, mut node: Node<'_>, depth: usize) -> ExprKind {
        let mut members = Vec::new();
        loop {
            let operands = children(node);
            let is_union = match node.kind() {
                "union_type" => true,
                "binary_operator" => {
                    node.child_by_field_name("operator").is_some_and(|it| it.kind() == "|")
                }
                _ => false,
            };
            match operands[..] {
                [left, right] if is_union => {
                    members.push(self.expression(right, depth));
                    node = left;
                }
                _ => break,
            }
        }
        if members.is_empty() {
            return ExprKind::Other;
        }
        members.push(self.expression(node, depth));
        members.reverse();
        ExprKind::Union(members)
    }

    fn literal_string(&mut self, node: Node<'_>) -> ExprKind {
        let parts = match node.kind() {
            "string" => vec![node],
            _ => children(node),
        };
        let mut whole: Option<string::Decoded> = None;
        for part in parts {
            match (string::decode(self.text(part)), &mut whole) {
                (Some(decoded), None) => whole = Some(decoded),
                // Adjacent literals are one; text and bytes do not mix.
                (Some(string::Decoded::Str(more)), Some(string::Decoded::Str(text))) => {
                    text.push_str(&more);
                }
                (Some(string::Decoded::Bytes(more)), Some(string::Decoded::Bytes(bytes))) => {
                    bytes.extend(more);
                }
                _ => return ExprKind::Other,
            }
        }
        match whole {
            Some(string::Decoded::Str(text)) => ExprKind::Str(text),
            Some(string::Decoded::Bytes(bytes)) => ExprKind::Bytes(bytes),
            None => ExprKind::Other,
        }
    }

    fn dictionary(&mut self, node: Node<'_>, depth: usize) -> ExprKind {
        let mut pairs = Vec::new();
        for pair in children(node) {
            let key = pair.child_by_field_name("key");
            let (Some(key), Some(value)) = (key, pair.child_by_field_name("value")) else {
                return ExprKind::Other;
            };
            pairs.push((self.expression(key, depth), self.expression(value, depth)));
        }
        ExprKind::Dict(pairs)
    }

    fn call(&mut self, node: Node<'_>, depth: usize) -> ExprKind {
        let function = node.child_by_field_name("function");
        let arguments = node.child_by_field_name("arguments");
        let (Some(function), Some(arguments)) = (function, arguments) else {
            return ExprKind::Other;
        };
        let function = self.expression(function, depth);
        ExprKind::Call(Box::new(function), self.arguments(arguments, depth))
    }

    pub(super) fn arguments(&mut self, list: Node<'_>, depth: usize) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for node in children(list) {
            let (keyword, value) = match node.kind() {
                "keyword_argument" => {
                    let name = node.child_by_field_name("name");
                    let value = node.child_by_field_name("value");
                    let (Some(name), Some(value)) = (name, value) else { continue };
                    (Some(self.name(name)), value)
                }
                // No keyword is called "", so that it is neither positional nor found by name.
                "dictionary_splat" => (Some(String::new()), node),
                _ => (None, node),
            };
            arguments.push(Argument { keyword, value: self.expression(value, depth) });
        }
        arguments
    }
}
