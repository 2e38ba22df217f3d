from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator


@dataclass
class Config:
    need: int
    more: str = "more"


class Animal:
    def __init__(self, legs: int, name: str = "?") -> None:
        self._legs, self._name = legs, name

    def legs(self) -> int:
        return self._legs

    def name(self) -> str:
        return self._name

    @classmethod
    def make(cls, legs: int) -> Animal:
        return cls(legs)

    def configs(self) -> Iterator[Config]:
        yield Config(1)
