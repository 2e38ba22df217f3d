//! What the text of a table leaves open: its separator, and whether it has a header.

use csv::ByteRecord;

use crate::cell::{self, is_missing};
use crate::decode::note;
use crate::format::Format;

/// So many rows are compared.
const ROWS: usize = 10;

/// What comes before the first row.
#[derive(Default)]
pub(crate) struct Before {
    pub(crate) lines: u64,
    pub(crate) separator: Option<u8>,
}

/// Removes what comes before the first row: `skip` lines, comments, and Excel's `sep=;`; and what comes
/// after the last: rows of empty cells, as Excel writes them, and the mark at the end of old files.
pub(crate) fn around(text: &mut Vec<u8>, skip: usize, name: &str) -> Before {
    let mut before = Before::default();
    let (mut at, mut comments) = (0, 0);
    loop {
        let line = text[at..].split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
        match &line[..end.map_or(0, |last| last + 1)] {
            _ if before.lines < skip as u64 && !line.is_empty() => {}
            [s, e, p, b'=', separator] if at == 0 && [*s, *e, *p].eq_ignore_ascii_case(b"sep") => {
                before.separator = Some(*separator);
            }
            trimmed => match trimmed.trim_ascii() {
                [b'#', ..] => comments += 1,
                [] if !line.is_empty() => {}
                _ => break,
            },
        }
        at += line.len();
        before.lines += 1;
    }
    if comments > 0 {
        let lines = crate::text::count(comments, "comment line");
        note(format_args!("{name}: left out {lines} before the first row"));
    }
    text.drain(..at);
    if text.last() == Some(&0x1A) {
        text.pop();
    }
    let mut empty = 0;
    loop {
        let trimmed = text.trim_ascii_end();
        let start = trimmed.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let is_empty = |line: &[u8]| matches!(line, [first @ (b',' | b';' | b'|'), rest @ ..] if rest.iter().all(|byte| byte == first));
        // One row says that its values are missing; it may be the only one.
        if start == 0 || !is_empty(&trimmed[start..]) {
            break;
        }
        text.truncate(start);
        empty += 1;
    }
    if empty > 0 {
        let rows = crate::text::count(empty, "row");
        note(format_args!("{name}: left out {rows} of empty cells at the end"));
    }
    before
}

/// Finds the separator of cells: one that splits all of the first rows into the same number of cells.
///
/// A decimal comma separates no cells, unless numbers are quoted.
pub(crate) fn separator(text: &[u8], format: &Format) -> u8 {
    let comment = format.comment;
    let rows = |separator: u8, text: &[u8]| -> Vec<ByteRecord> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).comment(comment).delimiter(separator);
        let rows = reader.from_reader(text).into_byte_records().take(ROWS);
        rows.map_while(|row| row.ok()).collect()
    };
    let widths = |separator: u8, text: &[u8]| -> Vec<usize> {
        rows(separator, text).iter().map(ByteRecord::len).collect()
    };
    let splits = |widths: &[usize]| {
        widths.first().is_some_and(|first| *first > 1 && widths.iter().all(|it| it == first))
    };
    // `t,v` above `1,500`: in numbers alone a comma may be a mark, but not in names.
    let has_names = |separator: u8| {
        let rows = rows(separator, text);
        let [names, values @ ..] = &rows[..] else { return false };
        names.len() > 1
            && !values.is_empty()
            && values.iter().all(|row| row.len() == names.len())
            && !names.iter().any(|cell| is_number(cell, format))
    };
    let is_mark = |separator: u8| {
        let mark = Some(char::from(separator));
        (format.decimal == mark || format.thousands == mark)
            && !text.contains(&b'"')
            && !has_names(separator)
    };
    // Numbers may have commas, so the others are tried first, with at least two rows to show it.
    for separator in [b'\t', b';', b'|'] {
        let widths = widths(separator, text);
        if widths.len() > 1 && splits(&widths) {
            return separator;
        }
    }
    let first = |separator| widths(separator, text).first().copied().unwrap_or_default();
    let mut all = [b',', b'\t', b';', b'|'].into_iter().filter(|it| !is_mark(*it));
    if let Some(found) = all.find(|it| first(*it) > 1) {
        return found;
    }
    if has_row_names(&rows(b'\t', text), text, true) {
        return b'\t';
    }
    // Dates have spaces too, so there must be a number beside one.
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let spaced = single_spaces(&lines.take(ROWS).collect::<Vec<_>>().join(&b'\n'));
    let has_number =
        spaced.split(|byte| matches!(byte, b' ' | b'\n')).any(|cell| is_number(cell, format));
    let spaces = rows(b' ', &spaced);
    let widths: Vec<usize> = spaces.iter().map(ByteRecord::len).collect();
    match () {
        _ if format.thousands != Some(' ')
            && has_number
            && (splits(&widths) || has_row_names(&spaces, text, false)) =>
        {
            b' '
        }
        _ if is_mark(b',') => b';',
        _ => b',',
    }
}

