//! The types of the jiff crate.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::time::{self, civil};
use super::{FromPython, IntoPython, Item};
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;
use crate::support::Parts;

impl Item<'_> for Date {}
impl Item<'_> for Time {}
impl Item<'_> for DateTime {}
impl Item<'_> for Timestamp {}
impl Item<'_> for Zoned {}
impl Item<'_> for SignedDuration {}

fn date_parts(date: Date) -> civil::Date {
    (date.year().into(), date.month() as u8, date.day() as u8)
}

fn time_parts(time: Time) -> civil::Time {
    let nanosecond = time.subsec_nanosecond() as u32;
    (time.hour() as u8, time.minute() as u8, time.second() as u8, nanosecond)
}

fn to_date((year, month, day): civil::Date) -> Option<Date> {
    Date::new(year.try_into().ok()?, month as i8, day as i8).ok()
}

fn to_time((hour, minute, second, nanosecond): civil::Time) -> Option<Time> {
    Time::new(hour as i8, minute as i8, second as i8, nanosecond as i32).ok()
}

impl<'a> IntoPython<'a> for Date {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        civil::make_date(date_parts(self), scope)
    }
}

impl FromPython for Date {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let date = civil::date(&object, scope)?.and_then(to_date);
        date.ok_or_else(|| scope.mismatch("a date", &object.0))
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        time::vec(object, scope)
    }
}

impl<'a> IntoPython<'a> for Time {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        civil::make_time(time_parts(self), scope)
    }
}

impl FromPython for Time {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let time = civil::time(&object, scope)?.and_then(to_time);
        time.ok_or_else(|| scope.mismatch("a time without a time zone", &object.0))
    }
}

/// Makes a `datetime` without a time zone.
impl<'a> IntoPython<'a> for DateTime {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        civil::make_date_time(date_parts(self.date()), time_parts(self.time()), (None, None), scope)
    }
}

impl FromPython for DateTime {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let made = match civil::date_time(&object, scope)? {
            Some((date, time, None, _)) => to_date(date).zip(to_time(time)),
            _ => None,
        };
        made.map(|(date, time)| date.to_datetime(time))
            .ok_or_else(|| scope.mismatch("a datetime without a time zone", &object.0))
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        time::vec(object, scope)
    }
}

/// Makes a `datetime` in UTC, whose finest part is a microsecond: what is finer is cut off.
impl<'a> IntoPython<'a> for Timestamp {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        time::make(Parts::Instant, self.as_nanosecond(), scope)
    }
}

/// Takes a `datetime` with any time zone.
impl FromPython for Timestamp {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let Some(nanoseconds) = time::nanoseconds(Parts::Instant, &object, scope)? else {
            return Err(scope.mismatch("a datetime with a time zone", &object.0));
        };
        // Its range ends with 9999-12-30T22:00:00.999999999Z.
        Timestamp::from_nanosecond(nanoseconds)
            .map_err(|_| scope.mismatch("a datetime in the range of jiff's Timestamp", &object.0))
    }
}

/// Makes a `datetime` in the zone of that name, or with the offset if the zone has none.
impl<'a> IntoPython<'a> for Zoned {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let (date, time) = (date_parts(self.date()), time_parts(self.time()));
        let name = self.time_zone().iana_name().map(str::to_owned);
        civil::make_date_time(date, time, (Some(self.offset().seconds()), name), scope)
    }
}

/// Takes a `datetime` with a time zone: one of `zoneinfo` by its name, another by its offset.
impl FromPython for Zoned {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let zone = match civil::date_time(&object, scope)? {
            Some((.., Some(_), Some(name))) => TimeZone::get(&name).ok(),
            Some((.., Some(offset), None)) => {
                Offset::from_seconds(offset).ok().map(TimeZone::fixed)
            }
            _ => None,
        };
        let Some(zone) = zone else {
            return Err(scope.mismatch("a datetime with a time zone that jiff knows", &object.0));
        };
        Timestamp::from_python(object, scope).map(|timestamp| timestamp.to_zoned(zone))
    }
}

/// Makes a `timedelta`, whose finest part is a microsecond: what is finer is cut off.
impl<'a> IntoPython<'a> for SignedDuration {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        time::make(Parts::Span, self.as_nanos(), scope)
    }
}

impl FromPython for SignedDuration {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let made = time::nanoseconds(Parts::Span, &object, scope)?.and_then(|nanoseconds| {
            let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
            Some(SignedDuration::new(seconds, nanoseconds.rem_euclid(1_000_000_000) as i32))
        });
        made.ok_or_else(|| scope.mismatch("a timedelta", &object.0))
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        time::vec(object, scope)
    }
}
