//! A .npy file, of which Python sees the file's own pages.

use std::path::PathBuf;

use callpy::{IntoPython, Object, Scope};

use crate::failure::{Result, bad_input};

/// The first bytes of every .npy file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The contents of a .npy file. NumPy itself reads the header.
pub(crate) enum Npy {
    /// A file, which Python maps: reading it is not needed, and it may be larger than the memory.
    File(PathBuf),
    /// From a pipe.
    Read(Vec<u8>),
}

impl<'a> IntoPython<'a> for Npy {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self {
            Npy::File(path) => path.into_python(scope),
            Npy::Read(bytes) => bytes.into_python(scope),
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
