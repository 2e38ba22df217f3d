//! The results as Markdown, which a terminal shows as well.

use std::fmt::Write;
use std::fs;

use crate::measure::seconds;
use crate::record::{Cell, Record};
use crate::{Result, plot, root};

const BEGIN: &str = "<!-- sql-bench:begin -->";
const END: &str = "<!-- sql-bench:end -->";

/// Writes the tables into docs/sql-comparison.md, between its marks, and the plot beside it.
pub(crate) fn write_page(record: &Record) -> Result<()> {
    let file = root().join("docs/sql-comparison.md");
    let page = fs::read_to_string(&file)?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("{} has lost its marks", file.display()))?;
    let mut text = whole(record);
    if let Some(plot) = plot::draw(record) {
        fs::write(root().join("docs/bench/sql.svg"), plot)?;
        text += "\n![time of each query](bench/sql.svg)\n";
    }
    Ok(fs::write(&file, format!("{before}{BEGIN}\n{text}{END}{after}"))?)
}

/// Everything that was measured.
pub(crate) fn whole(record: &Record) -> String {
    let mut text = format!(
        "Measured on {}: {}; load {:.1} before and {:.1} after.\n\n",
        record.date, record.machine, record.load.0, record.load.1
    );
    let versions: Vec<String> =
        record.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let _ = writeln!(text, "{}.", versions.join("; "));
    for (work, groups, rows) in record.rows() {
        let _ = write!(text, "\n**{}**\n\n", title((work, groups, rows)));
        text += "| | one query | to callpy | to the calls alone |\n|---|--:|--:|--:|\n";
        for rival in &record.rivals {
            if let Some(cell) = record.cell(&rival.key, (work, groups, rows))
                && let Some(median) = cell.median
            {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} |",
                    rival.about,
                    seconds(median),
                    ratio(cell.to_callpy),
                    ratio(cell.to_calls)
                );
            }
        }
        let too_slow = |cell: &&Cell| {
            (cell.work.as_str(), cell.groups, cell.rows) == (work, groups, rows)
                && cell.is_too_slow()
        };
        for cell in record.cells.iter().filter(too_slow) {
            let about = record.rivals.iter().find(|rival| rival.key == cell.rival);
            let _ = writeln!(
                text,
                "| {} | {} | | |",
                about.map_or("", |rival| &rival.about),
                cell.left_out.as_deref().unwrap_or_default()
            );
        }
    }
    let left_out: Vec<_> = record
        .rivals
        .iter()
        .filter_map(|rival| Some((&rival.about, rival.left_out.as_ref()?)))
        .collect();
    if !left_out.is_empty() {
        text += "\n**Left out**\n\n";
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
        let rows = record.cells.iter().filter(|cell| cell.rival == rival.key);
        let rows = rows.filter(|cell| cell.median.is_some()).count();
        let _ = match &rival.left_out {
            Some(reason) => writeln!(text, "{}: left out, {reason}", rival.about),
            None => {
                writeln!(text, "{}: it agrees with the calls alone in {rows} rows", rival.about)
            }
        };
    }
    text
}

/// Says what a row is.
pub(crate) fn title((work, groups, rows): (&str, usize, usize)) -> String {
    let groups = format!("{} groups", count(groups));
    let (call, called) = match work {
        "detect" => ("detect(value)", groups),
        "detect-killed" => ("detect(value)", groups + ", one of the two workers killed halfway"),
        "detect-ordered" => ("detect(value ORDER BY time)", groups),
        "tally" => ("tally(value)", groups),
        _ => ("scaled(value)", "a call a batch".to_owned()),
    };
    format!("{call}, {called}, {} rows", count(rows))
}

fn ratio(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio @ 100.0..) => format!("{ratio:.0} ×"),
        Some(ratio @ 10.0..) => format!("{ratio:.1} ×"),
        Some(ratio) => format!("{ratio:.2} ×"),
        None => String::new(),
    }
}

/// A number with commas.
fn count(number: usize) -> String {
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
