//! Caches the answers of interpreters in small files, so that they need not run each time.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use tinyjson::JsonValue;

use super::context::Context;
use super::launch::is_pythons;

/// Returns the value cached in `file`, if it was stored with the same stamp.
///
/// A file that is missing, unreadable or not callpy's counts as none.
pub(crate) fn load(file: &Path, stamp: &str) -> Option<JsonValue> {
    let cached: JsonValue = fs::read_to_string(file).ok()?.parse().ok()?;
    let mut cached: HashMap<String, JsonValue> = cached.try_into().ok()?;
    let known: &String = cached.get("stamp")?.get()?;
    if known == stamp { cached.remove("value") } else { None }
}

/// Caches a value in `file`.
pub(crate) fn store(file: &Path, stamp: &str, value: &JsonValue) -> io::Result<()> {
    let cached = JsonValue::from(HashMap::from([
        ("stamp".to_owned(), stamp.to_owned().into()),
        ("value".to_owned(), value.clone()),
    ]));
    write(file, cached.format().map_err(io::Error::other)?)
}

/// Writes a file in one step, by renaming another: readers see all of it or nothing.
pub(crate) fn write(file: &Path, contents: impl AsRef<[u8]>) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let new = file.with_extension(format!("{}-{count}.new", std::process::id()));
    fs::write(&new, contents).and_then(|()| fs::rename(&new, file)).inspect_err(|_| {
        _ = fs::remove_file(&new);
    })
}

/// Returns a stamp that changes when the interpreter at `executable` would give another answer: with
/// the program, its `pyvenv.cfg` and Python's own variables. None if there is no such file.
pub(crate) fn stamp(executable: &Path, context: &Context) -> Option<String> {
    let target = executable.canonicalize().ok()?;
    let mut stamp = format!("{target:?} {}", age(&target.metadata().ok()?));
    let folder = executable.parent()?;
    for config in [folder.join("pyvenv.cfg"), folder.parent()?.join("pyvenv.cfg")] {
        if let Ok(data) = config.metadata() {
            stamp += &format!(" {}", age(&data));
        }
    }
    let is_read = |name: &OsStr| is_pythons(name) || name == "HOME";
    let mut variables: Vec<_> = context.variables().filter(|(name, _)| is_read(name)).collect();
    variables.sort();
    Some(stamp + " " + &hash(&format!("{variables:?}")))
}

/// Returns the size and the time of the last change.
pub(crate) fn age(data: &Metadata) -> String {
    let changed = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{}@{}", data.len(), changed.unwrap_or_default().as_nanos())
}

/// Returns a short name for a text, which is the same in every release of callpy.
pub(crate) fn hash(text: &str) -> String {
    format!("{:016x}", callpy_dtypes::fnv_1a(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_loaded_only_with_its_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a").join("b.json");
        assert_eq!(load(&file, "one"), None);
        store(&file, "one", &JsonValue::from(true)).unwrap();
        assert_eq!(load(&file, "one"), Some(JsonValue::from(true)));
        assert_eq!(load(&file, "two"), None);
        for torn in ["", "{", "[1]", "{\"stamp\":3}", "{\"stamp\":\"one\"}"] {
            fs::write(&file, torn).unwrap();
            assert_eq!(load(&file, "one"), None, "{torn}");
        }
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}
