"""The module as it is installed; `hints/installed.py` is what the program was compiled with."""


def same(a, b=1, *, c):
    return "%s %s %s" % (a, b, c)


def changed(a, new_name, extra=None):
    return a
