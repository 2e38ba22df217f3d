"""Functions for workers, many of which their worker does not survive."""

import os
import signal
import struct
import sys
import threading
import time


def pid():
    return os.getpid()


def echo(value):
    return value


def echo_all(*values, **named):
    return values, named


def total(values):
    return float(values.sum())


def scaled(values, factor):
    return values * factor


def scale_in_place(values, factor):
    values *= factor


def fill(count):
    import numpy

    return numpy.arange(count, dtype="f8")


def address_of(values):
    return values.__array_interface__["data"][0]


count = 0


def counted():
    global count
    count += 1
    return count


def fail(message):
    raise ValueError(message)


def fail_below(message):
    try:
        fail("the first")
    except ValueError as error:
        raise KeyError(message) from error


def fail_deep(links):
    error = None
    for link in range(links + 1):
        try:
            raise ValueError(link) from error
        except ValueError as raised:
            error = raised
    raise error


last = None


def remember(values):
    global last
    last = values


def remember_if(values, condition):
    global last
    last = values if condition else None


def remembered():
    return list(last)


def is_writable(values):
    return values.flags.writeable


def kill(number):
    os.kill(os.getpid(), number)
    time.sleep(60)


def crash():
    import ctypes

    ctypes.string_at(1)


def abort():
    os.abort()


def leave(status):
    print("on my way out", file=sys.stderr)
    os._exit(status)


def overflow():
    import faulthandler

    faulthandler._stack_overflow()


def run_out_of_memory():
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    return bytearray(1 << 40)


def stop_itself():
    os.kill(os.getpid(), signal.SIGSTOP)
    return "continued"


def say(begun):
    """Makes the file if one is named: from then on a function has begun."""
    if begun:
        open(begun, "w").close()


def spin(begun=None):
    say(begun)
    while True:
        pass


def sleep(begun=None):
    say(begun)
    time.sleep(60)


def will_not_stop(begun=None):
    """Goes on whatever is raised."""
    while True:
        try:
            say(begun)
            begun = None
            time.sleep(60)
        except BaseException:
            pass


def finally_slow():
    try:
        time.sleep(60)
    finally:
        time.sleep(60)


def decompose():
    import numpy

    numpy.linalg.svd(numpy.random.rand(2000, 2000))


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(60)


def default_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def close_descriptors():
    os.closerange(3, 200)
    return "closed"


def close_descriptors_and_stay():
    os.closerange(3, 200)
    time.sleep(60)


def print_to(descriptor):
    os.write(descriptor, b"printed\n")
    return "printed"


def fork_and_stay():
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    os._exit(7)


def fork_and_hold():
    """As fork_and_stay; the child has none of what its own parent's output goes to."""
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(60)
        os._exit(0)
    os._exit(7)


def fork_and_return(how):
    """Two processes come back from here; returns the status of the child."""
    child = os.fork()
    if child == 0:
        if how == "exit":
            sys.exit(3)
        if how == "fail":
            raise ValueError(how)
        return None
    return os.waitpid(child, 0)[1] >> 8


def run_in_child():
    child = os.fork()
    if child == 0:
        os._exit(5)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if sys.version_info >= (3, 9) else 5


def _shared_files():
    for number in os.listdir("/proc/self/fd"):
        try:
            if "callpy-" in os.readlink("/proc/self/fd/" + number):
                yield int(number)
        except OSError:
            pass


def truncate_shared_memory():
    """Whether that is refused, for all of it."""
    files = list(_shared_files())
    refused = 0
    for descriptor in files:
        try:
            os.ftruncate(descriptor, 0)
        except PermissionError:
            refused += 1
    return refused == len(files) >= 2


def write_arguments():
    """Whether the memory of arguments can be mapped to be written."""
    import mmap

    for descriptor in list(_shared_files()):
        if "callpy-arguments" in os.readlink("/proc/self/fd/%d" % descriptor):
            try:
                mmap.mmap(descriptor, 0)
            except PermissionError:
                return False
            return True


