//! What a cell of a table says: a number, a date, a truth value, or nothing.

use std::borrow::Cow;
use std::str::FromStr;

use crate::format::Format;
use crate::times::{self, Moment};

/// Words that stand for a missing value, in lower case. `nan` is a number.
const MISSING: &[&str] = &[
    "", "na", "n/a", "n.a.", "<na>", "nat", "null", "(null)", "none", "nil", "\\n", "-", "--", ".",
    "?", // Excel's errors.
    "#n/a", "#div/0!", "#num!", "#value!", "#ref!", "#name?", "#null!",
];

/// What Windows-1252 has where Latin-1 has control characters.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Returns a cell's text: UTF-8, or else what Excel writes on Windows.
pub(crate) fn text(cell: &[u8]) -> Cow<'_, str> {
    let windows = |byte: &u8| match byte {
        0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
        byte => char::from(*byte),
    };
    match std::str::from_utf8(cell) {
        Ok(text) => text.into(),
        Err(_) => cell.iter().map(windows).collect::<String>().into(),
    }
}

/// Returns whether a cell says that there is no value.
pub(crate) fn is_missing(cell: &[u8]) -> bool {
    cell.len() < 16 && MISSING.contains(&&text(cell).trim().to_lowercase()[..])
}

/// Parses a number, by the marks that the command line names.
pub(crate) fn number<T: FromStr>(cell: &[u8], format: &Format) -> Option<T> {
    let text = text(cell);
    let text = text.trim();
    // A minus sign that is typeset is no hyphen.
    if let Some(rest) = text.strip_prefix('\u{2212}').filter(|rest| !rest.starts_with(['+', '-'])) {
        return number(format!("-{rest}").as_bytes(), format);
    }
    if format.decimal.is_none() && format.thousands.is_none() {
        return text.parse().ok();
    }
    marked(text, format.decimal.unwrap_or('.'), format.thousands)?.parse().ok()
}

/// Parses a percentage as the number that it stands for: 0.12 for `12 %`.
pub(crate) fn percentage(cell: &[u8], format: &Format) -> Option<f64> {
    let text = text(cell);
    let rest = text.trim().strip_suffix('%')?;
    number::<f64>(rest.as_bytes(), format).map(|number| number / 100.0)
}

/// Writes a number with a point and without thousands separators.
fn marked(text: &str, decimal: char, thousands: Option<char>) -> Option<String> {
    let (whole, fraction) = match text.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut number = whole.to_owned();
    if let Some(thousands) = thousands {
        let is_between = |c: char| c == thousands || thousands == ' ' && is_space(c);
        let digits = whole.trim_start_matches(['+', '-']);
        let groups: Vec<&str> = digits.split(is_between).collect();
        if let [first, rest @ ..] = &groups[..]
            && !rest.is_empty()
        {
            // 1,23 and 1,2345 are not numbers with thousands, and 0,123 is a fraction.
            let fits = (1..=3).contains(&first.len())
                && !first.starts_with('0')
                && rest.iter().all(|part| part.len() == 3);
            if !fits || !groups.iter().all(|part| is_digits(part)) {
                return None;
            }
            number = whole.replace(is_between, "");
        }
    }
    // A point that is not the decimal mark is none of ours.
    if decimal != '.' && (number.contains('.') || fraction.is_some_and(|it| it.contains('.'))) {
        return None;
    }
    if let Some(fraction) = fraction {
        number += &format!(".{fraction}");
    }
    Some(number)
}

