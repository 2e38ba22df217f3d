//! A table of text: its names, its columns as values, its rows as text.

mod choose;
mod read;
mod rows;

use std::cell::RefCell;

use csv::ByteRecord;

use crate::cell::{self, is_missing};
use crate::decode::{Decoded, note};
use crate::dialect;
use crate::failure::{Result, bad_input};
use crate::format::Format;
use crate::quotes;
use crate::text::count;

pub(crate) use read::left_out;
use rows::trim;

/// A column of a table or an array, counted from 0.
pub(crate) type Column = usize;

/// So many rows say what a column is, for choosing one.
const SAMPLE: usize = 100;

/// A table in memory: one file, or several with the same columns.
pub(crate) struct Table {
    /// The name of the first file, for messages.
    name: String,
    text: Vec<u8>,
    parts: Vec<Part>,
    format: Format,
    separator: u8,
    header: Option<Vec<String>>,
    /// The first row of values.
    first: ByteRecord,
    /// The first cell of each column that is not missing, in the first rows.
    sample: Vec<Vec<u8>>,
    /// The columns whose first rows would all be numbers with other options.
    doubtful: Vec<bool>,
    width: usize,
    /// Columns of JSON strings, which are no numbers even if they look like some.
    texts: Vec<bool>,
    /// The rows without a value that is needed, which are left out; in order.
    skipped: RefCell<Vec<usize>>,
}

/// The text of one file.
struct Part {
    name: String,
    /// Where it begins.
    at: usize,
    /// The number of the line there, or of the record.
    line: u64,
    /// Whether it was JSON: its text has other lines than the file.
    has_records: bool,
}

impl Table {
    /// Makes a table from files, of which only the first rows are read.
    pub(crate) fn new(mut files: Vec<Decoded>, format: &Format) -> Result<Table> {
        let others = files.split_off(1);
        let mut table = Table::one(files.remove(0), format)?;
        for other in others {
            let other = Table::one(other, format)?;
            table.append(other)?;
        }
        Ok(table)
    }

    fn one(file: Decoded, format: &Format) -> Result<Table> {
        let Decoded { name, mut text, header, texts } = file;
        if std::str::from_utf8(&text).is_err() {
            note(format_args!("{name} is not UTF-8: its text was read as Windows-1252"));
        }
        let skipped = dialect::around(&mut text, format.skip, &name);
        let mut format = format.clone();
        format.separator = format.separator.or(skipped.separator);
        let separator = format.separator.unwrap_or_else(|| dialect::separator(&text, &format));
        if separator == b' ' {
            text = dialect::single_spaces(&text);
        }
        let has_records = texts.is_some();
        // The header of records is none of them.
        let first_line = u64::from(!has_records || header != Some(true));
        let line = skipped.lines + first_line;
        let parts = vec![Part { name: name.clone(), at: 0, line, has_records }];
        let texts = texts.unwrap_or_default();
        let skipped = RefCell::default();
        let (first, sample, doubtful) = Default::default();
        let mut table = Table {
            name,
            text,
            parts,
            format,
            separator,
            header: None,
            first,
            sample,
            doubtful,
            width: 0,
            texts,
            skipped,
        };
        let mut rows = Vec::new();
        for row in table.reader().into_byte_records().take(SAMPLE) {
            match row {
                Ok(row) => {
                    table.check_quotes(&row)?;
                    rows.push(row);
                }
                Err(error) => return table.broken(&error),
            }
        }
        let Some(first) = rows.first() else {
            return bad_input(format!("{} is empty", table.name));
        };
        table.width = first.len();
        if table.width == 1 && table.texts.is_empty() {
            table.blank_lines();
            let reader = table.reader().into_byte_records().take(SAMPLE);
            rows = reader.filter_map(|row| row.ok()).collect();
        }
        // With commas R writes a name that is empty.
        let is_sure = table.format.separator.is_some() || table.separator == b'\t';
        if matches!(table.separator, b' ' | b'\t')
            && dialect::has_row_names(&rows, &table.text, is_sure)
        {
            note(format_args!(
                "{}: the header has one name fewer than the rows have cells; the first column was taken \
                 for the rows' names, as R writes them",
                table.name
            ));
            rows[0] = std::iter::once(&b""[..]).chain(rows[0].iter()).collect();
            table.width += 1;
        }
        // Rows of unequal length further down are reported when the columns are read.
        let unequal = rows.iter().position(|row| !table.has_width(row)).unwrap_or(rows.len());
        if unequal < 2 && unequal < rows.len() {
            return table.unequal(&rows[unequal]);
        }
        rows.truncate(unequal);
        let first = &rows[0];
        let is_header = match table.format.has_header().or(header) {
            Some(known) => known,
            None => {
                let (is_header, guessed) = dialect::has_header(&rows, &table.format);
                if let Some(guessed) = guessed {
                    note(format_args!("{}: {guessed}", table.name));
                }
                is_header
            }
        };
        if is_header {
            let names = first.iter().map(|cell| cell::text(cell).trim().to_owned());
            table.header = Some(names.collect());
            rows.remove(0);
        }
        let value = |column| {
            let cells = rows.iter().filter_map(|row: &ByteRecord| row.get(column));
            cells.filter(|cell| !is_missing(cell)).map(<[u8]>::to_vec).next().unwrap_or_default()
        };
        table.sample = (0..table.width).map(value).collect();
        let is_doubtful = |column| {
            let cells = rows.iter().filter_map(|row: &ByteRecord| row.get(column));
            let mut cells = cells.filter(|cell| !is_missing(cell));
            cells.all(|cell| table.is_number(column, cell) || cell::options(cell).is_some())
        };
        table.doubtful = (0..table.width).map(is_doubtful).collect();
        table.first = rows.into_iter().next().unwrap_or_default();
        Ok(table)
    }

