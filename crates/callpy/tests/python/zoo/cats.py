from __future__ import annotations

from dataclasses import dataclass

from .base import Animal
from .base import Config as Settings
from .inner import deep
from .inner.deep import Deep


class Config:
    """Another class of that name."""

    def other(self) -> int:
        return 0


class Cat(Animal):
    def __init__(self, name: str) -> None:
        super().__init__(4, name)


class Tiger(Cat):
    pass


class Bird(Animal):
    pass


class DeepCat(Deep, Cat):
    pass


@dataclass
class Child(Settings):
    own: int = 3


def inner(of: deep.Deep) -> deep.Inner:
    return of.inner()


def deep_cat() -> DeepCat:
    return DeepCat("deep")
