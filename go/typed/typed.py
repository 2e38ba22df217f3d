# /// script
# dependencies = ["numpy>=1.17"]
# ///
"""Every construct that `module!` maps, each with a function that shows what Python got.

It is called by tests/typed.rs, and its generated code is a snapshot in callpy-codegen.
"""

from __future__ import annotations

import datetime
import enum
import functools
import pathlib
import sys
from dataclasses import dataclass, field
from typing import (
    Any, ClassVar, Dict, Final, FrozenSet, Generator, Iterable, Iterator, List, Literal, Mapping, NamedTuple, Optional,
    Protocol,
    Sequence, Set, Tuple, TYPE_CHECKING, TypedDict, TypeVar, Union,
)

import numpy as np

if TYPE_CHECKING:
    from typing import Annotated, Required, Self

    import numpy.typing as npt
    from numpy.typing import NDArray

Boundary = Literal["reflect", "nearest-value", "2d"]
T = TypeVar("T")


class Mode(enum.Enum):
    """How to fit."""

    FAST = 1
    """Without checks."""
    SAFE = 2
    QUICK = 1


class Level(enum.IntEnum):
    LOW = 10
    HIGH = 20


@dataclass
class Settings:
    """What to do.

    More of it.
    """

    tolerance: float
    steps: int = 10
    """How often."""
    mode: Mode = Mode.SAFE
    names: List[str] = field(default_factory=list)
    limit: Optional[float] = None
    type: str = "plain"


@dataclass
class Signal:
    """A signal and its rate."""

    samples: NDArray[np.float64]
    rate: float

    def loudness(self) -> float:
        return float(np.abs(self.samples).max())


@dataclass
class Tree:
    value: int
    left: Optional[Tree] = None
    children: List[Tree] = field(default_factory=list)
    depth: int = field(init=False, default=0)


class Fit(NamedTuple):
    """A line, and what it leaves."""

    slope: float
    residuals: NDArray[np.float64]


class Row(TypedDict, total=False):
    name: Required[str]
    count: int
    maybe: Optional[int]


class Handle:
    """No value: an object with methods."""

    def __init__(self, name: str, size: int = 1) -> None:
        self.name = name
        self.size = size

    def renamed(self, name: str, *, loud: bool = False) -> Handle:
        return Handle(name.upper() if loud else name, self.size)

    def mode(self, by: Mode = Mode.FAST) -> Mode:
        return by

    @property
    def label(self) -> str:
        return "%s/%d" % (self.name, self.size)

    @label.setter
    def label(self, label: Mode) -> None:
        self.name = label.name

    @classmethod
    def empty(cls) -> Handle:
        return cls("", 0)

    @staticmethod
    def join(handles: List[Handle]) -> str:
        return "+".join(handle.label for handle in handles)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, key: int) -> str:
        return self.name[key]

    def __enter__(self) -> Handle:
        self.name = "entered"
        return self

    def __exit__(self, kind, value, traceback) -> None:
        self.name = "left" if value is None else str(value)

    def unhinted(self, x):
        return x


class Transaction:
    """Notes how it was left, and does then as it was told."""

    def __init__(self, then: str = "") -> None:
        self.then = then
        self.said: List[str] = []

    def log(self) -> List[str]:
        return self.said

    def look_up(self, key: str) -> int:
        return {"a": 1}[key]

    def __enter__(self) -> Transaction:
        self.said.append("enter")
        return "none" if self.then == "mislead" else self

    def __exit__(self, kind, value, traceback) -> bool:
        self.said.append("exit" if kind is None else "%s %r" % (kind.__name__, value))
        if value is not None:
            assert kind is type(value) and traceback is value.__traceback__ and sys.exc_info()[1] is value
            self.said.extend("from %r" % one for one in [value.__cause__] if one is not None)
        if self.then == "again":
            raise value
        if self.then == "fail":
            raise OSError("can't leave")
        return self.then == "suppress" and isinstance(value, LookupError)


class Needle:
    """Its property and its second name are made by assignments."""

    def __init__(self, level: float) -> None:
        self._level = level

    def _get(self) -> float:
        return self._level

    def _set(self, level: float) -> None:
        self._level = level

    def raised(self, by: float = 1.0) -> float:
        return self._level + by

    def _doubled(level: float) -> float:
        return 2 * level

    level = property(_get, _set)
    fixed = property(fget=_get)
    lifted = raised
    doubled = staticmethod(_doubled)
    halved = lambda self: self._level / 2
    raised_by_two = functools.partialmethod(raised, 2.0)


class Locked:
    """Enters as text."""

    def __init__(self) -> None:
        self.said: List[str] = []

    def log(self) -> List[str]:
        return self.said

    def __enter__(self) -> Mode:
        self.said.append("enter")
        return "fast"

    def __exit__(self, kind, value, traceback) -> None:
        self.said.append("exit" if kind is None else kind.__name__)


