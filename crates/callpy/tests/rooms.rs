//! The library's modules form a tree: each imports only what is below it, by its own path.
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the lowest to the highest.
const ROOMS: &str = "raw language receipt cancel support exception crash error child installation environment \
                     locate target queue attach learn numpy scope object convert array frame workers iterate callback call function load \
                     bring_up interpreter generated typed lib";

/// The same of the files in `raw`.
const RAW: &str = "functions failure child shared pyconfig library cpython process idle phase place thread detach \
                   reference raised objects text call callback arrow composition deadline memory numpy ndarray proof end \
                   reaper fork start";

/// The imports that run upwards, since two types need each other.
const UPWARDS: [(&str, &str); 3] = [("error", "locate"), ("scope", "array"), ("convert", "array")];

/// Returns the names that follow `root`, in code that is not a test.
fn imports(text: &str, root: &str) -> BTreeSet<String> {
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join(" ");
    let code = code.split("#[cfg(test)] mod tests").next().unwrap();
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(root).filter(|(at, _)| !code[..*at].ends_with('$')) {
        let path = &code[at + root.len()..];
        let list = path.strip_prefix('{').and_then(|list| list.split('}').next());
        for name in list.unwrap_or(path).split(if list.is_some() { "," } else { ";" }) {
            let name = name.trim_start();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
            names.extend((end > 0).then(|| name[..end].to_owned()));
            if list.is_none() {
                break;
            }
        }
    }
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    rust.chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// Asserts that the files in a folder import only rooms below their own.
fn assert_tree(folder: &Path, rooms: &str, root: &str) {
    let place = |room: &str| rooms.split_whitespace().position(|other| other == room);
    for file in files(folder) {
        let name = file.strip_prefix(folder).unwrap().to_str().unwrap();
        let room = name.split(['/', '.']).next().unwrap();
        let own = place(room).unwrap_or_else(|| panic!("{name}: add the room to this test"));
        for import in imports(&fs::read_to_string(&file).unwrap(), root) {
            if import.starts_with("__") || UPWARDS.contains(&(room, &import)) {
                continue;
            }
            let other = place(&import)
                .unwrap_or_else(|| panic!("{name} imports {root}{import}, which is no room"));
            assert!(other <= own, "{name} imports {import}, which is above it");
        }
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn rooms_import_only_what_is_below_them() {
    assert_tree(&source(), ROOMS, "crate::");
}

#[test]
fn so_do_the_files_in_raw() {
    assert_tree(&source().join("raw"), RAW, "super::");
}
