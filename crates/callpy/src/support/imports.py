# --- why an import found nothing, or the wrong module


def import_problem(exception):
    """What is known about a failed import, as a kind and its facts; None where nothing is.

    It may be the cause of the exception, or what an ImportError of a library's own was raised for.
    """
    seen = set()
    while exception is not None and id(exception) not in seen:
        seen.add(id(exception))
        problem = _import_problem(exception)
        if problem is not None:
            return problem
        context = exception.__context__ if isinstance(exception, ImportError) else None
        exception = exception.__cause__ or context
    return None


def _import_problem(exception):
    import re

    message = str(exception)
    if isinstance(exception, ImportError):
        if "relative import" in message:
            return _relative_import(exception)
        named = re.match("No module named '?([^';]+)", message)
        name = exception.name or (named and named.group(1))
    elif isinstance(exception, AttributeError):
        named = re.search("module '([^']+)'.* has no attribute", message)
        name = named and named.group(1)
    else:
        return None
    if not isinstance(name, str):
        return None
    root = name.partition(".")[0]
    # Source text is in no place that its author knows.
    places = [] if root in _RESERVED else _places(root)
    if places:
        return _wrong_module(root, places, message)
    if isinstance(exception, ModuleNotFoundError) and root not in sys.modules:
        return _missing(root)
    return None


# Modules whose package has another name.
_PACKAGES = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "distutils": "setuptools",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}


def _missing(name):
    python = sys.executable or "this Python"
    # Those of the standard library that some Pythons come without; before 3.10 only those in C are known.
    if name in getattr(sys, "stdlib_module_names", ()) or name.startswith("_"):
        return ["standard", name, python]
    return ["missing", name, python, _PACKAGES.get(name, name)]


# What `_places` found: a function that raises the same error again and again should not search again.
_FOUND = {}


def _places(name):
    """The files and folders that an import of a name may lead to, the one that it does lead to first."""
    try:
        asked = name, getattr(sys.modules.get(name), "__file__", None), tuple(sys.path)
        if asked not in _FOUND:
            if len(_FOUND) >= 100:
                _FOUND.clear()
            _FOUND[asked] = _search(name)
        return _FOUND[asked]
    except TypeError:
        # Something in the search path is no text.
        return _search(name)


def _search(name):
    import os
    from importlib.machinery import PathFinder

    module = sys.modules.get(name)
    places = [getattr(module, "__file__", None)]
    for folder in list(sys.path):
        try:
            spec = PathFinder.find_spec(name, [folder])
        except Exception:
            continue
        if spec is not None:
            # A folder without __init__.py has no origin.
            places.append(spec.origin or list(spec.submodule_search_locations or [None])[0])
    if module is None:
        # A file is found before a folder, wherever that is.
        places.sort(key=lambda place: place is not None and os.path.isdir(place))
    # Each once: a dict keeps the order.
    return list(dict.fromkeys(os.path.realpath(place) for place in places if place))


def _is_own(place):
    """Whether this is a file of the program's own, neither installed nor of the standard library."""
    import os

    library = os.path.realpath(os.path.dirname(os.__file__))
    parts = place.replace("\\", "/").split("/")
    installed = "site-packages" in parts or "dist-packages" in parts
    return not installed and not place.startswith(library + os.sep)


def _wrong_module(name, places, message):
    import os

    found, others = places[0], places[1:]
    other = next((place for place in others if _is_own(found) or _is_own(place)), None)
    if other is not None:
        return ["hidden", name, found, other, found if _is_own(found) else other]
    if os.path.isdir(found):
        return ["folder", name, found]
    if not _is_own(found):
        return None
    if "partially initialized" in message:
        return ["partial", name, found]
    return ["own", name, found] if found not in message else None


def _relative_import(exception):
    """The dotted name by which the importing file would have a package, and the folder to find it in."""
    import os

    file = ""
    traceback = exception.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = file if "importlib" in code.co_filename else code.co_filename
        traceback = traceback.tb_next
    if not os.path.isfile(file) or any(file == known[0] for known in _RESERVED.values()):
        return ["relative text"]
    folder, name = os.path.split(os.path.realpath(file))
    names = [os.path.splitext(name)[0]]
    while True:
        folder, name = os.path.split(folder)
        if not name:
            return ["relative text"]
        names.insert(0, name)
        if not os.path.isfile(os.path.join(folder, "__init__.py")):
            return ["relative", ".".join(names), folder]
