//! The results as Markdown, which a terminal shows as well.

use std::fmt::Write;

use crate::measure::{THREADED, WORKS};
use crate::record::{Cell, Record, RivalRecord};

/// Everything: for the terminal and docs/comparison.md.
pub(crate) fn whole(record: &Record) -> String {
    let mut text = head(record);
    text += "\n*to callpy* is this rival's time divided by callpy's, taken turn by turn; the table shows the \
             median. Attached rivals are compared with attached callpy, all others with callpy called from any \
             thread. *to Python* is the same with Python itself. p99 and p99.9 are of calls timed one by one; a \
             dash means that too few fit into the time. A missing row would have taken more than three seconds \
             per call.\n";
    for work in WORKS {
        let mut sizes: Vec<usize> =
            record.cells.iter().filter(|cell| cell.work == work).map(|cell| cell.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let _ = write!(text, "\n### `{work}`: {}\n", explain(work));
        for size in sizes {
            let _ = write!(text, "\n**{} doubles**\n\n", count(size));
            text +=
                "| | median | to callpy | to Python | p99 | p99.9 |\n|---|--:|--:|--:|--:|--:|\n";
            for rival in &record.rivals {
                if let Some(cell) = record.cell(&rival.key, work, size, 1) {
                    let _ = writeln!(
                        text,
                        "| {} | {} | {} | {} | {} | {} |",
                        rival.about,
                        time(cell.median),
                        ratio(cell.to_callpy),
                        ratio(cell.to_python),
                        optional(cell.p99, time),
                        optional(cell.p999, time),
                    );
                }
            }
        }
    }
    text += &threads(record);
    text += "\n### First call, and memory\n\n";
    text += "*First call* is the time from the start of the process to the first result of `detect` on 1,000 \
             doubles. *Peak memory* is that of the process and its children after `scaled` on a million doubles \
             (8 MB there, 8 MB back), and *copied* counts the bytes of arrays that this call copies.\n\n";
    text += "| | first call | peak memory | copied |\n|---|--:|--:|--:|\n";
    for rival in &record.rivals {
        if rival.left_out.is_none() {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                rival.about,
                optional(rival.first_call, time),
                optional(rival.peak_bytes, |bytes| megabytes(bytes as f64)),
                optional(rival.copied_bytes, |bytes| megabytes(bytes as f64)),
            );
        }
    }
    let losses = losses(record);
    if !losses.is_empty() {
        text += "\n### Where callpy loses\n\nRows in which another took less than 0.97 of callpy's time:\n\n";
        for cell in losses {
            let about = &record.rivals.iter().find(|rival| rival.key == cell.rival);
            let _ = writeln!(
                text,
                "- `{}`, {} doubles{}: {}, {} of callpy's time",
                cell.work,
                count(cell.size),
                if cell.threads > 1 {
                    format!(", {} threads", cell.threads)
                } else {
                    String::new()
                },
                about.map_or("", |rival| &rival.about),
                ratio(cell.to_callpy),
            );
        }
    }
    let left_out: Vec<_> = record
        .rivals
        .iter()
        .filter_map(|rival| Some((&rival.about, rival.left_out.as_ref()?)))
        .collect();
    if !left_out.is_empty() {
        text += "\n### Left out\n\n";
        for (about, reason) in left_out {
            let _ = writeln!(text, "- {about}: {reason}");
        }
    }
    text
}

/// Whose answers were right. The times of a quick run mean nothing.
pub(crate) fn checked(record: &Record) -> String {
    let mut text = String::new();
    for rival in &record.rivals {
        let rows = record.cells.iter().filter(|cell| cell.rival == rival.key).count();
        let _ = match &rival.left_out {
            Some(reason) => writeln!(text, "{}: left out, {reason}", rival.about),
            None => {
                writeln!(text, "{}: its answers are NumPy's in all of {rows} rows", rival.about)
            }
        };
    }
    text
}

/// The rows of README.md; docs/comparison.md has the others.
const BRIEF: [&str; 7] = [
    "python",
    "callpy",
    "callpy-attached",
    "pyo3-borrow",
    "go-callpy",
    "callpy-workers",
    "grpc-packed-tcp",
];

/// The table of README.md.
pub(crate) fn brief(record: &Record) -> String {
    let columns =
        [("nothing", 1_000), ("detect", 1_000), ("detect", 100_000), ("scaled", 1_000_000)];
    let mut text = String::from("| |");
    for (work, size) in columns {
        let _ = write!(text, " `{work}`, {} |", count(size));
    }
    text += "\n|---|--:|--:|--:|--:|\n";
    let brief =
        |rival: &&RivalRecord| rival.left_out.is_none() && BRIEF.contains(&rival.key.as_str());
    for rival in record.rivals.iter().filter(brief) {
        let _ = write!(text, "| {} |", rival.about);
        for (work, size) in columns {
            let cell = record.cell(&rival.key, work, size, 1);
            let _ = match cell {
                Some(cell) if ["callpy", "callpy-attached"].contains(&cell.rival.as_str()) => {
                    write!(text, " {} |", time(cell.median))
                }
                Some(cell) => {
                    write!(text, " {} ({} ×) |", time(cell.median), ratio(cell.to_callpy))
                }
                None => write!(text, " over 3 s |"),
            };
        }
        text.push('\n');
    }
    text
}

