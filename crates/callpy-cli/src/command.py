"""The parts of the command that are simpler in Python: signatures, shapes of results, JSON.

Runs in the user's interpreter, CPython 3.8 and newer. Modules are imported where they are needed, so
that a plain call does not wait for the others.
"""

import sys


class InputError(Exception):
    """Something that the command line names can't be used."""


class Failure(Exception):
    """The function's result is not what the command line asks for."""


# --- the function


def parameters(function):
    """(name, kind, required, hint) of each parameter, or None for C functions without a signature."""
    import inspect
    import typing

    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    try:
        # Evaluates hints that are strings: these have the names that their file gives to types.
        hints = typing.get_type_hints(function)
    except Exception:
        hints = {}
    empty = inspect.Parameter.empty
    known = []
    for parameter in found:
        hint = hints.get(parameter.name, parameter.annotation)
        if hint is empty:
            hint = ""
        elif not isinstance(hint, str):
            hint = inspect.formatannotation(hint)
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        required = parameter.default is empty and not variable
        known.append((parameter.name, int(parameter.kind), required, hint))
    return known


def functions(module):
    """The functions that a module defines itself, with the names of their parameters."""
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
    """The array of a .npy file, given by its path or its bytes; over the file's own pages.

    As from numpy.load(mmap_mode="r"), with one message for all that is wrong with a file.
    """
    import io
    import mmap

    import numpy
    from numpy.lib import format

    if not isinstance(data, numpy.ndarray):
        try:
            with open(data, "rb") as file:
                pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise InputError("it can't be mapped: %s" % error.strerror) from None
        data = numpy.frombuffer(pages, "u1")
    # NumPy itself refuses headers of more than 10,000 bytes, since parsing one may take any time.
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
        # A broken header can make Python's parser raise any exception.
        reason = str(error).split("\n")[0] or type(error).__name__
        raise InputError("its header can't be read: " + reason) from None
    if dtype.hasobject:
        raise InputError("it contains pickled Python objects, not numbers")
    if not shape:
        raise InputError("it contains a single value, not an array: pass the value with --arg")
    count = 1
    for length in shape:
        count *= length
    start, size = header.tell(), count * dtype.itemsize
    if len(data) - start < size:
        found = "only %d bytes follow" % (len(data) - start)
        raise InputError("it is incomplete: its header says %d bytes of numbers, %s" % (size, found))
    array = data[start : start + size].view(dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def from_npz(data, names):
    """The arrays of a .npz file, given by its bytes."""
    import io

    import numpy

    try:
        with numpy.load(io.BytesIO(data.tobytes()), allow_pickle=False) as file:
            return [file[name] for name in names]
    except Exception as error:
        raise InputError("it can't be read: %s" % str(error).split("\n")[0]) from None


def stack(columns):
    """One array with the columns as its last axis."""
    import numpy

    return numpy.stack([numpy.asarray(column) for column in columns], axis=-1)


def part(value, start, stop):
    """Some rows of an array, a list or a frame; all of a single value."""
    if getattr(value, "shape", None) == ():
        return value
    return getattr(value, "iloc", value)[start:stop]


def joined(results):
    """The results of several calls as one: arrays, lists and frames behind each other, else a list."""
    first = results[0]
    kind = type(first)
    if all(result is None for result in results):
        return None
    numpy = sys.modules.get("numpy")
    if numpy and all(isinstance(result, numpy.ndarray) and result.ndim for result in results):
        # A block may have a masked array where another has none.
        is_masked = any(isinstance(result, numpy.ma.MaskedArray) for result in results)
        if len({(result.ndim, result.shape[1:]) for result in results}) == 1:
            return (numpy.ma if is_masked else numpy).concatenate(results)
    elif all(type(result) is kind for result in results):
        package = kind.__module__.partition(".")[0]
        if kind is list:
            return [item for result in results for item in result]
        elif package == "pandas" and kind.__name__ in ("DataFrame", "Series"):
            # An index that only counts the rows of a block counts all of them.
            counts = all(_counts_rows(result.index) for result in results)
            return sys.modules[package].concat(results, ignore_index=counts)
        elif package == "polars" and kind.__name__ in ("DataFrame", "Series"):
            return sys.modules[package].concat(results)
        elif package == "pyarrow" and kind.__name__ == "Table":
            return sys.modules[package].concat_tables(results)
    # NumPy's scalars print as numbers only by themselves.
    scalar = getattr(sys.modules.get("numpy"), "generic", ())
    return [result.item() if isinstance(result, scalar) else result for result in results]


def _counts_rows(index):
    """Whether an index of pandas numbers rows from 0; the range that a filter leaves need not."""
    return type(index).__name__ == "RangeIndex" and index.name is None and (index.start, index.step) == (0, 1)


def cast(values, dtype, is_float=False):
    """An array of another dtype, if no whole number is changed by that.

    `is_float` says that the values have a type of floats. Those of a text file don't: they are floats by now,
    but may be IDs.
    """
    import numpy

    array = numpy.asarray(values)
    with numpy.errstate(over="ignore"):
        converted = numpy.array(values, dtype=None if dtype == "str" else dtype)
    if converted.dtype.kind == "f" and array.dtype.kind in "iu":
        check_floats(array, converted)
    if converted.dtype.kind == "f" and array.dtype.kind == "f":
        for at in (numpy.isinf(converted) & ~numpy.isinf(array)).nonzero()[0]:
            text = "row %d: %s is out of the range of %s, which the hint asks for"
            raise InputError(text % (at, array[at], dtype))
        if not is_float:
            check_whole(array, converted)
    if converted.dtype.kind in "iu" and len(array):
        low, high = numpy.iinfo(dtype).min, numpy.iinfo(dtype).max
        for value in (array.min(), array.max()):
            if not low <= int(value) <= high:
                raise InputError("%d is out of the range of %s, which the hint asks for" % (value, dtype))
    return converted


def check_floats(whole, floats):
    """Refuses whole numbers that a float changes."""
    digits = {2: 11, 4: 24}.get(floats.dtype.itemsize, 53)
    for at in (abs(whole.astype("float64")) >= 2.0**digits).nonzero()[0]:
        if int(whole[at]) != float(floats[at]):
            raise inexact(at, whole[at], "NDArray[np.%s]" % whole.dtype, floats.dtype)


def check_whole(array, floats):
    """Refuses whole numbers, read as float64, of which a smaller float lacks digits."""
    import numpy

    limit = 2.0 ** (numpy.finfo(floats.dtype).nmant + 1)
    is_changed = (floats != array) & numpy.isfinite(floats) & (abs(array) >= limit) & (abs(array) < 2.0**63)
    for at in (is_changed & (array == numpy.floor(array))).nonzero()[0]:
        # 1.5e12 is near a float32 too, but loses no digit.
        if float(str(floats[at])) != array[at]:
            raise inexact(at, int(array[at]), "NDArray[np.float64]", floats.dtype)


def inexact(row, value, hint, dtype="float64"):
    """The error of a number that a float changes."""
    text = "row %d: a %s can't hold %s, only numbers near it; give the parameter another hint, such as %s"
    return InputError(text % (row, "float" if dtype == "float64" else dtype, value, hint))


def times(values, dtype, as_list):
    """Times from microseconds since 1970, of which the smallest number is none."""
    import datetime

    none = -(2**63)
    if not as_list:
        import numpy

        return numpy.array(values, "int64").view("datetime64[us]").astype(dtype)
    start = datetime.datetime(1970, 1, 1)
    moments = [
        None if value == none else start + datetime.timedelta(microseconds=value) for value in values
    ]
    if dtype == "datetime64[D]":
        moments = [moment and moment.date() for moment in moments]
    return moments


def new_columns():
    return {}


def add_column(columns, name, values, missing, kind):
    """Adds a column; None is in the rows where its value is missing."""
    if kind == "datetime64[us]":
        values = times(values, kind, True)
    if missing:
        values = values.tolist() if hasattr(values, "tolist") else values
        for at in missing:
            values[at] = None
    # A lent array ends with the call.
    values = values.copy() if hasattr(values, "copy") else values
    columns[unique(name, columns)] = (values, kind, bool(missing))


def unique(name, others):
    """A name that none of the others has: the name itself, or with a number after it."""
    found, number = name, 1
    while found in others:
        number += 1
        found = "%s_%d" % (name, number)
    return found


def to_frame(columns, library):
    if library == "pandas":
        import pandas

        plain = {name: values for name, (values, _, _) in columns.items()}
        for name, (values, kind, has_gaps) in columns.items():
            if has_gaps and kind in ("int64", "uint64"):
                plain[name] = with_gaps(values, kind)
        return pandas.DataFrame(plain)
    if library == "polars":
        import polars

        series = [
            polars.Series(name, values, polars.UInt64) if kind == "uint64" else polars.Series(name, values)
            for name, (values, kind, _) in columns.items()
        ]
        return polars.DataFrame(series)
    import pyarrow

    arrays = {
        name: pyarrow.array(values, pyarrow.uint64()) if kind == "uint64" else pyarrow.array(values)
        for name, (values, kind, _) in columns.items()
    }
    return pyarrow.table(arrays)


def with_gaps(values, dtype):
    """Whole numbers with gaps for pandas: floats with nan as it has them itself, unless a float changes one."""
    if all(value is None or abs(value) <= 2**53 for value in values):
        return values
    import pandas

    return pandas.array(values, dtype="UInt64" if dtype == "uint64" else "Int64")


def column(array, number):
    """One column, counted from 1, as a view."""
    if array.ndim > 2:
        raise InputError("an array with %d axes has no columns" % array.ndim)
    columns = array.shape[1] if array.ndim == 2 else 1
    if not 1 <= number <= columns:
        has = "one column" if columns == 1 else "the columns 1 to %d" % columns
        raise InputError("there is no column %d; it has %s" % (number, has))
    return array if array.ndim == 1 else array[:, number - 1]


def cells(array, indices):
    """The cells of the rows with these indices, as text."""
    rows = (array[index].tolist() for index in indices)
    return [[str(cell) for cell in (row if isinstance(row, list) else [row])] for row in rows]


# --- the result


def _frame_columns(value):
    """The columns of a frame as (name, values); None for anything else."""
    package = type(value).__module__.partition(".")[0]
    if package == "pandas" and hasattr(value, "columns"):
        return _keys(value) + [(str(name), value.iloc[:, at].tolist()) for at, name in enumerate(value.columns)]
    if package == "polars" and hasattr(value, "to_dicts"):
        return [(name, value[name].to_list()) for name in value.columns]
    if package == "pyarrow" and hasattr(value, "column_names"):
        columns = enumerate(value.column_names)
        return [(name, value.column(at).to_pylist()) for at, name in columns]
    return None


def _keys(value):
    """The columns of what pandas names rows by, unless that only counts them."""
    index = value.index
    if _counts_rows(index):
        return []
    one = "index" if index.nlevels == 1 and "index" not in getattr(value, "columns", ()) else None
    names = [
        str(name) if name is not None else one or "level_%d" % at for at, name in enumerate(index.names)
    ]
    return [(name, index.get_level_values(at).tolist()) for at, name in enumerate(names)]


def _columns(value):
    """The columns of a frame, or of a series of pandas whose values have keys; None for anything else."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "Series" and _keys(value):
        name = "value" if value.name is None else str(value.name)
        return _keys(value) + [(name, value.tolist())]
    return _frame_columns(value)


def _by_name(columns):
    """Columns as a dict; those with the same name get a number."""
    found = {}
    for name, values in columns:
        found[unique(name, found)] = values
    return found


def _texts(keys, what):
    """Names as text, which must still differ."""
    found = {}
    for key in keys:
        name = str(key)
        if name in found:
            raise Failure("the result has two %s that are %r as text" % (what, name))
        found[name] = key
    return list(found)


_MISSING = ("NAType", "NaTType")  # pandas
_RANGES = ("Interval", "Period")  # pandas; only their text is known elsewhere


def _is_missing(value):
    return value is None or type(value).__name__ in _MISSING or isinstance(value, float) and value != value


def cell(value):
    """A value as a cell; nothing for a missing one."""
    if _is_missing(value):
        return ""
    return str(_whole(value)).encode("utf-8", "backslashreplace").decode("utf-8")


def _whole(value):
    """A value with lists for its arrays, of which NumPy's text is an abbreviation."""
    if type(value) in (list, tuple):
        return type(value)(_whole(_plain_scalar(item)) for item in value)
    if type(value) is dict:
        return {_plain_scalar(key): _whole(_plain_scalar(item)) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") and getattr(value, "shape", ()) else value


def _plain_scalar(value):
    """NumPy's numbers and text as Python's: in a list, NumPy's are printed with their type."""
    is_scalar = hasattr(value, "item") and getattr(value, "shape", None) == ()
    return value.item() if is_scalar and getattr(value.dtype, "kind", "") in "biufU" else value


def frame_rows(result):
    """The names of a frame's columns, and its rows as text; None for anything else."""
    columns = _frame_columns(result)
    if columns is None:
        return None
    rows = [list(map(cell, row)) for row in zip(*(values for _, values in columns))]
    return [name for name, _ in columns], rows


def _table(result):
    """A result as names and rows: a frame, columns, records, or an array."""
    if getattr(result, "ndim", 1) > 2:
        raise Failure("the result is %s, which has no rows and columns" % what(result))
    columns = _columns(result)
    value = _fields(result)
    if columns is None and isinstance(value, dict) and value:
        listed = dict(zip(_texts(value, "columns"), map(_listed, value.values())))
        if all(item is None for item in listed.values()):
            return list(listed), [list(value.values())]
        columns = list(_of_one_length(listed).items())
    if columns is not None:
        return [name for name, _ in columns], list(zip(*(values for _, values in columns)))
    if _is_columns(result):
        listed = _of_one_length({at: _listed(item) for at, item in enumerate(result)})
        return None, list(zip(*listed.values()))
    rows = _listed(result)
    if rows is None:
        if _is_opaque(result):
            raise Failure("the result is %s, which has no rows and columns" % what(result))
        return None, [[result]]
    fields = [_fields(row) for row in rows]
    if rows and all(isinstance(row, dict) for row in fields):
        names = list(dict.fromkeys(name for row in fields for name in row))
        return _texts(names, "columns"), [[row.get(name) for name in names] for row in fields]
    rows = [row.tolist() if getattr(row, "ndim", 0) and hasattr(row, "tolist") else row for row in rows]
    return None, [row if isinstance(row, (list, tuple)) else [row] for row in rows]


def _is_columns(result):
    """Whether a result is a tuple of arrays, such as x and y."""
    return type(result) is tuple and len(result) > 1 and all(getattr(item, "ndim", 0) == 1 for item in result)


def _of_one_length(columns):
    # None means a single value.
    if len({item if item is None else len(item) for item in columns.values()}) > 1:
        raise Failure("the result has columns of different lengths, so it is not a table; print it with --json")
    return columns


def _is_opaque(value):
    """Whether a value's text says what it is instead of what is in it."""
    kind = type(value)
    is_own = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__
    return is_own or callable(value) or hasattr(value, "__next__") or hasattr(value, "collect")


def _fields(value):
    """The fields of a record as a dict; other values as they are."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if hasattr(value, "_asdict"):
        return value._asdict()
    names = getattr(getattr(value, "dtype", None), "names", None)
    return {name: value[name] for name in names} if names else value


def _listed(value):
    """A list of the items; None for what has none."""
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__len__"):
        return None
    if getattr(value, "ndim", 1) == 0 or not hasattr(value, "__iter__"):
        return None
    return value.tolist() if hasattr(value, "tolist") else list(value)


def to_csv(result):
    import csv
    import io

    names, rows = _table(result)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if names is not None:
        writer.writerow(names)
    writer.writerows(map(cell, row) for row in rows)
    return text.getvalue()


def save(result, path, ending):
    """Writes a result: .npy, .npz, .csv, .json or .parquet."""
    with open(path, "wb") as file:
        if ending in ("csv", "json"):
            text = to_csv(result) if ending == "csv" else to_json(result) + "\n"
            file.write(text.encode("utf-8"))
        elif ending == "parquet":
            _save_parquet(result, file)
        else:
            _save_arrays(result, file, ending)


def _save_arrays(result, file, ending):
    import zipfile

    import numpy
    import numpy.lib.format

    columns = _columns(result) if ending == "npz" else _frame_columns(result)
    value = _by_name(columns) if columns is not None else _fields(result)
    if ending == "npz":
        arrays = value if isinstance(value, dict) else {}
        if not arrays:
            items = value if isinstance(value, tuple) else (value,)
            arrays = {"arr_%d" % at: item for at, item in enumerate(items)}
        names = _texts(arrays, "arrays")
        arrays = [_array(item, name) for name, item in zip(names, arrays.values())]
        # numpy.savez has parameters, which are names that arrays can't have.
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in zip(names, arrays):
                with archive.open(name + ".npy", "w", force_zip64=True) as part:
                    numpy.lib.format.write_array(part, array, allow_pickle=False)
        return
    if isinstance(value, dict):
        raise Failure("the result is %s, of which a .npy file holds one part; use .npz" % what(result))
    numpy.save(file, _array(value, "the result"), allow_pickle=False)


def _array(value, name):
    import numpy

    try:
        array = numpy.asarray(value)
    except ValueError as error:
        raise Failure("%s can't be made an array: %s" % (name, error)) from None
    if isinstance(value, numpy.ma.MaskedArray) and value.mask.any():
        if array.dtype.kind != "f":
            raise Failure(
                "%s has masked values, which NumPy's files have no place for; fill them in the function, with .filled()" % name
            )
        array = value.filled(numpy.nan)
    is_list = isinstance(value, (list, tuple))
    if is_list and array.dtype.kind in "US":
        one = str if array.dtype.kind == "U" else bytes
        if not all(isinstance(item, one) for item in _items(value)):
            raise Failure("%s mixes text with other values, which an array would turn into text" % name)
    if is_list and array.dtype.kind in "fc" and not all(_fits_float(item) for item in _items(value)):
        raise Failure("%s mixes fractions with whole numbers that a float can't hold" % name)
    if array.dtype.hasobject and array.ndim == 1:
        array = _typed(array.tolist())
    if array is None or array.dtype.hasobject:
        raise Failure("%s is %s, which can't be an array of numbers or text" % (name, what(value)))
    return array


def _items(value):
    """The values in a list, or in lists or arrays in it, as they were before an array had to have one type."""
    import numpy

    return numpy.array(value, dtype=object).ravel()


def _fits_float(item):
    import numbers

    return not isinstance(item, numbers.Integral) or int(item) == int(float(item))


def _typed(items):
    """An array of numbers with gaps, of times, or of the text of ranges; None for anything else."""
    import datetime

    import numpy

    present = [item for item in items if not _is_missing(item)]
    is_number = all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in present)
    if present and is_number and all(abs(item) <= 2**53 or isinstance(item, float) for item in present):
        return numpy.array([numpy.nan if _is_missing(item) else float(item) for item in items])
    if present and all(isinstance(item, datetime.date) and not getattr(item, "tzinfo", None) for item in present):
        is_time = any(isinstance(item, datetime.datetime) for item in present)
        unit = "ns" if any(getattr(item, "nanosecond", 0) for item in present) else "us"
        # NumPy reads a Timestamp as the datetime that it also is, which has no nanoseconds.
        exact = [getattr(item, "to_datetime64", lambda item=item: item)() for item in present]
        times = numpy.array(exact, "M8[%s]" % (unit if is_time else "D"))
        # Nanoseconds only have room for the years from 1678 to 2261, and NumPy wraps the others around.
        years = times.astype("M8[Y]").astype(int) + 1970
        if years.tolist() != [item.year for item in present]:
            return None
        found = numpy.full(len(items), numpy.datetime64("NaT"), times.dtype)
        found[[not _is_missing(item) for item in items]] = times
        return found
    if items and all(type(item).__name__ in _RANGES for item in items):
        return numpy.array([str(item) for item in items])
    return None


def _save_parquet(result, file):
    package = type(result).__module__.partition(".")[0]
    if package == "polars" and hasattr(result, "write_parquet"):
        return result.write_parquet(file)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Failure("Parquet is written by pyarrow, which this Python lacks: add --with pyarrow") from None
    try:
        pyarrow.parquet.write_table(_arrow_table(result, pyarrow), file)
    except Failure:
        raise
    except Exception as error:
        # Arrow has no type for these values, or Parquet none for Arrow's.
        text = "the result can't be written as Parquet: %s"
        raise Failure(text % (str(error).split("\n")[0] or type(error).__name__)) from None


def _arrow_table(result, pyarrow):
    if isinstance(result, pyarrow.Table):
        return result
    package = type(result).__module__.partition(".")[0]
    if package == "pandas" and hasattr(result, "to_parquet"):
        names = list(_by_name((str(name), None) for name in result.columns))
        if names != [str(name) for name in result.columns]:
            result = result.set_axis(names, axis=1)
        return pyarrow.Table.from_pandas(result, preserve_index=None if _counts_rows(result.index) else True)
    value = _fields(result)
    if isinstance(value, dict) and value and all(getattr(item, "ndim", 0) == 1 for item in value.values()):
        columns = dict(zip(_texts(value, "columns"), value.values()))
    elif getattr(value, "ndim", 0) == 2 and hasattr(value, "T"):
        columns = _numbered(value.T)
    elif _is_columns(value):
        columns = _numbered(value)
    elif getattr(value, "ndim", 0) == 1 and _columns(value) is None:
        columns = _numbered([value])
    else:
        names, rows = _table(result)
        if len({len(row) for row in rows}) > 1:
            raise Failure("the result has rows of different lengths, which a Parquet file can't hold")
        columns = list(zip(*rows)) if rows else [() for _ in names or ()]
        columns = _numbered(columns) if names is None else _by_name(zip(names, columns))
    _of_one_length(columns)
    return pyarrow.table({name: _arrow_array(column, pyarrow) for name, column in columns.items()})


def _numbered(columns):
    return {str(number): column for number, column in enumerate(columns, 1)}


def _arrow_array(column, pyarrow):
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(column) is numpy.ndarray and column.dtype.kind in "biufmMU":
        # Its type stays: float32, uint64.
        return pyarrow.array(numpy.ascontiguousarray(column))
    items = column.tolist() if hasattr(column, "tolist") else list(column)
    if any(getattr(item, "nanosecond", 0) or getattr(item, "nanoseconds", 0) for item in items):
        # pyarrow, too, reads a Timestamp as a datetime and a Timedelta as a timedelta, without nanoseconds.
        series = sys.modules["pandas"].Series(items)
        if series.dtype == object:
            raise Failure("the result mixes times that have nanoseconds with other values")
        return pyarrow.array(series)
    items = [str(item) if type(item).__name__ in _RANGES else item for item in items]
    return pyarrow.array(items)


def text(result):
    """The text that print would write; None for None."""
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
    """The result as row indices of a file with `count` rows."""
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
        message = "the result is %s, not row indices or a mask of the rows; call without --rows to see it"
        raise Failure(message % what(result))
    if len(found) == count > 2 and set(found) <= {0, 1}:
        raise Failure(
            "the result has 0 or 1 for each row, which is a mask or row indices; return truth values, as with "
            ".astype(bool), or indices, as with numpy.nonzero"
        )
    for index in found:
        if not 0 <= index < count:
            has = "the rows 0 to %d" % (count - 1) if count else "no rows"
            raise Failure("the result names row %d, but the file has %s" % (index, has))
    return list(found)


def flags(result, count):
    """The indices of the rows that the result flags; None if it looks like something else."""
    kind = getattr(getattr(result, "dtype", None), "kind", None)
    if not hasattr(result, "__len__") or kind == "f" and len(result):
        return None
    try:
        found = rows(result, count)
    except Failure:
        return None
    # Whole numbers that do not rise are values (counts, for instance), not indices.
    rises = all(one < other for one, other in zip(found, found[1:]))
    everything = isinstance(result, (list, tuple)) and len(found) == count == len(result)
    return found if rises and not (everything and count > 1) else None


MOST_LINES = 6  # A table with more columns than this is shown as colours, not as lines.


def series(value, name, rows):
    """The parts of a value that can be drawn: (label, kind, x label, x, numbers, columns).

    The kinds: "level" is one number; "rows" has a number for each of the file's rows; "line" is drawn
    over x; "table" has rows of that many columns, and as x its size before it was shrunk.
    """
    drawn, rest = [], []
    for label, numbers, columns in _named_numbers(value):
        label = label or name
        length = len(numbers) // (columns or 1)
        if not columns:
            drawn.append((label, "level", "", [], numbers, 0))
        elif columns == 1 and length == rows:
            drawn.append((label, "rows", "", [], numbers, 1))
        elif columns == 1:
            rest.append((label, numbers))
        elif length == rows and columns <= MOST_LINES:
            drawn += _lines(label, [numbers[at::columns] for at in range(columns)])
        elif columns == rows and length <= MOST_LINES:
            # A few rows as long as the file are drawn like a few columns.
            starts = range(0, len(numbers), columns)
            drawn += _lines(label, [numbers[start : start + columns] for start in starts])
        else:
            size = [columns, length]
            drawn.append((label, "table", "column", size) + _shrunk(numbers, columns))
    others = [(label, "line", "index", list(range(len(line))), line, 1) for label, line in rest]
    return drawn + (_paired(rest) or others)


def _lines(label, lines):
    return [("%s %d" % (label, at), "rows", "", [], line, 1) for at, line in enumerate(lines, 1)]


def _shrunk(numbers, columns):
    """A table of at most 160 by 80 cells, each the mean of those it covers; smaller ones would blur."""
    import numpy

    table = numpy.reshape(numbers, (-1, columns))
    present = numpy.isfinite(table)
    sums, counts = numpy.where(present, table, 0.0), present.astype(float)
    for axis, most in ((0, 80), (1, 160)):
        length = table.shape[axis]
        starts = numpy.arange(min(length, most)) * length // min(length, most)
        sums, counts = (numpy.add.reduceat(part, starts, axis) for part in (sums, counts))
    with numpy.errstate(invalid="ignore"):
        return (sums / counts).ravel(), sums.shape[1]


def _paired(rest):
    """One line from two results that belong together: x and y, or a histogram and its edges."""
    if len(rest) != 2 or not len(rest[0][1]):
        return None
    (first, one), (second, two) = rest
    x_label = "" if first == second else second
    if len(one) == len(two) and _rises(one):
        return [(second, "line", "" if first == second else first, one, two, 1)]
    if len(one) == len(two) and _rises(two):
        return [(first, "line", x_label, two, one, 1)]
    if len(one) + 1 == len(two) and _rises(two):
        # Steps: each value from its left edge to its right edge.
        x = [edge for pair in zip(two, two[1:]) for edge in pair]
        return [(first, "line", x_label, x, [value for value in one for _ in range(2)], 1)]
    return None


def _rises(values):
    import math

    rises = values[1:] > values[:-1] if hasattr(values, "all") else None
    if rises is None:
        return all(one < other for one, other in zip(values, values[1:]))
    return bool(rises.all()) and math.isfinite(values[0]) and math.isfinite(values[-1])


def _named_numbers(value):
    """The numbers in a value as (name, numbers, columns); 0 columns for a single number."""
    result = value
    columns = _frame_columns(value)
    value = _by_name(columns) if columns is not None else _fields(value)
    if isinstance(value, (list, tuple)) and value and not hasattr(value[0], "dtype"):
        records = [_fields(item) for item in value]
        if all(isinstance(item, dict) for item in records):
            value = {name: [item.get(name) for item in records] for name in records[0]}
    if isinstance(value, dict) and value:
        found = [(str(name), _numbers(item)) for name, item in value.items()]
        found = [(name,) + numbers for name, numbers in found if numbers is not None]
    elif isinstance(value, tuple) and any(hasattr(item, "__len__") for item in value):
        found = [_numbers(item) for item in value]
        found = [("",) + numbers for numbers in found if numbers is not None]
    else:
        numbers = _numbers(value)
        found = [] if numbers is None else [("",) + numbers]
    if not found:
        parts = " without numbers" if isinstance(value, dict) else ""
        message = "the result is %s%s, which can't be drawn; a number, a series or a table of numbers can"
        raise Failure(message % (what(result), parts))
    return found


def _numbers(value):
    """The numbers of one series and its number of columns; None if it has no numbers."""
    if isinstance(value, (int, float)):
        try:
            return [float(value)], 0
        except OverflowError:
            return None
    if isinstance(value, (str, bytes)) or value is None:
        return None
    if isinstance(value, (list, tuple)) and any(item is None for item in value):
        value = [float("nan") if item is None else item for item in value]
    try:
        import numpy
    except ImportError:
        if isinstance(value, (list, tuple)) and all(isinstance(item, (int, float)) for item in value):
            return [float(item) for item in value], 1
        return None
    try:
        if isinstance(value, numpy.ma.MaskedArray):
            value = value.astype(float).filled(numpy.nan)
        array = numpy.asarray(value)
    except Exception:
        return None
    if array.dtype.kind == "c":
        array = numpy.abs(array)
    if array.dtype.kind not in "biuf" or array.ndim > 2:
        return None
    columns = array.shape[1] if array.ndim == 2 else array.ndim
    if array.ndim == 2 and not columns:
        return None
    return numpy.array(array, dtype=float, order="C").ravel(), columns


def to_png(width, pixels):
    """A PNG from pixels of red, green and blue, compressed by Python's zlib."""
    import struct
    import zlib

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    line = 3 * width
    lines = [b"\0" + pixels[at : at + line] for at in range(0, len(pixels), line)]
    header = struct.pack(">IIBBBBB", width, len(lines), 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"".join(lines)))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def to_json(result):
    import json

    return json.dumps(_plain(result), ensure_ascii=False, allow_nan=False)


def _plain(value):
    """A value in terms of the types that JSON has."""
    import math

    if value is None or isinstance(value, (bool, int, str)):
        # An IntEnum is an int, and numpy.str_ a str. JSON can't contain surrogates.
        if isinstance(value, str):
            return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    columns = _columns(value)
    if columns is not None:
        columns = _by_name((_plain(name), values) for name, values in columns)
        return [dict(zip(columns, map(_plain, row))) for row in zip(*columns.values())]
    if type(value).__name__ in _MISSING:
        return None
    if isinstance(value, dict):
        return dict(zip(_texts(map(_key, value), "keys"), map(_plain, value.values())))
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
        # Integers need no check for NaN.
        if type(value) is numpy.ndarray and value.dtype.kind in "iub":
            return value.tolist()
        if isinstance(value, numpy.longdouble):
            return _plain(float(value))
        if getattr(value, "dtype", None) is not None and getattr(value.dtype, "names", None):
            names = value.dtype.names
            rows = [value] if not value.shape else value
            found = [{name: _plain(row[name]) for name in names} for row in rows]
            return found if value.shape else found[0]
        if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
            return None if numpy.isnat(value) else str(value)
        if isinstance(value, numpy.ndarray) and value.dtype.kind in "mM":
            return _plain(list(value)) if value.ndim else _plain(value[()])
        if isinstance(value, numpy.ma.MaskedArray):
            return _plain(value.filled(numpy.nan).tolist() if value.dtype.kind == "f" else value.tolist())
        if isinstance(value, numpy.generic) and value.dtype.kind not in "biufU":
            raise Failure("the result contains %s, which JSON can't represent" % what(value))
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    for method in ("tolist", "to_list", "to_pylist"):
        # An array or a scalar of NumPy, a Series, an array of Arrow, a tensor.
        if hasattr(value, method):
            return _plain(getattr(value, method)())
    if type(value).__name__ in ("Decimal", "timedelta") + _RANGES:
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(value, enum.Enum):
        return _plain(value.value)
    raise Failure("the result contains %s, which JSON can't represent" % what(value))


def _key(key):
    if isinstance(key, str):
        return _plain(key)
    plain = _plain(key)
    if isinstance(plain, (list, dict)):
        raise Failure("the result has %s as a key, which JSON can't represent" % what(key))
    if isinstance(plain, (bool, type(None))):
        return {True: "true", False: "false", None: "null"}[plain]
    return str(plain)


# --- time


def same(value):
    return value


def copy(value):
    """A copy of a value that a call could change."""
    if isinstance(value, (list, dict)):
        import copy

        return copy.deepcopy(value)
    return value.copy() if hasattr(value, "dtype") and hasattr(value, "copy") else value


def holders(values):
    """The reference count of each value that a call could retain; 0 for numbers and text."""
    import gc

    gc.collect()
    own = [isinstance(value, (list, dict)) or hasattr(value, "dtype") for value in values]
    return [sys.getrefcount(values[at]) if own[at] else 0 for at in range(len(values))]


def differ(values, before):
    """Whether a call has changed its arguments."""
    for value, was in zip(values, before):
        if hasattr(value, "dtype"):
            if value.shape != was.shape or value.dtype != was.dtype:
                return True
            # nan counts as equal to nan.
            if not ((value == was) | ((value != value) & (was != was))).all():
                return True
        elif isinstance(value, (list, dict)) and repr(value) != repr(was):
            return True
    return False


def timer(function, arguments, names, fresh):
    """A function that calls `function` a number of times, as Python code would; returns seconds."""
    import keyword
    import timeit

    places = ["a%d" % at for at in range(len(arguments))]
    written = []
    for name, place in zip(names, places):
        if name is None:
            written.append(place)
        elif name.isidentifier() and not keyword.iskeyword(name):
            written.append("%s=%s" % (name, place))
        else:
            written.append("**{%r: %s}" % (name, place))
    call = "function(%s)" % ", ".join(written)
    scope = dict(zip(places, arguments), function=function)
    if not fresh:
        # timeit turns the garbage collector off, but it is on during callpy's calls.
        return timeit.Timer(call, "import gc; gc.enable()", globals=scope).timeit
    lines = ["def run(number):", "    taken = 0.0", "    for _ in range(number):"]
    lines += ["        %s = copy(ready_%s)" % (place, place) for place in places]
    lines += ["        start = clock()", "        " + call, "        taken += clock() - start"]
    scope.update(("ready_" + place, value) for place, value in zip(places, arguments))
    scope.update(copy=copy, clock=timeit.default_timer)
    exec("\n".join(lines + ["    return taken"]), scope)
    return scope["run"]


def timed(run, number):
    """The nanoseconds that `number` calls take in plain Python."""
    import contextvars

    # In a new context NumPy uses its own allocator, not callpy's.
    return contextvars.Context().run(run, number) * 1e9


_LOUD = []


def quiet(quiet):
    """Discards what is printed, or stops doing so: a timed function would print a thousand times."""
    import os

    if quiet:
        _LOUD[:] = [sys.stdout, sys.stderr]
        sys.stdout = sys.stderr = open(os.devnull, "w")
    elif _LOUD:
        sys.stdout, sys.stderr = _LOUD
        del _LOUD[:]


# --- the streams


def prepare(divert):
    """Makes Python print UTF-8, as the command does, and to stderr if `divert` is true."""
    for stream in (sys.stdout, sys.stderr):
        # If the locale has no encoding, python uses UTF-8, but an embedded Python does not.
        if getattr(stream, "encoding", None) in ("ascii", "ANSI_X3.4-1968", "646", "US-ASCII"):
            stream.reconfigure(encoding="utf-8")
    if divert:
        import os

        # The descriptor too, since extensions and child processes write to it.
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
    """Whether the reader of our output has closed the pipe."""
    import select

    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