def scalars(a: int, b: float, c: bool, d: str, e: bytes) -> Tuple[int, float, bool, str, bytes]:
    """Returns all of them.

    Parameters
    ----------
    a : int
        The first [of] them.

    >>> scalars(1, 2.0, True, "x", b"y")
    """
    assert type(a) is int and type(b) is float and type(c) is bool
    assert type(d) is str and type(e) is bytes
    return a + 1, b * 2, not c, d.upper(), e[::-1]


def nothing() -> None:
    pass


def complex_number(z: complex) -> complex:
    return z * 1j


def numpy_scalars(a: np.float32, b: np.int16, c: np.floating) -> np.float32:
    assert type(a) is np.float32 and type(b) is np.int16
    return a + np.float32(b) + np.float32(c)


def detect(data: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the indices of the values more than 2 standard deviations from the mean."""
    return np.where(np.abs(data - data.mean()) > 2 * data.std())[0].astype(np.int64)


def fill(data: NDArray[np.float64], value: float) -> None:
    data[:] = value


def total(data: np.ndarray) -> float:
    return float(data.sum())


def doubled(data: np.ndarray) -> np.ndarray:
    return data * 2


def extremes(data: np.ndarray) -> Tuple[np.ndarray, npt.NDArray[np.intp]]:
    return np.array([data.min(), data.max()]), np.array([data.argmin(), data.argmax()])


def stack(arrays: List[NDArray[np.float64]]) -> NDArray[np.float64]:
    assert type(arrays) is list
    return np.stack(arrays)


def distances(
    points: Annotated[NDArray[np.float64], "n 3"], weights: Annotated[NDArray[np.float64], "n"]
) -> Annotated[NDArray[np.float64], "n"]:
    return np.sqrt((points**2).sum(axis=1)) * weights


def wrong_shape(points: Annotated[NDArray[np.float64], "n 3"]) -> Annotated[NDArray[np.float64], "n"]:
    return points.sum(axis=0)


def lists(a: List[float], b: Sequence[str], c: List[List[int]], d: Tuple[int, ...]) -> List[str]:
    assert type(a) is list and type(a[0]) is float and type(c[0]) is list and type(d) is tuple
    return [str(x) for x in a] + list(b) + [str(c), str(d)]


def pairs(a: List[Tuple[int, str]], b: Tuple[float, Optional[str]]) -> List[Tuple[str, int]]:
    assert type(a[0]) is tuple and type(b) is tuple
    return [(text, number) for number, text in a] + [(str(b[1]), int(b[0]))]


def dicts(a: Dict[str, float], b: Mapping[int, List[str]]) -> Dict[str, int]:
    assert type(a) is dict and type(b) is dict
    return {**{key: int(value) for key, value in a.items()}, **{str(k): len(v) for k, v in b.items()}}


def columns(table: Dict[str, NDArray[np.float64]]) -> Dict[str, float]:
    return {name: float(column.mean()) for name, column in table.items()}


def sets(a: Set[int], b: Set[str]) -> Set[str]:
    assert type(a) is set
    return {str(x) for x in a} | b


def countdown(start: int) -> Iterable[int]:
    return iter(range(start, 0, -1))


def optional(a: Optional[int], b: Optional[NDArray[np.float64]]) -> Optional[str]:
    return None if a is None else "%d %s" % (a, b)


def either(a: Union[int, str, None, List[float]]) -> Union[int, str, List[float]]:
    return a


def number_or_array(x: Union[float, NDArray[np.float64]]) -> Union[float, NDArray[np.float64]]:
    return x * 2


def anything_or_more(x: Union[str, Handle]) -> Union[str, Handle]:
    return x


def boundary(mode: Boundary) -> Boundary:
    assert mode in ("reflect", "nearest-value", "2d")
    return "nearest-value" if mode == "reflect" else mode


def order(by: Literal["up", "down"]) -> Literal[1, -1]:
    return 1 if by == "up" else -1


def path(file: pathlib.Path) -> pathlib.Path:
    assert isinstance(file, pathlib.Path)
    return file / "more"


def anything(x: Any) -> Any:
    return x


def same(x: T) -> T:
    return x


def kinds_of(values: List[Union[Mode, Settings, Any]], named: Dict[str, Any]) -> str:
    return " ".join(type(value).__name__ for value in [*values, *named.values()])


def handle(name: str) -> Handle:
    return Handle(name)


def handle_name(handle: Handle) -> str:
    return handle.name


def next_mode(mode: Mode, level: Level) -> Tuple[Mode, Level]:
    assert isinstance(mode, Mode) and isinstance(level, Level)
    return (Mode.FAST if mode is Mode.SAFE else Mode.SAFE), Level.HIGH


def settle(settings: Settings) -> Settings:
    assert isinstance(settings, Settings) and type(settings.names) is list
    return Settings(settings.tolerance * 2, settings.steps + 1, Mode.FAST, settings.names + ["x"], 1.5)


def loud(signals: Sequence[Signal], least: float) -> List[Signal]:
    return [Signal(s.samples * 2, s.rate) for s in signals if s.samples.max() > least]


def line(x: NDArray[np.float64], y: NDArray[np.float64]) -> Fit:
    slope = float((x * y).sum() / (x * x).sum())
    return Fit(slope, y - slope * x)


def residuals(fit: Fit) -> NDArray[np.float64]:
    assert isinstance(fit, Fit)
    return fit.residuals * 1.0


def grow(tree: Tree) -> Tree:
    assert isinstance(tree, Tree)
    return Tree(tree.value + 1, tree, [tree])


def row(row: Row) -> Row:
    assert type(row) is dict
    return {"name": row["name"] + "!", "count": len(row)}


def defaults(a: int, b: int = 2, *, c: Optional[int] = None, d: Optional[int] = 4, self: int = 5) -> str:
    return "%s %s %s %s %s" % (a, b, c, d, self)


def positional(a: int, b: int = 2, c: int = 3, /, d: int = 4) -> str:
    return "%s %s %s %s" % (a, b, c, d)


def rest(a: int, b: int = 2, *numbers: int, flag: bool, **extra: float) -> str:
    return "%s %s %s %s %s" % (a, b, numbers, flag, sorted(extra.items()))


def weighted(
    data: Annotated[NDArray[np.float64], "n"],
    weights: Optional[Annotated[NDArray[np.float64], "n"]] = None,
    boundary: Boundary = "reflect",
    scale: Union[int, float] = 1,
) -> float:
    weights = np.ones_like(data) if weights is None else weights
    return float((data * weights).sum() * scale)


def options(options: int, crate: int, match: int, call: int = 4) -> int:
    return options + crate + match + call


def defaults_with(a: int) -> int:
    return a


def partly(a: int, b, c=None) -> int:
    return a + b


@functools.lru_cache
def cached(a: int) -> int:
    return a


def fails(message: str) -> None:
    raise ValueError(message)


def unhinted(data, limit=2):
    return np.where(data > limit)[0]


async def later(a: int) -> int:
    return a


def generator(a: int) -> Iterable[int]:
    yield a


@functools.singledispatch
def dispatched(a: int) -> int:
    return a


def _private(a: 1 + 1) -> None: ...


def remembered(data: Annotated[NDArray[np.float64], "retained"]) -> int:
    remembered.data = data
    return data.ctypes.data


def address(data: Annotated[NDArray[np.float64], "borrowed"]) -> int:
    return data.ctypes.data


def shifted(at: datetime.datetime, by: datetime.timedelta) -> datetime.datetime:
    return at + by


class Timedelta(datetime.timedelta):
    """As that of pandas, which has nanoseconds as well."""

    nanoseconds = 7


def took() -> datetime.timedelta:
    return Timedelta(microseconds=-1)


def next_days(time: datetime.datetime, count: int) -> Iterator[datetime.datetime]:
    for day in range(count):
        yield time + datetime.timedelta(days=day + 1)


def day_of(at: Optional[datetime.datetime]) -> Optional[datetime.date]:
    return at and at.date()


def weekdays(days: Sequence[datetime.date], times: List[datetime.datetime]) -> Dict[datetime.date, str]:
    assert all(type(day) is datetime.date for day in days), days
    found = {day: day.strftime("%a") for day in days}
    found.update({at.date(): str(at.tzinfo) for at in times})
    return found


def stamps(
    at: NDArray[np.datetime64], by: Annotated[NDArray[np.timedelta64], "n"]
) -> Tuple[NDArray[np.datetime64], NDArray[np.timedelta64]]:
    assert at.dtype == "M8[ns]" and by.dtype == "m8[ns]", (at.dtype, by.dtype)
    return (at + by).astype("M8[s]"), by.astype("m8[us]")


def fits(count: int) -> Iterator[Fit]:
    try:
        for slope in range(count):
            yield Fit(float(slope), np.zeros(1))
        raise LookupError("no more fits")
    finally:
        fits.ended += 1


fits.ended = 0


def ended() -> int:
    return fits.ended


def anything_of(values: List[Any]) -> Generator[Any, None, None]:
    yield from values


class Named(Protocol):
    """Any object with a label."""

    def only(self) -> str: ...


class Special(Handle):
    """It has the methods of its base."""

    def only(self) -> str:
        return "only " + self.name

    def handle(self) -> Special:
        return self


class Factory:
    """Its methods have the names that others get: `__call__` is `call` in other languages."""

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def new(self, size: int) -> Factory:
        return Factory(size * 100)

    def call(self, x: int) -> str:
        return "call"

    def __call__(self, x: int) -> str:
        return "__call__"

    def item(self, x: int) -> str:
        return "item"

    def __getitem__(self, x: int) -> str:
        return "__getitem__"

    def enter(self) -> str:
        return "enter"

    def exit(self, reason: Any) -> str:
        return "exit"

    def __enter__(self) -> Factory:
        return self

    def __exit__(self, kind, value, traceback) -> None:
        self.size = -1

    def into(self) -> str:
        return "into"

    def width(self) -> int:
        return self.size


class Gauge:
    """Its properties can be set, but for one."""

    def __init__(self) -> None:
        self._values = np.zeros(2)
        self._mode = Mode.FAST
        self._keys = {1}

    @property
    def values(self) -> NDArray[np.float64]:
        return self._values

    @values.setter
    def values(self, values: NDArray[np.float64]) -> None:
        self._values = values

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        if mode is Mode.SAFE and self._keys:
            raise ValueError("not with keys")
        self._mode = mode

    def set_mode(self, mode: Mode) -> str:
        return "a method, which has its name first"

    @property
    def keys(self) -> Set[int]:
        return self._keys

    @keys.setter
    def keys(self, keys: Set[int]) -> None:
        assert type(keys) is set
        self._keys = keys

    @property
    def letters(self) -> Iterator[str]:
        return iter(self._letters)

    @letters.setter
    def letters(self, letters: Iterator[str]) -> None:
        self._letters = "".join(letters) + next(letters, "!")

    @property
    def nothing(self) -> None:
        return None

    @nothing.setter
    def nothing(self, nothing: None) -> None:
        self._letters = repr(nothing)

    @property
    def fixed(self) -> int:
        return 7


@dataclass
class Computed:
    side: float
    area: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.area = self.side**2


@dataclass(frozen=True)
class Key:
    x: int
    y: str = "k"


Own = TypeVar("Own", bound="Sized")


class Counted:
    """A mixin, which has no constructor."""

    def count(self) -> int:
        return self.size

    def kind(self) -> str:
        return "counted"


class Sized:
    """What it returns of itself is an instance of the class that inherits it."""

    def __init__(self, size: int) -> None:
        self.size = size

    @classmethod
    def of(cls: type[Own], sizes: List[int]) -> List[Own]:
        return [cls(size) for size in sizes]

    def grown(self, by: int = 1) -> Self:
        return type(self)(self.size + by)

    def halved(self: Own) -> Optional[Own]:
        return None if self.size % 2 else type(self)(self.size // 2)

    def kind(self) -> int:
        return 1


class Basket(Counted, Sized):
    """Python finds `kind` in the first base, as callpy does, and the constructor in the second."""

    def doubled(self) -> int:
        return self.size * 2


class Tagged(Protocol):
    """Any object with a tag."""

    tag: str


class Labels:
    """Its attributes are declared in its body."""

    tag: str = "none"
    """Anyone may change it."""
    kinds: ClassVar[List[str]] = ["a", "b"]
    limit: Final[int] = 7
    _hidden: int = 1

    def relabel(self, tag: str) -> Tagged:
        self.tag = tag
        return self


class Stamped(Labels):
    at: float

    def stamp(self, at: float) -> Self:
        self.at = at
        return self


class Down:
    """An iterator, as one writes it by hand."""

    def __init__(self, start: int) -> None:
        self.at = start

    def __iter__(self) -> Down:
        return self

    def __next__(self) -> int:
        if not self.at:
            raise StopIteration
        self.at -= 1
        return self.at


def special(name: str) -> Special:
    return Special(name)


def only_of(named: Named) -> str:
    return named.only()


def object(modes: Set[Mode]) -> Set[Mode]:
    """It has the name of a builtin."""
    return modes


def hasattr(tuples: Tuple[int, ...], sums: FrozenSet[int] = frozenset()) -> Set[int]:
    return {int(hash(sums) == hash(frozenset(sums))), *tuples}


def wrong_mode() -> Mode:
    return Level.LOW


def by_key(keys: Dict[Key, int], pairs: Dict[Tuple[int, str], float]) -> Dict[Tuple[int, str], float]:
    return {**pairs, **{(key.x, key.y): float(value) for key, value in keys.items()}}


def by_path(paths: Dict[Tuple[int, ...], str], texts: Dict[bytes, int]) -> Dict[Tuple[int, ...], str]:
    assert texts == {b"a": 1}
    return {key[::-1]: value for key, value in paths.items()}


def measured(measured_function: int, uint16: List[np.uint16]) -> Iterator[np.uint16]:
    yield from uint16[:measured_function]


def मूल्य(दर: float, राशि: float = 1.0) -> float:
    return दर * राशि
