"""Classes whose instances stay objects, and methods of values."""

import dataclasses
from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar, Dict, Iterator, List, Optional, Protocol, Tuple, Union

import numpy as np
from numpy.typing import NDArray


class Model:
    """Counts.

    And more.
    """

    kind: ClassVar[str] = "model"

    def __init__(self, k: int = 3, *, name: str = "m") -> None:
        self.k = k
        self.name = name

    def predict(self, x: List[float], offset: float = 0.0) -> List[float]:
        """Multiplies."""
        return [v * self.k + offset for v in x]

    def total(self, x: NDArray[np.float64]) -> float:
        return float(x.sum()) * self.k

    def fails(self) -> int:
        raise ValueError("no")

    def wrong(self) -> int:
        return "text"

    def twin(self) -> "Model":
        return type(self)(self.k)

    def unhinted(self, x):
        return x

    @classmethod
    def load(cls, path: str) -> "Model":
        return cls(len(path))

    @staticmethod
    def version() -> str:
        return "1"

    @property
    def size(self) -> int:
        return self.k

    @size.setter
    def size(self, size: int) -> None:
        self.k = size

    @property
    def text(self) -> str:
        return str(self.k)

    @text.setter
    def text(self, numbers: List[int]) -> None:
        self.k = sum(numbers)

    @property
    def letters(self) -> Iterator[str]:
        return iter(self.name)

    @letters.setter
    def letters(self, letters: Iterator[str]) -> None:
        self.name = "".join(letters)

    @property
    def nothing(self) -> None:
        return None

    @nothing.setter
    def nothing(self, nothing: None) -> None:
        self.name = repr(nothing)

    def __call__(self, x: float) -> float:
        return x * self.k

    def __len__(self) -> int:
        return self.k

    def __getitem__(self, key: int) -> str:
        return self.name[key]

    def __setitem__(self, key: str, value: int) -> None:
        setattr(self, key, value)

    def __contains__(self, key: str) -> bool:
        return key in self.name

    def _private(self) -> int:
        return 0


class Doubled(Model):
    def predict(self, x: List[float], offset: float = 0.0) -> List[float]:
        return [2 * v for v in Model.predict(self, x, offset)]

    def only(self) -> str:
        return "doubled"


class Named(Protocol):
    name: str

    def size_of(self) -> int: ...


class Session:
    """A context manager."""

    def __init__(self) -> None:
        self.log: List[str] = []

    def __enter__(self) -> "Session":
        self.log.append("enter")
        return self

    def __exit__(self, kind, value, traceback) -> None:
        self.log.append("exit" if value is None else "failed: %s" % value)

    def said(self) -> List[str]:
        return self.log


@dataclass
class Point:
    x: float
    y: float = 2.0
    norm: float = field(init=False, default=0.5)

    def scaled(self, by: float) -> "Point":
        return Point(self.x * by, self.y * by)

    @property
    def area(self) -> float:
        return self.x * self.y

    @classmethod
    def origin(cls) -> "Point":
        return cls(0.0, 0.0)


def derived(more: bool) -> Point:
    @dataclass
    class Named(Point):
        name: str = "a"

    class Other(Point):
        kind: ClassVar[int] = 3

    return Named(1.0) if more else Other(1.0)


@dataclass(frozen=True)
class Frozen:
    a: int
    e: int = field(init=False, default=9)


@dataclass
class Scaled:
    """Its constructor takes what it does not have."""

    value: float
    by: InitVar[float]

    def __post_init__(self, by: float) -> None:
        self.value *= by


def helper(m: Model) -> int:
    return m.k


def helpers(models: List[Model], best: Optional[Model] = None) -> Tuple[int, Optional[Model]]:
    return sum(m.k for m in models), best


def by_name(models: Dict[str, Model]) -> Dict[str, Model]:
    return models


def either(x: Union[Model, int]) -> Union[Model, int]:
    return x


def doubled(k: int) -> Model:
    return Doubled(k)


def name_of(named: Named) -> str:
    return named.name


def back(frozen: Frozen) -> Frozen:
    return frozen


def anything(x: Any) -> str:
    return type(x).__name__


def norm(p: Point) -> float:
    return p.norm
