"""The functions that every rival calls."""

import numpy as np
from outliers import detect

__all__ = ["detect", "nothing", "scaled", "series"]


def nothing(data):
    """Does nothing, so its time is the cost of the call."""


def scaled(data):
    """Returns as much as it gets."""
    return data * 2


def series(size):
    """Returns the input, which is the same for every rival."""
    data = np.arange(size) * 7919 % 400 / 10
    for place, value in (7, 97.3), (113, 92.1), (835, 93.2):
        if place < size:
            data[place] = value
    return data


def digest(result):
    """Sums the bits of all elements, each times its position."""
    if result is None:
        return 0, 0
    places = np.arange(1, len(result) + 1, dtype=np.uint64)
    return len(result), int((places * result.view(np.uint64)).sum(dtype=np.uint64))
