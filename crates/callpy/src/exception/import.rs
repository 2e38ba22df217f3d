//! Hints for imports that found nothing, or the wrong module.
//!
//! A failed import costs little more than Python's own: only what may change later is noted at once, and
//! the folders are searched when the hint is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::PythonException;
use crate::language::Language;
use crate::raw::{Attached, Outcome, Ref};
use crate::support;

/// The file that marks a complete environment of callpy's own. It contains the interpreter's facts.
pub(crate) const MARKER: &str = "callpy.json";

/// The failed imports that an exception is about, and how to fix them, made when they are asked for.
#[derive(Debug)]
pub(crate) struct FailedImports {
    imports: Vec<FailedImport>,
    search: Search,
    hint: OnceLock<Option<String>>,
}

/// Where Python searches for modules.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    executable: String,
    folders: Vec<PathBuf>,
    machinery: &'static Machinery,
}

impl Search {
    pub(crate) fn get(py: Attached<'_>) -> Outcome<Search> {
        let (executable, folders) = support::search_path(py)?;
        Ok(Search { executable, folders, machinery: Machinery::get(py)? })
    }
}

#[derive(Debug)]
struct FailedImport {
    what: What,
    /// The first part of the module's name.
    name: String,
    message: String,
}

#[derive(Debug)]
enum What {
    /// A relative import in this file, or in source text.
    Relative(Option<PathBuf>),
    /// The module was found, in this file if it has one, but not what was wanted of it.
    Loaded(Option<PathBuf>),
    /// There is no such module.
    Missing,
    /// As `Missing`, and the standard library should have it.
    Standard,
    /// Something else is wrong with it.
    Other,
}

/// What Python takes for a module.
#[derive(Debug)]
struct Machinery {
    /// How files' names end, in the order in which Python looks for them.
    suffixes: Vec<String>,
    /// The folder of the standard library.
    library: PathBuf,
}

impl FailedImports {
    /// Notes what is known of the failed imports that an exception is about.
    pub(super) fn of(py: Attached<'_>, read: &PythonException, raised: &Ref) -> Option<Self> {
        if !is_about_import(read) {
            return None;
        }
        FailedImports::read(py, raised).ok()?
    }

    fn read(py: Attached<'_>, raised: &Ref) -> Outcome<Option<Self>> {
        let imports = support::failed_imports(py, raised)?;
        if imports.is_empty() {
            return Ok(None);
        }
        Ok(Some(FailedImports::new(imports, Search::get(py)?)))
    }

    /// Returns what a worker has said of failed imports, with where its pool searches for modules.
    #[cfg(target_os = "linux")]
    pub(crate) fn told(imports: Vec<[String; 4]>, search: &Search) -> Option<Self> {
        (!imports.is_empty()).then(|| FailedImports::new(imports, search.clone()))
    }

    fn new(imports: Vec<[String; 4]>, search: Search) -> Self {
        let imports = imports.into_iter().map(|[what, name, message, file]| FailedImport {
            what: match &*what {
                "relative" => What::Relative((!name.is_empty()).then(|| PathBuf::from(&name))),
                "loaded" => What::Loaded((!file.is_empty()).then(|| PathBuf::from(file))),
                "missing" => What::Missing,
                "standard" => What::Standard,
                _ => What::Other,
            },
            name,
            message,
        });
        FailedImports { imports: imports.collect(), search, hint: OnceLock::new() }
    }

    /// Returns what is known, and how to fix it.
    pub(crate) fn hint(&self) -> Option<&str> {
        let hint = || self.imports.iter().find_map(|import| self.hint_about(import));
        self.hint.get_or_init(hint).as_deref()
    }

    fn hint_about(&self, import: &FailedImport) -> Option<String> {
        let (name, python) = (&*import.name, &*self.search.executable);
        let file = match &import.what {
            What::Relative(file) => return Some(relative(file.as_deref())),
            What::Loaded(file) => file.as_deref(),
            _ => None,
        };
        let is_loaded = matches!(import.what, What::Loaded(_));
        let places = self.places(name, file, is_loaded);
        if !places.is_empty() {
            return self.wrong_module(name, &places, &import.message);
        }
        match import.what {
            What::Missing => Some(format!(
                "{python} has no module '{name}': {}; if it is a file of your own, {}",
                install(python, package(name)),
                search("its folder")
            )),
            What::Standard => Some(format!(
                "'{name}' belongs to the standard library, and {python} came without it: install \
                 it from where that Python is from, or use another Python"
            )),
            _ => None,
        }
    }

