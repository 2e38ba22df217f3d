"""Reads Parquet and Arrow files with pyarrow or polars, whichever this Python has.

Both have columns with a name and a type, and the methods that are used below under the same names, or
under two that are told apart here.
"""

import datetime
import decimal

from callpy_command import InputError, cast, cell, inexact, stack, with_gaps

KINDS = (
    ("number", ("int", "uint", "float", "double", "halffloat", "decimal")),
    ("truth", ("bool",)),
    ("time", ("timestamp", "datetime", "date")),
    ("text", ("string", "large_string", "utf8", "categorical", "enum", "dictionary<values=string")),
)


def kind(type_name):
    """What the values of a type are, by the name that either library gives it."""
    for name, starts in KINDS:
        if type_name.lower().startswith(starts):
            return name
    return "other"


class Pyarrow:
    def __init__(self, files, form):
        import pyarrow

        self.pyarrow = pyarrow
        sources = [pyarrow.memory_map(it) if isinstance(it, str) else pyarrow.BufferReader(it) for it in files]
        if form == "Parquet":
            import pyarrow.parquet

            self.files = [pyarrow.parquet.ParquetFile(source) for source in sources]
            schemas = [file.schema_arrow for file in self.files]
            self.length = sum(file.metadata.num_rows for file in self.files)
        else:
            import pyarrow.ipc

            stream = form == "ArrowStream"
            open_file = pyarrow.ipc.open_stream if stream else pyarrow.ipc.open_file
            self.files = [open_file(source).read_all() for source in sources]
            schemas = [table.schema for table in self.files]
            self.length = sum(len(table) for table in self.files)
        self.types = [[(field.name, str(field.type)) for field in schema] for schema in schemas]

    def read(self, names):
        """A table of the columns with these names."""
        names = list(dict.fromkeys(names))

        def of(file):
            table = file.read(columns=names) if hasattr(file, "schema_arrow") else file
            return table.select(names)

        return self.pyarrow.concat_tables([of(file) for file in self.files])

    def rows(self, table, indices):
        return table.take(self.pyarrow.array(indices, "int64"))

    def frame(self, table, library):
        if library == "pandas":
            frame = table.to_pandas()
            for name in table.column_names:
                column = table[name]
                dtype = str(column.type)
                if dtype in ("int64", "uint64") and column.null_count and name in frame.columns:
                    values = column.to_pylist()
                    exact = with_gaps(values, dtype)
                    if exact is not values:
                        frame[name] = exact
            return frame
        if library == "polars":
            import polars

            return polars.from_arrow(table)
        return table


class Polars:
    def __init__(self, files, form):
        import io

        import polars

        self.polars = polars
        sources = [it if isinstance(it, str) else io.BytesIO(it) for it in files]
        if form == "Parquet":
            self.files = [polars.scan_parquet(it) for it in sources]
        elif form == "Arrow":
            self.files = [polars.read_ipc(it).lazy() for it in sources]
        else:
            self.files = [polars.read_ipc_stream(it).lazy() for it in sources]
        self.types = [[(n, str(t)) for n, t in file.collect_schema().items()] for file in self.files]
        self.length = sum(file.select(polars.len()).collect().item() for file in self.files)

    def read(self, names):
        names = list(dict.fromkeys(names))
        return self.polars.concat([file.select(names) for file in self.files]).collect()

    def rows(self, table, indices):
        return table[indices]

    def frame(self, table, library):
        return table


def opened(files, form, names, library):
    """What reads the files, their number of rows, and the name and kind of each column."""
    libraries = {"pandas": [Pyarrow], "pyarrow": [Pyarrow], "polars": [Polars, Pyarrow]}
    for reader in libraries.get(library, [Pyarrow, Polars]):
        try:
            found = reader(files, form)
            break
        except ImportError:
            continue
        except Exception as error:
            raise InputError("it can't be read: %s" % str(error).split("\n")[0]) from None
    else:
        by = "pyarrow" if library in ("pandas", "pyarrow") else "pyarrow or polars"
        raise InputError("reading it needs %s, which this Python lacks: add --with pyarrow" % by)
    first = found.types[0]
    columns = [name for name, _ in first]
    for name in columns:
        if columns.count(name) > 1:
            raise InputError("two columns are named %s" % name)
    for name, types in zip(names[1:], found.types[1:]):
        if types != first:
            one, other = (", ".join("%s (%s)" % it for it in each) for each in (first, types))
            raise InputError("the files have different columns: %s has %s, but %s has %s" % (names[0], one, name, other))
    return found, found.length, columns, [kind(name) for _, name in first]


def items(column):
    return column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()


def nulls(column):
    """Where there is no value: a truth value for each row, or nothing if all have one."""
    count = column.null_count
    return items(column.is_null()) if (count() if callable(count) else count) else []


