//! The plot, as SVG: a panel for each query, a bar for each rival, all on one logarithmic axis.

use std::fmt::Write;

use crate::measure::seconds;
use crate::record::Record;
use crate::table::title;

const WIDTH: f64 = 960.0;
/// Where bars begin, and the room after the longest one, for its time.
const LEFT: f64 = 230.0;
const RIGHT: f64 = 90.0;
const LINE: f64 = 22.0;

/// How the plot calls the rivals, and their colours, which are the command's.
const NAMES: [(&str, &str, &str); 9] = [
    ("calls", "the calls alone", "#000000"),
    ("callpy", "callpy", "#d55e00"),
    ("callpy-parquet", "callpy, Parquet", "#d55e00"),
    ("callpy-workers", "callpy, two workers, Parquet", "#d55e00"),
    ("engine-workers", "two workers without Python", "#999999"),
    ("datafusion-python", "datafusion-python", "#0072b2"),
    ("array-agg", "datafusion-python, array_agg", "#56b4e9"),
    ("polars", "Polars", "#009e73"),
    ("sail", "Sail, Parquet", "#cc79a7"),
];

/// Draws the queries over the largest table; `None` if nothing was measured.
pub(crate) fn draw(record: &Record) -> Option<String> {
    let largest = record.cells.iter().map(|cell| cell.rows).max()?;
    let cells = || record.cells.iter().filter(|cell| cell.rows == largest);
    let times: Vec<f64> = cells().filter_map(|cell| cell.median).collect();
    let least = times.iter().copied().reduce(f64::min)? / 2.0;
    let most = times.iter().copied().reduce(f64::max)?;
    let long = |time: f64| (time / least).ln() / (most / least).ln() * (WIDTH - LEFT - RIGHT);

    let (mut panels, mut y) = (String::new(), 8.0);
    for row in record.rows().into_iter().filter(|row| row.2 == largest) {
        y += LINE + 6.0;
        let _ = writeln!(panels, "<text x='12' y='{y}' font-size='15'>{}</text>", title(row));
        for (key, name, colour) in NAMES {
            let Some(cell) = record.cell(key, row) else { continue };
            let (width, said) = match (cell.median, cell.is_too_slow()) {
                (Some(time), _) => (long(time), seconds(time)),
                (None, true) => (0.0, cell.left_out.clone().unwrap_or_default()),
                (None, false) => continue,
            };
            y += LINE;
            let _ = writeln!(
                panels,
                "<text x='{:.0}' y='{y}' text-anchor='end'>{name}</text>\
                 <rect x='{LEFT}' y='{:.0}' width='{width:.1}' height='14' fill='{colour}'/>\
                 <text x='{:.1}' y='{y}'>{said}</text>",
                LEFT - 8.0,
                y - 12.0,
                LEFT + width + 6.0,
            );
        }
    }
    let height = y + LINE;
    // Its own background, so that it can be read on a dark page.
    Some(format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' \
         font-family='sans-serif' font-size='13' fill='#222222'>\n\
         <rect width='{WIDTH}' height='{height}' fill='#ffffff'/>\n{panels}</svg>\n"
    ))
}
