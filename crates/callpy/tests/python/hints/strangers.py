"""Names, classes and decorators that Python treats in its own way."""

from __future__ import annotations

import enum
from collections import namedtuple
from dataclasses import InitVar, dataclass, field
from typing import *  # noqa: F403

# What keyboards and LaTeX have is not what Python makes of it (NFKC): µ is Greek, ﬁ two letters.
Renamed = namedtuple("Renamed", ["a", "def", "a", "_x"], rename=True)


def unit(name: Literal["ms", "μs"]) -> str:
    return name


def scale(*, µ: float, ϕ: float = 2.0) -> float:
    return µ * ϕ


def ﬁnd(x: int) -> int:
    return x + 1


@dataclass
class Größe:
    µ: float
    ﬂag: bool = False


def wachsen(g: Größe) -> Größe:
    return Größe(g.µ + 1, not g.ﬂag)


@dataclass
class Secret:
    name: str
    __token: int = 3

    def token(self, *, __by: int = 1) -> int:
        return self.__token * __by


def secret(s: Secret) -> Secret:
    return s


@dataclass
class Unhashed:
    by_float: Dict[float, int]
    by_value: List[Dict[Secret, int]]
    floats: Set[float]
    later: Optional[Iterator[int]] = None
    by_any: Dict[Any, int] = field(default_factory=dict)
    anything: Set[Any] = field(default_factory=set)
    listed: List[Any] = field(default_factory=list)


def unhashed() -> Unhashed:
    return Unhashed({0.5: 1}, [], {1.5})


def again(u: Unhashed) -> str:
    return f"{u.by_float} {u.by_any} {u.anything} {u.listed}"


@dataclass
class Reader:
    """An instance, since its constructor takes what it does not have."""

    seed: InitVar[int]
    rows: Iterator[int] = field(init=False)

    def __post_init__(self, seed):
        self.rows = iter([seed, seed + 1])


def frozen(keys: FrozenSet[int], values: Dict[FrozenSet[int], str]) -> FrozenSet[str]:
    assert hash(keys) == hash(frozenset(keys))
    return frozenset(values[keys])


@dataclass
class Computed:
    side: float
    area: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.area = self.side**2


def area(computed: Computed) -> float:
    return computed.area


class Shape(Protocol):
    def sides(self) -> int: ...


class Square:
    def __init__(self) -> None:
        self._label = "square"

    def sides(self) -> int:
        return 4

    @property
    def label(self) -> str:
        return self._label

    @classmethod
    def make(cls) -> Square:
        return cls()

    @staticmethod
    def half(x: int) -> int:
        return x // 2


class Members(enum.Enum):
    A, B = 1, 2
    C: int = 3
    _ignore_ = ["no_member"]
    no_member = 4
    same = lambda self: self  # noqa: E731


@dataclass
class Mass:
    kg: float


class Planet(Mass, enum.Enum):
    EARTH = 5.9
    MARS = 0.6


def members(a: Members, planet: Planet) -> Tuple[Members, Planet]:
    return Members.C, planet


class Own(Secret):
    def __init__(self, z: int) -> None:
        super().__init__("own", z)


class Pair(NamedTuple):
    a: int
    b: int


class Twice(Pair):
    def __new__(cls, a: int) -> Twice:
        return super().__new__(cls, a, a)


class Thrice(Twice):
    pass


def own(o: Own, t: Thrice) -> str:
    return "%s %s" % (o.name, t.a + t.b)


def renamed(r: Renamed) -> Renamed:
    return r


def passing_on(function):
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


def adding(function):
    def inner(more, *args, **kwargs):
        return function(*args, **kwargs)

    return inner


@passing_on
def passed(x: int, *, y: int = 2) -> int:
    return x + y


@adding
def added(x: int) -> int:
    return x


def root(x: float) -> complex:
    return x**0.5


def roots() -> List[complex]:
    return [1, 2.0, 1j]


class Again:
    def first(self) -> int:
        return 1


class Again(Again):  # noqa: F811
    def second(self) -> int:
        return 2
