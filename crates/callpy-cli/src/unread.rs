//! Files that Python reads itself: arrays and columns, which are not text.

use std::path::{Path, PathBuf};

use callpy::{IntoPython, Object, Scope};

use crate::failure::{Result, bad_input};

/// So many first bytes tell what a file is.
pub(crate) const MAGIC: usize = 8;

/// What Python reads itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An array of NumPy's.
    Npy,
    Parquet,
    /// An Arrow file, which is also Feather's second version.
    Arrow,
    /// Arrow's batches, one after the other.
    ArrowStream,
}

impl Form {
    /// Tells a form by a file's first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Option<Form> {
        match bytes {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some(Form::Npy),
            [b'P', b'A', b'R', b'1', ..] => Some(Form::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(Form::Arrow),
            // The length of the schema follows, in whole words.
            [0xFF, 0xFF, 0xFF, 0xFF, low, _, _, 0, ..] if low % 8 == 0 => Some(Form::ArrowStream),
            _ => None,
        }
    }

    /// Tells a form by the ending of a file's name.
    pub(crate) fn by_ending(path: &Path) -> Option<Form> {
        match &*path.extension()?.to_str()?.to_ascii_lowercase() {
            "npy" => Some(Form::Npy),
            "parquet" | "pq" => Some(Form::Parquet),
            "arrow" | "feather" | "ipc" => Some(Form::Arrow),
            "arrows" => Some(Form::ArrowStream),
            _ => None,
        }
    }

    /// Returns its name for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Form::Npy => ".npy",
            Form::Parquet => "Parquet",
            Form::Arrow | Form::ArrowStream => "Arrow",
        }
    }

    /// Returns its name with an article.
    pub(crate) fn a_name(self) -> String {
        let article = if self.name().starts_with('A') { "an" } else { "a" };
        format!("{article} {}", self.name())
    }
}

/// A file that Python reads, or maps.
pub(crate) enum Unread {
    /// Its absolute path: it may be larger than the memory.
    File(PathBuf),
    /// From a pipe, or out of an archive.
    Bytes(Vec<u8>),
}

impl<'a> IntoPython<'a> for Unread {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self {
            Unread::File(path) => path.into_python(scope),
            Unread::Bytes(bytes) => bytes.into_python(scope),
        }
    }
}

/// Parses the number of a column, from 1; columns of a .npy file have no names.
pub(crate) fn column(name: &str, file: &str) -> Result<usize> {
    match name.parse() {
        Ok(number) => Ok(number),
        Err(_) => bad_input(format!(
            "there is no column {name:?} in {file}: the columns of a .npy file are numbered, from 1"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_file_is() {
        for (bytes, form) in [
            (&b"\x93NUMPY\x01\x00"[..], Some(Form::Npy)),
            (b"PAR1\x15\x04\x15\x10", Some(Form::Parquet)),
            (b"ARROW1\0\0", Some(Form::Arrow)),
            (b"\xFF\xFF\xFF\xFF\xF8\x00\x00\x00", Some(Form::ArrowStream)),
            (b"\xFF\xFF\xFF\xFFabcd", None),
            (b"\xFF\xFEa\0b\0c\0", None),
            (b"a,b\n1,2\n", None),
            (b"", None),
        ] {
            assert_eq!(Form::of(bytes), form, "{bytes:?}");
        }
    }
}
