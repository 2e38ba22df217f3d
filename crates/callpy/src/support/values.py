# --- values that are made of several forms in Python


def flattened(value):
    """An array with two axes or more as one with an axis less, and the lengths of the two that are one in it."""
    numpy = sys.modules["numpy"]
    if not issubclass(type(value), numpy.ndarray) or value.ndim < 2:
        return None
    if not is_masked(value):
        # A matrix has two axes always.
        value = value.view(numpy.ndarray)
    rows, length = value.shape[:2]
    return value.reshape((rows * length,) + value.shape[2:]), rows, length


def close(iterator):
    """Has a generator run what it does at its end. (A file stays open for others who have it.)"""
    kind = type(iterator)
    if hasattr(kind, "close") and hasattr(kind, "throw"):
        iterator.close()


def like(value, dtype):
    """What numpy.asarray makes of a value, in the dtype if the value has none of its own."""
    numpy = sys.modules["numpy"]
    if _is_sequence(value):
        array, items = numpy.asarray(value), value
    else:
        array, items = _as_array(numpy, value), [value]
    if array.dtype.kind == "O" and array.ndim == 0:
        # NumPy knows nothing about it: an error should say what it is.
        return value
    if items is not value and not issubclass(type(value), (int, float, complex, str, bytes)):
        return array
    # NumPy chooses a dtype by the values.
    exact = _exactly(numpy, array, dtype)
    made = array if exact is None else exact
    # Of another dtype it is refused anyway.
    if made.dtype == dtype:
        _check_items(numpy, items, made, array.dtype.kind in "iu")
    return made


def _is_sequence(value):
    """Whether NumPy takes a value's items one by one."""
    kind = type(value)
    if issubclass(kind, (list, tuple)):
        return True
    if issubclass(kind, (str, bytes)) or _is_mapping(kind) or not hasattr(kind, "__len__") or not hasattr(kind, "__getitem__"):
        return False
    names = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")
    if any(hasattr(value, name) for name in names):
        return False
    try:
        memoryview(value)
    except TypeError:
        return True
    return False


def _is_mapping(kind):
    from collections.abc import Mapping

    return issubclass(kind, Mapping) and not hasattr(kind, "__array__")


# The kind of dtype that NumPy makes of a value; a bool is an int as well.
_LETTERS = {bool: "b", int: "i", float: "f", complex: "c", str: "U", bytes: "S"}
_NAMES = {"b": "bools", "U": "texts", "S": "bytes", "M": "points in time", "m": "spans of time", "O": "other objects"}


def _letter(numpy, kind):
    # NumPy's spans of time are numbers by their class.
    if issubclass(kind, (numpy.number, numpy.bool_)) and not issubclass(kind, numpy.timedelta64):
        return numpy.dtype(kind).kind
    return next((letter for own, letter in _LETTERS.items() if issubclass(kind, own)), None)


def _pieces(numpy, rows):
    """What NumPy makes one array of: rows of scalars, arrays of all else, and the kinds of both."""
    from itertools import chain

    scalars, arrays, letters = [], [], set()
    # No array has more axes.
    for _ in range(64):
        kinds = {kind: _letter(numpy, kind) for kind in set(map(type, chain.from_iterable(rows)))}
        letters.update(filter(None, kinds.values()))
        others = {kind for kind, letter in kinds.items() if letter is None}
        if len(others) < len(kinds):
            scalars += [[item for item in row if type(item) not in others] for row in rows] if others else rows
        if not others:
            return scalars, arrays, letters
        items = chain.from_iterable(rows)
        rows = list(items) if len(others) == len(kinds) else [item for item in items if type(item) in others]
        if all(issubclass(kind, (list, tuple)) for kind in others):
            continue
        items, rows = rows, []
        for item in items:
            if not issubclass(type(item), numpy.ndarray) and _is_sequence(item):
                rows.append(item)
                continue
            array = _as_array(numpy, item)
            if is_masked(array):
                raise ValueError("it has a masked array in it (use .filled())")
            if array.dtype.kind == "O":
                scalars.append(array.ravel().tolist())
                letters.update(_letter(numpy, type(value)) or "O" for value in scalars[-1])
            elif array.size:
                arrays.append(array)
                letters.add(array.dtype.kind)
    raise ValueError("it is nested more than 64 deep")


