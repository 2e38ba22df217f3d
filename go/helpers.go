package callpy

import (
	"errors"
	"sync/atomic"
)

// helpers is what this package does in Python: what C has no kind for is made there, and taken apart.
var helpers = Source{Name: "callpy_go_helpers", File: "<helpers of callpy>", Text: &helpersText}

var helpersText = `import datetime

_EPOCH = datetime.datetime(1970, 1, 1)
_UTC = datetime.timezone.utc


def made(seconds, microsecond, offset, zone):
    """A datetime by the time since 1970 in UTC; a naive one without an offset from UTC."""
    at = _EPOCH + datetime.timedelta(seconds=seconds, microseconds=microsecond)
    if offset is None:
        return at
    offset = datetime.timedelta(seconds=offset)
    if zone is not None:
        try:
            import zoneinfo

            found = at.replace(tzinfo=_UTC).astimezone(zoneinfo.ZoneInfo(zone))
            if found.utcoffset() == offset:
                return found
        except (ImportError, LookupError, ValueError, OSError):
            pass
    return (at + offset).replace(tzinfo=datetime.timezone(offset))


def parts(value):
    """The time since 1970 in UTC in seconds and nanoseconds, the offset from UTC and the name of the zone; None for
    what is no datetime, or NaT."""
    if not isinstance(value, datetime.datetime) or value != value:
        return None
    offset, zone = value.utcoffset(), getattr(value.tzinfo, "key", None)
    passed = value.replace(tzinfo=None) - _EPOCH
    seconds = passed.days * 86400 + passed.seconds
    # pandas has nanoseconds as well.
    nanosecond = value.microsecond * 1000 + getattr(value, "nanosecond", 0)
    if offset is None:
        return seconds, nanosecond, None, None
    offset = offset.days * 86400 + offset.seconds
    return seconds - offset, nanosecond, offset, zone if isinstance(zone, str) else None


def item(iterator):
    for value in iterator:
        return (value,)


def close(iterator):
    close = getattr(iterator, "close", None)
    if close is not None:
        close()
`

var (
	madeTime      = helper{name: "made"}
	timeParts     = helper{name: "parts"}
	iteratorItem  = helper{name: "item"}
	iteratorClose = helper{name: "close"}
)

// A helper is one of the functions.
type helper struct {
	name  string
	found atomic.Pointer[Function]
}

func (h *helper) function() (*Function, error) {
	if function := h.found.Load(); function != nil {
		return function, nil
	}
	if err := helpers.Run(); err != nil {
		return nil, err
	}
	function, err := Find(helpers.Name + ":" + h.name)
	if err == nil {
		h.found.Store(function)
	}
	return function, err
}

// call calls a function that is short with the arguments in a frame, whose result is in the frame then. It may be
// part of another call, so it waits for no turn.
func (h *helper) call(f *frame) *Error {
	function, err := h.function()
	if err != nil {
		return asError(err)
	}
	f.invoke(function, true)
	return asError(toError(f.call.failed))
}

// asError returns an error of this package as what it is.
func asError(err error) *Error {
	var failed *Error
	if err == nil || errors.As(err, &failed) {
		return failed
	}
	return failure(BadArgument, "%v", err)
}
