//! A chart: panels below a title, laid out and drawn by plotters.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::colors::colormaps::ViridisRGB;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, widened};
use crate::bitmap::{self, Pixels};
use crate::style::{GREY, GRID, INK, LINES, PALE, PAPER, VERMILION};

// The layout, in units; an SVG has as many pixels, a PNG twice as many.
const WIDTH: f64 = 1_000.0;
const MARGIN: f64 = 24.0;
/// The height of title and subtitle.
const HEAD: f64 = 68.0;
// The margins of a panel: above its plane, label and legend; below and on the left, the axes.
const ABOVE: f64 = 36.0;
const BELOW: f64 = 58.0;
const LEFT: f64 = 84.0;

pub(super) struct Chart {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) panels: Vec<Panel>,
}

#[derive(Default)]
pub(super) struct Panel {
    /// The label of the y axis.
    pub(super) label: String,
    pub(super) x: Axis,
    pub(super) curves: Vec<Curve>,
    /// Instead of curves: the number of columns, the numbers of a table drawn as colours, and the y
    /// axis.
    pub(super) table: Option<(usize, Vec<f64>, Axis)>,
}

/// Points of one look. A run of them ends where a number is missing.
pub(super) struct Curve {
    pub(super) label: String,
    pub(super) runs: Vec<Vec<(f64, f64)>>,
    pub(super) look: Look,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Line,
    Dashes,
    /// Highlighted points; one without a value is shown on the x axis.
    Marks,
}

type Area<B> = DrawingArea<B, Shift>;
type Plane<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;
type Drawn<B, T = ()> = Result<T, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;
/// A legend: labels and looks.
type Legend = Vec<(String, ShapeStyle)>;

/// Returns the smallest and the largest of some numbers; the other way round if there are none.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)))
}

/// A unit of the layout in a backend's coordinates, which are whole numbers.
#[derive(Clone, Copy)]
struct Unit(f64);

impl Unit {
    fn px(self, units: f64) -> i32 {
        (units * self.0).round() as i32
    }

    fn stroke(self, color: RGBColor, width: f64) -> ShapeStyle {
        color.stroke_width(self.px(width) as u32)
    }

    fn text(self, size: f64, color: RGBColor, side: HPos) -> TextStyle<'static> {
        // plotters' font size is the line height, 1.24 times the size of the letters.
        let weight = if size > 14.0 { FontStyle::Bold } else { FontStyle::Normal };
        let font = ("sans-serif", size * 1.24 * self.0, weight).into_font();
        font.color(&color).pos(Pos::new(side, VPos::Center))
    }
}

impl Chart {
    /// Draws the chart as SVG.
    pub(super) fn svg(&self) -> String {
        let ((width, height), mut svg) = (self.size(10.0), String::new());
        self.draw(SVGBackend::with_string(&mut svg, (width, height)), Unit(10.0));
        svg.retain(|character| character == '\n' || !character.is_control());
        // The picture's size is in units, which are coarser than its coordinates.
        let fine = format!("width=\"{width}\" height=\"{height}\"");
        let (width, height) = self.size(1.0);
        svg.replacen(&fine, &format!("width=\"{width}\" height=\"{height}\" role=\"img\""), 1)
    }

    /// Draws the chart as pixels; returns their width too.
    pub(super) fn pixels(&self) -> (usize, Pixels) {
        let size = self.size(2.0);
        (size.0 as usize, bitmap::draw(size, |canvas| self.draw(canvas, Unit(4.0))))
    }

    /// Returns width and height in a backend's coordinates.
    fn size(&self, unit: f64) -> (u32, u32) {
        let height = HEAD + self.height() * self.panels.len() as f64 + 6.0;
        ((WIDTH * unit) as u32, (height * unit) as u32)
    }

    /// Returns the height of a panel.
    fn height(&self) -> f64 {
        ABOVE + BELOW + [400.0, 260.0, 190.0][self.panels.len().clamp(1, 3) - 1]
    }

    fn draw(&self, backend: impl DrawingBackend, unit: Unit) {
        self.draw_on(&backend.into_drawing_area(), unit).expect("drawing into memory can't fail");
    }

    fn draw_on<B: DrawingBackend>(&self, root: &Area<B>, unit: Unit) -> Drawn<B> {
        root.fill(&PAPER)?;
        for (text, most, y, size, color) in
            [(&self.title, 70, 28.0, 20.0, INK), (&self.subtitle, 105, 53.0, 14.0, GREY)]
        {
            let text: String = text.chars().take(most).collect();
            let style = unit.text(size, color, HPos::Left);
            root.draw_text(&text, &style, (unit.px(MARGIN), unit.px(y)))?;
        }
        let below = root.split_vertically(unit.px(HEAD)).1;
        for (at, panel) in self.panels.iter().enumerate() {
            let (_, area) = below.split_vertically(unit.px(self.height() * at as f64));
            panel.draw(&area.split_vertically(unit.px(self.height())).0, unit)?;
        }
        root.present()
    }
}

impl Panel {
    /// Returns the range of the curves' values.
    pub(super) fn range(&self) -> (f64, f64) {
        range(self.curves.iter().flat_map(|curve| curve.runs.iter().flatten()).map(|at| at.1))
    }

