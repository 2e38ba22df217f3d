"""What callpy does in Python, since it is simpler there than in Rust.

Runs once in a module that is not in sys.modules. It imports nothing that a plain start does not.
"""

import builtins
import gc
import math
import sys

# The name under which this file is compiled.
_HERE = "<callpy>"


# The base of every array that callpy lends. Its type has no buffer and can't be given one
# (since Python 3.12 a class may get a __buffer__ at any time), so that the array stays read-only.
LENT = "memory lent by callpy for one call"


def after_start():
    # If Python took SIGINT for its own, asyncio.run would take it from the host.
    import _signal

    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def complete_path(folders):
    if not set(folders) <= set(sys.path):
        sys.path[:] = folders + [folder for folder in sys.path if folder not in folders]


def differences(expected):
    """The settings that differ from those of the executable."""
    found = [(name, value, ascii(eval(name))) for name, value in expected]
    return ["%s is %s, and %s in the executable" % (n, own, v) for n, v, own in found if own != v]


def enable_interrupts():
    import _signal

    # A joined Python may have a handler of the program's own, which stays.
    if _signal.getsignal(_signal.SIGINT) in (_signal.SIG_DFL, _signal.SIG_IGN, None):
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)


def end():
    """Does what python does at its end, in the same order, except finalising."""
    over = _say_what_takes_long()
    try:
        _join_threads()
        _run_exit_handlers()
        _flush()
    finally:
        over.release()


def _join_threads():
    """Joins the threads that are not daemons, and tells executors to let their workers go."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
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


def _run_exit_handlers():
    try:
        import atexit

        atexit._run_exitfuncs()
    except BaseException:
        pass  # atexit has printed it


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def _say_what_takes_long():
    """Another thread says on stderr, after a second, what the end is waiting for.

    Returns a lock to release when it is over.
    """
    import _thread

    over = _thread.allocate_lock()
    over.acquire()

    def watch():
        if not over.acquire(timeout=1):
            try:
                import os

                os.write(2, ("callpy: Python cannot end yet: waiting for %s\n" % _awaited()).encode(errors="backslashreplace"))
            except OSError:
                pass

    try:
        _thread.start_new_thread(watch, ())
    except RuntimeError:
        pass  # no more threads can be had
    return over


def _awaited():
    threading = sys.modules.get("threading")
    threads = threading.enumerate() if threading is not None else ()
    names = [it.name for it in threads if not it.daemon and it is not threading.main_thread()]
    if not names:
        return "its exit handlers (atexit)"
    return "threads that are not daemons: " + ", ".join(names)


def at_exit(function):
    import atexit

    atexit.register(function)


def numpy_table():
    import numpy

    major = int(numpy.__version__.split(".")[0])
    package = "numpy._core" if major >= 2 else "numpy.core"
    __import__(package + "._multiarray_umath")
    return sys.modules[package + "._multiarray_umath"]._ARRAY_API


def has_interpreter_lock():
    return getattr(sys, "_is_gil_enabled", lambda: True)()


# --- the base frame


def base_frame(call):
    """A function that calls `call` from a frame like that of a script's top level.

    Without the flags CO_OPTIMIZED and CO_NEWLOCALS, a frame's locals are its globals. What it calls is
    a variable of the closure, which is not among them.
    """
    import __main__

    function = lambda: call()
    code = function.__code__.replace(
        co_flags=function.__code__.co_flags & ~3, co_name="<module>", co_filename=_HERE
    )
    return type(function)(code, vars(__main__), "<module>", None, function.__closure__)


def calls_nothing(function):
    """Whether a function only passes its arguments and constants on."""
    if type(function) is not type(calls_nothing):
        return False
    from opcode import opname

    inert = {"BUILD_LIST", "BUILD_TUPLE", "CACHE", "EXTENDED_ARG", "NOP", "POP_TOP", "RESUME"}
    for operation in set(function.__code__.co_code[::2]):
        name = opname[operation]
        begins = name.startswith(("LOAD_CONST", "LOAD_FAST", "LOAD_SMALL_INT", "STORE_FAST"))
        if not (begins or name in inert or name in ("RETURN_CONST", "RETURN_VALUE")):
            return False
    return True


# --- targets


def add_path(folder):
    if folder not in sys.path:
        sys.path.insert(0, folder)


def callables(owner, wanted):
    """The names of an object's callables; if they are many, the likeliest."""
    module = getattr(owner, "__name__", None) if isinstance(owner, type(sys)) else None
    names = []
    if isinstance(owner, (type, type(sys))):
        found = list(vars(owner).items())
    else:
        found = [(name, getattr(type(owner), name, None)) for name in dir(type(owner))]
    for name, value in found:
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


