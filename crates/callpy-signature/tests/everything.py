#!/usr/bin/env python3
"""A module with every construct that signatures are made of.

It is read, never run.
"""

from __future__ import annotations

import collections.abc as cabc
import enum
import functools
import typing as t
from collections import namedtuple
from dataclasses import KW_ONLY, InitVar, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64
from numpy.typing import NDArray as A

if t.TYPE_CHECKING:
    from decimal import Decimal

try:
    from typing import Literal
except ImportError:
    from typing_extensions import Literal

__all__ = ["fit", "Options", "Mode"]
__all__ += ["stream"]

Vec = npt.NDArray[np.float64]
type Pair[T] = tuple[T, T]
UserId = t.NewType("UserId", int)
S = t.TypeVar("S", np.float32, np.float64)


class Mode(enum.Enum):
    """How to fit."""

    FAST = enum.auto()
    """Without checks."""
    SAFE = enum.auto()
    QUICK = FAST


@dataclass(frozen=True)
class Options:
    """What to do."""

    mode: Mode
    tolerance: float = 1e-9
    """When to stop."""
    names: list[str] = field(default_factory=list)
    seed: InitVar[int | None] = None
    _: KW_ONLY
    limits: tuple[float, float] = (0.0, 1.0)

    def scaled(self, by: float, /) -> t.Self:
        """The same, scaled."""
        return self


class Fit(t.NamedTuple):
    slope: float
    residuals: A[np.float64]


Point = namedtuple("Point", "x y", defaults=(0,))


class Report(t.TypedDict, total=False):
    name: t.Required[str]
    values: list[int]


@functools.lru_cache
def fit(
    x: Vec,
    y: "npt.NDArray[np.float64]",
    /,
    weights: t.Optional[Vec] = None,
    *points: Float64[np.ndarray, "n 3"],
    options: Options = Options(Mode.FAST),
    mode: Literal["a", "b", None] = "a",  # one of them
    ids: Pair[UserId] | None = None,
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]] | None = None,
    where: Path | str = "größe",
    amount: "Decimal | None" = None,
    **extra: t.Any,
) -> Fit:
    """Fits a line.

    Parameters
    ----------
    x
        Where.
    """
    return Fit(0.0, x)


async def stream(source: cabc.AsyncIterator[bytes], n: int = 3) -> cabc.AsyncIterator[bytes]:
    async for item in source:
        yield item


@t.overload
def either(a: int) -> int: ...
@t.overload
def either(a: str) -> str: ...
def either(a):
    return a


def typed[T: np.floating](a: npt.NDArray[T], b: A[S], report: Report, point: Point) -> dict[str, T]:
    match point:
        case (x, y) if x:
            return f"{x!r:>{y}} {'nested'}"
    try:
        pass
    except* ValueError:
        pass


def odd(a: 1 + 1, b: unknown.Thing[int], c: "not python", d=lambda q: q): ...


def _private(): ...


if __name__ == "__main__":

    def main(): ...
