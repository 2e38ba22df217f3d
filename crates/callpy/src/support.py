"""What callpy does in Python, where Python says it better than C.

Runs once in a module that is not in sys.modules. It imports nothing that a plain start does not.
"""

import gc
import sys

# The name under which this file is compiled.
_HERE = "<callpy>"


# The base of every array that callpy lends. Of a type that has no buffer and that nobody can give one
# (since Python 3.12 a class may get a __buffer__ at any time), so that the array stays read-only.
LENT = "memory lent by callpy for one call"


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
            # Up to 3.12 it would join the thread that first imported threading as well, or insist
            # that this is that thread and has not ended. Here it is a thread like any other.
            main = threading._main_thread
            if hasattr(main, "_tstate_lock"):
                main._ident = threading.get_ident()
                main._is_stopped = False
                main._tstate_lock = main._tstate_lock or threading.Lock()
                main._tstate_lock.acquire(False)
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


def drop_at_exit(value):
    import atexit

    atexit.register([value].clear)


def numpy_table():
    import numpy

    major = int(numpy.__version__.split(".")[0])
    package = "numpy._core" if major >= 2 else "numpy.core"
    __import__(package + "._multiarray_umath")
    return sys.modules[package + "._multiarray_umath"]._ARRAY_API


def has_interpreter_lock():
    return getattr(sys, "_is_gil_enabled", lambda: True)()


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
    """A copy in this machine's byte order; not of the subclass, nor by its methods."""
    array = exact_copy(array)
    return array.astype(array.dtype.newbyteorder("="))


def exact_copy(array):
    """A copy that is an ndarray and of no subclass."""
    return sys.modules["numpy"].array(array, order="C", subok=False)


def copied_out(value, depth=0):
    """A result without views of lent memory, and how many bytes were copied for that.

    Tuples, lists and dicts of views are made anew; where there is none, the value stays as it is.
    """
    ndarray = sys.modules["numpy"].ndarray
    kind = type(value)
    if issubclass(kind, ndarray):
        base = value
        while issubclass(type(base), ndarray):
            base = ndarray.base.__get__(base)
        return (ndarray.copy(value), ndarray.nbytes.__get__(value)) if base is LENT else (value, 0)
    if depth > 8 or not (issubclass(kind, tuple) or kind is list or kind is dict):
        return value, 0
    items = [copied_out(item, depth + 1) for item in (value.values() if kind is dict else value)]
    copied = sum(item[1] for item in items)
    if not copied:
        return value, 0
    items = [item[0] for item in items]
    if kind is dict:
        return dict(zip(value, items)), copied
    return (items if kind is list else tuple.__new__(kind, items)), copied


make_set = set


def set_items(value):
    return list(value) if isinstance(value, (set, frozenset)) else None


def is_masked(array):
    # NumPy imports it when it is first asked for, on another thread perhaps at this very moment.
    kind = getattr(sys.modules.get("numpy.ma.core"), "MaskedArray", None)
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

# Bound here, since programs replace what modules hold.
collect = gc.collect


