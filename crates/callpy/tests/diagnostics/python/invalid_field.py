from dataclasses import dataclass


@dataclass
class P:
    x: 1 + 1


def f(p: P) -> int: ...
