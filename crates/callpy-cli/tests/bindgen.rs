//! `callpy bindgen`: prints what the macro makes; that the code works is tested with the macro.
#![allow(missing_docs, reason = "a test")]

mod command;

use std::process::Command;

use command::{Ended, Folder};

fn bindgen(folder: &Folder, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callpy"));
    let ended = command.current_dir(folder.path()).arg("bindgen").args(arguments).output().unwrap();
    Ended {
        stdout: String::from_utf8(ended.stdout).unwrap(),
        stderr: String::from_utf8(ended.stderr).unwrap(),
        code: ended.status.code(),
    }
}

#[test]
fn a_file_becomes_a_module() {
    let folder = Folder::new().file("python/my-area.py", "def area(a: float) -> float: ...\n");
    let code = bindgen(&folder, &["python/my-area.py"]).printed();
    assert!(code.contains("pub mod my_area {"), "{code}");
    assert!(code.contains("pub fn area(a: f64) -> __callpy::Result<f64> {"), "{code}");
    assert!(
        code.contains(r#"concat!(env!("CARGO_MANIFEST_DIR"), "/python/my-area.py")"#),
        "{code}"
    );

    let code =
        bindgen(&folder, &["python/my-area.py", "--name", "x", "--import", "pkg.area"]).printed();
    assert!(
        code.contains("pub mod x {") && code.contains(r#"Source::Imported("pkg.area")"#),
        "{code}"
    );
    assert!(!code.contains("include_str"), "{code}");
}

#[test]
fn functions_that_cannot_be_mapped_are_errors() {
    let folder = Folder::plain("def f(a: 1 + 1) -> int: ...\n\n\ndef g(b: [1]) -> int: ...\n");
    bindgen(&folder, &["f.py"]).failed(
        1,
        &["f.py:1: none of the public functions", "`f`: parameter `a`", "`g`: parameter `b`"],
    );
    bindgen(&folder, &["no.py"]).failed(2, &["there is no file no.py; did you mean f.py?"]);
    bindgen(&folder, &["f.py", "--name", "a b"]).failed(2, &["--name"]);
}

#[test]
fn what_functions_do_with_their_arguments_can_be_said() {
    let folder =
        Folder::plain("def f(a: float) -> float: ...\n\n\ndef g(a: float) -> float: ...\n");
    let said = ["f.py", "--retains", "f", "--lends", "g"];
    let code = bindgen(&folder, &said).printed();
    assert!(code.contains(".retains()") && code.contains(".lends()"), "{code}");
    let code = bindgen(&folder, &[&said[..], &["--lang", "go"]].concat()).printed();
    assert!(code.contains("Retains: true}") && code.contains("Lends: true}"), "{code}");
    bindgen(&folder, &["f.py", "--lends", "h"])
        .failed(1, &["the file has no function `h`; it has f, g"]);
}

#[test]
fn a_line_at_the_end_counts_what_is_typed_and_names_can_be_skipped() {
    let folder = Folder::plain(
        "class M:\n    def go(self, a: int) -> int: ...\n    def stop(self, a): ...\n\n\n\
         def f(a: float) -> float: ...\n\n\ndef g(a: 1 + 1): ...\n\n\ndef h(a: X) -> None: ...\n",
    );
    for language in [&["f.py"][..], &["f.py", "--lang", "go"]] {
        let ended = bindgen(&folder, language);
        assert_eq!(ended.stderr, "f.py: functions and methods: 3 typed, 1 in part, 2 left out\n",);
        let code = ended.printed();
        assert!(
            code.contains("M.go") && code.contains("g (line") || code.contains("`g` (line"),
            "{code}"
        );
        let skipped = [language, &["--skip", "M.go", "--skip", "f"]].concat();
        let code = bindgen(&folder, &skipped).printed();
        assert!(!code.contains("M.go") && !code.contains("f(a: float)"), "{code}");
        bindgen(&folder, &[language, &["--skip", "k"]].concat())
            .failed(2, &["f.py has no `k` to skip"]);
    }
}

#[test]
fn a_name_that_the_language_has_already_is_changed() {
    let folder = Folder::new().file("type.py", "def f(a: int) -> int: ...\n");
    assert!(bindgen(&folder, &["type.py"]).printed().contains("pub mod r#type {"));
    assert!(
        bindgen(&folder, &["--lang", "go", "type.py"]).printed().contains("\npackage typepy\n")
    );
}

#[test]
fn a_file_becomes_a_go_package() {
    let folder = Folder::new().file("python/my-area.py", "def area(a: float) -> float: ...\n");
    let code = bindgen(&folder, &["--lang", "go", "python/my-area.py"]).printed();
    assert!(
        code.contains("\npackage my_area\n") && code.contains("//go:embed my-area.py"),
        "{code}"
    );
    assert!(code.contains("func Area(a float64) (result float64, err error) {"), "{code}");

    let arguments = ["--lang", "go", "python/my-area.py", "--package", "x", "--import", "pkg.area"];
    let code = bindgen(&folder, &arguments).printed();
    assert!(code.contains("package x") && code.contains(r#"Target: "pkg.area:area""#), "{code}");
    assert!(!code.contains("embed"), "{code}");
    let arguments = ["--lang", "go", "python/my-area.py", "--name", "2x"];
    bindgen(&folder, &arguments)
        .failed(2, &["`2x` is not a valid name for a Go package", "--name"]);
}