def _check_items(numpy, items, array, is_exact):
    """Raises an exception where NumPy has made another value of an item; whole numbers may be exact already."""
    from itertools import chain

    scalars, arrays, letters = _pieces(numpy, [items])
    dtype, kind = array.dtype, array.dtype.kind
    if not letters <= set({"i": "iu", "u": "iu", "f": "iuf", "c": "iufc"}.get(kind, kind)):
        names = {_NAMES.get(letter, "numbers") for letter in letters}
        raise ValueError("it has %s in it" % " and ".join(sorted(names)))
    if kind in "fc" and letters & {"i", "u"} and not is_exact and (numpy.abs(array) >= _whole(numpy, dtype)).any():
        most, whole = _whole(numpy, dtype), (int, numpy.integer)
        kinds = {own for own in set(map(type, chain.from_iterable(scalars))) if issubclass(own, whole)}
        numbers = (int(item) for item in chain.from_iterable(scalars) if type(item) in kinds)
        numbers = [number for number in numbers if not -most <= number <= most]
        signed = [number for number in numbers if -(2**63) <= number < 2**63]
        unsigned = [number for number in numbers if 2**63 <= number < 2**64]
        # NumPy makes objects of larger ones.
        lost = [number for number in numbers if not -(2**63) <= number < 2**64]
        for part in [numpy.array(signed, "i8"), numpy.array(unsigned, "u8")] + arrays:
            if part.dtype.kind in "iu":
                lost += _lost(numpy, part, dtype)[:1].tolist()
        if lost:
            raise ValueError("%s has more digits than %s" % (shown(lost[0]), dtype))
    elif kind in "US":
        zero = "\0" if kind == "U" else b"\0"
        texts = lambda: chain.from_iterable(scalars)
        if kind == "U" and set(map(type, texts())) - {str}:
            for text in texts():
                # NumPy takes what str() makes of a text, which for an enum's is its name.
                if str(text) != str.__str__(text):
                    remedy = "its .value" if hasattr(type(text), "__members__") else "str.__str__(text)"
                    message = "it has %r in it, which NumPy would take as %r (use %s)"
                    raise ValueError(message % (text, str(text), remedy))
        if zero in zero[:0].join(texts()) and any(text.endswith(zero) for text in texts()):
            raise ValueError("it has a text that ends with a zero, which an array of texts leaves out")
    elif kind in "mMV":
        for part in arrays:
            has_no_unit = part.dtype.kind == "m" and numpy.datetime_data(part.dtype)[0] == "generic"
            if has_no_unit and part.dtype != dtype and not numpy.isnat(part).all():
                raise ValueError("it has a timedelta64 without a unit")
            if part.dtype != dtype and part.astype(dtype).astype(part.dtype).tobytes() != part.tobytes():
                raise ValueError("it has values of %s that %s doesn't have" % (part.dtype, dtype))


def _as_array(numpy, value):
    if not issubclass(type(value), numpy.ndarray):
        if hasattr(type(value), "__dlpack__") and hasattr(numpy, "from_dlpack"):
            try:
                return numpy.from_dlpack(value)
            except Exception:
                pass  # numpy.asarray may know another way, and otherwise says what is wrong
        if _is_mapping(type(value)):
            # NumPy would take the keys of one that is no dict.
            made = numpy.empty((), object)
            made[()] = value
            return made
        value = numpy.asanyarray(value)
        # A masked array is refused: asarray would leave out its mask.
        return value if is_masked(value) else numpy.asarray(value)
    return value


def _whole(numpy, dtype):
    """Up to where every whole number is a float of a dtype."""
    return 1 << numpy.finfo(dtype).nmant + 1


