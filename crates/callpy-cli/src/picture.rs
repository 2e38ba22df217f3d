//! `--plot`: draws the columns that were passed, and the result.

mod axis;
mod chart;
mod thin;

use std::path::Path;

use callpy::Object;

use self::axis::{Axis, widened};
use self::chart::{Chart, Curve, Look, Panel, range};
use self::thin::thin;
use crate::bitmap::Pixels;
use crate::failure::{Result, check_signals, failed};
use crate::file::replace;
use crate::helper::{Helper, Kind, Series};
use crate::session::{Argued, Session};
use crate::signals::{self, Running};
use crate::text::{short, whole};

/// With more lines than this, a panel would be hard to read.
const MOST_LINES: usize = 6;

/// There is no room for more panels than this.
const MOST_PANELS: usize = 4;

/// Returns the columns among the arguments, for drawing.
pub(crate) fn inputs(arguments: &[Argued], helper: &Helper) -> Result<Vec<Series>> {
    let mut series = Vec::new();
    for Argued { numbers, column, .. } in arguments {
        if let Some(label) = column {
            let array = helper.same(numbers.clone())?;
            series.extend(helper.series(&array, label, array.len()?)?);
        }
    }
    Ok(series)
}

/// Draws a call into a file; `indices` are the rows that --rows selects.
pub(crate) fn draw(
    session: &Session<'_>,
    mut series: Vec<Series>,
    result: &Object,
    indices: Option<&[usize]>,
    file: &Path,
) -> Result<()> {
    let helper = session.helper;
    let name = session.function.name().rsplit(':').next().unwrap_or_default();
    let (inputs, rows) = (series.len(), series.first().map_or(0, Series::rows));
    let flagged = match indices {
        Some(indices) => Some(indices.to_vec()),
        None if rows > 0 => helper.flags(result, rows)?,
        None => None,
    };
    if flagged.is_none() {
        series.extend(helper.series(result, name, rows)?);
    }
    let call = Call { session, name, rows, series: &series, inputs, flagged: flagged.as_deref() };
    signals::during(Running::Work, || {
        let chart = call.chart()?;
        let bytes = match file.extension() {
            Some(end) if end.eq_ignore_ascii_case("png") => {
                let (width, Pixels { colors, missing }) = chart.pixels();
                if !missing.is_empty() {
                    anstream::eprintln!("note: the .png font lacks {missing}; use .svg instead");
                }
                helper.png(width, colors)?
            }
            _ => chart.svg().into_bytes(),
        };
        check_signals()?;
        replace(file, &bytes)
            .map_err(|error| failed(format_args!("can't write {}: {error}", file.display())))
    })
}

/// The parts of a call that are drawn.
struct Call<'c> {
    session: &'c Session<'c>,
    name: &'c str,
    /// The number of the file's rows.
    rows: usize,
    series: &'c [Series],
    /// The first series are this many arguments; the others are the result.
    inputs: usize,
    /// The rows that the result selects, if it selects rows.
    flagged: Option<&'c [usize]>,
}

