//! An axis: round ticks with readable labels.

use std::ops::Range;

use plotters::coord::ranged1d::*;
use plotters::coord::types::RangedCoordf64;

use crate::text::{number, scientific};
use crate::times;

/// The largest number of ticks.
const TICKS: usize = 8;

#[derive(Clone, Default)]
pub(super) struct Axis {
    pub(super) label: String,
    range: Range<f64>,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Makes an axis of numbers, which may fall.
    pub(super) fn numbers(label: &str, (from, to): (f64, f64)) -> Axis {
        // plotters loops forever if the difference of the two is infinite.
        let count = if (to - from).is_finite() { TICKS } else { 0 };
        let places = RangedCoordf64::from(from.min(to)..to.max(from)).key_points(count);
        let step = if let [one, other, ..] = places[..] { other - one } else { 1.0 };
        let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        let is_plain = decimals <= 6 && (1e-4..1e9).contains(&from.abs().max(to.abs()));
        let label_of = |place: f64| match is_plain {
            true => number(place, decimals),
            false => scientific(place, step),
        };
        let ticks = places.into_iter().map(|place| (place, label_of(place))).collect();
        Axis { label: label.to_owned(), range: from..to, ticks }
    }

    /// Makes an axis of seconds since 1970. Its label has the date or the year if all ticks share it.
    pub(super) fn times(label: &str, (from, to): (f64, f64)) -> Axis {
        let (ticks, shared) = times::ticks(from, to);
        let label = [label.to_owned()].into_iter().chain(shared).collect::<Vec<_>>().join(", ");
        Axis { label, range: from..to, ticks }
    }

    /// Returns the ticks: their places and labels.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, &str)> {
        self.ticks.iter().map(|(place, label)| (*place, &label[..]))
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(place, _)| *place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|tick| tick.0 == *value).map_or(String::new(), |tick| tick.1.clone())
    }
}

/// Returns a range that can be drawn; the argument may be empty or a point.
pub(super) fn widened((low, high): (f64, f64)) -> (f64, f64) {
    // Halves, since the difference of two large numbers may be infinite.
    match (high / 2.0 - low / 2.0) > low.abs().max(high.abs()) * 1e-12 {
        _ if low > high => (0.0, 1.0),
        true => (low, high),
        false if low == 0.0 => (-1.0, 1.0),
        false => (low - low.abs() * 0.1, high + high.abs() * 0.1),
    }
}
