//! What was learnt by running an interpreter, kept in small files so that it needn't run again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use tinyjson::JsonValue;

use super::launch::is_pythons;
use super::surroundings::Surroundings;

/// Returns the value kept in `file`, if it was kept under the same stamp.
///
/// A file that is absent, unreadable or not ours is the same as none.
pub(crate) fn load(file: &Path, stamp: &str) -> Option<JsonValue> {
    let kept: JsonValue = fs::read_to_string(file).ok()?.parse().ok()?;
    let mut kept: HashMap<String, JsonValue> = kept.try_into().ok()?;
    let known: &String = kept.get("stamp")?.get()?;
    if known == stamp { kept.remove("value") } else { None }
}

/// Keeps a value in `file`: whoever reads sees all of it or nothing.
pub(crate) fn store(file: &Path, stamp: &str, value: &JsonValue) -> io::Result<()> {
    let kept = JsonValue::from(HashMap::from([
        ("stamp".to_owned(), stamp.to_owned().into()),
        ("value".to_owned(), value.clone()),
    ]));
    write(file, kept.format().map_err(io::Error::other)?)
}

/// Writes a file by writing another one and renaming it.
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

/// Describes which build of Python is at `executable`, in which environment, and how it would start.
///
/// Another program behind the same path, another `pyvenv.cfg` beside it and other variables of Python's
/// give another stamp. None if there is no such file.
pub(crate) fn stamp(executable: &Path, around: &Surroundings) -> Option<String> {
    let target = executable.canonicalize().ok()?;
    let mut stamp = format!("{target:?} {}", age(&target.metadata().ok()?));
    let folder = executable.parent()?;
    for config in [folder.join("pyvenv.cfg"), folder.parent()?.join("pyvenv.cfg")] {
        if let Ok(data) = config.metadata() {
            stamp += &format!(" {}", age(&data));
        }
    }
    let is_read = |name: &OsStr| is_pythons(name) || name == "HOME";
    let mut variables: Vec<_> = around.variables().filter(|(name, _)| is_read(name)).collect();
    variables.sort();
    Some(stamp + " " + &hash(&format!("{variables:?}")))
}

/// Returns size and time of last change.
pub(crate) fn age(data: &Metadata) -> String {
    let changed = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{}@{}", data.len(), changed.unwrap_or_default().as_nanos())
}

/// Returns a short name for a text: FNV-1a, which stays the same from release to release.
pub(crate) fn hash(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_1a_as_published() {
        assert_eq!(hash(""), "cbf29ce484222325");
        assert_eq!(hash("foobar"), "85944171f73967e8");
    }

    #[test]
    fn a_value_comes_back_only_under_its_stamp() {
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
