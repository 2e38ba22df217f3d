//! The types of chrono, jiff, rust_decimal and uuid, both ways.
#![allow(missing_docs, reason = "a test")]

mod common;

use chrono::{
    DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use common::{eval, lambda, python};
use jiff::civil;
use jiff::{SignedDuration, Timestamp, Zoned};

const DATETIME: &str = "__import__('datetime')";

#[test]
fn chrono_both_ways() {
    python();
    let same = lambda("lambda x: x");
    let date = NaiveDate::from_ymd_opt(2020, 2, 29).unwrap();
    let time = NaiveTime::from_hms_micro_opt(23, 59, 58, 123_456).unwrap();
    assert_eq!(same.call::<NaiveDate>(date).unwrap(), date);
    assert_eq!(same.call::<NaiveTime>(time).unwrap(), time);
    assert_eq!(same.call::<NaiveDateTime>(date.and_time(time)).unwrap(), date.and_time(time));
    let east = FixedOffset::east_opt(5 * 3600 + 1800).unwrap();
    let fixed = east.from_local_datetime(&date.and_time(time)).unwrap();
    assert_eq!(same.call::<DateTime<FixedOffset>>(fixed).unwrap(), fixed);
    assert_eq!(same.call::<DateTime<Utc>>(fixed).unwrap(), fixed.with_timezone(&Utc));
    let span = TimeDelta::microseconds(-1_500_000);
    assert_eq!(same.call::<TimeDelta>(span).unwrap(), span);
    for (nanoseconds, microseconds) in [(-1, 0), (-1_999, -1), (1_999, 1)] {
        let cut = same.call::<TimeDelta>(TimeDelta::nanoseconds(nanoseconds)).unwrap();
        assert_eq!(cut, TimeDelta::microseconds(microseconds), "{nanoseconds}");
    }
    assert_eq!(same.call::<Vec<NaiveDate>>(vec![date, date]).unwrap(), [date, date]);

    let shown: String = lambda("str").call(fixed).unwrap();
    assert_eq!(shown, "2020-02-29 23:59:58.123456+05:30");
    let numpy: NaiveDateTime = eval("numpy.datetime64('1969-12-31T23:59:59.999999999')").unwrap();
    assert_eq!(numpy.and_utc().timestamp_nanos_opt(), Some(-1));
    let naive = format!("{DATETIME}.datetime(2020, 1, 1)");
    assert!(eval::<DateTime<Utc>>(&naive).is_err());
    assert!(eval::<NaiveDate>(&naive).is_err());
    assert!(same.call::<NaiveDateTime>(fixed).is_err());
    assert!(eval::<NaiveDateTime>("numpy.datetime64('NaT')").is_err());
}

#[test]
fn times_come_out_of_arrays() {
    python();
    let times: Vec<NaiveDateTime> = eval("numpy.array([1, -1], 'M8[ns]')").unwrap();
    let nanoseconds: Vec<_> =
        times.iter().map(|time| time.and_utc().timestamp_nanos_opt()).collect();
    assert_eq!(nanoseconds, [Some(1), Some(-1)]);
    let times: Vec<Option<civil::DateTime>> = eval("numpy.array([0, 'NaT'], 'M8[s]')").unwrap();
    assert_eq!(times, [Some(civil::date(1970, 1, 1).at(0, 0, 0, 0)), None]);
    let days: Vec<NaiveDate> = eval("numpy.array(['2020-02-29', '0001-01-01'], 'M8[D]')").unwrap();
    assert_eq!(days[0], NaiveDate::from_ymd_opt(2020, 2, 29).unwrap());
    let day: civil::Date = eval("numpy.datetime64('2020-02-29')").unwrap();
    assert_eq!(day, civil::date(2020, 2, 29));
    for other in ["'2020-02-29T00'", "'NaT', 'D'", "10**9, 'D'", "'2020-02'"] {
        assert!(eval::<NaiveDate>(&format!("numpy.datetime64({other})")).is_err(), "{other}");
    }
    let spans: Vec<TimeDelta> = eval("numpy.array([-1], 'm8[us]')").unwrap();
    assert_eq!(spans, [TimeDelta::microseconds(-1)]);
    let spans: Vec<SignedDuration> = eval("numpy.array([-1], 'm8[us]')").unwrap();
    assert_eq!(spans, [SignedDuration::from_micros(-1)]);
}

#[test]
fn an_offset_with_a_fraction_of_a_second_is_not_cut() {
    python();
    let offset =
        format!("{DATETIME}.timezone({DATETIME}.timedelta(seconds=1, microseconds=500000))");
    let time = format!("{DATETIME}.datetime(1970, 1, 1, tzinfo={offset})");
    assert_eq!(eval::<DateTime<Utc>>(&time).unwrap().timestamp_millis(), -1500);
    assert_eq!(eval::<Timestamp>(&time).unwrap().as_millisecond(), -1500);
    let error = eval::<DateTime<FixedOffset>>(&time).unwrap_err();
    assert!(error.to_string().contains("has a fraction of a second"), "{error}");
    assert!(eval::<Zoned>(&time).is_err());
}

#[test]
fn a_zone_of_which_python_knows_something_else_is_an_error() {
    python();
    let same = lambda("lambda x: x");
    // What a file of zones has for UTC (RFC 8536), under another name: as if its data were of another year.
    let counts = [0_u32, 0, 0, 0, 1, 4].map(u32::to_be_bytes).concat();
    let block = [b"TZif2", &[0; 15][..], &counts, &[0; 6], b"UTC\0"].concat();
    let data = [&block[..], &block, b"\nUTC0\n"].concat();
    let zone = jiff::tz::TimeZone::tzif("Asia/Tokyo", &data).unwrap();
    let Err(error) = same.call::<Timestamp>(Timestamp::UNIX_EPOCH.to_zoned(zone)) else {
        panic!("Python's Tokyo is not at UTC");
    };
    // Python has no zones before 3.9, and the system may have none.
    let message = error.to_string();
    let expected = "in Python, Asia/Tokyo is 9:00:00 from UTC at that time, and not 0:00:00";
    assert!(
        message.contains(expected)
            || message.contains("zoneinfo")
            || message.contains("No time zone"),
        "{message}"
    );
}

#[test]
fn jiff_both_ways() {
    python();
    let same = lambda("lambda x: x");
    let date_time = civil::date(2020, 2, 29).at(23, 59, 58, 123_456_000);
    assert_eq!(same.call::<civil::Date>(date_time.date()).unwrap(), date_time.date());
    assert_eq!(same.call::<civil::Time>(date_time.time()).unwrap(), date_time.time());
    assert_eq!(same.call::<civil::DateTime>(date_time).unwrap(), date_time);
    let timestamp = Timestamp::new(-1, -1_000).unwrap();
    assert_eq!(same.call::<Timestamp>(timestamp).unwrap(), timestamp);
    let span = SignedDuration::new(-5, -1_000);
    assert_eq!(same.call::<SignedDuration>(span).unwrap(), span);
    let fixed = date_time.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(2))).unwrap();
    assert_eq!(same.call::<Zoned>(fixed.clone()).unwrap(), fixed);
    let shown: String = lambda("str").call(fixed).unwrap();
    assert_eq!(shown, "2020-02-29 23:59:58.123456+02:00");
    assert!(same.call::<Timestamp>(date_time).is_err());
    let last = format!("{DATETIME}.datetime.max.replace(tzinfo={DATETIME}.timezone.utc)");
    let error = eval::<Timestamp>(&last).unwrap_err();
    assert!(error.to_string().contains("in the range of jiff's Timestamp"), "{error}");
}