# --- what callables are learned by


class _Example:
    def method(self):
        pass


# Of Python functions, and of their bound methods.
_FUNCTION, _METHOD = type(_Example.method), type(_Example().method)
# Of functions in C, which may be methods of their `__self__`.
_BOUND_IN_C = type(len), type("".__len__)


def subject(called):
    """The function that a callable runs, its class if it is a method, and the object that holds what it
    may call."""
    kind = type(called)
    if kind is _FUNCTION or isinstance(called, type):
        return called, None, None
    if kind is _METHOD:
        owner = called.__self__
        if isinstance(owner, type):
            return called.__func__, owner, None
        return called.__func__, type(owner), owner
    functools = sys.modules.get("functools")
    if functools is not None and isinstance(called, functools.partial):
        function, cls, holder = subject(called.func)
        held = called.args + tuple(called.keywords.values())
        return function, cls, held if holder is None else (holder,) + held
    if kind in _BOUND_IN_C:
        owner = called.__self__
        if owner is None or isinstance(owner, type(sys)):
            return called, None, None
        if called.__name__ == "__call__":
            # Of a function, say: its class has one `__call__` for all of them.
            return subject(owner)
        # This object was made when the method was looked up; what lies in the class stays.
        classes = (owner, type(owner)) if isinstance(owner, type) else (type(owner),)
        for cls in classes:
            for base in cls.__mro__:
                found = vars(base).get(called.__name__)
                # Not what Python code has put before it: this is the method that `super()` led to.
                if found is not None and type(found) is not _FUNCTION:
                    return found, classes[0], None if owner is classes[0] else owner
        return called, None, None
    if type(kind.__call__) is _FUNCTION:
        return kind.__call__, kind, called
    return called, None, None


# By address: a note, and what must be freed before it is dropped.
_NOTES = {}
# Those that keep a function, since it can't be referred to weakly.
_KEEPING = {}


def note_end(function, others, note):
    """Drops a note when a function is freed, or one of the others."""
    import _weakref

    kept = [note]

    def gone(_):
        kept.clear()
        _NOTES.pop(id(kept), None)
        _KEEPING.pop(id(kept), None)

    try:
        kept.append(_weakref.ref(function, gone))
    except TypeError:
        kept.append(function)
        _KEEPING[id(kept)] = gone, kept
        _look_at_oldest_kept()
    kept.extend(_weakref.ref(other, gone) for other in others)
    _NOTES[id(kept)] = kept


def _look_at_oldest_kept():
    """Drops the notes of functions that nothing else keeps.

    Two for each that comes, so that there are never many of them, whatever memory they have.
    """
    for _ in range(2):
        try:
            address = next(iter(_KEEPING))
            gone, kept = _KEEPING.pop(address)
        except (KeyError, RuntimeError, StopIteration):
            return  # another thread does so
        # One reference is the list's, one is the count's own.
        if sys.getrefcount(kept[1]) <= 2:
            gone(None)
        else:
            _KEEPING[address] = gone, kept


# --- results


def plain(value):
    """A NumPy number or bool, alone or in a 0-d array, as Python's own; others as they are.

    A datetime64 in nanoseconds has an int for its item, and what is masked has 0: both are others.
    """
    numpy = sys.modules.get("numpy")
    # Not isinstance: an object's __class__ may be anything, or raise.
    if numpy is not None and issubclass(type(value), (numpy.generic, numpy.ndarray)):
        if value.ndim == 0 and value.dtype.kind in "biufc" and not is_masked(value):
            return value.item()
    return value


def exact_float(value):
    number = int.__float__(value)
    return number if int.__eq__(int(number), value) else None


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
    """A copy of an array or of a single number in another dtype; None for what is neither, or masked."""
    numpy = sys.modules["numpy"]
    if issubclass(type(value), (numpy.ndarray, numpy.generic)):
        return None if is_masked(value) else numpy.asarray(value).astype(dtype)
    if dtype.kind in "iufc" and not hasattr(type(value), "__len__"):
        number = as_number(value, dtype.kind)
        return None if number is None else numpy.asarray(number).astype(dtype)
    return None


