//! Where an axis has its ticks, and what is written there.

use super::times::{Civil, DAY};

/// A place on an axis, and its label.
pub(crate) type Tick = (f64, String);

/// Returns about `count` ticks at round numbers in a range.
pub(crate) fn numbers((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    let rough = (high - low) / count.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power);
    if !step.is_normal() {
        return vec![(low, number(low, 0))];
    }
    let first = (low / step - 1e-9).ceil();
    let places = (0..).map(|at| (first + f64::from(at)) * step);
    let places = places.take_while(|place| *place <= high + step * 1e-9).take(1_000);
    // As many decimals as the step has; 2.5 has one more than its power.
    let decimals = (0..=20).find(|decimals| {
        let shifted = step * 10_f64.powi(*decimals);
        (shifted - shifted.round()).abs() < 1e-6 * shifted
    });
    let decimals = decimals.unwrap_or(0) as usize;
    let largest = low.abs().max(high.abs());
    places
        .map(|place| {
            let label = match (1e-4..1e9).contains(&largest) && decimals <= 6 {
                true => number(place, decimals),
                false => scientific(place, step),
            };
            (place, label)
        })
        .collect()
}

/// Writes a number with its thousands apart.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((&text[..], None), |(a, b)| (a, Some(b)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    match rest {
        Some(rest) => format!("{sign}{grouped}.{rest}"),
        None => format!("{sign}{grouped}"),
    }
}

/// Writes a number for reading, with four digits or so.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return number(value, 0);
    }
    if !(1e-4..1e9).contains(&size) {
        return scientific(value, size / 1_000.0);
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 8) as usize;
    let text = number(value, decimals);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Writes 2.5×10⁹.
fn scientific(value: f64, step: f64) -> String {
    if value.abs() < step / 2.0 {
        return "0".to_owned();
    }
    let power = value.abs().log10().floor() as i32;
    let decimals = (power - step.log10().floor() as i32).clamp(0, 6) as usize;
    let factor = number(value / 10_f64.powi(power), decimals);
    let factor = match factor.contains('.') {
        true => factor.trim_end_matches('0').trim_end_matches('.'),
        false => &factor,
    };
    let digits = power.to_string();
    let power: String = digits
        .chars()
        .map(|digit| match digit {
            '-' => '⁻',
            digit => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize - '0' as usize).unwrap_or(digit),
        })
        .collect();
    format!("{factor}×10{power}")
}

/// Steps of less than a day, in seconds; they divide it.
const STEPS: [f64; 22] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0,
    120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
];
const HOURS: [f64; 4] = [7_200.0, 10_800.0, 21_600.0, 43_200.0];

/// Returns about `count` ticks at round times, and the date if they all have the same.
pub(crate) fn times((low, high): (f64, f64), count: usize) -> (Vec<Tick>, Option<String>) {
    let rough = (high - low) / count.max(1) as f64;
    let day = |seconds: f64| Civil::of_days((seconds / DAY).floor() as i64);
    let date = |civil: Civil| format!("{} {}", civil.day, civil.month_name());
    if let Some(step) = STEPS.into_iter().chain(HOURS).find(|step| *step >= rough * 0.999) {
        // Midnights are few and small numbers; seconds since 1970 times 1,000 are exact as well.
        let first = (low / step - 1e-6).ceil();
        let places = (0..1_000).map(|at| (first + f64::from(at)) * step);
        let places = places.take_while(|place| *place <= high + step * 1e-6);
        let one_day = day(low) == day(high);
        let label = |place: f64| {
            let second = place.rem_euclid(DAY);
            if !one_day && (second < step / 2.0 || DAY - second < step / 2.0) {
                return date(day(place + step / 2.0));
            }
            clock(second, step)
        };
        let ticks = places.map(|place| (place, label(place))).collect();
        let civil = day(low);
        let years =
            if day(high).year == civil.year { civil.year.to_string() } else { String::new() };
        return (
            ticks,
            match one_day {
                true => Some(format!("{} {}", date(civil), civil.year)),
                false => Some(years).filter(|years| !years.is_empty()),
            },
        );
    }
    let (first, last) = (day(low), day(high));
    let days = rough / DAY;
    let mut ticks = Vec::new();
    if let Some(step) = [1, 2, 7, 14].into_iter().find(|step| f64::from(*step) >= days * 0.999) {
        let start = (low / DAY).ceil() as i64;
        let mut at = start;
        while at as f64 * DAY <= high {
            ticks.push((at as f64 * DAY, date(Civil::of_days(at))));
            at += i64::from(step);
        }
        let same = first.year == last.year;
        return (ticks, same.then(|| first.year.to_string()));
    }
    let months = [1_i64, 2, 3, 6].into_iter().find(|step| *step as f64 * 30.44 >= days * 0.999);
    let step = months.unwrap_or_else(|| {
        let years = days / 365.25;
        let power = 10_f64.powf(years.log10().floor().max(0.0));
        let years = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let found = years.into_iter().find(|step| *step >= days / 365.25 * 0.999);
        12 * found.unwrap_or(10.0 * power) as i64
    });
    let mut month = (first.year * 12).div_euclid(step) * step;
    loop {
        let civil =
            Civil { year: month.div_euclid(12), month: month.rem_euclid(12) as usize + 1, day: 1 };
        let place = civil.days() as f64 * DAY;
        if place > high || ticks.len() > 1_000 {
            break;
        }
        if place >= low {
            let label = match step % 12 {
                0 => civil.year.to_string(),
                _ => format!("{} {}", civil.month_name(), civil.year),
            };
            ticks.push((place, label));
        }
        month += step;
    }
    (ticks, None)
}

