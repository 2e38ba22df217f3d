//! Files as tables of text: decompressed, in UTF-8, and records of JSON as rows.

use std::fmt;
use std::io::Read;

use crate::failure::{Result, bad_input};
use crate::records;

/// The text of a table.
pub(crate) struct Decoded {
    /// The file's name, for messages.
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
    /// Whether the first row is a header, if the format says so.
    pub(crate) header: Option<bool>,
    /// Which columns are text, if the format says so.
    pub(crate) texts: Option<Vec<bool>>,
}

/// Tells the user on stderr what was decided for him.
pub(crate) fn note(what: impl fmt::Display) {
    anstream::eprintln!("\x1b[1mnote:\x1b[0m {what}");
}

/// Makes the text of a table from a file's bytes.
pub(crate) fn decode(name: String, mut bytes: Vec<u8>) -> Result<Decoded> {
    match &bytes[..] {
        [0x1F, 0x8B, ..] => {
            let mut text = Vec::new();
            match flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text) {
                Ok(_) => return decode(name, text),
                Err(error) => {
                    return bad_input(format!(
                        "can't decompress {name}: {error}; `gunzip -t` tests a file"
                    ));
                }
            }
        }
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            let text = match unzstd(&bytes) {
                Ok(text) => text,
                Err(error) => return bad_input(format!("can't decompress {name}: {error}")),
            };
            return decode(name, text);
        }
        [0xEF, 0xBB, 0xBF, ..] => drop(bytes.drain(..3)),
        [0xFF, 0xFE, rest @ ..] => return utf_16(name, rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => return utf_16(name, rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => {
            return bad_input(format!(
                "{name} is an archive (.xlsx, .zip, .ods); save the table as CSV"
            ));
        }
        [b'P', b'A', b'R', b'1', ..] | [b'A', b'R', b'R', b'O', b'W', b'1', ..] => {
            return crate::columnar::decode(name, &bytes);
        }
        _ => {}
    }
    if bytes[..bytes.len().min(8192)].contains(&0) {
        return bad_input(format!("{name} contains binary data; save the numbers as CSV or .npy"));
    }
    match bytes.trim_ascii_start() {
        [b'{' | b'[', ..] => records::decode(name, bytes),
        _ => Ok(Decoded { name, text: bytes, header: None, texts: None }),
    }
}

fn unzstd(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let mut rest = bytes;
    // A file may have several frames.
    while !rest.is_empty() {
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut rest);
        let mut frame = frame.map_err(|error| error.to_string())?;
        frame.read_to_end(&mut text).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// Excel's "Unicode text" is UTF-16.
fn utf_16(name: String, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let name = format!("{name} (UTF-16)");
    match text {
        Ok(text) if !text.contains('\0') => decode(name, text.into_bytes()),
        _ => bad_input(format!("{name} is not text, despite its first bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn text(bytes: &[u8]) -> String {
        let decoded = decode("t".into(), bytes.to_vec()).unwrap_or_else(|_| panic!("{bytes:?}"));
        String::from_utf8(decoded.text).unwrap()
    }

    #[test]
    fn marks_and_encodings() {
        assert_eq!(text(b"\xEF\xBB\xBFa,b\n"), "a,b\n");
        assert_eq!(text(b"\xFF\xFEa\0\t\0\xE4\0\n\0"), "a\tä\n");
        assert_eq!(text(b"\xFE\xFF\0a\0\n"), "a\n");
    }

    #[test]
    fn compressed_files() {
        use std::io::Write;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"\xEF\xBB\xBFa\n1\n").unwrap();
        let one = gz.finish().unwrap();
        assert_eq!(text(&one), "a\n1\n");
        assert_eq!(text(&[&one[..], &one[..]].concat()), "a\n1\n\u{feff}a\n1\n");
        // From `printf 'a\n1\n' | zstd`.
        let frame = b"\x28\xB5\x2F\xFD\x04\x58\x21\x00\x00a\n1\n\x75\x1C\xC3\x01";
        assert_eq!(text(frame), "a\n1\n");
        assert_eq!(text(&[&frame[..], &frame[..]].concat()), "a\n1\na\n1\n");
    }

    #[test]
    fn files_that_are_no_tables_are_refused_by_their_type() {
        for (bytes, word) in [
            (&b"\x1F\x8B\x08\0"[..], "gunzip"),
            (b"\x28\xB5\x2F\xFDx", "can't decompress"),
            (b"PK\x03\x04", "archive"),
            (b"PAR1", "Parquet"),
            (b"\x7FELF\x02\x01\x01\x00\n\x00", "binary"),
            (b"\xFF\xFE\0\xD8\0\xD8", "not text"),
        ] {
            match decode("t".into(), bytes.to_vec()) {
                Err(Failure::Input(text)) => assert!(text.contains(word), "{text}"),
                _ => panic!("{bytes:?} is not refused"),
            }
        }
    }
}