def _lost(numpy, array, dtype):
    """The whole numbers in an array that a dtype of floats does not have."""
    array = array.ravel()
    with numpy.errstate(all="ignore"):
        made = array.astype(dtype).real
    # All whole numbers of the narrower ones are in this one too.
    made = made.astype("f8") if made.itemsize < 8 else made
    whole = array.astype("i8" if array.dtype.kind == "i" else "u8")
    least, most = (-(2.0**63), 2.0**63) if array.dtype.kind == "i" else (0.0, 2.0**64)
    # A float beyond these is no whole number of the dtype's: 2**63 - 1 becomes 2**63.
    is_kept = (least <= made) & (made < most)
    is_kept[is_kept] = made[is_kept].astype(whole.dtype) == whole[is_kept]
    return array[~is_kept]


def _exactly(numpy, array, dtype):
    """The same values in another dtype; None where it has no such values. Floats may be rounded."""
    found = array.dtype
    if array.size == 0:
        return array.astype(dtype)
    becomes = {"b": "b", "i": "iufc", "u": "iufc", "f": "fc", "c": "c", "U": "U", "S": "S"}
    if dtype.kind not in becomes.get(found.kind, ""):
        return None
    with numpy.errstate(all="ignore"):
        made = array.astype(dtype)
    if found.kind in "iu":
        least, most = int(array.min()), int(array.max())
        if dtype.kind in "iu":
            limits = numpy.iinfo(dtype)
            fits = limits.min <= least and most <= limits.max
        elif -_whole(numpy, dtype) <= least and most <= _whole(numpy, dtype):
            fits = True
        else:
            fits = not _lost(numpy, array, dtype).size
    elif found.kind in "fc":
        fits = bool((numpy.isfinite(made) == numpy.isfinite(array)).all())
    else:
        fits = found.kind == "b" or found.itemsize <= dtype.itemsize
    return made if fits else None


def as_number(value, kind):
    """A value as the number that its own methods make of it: an int, a float or a complex; or None."""
    own = type(value)
    if issubclass(own, (str, bytes, bytearray)) or is_masked(value):
        return None
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(own, (numpy.ndarray, numpy.generic)):
        found = value.dtype.kind
        if found == "O" and value.ndim == 0:
            return as_number(value.item(), kind)
        # NumPy would leave out the imaginary part, and read text, also of plain bytes. Numbers of other packages,
        # such as bfloat16, are of the kind "V", as those are.
        is_void = issubclass(value.dtype.type, numpy.void)
        if found in "SUTOmM" or found == "c" and kind != "c" or is_void:
            return None
    if kind in "iu":
        return int(value.__index__()) if hasattr(own, "__index__") else None
    is_float = hasattr(own, "__float__") or hasattr(own, "__index__")
    # Not every complex type says that it is one: Python's own does since 3.11.
    kinds = (complex,) if numpy is None else (complex, numpy.complexfloating)
    if kind == "c" and (issubclass(own, kinds) or hasattr(own, "__complex__")):
        number = complex(value)
    elif is_float:
        number = float(value)
    else:
        return None
    has_parts = issubclass(own, kinds) or numpy is not None and issubclass(own, (numpy.ndarray, numpy.generic))
    parts = [(value.real, number.real), (value.imag, number.imag)] if has_parts else [(value, number.real)]
    if any(_is_beyond(*part) for part in parts):
        raise OverflowError("%s is beyond the range of a float" % shown(value))
    return number


def _is_beyond(value, number):
    """Whether a number is finite and the float of it is not: a Decimal does not say so, nor does a long double."""
    if number != math.inf and number != -math.inf:
        return False
    try:
        return bool(-math.inf < value < math.inf)
    except Exception:
        # What has no order does not say that it is finite.
        return False


def text_items(value):
    """The items of an array of Python objects or of variable-length text, with one axis; None for another value."""
    numpy = sys.modules["numpy"]
    if issubclass(type(value), numpy.ndarray) and not is_masked(value):
        if value.ndim == 1 and value.dtype.kind in "OT":
            return value.tolist()
    return None


