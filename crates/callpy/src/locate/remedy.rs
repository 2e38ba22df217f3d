//! What to type against a trouble, on each system and with each manager of Pythons.

use std::fmt;
use std::path::Path;

/// A system, or a manager of Pythons, whose commands differ from the others'.
///
/// ```
/// use std::path::Path;
/// use callpy::doctor::System;
///
/// assert_eq!(System::named("Debian, Ubuntu"), Some(System::Debian));
/// assert_eq!(System::of_installation(Path::new("/home/me/.pyenv/versions/3.12.1")), Some(System::Pyenv));
/// println!("{:?}", System::of_this_machine());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum System {
    /// Debian, Ubuntu and what is made from them.
    Debian,
    /// Fedora and its kin.
    Fedora,
    /// macOS, with Homebrew.
    MacOs,
    /// Windows, with winget.
    Windows,
    /// conda, mamba.
    Conda,
    /// uv.
    Uv,
    /// pyenv.
    Pyenv,
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

    /// Returns the system of a name, as `Display` shows it.
    pub fn named(name: &str) -> Option<System> {
        System::ALL.into_iter().find(|system| system.to_string() == name)
    }

    /// Returns the system that this program runs on, if it is one of these.
    pub fn of_this_machine() -> Option<System> {
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

    /// Returns what an installation was made with, as its folder tells; none for one that somebody
    /// has put somewhere himself.
    pub fn of_installation(base_prefix: &Path) -> Option<System> {
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

/// A way out of a trouble.
///
/// ```
/// use std::path::Path;
/// use callpy::locate::Problem;
///
/// let remedies = Problem::TooOld { version: (3, 7, 17) }.remedies(Path::new("python3"));
/// for remedy in &remedies {
///     match remedy.system {
///         Some(system) => println!("{system}: {}", remedy.action),
///         None => println!("{}", remedy.action),
///     }
/// }
/// assert!(!remedies.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Where it is the way out; none if it is so everywhere.
    pub system: Option<System>,
    /// What to type, or to do.
    pub action: String,
}

impl Remedy {
    pub(crate) fn anywhere(action: impl Into<String>) -> Remedy {
        Remedy { system: None, action: action.into() }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.system {
            Some(system) => write!(f, "{system}: {}", self.action),
            None => f.write_str(&self.action),
        }
    }
}

/// What is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need<'a> {
    /// A Python of this minor version, or of any.
    Python(Option<(u8, u8)>),
    /// The shared library of an installation.
    Library { version: (u8, u8, u8), base_prefix: &'a Path },
    /// NumPy, or another package, for an interpreter; anew if it is there and broken.
    Package { name: &'a str, executable: &'a Path, prefix: &'a Path, anew: bool },
    /// An environment in the place of one whose base is gone or another.
    Environment { folder: &'a Path },
    /// An environment variable to be taken away.
    Unset(&'a str),
}

/// Returns the ways out, that of `first` before the others.
pub(crate) fn remedies(need: Need<'_>, first: Option<System>) -> Vec<Remedy> {
    let mut all: Vec<Remedy> = System::ALL
        .into_iter()
        .filter_map(|system| Some(Remedy { system: Some(system), action: action(need, system)? }))
        .collect();
    all.sort_by_key(|remedy| remedy.system != first);
    all
}

/// Quotes a path where a shell would take it apart.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/\\.:_-+~".contains(c);
    if text.chars().all(is_plain) { text } else { format!("\"{text}\"") }
}

fn action(need: Need<'_>, system: System) -> Option<String> {
    Some(match (need, system) {
        (Need::Python(_), System::Debian) => {
            "apt install python3 libpython3-dev python3-venv".into()
        }
        (Need::Python(_), System::Fedora) => "dnf install python3 python3-libs".into(),
        (Need::Python(version), system) => {
            let (major, minor) = version.unwrap_or((3, 13));
            match system {
                System::MacOs => format!("brew install python@{major}.{minor}"),
                System::Windows => format!("winget install Python.Python.{major}.{minor}"),
                System::Conda => {
                    format!(
                        "conda create -n callpy python={major}.{minor} && conda activate callpy"
                    )
                }
                System::Uv => format!("uv python install {major}.{minor}"),
                _ => format!(
                    "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install {major}.{minor} && pyenv \
                     global {major}.{minor}"
                ),
            }
        }

        (Need::Library { version: (major, minor, patch), base_prefix }, system) => match system {
            // The distribution's library is no other installation's.
            System::Debian | System::Fedora if base_prefix != Path::new("/usr") => return None,
            System::Debian => format!("apt install libpython{major}.{minor}"),
            System::Fedora => "dnf install python3-libs".into(),
            System::MacOs => format!("brew install python@{major}.{minor}"),
            System::Windows => format!("winget install Python.Python.{major}.{minor}"),
            System::Conda => format!(
                "conda install -p {} --force-reinstall python={major}.{minor}",
                quoted(base_prefix)
            ),
            System::Uv => format!("uv python install {major}.{minor}"),
            System::Pyenv => format!(
                "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force \
                 {major}.{minor}.{patch}"
            ),
        },

        (Need::Package { name, executable, prefix, anew }, system) => {
            let python = quoted(executable);
            let is_systems_own = prefix == Path::new("/usr");
            match system {
                System::Debian if is_systems_own => format!("apt install python3-{name}"),
                System::Fedora if is_systems_own => format!("dnf install python3-{name}"),
                System::Conda => {
                    let anew = if anew { "--force-reinstall " } else { "" };
                    format!("conda install -p {} {anew}{name}", quoted(prefix))
                }
                System::Uv => {
                    let anew = if anew { "--reinstall " } else { "" };
                    format!("uv pip install --python {python} {anew}--upgrade {name}")
                }
                _ => {
                    let anew = if anew { "--force-reinstall " } else { "" };
                    format!("{python} -m pip install {anew}--upgrade {name}")
                }
            }
        }

        (Need::Environment { folder }, system) => {
            let folder = quoted(folder);
            match system {
                System::Windows => format!("py -m venv --clear {folder}"),
                System::Conda => format!("conda create -p {folder} --yes python"),
                System::Uv => format!("uv venv --clear {folder}"),
                System::Pyenv => format!("pyenv exec python -m venv --clear {folder}"),
                _ => format!("python3 -m venv --clear {folder}"),
            }
        }

        (Need::Unset(variable), System::Windows) => format!("set {variable}="),
        (Need::Unset(variable), System::Debian | System::Fedora | System::MacOs) => {
            format!("unset {variable}")
        }
        (Need::Unset(_), _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fitting_way_comes_first_and_the_others_follow() {
        let need = Need::Library { version: (3, 11, 7), base_prefix: Path::new("/usr") };
        for first in System::ALL {
            let all = remedies(need, Some(first));
            assert_eq!(all[0].system, Some(first));
            assert_eq!(all.len(), System::ALL.len());
        }
    }

    #[test]
    fn a_path_with_a_space_is_quoted() {
        let (executable, prefix) = (Path::new("/my envs/é/bin/python"), Path::new("/my envs/é"));
        let need = Need::Package { name: "numpy", executable, prefix, anew: true };
        let pip = "\"/my envs/é/bin/python\" -m pip install --force-reinstall --upgrade numpy";
        assert_eq!(action(need, System::Debian).as_deref(), Some(pip));
        let conda = "conda install -p \"/my envs/é\" --force-reinstall numpy";
        assert_eq!(action(need, System::Conda).as_deref(), Some(conda));
    }
}
