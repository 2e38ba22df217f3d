//! The commands that make a virtual environment: uv's, else venv's and pip's.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{OnProgress, Progress};
use crate::error::{Error, ErrorKind, Result};
use crate::locate::{Interpreter, Surroundings, run};

/// What would lead an installer elsewhere than into the environment. Where it looks for packages
/// (indexes, proxies, certificates) is the user's to say.
const CLEARED: &[&str] = &[
    "PYTHONHOME",
    "PYTHONPATH",
    "__PYVENV_LAUNCHER__",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_PYTHON",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_DRY_RUN",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_TARGET",
    "UV_PREFIX",
    "UV_PROJECT_ENVIRONMENT",
    "UV_DRY_RUN",
];

/// Makes environments in surroundings where nothing leads an installer astray.
pub(super) struct Installer<'a> {
    around: Surroundings,
    uv: Option<PathBuf>,
    progress: Option<&'a OnProgress>,
}

impl<'a> Installer<'a> {
    pub(super) fn new(around: &Surroundings, progress: Option<&'a OnProgress>) -> Self {
        let around = around.without(CLEARED);
        let uv = around.on_path("uv".as_ref()).into_iter().next();
        Installer { around, uv, progress }
    }

    pub(super) fn around(&self) -> &Surroundings {
        &self.around
    }

    /// Returns the name of the program that installs, for people.
    pub(super) fn name(&self) -> &'static str {
        if self.uv.is_some() { "uv" } else { "pip" }
    }

    /// Makes an environment in `folder`, which isn't there yet, and installs into it.
    pub(super) fn make(
        &self,
        folder: &Path,
        base: &Interpreter,
        dependencies: &[String],
    ) -> Result<()> {
        let base = base.base_executable();
        match &self.uv {
            Some(uv) => {
                let mut create = self.command(uv, folder);
                create.args(["venv", "--no-project", "--python"]).arg(base).arg(folder);
                self.run(create, &format!("uv can't make an environment from {}", base.display()))?;
                let mut install = self.command(uv, folder);
                // Compiled now, or each start would compile where files can't be written later.
                install.args(["pip", "install", "--compile-bytecode", "--python"]);
                install.arg(crate::locate::python_in(folder)).args(dependencies);
                self.run(install, &format!("uv can't install {}", dependencies.join(", ")))
            }
            None => {
                let mut create = self.command(base, folder);
                // -I: neither the current folder nor the user's own packages may stand in the way.
                create.args(["-I", "-m", "venv"]).arg(folder);
                let what = format!("{} -m venv can't make an environment", base.display());
                self.run(create, &what)?;
                let mut install = self.command(&crate::locate::python_in(folder), folder);
                install.args(["-I", "-m", "pip", "install", "--no-user", "--no-input"]);
                install.arg("--disable-pip-version-check").args(dependencies);
                self.run(install, &format!("pip can't install {}", dependencies.join(", ")))
            }
        }
    }

    /// A project in the current folder has settings of its own, which are not this environment's.
    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = self.around.command(program);
        command.current_dir(folder.parent().unwrap_or(folder));
        command
    }

    fn run(&self, command: Command, failure: &str) -> Result<()> {
        let failed = |why: &str| Error::new(ErrorKind::Environment, format!("{failure}: {why}"));
        let ended = run(command, None, |line| {
            if let Some(progress) = self.progress {
                progress(&Progress::Installing { line: line.to_owned() });
            }
        })
        .map_err(|error| failed(&error.to_string()).with_source(error))?;
        if ended.success {
            return Ok(());
        }
        let text = ended.text();
        Err(failed(&reason(&text)).with_detail(text))
    }
}

/// Returns the line that says most, or the way out if it is a known one.
fn reason(text: &str) -> String {
    if text.contains("ensurepip is not available") || text.contains("No module named venv") {
        // Debian's own words name the exact package.
        let package = text.split_whitespace().find(|word| word.ends_with("-venv"));
        return format!(
            "this Python came without the venv module; apt install {}, or install uv",
            package.unwrap_or("python3-venv")
        );
    }
    let is_error = |line: &&str| {
        let line = line.trim_start();
        line.starts_with(['×', '╰']) || line.to_ascii_lowercase().starts_with("error")
    };
    let line = text.lines().find(is_error).or_else(|| text.lines().last());
    let line = line.map(|line| line.trim_start_matches([' ', '×', '╰', '─', '▶']).trim());
    line.unwrap_or("it failed without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_most() {
        let pip =
            "Looking in links: /x\nERROR: Could not find a version that satisfies x\nERROR: No";
        assert_eq!(reason(pip), "ERROR: Could not find a version that satisfies x");
        let uv = "Using Python 3.12\n  × No solution found\n  ╰─▶ Because x was not found";
        assert_eq!(reason(uv), "No solution found");
        assert_eq!(reason("one\ntwo\n"), "two");
        assert!(!reason("").is_empty());
    }

    #[test]
    fn debian_without_venv_is_told_what_to_install() {
        let debian = "The virtual environment was not created successfully because ensurepip is not\n\
                      available.  On Debian/Ubuntu systems, you need to install the python3-venv\n\
                      package using the following command.\n\n    apt install python3.11-venv\n";
        // Both packages are named; either holds ensurepip.
        assert!(reason(&debian.replace("is not\n", "is not ")).contains("apt install python3"));
        assert!(reason("/usr/bin/python3: No module named venv").contains("python3-venv"));
    }
}
