"""Functions whose hints say what they do with their arguments: each returns where the elements lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

if TYPE_CHECKING:
    from typing import Annotated

    from numpy.typing import NDArray

    from hints.noted_types import Kept

    Lent = Annotated[NDArray[np.float64], "borrowed"]

kept = []


def place(data) -> int:
    return data.__array_interface__["data"][0]


def unnoted(data: NDArray[np.float64]) -> int:
    return place(data)


def retains(data: Annotated[NDArray[np.float64], "retained"]) -> int:
    kept.append(data)
    return place(data)


def retains_sometimes(
    data: Annotated[NDArray[np.float64], "n", "retained"], wanted: bool = False
) -> int:
    if wanted:
        kept.append(data)
    return place(data)


def retains_one(data: Lent, other: Annotated[NDArray[np.float64], "retained"]) -> int:
    kept.append(other)
    return place(data)


def retains_imported(data: Kept) -> int:
    kept.append(data)
    return place(data)


def retains_a_list(data: Annotated[list[NDArray[np.float64]], "retained"]) -> int:
    kept.extend(data)
    return place(data[0])


def borrows(data: Lent) -> int:
    return place(data)


def borrows_all(data: Lent, weights: Optional[Lent] = None, scale: float = 1.0) -> int:
    return place(data)


def borrows_one(data: Lent, other: NDArray[np.float64]) -> int:
    return place(data)


def breaks_its_word(data: Lent) -> int:
    kept.append(data)
    return place(data)


def chosen(data: NDArray[np.float64]) -> int:
    return place(data)


def chosen_over_its_hint(data: Lent) -> int:
    return place(data)


def by_hand(data):
    return place(data)
