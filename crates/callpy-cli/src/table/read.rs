//! Columns of text as values: what they are, and reading them.

use csv::ByteRecord;

use super::{Column, Table};
use crate::cell::{self, is_missing};
use crate::decode::note;
use crate::failure::{Result, bad_input};
use crate::format::Missing;
use crate::text::count;
use crate::times;
use crate::values::{Number, Values};

impl Table {
    /// Finds out what the values of columns are: the narrowest type that fits all of them.
    pub(crate) fn kinds(&self, columns: &[Column]) -> Result<Vec<Number>> {
        let kinds = self.kinds_and_mixed(columns)?;
        for (column, _) in columns.iter().zip(&kinds).filter(|(_, (_, is_mixed))| *is_mixed) {
            note(format_args!(
                "{}: column {} has numbers that neither int64 nor float64 can hold without loss, so it was \
                 taken for text",
                self.name,
                self.name_of(*column)
            ));
        }
        Ok(kinds.into_iter().map(|(kind, _)| kind).collect())
    }

    /// Returns the kinds of columns if all have whole numbers, of which a float can't hold some.
    pub(crate) fn long_integers(&self, columns: &[Column]) -> Result<Option<Vec<Number>>> {
        let mut is_long = false;
        self.each(|row, _| {
            is_long |= columns.iter().any(|column| cell::is_inexact(&row[*column], &self.format));
            Ok(())
        })?;
        if !is_long {
            return Ok(None);
        }
        let kinds = self.kinds_and_mixed(columns)?.into_iter().map(|(kind, _)| kind);
        let kinds: Vec<Number> = kinds.collect();
        Ok(kinds.iter().all(|kind| matches!(kind, Number::Int(_))).then_some(kinds))
    }

    /// Returns the kinds of columns, and for each whether it is text only because no type has all of its
    /// numbers.
    pub(super) fn kinds_and_mixed(&self, columns: &[Column]) -> Result<Vec<(Number, bool)>> {
        let mut left: Vec<Vec<Number>> = columns
            .iter()
            .map(|column| match self.is_text(*column) {
                true => vec![Number::Time, Number::Text],
                false => {
                    let whole = [Number::Int("int64"), Number::Int("uint64")];
                    let others =
                        [Number::Float("float64"), Number::Bool, Number::Time, Number::Text];
                    [&whole[..], &others].concat()
                }
            })
            .collect();
        let mut some = vec![false; columns.len()];
        // Some float can't hold, though all are numbers.
        let mut inexact = vec![false; columns.len()];
        let is_number = |kind| matches!(kind, Number::Int(_) | Number::Float(_));
        let float = Number::Float("float64");
        self.each(|row, _| {
            let states = left.iter_mut().zip(&mut some).zip(&mut inexact);
            for (column, ((left, some), inexact)) in columns.iter().zip(states) {
                let cell = &row[*column];
                if !is_missing(cell) {
                    if *some && left[0] == Number::Text {
                        *inexact &= Values::fits(float, cell, &self.format)
                            || cell::is_inexact(cell, &self.format);
                    } else if is_number(left[0]) {
                        *inexact |= cell::is_inexact(cell, &self.format);
                    }
                    *some = true;
                    // A negative number rules out uint64, even if larger ones follow.
                    if left.get(1) == Some(&Number::Int("uint64"))
                        && cell.trim_ascii().starts_with(b"-")
                    {
                        left.remove(1);
                    }
                    let was_number = is_number(left[0]);
                    while left.len() > 1 && !Values::fits(left[0], cell, &self.format) {
                        left.remove(0);
                    }
                    if was_number && !is_number(left[0]) {
                        *inexact &= cell::is_inexact(cell, &self.format);
                    }
                }
            }
            Ok(())
        })?;
        let kind = |((left, some), inexact): ((Vec<Number>, bool), bool)| match left[0] {
            // Nothing is known of a column without values.
            _ if !some => (Number::Text, false),
            Number::Float(_) | Number::Text if inexact => (Number::Text, true),
            kind => (kind, false),
        };
        Ok(left.into_iter().zip(some).zip(inexact).map(kind).collect())
    }

