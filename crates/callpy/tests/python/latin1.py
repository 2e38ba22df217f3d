# -*- coding: latin-1 -*-
"""A file that is not UTF-8."""


def drink(count: int) -> str:
    """Returns so many cafés."""
    return "café " * count