def with_missing(value):
    """The values of something with one axis, and which of them are missing.

    Instead of the latter there may be a None for each that is. None for anything else.
    """
    numpy, kind = sys.modules.get("numpy"), type(value)
    if numpy is not None and issubclass(kind, numpy.ndarray):
        if value.ndim != 1:
            return None
        missing = None
        if is_masked(value):
            value, missing = numpy.array(value.data), numpy.array(numpy.ma.getmaskarray(value))
        if value.dtype.kind in "OT":
            # An array of texts may have a value of its own for what is missing.
            sign = getattr(value.dtype, "na_object", None)
            sign = None if isinstance(sign, str) else sign
            gone = numpy.zeros(len(value), bool) if missing is None else missing
            pairs = zip(value.tolist(), gone.tolist())
            return [None if is_gone or item is sign or _is_missing(item) else item for item, is_gone in pairs], None
        if value.dtype.kind in "mM":
            is_nat = numpy.isnat(value)
            missing = is_nat if missing is None else missing | is_nat
            if is_nat.any():
                # What is missing has no other value.
                value = numpy.array(value)
                value[is_nat] = numpy.zeros(1, value.dtype)[0]
        return value, missing
    if hasattr(kind, "to_pylist"):
        _check_arrow_times(value)
        return value.to_pylist(), None
    if hasattr(kind, "isna") and not hasattr(kind, "columns"):
        if hasattr(getattr(value, "dtype", None), "categories"):
            return _category_items(value), None
        if "time64[ns]" in str(getattr(getattr(value, "dtype", None), "pyarrow_dtype", None)):
            _check_arrow_times(getattr(value, "array", value).__arrow_array__())
        missing = numpy.asarray(value.isna(), bool)
        items = list(value)
        if missing.shape != (len(items),):
            return None
        return [None if is_so else item for item, is_so in zip(items, missing.tolist())], None
    if hasattr(kind, "to_list"):
        return _polars_items(value), None
    return None


_NANOSECONDS = "it has times with nanoseconds, which those of Python leave out"


def _has_nanoseconds(counts):
    return any(count is not None and count % 1000 for count in counts)


def _check_arrow_times(array):
    """Raises an exception where an array of Arrow's has times of day with nanoseconds, also in other types."""
    for chunk in getattr(array, "chunks", [array]):
        kind = str(getattr(chunk, "type", None))
        if kind == "time64[ns]":
            if _has_nanoseconds(chunk.cast("int64").to_pylist()):
                raise ValueError(_NANOSECONDS)
        elif "time64[ns]" in kind or hasattr(chunk, "storage"):
            for part in _arrow_parts(chunk):
                _check_arrow_times(part)


def _arrow_parts(chunk):
    """The arrays that an array of Arrow's is made of."""
    if hasattr(chunk, "storage"):
        return [chunk.storage]
    if hasattr(chunk, "run_ends"):
        return [chunk.values[chunk.find_physical_offset() :][: chunk.find_physical_length()]]
    if hasattr(chunk, "type_codes"):
        return [chunk.field(index) for index in range(chunk.type.num_fields)]
    if hasattr(chunk, "keys"):
        return [chunk.keys, chunk.items]
    if hasattr(chunk, "dictionary_decode"):
        return [chunk.dictionary_decode()]
    # Of a struct these are several.
    parts = chunk.flatten() if hasattr(chunk, "flatten") else []
    return parts if isinstance(parts, list) else [parts]


def _category_items(value):
    """The items of a pandas categorical: its own list has the times of Arrow's as numbers."""
    numpy = __import__("numpy")
    codes = numpy.asarray(getattr(value, "cat", value).codes)
    used, places = numpy.unique(codes, return_inverse=True)
    items, _ = with_missing(value.dtype.categories.take(used[used >= 0]))
    if (used < 0).any():
        items.insert(0, None)
    return [items[place] for place in places.ravel().tolist()]


def _polars_items(value):
    """The items of a Series, where those of Python leave out nanoseconds as NumPy's."""
    if _polars_has_nanoseconds(value):
        dtype = value.dtype
        if not hasattr(dtype, "time_unit") or getattr(dtype, "time_zone", None) is not None:
            raise ValueError(_NANOSECONDS)
        import numpy

        make = numpy.datetime64 if hasattr(dtype, "time_zone") else numpy.timedelta64
        return [None if count is None else make(count, "ns") for count in value.to_physical().to_list()]
    return value.to_list()


