//! A short tour with every CPython that is installed: this one binary, started once for each.
//!
//! Pythons are looked for among pyenv's versions, on PATH, and in `CALLPY_SMOKE_PYTHONS`, a list
//! written as PATH is. Each gets an environment with NumPy, unless it has NumPy; if that can't be
//! created (there is no network), the tour skips arrays, and says so. At least one must run.
#![allow(missing_docs, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::thread;

use callpy::locate::{self, Wanted};
use callpy::{Array, ErrorKind, Object, Python, Result, named};

/// Set in a child, which runs the tour with `CALLPY_PYTHON`.
const CHILD: &str = "CALLPY_SMOKE_CHILD";

fn main() -> ExitCode {
    if env::var_os(CHILD).is_some() {
        if let Err(error) = tour() {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    }
    if env::args().any(|argument| argument == "--list") {
        println!("every_python: test");
        return ExitCode::SUCCESS;
    }
    // `cargo test NAME` runs all tests whose names contain it.
    let filters: Vec<String> = env::args().skip(1).filter(|text| !text.starts_with('-')).collect();
    if !filters.is_empty() && !filters.iter().any(|filter| "every_python".contains(filter.as_str()))
    {
        return ExitCode::SUCCESS;
    }
    let (usable, unusable) = pythons();
    println!("\nrunning the tour with {} Pythons", usable.len());
    for (path, reason) in &unusable {
        println!("  not with {}: {reason}", path.display());
    }
    let waiting = Mutex::new(usable.into_iter());
    let results = Mutex::new((0, 0));
    // Two at a time: installing is mostly waiting.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((path, version)) = next(&waiting) {
                    let (said, ok) = run(&path);
                    println!("  {version} {}: {said}", path.display());
                    let mut results = results.lock().unwrap();
                    if ok { results.0 += 1 } else { results.1 += 1 }
                }
            });
        }
    });
    let (passed, failed) = results.into_inner().unwrap();
    println!("\ntest result: {passed} passed; {failed} failed; {} unusable\n", unusable.len());
    if passed > 0 && failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn next<T>(waiting: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    waiting.lock().unwrap().next()
}

type Usable = Vec<(PathBuf, String)>;

/// Finds every Python, each once, and says why some can't be used.
fn pythons() -> (Usable, BTreeMap<PathBuf, String>) {
    let mut seen = BTreeSet::new();
    let (mut usable, mut unusable) = (Vec::new(), BTreeMap::new());
    for path in candidates() {
        match locate::find(&Wanted { python: Some(path.clone()), ..Wanted::default() }) {
            Ok((python, _)) => {
                let (major, minor, micro) = python.version();
                // Many names are links to a Python that was seen already.
                let library = python.libpython().canonicalize().unwrap_or_default();
                if seen.insert((library, python.prefix().to_owned())) {
                    usable.push((path, format!("{major}.{minor}.{micro}")));
                }
            }
            Err(error) => _ = unusable.insert(path, error.to_string()),
        }
    }
    (usable, unusable)
}

fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(list) = env::var_os("CALLPY_SMOKE_PYTHONS") {
        found.extend(env::split_paths(&list));
    }
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(env::home_dir()?.join(".pyenv")));
    if let Some(versions) = pyenv.map(|root| root.join("versions")) {
        found.extend(folder(&versions).into_iter().map(|version| version.join("bin/python")));
    }
    for on_path in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
        let named_python = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let version = name.strip_prefix("python").unwrap_or("no");
            version.is_empty() || version.starts_with('3') && !version.contains(['-', 'c'])
        };
        // pyenv's shims lead to the versions above.
        if !on_path.ends_with("shims") {
            found.extend(folder(&on_path).into_iter().filter(named_python));
        }
    }
    found.retain(|path| path.exists());
    found.dedup();
    found
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = path.read_dir().into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

/// Runs the tour in a child; returns its output, and whether it succeeded.
fn run(path: &Path) -> (String, bool) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.env(CHILD, "1").env("CALLPY_PYTHON", path).stdin(Stdio::null());
    let output = child.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut lines = printed.lines();
    let said = lines.next().unwrap_or_default();
    if output.status.success() && lines.next() == Some("the exit handler ran") {
        return (said.to_owned(), true);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    (format!("FAILED, {}\n{printed}{errors}", output.status), false)
}

