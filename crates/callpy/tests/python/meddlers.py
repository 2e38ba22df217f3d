"""Functions that change the array itself that they were lent, and one that looks at a new one."""

import warnings
import weakref

import numpy as np

warnings.simplefilter("ignore")


def look(data):
    kinds = data.flags
    return (
        data.shape,
        data.strides,
        repr(data.dtype),
        data.dtype.fields is None and data.dtype.metadata is None,
        (kinds.writeable, kinds.c_contiguous, kinds.f_contiguous, kinds.aligned),
        kinds.owndata or type(data) is not np.ndarray,
        len(memoryview(data)) == len(data) == data.size,
        data.tolist(),
    )


def attempt(change):
    def meddler(data):
        try:
            change(data)
        except (ValueError, TypeError, AttributeError, BufferError, RuntimeError):
            return False
        return True

    return meddler


@attempt
def shape(data):
    data.shape = (-1, 1)


@attempt
def shape_and_back(data):
    before = data.shape
    data.shape = (1,) + before
    data.shape = before


@attempt
def no_axes(data):
    data.shape = ()


@attempt
def strides(data):
    data.strides = (0,)


@attempt
def bytes_(data):
    data.dtype = np.uint8


@attempt
def wider(data):
    data.dtype = np.complex128


@attempt
def same_size(data):
    data.dtype = {1: np.int8, 4: np.float32, 8: np.int64}[data.itemsize]


@attempt
def foreign(data):
    data.dtype = data.dtype.newbyteorder()


@attempt
def fields(data):
    # An int32 by its number, but with fields.
    data.dtype = np.dtype((np.int32, {"low": (np.int16, 0), "high": (np.int16, 2)}))


@attempt
def metadata(data):
    data.dtype = np.dtype(data.dtype, metadata={"of": "an earlier call"})


@attempt
def another_of_its_size(data):
    # On most platforms the same as int64, under another number.
    data.dtype = np.longlong


@attempt
def moment(data):
    data.dtype = "M8[s]"


@attempt
def objects(data):
    data.dtype = object


@attempt
def read_only(data):
    data.flags.writeable = False


@attempt
def unaligned(data):
    data.setflags(align=False)


@attempt
def resized(data):
    data.resize(10_000, refcheck=False)


@attempt
def exported(data):
    memoryview(data).release()


@attempt
def exported_in_another_shape(data):
    data.dtype = np.uint8
    memoryview(data)


@attempt
def interface(data):
    data.__array_interface__
    data.__array_struct__


@attempt
def weakly(data):
    weakref.ref(data)


@attempt
def many_numbers(data):
    # None of these is lent as such: they must not take the places of those that are.
    data.dtype = np.float16
    data.dtype = np.int16


MEDDLERS = [name for name, value in list(globals().items()) if getattr(value, "__name__", "") == "meddler"]