/// A space, a no-break space, a narrow one or a thin one.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Returns the options with which a cell would be a number, as they are typed.
pub(crate) fn options(cell: &[u8]) -> Option<String> {
    let text = text(cell);
    let text = text.trim().trim_end_matches('%').trim_end();
    let is_number = |decimal, thousands| {
        marked(text, decimal, thousands).is_some_and(|it| it.parse::<f64>().is_ok())
    };
    if text.parse::<f64>().is_ok() {
        return None;
    }
    let mut ways: Vec<&str> = Vec::new();
    for (decimal, thousands, typed) in [
        (',', None, "--decimal ,"),
        ('.', Some(','), "--thousands ,"),
        (',', Some('.'), "--decimal , --thousands ."),
        ('.', Some(' '), "--thousands space"),
        (',', Some(' '), "--decimal , --thousands space"),
        ('.', Some('\''), "--thousands \"'\""),
        (',', Some('\''), "--decimal , --thousands \"'\""),
    ] {
        // What needs fewer options comes first, and says the same.
        let is_same = |known: &str| typed.contains(known);
        if is_number(decimal, thousands) && !ways.iter().any(|known| is_same(known)) {
            ways.push(typed);
        }
    }
    (!ways.is_empty()).then(|| ways.join(" or "))
}

/// Parses a truth value. Numbers are none, since they are numbers first.
pub(crate) fn truth(cell: &[u8]) -> Option<bool> {
    let text = text(cell);
    let text = text.trim();
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match text.len() < 6 {
        true if is(&["true", "t", "yes", "y"]) => Some(true),
        true if is(&["false", "f", "no", "n"]) => Some(false),
        _ => None,
    }
}

/// Returns whether a cell is a truth value beyond doubt: F may be a sex, and NO a country.
pub(crate) fn is_true_or_false(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    cell.eq_ignore_ascii_case(b"true") || cell.eq_ignore_ascii_case(b"false")
}

/// Returns whether a whole number has zeros in front, as codes have.
pub(crate) fn has_leading_zero(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let digits = cell.strip_prefix(b"-").or(cell.strip_prefix(b"+")).unwrap_or(cell);
    matches!(digits, [b'0', _, ..]) && digits.iter().all(u8::is_ascii_digit)
}

/// Returns whether a float is the number that a cell says: not if it is a whole number with too many digits,
/// or one that is too large.
pub(crate) fn is_exact(cell: &[u8], float: f64, format: &Format) -> bool {
    const WHOLE: f64 = 9_007_199_254_740_992.0; // 2^53
    match float.abs() {
        small if small < WHOLE => true,
        large if large.is_nan() => true,
        large if large.is_infinite() => !cell.iter().any(u8::is_ascii_digit),
        large => number::<String>(cell, format).is_none_or(|text| {
            let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
            !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits == format!("{large:.0}")
        }),
    }
}

/// Returns whether a cell is a whole number that a float can't hold.
pub(crate) fn is_inexact(cell: &[u8], format: &Format) -> bool {
    cell.len() > 15
        && number::<f64>(cell, format).is_some_and(|float| !is_exact(cell, float, format))
}

/// Parses a truth value where one is asked for: 1 and 0 too.
pub(crate) fn asked_truth(cell: &[u8]) -> Option<bool> {
    match cell.trim_ascii() {
        b"1" => Some(true),
        b"0" => Some(false),
        _ => truth(cell),
    }
}

