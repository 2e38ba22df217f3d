//! Times in files, and the ticks of an axis of them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// The largest number of ticks, whose labels are wide.
const TICKS: i64 = 6;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Round steps between ticks, in milliseconds and then in months.
#[rustfmt::skip]
const STEPS: [i64; 30] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000,
    MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY,
];
const MONTHS: [i64; 9] = [1, 2, 3, 6, 12, 24, 60, 120, 600];

/// Parses an ISO 8601 date, or date and time: `2020-04-02`, `2020-04-02T09:30:00.5+02:00`.
///
/// Returns seconds since 1970, in UTC if the time has an offset.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim().replace('/', "-").replacen(' ', "T", 1).replace(',', ".");
    // chrono accepts years and months of any length, but most numbers with hyphens are not dates.
    if text.as_bytes().get(4) != Some(&b'-') || text.as_bytes().get(7) != Some(&b'-') {
        return None;
    }
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return Some(date.and_time(Default::default()).and_utc().timestamp() as f64);
    }
    let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"].into_iter().find_map(|format| {
        let local = NaiveDateTime::parse_from_str(&text, format).map(|time| time.and_utc());
        let with_offset = || DateTime::parse_from_str(&text, &format!("{format}%#z"));
        local.or_else(|_| with_offset().map(|time| time.to_utc())).ok()
    })?;
    Some(time.timestamp_micros() as f64 / 1e6)
}

/// Returns round times between two, with their labels, and the day or the year that all of them share.
///
/// Times are seconds since 1970.
pub(crate) fn ticks(from: f64, to: f64) -> (Vec<(f64, String)>, Option<String>) {
    let (first, last) = ((from * 1e3).round() as i64, (to * 1e3).round() as i64);
    let moment = |at: i64| DateTime::from_timestamp_millis(at).unwrap_or_default();
    let (begin, end) = (moment(first).date_naive(), moment(last).date_naive());
    let step = STEPS.into_iter().find(|step| (last - first) / step <= TICKS);
    let places: Vec<i64> = match step {
        Some(step) => {
            let next = (first + step - 1).div_euclid(step) * step;
            (next..last).step_by(step as usize).collect()
        }
        None => {
            let count = (last - first) / (30 * DAY);
            let step = MONTHS.into_iter().find(|step| count / step <= TICKS).unwrap_or(1_200);
            let month = |day: NaiveDate| i64::from(12 * day.year()) + i64::from(day.month0());
            let days = begin.iter_days().take_while(|day| *day <= end);
            let days = days.filter(|day| day.day() == 1 && month(*day) % step == 0);
            days.map(|day| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()).collect()
        }
    };
    let format = |place: i64| match step {
        None => "%b %Y",
        Some(DAY..) => "%-d %b",
        Some(_) if begin != end && place % DAY == 0 => "%-d %b",
        Some(MINUTE..) => "%H:%M",
        Some(1_000..) => "%H:%M:%S",
        Some(_) => "%H:%M:%S%.3f",
    };
    let tick = |at: i64| (at as f64 / 1e3, moment(at).format(format(at)).to_string());
    let shared = match step {
        _ if begin == end => Some(begin.format("%-d %b %Y").to_string()),
        Some(_) if begin.year() == end.year() => Some(begin.year().to_string()),
        _ => None,
    };
    (places.into_iter().map(tick).collect(), shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times() {
        let noon = 1_585_826_400.0; // date -u -d 2020-04-02T11:20 +%s
        for text in [
            "2020-04-02T11:20:00",
            "2020-04-02 11:20",
            "2020/04/02 11:20:00.000",
            "2020-04-02T11:20:00Z",
            "2020-04-02T13:20:00+02:00",
            "2020-04-02T06:20:00-0500",
            "2020-04-02 13:20:00 +02",
            " 2020-04-02T11:20:00,0 ",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse("2020-04-02T11:20:00.25"), Some(noon + 0.25));
        assert_eq!(parse("1970-01-02"), Some(86_400.0));
        for text in [
            "",
            "12",
            "1-2-3",
            "2020-13-01",
            "2021-02-29",
            "2020-04-02T",
            "2020-04-02T25:00",
            "a-b-c",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
