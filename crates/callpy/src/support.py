"""What callpy does in Python, where Python says it better than C.

Runs once in a module that is not in sys.modules. It imports nothing that a plain start does not.
"""

import sys

# The name under which this file is compiled.
_HERE = "<callpy>"


class _Lent:
    """The base of every array that callpy lends: no buffer, so such an array stays read-only."""

    __slots__ = ()

    def __repr__(self):
        return "<memory lent by callpy for one call>"


LENT = _Lent()


def after_start():
    # Python must not believe that SIGINT is its own: asyncio.run would then take it from the host.
    import _signal

    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def end():
    """Does what python does at its end, in its order, but for finalising."""
    threading = sys.modules.get("threading")
    if threading is not None:
        # Joins the threads that are not daemons, and tells executors to let their workers go.
        try:
            threading._shutdown()
        except BaseException:
            pass
    try:
        import atexit

        atexit._run_exitfuncs()
    except BaseException:
        pass  # atexit has printed it
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def numpy_table():
    import numpy

    major = int(numpy.__version__.split(".")[0])
    package = "numpy._core" if major >= 2 else "numpy.core"
    __import__(package + "._multiarray_umath")
    return sys.modules[package + "._multiarray_umath"]._ARRAY_API


# --- targets


def _find_spec(name):
    import importlib.util

    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


def load_file(path):
    """Imports a .py file, by its own name where that leads to it.

    Its folder goes to the end of sys.path: the file finds its neighbours, and none of them takes
    the place of a standard module.
    """
    import importlib.util
    import os
    from importlib.machinery import SourceFileLoader

    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    name = name[:-3] if name.endswith(".py") else name
    if folder not in sys.path:
        sys.path.append(folder)
    if "." not in name:
        spec = _find_spec(name)
        if spec is not None and spec.origin and os.path.realpath(spec.origin) == path:
            return importlib.import_module(name)
    name = "callpy_file:" + path
    loader = SourceFileLoader(name, path)

    def make():
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        return importlib.util.module_from_spec(spec)

    return _load_once(name, make, loader.exec_module)


def load_source(name, filename, source):
    """Runs source text as a module; tracebacks show its lines though there may be no such file."""

    def make():
        module = type(sys)(name)
        module.__file__ = filename
        return module

    def execute(module):
        import linecache

        # Without a modification time, linecache never looks for a newer file.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)

    return _load_once(name, make, execute)


_LOADING = {}


def _load_once(name, make, execute):
    """Does as an import does: whoever comes second waits until the module is whole."""
    import _thread

    with _LOADING.setdefault(name, _thread.RLock()):
        if name not in sys.modules:
            sys.modules[name] = module = make()
            try:
                execute(module)
            except BaseException:
                sys.modules.pop(name, None)
                raise
        return sys.modules[name]


def add_path(folder):
    if folder not in sys.path:
        sys.path.insert(0, folder)


def callables(owner, wanted):
    """The names of what can be called in an object, the likeliest of them if they are many."""
    module = getattr(owner, "__name__", None) if isinstance(owner, type(sys)) else None
    names = []
    for name, value in list(vars(owner).items()) if hasattr(owner, "__dict__") else ():
        own = module is None or getattr(value, "__module__", module) == module
        if callable(value) and own and not name.startswith("_"):
            names.append(name)
    if len(names) > 8:
        from difflib import get_close_matches

        names = get_close_matches(wanted, names, 3) or names[:8]
    return names


def signature(function):
    """The parameters as callpy's generator writes them, without hints: (a, /, b=..., *args, c)."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    parts, slash, star = [], False, False
    for parameter in parameters:
        kind = parameter.kind
        if slash and kind != parameter.POSITIONAL_ONLY:
            parts.append("/")
        slash = kind == parameter.POSITIONAL_ONLY
        if kind == parameter.KEYWORD_ONLY and not star:
            parts.append("*")
        star = star or kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY)
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(kind, "")
        default = "" if parameter.default is parameter.empty else "=..."
        parts.append(stars + parameter.name + default)
    if slash:
        parts.append("/")
    return "(%s)" % ", ".join(parts)


# --- results


def plain(value):
    """A NumPy number or bool, alone or in a 0-d array, as Python's own; others as they are.

    A datetime64 in nanoseconds has an int for its item, and what is masked has 0: both are others.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray)):
        if value.ndim == 0 and value.dtype.kind in "biuf" and not is_masked(value):
            return value.item()
    return value


