# A worker: calls functions for the process that started it. Runs after the files of support.py, in the
# same module. The frames are those of workers/frame.rs.


class _NoTarget(LookupError):
    """A target leads nowhere; the words do not name it."""


class _NoArgument(Exception):
    """An argument can't be made of its pickle; its cause says why."""


def _import_target(target):
    """The callable that "module:function" or "path/to/file.py:function" names."""
    module, _, path = target.rpartition(":")
    if module.endswith(".py") or "/" in module:
        import os

        if not os.path.isfile(module):
            raise _NoTarget("there is no file %s (looked for in %s)" % (module, os.getcwd()))
        module = _import_file(module)
    else:
        import importlib

        module = importlib.import_module(module)
    found = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            close = callables(found, part)
            has = "it has " + ", ".join(close) if close else "it has no functions of its own"
            raise _NoTarget('there is no "%s" in it; %s' % (part, has)) from None
    if not callable(found):
        raise _NoTarget("it is %s, which can't be called" % what(found))
    return found


def _import_file(path):
    import importlib
    import os

    name, stand_in = file_module(path)
    if stand_in is None:
        return importlib.import_module(name)
    # Another module has that name.
    import importlib.util
    from zlib import crc32

    path = os.path.realpath(path)
    name = "%s_%08x" % (name, crc32(os.fsencode(path)))
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _told(tell, otherwise):
    """What a call of other people's code returns, or something else if it fails."""
    try:
        return tell()
    except BaseException:
        return otherwise


def _word(kind, name, otherwise):
    """A text that a class has under a name, which code of others may refuse."""
    try:
        word = getattr(kind, name)
    except BaseException:
        return otherwise
    return utf8(word) if issubclass(type(word), str) else otherwise


def _text_of(value):
    """str(value), or what it raised."""
    try:
        return utf8(str(value))
    except BaseException as raised:
        return "<str() raised %s>" % _word(type(raised), "__name__", "")


def _own(name):
    """A function that reads an attribute of exceptions past what their classes make of it."""
    return vars(BaseException)[name].__get__


_traceback_of, _cause_of, _context_of, _hides_context = map(
    _own, ("__traceback__", "__cause__", "__context__", "__suppress_context__")
)


def _notes(exception):
    try:
        notes = getattr(exception, "__notes__", None)
        return tuple(map(_text_of, notes)) if issubclass(type(notes), (list, tuple)) else ()
    except BaseException:
        return ()


def _printed_in_own_way(exception, kind, name):
    """What Python prints of an exception in a way of its own, and whether that is all of it."""
    # As exception/read.rs.
    if not (name.endswith("ExceptionGroup") or issubclass(kind, PRINTED_BY_PYTHON)):
        return None
    try:
        return not issubclass(kind, SyntaxError), printed(exception)
    except BaseException:
        return None


def _what(value):
    """What a value is, unless its class does not say."""
    try:
        return utf8(what(value))
    except BaseException:
        return "an object"


def _chain(exception, seen):
    """An exception and what it was raised from, as a tuple of texts, numbers and tuples."""
    seen.append(exception)
    kind = type(exception)
    name = _word(kind, "__name__", "")
    frames = []
    tb = _traceback_of(exception)
    while tb is not None:
        code = tb.tb_frame.f_code
        place = utf8(code.co_filename), utf8(code.co_name), max(tb.tb_lineno or 0, 0)
        # callpy's own frames, and those of an import, say nothing.
        inside = not frames and (place[0] == _HERE or place[0].startswith("<frozen importlib"))
        if not inside:
            if frames and tuple(frames[-1][:3]) == place:
                frames[-1][3] += 1
            else:
                frames.append([*place, 1])
        tb = tb.tb_next

    def link(other):
        # A frame takes tuples in one another up to a depth, and each link is in the one before.
        known = other is None or len(seen) > 50 or any(other is one for one in seen)
        return None if known else _told(lambda: _chain(other, seen), None)

    def imports():
        return tuple(
            tuple("" if fact is None else utf8(fact) for fact in failed) for failed in failed_imports(exception)
        )

    is_first = len(seen) == 1
    missing = _word(exception, "name", None) if name == "ModuleNotFoundError" else None
    bases = type.__dict__["__mro__"].__get__(kind)[1:]
    return (
        name,
        _word(kind, "__qualname__", name),
        _word(kind, "__module__", "<unknown>"),
        _text_of(exception),
        tuple(map(tuple, frames)),
        _notes(exception),
        _printed_in_own_way(exception, kind, name),
        _hides_context(exception),
        link(_cause_of(exception)),
        link(_context_of(exception)),
        missing,
        tuple((_word(base, "__module__", ""), _word(base, "__qualname__", "")) for base in bases),
        _told(imports, ()) if is_first else (),
    )


