"""Functions that fail with exceptions whose own code fails too."""

import builtins


class Outer:
    class Inner(OSError):
        pass


class Derived(Outer.Inner):
    pass


class Mute(ValueError):
    def __str__(self):
        raise RuntimeError("no text")


class Nameless(type):
    def __getattribute__(self, name):
        if name in ("__name__", "__qualname__", "__module__"):
            raise RuntimeError("no name")
        return type.__getattribute__(self, name)


class Hidden(ValueError, metaclass=Nameless):
    pass


class Closed(ValueError):
    def __getattribute__(self, name):
        raise RuntimeError("no attribute")


def noted(*notes):
    error = ValueError("with notes")
    error.__notes__ = list(notes)
    return error


def group():
    class Errors(ExceptionGroup):
        pass

    return Errors("several", [ValueError("first"), KeyError("second")])


def missing():
    return ModuleNotFoundError("No module named 'absent'", name="absent")


MADE = {
    "a base": lambda: Derived(5, "derived"),
    "a nested class": lambda: Outer.Inner("inner"),
    "no text": Mute,
    "no name": lambda: Hidden("hidden"),
    "no attribute": lambda: Closed("closed"),
    "notes without text": lambda: noted("one", Mute(), "\ud800"),
    "notes that are none": lambda: noted(),
    "a missing module": missing,
    "half a character": lambda: ValueError("\ud800"),
    "an exit": lambda: SystemExit(3),
    "an interrupt": lambda: KeyboardInterrupt("now"),
}
if hasattr(builtins, "ExceptionGroup"):
    MADE["a group"] = group
KINDS = list(MADE)


def fail(kind):
    raise MADE[kind]()
