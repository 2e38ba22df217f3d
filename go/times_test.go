package callpy

import (
	"strings"
	"testing"
	"time"
)

func TestATimeIsADatetime(t *testing.T) {
	describe := good(Load[func(any) (string, error)]("builtins:repr"))(t)
	for expected, at := range map[string]time.Time{
		"datetime.datetime(2024, 2, 29, 13, 5, 7, 123456, tzinfo=datetime.timezone.utc)":                             time.Date(2024, 2, 29, 13, 5, 7, 123456789, time.UTC),
		"datetime.datetime(1, 1, 1, 0, 0)":                                                                           time.Date(1, 1, 1, 0, 0, 0, 0, Naive),
		"datetime.datetime(2024, 7, 1, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400)))": time.Date(2024, 7, 1, 12, 0, 0, 0, time.FixedZone("", -5*3600)),
	} {
		equal(t, good(describe(at))(t), expected)
	}
	same := find(t, "copy:copy")
	for _, at := range []time.Time{
		time.Date(2024, 2, 29, 13, 5, 7, 123456000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, Naive),
		time.Date(1, 1, 1, 0, 0, 0, 0, Naive),
		time.Date(1969, 7, 20, 20, 17, 40, 0, time.FixedZone("", 3600)),
		// In UTC they are in years that Python has not.
		time.Date(1, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)),
		time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -5*3600)),
	} {
		got := good(CallAs[time.Time](ctx, same, at))(t)
		if !got.Equal(at) || got.Location().String() != at.Location().String() || (at.Location() == Naive) != (got.Location() == Naive) {
			t.Errorf("expected %v, got %v", at, got)
		}
		all := good(CallAs[[]*time.Time](ctx, same, []*time.Time{nil, &at}))(t)
		if all[0] != nil || !all[1].Equal(at) {
			t.Errorf("expected %v, got %v", at, all)
		}
	}
	exact := "(d := __import__('datetime')).datetime(2024, 1, 1, tzinfo=d.timezone(d.timedelta(hours=1, microseconds=500000)))"
	equal(t, good(CallAs[time.Time](ctx, find(t, "builtins:eval"), exact))(t).UnixNano(), int64(1_704_063_599_500_000_000))
	_, err := CallAs[time.Time](ctx, same, 1)
	bad(t, err, BadResult, "expected time.Time, got the int 1")
	_, err = CallAs[time.Time](ctx, find(t, "datetime:date"), 2024, 2, 29)
	bad(t, err, BadResult, "expected time.Time, got a datetime.date")
	bad(t, same.Run(ctx, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), Exception, "10000-01-01")
	// On workers, too.
	worker := on(t, workers(t, 1), "copy:copy")
	equal(t, good(CallAs[time.Time](ctx, worker, time.Unix(1e9, 5000).UTC()))(t), time.Unix(1e9, 5000).UTC())
}

func TestATimeHasItsZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	if _, err := Find("zoneinfo:ZoneInfo"); err != nil {
		t.Skip(err)
	}
	// The hour that there is twice.
	at := time.Date(2024, 10, 27, 1, 30, 0, 0, time.UTC).In(berlin)
	got := good(CallAs[time.Time](ctx, find(t, "copy:copy"), at))(t)
	if !got.Equal(at) || got.Location().String() != "Europe/Berlin" {
		t.Error(got)
	}
	described := good(CallAs[string](ctx, find(t, "builtins:str"), at))(t)
	equal(t, described, "2024-10-27 02:30:00+01:00")
}

// isZone says whether both Python and Go know a zone: Debian has most of those without a slash in a package of its own.
func isZone(name string) bool {
	python, err := Find("zoneinfo:ZoneInfo")
	if err == nil {
		_, err = CallAs[*Object](ctx, python, name)
	}
	_, inGo := time.LoadLocation(name)
	return err == nil && inGo == nil
}

// Equal times are equal by ==, and as keys of a map.
func TestTimesOfAZoneHaveOneLocation(t *testing.T) {
	const datetime = "__import__('datetime')."
	read := good(Load[func(string) (map[time.Time]int, error)]("builtins:eval"))(t)
	zones := []string{"None", datetime + "timezone.utc", datetime + "timezone(" + datetime + "timedelta(hours=5, minutes=30))"}
	for _, name := range []string{"Europe/Berlin", "Japan", "UTC"} {
		if isZone(name) {
			zones = append(zones, "__import__('zoneinfo').ZoneInfo('"+name+"')")
		}
	}
	for _, zone := range zones {
		text := "{" + datetime + "datetime(2024, 7, 1, tzinfo=" + zone + "): 1}"
		equal(t, len(good(read(text))(t)), 1)
		for at := range good(read(text))(t) {
			if good(read(text))(t)[at] != 1 {
				t.Errorf("%s: %v is not there", zone, at)
			}
		}
	}
}