def as_array(value, dtype):
    """A scalar as an array of one; None where that would convert it, and for what is masked."""
    numpy = sys.modules["numpy"]
    if is_masked(value):
        return None
    if dtype.kind in "mM" and getattr(value, "tzinfo", None) is None:
        # pandas' scalars are NumPy's with more methods.
        for method in ("to_datetime64", "to_timedelta64"):
            if hasattr(type(value), method):
                value = getattr(value, method)()
    array = numpy.asarray(value)
    if dtype.names and array.ndim == 0 and array.dtype != dtype:
        made = packed(array, dtype)
        return None if made is None else made.reshape(1)
    if array.ndim != 0 or array.dtype != dtype and not _fits(value, array.dtype, dtype):
        return None
    with numpy.errstate(all="ignore"):
        made = array.astype(dtype)
    # As a float that is beyond the float32.
    is_other = dtype.kind == "c" and numpy.isfinite(made) != numpy.isfinite(array)
    return None if is_other else made.reshape(1)


def _fits(value, found, wanted):
    """Whether a scalar of one dtype may be one of another of its kind.

    A complex may become longer, and a Python complex a complex64; a Python text may become longer.
    """
    python = not issubclass(type(value), sys.modules["numpy"].generic)
    longer = found.itemsize <= wanted.itemsize
    is_complex = wanted.kind == "c"
    return found.kind == wanted.kind and (longer and (python or is_complex) or python and is_complex)


def native(array):
    """A copy in this machine's byte order; not of the subclass, nor by its methods."""
    array = exact_copy(array)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def packed(array, dtype):
    """A copy of an array of records with these fields only, in this layout; None if it has others."""
    made = sys.modules["numpy"].zeros(array.shape, dtype)
    return made if _copy_fields(exact_copy(array), made) else None


def _copy_fields(records, made):
    """Copies the fields that `made` has, and those of the records in them; False if there is no such field."""
    fields = records.dtype.fields
    if fields is None:
        return False
    for name in made.dtype.names:
        if name not in fields:
            return False
        found, wanted = fields[name][0], made.dtype.fields[name][0]
        if wanted.base.names:
            if found.shape != wanted.shape or not _copy_fields(records[name], made[name]):
                return False
        elif found.newbyteorder("=") == wanted:
            made[name] = records[name]
        else:
            return False
    return True


def exact_copy(array):
    """A copy that is an ndarray and of no subclass."""
    return sys.modules["numpy"].array(array, order="C", subok=False)


def compact_copy(array):
    """A copy in this machine's byte order and with valid bools; memory that is shown again is copied once."""
    return _compact(sys.modules["numpy"].asarray(array), lambda memory: _valid_bools(native(memory)))


