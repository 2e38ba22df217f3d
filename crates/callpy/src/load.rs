//! Modules from files and from source text.
//!
//! Python's own import loads them all, each by a name that `sys.path` leads to: source text is first
//! written to a file. So every process with this `sys.path`, as multiprocessing and joblib start them,
//! can import the same modules and unpickle their functions; and tools that need a function's file
//! (numba's cache, coverage, debuggers) find one.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::installation::{Context, cache};
use crate::raw::{Attached, Ref};
use crate::scope::Scope;
use crate::{exception, support};

/// Imports a Python file, under its own name if that leads to it.
pub(crate) fn file(scope: &Scope<'_>, path: &Path) -> Result<Ref> {
    let py = scope.py();
    let path = scope.ok(py.os_str(path.as_os_str()))?;
    let (name, stand_in) = scope.ok(support::file_module(py, &path))?;
    match stand_in {
        None => import(scope, &name),
        // Another module has that name. The substitute's text contains the path, so its hash is the file's.
        Some(text) => {
            let stem = scope.ok(py.text(&name))?;
            let name = format!("{stem}_{}", &cache::hash(&text)[..8]);
            source(scope, &name, "<callpy>", &text)
        }
    }
}

/// Imports source text as a module; tracebacks name `filename`.
pub(crate) fn source(scope: &Scope<'_>, name: &str, filename: &str, text: &str) -> Result<Ref> {
    let (name, _) = reserve(scope, name, filename, text)?;
    import(scope, &name).inspect_err(|_| support::give_up(scope.py(), &name))
}

/// Returns the file by which workers import source text; the module's name is then the same as in this
/// process, where an import would find it too.
pub(crate) fn file_for_workers(
    scope: &Scope<'_>,
    name: &str,
    filename: &str,
    text: &str,
) -> Result<String> {
    let (_, file) = reserve(scope, name, filename, text)?;
    file.ok_or_else(|| {
        let message = "workers can't import its source, since no folder can be written to";
        Error::new(ErrorKind::Target, message).with_hint("set CALLPY_CACHE to a folder that can")
    })
}

/// Has an import of the name run source text; returns the name, and the file that has the text, if it is in
/// one.
fn reserve(
    scope: &Scope<'_>,
    name: &str,
    filename: &str,
    text: &str,
) -> Result<(Ref, Option<String>)> {
    let refused = |message| Error::new(ErrorKind::Target, message);
    if !is_module_name(name) {
        return Err(refused(format!(
            "{name:?} can't be the name of a module: a name consists of letters, digits and _ only"
        )));
    }
    let py = scope.py();
    let written = write(py, name, text);
    let path = written.as_ref().map_or(filename.as_ref(), |path| path.as_os_str());
    let arguments = [py.str(name), py.os_str(path), py.str(text), py.bool(written.is_some())];
    let [name, path, source, is_written] = arguments.map(|argument| scope.ok(argument));
    let (name, path, source, is_written) = (name?, path?, source?, is_written?);
    let path = scope.ok(support::reserve(py, [&name, &path, &source, &is_written]))?;
    let path = path.map_err(refused)?;
    exception::remember_text(&path, filename, text);
    let is_in_file = written.is_some() || path != filename;
    Ok((name, is_in_file.then_some(path)))
}

/// Imports a module as a script does, by a statement at its top level.
fn import(scope: &Scope<'_>, name: &Ref) -> Result<Ref> {
    let py = scope.py();
    scope.ok(py.with_frame(|| py.import_named(name)))
}

/// Whether Python can import a module of this name from a folder: no package, and no path.
fn is_module_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii())
}

/// Writes a module's text to the cache folder, or to a temporary one, and returns the file; `None`
/// where nothing can be written.
///
/// Each module has a folder of its own, so that programs with other texts under the same name don't
/// meet.
fn write(py: Attached<'_>, name: &str, text: &str) -> Option<PathBuf> {
    let own = PathBuf::from(cache::hash(&format!("{name}\n{text}"))).join(format!("{name}.py"));
    let bytes = encoded(py, text);
    let write_below = |folder: PathBuf| {
        let file = folder.join(&own);
        let is_there = std::fs::read(&file).is_ok_and(|known| known == *bytes);
        (is_there || cache::write(&file, &bytes).is_ok()).then_some(file)
    };
    let cached = Context::of_this_process().cache_folder();
    let cached = cached.and_then(|folder| write_below(folder.join("modules")));
    cached.or_else(|| write_below(support::temporary_folder(py).ok()??))
}

/// Encodes a text as its first lines declare (PEP 263), since Python reads the file that way.
fn encoded<'t>(py: Attached<'_>, text: &'t str) -> Cow<'t, [u8]> {
    let names_encoding = text.lines().take(2).any(|line| line.contains("coding"));
    let bytes = names_encoding.then(|| support::encoded(py, text).ok()).flatten();
    bytes.map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned)
}
