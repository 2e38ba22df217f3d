"""A producer of Arrow's PyCapsule interface, for tests without a package that is one.

A column is (name, format, buffers, length) and perhaps null_count, offset and a dictionary, a column of its own.
"""

import ctypes
import struct

released = []
_kept = {}


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


_pointer, _long, _text = ctypes.c_void_p, ctypes.c_int64, ctypes.c_char_p
ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
ReleaseStream = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
GetError = ctypes.CFUNCTYPE(_pointer, ctypes.POINTER(Stream))
Schema._fields_ = [
    ("format", _text), ("name", _text), ("metadata", _text), ("flags", _long), ("n_children", _long),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))), ("dictionary", ctypes.POINTER(Schema)),
    ("release", ReleaseSchema), ("private_data", _pointer),
]
Array._fields_ = [
    ("length", _long), ("null_count", _long), ("offset", _long), ("n_buffers", _long), ("n_children", _long),
    ("buffers", ctypes.POINTER(_pointer)), ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)), ("release", ReleaseArray), ("private_data", _pointer),
]
Stream._fields_ = [
    ("get_schema", GetSchema), ("get_next", GetNext), ("get_last_error", GetError), ("release", ReleaseStream),
    ("private_data", _pointer),
]


def _release(kind, callback):
    def release(pointer):
        released.append(kind)
        address = ctypes.cast(ctypes.addressof(pointer.contents) + kind_release[kind], ctypes.POINTER(_pointer))
        address[0] = None

    return callback(release)


kind_release = {"schema": Schema.release.offset, "array": Array.release.offset, "stream": Stream.release.offset}
_RELEASE = {
    "schema": _release("schema", ReleaseSchema),
    "array": _release("array", ReleaseArray),
    "stream": _release("stream", ReleaseStream),
}


def _children(kind, children):
    pointers = (ctypes.POINTER(kind) * max(len(children), 1))(*[ctypes.pointer(child) for child in children])
    return ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(kind))), pointers


def _schema(column):
    name, format = column[0], column[1]
    dictionary = column[6] if len(column) > 6 else None
    made = Schema(format and format.encode(), name.encode(), None, 2, 0)
    if dictionary:
        made.dictionary = ctypes.pointer(_schema(dictionary))
    return made


def _array(column):
    _, _, buffers, length, *rest = column
    null_count, offset, dictionary = rest + [0, 0, None][len(rest):]
    held = [None if buffer is None else ctypes.create_string_buffer(buffer, max(len(buffer), 1)) for buffer in buffers]
    pointers = (_pointer * max(len(held), 1))(*[buffer and ctypes.addressof(buffer) for buffer in held])
    made = Array(length, null_count, offset, len(held), 0)
    made.buffers = ctypes.cast(pointers, ctypes.POINTER(_pointer))
    made.held = held, pointers
    if dictionary:
        made.dictionary = ctypes.pointer(_array(dictionary))
    return made


def schema_of(columns):
    made = Schema(b"+s", b"", None, 0, len(columns))
    made.children, made.held = _children(Schema, [_schema(column) for column in columns])
    made.release = _RELEASE["schema"]
    _kept[id(made)] = made
    return made


def array_of(columns, length, offset=0):
    made = Array(length, 0, offset, 1, len(columns))
    none = (_pointer * 1)(None)
    made.buffers = ctypes.cast(none, ctypes.POINTER(_pointer))
    made.children, children = _children(Array, [_array(column) for column in columns])
    made.held = none, children
    made.release = _RELEASE["array"]
    _kept[id(made)] = made
    return made


def _capsule(made, name):
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [_pointer, _text, _pointer]
    text = _kept.setdefault(name, ctypes.create_string_buffer(name.encode()))
    return new(ctypes.addressof(made), ctypes.cast(text, _text), None)


class Frame:
    """A frame of batches, each (columns, length) and perhaps an offset."""

    def __init__(self, *batches, error=None):
        self.batches, self.error, self.exported = batches, error, None

    def __arrow_c_stream__(self, requested_schema=None):
        if self.exported is not None:
            return self.exported
        left = list(self.batches)
        message = ctypes.create_string_buffer(b"no more of it")

        def get_schema(_, out):
            ctypes.memmove(out, ctypes.addressof(schema_of(self.batches[0][0])), ctypes.sizeof(Schema))
            return 0

        def get_next(_, out):
            if left:
                ctypes.memmove(out, ctypes.addressof(array_of(*left.pop(0))), ctypes.sizeof(Array))
                return 0
            ctypes.memset(out, 0, ctypes.sizeof(Array))
            return self.error or 0

        made = Stream(
            GetSchema(get_schema), GetNext(get_next), GetError(lambda _: ctypes.addressof(message)), _RELEASE["stream"]
        )
        _kept[id(made)] = made
        self.exported = _capsule(made, "arrow_array_stream")
        return self.exported


class Batch:
    """A batch that is handed over as an array."""

    def __init__(self, columns, length):
        self.columns, self.length = columns, length

    def __arrow_c_array__(self, requested_schema=None):
        schema, array = schema_of(self.columns), array_of(self.columns, self.length)
        return _capsule(schema, "arrow_schema"), _capsule(array, "arrow_array")


def pack(letter, *values):
    return struct.pack("=%d%s" % (len(values), letter), *values)


def texts(name, *items):
    data = "".join(item or "" for item in items).encode()
    ends, end = [0], 0
    for item in items:
        end += len((item or "").encode())
        ends.append(end)
    return (name, "u", [None, pack("i", *ends), data], len(items))