    /// Adds the rows of another file.
    fn append(&mut self, other: Table) -> Result<()> {
        if (self.names(), self.has_header()) != (other.names(), other.has_header()) {
            let columns = |table: &Table| match table.has_header() {
                true => table.names().join(", "),
                false => format!("{} without a header", count(table.width as u64, "column")),
            };
            return bad_input(format!(
                "the files have different columns: {} has {}, but {} has {}",
                self.name,
                columns(self),
                other.name,
                columns(&other)
            ));
        }
        if self.separator != other.separator {
            return bad_input(format!(
                "the files have different separators: {} has {:?}, but {} has {:?}",
                self.name,
                char::from(self.separator),
                other.name,
                char::from(other.separator)
            ));
        }
        let mut reader = other.reader();
        if other.has_header() && reader.read_byte_record(&mut ByteRecord::new()).is_err() {
            return Ok(());
        }
        let start = reader.position().byte() as usize;
        if !self.text.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        let part = &other.parts[0];
        let has_records = part.has_records;
        let line = part.line + other.passed(&other.text[..start], has_records);
        self.parts.push(Part { name: part.name.clone(), at: self.text.len(), line, has_records });
        self.text.extend_from_slice(&other.text[start..]);
        if self.first.is_empty() {
            self.first = other.first;
        }
        for (one, others) in self.doubtful.iter_mut().zip(other.doubtful) {
            *one &= others;
        }
        for (cell, others) in self.sample.iter_mut().zip(other.sample) {
            if cell.is_empty() {
                *cell = others;
            }
        }
        Ok(())
    }