def _polars_has_nanoseconds(value):
    """Whether a Series has times with nanoseconds, also in lists and structs."""
    dtype = getattr(value, "dtype", None)
    if "'ns'" not in str(dtype) and "Time" not in str(dtype):
        return False
    if hasattr(dtype, "inner"):
        return _polars_has_nanoseconds(value.explode())
    if hasattr(dtype, "fields"):
        return any(_polars_has_nanoseconds(value.struct.field(field.name)) for field in dtype.fields)
    is_fine = getattr(dtype, "time_unit", None) == "ns" or str(dtype) == "Time"
    return is_fine and _has_nanoseconds(value.to_physical().to_list())


def time_items(value):
    """The items of an array of points or spans of time, with one axis; None for another value."""
    numpy = sys.modules["numpy"]
    if issubclass(type(value), numpy.ndarray) and not is_masked(value):
        if value.ndim == 1 and value.dtype.kind in "mM":
            return list(value)
    return None


def _is_missing(item):
    if item is None or issubclass(type(item), float) and item != item:
        return True
    numpy = sys.modules["numpy"]
    if issubclass(type(item), numpy.generic) and item.dtype.kind in "fmM":
        return bool(item != item)
    if is_masked(item):
        return item is numpy.ma.masked
    pandas = sys.modules.get("pandas")
    return pandas is not None and (item is pandas.NaT or item is getattr(pandas, "NA", pandas))


# --- callbacks


class CallbackError(Exception):
    """An error that a callback of the program returned, on its way back to the program."""

    __module__ = "callpy"


class CallbackPanic(BaseException):
    """A panic in a callback of the program, on its way back to the program."""

    __module__ = "callpy"


# --- contexts


def leave(context, exception):
    """Leaves a context as the end of a `with` block does. Returns whether it suppressed the exception."""
    leave = type(context).__exit__
    if exception is None:
        leave(context, None, None, None)
        return False
    try:
        # What `__exit__` raises is raised while this one is handled, which Python notes then.
        raise exception
    except BaseException:
        try:
            return bool(leave(context, type(exception), exception, exception.__traceback__))
        except BaseException as again:
            if again is exception:
                return False
            raise
    finally:
        # The traceback has this frame.
        del context, exception


# --- frames


def arrow(value):
    """An Arrow stream of a value, or the schema and the array of one; None if it has neither."""
    kind = type(value)
    if hasattr(kind, "__arrow_c_stream__"):
        return (value.__arrow_c_stream__(),)
    if hasattr(kind, "__arrow_c_array__"):
        return tuple(value.__arrow_c_array__())
    # Before 2.2 pandas has no stream of its own.
    pandas = sys.modules.get("pandas")
    if issubclass(kind, getattr(pandas, "DataFrame", ())):
        import pyarrow

        return arrow(pyarrow.Table.from_pandas(value))
    if issubclass(kind, getattr(pandas, "Series", ())):
        import pyarrow

        return arrow(pyarrow.chunked_array([pyarrow.Array.from_pandas(value)]))
    return None


class Column:
    """An array as a column of a frame, and which values are missing."""

    def __init__(self, values, missing):
        self.values, self.missing = values, missing if missing.any() else None

    def as_list(self):
        return [None if gone else value for value, gone in zip(self.values, self.missing)]


class TextColumn:
    """A list of str, and of None for what is missing, as a column of a frame."""

    def __init__(self, texts):
        self.texts = texts


def frame(package, columns):
    """A frame of columns, in their order."""
    if package == "pandas":
        import pandas

        make, convert = pandas.DataFrame, _pandas_column
    elif package == "polars":
        import polars

        make, convert = polars.DataFrame, _polars_column
    else:
        import pyarrow

        make, convert = pyarrow.table, _pyarrow_column
    return make({name: convert(_as_text(column)) for name, column in columns.items()})


def _as_text(column):
    if type(column) is Column and column.missing is not None and column.values.dtype.kind == "U":
        return TextColumn(column.as_list())
    return column