/// Parses a date, or a date and time.
pub(crate) fn moment(cell: &[u8], format: &Format) -> Option<Moment> {
    let text = text(cell);
    match &format.dates {
        Some(dates) => times::parse_as(&text, dates),
        None => times::parse_moment(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(decimal: Option<char>, thousands: Option<char>) -> Format {
        Format { decimal, thousands, ..Format::default() }
    }

    #[test]
    fn numbers_by_their_marks() {
        for (decimal, thousands, text, expected) in [
            (None, None, " -2.5 ", Some(-2.5)),
            (None, None, "2,5", None),
            (Some(','), None, "2,5", Some(2.5)),
            (Some(','), None, "-1e3", Some(-1e3)),
            (Some(','), None, "2.5", None),
            (Some(','), None, "1,2,3", None),
            (Some(','), Some('.'), "1.234.567,8", Some(1_234_567.8)),
            (Some(','), Some('.'), "1.23", None),
            (None, Some(','), "1,234", Some(1234.0)),
            (None, Some(','), "-12,345,678.5", Some(-12_345_678.5)),
            (None, Some(','), "1,2345", None),
            (None, Some(','), ",123", None),
            (None, Some(','), "1.5", Some(1.5)),
            (None, Some(' '), "1\u{a0}234\u{202f}567", Some(1_234_567.0)),
            (None, Some('\''), "1'234", Some(1234.0)),
            (None, Some(','), "0,123", None),
            (Some(','), None, "nan", Some(f64::NAN)),
            (None, None, "\u{2212}2.5", Some(-2.5)),
            (Some(','), Some('.'), "\u{2212}1.250,5", Some(-1250.5)),
            (None, None, "\u{2212}-1", None),
        ] {
            let found = number::<f64>(text.as_bytes(), &with(decimal, thousands));
            let same = found == expected
                || found.is_some_and(f64::is_nan) && expected.is_some_and(f64::is_nan);
            assert!(same, "{text} by {decimal:?} {thousands:?} is {found:?}");
        }
        assert_eq!(percentage(b"12.5 %", &with(None, None)), Some(0.125));
        assert_eq!(percentage(b"12", &with(None, None)), None);
        // Excel's thousands in French, in Windows-1252.
        assert_eq!(number(b"1\xA0250,5", &with(Some(','), Some(' '))), Some(1250.5));
    }

    #[test]
    fn text_is_utf_8_or_windows_1252() {
        assert_eq!(text("Größe €".as_bytes()), "Größe €");
        assert_eq!(text(b"Gr\xF6\xDFe \x80"), "Größe €");
    }

    #[test]
    fn the_options_that_make_a_number_of_a_cell() {
        for (text, expected) in [
            ("2,5", Some("--decimal ,")),
            ("1,234.5", Some("--thousands ,")),
            ("1.234,5", Some("--decimal , --thousands .")),
            ("1,234", Some("--decimal , or --thousands ,")),
            ("1 000", Some("--thousands space")),
            ("1'000", Some("--thousands \"'\"")),
            ("0,123", Some("--decimal ,")),
            ("two", None),
            ("", None),
        ] {
            assert_eq!(options(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_a_float_can_not_say() {
        let format = Format::default();
        let is_exact = |text: &str| is_exact(text.as_bytes(), text.parse().unwrap(), &format);
        for text in ["9007199254740992", "9007199254740994", "1e300", "inf", "nan", "0.1", "-1e20"]
        {
            assert!(is_exact(text), "{text}");
        }
        for text in ["9007199254740993", "-9007199254740993", "18446744073709551615", "1e400"] {
            assert!(!is_exact(text), "{text}");
        }
        let long = "123456789012345678901234567890123456789012345";
        assert!(!is_exact(long));
        assert!(is_exact(&format!("-00{:.0}", long.parse::<f64>().unwrap())));
        assert!(has_leading_zero(b" 007 ") && has_leading_zero(b"-01"));
        assert!(!has_leading_zero(b"+012.50") && !has_leading_zero(b"00.5"));
        assert!(!has_leading_zero(b"0") && !has_leading_zero(b"0.5") && !has_leading_zero(b"10"));
    }

    #[test]
    fn missing_values_and_truth_values() {
        for text in [
            "", "  ", "NA", "n/a", "NULL", "None", "-", ".", "#N/A", "#DIV/0!", "\\N", "<NA>",
            "NaT",
        ] {
            assert!(is_missing(text.as_bytes()), "{text:?}");
        }
        for text in ["nan", "0", "nothing", "-1", "missing values are long"] {
            assert!(!is_missing(text.as_bytes()), "{text:?}");
        }
        assert_eq!(truth(b" True "), Some(true));
        assert_eq!(truth(b"no"), Some(false));
        assert_eq!((truth(b"1"), asked_truth(b"1")), (None, Some(true)));
    }
}
