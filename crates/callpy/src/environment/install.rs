//! The commands that create a virtual environment: uv's, or else venv's and pip's.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Creation, Progress, stopped};
use crate::child::run_until;
use crate::error::{Error, ErrorKind, Result};
use crate::installation::{Context, Interpreter, python_in};

/// Variables that would make an installer install elsewhere. Those about indexes, proxies and
/// certificates are the user's choice.
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

const FORGOTTEN: &str = "its exit code is unknown, since this process ignores SIGCHLD or waits for all \
                         its children: set SIGCHLD to its default action while Python starts";

/// What is wrong with Debian's Python as it comes.
const NO_VENV: &str = "this Python has no venv module";

/// Creates environments in a context without variables that would mislead an installer.
pub(super) struct Installer<'a> {
    /// The environment's lock. Each command has it as its stdin, so that the lock is held until the
    /// last of them has ended, even if this process is killed first.
    lock: &'a File,
    context: Context,
    uv: Option<PathBuf>,
    creation: &'a Creation<'a>,
}

impl<'a> Installer<'a> {
    pub(super) fn new(lock: &'a File, context: &Context, creation: &'a Creation<'a>) -> Self {
        let context = context.without(CLEARED);
        let uv = context.on_path("uv".as_ref()).into_iter().next();
        Installer { lock, context, uv, creation }
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the name of the installer.
    pub(super) fn name(&self) -> &'static str {
        if self.uv.is_some() { "uv" } else { "pip" }
    }

    /// Creates an environment in `folder`, which must not exist, and installs packages into it.
    pub(super) fn make(&self, folder: &Path, base: &Interpreter) -> Result<()> {
        let dependencies = self.creation.requirements.dependencies();
        let base = base.base_executable();
        match &self.uv {
            Some(uv) => {
                let mut create = self.command(uv, folder);
                create.args(["venv", "--no-project", "--python"]).arg(base).arg(folder);
                let what = format!("uv can't create an environment from {}", base.display());
                self.run(create, &what)?;
                let failure = format!("uv can't install {}", dependencies.join(", "));
                let mut rest = dependencies.to_vec();
                if let Some(script) = self.creation.requirements.for_uv() {
                    let mut sync = self.command(uv, folder);
                    sync.args(["sync", "--active", "--compile-bytecode", "--script"]);
                    sync.arg(&script.script).env("VIRTUAL_ENV", folder);
                    if script.is_locked {
                        sync.arg("--frozen");
                    }
                    self.run(sync, &failure)?;
                    rest.retain(|one| !script.dependencies.contains(one));
                    if rest.is_empty() {
                        return Ok(());
                    }
                }
                let mut install = self.command(uv, folder);
                // Compiled now, since the folder may not be writable later.
                install.args(["pip", "install", "--compile-bytecode", "--python"]);
                install.arg(python_in(folder)).args(rest);
                self.run(install, &failure)
            }
            None => {
                if let Some(script) = self.creation.requirements.for_uv() {
                    let what = if script.is_locked { "the lock file" } else { "[tool.uv]" };
                    let text = format!(
                        "{what} of {} is for uv and has no effect, since pip installs: put uv on PATH",
                        script.script.display()
                    );
                    self.creation.tell(&Progress::Note { text });
                }
                let mut create = self.command(base, folder);
                // -I ignores the current folder and the user's own packages.
                create.args(["-I", "-m", "venv"]).arg(folder);
                let what = format!("{} -m venv can't create an environment", base.display());
                self.run(create, &what)?;
                let mut install = self.command(&python_in(folder), folder);
                install.args(["-I", "-m", "pip", "install", "--no-user", "--no-input"]);
                install.arg("--disable-pip-version-check").args(dependencies);
                self.run(install, &format!("pip can't install {}", dependencies.join(", ")))
            }
        }
    }

