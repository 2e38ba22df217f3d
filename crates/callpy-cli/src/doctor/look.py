"""The doctor's look at the running Python: facts, and problems with kinds.

A problem's kind decides its fixes; problem.rs has the kinds.
"""

import importlib.machinery
import importlib.util
import os
import sys


def look(module):
    """Returns facts as (section, name, value) and problems as (fatal, kind, package, what)."""
    facts, problems = [], []
    _python(facts, problems)
    _shadows(module, problems)
    _numpy(facts, problems)
    return facts, problems


def _python(facts, problems):
    lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    built = "%d.%d.%d%s" % (*sys.version_info[:3], getattr(sys, "abiflags", ""))
    facts.append(("running", "version", built))
    facts.append(("running", "executable", sys.executable))
    facts.append(("running", "interpreter lock", "yes" if lock else "no: free-threaded"))
    # Debian has the first without the second.
    find = importlib.util.find_spec
    facts.append(("running", "venv", "yes" if find("venv") and find("ensurepip") else "no"))
    try:
        import resource
    except ImportError:
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    limit = "no limit" if soft == resource.RLIM_INFINITY else "%d KiB" % (soft // 1024)
    rust = os.environ.get("RUST_MIN_STACK")
    rust = "%d KiB, by RUST_MIN_STACK" % (int(rust) // 1024) if (rust or "").isdigit() else "2048 KiB"
    facts.append(("running", "stack", "main thread %s, Rust threads %s" % (limit, rust)))


def _standard():
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return names
    folder = os.path.dirname(os.__file__)
    found = {name.partition(".")[0] for name in os.listdir(folder)}
    return (found | set(sys.builtin_module_names)) - {"site-packages", "dist-packages", "__pycache__"}


def _shadows(module, problems):
    def add(what):
        problems.append((False, "shadowing", "", what))

    standard = _standard()
    library = os.path.realpath(os.path.dirname(os.__file__))
    before = []
    for folder in sys.path:
        if os.path.realpath(folder) == library:
            break
        before.append(folder)
    for folder in before:
        for name in _modules(folder or "."):
            if name in standard:
                add("%s shadows the standard module %s: all code that imports %s gets it"
                    % (_file(folder, name), name, name))
    if module.endswith(".py"):
        folder = os.path.dirname(module) or "."
        for name in _modules(folder):
            if name in standard and folder not in before:
                add("%s can't be imported: `import %s` imports the standard module of that name"
                    % (_file(folder, name), name))


def _modules(folder):
    if folder.endswith(".zip") or not os.path.isdir(folder):
        return []
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return []
    names = [entry[:-3] for entry in entries if entry.endswith(".py")]
    packages = [e for e in entries if os.path.isfile(os.path.join(folder, e, "__init__.py"))]
    return names + packages


def _file(folder, name):
    file = os.path.join(folder, name + ".py")
    return file if os.path.exists(file) else os.path.join(folder, name)


def _numpy(facts, problems):
    try:
        import numpy
    except ModuleNotFoundError as error:
        if error.name == "numpy":
            problems.append((True, "no-numpy", "", "NumPy is not installed; arrays need it"))
        else:
            problems.append((True, "numpy-lacks", error.name or "numpy",
                             "NumPy can't be imported: there is no module %s" % error.name))
        return
    except BaseException as error:
        problems.append((True, "broken-numpy", "", _broken(error)))
        return
    version = getattr(numpy, "__version__", "0")
    facts.append(("NumPy", "version", version))
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    if numbers < [1, 17]:
        problems.append((True, "old-numpy", "", "NumPy %s in %s is too old: callpy needs 1.17 or "
                         "newer" % (version, os.path.dirname(numpy.__file__ or ""))))
        return
    facts.append(("NumPy", "folder", os.path.dirname(numpy.__file__ or "")))
    facts.append(("NumPy", "BLAS", _blas(numpy)))
    variables = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    limits = ["%s=%s" % (name, os.environ[name]) for name in variables if name in os.environ]
    facts.append(("NumPy", "BLAS threads", ", ".join(limits) or "one for each core"))


def _broken(error):
    """Returns why NumPy can't be imported: its own message unless the cause is known."""
    spec = importlib.machinery.PathFinder.find_spec("numpy")
    for folder in (spec and spec.submodule_search_locations) or []:
        for core in ("_core", "core"):
            core = os.path.join(folder, core)
            files = os.listdir(core) if os.path.isdir(core) else []
            built = [file for file in files if file.startswith("_multiarray_umath.")]
            suffixes = importlib.machinery.EXTENSION_SUFFIXES
            if built and not any(file[len("_multiarray_umath"):] in suffixes for file in built):
                return "NumPy in %s was built for another Python (%s); this one loads %s" % (
                    folder, built[0].split(".", 1)[1], suffixes[0])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "NumPy can't be imported: %s: %s" % (type(error).__name__, lines[-1] if lines else "")


def _blas(numpy):
    try:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return " ".join(str(blas[key]) for key in ("name", "version") if blas.get(key))
    except Exception:
        pass
    try:
        for name in ("blas_ilp64_opt", "blas_opt"):
            libraries = numpy.__config__.get_info(name).get("libraries")
            if libraries:
                return ", ".join(dict.fromkeys(libraries))
    except Exception:
        pass
    return "unknown"


def allocator():
    """Names NumPy's data allocator, once arrays have been lent."""
    import numpy

    core = getattr(numpy, "_core", None) or numpy.core
    handler = getattr(core.multiarray, "get_handler_name", None)
    if handler is None:
        return "NumPy's own, which can't be replaced before 1.22"
    name = handler() or "default_allocator"
    return "NumPy's own" if name == "default_allocator" else name


def signature(function):
    import inspect

    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return "(...)"