#[test]
fn decimals_and_uuids_both_ways() {
    python();
    let same = lambda("lambda x: x");
    for text in ["0", "-1.50", "79228162514264337593543950335", "0.0000000000000000000000000001"] {
        let number: rust_decimal::Decimal = text.parse().unwrap();
        let back: rust_decimal::Decimal = same.call(number).unwrap();
        assert_eq!(back.to_string(), text);
    }
    let decimal = |text: &str| {
        eval::<rust_decimal::Decimal>(&format!("__import__('decimal').Decimal('{text}')"))
    };
    assert_eq!(decimal("1E+3").unwrap().to_string(), "1000");
    assert_eq!(decimal("1.5E-7").unwrap().to_string(), "0.00000015");
    for (text, shown) in
        [("0.00", "0.00"), ("0E+40", "0"), ("-0E-30", "0.0000000000000000000000000000")]
    {
        assert_eq!(decimal(text).unwrap().abs().to_string(), shown, "{text}");
    }
    for text in ["NaN", "Infinity", "1E+40", "0.12345678901234567890123456789012345"] {
        assert!(decimal(text).is_err(), "{text}");
    }
    let id = uuid::Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8);
    assert_eq!(same.call::<uuid::Uuid>(id).unwrap(), id);
    assert!(same.call::<uuid::Uuid>(id.to_string()).is_err());
}