/// Returns whether the first column has the names of the rows, for which the header has no name, as R
/// writes them.
///
/// With one name, the text may have spaces of its own, as `Jan 2024` and `1 234` do: unless the separator
/// `is_sure`, the names must be quoted, or count the rows.
pub(crate) fn has_row_names(rows: &[ByteRecord], text: &[u8], is_sure: bool) -> bool {
    let [header, rows @ ..] = rows else { return false };
    let is_longer = |row: &ByteRecord| row.len() == header.len() + 1;
    if !rows.iter().all(is_longer) || rows.iter().all(|row| row[header.len()].is_empty()) {
        return false;
    }
    let counts = |(at, row): (usize, &ByteRecord)| row[0] == *(at + 1).to_string().as_bytes();
    let is_thousands = |row: &ByteRecord| {
        let digits = row[1].iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits == 3 && matches!(row[1][3..], [] | [b',' | b'.', ..])
    };
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    is_sure
        || header.len() > 1
        || lines.by_ref().take(ROWS).all(|line| line.starts_with(b"\""))
        || rows.iter().enumerate().all(counts) && !rows.iter().all(is_thousands)
}

/// Writes one space where there are several, or tabs, and none at the ends of lines.
pub(crate) fn single_spaces(text: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| {
        let cells = line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(&b' ')
    };
    text.split(|byte| *byte == b'\n').map(line).collect::<Vec<_>>().join(&b'\n')
}

pub(crate) fn is_number(cell: &[u8], format: &Format) -> bool {
    cell::number::<f64>(cell, format).is_some() || cell::percentage(cell, format).is_some()
}