    /// Decides what the blank lines of a table with one column are: missing values, if the command line says
    /// what becomes of these.
    fn blank_lines(&mut self) {
        let end = self.text.trim_ascii_end().len();
        let begin = self.text.len() - self.text.trim_ascii_start().len();
        let lines = || {
            let mut is_open = false;
            self.text[begin..end].split(|byte| *byte == b'\n').map(move |line| {
                // A quoted cell may have blank lines too.
                let is_blank = !is_open && matches!(line, [] | [b'\r']);
                let quotes = line.iter().filter(|byte| **byte == b'"').count();
                let is_quoted = is_open || line.trim_ascii_start().starts_with(b"\"");
                is_open ^= is_quoted && quotes % 2 == 1;
                (line, is_blank)
            })
        };
        let blank = lines().filter(|(_, is_blank)| *is_blank).count();
        if blank == 0 {
            return;
        }
        if self.format.missing.is_none() {
            let lines = count(blank as u64, "blank line");
            note(format_args!(
                "{}: left out {lines}; --missing makes them missing values",
                self.name
            ));
            return;
        }
        let full = |(line, is_blank): (&[u8], bool)| match is_blank {
            true => [&b"\"\""[..], line].concat(),
            false => line.to_vec(),
        };
        let filled = lines().map(full).collect::<Vec<_>>().join(&b'\n');
        self.text = [&self.text[..begin], &filled[..], &self.text[end..]].concat();
    }

    /// Refuses a row that has swallowed others, since a quote in it opens a cell and does not end it.
    fn check_quotes(&self, row: &ByteRecord) -> Result<()> {
        if !row.as_slice().contains(&b'\n') {
            return Ok(());
        }
        let start = row.position().map_or(0, |position| self.start(position));
        let Some(at) = quotes::unclosed(&self.text[start..], self.separator) else { return Ok(()) };
        let part = self.part(start + at);
        let before = &self.text[part.at..start + at];
        bad_input(format!(
            "{}, line {}: a quote begins a cell that does not end at a separator or the end of a line; close it, \
             or double the quotes that are part of the text",
            part.name,
            part.line + before.iter().filter(|byte| **byte == b'\n').count() as u64
        ))
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        self.reader_of(&self.text)
    }

