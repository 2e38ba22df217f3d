# /// script
# dependencies = ["numpy>=1.17"]
# ///
"""Functions whose results are unions: each returns the value of an expression."""

from __future__ import annotations

import enum
import pathlib
from dataclasses import dataclass
from typing import Dict, Iterable, List, Literal, NamedTuple, Optional, Sequence, Set, Tuple, TypedDict, Union

import numpy as np
from numpy.typing import NDArray


Answer = Literal["yes", "no"]


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Colour(enum.Enum):
    LOW = 1


@dataclass
class Point:
    x: float
    y: float


@dataclass
class Space(Point):
    z: float


class Pair(NamedTuple):
    first: int
    second: int


class Small(TypedDict):
    name: str


class Large(TypedDict):
    name: str
    size: int


class Circle(TypedDict):
    kind: Literal["circle"]
    size: float


class Square(TypedDict):
    kind: Literal["square"]
    size: float


def number(text: str) -> Union[float, int]:
    return eval(text)


def flag_or_number(text: str) -> Union[float, int, bool]:
    return eval(text)


def narrow(text: str) -> Union[np.float64, np.int8, np.float32]:
    return eval(text)


def complex_or_float(text: str) -> Union[complex, float]:
    return eval(text)


def float_or_text(text: str) -> Union[float, str]:
    return eval(text)


def list_or_tuple(text: str) -> Union[List[int], Tuple[int, int]]:
    return eval(text)


def lists(text: str) -> Union[List[float], List[int], List[str]]:
    return eval(text)


def tuples(text: str) -> Union[Tuple[int, ...], List[int], Set[int]]:
    return eval(text)


def dicts(text: str) -> Union[Dict[str, float], Dict[str, int], Dict[int, str]]:
    return eval(text)


def nested(text: str) -> Union[List[Union[float, str]], List[Optional[int]], Dict[str, List[int]]]:
    return eval(text)


def pair(text: str) -> Union[Tuple[int, int], Pair]:
    return eval(text)


def classes(text: str) -> Union[Point, Space, str]:
    return eval(text)


def members(text: str) -> Union[int, Level, Colour]:
    return eval(text)


def rows(text: str) -> Union[Small, Large]:
    return eval(text)


def shapes(text: str) -> Union[Circle, Square]:
    return eval(text)


def words(text: str) -> Union[str, Answer, bytes]:
    return eval(text)


def path_or_text(text: str) -> Union[pathlib.Path, str]:
    return eval(text)


def arrays(text: str) -> Union[float, NDArray[np.float64], NDArray[np.int64]]:
    return eval(text)


def items(text: str) -> Union[str, Iterable[int], Sequence[str]]:
    return eval(text)


Axis = Literal[0, 1, "index", "columns"]


def axis(text: str) -> Axis:
    return eval(text)


def literals(text: str) -> Literal["auto", 1, 2, True, None]:
    return eval(text)


def said(mode: Literal["auto", 1, 2, False, b"raw"]) -> str:
    return repr(mode)