def _leave_terminal():
    """Gives up the terminal that this process shares with the program. It is in the background there, and the system
    stops what reads or sets a terminal from the background, until somebody continues it."""
    try:
        import fcntl
        import os
        import termios

        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.ioctl(terminal, termios.TIOCNOTTY)
        finally:
            os.close(terminal)
    except (ImportError, OSError):
        pass  # There is none.


def _available():
    """How many bytes the system and the container could supply now, as far as they say."""

    def field(path, name):
        with open(path) as lines:
            for line in lines:
                if line.startswith(name):
                    return int(line[len(name) :].split()[0])
        return 0

    system = field("/proc/meminfo", "MemAvailable:") * 1024 or sys.maxsize
    group = "/sys/fs/cgroup/memory."
    try:
        # The cache of files goes where memory is needed.
        cache = sum(field(group + "stat", kind) for kind in ("inactive_file ", "active_file "))
        used = field(group + "current", "") - cache
        return min(system, field(group + "max", "") - used)
    except (OSError, ValueError):
        return system


def serve(descriptors, parent, setup, search_path, targets):
    """Answers requests until the process that sends them is gone."""
    import errno
    import faulthandler
    import mmap
    import os
    import pickle
    import signal
    import time
    from struct import Struct
    from weakref import getweakrefcount

    # What came through the socket that is descriptor 0 until now.
    requests, answers, arguments_file, results_file, arrays_file = descriptors
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    try:
        import ctypes
    except ImportError:
        ctypes = None
    try:
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    except (OSError, AttributeError):
        pass  # Then it ends when it has read the last request.
    if os.getppid() != parent:
        os._exit(1)
    _leave_terminal()
    try:
        faulthandler.enable(2)
    except (OSError, RuntimeError, ValueError):
        pass
    sys.path[:] = search_path

    arguments = mmap.mmap(arguments_file, 0, mmap.MAP_SHARED, mmap.PROT_READ)
    results = mmap.mmap(results_file, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    # The first numbers in each: later mappings are of the same memory.
    told, said = memoryview(arguments)[:24].cast("Q"), memoryview(results)[:16].cast("Q")
    read, write = os.read, os.write
    own_id, getpid, leave = os.getpid(), os.getpid, os._exit
    getrefcount = sys.getrefcount
    u32 = Struct("=I")
    u64, i64, f64 = Struct("=Q"), Struct("=q"), Struct("=d")
    array_head, block, two_counts = Struct("=BBBQ"), Struct("=QQ"), Struct("=HH")
    # That of an array with one axis, and its length, as most have.
    row_head = Struct("=BBBQQ")
    request_head, answer_head = Struct("=QQQQIBBHII"), Struct("=QQII")
    HEAD, ARRAY_HEAD, ROW_HEAD = request_head.size, array_head.size, row_head.size
    axes_of = [Struct("=%dQ" % count) for count in range(65)]
    MESSAGE, ALIGN, PAGE = 4096, 64, 4096
    # A result of at least so many bytes is only allocated if the system has that much memory.
    LARGE = 16 << 20
    clock = time.perf_counter

    # The size of each block of results by its offset, the free ones by size, and where new ones begin.
    sizes, free, end = {}, {}, PAGE
    # For how much of each block the system has supplied memory.
    supplied = {}
    # The blocks of the present answer, and how long it is beside arrays.
    allocated = []
    length = 0
    numpy = ndarray = copyto = dtypes = None
    # Arrays that the program has as well: how much there is, two views of it, and the address of the first.
    arrays_size, writable_arrays, arrays, writable_start = 0, b"", b"", 0
    # The types of parts of it, by size: to make one takes longer than all else.
    part_types = {}
    # Dtypes without a number, by their pickles.
    other_dtypes = {}
    known = {}
    # The number of the call that runs, 0 between calls; and of the last one for which a signal has come.
    running = signalled = 0
    # Whether an import was stopped.
    is_spoilt = False
    # Whether the call under way was passed memory of the program's to write.
    may_write = False
    # What the call under way was passed: arrays that are lent, those that are written, those that are the
    # program's too, copies of such, and the memory of such; and their places among the arguments, each of which
    # is there before its array: an interrupt may come between the two. They are the same lists for all calls,
    # since to make them takes time.
    lent, written, shared, mirrored, parts = passed = [], [], [], [], []
    lent_places, written_places, shared_places, part_places = places = [], [], [], []

    def find_numpy():
        nonlocal numpy, ndarray, copyto, dtypes, running
        # To stop in the middle of that would leave a NumPy that can't be imported any more.
        running, number = 0, running
        import numpy as module

        ndarray, copyto = module.ndarray, module.copyto
        codes = {0: "?", 1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "l", 8: "L", 9: "q", 10: "Q"}
        codes.update({11: "f", 12: "d", 14: "F", 15: "D", 23: "e"})
        dtypes = {number: module.dtype(code) for number, code in codes.items()}
        numpy = module
        if number:
            begin(number)

    def find_arrays():
        nonlocal writable_arrays, writable_start, arrays
        access = mmap.PROT_READ | mmap.PROT_WRITE
        writable_arrays = mmap.mmap(arrays_file, arrays_size, mmap.MAP_SHARED, access)
        # Of this no one can make a writable array.
        arrays = mmap.mmap(arrays_file, arrays_size, mmap.MAP_SHARED, mmap.PROT_READ)
        if ctypes:
            writable_start = ctypes.addressof(ctypes.c_ubyte.from_buffer(writable_arrays))

    def writable_part(offset, size):
        """The memory of one array that is the program's, too; with ctypes, its base leads to no other."""
        if not ctypes:
            return memoryview(writable_arrays)[offset : offset + size]
        if len(part_types) > 100:
            part_types.clear()
        kind = part_types.get(size)
        if kind is None:
            kind = part_types[size] = ctypes.c_ubyte * size
        return kind.from_address(writable_start + offset)

    def allocate(size):
        """A block of results; of a power of two, so that blocks can be used again."""
        nonlocal end
        order = max(size - 1, PAGE - 1).bit_length()
        blocks = free.get(order)
        needed = size - (supplied.get(blocks[-1], 0) if blocks else 0)
        # The system would rather end processes than refuse.
        if needed >= LARGE and _told(_available, needed) < needed:
            raise no_memory(size)
        if blocks:
            offset = blocks.pop()
        else:
            offset, after = end, end + (1 << order)
            if after > len(results):
                lengthen(after)
            # Only now, since that may fail, and the next block may be smaller.
            end = after
            sizes[offset] = order
        allocated.append(offset)
        if size > supplied.get(offset, 0):
            # Where the system has no memory, that is an exception now, and no SIGBUS later.
            reserve(results_file, offset, size)
            supplied[offset] = size
        return offset

    def no_memory(size):
        return MemoryError("there is no shared memory for %d bytes" % size)

    def reserve(file, offset, size):
        try:
            os.posix_fallocate(file, offset, size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.ENOMEM):
                raise no_memory(size) from None

    def lengthen(least):
        """Makes the memory of results twice as long, or at least so long."""
        nonlocal results
        for length in max(least, 2 * len(results)), least:
            try:
                if os.fstat(results_file).st_size < length:
                    os.ftruncate(results_file, length)
                access = mmap.PROT_READ | mmap.PROT_WRITE
                results = mmap.mmap(results_file, length, mmap.MAP_SHARED, access)
                return
            except (OSError, OverflowError):
                if length == least:
                    raise

    def give_up():
        """Takes back the blocks of an answer that is not sent."""
        nonlocal length
        for place in allocated:
            free.setdefault(sizes[place], []).append(place)
        allocated.clear()
        length = 0

    def interrupted(signum, frame):
        nonlocal signalled, is_spoilt
        number = told[0]
        if number != signalled:
            # The host's, which may come late: where the function has blocked it, say.
            signalled = number
            is_spoilt |= number == running and imports(frame)
            stop_if_asked()
        elif running:
            raise KeyboardInterrupt()

    def imports(frame):
        while frame is not None:
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                return True
            frame = frame.f_back
        return False

    def begin(sequence):
        nonlocal running
        running = sequence
        # The signal may have come before that.
        stop_if_asked()

    def stop_if_asked():
        nonlocal running
        # The host writes why, and the number of the call, before it sends the signal.
        if running and told[0] == running:
            # Once is enough.
            running = 0
            raise CallCancelled() if told[1] else DeadlineExceeded()

    signal.signal(signal.SIGINT, interrupted)

    def take(frame, at, copies, place):
        """The value of a request that is its argument at a place, and where it ends."""
        nonlocal may_write
        tag = frame[at]
        at += 1
        if tag == 97:  # a: an array
            if numpy is None:
                find_numpy()
            if frame[at + 2] == 1:
                number, access, _, offset, shape = row_head.unpack_from(frame, at)
                at += ROW_HEAD
            else:
                number, access, axes, offset = array_head.unpack_from(frame, at)
                at += ARRAY_HEAD
                shape = axes_of[axes].unpack_from(frame, at)
                at += 8 * axes
            value = ndarray(shape, dtypes[number], arguments, offset)
            if access or copies:
                value = value.copy()
                if access == 0 or access == 3:
                    value.setflags(write=False)
            if access == 0:
                lent_places.append(place)
                lent.append(value)
            elif access == 1:
                written_places.append(place)
                written.append(value)
            return value, at
        if tag == 109:  # m: an array that is the program's, too
            if numpy is None:
                find_numpy()
            if len(arrays) < arrays_size:
                find_arrays()
            number, access, axes, offset = array_head.unpack_from(frame, at)
            at += ARRAY_HEAD
            shape = axes_of[axes].unpack_from(frame, at)
            at += 8 * axes
            dtype = dtypes.get(number)
            if dtype is None:
                stop = at + 4 + u32.unpack_from(frame, at)[0]
                dtype = other_dtype(frame[at + 4 : stop])
                at = stop
            size = dtype.itemsize
            for length in shape:
                size *= length
            if access and size:
                may_write = True
                part = writable_part(offset, size)
                value = ndarray(shape, dtype, part)
            else:
                part = None
                # Without elements it is over memory of its own; NumPy 1 would ask for too much of that.
                value = ndarray(shape, dtype, arrays, offset) if size else ndarray(shape, dtype, bytearray(8))
                value.flags.writeable = bool(access)
            # Without ctypes its base leads to all arrays, so only this worker's own code may have it.
            if copies < 2 and (part is None or ctypes):
                shared_places.append(place)
                shared.append(value)
                if part is not None:
                    part_places.append(place)
                    parts.append(part)
                return value, at
            own = value.copy()
            if access:
                mirrored.append((value, own))
            else:
                own.setflags(write=False)
            return own, at
        if tag == 105:  # i: an int
            return i64.unpack_from(frame, at)[0], at + 8
        if tag == 100:  # d: a float
            return f64.unpack_from(frame, at)[0], at + 8
        if tag == 115 or tag == 98:  # s, b: text and bytes
            stop = at + 4 + u32.unpack_from(frame, at)[0]
            value = frame[at + 4 : stop]
            return (value.decode() if tag == 115 else value), stop
        if tag == 78:  # N: None
            return None, at
        if tag == 84 or tag == 70:  # T, F: bools
            return tag == 84, at
        # p: a pickle
        stop = at + 4 + u32.unpack_from(frame, at)[0]
        data = frame[at + 4 : stop]
        count = u32.unpack_from(frame, stop)[0]
        at = stop + 4
        buffers = []
        for _ in range(count):
            offset, length = block.unpack_from(frame, at)
            at += 16
            # Its own, since it may be retained, and written.
            buffers.append(bytearray(memoryview(arguments)[offset : offset + length]))
        try:
            return pickle.loads(data, buffers=buffers), at
        except Exception as error:
            raise _NoArgument() from error

    def other_dtype(data):
        dtype = other_dtypes.get(data)
        if dtype is None:
            dtype = other_dtypes[data] = pickle.loads(data)
        return dtype

    def put_bytes(tag, data, out):
        """Writes bytes after their number."""
        nonlocal length
        length += len(data)
        if length >> 32:
            raise OverflowError("other values than arrays take more than 4 GiB")
        head = tag + u32.pack(len(data))
        if len(data) > MESSAGE:
            out.append(head)
            out.append(data)
        else:
            out.append(head + data)

    def put(value, out, depth=0):
        """Writes a value of an answer."""
        if value is None:
            out.append(b"N")
            return
        if numpy is None and "numpy" in sys.modules:
            find_numpy()
        kind = type(value)
        if kind is ndarray:
            dtype = value.dtype
            number = dtype.num
            own = dtypes.get(number)
            # Most are the very same.
            if own is dtype or own is not None and own == dtype and dtype.isnative and not dtype.metadata:
                place = allocate(value.nbytes)
                copyto(ndarray(value.shape, dtype, results, place), value)
                out.append(b"a" + array_head.pack(number, 0, value.ndim, place))
                out.append(axes_of[value.ndim].pack(*value.shape))
                return
        elif kind is float:
            out.append(b"d" + f64.pack(value))
            return
        elif kind is int:
            if -(1 << 63) <= value < 1 << 63:
                out.append(b"i" + i64.pack(value))
                return
        elif kind is bool:
            out.append(b"T" if value else b"F")
            return
        elif kind is str:
            try:
                put_bytes(b"s", value.encode(), out)
                return
            except UnicodeEncodeError:
                pass
        elif kind is bytes:
            put_bytes(b"b", value, out)
            return
        elif kind is tuple and len(value) <= 16 and depth < 8:
            out.append(b"t" + u32.pack(len(value)))
            for item in value:
                put(item, out, depth + 1)
            return
        blocks = []

        def keep(buffer):
            with buffer.raw() as raw:
                place = allocate(raw.nbytes)
                memoryview(results)[place : place + raw.nbytes] = raw
                blocks.append(block.pack(place, raw.nbytes))

        data = pickled_apart(value, keep, True)
        put_bytes(b"p", data, out)
        out.append(u32.pack(len(blocks)) + b"".join(blocks))

    def plain(value, out):
        """Writes tuples, texts and numbers of callpy's own, however deep."""
        if type(value) is tuple:
            out.append(b"t" + u32.pack(len(value)))
            for item in value:
                plain(item, out)
        else:
            put(value, out)

    def leave_fork(exception=None):
        """Ends the child of a fork that has returned from the function: it would answer in this worker's place and
        memory."""
        status = 0 if exception is None else 1
        try:
            if isinstance(exception, SystemExit):
                code = exception.code
                if code is None or isinstance(code, int):
                    status = (code or 0) & 255
                else:
                    print(code, file=sys.stderr)
            elif exception is not None:
                sys.excepthook(type(exception), exception, exception.__traceback__)
            sys.stdout.flush()
        except BaseException:
            pass
        leave(status)

    def answer(sequence, status, out, head=b""):
        if getpid() != own_id:
            leave_fork()
        frame = b"".join((head, *out))
        if len(frame) + answer_head.size <= MESSAGE:
            write(answers, answer_head.pack(sequence, 0, len(frame), status) + frame)
        else:
            place = allocate(len(frame))
            results[place : place + len(frame)] = frame
            write(answers, answer_head.pack(sequence, place, len(frame), status))
        said[1] = sequence

    def references(values):
        """The strong and weak references to each. No Python code runs meanwhile, so where there is an interpreter
        lock, no thread can turn one kind into the other between the two."""
        return tuple(zip(map(getrefcount, values), map(getweakrefcount, values)))

    # Those to a value that nothing else holds.
    alone = references([object()])[0]
    once, is_alone = alone[0], alone.__eq__
    # What an answer begins with if nothing was written or retained.
    plain(((), ()), nothing_aside := [])
    nothing_aside = b"".join(nothing_aside)

    def retained(values):
        """What holds each of the values that more than this holds; none if nothing does."""
        # From a weak reference anyone can get another one at any time. As in `references`, which takes longer.
        if all(map(is_alone, zip(map(getrefcount, values), map(getweakrefcount, values)))):
            return ()
        collect()
        held = []
        for place, (strong, weak) in reversed(list(enumerate(references(values)))):
            if strong > once:
                # One by one, so that the search finds no list and no tuple of this worker's own.
                value = values.pop(place)
                try:
                    words, _ = holders(0.2, None, False, value)
                    words = tuple(map(utf8, words[0]))
                except BaseException:
                    # The search runs code of others. That something holds it is known without it.
                    words = ()
                del value
                held.append((place, words))
            elif weak:
                held.append((place, ("a weak reference",)))
        return held[::-1]

    def retained_parts(parts):
        """What holds each of the parts that more than this and an array of this worker's own hold."""
        most = once + 1
        if all(strong <= most and not weak for strong, weak in references(parts)):
            return ()
        collect()
        counts = references(parts)
        held = [(place, ()) for place, (strong, _) in enumerate(counts) if strong > most]
        return held or [(place, ("a weak reference",)) for place, (_, weak) in enumerate(counts) if weak]

    def find(target):
        function = known.get(target)
        if function is None:
            function = known[target] = _import_target(os.fsdecode(target))
        return function

    def find_named(target):
        try:
            return find(target)
        except _NoTarget as error:
            raise _NoTarget("%s: %s" % (target, error)) from None

    def failed(sequence, exception):
        if getpid() != own_id:
            leave_fork(exception)
        out = []
        plain(((), ()), out)
        # The type is asked, since an exception may answer with any class.
        if issubclass(type(exception), Stopped):
            answer(sequence, 5, out)
        elif type(exception) is _NoTarget:
            plain(utf8(str(exception)), out)
            answer(sequence, 2, out)
        else:
            plain(_chain(exception, []), out)
            answer(sequence, 1, out)

    def call(sequence, frame, function, copies, at, drops):
        """Runs one call and answers it, without the result if that is to be dropped."""
        nonlocal running, may_write
        positional, named, out = [], {}, []
        status = 0
        value = None

        try:
            running = sequence
            if told[0] == sequence:
                # The signal may have come before that.
                stop_if_asked()
            count, names = two_counts.unpack_from(frame, at)
            at += 4
            for place in range(count):
                value, at = take(frame, at, copies, place)
                positional.append(value)
            value = None
            if names:
                for place in range(count, count + names):
                    stop = at + 4 + u32.unpack_from(frame, at)[0]
                    name = frame[at + 4 : stop].decode()
                    named[name], at = take(frame, stop, copies, place)
                value = function(*positional, **named)
            else:
                value = function(*positional)
            running = 0
            if getpid() != own_id:
                leave_fork()
            if drops:
                value = None
        except Stopped as exception:
            running = 0
            if getpid() != own_id:
                leave_fork(exception)
            status = 5
        except _NoArgument as exception:
            running = 0
            status = 6
            what = "argument %d" % (place + 1) if place < count else 'argument "%s"' % name
            plain((what, _chain(exception.__cause__, [])), out)
        except BaseException as exception:
            running = 0
            if getpid() != own_id:
                leave_fork(exception)
            status = 1
            plain(_chain(exception, []), out)
        del positional, named
        if status == 0:
            try:
                put(value, out)
            except BaseException as exception:
                status = 3
                give_up()
                out = []
                plain((_what(value), _chain(exception, [])), out)
        value = None
        kept = kept_shared = ()
        if lent and copies < 2:
            held = retained(lent)
            if held:
                kept = tuple((lent_places[index], words) for index, words in held)
        if shared:
            # Before their arrays are taken apart by the search for what holds these.
            of_base = retained_parts(parts)
            kept_shared = tuple((shared_places[index], words) for index, words in retained(shared))
            kept_shared += tuple((part_places[index], words) for index, words in of_base)
        may_write = False
        if kept_shared or (kept and not copies):
            plain(kept_shared or kept, out := [])
            try:
                answer(sequence, 4, out)
            finally:
                # The host replaces this worker: a request that is there already must not begin.
                os._exit(70)
        for array, own in mirrored:
            copyto(array, own)
        if not written and not kept:
            answer(sequence, status, out, nothing_aside)
            return
        back = []
        for place, array in zip(written_places, written):
            offset = allocate(array.nbytes)
            copyto(ndarray(array.shape, array.dtype, results, offset), array)
            back.append((place, offset, array.nbytes))
        head = []
        plain((tuple(back), kept), head)
        answer(sequence, status, head + out)

    try:
        if setup:
            find_named(setup)()
        for target in targets:
            find_named(target)
    except BaseException as exception:
        failed(0, exception)
        return
    answer(0, 0, [])

    del targets, setup, search_path
    sequence = spin = left = most = 0
    while True:
        try:
            if left:
                left -= 1
            elif spin:
                # To look for the next request costs less than to be woken by it. A clock may stand still.
                until = clock() + spin / 1e6
                for _ in range(5000):
                    if told[2] != sequence or clock() >= until:
                        break
                # Nor does it pay if the request is there, but this process had no core meanwhile.
                left = most = min(2 * most + 1, 1023) if clock() >= until else most // 2
            message = read(requests, MESSAGE)
        except KeyboardInterrupt:
            continue
        if not message:
            return
        head = request_head.unpack_from(message)
        sequence, offset, total, arrays_size, length, kind, copies, freed, stop, spin = head
        if total > len(arguments):
            arguments = mmap.mmap(arguments_file, total, mmap.MAP_SHARED, mmap.PROT_READ)
        # From here on the call has begun, as far as the host can tell.
        said[0] = sequence
        at = HEAD
        if offset:
            message, at = arguments[offset : offset + length], 0
        # From here on it counts the answer.
        length = 0
        for _ in range(freed):
            place = u64.unpack_from(message, at)[0]
            free.setdefault(sizes[place], []).append(place)
            at += 8
        stop += at
        target = message[at:stop]
        function = known.get(target)
        try:
            if function is None:
                # Not to be stopped: see find_numpy.
                function = find(target)
            if kind == 1 or kind == 2:
                # Only to be imported, or asked for its parameters.
                running = 0
                plain(signature(function) if kind == 2 else None, out := [])
                answer(sequence, 0, out)
            else:
                call(sequence, message, function, copies, stop, kind == 3)
        except BaseException as exception:
            # Of the import, or of an interrupt between two steps of the call: it is not answered yet.
            running = 0
            if may_write:
                # Something may hold the program's memory still, which has it back after an answer.
                os._exit(70)
            give_up()
            failed(sequence, exception)
        function = message = None
        if allocated:
            allocated.clear()
        if lent_places or written_places or shared_places or mirrored:
            for values in passed:
                values.clear()
            for values in places:
                values.clear()
        if is_spoilt:
            # Modules that are half imported, some of which can't be imported again.
            return
