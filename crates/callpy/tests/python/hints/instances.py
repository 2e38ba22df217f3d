"""Hints of classes that several Rust types stand for, iterators, generators, and overloads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Dict, Generator, Iterable, Iterator, List, Optional, Tuple, Type, Union, overload
from uuid import UUID

if TYPE_CHECKING:
    import jax
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import torch


@dataclass
class Booking:
    at: datetime
    day: date
    price: Decimal
    id: UUID
    length: timedelta
    share: Fraction = Fraction(1, 2)
    until: Optional[time] = None

    def later(self, by: timedelta) -> Booking:
        return Booking(self.at + by, self.day, self.price, self.id, self.length + by, self.share, self.until)


def shift(at: datetime, by: timedelta = timedelta(hours=1)) -> datetime:
    return at + by


def between(a: datetime, b: datetime) -> timedelta:
    return b - a


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)


def days(at: List[datetime]) -> List[date]:
    assert type(at) is list
    return [one.date() for one in at]


def clock(at: datetime) -> Tuple[time, Optional[date]]:
    return at.time(), at.date()


def total(prices: Iterable[Decimal], tax: Decimal = Decimal("0.19")) -> Decimal:
    return sum(prices, Decimal(0)) * (1 + tax)


def by_day(prices: Dict[date, Decimal]) -> Dict[date, Decimal]:
    return {day: price * 2 for day, price in prices.items()}


def half(share: Fraction, id: UUID) -> Tuple[Fraction, UUID]:
    assert type(id) is UUID
    return share / 2, id


def when(at: Union[str, datetime, None]) -> Union[str, datetime, None]:
    return at


def rebooked(booking: Booking) -> Booking:
    return booking


def kind(of: str) -> Type[Exception]:
    return {"value": ValueError, "key": KeyError}[of]


def name_of(kind: type) -> str:
    return kind.__name__


def doubled(numbers: Iterator[float]) -> Iterator[float]:
    for number in numbers:
        yield number * 2


def labels(count: int) -> Generator[str, None, None]:
    for index in range(count):
        yield f"label {index}"


def everything(*args, **kwargs) -> int:
    return len(args) + len(kwargs)


class Deck:
    def __init__(self, cards: List[str]) -> None:
        self.cards = cards

    def __iter__(self) -> Iterator[str]:
        return iter(self.cards)

    @overload
    def card(self, at: int) -> str: ...
    @overload
    def card(self, at: slice) -> List[str]: ...
    def card(self, at):
        return self.cards[at]


@overload
def twice(x: int) -> int: ...
@overload
def twice(x: str) -> str: ...
def twice(x):
    return x + x


def sums(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.cumsum()


def reversed_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.reverse()


def renamed(table: pa.Table, frames: Optional[List[pa.Table]] = None) -> pa.Table:
    return table.rename_columns([name.upper() for name in table.column_names])


def scaled(tensor: torch.Tensor, by: float) -> torch.Tensor:
    return tensor * by


class Table:
    """A class with the name of another package's."""

    def rows(self) -> int:
        return 0


def _made(name: str):
    """An instance of a class with the module and the name of another one's."""
    module, _, name = name.rpartition(".")
    return type(name, (), {"__module__": module})() if module else Table()


def told(name: str) -> Union[pd.DataFrame, pl.DataFrame, Table, pa.Table, jax.Array, pa.Array]:
    return _made(name)


def all_told(name: str) -> Union[List[pd.DataFrame], List[pl.DataFrame]]:
    return [_made(name)]


def series_told(name: str) -> Union[pd.Series, pl.Series]:
    return _made(name)
