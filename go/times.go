package callpy

import (
	"math"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Naive is the location of times that are naive datetimes in Python, which have no time zone. A time in any other
// location is an aware datetime: of Python's zone of that name if it is a zone of the time zone database, and of a
// fixed offset from UTC otherwise. All times that Python returns in one zone have the same location.
var Naive = time.FixedZone("naive", 0)

// Times are a NumPy array of datetime64, whose elements count from 1970 in UTC: datetime64[ns] as an argument, any
// unit in a result, whose times are in UTC. The zero time is NaT. (A []time.Time is a list of datetimes.)
type Times []time.Time

// Durations are a NumPy array of timedelta64: timedelta64[ns] over the same memory as an argument, any unit with a
// fixed length in a result. The least Duration is NaT.
type Durations []time.Duration

// notATime is NumPy's NaT.
const notATime = math.MinInt64

func (t Times) lend(f *frame, to *cValue) *Error {
	counts := make([]int64, len(t))
	for index, one := range t {
		counts[index] = one.UnixNano()
		switch {
		case one.IsZero():
			counts[index] = notATime
		case counts[index] == notATime, !time.Unix(0, counts[index]).Equal(one):
			return failure(BadArgument, "%v is outside of the range of datetime64[ns]", one)
		}
	}
	lendCounts(f, to, counts, cDtypeDatetime64)
	return nil
}

func (d Durations) lend(f *frame, to *cValue) *Error {
	lendCounts(f, to, d, cDtypeTimedelta64)
	return nil
}

func lendCounts[T ~int64](f *frame, to *cValue, counts []T, dtype uint32) {
	f.lend(to, unsafe.Pointer(unsafe.SliceData(counts)), len(counts), dtype)
	at[cArray](to.content[0]).unit = cUnitNanosecond
}

func (*Times) dtype() uint32 { return cDtypeDatetime64 }

func (*Durations) dtype() uint32 { return cDtypeTimedelta64 }

func (t *Times) fill(from *cArray) *Error {
	counts, err := copied[int64](from)
	if err != nil {
		return err
	}
	*t = make(Times, len(counts))
	for index, count := range counts {
		if count == notATime {
			continue
		}
		made, ok := timeSince1970(count, from.unit)
		// The zero time would be NaT from then on.
		if !ok || made.IsZero() {
			return failure(BadResult, "expected callpy.Times, got a datetime64 that is outside of their range")
		}
		(*t)[index] = made
	}
	return nil
}

func (d *Durations) fill(from *cArray) *Error {
	counts, err := copied[int64](from)
	if err != nil {
		return err
	}
	*d = make(Durations, len(counts))
	for index, count := range counts {
		many, part := unitOf(from.unit)
		length := count * many / part
		switch {
		case count == notATime:
			length = notATime
		case many == 0:
			return failure(BadResult, "expected callpy.Durations, got a timedelta64 of months or years, which have no fixed length")
		case count*many/many != count:
			return failure(BadResult, "expected callpy.Durations, got a timedelta64 that is outside of their range")
		}
		(*d)[index] = time.Duration(length)
	}
	return nil
}

// unitOf returns how many nanoseconds a unit of NumPy's has, as a fraction; 0 of those that vary.
func unitOf(unit uint32) (many, part int64) {
	switch unit {
	case cUnitWeek:
		return 7 * 24 * int64(time.Hour), 1
	case cUnitDay:
		return 24 * int64(time.Hour), 1
	case cUnitHour:
		return int64(time.Hour), 1
	case cUnitMinute:
		return int64(time.Minute), 1
	case cUnitSecond:
		return int64(time.Second), 1
	case cUnitMillisecond:
		return int64(time.Millisecond), 1
	case cUnitMicrosecond:
		return int64(time.Microsecond), 1
	case cUnitNanosecond:
		return 1, 1
	case cUnitPicosecond:
		return 1, 1e3
	case cUnitFemtosecond:
		return 1, 1e6
	case cUnitAttosecond:
		return 1, 1e9
	}
	return 0, 1
}

// timeSince1970 returns the time that so many units make; false if Go has no such time.
func timeSince1970(count int64, unit uint32) (time.Time, bool) {
	const most = 1 << 40
	switch many, part := unitOf(unit); {
	case many == 0 && unit != cUnitYear && unit != cUnitMonth:
		return time.Time{}, false
	case unit == cUnitYear, unit == cUnitMonth:
		months := int64(1)
		if unit == cUnitYear {
			months = 12
		}
		if count > most/months || count < -most/months {
			return time.Time{}, false
		}
		return time.Date(1970, 1+time.Month(count*months), 1, 0, 0, 0, 0, time.UTC), true
	case many >= int64(time.Second):
		seconds := many / int64(time.Second)
		all := count * seconds
		return time.Unix(all, 0).UTC(), all/seconds == count && all < 1<<60 && all > -1<<60
	default:
		// How many there are in a second.
		per := int64(time.Second) / many * part
		return time.Unix(floor(count, per), (count-floor(count, per)*per)*many/part).UTC(), true
	}
}

func floor(number, by int64) int64 {
	whole := number / by
	if number%by < 0 {
		whole--
	}
	return whole
}

// What zoneNamed and fixedZone have returned. Times in one zone are equal by ==, and as keys of a map, only if they
// have the same location.
var zones, offsets sync.Map

// zoneNamed returns a zone of the time zone database; false if there is none of the name.
func zoneNamed(name string) (*time.Location, bool) {
	// The first is Go's name for UTC, the second that for the zone of this machine.
	if name == "" || name == "Local" {
		return nil, false
	}
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), true
	}
	loaded, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	zone, _ := zones.LoadOrStore(name, loaded)
	return zone.(*time.Location), true
}

