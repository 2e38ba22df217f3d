//! The Python that all rivals call, and how they find it.

use std::path::PathBuf;
use std::process::Command;

use callpy::environment::Requirements;
use callpy::locate::{self, Interpreter, Wanted};

use crate::{Result, root, target};

const ALL: [&str; 6] = ["numpy", "pyarrow", "grpcio", "grpcio-tools", "loky", "pebble"];

/// The chosen interpreter.
pub(crate) struct Environment {
    pub(crate) interpreter: Interpreter,
    stubs: PathBuf,
}

impl Environment {
    /// Finds an interpreter as callpy does, in an environment with everything that the rivals need. If
    /// that can't be created, takes one with NumPy only, and the rivals that need more will say so.
    pub(crate) fn find() -> Result<Environment> {
        let with = |packages: &[&str]| {
            let requirements = Requirements::new(packages.iter().copied());
            let progress = |step: &callpy::environment::Progress| {
                if let callpy::environment::Progress::Creating { tool, dependencies, .. } = step {
                    eprintln!("Installing {} with {tool}, once", dependencies.join(", "));
                }
            };
            let progress = Some(std::sync::Arc::new(progress) as callpy::environment::OnProgress);
            locate::find(&Wanted { requirements, progress, ..Wanted::default() })
        };
        let (base, _) = locate::find(&Wanted::default())?;
        // grpcio has no wheels for free-threaded builds, and takes half an hour to compile.
        let wanted = if base.is_free_threaded() { &ALL[..1] } else { &ALL[..] };
        let fewer = |packages: &'static [&'static str]| {
            move |error| {
                eprintln!("{} are tried alone, since this failed: {error}", packages.join(", "));
                with(packages)
            }
        };
        let found = with(wanted).or_else(fewer(&ALL[..4])).or_else(fewer(&ALL[..1]));
        let (interpreter, _) = found?;
        let stubs = target().join("stubs");
        std::fs::create_dir_all(&stubs)?;
        let environment = Environment { interpreter, stubs };
        environment.make_stubs();
        Ok(environment)
    }

    /// Generates what the gRPC server imports. Without grpcio-tools the server says what is missing.
    fn make_stubs(&self) {
        let proto = root().join("bench/rivals/grpc");
        let folder = |option: &str| format!("--{option}={}", self.stubs.display());
        let _ = Command::new(self.interpreter.executable())
            .args(["-m", "grpc_tools.protoc", &format!("-I{}", proto.display())])
            .args([folder("python_out"), folder("grpc_python_out"), "work.proto".to_owned()])
            .output();
    }

    /// The folder of libpython.
    pub(crate) fn library_folder(&self) -> PathBuf {
        self.interpreter.libpython().parent().map(PathBuf::from).unwrap_or_default()
    }

    /// Runs code in the interpreter, and returns what it prints.
    pub(crate) fn ask(&self, code: &str) -> Result<String> {
        let output = Command::new(self.interpreter.executable()).args(["-c", code]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Sets the variables with which a rival finds work.py and its Python.
    pub(crate) fn prepare(&self, command: &mut Command, linked: bool) {
        let mut folders =
            vec![root().join("bench/rivals"), root().join("examples/outliers"), self.stubs.clone()];
        if linked {
            // These know nothing about virtual environments.
            folders.extend(self.interpreter.site_packages().iter().cloned());
            command.env("PYTHONHOME", self.interpreter.base_prefix());
            self.link(command);
        }
        let path = std::env::join_paths(folders).expect("no folder has a colon in its name");
        command
            .env("PYTHONPATH", path)
            .env("PYTHONWARNINGS", "ignore")
            .env("CALLPY_PYTHON", self.interpreter.executable());
    }

    /// Lets the loader find libpython.
    pub(crate) fn link(&self, command: &mut Command) {
        let variable = match cfg!(target_os = "macos") {
            true => "DYLD_LIBRARY_PATH",
            false => "LD_LIBRARY_PATH",
        };
        let others = std::env::var_os(variable);
        let others = others.iter().flat_map(std::env::split_paths);
        let folders = std::iter::once(self.library_folder()).chain(others);
        command.env(
            variable,
            std::env::join_paths(folders).expect("no folder has a colon in its name"),
        );
    }
}
