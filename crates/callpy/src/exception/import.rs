//! What a program is told to do where an import found nothing, or the wrong module.

use super::PythonException;
use crate::language::Language;
use crate::raw::{Attached, Ref};
use crate::support;

/// Returns what is known about the failed import that an exception is about, and how to fix it.
///
/// The facts are read here, since the search path and the loaded modules may be others later.
pub(super) fn hint(py: Attached<'_>, read: &PythonException, raised: &Ref) -> Option<String> {
    if !is_about_import(read) {
        return None;
    }
    let facts = support::import_problem(py, raised).ok()?;
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    Some(match facts[..] {
        ["missing", name, python, package] => format!(
            "{python} has no module '{name}': {}; if it is a file of your own, {}",
            install(python, package),
            search("its folder")
        ),
        ["standard", name, python] => format!(
            "'{name}' belongs to the standard library, and {python} came without it: install it \
             from where that Python is from, or use another Python"
        ),
        ["hidden", name, found, other, rename] => {
            format!("`import {name}` finds {found} and not {other}: rename {rename}")
        }
        ["folder", name, folder] => {
            format!("`import {name}` finds the folder {folder}, which has no __init__.py")
        }
        ["own", name, file] => format!("`import {name}` finds {file}"),
        ["partial", name, file] => format!(
            "`import {name}` finds {file}, which is still being imported: rename it if another \
             module is meant, or import it where it is used"
        ),
        ["relative", name, folder] => format!(
            "the file is imported by itself, not as part of a package: import it as \"{name}\", and {}",
            search(folder)
        ),
        ["relative text"] => format!(
            "source text is not part of a package: use absolute imports, or {}",
            match Language::current() {
                Language::Rust => "`import = \"package.module\"` in `module!`",
                Language::C | Language::Command => "import the module by its dotted name",
                Language::Go => "`callpy bindgen --import package.module`",
            }
        ),
        _ => return None,
    })
}

/// Whether an exception may be about an import: anything else costs no more than this look.
fn is_about_import(exception: &PythonException) -> bool {
    match exception.type_name() {
        "ImportError" | "ModuleNotFoundError" => true,
        "AttributeError" if exception.message().contains("module '") => true,
        _ => exception.cause().is_some_and(is_about_import),
    }
}

/// How a program gets a package into a Python.
pub(crate) fn install(python: &str, package: &str) -> String {
    let require = match Language::current() {
        Language::Rust => format!("`Python::builder().require([\"{package}\"])`"),
        Language::C => format!("\"{package}\" in `requirements` of callpy_python_options"),
        Language::Go => format!("`callpy.WithRequirements(\"{package}\")`"),
        Language::Command => format!("`--with {package}`"),
    };
    format!(
        "install it there (`{python} -m pip install {package}`), or declare the requirement when \
         Python is started ({require})"
    )
}

/// How a program adds a folder to the search path.
fn search(folder: &str) -> String {
    let way = match Language::current() {
        Language::Rust => "`Builder::search_path`",
        Language::C => "`search_path` of callpy_python_options",
        Language::Go => "`callpy.WithSearchPath`",
        Language::Command => "`PYTHONPATH`",
    };
    format!("add {folder} to the search path ({way})")
}
