"""Functions that retain their argument, for tests of the line that messages name."""

import numpy as np
from numpy.typing import NDArray

kept = []


def plain(data: NDArray[np.float64]) -> None:
    kept.append(data)


def optional(data: NDArray[np.float64], factor: float = 1.0) -> None:
    kept.append(data)


def shaped(data: NDArray[np.float64], *more: NDArray[np.float64]) -> NDArray[np.float64]:
    kept.append(data)
    return data.copy()


def by_hand(data):
    kept.append(data)
