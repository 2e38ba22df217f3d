"""What the command does in Python, where Python says it better: it knows its own signatures, the
shapes of its results, and JSON.

Runs in the user's interpreter, CPython 3.8 and newer. It imports late, so that a plain call does
not wait for what it does not need.
"""

import sys


class Usage(Exception):
    """The command is used wrongly; the message says how it is used well."""


class Failure(Exception):
    """The function's result is not what was asked for."""


# --- the function


def parameters(function):
    """(name, kind, required, hint) of each parameter, or None where a function in C doesn't say."""
    import inspect

    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    empty = inspect.Parameter.empty
    known = []
    for parameter in found:
        hint = parameter.annotation
        if hint is empty:
            hint = ""
        elif not isinstance(hint, str):
            hint = inspect.formatannotation(hint)
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        required = parameter.default is empty and not variable
        known.append((parameter.name, int(parameter.kind), required, hint))
    return known


def functions(module):
    """The functions that a module has of its own, with the names of their parameters."""
    import inspect

    found = []
    for name, value in list(vars(module).items()):
        own = getattr(value, "__module__", None) == module.__name__
        if own and inspect.isroutine(value) and not name.startswith("_"):
            try:
                parameters = ", ".join(inspect.signature(value).parameters)
            except (ValueError, TypeError):
                parameters = "..."
            found.append("%s(%s)" % (name, parameters))
    return found


def from_json(text):
    import json

    return json.loads(text)


# --- arrays in files


