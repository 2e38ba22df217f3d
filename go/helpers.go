package callpy

import (
	"errors"
	"runtime"
	"sync/atomic"
)

// helpers is what this package does in Python: what C has no kind for is made there, and taken apart.
var helpers = Source{Name: "callpy_go_helpers", File: "<helpers of callpy>", Text: &helpersText}

var helpersText = `import datetime
import sys
from builtins import complex

_EPOCH = datetime.datetime(1970, 1, 1)
_UTC = datetime.timezone.utc


def made(seconds, microsecond, offset, zone):
    """A datetime by the time since 1970 in UTC; a naive one without an offset from UTC."""
    since = datetime.timedelta(seconds=seconds, microseconds=microsecond)
    if offset is None:
        return _EPOCH + since
    offset = datetime.timedelta(seconds=offset)
    if zone is not None:
        try:
            import zoneinfo

            found = (_EPOCH + since).replace(tzinfo=_UTC).astimezone(zoneinfo.ZoneInfo(zone))
            if found.utcoffset() == offset:
                return found
        except (ImportError, LookupError, ValueError, OSError, OverflowError):
            pass
    # In this order, since the first year may begin, and the last one end, where in UTC it is another.
    return (_EPOCH + (since + offset)).replace(tzinfo=datetime.timezone(offset))


def parts(value):
    """The time since 1970 in UTC in seconds and nanoseconds, the offset from UTC and the name of the zone; None for
    what is no datetime, or NaT."""
    if not isinstance(value, datetime.datetime) or value != value:
        return None
    offset, zone = value.utcoffset(), getattr(value.tzinfo, "key", None)
    passed = value.replace(tzinfo=None) - _EPOCH
    if offset is not None:
        passed -= offset
    seconds = passed.days * 86400 + passed.seconds
    # pandas has nanoseconds as well.
    nanosecond = passed.microseconds * 1000 + getattr(value, "nanosecond", 0)
    if offset is None:
        return seconds, nanosecond, None, None
    # Of an offset, Go has seconds.
    offset = offset.days * 86400 + offset.seconds
    return seconds, nanosecond, offset, zone if isinstance(zone, str) else None


def complex_parts(value):
    """The real and the imaginary part; None for what is no complex number."""
    numpy = sys.modules.get("numpy")
    if not isinstance(value, complex) and not isinstance(value, getattr(numpy, "complex64", ())):
        return None
    return float(value.real), float(value.imag)


def numbers(code, data):
    if code in "FD":
        parts = iter(memoryview(data).cast(code.lower()).tolist())
        return list(map(complex, parts, parts))
    return memoryview(data).cast(code).tolist()


_END = object()


def item(iterator):
    value = next(iterator, _END)
    return None if value is _END else (value,)


def close(iterator):
    # A file stays open for others who have it.
    kind = type(iterator)
    if hasattr(kind, "close") and hasattr(kind, "throw"):
        iterator.close()


def leave(context, error):
    """Leaves a context as the end of a with block does. Returns whether it suppressed the error."""
    leave = type(context).__exit__
    if error is None:
        leave(context, None, None, None)
        return False
    if not isinstance(error, BaseException):
        error = RuntimeError(error)
    try:
        # What __exit__ raises is raised while this one is handled, which Python notes then.
        raise error
    except BaseException:
        try:
            return bool(leave(context, type(error), error, error.__traceback__))
        except BaseException as again:
            if again is error:
                return False
            raise
    finally:
        # The traceback has this frame.
        del context, error
`

var (
	madeTime      = &helper{name: "made"}
	timeParts     = &helper{name: "parts"}
	madeComplex   = &helper{name: "complex"}
	complexParts  = &helper{name: "complex_parts"}
	madeNumbers   = &helper{name: "numbers", isObject: true}
	iteratorItem  = &helper{name: "item"}
	iteratorClose = &helper{name: "close"}
	contextLeave  = &helper{name: "leave"}
)

// A helper is one of the functions.
type helper struct {
	name string
	// Its result is wanted as it is.
	isObject bool
	found    atomic.Pointer[Function]
}

func (h *helper) function() (*Function, error) {
	if function := h.found.Load(); function != nil {
		return function, nil
	}
	if err := helpers.Run(); err != nil {
		return nil, err
	}
	function, err := Find(helpers.Name + ":" + h.name)
	if err != nil {
		return nil, err
	}
	// Another goroutine may have been first; only what is stored stays.
	h.found.CompareAndSwap(nil, function)
	return h.found.Load(), nil
}

// call calls a function that is short with the arguments in a frame, whose result is in the frame then. It may be
// part of another call, so it waits for no turn.
func (h *helper) call(f *frame) *Error {
	function, err := h.function()
	if err != nil {
		return asError(err)
	}
	f.call.wanted = 1
	if h.isObject {
		f.call.wanted = 2
	}
	f.invokeFor(function)
	runtime.KeepAlive(function)
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
