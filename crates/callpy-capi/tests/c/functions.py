import collections
import enum

import numpy as np

kept = []


def echo(value):
    return value


def nothing(data):
    pass


def fill(data, value=7):
    data[...] = value


def write(data):
    data[0] = 1


def total(data):
    return float(data.sum())


def described(data):
    return "%s %s %s" % (data.dtype, list(data.shape), list(data.strides))


def transposed(data):
    return np.ascontiguousarray(data).copy().T


def made(name):
    return np.array([0, 1, 1], dtype=name)


def texts():
    return np.array(["one", "three"])


def times():
    return np.array(["2020-04-02T09:30:00", "NaT"], dtype="M8[s]")


def objects():
    return np.array([object()])


def rows_if(data, wanted):
    return iter(data) if wanted else None


def keep_and_write(data):
    data[...] = 0
    kept.append(data)


def keep(data):
    kept.append(data)
    return data.ctypes.data


def keep_too(data):
    return keep(data)


def address(data):
    return data.ctypes.data


def cause():
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError("outer") from error


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def endless():
    value = []
    value.append(value)
    return value


def evaluated(expression):
    return eval(expression, {"np": np, "collections": collections, "enum": enum, "endless": endless})


def endless_dict():
    value = {}
    value["self"] = [(value,)]
    return value


def counted(flags):
    return int(np.count_nonzero(flags)) + len(np.arange(len(flags))[flags])


def write_bytes(flags):
    flags.view("u1")[...] = 7


def first(data):
    return data.flat[0]


class Holder:
    pass


def held(data):
    holder = Holder()
    holder.data = data
    return holder
