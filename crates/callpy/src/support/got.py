# --- what a value is, in words, and how to convert it if another was expected


def what(value):
    """A value's type as an error message names it."""
    kind = type(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, numpy.ndarray):
        return _what_array(numpy, value)
    if numpy is not None and issubclass(kind, numpy.generic) and value.dtype.kind in "mM":
        # Two of these differ in their units.
        return "a %s%s" % (value.dtype, " that is NaT" if numpy.isnat(value) else "")
    if value is None:
        return "None"
    # A class that code makes as it runs may have no module.
    name, module = kind.__qualname__, getattr(kind, "__module__", None)
    if isinstance(module, str) and module not in ("builtins", "__main__"):
        name = module + "." + name
    return ("an " if name[:1].lower() in "aeiou" else "a ") + name


def _what_array(numpy, array):
    if array is getattr(sys.modules.get("numpy.ma.core"), "masked", None):
        return "numpy.ma.masked"
    dtype = array.dtype
    order = "" if dtype.isnative else " of foreign byte order"
    if dtype.kind in "biufc":
        dtype = dtype.newbyteorder("=")
    shape = "x".join(map(str, array.shape)) or "0-d"
    masked = " masked" if is_masked(array) else "n"
    return "a%s array of %s%s (%s)" % (masked, dtype, order, shape)


def shown(value):
    """A short value as Python writes it; of a long one what it is."""
    kind = type(value)
    if issubclass(kind, int) and kind is not bool and int.bit_length(value) > 128:
        return "an int of %d bits" % int.bit_length(value)
    if issubclass(kind, (str, bytes)) and len(value) > 40:
        unit = "characters" if issubclass(kind, str) else "bytes"
        return "a %s of %d %s" % (kind.__name__, len(value), unit)
    return utf8(repr(value))


def got(value, wanted, expected, language):
    """What was got where a `value`, a `list`, an `array` or an `element` was wanted, and the fix.

    Fixes are in Python, which all programs can change, or in the program's own language.
    """
    kind = type(value)
    if kind in (bool, int, float, str, bytes):
        text = shown(value)
        text = text if text.startswith("a") else "the %s %s" % (kind.__name__, text)
    elif hasattr(kind, "__members__"):
        text = "%s.%s" % (kind.__name__, value._name_)
    elif issubclass(kind, (tuple, list)):
        text = "%s of %d" % (what(value), tuple.__len__(value) if issubclass(kind, tuple) else list.__len__(value))
    else:
        text = what(value)
    fix = _fix(value, kind, wanted, expected, language)
    return "%s (%s)" % (text, fix) if fix else text


def _fix(value, kind, wanted, expected, language):
    # The type is asked, not the instance, which may answer to any name.
    def has(*names):
        return all(hasattr(kind, name) for name in names)

    numpy = sys.modules.get("numpy")
    if is_masked(value):
        return "use .filled()"
    if has("__await__"):
        return "it is async: have Python await it, as asyncio.run() does"
    if has("__anext__"):
        return "it is async: have Python collect it in an async for"
    if numpy is not None and issubclass(kind, (numpy.ndarray, numpy.generic)):
        return _fix_numpy(value, wanted, expected, language)
    if wanted == "element" and getattr(kind, "__module__", None) == "datetime" and "[" in expected:
        name, unit = expected[:-1].split("[")
        return "use numpy.%s(…, '%s')" % (name, unit)
    if wanted == "value" and has("as_py"):
        return "use .as_py()"
    if wanted == "value" and has("item") and has("shape"):
        return "use .item()"
    if has("collect", "lazy"):
        return "use .collect()"
    if has("compute", "__dask_graph__"):
        return "use .compute()"
    if wanted == "list":
        return _fix_list(kind, has)
    if wanted == "array":
        return _fix_array(kind, has)
    return None


def _fix_numpy(value, wanted, expected, language):
    if wanted == "element" and value.dtype.kind in "mM" and expected.startswith(value.dtype.name.split("[")[0]):
        return "use .astype('%s')" % expected
    if wanted == "array" and getattr(value, "shape", ()) == () and not hasattr(type(value), "__len__"):
        return "use numpy.asarray()"
    if wanted == "array" and value.dtype.kind in "biufcmM":
        return "use Cast to convert, or .astype()" if language == "Rust" else "use .astype()"
    if wanted == "flat":
        return "use .ravel()"
    if wanted == "list" and value.ndim:
        # A list of times in nanoseconds has ints.
        return "use list()" if value.dtype.kind in "mM" else "use .tolist()"
    if wanted in ("value", "element") and value.ndim and value.size == 1:
        return "use .item()"
    return None


def _fix_list(kind, has):
    # Its items would be the names of its columns.
    if has("columns"):
        return "use one of its columns"
    for method in ("to_pylist", "to_list", "tolist"):
        if has(method):
            return "use .%s()" % method
    if has("__iter__") and not issubclass(kind, (str, bytes, dict)):
        return "use list()"
    return None


def _fix_array(kind, has):
    if has("toarray"):
        return "use .toarray()"
    if has("to_numpy"):
        return "use .to_numpy()"
    if has("to_pandas"):
        return "use .to_pandas().to_numpy()"
    if has("detach", "cpu", "numpy"):
        return "use .detach().cpu().numpy()"
    if has("numpy"):
        return "use .numpy()"
    if has("__cuda_array_interface__", "get"):
        return "use .get()"
    if has("__next__"):
        return "use numpy.array(list(…))"
    if has("__iter__") and not issubclass(kind, (str, bytes, dict, set, frozenset)):
        return "use numpy.asarray()"
    if has("__array__") or has("__array_interface__") or has("__dlpack__"):
        return "use numpy.asarray()"
    return None
