//! A start that fails is an error, whatever the cause and whatever callpy has cached, and never ends the
//! process; and a second start succeeds once the cause is removed.
#![cfg(unix)]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callpy::locate::Interpreter;
use callpy::{Error, ErrorKind, Python};
use common::{child, each, is_child, run, told};

/// Where the cause is, and how a second start in the same process goes.
enum Cause {
    Variable(&'static str, &'static str),
    /// A file among the environment's packages.
    Package(&'static str, &'static str),
    /// A file in a folder that PYTHONPATH names.
    Path(&'static str, &'static str),
}

#[derive(PartialEq, Eq)]
enum Again {
    Starts,
    NeedsRestart,
}

use Again::{NeedsRestart, Starts};
use Cause::{Package, Path as OnPath, Variable};

const SITE: &str = "Failed to import the site module";

/// A cause, what the error says about it, and whether a start that failed in this process can be
/// repeated there.
const CASES: [(Cause, &[&str], Again); 14] = [
    (Variable("PYTHONHASHSEED", "x"), &["PYTHONHASHSEED must be"], Starts),
    (Variable("PYTHONTRACEMALLOC", "-1"), &["PYTHONTRACEMALLOC: invalid number"], Starts),
    (Variable("PYTHONUTF8", "x"), &["PYTHONUTF8"], Starts),
    (Variable("PYTHONMALLOC", "bogus"), &["PYTHONMALLOC: unknown allocator"], Starts),
    (Variable("PYTHONIOENCODING", "bogus"), &["unknown encoding: bogus"], NeedsRestart),
    (Variable("PYTHONHOME", "/nowhere"), &["No module named 'encodings'"], NeedsRestart),
    (Variable("PYTHONPLATLIBDIR", "lib64"), &["No module named 'encodings'"], NeedsRestart),
    (
        OnPath("encodings/__init__.py", "raise OSError('broken')"),
        &["OSError: broken"],
        NeedsRestart,
    ),
    (OnPath("sitecustomize.py", "raise SystemExit(3)"), &[SITE, "SystemExit: 3"], NeedsRestart),
    (Package("sitecustomize.py", "raise SystemExit(3)"), &[SITE, "SystemExit: 3"], Starts),
    (Package("sitecustomize.py", "raise KeyboardInterrupt"), &[SITE, "KeyboardInterrupt"], Starts),
    (Package("usercustomize.py", "raise SystemExit"), &[SITE, "SystemExit"], Starts),
    (Package("usercustomize.py", "raise KeyboardInterrupt"), &[SITE, "KeyboardInterrupt"], Starts),
    (Package("a.pth", "import sys; sys.exit(4)\n"), &[SITE, "SystemExit: 4"], Starts),
];

const NAME: &str = "a_start_that_fails_is_an_error";
const CAUSE: &str = "CALLPY_TEST_CAUSE";

#[test]
fn a_start_that_fails_is_an_error() {
    if is_child(NAME) {
        return fail_and_try_again(&CASES[common::case(NAME).unwrap().parse::<usize>().unwrap()]);
    }
    let base = common::python().interpreter().unwrap();
    let cases: Vec<(usize, bool)> =
        (0..CASES.len()).flat_map(|case| [(case, false), (case, true)]).collect();
    each(&cases, |&(case, is_known)| {
        if matches!(CASES[case].0, Variable("PYTHONPLATLIBDIR", _)) && base.version() < (3, 9, 0) {
            return;
        }
        let place = tempfile::tempdir().unwrap();
        let environment = environment(base, place.path());
        let mut child = child(NAME);
        child.env("CALLPY_TEST_CASE", case.to_string());
        for variable in ["PYTHONPATH", "PYTHONHOME"] {
            child.env_remove(variable);
        }
        let known = is_known.then(|| answering(&environment, place.path()));
        child.env("CALLPY_PYTHON", known.as_ref().unwrap_or(&environment));
        child.env("CALLPY_CACHE", place.path().join("cache"));
        match CASES[case].0 {
            Variable(name, value) => {
                child.env(name, value);
            }
            Package(file, contents) => {
                let mut folder = packages(&environment);
                if file == "sitecustomize.py" {
                    // Some distributions have one of their own, before the packages.
                    let line = format!("import sys; sys.path.insert(0, {folder:?} + '/first')\n");
                    fs::write(folder.join("first.pth"), line).unwrap();
                    folder.push("first");
                    fs::create_dir(&folder).unwrap();
                }
                let file = folder.join(file);
                fs::write(&file, contents).unwrap();
                child.env(CAUSE, file);
            }
            OnPath(file, contents) => {
                let file = place.path().join("path").join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, contents).unwrap();
                child.env("PYTHONPATH", place.path().join("path"));
            }
        }
        // CPython 3.15 has half an interpreter where a `sitecustomize` fails.
        let is_half =
            matches!(CASES[case].0, Package("sitecustomize.py", _)) && base.version() >= (3, 15, 0);
        let needs_restart = is_known && (CASES[case].2 == NeedsRestart || is_half);
        child.env("CALLPY_TEST_NEEDS_RESTART", if needs_restart { "1" } else { "" });
        let output = run(&mut child);
        assert!(output.status.success(), "case {case}, known {is_known}: {}", told(&output));
    });
}

