

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


def pickled(value):
    """A pickle, and arrays of bytes over the memory that it leaves out."""
    import pickle

    buffers = []
    keep = buffers.append if "numpy" in sys.modules else None
    try:
        data = pickle.dumps(value, 5, buffer_callback=keep)
    except TypeError as error:
        if "PyCapsule" not in str(error):
            raise
        reason = "it holds a pointer to memory of this process, as a callback does, which means nothing in another"
        raise TypeError(reason) from error
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
