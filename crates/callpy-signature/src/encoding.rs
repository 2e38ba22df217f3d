//! The encoding of a source file, as PEP 263 declares it.

use std::borrow::Cow;

use crate::error::Error;

/// Decodes the bytes of a Python file as Python does: UTF-8, unless one of the first two lines
/// declares another encoding (PEP 263).
///
/// In the returned text, such a declaration says `utf-8`, so that it is still true.
///
/// ```
/// let source = callpy_signature::decode(b"# coding: latin-1\nname = 'caf\xe9'\n")?;
/// assert_eq!(source, "# coding: utf-8\nname = 'café'\n");
/// # Ok::<(), callpy_signature::Error>(())
/// ```
///
/// # Errors
///
/// The bytes are not in the encoding, or it is neither UTF-8, ASCII, Latin-1 (ISO 8859-1), Latin-9
/// (ISO 8859-15) nor Windows-1252. (Tables for all the others would be most of the build.)
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    // A byte order mark, which some editors write.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some(declared) = declaration(bytes) else { return utf_8(bytes) };
    let name = &bytes[declared.clone()];
    let name = String::from_utf8_lossy(name).into_owned();
    // Python ignores case, and takes hyphens and underscores for the same.
    let decode: fn(u8) -> char = match &name.to_lowercase().replace('_', "-")[..] {
        "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" => return utf_8(bytes),
        // A subset of UTF-8, so only the other bytes have to be refused.
        "ascii" | "us-ascii" | "646" => return ascii(bytes, &name),
        "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" => {
            char::from
        }
        "latin-9" | "latin9" | "l9" | "iso-8859-15" | "iso8859-15" => latin_9,
        "cp1252" | "1252" | "windows-1252" => windows_1252,
        _ => {
            let line = 1 + bytes[..declared.start].iter().filter(|byte| **byte == b'\n').count();
            let message = format!("the encoding `{name}` is not supported: save the file as UTF-8");
            return Err(Error { line, column: 1, message });
        }
    };
    let text = |bytes: &[u8]| bytes.iter().map(|byte| decode(*byte)).collect::<String>();
    Ok(Cow::Owned(text(&bytes[..declared.start]) + "utf-8" + &text(&bytes[declared.end..])))
}

fn utf_8(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let message = "the file is not UTF-8: save it as UTF-8, or declare its encoding in the first line \
                           (`# coding: latin-1`)";
            Err(at(bytes, error.valid_up_to(), message.to_owned()))
        }
    }
}

fn ascii<'b>(bytes: &'b [u8], name: &str) -> Result<Cow<'b, str>, Error> {
    match bytes.iter().position(|byte| !byte.is_ascii()) {
        None => utf_8(bytes),
        Some(offset) => Err(at(bytes, offset, format!("the byte is not in the encoding `{name}`"))),
    }
}

fn at(bytes: &[u8], offset: usize, message: String) -> Error {
    let before = String::from_utf8_lossy(&bytes[..offset]);
    let (lines, last) = before.rsplit_once('\n').unwrap_or(("", &before));
    // `rsplit_once` has taken one newline away.
    let line = 1 + usize::from(before.contains('\n')) + lines.matches('\n').count();
    Error { line, column: 1 + last.chars().count(), message }
}

/// Returns the place of the encoding's name: after `coding:` or `coding=`, in a comment on the first
/// line, or on the second if the first has only a comment.
fn declaration(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n').take(2) {
        let text = line.trim_ascii_start();
        // A line of code ends the search, so that a string on the second line is not a declaration.
        if !text.starts_with(b"#") && !text.is_empty() {
            return None;
        }
        // PEP 263: `coding[:=][ \t]*([-_.a-zA-Z0-9]+)` anywhere in the comment, as Emacs and Vim write it.
        let name = line.windows(7).position(|part| matches!(part, b"coding:" | b"coding="));
        if let Some(at) = name.filter(|_| !text.is_empty()) {
            let rest = &line[at + 7..];
            let from = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let is_name =
                |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let length = rest[from..].iter().take_while(is_name).count();
            let from = start + at + 7 + from;
            return (length > 0).then_some(from..from + length);
        }
        start += line.len();
    }
    None
}

fn latin_9(byte: u8) -> char {
    match byte {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        byte => byte.into(),
    }
}

fn windows_1252(byte: u8) -> char {
    /// From 0x80 on. Python refuses the five undefined bytes; here they mean the same as in Latin-1.
    const FROM_0X80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..0xa0 => FROM_0X80[usize::from(byte - 0x80)],
        byte => byte.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_decoded_as_python_does() {
        for (bytes, expected) in [
            (&b"x = '\xc3\xa9'"[..], "x = 'é'"),
            (b"\xef\xbb\xbfx = 1", "x = 1"),
            (
                b"#!/usr/bin/python\n# -*- coding: ISO_8859_15 -*-\n'\xa4'",
                "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n'€'",
            ),
            (
                b"# vim: set fileencoding=cp1252 :\n'\x80\xe9'",
                "# vim: set fileencoding=utf-8 :\n'€é'",
            ),
            (b"# coding: utf-8\n'\xc3\xa9'", "# coding: utf-8\n'é'"),
            (b"x = 1\n# coding: koi8-r\n", "x = 1\n# coding: koi8-r\n"),
            (b"'coding: koi8-r'\n", "'coding: koi8-r'\n"),
            (b"\n# coding=latin-1\n'\xe9'", "\n# coding=utf-8\n'é'"),
        ] {
            assert_eq!(decode(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn what_cannot_be_decoded_says_where_and_what_to_do() {
        let error = |bytes| decode(bytes).unwrap_err().to_string();
        assert!(error(b"x = 1\ny = '\xe9'").starts_with("line 2, column 6: the file is not UTF-8"));
        assert_eq!(
            error(b"# 1\n# coding: big5\n"),
            "line 2, column 1: the encoding `big5` is not supported: save the file as UTF-8"
        );
        assert_eq!(
            error(b"# coding: ascii\n\xe9"),
            "line 2, column 1: the byte is not in the encoding `ascii`"
        );
    }
}
