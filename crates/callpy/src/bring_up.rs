//! From the interpreter that was found to the one that runs in this process.

use std::ffi::OsString;

use crate::error::{Error, ErrorKind, Result};
use crate::installation::{Context, Interpreter, Problem, is_pythons, reproduce};
use crate::locate::{self, Report, Wanted};
use crate::raw::cpython::{self, Api};
use crate::raw::library::Library;
use crate::raw::start::{self, Refusal};
use crate::raw::{Attached, Attachment, Raised, end, process};
use crate::support;

/// Returns the interpreter that runs already and is not callpy's own, to be joined. Attaches nowhere.
pub(crate) fn another() -> Result<Option<&'static Api>> {
    let here = Library::of_this_process().map(install).transpose()?;
    Ok(here.filter(|api| is_anothers(api)))
}

/// Joins an interpreter that runs already. Attaches, so nothing may be locked meanwhile that another
/// thread could wait for attached.
pub(crate) fn join_another(api: &'static Api) -> Result<()> {
    Ok(start::join(api)?)
}

/// Starts the interpreter that is wanted; none if one that runs already was joined.
pub(crate) fn bring_up(wanted: &Wanted) -> Result<Option<(Interpreter, Report)>> {
    // Running, linked to the program, or loaded by a start that failed: no other is loaded beside it.
    let here = Library::of_this_process().map(install).transpose()?;
    if let Some(api) = here.filter(|api| is_anothers(api)) {
        return join(api);
    }
    let (interpreter, mut report) = locate::find(wanted)?;
    let api = match here {
        Some(api) => api,
        None => load(&interpreter)?,
    };
    // It was here already, loaded so that its names are not global.
    if is_anothers(api) {
        return join(api);
    }
    let minor = u32::from(interpreter.version().1);
    if api.minor != minor {
        return Err(other_library(api.minor, &interpreter, here.is_some()));
    }
    report.notes = start(api, &interpreter)?;
    Ok(Some((interpreter, report)))
}

fn load(interpreter: &Interpreter) -> Result<&'static Api> {
    // Before it is loaded, so that another Python can still be.
    cpython::admit(interpreter.version().1.into())
        .map_err(|refused| Error::from(refused).at(interpreter.executable().display()))?;
    install(Library::load(interpreter.libpython())?)
}

fn install(library: Library) -> Result<&'static Api> {
    let api = Api::install(&library)?;
    // The table leads into it from now on, also if the start fails.
    library.keep();
    Ok(api)
}

fn is_anothers(api: &Api) -> bool {
    api.is_initialized() && !start::was_begun()
}

fn join(api: &'static Api) -> Result<Option<(Interpreter, Report)>> {
    start::join(api)?;
    Ok(None)
}

fn other_library(minor: u32, interpreter: &Interpreter, was_here: bool) -> Error {
    let executable = interpreter.executable().display();
    let (_, wanted, _) = interpreter.version();
    Error::new(
        ErrorKind::Start,
        match was_here {
            true => format!(
                "libpython 3.{minor} is in this process already, and {executable} is Python \
                 3.{wanted}: name a Python 3.{minor} with CALLPY_PYTHON"
            ),
            // An installation that was upgraded by halves.
            false => format!(
                "{} is Python 3.{minor}, but {executable}, which names it as its library, is Python \
                 3.{wanted}: reinstall one of them (`callpy doctor` says more)",
                interpreter.libpython().display()
            ),
        },
    )
}

/// Starts the interpreter, and returns in what it differs from the executable.
fn start(api: &'static Api, interpreter: &Interpreter) -> Result<Vec<String>> {
    let launch = &interpreter.launch;
    let removed = launch.removed.iter().filter(|name| is_pythons(name));
    process::set_variables(&launch.set, removed);
    let mut arguments = vec![OsString::from(interpreter.executable())];
    arguments.extend(launch.options.iter().cloned());
    let mut settled = Ok(());
    start::initialize(api, &arguments, |py| {
        settled = support::after_start(py).map_err(|raised| failed(py, raised));
    })
    .map_err(|refusal| refused(interpreter, &refusal))?;
    end::at_exit(support::end);
    settled?;
    let attachment = Attachment::new()?;
    let py = attachment.token();
    support::complete_path(py, &launch.search_path)
        .and_then(|()| support::differences(py, &launch.settings))
        .map_err(|raised| failed(py, raised))
}

/// Says that what callpy does in a new interpreter has failed.
fn failed(py: Attached<'_>, raised: Raised) -> Error {
    Error::raised(py, raised).at("the interpreter's start")
}

/// Says why the interpreter did not start; in the words of the executable, if that does not either.
fn refused(interpreter: &Interpreter, refusal: &Refusal) -> Error {
    let executable = interpreter.executable();
    let said = reproduce(executable, &Context::of_this_process());
    let starts_by_itself = said.is_none();
    let problem = said.unwrap_or_else(|| Problem::DoesNotStart {
        words: format!("Fatal Python error: {}", refusal.words),
        variable: None,
        output: refusal.words.clone(),
    });
    locate::does_not_start(
        executable,
        &problem,
        match (refusal.may_try_again(), starts_by_itself) {
            (true, false) => "",
            (true, true) => {
                "; by itself it starts: if it goes on to fail here, restart this program"
            }
            (false, _) => {
                "; CPython can't make a second attempt in this process: restart the program after that"
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use crate::interpreter::Python;
    use crate::raw::cpython::Header;
    use crate::raw::proof::{matches_fields, matches_header};
    use crate::raw::pyconfig::Fields;
    use crate::scope::Scope;

    #[test]
    fn wrong_layouts_are_found() {
        Python::start().unwrap();
        let scope = Scope::new().unwrap();
        let py = scope.py();
        matches_header(py, py.api.header).unwrap();
        let wrong = match py.api.header {
            Header::FreeThreaded => Header::Classic,
            Header::Classic | Header::Split => Header::FreeThreaded,
        };
        let text = matches_header(py, wrong).unwrap_err();
        assert!(text.contains("are not laid out as callpy knows them (the type)"), "{text}");

        let fields = Fields::of(py.api.minor);
        matches_fields(py.api, fields).unwrap();
        for wrong in [
            Fields { install_signal_handlers: fields.install_signal_handlers - 4, ..fields },
            Fields { configure_c_stdio: fields.configure_c_stdio + 4, ..fields },
        ] {
            let text = matches_fields(py.api, wrong).unwrap_err();
            assert!(text.contains("is not laid out as callpy knows it"), "{text}");
        }
    }
}