def dtype(name):
    import numpy

    return numpy.dtype(name)


def struct_dtype(fields, size):
    import numpy

    names, formats, offsets = zip(*fields)
    spec = {"names": names, "formats": formats, "offsets": offsets, "itemsize": size}
    return numpy.dtype(spec)


def is_swapped(found, wanted):
    """Whether a dtype is the wanted one in foreign byte order."""
    return found != wanted and found.newbyteorder("=") == wanted


def cast(value, dtype):
    """A copy of an array, or a NumPy scalar, in another dtype; None for what is neither."""
    numpy = sys.modules["numpy"]
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return numpy.asarray(value).astype(dtype)
    return None


def as_array(value, dtype):
    """A scalar as an array of one; None where that would convert it."""
    numpy = sys.modules["numpy"]
    array = numpy.asarray(value)
    # A Python complex may become a complex64, and text become longer; nothing else changes.
    own = not isinstance(value, numpy.generic) and array.dtype.kind == dtype.kind
    fits = own and (dtype.kind == "c" or array.dtype.itemsize <= dtype.itemsize)
    if array.ndim == 0 and (array.dtype == dtype or fits):
        return array.astype(dtype).reshape(1)
    return None


def native(array):
    """A copy in this machine's byte order."""
    return array.astype(array.dtype.newbyteorder("="))


make_set = set


def set_items(value):
    return list(value) if isinstance(value, (set, frozenset)) else None


def is_masked(array):
    # Another thread may be about to import the module: then there is no masked array yet.
    kind = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    return kind is not None and isinstance(array, kind)


