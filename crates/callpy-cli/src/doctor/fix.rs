//! The fixes: what to type for each kind of problem, by system and by Python manager.

use std::fmt;
use std::path::Path;

use callpy::locate::{Candidate, Interpreter, Problem, is_own_environment, is_without_pip};

use super::problem::{Kind, is_named};

/// How to fix a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fix {
    /// The system that it is for; none if it is the same on all.
    pub(super) system: Option<System>,
    /// What to type, or what to do.
    pub(super) action: String,
}

/// A system or a Python manager with its own commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// Debian, Ubuntu and their derivatives.
    Debian,
    /// Fedora and its relatives.
    Fedora,
    /// macOS, with Homebrew.
    MacOs,
    /// Windows, with winget.
    Windows,
    /// conda, mamba.
    Conda,
    Uv,
    Pyenv,
}

/// Returns the fixes for a problem, the one for this machine and this Python first.
pub(super) fn fixes(kind: &Kind, python: Option<&Interpreter>) -> Vec<Fix> {
    let here = System::of_this_machine();
    match kind {
        Kind::NoPython => everywhere(here, install_python),
        Kind::Candidate(candidate) => fixes_of_candidate(candidate, here),
        Kind::StaleEnvironment(folder) => {
            let manager = python.and_then(|python| System::of_installation(python.base_prefix()));
            everywhere(manager.or(here), |system| recreate_environment(system, folder))
        }
        Kind::WrongLibrary => match python {
            Some(python) => library_fixes(python.version(), python.base_prefix()),
            None => Vec::new(),
        },
        Kind::NoNumpy | Kind::OldNumpy => package_fixes("numpy", false, python),
        Kind::BrokenNumpy => package_fixes("numpy", true, python),
        Kind::NumpyLacks(package) | Kind::NoPackage(package) => {
            package_fixes(package, false, python)
        }
        Kind::EnvironmentFailed => any_system(
            "check that the package index can be reached and the cache folder is writable \
             (CALLPY_CACHE sets another), then call again",
        ),
        Kind::NoVenv => everywhere(here, install_venv),
        Kind::StartFailed | Kind::Crashed { with_target: false } => {
            any_system(format!("{ANOTHER_PYTHON}, or reinstall this one"))
        }
        Kind::Crashed { with_target: true } => any_system(format!(
            "run `callpy doctor` without the target. If it finds no problem, the module ends the \
             process; otherwise {ANOTHER_PYTHON}, or reinstall this one"
        )),
        Kind::TimedOut => any_system(
            "find out what the import waits for, or raise the limit with --limit SECONDS",
        ),
        Kind::Shadowing => any_system("rename the file"),
        Kind::Other => Vec::new(),
    }
}

const ANOTHER_PYTHON: &str = "choose another Python with --python or CALLPY_PYTHON";

/// Returns the fixes for a Python that can't be used.
fn fixes_of_candidate(candidate: &Candidate, here: Option<System>) -> Vec<Fix> {
    match candidate.problem() {
        Some(Problem::BrokenLink { .. }) => {
            // The path is bin/python, or Scripts\python.exe, in the environment's folder.
            let path = candidate.path();
            let folder = path.parent().and_then(Path::parent).unwrap_or(path);
            everywhere(here, |system| recreate_environment(system, folder))
        }
        Some(Problem::TooOld { .. } | Problem::Implementation { .. }) => {
            everywhere(here, install_python)
        }
        Some(
            Problem::RequiresPython { required: version, .. }
            | Problem::NoSuchVersion { version, .. },
        ) => everywhere(Some(System::Uv), |system| match system {
            System::Uv => Some(format!("uv python install '{version}'")),
            _ => install_python(system),
        }),
        Some(Problem::Architecture { .. }) => {
            any_system(format!("install a Python for {}", std::env::consts::ARCH))
        }
        Some(Problem::DoesNotStart { variable: Some((name, _)), .. }) => {
            everywhere(here, |system| unset(system, name))
        }
        Some(Problem::DoesNotStart { .. }) => {
            any_system(format!("fix the cause that the message names, or {ANOTHER_PYTHON}"))
        }
        Some(Problem::NoLibrary { version, base_prefix, .. }) => {
            library_fixes(*version, base_prefix)
        }
        _ if is_named(candidate) => {
            any_system("name a Python that exists, or name none and let callpy search for one")
        }
        _ => Vec::new(),
    }
}

