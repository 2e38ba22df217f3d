//! `callpy doctor` with real problems and their fixes, and the messages of calls about them.
//!
//! The problems are made of links and shell scripts.
#![cfg(unix)]
#![allow(missing_docs, reason = "a test")]

mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use command::{Ended, Folder};
use serde_json::Value;

/// A command that finds only the test's own Pythons.
fn alone(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.callpy(arguments);
    for variable in ["CALLPY_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH"] {
        command.env_remove(variable);
    }
    command.env("PATH", folder.path().join("bin")).env("NO_COLOR", "1");
    command
}

fn run(command: &mut Command) -> Ended {
    command.output().unwrap().into()
}

/// Runs the doctor, compares its exit code with its result, and returns its answer.
#[track_caller]
fn examine(folder: &Folder, arguments: &[&str], set: impl Fn(&mut Command)) -> (bool, Value) {
    let mut command = alone(folder, &[&["doctor", "--json"], arguments].concat());
    set(&mut command);
    let ended = run(&mut command);
    let answer: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("no JSON: {ended:?}"));
    let works = answer["works"].as_bool().unwrap();
    assert_eq!(ended.code, Some(if works { 0 } else { 1 }), "{answer:#}");
    (works, answer)
}

/// Asserts that there is a problem with these words and this fix, and returns whether it is fatal.
#[track_caller]
fn is_fatal(answer: &Value, words: &[&str], fix: &str) -> bool {
    let problems = answer["problems"].as_array().unwrap();
    let found = problems.iter().find(|problem| {
        let what = problem["what"].as_str().unwrap();
        words.iter().all(|word| what.contains(word))
    });
    let Some(found) = found else { panic!("no problem says {words:?}: {answer:#}") };
    let fixes = found["fixes"].as_array().unwrap();
    let has = fixes.iter().any(|one| one["action"].as_str().unwrap().contains(fix));
    assert!(has, "no fix has {fix:?} in it: {found:#}");
    found["fatal"].as_bool().unwrap()
}

/// A Python with NumPy: the environment that callpy creates for the tests.
fn python() -> PathBuf {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON
        .get_or_init(|| {
            let folder = Folder::with("def f() -> int:\n    return 1\n");
            let ended: Ended =
                folder.callpy(&["doctor", "f.py:f", "--json"]).output().unwrap().into();
            let answer: Value = serde_json::from_str(&ended.printed()).unwrap();
            answer["facts"]["Python"]["executable"].as_str().unwrap().into()
        })
        .clone()
}

/// The installation behind it, whose NumPy, if any, does not matter.
fn base() -> PathBuf {
    let code = "import sys; print(getattr(sys, '_base_executable', sys.executable))";
    let mut command = Command::new(python());
    let ended: Ended = command.args(["-c", code]).output().unwrap().into();
    fs::canonicalize(ended.printed().trim()).unwrap()
}