def what(value):
    """A value's type as an error message names it."""
    kind = type(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        order = "" if value.dtype.isnative else " of foreign byte order"
        shape = "x".join(map(str, value.shape)) or "0-d"
        return "an array of %s%s (%s)" % (value.dtype, order, shape)
    if value is None:
        return "None"
    name, module = kind.__qualname__, kind.__module__
    if isinstance(module, str) and module not in ("builtins", "__main__"):
        name = module + "." + name
    return ("an " if name[:1].lower() in "aeiou" else "a ") + name


# --- exceptions


def describe(exception):
    """The exception as nested tuples of text."""
    return _describe(exception, set())


def _text(make):
    try:
        return make().encode("utf-8", "backslashreplace").decode("utf-8")
    except BaseException as error:
        return "<%s while this was made into text>" % type(error).__name__


def _outside(traceback):
    """A traceback without the frames of this file, and of the import that they began."""
    mine = False
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        mine = mine or file == _HERE
        if not mine or not (file == _HERE or "importlib" in file):
            break
        traceback = traceback.tb_next
    return traceback


def _describe(exception, seen):
    if exception is None or id(exception) in seen or len(seen) > 100:
        return None
    seen.add(id(exception))
    kind = type(exception)

    # Each exception has its whole chain in its traceback; in a long chain that becomes too much.
    chain = len(seen) <= 10

    def traceback():
        from traceback import format_exception

        return "".join(format_exception(kind, exception, _outside(exception.__traceback__), chain=chain))

    notes = getattr(exception, "__notes__", None)
    return (
        kind.__name__,
        str(getattr(kind, "__module__", "")),
        _text(lambda: str(exception)),
        _text(traceback),
        [_text(lambda: str(note)) for note in notes] if isinstance(notes, (list, tuple)) else [],
        _describe(exception.__cause__, seen),
        _describe(exception.__context__, seen),
    )


# --- loans that do not end


class _Search:
    """Finds who holds a lent array.

    The collector knows containers, not arrays: so each container's contents are followed down to
    the lent array, through views, memoryviews and the small containers it does not track. This
    object and the frames of this file are left out.
    """

    def __init__(self, lent):
        self.lent = lent
        self.modules = {}
        for name, module in list(sys.modules.items()):
            if isinstance(module, type(sys)):
                self.modules[id(module.__dict__)] = name

    def leads(self, value, depth=0):
        numpy = sys.modules["numpy"]
        while value is not self.lent:
            if isinstance(value, numpy.ndarray):
                value = value.base
            elif isinstance(value, memoryview):
                value = value.obj
            else:
                break
        else:
            return True
        if depth < 3 and isinstance(value, (tuple, dict, set, frozenset)):
            import gc

            if not gc.is_tracked(value):
                for item in gc.get_referents(value):
                    if self.leads(item, depth + 1):
                        return True
        return False

    def is_mine(self, owner):
        import types

        if owner is self or owner is self.__dict__:
            return True
        if isinstance(owner, types.FrameType):
            return owner.f_code.co_filename == _HERE
        # The argument tuple of the call that led here, before Python 3.10.
        return type(owner) is tuple and len(owner) == 1 and owner[0] is self.lent

    def owners(self):
        import gc

        found = []
        for owner in gc.get_objects():
            if owner is found or self.is_mine(owner):
                continue
            for value in gc.get_referents(owner):
                if self.leads(value):
                    found.append(owner)
                    break
        return found

    def keys(self, mapping):
        found = []
        for key, value in list(mapping.items()):
            if self.leads(value):
                found.append(repr(key))
        return found

    def describe(self, owner):
        import types

        if id(owner) in self.modules:
            module = self.modules[id(owner)]
            return ["the global %s of module %s" % (key, module) for key in self.keys(owner)]
        if isinstance(owner, types.FrameType):
            return [self.frame(owner)]
        if isinstance(owner, types.FunctionType):
            return ["a default argument of the function %s" % owner.__qualname__]
        if isinstance(owner, types.CellType):
            return ["a variable of a closure" + self.parent(owner)]
        if isinstance(owner, (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)):
            return ["the %s %s, which has not ended" % (type(owner).__name__, owner.__qualname__)]
        if isinstance(owner, types.MethodType):
            return ["the method %s" % owner.__qualname__]
        attributes = owner if isinstance(owner, dict) else getattr(owner, "__dict__", None)
        keys = self.keys(attributes) if isinstance(attributes, dict) else []
        under = " under " + ", ".join(keys) if keys else ""
        return [what(owner) + under + self.parent(owner)]

    def frame(self, frame):
        code = frame.f_code
        place = (code.co_name, code.co_filename, frame.f_lineno or code.co_firstlineno)
        return "a local of %s (%s:%d)" % place

    def parent(self, owner):
        """Where an owner without a name of its own is to be found."""
        import gc
        import types

        for outer in gc.get_referrers(owner):
            if id(outer) in self.modules:
                for key, value in list(outer.items()):
                    if value is owner:
                        return ", the global %r of module %s" % (key, self.modules[id(outer)])
            if isinstance(outer, types.FunctionType):
                for cell in outer.__closure__ or ():
                    if cell is owner:
                        return " of the function %s" % outer.__qualname__
        return ""

    def running(self):
        """The locals of frames that run, which the collector does not see since Python 3.11."""
        found = []
        for frame in sys._current_frames().values():
            while frame is not None:
                if frame.f_code.co_filename != _HERE:
                    for value in list(frame.f_locals.values()):
                        if self.leads(value):
                            found.append(self.frame(frame) + ", which still runs")
                            break
                frame = frame.f_back
        return found


def release(lent):
    """Ends what holds a lent array by oversight: cycles, and the finished frames of tracebacks."""
    import gc
    import types

    gc.collect()
    generators = 0x20 | 0x80 | 0x200  # inspect.CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
    for owner in _Search(lent).owners():
        if isinstance(owner, types.FrameType) and not owner.f_code.co_flags & generators:
            try:
                owner.clear()
            except RuntimeError:
                pass  # it still runs
    owner = None
    gc.collect()


def holders(lent):
    """Who holds a lent array, in words."""
    search = _Search(lent)
    found = []
    for owner in search.owners():
        try:
            found.extend(search.describe(owner))
        except Exception:
            found.append(what(owner))
    found.extend(search.running())
    return list(dict.fromkeys(found))
