import numpy as np


def detect(data):
    deviation = np.abs(data - data.mean())
    return np.where(deviation > 2 * data.std())[0]


def identity(value):
    return value


def fill(array, value):
    array[:] = value


def fail(array):
    part = array[1:]
    raise ValueError("no") from KeyError(len(part))


def keyword(value, *, other):
    return value + other


def view(array):
    return array[::2]