def _pandas_column(column):
    import pandas

    if type(column) is Column:
        column.values = _in_nanoseconds(column.values)
    else:
        column = _in_nanoseconds(column)
    if type(column) is TextColumn:
        if None in column.texts:
            return pandas.array(column.texts, dtype="string")
        # Of no texts pandas would not know that they are texts.
        return column.texts or pandas.Series([""])[:0].array
    if type(column) is not Column:
        is_list = type(column) is list and any(value is None for value in column)
        # Of a type that has missing values, unless the values are arrays or lists.
        return column if not is_list or any(hasattr(value, "__len__") for value in column) else pandas.array(column)
    values, missing = column.values, column.missing
    if missing is None:
        return values
    kind = values.dtype.kind
    if kind in "mM":
        values[missing] = "NaT"
        return values
    if kind == "b":
        return pandas.arrays.BooleanArray(values, missing)
    if kind in "iu":
        return pandas.arrays.IntegerArray(values, missing)
    if kind == "f":
        # pandas has no float16 with missing values.
        return pandas.arrays.FloatingArray(values.astype("f4") if values.itemsize == 2 else values, missing)
    if kind == "c":
        values[missing] = float("nan")
        return values
    return pandas.Series(column.as_list(), dtype=object).array


def _in_nanoseconds(values):
    """An array whose unit is finer than all of pandas' in nanoseconds; any other column as it is."""
    import numpy

    # A column of pandas' own has a dtype of pandas' own.
    dtype = values.dtype if issubclass(type(values), numpy.ndarray) else None
    if dtype is None or dtype.kind not in "mM" or dtype.str[-3:] not in ("ps]", "fs]", "as]"):
        return values
    made = values.astype(dtype.kind + "8[ns]")
    if made.astype(dtype).tobytes() != values.tobytes():
        raise ValueError("pandas has no unit below a nanosecond, got %s" % dtype)
    return made


def _polars_column(column):
    import polars

    if type(column) is TextColumn:
        # Its name up to 0.20.
        text = polars.String if hasattr(polars, "String") else polars.Utf8
        return polars.Series(column.texts, dtype=text)
    if type(column) is not Column:
        return column
    if column.missing is None:
        return column.values
    if column.values.dtype.kind not in "biufmM":
        return column.as_list()
    both = polars.DataFrame({"values": column.values, "missing": column.missing})
    valid = polars.when(polars.col("missing")).then(None).otherwise(polars.col("values"))
    return both.select(valid.alias("values"))["values"]


def _pyarrow_column(column):
    import pyarrow

    if type(column) is TextColumn:
        return pyarrow.array(column.texts, pyarrow.string())
    if type(column) is not Column:
        return column
    if column.missing is not None and column.values.dtype.kind not in "biufmM":
        return column.as_list()
    return pyarrow.array(column.values, mask=column.missing)


def tensor(package, array):
    """A tensor with a copy of an array."""
    if package == "torch":
        import torch

        made = torch.tensor(array)
    else:
        import jax

        made = jax.numpy.array(array)
    # A torch.dtype is "torch.int32" as text.
    found, wanted = str(made.dtype).rpartition(".")[2], array.dtype.name
    if found != wanted:
        remedy = ", or set jax_enable_x64" if package == "jax" else ""
        message = "%s makes %s of an array of %s: pass an array of %s%s"
        raise TypeError(message % (package, found, wanted, found, remedy))
    return made


# --- times

_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "D": 86400 * 10**9}
_UNITS["W"] = 7 * _UNITS["D"]


def _split(nanoseconds):
    """Days, seconds and nanoseconds, the latter two not negative."""
    seconds, nanoseconds = divmod(nanoseconds, 10**9)
    days, seconds = divmod(seconds, 86400)
    return days, seconds, nanoseconds


def _numpy_scalar(value, kind):
    numpy = sys.modules.get("numpy")
    if numpy is None or not issubclass(type(value), numpy.generic) or value.dtype.kind != kind:
        return None
    if numpy.isnat(value):
        return None
    unit, count = numpy.datetime_data(value.dtype)
    return int(value.astype("i8")) * count * _UNITS[unit] if unit in _UNITS else None


