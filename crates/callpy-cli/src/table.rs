//! A CSV file: its names, its columns as numbers, its rows as text.

use csv::ByteRecord;

use crate::failure::{Result, bad_input, check_signals, usage};
use crate::progress::Reading;
use crate::text::count;
use crate::times;

/// A column of a table or an array, counted from 0.
pub(crate) type Column = usize;

/// A CSV file in memory.
pub(crate) struct Table {
    /// The file's name for messages.
    name: String,
    text: Vec<u8>,
    separator: u8,
    header: Option<Vec<String>>,
    /// The first row of values.
    first: ByteRecord,
    width: usize,
}

/// The type of numbers to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Float64,
    Int64,
}

/// The numbers of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Float64(Vec<f64>),
    Int64(Vec<i64>),
}

/// A row of the file, unchanged.
pub(crate) struct Row<'t> {
    /// Without its line break.
    pub(crate) text: &'t [u8],
    pub(crate) cells: Vec<String>,
}

impl Table {
    /// Makes a table from a file's bytes, of which only the first rows are read.
    pub(crate) fn new(name: String, mut text: Vec<u8>) -> Result<Table> {
        match &text[..] {
            [0xEF, 0xBB, 0xBF, ..] => drop(text.drain(..3)),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return bad_input(format!(
                    "{name} is UTF-16; convert it with `iconv -f utf-16 -t utf-8`"
                ));
            }
            [0x1F, 0x8B, ..] => {
                return bad_input(format!("{name} is compressed; use `gunzip -c FILE | callpy …`"));
            }
            [b'P', b'K', 3, 4, ..] => {
                return bad_input(format!(
                    "{name} is an archive (.npz, .xlsx, .zip); save the numbers as .npy or CSV"
                ));
            }
            [b'P', b'A', b'R', b'1', ..] => {
                return bad_input(format!(
                    "{name} is a Parquet file; save the numbers as CSV or .npy"
                ));
            }
            _ if text[..text.len().min(8192)].contains(&0) => {
                return bad_input(format!(
                    "{name} contains binary data; save the numbers as CSV or .npy"
                ));
            }
            _ => {}
        }
        let separator = separator(&text);
        let mut table =
            Table { name, text, separator, header: None, first: ByteRecord::new(), width: 0 };
        let mut rows = table.reader().into_byte_records();
        let mut next = || rows.next().transpose().map(Option::unwrap_or_default);
        let rows = next().and_then(|first| Ok((first, next()?)));
        let (first, second) = match rows {
            Ok(rows) => rows,
            Err(error) => return table.broken(&error),
        };
        if first.is_empty() {
            return bad_input(format!("{} is empty", table.name));
        }
        table.width = first.len();
        // Rows of unequal length are reported when the columns are read.
        let text_above_number = || {
            first.iter().zip(&second).any(|(above, below)| !is_number(above) && is_number(below))
        };
        if !first.iter().any(is_number) || text_above_number() {
            let names = first.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned());
            table.header = Some(names.collect());
            table.first = second;
        } else {
            table.first = first;
        }
        Ok(table)
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.separator)
            .from_reader(&self.text)
    }

    /// Makes the error of a file that is not CSV.
    fn broken<T>(&self, error: &csv::Error) -> Result<T> {
        match error.kind() {
            csv::ErrorKind::UnequalLengths { pos: Some(at), expected_len, len } => {
                bad_input(format!(
                    "{}, line {}: the row has {}, but the first row has {expected_len}",
                    self.name,
                    self.line(at),
                    count(*len, "cell"),
                ))
            }
            _ => bad_input(format!("can't read {}: {error}", self.name)),
        }
    }

    /// Returns the line at which a row starts; the reader's position is before blank lines.
    fn line(&self, at: &csv::Position) -> u64 {
        let rest = &self.text[at.byte() as usize..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        at.line() + blank.filter(|byte| **byte == b'\n').count() as u64
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

    /// Finds a column with exactly this name.
    pub(crate) fn named(&self, name: &str) -> Result<Option<Column>> {
        let names = self.header.iter().flatten();
        let found: Vec<Column> =
            names.enumerate().filter(|(_, other)| *other == name).map(|(at, _)| at).collect();
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            [first, ..] => bad_input(format!(
                "{} has several columns {name:?}; choose one by its number, such as {}",
                self.name,
                first + 1
            )),
        }
    }

    /// Finds a column by name, else by its number from 1.
    pub(crate) fn column(&self, name: &str) -> Result<Column> {
        if let Some(column) = self.named(name)? {
            return Ok(column);
        }
        match name.parse::<usize>() {
            Ok(number) if (1..=self.width).contains(&number) => Ok(number - 1),
            _ => bad_input(format!(
                "there is no column {name:?} in {}; it has {}",
                self.name,
                self.listed(0..self.width)
            )),
        }
    }

    /// Returns the columns whose first value is a number.
    pub(crate) fn numeric(&self) -> Vec<Column> {
        let cells = self.first.iter().enumerate();
        cells.filter(|(_, cell)| is_number(cell)).map(|(column, _)| column).collect()
    }

    /// Makes the error of a table with several columns of numbers, or with none.
    pub(crate) fn choose<T>(&self, numeric: &[Column]) -> Result<T> {
        if self.first.is_empty() {
            return bad_input(format!("{} has a header but no rows", self.name));
        }
        if numeric.is_empty() {
            let point = self.first.iter().find_map(with_a_point).unwrap_or_default();
            return bad_input(format!(
                "{} has no column of numbers; its first row of values is {}{point}",
                self.name,
                String::from_utf8_lossy(
                    &self.first.iter().collect::<Vec<_>>().join(&self.separator)
                )
            ));
        }
        usage(format!(
            "{} has several columns of numbers; choose with --column: {}",
            self.name,
            self.listed(numeric.iter().copied())
        ))
    }

    /// Lists columns for a message.
    fn listed(&self, columns: impl Iterator<Item = Column>) -> String {
        let name = |column: Column| match &self.header {
            Some(names) => names[column].clone(),
            None => (column + 1).to_string(),
        };
        let listed = columns.map(name).collect::<Vec<_>>().join(", ");
        match &self.header {
            Some(_) => listed,
            None => format!("no header, and columns {listed}"),
        }
    }

    /// Reads columns in one pass.
    pub(crate) fn read(&self, wanted: &[(Column, Number)]) -> Result<Vec<Values>> {
        let empty = |(_, number): &(Column, Number)| match number {
            Number::Float64 => Values::Float64(Vec::new()),
            Number::Int64 => Values::Int64(Vec::new()),
        };
        let mut read: Vec<Values> = wanted.iter().map(empty).collect();
        self.each(|row, _| {
            for ((column, _), values) in wanted.iter().zip(&mut read) {
                if !values.push(&row[*column]) {
                    return self.no_number(row, *column, values);
                }
            }
            Ok(())
        })?;
        Ok(read)
    }

    #[cold]
    fn no_number(&self, row: &ByteRecord, column: Column, values: &Values) -> Result<()> {
        let line = row.position().map_or(0, |at| self.line(at));
        let name = match &self.header {
            Some(names) => &names[column],
            None => &(column + 1).to_string(),
        };
        let cell = String::from_utf8_lossy(&row[column]);
        let what = match values {
            _ if cell.trim().is_empty() => {
                "the cell is empty; write nan for a missing value".into()
            }
            Values::Int64(_) => {
                format!("{cell:?} is not an int64, which the function's hint asks for")
            }
            Values::Float64(_) => {
                let point = with_a_point(&row[column]).unwrap_or_default();
                format!("{cell:?} is not a number{point}")
            }
        };
        bad_input(format!("{}, line {line}, column {name}: {what}", self.name))
    }

    /// Calls `visit` with each row of values and its index.
    fn each(&self, mut visit: impl FnMut(&ByteRecord, usize) -> Result<()>) -> Result<()> {
        let progress = Reading::new(&self.name, self.text.len());
        let mut reader = self.reader();
        let mut row = ByteRecord::new();
        let mut index = 0;
        let mut skip = self.header.is_some();
        loop {
            match reader.read_byte_record(&mut row) {
                Ok(true) if skip => skip = false,
                Ok(true) => {
                    visit(&row, index)?;
                    index += 1;
                    if index % 4096 == 0 {
                        check_signals()?;
                        progress.at(reader.position().byte());
                    }
                }
                Ok(false) => return Ok(()),
                Err(error) => return self.broken(&error),
            }
        }
    }

    /// Returns the number of rows of values.
    pub(crate) fn len(&self) -> Result<usize> {
        let mut count = 0;
        self.each(|_, index| {
            count = index + 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Returns the times of the rows, if there is a column of rising times that is not in `used`: its
    /// name, whether the times are seconds since 1970, and the times.
    ///
    /// It is the first column of ISO 8601 times, or one of numbers with a name such as `time`.
    pub(crate) fn times(&self, used: &[Column]) -> Result<Option<(String, bool, Vec<f64>)>> {
        const NAMES: [&str; 6] = ["time", "timestamp", "datetime", "date", "seconds", "t"];
        let text = |cell: &[u8]| std::str::from_utf8(cell).ok().and_then(times::parse);
        let names: Vec<String> = self.header.iter().flatten().map(|it| it.to_lowercase()).collect();
        let mut cells = self.first.iter().enumerate().filter(|(column, _)| !used.contains(column));
        let column = cells.clone().find(|(_, cell)| text(cell).is_some()).or_else(|| {
            let is_time =
                |column: usize| names.get(column).is_some_and(|it| NAMES.contains(&&it[..]));
            cells.find(|(column, cell)| is_time(*column) && is_number(cell))
        });
        let Some((column, first)) = column else { return Ok(None) };
        let is_text = text(first).is_some();
        let mut times = Vec::new();
        self.each(|row, _| {
            let time = if is_text { text(&row[column]) } else { number(&row[column]) };
            times.push(time.unwrap_or(f64::NAN));
            Ok(())
        })?;
        if !times.is_sorted() || !times.iter().all(|time| time.is_finite()) {
            return Ok(None);
        }
        // Numbers may be seconds or milliseconds since 1970, if they lie between 2001 and 2100.
        let all_in = |from: f64| times.iter().all(|time| (from..from * 4.2).contains(time));
        let (is_seconds, is_milliseconds) = (is_text || all_in(1e9), !is_text && all_in(1e12));
        if is_milliseconds {
            times.iter_mut().for_each(|time| *time /= 1e3);
        }
        let name =
            if self.header.is_some() { self.names().swap_remove(column) } else { "time".into() };
        Ok(Some((name, is_seconds || is_milliseconds, times)))
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

    /// Returns the rows with these indices, in their order.
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<Vec<Row<'_>>> {
        let mut sorted: Vec<usize> = (0..indices.len()).collect();
        sorted.sort_by_key(|at| indices[*at]);
        let mut found: Vec<Option<Row<'_>>> = indices.iter().map(|_| None).collect();
        let mut due = sorted.into_iter().peekable();
        let mut reader = self.reader();
        let mut row = ByteRecord::new();
        let mut index = 0;
        let mut skip = self.header.is_some();
        while due.peek().is_some() {
            let start = reader.position().byte() as usize;
            match reader.read_byte_record(&mut row) {
                Ok(true) if skip => skip = false,
                Ok(true) => {
                    while let Some(at) = due.next_if(|at| indices[*at] == index) {
                        let end = reader.position().byte() as usize;
                        let cells = row.iter().map(|cell| String::from_utf8_lossy(cell).into());
                        found[at] = Some(Row {
                            text: trim(&self.text[start..end]),
                            cells: cells.collect(),
                        });
                    }
                    index += 1;
                }
                Ok(false) => break,
                Err(error) => return self.broken(&error),
            }
        }
        Ok(found.into_iter().flatten().collect())
    }
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::Float64(values) => values.len(),
            Values::Int64(values) => values.len(),
        }
    }

    pub(crate) fn dtype(&self) -> &'static str {
        match self {
            Values::Float64(_) => "float64",
            Values::Int64(_) => "int64",
        }
    }

    /// Adds a cell; returns false if it is not such a number.
    fn push(&mut self, cell: &[u8]) -> bool {
        match self {
            Values::Float64(values) => number(cell).map(|value| values.push(value)).is_some(),
            Values::Int64(values) => number(cell).map(|value| values.push(value)).is_some(),
        }
    }
}