    fn reader_of<'t>(&self, text: &'t [u8]) -> csv::Reader<&'t [u8]> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            // Rows may end with separators for which the header has no names.
            .flexible(true)
            .delimiter(self.separator)
            .comment(self.format.comment)
            .from_reader(text)
    }

    /// Returns whether a row has the cells of the first one. More may be empty.
    fn has_width(&self, row: &ByteRecord) -> bool {
        let more = || row.iter().skip(self.width).all(|cell| cell.trim_ascii().is_empty());
        row.len() == self.width || row.len() > self.width && more()
    }

    /// Makes the error of a row with too many cells or too few.
    fn unequal<T>(&self, row: &ByteRecord) -> Result<T> {
        let at = row.position().map_or(0, |at| at.byte() as usize);
        let start = self.text[at..].iter().find(|byte| !matches!(byte, b'\r' | b'\n'));
        let advice = match start {
            Some(b'#') if self.format.comment.is_none() => {
                "; if lines that begin with # are comments, add --comment '#'".to_owned()
            }
            _ if self.width == 1 => {
                let place = row.position().map_or(1, |at| self.line(at));
                let whole = row.iter().collect::<Vec<_>>().join(&self.separator);
                match cell::options(&whole) {
                    Some(options) => {
                        format!("; if {} is one number, add {options}", cell::text(&whole))
                    }
                    None => {
                        format!("; if the table begins in line {place}, add --skip {}", place - 1)
                    }
                }
            }
            _ => String::new(),
        };
        bad_input(format!(
            "{}: the row has {}, but the first row has {}{advice}",
            row.position().map_or_else(|| self.name.clone(), |at| self.place(at)),
            count(row.len() as u64, "cell"),
            self.width
        ))
    }

    /// Makes the error of a file that is not CSV.
    fn broken<T>(&self, error: &csv::Error) -> Result<T> {
        bad_input(format!("can't read {}: {error}", self.name))
    }

    /// Returns the file and the line at which a row starts, or which record of JSON it is.
    fn place(&self, at: &csv::Position) -> String {
        let part = self.part(self.start(at));
        let unit = if part.has_records { "record" } else { "line" };
        format!("{}, {unit} {}", part.name, self.line(at))
    }

    fn part(&self, start: usize) -> &Part {
        self.parts.iter().rev().find(|part| part.at <= start).unwrap_or(&self.parts[0])
    }

    /// Returns where a row starts; the reader's position is before blank lines and comments.
    fn start(&self, at: &csv::Position) -> usize {
        let mut at = at.byte() as usize;
        loop {
            match self.text.get(at) {
                Some(b'\r' | b'\n') => at += 1,
                Some(byte) if Some(*byte) == self.format.comment => {
                    at += self.text[at..].iter().take_while(|byte| **byte != b'\n').count();
                }
                _ => return at,
            }
        }
    }

    /// Returns the line of its file in which a row starts, or the number of the record.
    fn line(&self, at: &csv::Position) -> u64 {
        let start = self.start(at);
        let part = self.part(start);
        part.line + self.passed(&self.text[part.at..start], part.has_records)
    }

    /// Returns how many lines or records end in a text.
    fn passed(&self, text: &[u8], has_records: bool) -> u64 {
        let count = match has_records {
            true => self.reader_of(text).byte_records().count(),
            false => text.iter().filter(|byte| **byte == b'\n').count(),
        };
        count as u64
    }

    /// Returns whether the columns have names.
    pub(crate) fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Returns the columns' names, which are their numbers where there is no header.
    pub(crate) fn names(&self) -> Vec<String> {
        match &self.header {
            Some(names) => names.clone(),
            None => (1..=self.width).map(|number| number.to_string()).collect(),
        }
    }

    /// Returns a column's name for messages.
    fn name_of(&self, column: Column) -> String {
        self.names().swap_remove(column)
    }

    fn is_number(&self, column: Column, cell: &[u8]) -> bool {
        !self.is_text(column) && dialect::is_number(cell, &self.format)
    }

    fn is_text(&self, column: Column) -> bool {
        self.texts.get(column).copied().unwrap_or_default()
    }

    /// Lists columns for a message.
    fn listed(&self, columns: impl Iterator<Item = Column>) -> String {
        let columns: Vec<Column> = columns.collect();
        let names: Vec<String> = columns.iter().map(|column| self.name_of(*column)).collect();
        let is_alone = |name| names.iter().filter(|other| *other == name).count() == 1;
        // A name that is not alone chooses none: the number does.
        let each = names.iter().zip(&columns).map(|(name, column)| match is_alone(name) {
            true => name.clone(),
            false => format!("{} ({name})", column + 1),
        });
        let listed = each.collect::<Vec<_>>().join(", ");
        match &self.header {
            Some(_) => listed,
            None => format!("no header, and columns {listed}"),
        }
    }

    /// Returns the header as text.
    pub(crate) fn header(&self) -> Option<&[u8]> {
        self.header.as_ref()?;
        let mut reader = self.reader();
        reader.read_byte_record(&mut ByteRecord::new()).ok()?;
        Some(trim(&self.text[..reader.position().byte() as usize]))
    }

    /// Returns the character between cells.
    pub(crate) fn separator(&self) -> u8 {
        self.separator
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Columns as _;
    use crate::failure::Failure;
    use crate::format::Missing;
    use crate::values::{Number, Values};

    fn read(text: &str, format: &Format) -> Result<Table> {
        let decoded = crate::decode::decode("t.csv".into(), text.as_bytes().to_vec())?;
        Table::new(vec![decoded], format)
    }

    fn table(text: &str) -> Table {
        read(text, &Format::default()).unwrap_or_else(|_| panic!("{text:?}"))
    }

    const FLOAT: Number = Number::Float("float64");
    const INT: Number = Number::Int("int64");

    fn floats(text: &str, column: Column) -> Vec<f64> {
        match table(text).read(&[(column, FLOAT)]).unwrap().remove(0) {
            Values::Float64(values) => values,
            _ => unreachable!(),
        }
    }

    fn wrong<T>(result: Result<T>) -> String {
        match result {
            Err(Failure::Usage(text) | Failure::Input(text)) => text,
            _ => panic!("the table is not refused"),
        }
    }

    #[test]
    fn a_header_is_recognised() {
        for (text, header) in [
            ("time,value\n1,2\n", true),
            ("1,2\n3,4\n", false),
            ("a,1\nb,2\n", false),
            ("name,2019,2020\nx,1,2\n", true),
            ("2019,2020\n1.5,2\n", true),
            ("2019,2020\n2021,2022\n", false),
            ("0,1,2\n0.5,1,2\n", true),
            ("0,1,2\n3,4,5\n", false),
            ("id,2019,2020\n7,1,2\n", true),
            ("name,city\nann,rome\n", true),
            ("value\n", true),
            ("1\n", false),
            ("nan\n1\n", false),
        ] {
            assert_eq!(table(text).header.is_some(), header, "{text:?}");
        }
    }

    #[test]
    fn every_way_to_write_a_number() {
        let text = "x\n1\n -2.5 \n1e308\n\"3\"\nnan\n-inf\n.5\n+4\n";
        let values = floats(text, 0);
        assert_eq!(values[..4], [1.0, -2.5, 1e308, 3.0]);
        assert!(values[4].is_nan());
        assert_eq!(values[5..], [f64::NEG_INFINITY, 0.5, 4.0]);
    }

    #[test]
    fn line_ends_marks_and_separators() {
        assert_eq!(floats("\u{FEFF}x,y\r\n1,2\r\n3,4", 1), [2.0, 4.0]);
        assert_eq!(floats("x\ty\n1\t2\n", 1), [2.0]);
        assert_eq!(floats("x;y\n1;2\n", 1), [2.0]);
        assert_eq!(floats("\n\nx,y\n\n1,2\n\n\n3,4\n\n", 0), [1.0, 3.0]);
        assert_eq!(floats("\"a,b\",y\n1,2\n", 1), [2.0]);
    }

    #[test]
    fn integers_are_read_with_all_digits() {
        let read = table("id\n9007199254740993\n").read(&[(0, INT)]).unwrap();
        assert_eq!(read, [Values::Int64(vec![9_007_199_254_740_993])]);
        let text = wrong(table("id\n1\n2.0\n").read(&[(0, INT)]));
        assert!(text.contains("line 3") && text.contains("int64"), "{text}");
    }

    #[test]
    fn errors_name_line_and_column() {
        let read = |text: &str| wrong(table(text).read(&[(1, FLOAT)]));
        let text = read("t,v\na,1\n\n\nb,x\n");
        assert_eq!(text, "t.csv, line 5, column v: \"x\" is not a number");
        let text = read("t,v\n\"two\nlines\",1\nb,\n");
        assert!(text.starts_with("t.csv, line 4, column v: the cell is empty"), "{text}");
        let text = read("t;v\na;1\nb;2,5\n");
        assert!(text.ends_with("is not a number; add --decimal ,"), "{text}");
        let text = wrong::<()>(Err(table("t;v\na;2,5\n").not_one(&[], "numbers")));
        assert!(text.ends_with("to read them as numbers add --decimal ,"), "{text}");
        let text = read("t,v\na,1\nb\n");
        assert_eq!(text, "t.csv, line 3: the row has 1 cell, but the first row has 2");
        let text = read("a,1\nb,2\nc,3,4\n");
        assert_eq!(text, "t.csv, line 3: the row has 3 cells, but the first row has 2");
    }

    #[test]
    fn columns_by_name_and_by_number() {
        let table = table("größe,a=b,3\n1,2,x\n");
        assert_eq!(table.column("größe").unwrap(), 0);
        assert_eq!(table.column("a=b").unwrap(), 1);
        assert_eq!(table.column("3").unwrap(), 2);
        assert_eq!(table.column("2").unwrap(), 1);
        for name in ["0", "4", "A=B", ""] {
            assert!(wrong(table.column(name)).contains("it has größe, a=b, 3"), "{name}");
        }
        assert_eq!(table.fitting(FLOAT), [0, 1]);
    }

    #[test]
    fn one_of_several_columns_of_a_name_is_named_by_its_number() {
        let table = table("x,x\n1,2\n");
        assert!(wrong(table.column("x")).contains("by its number"));
        assert_eq!(table.column("2").unwrap(), 1);
    }

    #[test]
    fn rows_are_unchanged_in_any_order() {
        let table = table("\nn,v\r\n\r\n\"a, \"\"b\"\"\",1\r\nc,2\r\n\nd, 3");
        assert_eq!(table.header(), Some(&b"n,v"[..]));
        assert_eq!(table.len().unwrap(), 3);
        let rows = table.rows(&[2, 0, 2]).unwrap();
        let texts: Vec<_> = rows.iter().map(|row| cell::text(row.text)).collect();
        assert_eq!(texts, ["d, 3", "\"a, \"\"b\"\"\",1", "d, 3"]);
        assert_eq!(rows[1].cells, ["a, \"b\"", "1"]);
    }

    #[test]
    fn missing_values_are_refused_or_passed_or_left_out() {
        let text = "t,v,w\na,1,x\nb,NA,y\nc,,z\nd,4,\n";
        let with = |missing| Format { missing: Some(missing), ..Format::default() };
        let table = read(text, &with(Missing::Nan)).unwrap();
        let Values::Float64(values) = table.read(&[(1, FLOAT)]).unwrap().remove(0) else {
            unreachable!()
        };
        assert_eq!((values[0], values[3]), (1.0, 4.0));
        assert!(values[1].is_nan() && values[2].is_nan());
        assert!(wrong(table.read(&[(1, INT)])).contains("--missing skip"));

        let table = read(text, &with(Missing::Skip)).unwrap();
        assert_eq!(table.read(&[(1, INT)]).unwrap(), [Values::Int64(vec![1, 4])]);
        assert_eq!(table.len().unwrap(), 2);
        let rows = table.rows(&[1]).unwrap();
        assert_eq!((rows[0].index, &rows[0].cells[0][..]), (3, "d"));

        let table = read(text, &Format::default()).unwrap();
        let error = wrong(table.read(&[(1, FLOAT)]));
        assert!(error.contains("line 3") && error.contains("--missing nan"), "{error}");
    }

    #[test]
    fn blank_lines_are_missing_values_unless_they_are_in_a_cell() {
        let nan = Format { missing: Some(Missing::Nan), ..Format::default() };
        for text in ["v\n1\n\n3\n", "\"v\"\n1\n\n3\n", "\"v\"\r\n1\r\n\r\n3\r\n"] {
            let table = read(text, &nan).unwrap();
            assert_eq!(table.len().unwrap(), 3, "{text:?}");
            assert_eq!(table.read_with_holes(&[(0, FLOAT)]).unwrap()[0].1, [1], "{text:?}");
        }
        let table = read("v\n\"a\n\n\"\"b\"\n12\" pipe\n\nc\n", &nan).unwrap();
        let read = table.read(&[(0, Number::Text)]).unwrap();
        let expected = ["a\n\n\"b", "12\" pipe", "", "c"].map(str::to_owned);
        assert_eq!(read, [Values::Text(expected.to_vec())]);
    }

    #[test]
    fn the_kinds_of_columns() {
        let text = "i,f,b,t,s,e\n1,1,true,2024-01-31,a,\n2,1.5,FALSE,2024-02-01 10:00,3,\n,,,,,\n";
        let kinds = table(text).kinds(&[0, 1, 2, 3, 4, 5]).unwrap();
        assert_eq!(kinds, [INT, FLOAT, Number::Bool, Number::Time, Number::Text, Number::Text]);
        // Sexes, countries and codes; numbers that no float holds.
        let text = "a,b,c,d,e,f\nF,NO,01,18446744073709551615,-1,9007199254740993\nF,NO,12,1,18446744073709551615,0.5\n";
        let kinds = table(text).kinds(&[0, 1, 2, 3, 4, 5]).unwrap();
        let (text, large) = (Number::Text, Number::Int("uint64"));
        assert_eq!(kinds, [text, text, text, large, text, text]);
        // In any order.
        for (cells, expected) in [
            (["9007199254740993", "0.5"], (text, true)),
            (["18446744073709551615", "-1"], (text, true)),
            (["9007199254740993", "word"], (text, false)),
            (["0.5", "word"], (text, false)),
            (["9007199254740993", "1"], (INT, false)),
            (["9007199254740992", "0.5"], (FLOAT, false)),
        ] {
            for [first, last] in [cells, [cells[1], cells[0]]] {
                let table = table(&format!("id,v\n1,{first}\n2,{last}\n"));
                assert_eq!(table.kinds_and_mixed(&[1]).unwrap(), [expected], "{first} {last}");
            }
        }
        let table = table("id,v\n1,0.5\n2,9007199254740993\n3,word\n");
        assert_eq!(table.kinds_and_mixed(&[1]).unwrap(), [(text, false)]);
    }

    #[test]
    fn columns_of_integers_that_a_float_can_not_hold() {
        let long = |text: &str| table(text).long_integers(&[0, 1]).unwrap();
        let large = Number::Int("uint64");
        assert_eq!(long("a,b\n1,9007199254740993\n,2\n"), Some(vec![INT, INT]));
        assert_eq!(long("a,b\n1,18446744073709551615\n"), Some(vec![INT, large]));
        assert_eq!(long("a,b\n0.5,9007199254740993\n"), None);
        assert_eq!(long("a,b\n1,2\n"), None);
    }

    #[test]
    fn names_of_rows_have_no_name_of_their_own() {
        let space = Format { separator: Some(b' '), ..Format::default() };
        for (text, format) in [
            ("mpg\ncar1\t21\ncar2\t22.8\n", &Format::default()),
            ("mpg\ncar1 21\ncar2 22.8\n", &space),
        ] {
            let table = read(text, format).unwrap();
            assert_eq!(table.names(), ["", "mpg"], "{text:?}");
            assert_eq!(table.len().unwrap(), 2, "{text:?}");
        }
    }

    #[test]
    fn several_files_are_one_table() {
        let decoded = |name: &str, text: &str| {
            crate::decode::decode(name.into(), text.as_bytes().to_vec()).unwrap()
        };
        let files = vec![decoded("a.csv", "x,y\n1,2"), decoded("b.csv", "x,y\n\n3,4\n5,z\n")];
        let table = Table::new(files, &Format::default()).unwrap();
        assert_eq!(table.read(&[(0, INT)]).unwrap(), [Values::Int64(vec![1, 3, 5])]);
        assert!(wrong(table.read(&[(1, INT)])).starts_with("b.csv, line 4, column y"));
        assert_eq!(table.rows(&[1]).unwrap()[0].text, b"3,4");
        let files = vec![decoded("a.csv", "x,y\n1,2"), decoded("b.csv", "x,z\n1,2\n")];
        let error = wrong(Table::new(files, &Format::default()));
        assert!(error.contains("a.csv has x, y, but b.csv has x, z"), "{error}");
    }

    #[test]
    fn a_day_is_that_of_its_own_clock() {
        let table = table("day\n2024-01-02\n2024-01-03T23:00:00-02:00\n");
        let day = 86_400_000_000;
        let Values::Time(days) = table.read(&[(0, Number::Date)]).unwrap().remove(0) else {
            unreachable!()
        };
        assert_eq!(days.iter().map(|it| it / day).collect::<Vec<_>>(), [19_724, 19_725]);
        assert!(wrong(table.read(&[(0, Number::Time)])).contains("has an offset"));
    }

    #[test]
    fn a_column_is_doubtful_if_all_of_its_rows_could_be_numbers() {
        assert!(table("v;w\n1;2,5\n2;\n3;4\n").doubtful().unwrap().contains("--decimal ,"));
        for text in ["tags,v\n\"1,2\",5\n\"1,3,4\",6\n", "host,v\n192.168.100.200,5\n10.0.0.1,6\n"]
        {
            assert_eq!(table(text).doubtful(), None, "{text:?}");
        }
    }

    #[test]
    fn a_table_without_rows() {
        assert!(wrong::<()>(Err(table("a,b\n").not_one(&[], "numbers"))).contains("no rows"));
    }
}
