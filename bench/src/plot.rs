//! The plots, as SVG: latency over size, throughput over threads.
//!
//! The colours are the command's. Each line also has a shape of its own, and its name at its end.

use std::path::Path;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;

use self::style::{BLACK, BLUE, GREEN, GREY, GRID, INK, ORANGE, PURPLE, SKY, VERMILION};
use crate::measure::THREADED;
use crate::record::Record;
use crate::table::{count, time};
use crate::{Result, measure};

// The colours of the command's pictures.
#[allow(dead_code, reason = "not every colour is used here")]
#[path = "../../crates/callpy-cli/src/style.rs"]
mod style;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 560;
/// Room for the names on the right.
const MARGIN: u32 = 230;

/// A line: its rival, its name in the plot, its colour and its shape.
struct Line {
    key: &'static str,
    name: &'static str,
    colour: RGBColor,
    shape: Shape,
}

#[derive(Clone, Copy)]
enum Shape {
    Disc,
    Ring,
    Triangle,
    Cross,
}

const fn line(key: &'static str, name: &'static str, colour: RGBColor, shape: Shape) -> Line {
    Line { key, name, colour, shape }
}

/// One line for each way to call Python; variants are in the tables only.
const LINES: [Line; 13] = [
    line("python", "Python itself", BLACK, Shape::Cross),
    line("callpy", "callpy", VERMILION, Shape::Disc),
    line("go-callpy", "Go, callpy", VERMILION, Shape::Ring),
    line("glue", "C glue", BLUE, Shape::Disc),
    line("go-glue", "Go, cgo glue", BLUE, Shape::Ring),
    line("pyo3-borrow", "PyO3, borrowing", GREEN, Shape::Disc),
    line("inline-python", "inline-python", GREY, Shape::Triangle),
    line("callpy-workers", "callpy, workers", VERMILION, Shape::Triangle),
    line("process-pool", "ProcessPoolExecutor", GREY, Shape::Ring),
    line("shared-memory", "shared memory", SKY, Shape::Triangle),
    line("pipe-raw", "bytes through a pipe", ORANGE, Shape::Triangle),
    line("grpc-packed-tcp", "gRPC, packed", PURPLE, Shape::Disc),
    line("grpc-each-tcp", "gRPC, one by one", PURPLE, Shape::Ring),
];

/// Draws all plots into a folder, and returns each one's file and text.
pub(crate) fn all(record: &Record, folder: &Path) -> Result<Vec<(String, String)>> {
    let mut drawn = Vec::new();
    for work in measure::WORKS {
        let points = |key: &str| -> Vec<(f64, f64)> {
            let cells = record.cells.iter();
            let of =
                cells.filter(|cell| cell.rival == key && cell.work == work && cell.threads == 1);
            of.filter(|cell| cell.size > 0).map(|cell| (cell.size as f64, cell.median)).collect()
        };
        let title = format!("{work}: time of a call over the size of its argument");
        let plot = Plot {
            title: &title,
            across: "doubles",
            up: "time of a call",
            show_x: &|x| count(x as usize),
            show_y: &|y| time(y),
        };
        let file = format!("latency-{work}.svg");
        if plot.draw(&folder.join(&file), &points)? {
            drawn.push((file, title));
        }
    }
    for (work, size) in THREADED {
        let points = |key: &str| -> Vec<(f64, f64)> {
            let cells = record.cells.iter();
            let of = cells.filter(|cell| {
                (cell.rival.as_str(), cell.work.as_str(), cell.size) == (key, work, size)
            });
            let points: Vec<_> = of.map(|cell| (cell.threads as f64, cell.throughput())).collect();
            if points.len() > 1 { points } else { Vec::new() }
        };
        let title = format!("{work}, {} doubles: calls a second over caller threads", count(size));
        let plot = Plot {
            title: &title,
            across: "threads",
            up: "calls a second",
            show_x: &|x| format!("{x}"),
            show_y: &|y| count(y.round() as usize),
        };
        let file = format!("threads-{work}-{size}.svg");
        if plot.draw(&folder.join(&file), &points)? {
            drawn.push((file, title));
        }
    }
    Ok(drawn)
}

struct Plot<'a> {
    title: &'a str,
    across: &'a str,
    up: &'a str,
    show_x: &'a dyn Fn(f64) -> String,
    show_y: &'a dyn Fn(f64) -> String,
}

