//! How a picture is laid out.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingBackend, IntoDrawingArea, IntoFont, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBColor, ShapeStyle};

use super::png::Sheet;
use super::ticks::{self, Tick};
use super::{Axis, Content, Heat, Level, Line, Marks, Panel, Plot};

/// The backend's coordinates are whole numbers, so a unit has so many of them.
const FINE: f64 = 10.0;

const WIDTH: f64 = 1_000.0;
const MARGIN: f64 = 24.0;
const RIGHT: f64 = 28.0;
/// Above the first panel: title and subtitle.
const HEAD: f64 = 68.0;
/// Above a panel's frame: its label and the legend.
const ABOVE: f64 = 36.0;
/// Below it: the ticks' labels and the axis's own.
const BELOW: f64 = 58.0;

const INK: RGBColor = RGBColor(0x22, 0x26, 0x2B);
const GREY: RGBColor = RGBColor(0x5A, 0x62, 0x6B);
const GRID: RGBColor = RGBColor(0xE6, 0xE9, 0xED);
const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Okabe and Ito's, which people see apart whatever colours they see; vermilion is for marks alone.
const LINES: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x00, 0x00, 0x00),
];
const PALE: RGBColor = RGBColor(0xA9, 0xB6, 0xC2);
const MARK: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// viridis, at equal steps.
const HEAT: [RGBColor; 9] = [
    RGBColor(0x44, 0x01, 0x54),
    RGBColor(0x47, 0x2D, 0x7B),
    RGBColor(0x3B, 0x52, 0x8B),
    RGBColor(0x2C, 0x72, 0x8E),
    RGBColor(0x21, 0x91, 0x8C),
    RGBColor(0x28, 0xAE, 0x80),
    RGBColor(0x5E, 0xC9, 0x62),
    RGBColor(0xAD, 0xDC, 0x30),
    RGBColor(0xFD, 0xE7, 0x25),
];

/// Drawing in memory can't fail.
const MEMORY: &str = "a picture in memory can be written";

/// Pixels to a unit of a PNG: sharp on a dense screen.
const DENSITY: f64 = 2.0;

/// Returns the picture as SVG.
pub(super) fn svg(plot: &Plot) -> String {
    let height = height(plot);
    let mut svg = String::new();
    let size = ((WIDTH * FINE) as u32, (height * FINE) as u32);
    paint(plot, SVGBackend::with_string(&mut svg, size).into_drawing_area());
    // The picture's size is in units, whatever its coordinates are.
    let fine = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    svg.replacen(&fine, &format!("width=\"{WIDTH}\" height=\"{height}\" role=\"img\""), 1)
}

/// Returns the picture as PNG, and the letters that its font lacks.
pub(super) fn png(plot: &Plot) -> Result<(Vec<u8>, String), String> {
    let pixels = |units: f64| (units * DENSITY) as u32;
    let mut sheet = Sheet::new(pixels(WIDTH), pixels(height(plot)))?;
    paint(plot, sheet.pixels((FINE / DENSITY) as f32)?.into_drawing_area());
    sheet.encode()
}

fn inner_height(plot: &Plot) -> f64 {
    match plot.panels.len() {
        0 | 1 => 400.0,
        2 => 260.0,
        _ => 190.0,
    }
}

fn height(plot: &Plot) -> f64 {
    HEAD + (ABOVE + inner_height(plot) + BELOW) * plot.panels.len() as f64 + 6.0
}

fn paint<B: DrawingBackend>(plot: &Plot, area: DrawingArea<B, Shift>) {
    let (canvas, inner) = (Canvas { area }, inner_height(plot));
    canvas.draw(&Rectangle::new([at(0.0, 0.0), at(WIDTH, height(plot))], PAPER.filled()));
    canvas.text(&cut(&plot.title, 70), (MARGIN, 28.0), 20.0, INK, HPos::Left, FontStyle::Bold);
    let subtitle = cut(&plot.subtitle, 105);
    canvas.text(&subtitle, (MARGIN, 53.0), 14.0, GREY, HPos::Left, FontStyle::Normal);
    let scales: Vec<Scale> =
        plot.panels.iter().map(|panel| Scale::of(&panel.content, inner)).collect();
    // The same for all, so that what is at the same time stands below one another.
    let widest = scales.iter().flat_map(|scale| &scale.ticks);
    let widest = widest.map(|(_, label)| width_of(label, 13.0)).fold(20.0, f64::max);
    for (index, (panel, scale)) in plot.panels.iter().zip(&scales).enumerate() {
        let top = HEAD + (ABOVE + inner + BELOW) * index as f64 + ABOVE;
        canvas.panel(panel, scale, (MARGIN + widest + 8.0, top), inner);
    }
    canvas.area.present().expect(MEMORY);
}

