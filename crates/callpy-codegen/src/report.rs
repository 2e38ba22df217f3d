//! Reports on each function of a file, and the errors of a file as a whole, in the same words for every
//! language.

use std::borrow::Cow;
use std::fmt;

use callpy_signature::{DecoratorEffect, Function, Hint, Module, Parameter, SequenceKind, Type};

use crate::lower::item_of;
use crate::python::one_line;

/// The report on a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionReport {
    /// The function's name.
    pub name: String,
    /// The line that it is on, counted from 1.
    pub line: usize,
    /// The file that it is in, if that is a neighbour: the method is inherited.
    pub file: Option<String>,
    /// Why it was left out; none if it was written.
    pub left_out: Option<String>,
    /// The parts of its signature that are a plain Python object in the other language, and why.
    pub untyped: Vec<String>,
}

impl FunctionReport {
    /// Where the function is: `line 4`, `line 4 of base.py`.
    pub(crate) fn place(&self) -> String {
        match &self.file {
            Some(file) => format!("line {} of {file}", self.line),
            None => format!("line {}", self.line),
        }
    }
}

/// An error that prevents code from being generated, with its place in the Python file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The Python file.
    pub file: String,
    /// The line, counted from 1; none if it is about the whole file.
    pub line: Option<usize>,
    /// What is wrong, and how to fix it.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// Decodes the bytes of a Python file, with the encoding that its first lines declare (PEP 263).
///
/// # Errors
///
/// The bytes are not in that encoding, or it is not supported.
pub fn decode<'b>(bytes: &'b [u8], file: &str) -> Result<Cow<'b, str>, Diagnostic> {
    callpy_signature::decode(bytes).map_err(|error| at(file, error))
}

/// Reads a Python file's source.
pub(crate) fn read(source: &str, file: &str) -> Result<Module, Diagnostic> {
    callpy_signature::read(source).map_err(|error| at(file, error))
}

fn at(file: &str, error: callpy_signature::Error) -> Diagnostic {
    Diagnostic {
        file: file.to_owned(),
        line: Some(error.line),
        message: format!("column {}: {}", error.column, error.message),
    }
}

/// Returns why a public function or method is left out, if it is. The others of the file are still
/// generated. `parameters` are those of a call, without `self`.
pub(crate) fn reason_to_leave_out(
    function: &Function,
    parameters: &[Parameter],
    is_method: bool,
) -> Option<String> {
    let is_constructor = is_method && matches!(&function.name[..], "__init__" | "__new__");
    let is_hinted = function.returns.is_some()
        || parameters.iter().any(|parameter| parameter.hint.is_some())
        || (is_constructor && parameters.is_empty());
    let changes = |decorator: &&callpy_signature::Decorator| {
        decorator.effect == DecoratorEffect::Changes && !(is_method && decorator.role().is_some())
    };
    let by_hand = |reason: &str| match is_method {
        true => reason.to_owned(),
        false => format!("{reason}: declare it by hand"),
    };
    if function.is_async {
        return Some("it is async, and async functions can't be called yet".into());
    }
    // What is called returns the generator, whatever the hint says of its items.
    let is_iterable = function.returns.as_ref().is_some_and(|hint| is_iterable(&hint.ty));
    if function.is_generator && !is_iterable {
        return Some(match is_method {
            true => "it is a generator".into(),
            false => {
                "it is a generator: declare it by hand to get the generator as an Object".into()
            }
        });
    }
    // Its hints describe the function under the decorator, not the one that is called.
    if let Some(decorator) = function.decorators.iter().find(changes) {
        let decorator = one_line(&decorator.source);
        return Some(by_hand(&format!("@{decorator} changes its signature")));
    }
    // Which of the overloads a call means depends on its arguments.
    if function.is_mixed || (!is_hinted && function.overloads > 0) {
        return Some(match is_method {
            true => "its overloads differ in their parameters".into(),
            false => {
                "its overloads differ in their parameters: declare the one you need by hand".into()
            }
        });
    }
    if !is_hinted {
        return Some(by_hand("it has no hints"));
    }
    hints(function, parameters).find_map(|(place, hint)| {
        let reason = invalid(&hint.ty)?;
        let hint = one_line(&hint.source);
        Some(format!("{place}: the hint `{hint}` is not a type: {reason}"))
    })
}

/// Returns whether a hint says that something can be iterated over.
fn is_iterable(ty: &Type) -> bool {
    match ty {
        Type::Sequence { kind, .. } => *kind == SequenceKind::Iterable,
        ty => item_of(ty).is_some(),
    }
}

/// Returns the hints of a function, each with a description of its place.
fn hints<'f>(
    function: &'f Function,
    parameters: &'f [Parameter],
) -> impl Iterator<Item = (String, &'f Hint)> {
    let parameters = parameters.iter().filter_map(|parameter| {
        let hint = parameter.hint.as_ref()?;
        Some((format!("parameter `{}`", parameter.name), hint))
    });
    parameters.chain(function.returns.iter().map(|hint| ("result".to_owned(), hint)))
}

/// Returns why a hint is not a type, if so.
fn invalid(ty: &Type) -> Option<&str> {
    match ty {
        Type::Invalid { reason } => Some(reason),
        // Only the module that declares a name knows what its arguments mean: `from elsewhere import Literal`.
        Type::Unknown { .. } => None,
        ty => ty.children().into_iter().find_map(invalid),
    }
}

/// Returns why no function of a file can be generated.
pub(crate) fn nothing(file: &str, reports: &[FunctionReport]) -> Diagnostic {
    let reason = |report: &FunctionReport| report.left_out.clone().unwrap_or_default();
    let message = match reports {
        [] => "the file has no public functions".to_owned(),
        [only] => format!("`{}` is the only public function: {}", only.name, reason(only)),
        all => {
            let all = all.iter().map(|report| format!("`{}`: {}", report.name, reason(report)));
            let all: Vec<String> = all.collect();
            format!("none of the public functions can be typed: {}", all.join("; "))
        }
    };
    let line = reports.first().map(|report| report.line);
    Diagnostic { file: file.to_owned(), line, message }
}

/// Returns the message that a file lacks a function, with a list of those it has.
pub(crate) fn unknown_function(name: &str, module: &Module) -> String {
    /// More names would not help in a message.
    const SHOWN: usize = 8;
    let names: Vec<&str> =
        module.functions.iter().take(SHOWN).map(|function| &function.name[..]).collect();
    match names.is_empty() {
        true => format!("the file has no function `{name}`, and no other function"),
        false => format!("the file has no function `{name}`; it has {}", names.join(", ")),
    }
}
