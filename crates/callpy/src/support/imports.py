# --- what is known when an import fails; exception/import.rs makes a hint of it once that is read


def failed_imports(exception):
    """The failed imports that an exception is about, the likeliest cause first.

    They may be the cause of the exception, or what an ImportError of a library's own was raised for.
    """
    found, seen = [], set()
    while exception is not None and id(exception) not in seen:
        seen.add(id(exception))
        failed = _failed_import(exception)
        if failed is not None:
            found.append(failed)
        context = exception.__context__ if isinstance(exception, ImportError) else None
        exception = exception.__cause__ or context
    return found


def _failed_import(exception):
    """What failed, a name or a file, Python's message, and a file in place of the module."""
    message = str(exception)
    if isinstance(exception, ImportError):
        if "relative import" in message:
            return "relative", _importing_file(exception), message, None
        # One that was raised by hand may have its name in the message only.
        name = exception.name or _between(message, "No module named ", ";").strip("'")
    elif isinstance(exception, AttributeError):
        name = _between(message, "module '", "'") if " has no attribute" in message else None
    else:
        return None
    if not isinstance(name, str) or not name:
        return None
    root = name.partition(".")[0]
    if root in _RESERVED:
        # The author of source text does not know where callpy has put it.
        return None
    if root in sys.modules:
        file = getattr(sys.modules[root], "__file__", None)
        return "loaded", root, message, file if isinstance(file, str) else None
    if not isinstance(exception, ModuleNotFoundError):
        return "other", root, message, None
    # Modules of the standard library that some Pythons lack. Before 3.10 only those in C are known.
    is_standard = root in getattr(sys, "stdlib_module_names", ()) or root.startswith("_")
    return "standard" if is_standard else "missing", root, message, None


def _between(text, start, end):
    return text.partition(start)[2].partition(end)[0]


def _importing_file(exception):
    """The file with a relative import; None where that is in source text."""
    file = None
    traceback = exception.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = file if "importlib" in code.co_filename else code.co_filename
        traceback = traceback.tb_next
    return None if any(file == known[0] for known in _RESERVED.values()) else file


def search_path():
    """The executable, and the folders in which modules are searched."""
    return sys.executable or "this Python", [each for each in sys.path if isinstance(each, str)]


def module_suffixes():
    """How the names of modules' files end, in Python's order; and the standard library's folder."""
    import os
    from importlib import machinery

    suffixes = machinery.EXTENSION_SUFFIXES + machinery.SOURCE_SUFFIXES + machinery.BYTECODE_SUFFIXES
    return suffixes, os.path.dirname(os.__file__)