fn at(x: f64, y: f64) -> (i32, i32) {
    ((x * FINE).round() as i32, (y * FINE).round() as i32)
}

fn stroke(color: impl Color, width: f64) -> ShapeStyle {
    color.stroke_width((width * FINE).round() as u32)
}

/// Shortens a text that would not fit.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// About how wide a text is; fonts differ.
fn width_of(text: &str, size: f64) -> f64 {
    text.chars().map(|char| if u32::from(char) < 0x2E80 { 0.58 } else { 1.0 }).sum::<f64>() * size
}

/// A vertical axis.
struct Scale {
    range: (f64, f64),
    ticks: Vec<Tick>,
}

impl Scale {
    fn of(content: &Content, height: f64) -> Scale {
        let count = (height / 55.0) as usize;
        let shown = |range: (f64, f64)| {
            let ticks = ticks::numbers(range, count).into_iter();
            ticks.filter(move |(value, _)| (range.0..=range.1).contains(value))
        };
        match content {
            Content::Lines { lines, marks, level } => {
                let range = span(lines, marks.as_ref(), level.as_ref());
                Scale { range, ticks: shown(range).collect() }
            }
            Content::Heat(heat) => {
                let rows = (heat.values.len() / heat.columns.max(1)) as f64;
                let whole = |tick: &Tick| tick.0.fract() == 0.0;
                // Rows go down from the top.
                Scale { range: (rows, 0.0), ticks: shown((0.0, rows)).filter(whole).collect() }
            }
        }
    }
}

/// A panel's frame, and where its values are in it.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x.0) / (self.x.1 - self.x.0) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y.0) / (self.y.1 - self.y.0) * (self.bottom - self.top)
    }

    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        at(self.x(x), self.y(y))
    }
}

/// The colour of a line: where there are others, the first is what they are compared with.
fn color(index: usize, count: usize) -> RGBColor {
    match index {
        0 if count > 1 => PALE,
        index if count > 1 => LINES[(index - 1) % LINES.len()],
        index => LINES[index % LINES.len()],
    }
}

/// What one item of the legend looks like.
enum Sample {
    Line(RGBColor),
    Level,
    Mark,
}

struct Canvas<B: DrawingBackend> {
    area: DrawingArea<B, Shift>,
}

