//! Modules from files and from source text.
//!
//! Python's own import loads them all, each by a name that `sys.path` leads to: source text is first
//! written to a file in the cache folder. So every process that gets this `sys.path`, as those of
//! multiprocessing and joblib do, can import the same modules, and unpickle their functions; and
//! whatever wants the file of a function (numba's cache, coverage, debuggers) finds one.

use std::path::{Path, PathBuf};

use crate::locate::{Surroundings, cache};
use crate::raw::{Attached, Ref};
use crate::scope::Scope;
use crate::{Error, ErrorKind, Result, exception, support};

/// Imports a Python file, under its own name if that leads to it.
pub(crate) fn file(scope: &Scope<'_>, path: &Path) -> Result<Ref> {
    let py = scope.py();
    let path = scope.ok(py.os_str(path.as_os_str()))?;
    let (name, stand_in) = scope.ok(support::file_module(py, &path))?;
    match stand_in {
        None => import(scope, &name),
        // Another module has that name. The text of the stand-in tells such files apart.
        Some(text) => {
            let stem = scope.ok(py.text(&name))?;
            let name = format!("{stem}_{}", &cache::hash(&text)[..8]);
            source(scope, &name, "<callpy>", &text)
        }
    }
}

/// Imports source text as a module; tracebacks name `filename`.
pub(crate) fn source(scope: &Scope<'_>, name: &str, filename: &str, text: &str) -> Result<Ref> {
    if !is_module_name(name) {
        let message = format!(
            "{name:?} can't be the name of a module: a name has letters, digits and _ only"
        );
        return Err(Error::new(ErrorKind::Target, message));
    }
    let py = scope.py();
    let written = write(name, text);
    let path = written.as_ref().map_or(filename.as_ref(), |path| path.as_os_str());
    let arguments = [py.str(name), py.os_str(path), py.str(text), py.bool(written.is_some())];
    let [name, path, source, is_written] = arguments.map(|argument| scope.ok(argument));
    let (name, path, source, is_written) = (name?, path?, source?, is_written?);
    let path = scope.ok(support::reserve(py, [&name, &path, &source, &is_written]))?;
    let path = path.map_err(|message| Error::new(ErrorKind::Target, message))?;
    exception::remember_text(&path, filename, text);
    import(scope, &name).inspect_err(|_| support::give_up(py, &name))
}

/// Imports a module as a script does, by a statement at its top level.
fn import(scope: &Scope<'_>, name: &Ref) -> Result<Ref> {
    let py: Attached<'_> = scope.py();
    scope.ok(py.with_frame(|| py.import_named(name)))
}

/// Whether Python can import a module of this name from a folder: no package, and no path.
fn is_module_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Writes a module's text to the cache folder, and returns the file; none where that can't be done.
///
/// Each text has a folder of its own, so that programs with other texts under the same name don't
/// meet.
fn write(name: &str, text: &str) -> Option<PathBuf> {
    let folder = Surroundings::of_this_process().cache_folder()?.join("modules");
    let file = folder.join(cache::hash(text)).join(format!("{name}.py"));
    let is_there = || std::fs::read(&file).is_ok_and(|known| known == text.as_bytes());
    (is_there() || cache::write(&file, text).is_ok()).then_some(file)
}
