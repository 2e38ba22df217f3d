//! Functions: parameters, result, decorators.

use std::collections::HashMap;

use crate::decorator;
use crate::hint::{Hints, Scope};
use crate::model::{Expression, Function, Parameter, ParameterKind, Type};
use crate::{overload, syntax};

/// Functions under construction: later definitions replace earlier ones, overloads wait for theirs.
#[derive(Default)]
pub(crate) struct Functions {
    done: Vec<Function>,
    /// The overloads that have no implementation yet.
    overloads: HashMap<String, Vec<Function>>,
}

impl Functions {
    /// Adds a definition; `outer` has the type parameters of the class around it.
    pub(crate) fn add(
        &mut self,
        hints: &Hints<'_>,
        function: &syntax::Function,
        outer: &HashMap<String, Type>,
        is_conditional: bool,
    ) {
        let name = &function.name.text;
        let mut function = model(hints, function, outer);
        // Overloads only describe the implementation, which is the function that runs.
        let is_overload = |it: &crate::model::Decorator| {
            it.name.as_deref().is_some_and(|name| name == "typing.overload")
        };
        if function.decorators.iter().any(is_overload) {
            self.overloads.entry(name.clone()).or_default().push(function);
            return;
        }
        // A property's setter has the property's name and is not a separate function.
        let prefix = format!("{name}.");
        let accessor = function.decorators.iter().find(|it| it.source.starts_with(&prefix));
        if let Some(accessor) = accessor {
            let property = self.done.iter_mut().find(|earlier| earlier.name == *name);
            if let Some(property) = property.filter(|_| accessor.source.ends_with(".setter")) {
                property.is_settable = true;
                // After `self`.
                let value = function.parameters.into_iter().nth(1);
                property.set_by = value.filter(|value| value.hint.is_some());
            }
            return;
        }
        let overloads = self.overloads.remove(name).unwrap_or_default();
        function.overloads = overloads.len();
        overload::complete(&mut function, &overloads);
        function.is_conditional = is_conditional;
        let earlier = self.done.iter().position(|earlier| earlier.name == *name);
        match earlier {
            // `if …: def f … else: def f …`: which of them runs is not known, so the first counts.
            Some(at) if is_conditional => self.done[at].is_conditional = true,
            Some(at) => {
                self.done.remove(at);
                self.done.push(function);
            }
            None => self.done.push(function),
        }
    }

    /// Removes functions by name.
    pub(crate) fn delete(&mut self, names: &[String]) {
        self.done.retain(|function| !names.contains(&function.name));
    }

    /// Returns the functions in the file's order. In a stub, overloads have no implementation: they are
    /// one function, or the first of them is listed, so that the function is not lost.
    pub(crate) fn finish(mut self) -> Vec<Function> {
        let known = |name: &String| self.done.iter().any(|function| function.name == *name);
        let only_overloads = self.overloads.into_iter().filter(|(name, _)| !known(name));
        let mut only_overloads: Vec<Function> = only_overloads
            .filter_map(|(_, all)| {
                let merged = overload::merged(&all);
                let is_mixed = merged.is_none();
                let function = merged.or_else(|| all.first().cloned())?;
                let overloads = all.len();
                Some(Function { overloads, is_only_overloads: true, is_mixed, ..function })
            })
            .collect();
        if !only_overloads.is_empty() {
            self.done.append(&mut only_overloads);
            self.done.sort_by_key(|function| function.name_span.start);
        }
        self.done
    }
}

/// The model of one definition.
fn model(
    hints: &Hints<'_>,
    function: &syntax::Function,
    outer: &HashMap<String, Type>,
) -> Function {
    let mut variables = outer.clone();
    variables.extend(hints.variables(&function.type_parameters, Scope::new(outer)));
    let scope = Scope::new(&variables);
    let parameter = |parameter: &syntax::Parameter| Parameter {
        name: parameter.name.text.clone(),
        span: hints.positions.span(&parameter.name.range),
        kind: parameter.kind,
        hint: parameter.annotation.as_ref().map(|hint| match is_unpacked(hints, parameter) {
            true => hints.unpacked(hint, scope),
            false => hints.hint(hint, scope),
        }),
        default: parameter.default.as_ref().map(|default| expression(hints, default)),
        is_unpacked: is_unpacked(hints, parameter),
    };
    let decorator = |expr| decorator::decorator(expr, hints.names, hints.positions);
    Function {
        name: function.name.text.clone(),
        name_span: hints.positions.span(&function.name.range),
        span: hints.positions.span(&function.range),
        docstring: function.docstring.clone(),
        decorators: function.decorators.iter().map(decorator).collect(),
        is_async: function.is_async,
        is_generator: function.is_generator,
        is_conditional: false,
        overloads: 0,
        is_only_overloads: false,
        is_mixed: false,
        is_settable: false,
        set_by: None,
        type_parameters: function.type_parameters.iter().map(|it| it.name.clone()).collect(),
        parameters: function.parameters.iter().map(parameter).collect(),
        returns: function.returns.as_ref().map(|returns| hints.hint(returns, scope)),
    }
}

/// Returns whether a parameter is `**options: Unpack[Options]`.
fn is_unpacked(hints: &Hints<'_>, parameter: &syntax::Parameter) -> bool {
    let hint =
        parameter.annotation.as_ref().filter(|_| parameter.kind == ParameterKind::VarKeyword);
    hint.is_some_and(|hint| hints.is_unpack(hint))
}

/// A default.
pub(crate) fn expression(hints: &Hints<'_>, expr: &syntax::Expr) -> Expression {
    Expression {
        source: hints.positions.text(&expr.range).to_owned(),
        span: hints.positions.span(&expr.range),
        literal: hints.literal(expr),
    }
}