def span(value):
    """A timedelta as days, seconds and nanoseconds; None for what is none, or NaT."""
    import datetime

    nanoseconds = _numpy_scalar(value, "m")
    if nanoseconds is not None:
        return _split(nanoseconds)
    if not issubclass(type(value), datetime.timedelta):
        return None
    # pandas has nanoseconds as well.
    return value.days, value.seconds, value.microseconds * 1000 + getattr(value, "nanoseconds", 0)


def make_span(days, seconds, microseconds):
    import datetime

    return datetime.timedelta(days, seconds, microseconds)


def instant(value):
    """An aware datetime as days, seconds and nanoseconds since 1970 in UTC; None for what is none."""
    import datetime

    # pandas' NaT is a datetime that does not equal itself, and has no offset.
    if not issubclass(type(value), datetime.datetime) or value != value or value.utcoffset() is None:
        return None
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    passed = value - epoch
    # pandas' difference has its nanoseconds.
    return span(passed)


def make_instant(days, seconds, microseconds):
    import datetime

    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(days, seconds, microseconds)


def date_time(value):
    """A datetime's parts, its offset from UTC in seconds if it has one, and the name of its zone."""
    import datetime

    nanoseconds = _numpy_scalar(value, "M")
    if nanoseconds is not None:
        value = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=nanoseconds // 1000)
        nanoseconds %= 1000
    elif not issubclass(type(value), datetime.datetime) or value != value:
        return None
    offset = value.utcoffset()
    if offset is not None:
        if offset.microseconds:
            raise ValueError("its offset from UTC, %s, has a fraction of a second" % offset)
        offset = offset.days * 86400 + offset.seconds
    zone = getattr(value.tzinfo, "key", None)
    nanosecond = value.microsecond * 1000 + (nanoseconds or getattr(value, "nanosecond", 0))
    date, time = (value.year, value.month, value.day), (value.hour, value.minute, value.second, nanosecond)
    return date, time, offset, zone if isinstance(zone, str) else None


def make_date_time(date, time, offset, zone):
    import datetime

    tz = None
    if zone is not None:
        import zoneinfo

        tz = zoneinfo.ZoneInfo(zone)
    elif offset is not None:
        tz = datetime.timezone(datetime.timedelta(seconds=offset))
    made = datetime.datetime(*date, *time, tzinfo=tz)
    if zone is not None:
        wanted = datetime.timedelta(seconds=offset)
        if made.utcoffset() != wanted:
            # The hour that a zone has twice.
            made = made.replace(fold=1)
        if made.utcoffset() != wanted:
            raise ValueError("in Python, %s is %s from UTC at that time, and not %s" % (zone, made.utcoffset(), wanted))
    return made


def date(value):
    import datetime

    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(type(value), numpy.datetime64) and value.dtype.str[-3:] == "[D]":
        # What is no date of Python's is an int.
        value = value.item()
    if not issubclass(type(value), datetime.date) or issubclass(type(value), datetime.datetime):
        return None
    return value.year, value.month, value.day


def make_date(year, month, day):
    import datetime

    return datetime.date(year, month, day)


def time(value):
    import datetime

    if not issubclass(type(value), datetime.time) or value.tzinfo is not None:
        return None
    return value.hour, value.minute, value.second, value.microsecond * 1000


def make_time(hour, minute, second, microsecond):
    import datetime

    return datetime.time(hour, minute, second, microsecond)


# --- classes whose values are known by their text


def make_of_class(module, name, text):
    kind = getattr(__import__(module), name)
    return getattr(kind, "fromisoformat", kind)(text)


def text_of_class(module, name, value):
    """A value's text if it is of the class; None otherwise."""
    found, kind = sys.modules.get(module), type(value)
    if found is None or not issubclass(kind, getattr(found, name)):
        return None
    if not hasattr(kind, "isoformat"):
        return str(value)
    # A datetime is a date by its class; pandas' NaT is a datetime that is not even itself.
    is_other = name == "date" and issubclass(kind, found.datetime) or value != value
    return None if is_other else value.isoformat()
