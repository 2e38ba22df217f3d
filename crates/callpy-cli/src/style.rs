//! The colours of all plots. The bench includes this file.

use plotters::style::RGBColor;

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x26, 0x2B);
pub(crate) const GREY: RGBColor = RGBColor(0x5A, 0x62, 0x6B);
pub(crate) const GRID: RGBColor = RGBColor(0xE6, 0xE9, 0xED);
pub(crate) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

// Lines: Okabe and Ito's colours, which people with any colour vision can tell apart.
pub(crate) const BLACK: RGBColor = RGBColor(0x00, 0x00, 0x00);
pub(crate) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(crate) const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
pub(crate) const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
pub(crate) const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);
pub(crate) const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
pub(crate) const VERMILION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
pub(crate) const LINES: [RGBColor; 6] = [BLUE, ORANGE, GREEN, PURPLE, SKY, BLACK];
/// The first of several lines, with which the others are compared.
pub(crate) const PALE: RGBColor = RGBColor(0xA9, 0xB6, 0xC2);
