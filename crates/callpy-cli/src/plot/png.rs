//! The picture as pixels: a backend for plotters that paints smooth lines, with a font of its own.

use std::collections::BTreeSet;
use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle,
};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};
use ttf_parser::{Face, OutlineBuilder};

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// A sheet of paper, and what could not be written on it.
pub(super) struct Sheet {
    pixmap: Pixmap,
    /// What the font has no picture of.
    missing: BTreeSet<char>,
}

impl Sheet {
    /// Makes white paper of so many pixels.
    pub(super) fn new(width: u32, height: u32) -> Result<Sheet, String> {
        let mut pixmap = Pixmap::new(width, height).ok_or("it is too large")?;
        pixmap.fill(Color::WHITE);
        Ok(Sheet { pixmap, missing: BTreeSet::new() })
    }

    /// Returns a backend whose coordinates are so many steps to a pixel.
    pub(super) fn pixels(&mut self, steps: f32) -> Result<Pixels<'_>, String> {
        let face = |font: &'static [u8]| Face::parse(font, 0).map_err(|error| error.to_string());
        let (regular, bold) = (face(dejavu::sans::regular())?, face(dejavu::sans::bold())?);
        Ok(Pixels { sheet: self, scale: 1.0 / steps, regular, bold })
    }

    /// Returns the file's bytes, and the letters that it shows as boxes.
    pub(super) fn encode(&self) -> Result<(Vec<u8>, String), String> {
        let bytes = self.pixmap.encode_png().map_err(|error| error.to_string())?;
        Ok((bytes, self.missing.iter().collect()))
    }
}

/// Paints on a sheet.
pub(super) struct Pixels<'s> {
    sheet: &'s mut Sheet,
    /// From coordinates to pixels.
    scale: f32,
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Pixels<'_> {
    fn fill(&mut self, path: Option<Path>, color: BackendColor) {
        if let Some(path) = path {
            let transform = Transform::from_scale(self.scale, self.scale);
            self.sheet.pixmap.fill_path(&path, &paint(color), FillRule::Winding, transform, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, style: &impl BackendStyle) {
        if let Some(path) = path {
            let stroke = Stroke {
                width: style.stroke_width() as f32,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Round,
                ..Stroke::default()
            };
            let transform = Transform::from_scale(self.scale, self.scale);
            self.sheet.pixmap.stroke_path(&path, &paint(style.color()), &stroke, transform, None);
        }
    }
}

fn paint(color: BackendColor) -> Paint<'static> {
    let (red, green, blue) = color.rgb;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, (color.alpha * 255.0).round() as u8);
    paint
}

fn path(points: impl IntoIterator<Item = BackendCoord>, is_closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (x, y) in points {
        match builder.is_empty() {
            true => builder.move_to(x as f32, y as f32),
            false => builder.line_to(x as f32, y as f32),
        }
    }
    if is_closed {
        builder.close();
    }
    builder.finish()
}

impl DrawingBackend for Pixels<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let steps = |pixels: u32| (pixels as f32 / self.scale).round() as u32;
        (steps(self.sheet.pixmap.width()), steps(self.sheet.pixmap.height()))
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        let square = Rect::from_xywh(x as f32, y as f32, 1.0, 1.0);
        self.fill(square.map(PathBuilder::from_rect), color);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Done {
        self.stroke(path([from, to], false), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Done {
        let rect = Rect::from_ltrb(left as f32, top as f32, right as f32, bottom as f32);
        let rect = rect.map(PathBuilder::from_rect);
        match fill {
            true => self.fill(rect, style.color()),
            false => self.stroke(rect, style),
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Done {
        self.stroke(path(points, false), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Done {
        let circle = PathBuilder::from_circle(x as f32, y as f32, radius as f32);
        match fill {
            true => self.fill(circle, style.color()),
            false => self.stroke(circle, style),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Done {
        self.fill(path(points, true), style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Done {
        let face = match style.style() {
            FontStyle::Bold => &self.bold,
            _ => &self.regular,
        };
        // As plotters' SVG does: its sizes are those of a line, not of the letters.
        let scale = (style.size() / 1.24) as f32 / f32::from(face.units_per_em());
        let glyphs: Vec<_> = text.chars().map(|char| (char, face.glyph_index(char))).collect();
        let advance = |glyph| f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        let width: f32 = glyphs.iter().map(|(_, glyph)| advance(glyph.unwrap_or_default())).sum();
        let anchor = style.anchor();
        let mut at = x as f32
            - match anchor.h_pos {
                HPos::Left => 0.0,
                HPos::Center => width / 2.0,
                HPos::Right => width,
            };
        // The height of an x, which this font does not tell.
        let height = f32::from(face.units_per_em()) * scale * 0.547;
        let baseline = y as f32
            + match anchor.v_pos {
                VPos::Top => height * 1.4,
                VPos::Center => height / 2.0,
                VPos::Bottom => 0.0,
            };
        let mut letters = Letters { builder: PathBuilder::new(), x: 0.0, y: baseline, scale };
        let mut missing = Vec::new();
        for (char, glyph) in glyphs {
            missing.extend(glyph.is_none().then_some(char));
            let glyph = glyph.unwrap_or_default();
            letters.x = at;
            face.outline_glyph(glyph, &mut letters);
            at += advance(glyph);
        }
        self.sheet.missing.extend(missing);
        self.fill(letters.builder.finish(), style.color());
        Ok(())
    }
}

/// The outlines of letters, in their place; a font's heights go up.
struct Letters {
    builder: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Letters {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Letters {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}
