//! One signature for a function with overloads: of each parameter, the union of what they say.

use std::collections::HashSet;

use crate::hint::union;
use crate::model::{Expression, Function, Hint, Parameter, ParameterKind};

/// Adds the hints of the overloads to an implementation that has none.
pub(crate) fn complete(implementation: &mut Function, overloads: &[Function]) {
    let is_hinted = implementation.returns.is_some()
        || implementation.parameters.iter().any(|parameter| parameter.hint.is_some());
    if is_hinted || overloads.is_empty() {
        return;
    }
    for parameter in &mut implementation.parameters {
        let hints = overloads.iter().filter_map(|overload| hint_of(overload, &parameter.name));
        parameter.hint = joined(hints);
    }
    implementation.returns = returns(overloads);
}

/// Makes one function of overloads that have no implementation; none if they differ in more than their
/// types and what may be left out.
pub(crate) fn merged(overloads: &[Function]) -> Option<Function> {
    let longest = overloads.iter().max_by_key(|overload| positional(overload).count())?;
    let order: Vec<&str> = positional(longest).map(|parameter| &parameter.name[..]).collect();
    let is_prefix = |overload: &Function| {
        positional(overload).zip(&order).all(|(parameter, name)| parameter.name == *name)
    };
    if !overloads.iter().all(is_prefix) {
        return None;
    }
    let mut parameters: Vec<Parameter> = longest.parameters.clone();
    let mut seen: HashSet<String> = parameters.iter().map(|it| it.name.clone()).collect();
    let more = overloads.iter().flat_map(|overload| &overload.parameters);
    let more = more.filter(|parameter| seen.insert(parameter.name.clone())).cloned();
    parameters.extend(more.collect::<Vec<_>>());
    // In the order that Python has, which is that of the kinds.
    parameters.sort_by_key(|parameter| parameter.kind as u8);
    for parameter in &mut parameters {
        let all = || {
            let named = |overload: &'_ Function| {
                overload.parameters.iter().find(|it| it.name == parameter.name).cloned()
            };
            overloads.iter().map(named)
        };
        let is_variadic =
            matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
        let may_be_left_out = all().any(|it| it.is_none_or(|it| it.default.is_some()));
        if may_be_left_out && !is_variadic && parameter.default.is_none() {
            let (source, span) = ("...".to_owned(), parameter.span);
            parameter.default = Some(Expression { source, span, literal: None });
        }
        parameter.hint = joined(all().flatten().filter_map(|it| it.hint));
    }
    let mut left_out = false;
    for parameter in parameters.iter().filter(|it| is_positional(it)) {
        if left_out && parameter.default.is_none() {
            return None;
        }
        left_out |= parameter.default.is_some();
    }
    let mut decorators = longest.decorators.clone();
    decorators.retain(|decorator| decorator.name.as_deref() != Some("typing.overload"));
    Some(Function { parameters, returns: returns(overloads), decorators, ..longest.clone() })
}

fn is_positional(parameter: &Parameter) -> bool {
    matches!(parameter.kind, ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword)
}

fn positional(function: &Function) -> impl Iterator<Item = &Parameter> {
    function.parameters.iter().filter(|parameter| is_positional(parameter))
}

fn hint_of(function: &Function, name: &str) -> Option<Hint> {
    function.parameters.iter().find(|parameter| parameter.name == name)?.hint.clone()
}

fn returns(overloads: &[Function]) -> Option<Hint> {
    // One without a hint may return anything.
    let all = overloads.iter().map(|overload| overload.returns.clone());
    joined(all.collect::<Option<Vec<_>>>()?.into_iter())
}

/// The union of several hints.
fn joined(hints: impl Iterator<Item = Hint>) -> Option<Hint> {
    let mut hints: Vec<Hint> = hints.collect();
    let mut sources: Vec<String> = Vec::new();
    for hint in &hints {
        if !sources.contains(&hint.source) {
            sources.push(hint.source.clone());
        }
    }
    let ty = union(hints.iter().map(|hint| hint.ty.clone()));
    let usage = hints.iter().find_map(|hint| hint.usage);
    let first = hints.drain(..).next()?;
    Some(Hint { source: sources.join(" | "), ty, usage, ..first })
}
