"""Functions that fail in every way there is."""

import sys


class AppError(Exception):
    """An exception of one's own, in a module of one's own."""


def app_error():
    raise AppError("of my own")


def deep(levels):
    if levels == 0:
        raise ValueError("at the bottom")
    deep(levels - 1)


def noted():
    error = ValueError("with notes")
    error.add_note("first note")
    error.add_note("second note")
    raise error


def caused():
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError("outer") from error


def in_context():
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer")


def suppressed():
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer") from None


def long_chain(length):
    error = None
    for number in range(length):
        next_error = ValueError("link %d" % number)
        next_error.__cause__ = error
        error = next_error
    raise error


def own_cause():
    error = ValueError("its own cause")
    error.__cause__ = error
    raise error


def circle():
    first, second = ValueError("first"), KeyError("second")
    first.__context__, second.__context__ = second, first
    raise first


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class UnprintableWithExit(Exception):
    def __str__(self):
        sys.exit(3)


def unprintable():
    raise Unprintable()


def unprintable_with_exit():
    raise UnprintableWithExit()


def surrogates():
    raise ValueError("half a \ud800 pair")


def nul():
    raise ValueError("a\0b")


def group():
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


def syntax_error():
    compile("x = = 1", "cell.py", "exec")


def recursion():
    return recursion()


def memory():
    return bytearray(1 << 62)


def raise_class(kind):
    raise kind


def raise_strange():
    class Strange(Exception):
        pass

    Strange.__name__ = "Renamed"
    Strange.__module__ = None
    raise Strange("odd")


def stop_iteration():
    return next(iter(()))


def multiline():
    raise ValueError("\n\nthe point\nand more")


def fail_while_clearing():
    """What is deleted while the exception is taken away fails too."""

    class Fails:
        def __del__(self):
            raise RuntimeError("in __del__")

    kept = Fails()
    raise ValueError("first")


def wrong_notes():
    error = ValueError("wrong notes")
    error.__notes__ = [1, "two", None]
    raise error


def no_notes():
    error = ValueError("no notes")
    error.__notes__ = 7
    raise error


def set_traceback_none():
    try:
        deep(2)
    except ValueError as error:
        raise error.with_traceback(None)


def warn():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.warn("careful", DeprecationWarning)


def leftovers():
    """What the interpreter still has of an exception."""
    return sys.exc_info() == (None, None, None)


def printed(function, *arguments):
    """What Python prints of an exception, without the frame of this function."""
    import re
    import traceback

    try:
        function(*arguments)
    except BaseException:
        own = r'(?m)^[ |]*File ".*", line \d+, in printed\n[ |]*function\(\*arguments\)\n([ |]*[~^]+\n)?'
        return re.sub(own, "", traceback.format_exc())


def made_up(text):
    """An exception in code that is in no file."""
    exec(compile(text, "<made up>", "exec"), {})


def in_archive(folder):
    """An exception in a module of an archive."""
    import os
    import zipfile

    path = os.path.join(folder, "archive.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in_archive_module.py", "def fail():\n    raise ValueError('in an archive')\n")
    sys.path.insert(0, path)
    try:
        import in_archive_module

        in_archive_module.fail()
    finally:
        sys.path.remove(path)


def two(levels):
    if levels == 0:
        raise KeyError("in two")
    return other(levels)


def other(levels):
    return two(levels - 1)


def nested_chain():
    try:
        caused()
    except ValueError:
        in_context()


def no_such_name():
    return undefined_name  # noqa: F821
