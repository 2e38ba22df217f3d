"""Functions of the workers in the tests."""

import os
import time

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def total(data: Floats) -> float:
    return float(data.sum())


def scaled(data: Floats) -> Floats:
    return data * 2


def begin():
    """Says that a function runs in this process."""
    marks = os.environ.get("CALLPY_TEST_MARKS")
    if marks is not None:
        with open(os.path.join(marks, str(os.getpid())), "w"):
            pass


def slow_total(data: Floats) -> float:
    """Takes a while."""
    begin()
    time.sleep(0.5)
    return float(data.sum())


def busy_total(data: Floats) -> float:
    """Computes for a while, without letting go of the interpreter lock for long."""
    begin()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass
    return float(data.sum())


def process(data: Floats) -> int:
    return os.getpid()


def raises(data: Floats) -> float:
    raise ValueError("not on this machine")