/// Returns one fix that is the same on all systems.
fn any_system(action: impl Into<String>) -> Vec<Fix> {
    vec![Fix { system: None, action: action.into() }]
}

/// Returns the fix on each system, that for `first` first.
fn everywhere(first: Option<System>, action: impl Fn(System) -> Option<String>) -> Vec<Fix> {
    let fix = |system| Some(Fix { system: Some(system), action: action(system)? });
    let mut fixes: Vec<Fix> = System::ALL.into_iter().filter_map(fix).collect();
    fixes.sort_by_key(|fix| fix.system != first);
    fixes
}

impl System {
    const ALL: [System; 7] = [
        System::Debian,
        System::Fedora,
        System::MacOs,
        System::Windows,
        System::Conda,
        System::Uv,
        System::Pyenv,
    ];

    /// Returns the system that this program runs on, if it is one of these.
    fn of_this_machine() -> Option<System> {
        if cfg!(windows) {
            return Some(System::Windows);
        }
        if cfg!(target_os = "macos") {
            return Some(System::MacOs);
        }
        let release = std::fs::read_to_string("/etc/os-release").ok()?;
        let value = |key: &str| {
            let mut values = release.lines().filter_map(|line| line.strip_prefix(key));
            values.next().unwrap_or_default().replace('"', "")
        };
        let names = format!("{} {}", value("ID="), value("ID_LIKE="));
        let mut names = names.split_whitespace();
        names.find_map(|name| match name {
            "debian" | "ubuntu" => Some(System::Debian),
            "fedora" | "rhel" | "centos" => Some(System::Fedora),
            _ => None,
        })
    }

    /// Returns what installed a Python, judging by its folder; none if it was built or unpacked
    /// manually.
    fn of_installation(base_prefix: &Path) -> Option<System> {
        let path = base_prefix.to_string_lossy();
        if base_prefix.join("conda-meta").is_dir() {
            Some(System::Conda)
        } else if path.contains("pyenv") {
            Some(System::Pyenv)
        } else if path.contains("uv/python") || path.contains("uv\\python") {
            Some(System::Uv)
        } else if base_prefix == Path::new("/usr") || cfg!(any(windows, target_os = "macos")) {
            System::of_this_machine()
        } else {
            None
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::Debian => "Debian, Ubuntu",
            System::Fedora => "Fedora",
            System::MacOs => "macOS",
            System::Windows => "Windows",
            System::Conda => "conda",
            System::Uv => "uv",
            System::Pyenv => "pyenv",
        })
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.system {
            Some(system) => write!(f, "{system}: {}", self.action),
            None => f.write_str(&self.action),
        }
    }
}

/// The version to install if any will do.
const NEW: &str = "3.13";

fn install_python(system: System) -> Option<String> {
    Some(match system {
        // The name of the library's package has the version, which only the new Python knows.
        System::Debian => "apt install python3-venv && apt install libpython$(python3 -c \
                           'import sys; print(\"%d.%d\" % sys.version_info[:2])')"
            .to_owned(),
        System::Fedora => "dnf install python3 python3-libs".to_owned(),
        System::MacOs => format!("brew install python@{NEW}"),
        System::Windows => format!("winget install Python.Python.{NEW}"),
        System::Conda => format!("conda create -n callpy python={NEW} && conda activate callpy"),
        System::Uv => format!("uv python install {NEW}"),
        System::Pyenv => format!(
            "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install {NEW} && pyenv global {NEW}"
        ),
    })
}

/// Returns how to get what environments are created with.
fn install_venv(system: System) -> Option<String> {
    match system {
        System::Debian => Some("apt install python3-venv".to_owned()),
        // Python comes with it there.
        System::Fedora | System::MacOs | System::Windows => None,
        System::Conda => Some("conda install uv".to_owned()),
        System::Uv => Some("curl -LsSf https://astral.sh/uv/install.sh | sh".to_owned()),
        System::Pyenv => Some("pip install uv".to_owned()),
    }
}