func TestAZoneNeedsNoSlash(t *testing.T) {
	describe, same := find(t, "builtins:repr"), find(t, "copy:copy")
	for _, name := range []string{"EST5EDT", "Japan", "CET", "UTC"} {
		if !isZone(name) {
			t.Log("Python or Go does not know the zone " + name)
			continue
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, month := range []time.Month{time.January, time.July} {
			at := time.Date(2024, month, 1, 12, 0, 0, 0, zone)
			described := good(CallAs[string](ctx, describe, at))(t)
			if name != "UTC" && !strings.Contains(described, "ZoneInfo(key='"+name+"')") {
				t.Error(described)
			}
			got := good(CallAs[time.Time](ctx, same, at))(t)
			if !got.Equal(at) || got.Location().String() != name {
				t.Error(got)
			}
		}
	}
	// A location of the program's own is none of the database, though it has the name and the offset of one.
	for _, own := range []*time.Location{time.FixedZone("CET", 3600), time.FixedZone("Europe/Berlin", 3600), time.FixedZone("Local", 3600), time.FixedZone("", 3600)} {
		described := good(CallAs[string](ctx, describe, time.Date(2024, 1, 1, 0, 0, 0, 0, own)))(t)
		if !strings.Contains(described, "timezone(datetime.timedelta(seconds=3600))") {
			t.Error(described)
		}
	}
}

func TestTimesAreArrays(t *testing.T) {
	first := time.Date(2024, 2, 29, 13, 5, 7, 123456789, time.UTC)
	copied := good(Load[func(Times) (Times, error)]("numpy:copy"))(t)
	equal(t, good(copied(Times{first, {}, first.In(time.FixedZone("", 3600))}))(t), Times{first, {}, first})
	equal(t, good(copied(nil))(t), Times{})
	var err error
	for _, outside := range []time.Time{time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, notATime)} {
		_, err = copied(Times{outside})
		bad(t, err, BadArgument, "is outside of the range of datetime64[ns]")
	}
	array := good(Load[func([]string, string) (Times, error)]("numpy:array"))(t)
	for unit, expected := range map[string]time.Time{
		"Y": time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), "M": time.Date(1969, 11, 1, 0, 0, 0, 0, time.UTC),
		"W": time.Date(1969, 11, 27, 0, 0, 0, 0, time.UTC), "D": time.Date(1969, 11, 29, 0, 0, 0, 0, time.UTC),
		"m": time.Date(1969, 11, 29, 13, 5, 0, 0, time.UTC), "ms": time.Date(1969, 11, 29, 13, 5, 7, 123000000, time.UTC),
		"us": time.Date(1969, 11, 29, 13, 5, 7, 123456000, time.UTC), "ps": time.Date(1969, 11, 29, 13, 5, 7, 123456789, time.UTC),
	} {
		got := good(array([]string{"1969-11-29T13:05:07.123456789", "NaT"}, "M8["+unit+"]"))(t)
		equal(t, got, Times{expected, {}})
	}
	// The first two are more than Go has; the last is the zero time, which is NaT.
	for unit, text := range map[string]string{"M": "400000000000-01", "Y": "500000000000", "s": "0001-01-01"} {
		_, err = array([]string{text}, "M8["+unit+"]")
		bad(t, err, BadResult, "outside of their range")
	}
	spans := good(Load[func(Durations) (Durations, error)]("numpy:negative"))(t)
	equal(t, good(spans(Durations{time.Second, notATime, -1}))(t), Durations{-time.Second, notATime, 1})
	counts := good(Load[func([]int64, string) (Durations, error)]("numpy:array"))(t)
	equal(t, good(counts([]int64{-90, notATime}, "m8[m]"))(t), Durations{-90 * time.Minute, notATime})
	_, err = counts([]int64{1}, "m8[Y]")
	bad(t, err, BadResult, "months or years, which have no fixed length")
	_, err = counts([]int64{1 << 40}, "m8[s]")
	bad(t, err, BadResult, "outside of their range")
	// Other dtypes and axes are errors.
	_, err = CallAs[Times](ctx, find(t, "numpy:zeros"), 3)
	bad(t, err, BadResult, "expected callpy.Times, got an array of float64")
	_, err = CallAs[Times](ctx, find(t, "numpy:zeros"), []int{2, 2}, "M8[s]")
	bad(t, err, BadResult, "ravel")
}
