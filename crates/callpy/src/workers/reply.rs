//! From an answer that is no result to the error that it is.

use super::frame::{Broken, Reader, Status, Value};
use crate::error::{Error, ErrorKind};
use crate::exception::{FailedImports, Printed, PythonException, Search, Told, ToldFrame};

/// Reads why there is no result. `search` is where the worker finds modules.
pub(crate) fn failure(status: Status, reader: &mut Reader<'_>, search: Option<&Search>) -> Error {
    read(status, reader, search).unwrap_or_else(|Broken(why)| {
        Error::result(format!("a worker's answer can't be read: {why}"))
    })
}

fn read(status: Status, reader: &mut Reader<'_>, search: Option<&Search>) -> Result<Error, Broken> {
    Ok(match status {
        Status::Raised => {
            let mut told = exception(&reader.value()?)?;
            let imports = std::mem::take(&mut told.imports);
            let imports = search.and_then(|search| FailedImports::told(imports, search));
            Error::from(told.into_exception()).with_imports(imports)
        }
        Status::NoTarget => Error::new(ErrorKind::Target, text(&reader.value()?)?),
        Status::NoResult => {
            let Value::Tuple(parts) = reader.value()? else { return Err(Broken("no tuple")) };
            let [what, raised] = &parts[..] else { return Err(Broken("no pair")) };
            let raised = exception(raised)?.into_exception();
            Error::result(format!("{} can't leave its worker: {raised}", text(what)?))
                .with_source(raised)
        }
        Status::NoArgument => {
            let Value::Tuple(parts) = reader.value()? else { return Err(Broken("no tuple")) };
            let [name, raised] = &parts[..] else { return Err(Broken("no pair")) };
            let raised = exception(raised)?.into_exception();
            let message = format!("it can't be made in a worker: {raised}");
            let hint = hint(&raised);
            hint.into_iter()
                .fold(Error::argument(message), Error::with_hint)
                .with_source(raised)
                .at(text(name)?)
        }
        Status::Returned | Status::Retained | Status::Stopped => {
            return Err(Broken("it is no failure"));
        }
    })
}

/// Says how to fix a class whose pickle can't be read, if it raised what such classes raise.
pub(crate) fn hint(raised: &PythonException) -> Option<&'static str> {
    (raised.type_name() == "TypeError").then_some(
        "if its class takes other arguments than its pickle has, as an exception does that does not pass all of \
         its own to `super().__init__()`, define `__reduce__` in the class: it returns the class and a tuple of \
         the arguments",
    )
}

pub(crate) fn text(value: &Value<'_>) -> Result<String, Broken> {
    match value {
        Value::Str(text) => Ok((*text).to_owned()),
        _ => Err(Broken("a text is missing")),
    }
}

pub(crate) fn items<'v, 'f>(value: &'v Value<'f>) -> Result<&'v [Value<'f>], Broken> {
    match value {
        Value::Tuple(items) => Ok(items),
        _ => Err(Broken("a tuple is missing")),
    }
}

pub(crate) fn size(value: &Value<'_>) -> Result<usize, Broken> {
    match value {
        Value::Int(int) => usize::try_from(*int).map_err(|_| Broken("a size is negative")),
        _ => Err(Broken("a number is missing")),
    }
}

fn optional<'v, 'f>(value: &'v Value<'f>) -> Option<&'v Value<'f>> {
    (*value != Value::None).then_some(value)
}

/// Reads what `_chain` of `worker.py` wrote.
fn exception(value: &Value<'_>) -> Result<Told, Broken> {
    let [
        name,
        qualified,
        module,
        message,
        frames,
        notes,
        told_printed,
        hides,
        cause,
        context,
        missing,
        bases,
        imports,
    ] = items(value)?
    else {
        return Err(Broken("an exception has other parts"));
    };
    let frame = |frame: &Value<'_>| {
        let [file, function, line, times] = items(frame)? else {
            return Err(Broken("a frame has other parts"));
        };
        let (line, times) = (size(line)?, size(times)?);
        Ok(ToldFrame { file: text(file)?, function: text(function)?, line, times })
    };
    let import = |import: &Value<'_>| {
        let facts = items(import)?.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        facts.try_into().map_err(|_| Broken("an import has other parts"))
    };
    let printed = |printed: &Value<'_>| match items(printed)? {
        [Value::Bool(true), all] => text(all).map(Printed::All),
        [Value::Bool(false), end] => text(end).map(Printed::End),
        _ => Err(Broken("what is printed has other parts")),
    };
    let base = |base: &Value<'_>| match items(base)? {
        [module, name] => Ok((text(module)?, text(name)?)),
        _ => Err(Broken("a base has other parts")),
    };
    let link = |link: &Value<'_>| optional(link).map(exception).transpose();
    Ok(Told {
        type_name: text(name)?,
        qualified_name: text(qualified)?,
        module: text(module)?,
        message: text(message)?,
        frames: items(frames)?.iter().map(frame).collect::<Result<_, _>>()?,
        notes: items(notes)?.iter().map(text).collect::<Result<_, _>>()?,
        printed: optional(told_printed).map(printed).transpose()?,
        imports: items(imports)?.iter().map(import).collect::<Result<_, _>>()?,
        hides_context: *hides == Value::Bool(true),
        cause: link(cause)?.map(Box::new),
        context: link(context)?.map(Box::new),
        missing_module: optional(missing).map(text).transpose()?,
        bases: items(bases)?.iter().map(base).collect::<Result<_, _>>()?,
    })
}