    /// Returns the files and folders that an import of a name may lead to; it leads to the first.
    fn places(&self, name: &str, file: Option<&Path>, is_loaded: bool) -> Vec<PathBuf> {
        let found = self
            .search
            .folders
            .iter()
            .filter_map(|folder| self.search.machinery.find(name, folder));
        let mut places: Vec<PathBuf> = file.map(Path::to_owned).into_iter().chain(found).collect();
        if !is_loaded {
            // Python takes a folder without `__init__.py` only if no folder of the path has a file.
            places.sort_by_key(|place| place.is_dir());
        }
        let mut each: Vec<PathBuf> = Vec::new();
        for place in places {
            let place = fs::canonicalize(&place).unwrap_or(place);
            if !each.contains(&place) {
                each.push(place);
            }
        }
        each
    }

    fn wrong_module(&self, name: &str, places: &[PathBuf], message: &str) -> Option<String> {
        let (found, others) = places.split_first()?;
        let is_own = |place: &Path| self.search.machinery.is_own(place);
        let shown = found.display();
        if let Some(other) = others.iter().find(|other| is_own(found) || is_own(other)) {
            let rename = if is_own(found) { found } else { other };
            return Some(format!(
                "`import {name}` finds {shown} and not {}: rename {}",
                other.display(),
                rename.display()
            ));
        }
        if found.is_dir() {
            return Some(format!(
                "`import {name}` finds the folder {shown}, which has no __init__.py"
            ));
        }
        if !is_own(found) {
            return None;
        }
        if message.contains("partially initialized") {
            return Some(format!(
                "`import {name}` finds {shown}, which is still being imported: rename it if another \
                 module is meant, or import it where it is used"
            ));
        }
        let is_told = message.contains(&*found.to_string_lossy());
        (!is_told).then(|| format!("`import {name}` finds {shown}"))
    }
}