class _Search:
    """Finds who holds a lent array.

    The collector knows containers, not arrays: so each container's contents are followed down to
    the lent array, through views, memoryviews and the small containers it does not track. What this
    file itself holds meanwhile is left out.
    """

    def __init__(self, lent):
        import types

        self.types = types
        self.ndarray = type(lent)
        self.address = id(lent)
        first = lent.__array_interface__["data"][0]
        self.memory = range(first, first + lent.nbytes)
        self.transparent = {}
        self.mine = []
        self.modules = {}
        for name, module in list(sys.modules.items()):
            if isinstance(module, types.ModuleType):
                self.modules[id(module.__dict__)] = name

    def sees_through(self, kind):
        """Whether objects of a type are not the collector's, and may lead further."""
        known = self.transparent.get(kind)
        if known is None:
            known = issubclass(kind, (self.ndarray, memoryview, tuple, dict)) or kind.__name__ in (
                "flatiter",
                "nditer",
            )
            self.transparent[kind] = known
        return known

    def leads(self, value, depth=0):
        array = None
        while id(value) != self.address:
            kind = type(value)
            if not self.sees_through(kind):
                break
            if issubclass(kind, self.ndarray):
                array = value
                value = self.ndarray.base.__get__(value)
            elif kind is memoryview:
                try:
                    value = value.obj
                except ValueError:
                    return False  # it was released
            elif kind.__name__ == "flatiter":
                value = value.base
            else:
                break
        else:
            return True
        items = ()
        if array is not None:
            if array.size and self.ndarray.__array_interface__.__get__(array)["data"][0] in self.memory:
                return True
            if array.dtype.hasobject:
                items = list(array.flat)[:1000]
        elif self.sees_through(type(value)):
            if type(value).__name__ == "nditer":
                items = value.operands
            elif not gc.is_tracked(value):
                items = gc.get_referents(value)
        if depth < 3:
            for item in items:
                if self.leads(item, depth + 1):
                    return True
        return False

    def is_mine(self, owner):
        if owner is self or owner is self.__dict__ or owner is self.mine:
            return True
        for mine in self.mine:
            if owner is mine:
                return True
        if type(owner) is self.types.FrameType:
            return owner.f_code.co_filename == _HERE
        # The argument tuple of the call that led here, before Python 3.10.
        return type(owner) is tuple and len(owner) == 1 and id(owner[0]) == self.address

    def stacks(self):
        """The frames that run, thread by thread."""
        return [_stack(frame) for frame in sys._current_frames().values()]

    def owners(self):
        """The objects, known to the collector, that hold the array."""
        running = set()
        for stack in self.stacks():
            running.update(map(id, stack))
        found = []
        self.mine.append(found)
        for owner in gc.get_objects():
            if self.is_mine(owner) or id(owner) in running:
                continue
            for value in gc.get_referents(owner):
                if id(value) == self.address or (
                    self.sees_through(type(value)) and self.leads(value)
                ):
                    found.append(owner)
                    break
        return found

    def keys(self, mapping, leads):
        found = []
        for key, value in list(mapping.items()):
            if leads(value):
                found.append(key if isinstance(key, str) else repr(key))
        return ", ".join(repr(key)[:60] if isinstance(key, str) else key for key in found[:4])

    def path(self, owner):
        """How an owner holds the array, and where the owner is to be found."""
        words, owner = self.link(owner, self.leads)
        parts = [words]
        while owner is not None and len(parts) < 6:
            outer = self.outer(owner)
            if outer is None:
                break
            words, owner = self.link(outer, _Is(id(owner)))
            parts.append(words)
        return ", which is ".join(parts)

    def outer(self, owner):
        """The holder of an owner, by which it is known best."""
        self.mine.append(owner)
        referrers = gc.get_referrers(owner)
        self.mine.append(referrers)
        best, rank = None, 0
        for outer in referrers:
            if self.is_mine(outer):
                continue
            if type(owner) is self.types.CellType and type(outer) is tuple:
                for function in gc.get_referrers(outer):
                    if getattr(function, "__closure__", None) is outer:
                        return function
            if id(outer) in self.modules:
                return outer
            kind = type(outer)
            own = 1 if kind in (self.types.FrameType, tuple, list) else 2
            if getattr(outer, "__dict__", None) is owner or isinstance(outer, type):
                own = 3
            if own > rank:
                best, rank = outer, own
        return best

    def link(self, owner, leads):
        """How an owner holds something, and the object to go on from; none where that says it all."""
        types = self.types
        kind = type(owner)
        if id(owner) in self.modules:
            return "the global %s of module %s" % (self.keys(owner, leads), self.modules[id(owner)]), None
        if kind is types.FrameType:
            for outer in gc.get_referrers(owner):
                if _frame_of(types, outer) is owner:
                    return self.link(outer, leads)
            return self.local(owner, leads), None
        if kind is types.FunctionType:
            name = owner.__qualname__
            held = self.keys(owner.__dict__, leads)
            if held:
                return "the attribute %s of the function %s" % (held, name), None
            for value in (owner.__defaults__ or ()) + tuple((owner.__kwdefaults__ or {}).values()):
                if leads(value):
                    return "a default argument of the function %s" % name, owner
            return "the function " + name, owner
        if kind is types.CellType:
            return "a variable of a closure", owner
        if kind in (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType):
            name = {types.CoroutineType: "coroutine", types.GeneratorType: "generator"}
            words = "the %s %s" % (name.get(kind, "asynchronous generator"), owner.__qualname__)
            return words + ", which has not ended", owner
        if kind in (types.MethodType, types.BuiltinMethodType):
            return "the bound method %s" % owner.__qualname__, owner
        if isinstance(owner, type):
            return "the class attribute %s of %s" % (self.keys(vars(owner), leads), owner.__qualname__), None
        if isinstance(owner, dict):
            outer = self.outer(owner)
            thread_local = type(outer).__name__ == "_local"
            if isinstance(outer, type) or thread_local or getattr(outer, "__dict__", None) is owner:
                return self.link(outer, leads)
            return "%s under %s" % (what(owner), self.keys(owner, leads)), owner
        if isinstance(owner, (list, tuple)):
            for index, value in enumerate(owner):
                if leads(value):
                    return "item %d of %s" % (index, what(owner)), owner
        attributes = getattr(owner, "__dict__", None)
        held = self.keys(attributes, leads) if isinstance(attributes, dict) else ""
        if not held:
            slots = {}
            for base in kind.__mro__:
                for name, slot in vars(base).items():
                    if type(slot) is types.MemberDescriptorType:
                        try:
                            slots[name] = slot.__get__(owner)
                        except Exception:
                            pass
            held = self.keys(slots, leads)
        if held:
            return "the attribute %s of %s" % (held, what(owner)), owner
        return what(owner), owner

    def local(self, frame, leads):
        code = frame.f_code
        held = self.keys(frame.f_locals, leads)
        return "%s of %s (%s:%d)" % (
            "the local " + held if held else "a local",
            code.co_name,
            code.co_filename,
            frame.f_lineno or code.co_firstlineno,
        )

    def running(self):
        """The locals of frames that run, which the collector does not see since Python 3.11."""
        found = []
        others = [] if _LOCKED else [id(stack[0]) for stack in _other_stacks().values() if stack]
        for stack in self.stacks():
            if stack and id(stack[0]) in others:
                continue
            for frame in stack:
                for value in list(frame.f_locals.values()):
                    if self.leads(value):
                        found.append(self.local(frame, self.leads) + ", which still runs")
                        break
        return found

    def in_context(self):
        """The context variables of this thread."""
        contextvars = sys.modules.get("contextvars")
        found = []
        for variable, value in contextvars.copy_context().items() if contextvars else ():
            if self.leads(value):
                found.append("the context variable %r" % variable.name)
        return found


