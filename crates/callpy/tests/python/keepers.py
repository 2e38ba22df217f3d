"""Functions that keep their argument: each in a way of its own, named by it."""

import collections
import contextvars
import ctypes
import dataclasses
import functools
import logging
import pickle
import threading
import weakref

import numpy as np


class Plain:
    pass


class Slotted:
    __slots__ = ("series",)


class Subarray(np.ndarray):
    pass


@dataclasses.dataclass
class Record:
    series: object


kept = None
box = []
table = {}
holder = Plain()
slotted = Slotted()
local = threading.local()
context = contextvars.ContextVar("series_of_this_call")
started = threading.Event()
for_ever = threading.Event()


def keep(value):
    global kept
    kept = value


def in_a_global(data):
    keep(data)


def in_a_list(data):
    box.append(data)


def in_a_nested_list(data):
    table["rows"] = [[1], [2, data]]


def in_a_dict(data):
    table["series"] = data


def as_a_dict_key(data):
    table[Hashed(data)] = 1


class Hashed:
    def __init__(self, series):
        self.series = series

    def keep(self, series):
        self.series = series

    def __setitem__(self, key, series):
        self.series = series


def in_a_set(data):
    keep({Hashed(data)})


def in_a_tuple(data):
    keep((1, data))


def in_its_own_arguments(*data):
    keep(data)


def in_its_own_keywords(**data):
    keep(data)


def in_a_deque(data):
    keep(collections.deque([data]))


def in_an_attribute(data):
    holder.series = data


def in_a_slot(data):
    slotted.series = data


def in_a_dataclass(data):
    keep(Record(data))


def in_a_class_attribute(data):
    Plain.cache = data


def in_a_function_attribute(data):
    in_a_function_attribute.cache = data


def in_a_closure(data):
    def inner():
        return data

    keep(inner)


def as_a_default(data):
    def inner(series=data):
        return series

    keep(inner)


def as_a_keyword_default(data):
    def inner(*, series=data):
        return series

    keep(inner)


def in_a_generator(data):
    def rows():
        for row in data:
            yield row

    generator = rows()
    next(generator)
    keep(generator)


def in_an_unstarted_generator(data):
    keep(value for value in data)


def in_a_coroutine(data):
    async def total():
        return data.sum()

    keep(total())


def in_an_async_generator(data):
    async def rows(data):
        for row in data:
            yield row

    keep(rows(data))


def in_an_iterator(data):
    keep(iter(data))


def in_a_map(data):
    keep(map(float, data))


def in_a_bound_method(data):
    keep(data.mean)


def in_a_python_method(data):
    keep(Hashed(data).__init__)


def in_a_partial(data):
    keep(functools.partial(np.sum, data))


@functools.lru_cache(maxsize=None)
def cached(key):
    return key.series[1:]


def in_a_cache(data):
    cached(Hashed(data))


def in_an_exception_of_its_own(data):
    keep(ValueError(data))


def in_an_exception_it_raises(data):
    keep(ValueError(data))
    raise kept


def in_a_running_thread(data):
    def run(series):
        started.set()
        for_ever.wait()
        return series

    threading.Thread(target=run, args=(data,), daemon=True).start()
    started.wait()


def in_a_thread_local(data):
    local.series = data


def in_a_context_variable(data):
    context.set(data)


def as_a_slice(data):
    keep(data[1:3])


def as_a_slice_of_a_slice(data):
    keep(data[::-1][1:][::2])


def as_a_reshape(data):
    keep(data.reshape(2, 2).T)


def as_other_bytes(data):
    keep(data.view(np.uint8))


def as_a_subclass(data):
    keep(data.view(Subarray)[1:])


def as_a_broadcast(data):
    keep(np.broadcast_to(data, (3, 4)))


def as_a_window(data):
    keep(np.lib.stride_tricks.as_strided(data, (2, 3), (8, 8)))


def in_an_object_array(data):
    array = np.empty(2, dtype=object)
    array[0] = data[1:]
    keep(array)


def as_flat(data):
    keep(data.flat)


def as_nditer(data):
    keep(np.nditer(data))


def as_a_memoryview(data):
    keep(memoryview(data))


def as_a_cast_memoryview(data):
    keep(memoryview(data).cast("B")[3:])


def as_its_buffer(data):
    keep(data.data)


def from_a_buffer(data):
    keep(np.frombuffer(memoryview(data), dtype=np.uint8))


def as_a_pickle_buffer(data):
    keep(pickle.PickleBuffer(data))


def as_ctypes(data):
    keep(data.ctypes)


def as_a_ctypes_pointer(data):
    keep(data.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))


def as_an_array_struct(data):
    keep(data.__array_struct__)


def as_a_dlpack_capsule(data):
    keep(data.__dlpack__())


def from_dlpack(data):
    keep(np.from_dlpack(data))


def by_a_strong_weakref_callback(data):
    # The callback's closure holds what the reference does not.
    keep(weakref.ref(holder, lambda _: data))


class Undead:
    def __init__(self, data):
        self.series = data
        self.me = self

    def __del__(self):
        keep(self)


def in_a_cycle_that_rises_again(data):
    Undead(data)


def in_logged_arguments(data):
    class Keeping(logging.Handler):
        def __init__(self):
            super().__init__()
            self.records = []

        def emit(self, record):
            self.records.append(record)

    logger = logging.getLogger("keepers")
    logger.propagate = False
    logger.addHandler(Keeping())
    logger.warning("%s", data)


def the_second(first, second):
    keep(second[1:])


def the_fifth(first, second, third, fourth, fifth):
    keep(fifth)


def by_name(a, *, data):
    keep(data)


def one_of_a_list(rows):
    keep(rows[2])


def both(first, second):
    keep((first, second))


def three(first, second, third):
    keep((first, second, third))


def several_of_a_list(rows):
    keep(rows[1:3])