impl Plot<'_> {
    /// Draws lines on logarithmic axes; false if there is nothing to draw.
    fn draw(&self, file: &Path, points: &dyn Fn(&str) -> Vec<(f64, f64)>) -> Result<bool> {
        let lines: Vec<(&Line, Vec<(f64, f64)>)> = LINES
            .iter()
            .map(|line| (line, points(line.key)))
            .filter(|(_, points)| !points.is_empty())
            .collect();
        let all: Vec<(f64, f64)> = lines.iter().flat_map(|(_, points)| points.clone()).collect();
        if all.len() < 2 {
            return Ok(false);
        }
        let range = |values: Vec<f64>| {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            least..values.iter().copied().fold(least, f64::max)
        };
        let (x, y) = (
            range(all.iter().map(|point| point.0).collect()),
            range(all.iter().map(|point| point.1).collect()),
        );
        let root = SVGBackend::new(file, (WIDTH, HEIGHT)).into_drawing_area();
        // Its own background, so that it can be read on a dark page.
        root.fill(&WHITE)?;
        let font = |size: u32| ("sans-serif", size).into_font().color(&INK);
        let steps_x = Axis::new(x.start / 1.15..x.end * 1.15, x.end / x.start < 100.0);
        let steps_y = Axis::new(y.start / 1.4..y.end * 1.4, false);
        let mut chart = ChartBuilder::on(&root)
            .caption(self.title, font(20))
            .margin(12)
            .margin_right(MARGIN)
            .x_label_area_size(48)
            .y_label_area_size(86)
            .build_cartesian_2d(steps_x, steps_y)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(font(15))
            .axis_desc_style(font(15))
            .x_desc(self.across)
            .y_desc(self.up)
            .x_label_formatter(&|x| (self.show_x)(*x))
            .y_label_formatter(&|y| (self.show_y)(*y))
            .draw()?;
        let mut ends = Vec::new();
        for (line, points) in &lines {
            let style = line.colour.stroke_width(if line.key == "callpy" { 4 } else { 2 });
            chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
            for &point in points {
                let at = chart.backend_coord(&point);
                mark(&root, at, line)?;
            }
            ends.push((chart.backend_coord(points.last().expect("it is not empty")), *line));
        }
        // The names are where the lines end, moved apart where they would overlap.
        ends.sort_by_key(|((_, y), _)| *y);
        let (_, range) = chart.plotting_area().get_pixel_range();
        let step = 22;
        let mut places = Vec::new();
        let mut free = range.start - 10;
        for ((_, y), _) in &ends {
            free = free.max(*y);
            places.push(free);
            free += step;
        }
        let mut limit = range.end + 10;
        for place in places.iter_mut().rev() {
            *place = (*place).min(limit);
            limit = *place - step;
        }
        let left = (WIDTH - MARGIN + 42) as i32;
        for ((end, line), place) in ends.into_iter().zip(places) {
            let at = (left, place);
            root.draw(&PathElement::new(
                vec![(end.0 + 8, end.1), (left - 10, place)],
                GREY.mix(0.5),
            ))?;
            mark(&root, at, line)?;
            let style = font(16).pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Left,
                plotters::style::text_anchor::VPos::Center,
            ));
            root.draw(&Text::new(line.name, (left + 14, place), style))?;
        }
        root.present()?;
        Ok(true)
    }
}

/// Draws a line's shape.
fn mark(
    root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    at: (i32, i32),
    line: &Line,
) -> Result<()> {
    let filled = line.colour.filled();
    match line.shape {
        Shape::Disc => root.draw(&Circle::new(at, 5, filled))?,
        Shape::Ring => {
            root.draw(&Circle::new(at, 5, WHITE.filled()))?;
            root.draw(&Circle::new(at, 5, line.colour.stroke_width(2)))?;
        }
        Shape::Triangle => root.draw(&TriangleMarker::new(at, 7, filled))?,
        Shape::Cross => root.draw(&Cross::new(at, 5, line.colour.stroke_width(2)))?,
    }
    Ok(())
}

/// A logarithmic axis with labels at the powers of ten, or of two where it is short.
struct Axis {
    range: std::ops::Range<f64>,
    twos: bool,
}

impl Axis {
    fn new(range: std::ops::Range<f64>, twos: bool) -> Axis {
        Axis { range, twos }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let part = (value / self.range.start).ln() / (self.range.end / self.range.start).ln();
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        let base = if self.twos { 2f64 } else { 10.0 };
        let powers = (0..64).map(|power| base.powi(power));
        powers.filter(|value| self.range.contains(value)).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        value.to_string()
    }
}
