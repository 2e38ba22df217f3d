//! Files as tables of text: decompressed, in UTF-8, and records of JSON as rows.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use crate::failure::{Result, bad_input};
use crate::npz;
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
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => {
            return match unzstd(&bytes) {
                Some(text) => decode(name, text),
                None => bad_input(format!(
                    "can't decompress {name}: it is incomplete or broken; `zstd -t` tests a file"
                )),
            };
        }
        [0xEF, 0xBB, 0xBF, ..] => drop(bytes.drain(..3)),
        [0xFF, 0xFE, rest @ ..] => return utf_16(name, rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => return utf_16(name, rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => return bad_input(format!("{name} is {}", archive(&bytes))),
        _ => {}
    }
    let start = &bytes[..bytes.len().min(8192)];
    if start.contains(&0) {
        // Text in UTF-16 without a mark: each second byte of ASCII is 0.
        let zeros = |at: usize| start.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
        return match (zeros(0), zeros(1)) {
            (0, many) if many > start.len() / 4 => utf_16(name, &bytes, u16::from_le_bytes),
            (many, 0) if many > start.len() / 4 => utf_16(name, &bytes, u16::from_be_bytes),
            _ => bad_input(format!("{name} is {}", known(start).unwrap_or(BINARY))),
        };
    }
    if let Some(what) = known(start) {
        return bad_input(format!("{name} is {what}"));
    }
    if !bytes.contains(&b'\n') {
        // Line ends of old Macs.
        bytes.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
    }
    match bytes.trim_ascii_start() {
        [b'{' | b'[', ..] => records::decode(name, bytes),
        [_, ..] if records::is_json(&name) => records::decode(name, bytes),
        _ => Ok(Decoded { name, text: bytes, header: None, texts: None }),
    }
}

/// First bytes of files that are no tables, and what to do about them.
const OTHERS: &[(&[u8], &str)] = &[
    (b"BZh", "compressed with bzip2; unpack it with bunzip2"),
    (b"\xFD7zXZ\0", "compressed with xz; unpack it with unxz"),
    (b"\x04\x22\x4D\x18", "compressed with lz4; unpack it with `lz4 -d`"),
    (b"\xD0\xCF\x11\xE0", "a workbook of an older Excel; save the sheet as CSV"),
    // Compressed: where they are not, Python reads the first two.
    (b"PAR1", "a Parquet file that is compressed as a whole; unpack it"),
    (b"ARROW1", "an Arrow file that is compressed as a whole; unpack it"),
    (b"PARE", "an encrypted Parquet file; save it unencrypted"),
    (b"FEA1", "a file of Feather's first version; save it in the second"),
    (b"version https://git-lfs", "a pointer of Git LFS; get the file with `git lfs pull`"),
    (b"\x89HDF", "a file of HDF5; save the numbers as CSV or .npy"),
    (b"SQLite format 3\0", "a database of SQLite; save the table as CSV"),
    (b"<!", "HTML; save the table as CSV"),
    (b"<html", "HTML; save the table as CSV"),
    (b"<?xml", "XML; save the table as CSV"),
];

/// What a file is that has bytes which no text has.
const BINARY: &str = "binary data of an unknown kind; save the numbers as CSV or .npy";

/// Says what a file is, and what to do about it, if it is one of the others.
fn known(bytes: &[u8]) -> Option<&'static str> {
    OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}

/// Says what a file is that is not what its name says.
pub(crate) fn what(bytes: &[u8]) -> Cow<'static, str> {
    match bytes {
        [] => "empty".into(),
        [0x1F, 0x8B, ..] => "compressed with gzip; unpack it with gunzip".into(),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "compressed with zstd; unpack it with `zstd -d`".into(),
        [b'P', b'K', 3, 4, ..] => archive(bytes).into(),
        _ => match known(bytes) {
            Some(what) => what.into(),
            None if bytes[..bytes.len().min(8192)].contains(&0) => BINARY.into(),
            None => "text; if it is a table, rename it to end in .csv".into(),
        },
    }
}

/// Says what is in an archive.
fn archive(bytes: &[u8]) -> String {
    match npz::entries(bytes) {
        Some(entries) if entries.iter().any(|it| it.starts_with("xl/")) => {
            "a workbook of Excel; save the sheet as CSV".to_owned()
        }
        Some(entries) if entries.iter().any(|it| it == "mimetype") => {
            "a spreadsheet; save the sheet as CSV".to_owned()
        }
        Some(entries) if !entries.is_empty() => {
            let more = if entries.len() > 3 { ", ..." } else { "" };
            let some = entries[..entries.len().min(3)].join(", ");
            format!("an archive of {some}{more}; unpack it with unzip")
        }
        _ => "an archive; unpack it with unzip".to_owned(),
    }
}

/// Decompresses the frames of a file; none if one of them is broken.
fn unzstd(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if let [0x50..=0x5F, 0x2A, 0x4D, 0x18, a, b, c, d, data @ ..] = rest {
            // It has something for other programs.
            rest = data.get(u32::from_le_bytes([*a, *b, *c, *d]) as usize..)?;
            continue;
        }
        let mut frame = ruzstd::decoding::StreamingDecoder::new(&mut rest).ok()?;
        frame.read_to_end(&mut text).ok()?;
    }
    Some(text)
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
        assert_eq!(text(b"a\0,\0b\0\n\x001\0,\x002\0\n\0"), "a,b\n1,2\n");
        assert_eq!(text(b"\0a\0\n\x001\0\n"), "a\n1\n");
        assert_eq!(text(b"a,b\r1,2\r"), "a,b\n1,2\n");
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
        let skipped = b"\x50\x2A\x4D\x18\x02\0\0\0xy";
        assert_eq!(text(&[&skipped[..], &frame[..]].concat()), "a\n1\n");
    }

    #[test]
    fn files_that_are_no_tables_are_refused_by_their_type() {
        for (bytes, word) in [
            (&b"\x1F\x8B\x08\0"[..], "gunzip"),
            (b"\x28\xB5\x2F\xFDx", "can't decompress t: it is incomplete or broken"),
            (b"\x50\x2A\x4D\x18\x09\0\0\0x", "incomplete or broken"),
            (b"PK\x03\x04", "archive"),
            (b"\xD0\xCF\x11\xE0\0\0\x0B\xFF", "older Excel"),
            (b"BZh91AY&SY", "bunzip2"),
            (b"\xFD7zXZ\0\0\x04", "unxz"),
            (b"<!DOCTYPE html>\n", "HTML"),
            (b"\x7FELF\x02\x01\x01\x00\n\x00", "binary"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (b"PAR1\x15\x04\0", "Parquet file that is compressed"),
            (b"\xFF\xFE\0\xD8\0\xD8", "not text"),
        ] {
            match decode("t".into(), bytes.to_vec()) {
                Err(Failure::Input(text)) => assert!(text.contains(word), "{text}"),
                _ => panic!("{bytes:?} is not refused"),
            }
        }
    }
}
