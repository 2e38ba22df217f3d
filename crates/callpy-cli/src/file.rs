//! Files that the command writes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io, process};

use crate::failure::{Result, usage};

/// Writes a file; anyone who looks at it sees the old contents or all of the new.
pub(crate) fn replace(file: &Path, contents: &[u8]) -> io::Result<()> {
    let part = beside(file);
    fs::write(&part, contents)
        .and_then(|()| fs::rename(&part, file))
        .inspect_err(|_| _ = fs::remove_file(&part))
}

/// Checks, before there is anything to write, that a file could be written.
pub(crate) fn check_writable(file: &Path) -> Result<()> {
    let name = file.display();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if file.is_dir() {
        return usage(format!("{name} is a folder; name a file in it"));
    }
    if !folder.is_dir() {
        return usage(format!("there is no folder {} to write to", folder.display()));
    }
    let part = beside(file);
    let tried = fs::File::create(&part).and_then(|_| fs::remove_file(&part));
    tried.or_else(|error| usage(format!("can't write {name}: {error}")))
}

/// Returns the file that is renamed in the end: in the same folder, so that it can be.
fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}.part", process::id()));
    file.with_file_name(name)
}