impl<B: DrawingBackend> Canvas<B> {
    fn draw<'e, E>(&self, element: &'e E)
    where
        &'e E: PointCollection<'e, (i32, i32)>,
        E: Drawable<B>,
    {
        self.area.draw(element).expect(MEMORY);
    }

    fn text(
        &self,
        text: &str,
        (x, y): (f64, f64),
        size: f64,
        color: RGBColor,
        side: HPos,
        weight: FontStyle,
    ) {
        // What can't be in an XML text.
        let text: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        // The backend takes a font's size with what stands above and below its letters.
        let font = ("sans-serif", size * 1.24 * FINE).into_font().style(weight);
        let style = font.color(&color).pos(Pos::new(side, VPos::Center));
        self.draw(&Text::new(text, at(x, y), style));
    }

    fn label(&self, text: &str, place: (f64, f64), side: HPos) {
        self.text(text, place, 13.0, GREY, side, FontStyle::Normal);
    }

    fn path(&self, points: &[(f64, f64)], style: ShapeStyle) {
        let points: Vec<(i32, i32)> = points.iter().map(|(x, y)| at(*x, *y)).collect();
        self.draw(&PathElement::new(points, style));
    }

    fn panel(&self, panel: &Panel, scale: &Scale, (left, top): (f64, f64), height: f64) {
        let is_heat = matches!(panel.content, Content::Heat(_));
        let frame = Frame {
            left,
            right: WIDTH - RIGHT - if is_heat { 90.0 } else { 0.0 },
            top,
            bottom: top + height,
            x: panel.axis.range,
            y: scale.range,
        };
        let x_label = self.ticks(&frame, &panel.axis, &scale.ticks);
        self.text(
            &cut(&panel.label, 40),
            (MARGIN, top - 16.0),
            14.0,
            INK,
            HPos::Left,
            FontStyle::Normal,
        );
        match &panel.content {
            Content::Lines { lines, marks, level } => {
                self.lines(&frame, lines, marks.as_ref(), level.as_ref());
                self.legend(panel, lines, marks.as_ref(), level.as_ref(), top - 16.0);
            }
            Content::Heat(heat) => self.heat(&frame, heat),
        }
        let foot = at(frame.left, frame.bottom);
        self.draw(&PathElement::new([foot, at(frame.right, frame.bottom)], stroke(GREY, 1.0)));
        let middle = (frame.left + frame.right) / 2.0;
        self.text(
            &x_label,
            (middle, frame.bottom + 42.0),
            14.0,
            INK,
            HPos::Center,
            FontStyle::Normal,
        );
    }

    /// Draws the grid and its labels; returns the horizontal axis's own.
    fn ticks(&self, frame: &Frame, axis: &Axis, y_ticks: &[Tick]) -> String {
        let (x_ticks, date) = match axis.is_time {
            true => ticks::times(axis.range, 8),
            false => (ticks::numbers(axis.range, 8), None),
        };
        let grid = stroke(GRID, 1.0);
        for (value, label) in y_ticks {
            let y = frame.y(*value);
            self.path(&[(frame.left, y), (frame.right, y)], grid);
            self.label(label, (frame.left - 8.0, y), HPos::Right);
        }
        // Labels that would touch are left out.
        let mut free = f64::NEG_INFINITY;
        for (value, label) in &x_ticks {
            let x = frame.x(*value);
            if !(frame.left - 0.5..=frame.right + 0.5).contains(&x) {
                continue;
            }
            self.path(&[(x, frame.top), (x, frame.bottom)], grid);
            self.path(&[(x, frame.bottom), (x, frame.bottom + 5.0)], stroke(GREY, 1.0));
            let half = width_of(label, 13.0) / 2.0;
            if x - half >= free {
                self.label(label, (x, frame.bottom + 18.0), HPos::Center);
                free = x + half + 10.0;
            }
        }
        match date {
            Some(date) => format!("{}, {date}", axis.label),
            None => axis.label.clone(),
        }
    }

    fn lines(&self, frame: &Frame, lines: &[Line], marks: Option<&Marks>, level: Option<&Level>) {
        for (index, line) in lines.iter().enumerate() {
            let color = color(index, lines.len());
            // A dense line hides itself when it is thick.
            let points: usize = line.runs.iter().map(Vec::len).sum();
            let width = if points > 600 { 1.1 } else { 1.6 };
            for run in &line.runs {
                let points: Vec<(i32, i32)> = run.iter().map(|point| frame.at(*point)).collect();
                if line.dots || points.len() == 1 {
                    for point in &points {
                        self.draw(&Circle::new(*point, 3.0 * FINE, color.filled()));
                    }
                }
                if points.len() > 1 {
                    self.draw(&PathElement::new(points, stroke(color, width)));
                }
            }
        }
        if let Some(level) = level {
            let y = frame.y(level.value);
            if (frame.top..=frame.bottom).contains(&y) {
                self.dashes((frame.left, frame.right), y);
            }
        }
        for (x, value) in marks.iter().flat_map(|marks| &marks.points) {
            match value {
                Some(value) => self.mark(frame.x(*x), frame.y(*value)),
                None => self.foot_mark(frame.x(*x), frame.bottom),
            }
        }
    }

    fn mark(&self, x: f64, y: f64) {
        self.draw(&Circle::new(at(x, y), 6.0 * FINE, PAPER.filled()));
        self.draw(&Circle::new(at(x, y), 4.5 * FINE, MARK.filled()));
    }

    /// A mark of a value that is no number: it points up from the foot.
    fn foot_mark(&self, x: f64, y: f64) {
        let corners = vec![at(x - 5.0, y), at(x + 5.0, y), at(x, y - 9.0)];
        self.draw(&Polygon::new(corners, MARK.filled()));
    }

    fn dashes(&self, (left, right): (f64, f64), y: f64) {
        self.path(&[(left, y), (right, y)], stroke(PAPER, 4.5));
        let mut x = left;
        while x < right {
            self.path(&[(x, y), ((x + 8.0).min(right), y)], stroke(INK, 1.8));
            x += 13.0;
        }
    }

    /// Says what is what, from the right, unless the panel's label says it all.
    fn legend(
        &self,
        panel: &Panel,
        lines: &[Line],
        marks: Option<&Marks>,
        level: Option<&Level>,
        y: f64,
    ) {
        let count = lines.len();
        let lines = lines.iter().enumerate();
        let mut items: Vec<(&str, Sample)> = lines
            .map(|(index, line)| (&line.label[..], Sample::Line(color(index, count))))
            .collect();
        items.extend(marks.map(|marks| (&marks.label[..], Sample::Mark)));
        items.extend(level.map(|level| (&level.label[..], Sample::Level)));
        if let [(only, _)] = items[..]
            && only == panel.label
        {
            return;
        }
        let mut right = WIDTH - RIGHT;
        for (label, sample) in items.iter().rev() {
            self.text(label, (right, y), 13.0, INK, HPos::Right, FontStyle::Normal);
            let x = right - width_of(label, 13.0) - 14.0;
            match sample {
                Sample::Line(color) => {
                    self.path(&[(x - 22.0, y), (x, y)], stroke(*color, 2.4));
                }
                Sample::Level => self.dashes((x - 21.0, x), y),
                Sample::Mark => self.mark(x - 8.0, y),
            }
            right = x - 46.0;
        }
    }

    fn heat(&self, frame: &Frame, heat: &Heat) {
        let rows = heat.values.len() / heat.columns.max(1);
        let finite = || heat.values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = widened(
            finite().fold(f64::INFINITY, f64::min),
            finite().fold(f64::NEG_INFINITY, f64::max),
        );
        let color = |value: f64| match value.is_finite() {
            true => shade((value - low) / (high - low)),
            false => GRID,
        };
        // Not more cells than can be seen apart; each shows the mean of those under it.
        let (across, down) = (heat.columns.min(160), rows.min(80));
        let (width, height) = (frame.right - frame.left, frame.bottom - frame.top);
        for row in 0..down {
            let source_rows = row * rows / down..(row + 1) * rows / down;
            for column in 0..across {
                let columns = column * heat.columns / across..(column + 1) * heat.columns / across;
                let cells = source_rows.clone().flat_map(|row| {
                    columns.clone().map(move |column| heat.values[row * heat.columns + column])
                });
                let (sum, count) = cells
                    .filter(|value| value.is_finite())
                    .fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
                let corner = |column: usize, row: usize| {
                    at(
                        frame.left + width * column as f64 / across as f64,
                        frame.top + height * row as f64 / down as f64,
                    )
                };
                // A little over the next one, or the paper would be seen between them.
                let (x, y) = corner(column + 1, row + 1);
                let cell = [corner(column, row), (x + FINE as i32 / 2, y + FINE as i32 / 2)];
                self.draw(&Rectangle::new(cell, color(sum / count as f64).filled()));
            }
        }
        // The scale beside it.
        let (left, right) = (frame.right + 18.0, frame.right + 32.0);
        let steps = 40;
        for step in 0..steps {
            let y = |step: usize| frame.bottom - height * step as f64 / steps as f64;
            let cell = [at(left, y(step + 1)), at(right, y(step))];
            self.draw(&Rectangle::new(cell, shade(step as f64 / (steps - 1) as f64).filled()));
        }
        for (value, label) in ticks::numbers((low, high), (height / 55.0) as usize) {
            let y = frame.bottom - height * (value - low) / (high - low);
            if (frame.top - 0.5..=frame.bottom + 0.5).contains(&y) {
                self.label(&label, (right + 6.0, y), HPos::Left);
            }
        }
    }
}