def seal_arguments():
    """Whether the memory of arguments can be kept from growing."""
    import fcntl

    F_ADD_SEALS, F_SEAL_GROW = 1033, 4
    for descriptor in list(_shared_files()):
        if "callpy-arguments" in os.readlink("/proc/self/fd/%d" % descriptor):
            try:
                fcntl.fcntl(descriptor, F_ADD_SEALS, F_SEAL_GROW)
            except PermissionError:
                return False
            return True


def write_nonsense(data):
    """Writes to the pipe of answers, which is the one that can be written."""
    for number in os.listdir("/proc/self/fd"):
        number = int(number)
        if number > 2 and "pipe:" in os.readlink("/proc/self/fd/%d" % number):
            try:
                os.write(number, data)
                return True
            except OSError:
                pass
    return False


def say_answered():
    """Says in shared memory that the answer is there, which it never is."""
    for number in os.listdir("/proc/self/fd"):
        try:
            is_it = "callpy-results" in os.readlink("/proc/self/fd/" + number)
        except OSError:
            continue  # That of the listing.
        if is_it:
            os.pwrite(int(number), struct.pack("=Q", 1 << 63), 8)
            break
    while True:
        pass


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


def make_point(x, y):
    return Point(x, y)


def point_sum(point):
    return point.x + point.y


def lambdas():
    return lambda: None


loaded = None


def set_up():
    global loaded
    loaded = "model"


def get_loaded():
    return loaded


def broken_set_up():
    raise RuntimeError("there is no model")


def children():
    return threading.active_count()


def sleep_for(seconds):
    time.sleep(seconds)


def fill_and_lambda(count):
    return fill(count), lambda: None


def limit_memory(size):
    """Limits what may be mapped from now on."""
    import resource

    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + size, resource.RLIM_INFINITY))


def broadcast(count):
    import numpy

    return numpy.broadcast_to(1.0, count)


def results_size():
    for descriptor in _shared_files():
        if "callpy-results" in os.readlink("/proc/self/fd/%d" % descriptor):
            return os.fstat(descriptor).st_size


def wait_at_gate():
    """Waits while there is a file of the name in GATE."""
    while os.path.exists(os.environ["GATE"]):
        time.sleep(0.005)


def end_others_and_wait(end):
    """Ends the other worker of the process that started this one, and waits for a file."""
    for task in os.listdir("/proc/%d/task" % os.getppid()):
        try:
            with open("/proc/%d/task/%s/children" % (os.getppid(), task)) as file:
                children = file.read().split()
        except OSError:
            continue  # a thread that has ended meanwhile
        for child in map(int, children):
            if child != os.getpid():
                os.kill(child, signal.SIGKILL)
    while not os.path.exists(end):
        time.sleep(0.001)


def write_much(descriptor):
    for _ in range(100):
        os.write(descriptor, b"." * 4095 + b"\n")


def shout():
    """Writes to stderr for ever, on a thread."""

    def shouting():
        while True:
            write_much(2)

    threading.Thread(target=shouting, daemon=True).start()
    return os.getpid()


def answer_nothing():
    """Answers the call that runs with a frame that has none of the parts."""
    import struct

    number = None
    for descriptor in _shared_files():
        if "callpy-results" in os.readlink("/proc/self/fd/%d" % descriptor):
            number = struct.unpack("=Q", os.pread(descriptor, 8, 0))[0]
    write_nonsense(struct.pack("=QQII", number, 0, 1, 0) + b"N")
    time.sleep(60)


def signals():
    """The signals that this process blocks, and those that it ignores."""
    with open("/proc/self/status") as file:
        lines = dict(line.split(":\t", 1) for line in file if ":\t" in line)
    return int(lines["SigBlk"], 16), int(lines["SigIgn"], 16)


def import_slowly(folder):
    if folder not in sys.path:
        sys.path.append(folder)
    import slow

    return slow.value


