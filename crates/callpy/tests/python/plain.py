"""Things to call."""

import functools


def answer():
    return 42


def count(*arguments, **named):
    return len(arguments), sorted(named)


def echo(*arguments, **named):
    return list(arguments), named


def defaults(a, b=2, *, c=3):
    return a, b, c


class Account:
    opened = 0

    def __init__(self, owner):
        self.owner = owner

    def greet(self, greeting):
        return "%s, %s" % (greeting, self.owner)

    @classmethod
    def open(cls, owner):
        cls.opened += 1
        return cls(owner)

    @staticmethod
    def double(number):
        return 2 * number

    class Rules:
        @staticmethod
        def limit():
            return 100


class Adder:
    def __init__(self, base):
        self.base = base

    def __call__(self, number):
        return self.base + number


add_ten = Adder(10)
greet_ada = Account("Ada").greet
int_base_2 = functools.partial(int, base=2)
not_callable = 7