const SOURCE: &str = "
import atexit
import sys
import threading

atexit.register(print, 'the exit handler ran')

def version():
    numpy = sys.modules.get('numpy')
    return numpy.__version__ if numpy else None

def scale(array, *, by=1):
    return array * by

def double(array):
    array *= 2

def kept(array, kept=[]):
    kept.append(array)
    return len(kept)

def describe(**values):
    return {key: type(value).__name__ for key, value in values.items()}

def forever():
    global begun
    begun = True
    while True:
        pass

begun = False

def fail(array):
    raise ValueError('on purpose', len(array))
";

/// Starts, calls, lends, receives results and errors, on many threads, and ends.
fn tour() -> Result<()> {
    let numpy = Python::builder().require(["numpy"]).start();
    let without = match &numpy {
        Err(error) if matches!(error.kind(), ErrorKind::Environment) => Some(error.to_string()),
        _ => None,
    };
    let python = if without.is_some() { Python::start()? } else { numpy? };
    let module = python.module_from_source("tour", "tour.py", SOURCE)?;
    let describe = module.function("describe")?;
    let fail = module.function("fail")?;

    let types: BTreeMap<String, String> =
        describe.call((named("a", 1), named("b", "text"), named("c", (true, 1.5))))?;
    let expected = [("a", "int"), ("b", "str"), ("c", "tuple")];
    assert!(types.iter().map(|(key, value)| (&**key, &**value)).eq(expected));
    let error = fail.call::<Object>("abc").unwrap_err();
    let exception = error.exception().expect("a ValueError");
    assert_eq!(exception.type_name(), "ValueError");
    assert!(exception.traceback().contains("raise ValueError('on purpose', len(array))"));

    if without.is_none() {
        arrays(&python)?;
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let size: Object = module.attr("fail").unwrap();
                    assert_eq!(size.attr("__name__").unwrap().to_string(), "fail");
                    if without.is_none() {
                        arrays(&python).unwrap();
                    }
                }
            });
        }
    });
    python.enable_interrupts()?;
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            while module.attr("begun").unwrap().to_string() != "True" {
                thread::yield_now();
            }
            python.interrupt();
        });
        module.function("forever").unwrap().call::<()>(()).unwrap_err()
    });
    assert_eq!(error.exception().expect("an interrupt").type_name(), "KeyboardInterrupt");
    let list: Object = python.function("builtins:list")?.call("abc")?;
    thread::spawn(move || drop(list)).join().unwrap();
    let version: Option<String> = module.function("version")?.call(())?;
    match (version, without) {
        (Some(version), _) => println!("NumPy {version}"),
        (None, reason) => println!("without arrays: {}", reason.unwrap_or_default()),
    }
    Ok(())
}

fn arrays(python: &Python) -> Result<()> {
    let module = python.module("tour")?;
    let series: Vec<f64> = (0..1_000).map(f64::from).collect();
    let scaled: Array<f64> = module.function("scale")?.call((&series, named("by", 3)))?;
    assert!(scaled.iter().zip(&series).all(|(scaled, value)| *scaled == value * 3.0));
    let matrix: Array<f64> = python.function("numpy:outer")?.call((&series[..2], &series[..3]))?;
    assert_eq!((matrix.shape(), &matrix[..]), (&[2, 3][..], &[0.0, 0.0, 0.0, 0.0, 1.0, 2.0][..]));

    let mut writable = vec![1_i32, 2, 3];
    module.function("double")?.call::<()>(&mut writable[..])?;
    assert_eq!(writable, [2, 4, 6]);
    let read_only = module.function("double")?.call::<()>(&series).unwrap_err();
    assert_eq!(read_only.exception().expect("a ValueError").type_name(), "ValueError");

    module.function("kept")?.call::<i64>(series.clone())?;
    let error = module.function("fail")?.call::<Object>(&series).unwrap_err();
    assert!(error.to_string().contains("1000"), "{error}");
    let view: Array<f64> = python.function("numpy:flip")?.call((&series, 0))?;
    assert_eq!((view[0], view[999]), (999.0, 0.0));
    Ok(())
}