fn number<T: std::str::FromStr>(cell: &[u8]) -> Option<T> {
    std::str::from_utf8(cell).ok()?.trim().parse().ok()
}

/// Returns advice about a number with a decimal comma.
fn with_a_point(cell: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(cell).ok()?.trim();
    let point = text.replacen(',', ".", 1);
    (point != text && point.parse::<f64>().is_ok())
        .then(|| format!("; write numbers with a point: {point}"))
}

fn is_number(cell: &[u8]) -> bool {
    number::<f64>(cell).is_some()
}

/// Returns a row without its line break and the blank lines before it.
fn trim(row: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = row.iter().position(|byte| !is_end(byte)).unwrap_or(row.len());
    let end = row.iter().rposition(|byte| !is_end(byte)).map_or(start, |last| last + 1);
    &row[start..end]
}

/// Finds the separator of cells: a comma, or if the first line has none, tabs or semicolons.
fn separator(text: &[u8]) -> u8 {
    let start = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let line = text[start..].split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    *[b',', b'\t', b';'].iter().find(|separator| line.contains(separator)).unwrap_or(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn table(text: &str) -> Table {
        Table::new("t.csv".into(), text.as_bytes().to_vec()).unwrap_or_else(|_| panic!("{text:?}"))
    }

    fn floats(text: &str, column: Column) -> Vec<f64> {
        match table(text).read(&[(column, Number::Float64)]).unwrap().remove(0) {
            Values::Float64(values) => values,
            Values::Int64(_) => unreachable!(),
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
            ("name,2019,2020\nx,1,2\n", false),
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
        let read = table("id\n9007199254740993\n").read(&[(0, Number::Int64)]).unwrap();
        assert_eq!(read, [Values::Int64(vec![9_007_199_254_740_993])]);
        let text = wrong(table("id\n1\n2.0\n").read(&[(0, Number::Int64)]));
        assert!(text.contains("line 3") && text.contains("int64"), "{text}");
    }

    #[test]
    fn errors_name_line_and_column() {
        let read = |text| wrong(table(text).read(&[(1, Number::Float64)]));
        let text = read("t,v\na,1\n\n\nb,x\n");
        assert_eq!(text, "t.csv, line 5, column v: \"x\" is not a number");
        let text = read("t,v\n\"two\nlines\",1\nb,\n");
        assert!(text.starts_with("t.csv, line 4, column v: the cell is empty"), "{text}");
        let text = read("t;v\na;1\nb;2,5\n");
        assert!(text.ends_with("is not a number; write numbers with a point: 2.5"), "{text}");
        let text = wrong::<()>(table("t;v\na;2,5\n").choose(&[]));
        assert!(text.ends_with("write numbers with a point: 2.5"), "{text}");
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
        assert_eq!(table.numeric(), [0, 1]);
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
        let texts: Vec<_> = rows.iter().map(|row| String::from_utf8_lossy(row.text)).collect();
        assert_eq!(texts, ["d, 3", "\"a, \"\"b\"\"\",1", "d, 3"]);
        assert_eq!(rows[1].cells, ["a, \"b\"", "1"]);
    }

    #[test]
    fn files_that_are_not_csv_are_refused_by_their_type() {
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b"\n\n", "empty"),
            (b"\xEF\xBB\xBF", "empty"),
            (b"\xFF\xFE1\x00", "UTF-16"),
            (b"\x1F\x8B\x08", "compressed"),
            (b"PK\x03\x04", "archive"),
            (b"PAR1", "Parquet"),
            (b"\x7FELF\x02\x01\x01\x00\n\x00", "binary"),
        ] {
            let text = wrong(Table::new("t.csv".into(), bytes.to_vec()));
            assert!(text.contains(word), "{text}");
        }
        assert!(wrong::<()>(table("a,b\n").choose(&[])).contains("no rows"));
    }
}