/// Returns whether the first row is a header; and what to tell the user, if it might be otherwise.
pub(crate) fn has_header(rows: &[ByteRecord], format: &Format) -> (bool, Option<String>) {
    let Some((first, rest)) = rows.split_first() else { return (false, None) };
    let is_number = |cell: &[u8]| is_number(cell, format);
    // The first value below each cell of the first row.
    let below = |column| {
        let mut cells = rest.iter().filter_map(|row: &ByteRecord| row.get(column));
        cells.find(|cell| !is_missing(cell))
    };
    let pairs: Vec<_> = first.iter().enumerate().map(|(at, cell)| (cell, below(at))).collect();
    let has_text_above_number = pairs
        .iter()
        .any(|(cell, below)| !is_missing_or(cell, is_number) && below.is_some_and(is_number));
    let is_all_missing =
        first.iter().all(is_missing) && rest.iter().any(|row| row.iter().any(is_number));
    if is_all_missing {
        return (false, Some("the first row, of missing values, was taken for values: --header makes it the header".to_owned()));
    }
    if has_text_above_number {
        return (true, None);
    }
    let shown = || cell::text(&first.iter().collect::<Vec<_>>().join(&b", "[..])).into_owned();
    let is_header = || {
        Some(format!(
            "the first row, {}, was taken for the header: --no-header makes it values",
            shown()
        ))
    };
    let is_values = || {
        Some(format!(
            "the first row, {}, was taken for values: --header makes it the header",
            shown()
        ))
    };
    if !first.iter().any(is_number) {
        let is_typed =
            |cell: &[u8]| cell::moment(cell, format).is_some() || cell::is_true_or_false(cell);
        let typed = || pairs.iter().filter(|(_, below)| below.is_some_and(is_typed));
        return match () {
            // A date above a date is a value.
            _ if typed().any(|(cell, _)| is_typed(cell)) => (false, None),
            _ if rest.is_empty() && first.iter().any(is_typed) => (false, None),
            _ if typed().next().is_some() => (true, None),
            _ => (true, is_header()),
        };
    }
    let whole = |cell: &[u8]| cell::number::<i64>(cell, format);
    let years = |cell: &[u8]| whole(cell).is_some_and(|it| (1800..=2200).contains(&it));
    let numbers: Vec<&[u8]> = first.iter().filter(|cell| is_number(cell)).collect();
    if numbers.iter().all(|cell| years(cell)) {
        let is_year_below =
            |(cell, below): &(&[u8], Option<&[u8]>)| years(cell) && below.is_some_and(years);
        return match pairs.iter().any(is_year_below) || rest.is_empty() {
            true => (false, is_values()),
            false => (true, is_header()),
        };
    }
    // Columns numbered by a program.
    let counted: Option<Vec<i64>> = numbers.iter().map(|cell| whole(cell)).collect();
    let is_counted = counted.is_some_and(|it| {
        it.len() > 2 && matches!(it[0], 0 | 1) && it.windows(2).all(|pair| pair[1] == pair[0] + 1)
    });
    let has_fraction = pairs
        .iter()
        .any(|(_, below)| below.is_some_and(|cell| is_number(cell) && whole(cell).is_none()));
    match (is_counted, has_fraction) {
        (true, true) => (true, is_header()),
        (true, false) if !rest.is_empty() => (false, is_values()),
        _ => (false, None),
    }
}