    /// Makes a command that runs outside the current folder, since a project there may have settings.
    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = self.context.command(program);
        command.current_dir(folder.parent().unwrap_or(folder));
        command
    }

    fn run(&self, mut command: Command, failure: &str) -> Result<()> {
        let base = Path::new(command.get_program()).to_owned();
        let failed = |why: &str| Error::new(ErrorKind::Environment, format!("{failure}: {why}"));
        let stop = || self.creation.is_stopped();
        let locked = self.lock.try_clone();
        let ended = locked.and_then(|lock| {
            command.stdin(lock);
            run_until(command, None, &stop, |line| {
                self.creation.tell(&Progress::Installing { line: line.to_owned() });
            })
        });
        // A Ctrl-C on the terminal reaches the installer before callpy interrupts it.
        if stop() {
            return Err(stopped());
        }
        let ended = ended.map_err(|error| failed(&error.to_string()).with_source(error))?;
        let text = ended.text();
        match ended.status.map(|status| status.success()) {
            Some(true) => Ok(()),
            Some(false) => Err(failed(&reason(&text, &base)).with_detail(text)),
            None => Err(failed(FORGOTTEN).with_detail(text)),
        }
    }
}

/// Returns the most informative line of an installer's output, or the fix if it is known; `program` is
/// what ran.
fn reason(text: &str, program: &Path) -> String {
    if text.contains("ensurepip is not") || text.contains("No module named venv") {
        // Debian's message ends with the package for this version, which only a Python needs that is
        // not Debian's `python3`.
        let own = text.split_whitespace().rfind(|word| word.ends_with("-venv"));
        let real = |path: &Path| path.canonicalize().ok();
        let is_default = real(program) == real(Path::new("/usr/bin/python3"));
        let package = own.filter(|_| !is_default && program.starts_with("/usr/bin"));
        return format!(
            "{NO_VENV}; apt install {}, or install uv",
            package.unwrap_or("python3-venv")
        );
    }
    if text.contains("connection broken by") || text.contains("error sending request") {
        // pip's last line says that there is no such package, and uv's has an error number.
        return "the package index can't be reached".to_owned();
    }
    let words = |line: &'_ str| {
        let line = line.trim_start_matches([' ', '×', '╰', '─', '▶']);
        let marks = ["error:", "ERROR:", "cause:"];
        marks.iter().find_map(|mark| line.strip_prefix(mark)).map(|rest| rest.trim().to_owned())
    };
    let last = text.lines().last().unwrap_or("it failed without any output").trim().to_owned();
    text.lines().rev().find_map(words).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python() -> &'static Path {
        Path::new("/usr/bin/python3")
    }

    #[test]
    fn the_most_informative_line() {
        let pip = "Looking in links: /x\nERROR: Could not find a version of x (from versions: 1)\n\
                   ERROR: No matching distribution found for x>=2\n[notice] update pip";
        assert_eq!(reason(pip, python()), "No matching distribution found for x>=2");
        let uv = "Using Python 3.12\nerror: No solution found\n  cause: Because x was not found";
        assert_eq!(reason(uv, python()), "Because x was not found");
        assert_eq!(reason("one\ntwo\n", python()), "two");
        assert_eq!(reason("", python()), "it failed without any output");
        let offline = "WARNING: Retrying (Retry(total=0)) after connection broken by 'New'\n\
                       ERROR: No matching distribution found for numpy";
        assert!(reason(offline, python()).contains("can't be reached"));
    }

    #[test]
    fn a_debian_without_venv_gets_the_package_to_install() {
        let debian = "The virtual environment was not created successfully because ensurepip is not\n\
                      available.  On Debian/Ubuntu systems, you need to install the python3-venv\n\
                      package using the following command.\n\n    apt install python3.11-venv\n\n\
                      You may need to use sudo with that command.";
        let advice = "this Python has no venv module; apt install python3-venv, or install uv";
        assert_eq!(reason(debian, python()), advice);
        assert_eq!(reason("/usr/bin/python3: No module named venv", python()), advice);
        // A second Python beside Debian's default one.
        let other = Path::new("/usr/bin/python3.99");
        assert!(reason(debian, other).contains("apt install python3.11-venv"));
    }
}
