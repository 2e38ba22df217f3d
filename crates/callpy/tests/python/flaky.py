"""A file that fails while it is imported, the first time."""

import builtins

builtins.callpy_attempts = getattr(builtins, "callpy_attempts", 0) + 1
if builtins.callpy_attempts == 1:
    raise RuntimeError("not yet")


def attempts():
    return builtins.callpy_attempts
