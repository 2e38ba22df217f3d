"""Callables that retain their arguments, or don't, in the ways in which callpy tells callables apart."""

import functools

import numpy as np

kept = []


def address(data):
    """Where the elements lie: in the caller's memory, or in a copy."""
    return data.__array_interface__["data"][0]


def look(data):
    """All that Python can see of an array, but for where it lies."""
    flags = data.flags
    return repr(
        (
            type(data),
            data.shape,
            data.strides,
            data.dtype,
            flags.c_contiguous,
            flags.f_contiguous,
            flags.writeable,
            flags.aligned,
            flags.owndata,
            data.tolist(),
        )
    )


def make_look():
    return lambda data: look(data)


class Counts:
    """Retains nothing."""

    calls = 0

    def total(self, data):
        self.calls += 1
        return address(data)

    @classmethod
    def of_the_class(cls, data):
        return address(data)

    @staticmethod
    def static(data):
        return address(data)

    def __call__(self, data):
        return address(data)


class Remembers:
    """Retains its last argument, in each way of being called."""

    last = None

    def fit(self, data):
        self.last = data
        return address(data)

    @classmethod
    def of_the_class(cls, data):
        cls.last = data
        return address(data)

    @staticmethod
    def static(data):
        kept.append(data)
        return address(data)

    def __call__(self, data):
        self.last = data
        return address(data)


class Template:
    """What its method retains is a matter of the subclass."""

    def fit_transform(self, data):
        self.fit(data)
        return address(data)


class Forgetful(Template):
    def fit(self, data):
        pass


class Mindful(Template):
    def fit(self, data):
        self.data = data


class FromArray:
    @classmethod
    def read(cls, data):
        cls.take(data)
        return address(data)

    @classmethod
    def take(cls, data):
        pass


class FromArrayKept(FromArray):
    @classmethod
    def take(cls, data):
        cls.data = data


def checked(function):
    @functools.wraps(function)
    def wrapper(data):
        return function(data)

    return wrapper


@checked
def checked_lender(data):
    return address(data)


@checked
def checked_keeper(data):
    kept.append(data)
    return address(data)


class Wrapped:
    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, data):
        return self.function(data)


wrapped_lender = Wrapped(checked_lender)
wrapped_keeper = Wrapped(checked_keeper)


def scaled(factor, data):
    return address(data)


def scaled_and_kept(factor, data):
    kept.append(data)
    return address(data)


partial = functools.partial(functools.partial(scaled, 2.0))
partial_again = functools.partial(scaled, 3.0)
partial_kept = functools.partial(scaled_and_kept, 2.0)


def make_closure():
    return lambda data: address(data)


def optional(data=None):
    return 0 if data is None else address(data)


def raises_at_first(data):
    """Comes to where it retains its argument only at the second call."""
    raises_at_first.calls += 1
    if raises_at_first.calls == 1:
        raise ValueError("not yet")
    kept.append(data)
    return address(data)


raises_at_first.calls = 0


def keeps_large_numbers(data):
    if data[0] > 100:
        kept.append(data)
    return address(data)


def two(first, second):
    kept.append(second)


def by_name(first, *, data, other):
    kept.append((data, other))


def fill(data, value):
    data[...] = value


def fill_and_fail(data, value):
    data[...] = value
    raise ValueError("filled")


filled = []


def fill_and_keep(data, value):
    data[...] = value
    filled.append(data)
    return data[:1]


def write_to_filled(value):
    for data in filled:
        data[...] = value


series = []


def remember(data):
    series.append(data)


def remembered():
    return [data.copy() for data in series]


def flip(data):
    return data[::-1]


def rows(data):
    return iter(data)


def rise(data):
    data += 1
    return data[1:], {"all": data}


def totals(value):
    """The sum of all arrays in a nested value."""
    if isinstance(value, dict):
        return sum(map(totals, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(totals, value))
    return float(np.sum(value))


def keep_nested(value):
    kept.append(value)
    return totals(value)
