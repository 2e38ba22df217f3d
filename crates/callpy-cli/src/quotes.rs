//! Quoted cells that do not end where they should.

/// Finds the first quote that opens a cell of the first row without a matching end: after a closing quote
/// comes a separator, or the end of the line.
///
/// The csv crate reads such cells, as most readers do, up to the next quote, which may be rows away.
pub(crate) fn unclosed(text: &[u8], separator: u8) -> Option<usize> {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n') || *byte == separator;
    let mut at = 0;
    loop {
        let cell = &text[at..];
        let length = match cell.first() {
            Some(b'"') => match closed(cell, separator) {
                Some(length) => length,
                None => return Some(at),
            },
            _ => cell.iter().position(is_end).unwrap_or(cell.len()),
        };
        match cell.get(length) {
            Some(byte) if *byte == separator => at += length + 1,
            _ => return None,
        }
    }
}

/// Returns the length of a quoted cell, if it is closed.
fn closed(cell: &[u8], separator: u8) -> Option<usize> {
    let mut length = 1;
    loop {
        length += cell[length..].iter().position(|byte| *byte == b'"')? + 1;
        if cell.get(length) == Some(&b'"') {
            length += 1;
            continue;
        }
        // Some programs write spaces after a quoted cell.
        let is_space = |byte: &&u8| **byte == b' ' && separator != b' ';
        length += cell[length..].iter().take_while(is_space).count();
        return match cell.get(length) {
            Some(byte) if *byte != separator && !matches!(byte, b'\r' | b'\n') => None,
            _ => Some(length),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_is_not_closed_has_a_place() {
        for (text, expected) in [
            ("1,ann\n", None),
            ("\"a\nb\",1\n", None),
            ("\"a\nb\"", None),
            ("\"a\nb\" ,1\n", None),
            ("1,\"5\"\" pipe\nof iron\"\r\n", None),
            ("\"\",\"\n\"\n", None),
            ("6\" pipe,1\n", None),
            ("1,\"bob\n2,cid\n", Some(2)),
            ("1,\"bob\n2,\"cid\"\n", Some(2)),
            ("\"bob\"\"\n2,\"cid\n", Some(0)),
        ] {
            assert_eq!(unclosed(text.as_bytes(), b','), expected, "{text:?}");
        }
        assert_eq!(unclosed(b"\"a\nb\" \"c\"\n", b' '), None);
    }
}
