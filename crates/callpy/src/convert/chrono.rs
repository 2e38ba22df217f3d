//! The types of the chrono crate.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike, Utc,
};

use super::time::{self, civil};
use super::{FromPython, IntoPython, Item};
use crate::error::{Error, Result};
use crate::object::Object;
use crate::scope::Scope;
use crate::support::Parts;

impl Item<'_> for NaiveDate {}
impl Item<'_> for NaiveTime {}
impl Item<'_> for NaiveDateTime {}
impl<Z: TimeZone + 'static> Item<'_> for DateTime<Z> {}
impl Item<'_> for TimeDelta {}

fn date_parts(date: NaiveDate) -> civil::Date {
    (date.year(), date.month() as u8, date.day() as u8)
}

fn time_parts(time: NaiveTime) -> Result<civil::Time> {
    if time.nanosecond() >= 1_000_000_000 {
        return Err(Error::argument("Python's times have no leap seconds"));
    }
    Ok((time.hour() as u8, time.minute() as u8, time.second() as u8, time.nanosecond()))
}

fn to_date((year, month, day): civil::Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
}

fn to_time((hour, minute, second, nanosecond): civil::Time) -> Option<NaiveTime> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond)
}

impl<'a> IntoPython<'a> for NaiveDate {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        civil::make_date(date_parts(self), scope)
    }
}

impl FromPython for NaiveDate {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let date = civil::date(&object, scope)?.and_then(to_date);
        date.ok_or_else(|| scope.mismatch("a date", &object.0))
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        time::vec(object, scope)
    }
}

impl<'a> IntoPython<'a> for NaiveTime {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        civil::make_time(time_parts(self)?, scope)
    }
}

impl FromPython for NaiveTime {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let time = civil::time(&object, scope)?.and_then(to_time);
        time.ok_or_else(|| scope.mismatch("a time without a time zone", &object.0))
    }
}

/// Makes a `datetime` without a time zone.
impl<'a> IntoPython<'a> for NaiveDateTime {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        civil::make_date_time(
            date_parts(self.date()),
            time_parts(self.time())?,
            (None, None),
            scope,
        )
    }
}

impl FromPython for NaiveDateTime {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        match civil::date_time(&object, scope)? {
            Some((date, time, None, _)) => to_date(date)
                .zip(to_time(time))
                .map(|(date, time)| date.and_time(time))
                .ok_or_else(|| scope.mismatch("a datetime", &object.0)),
            _ => Err(scope.mismatch("a datetime without a time zone", &object.0)),
        }
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        time::vec(object, scope)
    }
}

/// Makes a `datetime` with the offset from UTC that this one has.
impl<'a, Z: TimeZone> IntoPython<'a> for DateTime<Z> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let fixed = self.fixed_offset();
        let (local, offset) = (fixed.naive_local(), fixed.offset().local_minus_utc());
        let zone = (Some(offset), None);
        civil::make_date_time(date_parts(local.date()), time_parts(local.time())?, zone, scope)
    }
}

impl FromPython for DateTime<FixedOffset> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let made = match civil::date_time(&object, scope)? {
            Some((date, time, Some(offset), _)) => to_date(date)
                .zip(to_time(time))
                .zip(FixedOffset::east_opt(offset))
                .and_then(|((date, time), offset)| {
                    date.and_time(time).and_local_timezone(offset).single()
                }),
            _ => None,
        };
        made.ok_or_else(|| scope.mismatch("a datetime with a time zone", &object.0))
    }
}

/// Takes a `datetime` with any time zone.
impl FromPython for DateTime<Utc> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let made = time::nanoseconds(Parts::Instant, &object, scope)?.and_then(|nanoseconds| {
            let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
            DateTime::from_timestamp(seconds, nanoseconds.rem_euclid(1_000_000_000) as u32)
        });
        made.ok_or_else(|| scope.mismatch("a datetime with a time zone", &object.0))
    }
}

/// Makes a `timedelta`, whose finest part is a microsecond: what is finer is cut off.
impl<'a> IntoPython<'a> for TimeDelta {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let nanoseconds = i128::from(self.num_seconds()) * 1_000_000_000;
        time::make(Parts::Span, nanoseconds + i128::from(self.subsec_nanos()), scope)
    }
}

impl FromPython for TimeDelta {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let made = time::nanoseconds(Parts::Span, &object, scope)?.and_then(|nanoseconds| {
            let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
            TimeDelta::new(seconds, nanoseconds.rem_euclid(1_000_000_000) as u32)
        });
        made.ok_or_else(|| scope.mismatch("a timedelta", &object.0))
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        time::vec(object, scope)
    }
}
