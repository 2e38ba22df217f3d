import gc
import weakref

import numpy as np


def make(dtype, shape, steps, how):
    fortran, transposed, swapped, misaligned = how
    dtype = np.dtype(dtype)
    if swapped:
        dtype = dtype.newbyteorder()
    # Larger than asked for along each axis, so that steps have something to step over.
    whole = [length * abs(step) for length, step in zip(shape, steps)]
    size = int(np.prod(whole, dtype=int))
    values = np.arange(size) % 100
    if misaligned:
        packed = np.zeros(size, dtype=np.dtype([("gap", "u1"), ("value", dtype)]))
        packed["value"] = values.astype(dtype)
        array = packed["value"]
    else:
        array = values.astype(dtype)
    array = array.reshape(whole, order="F" if fortran else "C")
    # With an ellipsis, no axes give a 0-d array rather than a scalar.
    array = array[tuple(slice(None, None, step) for step in steps) + (Ellipsis,)]
    return array.T if transposed else array


def naive(dtype, shape, steps, how):
    array = make(dtype, shape, steps, how)
    flat = [array[index] for index in np.ndindex(array.shape)]
    return np.array(flat, dtype=np.dtype(dtype)), array.shape


def fresh():
    return np.arange(4.0)


def fresh_transposed():
    return np.arange(6.0).reshape(2, 3).T


def fresh_strided():
    return np.arange(8.0)[::2]


def fresh_backwards():
    return np.arange(8.0)[::-1]


def fresh_reshaped():
    return np.arange(4.0).reshape(2, 2)


KEPT = np.arange(4.0)


def kept():
    KEPT[:] = np.arange(4.0)
    return KEPT


def overwrite_kept():
    KEPT[:] = -1


def view_of_kept():
    return KEPT[:]


def weakly_kept():
    array = np.arange(4.0)
    weakly_kept.reference = weakref.ref(array)
    return array


class Subclass(np.ndarray):
    pass


def subclass():
    return np.arange(4.0).view(Subclass)


def over_bytearray():
    return np.frombuffer(bytearray(np.arange(4.0).tobytes()))


def pair():
    return np.array([0.5]), np.array([7])


def list_of_arrays():
    return [np.array([float(index)]) for index in range(3)]


def objects():
    return np.array([1.0, None])


def list():
    return [1.0]


def none():
    return None


def masked():
    return np.ma.masked_array([1.0, 2.0], mask=[True, False])


def long_double():
    return np.ones(2, dtype=np.longdouble) if np.dtype(np.longdouble).itemsize > 8 else None


def seconds():
    return np.zeros(2, dtype="datetime64[s]")


def strange_bools():
    return np.array([0, 1, 2, 255], dtype=np.uint8).view(bool)


def strange_readonly_bools():
    array = np.array([0, 1, 2, 255], dtype=np.uint8).view(bool)
    array.flags.writeable = False
    return array


def collect():
    gc.collect()


def eye(size):
    return np.eye(size)


def total(array):
    return float(array.sum())


def identity(value):
    return value


def later(samples):
    samples = samples.copy()
    samples["time"] += np.timedelta64(60, "s")
    return samples


def first(samples):
    return samples[0]


def a_complex():
    return 1 + 2j


class Shows:
    """Shows memory of another's as an array."""

    @property
    def __array_interface__(self):
        return dict(KEPT.__array_interface__, version=3)


class ShowsToo(Shows):
    pass


shown = lambda: np.asarray(Shows())
shown_too = lambda: np.asarray(ShowsToo())


# So many that no machine has room for all of them.
MANY = 2**57


def broadcast(kind):
    """The same few elements many times: in memory of its own, that Python holds, of other bytes."""
    held = {"own": np.arange(3.0), "held": KEPT, "swapped": np.arange(3, dtype=">f8")}[kind]
    return np.broadcast_to(held[:3], (MANY, 3))


def broadcast_bools(kind):
    held = np.array([1, 0, 1], "u1" if kind == "plain" else "i1")
    if kind == "strange":
        held = np.array([7, 0, 255], "u1")
    if kind == "with_gaps":
        held = np.array([7, 100, 0, 100, 255, 100], "u1")[::2]
    if kind == "writable":
        held = np.array([7, 0, 255], "u1")
        return np.lib.stride_tricks.as_strided(held.view(bool), (MANY, 3), (0, 1))
    return np.broadcast_to(held.view(bool), (MANY, 3))


