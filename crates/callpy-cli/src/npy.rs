//! A .npy file: mapped, so that Python sees the file's own pages.

use std::fs::File;
use std::io;

use callpy::Given;
use memmap2::Mmap;

use crate::failure::{Result, usage};

/// What a .npy file begins with.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The bytes of a .npy file. NumPy itself reads the header: nobody knows better what it says.
pub(crate) enum Npy {
    Mapped(Mmap),
    /// From a pipe.
    Read(Vec<u8>),
}

impl AsRef<[u8]> for Npy {
    fn as_ref(&self) -> &[u8] {
        match self {
            Npy::Mapped(map) => map,
            Npy::Read(bytes) => bytes,
        }
    }
}

impl Npy {
    /// Maps a file, read-only.
    #[allow(unsafe_code, reason = "a map shows what other processes do to the file")]
    pub(crate) fn map(file: &File) -> io::Result<Npy> {
        // SAFETY: the bytes are shown as u8, of which every value is valid, and only NumPy reads
        // them. Somebody may write the file meanwhile: then the function sees other numbers, as
        // with numpy.load(mmap_mode="r"). Somebody may cut it off: then reading on ends the process
        // with SIGBUS before a wrong number is seen, which for a command is an end like another.
        unsafe { Mmap::map(file) }.map(Npy::Mapped)
    }

    /// Gives the bytes away, to be an array of uint8 that is not a copy.
    pub(crate) fn given(self) -> Given<Npy, u8> {
        Given::new(self)
    }
}

/// Reads a column's number, from 1: the only name that it has.
pub(crate) fn column(name: &str, file: &str) -> Result<usize> {
    match name.parse() {
        Ok(number) => Ok(number),
        Err(_) => usage(format!(
            "there is no column {name:?} in {file}: the columns of a .npy file have numbers, from 1"
        )),
    }
}
