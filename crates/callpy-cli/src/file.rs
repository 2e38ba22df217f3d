//! Files that the command writes, and Python files that the command line names.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io, process};

/// A longer list of files would not help.
const MOST_SUGGESTED: usize = 3;

use crate::failure::{Result, bad_input};

/// Writes a file in one step: readers see the old contents or all of the new.
pub(crate) fn replace(file: &Path, contents: &[u8]) -> io::Result<()> {
    let part = beside(file);
    fs::write(&part, contents)
        .and_then(|()| fs::rename(&part, file))
        .inspect_err(|_| _ = fs::remove_file(&part))
}

/// Has `write` write a file, which takes the place of an older one in one step.
pub(crate) fn replace_by(file: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let part = beside(file);
    let written = write(&part).and_then(|()| {
        let renamed = fs::rename(&part, file);
        renamed.or_else(|error| bad_input(format!("can't write {}: {error}", file.display())))
    });
    written.inspect_err(|_| _ = fs::remove_file(&part))
}

/// Checks, before there is anything to write, that a file could be written.
pub(crate) fn check_writable(file: &Path) -> Result<()> {
    let name = file.display();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if file.is_dir() {
        return bad_input(format!("{name} is a folder; name a file in it"));
    }
    if !folder.is_dir() {
        return bad_input(format!("can't write {name}: there is no folder {}", folder.display()));
    }
    let part = beside(file);
    let tried = fs::File::create(&part).and_then(|_| fs::remove_file(&part));
    tried.or_else(|error| bad_input(format!("can't write {name}: {error}")))
}

/// Checks that a Python file is there, and suggests the files beside it if not. `rest` follows the
/// suggested names.
pub(crate) fn check_python_file(file: &Path, rest: &str) -> Result<()> {
    let name = file.display();
    let (folder, what) = match file.parent() {
        _ if file.is_dir() => (file, format!("{name} is a folder")),
        _ if file.exists() => return Ok(()),
        Some(parent) if parent.is_dir() => (parent, format!("there is no file {name}")),
        Some(parent) if parent == Path::new("") => (parent, format!("there is no file {name}")),
        _ => return bad_input(format!("there is no file {name}")),
    };
    let listed = if folder == Path::new("") { Path::new(".") } else { folder };
    let entries = fs::read_dir(listed).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| folder.join(entry.file_name()))
        .filter(|path| path.extension().is_some_and(|end| end == "py"))
        .collect();
    files.sort();
    let shown = files.iter().take(MOST_SUGGESTED);
    let names: Vec<String> = shown.map(|file| format!("{}{rest}", file.display())).collect();
    match names.is_empty() {
        true => bad_input(format!("{what}; it has no .py files")),
        false => bad_input(format!("{what}; did you mean {}?", names.join(" or "))),
    }
}

/// Returns the temporary file that is renamed at the end, in the same folder so that it can be.
fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}.part", process::id()));
    file.with_file_name(name)
}
