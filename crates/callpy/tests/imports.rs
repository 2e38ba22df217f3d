//! What errors say where an import found nothing, or the wrong module.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::path::Path;

use callpy::{Error, Language, Python};
use common::{alone, python};
use tempfile::TempDir;

/// A folder with files, each with its text.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The error of the function `f` in a file of a folder, or that of loading it.
fn error_in(folder: &Path, file: &str) -> Error {
    let target = format!("{}:f", folder.join(file).display());
    Python::start().unwrap().function(target).and_then(|f| f.call::<()>(())).unwrap_err()
}

/// Checks that an error has these parts, and ends with its hint.
fn check(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(text.ends_with(error.hint().unwrap()), "{text}");
}

fn executable() -> String {
    python().module("sys").unwrap().attr("executable").unwrap().to_string()
}

#[test]
fn a_missing_module_names_the_interpreter_and_the_fixes() {
    let folder = folder(&[
        ("at_load.py", "import absent_one\n"),
        ("inside.py", "def f():\n    import absent_one.part\n"),
        ("from_it.py", "def f():\n    from absent_one.part import thing\n"),
        ("by_name.py", "import importlib\ndef f():\n    importlib.import_module('absent_one')\n"),
        ("outer.py", "def f():\n    import outer_neighbour\n"),
        ("outer_neighbour.py", "import absent_one\n"),
        (
            "caused.py",
            "def f():\n    try:\n        import absent_one\n    except ImportError as error:\n        \
             raise RuntimeError('no backend') from error\n",
        ),
        (
            "told.py",
            "def f():\n    try:\n        import absent_one\n    except ImportError:\n        \
             raise ImportError('this function wants another package')\n",
        ),
        (
            "by_hand.py",
            "def f():\n    raise ModuleNotFoundError(\"No module named 'absent_one'\")\n",
        ),
    ]);
    let executable = executable();
    let lacks = format!("; {executable} has no module 'absent_one': ");
    let files = ["at_load", "inside", "from_it", "by_name", "outer", "caused", "told", "by_hand"];
    for file in files {
        let error = error_in(folder.path(), &format!("{file}.py"));
        check(&error, &[&lacks, "require([\"absent_one\"])", "search_path"]);
    }
    let of_text =
        python().module_from_source("lacking", "lacking.py", "import absent_one").unwrap_err();
    check(&of_text, &[&lacks]);
    check(&python().module("absent_one").unwrap_err(), &[&lacks]);
}

#[test]
fn a_package_is_named_as_pip_knows_it() {
    for (module, package) in [("cv2", "opencv-python"), ("skimage", "scikit-image")] {
        // A Python for tests may have them.
        if python().module(module).is_err() {
            let error = python().module(module).unwrap_err();
            check(
                &error,
                &[&format!("no module '{module}'"), &format!("require([\"{package}\"])")],
            );
        }
    }
    let error = python().module("_not_compiled").unwrap_err();
    check(&error, &["'_not_compiled' belongs to the standard library", &executable()]);
    assert!(!error.to_string().contains("pip"), "{error}");
}

#[test]
fn fixes_are_in_the_programs_own_language() {
    alone(
        "fixes_are_in_the_programs_own_language",
        |_| (),
        || {
            for (language, require, search) in [
                (Language::Rust, "Python::builder().require([\"absent\"])", "Builder::search_path"),
                (
                    Language::C,
                    "\"absent\" in `requirements` of callpy_python_options",
                    "`search_path` of",
                ),
                (Language::Command, "`--with absent`", "PYTHONPATH"),
                (Language::Go, "callpy.WithRequirements(\"absent\")", "callpy.WithSearchPath"),
            ] {
                let python = Python::builder().language(language).start().unwrap();
                check(&python.module("absent").unwrap_err(), &[require, search]);
            }
        },
    );
}

#[test]
fn other_exceptions_get_no_hint() {
    let folder = folder(&[
        ("attribute.py", "def f():\n    return (1).absent\n"),
        ("of_module.py", "import json\ndef f():\n    return json.absent\n"),
        ("name.py", "from json import absent\n"),
        (
            "handled.py",
            "def f():\n    try:\n        import absent_one\n    except ImportError:\n        1 / 0\n",
        ),
        ("nameless.py", "def f():\n    raise ImportError\n"),
        ("odd.py", "def f():\n    raise ModuleNotFoundError('odd', name=7)\n"),
    ]);
    for file in ["attribute", "of_module", "name", "handled", "nameless", "odd"] {
        let error = error_in(folder.path(), &format!("{file}.py"));
        assert_eq!(error.hint(), None, "{file}: {error}");
        assert!(error.exception().is_some(), "{file}: {error}");
    }
}

