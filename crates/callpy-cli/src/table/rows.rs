//! The rows of a table, one after the other.

use csv::ByteRecord;

use super::Table;
use crate::cell;
use crate::failure::{Result, check_signals};
use crate::progress::Reading;

/// A row of the file, unchanged.
pub(crate) struct Row<'t> {
    /// Its index in the file, with the rows that were left out.
    pub(crate) index: usize,
    /// Without its line break.
    pub(crate) text: &'t [u8],
    pub(crate) cells: Vec<String>,
}

impl Table {
    /// Calls `visit` with each row of values and its index in the file, without those that are left out.
    pub(super) fn each(
        &self,
        mut visit: impl FnMut(&ByteRecord, usize) -> Result<()>,
    ) -> Result<()> {
        self.each_to(|row, index, _| visit(row, index))
    }

    /// Like `each`; `visit` is also told where in the text the row ends.
    pub(super) fn each_to(
        &self,
        mut visit: impl FnMut(&ByteRecord, usize, usize) -> Result<()>,
    ) -> Result<()> {
        let progress = Reading::new(&self.name, self.text.len());
        let skipped = self.skipped.borrow().clone();
        let mut skipped = skipped.into_iter().peekable();
        let mut reader = self.reader();
        let mut row = ByteRecord::new();
        let mut index = 0;
        let mut skip = self.header.is_some();
        loop {
            match reader.read_byte_record(&mut row) {
                Ok(true) if skip => skip = false,
                Ok(true) if !self.has_width(&row) => {
                    self.check_quotes(&row)?;
                    return self.unequal(&row);
                }
                Ok(true) => {
                    self.check_quotes(&row)?;
                    if skipped.next_if_eq(&index).is_none() {
                        visit(&row, index, reader.position().byte() as usize)?;
                    }
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
        self.each(|_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Returns the number of rows of values in each of the files.
    pub(crate) fn lengths(&self) -> Result<Vec<usize>> {
        let mut lengths = vec![0; self.parts.len()];
        self.each_to(|_, _, end| {
            // By its end: the reader takes the blank lines and comments before a row, which may be in the
            // file before, for a part of it.
            lengths[self.parts.partition_point(|part| part.at < end).saturating_sub(1)] += 1;
            Ok(())
        })?;
        Ok(lengths)
    }

    /// Returns the rows with these indices, in their order; rows that were left out do not count.
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<Vec<Row<'_>>> {
        let mut sorted: Vec<usize> = (0..indices.len()).collect();
        sorted.sort_by_key(|at| indices[*at]);
        let mut found: Vec<Option<Row<'_>>> = indices.iter().map(|_| None).collect();
        let mut due = sorted.into_iter().peekable();
        let skipped = self.skipped.borrow().clone();
        let mut skipped = skipped.into_iter().peekable();
        let mut reader = self.reader();
        let mut row = ByteRecord::new();
        let (mut index, mut counted) = (0, 0);
        let mut skip = self.header.is_some();
        while due.peek().is_some() {
            let start = reader.position().byte() as usize;
            match reader.read_byte_record(&mut row) {
                Ok(true) if skip => skip = false,
                Ok(true) => {
                    if skipped.next_if_eq(&index).is_none() {
                        while let Some(at) = due.next_if(|at| indices[*at] == counted) {
                            let end = reader.position().byte() as usize;
                            let cells = row.iter().take(self.width);
                            let cells = cells.map(|cell| cell::text(cell).into());
                            found[at] = Some(Row {
                                index,
                                text: trim(&self.text[start..end]),
                                cells: cells.collect(),
                            });
                        }
                        counted += 1;
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

/// Returns a row without its line break and the blank lines before it.
pub(super) fn trim(row: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = row.iter().position(|byte| !is_end(byte)).unwrap_or(row.len());
    let end = row.iter().rposition(|byte| !is_end(byte)).map_or(start, |last| last + 1);
    &row[start..end]
}