def block_interrupts():
    """Returns once one has come, which waits until it is unblocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    while signal.SIGINT not in signal.sigpending():
        time.sleep(0.001)


def unblock_interrupts():
    """Has what came meanwhile handled now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    return sum(range(1000))


def begin_and_stay(path):
    """Says that it runs, and then that it was asked to stop, which it does not."""
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)
    will_not_stop()


def is_the_other_alive(path):
    """Whether the process in the file is there as this one is asked to stop."""
    try:
        time.sleep(60)
    except BaseException:
        with open(path) as file:
            return os.path.exists("/proc/%s/fd/0" % file.read())


def answer_elsewhere(offset, length):
    """Answers the call that runs with an array that is somewhere else."""
    import struct

    number = None
    for descriptor in _shared_files():
        if "callpy-results" in os.readlink("/proc/self/fd/%d" % descriptor):
            number = struct.unpack("=Q", os.pread(descriptor, 8, 0))[0]
    aside = b"t" + struct.pack("=I", 2) + 2 * (b"t" + struct.pack("=I", 0))
    frame = aside + b"a" + struct.pack("=BBBQQ", 12, 0, 1, offset, length)
    write_nonsense(struct.pack("=QQII", number, 0, len(frame), 0) + frame)
    time.sleep(60)


grown = []


def grow(size):
    grown.append(b"x" * size)


def copy_to(source, target):
    target[...] = source


def described(values):
    return str(values.dtype), list(values.shape), values.flags.writeable


def is_shared(values):
    """Whether the elements are in memory that the program has as well."""
    start = address_of(values)
    with open("/proc/self/maps") as file:
        for line in file:
            first, last = (int(end, 16) for end in line.split()[0].split("-"))
            if first <= start < last:
                return "callpy-arrays" in line
    return False


def write_and_crash(values):
    values[0] = 7
    crash()


class _Hidden:
    @property
    def __class__(self):
        raise RuntimeError("an optional package is missing")


def remember_and_hide(values):
    """Remembers an array, where looking for who has it raises."""
    sys.modules["hidden"] = _Hidden()
    remember(values)


def write_what_is_remembered():
    last[:] = 0


def write_on(values):
    """Writes for ever, whatever is asked of it; first of all, which process this is."""
    values[0] = os.getpid()
    while True:
        try:
            while True:
                values[1:] += 1
        except BaseException:
            pass


def sign_and_remember(values):
    values[0] = os.getpid()
    remember(values)


def make_writable(values):
    values.flags.writeable = True


def write_below(values):
    """Writes where it may only read."""
    import ctypes

    ctypes.memset(address_of(values), 1, 1)


def overwrite(values, byte):
    """Sets the bytes of an array."""
    import ctypes

    ctypes.memset(address_of(values), byte, values.nbytes)


def remember_base(values):
    """Remembers the memory that an array is over, and not the array."""
    import numpy

    global last
    last = numpy.frombuffer(values.base, values.dtype)


def reach_of_base(values):
    """How many bytes can be reached by the base of an array, and of what it is a part."""
    base, reach = values.base, 0
    while base is not None:
        reach = max(reach, memoryview(base).nbytes)
        base = getattr(base, "base", None)
    return reach


def remember_weakly(values):
    import weakref

    global last
    last = weakref.ref(values)


def remember_base_weakly(values):
    import weakref

    global last
    last = weakref.ref(values.base)


def note(path, number, ending=None, values=None):
    """Notes the call in a file, and ends as it is told to."""
    with open(path, "ab", 0) as file:
        file.write(b"%d\n" % number)
    if ending == "abort":
        os.abort()
    elif ending == "raise":
        raise ValueError(number)
    elif ending == "nonsense":
        write_nonsense(b"x")
    elif ending == "retain":
        remember(values)
    return number


