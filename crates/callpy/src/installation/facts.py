"""Prints what callpy needs to know about the interpreter that runs this, as JSON."""
import sys

# With `-c`, the current folder is first: a json.py there must not be imported instead of the real one.
if sys.path and sys.path[0] == "":
    del sys.path[0]

import json
import os

posix = os.name == "posix" and hasattr(os, "fsencode")


def path(text):
    """One character for each byte, since a file name need not be text."""
    return os.fsencode(text).decode("latin-1") if posix else text


# Values that must be the same in the embedded interpreter.
SETTINGS = (
    "sys.prefix",
    "sys.exec_prefix",
    "sys.base_prefix",
    "sys.base_exec_prefix",
    "sys.flags",
    "sys.warnoptions",
    "sys._xoptions",
    "sys.getfilesystemencoding()",
    "sys.getfilesystemencodeerrors()",
    "sys.pycache_prefix",
)


def process(name):
    """A file in /proc about this process: parts that each end with a zero."""
    with open("/proc/self/" + name, "rb") as file:
        return file.read().split(b"\0")[:-1]


def binary():
    """The running program, which need not be the one that was named."""
    try:
        return path(os.readlink("/proc/self/exe"))
    except OSError:
        return ""


def options():
    """The options before the `-c` of this script."""
    try:
        parts = process("cmdline")
    except OSError:
        parts = [os.fsencode(part) for part in getattr(sys, "orig_argv", [])]
    parts = [part.decode("latin-1") for part in parts]
    return parts[1 : parts.index("-c")] if "-c" in parts else []


def environment():
    """The variables with which the process started, without those that a site customisation has set."""
    try:
        return [pair.decode("latin-1") for pair in process("environ")]
    except OSError:
        # Without the variable that Python itself sets in the C locale (PEP 538).
        return [path(n) + "=" + path(v) for n, v in os.environ.items() if n != "LC_CTYPE"]


version = list(sys.version_info[:3])
implementation = getattr(sys, "implementation", None)
answer = {
    "version": version,
    "implementation": getattr(implementation, "name", "cpython"),
    "executable": path(sys.executable or ""),
}

# An older Python is refused by these facts, and may not have the others.
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
            # An archive can't be loaded, and libpython3.so is empty.
            if folder and name and not name.endswith(".a") and name != "libpython3.so":
                libraries.append(os.path.join(folder, name))

    sites = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    sites += [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]

    # Files that affect the next start, besides the executable.
    watched = list(sys.path)
    for name in ("sitecustomize", "usercustomize"):
        watched.append(getattr(sys.modules.get(name), "__file__", None) or "")
    for site in sites:
        files = os.listdir(site) if os.path.isdir(site) else []
        watched += [os.path.join(site, file) for file in files if file.endswith(".pth")]

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
        watched=[path(p) for p in dict.fromkeys(watched) if p],
        search_path=[path(p) for p in sys.path],
        settings=[(name, ascii(eval(name))) for name in SETTINGS],
        binary=binary(),
        options=options(),
        environment=environment(),
    )

# In lines of limited length, and without spaces, since the reader strips those at the end of a line.
text = json.dumps(answer, separators=(",", ":")).replace(" ", "\\u0020")
# A site customisation may have printed something without a newline.
sys.stdout.write("\n")
for start in range(0, len(text), 32768):
    sys.stdout.write("callpy:" + text[start : start + 32768] + "\n")
