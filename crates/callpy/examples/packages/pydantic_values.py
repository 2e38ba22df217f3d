"""Models of pydantic, which models.rs and models.go make, pass and read."""

from __future__ import annotations

from typing import Annotated, Literal, Optional, Union

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    count: PositiveInt = 1


class Kind(BaseModel):
    model_config = ConfigDict(frozen=True)
    level: Literal["low", "high"] = "low"
    weight: Annotated[float, Field(le=1.0)] = 0.5


class Order(BaseModel):
    number: int = Field(alias="id")
    items: list[Item]
    kind: Kind = Kind()
    note: Optional[str] = None
    extra: dict[str, int] = Field(default_factory=dict)
    code: Union[int, str] = 0
    _hidden: int = 3

    @field_validator("items")
    @classmethod
    def _some(cls, items):
        if not items:
            raise ValueError("an order has items")
        return items


class Range(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


def same(order: Order) -> Order:
    assert type(order) is Order and all(type(it) is Item for it in order.items)
    return order


def total(order: Order) -> float:
    return sum(item.price * item.count for item in order.items)


def same_range(range: Range) -> Range:
    return range


def depth(tree: Tree) -> int:
    return 1 + max(map(depth, tree.children), default=0)


def same_tree(tree: Tree) -> Tree:
    return tree


def cheapest(items: list[Item]) -> Optional[Item]:
    return min(items, key=lambda item: item.price, default=None)