#[test]
fn a_module_that_hides_another_is_told_by_its_file() {
    let name = "a_module_that_hides_another_is_told_by_its_file";
    let files = folder(&[
        ("colorsys.py", "import colorsys\nx = colorsys.rgb_to_hsv(0, 0, 0)\n"),
        ("shelve.py", "def of_mine(): pass\n"),
        ("numpy.py", "def of_mine(): pass\n"),
        ("frame/__init__.py", ""),
        ("empty_folder/data.txt", ""),
        ("itself.py", "import itself\nitself.f()\n"),
        ("hidden.py", "def f():\n    import colorsys\n    return colorsys.rgb_to_hsv(0, 0, 0)\n"),
        ("attribute.py", "def f():\n    import shelve\n    return shelve.open('x')\n"),
        ("name.py", "def f():\n    from shelve import open\n"),
        ("part.py", "def f():\n    import numpy.linalg\n"),
        ("own.py", "def f():\n    import frame\n    return frame.DataFrame\n"),
        ("no_init.py", "def f():\n    import empty_folder\n    return empty_folder.array\n"),
    ]);
    // The standard module is found first if the folder is not at the front of the search path.
    let late = folder(&[
        ("wave.py", "def of_mine(): pass\n"),
        ("late.py", "def f():\n    from wave import of_mine\n"),
    ]);
    alone(
        name,
        |command| _ = command.env("CALLPY_PYTHON", executable()),
        || {
            let python = Python::builder().search_path(files.path()).start().unwrap();
            let place = |name: &str| {
                let path = files.path().canonicalize().unwrap().join(name);
                path.display().to_string()
            };
            let error = |file: &str| error_in(files.path(), file);
            let library = python.module("os").unwrap().attr("__file__").unwrap().to_string();
            let library = Path::new(&library).canonicalize().unwrap();
            let standard = |name: &str| library.with_file_name(name).display().to_string();
            let hides = |name: &str| {
                let (own, other) = (place(name), standard(name));
                let module = name.trim_end_matches(".py");
                format!("`import {module}` finds {own} and not {other}: rename {own}")
            };
            check(&error("hidden.py"), &[&hides("colorsys.py")]);
            check(&error("attribute.py"), &[&hides("shelve.py")]);
            check(&error("name.py"), &[&hides("shelve.py")]);
            let numpy = place("numpy.py");
            check(&error("part.py"), &[&format!("`import numpy` finds {numpy} and not ")]);
            let frame = place("frame/__init__.py");
            check(&error("own.py"), &[&format!("; `import frame` finds {frame}")]);
            let no_init = place("empty_folder");
            let text = format!("finds the folder {no_init}, which has no __init__.py");
            check(&error("no_init.py"), &[&text]);
            let itself = format!("finds {}, which is still being imported", place("itself.py"));
            check(&error("itself.py"), &[&itself]);

            let late_place = late.path().canonicalize().unwrap().join("wave.py");
            let (own, other) = (late_place.display(), standard("wave.py"));
            let text = format!("`import wave` finds {other} and not {own}: rename {own}");
            check(&error_in(late.path(), "late.py"), &[&text]);
        },
    );
}

#[test]
fn a_relative_import_without_a_package_gets_the_dotted_name() {
    let files = folder(&[
        ("family/__init__.py", ""),
        ("family/inner/__init__.py", ""),
        ("family/inner/child.py", "from . import sibling\n"),
        ("family/inner/sibling.py", ""),
        ("family/lazy.py", "def f():\n    from .inner import sibling\n"),
        ("plain/alone.py", "from .other import thing\n"),
    ]);
    let root = files.path().canonicalize().unwrap();
    for (file, dotted) in [
        ("family/inner/child.py", "family.inner.child"),
        ("family/lazy.py", "family.lazy"),
        ("plain/alone.py", "plain.alone"),
    ] {
        let error = error_in(files.path(), file);
        let fix =
            format!("import it as \"{dotted}\", and add {} to the search path", root.display());
        check(&error, &["not as part of a package", &fix, "Builder::search_path"]);
    }
    let text =
        python().module_from_source("relative", "relative.py", "from . import x").unwrap_err();
    check(&text, &["source text is not part of a package", "import = \"package.module\""]);
    // The fix works.
    let python = Python::builder().search_path(&root).start().unwrap();
    python.function("family.lazy:f").unwrap().call::<()>(()).unwrap();
    python.module("family.inner.child").unwrap();
    python.module("plain.alone").unwrap_err();
}
