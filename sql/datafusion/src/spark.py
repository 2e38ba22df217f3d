"""What of callpy runs on Spark's servers: Arrow columns become arguments, and results become a column.

It is pickled by value together with the user's function, so a server needs only NumPy and pyarrow, which its
Spark has. A parameter is (name, form, dtype, nullable, keyword), with the form "array", "list" or "value"; a
result is (form, dtype, nullable, Spark's type as JSON).
"""

import json
import sys
import sysconfig
import threading

import numpy as np
import pyarrow as pa

# What cloudpickle pickles by value is a setting of the process.
_lock = threading.Lock()


def command(function, kind, name, parameters, nulls, result):
    """Returns what a server calls, as it goes there: the pickle of (function, type)."""
    try:
        from pyspark import cloudpickle
        from pyspark.sql.types import StructType
    except ImportError as error:
        raise ImportError(
            "pyspark makes the copy of a function that goes to Spark, and can't be imported: %s. Install it in "
            "the version of the server: %s -m pip install pyspark-client" % (error, sys.executable)
        ) from None
    field = {"name": "result", "type": json.loads(result[3]), "nullable": True, "metadata": {}}
    returns = StructType.fromJson({"type": "struct", "fields": [field]})[0].dataType
    call = {"scalar": Scalar, "row": Row, "aggregate": Aggregate}[kind]
    call = call(function, name, parameters, nulls, result).call
    with _lock:
        known = cloudpickle.list_registry_pickle_by_value()
        own = [module for module in list(sys.modules.values()) if _is_own(module)]
        own = [module for module in own if module.__name__ not in known]
        for module in own:
            cloudpickle.register_pickle_by_value(module)
        try:
            return cloudpickle.dumps((call, returns))
        except Exception as error:
            raise TypeError(
                "it can't be sent to Spark, which needs a copy of it and of all that it uses: %s: %s"
                % (type(error).__name__, error)
            ) from error
        finally:
            for module in own:
                cloudpickle.unregister_pickle_by_value(module)


def _is_own(module):
    """Returns whether a module is the user's: it is in no folder where packages are installed."""
    name, file = getattr(module, "__name__", None), getattr(module, "__file__", None)
    if not isinstance(name, str) or not isinstance(file, str) or sys.modules.get(name) is not module:
        return False
    installed = ["site-packages", "dist-packages", sysconfig.get_path("stdlib")]
    return not any(folder in file for folder in installed)


class Callable:
    """A function as Spark calls it: with columns, `call(column, …)`."""

    def __init__(self, function, name, parameters, nulls, result):
        self.function, self.name, self.parameters, self.nulls = function, name, parameters, nulls
        self.form, self.dtype, self.nullable, _ = result

    def error(self, kind, message):
        return kind("%s: %s" % (self.name, message))

    def cast(self, columns):
        """Returns the columns in the parameters' types, which can hold all values of the columns' own."""
        if len(columns) > len(self.parameters):
            message = "it takes %d arguments, and got %d" % (len(self.parameters), len(columns))
            raise self.error(TypeError, message)
        cast = []
        for (argument, _, dtype, _, _), column in zip(self.parameters, columns):
            wanted, got = arrow_type(dtype), column.type
            if got != wanted and not is_wider(wanted, got):
                message = "argument %r: expected %s, got a column of %s" % (argument, dtype, got)
                raise self.error(TypeError, message)
            cast.append(column if got == wanted else column.cast(wanted))
        return cast

    def complete(self, columns):
        """Returns which rows have no null that needs a policy; None if all are such."""
        rows = None
        for (_, form, _, nullable, _), column in zip(self.parameters, columns):
            if column.null_count and (form == "array" or not nullable):
                valid = column.is_valid().to_numpy(zero_copy_only=False)
                rows = valid if rows is None else rows & valid
        return rows

    def invoke(self, columns):
        positional, keywords = [], {}
        for parameter, column in zip(self.parameters, columns):
            value = self.argument(parameter, column)
            if parameter[4]:
                keywords[parameter[0]] = value
            else:
                positional.append(value)
        return self.function(*positional, **keywords)

    def argument(self, parameter, column):
        argument, form, dtype, nullable, _ = parameter
        missing = column.null_count
        if form == "value":
            values = column.unique()
            if len(values) != 1:
                message = "argument %r is one value for all rows, and got %d" % (argument, len(values))
                raise self.error(ValueError, message)
            if missing and not nullable:
                raise self.error(ValueError, "argument %r is null" % argument)
            return values[0].as_py()
        if missing and (form == "array" or not nullable) and self.nulls in ("error", "skip"):
            message = (
                "argument %r: %d of %d values are null: choose Nulls::Skip, Nulls::Nan or Nulls::Masked, or "
                "filter them out" % (argument, missing, len(column))
            )
            raise self.error(ValueError, message)
        if form == "list" or dtype == "bytes":
            return column.to_pylist()
        if dtype == "str":
            values = np.array([text or "" for text in column.to_pylist()], str)
        elif missing and self.nulls == "masked":
            values = column.fill_null(pa.scalar(0).cast(column.type)).to_numpy(zero_copy_only=False)
        else:
            # The column's own memory, if it has no nulls; NaN for a null.
            values = column.to_numpy(zero_copy_only=False)
        if missing and self.nulls == "masked":
            return np.ma.array(values, mask=column.is_null().to_numpy(zero_copy_only=False))
        return values

    def many(self, returned):
        """Returns the array or the list that the function has returned as an Arrow array."""
        if self.form == "list":
            if not isinstance(returned, (list, tuple)):
                raise self.error(TypeError, "it returned %s, not a list" % type(returned).__name__)
            if not self.nullable and any(item is None for item in returned):
                raise self.error(TypeError, "an item of its result is None, which its hint excludes")
            return pa.array(returned, arrow_type(self.dtype))
        if not isinstance(returned, np.ndarray) or returned.ndim != 1:
            shape = " of shape %s" % (returned.shape,) if isinstance(returned, np.ndarray) else ""
            message = "it returned %s%s, not an array with one axis" % (type(returned).__name__, shape)
            raise self.error(TypeError, message)
        expected = "U" if self.dtype == "str" else np.dtype(self.dtype)
        if expected != (returned.dtype.kind if self.dtype == "str" else returned.dtype):
            message = "expected a %s array as its result, got %s" % (self.dtype, returned.dtype)
            raise self.error(TypeError, message)
        mask = np.ma.getmaskarray(returned) if isinstance(returned, np.ma.MaskedArray) else None
        return pa.array(np.ma.getdata(returned), mask=mask)

    def one(self, returned):
        """Returns the value that the function has returned, or its list, as an Arrow value."""
        is_masked = self.nulls == "masked" and returned is np.ma.masked
        if is_masked or returned is None and self.nullable and self.form != "list":
            return pa.scalar(None, pa.null())
        if self.form != "value":
            found = self.many(returned)
            return pa.ListArray.from_arrays(pa.array([0, len(found)], pa.int32()), found)[0]
        if isinstance(returned, np.ndarray) and returned.ndim == 0:
            returned = returned[()]
        kind = self.dtype if self.dtype in ("str", "bytes") else np.dtype(self.dtype).kind
        fit = {
            "str": str,
            "bytes": bytes,
            "b": (bool, np.bool_),
            "i": (int, np.integer),
            "f": (float, int, np.floating, np.integer),
        }.get(kind, object)
        if not isinstance(returned, fit) or (isinstance(returned, bool) and kind != "b"):
            message = "expected %s as its result, got %s" % (self.dtype, type(returned).__name__)
            raise self.error(TypeError, message)
        return pa.scalar(returned, arrow_type(self.dtype))