def from_npy(data):
    """The array of a .npy file over the file's own bytes, as numpy.load(mmap_mode="r") gives it."""
    import io

    import numpy
    from numpy.lib import format

    # NumPy itself refuses headers beyond 10,000 bytes, since parsing one may cost any time.
    header = io.BytesIO(data[:16384].tobytes())
    try:
        version = format.read_magic(header)
        if version == (1, 0):
            shape, fortran, dtype = format.read_array_header_1_0(header)
        elif version == (2, 0):
            shape, fortran, dtype = format.read_array_header_2_0(header)
        else:
            raise ValueError("version %d.%d of the format holds tables of named fields" % version)
        if any(length < 0 for length in shape):
            raise ValueError("a length is negative in the shape %s" % (shape,))
    except Exception as error:
        # A broken header makes Python's own parser raise what it likes.
        reason = str(error).split("\n")[0] or type(error).__name__
        raise Usage("its header can't be read: " + reason) from None
    if dtype.hasobject:
        raise Usage("it holds pickled Python objects, which are not numbers in memory")
    if not shape:
        raise Usage("it holds a single value, not an array: give the value with --arg")
    count = 1
    for length in shape:
        count *= length
    start, size = header.tell(), count * dtype.itemsize
    if len(data) - start < size:
        found = "only %d bytes follow" % (len(data) - start)
        raise Usage("it is cut off: its header says %d bytes of numbers, %s" % (size, found))
    array = data[start : start + size].view(dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def column(array, number):
    """One column, counted from 1, as a view."""
    if array.ndim > 2:
        raise Usage("an array of %d axes has no columns" % array.ndim)
    columns = array.shape[1] if array.ndim == 2 else 1
    if not 1 <= number <= columns:
        has = "one column" if columns == 1 else "the columns 1 to %d" % columns
        raise Usage("there is no column %d; it has %s" % (number, has))
    return array if array.ndim == 1 else array[:, number - 1]


def cells(array, indices):
    """The cells of some rows as text."""
    rows = (array[index].tolist() for index in indices)
    return [[str(cell) for cell in (row if isinstance(row, list) else [row])] for row in rows]


# --- the result


def text(result):
    """What print would write; None for None."""
    if result is None:
        return None
    return str(result).encode("utf-8", "backslashreplace").decode("utf-8")


def what(value):
    kind = type(value)
    if hasattr(value, "dtype") and getattr(value, "shape", ()):
        return "an array of %s (%s)" % (value.dtype, "x".join(map(str, value.shape)))
    if value is None:
        return "None"
    name = kind.__qualname__
    return ("an " if name[:1].lower() in "aeiou" else "a ") + name


def rows(result, count):
    """The result as row indices of a file of so many rows."""
    found = result
    if isinstance(found, tuple) and len(found) == 1:
        found = found[0]  # numpy.where and numpy.nonzero
    if getattr(found, "ndim", 1) == 2 and found.shape[1] == 1:
        found = found[:, 0]  # numpy.argwhere
    if hasattr(found, "tolist"):
        found = found.tolist()
    elif isinstance(found, (set, frozenset, range)):
        found = sorted(found)
    if isinstance(found, int) and not isinstance(found, bool):
        found = [found]
    kinds = set(map(type, found)) if isinstance(found, (list, tuple)) else {None}
    if kinds == {bool}:
        if len(found) != count:
            message = "the result is a mask of %d values, but the file has %d rows"
            raise Failure(message % (len(found), count))
        return [index for index, flagged in enumerate(found) if flagged]
    if not all(kind is not None and kind is not bool and issubclass(kind, int) for kind in kinds):
        message = "the result is %s, not row indices or a mask of the rows; leave --rows out to see it"
        raise Failure(message % what(result))
    for index in found:
        if not 0 <= index < count:
            has = "the rows 0 to %d" % (count - 1) if count else "no rows"
            raise Failure("the result names row %d, but the file has %s" % (index, has))
    return list(found)


def to_json(result):
    import json

    return json.dumps(_plain(result), ensure_ascii=False, allow_nan=False)


def _plain(value):
    """A value in the words of JSON."""
    import math

    if value is None or isinstance(value, (bool, int, str)):
        # An IntEnum is an int, and numpy.str_ a str; surrogates are no text.
        if isinstance(value, str):
            return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, (list, tuple, range)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        try:
            return [_plain(item) for item in sorted(value)]
        except TypeError:
            return [_plain(item) for item in value]
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # Integers and finite floats need no look at each.
        if type(value) is numpy.ndarray and value.dtype.kind in "iub":
            return value.tolist()
        if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
            return None if numpy.isnat(value) else str(value)
        if isinstance(value, numpy.ndarray) and value.dtype.kind in "mM":
            return _plain(list(value)) if value.ndim else _plain(value[()])
        if isinstance(value, numpy.ma.MaskedArray):
            return _plain(value.filled(numpy.nan).tolist() if value.dtype.kind == "f" else value.tolist())
        if isinstance(value, numpy.generic) and value.dtype.kind not in "biufU":
            raise Failure("the result holds %s, which JSON has no word for" % what(value))
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if hasattr(value, "tolist"):
        # An array or a scalar of NumPy, a pandas Series, a tensor.
        return _plain(value.tolist())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(value, enum.Enum):
        return _plain(value.value)
    raise Failure("the result holds %s, which JSON has no word for" % what(value))


def _key(key):
    if isinstance(key, str):
        return _plain(key)
    plain = _plain(key)
    if isinstance(plain, (list, dict)):
        raise Failure("the result has %s for a key, which JSON has no word for" % what(key))
    if isinstance(plain, (bool, type(None))):
        return {True: "true", False: "false", None: "null"}[plain]
    return str(plain)


# --- the streams


def prepare(divert):
    """Lets prints be UTF-8 as the command's own output is, and go to stderr where `divert` says so."""
    for stream in (sys.stdout, sys.stderr):
        # Where the locale has no encoding, python itself takes UTF-8, but not when it is embedded.
        if getattr(stream, "encoding", None) in ("ascii", "ANSI_X3.4-1968", "646", "US-ASCII"):
            stream.reconfigure(encoding="utf-8")
    if divert:
        import os

        # The descriptor too: extensions and child processes write there.
        try:
            os.dup2(2, 1)
        except OSError:
            pass
        sys.stdout = sys.stderr


def flush():
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def stdout_is_broken():
    """Whether whoever read our output has gone."""
    import select

    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