    /// Reads columns in one pass.
    pub(crate) fn read(&self, wanted: &[(Column, Number)]) -> Result<Vec<Values>> {
        let missing = self.format.missing.unwrap_or(Missing::Error);
        self.read_into(wanted, missing, None)
    }

    /// Reads columns, and for each the rows in which its value is missing, unless the command line says
    /// that there must be none.
    pub(crate) fn read_with_holes(
        &self,
        wanted: &[(Column, Number)],
    ) -> Result<Vec<(Values, Vec<i64>)>> {
        let mut holes = vec![Vec::new(); wanted.len()];
        let missing = self.format.missing.unwrap_or(Missing::Nan);
        let read = self.read_into(wanted, missing, Some(&mut holes))?;
        Ok(read.into_iter().zip(holes).collect())
    }

    fn read_into(
        &self,
        wanted: &[(Column, Number)],
        missing: Missing,
        mut holes: Option<&mut [Vec<i64>]>,
    ) -> Result<Vec<Values>> {
        let mut read: Vec<Values> = wanted.iter().map(|(_, number)| Values::new(*number)).collect();
        let mut without = Vec::new();
        let mut percents = vec![None; wanted.len()];
        let mut plain = vec![None; wanted.len()];
        let mut offsets = vec![None; wanted.len()];
        let mut cut = vec![None; wanted.len()];
        self.each(|row, index| {
            let lacks = |(column, number): &(Column, Number)| {
                let cell = &row[*column];
                let counts = *number != Number::Text || cell.is_empty();
                counts && is_missing(cell)
            };
            if missing == Missing::Skip && wanted.iter().any(lacks) {
                without.push(index);
                return Ok(());
            }
            for (at, ((column, number), values)) in wanted.iter().zip(&mut read).enumerate() {
                let cell = &row[*column];
                if missing == Missing::Nan
                    && lacks(&(*column, *number))
                    && let Some(holes) = holes.as_deref_mut()
                {
                    holes[at].push(values.len() as i64);
                    values.push_any();
                    continue;
                }
                if let Number::Time | Number::Date = number
                    && let Some(moment) = cell::moment(cell, &self.format)
                {
                    // The day where the clock is; NumPy's times are in UTC.
                    let is_day = *number == Number::Date;
                    let has_offset = moment.offset.is_some();
                    if !is_day && *offsets[at].get_or_insert(has_offset) != has_offset {
                        return self.mixed_offsets(row, *column, has_offset);
                    }
                    if moment.is_cut && !is_day {
                        cut[at].get_or_insert_with(|| cell::text(cell).trim().to_owned());
                    }
                    values.push_time(if is_day { moment.local() } else { moment.micros });
                    continue;
                }
                if values.push(cell, &self.format) {
                    if plain[at].is_none() && matches!(number, Number::Float(_)) {
                        plain[at] = Some(cell::text(cell).trim().to_owned());
                    }
                    continue;
                }
                if missing == Missing::Nan && is_missing(cell) && values.push_missing() {
                    continue;
                }
                if let Some(part) = cell::percentage(cell, &self.format)
                    && values.push_float(part)
                {
                    percents[at].get_or_insert_with(|| (cell::text(cell).trim().to_owned(), part));
                    continue;
                }
                return self.no_value(row, *column, *number);
            }
            Ok(())
        })?;
        for ((percent, plain), (column, _)) in percents.into_iter().zip(plain).zip(wanted) {
            let Some((text, part)) = percent else { continue };
            let plain = plain.map(|it| format!(", and numbers without the sign: {it} stays {it}"));
            note(format_args!(
                "{}: column {} has percentages; {text} is {part}{}",
                self.name,
                self.name_of(*column),
                plain.unwrap_or_default()
            ));
        }
        for (text, (column, _)) in cut.into_iter().zip(wanted) {
            let Some(text) = text else { continue };
            note(format_args!(
                "{}: column {} has times with digits below a microsecond, which were left out: {text}",
                self.name,
                self.name_of(*column)
            ));
        }
        if !without.is_empty() {
            left_out(&self.name, without.len());
            self.skipped.replace(without);
        }
        Ok(read)
    }

