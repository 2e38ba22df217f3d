//! Where to look for a Python: names, variables, folders, PATH, and the managers of Pythons.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::report::Source;
use super::search::Wanted;
use crate::child;
use crate::environment::{Specifiers, numbers};
use crate::installation::{Context, Interpreter, Problem, python_in};
use crate::raw::cpython::VERSIONS;

/// How long uv may take to find a Python.
const LIMIT: Duration = Duration::from_secs(20);

/// A place to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Named,
    CallpyPython,
    Environment,
    VirtualEnv,
    Conda,
    DotVenv,
    /// `python3` and `python` on PATH.
    Path,
    /// `python3.13`, `python3.12` and so on, on PATH.
    Versions,
    Pyenv,
    Uv,
}

impl Place {
    pub(super) const ORDER: [Place; 10] = [
        Place::Named,
        Place::CallpyPython,
        Place::Environment,
        Place::VirtualEnv,
        Place::Conda,
        Place::DotVenv,
        Place::Path,
        Place::Versions,
        Place::Pyenv,
        Place::Uv,
    ];

    pub(super) fn source(self) -> Source {
        match self {
            Place::Named => Source::Named,
            Place::CallpyPython => Source::CallpyPython,
            Place::Environment => Source::Environment,
            Place::VirtualEnv => Source::VirtualEnv,
            Place::Conda => Source::Conda,
            Place::DotVenv => Source::DotVenv,
            Place::Path | Place::Versions => Source::Path,
            Place::Pyenv => Source::Pyenv,
            Place::Uv => Source::Uv,
        }
    }

    /// Returns whether it is only looked at for a required version that nothing before it has.
    pub(super) fn is_last_resort(self) -> bool {
        matches!(self, Place::Versions | Place::Pyenv | Place::Uv)
    }

    /// Returns whether its Pythons are there for all that runs on the machine.
    pub(super) fn is_of_machine(self) -> bool {
        self == Place::Path || self.is_last_resort()
    }

    /// Returns the interpreter that is named: no other may be used instead.
    pub(super) fn name<'a>(self, wanted: &'a Wanted, context: &'a Context) -> Option<&'a Path> {
        match self {
            Place::Named => wanted.python.as_deref(),
            Place::CallpyPython => context.variable("CALLPY_PYTHON").map(Path::new),
            _ => None,
        }
    }

    /// Returns the paths to look at, including ones that do not exist; `python` has the versions that
    /// the requirements allow.
    ///
    /// They are found one by one, since some cost the start of another program.
    pub(super) fn paths<'a>(
        self,
        wanted: &'a Wanted,
        context: &'a Context,
        python: &Specifiers,
    ) -> Box<dyn Iterator<Item = PathBuf> + 'a> {
        let folder = |name: &str| {
            context.variable(name).map(|folder| python_in(&context.resolve(folder.as_ref())))
        };
        match self {
            Place::Named | Place::CallpyPython => match self.name(wanted, context) {
                Some(name) => named(name, context),
                None => Box::new(std::iter::empty()),
            },
            Place::Environment => Box::new(std::iter::empty()),
            Place::VirtualEnv => Box::new(folder("VIRTUAL_ENV").into_iter()),
            Place::Conda => Box::new(folder("CONDA_PREFIX").into_iter()),
            Place::DotVenv => Box::new(dot_venvs(wanted, context).into_iter()),
            Place::Path => Box::new(commands(context).into_iter()),
            Place::Versions => {
                let names = VERSIONS.rev().map(|minor| format!("python3.{minor}"));
                Box::new(names.flat_map(|name| context.on_path(name.as_ref())))
            }
            Place::Pyenv => Box::new(pyenv(context, python).into_iter()),
            Place::Uv => {
                let request = python.to_string();
                Box::new(std::iter::once_with(move || uv(context, &request)).flatten())
            }
        }
    }
}

/// Returns the environment of the target's project, then that of the current folder's.
fn dot_venvs(wanted: &Wanted, context: &Context) -> Vec<PathBuf> {
    let target = wanted.folder.as_deref().map(|folder| context.resolve(folder));
    // Without `..`, which would lead `ancestors` astray.
    let target = target.map(|folder| folder.canonicalize().unwrap_or(folder));
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in [target.as_deref(), context.folder()].into_iter().flatten() {
        let nearest = folder.ancestors().find_map(|folder| environment_of(folder, context));
        if let Some(python) = nearest.map(|venv| python_in(&venv))
            && !found.contains(&python)
        {
            found.push(python);
        }
    }
    found
}

