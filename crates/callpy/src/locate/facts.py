"""Prints what callpy needs to know of the interpreter that runs this, as one line of JSON."""
import sys

# With `-c`, the current folder comes first: a json.py there must not be taken for the real one.
if sys.path and sys.path[0] == "":
    del sys.path[0]

import json
import os

posix = os.name == "posix" and hasattr(os, "fsencode")


def path(text):
    """A file name need not be text: one character for each byte."""
    return os.fsencode(text).decode("latin-1") if posix else text


version = list(sys.version_info[:3])
implementation = getattr(sys, "implementation", None)
answer = {
    "version": version,
    "implementation": getattr(implementation, "name", "cpython"),
    "executable": path(sys.executable or ""),
}

# An older one is refused by these facts alone, and may not know the others.
if version >= [3, 8]:
    import struct
    import sysconfig

    variable = sysconfig.get_config_var
    base = getattr(sys, "_base_executable", None) or sys.executable
    free_threaded = bool(variable("Py_GIL_DISABLED"))
    debug = hasattr(sys, "gettotalrefcount")
    if posix:
        stem = "libpython%d.%d%s" % (version[0], version[1], getattr(sys, "abiflags", ""))
        names = [variable("INSTSONAME"), variable("LDLIBRARY")]
        names += [stem + ".so.1.0", stem + ".so", stem + ".dylib"]
        lib = os.path.join(sys.base_prefix, "lib")
        folders = [variable("PYTHONFRAMEWORKPREFIX"), variable("LIBDIR"), lib]
        folders += [os.path.join(lib, variable("MULTIARCH") or ""), variable("LIBPL")]
    else:
        names = ["python%d%d%s%s.dll" % (version[0], version[1], "t" * free_threaded, "_d" * debug)]
        folders = [os.path.dirname(base), sys.base_prefix]

    libraries = []
    for folder in folders:
        for name in names:
            # An archive can't be loaded, and libpython3.so has nothing in it.
            if folder and name and not name.endswith(".a") and name != "libpython3.so":
                libraries.append(os.path.join(folder, name))

    sites = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    sites += [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]

    answer.update(
        base_executable=path(base),
        prefix=path(sys.prefix),
        base_prefix=path(sys.base_prefix),
        platform=sysconfig.get_platform(),
        bits=struct.calcsize("P") * 8,
        free_threaded=free_threaded,
        debug=debug,
        libraries=[path(p) for p in dict.fromkeys(libraries)],
        site_packages=[path(p) for p in dict.fromkeys(sites)],
    )

# A site customisation may have printed something without a newline.
sys.stdout.write("\ncallpy:" + json.dumps(answer) + "\n")
