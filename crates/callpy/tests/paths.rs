//! Paths are bytes, not text: they are passed and returned unchanged, and shown with escapes.
#![cfg(unix)]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use callpy::{ErrorKind, Object, Python};
use common::{alone, lambda, python};

/// A folder whose name is not UTF-8.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join(OsStr::from_bytes(b"caf\xe9 \xff\xc3\xa9"));
    fs::create_dir(&folder).unwrap();
    (place, folder)
}

/// Runs a body in a UTF-8 locale, and in one that has ASCII alone.
fn in_each_locale(name: &str, body: impl Fn()) {
    if common::is_child(name) {
        return body();
    }
    for (locale, utf8) in [("C.UTF-8", "1"), ("C", "0")] {
        let prepare = |child: &mut std::process::Command| {
            child.env("LC_ALL", locale).env("PYTHONUTF8", utf8);
        };
        alone(name, prepare, || unreachable!());
    }
}

#[test]
fn a_search_path_of_any_bytes() {
    in_each_locale("a_search_path_of_any_bytes", || {
        let (_place, folder) = folder();
        let file = folder.join("of_any_bytes.py");
        fs::write(&file, "def whereabouts():\n    return __file__\n").unwrap();
        let python = Python::builder().search_path(&folder).start().unwrap();
        let whereabouts = python.function("of_any_bytes:whereabouts").unwrap();
        assert_eq!(whereabouts.call::<PathBuf>(()).unwrap(), file);
    });
}

#[test]
fn a_file_of_any_bytes() {
    in_each_locale("a_file_of_any_bytes", || {
        let (_place, folder) = folder();
        let file = folder.join(OsStr::from_bytes(b"f\xe9.py"));
        let source = "import neighbour\ndef name():\n    return neighbour.folder()\n\
                      def fail():\n    raise ValueError(__file__)\n";
        fs::write(&file, source).unwrap();
        let neighbour = "import os\ndef folder():\n    return os.path.dirname(__file__)\n";
        fs::write(folder.join("neighbour.py"), neighbour).unwrap();

        let python = Python::builder().script(&file).start().unwrap();
        let target = |function: &str| {
            let mut target = OsString::from(&file);
            target.push(function);
            target
        };
        let name = python.function(target(":name")).unwrap();
        assert_eq!(name.call::<PathBuf>(()).unwrap(), folder);
        let module = python.module(&file).unwrap();
        assert_eq!(module.attr("__file__").unwrap().extract::<PathBuf>().unwrap(), file);

        let error = module.function("fail").unwrap().call::<()>(()).unwrap_err();
        let exception = error.exception().unwrap();
        assert!(exception.message().contains(r"caf\udce9 \udcff"), "{error}");
        assert!(exception.traceback().contains(r"f\udce9.py"), "{error:#}");

        let error = python.function(target("_not_there.py:f")).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Target), "{error}");
        assert!(error.to_string().starts_with("there is no file"), "{error}");
        let error = python.function(target("")).unwrap_err();
        assert!(error.to_string().contains("names no function"), "{error}");
    });
}

#[test]
fn an_argument_and_a_result_of_any_bytes() {
    python();
    let path = Path::new(OsStr::from_bytes(b"/tmp/\xe9"));
    let same = lambda("lambda path: path");
    assert_eq!(same.call::<PathBuf>(path).unwrap(), path);
    assert_eq!(same.call::<OsString>(path.to_owned()).unwrap(), path);
    assert_eq!(same.call::<OsString>(path.as_os_str()).unwrap(), path);
    let each: Vec<PathBuf> = same.call(vec![path, path]).unwrap();
    assert_eq!(each, [path, path]);
    let as_path = lambda("lambda path: __import__('pathlib').Path(path)");
    assert_eq!(as_path.call::<PathBuf>(path).unwrap(), path);
    let error = lambda("lambda: b'bytes'").call::<PathBuf>(()).unwrap_err();
    assert!(error.to_string().contains("expected a path"), "{error}");
    // Half of a pair of surrogates represents no byte.
    assert!(lambda("lambda: '\\ud800'").call::<PathBuf>(()).is_err());
}

#[test]
fn what_is_no_text_is_shown_with_escapes() {
    python();
    let text: Object = lambda("lambda: 'caf\\udce9 \\ud800 é'").call(()).unwrap();
    assert_eq!(text.to_string(), r"caf\udce9 \ud800 é");
    assert!(text.extract::<String>().is_err());
    let named: Object =
        lambda("lambda: type('Odd', (), {'__repr__': lambda _: '\\udc80'})()").call(()).unwrap();
    assert_eq!((named.to_string(), named.repr().unwrap()), (r"\udc80".into(), r"\udc80".into()));
    assert_eq!(format!("{named:?}"), r"\udc80");
}

#[test]
fn keys_that_only_python_tells_apart_are_an_error() {
    let made = "__import__('pathlib').Path('a')";
    let map = common::eval::<HashMap<PathBuf, i64>>(&format!("{{'a': 1, {made}: 2}}"));
    assert!(map.unwrap_err().to_string().contains("two keys of the dict are one in Rust"));
    let map = common::eval::<BTreeMap<PathBuf, i64>>(&format!("{{'b': 1, {made}: 2}}")).unwrap();
    assert_eq!(map.into_values().collect::<Vec<_>>(), [2, 1]);
    let set = common::eval::<HashSet<PathBuf>>(&format!("{{'a', {made}}}"));
    assert!(set.unwrap_err().to_string().contains("two items of the set are one in Rust"));
}
