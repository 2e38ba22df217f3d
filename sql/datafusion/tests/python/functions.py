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


def shouted(texts: npt.NDArray[np.str_]) -> List[str]:
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


def plain_sum(data: Floats) -> float:
    """Returns NumPy's `masked` if all values are."""
    return data.sum()


def none_of(data: Floats) -> float:
    return None


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


def plus(x: int) -> int:
    return x + 1


def label_text(text: str) -> str:
    return text


def kind_of(values: List[float]) -> str:
    """Returns what it was passed, and its values."""
    return "{} {}".format(type(values).__name__, values)


def optional_list(values: Optional[List[float]]) -> str:
    return str(values)


def optional_ints(data: Optional[Ints]) -> Ints:
    return data


def optional_column(data: Optional[Floats] = None) -> float:
    return float(data.sum())


def maybe_texts(data: Floats) -> Optional[List[str]]:
    return None


def none_in_flags(data: Floats) -> List[bool]:
    return [None for _ in data]


def none_in_floats(data: Floats) -> List[float]:
    return [None for _ in data]


def bytes_of(data: Floats) -> List[bytes]:
    return [b"" for _ in data]


def moment(data: Floats) -> np.datetime64:
    return np.datetime64("2026-01-01")


def moments(data: Floats) -> List[np.datetime64]:
    return [np.datetime64("2026-01-01") for _ in data]


def required_last(data: Floats, a: float = 1.0, *, b: float) -> float:
    return float(data.sum() * a + b)


def required_after_untyped(data: Floats, a=1.0, *, b: float) -> float:
    return float(data.sum() * a + b)


def abs(data: Floats) -> float:
    return float(data.sum())


def grid():
    return {"a": np.arange(6.0).reshape(2, 3)}


def point():
    return {"a": np.array(True)}


def squares(n: int):
    return {"n": np.arange(n), "square": np.arange(n) ** 2.0, "name": [str(i) for i in range(n)]}
