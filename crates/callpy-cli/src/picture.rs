//! What `--plot` shows: the numbers that went in, and the result in its way.

use std::path::Path;

use callpy::Object;

use crate::arguments::Call;
use crate::failure::{Failure, Result};
use crate::helper::{Helper, Series};
use crate::plot::{Axis, Content, Heat, Level, Line, Marks, Panel, Plot, thin, thin_marks};
use crate::session::{Argued, Session};
use crate::signals::{self, Running};
use crate::source::Numbers;
use crate::table::Values;

/// A table with more columns than this is shown as colours, not as lines.
const MOST_LINES: usize = 6;

/// More panels than this can't be told apart.
const MOST_PANELS: usize = 4;

/// The numbers that went in, kept before the function gets them.
pub(crate) struct Drawn(Vec<Series>);

/// A picture of a call.
pub(crate) struct Picture(Plot);

/// One series, of which the axis is the file's.
struct Beside {
    label: String,
    values: Vec<f64>,
    runs: Vec<Vec<usize>>,
}

impl Beside {
    fn new(label: String, values: Vec<f64>) -> Beside {
        let runs = thin(&values);
        Beside { label, values, runs }
    }

    fn range(&self) -> Option<(f64, f64)> {
        let values = self.runs.iter().flatten().map(|at| self.values[*at]);
        values.fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
    }
}

impl Drawn {
    /// Keeps the columns of numbers among the arguments.
    pub(crate) fn of(arguments: &[Argued], helper: &Helper) -> Result<Drawn> {
        let mut drawn = Vec::new();
        for argued in arguments {
            let Some(label) = &argued.column else { continue };
            let values = match &argued.numbers {
                Numbers::Array(values) | Numbers::List(values) => match values {
                    Values::Float64(values) => values.clone(),
                    Values::Int64(values) => values.iter().map(|value| *value as f64).collect(),
                },
                Numbers::Object(array) => {
                    drawn.extend(
                        helper
                            .series(array)?
                            .into_iter()
                            .map(|(_, values, columns)| (label.clone(), values, columns)),
                    );
                    continue;
                }
            };
            drawn.push((label.clone(), values, 1));
        }
        Ok(Drawn(drawn))
    }
}

impl Picture {
    /// Decides how a result is shown; `indices` are those that --rows asks for.
    pub(crate) fn new(
        session: &Session<'_>,
        call: &Call,
        drawn: Drawn,
        result: &Object,
        indices: Option<&[usize]>,
    ) -> Result<Picture> {
        let helper = session.helper;
        let count =
            drawn.0.first().map_or(0, |(_, values, columns)| values.len() / (*columns).max(1));
        let flagged = match indices {
            Some(indices) => Some(indices.to_vec()),
            None if count > 0 => helper.flags(result, count)?,
            None => None,
        };
        let name = session.function.name().rsplit(':').next().unwrap_or_default();
        let found = match flagged {
            Some(_) => Vec::new(),
            None => helper.series(result)?,
        };
        signals::during(Running::Work, || {
            let mut picture = Parts {
                name: name.to_owned(),
                count,
                beside: Vec::new(),
                other: Vec::new(),
                level: None,
            };
            for (label, values, columns) in drawn.0 {
                picture.add(label, values, columns, true);
            }
            let inputs = picture.beside.len();
            for (label, values, columns) in found {
                let label = match label.is_empty() {
                    true => name.to_owned(),
                    false => label,
                };
                picture.add(label, values, columns, false);
            }
            picture.pair();
            let subtitle =
                [Some(&call.inputs.target[..]), session.source.as_ref().map(|it| it.name())];
            let subtitle = subtitle.map(|part| part.map(short_name));
            let subtitle = subtitle.into_iter().flatten().collect::<Vec<_>>().join("  ·  ");
            picture.arrange(session, inputs, flagged.as_deref(), subtitle).map(Picture)
        })
    }

    /// Writes it.
    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        self.0.save(file)
    }
}

/// What there is to show.
struct Parts {
    name: String,
    /// The file's rows.
    count: usize,
    beside: Vec<Beside>,
    /// Panels with an axis of their own.
    other: Vec<Other>,
    level: Option<Level>,
}

enum Other {
    Series(String, Vec<f64>),
    Panel(Panel),
}

