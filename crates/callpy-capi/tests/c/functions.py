"""Functions for the tests of the C ABI and of the Go module."""

import collections
import enum

import numpy as np

kept = []


def echo(value):
    return value


def nothing(data):
    pass


def spin():
    while True:
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


def keep_again(data):
    return keep(data)


def keep_quietly(data):
    return keep(data)


def address(data):
    return data.ctypes.data


def shown(value):
    return repr(value)


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


def address_again(data):
    return data.ctypes.data


def sums(data, axis=0):
    return data.sum(axis=axis)


def counts(words):
    return {word: words.count(word) for word in words}


def pair(data):
    return data.min(), data.max()


def join(words, sep=" "):
    return sep.join(words)


def sometimes(data, index):
    if index % 7 == 0:
        raise ValueError("no %d" % index)
    return np.where(data > 2)[0]


def double(data):
    return data * 2


def greet(name):
    print("hello", name)


def print_at_exit():
    import atexit

    atexit.register(print, "the end")


def by_pair(first, second):
    return {(first, second): 1}


def remembered(data):
    try:
        raise ValueError("caught")
    except ValueError as error:
        # Its traceback has this frame, and that has data.
        kept.append(error)
    del kept[:-3]
    return float(data[0])


class Frame:
    def to_numpy(self):
        return np.ones(2)


def frame():
    return Frame()


def broadcast(length):
    return np.broadcast_to(0.5, (length,))


def apply(function, *arguments):
    return function(*arguments)


def apply_to_endless(function):
    endless = []
    endless.append(endless)
    return function(1, endless)


def echo_object(function):
    return [function][0]
