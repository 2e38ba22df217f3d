//! Python's string and number literals, and docstrings.

/// The value of a string literal.
#[derive(Debug, PartialEq)]
pub(crate) enum Decoded {
    Str(String),
    Bytes(Vec<u8>),
}

/// Decodes one literal with its prefix and quotes; none for f-strings and t-strings.
pub(crate) fn decode(literal: &str) -> Option<Decoded> {
    let quote = literal.find(['"', '\''])?;
    let prefix = literal[..quote].to_ascii_lowercase();
    // Their values are known only when the code runs.
    if prefix.contains(['f', 't']) {
        return None;
    }
    let body = &literal[quote..];
    let mark = if body.starts_with("\"\"\"") || body.starts_with("'''") { 3 } else { 1 };
    let body = body.get(mark..body.len().checked_sub(mark)?)?;
    let bytes = prefix.contains('b');
    // Python reads every line ending as a newline.
    let body =
        if body.contains('\r') { &body.replace("\r\n", "\n").replace('\r', "\n") } else { body };
    let text = if prefix.contains('r') { body.to_owned() } else { unescape(body, bytes)? };
    Some(if bytes {
        Decoded::Bytes(text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<_>>()?)
    } else {
        Decoded::Str(text)
    })
}

/// Decodes the escapes. Bytes are returned as characters with the same numbers.
fn unescape(body: &str, bytes: bool) -> Option<String> {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let letter = rest.chars().next()?;
        let digits = |count: usize| {
            let digits = rest.get(1..=count)?;
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 1 + count))
        };
        let (character, length) = match letter {
            // A backslash at the end of a line joins it with the next one.
            '\n' => {
                rest = &rest[1..];
                continue;
            }
            'a' => ('\x07', 1),
            'b' => ('\x08', 1),
            'f' => ('\x0c', 1),
            'n' => ('\n', 1),
            'r' => ('\r', 1),
            't' => ('\t', 1),
            'v' => ('\x0b', 1),
            '\\' | '\'' | '"' => (letter, 1),
            '0'..='7' => {
                let octal = |c: char| ('0'..='7').contains(&c);
                let length = rest.chars().take(3).take_while(|c| octal(*c)).count();
                // Three digits may exceed a byte: Python still takes the low bits, with a warning since 3.12.
                let number = u32::from_str_radix(&rest[..length], 8).ok()?;
                (char::from_u32(if bytes { number & 0xff } else { number })?, length)
            }
            'x' => digits(2)?,
            // In bytes, `\u`, `\U` and `\N` are no escapes.
            'u' if !bytes => digits(4)?,
            'U' if !bytes => digits(8)?,
            'N' if !bytes => {
                // The table of character names would be too large.
                let end = rest.find('}')?;
                ('\u{fffd}', end + 1)
            }
            // Python keeps the backslash of an escape it does not know.
            _ => ('\\', 0),
        };
        text.push(character);
        rest = &rest[length..];
    }
    text.push_str(rest);
    Some(text)
}

/// The value of an integer literal, if it fits.
pub(crate) fn integer(literal: &str) -> Option<i128> {
    let digits = literal.replace('_', "").to_ascii_lowercase();
    let radix = |radix| i128::from_str_radix(&digits[2..], radix).ok();
    match digits.get(..2) {
        Some("0x") => radix(16),
        Some("0o") => radix(8),
        Some("0b") => radix(2),
        _ => digits.parse().ok(),
    }
}

/// The value of a float literal; none for an imaginary one.
pub(crate) fn float(literal: &str) -> Option<f64> {
    literal.replace('_', "").parse().ok()
}

/// Removes the indentation of a docstring, as `inspect.cleandoc` does.
pub(crate) fn clean_docstring(text: &str) -> String {
    // `str.expandtabs` counts columns; tabs in the margin, where they matter, come first in a line.
    let text = text.replace('\t', "        ");
    let mut lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let indented = lines.iter().skip(1).filter(|line| !line.is_empty());
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let margin = indented.map(|line| indent(line)).min().unwrap_or(0);
    for (number, line) in lines.iter_mut().enumerate() {
        *line = if number == 0 { line.trim_start() } else { line.get(margin..).unwrap_or("") };
    }
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines[first..last].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_mean_what_python_says() {
        let text = |literal| decode(literal);
        let str = |text: &str| Some(Decoded::Str(text.to_owned()));
        assert_eq!(text(r#""a\tb\x41\u00e9\101\q""#), str("a\tbA\u{e9}A\\q"));
        assert_eq!(text("'''a\\\nb'''"), str("ab"));
        assert_eq!(text(r"R'\n'"), str(r"\n"));
        assert_eq!(text("u''"), str(""));
        assert_eq!(text(r"b'\xff\377'"), Some(Decoded::Bytes(vec![255, 255])));
        assert_eq!(text("f'a'"), None);
        assert_eq!(text(r"'\x4'"), None);
        assert_eq!(text("'\\\u{e9}'"), str("\\\u{e9}"));
    }

    #[test]
    fn numbers_mean_what_python_says() {
        assert_eq!(integer("0xFF_ff"), Some(65535));
        assert_eq!(integer("1_000"), Some(1000));
        assert_eq!(integer("0b101"), Some(5));
        assert_eq!(integer(&"9".repeat(60)), None);
        assert_eq!(float("1e-3"), Some(0.001));
        assert_eq!(float("1_0.5"), Some(10.5));
        assert_eq!(float("1j"), None);
    }

    #[test]
    fn docstrings_lose_their_margin() {
        assert_eq!(clean_docstring("  One.\n\n      a\n    b\n  \n"), "One.\n\n  a\nb");
        assert_eq!(clean_docstring("\n    One."), "One.");
        assert_eq!(clean_docstring("   "), "");
    }
}
