//! Parquet and Arrow files, which are not read yet.

use crate::decode::Decoded;
use crate::failure::{Result, bad_input};

/// Refuses a Parquet or Arrow file, and says what to do instead.
pub(crate) fn decode(name: String, bytes: &[u8]) -> Result<Decoded> {
    let what = if bytes.starts_with(b"PAR1") { "Parquet" } else { "Arrow" };
    bad_input(format!("{name} is a file of {what}; save the table as CSV or JSON lines"))
}