impl Call<'_> {
    fn chart(&self) -> Result<Chart> {
        let (axis, places) = self.axis()?;
        let mut panels: Vec<Panel> = Vec::new();
        let mut level = None;
        for (at, series) in self.series.iter().enumerate() {
            let Series { label, x_label, x, values, columns, .. } = series;
            let mut panel = Panel { label: label.clone(), ..Panel::default() };
            match series.kind {
                Kind::Level => {
                    level = Some((format!("{label}: {}", short(values[0])), values[0]));
                    continue;
                }
                Kind::Rows => {
                    let curve = line(label, &places, values);
                    // A result with similar values is drawn with the argument.
                    if let Some(last) = panels.last_mut()
                        && at >= self.inputs
                        && fits(values, last)
                    {
                        last.curves.push(curve);
                        continue;
                    }
                    panel = Panel { x: axis.clone(), curves: vec![curve], ..panel };
                }
                Kind::Line => {
                    let end = |end: Option<&f64>| end.copied().unwrap_or_default();
                    panel.x = Axis::numbers(x_label, widened((end(x.first()), end(x.last()))));
                    panel.curves.push(line(label, x, values));
                }
                Kind::Table => {
                    panel.x = Axis::numbers(x_label, (0.0, x[0]));
                    let down = Axis::numbers("", (x[1], 0.0));
                    panel.table = Some((*columns, values.clone(), down));
                }
            }
            panels.push(panel);
        }
        if let (Some(panel), Some(first)) = (panels.first_mut(), self.series.first()) {
            let (low, high) = panel.range();
            let is_near = |value: f64| (2.0 * low - high..=2.0 * high - low).contains(&value);
            if let (Some((label, value)), Some(to)) = (level.clone(), places.last())
                && is_near(value)
            {
                let runs = vec![vec![(places[0], value), (*to, value)]];
                panel.curves.push(Curve { label, runs, look: Look::Dashes });
            }
            panel.curves.extend(self.marks(&first.values, &places));
        }
        let title = match (self.flagged, level) {
            (Some(flagged), _) => {
                let rows = if self.rows == 1 { "row" } else { "rows" };
                let (some, all) = (whole(flagged.len()), whole(self.rows));
                format!("{}: {some} of {all} {rows} flagged", self.name)
            }
            (None, Some((label, _))) => label,
            (None, None) => self.name.to_owned(),
        };
        let file = self.session.source.as_ref().map(|source| source.name());
        let paths = [Some(self.session.target), file].into_iter().flatten();
        let names = paths.map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path));
        let subtitle = names.collect::<Vec<_>>().join("  ·  ");
        match panels.len() {
            0 => Err(failed(
                "there is nothing to draw: no column was passed, and the result has single numbers and no \
                 series; call without --plot to see it",
            )),
            1..=MOST_PANELS => Ok(Chart { title, subtitle, panels }),
            many => Err(failed(format_args!(
                "there are {many} series to draw, but a picture has room for {MOST_PANELS}: choose \
                 fewer with --column, or return fewer"
            ))),
        }
    }

    /// Returns the x axis of the file's rows, and the place of each row on it: its time, if the file
    /// has a column of rising times.
    fn axis(&self) -> Result<(Axis, Vec<f64>)> {
        let found = match &self.session.source {
            Some(source) => source.times(&self.session.columns())?,
            None => None,
        };
        let rows = || ("row".to_owned(), false, (0..self.rows).map(|row| row as f64).collect());
        let (label, is_time, places) = found.unwrap_or_else(rows);
        let range = match (places.first(), places.last()) {
            (Some(first), Some(last)) if first < last => (*first, *last),
            // One unit around the only row: a tenth of 1.6 billion seconds would be years.
            (only, _) => (only.unwrap_or(&0.0) - 1.0, only.unwrap_or(&0.0) + 1.0),
        };
        let axis = if is_time { Axis::times } else { Axis::numbers };
        Ok((axis(&label, range), places))
    }

    /// Returns the flagged rows, thinned out to those that can be told apart.
    fn marks(&self, values: &[f64], places: &[f64]) -> Option<Curve> {
        let flagged = self.flagged.filter(|flagged| !flagged.is_empty())?;
        let mut only = vec![f64::NAN; values.len()];
        flagged.iter().for_each(|row| only[*row] = values[*row]);
        let missing = flagged.iter().filter(|row| !values[**row].is_finite());
        let label = match missing.clone().count() {
            0 => "flagged".to_owned(),
            some => format!("flagged ({some} not a number)"),
        };
        let mut runs = line("", places, &only).runs;
        runs.push(missing.take(1_000).map(|row| (places[*row], f64::NAN)).collect());
        Some(Curve { label, runs, look: Look::Marks })
    }
}

/// Makes a line from a series.
fn line(label: &str, x: &[f64], values: &[f64]) -> Curve {
    let points = |run: Vec<usize>| run.into_iter().map(|at| (x[at], values[at])).collect();
    let runs = thin(values).into_iter().map(points).collect();
    Curve { label: label.to_owned(), runs, look: Look::Line }
}

/// Returns whether a series can share a panel's y axis.
fn fits(values: &[f64], panel: &Panel) -> bool {
    let ((low, high), (from, to)) = (range(values.iter().copied()), panel.range());
    let size = to - from;
    let is_near = low >= from - size * 0.3 && high <= to + size * 0.3 && high - low >= size * 0.02;
    (1..MOST_LINES).contains(&panel.curves.len()) && (is_near || low > high || from > to)
}