fn fail_and_try_again((cause, words, _): &(Cause, &[&str], Again)) {
    let needs_restart = std::env::var("CALLPY_TEST_NEEDS_RESTART").unwrap() == "1";
    let error = is_refused(Python::start().unwrap_err());
    let text = error.to_string();
    assert!(text.contains("it does not start: Fatal Python error: "), "{text}");
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    let variable = match cause {
        Variable(name, value) => Some((*name, format!("({name} is {value:?}); unset {name}"))),
        OnPath(..) => Some(("PYTHONPATH", "unset PYTHONPATH, or correct it".to_owned())),
        Package(file, _) => {
            assert!(file.ends_with(".pth") || text.contains(file), "{text}");
            None
        }
    };
    if let Some((_, fix)) = &variable {
        assert!(text.contains(fix), "{text}");
    }
    // The same again, with the same message.
    assert_eq!(is_refused(Python::start().unwrap_err()).to_string(), text);

    if let Some((name, _)) = variable {
        // SAFETY: no other thread runs in this test's process.
        #[allow(unsafe_code, reason = "the cause is to go")]
        unsafe {
            std::env::remove_var(name);
        }
    }
    if let Some(file) = std::env::var_os(CAUSE) {
        fs::remove_file(file).unwrap();
    }
    if needs_restart {
        let text = is_refused(Python::start().unwrap_err()).to_string();
        assert!(text.contains("restart"), "{text}");
        return;
    }
    let python = Python::start().unwrap();
    assert_eq!(python.report().unwrap().notes(), [""; 0]);
    let sys = python.module("sys").unwrap();
    let prefix: PathBuf = sys.attr("prefix").unwrap().extract().unwrap();
    assert_eq!(prefix, python.interpreter().unwrap().prefix());
    let path: Vec<PathBuf> = sys.attr("path").unwrap().extract().unwrap();
    assert!(path.iter().any(|folder| folder.starts_with(&prefix)), "{path:?}");
    let detect = python.function("json:loads").unwrap();
    assert_eq!(detect.call::<Vec<i64>>("[1, 2]").unwrap(), [1, 2]);
}

fn is_refused(error: Error) -> Error {
    assert!(matches!(error.kind(), ErrorKind::Start), "{error:?}");
    assert!(Python::running().is_none());
    error
}

/// Makes an environment that runs usercustomize; as `venv` does, which takes a second.
fn environment(base: &Interpreter, place: &Path) -> PathBuf {
    let environment = place.join("environment");
    let (_, minor, _) = base.version();
    let packages = environment.join(format!("lib/python3.{minor}/site-packages"));
    fs::create_dir_all(packages).unwrap();
    fs::create_dir(environment.join("bin")).unwrap();
    let python = base.base_executable();
    std::os::unix::fs::symlink(python, environment.join("bin/python")).unwrap();
    let home = python.parent().unwrap().display();
    let config = format!("home = {home}\ninclude-system-site-packages = true\n");
    fs::write(environment.join("pyvenv.cfg"), config).unwrap();
    environment
}

fn packages(environment: &Path) -> PathBuf {
    let version = fs::read_dir(environment.join("lib")).unwrap().next().unwrap().unwrap();
    version.path().join("site-packages")
}

/// Writes a program that answers as the Python did before there was the cause, so that the start in
/// this process is what fails.
fn answering(environment: &Path, place: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let facts = include_str!("../src/installation/facts.py");
    let answer = Command::new(environment.join("bin/python")).args(["-c", facts]).output().unwrap();
    assert!(answer.status.success());
    let text = String::from_utf8(answer.stdout).unwrap();
    // The launcher of that Python does not apply to this one.
    fs::write(place.join("answer"), text.replace("\"environment\"", "\"-\"")).unwrap();
    let program = place.join("answering");
    fs::write(&program, format!("#!/bin/sh\ncat '{}'\n", place.join("answer").display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}
