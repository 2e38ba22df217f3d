//! plotters' bitmap with smooth edges, and with its text placed as in an SVG.

use ab_glyph::{Font, FontRef, PxScaleFont, ScaleFont, point};
use plotters::prelude::BitMapBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::*;

/// Pixels: red, green and blue of each.
pub(crate) struct Pixels {
    pub(crate) colors: Vec<u8>,
    /// The characters that the font has no glyph for.
    pub(crate) missing: String,
}

/// Draws at twice the resolution and takes the mean of four pixels, since plotters' lines have steps.
pub(crate) fn draw((width, height): (u32, u32), draw: impl FnOnce(Canvas<'_>)) -> Pixels {
    let line = 6 * width as usize;
    let mut fine = vec![0; 2 * line * height as usize];
    let mut missing = String::new();
    let bitmap = BitMapBackend::with_buffer(&mut fine, (2 * width, 2 * height));
    draw(Canvas { bitmap, missing: &mut missing });
    let mut colors = Vec::with_capacity(fine.len() / 4);
    for lines in fine.chunks_exact(2 * line) {
        for at in (0..line).step_by(6).flat_map(|at| at..at + 3) {
            let four = [lines[at], lines[at + 3], lines[at + line], lines[at + line + 3]];
            colors.push((four.map(u16::from).iter().sum::<u16>() / 4) as u8);
        }
    }
    Pixels { colors, missing }
}

/// Returns DejaVu, so that no installed font is needed; `em` is the size of its letters.
fn font(is_bold: bool, em: f64) -> PxScaleFont<FontRef<'static>> {
    let bytes = if is_bold { dejavu::sans::bold() } else { dejavu::sans::regular() };
    let font = FontRef::try_from_slice(bytes).expect("DejaVu is a font");
    let height = em as f32 * font.height_unscaled() / 2048.0;
    font.into_scaled(height)
}

/// Returns the width of a text. An SVG is shown with the viewer's font, which is about as wide.
pub(crate) fn width(text: &str, em: f64) -> f64 {
    let font = font(false, em);
    text.chars().map(|it| f64::from(font.h_advance(font.glyph_id(it)))).sum()
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
        Ok(())
    }

    fn present(&mut self) -> Drawn<Self> {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn<Self> {
        self.bitmap.draw_pixel(at, color)
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn<Self> {
        let em = style.size() / 1.24;
        let font = font(matches!(style.style(), FontStyle::Bold), em);
        // As in an SVG, the middle of a text is the middle of an x.
        let down = if matches!(style.anchor().v_pos, VPos::Top) { 0.76 } else { 0.27 };
        let glyphs = || text.chars().map(|it| (it, font.glyph_id(it)));
        let width: f32 = glyphs().map(|(_, glyph)| font.h_advance(glyph)).sum();
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => width / 2.0,
            HPos::Right => width,
        };
        let mut at = point(x as f32 - left, y as f32 + (em * down) as f32);
        for (character, glyph) in glyphs().filter(|(it, _)| !it.is_control()) {
            if glyph.0 == 0 && !self.missing.contains(character) {
                self.missing.push(character);
            }
            if let Some(shape) = font.outline_glyph(glyph.with_scale_and_position(font.scale(), at))
            {
                let (corner, color) = (shape.px_bounds().min, style.color());
                shape.draw(|right, down, part| {
                    let at = (corner.x as i32 + right as i32, corner.y as i32 + down as i32);
                    let alpha = color.alpha * f64::from(part);
                    // Fails outside of the picture, where nothing is drawn.
                    _ = self.bitmap.draw_pixel(at, BackendColor { alpha, ..color });
                });
            }
            at.x += font.h_advance(glyph);
        }
        Ok(())
    }
}