class Scalar(Callable):
    """Called for a batch of rows, for a column."""

    def call(self, *columns):
        rows = len(columns[0])
        columns = self.cast(columns)
        complete = self.complete(columns) if self.nulls == "skip" else None
        if complete is not None:
            columns = [column.filter(pa.array(complete)) for column in columns]
        called = len(columns[0])
        if called == 0:
            return pa.nulls(rows, arrow_type(self.dtype))
        found = self.many(self.invoke(columns))
        if len(found) != called:
            message = "it returned %d values for %d rows: it must return one for each" % (len(found), called)
            raise self.error(ValueError, message)
        if complete is None:
            return found
        # Back to the rows that they were, with nulls between.
        return found.take(pa.array(np.cumsum(complete) - 1, mask=~complete))


class Row(Callable):
    """Called for a batch of rows, of which each is a call with single values."""

    def call(self, *columns):
        columns = self.cast(columns)
        complete = self.complete(columns)
        if complete is not None and self.nulls in ("error", "nan"):
            for parameter, column in zip(self.parameters, columns):
                if column.null_count and not parameter[3]:
                    self.argument((parameter[0], "list", *parameter[2:]), column)
        rows = zip(*(column.to_pylist() for column in columns))
        names = [parameter[0] if parameter[4] else None for parameter in self.parameters]
        found = []
        for index, row in enumerate(rows):
            if complete is not None and not complete[index]:
                found.append(None)
                continue
            keywords = {name: value for name, value in zip(names, row) if name}
            found.append(self.one(self.function(*row[: len(row) - len(keywords)], **keywords)).as_py())
        many = self.form != "value"
        return pa.array(found, pa.list_(arrow_type(self.dtype)) if many else arrow_type(self.dtype))


class Aggregate(Callable):
    """Called for the rows of a group, for one value."""

    def call(self, *columns):
        columns = self.cast(columns)
        if self.nulls == "skip":
            complete = self.complete(columns)
            if complete is not None:
                columns = [column.filter(pa.array(complete)) for column in columns]
            if len(columns[0]) == 0:
                return None
        return self.one(self.invoke(columns))


def is_wider(wanted, got):
    """Returns whether a type has all values of another, as SQL's own functions take them."""
    ask = pa.types
    if ask.is_integer(wanted):
        return ask.is_null(got) or (ask.is_integer(got) and got.bit_width < wanted.bit_width)
    if ask.is_floating(wanted):
        narrower = ask.is_floating(got) and got.bit_width < wanted.bit_width
        return ask.is_null(got) or narrower or ask.is_integer(got) or ask.is_decimal(got)
    if ask.is_timestamp(wanted):
        return ask.is_null(got) or ask.is_timestamp(got) or ask.is_date(got)
    if ask.is_duration(wanted):
        return ask.is_null(got) or ask.is_duration(got)
    # string, large_string, string_view
    return ask.is_null(got) or str(wanted) in str(got)


def arrow_type(dtype):
    return {"str": pa.string(), "bytes": pa.binary()}.get(dtype) or pa.from_numpy_dtype(np.dtype(dtype))