impl Machinery {
    fn get(py: Attached<'_>) -> Outcome<&'static Machinery> {
        static MACHINERY: OnceLock<Machinery> = OnceLock::new();
        if let Some(machinery) = MACHINERY.get() {
            return Ok(machinery);
        }
        let (suffixes, library) = support::module_suffixes(py)?;
        let library = fs::canonicalize(&library).unwrap_or(library);
        Ok(MACHINERY.get_or_init(|| Machinery { suffixes, library }))
    }

    /// Returns the module that a folder has by this name: a file, or a folder without `__init__.py`.
    fn find(&self, name: &str, folder: &Path) -> Option<PathBuf> {
        let own = folder.join(name);
        let file = |start: PathBuf| {
            let with = |suffix| {
                let mut file = start.clone().into_os_string();
                file.push(suffix);
                PathBuf::from(file)
            };
            self.suffixes.iter().map(with).find(|file| file.is_file())
        };
        file(own.join("__init__"))
            .or_else(|| file(own.clone()))
            .or_else(|| own.is_dir().then_some(own))
    }

    /// Whether this is a file of the program's own, neither installed nor of the standard library.
    fn is_own(&self, place: &Path) -> bool {
        let mut parts = place.components().map(|part| part.as_os_str());
        let is_installed = parts.any(|part| part == "site-packages" || part == "dist-packages");
        !is_installed && !place.starts_with(&self.library)
    }
}

/// Says how to import a file with a relative import: by its dotted name in its package.
fn relative(file: Option<&Path>) -> String {
    let package = || {
        let file = fs::canonicalize(file?).ok().filter(|file| file.is_file())?;
        let mut names = vec![file.file_stem()?.to_string_lossy().into_owned()];
        let mut folder = file.parent()?;
        loop {
            names.insert(0, folder.file_name()?.to_string_lossy().into_owned());
            folder = folder.parent()?;
            if !folder.join("__init__.py").is_file() {
                return Some((names.join("."), folder.display().to_string()));
            }
        }
    };
    match package() {
        Some((name, folder)) => format!(
            "the file is imported by itself, not as part of a package: import it as \"{name}\", \
             and {}",
            search(&folder)
        ),
        None => format!(
            "source text is not part of a package: use absolute imports, or {}",
            match Language::current() {
                Language::Rust => "`import = \"package.module\"` in `module!`",
                Language::C | Language::Command => "import the module by its dotted name",
                Language::Go => "`callpy bindgen --import package.module`",
            }
        ),
    }
}

/// Whether an exception may be about an import. For all others this is the only cost.
fn is_about_import(exception: &PythonException) -> bool {
    match exception.type_name() {
        "ImportError" | "ModuleNotFoundError" => true,
        "AttributeError" if exception.message().contains("module '") => true,
        _ => exception.cause().is_some_and(is_about_import),
    }
}

/// Returns the package that has a module.
fn package(module: &str) -> &str {
    match module {
        "bs4" => "beautifulsoup4",
        "cv2" => "opencv-python",
        "dateutil" => "python-dateutil",
        "distutils" => "setuptools",
        "dotenv" => "python-dotenv",
        "faiss" => "faiss-cpu",
        "PIL" => "Pillow",
        "pkg_resources" => "setuptools",
        "skimage" => "scikit-image",
        "sklearn" => "scikit-learn",
        "yaml" => "PyYAML",
        same => same,
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
    let executable = Path::new(python);
    let declare = format!("declare the requirement when Python is started ({require})");
    if is_externally_managed(executable) {
        return declare;
    }
    let install = match is_without_pip(executable) {
        true => format!("uv pip install --python {python} {package}"),
        false => format!("{python} -m pip install {package}"),
    };
    let there = format!("install it there (`{install}`)");
    match folder_of(executable).is_some_and(is_own_environment) {
        // Others that declare the same requirements have this environment, too.
        true => format!("{declare}, or {there}"),
        false => format!("{there}, or {declare}"),
    }
}

/// Returns whether a folder is an environment that callpy has created, which has what was declared and no more.
///
/// ```
/// use std::path::Path;
///
/// assert!(!callpy::locate::is_own_environment(Path::new("/usr")));
/// ```
pub fn is_own_environment(folder: &Path) -> bool {
    folder.join(MARKER).is_file()
}

/// Returns the folder of an environment or an installation.
fn folder_of(executable: &Path) -> Option<&Path> {
    executable.parent().and_then(Path::parent)
}

/// Returns whether this is a system's own Python, in which pip installs nothing.
fn is_externally_managed(executable: &Path) -> bool {
    let Some(folder) = folder_of(executable) else { return false };
    if folder.join("pyvenv.cfg").exists() {
        return false;
    }
    let libraries = fs::read_dir(folder.join("lib")).into_iter().flatten().flatten();
    libraries.into_iter().any(|library| {
        library.file_name().to_string_lossy().starts_with("python3")
            && library.path().join("EXTERNALLY-MANAGED").exists()
    })
}

/// Returns whether an environment has no pip, as one of uv's or PDM's: `uv pip install` puts packages into it.
///
/// ```
/// use std::path::Path;
///
/// use callpy::locate::is_without_pip;
///
/// let python = Path::new("/srv/.venv/bin/python");
/// let install = match is_without_pip(python) {
///     true => format!("uv pip install --python {}", python.display()),
///     false => format!("{} -m pip install", python.display()),
/// };
/// assert_eq!(install, "/srv/.venv/bin/python -m pip install");
/// ```
pub fn is_without_pip(executable: &Path) -> bool {
    let Some(folder) = folder_of(executable) else { return false };
    let pip = executable.with_file_name(if cfg!(windows) { "pip.exe" } else { "pip" });
    folder.join("pyvenv.cfg").exists() && !pip.exists()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advised_works_in_that_python() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str| {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        };
        let python = folder.path().join("bin/python").display().to_string();
        let pip = if cfg!(windows) { "bin/pip.exe" } else { "bin/pip" };
        let advice = || install(&python, "tiny");
        let declare = "declare the requirement when Python is started \
                       (`Python::builder().require([\"tiny\"])`)";
        let there = format!("install it there (`{python} -m pip install tiny`)");
        assert_eq!(advice(), format!("{there}, or {declare}"));

        // A Debian's own Python, and an environment of it, which uv and PDM create without pip.
        write("lib/python3.11/EXTERNALLY-MANAGED");
        assert_eq!(advice(), declare);
        write("pyvenv.cfg");
        let with_uv = format!("install it there (`uv pip install --python {python} tiny`)");
        assert_eq!(advice(), format!("{with_uv}, or {declare}"));
        write(pip);
        assert_eq!(advice(), format!("{there}, or {declare}"));
        // One that callpy has created.
        write(MARKER);
        assert_eq!(advice(), format!("{declare}, or {there}"));
    }
}