def arguments(reader, wanted, missing):
    """The arguments, and the rows that were left out.

    Each of `wanted` is the names of its columns and what it takes: "array", "list" or a library of
    frames; what its values are, or "any"; and their dtype.
    """
    table = reader.read([name for names, *_ in wanted for name in names])
    gaps = {name: nulls(table[name]) for names, *_ in wanted for name in names}
    skipped = []
    if missing == "skip":
        skipped = [at for at, some in enumerate(zip(*filter(None, gaps.values()))) if any(some)]
    if skipped:
        gone = set(skipped)
        table = reader.rows(table, [at for at in range(reader.length) if at not in gone])
        gaps = {}
    made = []
    for names, takes, wants, dtype in wanted:
        if takes in ("pandas", "polars", "pyarrow"):
            if missing == "error":
                check_gaps(names, gaps, "any", missing)
            made.append(reader.frame(table.select(names), takes))
            continue
        types = dict(reader.types[0])
        for name in names:
            check_type(name, types[name], wants)
        check_gaps(names, gaps, wants, missing)
        parts = [argument(table[name], types[name], takes == "list", wants, dtype) for name in names]
        one = parts[0] if len(parts) == 1 else stack(parts)
        made.append(one.tolist() if len(parts) > 1 and takes == "list" else one)
    return made, skipped


def check_gaps(names, gaps, wants, missing):
    for name in names:
        rows = gaps.get(name)
        has_none = wants in ("whole", "truth")
        if rows and (missing != "nan" or has_none):
            what = ", which its hint has no place for" if has_none else ""
            nan = "" if has_none else "pass it as nan with --missing nan, or "
            raise InputError(
                "row %d, column %s: the value is missing%s; %sleave out such rows with --missing skip"
                % (rows.index(True), name, what, nan)
            )


WORDS = {"whole": "whole numbers", "number": "numbers", "truth": "truth values", "text": "text", "time": "dates", "date": "dates"}


def check_type(name, type_name, wants):
    is_a = kind(type_name)
    is_whole = type_name.lower().startswith(("int", "uint"))
    fits = {"any": is_a in ("number", "truth", "time"), "whole": is_whole, "date": is_a == "time"}
    if not fits.get(wants, is_a == wants):
        if wants == "any":
            hint = "list[str]" if is_a == "text" else "pd.DataFrame"
            raise InputError(
                "column %s is of type %s; give the parameter a hint such as %s" % (name, type_name, hint)
            )
        raise InputError(
            "column %s is of type %s, but the function's hint asks for %s" % (name, type_name, WORDS[wants])
        )


def argument(column, type_name, as_list, wants, dtype):
    if as_list:
        return listed(column, wants)
    if wants == "text":
        return cast(listed(column, wants), "str")
    if wants == "date" and ("tz=" in type_name or "time_zone='" in type_name):
        # The day where the column's clock is; NumPy's times are in UTC.
        import numpy

        return numpy.array(listed(column, wants), dtype=dtype)
    # A copy: the function owns what it gets.
    import numpy

    array = numpy.array(column.to_numpy())
    is_float = type_name.lower().startswith(("float", "double", "halffloat"))
    is_whole = type_name.lower().startswith(("int", "uint"))
    if kind(type_name) == "number" and (array.dtype == object or is_whole and array.dtype.kind == "f"):
        # Decimals, and whole numbers with gaps, as far as a float holds them.
        array = numpy.array(listed(column, "number"))
    if wants in ("time", "date"):
        return array.astype(dtype)
    return array if wants == "any" else cast(array, dtype, is_float)


def listed(column, wants):
    values = items(column)
    if wants == "number":
        return [float("nan") if value is None else exact(value, row) for row, value in enumerate(values)]
    if wants == "text":
        return ["" if value is None else str(value) for value in values]
    if wants == "date":
        return [value and (value.date() if isinstance(value, datetime.datetime) else value) for value in values]
    if wants == "time":
        return [value and moment(value) for value in values]
    return values


def exact(value, row):
    number = float(value)
    if isinstance(value, int) and number != value:
        raise inexact(row, value, "list[int]")
    # A float rounds fractions, but a whole number may be an ID.
    is_whole = isinstance(value, decimal.Decimal) and value == value.to_integral_value()
    if is_whole and number != value:
        raise inexact(row, value, "pa.Table")
    return number


def moment(value):
    if isinstance(value, datetime.datetime):
        return value
    return datetime.datetime(value.year, value.month, value.day)


def cells(reader, indices):
    """The cells of the rows with these indices, as text."""
    table = reader.rows(reader.read([name for name, _ in reader.types[0]]), indices)
    return list(zip(*([cell(value) for value in items(table[name])] for name, _ in reader.types[0])))


def times(reader, name, skipped):
    """A column of times as seconds since 1970; nothing if some are missing."""
    column = reader.read([name])[name]
    values = items(column)
    if None in values:
        return []
    gone = set(skipped)
    values = [moment(value) for at, value in enumerate(values) if at not in gone]
    start = datetime.datetime(1970, 1, 1)
    if values and values[0].tzinfo is not None:
        start = start.replace(tzinfo=datetime.timezone.utc)
    return [(value - start).total_seconds() for value in values]
