//! plotters' bitmaps, with smooth edges and correctly placed text.

use ab_glyph::{Font, FontRef, ScaleFont, point};
use plotters::coord::Shift;
use plotters::prelude::{BitMapBackend, DrawingArea, IntoDrawingArea};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::*;

use crate::style::font;

/// Pixels: red, green and blue of each.
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) colors: Vec<u8>,
    /// The characters that the font has no glyph for.
    pub(crate) missing: String,
}

/// Draws at twice the resolution and takes the mean of four pixels, since plotters' lines have steps.
pub(crate) fn draw(
    (width, height): (u32, u32),
    draw: impl FnOnce(DrawingArea<Canvas<'_>, Shift>),
) -> Pixels {
    let (width, height) = (2 * width, 2 * height);
    let line = 3 * width as usize;
    let mut fine = vec![0; line * height as usize];
    let mut missing = String::new();
    let bitmap = BitMapBackend::with_buffer(&mut fine, (width, height));
    let canvas = Canvas { bitmap, missing: &mut missing };
    draw(canvas.into_drawing_area());
    let mut colors = Vec::with_capacity(fine.len() / 4);
    for lines in fine.chunks_exact(2 * line) {
        for at in (0..line).step_by(6).flat_map(|at| at..at + 3) {
            let four = [lines[at], lines[at + 3], lines[at + line], lines[at + line + 3]];
            colors.push((four.map(u16::from).iter().sum::<u16>() / 4) as u8);
        }
    }
    Pixels { width: width as usize / 2, colors, missing }
}

/// plotters' bitmap with other text: its own leaves out the space on the left of each letter.
pub(crate) struct Canvas<'p> {
    bitmap: BitMapBackend<'p>,
    missing: &'p mut String,
}

type Drawn<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

impl<'p> DrawingBackend for Canvas<'p> {
    type ErrorType = <BitMapBackend<'p> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.bitmap.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<Self> {
        self.bitmap.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<Self> {
        self.bitmap.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn<Self> {
        self.bitmap.draw_pixel(at, color)
    }

    fn draw_text<S>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn<Self>
    where
        S: BackendTextStyle,
    {
        let font = font(matches!(style.style(), FontStyle::Bold));
        let font = FontRef::try_from_slice(font).expect("DejaVu is a font");
        // As in an SVG, the middle of a text is the middle of an x.
        let em = style.size() as f32 / 1.24;
        let y = y as f32 + em * if matches!(style.anchor().v_pos, VPos::Top) { 0.76 } else { 0.27 };
        let font = font.as_scaled(em * font.height_unscaled() / 2048.0);
        let width: f32 = text.chars().map(|it| font.h_advance(font.glyph_id(it))).sum();
        let mut x = match style.anchor().h_pos {
            HPos::Left => x as f32,
            HPos::Center => x as f32 - width / 2.0,
            HPos::Right => x as f32 - width,
        };
        for character in text.chars().filter(|it| !it.is_control()) {
            let glyph = font.glyph_id(character);
            if glyph.0 == 0 && !self.missing.contains(character) {
                self.missing.push(character);
            }
            let placed = glyph.with_scale_and_position(font.scale(), point(x, y));
            if let Some(outline) = font.outline_glyph(placed) {
                let (corner, color) = (outline.px_bounds().min, style.color());
                outline.draw(|right, down, part| {
                    let at = (corner.x as i32 + right as i32, corner.y as i32 + down as i32);
                    let alpha = color.alpha * f64::from(part);
                    // Fails outside of the picture, where nothing is drawn.
                    _ = self.bitmap.draw_pixel(at, BackendColor { alpha, ..color });
                });
            }
            x += font.h_advance(glyph);
        }
        Ok(())
    }
}