impl Parts {
    fn add(&mut self, label: String, values: Vec<f64>, columns: usize, is_input: bool) {
        let rows = values.len() / columns.max(1);
        match columns {
            0 => {
                if let [value] = values[..] {
                    let label = format!("{label}: {}", crate::plot::short(value));
                    self.level = Some(Level { label, value });
                }
            }
            1 if rows == self.count && self.count > 0 => {
                self.beside.push(Beside::new(label, values));
            }
            1 => self.other.push(Other::Series(label, values)),
            // A row for each of a few things is the same as a column for each.
            _ if columns == self.count && rows <= MOST_LINES && !is_input => {
                for (row, line) in values.chunks(columns).enumerate() {
                    self.beside.push(Beside::new(format!("{label} {}", row + 1), line.to_vec()));
                }
            }
            _ if columns <= MOST_LINES && rows == self.count => {
                for column in 0..columns {
                    let line = values.iter().skip(column).step_by(columns).copied().collect();
                    self.beside.push(Beside::new(format!("{label} {}", column + 1), line));
                }
            }
            _ => {
                let axis = Axis {
                    label: "column".to_owned(),
                    range: (0.0, columns as f64),
                    is_time: false,
                };
                let content = Content::Heat(Heat { columns, values });
                self.other.push(Other::Panel(Panel { label, axis, content }));
            }
        }
    }

    /// Makes one panel of two results that belong together: places and values there, or a histogram
    /// and its edges.
    fn pair(&mut self) {
        let [Other::Series(first, one), Other::Series(second, two)] = &self.other[..] else {
            return;
        };
        let increases = |values: &[f64]| values.is_sorted_by(|one, other| one < other);
        let (label, x_label, x, y) = if one.len() == two.len() && increases(one) {
            (second, first, one.clone(), two.clone())
        } else if one.len() == two.len() && increases(two) {
            (first, second, two.clone(), one.clone())
        } else if one.len() + 1 == two.len() && increases(two) {
            // Stairs: each value from its left edge to its right one.
            let x = two.windows(2).flatten().copied().collect();
            let y = one.iter().flat_map(|value| [*value, *value]).collect();
            (first, second, x, y)
        } else {
            return;
        };
        let (label, x_label) = match label == x_label {
            true => (label.clone(), String::new()),
            false => (label.clone(), x_label.clone()),
        };
        let finite = x.iter().all(|value: &f64| value.is_finite());
        if !finite || x.is_empty() {
            return;
        }
        let mut line = line(label.clone(), &thin(&y), |at| x[at], &y);
        line.dots &= one.len() == two.len();
        let axis = Axis {
            label: x_label,
            range: crate::plot::widened(x[0], x[x.len() - 1]),
            is_time: false,
        };
        let content = Content::Lines { lines: vec![line], marks: None, level: None };
        self.other = vec![Other::Panel(Panel { label, axis, content })];
    }