/// An empty cell above numbers is the name of an index, or a missing value.
fn is_missing_or(cell: &[u8], is_number: impl Fn(&[u8]) -> bool) -> bool {
    is_missing(cell) || is_number(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_one_that_splits_all_rows_alike() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1;2\n", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("a, cm;b\n1,5;2\n", b';'),
            ("id,tags\n1,a;b\n2,c;d\n", b','),
            ("a\tb\n1,5\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("x   y\n1   2\n 3  4\n", b' '),
            ("when\n2024-01-01 10:00\n", b','),
            ("first last\nann lee\n", b','),
            ("v\n1\n", b','),
            ("\"a;b\",c\n\"d;e\",f\n", b','),
            // Spaces within the only cell.
            ("date\nJan 2024\nFeb 2024\n", b','),
            ("value\n1 234\n2 345\n", b','),
            ("value\n1 23.5\n2 17\n", b' '),
            ("\"value\"\n\"a\" 23.5\n\"b\" 17\n", b' '),
            ("\"value\"\n1 234,50\n2 345,00\n", b','),
            ("mpg\ncar1\t21\ncar2\t22.8\n", b'\t'),
        ] {
            let found = separator(text.as_bytes(), &Format::default());
            assert_eq!(char::from(found), char::from(expected), "{text:?}");
        }
        let thousands = |mark| Format { thousands: Some(mark), ..Format::default() };
        assert_eq!(separator(b"value\n1 234.5\n2 345\n", &thousands(' ')), b',');
        assert_eq!(separator(b"value\n1,234\n2,345\n", &thousands(',')), b';');
        assert_eq!(separator(b"t,v\n1,500\n2,600\n", &thousands(',')), b',');
        assert_eq!(separator(b"day,v\n2024-01-01,500\n", &thousands(',')), b',');
        let decimal = Format { decimal: Some(','), ..Format::default() };
        for (text, expected) in [
            ("1,5\n2,5\n", b';'),
            ("v\n1,5\n2,5\n", b';'),
            ("t,v\n1,5\n2,6\n", b','),
            ("t,v\n1,5;2,5\n3,5;4,5\n", b';'),
            ("1,5 2,5\n3,5 4,5\n", b' '),
            ("\"1,5\",\"2,5\"\n", b','),
            ("1,5;2\n", b';'),
        ] {
            let found = separator(text.as_bytes(), &decimal);
            assert_eq!(char::from(found), char::from(expected), "{text:?}");
        }
    }

    #[test]
    fn what_comes_before_the_first_row_and_after_the_last() {
        let with = |text: &str, skip| {
            let mut text = text.as_bytes().to_vec();
            let found = around(&mut text, skip, "t.csv");
            (String::from_utf8(text).unwrap(), found.lines, found.separator)
        };
        let of = |text: &str| with(text, 0);
        assert_eq!(of("sep=\t\r\na\tb\n"), ("a\tb\n".into(), 1, Some(b'\t')));
        assert_eq!(of("SEP=;\na;b\n"), ("a;b\n".into(), 1, Some(b';')));
        assert_eq!(with("Report\n\na,b\n", 1), ("a,b\n".into(), 2, None));
        assert_eq!(with("Report\n# x\na,b\n", 5), (String::new(), 3, None));
        assert_eq!(of("a,b\n1,2\n,\n,\r\n"), ("a,b\n1,2\n".into(), 0, None));
        assert_eq!(of("a\n1\n\x1A"), ("a\n1\n".into(), 0, None));
        assert_eq!(of(",,\n"), (",,\n".into(), 0, None));
        assert_eq!(of("sep=;\r\na;b\n"), ("a;b\n".into(), 1, Some(b';')));
        assert_eq!(of("# one\n\n#two\na\n# b\n"), ("a\n# b\n".into(), 3, None));
        assert_eq!(of("a\n"), ("a\n".into(), 0, None));
        assert_eq!(of(""), (String::new(), 0, None));
    }

    #[test]
    fn a_header_that_might_be_values_is_told_of() {
        let guess = |text: &str| {
            let rows: Result<Vec<ByteRecord>, _> = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.as_bytes())
                .into_byte_records()
                .collect();
            let (is_header, told) = has_header(&rows.unwrap(), &Format::default());
            (is_header, told.is_some())
        };
        for (text, expected) in [
            ("a,b\n1,2\n", (true, false)),
            ("1,2\n3,4\n", (false, false)),
            ("2019,2020\n1.5,7\n", (true, true)),
            ("2019,2020\n2021,2022\n", (false, true)),
            ("country,2019\nx,7\n", (true, true)),
            ("country,2019\nx,\ny,7\n", (true, true)),
            ("2019\n2020\n", (false, true)),
            ("0,1,2\n0.5,1,1\n", (true, true)),
            ("1,2,3\n4,5,6\n", (false, true)),
            ("3,2,1\n4,5,6\n", (false, false)),
            ("2024-01-01\n2024-01-02\n", (false, false)),
            ("day\n2024-01-02\n", (true, false)),
            ("ann,true\nbob,false\n", (false, false)),
            ("name,paid\nbob,false\n", (true, false)),
            ("ann\nbob\n", (true, true)),
            ("ann\n", (true, true)),
            ("2024-01-02\n", (false, false)),
            ("ann,true\n", (false, false)),
            ("name,2024-01-01\nann,5\n", (true, false)),
            (",x\n0,7\n", (true, false)),
            ("NA\n1\n", (false, true)),
        ] {
            assert_eq!(guess(text), expected, "{text:?}");
        }
    }
}
