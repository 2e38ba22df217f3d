//! What a run has measured, as stored in bench/results.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) versions: Vec<(String, String)>,
    pub(crate) rivals: Vec<RivalRecord>,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) system: String,
    /// The load average before the run, and at its end.
    pub(crate) load: (f64, f64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RivalRecord {
    pub(crate) key: String,
    pub(crate) about: String,
    /// Why it did not run.
    pub(crate) left_out: Option<String>,
    /// From the start of the process to the first result of `detect`, in nanoseconds.
    pub(crate) first_call: Option<f64>,
    /// The most memory in use by the process and its children after `scaled` on a million doubles.
    pub(crate) peak_bytes: Option<u64>,
    /// The bytes of arrays that this call copies.
    pub(crate) copied_bytes: Option<usize>,
}

/// A rival at one row: a function, a size, a number of threads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) rival: String,
    pub(crate) work: String,
    pub(crate) size: usize,
    pub(crate) threads: usize,
    /// Nanoseconds a call, the median of all turns; with several threads, of each thread's calls.
    pub(crate) median: f64,
    /// This rival's time divided by callpy's and by Python's, turn by turn: the median.
    pub(crate) to_callpy: Option<f64>,
    pub(crate) to_python: Option<f64>,
    /// Of calls timed one by one.
    #[serde(default)]
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) p999: Option<f64>,
    /// The nanoseconds a call of each turn.
    pub(crate) turns: Vec<f64>,
}

impl Cell {
    /// Calls a second of all threads together.
    pub(crate) fn throughput(&self) -> f64 {
        self.threads as f64 * 1e9 / self.median
    }
}

impl Record {
    /// Whether the Python has no interpreter lock: its `sys.version` says so.
    pub(crate) fn is_free_threaded(&self) -> bool {
        self.versions
            .iter()
            .any(|(name, version)| name == "Python" && version.contains("free-threading build"))
    }

    pub(crate) fn cell(
        &self,
        rival: &str,
        work: &str,
        size: usize,
        threads: usize,
    ) -> Option<&Cell> {
        self.cells.iter().find(|cell| {
            (cell.rival.as_str(), cell.work.as_str(), cell.size, cell.threads)
                == (rival, work, size, threads)
        })
    }
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
