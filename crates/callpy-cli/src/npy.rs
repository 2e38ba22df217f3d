//! A .npy file: mapped, so that Python sees the file's own pages.

use std::fs::File;
use std::io;

use callpy::Given;
use memmap2::Mmap;

use crate::failure::{Result, bad_input};

/// The first bytes of every .npy file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The bytes of a .npy file. NumPy itself reads the header.
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
    #[allow(unsafe_code, reason = "other processes can change a mapped file")]
    pub(crate) fn map(file: &File) -> io::Result<Npy> {
        // SAFETY: the bytes are exposed as u8, of which every value is valid, and only NumPy reads
        // them. If another process writes to the file, the function sees other numbers, as with
        // numpy.load(mmap_mode="r"). If it truncates the file, reading ends the process with SIGBUS
        // before a wrong number is seen, which is acceptable for a command.
        unsafe { Mmap::map(file) }.map(Npy::Mapped)
    }

    /// Moves the bytes into an argument, which becomes an array of uint8 without a copy.
    pub(crate) fn into_argument(self) -> Given<Npy, u8> {
        Given::new(self)
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
