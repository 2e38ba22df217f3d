

# Functions that run on workers. Runs after support.py, in the same module.


class Stopped(BaseException):
    """A call is to end. No Exception, so that functions that handle all errors end too."""


class DeadlineExceeded(Stopped):
    """The time of a call is up."""


class CallCancelled(Stopped):
    """The program has cancelled a call."""


class _OnWorkers:
    """A function that runs in other processes, of which only the name is here."""

    def __init__(self, target):
        self.__name__ = self.__qualname__ = target

    def __repr__(self):
        return "<function %s on workers>" % self.__name__

    def __call__(self, *arguments, **named):
        raise TypeError(
            "%s runs on workers, so Python code of this process can't call it" % self.__name__
        )


def on_workers(target):
    return _OnWorkers(target)


def worker_path():
    """Where this process finds modules, as a worker is to find them."""
    import os

    return [os.path.abspath(folder) for folder in sys.path if isinstance(folder, str) and "\0" not in folder]


def _reduce_array(array):
    """As NumPy does, but leaves out the memory of all that has no objects in it."""
    from pickle import PickleBuffer

    if array.nbytes and not array.dtype.hasobject:
        if not array.flags.forc:
            array = array.copy()
        try:
            memoryview(array)
        except ValueError:
            # Times have no buffers.
            memory = array.ravel().view("u1")
            return type(array), (array.shape, array.dtype, PickleBuffer(memory))
    return array.__reduce_ex__(5)


def _reduce_memory(view):
    from operator import methodcaller
    from pickle import PickleBuffer

    if view.format == "B" and view.ndim == 1 and view.c_contiguous:
        return memoryview, (PickleBuffer(view),)
    flat = view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
    shape = () if view.ndim == 1 else (view.shape,)
    # What has no such format fails here, where that is told best.
    flat.cast(view.format, *shape)
    return methodcaller("cast", view.format, *shape), (flat,)


def _reduce_reader(reader):
    from operator import methodcaller

    return methodcaller("to_reader"), (reader.read_all(),)


def _reduce_capsule(capsule):
    from operator import methodcaller

    if '"arrow_array_stream"' in repr(capsule):
        try:
            from pyarrow import RecordBatchReader
        except ImportError:
            pass
        else:
            table = RecordBatchReader._import_from_c_capsule(capsule).read_all()
            return methodcaller("__arrow_c_stream__"), (table,)
    raise TypeError(
        "it holds a pointer to memory of this process, as a callback does, which means nothing in another"
    )


def _reduce_generator(generator):
    raise TypeError("a generator runs in the process that made it: use a list of what it yields")


_STANDARD_REDUCERS = {}


def _standard_reducers():
    from collections import OrderedDict
    from datetime import datetime_CAPI

    reducers = {
        memoryview: _reduce_memory,
        type(_ for _ in ()): _reduce_generator,
        type(datetime_CAPI): _reduce_capsule,
    }
    for kind in dict, OrderedDict:
        empty = kind()
        reducers[type(empty.keys())] = lambda keys: (dict.keys, (dict.fromkeys(keys),))
        reducers[type(empty.values())] = lambda values: (dict.values, (dict(enumerate(values)),))
        reducers[type(empty.items())] = lambda items: (dict.items, (dict(items),))
    return reducers


def _reducers():
    """How to pickle, by its class, what pickle refuses, or would copy more often than it must."""
    import copyreg

    if not _STANDARD_REDUCERS:
        _STANDARD_REDUCERS.update(_standard_reducers())
    reducers = {**copyreg.dispatch_table, **_STANDARD_REDUCERS}
    array = getattr(sys.modules.get("numpy"), "ndarray", None)
    if array is not None:
        reducers[array] = _reduce_array
    reader = getattr(sys.modules.get("pyarrow"), "RecordBatchReader", None)
    if reader is not None:
        reducers[reader] = _reduce_reader
    return reducers


def _reduce_default_dict(value):
    """Without what makes its values, if that is a function that can't be pickled."""
    import pickle

    reduced = value.__reduce__()
    try:
        pickle.dumps(reduced[1], 5)
    except Exception:
        reduced = (reduced[0], (), *reduced[2:])
    return reduced


def pickled_apart(value, keep, is_result):
    """A pickle; what it leaves out is kept, if there is something to keep it with."""
    from io import BytesIO
    from pickle import Pickler

    pickler = Pickler(to := BytesIO(), 5, buffer_callback=keep)
    pickler.dispatch_table = reducers = _reducers()
    if is_result:
        from collections import defaultdict

        reducers[defaultdict] = _reduce_default_dict
    pickler.dump(value)
    return to.getvalue()


def pickled(value):
    """A pickle, and arrays of bytes over the memory that it leaves out."""
    buffers = []
    data = pickled_apart(value, buffers.append if "numpy" in sys.modules else None, False)
    if not buffers:
        return data, []
    import numpy

    return data, [numpy.asarray(buffer.raw()) for buffer in buffers]


def unpickled(data, buffers):
    import pickle

    return pickle.loads(data, buffers=buffers)


def dtype_and_size(array):
    import pickle

    return pickle.dumps(array.dtype, 5), array.nbytes


def write_back(array, written):
    """Writes to a lent array what a worker has written to its own."""
    import numpy

    numpy.copyto(array, written)


def exact_types():
    return int, float, str, bytes, bool
