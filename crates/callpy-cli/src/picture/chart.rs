//! A chart: panels below a title, laid out and drawn by plotters.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::colors::colormaps::ViridisRGB;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, widened};
use crate::bitmap::{self, Pixels};
use crate::style::{GREY, GRID, INK, LINES, PALE, PAPER, VERMILION, register_fonts};

// The layout, in units; an SVG has as many pixels.
const WIDTH: f64 = 1_000.0;
const MARGIN: f64 = 24.0;
/// The height of title and subtitle.
const HEAD: f64 = 68.0;
/// The margins of a panel: above its plane, label and legend; below and on the left, the axes.
const ABOVE: f64 = 36.0;
const BELOW: f64 = 58.0;
const LEFT: f64 = 84.0;

const MEMORY: &str = "drawing into memory can't fail";

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
type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

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
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        self.draw(root, 10.0).expect(MEMORY);
        svg.retain(|character| character == '\n' || !character.is_control());
        // The picture's size is in units, which are coarser than its coordinates.
        let fine = format!("width=\"{width}\" height=\"{height}\"");
        let (width, height) = self.size(1.0);
        svg.replacen(&fine, &format!("width=\"{width}\" height=\"{height}\" role=\"img\""), 1)
    }

    /// Draws the chart as pixels, two per unit.
    pub(super) fn pixels(&self) -> Pixels {
        bitmap::draw(self.size(2.0), |root| self.draw(root, 4.0).expect(MEMORY))
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

    fn draw<B: DrawingBackend>(&self, root: Area<B>, unit: f64) -> Drawn<B> {
        register_fonts();
        let unit = Unit(unit);
        root.fill(&PAPER)?;
        for (text, most, y, size, color) in
            [(&self.title, 70, 28.0, 20.0, INK), (&self.subtitle, 105, 53.0, 14.0, GREY)]
        {
            let text: String = text.chars().take(most).collect();
            let style = unit.text(size, color, HPos::Left);
            root.draw_text(&text, &style, (unit.px(MARGIN), unit.px(y)))?;
        }
        for (at, panel) in self.panels.iter().enumerate() {
            let (_, area) = root.split_vertically(unit.px(HEAD + self.height() * at as f64));
            let (area, _) = area.split_vertically(unit.px(self.height()));
            panel.draw(&area, unit)?;
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
        let key = match &self.table {
            Some((columns, values, _)) => draw_table(&mut plane, *columns, values)?,
            None => self.draw_curves(&mut plane, unit)?,
        };
        self.draw_key(&key, area, unit)
    }

    /// Draws the curves; returns their labels and looks.
    fn draw_curves<B: DrawingBackend>(&self, plane: &mut Plane<'_, B>, unit: Unit) -> Keyed<B> {
        let foot = plane.y_range().start;
        let one = self.curves.iter().filter(|curve| curve.look == Look::Line).count() == 1;
        let mut colors = std::iter::once(PALE).skip(usize::from(one)).chain(LINES).cycle();
        let mut key = Vec::new();
        for Curve { label, runs, look } in &self.curves {
            let count: usize = runs.iter().map(Vec::len).sum();
            let dots = |radius, color: RGBColor, least: usize| {
                let points = runs.iter().filter(move |run| count <= least || run.len() == 1);
                let points = points.flatten().filter(|at| at.1.is_finite());
                points.map(move |at| Circle::new(*at, unit.px(radius), color.filled()))
            };
            match look {
                Look::Line => {
                    let color = colors.next().unwrap_or(INK);
                    // A dense line would hide its own details if it were thick.
                    let style = unit.stroke(color, if count > 600 { 1.1 } else { 1.6 });
                    let lines = runs.iter().filter(|run| run.len() > 1);
                    plane.draw_series(lines.map(|run| PathElement::new(run.clone(), style)))?;
                    // Steps have no points of their own.
                    let is_steps =
                        |run: &Vec<(f64, f64)>| run.windows(2).any(|it| it[0].0 == it[1].0);
                    let few = if runs.iter().any(is_steps) { 0 } else { 40 };
                    plane.draw_series(dots(3.0, color, few))?;
                    key.push((label.clone(), unit.stroke(color, 2.4)));
                }
                Look::Dashes => {
                    let line = runs.concat();
                    plane.draw_series([PathElement::new(line.clone(), unit.stroke(PAPER, 4.5))])?;
                    let (dash, gap, style) = (unit.px(8.0), unit.px(5.0), unit.stroke(INK, 1.8));
                    plane.draw_series(DashedLineSeries::new(line, dash, gap, style))?;
                    key.push((label.clone(), style));
                }
                Look::Marks => {
                    plane.draw_series(dots(6.0, PAPER, usize::MAX))?;
                    plane.draw_series(dots(4.5, VERMILION, usize::MAX))?;
                    let absent = runs.iter().flatten().filter(|at| !at.1.is_finite());
                    plane.draw_series(absent.map(|at| {
                        EmptyElement::at((at.0, foot))
                            + TriangleMarker::new((0, -unit.px(3.0)), unit.px(6.0), VERMILION)
                    }))?;
                    key.push((label.clone(), VERMILION.filled()));
                }
            }
        }
        Ok(key)
    }

    /// Draws the legend, from the right, unless it would only repeat the panel's label.
    fn draw_key<B: DrawingBackend>(&self, key: &Key, area: &Area<B>, unit: Unit) -> Drawn<B> {
        let style = unit.text(13.0, INK, HPos::Right);
        let (mut right, y) = (unit.px(WIDTH - MARGIN), unit.px(ABOVE - 16.0));
        let says_more = key.len() > 1 || key.iter().any(|(label, _)| *label != self.label);
        for (label, look) in key.iter().rev().filter(|_| says_more) {
            area.draw_text(label, &style, (right, y))?;
            let x = right - area.estimate_text_size(label, &style)?.0 as i32 - unit.px(10.0);
            let left = x - unit.px(if look.filled { 9.0 } else { 22.0 });
            match look.filled {
                true => area.draw(&Circle::new(((left + x) / 2, y), unit.px(4.5), *look))?,
                false => area.draw(&PathElement::new([(left, y), (x, y)], *look))?,
            }
            right = left - unit.px(22.0);
        }
        Ok(())
    }
}

type Key = Vec<(String, ShapeStyle)>;
type Keyed<B> = Result<Key, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// Draws a table; returns the key of its colours.
fn draw_table<B: DrawingBackend>(
    plane: &mut Plane<'_, B>,
    columns: usize,
    values: &[f64],
) -> Keyed<B> {
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
    let some = Axis::numbers("", (low, high));
    Ok(some.ticks().map(|(value, label)| (label.to_owned(), color(value))).collect())
}
