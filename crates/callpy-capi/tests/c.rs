//! tests/c/test.c, compiled against the header and the static library, and run: by itself, and under
//! valgrind where CALLPY_VALGRIND is set. And the header, as every standard sees it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The static library lies where cargo puts what this test is built from.
fn static_library() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its path");
    let folder = test.parent().expect("it lies in a folder");
    let library = folder.join("libcallpy_c.a");
    assert!(library.is_file(), "there is no {}", library.display());
    library
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c")
}

/// A compiler that takes every warning for an error: the one that is named, or the usual one.
fn compiler(variable: &str, usual: &str, standard: &str) -> Command {
    let mut command = Command::new(std::env::var_os(variable).unwrap_or_else(|| usual.into()));
    command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Werror", "-I"]);
    command.arg(folder().join("../../include"));
    command
}

fn compile(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{complained}");
}

macro_rules! numbers {
    (
        numbers {$($number:ident {
            $(feature: $feature:literal,)? rust: $rust:ty, size: $size:literal, align: $align:literal,
            number: $type_num:literal, one: $one:ident, kind: $kind:ident, numpy: $name:literal [$($alias:literal),*],
            go: $go:expr, c: $constant:ident = $code:literal $docs:literal,
        })*}
        $($sections:tt)*
    ) => {
        concat!($("{\"", $name, "\", ", stringify!($constant), ", ", $size, "},"),*)
    };
}

/// The dtypes of numbers as the rows of a table in C: name, constant and size.
const NUMBERS: &str = callpy_dtypes::dtypes!(numbers);

/// Compiles the program into the folder of this test's executable.
fn program() -> PathBuf {
    let library = static_library();
    let program = library.with_file_name("callpy-capi-test");
    compile(
        compiler("CC", "cc", "c11")
            .arg("-g")
            .arg(format!("-DNUMBERS={NUMBERS}"))
            .arg(folder().join("test.c"))
            .arg(&library)
            .args(["-lpthread", "-ldl", "-lm", "-o"])
            .arg(&program),
    );
    program
}

fn run(command: &mut Command) {
    let output = command.arg(folder().join("functions.py")).output().expect("it can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("all well"), "{said}\n{complained}");
}

#[test]
#[cfg_attr(not(unix), ignore = "the program uses pthreads")]
fn a_c_program_finds_all_well() {
    let program = program();
    run(&mut Command::new(&program));
    if std::env::var_os("CALLPY_VALGRIND").is_some() {
        assert_eq!(memcheck(&program, &[]), [""; 0]);
        // And it would be told of what is there.
        let found = memcheck(&program, &["mistakes"]).join("\n");
        for mistake in ["Leak_DefinitelyLost", "InvalidRead"] {
            assert!(found.contains(mistake), "valgrind sees no {mistake}:\n{found}");
        }
    }
}

/// Runs the program under valgrind, and returns what it says of callpy.
///
/// Python reads words that nobody wrote, and its start leaves blocks behind, the program's name among
/// them. An error is callpy's, or
/// the program's, if such a frame comes before any of Python's evaluation: also a leak of a Python
/// object that callpy asked for.
fn memcheck(program: &Path, more: &[&str]) -> Vec<String> {
    let report = program.with_extension("valgrind.xml");
    run(Command::new("valgrind")
        .args(["--leak-check=full", "--show-leak-kinds=definite", "--undef-value-errors=no"])
        .args(["--num-callers=40", "--error-limit=no", "--xml=yes"])
        .arg(format!("--xml-file={}", report.display()))
        .env("PYTHONMALLOC", "malloc")
        .arg(program)
        .args(more.iter().map(OsStr::new)));
    let report = std::fs::read_to_string(&report).expect("valgrind writes its report");
    assert!(report.contains("</valgrindoutput>"), "valgrind's report has no end");
    report.split("<error>").skip(1).filter_map(of_callpy).collect()
}

/// What an error is, and where, if it is callpy's.
fn of_callpy(error: &str) -> Option<String> {
    let error = error.split("</error>").next()?;
    // Only the first stack: the others say where a block was freed, say.
    let stack = error.split("</stack>").next()?;
    let functions: Vec<&str> = stack.split("<fn>").skip(1).map(text).collect();
    let kind = text(error.split("<kind>").nth(1)?);
    let pythons = ["PyEval", "Py_Initialize", "callpy::raw::process::initialize"];
    let ours = functions
        .iter()
        .take_while(|name| !pythons.iter().any(|python| name.contains(python)))
        .any(|name| name.contains("callpy") || *name == "main" || *name == "mistakes");
    ours.then(|| format!("{kind}: {}", functions.join(" < ")))
}

fn text(element: &str) -> &str {
    element.split('<').next().unwrap_or_default()
}

#[test]
fn the_header_is_c_and_cpp_without_a_warning() {
    let source = |language| folder().join(format!("header.{language}"));
    let every =
        ["-Wpedantic", "-Wredundant-decls", "-Wconversion", "-Wsign-conversion", "-Wshadow"];
    let every = [&every[..], &["-Wcast-qual", "-Wcast-align", "-Wundef", "-fsyntax-only"]].concat();
    for standard in ["c99", "c11", "c17", "c2x"] {
        compile(
            compiler("CC", "cc", standard)
                .args(&every)
                .args(["-Wstrict-prototypes", "-Wc++-compat"])
                .arg(source("c")),
        );
    }
    for standard in ["c++11", "c++14", "c++17", "c++20", "c++2b"] {
        compile(
            compiler("CXX", "c++", standard)
                .args(&every)
                .args(["-Wold-style-cast", "-Wzero-as-null-pointer-constant"])
                .arg(source("cpp")),
        );
    }
}