/// Returns the `pyproject.toml` of the target's project, or of the current folder's, and the versions
/// of Python that it requires, if any.
pub(super) fn project(wanted: &Wanted, context: &Context) -> Option<(PathBuf, String)> {
    let folder = match &wanted.folder {
        // Without `..`, which would lead `ancestors` astray.
        Some(folder) => context.resolve(folder).canonicalize().ok()?,
        None => context.folder()?.to_owned(),
    };
    let mut files = folder.ancestors().map(|folder| folder.join("pyproject.toml"));
    let file = files.find(|file| file.is_file())?;
    let text = std::fs::read_to_string(&file).ok()?;
    // What is wrong in such a file concerns those who build the project.
    let toml = DeTable::parse(&text).ok()?;
    let project = toml.get_ref().get("project")?.get_ref();
    let required = project.get("requires-python")?.get_ref().as_str()?.to_owned();
    Some((file, required))
}

/// Returns the environment in a folder. uv, poetry and pdm call it `.venv` too, unless uv is told of
/// another for the folder of a project.
fn environment_of(folder: &Path, context: &Context) -> Option<PathBuf> {
    let of_project = || {
        let name = context.variable("UV_PROJECT_ENVIRONMENT")?;
        folder.join("pyproject.toml").is_file().then(|| folder.join(name))
    };
    of_project().into_iter().chain([folder.join(".venv")]).find(|venv| venv.is_dir())
}

/// Returns each `python3` and `python` on PATH.
fn commands(context: &Context) -> Vec<PathBuf> {
    let names: &[&str] =
        if cfg!(windows) { &["python3", "python", "py"] } else { &["python3", "python"] };
    let mut found: Vec<PathBuf> =
        names.iter().flat_map(|name| context.on_path(name.as_ref())).collect();
    // /bin is often a link to /usr/bin, and PATH may contain a folder twice.
    let mut seen = Vec::new();
    found.retain(|path| {
        let place = (path.parent().map(Path::canonicalize), path.file_name());
        let place = format!("{place:?}");
        let new = !seen.contains(&place);
        seen.push(place);
        new
    });
    found
}

/// Returns the places of an interpreter that is named by path, folder, command or version.
fn named<'a>(name: &'a Path, context: &'a Context) -> Box<dyn Iterator<Item = PathBuf> + 'a> {
    let path = context.resolve(name);
    let is_bare = name.components().count() == 1 && !name.is_absolute();
    if path.is_dir() {
        return Box::new(std::iter::once(python_in(&path)));
    }
    if !is_bare {
        return Box::new(std::iter::once(path));
    }
    // Every place on PATH, since the first may be a shim that does not work.
    let mut found = context.on_path(name.as_os_str());
    let Some(asked) = version(name) else {
        found.extend(Some(path).filter(|path| found.is_empty() && path.is_file()));
        return Box::new(found.into_iter());
    };
    let numbers = asked.to_string();
    if found.is_empty() {
        // A patch version has no command of its own.
        let minor = numbers.split('.').take(2).collect::<Vec<_>>().join(".");
        let mut command = OsString::from("python");
        command.push(minor);
        found = context.on_path(&command);
    }
    let own = Some(path).filter(|path| found.is_empty() && path.is_file());
    let managed = pyenv(context, &asked);
    let by_uv = std::iter::once_with(move || uv(context, &numbers)).flatten();
    Box::new(found.into_iter().chain(own).chain(managed).chain(by_uv))
}

/// Returns the version in a name such as `3.12`, `3.12.4` or `python3.12`.
pub(super) fn version(name: &Path) -> Option<Specifiers> {
    let name = name.to_str()?;
    let version = name.strip_prefix("python").unwrap_or(name);
    let parts = numbers(version)?;
    let is_version = version == "3" || version.contains('.') && (2..=3).contains(&parts.len());
    is_version.then(|| Specifiers::within(version))
}

/// The version that a user has told pyenv to use.
pub(super) struct OfPyenv {
    /// What says so: a variable, or a file.
    by: String,
    /// The first of the versions, as it is written.
    version: String,
    /// The versions that pyenv has.
    known: Vec<String>,
}

