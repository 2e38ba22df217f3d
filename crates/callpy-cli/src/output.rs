//! Prints a result, or rows of the file.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::{Number, Value};

use crate::failure::Result;

/// Standard output, for the command alone.
pub(crate) struct Output {
    stream: BufWriter<Box<dyn Write>>,
    json: bool,
    terminal: bool,
}

/// Rows of the file, as text and cell by cell.
pub(crate) struct Rows<'f> {
    pub(crate) indices: Vec<usize>,
    pub(crate) names: Vec<String>,
    pub(crate) header: Option<Cow<'f, [u8]>>,
    pub(crate) separator: u8,
    pub(crate) texts: Vec<Cow<'f, [u8]>>,
    pub(crate) cells: Vec<Vec<String>>,
}

impl Output {
    /// Opens standard output. With `alone`, Python can be told to print elsewhere afterwards.
    pub(crate) fn new(json: bool, alone: bool) -> Result<Output> {
        let stream: Box<dyn Write> = if alone { own()? } else { Box::new(io::stdout()) };
        let terminal = io::stdout().is_terminal();
        Ok(Output { stream: BufWriter::new(stream), json, terminal })
    }

    /// Prints a text and a line break.
    pub(crate) fn line(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.stream, "{text}")?)
    }

    /// Prints a text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.write_all(text.as_bytes())?)
    }

    /// Prints a table with names above its columns.
    pub(crate) fn table(&mut self, names: Vec<String>, rows: Vec<Vec<String>>) -> Result<()> {
        Ok(self.lines(Some(names), rows)?)
    }

    /// Prints rows: aligned on a terminal, unchanged elsewhere, or as JSON.
    pub(crate) fn rows(&mut self, rows: &Rows<'_>) -> Result<()> {
        let mut index = "row".to_owned();
        while rows.names.contains(&index) {
            index.push('_');
        }
        if self.json {
            self.objects(rows, &index)?;
        } else if self.terminal {
            self.aligned(rows, index)?;
        } else {
            self.unchanged(rows, &index)?;
        }
        Ok(())
    }

    fn unchanged(&mut self, rows: &Rows<'_>, index: &str) -> io::Result<()> {
        let separator = [rows.separator];
        let mut line = |index: &dyn std::fmt::Display, text: &[u8]| {
            write!(self.stream, "{index}")?;
            [&separator, text, b"\n"].iter().try_for_each(|part| self.stream.write_all(part))
        };
        if let Some(header) = &rows.header {
            line(&index, header)?;
        }
        rows.indices.iter().zip(&rows.texts).try_for_each(|(row, text)| line(row, text))
    }

    fn aligned(&mut self, rows: &Rows<'_>, index: String) -> io::Result<()> {
        let numbered = rows.indices.iter().zip(&rows.cells).map(|(row, cells)| {
            let cells = cells.iter().map(|cell| cell.replace(['\r', '\n'], " "));
            [row.to_string()].into_iter().chain(cells).collect::<Vec<_>>()
        });
        let values: Vec<Vec<String>> = numbered.collect();
        let names =
            rows.header.as_ref().map(|_| [index].into_iter().chain(rows.names.iter().cloned()));
        let names: Option<Vec<String>> = names.map(Iterator::collect);
        self.lines(names, values)
    }

    /// Prints cells in columns, numbers to the right.
    fn lines(&mut self, names: Option<Vec<String>>, values: Vec<Vec<String>>) -> io::Result<()> {
        let width = values.first().or(names.as_ref()).map_or(0, Vec::len);
        let columns: Vec<(usize, bool)> = (0..width)
            .map(|column| {
                let cells = values.iter().map(|row| &row[column]);
                let length = cells.clone().chain(names.iter().map(|row| &row[column]));
                let length = length.map(|cell| cell.chars().count()).max().unwrap_or(0);
                let is_number =
                    |cell: &String| cell.is_empty() || cell.trim().parse::<f64>().is_ok();
                (length, cells.clone().all(is_number))
            })
            .collect();
        for row in names.iter().chain(&values) {
            let mut line = String::new();
            for (cell, (length, numbers)) in row.iter().zip(&columns) {
                match numbers {
                    true => line += &format!("{cell:>length$}  "),
                    false => line += &format!("{cell:<length$}  "),
                }
            }
            writeln!(self.stream, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn objects(&mut self, rows: &Rows<'_>, index: &str) -> io::Result<()> {
        let key = |name: &str| Value::from(name).to_string();
        let keys: Vec<String> = rows
            .names
            .iter()
            .enumerate()
            // If several columns have the same name, only the first can have it as its key.
            .map(|(at, name)| match rows.names[..at].contains(name) {
                true => key(&(at + 1).to_string()),
                false => key(name),
            })
            .collect();
        let mut between = "[";
        for (row, cells) in rows.indices.iter().zip(&rows.cells) {
            write!(self.stream, "{between}{{{}: {row}", key(index))?;
            for (key, cell) in keys.iter().zip(cells) {
                // Numbers are printed with all their digits.
                match serde_json::from_str::<Number>(cell) {
                    Ok(_) => write!(self.stream, ", {key}: {}", cell.trim())?,
                    Err(_) => write!(self.stream, ", {key}: {}", Value::from(&cell[..]))?,
                }
            }
            write!(self.stream, "}}")?;
            between = ",\n ";
        }
        writeln!(self.stream, "{}]", if rows.indices.is_empty() { "[" } else { "" })
    }

    /// Flushes the output.
    pub(crate) fn end(mut self) -> Result<()> {
        Ok(self.stream.flush()?)
    }
}

/// Prints bytes, and nothing else.
pub(crate) fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}

/// Returns standard output under another descriptor, which Python does not print to.
fn own() -> io::Result<Box<dyn Write>> {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
    Ok(Box::new(std::fs::File::from(own)))
}
