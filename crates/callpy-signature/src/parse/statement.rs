//! Statements: imports, assignments, definitions, and the blocks around them.

use tree_sitter::Node;

use super::{Reader, children, fields, string};
use crate::model::ParameterKind;
use crate::syntax::{
    Class, Condition, Expr, ExprKind, Function, Identifier, MAX_DEPTH, Parameter, Statement,
    TypeAlias, TypeParameter,
};

impl Reader<'_> {
    /// The statements of a module or an indented block.
    pub(super) fn block(&mut self, node: Node<'_>, depth: usize) -> Vec<Statement> {
        let mut statements = Vec::new();
        if depth <= MAX_DEPTH {
            for child in children(node) {
                self.statement(child, depth + 1, &mut statements);
            }
        }
        statements
    }

    /// The docstring of a module or an indented block.
    pub(super) fn docstring(&mut self, block: Node<'_>) -> Option<String> {
        let first = *children(block).first()?;
        if first.kind() != "expression_statement" {
            return None;
        }
        match self.expression(first, 0).kind {
            ExprKind::Str(text) => Some(string::clean_docstring(&text)),
            _ => None,
        }
    }

    fn statement(&mut self, node: Node<'_>, depth: usize, into: &mut Vec<Statement>) {
        match node.kind() {
            "import_statement" => {
                let names = fields(node, "name").into_iter();
                into.push(Statement::Import(names.map(|name| self.imported(name, None)).collect()));
            }
            "import_from_statement" => self.import_from(node, into),
            "expression_statement" => self.expression_statement(node, depth, into),
            "type_alias_statement" => into.extend(self.type_alias(node, depth)),
            "function_definition" => into.extend(self.function(node, Vec::new(), depth)),
            "class_definition" => into.extend(self.class(node, Vec::new(), depth)),
            "decorated_definition" => self.decorated(node, depth, into),
            "if_statement" => {
                let condition = node.child_by_field_name("condition");
                let condition = condition.map_or(Condition::Unknown, |it| self.condition(it));
                self.branches(node, condition, depth, into);
            }
            // Its body runs, or an exception ends the import.
            "with_statement" => self.branches(node, Condition::Always, depth, into),
            "try_statement" | "for_statement" | "while_statement" | "match_statement" => {
                self.branches(node, Condition::Unknown, depth, into);
            }
            "delete_statement" => {
                let names = children(node).into_iter().flat_map(|child| match child.kind() {
                    "identifier" => vec![child],
                    _ => children(child),
                });
                let names = names.filter(|name| name.kind() == "identifier");
                into.push(Statement::Delete(names.map(|it| self.name(it)).collect()));
            }
            _ => {}
        }
    }

    /// The local name and the path of one name of an import.
    fn imported(&self, node: Node<'_>, module: Option<&str>) -> (String, String) {
        let alias = node.child_by_field_name("alias").map(|alias| self.name(alias));
        let name = node.child_by_field_name("name").filter(|_| alias.is_some()).unwrap_or(node);
        let name = self.dotted(name);
        let path = match module {
            Some(module) if module.ends_with('.') => format!("{module}{name}"),
            Some(module) => format!("{module}.{name}"),
            None => name.clone(),
        };
        match (alias, module) {
            (Some(alias), _) => (alias, path),
            (None, Some(_)) => (name, path),
            // `import a.b` binds `a`.
            (None, None) => {
                let first = name.split('.').next().unwrap_or_default().to_owned();
                (first.clone(), first)
            }
        }
    }

    /// A dotted name without blanks around its dots.
    fn dotted(&self, node: Node<'_>) -> String {
        self.name(node).split_whitespace().collect()
    }

    fn import_from(&mut self, node: Node<'_>, into: &mut Vec<Statement>) {
        let Some(module) = node.child_by_field_name("module_name") else { return };
        let module = self.dotted(module);
        let names = fields(node, "name").into_iter();
        let names: Vec<_> = names.map(|name| self.imported(name, Some(&module))).collect();
        into.push(match names.is_empty() {
            true => Statement::StarImport(module),
            false => Statement::Import(names),
        });
    }

    fn expression_statement(&mut self, node: Node<'_>, depth: usize, into: &mut Vec<Statement>) {
        let [inner] = children(node)[..] else { return };
        match inner.kind() {
            "assignment" => into.extend(self.assignment(inner, depth)),
            "augmented_assignment" => {
                let left = inner.child_by_field_name("left");
                let right = inner.child_by_field_name("right");
                let plus =
                    inner.child_by_field_name("operator").is_some_and(|it| it.kind() == "+=");
                // `__all__ += […]`; no other operator matters to the model.
                if let (Some(left), Some(right), true) = (left, right, plus) {
                    let (name, value) = (self.name(left), self.expression(right, depth));
                    into.push(Statement::Extend { name, value });
                }
            }
            "string" | "concatenated_string" | "call" => {
                into.push(Statement::Expression(self.expression(inner, depth)));
            }
            _ => {}
        }
    }

    /// `a: int = 1`, or `a = b = 1`, which nests to the right and may be long: no recursion. `a, b = 1, 2` is two.
    fn assignment(&mut self, node: Node<'_>, depth: usize) -> Vec<Statement> {
        match self.unpacked(node, depth) {
            Some(all) => all,
            None => self.assigned(node, depth).into_iter().collect(),
        }
    }

    fn unpacked(&mut self, node: Node<'_>, depth: usize) -> Option<Vec<Statement>> {
        let left = node.child_by_field_name("left")?;
        if !matches!(left.kind(), "pattern_list" | "tuple_pattern") {
            return None;
        }
        let targets = children(left);
        let value = self.expression(node.child_by_field_name("right")?, depth);
        let ExprKind::Tuple(values) = value.kind else { return None };
        let is_plain = targets.iter().all(|target| target.kind() == "identifier");
        (is_plain && targets.len() == values.len()).then(|| {
            let pairs = targets.into_iter().zip(values);
            let assign = |(target, value)| Statement::Assign {
                targets: vec![self.identifier(target)],
                annotation: None,
                value: Some(value),
                range: node.byte_range(),
            };
            pairs.map(assign).collect()
        })
    }

    fn assigned(&mut self, node: Node<'_>, depth: usize) -> Option<Statement> {
        let mut targets = Vec::new();
        let mut annotation = None;
        let mut innermost = node;
        let value = loop {
            let left = innermost.child_by_field_name("left")?;
            if left.kind() == "identifier" {
                targets.push(self.identifier(left));
            }
            if let Some(hint) = innermost.child_by_field_name("type") {
                annotation = Some(self.expression(hint, depth));
            }
            match innermost.child_by_field_name("right") {
                Some(right) if right.kind() == "assignment" => innermost = right,
                Some(right) => break Some(self.expression(right, depth)),
                None => break None,
            }
        };
        (!targets.is_empty()).then(|| Statement::Assign {
            targets,
            annotation,
            value,
            range: node.byte_range(),
        })
    }

    fn identifier(&self, node: Node<'_>) -> Identifier {
        Identifier { text: self.name(node), range: node.byte_range() }
    }

    fn type_alias(&mut self, node: Node<'_>, depth: usize) -> Option<Statement> {
        let left = node.child_by_field_name("left")?;
        let value = self.expression(node.child_by_field_name("right")?, depth);
        let mut name = left;
        let mut parameters = Vec::new();
        while name.kind() != "identifier" {
            let parts = children(name);
            if let [_, list] = parts[..] {
                parameters = self.type_parameters(list, depth);
            }
            name = *parts.first()?;
        }
        Some(Statement::TypeAlias(TypeAlias { name: self.identifier(name), parameters, value }))
    }

    /// `[T, U: bound, *Ts, **P, D = default]`
    fn type_parameters(&mut self, list: Node<'_>, depth: usize) -> Vec<TypeParameter> {
        let mut parameters = Vec::new();
        for node in children(list) {
            let mut name = node;
            let mut bound = None;
            loop {
                match children(name)[..] {
                    [first, second] if name.kind() == "constrained_type" => {
                        bound = Some(self.expression(second, depth));
                        name = first;
                    }
                    [first, ..] => name = first,
                    [] => break,
                }
            }
            parameters.push(TypeParameter { name: self.name(name), bound });
        }
        parameters
    }

    fn decorated(&mut self, node: Node<'_>, depth: usize, into: &mut Vec<Statement>) {
        let Some(definition) = node.child_by_field_name("definition") else { return };
        let decorators = children(node).into_iter().filter(|child| child.kind() == "decorator");
        let decorators = decorators.filter_map(|decorator| children(decorator).first().copied());
        let decorators = decorators.map(|inner| self.expression(inner, depth)).collect();
        into.extend(match definition.kind() {
            "function_definition" => self.function(definition, decorators, depth),
            _ => self.class(definition, decorators, depth),
        });
    }

    fn function(
        &mut self,
        node: Node<'_>,
        decorators: Vec<Expr>,
        depth: usize,
    ) -> Option<Statement> {
        let body = node.child_by_field_name("body")?;
        let list = node.child_by_field_name("type_parameters");
        Some(Statement::Function(Box::new(Function {
            name: self.identifier(node.child_by_field_name("name")?),
            range: node.byte_range(),
            docstring: self.docstring(body),
            decorators,
            is_async: node.child(0).is_some_and(|first| first.kind() == "async"),
            is_generator: self.has_yield(body),
            type_parameters: list.map_or(Vec::new(), |list| self.type_parameters(list, depth)),
            parameters: self.parameters(node.child_by_field_name("parameters")?, depth),
            returns: node
                .child_by_field_name("return_type")
                .map(|returns| self.expression(returns, depth)),
        })))
    }

    fn parameters(&mut self, list: Node<'_>, depth: usize) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut kind = ParameterKind::PositionalOrKeyword;
        for node in children(list) {
            // `/` makes the parameters before it positional-only (PEP 570).
            if node.kind() == "positional_separator" {
                for earlier in &mut parameters {
                    earlier.kind = ParameterKind::PositionalOnly;
                }
                continue;
            }
            if node.kind() == "keyword_separator" {
                kind = ParameterKind::KeywordOnly;
                continue;
            }
            // The name is the node itself, a field of it, or its first child.
            let mut name = node.child_by_field_name("name").unwrap_or(node);
            let mut own_kind = kind;
            while name.kind() != "identifier" {
                match name.kind() {
                    // What follows `*args` can only be passed by name.
                    "list_splat_pattern" => {
                        own_kind = ParameterKind::VarPositional;
                        kind = ParameterKind::KeywordOnly;
                    }
                    "dictionary_splat_pattern" => own_kind = ParameterKind::VarKeyword,
                    _ => {}
                }
                match children(name).first() {
                    Some(first) => name = *first,
                    None => break,
                }
            }
            let part = |field| node.child_by_field_name(field);
            let parameter = Parameter {
                name: self.identifier(name),
                kind: own_kind,
                annotation: part("type").map(|hint| self.expression(hint, depth)),
                default: part("value").map(|default| self.expression(default, depth)),
            };
            self.check_parameter(name, &parameter, &parameters);
            parameters.push(parameter);
        }
        parameters
    }

    /// Errors in a parameter list that Python reports but the grammar accepts.
    fn check_parameter(&mut self, node: Node<'_>, parameter: &Parameter, earlier: &[Parameter]) {
        let name = &parameter.name.text;
        if earlier.iter().any(|other| other.name.text == *name) {
            self.refuse(node, format!("duplicate parameter `{name}`"));
        }
        let positional = |it: &Parameter| {
            matches!(it.kind, ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword)
        };
        let after_default =
            earlier.iter().any(|other| positional(other) && other.default.is_some());
        if positional(parameter) && parameter.default.is_none() && after_default {
            let message =
                format!("parameter `{name}` without a default follows one with a default");
            self.refuse(node, message);
        }
        if earlier.last().is_some_and(|last| last.kind == ParameterKind::VarKeyword) {
            self.refuse(node, format!("parameter `{name}` follows `**{}`", earlier[0].name.text));
        }
    }

    /// Returns whether a body has its own `yield`. Bodies may be deep: no recursion.
    fn has_yield(&mut self, body: Node<'_>) -> bool {
        // Most functions have none, and a search of the text is fast.
        if !self.text(body).contains("yield") {
            return false;
        }
        let mut cursor = body.walk();
        loop {
            let kind = cursor.node().kind();
            if kind == "yield" && cursor.node().is_named() {
                return true;
            }
            // A `yield` in a function within belongs to that one.
            let other = matches!(kind, "function_definition" | "lambda" | "class_definition");
            if !other && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return false;
                }
            }
        }
    }

    fn class(&mut self, node: Node<'_>, decorators: Vec<Expr>, depth: usize) -> Option<Statement> {
        let body = node.child_by_field_name("body")?;
        let list = node.child_by_field_name("type_parameters");
        let bases = node.child_by_field_name("superclasses");
        Some(Statement::Class(Box::new(Class {
            name: self.identifier(node.child_by_field_name("name")?),
            range: node.byte_range(),
            docstring: self.docstring(body),
            decorators,
            type_parameters: list.map_or(Vec::new(), |list| self.type_parameters(list, depth)),
            arguments: bases.map_or(Vec::new(), |bases| self.arguments(bases, depth)),
            body: self.block(body, depth),
        })))
    }

    fn condition(&self, node: Node<'_>) -> Condition {
        let text = self.text(node);
        match text.rsplit('.').next() {
            // `not TYPE_CHECKING` and `TYPE_CHECKING or …` have a blank.
            Some("TYPE_CHECKING") if !text.contains(' ') => Condition::TypeChecking,
            _ if text.starts_with("__name__") => Condition::Main,
            _ => Condition::Unknown,
        }
    }

    /// The blocks of a compound statement, each with its clause.
    fn branches(
        &mut self,
        node: Node<'_>,
        condition: Condition,
        depth: usize,
        into: &mut Vec<Statement>,
    ) {
        let mut branches = Vec::new();
        let mut clauses = vec![node];
        while let Some(clause) = clauses.pop() {
            for child in children(clause).into_iter().rev() {
                match child.kind() {
                    "block" if child.parent().is_some_and(|it| it.kind() == "match_statement") => {
                        clauses.push(child);
                    }
                    "block" => branches.push(self.block(child, depth)),
                    kind if kind.ends_with("_clause") => clauses.push(child),
                    _ => {}
                }
            }
        }
        into.push(Statement::Branches { condition, branches });
    }
}
