//! The measurements, and their report as a table with bars or as JSON.

use std::time::Duration;

use callpy::Receipt;
use serde_json::json;

use crate::session::Session;
use crate::text::{number, whole};

/// How arrays are passed to the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    Lent,
    /// Lent writable, and refilled for each call, since the function changes them.
    Writable,
    /// Copied by callpy at each call, since the function retains them.
    Copied,
}

/// The measurements; times are nanoseconds per call, one for each round.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) first: Duration,
    pub(super) calls: u64,
    pub(super) ours: Vec<f64>,
    pub(super) theirs: Vec<f64>,
    pub(super) receipts: Vec<Receipt>,
    /// How many callers of workers called at once, and how many calls a second they made.
    pub(super) at_once: Option<(usize, f64)>,
}

/// A median and quartiles.
struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Spread {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * sorted.len().saturating_sub(1) as f64;
            let (below, mix) = (place.floor() as usize, place.fract());
            let above = (below + 1).min(sorted.len().saturating_sub(1));
            sorted.get(below).map_or(f64::NAN, |low| low * (1.0 - mix) + sorted[above] * mix)
        };
        Spread { low: at(0.25), median: at(0.5), high: at(0.75) }
    }

    fn json(&self) -> serde_json::Value {
        json!({ "median": self.median, "lower_quartile": self.low, "upper_quartile": self.high })
    }
}

impl Measured {
    /// The median of callpy's own calls, in nanoseconds.
    pub(super) fn median(&self) -> f64 {
        Spread::of(self.ours.iter().copied()).median
    }

    fn ratios(&self) -> Spread {
        Spread::of(self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs))
    }

    /// The parts of a call, in nanoseconds.
    fn parts(&self) -> [(&'static str, f64); 4] {
        let part = |get: fn(&Receipt) -> Duration| {
            Spread::of(self.receipts.iter().map(|it| get(it).as_nanos() as f64)).median
        };
        [
            ("waiting", part(|receipt| receipt.waiting)),
            ("lending", part(|receipt| receipt.lending)),
            ("Python", part(|receipt| receipt.in_python)),
            ("result", part(|receipt| receipt.result)),
        ]
    }
}

pub(super) fn as_json(
    session: &Session<'_>,
    passing: Passing,
    measured: &Measured,
) -> serde_json::Value {
    let receipt = measured.receipts.last().cloned().unwrap_or_default();
    let copies = receipt.copies.iter();
    let copies =
        copies.map(|copy| json!({ "bytes": copy.bytes, "reason": copy.reason.to_string() }));
    let copies: Vec<_> = copies.collect();
    let [waiting, lending, python, result] = measured.parts().map(|(_, nanoseconds)| nanoseconds);
    json!({
        "target": session.target,
        "file": session.source.as_ref().map(|source| source.name()),
        "calls": measured.calls,
        "rounds": measured.ours.len(),
        "first_call": measured.first.as_nanos() as f64,
        "callpy": Spread::of(measured.ours.iter().copied()).json(),
        "python": Spread::of(measured.theirs.iter().copied()).json(),
        "ratio": measured.ratios().json(),
        "parts": { "waiting": waiting, "lending": lending, "python": python, "result": result },
        "arguments": match passing {
            Passing::Lent => "lent",
            Passing::Writable => "writable",
            Passing::Copied => "copied",
        },
        "bytes": {
            "lent": receipt.lent_bytes,
            "owned": receipt.given_bytes,
            "borrowed": receipt.borrowed_bytes,
            "copied": receipt.copied_bytes(),
        },
        "copies": copies,
        "workers": measured.at_once.map(|(workers, calls_per_second)| {
            let of_python = calls_per_second * Spread::of(measured.theirs.iter().copied()).median / 1e9;
            json!({
                "count": workers, "calls_per_second": calls_per_second, "of_python": of_python,
            })
        }),
    })
}

