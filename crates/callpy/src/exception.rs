//! From a Python exception to owned text: nothing of it stays in the interpreter.

use crate::error::PythonException;
use crate::raw::objects::Builtin;
use crate::raw::{Attached, Raised, Ref};
use crate::{Error, ErrorKind, support};

/// Turns a raised exception into an error, and lets go of it.
#[cold]
pub(crate) fn into_error(py: Attached<'_>, Raised(exception): Raised) -> Error {
    let Some(exception) = exception else {
        return Error::new(
            ErrorKind::Python(PythonException {
                type_name: "SystemError".into(),
                module: "builtins".into(),
                ..Default::default()
            }),
            "a function of an extension module failed without an exception",
        );
    };
    match support::describe(py, &exception).and_then(|described| read(py, &described)) {
        Some(exception) => exception.into(),
        // Memory is out, or the stack: what can be said without Python's help.
        None => {
            let name = support::what(py, &exception);
            PythonException {
                type_name: name.trim_start_matches("an ").trim_start_matches("a ").to_owned(),
                module: "builtins".into(),
                message: "its text could not be made".into(),
                ..Default::default()
            }
            .into()
        }
    }
}

/// Turns an exception that was raised while a result was converted into an error that says so: the
/// function itself has succeeded.
#[cold]
pub(crate) fn of_conversion(py: Attached<'_>, raised: Raised) -> Error {
    let error = into_error(py, raised);
    let message = format!("it can't be converted: {error}");
    let detail = error.exception().map(|exception| exception.traceback().to_owned());
    Error::result(message).with_detail(detail.unwrap_or_default()).with_source(error)
}

/// Reads what `describe` of support.py returns.
fn read(py: Attached<'_>, described: &Ref) -> Option<PythonException> {
    if py.builtin(described) != Builtin::Tuple {
        return None;
    }
    let fields: [Ref; 7] = py.tuple_items(described).ok()?.try_into().ok()?;
    let text = |field: &Ref| py.text(field).map(str::to_owned).ok();
    let [type_name, module, message, traceback, notes, cause, context] = &fields;
    Some(PythonException {
        type_name: text(type_name)?,
        module: text(module)?,
        message: text(message)?,
        traceback: text(traceback)?,
        notes: py.items(notes).ok()?.iter().filter_map(text).collect(),
        cause: read(py, cause).map(Box::new),
        context: read(py, context).map(Box::new),
    })
}
