//! What a call of the target needs, as far as its file and its project say so.

use std::path::Path;

use callpy::{Builder, Target};

use crate::failure::Result;
use crate::file::check_python_file;
use crate::parameters::Parameters;

/// Checks that the Python file is there, if the target names one.
pub(crate) fn check(target: &Target) -> Result<()> {
    let function = target.function().unwrap_or("FUNCTION");
    target.file().map_or(Ok(()), |file| check_python_file(file, &format!(":{function}")))
}

/// Adds what finding and running the function needs: its file's requirements, or the current folder,
/// in which `python` too looks for modules first.
pub(crate) fn needs(target: &Target, builder: Builder) -> Builder {
    match target.file() {
        Some(file) => builder.script(file),
        None => builder.search_path("."),
    }
}

/// Returns the function's parameters as its file declares them; none for modules, methods and functions
/// that only Python can know.
pub(crate) fn declared(target: &Target) -> Option<Parameters> {
    let bytes = std::fs::read(target.file()?).ok()?;
    let source = callpy_signature::decode(&bytes).ok()?;
    let module = callpy_signature::read(&source).ok()?;
    Parameters::declared(module.function(target.function()?)?, &module)
}

/// Returns whether a call needs NumPy, whatever else it needs: for the target itself, or for an array.
pub(crate) fn needs_numpy(
    target: &Target,
    declared: Option<&Parameters>,
    values: &[(String, String)],
    has_numbers: bool,
) -> bool {
    let module = target.module().to_string_lossy();
    if target.file().is_none() && (module == "numpy" || module.starts_with("numpy.")) {
        return true;
    }
    has_numbers && declared.is_none_or(|declared| declared.want_numpy(values))
}

/// Says how to use the target's project, if it has packages of its own and no environment yet.
pub(crate) fn project(target: &Target) -> Option<String> {
    let here = std::env::current_dir().ok()?;
    let file = target.file().and_then(Path::parent).map(|folder| here.join(folder));
    let folders = [file, Some(here)];
    let above = folders.iter().flatten().flat_map(|folder| folder.ancestors());
    let project = above.into_iter().find(|folder| folder.join("pyproject.toml").is_file())?;
    if project.join(".venv").is_dir() {
        return None;
    }
    let settings = std::fs::read_to_string(project.join("pyproject.toml")).ok()?;
    let has = |name: &str| project.join(name).is_file();
    let (create, run) = match () {
        _ if has("uv.lock") || settings.contains("[tool.uv") => ("uv sync", "uv run callpy ..."),
        _ if has("poetry.lock") || settings.contains("[tool.poetry") => {
            ("POETRY_VIRTUALENVS_IN_PROJECT=1 poetry install", "poetry run callpy ...")
        }
        _ if has("pdm.lock") || settings.contains("[tool.pdm") => {
            ("pdm install", "pdm run callpy ...")
        }
        _ if settings.contains("dependencies") => ("uv sync", "uv run callpy ..."),
        _ => return None,
    };
    Some(format!(
        "the project in {} has no environment yet: create it with `{create}` there, or call through \
         `{run}`",
        project.display()
    ))
}
