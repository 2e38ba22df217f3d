//! Text that is none: a str with lone surrogates, and paths whose bytes are not UTF-8.

use std::ffi::{OsStr, OsString, c_char};

use super::raised::Outcome;
use super::reference::Ref;
use super::thread::Attached;

impl Attached<'_> {
    /// Returns a str's text, with escapes such as `\udc80` for what is no character.
    pub(crate) fn text_escaped(self, str: &Ref) -> Outcome<String> {
        if let Ok(text) = self.text(str) {
            return Ok(text.to_owned());
        }
        let (encoding, errors) = (c"utf-8".as_ptr(), c"backslashreplace".as_ptr());
        // SAFETY: attached, the object is alive, and both names end with a zero.
        let bytes = unsafe { (self.api.PyUnicode_AsEncodedString)(str.as_ptr(), encoding, errors) };
        let bytes = self.outcome(bytes)?;
        Ok(String::from_utf8_lossy(self.byte_slice(&bytes)?).into_owned())
    }

    /// Makes a str of a path or other text of the system's, as `os.fsdecode` does: bytes that are not
    /// text become lone surrogates.
    pub(crate) fn os_str(self, text: &OsStr) -> Outcome<Ref> {
        // The bytes themselves on Unix. On Windows both Rust and Python have UTF-8 in which lone
        // surrogates are let through.
        let bytes = text.as_encoded_bytes();
        let (pointer, length) = (bytes.as_ptr().cast::<c_char>(), bytes.len() as isize);
        // SAFETY: attached; copies `length` bytes that the text keeps alive.
        self.outcome(unsafe { (self.api.PyUnicode_DecodeFSDefaultAndSize)(pointer, length) })
    }

    /// Returns a str as the system has it, as `os.fsencode` does; UnicodeEncodeError where that has
    /// no such text.
    pub(crate) fn os_string(self, str: &Ref) -> Outcome<OsString> {
        // SAFETY: attached; an object that is no str gets an exception.
        let bytes = self.outcome(unsafe { (self.api.PyUnicode_EncodeFSDefault)(str.as_ptr()) })?;
        let bytes = self.byte_slice(&bytes)?;
        #[cfg(unix)]
        return Ok(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).to_owned());
        // Lone surrogates are not kept here: they would take an encoder of UTF-16.
        #[cfg(not(unix))]
        Ok(String::from_utf8_lossy(bytes).into_owned().into())
    }
}