    fn y(&self) -> Axis {
        if let Some((_, _, axis)) = &self.table {
            return axis.clone();
        }
        let (low, high) = widened(self.range());
        let room = (high / 2.0 - low / 2.0) * 0.1;
        let low_room = if low == 0.0 { 0.0 } else { room };
        Axis::numbers("", ((low - low_room).max(f64::MIN), (high + room).min(f64::MAX)))
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>, unit: Unit) -> Drawn<B> {
        let text = unit.text(14.0, INK, HPos::Left);
        area.draw_text(&self.label, &text, (unit.px(MARGIN), unit.px(ABOVE - 16.0)))?;
        let mut plane = ChartBuilder::on(area)
            .margin_top(unit.px(ABOVE))
            .margin_right(unit.px(MARGIN))
            .margin_bottom(unit.px(14.0))
            .x_label_area_size(unit.px(BELOW - 14.0))
            .y_label_area_size(unit.px(LEFT))
            .build_cartesian_2d(self.x.clone(), self.y())?;
        let mut mesh = plane.configure_mesh();
        mesh.axis_style(unit.stroke(GREY, 1.0)).bold_line_style(unit.stroke(GRID, 1.0));
        mesh.light_line_style(TRANSPARENT).set_all_tick_mark_size(unit.px(4.0));
        mesh.label_style(unit.text(13.0, GREY, HPos::Left));
        mesh.axis_desc_style(text).x_desc(&self.x.label).draw()?;
        let legend = match &self.table {
            Some((columns, values, _)) => draw_table(&mut plane, *columns, values)?,
            None => self.draw_curves(&mut plane, unit)?,
        };
        // From the right, unless it would only repeat the panel's label.
        if let [(only, _)] = &legend[..]
            && *only == self.label
        {
            return Ok(());
        }
        let style = unit.text(13.0, INK, HPos::Right);
        let (mut right, y) = (WIDTH - MARGIN, ABOVE - 16.0);
        for (label, look) in legend.into_iter().rev() {
            let at = |x| (unit.px(x), unit.px(y));
            area.draw_text(&label, &style, at(right))?;
            let end = right - bitmap::width(&label, 13.0) - 10.0;
            let start = end - if look.filled { 9.0 } else { 22.0 };
            match look.filled {
                true => area.draw(&Circle::new(at((start + end) / 2.0), unit.px(4.5), look))?,
                false => area.draw(&PathElement::new([at(start), at(end)], look))?,
            }
            right = start - 22.0;
        }
        Ok(())
    }

    /// Draws the curves.
    fn draw_curves<B>(&self, plane: &mut Plane<'_, B>, unit: Unit) -> Drawn<B, Legend>
    where
        B: DrawingBackend,
    {
        let foot = plane.y_range().start;
        let one = self.curves.iter().filter(|curve| curve.look == Look::Line).count() == 1;
        let mut colors = std::iter::once(PALE).skip(usize::from(one)).chain(LINES).cycle();
        let mut legend = Vec::new();
        for Curve { label, runs, look } in &self.curves {
            let count: usize = runs.iter().map(Vec::len).sum();
            let dots = |radius, color: RGBColor, least: usize| {
                let points = runs.iter().filter(move |run| count <= least || run.len() == 1);
                let points = points.flatten().filter(|at| at.1.is_finite());
                points.map(move |at| Circle::new(*at, unit.px(radius), color.filled()))
            };
            let style = match look {
                Look::Line => {
                    let color = colors.next().unwrap_or(INK);
                    // A dense line would hide its own details if it were thick.
                    let style = unit.stroke(color, if count > 600 { 1.1 } else { 1.6 });
                    let lines = runs.iter().filter(|run| run.len() > 1);
                    plane.draw_series(lines.map(|run| PathElement::new(run.clone(), style)))?;
                    // Steps have no points of their own.
                    let mut pairs = runs.iter().flat_map(|run| run.windows(2));
                    let few = if pairs.any(|pair| pair[0].0 == pair[1].0) { 0 } else { 40 };
                    plane.draw_series(dots(3.0, color, few))?;
                    unit.stroke(color, 2.4)
                }
                Look::Dashes => {
                    let line = runs.concat();
                    plane.draw_series([PathElement::new(line.clone(), unit.stroke(PAPER, 4.5))])?;
                    let (dash, gap, style) = (unit.px(8.0), unit.px(5.0), unit.stroke(INK, 1.8));
                    plane.draw_series(DashedLineSeries::new(line, dash, gap, style))?;
                    style
                }
                Look::Marks => {
                    plane.draw_series(dots(6.0, PAPER, usize::MAX))?;
                    plane.draw_series(dots(4.5, VERMILION, usize::MAX))?;
                    let absent = runs.iter().flatten().filter(|at| !at.1.is_finite());
                    plane.draw_series(absent.map(|at| {
                        EmptyElement::at((at.0, foot))
                            + TriangleMarker::new((0, -unit.px(3.0)), unit.px(6.0), VERMILION)
                    }))?;
                    VERMILION.filled()
                }
            };
            legend.push((label.clone(), style));
        }
        Ok(legend)
    }
}

/// Draws a table, whose legend is the key of its colours.
fn draw_table<B: DrawingBackend>(
    plane: &mut Plane<'_, B>,
    columns: usize,
    values: &[f64],
) -> Drawn<B, Legend> {
    let (low, high) = widened(range(values.iter().copied()));
    let color = |value: f64| match value.is_finite() {
        true => ViridisRGB.get_color_normalized(value, low, high).filled(),
        false => GRID.filled(),
    };
    let (x, y) = (plane.x_range().end, plane.y_range().start);
    let (width, height) = (x / columns as f64, y / (values.len() / columns) as f64);
    plane.draw_series(values.iter().enumerate().map(|(at, value)| {
        let (x, y) = ((at % columns) as f64 * width, (at / columns) as f64 * height);
        Rectangle::new([(x, y), (x + width, y + height)], color(*value))
    }))?;
    let key = Axis::numbers("", (low, high));
    Ok(key.ticks().map(|(value, label)| (label.to_owned(), color(value))).collect())
}
