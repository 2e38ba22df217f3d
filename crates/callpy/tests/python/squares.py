"""A file of which tests make a module in several ways."""


def square(number: int) -> int:
    return number * number


def fail(number: int) -> int:
    return number // 0
