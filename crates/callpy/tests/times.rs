//! Times of the standard library both ways, and values that are known by their text.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use callpy::ErrorKind;
use callpy::classes::{Decimal, Fraction, Path, Uuid};
use common::{eval, lambda, python};

const DATETIME: &str = "__import__('datetime')";

#[test]
fn spans_of_time_are_timedeltas() {
    python();
    let same = lambda("lambda x: x");
    for span in
        [Duration::ZERO, Duration::new(90, 500_000), Duration::from_secs(86_400 * 999_999_999)]
    {
        let micros = Duration::new(span.as_secs(), span.subsec_micros() * 1000);
        assert_eq!(same.call::<Duration>(span).unwrap(), micros);
    }
    // What is finer than a microsecond is cut off.
    assert_eq!(same.call::<Duration>(Duration::new(1, 1_999)).unwrap(), Duration::new(1, 1_000));
    let list: Vec<Duration> =
        same.call(vec![Duration::from_secs(1), Duration::from_millis(5)]).unwrap();
    assert_eq!(list, [Duration::from_secs(1), Duration::from_millis(5)]);
    assert_eq!(
        eval::<Duration>("numpy.timedelta64(1500, 'ns')").unwrap(),
        Duration::from_nanos(1500)
    );
    assert_eq!(
        eval::<Duration>("numpy.timedelta64(2, 'W')").unwrap(),
        Duration::from_secs(14 * 86_400)
    );

    let negative = format!("{DATETIME}.timedelta(seconds=-1)");
    for expression in [&negative[..], "1", "numpy.timedelta64('NaT')", "numpy.timedelta64(1, 'Y')"]
    {
        let error = eval::<Duration>(expression).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{expression}");
        assert!(error.to_string().contains("timedelta"), "{error}");
    }
    let error = same.call::<Duration>(Duration::MAX).unwrap_err();
    assert!(error.to_string().contains("argument 1"), "{error}");
}

#[test]
fn spans_come_out_of_arrays() {
    python();
    let spans: Vec<Duration> = eval("numpy.array([1, 2], 'm8[ns]')").unwrap();
    assert_eq!(spans, [Duration::from_nanos(1), Duration::from_nanos(2)]);
    let spans: Vec<Vec<Duration>> = eval("numpy.array([[1, 2]], 'm8[us]').T").unwrap();
    assert_eq!(spans, [[Duration::from_micros(1)], [Duration::from_micros(2)]]);
    let spans: Vec<Option<Duration>> = eval("numpy.array([1, 'NaT'], 'm8[s]')").unwrap();
    assert_eq!(spans, [Some(Duration::from_secs(1)), None]);
    let error = eval::<Vec<Duration>>("numpy.array([1, 'NaT'], 'm8[s]')").unwrap_err();
    assert!(
        error.to_string().contains("expected a timedelta, got a timedelta64[s] that is NaT"),
        "{error}"
    );
    let error = eval::<Vec<SystemTime>>("numpy.array([1], 'M8[ns]')").unwrap_err();
    assert!(error.to_string().contains("use list()"), "{error}");
}

#[test]
fn what_is_no_time_is_no_point_in_time() {
    python();
    // As pandas has it.
    let nat = format!(
        "type('NaTType', ({DATETIME}.datetime,), {{'__eq__': lambda *_: False, '__ne__': lambda *_: True, \
         '__hash__': None, 'utcoffset': lambda s: 1 / 0}})(2020, 1, 1)"
    );
    let error = eval::<SystemTime>(&nat).unwrap_err();
    assert!(error.to_string().contains("expected a datetime with a time zone, got"), "{error}");
}

#[test]
fn points_in_time_are_datetimes_with_a_zone() {
    python();
    let same = lambda("lambda x: x");
    for time in [
        UNIX_EPOCH,
        UNIX_EPOCH + Duration::new(1_585_819_800, 123_456_000),
        UNIX_EPOCH - Duration::new(1, 1_000),
    ] {
        assert_eq!(same.call::<SystemTime>(time).unwrap(), time);
    }
    let shown: String = lambda("str").call(UNIX_EPOCH - Duration::from_millis(500)).unwrap();
    assert_eq!(shown, "1969-12-31 23:59:59.500000+00:00");
    let east = format!(
        "{DATETIME}.datetime(1970, 1, 1, 2, tzinfo={DATETIME}.timezone({DATETIME}.timedelta(hours=2)))"
    );
    assert_eq!(eval::<SystemTime>(&east).unwrap(), UNIX_EPOCH);
    for expression in
        [&format!("{DATETIME}.datetime(1970, 1, 1)")[..], "0", "numpy.datetime64(0, 's')"]
    {
        let error = eval::<SystemTime>(expression).unwrap_err();
        assert!(error.to_string().contains("expected a datetime with a time zone"), "{error}");
    }
}

#[test]
fn values_of_other_classes_are_known_by_their_text() {
    python();
    let kinds: Vec<String> = lambda("lambda *values: [type(value).__name__ for value in values]")
        .call((
            Decimal("1.50"),
            Fraction("2/4"),
            Uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
            Path("a/b"),
        ))
        .unwrap();
    assert_eq!(kinds[..3], ["Decimal", "Fraction", "UUID"]);
    assert!(kinds[3].ends_with("Path"));
    let same = lambda("lambda x: x");
    assert_eq!(same.call::<Decimal<String>>(Decimal("1.50")).unwrap().0, "1.50");
    assert_eq!(same.call::<Fraction<String>>(Fraction("2/4")).unwrap().0, "1/2");
    assert_eq!(same.call::<Path<String>>(Path("a/b")).unwrap().0, "a/b");
    let error = same.call::<Decimal<String>>(1.5).unwrap_err();
    assert!(error.to_string().contains("expected a decimal.Decimal, got the float 1.5"), "{error}");
    let error = same.call::<()>(Decimal("one")).unwrap_err();
    assert!(error.to_string().contains("InvalidOperation"), "{error}");
}
