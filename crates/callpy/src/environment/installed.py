"""Prints for each requirement among the arguments whether it is installed: true, false or a version.

It prints the version if there is no package here to compare versions with; callpy then compares them.
"""
import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]

import json
import re
from importlib.metadata import PackageNotFoundError, distribution

try:
    from packaging.requirements import Requirement
except ImportError:
    try:
        from pip._vendor.packaging.requirements import Requirement
    except ImportError:
        Requirement = None


def fulfilled(requirement, extra="", seen=()):
    """Whether it is installed in the right version, with the requirements of its extras."""
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return True
    if requirement.url or str(requirement) in seen:
        # The address that a package was installed from is not known.
        return not requirement.url
    found = distribution(requirement.name)
    if not requirement.specifier.contains(found.version, prereleases=True):
        return False
    needed = [Requirement(text) for text in found.requires or ()]
    seen += (str(requirement),)
    return all(
        fulfilled(one, wanted, seen)
        for wanted in requirement.extras
        for one in needed
        if one.marker and one.marker.evaluate({"extra": wanted})
    )


def answer(text):
    try:
        if Requirement:
            return fulfilled(Requirement(text))
        name, rest = re.match(r"\s*([\w.-]+)\s*(.*)", text).groups()
        return False if re.search(r"[@;[(]", rest) else distribution(name).version
    except PackageNotFoundError:
        return False
    except Exception:
        # A requirement that can't be checked counts as not installed, so an environment is created.
        return False


sys.stdout.write("\ncallpy:" + json.dumps([answer(text) for text in sys.argv[1:]]) + "\n")
