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
    for text in ["NaN", "Infinity", "1E+40", "0.12345678901234567890123456789012345"] {
        assert!(decimal(text).is_err(), "{text}");
    }
    let id = uuid::Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8);
    assert_eq!(same.call::<uuid::Uuid>(id).unwrap(), id);
    assert!(same.call::<uuid::Uuid>(id.to_string()).is_err());
}
