//! What a run has measured, as stored in sql/bench/results.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) date: String,
    pub(crate) machine: String,
    /// The load average before the run, and at its end.
    pub(crate) load: (f64, f64),
    pub(crate) versions: Vec<(String, String)>,
    pub(crate) rivals: Vec<RivalRecord>,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RivalRecord {
    pub(crate) key: String,
    pub(crate) about: String,
    /// Why it did not run.
    pub(crate) left_out: Option<String>,
}

/// A rival at one row: a function, a number of groups, a number of rows in the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) rival: String,
    pub(crate) work: String,
    pub(crate) groups: usize,
    pub(crate) rows: usize,
    /// Seconds a query, the median of all turns; none if it was left out.
    pub(crate) median: Option<f64>,
    /// This rival's time divided by callpy's with the same table, and by that of the calls alone, turn by
    /// turn: the median.
    pub(crate) to_callpy: Option<f64>,
    pub(crate) to_calls: Option<f64>,
    /// The seconds of each turn.
    pub(crate) turns: Vec<f64>,
    /// Why it was left out.
    pub(crate) left_out: Option<String>,
}

impl Cell {
    /// Whether it was left out though the rival has such a query.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.left_out.as_ref().is_some_and(|why| !why.starts_with("it does not do"))
    }
}

impl Record {
    pub(crate) fn cell(&self, rival: &str, row: (&str, usize, usize)) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.rival == rival && (cell.work.as_str(), cell.groups, cell.rows) == row)
    }

    /// The rows, in the order in which they ran.
    pub(crate) fn rows(&self) -> Vec<(&str, usize, usize)> {
        let mut rows: Vec<(&str, usize, usize)> = Vec::new();
        for cell in &self.cells {
            let row = (cell.work.as_str(), cell.groups, cell.rows);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows
    }
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
