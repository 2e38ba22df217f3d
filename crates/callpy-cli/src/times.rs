//! Times in files, and the ticks of an axis of them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

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

/// Parses a date, or a date and time: ISO 8601 as in `2020-04-02T09:30:00.5+02:00`, with slashes, or the
/// day first with points as in `2.4.2020 9:30`.
///
/// Returns seconds since 1970, in UTC if the time has an offset.
pub(crate) fn parse(text: &str) -> Option<f64> {
    parse_moment(text).map(|moment| moment.micros as f64 / 1e6)
}

/// A date, or a date and time, as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds since 1970, in UTC if there is an offset.
    pub(crate) micros: i64,
    /// How far its clock is ahead of UTC, in microseconds.
    pub(crate) offset: Option<i64>,
    /// Whether it has digits below a microsecond, which are left out.
    pub(crate) is_cut: bool,
}

impl Moment {
    fn new(time: DateTime<FixedOffset>, offset: Option<i64>) -> Moment {
        let is_cut = !time.timestamp_subsec_nanos().is_multiple_of(1_000);
        Moment { micros: time.timestamp_micros(), offset, is_cut }
    }

    /// Returns microseconds since 1970 on the clock that it was written by.
    pub(crate) fn local(self) -> i64 {
        self.micros + self.offset.unwrap_or_default()
    }
}

/// Parses a date, or a date and time.
pub(crate) fn parse_moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    // chrono accepts years and months of any length, but most numbers with hyphens are not dates.
    let mark = |at: usize| text.as_bytes().get(at).copied();
    if matches!(mark(4), Some(b'-' | b'/')) && mark(7) == mark(4) {
        let text = text.replace('/', "-").replacen(' ', "T", 1).replace(',', ".");
        return with_formats(&text, "%Y-%m-%d", "T");
    }
    let points = text.split(' ').next()?.split('.').map(str::len).collect::<Vec<_>>();
    match points[..] {
        [1 | 2, 1 | 2, 4] => with_formats(text, "%d.%m.%Y", " "),
        _ => None,
    }
}

fn with_formats(text: &str, date: &str, between: &str) -> Option<Moment> {
    if !text.contains(':') {
        return parse_as(text, date);
    }
    let times = ["%H:%M:%S%.f", "%H:%M"];
    times.into_iter().find_map(|time| parse_as(text, &format!("{date}{between}{time}")))
}

/// Parses a date, or a date and time, that is written as `format` says; an offset may follow. Without a day or
/// a month it is the first.
pub(crate) fn parse_as(text: &str, format: &str) -> Option<Moment> {
    let text = text.trim();
    let local = || Some(NaiveDateTime::parse_from_str(text, format).ok()?.and_utc().fixed_offset());
    // A date alone is midnight, but a time that lacks its minutes is not.
    let is_date = !format.contains("%H") && !format.contains("%I") && !format.contains("%T");
    let date = || {
        if !is_date {
            return None;
        }
        let first =
            [("", ""), (" 1", " %d"), (" 1 1", " %m %d")].into_iter().find_map(|(one, rest)| {
                NaiveDate::parse_from_str(&format!("{text}{one}"), &format!("{format}{rest}")).ok()
            });
        Some(first?.and_time(NaiveTime::MIN).and_utc().fixed_offset())
    };
    // chrono's plain times leave out the offset that a format has.
    let has_offset = has_offset(format);
    let own_offset = || has_offset.then(|| DateTime::parse_from_str(text, format).ok())?;
    let with_offset = || DateTime::parse_from_str(text, &format!("{format}%#z")).ok();
    if !has_offset && let Some(found) = local().or_else(date) {
        return Some(Moment::new(found, None));
    }
    let found = own_offset().or_else(with_offset)?;
    let offset = i64::from(found.offset().local_minus_utc()) * 1_000_000;
    Some(Moment::new(found, Some(offset)))
}

/// Returns whether a format says where the offset from UTC is.
fn has_offset(format: &str) -> bool {
    const OFFSETS: [&str; 6] = ["%z", "%:z", "%::z", "%:::z", "%#z", "%+"];
    let has = |format: &str| OFFSETS.iter().any(|one| format.contains(one));
    // `%%z` is a percent sign and a letter.
    has(format) && (!format.contains("%%") || has(&format.replace("%%", "")))
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
        assert_eq!(parse("2.1.1970"), Some(86_400.0));
        assert_eq!(parse("02.01.1970 00:01"), Some(86_460.0));
        let micros = |text, format| parse_as(text, format).map(|moment| moment.micros);
        assert_eq!(micros("01/02/1970", "%m/%d/%Y"), Some(86_400_000_000));
        assert_eq!(micros("Feb 1970", "%b %Y"), Some(31 * 86_400_000_000));
        assert_eq!(micros("1971", "%Y"), Some(365 * 86_400_000_000));
        assert_eq!(micros("2.1.1970 01:00 +0100", "%d.%m.%Y %H:%M %z"), Some(86_400_000_000));
        for format in ["%+", "%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%dT%H:%M:%S%#z", "%Y-%m-%dT%H:%M:%S"] {
            let found = micros("1970-01-01T03:00:00+02:00", format);
            assert_eq!(found, Some(3_600_000_000), "{format}");
        }
        assert_eq!(micros("2. Maerz 1970", "%d. Maerz %Y"), None, "no month");
        assert_eq!(micros("2. z 1 1970", "%d. z %m %Y"), Some(86_400_000_000));
        assert_eq!(micros("2.1.1970 %z", "%d.%m.%Y %%z"), Some(86_400_000_000));
        // The day of the clock that it was written by.
        let late = parse_moment("1970-01-02T23:00-02:00").unwrap();
        assert_eq!((late.micros, late.local()), (176_400_000_000, 169_200_000_000));
        assert_eq!(parse_as("1970-01-02 1h", "%Y-%m-%d %Hh"), None);
        for text in [
            "",
            "12",
            "1-2-3",
            "2020-13-01",
            "2021-02-29",
            "2020-04-02T",
            "2020-04-02T25:00",
            "a-b-c",
            "1.2.3",
            "1.2",
            "01/02/2020",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
