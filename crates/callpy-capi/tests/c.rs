//! tests/c/test.c, compiled against the header and the static library, and run: by itself, and under
//! valgrind where that is installed and CALLPY_VALGRIND is set.

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

/// Compiles the program into the folder of this test's executable.
fn program() -> PathBuf {
    let library = static_library();
    let program = library.with_file_name("callpy-capi-test");
    let status = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-I"])
        .arg(folder().join("../../include"))
        .arg(folder().join("test.c"))
        .arg(&library)
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program)
        .status()
        .expect("a C compiler, cc or $CC");
    assert!(status.success(), "test.c does not compile");
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
        // Python reads uninitialised words in its own allocator and loader; what counts here is a
        // block of callpy's that is lost.
        run(Command::new("valgrind")
            .args([
                "--quiet",
                "--error-exitcode=0",
                "--leak-check=full",
                "--show-leak-kinds=definite",
            ])
            .arg("--log-file=/dev/stdout")
            .env("PYTHONMALLOC", "malloc")
            .arg(&program));
    }
}