fn shade(part: f64) -> RGBColor {
    let place = part.clamp(0.0, 1.0) * (HEAT.len() - 1) as f64;
    let below = (place.floor() as usize).min(HEAT.len() - 2);
    let mix = place - below as f64;
    let between = |low: u8, high: u8| (f64::from(low) * (1.0 - mix) + f64::from(high) * mix) as u8;
    let (low, high) = (HEAT[below], HEAT[below + 1]);
    RGBColor(between(low.0, high.0), between(low.1, high.1), between(low.2, high.2))
}

/// Returns the range of all that a panel shows, with some room.
fn span(lines: &[Line], marks: Option<&Marks>, level: Option<&Level>) -> (f64, f64) {
    let lines = lines.iter().flat_map(|line| line.runs.iter().flatten()).map(|point| point.1);
    let marks = marks.into_iter().flat_map(|marks| marks.points.iter().filter_map(|mark| mark.1));
    let level = level.into_iter().map(|level| level.value);
    let (low, high) = lines
        .chain(marks)
        .chain(level)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let (low, high) = widened(low, high);
    // Halves, since the difference of two large numbers may be too large.
    let room = (high / 2.0 - low / 2.0) * 0.1;
    let low_room = if low == 0.0 { 0.0 } else { room };
    ((low - low_room).max(f64::MIN), (high + room).min(f64::MAX))
}

/// Returns a range that can be drawn, of one that may be a point or nothing.
pub(crate) fn widened(low: f64, high: f64) -> (f64, f64) {
    if low > high {
        return (0.0, 1.0);
    }
    let half = (high / 2.0 - low / 2.0).abs();
    if half > low.abs().max(high.abs()) * 1e-12 {
        return (low, high);
    }
    let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
    (low - room, high + room)
}
