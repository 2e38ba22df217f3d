import numpy as np


def seen(array):
    flat = [array[index] for index in np.ndindex(array.shape)]
    return np.array(flat, dtype=array.dtype), array.shape, bool(array.flags.writeable)


def fill(array, value):
    array[...] = value


def write_bytes(array):
    array.view(np.uint8)[...] = 255


def sizes(*arrays, last):
    return [array.size for array in arrays] + [last.size]


def sizes_of_list(arrays):
    return [array.size for array in arrays]


KEPT = []


def keep(array):
    KEPT.append(array)


def kept_sums():
    return [array.sum() for array in KEPT]


def nothing(array):
    pass


written = []


def double_and_keep(array):
    array *= 2
    assert array.flags.owndata and array.flags.c_contiguous
    written.append(array)


def doubled():
    return [array.ravel().tolist() for array in written]


def rows_backwards():
    return np.arange(4.0).reshape(2, 2)[::-1]
