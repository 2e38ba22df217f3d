//! What other files of the repository say, too. The published package has neither them nor this test.
#![allow(missing_docs, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Fails where a new end of `VERSIONS` needs something else.
#[test]
fn every_place_knows_the_same_versions() {
    let table = read("crates/callpy/src/raw/cpython.rs");
    let (_, rest) = table.split_once("VERSIONS: RangeInclusive<u32> = ").unwrap();
    let (first, rest) = rest.split_once("..=").unwrap();
    let (last, _) = rest.split_once(';').unwrap();
    let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
    for page in ["README.md", "crates/callpy/src/lib.rs", "docs/decisions/0001-run-time-loading.md"]
    {
        let known = format!("CPython 3.{first} to 3.{last}");
        assert!(read(page).contains(&known), "{page} does not say {known}");
    }
    // The first that pyo3-ffi describes is 3.9; 3.8 is asserted beside its structures.
    for minor in first + 1..=last {
        let file = format!("crates/callpy-ffi-check/python/3.{minor}.txt");
        assert!(root().join(&file).is_file(), "{file} is missing");
    }
}

/// Go finds some mistakes before the library does, and says them in the same words.
#[test]
fn go_uses_the_library_s_words() {
    let words = "a positional argument follows a keyword argument: put keyword arguments last";
    let library = read("crates/callpy/src/convert.rs");
    assert!(library.contains(words), "the library no longer says: {words}");
    assert!(read("go/encode.go").contains(words), "Go does not say: {words}");
}

/// What is ignored is made by scripts: a file of it that is added nevertheless grows old there, as the C library
/// for Go did.
#[test]
fn nothing_that_is_ignored_is_in_git() {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--ignored", "--exclude-standard"]).current_dir(root());
    // Sources without git have no such list.
    let listed = git.output().map(|ended| ended.stdout).unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(&listed), "");
}