def _compact(array, copied):
    """An array of the same elements over copies of its memory, where `copied` copies an array without gaps.

    Along a broadcast axis, and in windows that overlap, there are more elements than there is memory.
    """
    numpy = sys.modules["numpy"]
    once = array[tuple(slice(1 if stride == 0 else None) for stride in array.strides)]
    step, count = _reach(once)
    if count >= once.size or step < once.itemsize:
        copy = copied(once)
        return copy if copy.shape == array.shape else numpy.broadcast_to(copy, array.shape)
    # All elements are some steps from the lowest one: that memory is copied, and read in the same steps.
    lowest = once[tuple(slice(None, None, -1 if stride < 0 else None) for stride in once.strides)]
    memory = copied(numpy.lib.stride_tricks.as_strided(lowest, (count,), (step,), writeable=False))
    item = memory.itemsize
    strides = [stride // step * item if length > 1 else 0 for length, stride in zip(array.shape, array.strides)]
    first = sum((1 - length) * stride for length, stride in zip(array.shape, strides) if stride < 0)
    copy = numpy.ndarray(array.shape, memory.dtype, memory, first, strides)
    # As NumPy does with a broadcast array: a write to one element would change others.
    copy.flags.writeable = False
    return copy


def _reach(array):
    """The longest step that leads from the lowest element to every other, and how many positions that makes."""
    step, reach = 0, 0
    for length, stride in zip(array.shape, array.strides):
        if length > 1:
            step = math.gcd(step, stride)
            reach += (length - 1) * abs(stride)
    return step, reach // step + 1 if step else 1


def _own_copy(value):
    """A copy of an array, and how many bytes were copied for it."""
    ndarray = sys.modules["numpy"].ndarray
    if type(value) is not ndarray:
        return ndarray.copy(value), ndarray.nbytes.__get__(value)
    copy = _compact(value, ndarray.copy)
    return copy, (copy if copy.base is None else copy.base).nbytes


def _valid_bools(array):
    """The same, or bools of which each byte is 0 or 1."""
    return array.view("u1") != 0 if array.dtype.kind == "b" else array


def copied_out(value, copies, depth=0, done=None):
    """A result without views of what was passed for the call, and how many bytes were copied for that.

    That is lent memory, and the copies with these bases. Tuples, lists and dicts of views are copied
    as well; where there is none, the value stays as it is.
    """
    ndarray = sys.modules["numpy"].ndarray
    kind = type(value)
    if issubclass(kind, ndarray):
        base = value
        while issubclass(type(base), ndarray):
            base = ndarray.base.__get__(base)
        passed = base is LENT or any(base is copy for copy in copies)
        return _own_copy(value) if passed else (value, 0)
    if depth > 8 or not (issubclass(kind, tuple) or kind is list or kind is dict):
        return value, 0
    # An object in several places, or in itself, is looked at once at each depth.
    done = {} if done is None else done
    if (id(value), depth) in done:
        return done[id(value), depth][0], 0
    done[id(value), depth] = value, value
    if kind is dict:
        items = list(value.values())
    else:
        items = list(value if kind is list else tuple.__iter__(value))
    made = [copied_out(item, copies, depth + 1, done) for item in items]
    # Not by the bytes: an empty view has none, and still holds what it is a view of.
    if all(new[0] is item for new, item in zip(made, items)):
        return value, 0
    copied = sum(new[1] for new in made)
    made = [new[0] for new in made]
    if kind is dict:
        made = dict(zip(value, made))
    elif kind is not list:
        made = tuple.__new__(kind, made)
        if kind.__dictoffset__:
            attributes = object.__getattribute__(value, "__dict__")
            object.__getattribute__(made, "__dict__").update(attributes)
    done[id(value), depth] = made, value
    return made, copied


def class_names(value):
    """The names of a value's class and of what it inherits from, with their modules."""
    return ["%s.%s" % (kind.__module__, kind.__name__) for kind in type(value).__mro__]


def has_attributes(value, names):
    return all(hasattr(value, name) for name in names)


def has_method(value, name):
    """Asks the type: an instance may answer to any name."""
    return hasattr(type(value), name)


def member_name(value, enum):
    """The name of an enum's member of that name; None for another value."""
    kind = type(value)
    is_enum = kind.__name__ == enum and hasattr(kind, "__members__")
    return value._name_ if is_enum else None


make_set = set
make_frozenset = frozenset
make_complex = complex


def set_items(value):
    for kind in (set, frozenset):
        if issubclass(type(value), kind):
            return list(kind.__iter__(value))
    return None


def is_masked(array):
    # NumPy imports it at its first use, which may be on another thread right now.
    kind = getattr(sys.modules.get("numpy.ma.core"), "MaskedArray", None)
    return kind is not None and issubclass(type(array), kind)


def callable_name(function):
    """A callable's name in the form of a target, as far as it has one."""
    name, module = getattr(function, "__qualname__", None), getattr(function, "__module__", None)
    if not isinstance(name, str):
        return what(function)
    return module + ":" + name if isinstance(module, str) and module != "builtins" else name


def method_name(owner, name):
    """A method with its class, or a function with its module."""
    if isinstance(owner, type(sys)):
        return "%s:%s" % (owner.__name__, name)
    kind = owner if isinstance(owner, type) else type(owner)
    return "%s.%s" % (kind.__qualname__, name)


# --- exceptions

# What Python prints in a way of its own, where exception/traceback.rs prints all others.
PRINTED_BY_PYTHON = (SyntaxError, getattr(builtins, "BaseExceptionGroup", SyntaxError))

attribute_or = getattr


def utf8(text):
    """A text that UTF-8 can encode."""
    return str.encode(text, "utf-8", "backslashreplace").decode("utf-8")


def printed(exception):
    """What Python prints of an exception: after the frames, or in all for a group of exceptions."""
    import traceback

    kind = type(exception)
    if issubclass(kind, SyntaxError):
        lines = traceback.format_exception_only(kind, exception)
    else:
        outside = exception.__traceback__
        while outside is not None and outside.tb_frame.f_code.co_filename == _HERE:
            outside = outside.tb_next
        lines = traceback.format_exception(kind, exception, outside, chain=False)
    return utf8("".join(lines))


def source_line(file, line, frame):
    """A line of source text that is in no file; None where it is in one."""
    # Another thread may be importing it.
    known = getattr(sys.modules.get("linecache"), "cache", {}).get(file)
    # Without a modification time the text is no file's.
    if known and len(known) == 4 and known[1] is None:
        return known[2][line - 1] if 0 < line <= len(known[2]) else ""
    import os

    if os.path.isfile(file):
        return None
    if file.startswith("<") and not known:
        return ""
    # An archive's loader knows the text.
    import linecache

    return linecache.getline(file, line, frame.f_globals)