pub(super) fn as_text(
    session: &Session<'_>,
    shown: &str,
    passing: Passing,
    measured: &Measured,
) -> String {
    let ours = Spread::of(measured.ours.iter().copied());
    let theirs = Spread::of(measured.theirs.iter().copied());
    let ratio = measured.ratios();
    let calls = whole(measured.calls as usize);
    let mut lines = vec![format!("{}{shown}", session.target), String::new()];
    let row = |name: &str, median: &str, half: &str, calls: &str| {
        format!("{name:<9}{median:>10}   {half:<22}{calls:>12}").trim_end().to_owned()
    };
    lines.push(row("", "median", "half of them", "calls"));
    for (name, spread) in [("callpy", &ours), ("Python", &theirs)] {
        let unit = Unit::of(spread.high);
        let half = format!("{} to {}", unit.bare(spread.low), unit.with(spread.high));
        lines.push(row(name, &unit.with(spread.median), &half, &calls));
    }
    let half = format!("{:.2} to {:.2}", ratio.low, ratio.high);
    lines.push(row("ratio", &format!("{:.2}", ratio.median), &half, ""));
    if let Some((workers, per_second)) = measured.at_once {
        let of_python = number(per_second * theirs.median / 1e9, 2);
        let (callers, per_second) = (whole(workers), whole(per_second as usize));
        lines.push(format!(
            "{callers} callers at once on {callers} workers: {per_second} calls a second, {of_python} times \
             as many as one caller in Python"
        ));
    }
    lines.extend([String::new(), "Where callpy's time goes".to_owned()]);
    let parts = measured.parts();
    let total: f64 = parts.iter().map(|(_, time)| time).sum();
    for (name, time) in parts {
        let part = time / total;
        let time = Unit::of(time).with(time);
        lines.push(
            format!("{name:<9}{time:>10} {:>6.1} %  {}", part * 100.0, bar(part))
                .trim_end()
                .to_owned(),
        );
    }
    lines.push(String::new());
    let receipt = measured.receipts.last().cloned().unwrap_or_default();
    let mut memory = Vec::new();
    for (bytes, what) in [
        (receipt.lent_bytes, "lent"),
        (receipt.given_bytes, "moved"),
        (receipt.borrowed_bytes, "of the result borrowed from Python"),
    ] {
        if bytes > 0 {
            memory.push(format!("{} {what}", size(bytes)));
        }
    }
    let copies = receipt.copies.iter();
    memory.extend(copies.map(|copy| format!("{} copied: {}", size(copy.bytes), copy.reason)));
    if receipt.copies.is_empty() {
        memory.push("no copies".to_owned());
    }
    lines.push(format!("Memory: {}", memory.join(", ")));
    let first = measured.first.as_nanos() as f64;
    lines.push(format!("First call: {}", Unit::of(first).with(first)));
    match passing {
        Passing::Lent => {}
        Passing::Writable => lines.push(
            "The function changes its arguments: each call got a new, writable copy. Making it is \
             not included in the times."
                .to_owned(),
        ),
        Passing::Copied => lines.push(
            "The function retains its arguments: callpy made a copy for each call, which is \
             included in the times."
                .to_owned(),
        ),
    }
    if cfg!(debug_assertions) {
        lines.push(
            "This is a debug build of callpy, which is slower than a release build.".to_owned(),
        );
    }
    lines.join("\n")
}

/// The unit in which a time is easy to read.
struct Unit(f64, &'static str);

impl Unit {
    fn of(nanoseconds: f64) -> Unit {
        match nanoseconds {
            short if short < 999.5 => Unit(1.0, "ns"),
            short if short < 999.5e3 => Unit(1e3, "µs"),
            long if long < 999.5e6 => Unit(1e6, "ms"),
            _ => Unit(1e9, "s"),
        }
    }

    fn bare(&self, nanoseconds: f64) -> String {
        let value = nanoseconds / self.0;
        let decimals = match value {
            _ if self.0 == 1.0 => 0,
            value if value < 9.995 => 2,
            value if value < 99.95 => 1,
            _ => 0,
        };
        number(value, decimals)
    }

    fn with(&self, nanoseconds: f64) -> String {
        format!("{} {}", self.bare(nanoseconds), self.1)
    }
}

fn size(bytes: usize) -> String {
    let bytes = bytes as f64;
    match bytes {
        few if few < 1e4 => format!("{} bytes", number(few, 0)),
        some if some < 1e6 => format!("{} kB", number(some / 1e3, 0)),
        many if many < 1e9 => format!("{} MB", number(many / 1e6, 1)),
        _ => format!("{} GB", number(bytes / 1e9, 2)),
    }
}

/// A bar of at most 30 characters, in steps of an eighth.
fn bar(part: f64) -> String {
    let eighths = (part * 240.0).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_easily_read() {
        for (nanoseconds, text) in [
            (37.4, "37 ns"),
            (999.6, "1.00 µs"),
            (22_120.0, "22.1 µs"),
            (923_000.0, "923 µs"),
            (1.5e6, "1.50 ms"),
            (12.34e9, "12.3 s"),
        ] {
            assert_eq!(Unit::of(nanoseconds).with(nanoseconds), text);
        }
    }

    #[test]
    fn half_of_the_values_lie_between_the_quartiles() {
        let spread = Spread::of([5.0, 1.0, 3.0, 2.0, 4.0].into_iter());
        assert_eq!((spread.low, spread.median, spread.high), (2.0, 3.0, 4.0));
        let spread = Spread::of([1.0, 2.0].into_iter());
        assert_eq!(spread.median, 1.5);
    }

    #[test]
    fn bars() {
        assert_eq!(bar(1.0).chars().count(), 30);
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(0.5), "█".repeat(15));
        assert_eq!(bar(0.002), "");
        assert_eq!(bar(0.01), "▎");
    }
}