/// Makes a virtual environment whose pip is an empty file, which is quicker, and returns its executable.
fn environment(folder: &Path) -> PathBuf {
    let mut command = Command::new(base());
    let made = command.args(["-m", "venv", "--without-pip"]).arg(folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::write(folder.join("bin/pip"), "").unwrap();
    folder.join("bin/python")
}

/// Where an environment keeps its packages.
fn site_packages(environment: &Path) -> PathBuf {
    let mut folders = fs::read_dir(environment.join("lib")).unwrap();
    folders.next().unwrap().unwrap().path().join("site-packages")
}

/// Writes an executable that answers as a Python of these facts would.
fn fake(folder: &Folder, facts: &str) -> PathBuf {
    let path = folder.path().join("bin/python3");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let script = format!("#!/bin/sh\necho 'callpy:{facts}'\n");
    // Written by a child, so that no fork of another test has it open for writing when it is run.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "printf '%s' \"$2\" > \"$1\" && chmod 755 \"$1\"", "sh"]);
    assert!(shell.arg(&path).arg(script).status().unwrap().success());
    path
}

fn facts(platform: &str, bits: u32, library: &Path) -> String {
    format!(
        r#"{{"version":[3,12,1],"implementation":"cpython","executable":"/opt/p/bin/python3","base_executable":"/opt/p/bin/python3","prefix":"/opt/p","base_prefix":"/opt/p","platform":"{platform}","bits":{bits},"libraries":["{}"],"site_packages":[]}}"#,
        library.display()
    )
}

#[test]
fn a_working_python_is_described() {
    let folder = Folder::plain("def f(a: float, b: int = 2) -> float:\n    return a\n");
    let python = python();
    let named = |command: &mut Command| {
        command.env("CALLPY_PYTHON", &python);
    };
    let (works, answer) = examine(&folder, &["f.py:f"], named);
    assert!(works, "{answer:#}");
    let fact = |section: &str, name: &str| answer["facts"][section][name].as_str().unwrap();
    assert!(fact("Python", "libpython").contains("libpython"));
    assert_eq!(fact("Python", "executable"), python.to_str().unwrap());
    assert!(fact("running", "stack").contains("Rust threads"));
    assert!(fact("running", "a call").contains("array returned"));
    assert!(fact("NumPy", "version").starts_with(|c: char| c.is_ascii_digit()));
    assert!(!fact("NumPy", "BLAS").is_empty());
    assert_eq!(fact("NumPy", "allocator"), "callpy (mimalloc)");
    assert_eq!(fact("target", "signature"), "f(a: float, b: int = 2) -> float");
    assert_eq!(answer["candidates"][0]["verdict"], "chosen");

    let mut command = alone(&folder, &["doctor", "f.py:f"]);
    named(&mut command);
    let text = run(&mut command).printed();
    assert!(text.starts_with("callpy can call Python 3."), "{text}");
    assert!(text.contains("with NumPy") && text.contains("\nf.py:f\n"), "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn no_python_at_all() {
    let folder = Folder::plain("def f(): pass\n");
    let (_, answer) = examine(&folder, &[], |_| ());
    assert!(is_fatal(&answer, &["there is no Python"], "uv python install"));
    let systems: Vec<&str> = answer["problems"][0]["fixes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|fix| fix["system"].as_str())
        .collect();
    assert_eq!(systems.len(), 7, "{systems:?}");
    // A failed call prints the doctor's first fix.
    let first = answer["problems"][0]["fixes"][0]["action"].as_str().unwrap();
    for command in ["call", "time"] {
        let failed = run(&mut alone(&folder, &[command, "f.py:f"]));
        let said = failed.failed(1, &["no Python was found: install", &format!("fix: {first}\n")]);
        assert_eq!(said.matches("no Python was found").count(), 1, "{said}");
    }
}

#[test]
fn a_static_one_and_one_for_another_machine() {
    let folder = Folder::plain("def f(): pass\n");
    let here = format!("linux-{}", std::env::consts::ARCH);
    fake(&folder, &facts(&here, usize::BITS, Path::new("/opt/p/lib/libpython3.12.so.1.0")));
    let (_, answer) = examine(&folder, &[], |_| ());
    assert!(is_fatal(&answer, &["no shared library"], "uv python install 3.12"));
    assert!(is_fatal(
        &answer,
        &["no shared library"],
        "--enable-shared pyenv install --force 3.12.1"
    ));
    let said = run(&mut alone(&folder, &["call", "f.py:f"]))
        .failed(1, &["no shared library", "fix: uv python install 3.12\n"]);
    assert_eq!(said.lines().filter(|line| line.starts_with("error:")).count(), 1, "{said}");

    let folder = Folder::plain("def f(): pass\n");
    let library = folder.path().join("libpython3.12.so");
    fs::write(&library, "").unwrap();
    fake(&folder, &facts("linux-mips", 32, &library));
    let (_, answer) = examine(&folder, &[], |_| ());
    assert!(is_fatal(&answer, &["built for linux-mips (32 bits)"], std::env::consts::ARCH));
    run(&mut alone(&folder, &["call", "f.py:f"])).failed(1, &["built for linux-mips (32 bits)"]);
}

#[test]
fn an_environment_whose_base_is_gone() {
    let folder = Folder::plain("def f(): pass\n");
    let venv = folder.path().join("my venv é");
    fs::create_dir_all(venv.join("bin")).unwrap();
    std::os::unix::fs::symlink("/opt/gone/bin/python3.9", venv.join("bin/python")).unwrap();
    let active = |command: &mut Command| {
        command.env("VIRTUAL_ENV", &venv);
    };
    let (_, answer) = examine(&folder, &[], active);
    let fix = format!("venv --clear \"{}\"", venv.display());
    assert!(is_fatal(&answer, &["VIRTUAL_ENV", "/opt/gone/bin/python3.9 is gone"], &fix));
    let mut call = alone(&folder, &["call", "f.py:f"]);
    active(&mut call);
    run(&mut call).failed(1, &["is gone", "fix: ", &fix]);
}

#[test]
fn an_environment_of_another_version_than_its_python() {
    let folder = Folder::plain("def f(): pass\n");
    let venv = folder.path().join("venv");
    environment(&venv);
    let config = fs::read_to_string(venv.join("pyvenv.cfg")).unwrap();
    let lines = config.lines().map(|line| match line.split_once(" = ") {
        Some(("version", _)) => "version = 3.6.1",
        _ => line,
    });
    let config: Vec<&str> = lines.collect();
    fs::write(venv.join("pyvenv.cfg"), config.join("\n")).unwrap();
    let (_, answer) = examine(&folder, &["--python", venv.to_str().unwrap()], |_| ());
    assert!(!is_fatal(
        &answer,
        &["was created for Python 3.6", "does not see the packages"],
        "venv --clear"
    ));
}

#[test]
fn a_library_of_another_version_than_its_python() {
    let folder = Folder::plain("def f(): pass\n");
    let (_, answer) = examine(&folder, &["--python", python().to_str().unwrap()], |_| ());
    let library = answer["facts"]["Python"]["libpython"].as_str().unwrap();
    // It says 3.12 unless it is that.
    let facts =
        facts(&format!("linux-{}", std::env::consts::ARCH), usize::BITS, Path::new(library));
    let facts = match library.contains("3.12") {
        true => facts.replace("[3,12,1]", "[3,11,1]"),
        false => facts,
    };
    fake(&folder, &facts);
    let (works, answer) = examine(&folder, &[], |_| ());
    assert!(!works, "{answer:#}");
    assert!(is_fatal(&answer, &[library, "names it as its library"], "reinstall this one"));
    run(&mut alone(&folder, &["call", "f.py:f"]))
        .failed(1, &["names it as its library", "reinstall"]);
}

#[test]
fn numpy_that_is_missing_old_broken_or_anothers() {
    let folder = Folder::plain("import numpy\ndef f(): pass\n").file("g.py", "def g(): pass\n");
    let venv = folder.path().join("venv");
    let python = environment(&venv);
    let site = site_packages(&venv);
    let venv = venv.to_str().unwrap();
    let look =
        |target: &[&str]| examine(&folder, &[&["--python", venv], target].concat(), |_| ()).1;

    let answer = look(&[]);
    assert!(is_fatal(
        &answer,
        &["NumPy is not installed"],
        "bin/python -m pip install --upgrade numpy"
    ));
    // PDM creates environments without pip.
    fs::remove_file(python.with_file_name("pip")).unwrap();
    let answer = look(&[]).to_string();
    assert!(answer.contains("uv pip install") && !answer.contains("-m pip install"), "{answer}");
    fs::write(python.with_file_name("pip"), "").unwrap();
    // A function that does not need it can be called.
    assert!(!is_fatal(&look(&["g.py:g"]), &["NumPy is not installed"], "uv pip install"));
    assert!(is_fatal(
        &look(&["f.py:f"]),
        &["f.py can't be imported", "numpy"],
        "install --upgrade numpy"
    ));
    let call = ["call", "f.py:f", "--python", venv];
    run(&mut alone(&folder, &call)).failed(1, &["help: ", "-m pip install numpy"]);

    let numpy = site.join("numpy");
    fs::create_dir_all(&numpy).unwrap();
    fs::write(numpy.join("__init__.py"), "__version__ = '1.10.4'\n").unwrap();
    assert!(is_fatal(&look(&[]), &["NumPy 1.10.4", "is too old"], "--upgrade numpy"));

    fs::write(numpy.join("__init__.py"), "raise RuntimeError('half an installation')\n").unwrap();
    let words = ["can't be imported: RuntimeError: half an installation"];
    assert!(is_fatal(&look(&[]), &words, "--force-reinstall --upgrade numpy"));

    let core = numpy.join("_core");
    fs::create_dir_all(&core).unwrap();
    fs::write(core.join("_multiarray_umath.cpython-36m-x86_64-linux-gnu.so"), "").unwrap();
    let words = ["was built for another Python (cpython-36m-x86_64-linux-gnu.so)"];
    assert!(is_fatal(&look(&[]), &words, "--force-reinstall"));
    let call = ["call", "numpy:sum", "--arg", "a=[1]", "--python", venv];
    run(&mut alone(&folder, &call)).failed(1, &["half an installation"]);
}

#[test]
fn a_module_that_shadows_a_standard_one() {
    let folder = Folder::plain("def f(): pass\n").file("random.py", "x = 1\n");
    let python = python();
    let python = python.to_str().unwrap();
    let (_, answer) = examine(&folder, &["f:f", "--python", python], |_| ());
    let words = ["random.py shadows the standard module random"];
    is_fatal(&answer, &words, "rename the file");
    let (works, answer) = examine(&folder, &["f.py:f", "--python", python], |_| ());
    assert!(works, "{answer:#}");
    let words = ["random.py can't be imported", "imports the standard module"];
    assert!(!is_fatal(&answer, &words, "rename the file"));
}

#[test]
fn a_variable_with_which_python_does_not_start() {
    let folder = Folder::plain("def f(): pass\n");
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(base(), folder.path().join("bin/python3")).unwrap();
    // Known to start, so that nothing but the variables can tell.
    examine(&folder, &[], |_| ());
    for (name, value) in [("PYTHONHOME", "/nowhere"), ("PYTHONIOENCODING", "bogus")] {
        let wrong = |command: &mut Command| {
            command.env(name, value);
        };
        let told = format!("({name} is \"{value}\")");
        let words = ["it does not start: Fatal Python error", &told];
        let fix = format!("unset {name}");
        let (works, answer) = examine(&folder, &[], wrong);
        assert!(!works && is_fatal(&answer, &words, &fix), "{answer}");
        let mut call = alone(&folder, &["call", "f.py:f"]);
        wrong(&mut call);
        run(&mut call).failed(1, &[words[0], &told, &fix]);
    }
}

/// A folder that wants a package of no index, on this machine's own closed port.
fn wanting(name: &str) -> Folder {
    let header = format!("# /// script\n# dependencies = [\"{name}\"]\n# ///\n");
    let folder = Folder::new().file("f.py", format!("{header}def f(): pass\n"));
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(base(), folder.path().join("bin/python3")).unwrap();
    folder
}

fn without_network(command: &mut Command) -> &mut Command {
    let closed = "http://127.0.0.1:1/simple";
    command.env("PIP_INDEX_URL", closed).env("UV_INDEX_URL", closed).env("PIP_RETRIES", "0");
    command.env_remove("PIP_EXTRA_INDEX_URL").env("PIP_CONFIG_FILE", "/dev/null")
}

#[test]
fn no_network() {
    let folder = wanting("callpy-no-such-package");
    let cache = folder.path().join("cache");
    let set = |command: &mut Command| {
        without_network(command).env("CALLPY_CACHE", &cache);
    };
    let (_, answer) = examine(&folder, &["f.py:f"], set);
    assert!(is_fatal(
        &answer,
        &["can't install callpy-no-such-package"],
        "package index can be reached"
    ));
    let mut call = alone(&folder, &["call", "f.py:f"]);
    set(&mut call);
    run(&mut call).failed(1, &["callpy-no-such-package"]);
    // Nothing half-made is left that a later start would take for an environment.
    let markers = |folder: &Path| -> usize {
        let mut found = 0;
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                found += usize::from(entry.file_name() == "callpy.json");
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        found
    };
    assert_eq!(markers(&cache), 0);
}

#[test]
fn a_cache_folder_that_cannot_be_written() {
    let folder = wanting("callpy-no-such-package");
    // Not even root makes a folder below a file.
    let cache = folder.path().join("f.py/cache");
    let set = |command: &mut Command| {
        without_network(command).env("CALLPY_CACHE", &cache);
    };
    let (_, answer) = examine(&folder, &["f.py:f"], set);
    assert!(is_fatal(
        &answer,
        &["can't create the environment in", "set CALLPY_CACHE"],
        "CALLPY_CACHE"
    ));
    let mut call = alone(&folder, &["call", "f.py:f"]);
    set(&mut call);
    run(&mut call).failed(1, &["can't create the environment in", "set CALLPY_CACHE"]);
}

#[test]
fn a_full_disk_while_an_environment_is_made() {
    let folder = wanting("callpy-no-such-package");
    let cache = folder.path().join("small");
    fs::create_dir(&cache).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(&cache)
        .output()
        .is_ok_and(|ended| ended.status.success());
    if !mounted {
        println!("not run: this user can't mount a small disk");
        return;
    }
    let set = |command: &mut Command| {
        without_network(command).env("CALLPY_CACHE", &cache);
    };
    let outcome = std::panic::catch_unwind(|| {
        let (_, answer) = examine(&folder, &["f.py:f"], set);
        let fatal = is_fatal(
            &answer,
            &["can't create the environment in", "no storage space"],
            "CALLPY_CACHE",
        );
        let mut call = alone(&folder, &["call", "f.py:f"]);
        set(&mut call);
        let said = run(&mut call).failed(1, &["can't create the environment in"]);
        (fatal, said)
    });
    assert!(Command::new("umount").arg(&cache).status().unwrap().success());
    let (fatal, said) = outcome.unwrap();
    assert!(fatal && said.contains("no storage space"), "{said}");
}

#[test]
fn a_target_that_ends_the_process_or_never_returns() {
    let folder = Folder::plain(
        "import os, sys\nsys.stderr.write('so long\\n')\nsys.stderr.flush()\nos.abort()\n",
    )
    .file("g.py", "import time\ntime.sleep(600)\n")
    .file("h.py", "import no_such_module_here\n")
    .file("i.py", "print('callpy doctor: {}')\ndef f(a, b=1): pass\n");
    let python = python();
    let python = python.to_str().unwrap();
    let (_, answer) = examine(&folder, &["f.py:f", "--python", python], |_| ());
    assert!(is_fatal(&answer, &["ended the process", "so long"], "the module ends the process"));
    let (_, answer) = examine(&folder, &["g.py:f", "--python", python, "--limit", "2"], |_| ());
    assert!(is_fatal(&answer, &["longer than 2 s"], "--limit"));
    let (_, answer) = examine(&folder, &["h.py:f", "--python", python], |_| ());
    assert!(is_fatal(
        &answer,
        &["h.py can't be imported", "no_such_module_here"],
        "no_such_module_here"
    ));
    let (works, answer) = examine(&folder, &["i.py:f", "--python", python], |_| ());
    assert!(works && answer["facts"]["target"]["signature"] == "f(a, b=1)", "{answer:#}");
    let (_, answer) = examine(&folder, &["i.py:g", "--python", python], |_| ());
    assert!(
        answer["problems"][0]["what"].as_str().unwrap().contains("there is no \"g\" in it"),
        "{answer:#}"
    );
    let (_, answer) = examine(&folder, &["no.py:g", "--python", python], |_| ());
    assert!(
        answer["problems"][0]["what"].as_str().unwrap().contains("there is no file no.py"),
        "{answer:#}"
    );
}

/// The doctor's answer does not wait for what the target has left running.
#[test]
fn a_target_that_leaves_a_process_behind() {
    let folder = Folder::plain(
        "import subprocess\n\
         left = subprocess.Popen(['/bin/sleep', '600'])\n\
         with open('left', 'w') as file:\n    file.write(str(left.pid))\n\
         def f(): pass\n",
    );
    let python = python();
    let mut command = alone(&folder, &["doctor", "--json", "f.py:f", "--python"]);
    let mut doctor = command.arg(python).stdout(Stdio::null()).spawn().unwrap();
    let (sender, ended) = channel();
    let waiter = thread::spawn(move || sender.send(doctor.wait()));
    // Longer than the doctor's own limit, and much shorter than what is left lives.
    let status = ended.recv_timeout(Duration::from_secs(120));
    let left = fs::read_to_string(folder.path().join("left")).unwrap();
    assert!(Command::new("kill").arg(left).status().unwrap().success());
    waiter.join().unwrap().unwrap();
    assert_eq!(status.expect("the doctor hangs").unwrap().code(), Some(0));
}

#[test]
fn a_named_python_that_does_not_exist() {
    let folder = Folder::plain("def f(): pass\n");
    let (_, answer) = examine(&folder, &["--python", "/nowhere/python"], |_| ());
    assert!(is_fatal(
        &answer,
        &["named: /nowhere/python", "no such file"],
        "name a Python that exists"
    ));
    let (_, answer) = examine(&folder, &["--python", "3.99"], |_| ());
    let words = ["named: 3.99: there is no Python 3.99 on PATH", "neither pyenv nor uv has one"];
    assert!(is_fatal(&answer, &words, "uv python install '3.99'"), "{answer}");
}