    #[cold]
    fn mixed_offsets(&self, row: &ByteRecord, column: Column, has_offset: bool) -> Result<()> {
        let (is, others) = match has_offset {
            true => ("has an offset from UTC", "have none"),
            false => ("has no offset from UTC", "have one"),
        };
        bad_input(format!(
            "{}, column {}: {:?} {is}, but the times before it {others}; write it for all or for none",
            row.position().map_or_else(|| self.name.clone(), |at| self.place(at)),
            self.name_of(column),
            cell::text(&row[column])
        ))
    }

    #[cold]
    fn no_value(&self, row: &ByteRecord, column: Column, number: Number) -> Result<()> {
        let place = row.position().map_or_else(|| self.name.clone(), |at| self.place(at));
        let name = self.name_of(column);
        let cell = cell::text(&row[column]);
        let what = match number {
            _ if is_missing(&row[column]) => {
                let is = match cell.trim() {
                    "" => "the cell is empty".to_owned(),
                    word => format!("{word:?} is a missing value"),
                };
                match number {
                    Number::Int(dtype) => format!(
                        "{is}, and {dtype} has none; leave out such rows with --missing skip"
                    ),
                    Number::Bool => format!("{is}; leave out such rows with --missing skip"),
                    _ => format!(
                        "{is}; pass it as nan with --missing nan, or leave out such rows with --missing skip"
                    ),
                }
            }
            Number::Int(dtype) => {
                format!("{cell:?} is not an {dtype}, which the function's hint asks for")
                    .replace("an uint", "a uint")
            }
            Number::Float(_) => {
                if let Some(float) = cell::number::<f64>(&row[column], &self.format) {
                    let why = match float.is_infinite() {
                        true => "too large for a float".to_owned(),
                        false => format!(
                            "a whole number that a float can't hold ({float:.0} is near it); give the parameter a \
                             hint such as list[int], NDArray[np.int64] or list[str]"
                        ),
                    };
                    return bad_input(format!("{place}, column {name}: {cell} is {why}"));
                }
                let fix = match cell::options(&row[column]) {
                    Some(options) => format!("; add {options}"),
                    None if self.is_number(column, &self.sample[column]) => String::new(),
                    None => "; for text or dates, give the parameter a hint such as list[str] or \
                             list[datetime]"
                        .to_owned(),
                };
                format!("{cell:?} is not a number{fix}")
            }
            Number::Bool => format!("{cell:?} is not true or false"),
            Number::Time | Number::Date => {
                format!(
                    "{cell:?} is not a date; say how dates are written, such as --dates %d/%m/%Y"
                )
            }
            Number::Text => format!("{cell:?} is not UTF-8"),
        };
        bad_input(format!("{place}, column {name}: {what}"))
    }

    /// Returns the times of the rows, if there is a column of rising times that is not in `used`: its
    /// name, whether the times are seconds since 1970, and the times.
    ///
    /// It is the first column of ISO 8601 times, or one of numbers with a name such as `time`.
    pub(crate) fn times(&self, used: &[Column]) -> Result<Option<(String, bool, Vec<f64>)>> {
        const NAMES: [&str; 6] = ["time", "timestamp", "datetime", "date", "seconds", "t"];
        let text = |cell: &[u8]| match &self.format.dates {
            Some(_) => cell::moment(cell, &self.format).map(|moment| moment.micros as f64 / 1e6),
            None => times::parse(&cell::text(cell)),
        };
        let names: Vec<String> = self.header.iter().flatten().map(|it| it.to_lowercase()).collect();
        let mut cells = self.first.iter().enumerate().filter(|(column, _)| !used.contains(column));
        let column = cells.clone().find(|(_, cell)| text(cell).is_some()).or_else(|| {
            let is_time =
                |column: usize| names.get(column).is_some_and(|it| NAMES.contains(&&it[..]));
            cells.find(|(column, cell)| is_time(*column) && self.is_number(*column, cell))
        });
        let Some((column, first)) = column else { return Ok(None) };
        let is_text = text(first).is_some();
        let mut times = Vec::new();
        self.each(|row, _| {
            let time =
                if is_text { text(&row[column]) } else { cell::number(&row[column], &self.format) };
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
}

/// Tells the user how many rows were left out.
pub(crate) fn left_out(name: &str, rows: usize) {
    let rows = count(rows as u64, "row");
    note(format_args!("{name}: left out {rows} with missing values"));
}
