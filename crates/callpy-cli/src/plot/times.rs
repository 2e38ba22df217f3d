//! Times as they stand in files, and as they are written on an axis.

/// Seconds of a day.
pub(crate) const DAY: f64 = 86_400.0;

/// A moment on the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: usize,
    pub(crate) day: i64,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Civil {
    /// Returns the day so many days after 1970-01-01.
    // https://howardhinnant.github.io/date_algorithms.html: eras of 400 years from March to March.
    pub(crate) fn of_days(days: i64) -> Civil {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil { year, month: month as usize, day }
    }

    /// Returns the number of days since 1970-01-01.
    pub(crate) fn days(self) -> i64 {
        let month = self.month as i64;
        let year = self.year - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let from_march = (month + 9) % 12;
        let of_year = (153 * from_march + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    pub(crate) fn month_name(self) -> &'static str {
        MONTHS[self.month - 1]
    }
}

/// Reads an ISO 8601 date, or date and time: `2020-04-02`, `2020-04-02T09:30:00.5+02:00`.
///
/// Seconds since 1970, in UTC where an offset is given.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let year = digits(parts.next()?, 4)?;
    let (month, day) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let civil = Civil { year, month: month as usize, day };
    let days = civil.days();
    if Civil::of_days(days) != civil {
        return None;
    }
    let seconds = time.map_or(Some(0.0), time_of_day)?;
    Some(days as f64 * DAY + seconds)
}

/// Reads `09:30`, `09:30:00.25`, with `Z` or an offset behind it.
fn time_of_day(text: &str) -> Option<f64> {
    let (text, offset) = match text.strip_suffix('Z') {
        Some(text) => (text, 0.0),
        None => match text.rfind(['+', '-']) {
            None => (text, 0.0),
            Some(at) => {
                let (hours, minutes) = match text[at + 1..].split_once(':') {
                    Some((hours, minutes)) => (hours, minutes),
                    None if text.len() - at == 5 => text[at + 1..].split_at(2),
                    None => (&text[at + 1..], "00"),
                };
                let offset = digits(hours, 2)? * 3_600 + digits(minutes, 2)? * 60;
                let sign = if text[at..].starts_with('-') { -1.0 } else { 1.0 };
                (&text[..at], sign * offset as f64)
            }
        },
    };
    let mut parts = text.trim().split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds: f64 = match parts.next() {
        None => 0.0,
        Some(seconds) if seconds.starts_with(|first: char| first.is_ascii_digit()) => {
            seconds.replace(',', ".").parse().ok()?
        }
        Some(_) => return None,
    };
    let is_time = hours < 25 && minutes < 60 && seconds < 61.0 && parts.next().is_none();
    is_time.then(|| (hours * 3_600 + minutes * 60) as f64 + seconds - offset)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_there_and_back() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            assert_eq!(Civil::of_days(days).days(), days);
        }
        assert_eq!(Civil::of_days(0), Civil { year: 1970, month: 1, day: 1 });
        assert_eq!(Civil::of_days(18_321), Civil { year: 2020, month: 2, day: 29 });
    }

    #[test]
    fn times_as_they_stand_in_files() {
        let noon = 1_585_826_400.0; // date -u -d 2020-04-02T11:20 +%s
        for text in [
            "2020-04-02T11:20:00",
            "2020-04-02 11:20",
            "2020/04/02 11:20:00.000",
            "2020-04-02T11:20:00Z",
            "2020-04-02T13:20:00+02:00",
            "2020-04-02T06:20:00-0500",
            " 2020-04-02T11:20:00,0 ",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse("2020-04-02T11:20:00.25"), Some(noon + 0.25));
        assert_eq!(parse("1970-01-02"), Some(DAY));
        for text in
            ["", "12", "2020-13-01", "2021-02-29", "2020-04-02T", "2020-04-02T25:00", "a-b-c"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