def abort_once(path, number, values=None, other=None):
    """Notes the call in a file; the fifth ends the worker unless it is there already."""
    with open(path, "a+b", 0) as file:
        file.seek(0)
        is_first = b"%d\n" % number not in file.read()
        file.write(b"%d\n" % number)
    if number == 5 and is_first:
        os.abort()
    return number


def answer_unread(count):
    """Answers this call and as many after it, none of which it reads, and does not return."""
    descriptors = [int(number) for number in os.listdir("/proc/self/fd")]
    links = {}
    for number in descriptors:
        try:
            links[number] = os.readlink("/proc/self/fd/%d" % number)
        except OSError:
            pass
    results = next(number for number, link in links.items() if "callpy-results" in link)
    sequence = int.from_bytes(os.pread(results, 8, 0), sys.byteorder)
    # Nothing was written or retained, and the result is none.
    frame = struct.pack("=BI", 116, 2) + 2 * struct.pack("=BI", 116, 0) + b"N"
    for number in range(sequence, sequence + count):
        write_nonsense(struct.pack("=QQII", number, 0, len(frame), 0) + frame)
    while True:
        time.sleep(1)


class _Nameless(type):
    @property
    def __module__(cls):
        raise RuntimeError("no module")

    def __getattribute__(cls, name):
        if name in ("__name__", "__qualname__"):
            raise RuntimeError("no name")
        return type.__getattribute__(cls, name)


def raise_odd(what):
    """Raises an exception of which code of its own tells, or fails to."""

    class Untold:
        def __str__(self):
            raise RuntimeError("untold")

    class Odd(Exception):
        __cause__ = 5

        @property
        def __traceback__(self):
            raise RuntimeError("no traceback")

        @property
        def __notes__(self):
            raise RuntimeError("no notes")

        def __str__(self):
            raise SystemExit(3)

    error = ValueError("odd")
    if what == "note":
        error.__notes__ = ["first", Untold(), "last"]
    elif what == "class":
        error = _Nameless("Hidden", (Exception,), {})("odd")
    elif what == "parts":
        error = Odd("odd")
    elif what == "module":
        error = type("Odd", (Exception,), {"__module__": None})("odd")
    elif what == "syntax":
        error = SyntaxError("odd", ("f.py", 1, 2, b"no text"))
    elif what == "lines":
        code = compile("raise ValueError('odd')", "odd\udc80.py", "exec")
        if hasattr(code, "replace"):
            code = code.replace(co_name="odd\udc80")
        exec(code)
    # 3.8 ends the process there: "Cannot recover from stack overflow".
    elif what == "limit" and sys.version_info >= (3, 9):
        try:
            fail_deep(60)
        except ValueError as deep:
            error.__cause__ = deep
        sys.setrecursionlimit(70)
    raise error


def use_terminal():
    """What a function does that asks for a password, once on stdout and once on the terminal by its name."""
    import termios

    found = []
    for name in (1, "/dev/tty"):
        try:
            terminal = os.open(name, os.O_RDWR) if isinstance(name, str) else name
            termios.tcsetattr(terminal, termios.TCSANOW, termios.tcgetattr(terminal))
            found.append("set")
        except OSError as error:
            found.append(os.strerror(error.errno))
    os.write(1, b"written\n")
    return found


def make_generator():
    return (value for value in range(3))


class _Foreign:
    """What can be pickled here, and be read nowhere."""

    def __reduce__(self):
        return float, ("no number",)


def make_foreign():
    return _Foreign()


def import_missing():
    import missing_in_a_call


class Coded(Exception):
    """Pickled by its arguments, of which it takes others."""

    def __init__(self, code, message):
        super().__init__(message)


def make_coded():
    return Coded(3, "m")


def make(expression):
    import collections
    import threading

    import numpy

    return eval(expression)


def metadata(values):
    return str(values.dtype.metadata)


def lock_once(path, number):
    abort_once(path, number)
    return lambda: number


def take(*values):
    pass