/// What was measured, where and with what.
pub(crate) fn head(record: &Record) -> String {
    let machine = &record.machine;
    let mut text = format!(
        "Measured on {}: {}, {} cores, {} GiB, {}; load {:.1} before and {:.1} after.\n\n",
        record.date,
        machine.processor,
        machine.cores,
        machine.memory_gib,
        machine.system,
        machine.load.0,
        machine.load.1,
    );
    let versions: Vec<String> =
        record.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    text += &versions.join("; ");
    text += ".\n";
    text
}

/// Many callers: calls a second, and how long a call takes.
pub(crate) fn threads(record: &Record) -> String {
    let mut text = String::new();
    for (work, size) in THREADED {
        let mut threads: Vec<usize> = record
            .cells
            .iter()
            .filter(|cell| (cell.work.as_str(), cell.size) == (work, size))
            .map(|cell| cell.threads)
            .collect();
        threads.sort_unstable();
        threads.dedup();
        if threads.iter().all(|threads| *threads == 1) {
            continue;
        }
        let _ = write!(text, "\n### Calls a second: `{work}`, {} doubles\n\n|", count(size));
        for threads in &threads {
            let _ = write!(text, " | {threads} thread{}", if *threads == 1 { "" } else { "s" });
        }
        text += " |\n|---";
        text += &"|--:".repeat(threads.len());
        text += "|\n";
        for rival in &record.rivals {
            let cells: Vec<Option<&Cell>> = threads
                .iter()
                .map(|threads| record.cell(&rival.key, work, size, *threads))
                .collect();
            if cells.iter().flatten().any(|cell| cell.threads > 1) {
                let _ = write!(text, "| {}", rival.about);
                for cell in cells {
                    let _ = write!(text, " | {}", optional(cell, |cell| rate(cell.throughput())));
                }
                text += " |\n";
            }
        }
        text += "\nThe same calls timed one by one: p50, p99 and p99.9\n\n|";
        for threads in &threads {
            let _ = write!(text, " | {threads} thread{}", if *threads == 1 { "" } else { "s" });
        }
        text += " |\n|---";
        text += &"|---".repeat(threads.len());
        text += "|\n";
        for rival in &record.rivals {
            let cells = threads.iter().map(|threads| record.cell(&rival.key, work, size, *threads));
            let cells: Vec<Option<&Cell>> = cells.collect();
            if cells.iter().flatten().any(|cell| cell.threads > 1 && cell.p50.is_some()) {
                let _ = write!(text, "| {}", rival.about);
                for cell in cells {
                    let percentile =
                        |of: fn(&Cell) -> Option<f64>| optional(cell.and_then(of), time);
                    let [p50, p99, p999] = [
                        percentile(|cell| cell.p50),
                        percentile(|cell| cell.p99),
                        percentile(|cell| cell.p999),
                    ];
                    let _ = write!(text, " | {p50}, {p99}, {p999}");
                }
                text += " |\n";
            }
        }
    }
    text
}

/// The cells in which another rival beats callpy; callpy's own variants do not count.
fn losses(record: &Record) -> Vec<&Cell> {
    let other = |cell: &&Cell| {
        !cell.rival.starts_with("callpy") && cell.to_callpy.is_some_and(|ratio| ratio < 0.97)
    };
    record.cells.iter().filter(other).collect()
}

fn explain(work: &str) -> &'static str {
    match work {
        "nothing" => "a function that does nothing with its argument",
        "detect" => "the outliers' indices, examples/outliers/outliers.py",
        _ => "`data * 2`, a result as large as the argument",
    }
}

fn optional<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

fn ratio(ratio: Option<f64>) -> String {
    optional(ratio, |ratio| match ratio {
        ..9.995 => format!("{ratio:.2}"),
        ..99.95 => format!("{ratio:.1}"),
        _ => count(ratio.round() as usize),
    })
}

/// Nanoseconds with three digits.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..999.5 => return format!("{nanoseconds:.0} ns"),
        ..999.5e3 => (nanoseconds / 1e3, "µs"),
        ..999.5e6 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

fn rate(calls: f64) -> String {
    match calls {
        ..999.5 => format!("{calls:.0}"),
        ..999.5e3 => format!("{} k", digits(calls / 1e3)),
        _ => format!("{} M", digits(calls / 1e6)),
    }
}

fn megabytes(bytes: f64) -> String {
    if bytes == 0.0 { "0".to_owned() } else { format!("{} MB", digits(bytes / 1e6)) }
}

fn digits(value: f64) -> String {
    let places = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.places$}")
}

/// A number with commas.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