class _Is:
    def __init__(self, address):
        self.address = address

    def __call__(self, value):
        return id(value) == self.address


# Where there is no lock, the locals of a frame that another thread runs must not be looked at.
_LOCKED = has_interpreter_lock()


def _stack(frame):
    """A thread's frames; not this file's, which would be a cycle with the list as their local."""
    frames = []
    while frame is not None:
        if frame.f_code.co_filename != _HERE:
            frames.append(frame)
        frame = frame.f_back
    return frames


def _untraced(work, lent):
    """Runs work without this thread's tracer, which could keep the frames, and so the array."""
    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(None)
    sys.setprofile(None)
    try:
        return work(lent)
    finally:
        del lent
        sys.setprofile(profiler)
        sys.settrace(tracer)


def release(lent):
    """Clears the finished frames that hold a lent array: those of tracebacks that somebody keeps."""
    try:
        _untraced(_release, lent)
    finally:
        del lent


def _release(lent):
    search = _Search(lent)
    frames = []
    suspended = set()
    types = search.types
    for owner in gc.get_objects():
        if type(owner) is types.FrameType:
            if owner.f_code.co_filename != _HERE:
                frames.append(owner)
        else:
            suspended.add(id(_frame_of(types, owner)))
    for stack in search.stacks():
        suspended.update(map(id, stack))
    for frame in frames:
        if id(frame) not in suspended and _reaches(search, gc.get_referents(frame)):
            try:
                frame.clear()
                frame.f_locals  # brings a snapshot that somebody took up to date
            except RuntimeError:
                pass  # it runs again
    gc.collect()


def _frame_of(types, owner):
    """The frame of a generator or its like that has not ended."""
    kind = type(owner)
    if kind is types.GeneratorType:
        return owner.gi_frame
    if kind is types.CoroutineType:
        return owner.cr_frame
    if kind is types.AsyncGeneratorType:
        return owner.ag_frame
    return None


def _reaches(search, todo):
    """Whether objects lead to the lent array; yes too where they lead to too much."""
    types = search.types
    seen = {}
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        if search.leads(value):
            return True
        if len(seen) > 20000:
            return True
        seen[id(value)] = value
        if not gc.is_tracked(value) or id(value) in search.modules:
            continue
        if not isinstance(value, (type, types.ModuleType, types.FrameType)):
            todo.extend(gc.get_referents(value))
    return False


def others_hold(lent):
    """Whether another thread works with a lent array, and may yet let go of it."""
    try:
        return _untraced(_others_hold, lent)
    finally:
        del lent


def _others_hold(lent):
    stacks = [stack for stack in _other_stacks().values() if stack]
    if not _LOCKED:
        return bool(stacks)
    search = _Search(lent)
    for stack in stacks:
        for frame in stack:
            if _reaches(search, list(frame.f_locals.values())):
                return True
    return False


def _other_stacks():
    import _thread

    own = _thread.get_ident()
    stacks = {thread: _stack(frame) for thread, frame in sys._current_frames().items()}
    stacks.pop(own, None)
    return stacks


def holders(lent):
    """Who holds a lent array, in words."""
    try:
        return _untraced(_holders, lent)
    finally:
        del lent


def _holders(lent):
    search = _Search(lent)
    found = []
    for owner in search.owners():
        try:
            found.append(search.path(owner))
        except Exception:
            found.append(what(owner))
    found.extend(search.running())
    found.extend(search.in_context())
    return list(dict.fromkeys(found))