/// Writes a second of the day as far as the step needs it.
fn clock(second: f64, step: f64) -> String {
    let thousandths = (second * 1_000.0).round() as i64;
    let (hours, minutes) = (thousandths / 3_600_000, thousandths / 60_000 % 60);
    let seconds = thousandths / 1_000 % 60;
    if step >= 60.0 {
        format!("{hours:02}:{minutes:02}")
    } else if step >= 1.0 {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", thousandths % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::times::parse;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|(_, label)| &label[..]).collect()
    }

    #[test]
    fn round_numbers() {
        for (range, expected) in [
            ((0.0, 100.0), &["0", "20", "40", "60", "80", "100"][..]),
            ((-1.2, 1.1), &["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
            ((0.0, 1e7), &["0", "2,000,000", "4,000,000", "6,000,000", "8,000,000", "10,000,000"]),
            ((0.0, 2.4e12), &["0", "5×10¹¹", "1×10¹²", "1.5×10¹²", "2×10¹²"]),
            ((0.0, 4e-7), &["0", "1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷", "4×10⁻⁷"]),
            ((99.99, 100.01), &["99.990", "99.995", "100.000", "100.005", "100.010"]),
        ] {
            assert_eq!(labels(&numbers(range, 5)), expected, "{range:?}");
        }
    }

    #[test]
    fn short_numbers() {
        for (value, text) in [
            (24.3, "24.3"),
            (1_234_567.0, "1,234,567"),
            (0.000_123_456, "0.0001235"),
            (-2.0, "−2"),
            (1.5e-9, "1.5×10⁻⁹"),
            (0.0, "0"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn round_times() {
        let at = |text| parse(text).unwrap();
        for (low, high, expected, date) in [
            (
                "2020-04-02T09:30:00",
                "2020-04-02T09:46:39",
                &["09:30", "09:35", "09:40", "09:45"][..],
                Some("2 Apr 2020"),
            ),
            (
                "2020-04-02T20:10:00",
                "2020-04-03T05:00:00",
                &["22:00", "3 Apr", "02:00", "04:00"],
                Some("2020"),
            ),
            (
                "2020-02-27",
                "2020-03-02T12:00",
                &["27 Feb", "28 Feb", "29 Feb", "1 Mar", "2 Mar"],
                Some("2020"),
            ),
            ("2019-11-10", "2020-03-20", &["Dec 2019", "Jan 2020", "Feb 2020", "Mar 2020"], None),
            ("2001-06-01", "2019-06-01", &["2005", "2010", "2015"], None),
        ] {
            let (ticks, found) = times((at(low), at(high)), 5);
            assert_eq!((labels(&ticks), found.as_deref()), (expected.to_vec(), date), "{low}");
        }
        let second = at("2020-04-02T09:30:00");
        let (ticks, _) = times((second, second + 0.2), 2);
        assert_eq!(labels(&ticks), ["09:30:00.000", "09:30:00.100", "09:30:00.200"]);
    }
}
