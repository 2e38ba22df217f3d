//! Whether a function retains its arrays, according to its hints or to the caller.

use callpy_signature::{Module, Parameter, Type, Usage};

use crate::Diagnostic;
use crate::lower::Lowering;
use crate::neighbours::Found;
use crate::report::{FunctionReport, unknown_function};

/// What the caller says about functions, which overrides their hints.
#[derive(Debug, Clone, Default)]
pub struct Usages {
    /// The functions that retain their arguments.
    pub retains: Vec<String>,
    /// The functions that do not retain them.
    pub lends: Vec<String>,
}

impl Usages {
    /// Returns what is known about a function. It retains its arguments if one of them is retained, and
    /// lends them if all its arrays are borrowed.
    /// `path` is its name, or `Class.method`.
    pub(crate) fn of(
        &self,
        lowering: &mut Lowering<'_>,
        path: &str,
        parameters: &[Parameter],
    ) -> Option<Usage> {
        let is = |name: &String| *name == path;
        // What the caller says comes first: hints may be wrong.
        if self.retains.iter().any(is) {
            return Some(Usage::Retained);
        }
        if self.lends.iter().any(is) {
            return Some(Usage::Borrowed);
        }
        let mut all = Vec::new();
        for parameter in parameters {
            let Some(hint) = &parameter.hint else {
                // It may take an array, of which nothing is known.
                all.push(None);
                continue;
            };
            let mut arrays = Vec::new();
            collect(lowering, &hint.ty, &mut arrays, &mut Vec::new());
            match hint.usage {
                // The note is on a type that is not known to have arrays.
                Some(usage) if arrays.iter().all(Option::is_none) => all.push(Some(usage)),
                _ => all.append(&mut arrays),
            }
        }
        if all.contains(&Some(Usage::Retained)) {
            return Some(Usage::Retained);
        }
        let borrowed = !all.is_empty() && all.iter().all(|usage| *usage == Some(Usage::Borrowed));
        borrowed.then_some(Usage::Borrowed)
    }

    /// Reports names that do not belong to generated functions. `declared` are the functions declared by
    /// hand.
    pub(crate) fn problems(
        &self,
        file: &str,
        module: &Module,
        reports: &[FunctionReport],
        declared: &[String],
    ) -> Vec<Diagnostic> {
        let why = |name: &String| {
            if self.retains.contains(name) && self.lends.contains(name) {
                return Some(format!("`{name}` is both in `retains` and in `lends`"));
            }
            // A function that is declared by hand may be one that was left out for its hints.
            if declared.contains(name) {
                return None;
            }
            match reports.iter().find(|report| report.name == *name) {
                Some(report) => {
                    let why = report.left_out.as_ref()?;
                    Some(format!(
                        "`{name}` is left out, so it can't be in `retains` or `lends`: {why}"
                    ))
                }
                None => Some(unknown_function(name, module)),
            }
        };
        // A name in both lists is one problem.
        let lends = self.lends.iter().filter(|name| !self.retains.contains(name));
        let problems = self.retains.iter().chain(lends).filter_map(why);
        let problem = |message| Diagnostic { file: file.to_owned(), line: None, message };
        problems.map(problem).collect()
    }
}

/// Adds what the hints say about each array in a type; none for a type that may be an array.
fn collect(
    lowering: &mut Lowering<'_>,
    ty: &Type,
    found: &mut Vec<Option<Usage>>,
    seen: &mut Vec<String>,
) {
    match ty {
        Type::Array(array) => found.push(array.usage),
        Type::Any => found.push(None),
        Type::TypeVariable { bound: None, constraints, .. } if constraints.is_empty() => {
            found.push(None);
        }
        Type::Unknown { name, arguments } => {
            if let Some(Found::Type(ty)) = lowering.neighbours.find(name, arguments) {
                collect(lowering, &ty, found, seen);
            }
        }
        Type::Class { name, .. } if !seen.contains(name) => {
            seen.push(name.clone());
            let class = lowering.module.class(name);
            let hints =
                class.iter().flat_map(|class| &class.fields).filter_map(|it| it.hint.as_ref());
            for hint in hints {
                collect(lowering, &hint.ty, found, seen);
            }
        }
        Type::Class { .. } => {}
        other => {
            other.children().into_iter().for_each(|part| collect(lowering, part, found, seen));
        }
    }
}
