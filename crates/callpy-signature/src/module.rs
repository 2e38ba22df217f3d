//! Converts the statements of a file to its [`Module`], and to what its names mean.

use std::collections::HashMap;

use crate::class::{Classes, functional};
use crate::function::Functions;
use crate::hint::{Hints, Scope};
use crate::model::{Alias, Module, Type};
use crate::names::Names;
use crate::position::Positions;
use crate::syntax::{Condition, Expr, ExprKind, Identifier, Statement, positional};

pub(crate) fn module(
    docstring: Option<String>,
    statements: &[Statement],
    positions: &Positions<'_>,
) -> (Module, Names) {
    let (names, made) = names(statements);
    let hints = Hints::new(&names, positions);
    let mut functions = Functions::default();
    let mut classes = Classes::default();
    // A function at the top level has no type parameters of a class.
    let nothing = HashMap::new();
    let mut all = All::default();
    visit(statements, false, &mut |statement, is_conditional| match statement {
        Statement::Function(function) => {
            functions.add(&hints, function, &nothing, is_conditional);
        }
        Statement::Class(class) => classes.add(&hints, class, is_conditional),
        Statement::Assign { targets, value: Some(value), range, .. } => {
            if let [target] = &targets[..] {
                if target.text == "__all__" {
                    all.set(value);
                } else if made.iter().any(|(made, ..)| made.range == target.range) {
                    classes.add_made(&hints, target, value, range, is_conditional);
                }
            }
        }
        Statement::Extend { name, value } if name == "__all__" => all.extend(value),
        Statement::Expression(Expr { kind: ExprKind::Call(function, arguments), .. }) => {
            match (function.name(), positional(arguments).next()) {
                (Some("__all__.extend"), Some(more)) => all.extend(more),
                (Some("__all__.append"), Some(one)) => all.append(one),
                _ => {}
            }
        }
        Statement::Delete(deleted) => {
            functions.delete(deleted);
        }
        _ => {}
    });
    let aliases = aliases(&hints);
    let (all, functions, classes) = (all.names(), functions.finish(), classes.done);
    (Module { docstring, all, functions, classes, aliases }, names)
}

/// The names of a file, and the assignments among them that create classes.
fn names(statements: &[Statement]) -> (Names, Vec<(Identifier, Expr, bool)>) {
    let mut names = Names::of(statements);
    let mut made = Vec::new();
    visit(statements, false, &mut |statement, is_conditional| {
        if let Statement::Assign { targets, value: Some(value), .. } = statement
            && let [target] = &targets[..]
            && functional::makes_class(value, &names)
        {
            made.push((target.clone(), value.clone(), is_conditional));
        }
    });
    // Before any hint is resolved, since hints may refer to classes that are created further down.
    for (target, ..) in &made {
        names.make_class(&target.text);
    }
    (names, made)
}

/// The type that a hint has in a file with these names.
pub(crate) fn hint(text: &str, names: &Names, positions: &Positions<'_>) -> Type {
    let hints = Hints::new(names, positions);
    match crate::parse::hint(text) {
        Some(expr) => hints.ty(&expr, Scope::new(&HashMap::new())),
        None => Type::Invalid { reason: "it is not a Python expression".to_owned() },
    }
}

/// Visits the statements of the module, including those in blocks.
pub(crate) fn visit(
    statements: &[Statement],
    is_conditional: bool,
    visitor: &mut impl FnMut(&Statement, bool),
) {
    for statement in statements {
        match statement {
            Statement::Branches { condition, branches } => {
                // The first branch never runs when the module is imported; its `else` does.
                let never = matches!(condition, Condition::TypeChecking | Condition::Main);
                let inside = is_conditional || *condition != Condition::Always;
                for branch in &branches[usize::from(never).min(branches.len())..] {
                    visit(branch, inside, visitor);
                }
            }
            other => visitor(other, is_conditional),
        }
    }
}

/// `__all__` under construction.
#[derive(Default)]
struct All {
    names: Option<Vec<String>>,
    /// Part of it is computed at run time, so the known names are not all.
    is_open: bool,
}

impl All {
    fn set(&mut self, value: &Expr) {
        self.is_open = value.strings().is_none();
        self.names = value.strings();
    }

    fn extend(&mut self, value: &Expr) {
        match (value.strings(), &mut self.names) {
            (Some(more), Some(names)) => names.extend(more),
            // `__all__ += other.__all__`
            _ => self.is_open = true,
        }
    }

    fn append(&mut self, value: &Expr) {
        match (value.string(), &mut self.names) {
            (Some(name), Some(names)) => names.push(name.to_owned()),
            _ => self.is_open = true,
        }
    }

    fn names(self) -> Option<Vec<String>> {
        self.names.filter(|_| !self.is_open)
    }
}

/// The assignments that name a type: declared aliases, and assignments whose value looks like a type.
fn aliases(hints: &Hints<'_>) -> Vec<Alias> {
    let nothing = HashMap::new();
    let scope = Scope::new(&nothing);
    let mut aliases = Vec::new();
    for alias in hints.names.aliases() {
        let has_form = match &alias.value.kind {
            ExprKind::Subscript(base, _) => base.name().is_some(),
            // `A | B` is a type, or the union of two flags, which leads to none.
            ExprKind::Union(_) | ExprKind::Name(_) => true,
            ExprKind::Call(function, _) => {
                let function = function.name().and_then(|name| hints.names.global(name));
                matches!(function.as_deref(), Some("typing.NewType" | "typing.TypeAliasType"))
            }
            _ => false,
        };
        if !(alias.is_explicit || has_form) {
            continue;
        }
        let hint = hints.value_of(alias, scope);
        // `x = y` and `x = y[0]` name types only if they lead to one.
        let is_type = !matches!(hint.ty, Type::Invalid { .. } | Type::Unknown { .. });
        if alias.is_explicit || is_type {
            aliases.push(Alias {
                name: alias.name.text.clone(),
                span: hints.positions.span(&alias.name.range),
                type_parameters: alias.parameters.iter().map(|it| it.name.clone()).collect(),
                hint,
            });
        }
    }
    // They come out of a hash map, and what is generated must not change from run to run.
    aliases.sort_by_key(|alias| alias.span.start);
    aliases
}
