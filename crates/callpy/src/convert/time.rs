//! Times: `std::time` here, chrono and jiff in modules of their own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{FromPython, IntoPython, Item};
use crate::array::numpy_if_imported;
use crate::error::{Error, Result};
use crate::object::Object;
use crate::raw::objects::Builtin;
use crate::scope::Scope;
use crate::support::{self, Parts};

const NANOS: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * NANOS;

/// Makes an object of a time in nanoseconds, of which Python has the microseconds.
pub(super) fn make(parts: Parts, nanoseconds: i128, scope: &Scope<'_>) -> Result<Object> {
    // A negative span is cut as a positive one is; of a point in time, its digits are cut.
    let nanoseconds = match parts {
        Parts::Span => nanoseconds / 1000 * 1000,
        Parts::Instant => nanoseconds,
    };
    let (days, rest) = (nanoseconds.div_euclid(DAY), nanoseconds.rem_euclid(DAY));
    let Ok(days) = i64::try_from(days) else {
        return Err(Error::argument("this time is longer than Python's times can be"));
    };
    let [seconds, microseconds] = [rest / NANOS, rest % NANOS / 1000].map(|part| part as i64);
    let py = scope.py();
    let made =
        scope.ok(py.with_frame(|| support::make_time(py, parts, &[days, seconds, microseconds])));
    made.map(Object)
}

/// Returns the nanoseconds of a time; `None` for another object.
pub(super) fn nanoseconds(
    parts: Parts,
    object: &Object,
    scope: &Scope<'_>,
) -> Result<Option<i128>> {
    let py = scope.py();
    let found = scope.taken(py.with_frame(|| support::time_parts(py, parts, &object.0)))?;
    Ok(found.map(|parts| match parts[..] {
        [days, seconds, nanoseconds] => {
            i128::from(days) * DAY + i128::from(seconds) * NANOS + i128::from(nanoseconds)
        }
        _ => unreachable!("support.py returns three"),
    }))
}

/// Takes a list of times, or an array of NumPy's.
pub(super) fn vec<T: FromPython>(object: Object, scope: &mut Scope<'_>) -> Result<Vec<T>> {
    let py = scope.py();
    if py.builtin(&object.0) == Builtin::Other && numpy_if_imported(scope)?.is_some() {
        let items = py.with_frame(|| support::time_items(py, &object.0));
        if let Some(items) = scope.taken(items)? {
            return super::vec(Object(items), scope);
        }
    }
    super::vec(object, scope)
}

/// Makes a `timedelta`, whose finest part is a microsecond: what is finer is cut off.
impl<'a> IntoPython<'a> for Duration {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        make(Parts::Span, self.as_nanos() as i128, scope)
    }
}

impl Item<'_> for Duration {}

/// Takes a `timedelta`, or NumPy's or pandas', that is not negative.
impl FromPython for Duration {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let Some(nanoseconds) = nanoseconds(Parts::Span, &object, scope)? else {
            return Err(scope.mismatch("a timedelta", &object.0));
        };
        let Ok(nanoseconds) = u128::try_from(nanoseconds) else {
            return Err(scope.mismatch("a timedelta that is not negative", &object.0));
        };
        // Python's longest has 86 trillion seconds.
        let seconds = (nanoseconds / NANOS as u128) as u64;
        Ok(Duration::new(seconds, (nanoseconds % NANOS as u128) as u32))
    }

    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        vec(object, scope)
    }
}

/// Makes a `datetime` in UTC, whose finest part is a microsecond: what is finer is cut off.
impl<'a> IntoPython<'a> for SystemTime {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let nanoseconds = match self.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        make(Parts::Instant, nanoseconds, scope)
    }
}

impl Item<'_> for SystemTime {}

/// Takes a `datetime` with a time zone: without one it is no point in time.
impl FromPython for SystemTime {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let time = nanoseconds(Parts::Instant, &object, scope)?.and_then(|nanoseconds| {
            let distance = nanoseconds.unsigned_abs();
            let seconds = u64::try_from(distance / NANOS as u128).ok()?;
            let distance = Duration::new(seconds, (distance % NANOS as u128) as u32);
            match nanoseconds < 0 {
                true => UNIX_EPOCH.checked_sub(distance),
                false => UNIX_EPOCH.checked_add(distance),
            }
        });
        time.ok_or_else(|| scope.mismatch("a datetime with a time zone", &object.0))
    }
}

/// A date and a time of day, as a calendar and a clock show them.
#[cfg(any(feature = "chrono", feature = "jiff"))]
pub(super) mod civil {
    use super::*;

    pub(crate) type Date = (i32, u8, u8);
    /// Hour, minute, second, nanosecond.
    pub(crate) type Time = (u8, u8, u8, u32);

    /// Offset from UTC in seconds, and the zone's name.
    pub(crate) type Zone = (Option<i32>, Option<String>);

    pub(crate) type DateTime = (Date, Time, Option<i32>, Option<String>);

    pub(crate) fn date_time(object: &Object, scope: &mut Scope<'_>) -> Result<Option<DateTime>> {
        read(c"date_time", object, scope)
    }

    pub(crate) fn date(object: &Object, scope: &mut Scope<'_>) -> Result<Option<Date>> {
        read(c"date", object, scope)
    }

    pub(crate) fn time(object: &Object, scope: &mut Scope<'_>) -> Result<Option<Time>> {
        read(c"time", object, scope)
    }

    fn read<T: FromPython>(
        name: &std::ffi::CStr,
        object: &Object,
        scope: &mut Scope<'_>,
    ) -> Result<Option<T>> {
        let py = scope.py();
        let parts = scope.taken(py.with_frame(|| support::civil(py, name, &[&object.0])))?;
        Option::<T>::from_python(Object(parts), scope)
    }

    pub(crate) fn make_date_time(
        date: Date,
        (hour, minute, second, nanosecond): Time,
        (offset, zone): Zone,
        scope: &mut Scope<'_>,
    ) -> Result<Object> {
        let time = (hour, minute, second, nanosecond / 1000);
        let parts = [
            date.into_python(scope)?,
            time.into_python(scope)?,
            offset.into_python(scope)?,
            zone.into_python(scope)?,
        ];
        make(c"make_date_time", &parts, scope)
    }

    pub(crate) fn make_date((year, month, day): Date, scope: &mut Scope<'_>) -> Result<Object> {
        let parts = [year.into_python(scope)?, month.into_python(scope)?, day.into_python(scope)?];
        make(c"make_date", &parts, scope)
    }

    pub(crate) fn make_time(
        (hour, minute, second, nanosecond): Time,
        scope: &mut Scope<'_>,
    ) -> Result<Object> {
        let parts = [hour, minute, second].map(u32::from).into_iter().chain([nanosecond / 1000]);
        let parts = parts.map(|part| part.into_python(scope)).collect::<Result<Vec<_>>>()?;
        make(c"make_time", &parts, scope)
    }

    fn make(name: &std::ffi::CStr, parts: &[Object], scope: &Scope<'_>) -> Result<Object> {
        let py = scope.py();
        let parts: Vec<_> = parts.iter().map(|part| &part.0).collect();
        scope.ok(py.with_frame(|| support::civil(py, name, &parts))).map(Object)
    }
}