/// Returns the version that pyenv is told to use here; none where its own default counts, which it has
/// checked, or the system's.
pub(super) fn asked_of_pyenv(context: &Context) -> Option<OfPyenv> {
    let folder = pyenv_folder(context)?;
    let local = || {
        // uv reads these files, too: they are pyenv's where its shims are.
        let first = context.on_path("python3".as_ref()).into_iter().next()?;
        first.parent().filter(|parent| parent.ends_with("shims"))?;
        let mut folders = context.folder()?.ancestors();
        folders.find_map(|folder| {
            let file = folder.join(".python-version");
            let text = std::fs::read_to_string(&file).ok()?;
            Some((file.display().to_string(), text))
        })
    };
    let variable = context.variable("PYENV_VERSION").and_then(|name| name.to_str());
    let variable = variable.map(|text| ("PYENV_VERSION".to_owned(), text.to_owned()));
    let (by, text) = variable.or_else(local)?;
    // Several are in the order in which they are searched.
    let version = text.split([':', '\n', ' ']).map(str::trim).find(|one| !one.is_empty())?;
    let version = version.strip_prefix("python-").unwrap_or(version).to_owned();
    let entries = folder.read_dir().ok()?.flatten();
    let known = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    (version != "system").then_some(OfPyenv { by, version, known })
}

impl OfPyenv {
    /// Returns whether an interpreter is the one.
    pub(super) fn is_there(&self, used: Option<&Interpreter>) -> bool {
        let Some(wanted) = numbers(&self.version) else {
            // The name of an environment.
            return self.known.contains(&self.version);
        };
        let (major, minor, patch) = used.map(Interpreter::version).unwrap_or_default();
        [major, minor, patch].iter().zip(&wanted).all(|(one, other)| u64::from(*one) == *other)
    }

    /// Returns how to get what is asked for.
    pub(super) fn fix(&self) -> String {
        let fix = if self.by == "PYENV_VERSION" { "unset it" } else { "correct the file" };
        match self.has() {
            true => fix.to_owned(),
            false => format!("`pyenv install {}`, or {fix}", self.version),
        }
    }

    fn has(&self) -> bool {
        let within = format!("{}.", self.version);
        self.known.iter().any(|known| *known == self.version || known.starts_with(&within))
    }
}

impl fmt::Display for OfPyenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} asks pyenv for {}, which ", self.by, self.version)?;
        match self.has() {
            true => f.write_str("can't be used here"),
            false => f.write_str("pyenv does not have"),
        }
    }
}

/// Returns why there is no Python of this name.
pub(super) fn absent(name: &Path, context: &Context) -> Problem {
    let Some(asked) = version(name) else { return Problem::NotOnPath };
    let text = |numbers: Vec<u64>| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
    let usable = |version: &Vec<u64>| match version[..] {
        [3, minor, ..] => VERSIONS.into_iter().any(|known| u64::from(known) == minor),
        _ => false,
    };
    let versions = pyenv_versions(context).into_iter().map(|(version, _)| version);
    let pyenv = versions.filter(usable).map(text).collect();
    Problem::NoSuchVersion { version: asked.to_string(), pyenv }
}

/// Returns pyenv's Pythons that have one of these versions, the newest first.
fn pyenv(context: &Context, python: &Specifiers) -> Vec<PathBuf> {
    let versions = pyenv_versions(context).into_iter();
    let wanted = versions.filter(|(version, _)| python.contains(version));
    wanted.map(|(_, folder)| python_in(&folder)).collect()
}

/// Returns the folder of pyenv's versions.
fn pyenv_folder(context: &Context) -> Option<PathBuf> {
    let root = context.variable("PYENV_ROOT").map(PathBuf::from);
    Some(root.or_else(|| Some(context.home()?.join(".pyenv")))?.join("versions"))
}

/// Returns the versions that pyenv has, the newest first, and where each is.
fn pyenv_versions(context: &Context) -> Vec<(Vec<u64>, PathBuf)> {
    let folder = pyenv_folder(context);
    let entries = folder.and_then(|folder| folder.read_dir().ok()).into_iter().flatten().flatten();
    // Other names are those of environments and of other implementations.
    let mut versions: Vec<(Vec<u64>, PathBuf)> = entries
        .filter_map(|entry| Some((numbers(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    versions.sort();
    versions.reverse();
    versions
}

/// Asks uv for a Python of a version, such as `3.12` or `>=3.10`.
fn uv(context: &Context, request: &str) -> Option<PathBuf> {
    let uv = context.on_path("uv".as_ref()).into_iter().next()?;
    // It finds; what it would install is the user's decision.
    let mut command = context.clone().with("UV_PYTHON_DOWNLOADS", "never").command(&uv);
    command.args(["python", "find", "--system", "--no-project"]);
    command.args(Some(request).filter(|request| !request.is_empty()));
    let ended = child::run(command, Some(LIMIT), |_| ()).ok()?;
    let path = PathBuf::from(ended.lines.back()?.trim());
    path.is_file().then_some(path)
}