// fixedZone returns the location that is always so many seconds off UTC.
func fixedZone(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	if zone, ok := offsets.Load(offset); ok {
		return zone.(*time.Location)
	}
	zone, _ := offsets.LoadOrStore(offset, time.FixedZone("", offset))
	return zone.(*time.Location)
}

// zoneOf returns the name of a time's zone for Python to look up; nothing for UTC, and for a location of the
// program's own, which may have a zone's name: time.FixedZone("CET", 3600) has no summer.
func zoneOf(at time.Time) string {
	name := at.Location().String()
	zone, ok := zoneNamed(name)
	switch {
	case zone == time.UTC:
		return ""
	case !ok && strings.Contains(name, "/"):
		// Of a database that the program has by itself. Python compares the offset.
		return name
	case !ok:
		return ""
	}
	same := at.In(zone)
	abbreviation, offset := at.Zone()
	sameAbbreviation, sameOffset := same.Zone()
	begin, end := at.ZoneBounds()
	sameBegin, sameEnd := same.ZoneBounds()
	if abbreviation == sameAbbreviation && offset == sameOffset && begin.Equal(sameBegin) && end.Equal(sameEnd) {
		return name
	}
	return ""
}

// time passes a time as a datetime. Python's have microseconds: what is finer is cut off.
func (f *frame) time(from time.Time, to *cValue) *Error {
	frame := newFrame()
	defer frame.done()
	put(frame, from.Unix())
	put(frame, from.Nanosecond()/1000)
	// None, for a naive one.
	offset, zone := frame.next(), frame.next()
	if location := from.Location(); location != Naive {
		_, seconds := from.Zone()
		offset.tag = cTagInt
		*content[int64](offset) = int64(seconds)
		if name := zoneOf(from); name != "" {
			frame.text(zone, name, cTagString)
		}
	}
	if err := f.made(madeTime, frame, to); err != nil {
		return err.at("the time " + from.String())
	}
	return nil
}

// decodeTime returns the time that a datetime is; false for anything else.
func decodeTime(value *cValue) (time.Time, bool, *Error) {
	if value.tag != cTagObject {
		return time.Time{}, false, nil
	}
	frame := newFrame()
	defer frame.done()
	object := frame.next()
	object.tag, object.content = value.tag, value.content
	if err := timeParts.call(frame); err != nil {
		return time.Time{}, false, err
	}
	defer frame.release()
	if frame.call.result.tag != cTagTuple {
		return time.Time{}, false, nil
	}
	parts := itemsOf(&frame.call.result)
	found := time.Unix(*content[int64](&parts[0]), *content[int64](&parts[1]))
	if parts[2].tag == cTagNone {
		return found.In(Naive), true, nil
	}
	offset := int(*content[int64](&parts[2]))
	if parts[3].tag == cTagString {
		if zone, ok := zoneNamed(strings.Clone(textOf(&parts[3]))); ok {
			// Python's and Go's tables may differ.
			if _, same := found.In(zone).Zone(); same == offset {
				return found.In(zone), true, nil
			}
		}
	}
	return found.In(fixedZone(offset)), true, nil
}
