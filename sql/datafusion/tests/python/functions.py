"""Functions for the tests, each with what SQL needs to know of it."""

import time
from typing import List, Optional

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def detect(data: Floats) -> Ints:
    deviation = np.abs(data - data.mean())
    return np.where(deviation > 2 * data.std())[0]


def series(data: Floats) -> Floats:
    """Returns the values in the order in which they came."""
    return data


def total(data: Floats) -> float:
    return float(np.add.accumulate(data)[-1])


def count(data: Ints) -> int:
    return len(data)


def weighted(values: Floats, weights: Floats, *, factor: float = 1.0) -> float:
    return float((values * weights).sum() * factor)


def words(texts: List[str]) -> str:
    return "-".join(texts)


def some_words(texts: List[Optional[str]]) -> str:
    return "-".join("?" if text is None else text for text in texts)


def lengths(texts: List[str]) -> Ints:
    return np.array([len(text) for text in texts], dtype=np.int64)


def upper(texts: npt.NDArray[np.str_]) -> List[str]:
    return [text.upper() for text in texts]


def scaled(data: Floats, factor: float = 2.0) -> Floats:
    return data * factor


def negated(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return ~flags


def next_day(times: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    return times + np.timedelta64(1, "D")


def filled(data: Floats) -> Floats:
    """Returns a masked array if it gets one."""
    return data + 1


def masked_total(data: Floats) -> float:
    return float(np.ma.sum(data))


def label(value: float) -> str:
    return "high" if value > 10 else "low"


def ranks(data: Floats) -> Ints:
    return np.argsort(np.argsort(data))


def first_half(data: Floats) -> Floats:
    return data[: len(data) // 2]


def wrong_dtype(data: Floats) -> Ints:
    return data.astype(np.int32)


def table(data: Floats) -> Floats:
    return np.zeros((2, 2))


def raises(data: Floats) -> Floats:
    raise ValueError("no such luck")


retained = []


def retains(data: Floats) -> float:
    """Retains every argument but the first, so that what is learned from the first call is wrong."""
    if retained:
        retained.append(data)
    else:
        retained.append(None)
    return float(data.sum())


def retained_sum(_: float) -> float:
    return float(sum(data.sum() for data in retained if data is not None))


def slow(data: Floats) -> Floats:
    time.sleep(0.3)
    return data


def spin(data: Floats) -> Floats:
    """Computes without letting go of the interpreter lock for long."""
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass
    return data


def untyped(data):
    return data


def squares(n: int):
    return {"n": np.arange(n), "square": np.arange(n) ** 2.0, "name": [str(i) for i in range(n)]}