def views(name, *items):
    long, made = b"", b""
    for item in items:
        item = item.encode()
        if len(item) <= 12:
            made += pack("i", len(item)) + item.ljust(12, b"\0")
        else:
            made += pack("i", len(item)) + item[:4] + pack("i", 0, len(long))
            long += item
    return (name, "vu", [None, made, long, pack("q", len(long))], len(items))


def frame():
    first = [
        ("id", "l", [None, pack("q", 1, 2, 3)], 3),
        ("price", "g", [bytes([0b101]), pack("d", 0.5, 99, 2.5)], 3, 1),
        texts("name", "a", "ü", ""),
        views("note", "short", "a text of more than 12 bytes", ""),
        ("kind", "c", [None, bytes([1, 0, 1])], 3, 0, 0, texts("", "low", "high")),
        ("flag", "b", [None, bytes([0b10100])], 3, 0, 2),
        ("day", "tdD", [None, pack("i", 0, 1, 2)], 3),
        ("time", "tsn:UTC", [None, pack("q", 5, 6, 7)], 3),
    ]
    second = [
        ("id", "l", [None, pack("q", 0, 0, 4)], 1, 0, 2),
        ("price", "g", [None, pack("d", 4.5)], 1),
        texts("name", "b"),
        views("note", "x"),
        ("kind", "c", [None, bytes([0])], 1, 0, 0, texts("", "other")),
        ("flag", "b", [None, bytes([1])], 1),
        ("day", "tdD", [None, pack("i", 3)], 1),
        ("time", "tsn:UTC", [None, pack("q", 8)], 1),
    ]
    return Frame((first, 3), (second, 1))


def sliced():
    """A batch that is a part of its columns."""
    return Frame(([("x", "i", [None, pack("i", 1, 2, 3, 4)], 3, 0, 1), texts("t", "a", "b", "c")], 2, 1))


def unread():
    """Columns of types that can't be read, beside one that can."""
    texts = ("", "u", [None, pack("i", 0, 1), b"a"], 1)
    indices = ("", "c", [bytes([0b0]), bytes(1)], 1, 1, 0, texts)
    columns = [
        ("x", "l", [None, pack("q", 1, 2)], 2),
        ("list", "+l", [bytes([0b01]), pack("i", 0, 1, 1)], 2, 1),
        ("struct", "+s", [None], 2),
        ("decimal", "d:5,2", [None, bytes(32)], 2),
        ("fixed", "w:5", [None, bytes(10)], 2),
        ("union", "+ud:0", [bytes(2), bytes(8)], 2),
        ("pair", "+w:2", [bytes([0b01])], 2, 1),
        ("interval", "tiM", [None, bytes(8)], 2),
        ("large", "_pli128", [bytes([0b01]), bytes(32)], 2, 1),
        ("later", "??", [bytes(1)], 2, 1),
        ("nested", "c", [None, bytes(2)], 2, 0, 0, indices),
    ]
    return Frame((columns, 2))


def untyped():
    return Frame(([("none", "n", [], 2, 2), ("one", "n", [None], 2, 2)], 2))


def twice():
    return Frame(([("x", "l", [None, pack("q", number)], 1) for number in (1, 2)], 1))


def batch():
    return Batch([("x", "g", [None, pack("d", 1, 2)], 2)], 2)


def broken(how):
    x = lambda *rest, format="l", buffers=None: [("x", format, buffers or [None, pack("q", 1, 2)], *rest)]
    text = lambda *ends: [("x", "u", [None, pack("i", *ends), b"ab"], 2)]
    return {
        "length": lambda: Frame((x(-1), 0)),
        "offset": lambda: Frame((x(2, 0, -1), 2)),
        "overflow": lambda: Frame((x(2**62, 0, 2**62), 2)),
        "short": lambda: Frame((x(1), 2)),
        "nulls": lambda: Frame((x(2, 1), 2)),
        "buffers": lambda: Frame((x(2, buffers=[None]), 2)),
        "pointer": lambda: Frame((x(2, buffers=[None, None]), 2)),
        "no type": lambda: Frame((x(2, format=None), 2)),
        "offsets": lambda: Frame((text(0, 2, 1), 2)),
        "negative offsets": lambda: Frame((text(-1, 0, 1), 2)),
        "error": lambda: Frame((x(2), 2), error=5),
        "columns": lambda: Frame((x(2), 2), ([], 2)),
        "read": lambda: (lambda frame: (frame.__arrow_c_stream__(), _consume(frame), frame)[2])(Frame((x(2), 2))),
        "not a capsule": lambda: type("F", (), {"__arrow_c_stream__": lambda self: 7})(),
        "other capsule": lambda: type("F", (), {"__arrow_c_stream__": lambda self: _capsule(schema_of([]), "other")})(),
        "raises": lambda: type("F", (), {"__arrow_c_stream__": lambda self: 1 / 0})(),
        "index": lambda: Frame(([("x", "c", [None, bytes([0, 5])], 2, 0, 0, texts("", "a"))], 2)),
        "utf8": lambda: Frame(([("x", "u", [None, pack("i", 0, 1, 2), b"\xffb"], 2)], 2)),
    }[how]()


def _consume(frame):
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = _pointer, [ctypes.py_object, _text]
    stream = ctypes.cast(get(frame.exported, b"arrow_array_stream"), ctypes.POINTER(Stream))
    _RELEASE["stream"](stream)


def counts():
    return {kind: released.count(kind) for kind in ("schema", "array", "stream")}
