//! The options that say how a table is to be read, for what its text does not say by itself.

use std::fmt::Write;

use clap::{Args, ValueEnum};

use crate::failure::{Result, usage};
use crate::times;

/// How to read tables of text.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Tables")]
pub(crate) struct Format {
    /// The first row is a header
    #[arg(long, overrides_with = "no_header")]
    pub(crate) header: bool,

    /// The first row has values
    #[arg(long, overrides_with = "header")]
    pub(crate) no_header: bool,

    /// The character between cells: `,`, `;`, `tab`, or `space` for one or more spaces
    #[arg(long, value_name = "CHAR", value_parser = separator)]
    pub(crate) separator: Option<u8>,

    /// The decimal mark of numbers: a comma, instead of a point
    #[arg(long, value_name = "CHAR", value_parser = mark)]
    pub(crate) decimal: Option<char>,

    /// The character between thousands: `--thousands ,` reads 1,234.5
    #[arg(long, value_name = "CHAR", value_parser = mark)]
    pub(crate) thousands: Option<char>,

    /// What a missing value becomes, in a column that is passed
    ///
    /// Missing are empty cells and NA, N/A, null, none, nil, `-`, `.`, \N and Excel's errors such as
    /// #DIV/0! in columns that are not text.
    /// Frames get their library's missing value unless this says otherwise.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) missing: Option<Missing>,

    /// Leave out the first lines, such as a title above the header
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    pub(crate) skip: usize,

    /// Leave out the lines that begin with this character
    ///
    /// Lines that begin with # are always left out before the first row.
    #[arg(long, value_name = "CHAR", value_parser = byte)]
    pub(crate) comment: Option<u8>,

    /// How dates are written, as for strftime: `%d/%m/%Y`
    ///
    /// Without it: 2024-12-31, 2024/12/31 and 31.12.2024, each also with a time.
    #[arg(long, value_name = "FORMAT", value_parser = dates)]
    pub(crate) dates: Option<String>,
}

/// What to do about a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Missing {
    /// Stop with an error
    Error,
    /// Pass nan, or NaT for a date
    Nan,
    /// Leave out the row
    Skip,
}

impl Format {
    /// Refuses a character with two meanings.
    pub(crate) fn check(&self) -> Result<()> {
        let marks = [
            ("--separator", self.separator.map(char::from)),
            ("--decimal", self.decimal),
            ("--thousands", self.thousands),
            ("--comment", self.comment.map(char::from)),
        ];
        for (at, (one, mark)) in marks.iter().enumerate() {
            if let Some(mark) = mark
                && let Some((other, _)) = marks[at + 1..].iter().find(|it| it.1 == Some(*mark))
            {
                return usage(format!("{one} and {other} can't both be {mark:?}"));
            }
        }
        match self.thousands {
            Some('.') if self.decimal.is_none() => {
                usage("--thousands . needs --decimal , since the decimal mark is a point otherwise")
            }
            _ => Ok(()),
        }
    }

    /// Returns whether there is a header, if the command line says so.
    pub(crate) fn has_header(&self) -> Option<bool> {
        (self.header || self.no_header).then_some(self.header)
    }
}

fn separator(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        "space" => Ok(b' '),
        _ => byte(text),
    }
}

fn byte(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte @ (b'\t' | b' '..=b'~')] if *byte != b'"' => Ok(*byte),
        _ => Err("write one character".to_owned()),
    }
}

fn mark(text: &str) -> Result<char, String> {
    match text {
        "space" => return Ok(' '),
        "comma" => return Ok(','),
        "point" => return Ok('.'),
        _ => {}
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(mark), None) if !mark.is_alphanumeric() && !"+-%\"".contains(mark) => Ok(mark),
        _ => Err("write one character, such as , or .".to_owned()),
    }
}

fn dates(format: &str) -> Result<String, String> {
    use chrono::format::{Item, StrftimeItems};
    if !format.contains('%') || StrftimeItems::new(format).any(|item| item == Item::Error) {
        return Err("write it as for strftime, such as %d/%m/%Y".to_owned());
    }
    // Reads what it writes, which a date without a year does not.
    let mut some = String::new();
    // An offset of which chrono only reads the parts that are there is written in full.
    let written = format.replace("%#z", "%z");
    let is_written = write!(some, "{}", chrono::DateTime::UNIX_EPOCH.format(&written)).is_ok();
    match times::parse_as(&some, format) {
        Some(_) if is_written => Ok(format.to_owned()),
        _ => Err("it has no year, so it is not a date; write it as in %d/%m/%Y".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_of_dates_can_be_read() {
        for format in ["%d/%m/%Y", "%Y", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%#z", "%+"] {
            assert_eq!(dates(format).as_deref(), Ok(format));
        }
        for (format, words) in [("%d/%m", "no year"), ("%#z", "no year"), ("%!", "strftime")] {
            assert!(dates(format).unwrap_err().contains(words), "{format}");
        }
    }
}
