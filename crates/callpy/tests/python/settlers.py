"""Functions that hold their argument when they return, but only by oversight."""

import asyncio
import collections
import concurrent.futures
import contextlib
import ctypes
import gc
import logging
import sys
import threading
import weakref

import numpy as np

kept = []
Pair = collections.namedtuple("Pair", "name rows")


def total(data):
    """Also says how many arrays are lent, of which there may not be more from call to call."""
    assert not gc.garbage
    return float(data.sum()), sys.getrefcount(data.base), data.shape, data.dtype.str


# --- views in results


def itself(data):
    return data


def every_second_backwards(data):
    return data[::-2]


def transposed(data):
    return data.reshape(2, -1).T


def as_a_matrix(data):
    return data[1:].view(np.matrix)


def of_a_subclass_with_its_parent(data):
    return data.view(WithParent)[1:]


class WithParent(np.ndarray):
    def __array_finalize__(self, parent):
        self.parent = parent


def in_a_tuple(data):
    return data[1:], 7, data


def in_a_list(data):
    return [data[:1], data[1:]]


def in_a_dict(data):
    return {"first": data[:1], "rest": data[1:]}


def nested(data):
    return {"rows": [(data[:1], "a"), (data[1:], "b")], "none": None}


def in_a_namedtuple(data):
    return Pair("p", data[2:])


def in_a_list_that_is_kept(data):
    rows = [data[1:]]
    kept.append(rows)
    return rows


# --- exceptions


def raises(data):
    view = data[1:]
    raise ValueError("no: %d" % len(view))


def raises_a_cycle(data):
    try:
        raises(data)
    except ValueError as error:
        mine = error
        raise mine


def raises_a_chain(data):
    rows = np.array_split(data, 2)
    try:
        raises(rows[0])
    except ValueError as error:
        raise KeyError("chained") from error


class Keeping(logging.Handler):
    def emit(self, record):
        kept.append(record)


logger = logging.getLogger("settlers")
logger.propagate = False
logger.addHandler(Keeping())


def logs(data):
    """The record keeps the traceback, whose frames have the argument, and views of it in a list."""
    rows = [data[index:] for index in range(3)]
    try:
        raises(rows[1])
    except ValueError:
        logger.exception("it failed")
    return len(rows)


def logs_and_raises(data):
    try:
        raises_a_chain(data)
    except KeyError as error:
        logger.exception("it failed")
        sys.last_exc = sys.last_value = error
        sys.last_traceback = error.__traceback__
        raise


def keeps_the_exception_of_a_generator(data):
    def rows(data):
        yield data[0]
        raise ValueError("in the generator")

    generator = rows(data)
    try:
        list(generator)
    except ValueError as error:
        kept.append(error)
    kept.append(generator)
    return 1


def keeps_looked_at_locals(data):
    """What debuggers and error reporters do: a snapshot of the locals stays in the frame."""
    try:
        raises(data)
    except ValueError as error:
        frame = error.__traceback__.tb_next.tb_frame
        kept.append((frame, len(frame.f_locals)))
    return 1


# --- cycles


def cycle(data):
    ring = [data[1:]]
    ring.append(ring)
    return 1


def cycle_through_instances(data):
    class Node:
        def __del__(self):
            kept.append("deleted")

    node = Node()
    node.me = node
    node.data = data
    return 1


def cycle_with_the_collector_off(data):
    gc.disable()
    try:
        return cycle(data)
    finally:
        gc.freeze()
        gc.unfreeze()


# --- weak references


def weakly(data):
    kept.append(weakref.ref(data))
    kept.append(weakref.ref(data[1:]))
    return 1


def is_dead(data):
    return all(reference() is None for reference in kept)


def weakly_with_callback(data):
    kept.append(weakref.ref(data, lambda reference: kept.append(reference())))
    return 1


cache = weakref.WeakValueDictionary()


def in_a_weak_cache(data):
    cache["data"] = data
    return len(cache)


def weakly_without_axes(data):
    data.shape = ()
    kept.append(weakref.ref(data))
    return 1


# --- frames that end, or have ended


def finished_generator(data):
    generator = (value for value in data)
    kept.append(generator)
    return len(list(generator))


def closed_generator(data):
    def rows():
        with contextlib.suppress(GeneratorExit):
            yield data[0]

    generator = rows()
    next(generator)
    kept.append(generator)
    generator.close()
    return 1


def ran_coroutine(data):
    async def total(data):
        await asyncio.sleep(0)
        return data[1:].sum()

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(total(data))
    finally:
        loop.close()


pool = concurrent.futures.ThreadPoolExecutor(2)


def in_a_pool(data):
    """A worker lets go of its task only after it has handed over the result."""
    return sum(pool.map(lambda rows: rows.sum(), np.array_split(data, 4)))


def in_a_thread_that_ends_soon(data):
    """The result is there before the thread lets go."""
    done = threading.Event()

    def run(rows):
        done.set()
        for _ in range(20):
            threading.Event().wait(0.001)
        rows.sum()

    threading.Thread(target=run, args=(data[1:],)).start()
    done.wait()
    return 1


def in_a_thread_that_calls_back(data, address):
    """The thread lets go after a call of its own, which has a cycle to collect."""
    called = ctypes.CFUNCTYPE(ctypes.c_int64)(address)
    started = threading.Event()

    def run(rows):
        started.set()
        threading.Event().wait(0.02)
        called()
        rows.sum()

    threading.Thread(target=run, args=(data[1:],)).start()
    started.wait()


def in_a_frame_that_is_suspended_later(data):
    """Until then, another thread runs it; a look at its locals would stay in it up to 3.12."""
    started = threading.Event()

    def rows(view):
        started.set()
        for _ in range(5):
            threading.Event().wait(0.01)
        del view
        yield

    generator = rows(data[1:])
    kept.append(generator)
    threading.Thread(target=next, args=(generator,)).start()
    started.wait()
    return 1


def in_a_thread_for_long(data):
    started = threading.Event()

    def run(rows):
        started.set()
        for turn in range(40):
            threading.Event().wait(0.01)
            if turn == 5:
                print("the call waits", flush=True)
        rows.sum()

    threading.Thread(target=run, args=(data[1:],)).start()
    started.wait()


def traced(data):
    """A tracer that keeps every frame it sees, and stays on after the call."""

    def tracer(frame, event, argument):
        kept.append(frame)
        return tracer

    sys.settrace(tracer)
    return total(data)[0]


def untrace(data):
    sys.settrace(None)
    kept.clear()


# --- results that hold what was lent


def generator(data):
    return (value for value in data)


def coroutine(data):
    async def total():
        return data.sum()

    return total()


def async_generator(data):
    async def rows():
        yield data[0]

    return rows()


def closure(data):
    return lambda: data


def iterator(data):
    return iter(data)


def flat(data):
    return data.flat


def view_in_memory(data):
    return memoryview(data)[1:]


def capsule(data):
    return data.__array_struct__


def exception(data):
    return ValueError(data)


def in_an_instance(data):
    return WithRows(data)


class WithRows:
    def __init__(self, rows):
        self.rows = rows[1:]
