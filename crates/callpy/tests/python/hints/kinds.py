"""Hints that are hard on a generator: names that clash, recursion, unions with arrays, keys of options."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import (
    TYPE_CHECKING, Any, Dict, FrozenSet, Hashable, List, Optional, Set, Tuple, TypedDict, TypeVar, Union, overload,
)

import numpy as np
from elsewhere import Series  # noqa

if TYPE_CHECKING:
    from typing import Unpack

JsonValue = Union[None, bool, int, float, str, List["JsonValue"], Dict[str, "JsonValue"]]
T = TypeVar("T")
TH = TypeVar("TH", bound=Hashable)


class f64:
    """A class with the name of a type."""

    def __init__(self, x: int) -> None:
        self.x = x

    def new(self, self_: int = 0) -> "f64":
        return f64(self.x + self_)

    def crate(self, Some: int) -> int:
        return self.x + Some

    def crate_(self) -> int:
        return self.x


class Self:
    """A class with a name that Rust does not allow."""

    def __init__(self) -> None:
        pass


class T1:
    """A class with the name that a parameter for an element type has elsewhere."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x

    def sum(self, more: np.ndarray) -> float:
        return float(self.x.sum() + more.sum())


class Child(TypedDict, total=False):
    child: "Child"
    value: int


class Keys(TypedDict, total=False):
    timeout: float
    retries: int


@dataclass
class Made:
    crate: int
    crate_: int = 2
    type: Optional["Made"] = None
    either: Union["Made", int, None] = None


def one(x: Union[np.ndarray, Series]) -> int:
    return len(x)


def arrays(x: Optional[Union[np.ndarray, List[float]]] = None) -> str:
    return type(x).__name__


def nested(x: Dict[str, Union[np.ndarray, float]], y: List[Union[np.ndarray, float]]) -> str:
    return " ".join(type(v).__name__ for v in [*x.values(), *y])


def found(name: str) -> Union[np.ndarray, int]:
    return np.array([1.5]) if name == "array" else 3


def dump(value: JsonValue) -> str:
    return json.dumps(value)


def load(text: str) -> JsonValue:
    return json.loads(text)


def crate(x: int) -> int:
    return x


def crate_(x: int) -> int:
    return x + 1


def crate_with(new: int = 1, new_: int = 2, value: int = 3) -> str:
    return "%d %d %d" % (new, new_, value)


def stars(*_: int, **__: int) -> str:
    return "%s %s" % (_, __)


def clash(clash_with: int, Ok: int, __call: int = 1) -> int:
    return clash_with + Ok + __call


def bad(x: "np.nosuch[") -> int:
    return 1


def parent(x: Child) -> Child:
    return {"child": x, "value": 5}


def made(x: Made) -> Made:
    return Made(x.crate, x.crate_, x, x)


def options(url: str, **kwargs: Unpack[Keys]) -> str:
    return url + repr(sorted(kwargs.items()))


def kinds(
    a: Dict[TH, int], b: Dict[str, T], c: Set[TH], d: List[T], e: Tuple[T, ...], f: FrozenSet[T],
    i: Dict[float, int], j: Dict[Tuple[int, float], int], k: List[Dict[float, int]], m: Set[float],
) -> str:
    return " ".join(type(x).__name__ for x in (a, b, c, d, e, f, i, j, k, m))


@overload
def twice(x: int) -> int: ...
@overload
def twice(x: str) -> str: ...
def twice(x: Any) -> Any:
    return x + x


def counted(n: int) -> Iterator[float]:
    return (x / 2 for x in range(n))


def waited(time: timedelta) -> timedelta:
    return time * 2


def called(function: Callable[[float], float]) -> float:
    return function(2.0)


def instance(x: f64) -> f64:
    return x


@dataclass
class Holder:
    """A value with instances in it, and with defaults of several kinds."""

    one: f64
    many: List[f64]
    by_name: Dict[str, f64]
    pair: Optional[Tuple[f64, int]] = None
    either: Union[int, str] = 0
    wide: Union[float, str] = 1
    text: Optional[Union[int, str]] = "x"


@dataclass
class Around:
    holder: Holder


def held(around: Around) -> Holder:
    return around.holder


def of_c(
    x: Union[np.long, np.int64, np.int32, np.ndarray[Any, np.dtype[np.long]], np.ndarray[Any, np.dtype[np.int64]]],
) -> str:
    return f"{type(x).__name__} {x.dtype}"
