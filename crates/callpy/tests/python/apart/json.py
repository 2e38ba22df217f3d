"""A file whose own name is a standard module's."""


def square(number):
    return number * number
