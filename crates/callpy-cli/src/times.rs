//! Parses times in files.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

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