    fn arrange(
        self,
        session: &Session<'_>,
        inputs: usize,
        flagged: Option<&[usize]>,
        subtitle: String,
    ) -> Result<Plot> {
        let Parts { name, count, beside, other, level } = self;
        let mut missing = 0;
        let marks: Vec<usize> = match (flagged, beside.first()) {
            (Some(flagged), Some(first)) => {
                let mut sorted = flagged.to_vec();
                sorted.sort_unstable();
                sorted.dedup();
                missing = sorted.iter().filter(|at| !first.values[**at].is_finite()).count();
                thin_marks(&sorted, &first.values)
            }
            _ => Vec::new(),
        };
        // Of a long file only the rows that are drawn are asked for their time.
        let mut rows: Vec<usize> = beside
            .iter()
            .flat_map(|one| one.runs.iter().flatten())
            .chain(&marks)
            .copied()
            .collect();
        rows.extend([0, count.saturating_sub(1)]);
        rows.sort_unstable();
        rows.dedup();
        let (axis, places) = axis(session, &rows, count)?;
        let place =
            |row: usize| places[rows.binary_search(&row).expect("a row that was asked for")];

        let mut panels: Vec<Panel> = Vec::new();
        for (index, one) in beside.iter().enumerate() {
            let line = line(one.label.clone(), &one.runs, place, &one.values);
            // A result of the same size is shown in the same panel, beside what it came from.
            if index >= inputs
                && let Some(Panel { content: Content::Lines { lines, .. }, .. }) = panels.last_mut()
                && lines.len() < MOST_LINES
                && fits(one.range(), lines_range(lines))
            {
                lines.push(line);
                continue;
            }
            let content = Content::Lines { lines: vec![line], marks: None, level: None };
            panels.push(Panel { label: one.label.clone(), axis: axis.clone(), content });
        }
        let title = match (flagged, &level) {
            (Some(flagged), _) => {
                let (some, all) = (flagged.len() as f64, count as f64);
                let (some, all) = (crate::plot::number(some, 0), crate::plot::number(all, 0));
                let rows = if count == 1 { "row" } else { "rows" };
                format!("{name}: {some} of {all} {rows} flagged")
            }
            (None, Some(level)) => level.label.clone(),
            (None, None) => name.clone(),
        };
        if let Some(Panel { content: Content::Lines { lines, marks: shown, level: at }, .. }) =
            panels.first_mut()
        {
            if flagged.is_some() && !marks.is_empty() {
                let values = &beside[0].values;
                let point = |row: &usize| {
                    (place(*row), Some(values[*row]).filter(|value| value.is_finite()))
                };
                let label = match missing {
                    0 => "flagged".to_owned(),
                    some => format!("flagged ({some} not a number)"),
                };
                *shown = Some(Marks { label, points: marks.iter().map(point).collect() });
            }
            let near = lines_range(lines).is_some_and(|(low, high)| {
                let room = high - low;
                level.as_ref().is_some_and(|it| (low - room..=high + room).contains(&it.value))
            });
            if near {
                *at = level;
            }
        }
        let own_axis = |other| match other {
            Other::Panel(panel) => panel,
            Other::Series(label, values) => {
                let line = line(label.clone(), &thin(&values), |at| at as f64, &values);
                let axis = Axis {
                    label: "index".to_owned(),
                    range: crate::plot::widened(0.0, values.len().saturating_sub(1) as f64),
                    is_time: false,
                };
                let content = Content::Lines { lines: vec![line], marks: None, level: None };
                Panel { label, axis, content }
            }
        };
        panels.extend(other.into_iter().map(own_axis));
        if panels.is_empty() {
            return Err(Failure::Failed(
                "there is nothing to draw: neither a column of numbers nor a result of several; \
                 leave --plot out to see the result"
                    .to_owned(),
            ));
        }
        if panels.len() > MOST_PANELS {
            return Err(Failure::Failed(format!(
                "there are {} things to draw, where a picture has room for {MOST_PANELS}: choose \
                 fewer with --column, or return fewer",
                panels.len()
            )));
        }
        Ok(Plot { title, subtitle, panels })
    }
}

fn lines_range(lines: &[Line]) -> Option<(f64, f64)> {
    let values = lines.iter().flat_map(|line| line.runs.iter().flatten()).map(|point| point.1);
    values.fold(None, |range: Option<(f64, f64)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// Whether a series can be read beside another, on the same axis.
fn fits(range: Option<(f64, f64)>, other: Option<(f64, f64)>) -> bool {
    let (Some((low, high)), Some((from, to))) = (range, other) else { return true };
    let size = to - from;
    low >= from - size * 0.3 && high <= to + size * 0.3 && high - low >= size * 0.02
}

fn line(label: String, runs: &[Vec<usize>], x: impl Fn(usize) -> f64, values: &[f64]) -> Line {
    let points: usize = runs.iter().map(Vec::len).sum();
    let run = |run: &Vec<usize>| run.iter().map(|at| (x(*at), values[*at])).collect();
    Line { label, runs: runs.iter().map(run).collect(), dots: points <= 40 }
}

/// Returns the axis of the file's rows, and where some of them are on it.
fn axis(session: &Session<'_>, rows: &[usize], count: usize) -> Result<(Axis, Vec<f64>)> {
    let found = match session.source.as_ref().and_then(|source| source.table()) {
        Some(table) => table.axis(rows, &session.columns())?,
        None => None,
    };
    let by_rows = || {
        let label = "row".to_owned();
        (label, false, rows.iter().map(|row| *row as f64).collect::<Vec<f64>>())
    };
    let in_order = |places: &[f64]| places.is_sorted() && places.iter().all(|it| it.is_finite());
    let (label, is_time, places) = match found {
        Some((label, is_time, places)) if in_order(&places) && count > 0 => {
            (label, is_time, places)
        }
        _ => by_rows(),
    };
    let (first, last) = (places.first().copied(), places.last().copied());
    let (first, last) = (first.unwrap_or(0.0), last.unwrap_or(0.0));
    let range = match first < last {
        true => (first, last),
        // Around the only row, by a unit: a tenth of 1.6 billion seconds would be years.
        false => (first - 1.0, first + 1.0),
    };
    Ok((Axis { label, range, is_time }, places))
}

/// Returns a path's last part.
fn short_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
