"""What looks at the frame that called it, as libraries do."""

import logging
import sys
import warnings


def seen(depth=1):
    """What a library sees of its caller."""
    frame = sys._getframe(depth + 1)
    own_locals = frame.f_locals is not frame.f_globals
    return frame.f_globals["__name__"], frame.f_code.co_name, own_locals, frame.f_back is None


def look(*arguments, **named):
    return seen()


def evaluate(expression, data, local_dict=None):
    """As numexpr.evaluate: names are those of the caller."""
    frame = sys._getframe(1)
    return eval(expression, frame.f_globals, frame.f_locals)


class Seer:
    def __init__(self, *arguments):
        self.made = seen()

    def __call__(self, *arguments):
        return seen()

    def method(self):
        return seen()

    @classmethod
    def of_class(cls):
        return seen()

    @property
    def attribute(self):
        return seen()

    def __getitem__(self, key):
        return seen()

    def __setitem__(self, key, value):
        self.set = seen()

    def __setattr__(self, name, value):
        super().__setattr__(name, seen() if name == "assigned" else value)

    def __len__(self):
        return len(seen())

    def __repr__(self):
        return seen()[0]

    def __str__(self):
        return seen()[0]


def warn():
    """As a library warns of what its caller did."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("an old name", DeprecationWarning, stacklevel=2)
    return caught[0].filename


def log():
    """The function that a log record names as the one that logs."""
    records = []
    logger = logging.getLogger("frames")
    logger.propagate = False
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    logger.warning("once", stacklevel=2)
    logger.removeHandler(handler)
    return records[0].funcName


def fails():
    raise LookupError(seen()[0])


def fails_below():
    return evaluate("no_such_name", None)


kept = []


def keep_the_exception(data):
    try:
        raise ValueError(len(data))
    except ValueError as error:
        kept.append(error)


def keep_the_frame(data):
    kept.append(sys._getframe(1))


kept_memory = []


def keep_memory(memory):
    kept_memory.append(memory)


def let_go():
    kept_memory.clear()


def hands_on(data, other=None):
    return data