/// Returns how to install the shared library of a Python.
fn library_fixes((major, minor, patch): (u8, u8, u8), base_prefix: &Path) -> Vec<Fix> {
    let first = System::of_installation(base_prefix).unwrap_or(System::Uv);
    everywhere(Some(first), |system| {
        Some(match system {
            // A distribution's library is for the distribution's own Python only.
            System::Debian | System::Fedora if base_prefix != Path::new("/usr") => return None,
            System::Debian => format!("apt install libpython{major}.{minor}"),
            System::Fedora => "dnf install python3-libs".to_owned(),
            System::MacOs => format!("brew install python@{major}.{minor}"),
            System::Windows => format!("winget install Python.Python.{major}.{minor}"),
            System::Conda => {
                let folder = quoted(base_prefix);
                format!("conda install -p {folder} --force-reinstall python={major}.{minor}")
            }
            System::Uv => format!("uv python install {major}.{minor}"),
            System::Pyenv => format!(
                "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force {major}.{minor}.{patch}"
            ),
        })
    })
}

/// Returns how to install a package for the interpreter, or to reinstall it with `again`. An environment of
/// callpy's own has what is declared.
fn package_fixes(name: &str, again: bool, python: Option<&Interpreter>) -> Vec<Fix> {
    let Some(python) = python else { return Vec::new() };
    let (executable, prefix) = (python.executable(), python.prefix());
    if !again && is_own_environment(prefix) {
        return any_system(format!("declare {name} in the header, or add --with {name}"));
    }
    everywhere(System::of_installation(python.base_prefix()), |system| {
        Some(install_package(system, name, again, executable, prefix))
    })
}

fn install_package(
    system: System,
    name: &str,
    again: bool,
    executable: &Path,
    prefix: &Path,
) -> String {
    let (python, folder) = (quoted(executable), quoted(prefix));
    let is_systems_own = prefix == Path::new("/usr");
    let force = if again { "--force-reinstall " } else { "" };
    match system {
        System::Debian if is_systems_own => format!("apt install python3-{name}"),
        System::Fedora if is_systems_own => format!("dnf install python3-{name}"),
        System::Conda => format!("conda install -p {folder} {force}{name}"),
        _ if system == System::Uv || is_without_pip(executable) => {
            let reinstall = if again { "--reinstall " } else { "" };
            format!("uv pip install --python {python} {reinstall}--upgrade {name}")
        }
        _ => format!("{python} -m pip install {force}--upgrade {name}"),
    }
}

fn recreate_environment(system: System, folder: &Path) -> Option<String> {
    let folder = quoted(folder);
    Some(match system {
        System::Windows => format!("py -m venv --clear {folder}"),
        System::Conda => format!("conda create -p {folder} --yes python"),
        System::Uv => format!("uv venv --clear {folder}"),
        System::Pyenv => format!("pyenv exec python -m venv --clear {folder}"),
        _ => format!("python3 -m venv --clear {folder}"),
    })
}

fn unset(system: System, variable: &str) -> Option<String> {
    match system {
        System::Windows => Some(format!("set {variable}=")),
        System::Debian | System::Fedora | System::MacOs => Some(format!("unset {variable}")),
        _ => None,
    }
}

/// Quotes a path if a shell would split it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/\\.:_-+~".contains(c);
    if text.chars().all(is_plain) { text } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_system_comes_first_and_the_others_follow() {
        for first in System::ALL {
            let all = everywhere(Some(first), install_python);
            assert_eq!(all[0].system, Some(first));
            assert_eq!(all.len(), System::ALL.len());
        }
    }

    #[test]
    fn a_path_with_a_space_is_quoted() {
        let (executable, prefix) = (Path::new("/my envs/é/bin/python"), Path::new("/my envs/é"));
        let install = |system| install_package(system, "numpy", true, executable, prefix);
        let pip = "\"/my envs/é/bin/python\" -m pip install --force-reinstall --upgrade numpy";
        assert_eq!(install(System::Debian), pip);
        let conda = "conda install -p \"/my envs/é\" --force-reinstall numpy";
        assert_eq!(install(System::Conda), conda);
    }
}