def windows(samples, length, step=None):
    """Windows that overlap, over a view of the argument."""
    strides = (step or samples.strides[0], samples.strides[0])
    return np.lib.stride_tricks.as_strided(samples, (len(samples) - length + 1, length), strides)


def repeated(how):
    """Arrays that read some of their memory more than once, each by NumPy's own rules."""
    base = np.arange(24, dtype="i4").reshape(2, 3, 4)
    return {
        "rows": np.broadcast_to(base[0, 0], (5, 4)),
        "columns": np.broadcast_to(base[0, 0][:, None], (4, 5)),
        "backwards": np.broadcast_to(base[0, 0, ::-1], (5, 4)),
        "sparse": np.broadcast_to(base[0, ::2, ::-3], (50, 2, 2)),
        "scalar": np.broadcast_to(np.array(7, "i4"), (2, 3)),
        "one": np.broadcast_to(base[:, :1, :1], (2, 1, 9)),
        "turned": np.broadcast_to(base, (9, 2, 3, 4)).transpose(2, 0, 3, 1)[::-1],
        "windows": windows(np.arange(9, dtype="i4"), 5),
        "back_windows": windows(np.arange(9, dtype="i4")[::-1], 5)[:, ::-1],
        "swapped": np.broadcast_to(base[0, 0].astype(">i4"), (5, 4)),
        "no_axes": np.broadcast_to(np.array(7, "i4"), ()),
        "fortran": np.broadcast_to(np.asfortranarray(base[0]), (2, 3, 4)),
        "fortran_windows": windows(np.arange(9, dtype="i4"), 5).T,
        "far_apart": np.broadcast_to(np.arange(90_000, dtype="i4")[::89_999], (9, 2)),
        "unaligned": np.broadcast_to(np.frombuffer(bytes(range(41)), "i4", 10, 1), (3, 10)),
        "within_one_another": windows(np.frombuffer(bytes(range(40)), "i4"), 5, 2),
        "of_a_subclass": np.broadcast_to(base[0].view(type("Sub", (np.ndarray,), {})), (2, 3, 4), subok=True),
        "empty": np.broadcast_to(base[0, 0], (0, 4)),
    }[how]


repeated_and_held = lambda how, held=[]: (held.append(repeated(how)), held[-1])[1]
as_list = lambda how: repeated(how).tolist()


def records(kind):
    order = ">" if kind == "swapped" else "="
    integer = "i4" if kind == "other" else order + "i8"
    fields = [("a", integer), ("b", order + "f8"), ("c", "i2")]
    made = np.array([(1, 2.5, 3), (4, 5.5, 6)], np.dtype(fields, align=kind == "padded"))
    return made[["a", "b"]] if kind == "selected" else made


def tracks(kind):
    order = ">" if kind == "swapped" else "="
    inner = [("b", order + "f8"), ("a", "i4" if kind == "other" else order + "i8")]
    if kind == "padded":
        inner = {"names": ["b", "a"], "formats": ["f8", "i8"], "offsets": [4, 20], "itemsize": 40}
    elif kind == "more":
        inner = [("c", "U3"), inner[0], ("d", "i1"), inner[1]]
    elif kind == "turned":
        inner.reverse()
    elif kind == "without":
        inner.pop()
    fields = [("id", order + "i8"), ("ends", inner, 1 if kind == "shorter" else 2), ("top", inner)]
    made = np.zeros(2, np.dtype(fields))
    made["id"] = 10, 20
    for add, records in (1, made["ends"][:, 0]), (2, made["ends"][:, -1]), (3, made["top"]):
        if "a" in records.dtype.names:
            records["a"] = made["id"] + add
        records["b"] = made["id"] + add + 0.5
    return made


def track(kind):
    return tracks(kind)[0]


def moved(bodies):
    bodies = bodies.copy()
    assert bodies.dtype["turns"].shape == (2, 2), bodies.dtype
    bodies["place"] += 1
    bodies["turns"] = bodies["turns"].transpose(0, 2, 1)
    return bodies


def rows_of(bodies, kind):
    order = ">" if kind == "swapped" else "="
    place = 4 if kind == "longer" else 3
    fields = [("n", "i1"), ("place", order + "f8", place), ("turns", order + "i4", (2, 2)), ("codes", "S4", 2)]
    made = np.zeros(len(bodies), np.dtype(fields, align=kind == "padded"))
    for name in bodies.dtype.names:
        made[name][..., :3] = bodies[name]
    return made[["place", "turns", "codes"]] if kind == "selected" else made
