"""Asks callpy_search, which the test has made of callpy's own source, for the holders of arrays."""

import gc
import logging
import sys
import threading

import callpy_search
import numpy as np

MANY = []
kept = None


def array():
    return np.arange(4.0)


class Near:
    def keep(self, data):
        self.last = data


class Keeping(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


def in_logged_arguments(seconds):
    lent = array()
    logger = logging.getLogger("searches")
    logger.propagate = False
    logger.addHandler(Keeping())
    logger.warning("%s", lent)
    try:
        return callpy_search.holders(seconds, in_logged_arguments, False, lent)
    finally:
        logger.handlers.clear()


def make_many():
    if not MANY:
        MANY.extend([number] for number in range(1_500_000))


class Clock:
    """A second at each look."""

    def __init__(self):
        self.looks = 0

    def __call__(self):
        self.looks += 1
        return self.looks


def with_clock(clock, work):
    import time

    real, time.thread_time = time.thread_time, clock
    try:
        return work()
    finally:
        time.thread_time = real


def among_many(seconds):
    make_many()
    lent = array()
    MANY[0].append(lent)
    clock = Clock()
    try:
        words, saw_all = with_clock(
            clock, lambda: callpy_search.holders(seconds, sorted, False, lent)
        )
    finally:
        MANY[0].pop()
    return words, saw_all, clock.looks


def near_among_many():
    make_many()
    near = Near()
    lent = array()
    near.keep(lent)
    clock = Clock()
    return with_clock(clock, lambda: callpy_search.holders(20.0, near.keep, False, lent))


def raised(lent):
    try:
        raise ValueError(1)
    except ValueError as error:
        return error


def generator(lent):
    yield lent


def left_behind():
    """What is found once more after each part of a search, with the collector off."""
    search = callpy_search
    error, suspended, lent = raised(array()), generator(array()), array()
    next(suspended)
    stop = threading.Event()
    other = threading.Thread(target=lambda lent: stop.wait(), args=(lent,))
    other.start()
    parts = {
        "holders": lambda: search.holders(60.0, left_behind, False, lent),
        "holders in a hurry": lambda: search.holders(0.001, left_behind, False, lent),
        "result_holds": lambda: search.result_holds(60.0, [error, suspended, [lent]], lent),
        "release young": lambda: search.release(True, lent),
        "release": lambda: search.release(False, lent),
        "others_run": search.others_run,
    }
    left = []
    gc.disable()
    try:
        for name, part in parts.items():
            gc.collect()
            before = sys.getrefcount(lent)
            part()
            after = sys.getrefcount(lent)
            if after != before:
                left.append("%s: %d references" % (name, after - before))
            garbage = gc.collect()
            if garbage:
                left.append("%s: %d objects of garbage" % (name, garbage))
    finally:
        gc.enable()
        stop.set()
        other.join()
    return left


def in_a_result():
    near, first, second = Near(), array(), array()
    near.rows = first[1:]
    return callpy_search.result_holds(60.0, [[second[::2], near]], first, second)[0]


def not_in_a_result():
    global kept
    kept = array()
    result = [raised(kept), sys.modules[__name__], Near, in_a_result]
    return callpy_search.result_holds(60.0, [result], kept)[0]
