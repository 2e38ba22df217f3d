//! The names of the arrays in a .npz file, without Python.

use crate::failure::{Result, bad_input};

/// Returns the names of the arrays, in the file's order; none if it is another kind of archive.
pub(crate) fn names(file: &str, bytes: &[u8]) -> Result<Option<Vec<String>>> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let Some(entries) = entries(bytes) else {
        return bad_input(format!("{file} is an archive that is incomplete or broken"));
    };
    let names: Option<Vec<String>> =
        entries.iter().map(|name| Some(name.strip_suffix(".npy")?.to_owned())).collect();
    Ok(names.filter(|names| !names.is_empty()))
}

/// Returns the names of the files in an archive; none if it is incomplete.
///
/// The layout is that of zip's central directory, at the end of the file.
pub(crate) fn entries(bytes: &[u8]) -> Option<Vec<String>> {
    let number = |at: usize, size: usize| {
        let part = bytes.get(at..at.checked_add(size)?)?;
        Some(part.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let (count, mut at) = (number(end + 10, 2)?, number(end + 16, 4)?);
    let mut names = Vec::new();
    for _ in 0..count {
        let lengths = [number(at + 28, 2)?, number(at + 30, 2)?, number(at + 32, 2)?];
        let name = bytes.get(at + 46..at + 46 + lengths[0])?;
        names.push(String::from_utf8_lossy(name).into_owned());
        at += 46 + lengths.iter().sum::<usize>();
    }
    Some(names)
}
