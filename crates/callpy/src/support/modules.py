# Modules from files and from source text, which Python's own import loads. Runs after support.py, in
# the same module.


def _find_spec(name):
    import importlib.util

    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


def file_module(path):
    """The name under which a .py file is imported, and the text of a stand-in, or None.

    The file's folder goes to the end of sys.path: the file finds its neighbours, and none of them
    takes the place of a standard module. Where the file's own name does not lead to it, a stand-in
    under another name runs it.
    """
    import os

    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    name = name[:-3] if name.endswith(".py") else name
    if folder not in sys.path:
        sys.path.append(folder)
    if "." not in name:
        spec = _find_spec(name)
        if spec is not None and spec.origin and os.path.realpath(spec.origin) == path:
            return name, None
    name = "".join(each if each.isalnum() and each.isascii() else "_" for each in name)
    return name, _STAND_IN % ascii(path)


# It changes its own spec and does not make another, by which Python knows that it is not whole yet.
_STAND_IN = """\
# Written by callpy: another module has the name of the file below, so it is imported by this one.
import importlib.machinery
__file__ = __spec__.origin = %s
__loader__ = __spec__.loader = importlib.machinery.SourceFileLoader(__name__, __file__)
__cached__ = __spec__.cached = None
del importlib
exec(__loader__.get_code(__name__), globals())
"""


def encoded(source):
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(source.encode()).readline)
    return source.encode(encoding)


_TEMPORARY = []


def temporary_folder():
    """A folder that only this user can write to, and that the end of this process removes."""
    import atexit
    import os
    import shutil
    import tempfile

    if not _TEMPORARY:
        try:
            _TEMPORARY.append(tempfile.mkdtemp(prefix="callpy-"))
        except OSError:
            return None
        process = os.getpid()
        # A child process by fork has the same handlers.
        atexit.register(lambda: os.getpid() == process and shutil.rmtree(_TEMPORARY[0], True))
    return _TEMPORARY[0]


# By the name of each module from source text: its file, its text, and whether its import failed.
_RESERVED = {}
_RESERVING = __import__("_thread").RLock()


def reserve(name, path, source, is_written):
    """Has the import of a name run source text: the path of the file that has it.

    None and the reason where the name is another module's.
    """
    with _RESERVING:
        known = _RESERVED.get(name)
        if known is not None and not (known[2] and name not in sys.modules):
            if known[1] == source:
                return known[0], None
            return None, "a module %r with other text is loaded already: choose another name" % name
        if known is not None:
            _withdraw(name)
        other = _known_file(name)
        if other is not None and not _has_text(other, source):
            return None, "%r is the name of another module (%s): choose another name" % (name, other)
        _RESERVED[name] = other or path, source, False
        if other is None and is_written:
            import importlib

            folder = _folder_to(name, path)
            if folder not in sys.path:
                sys.path.append(folder)
            importlib.invalidate_caches()
        elif other is None:
            _IN_MEMORY.add(name, path, source)
        return other or path, None


# By the name of a module: the folder that leads to it.
_FOLDERS = {}
# So many texts have each an entry of their own in sys.path, which every import that fails looks at.
_MOST_FOLDERS = 16


def _folder_to(name, path):
    """The folder in which an import of a name finds the text in a file.

    That of the file itself; once these are many, one folder of this process's own for all others, in which
    stand-ins lead to their files.
    """
    import os

    folder = os.path.dirname(path)
    if len(set(_FOLDERS.values())) >= _MOST_FOLDERS:
        own = temporary_folder()
        try:
            if own is not None:
                with open(os.path.join(own, name + ".py"), "w", encoding="utf-8") as file:
                    file.write(_STAND_IN % ascii(path))
                folder = own
        except OSError:
            pass
    _FOLDERS[name] = folder
    return folder


def give_up(name):
    """Notes that the import failed, so that the name is free for another text."""
    with _RESERVING:
        path, source, _ = _RESERVED[name]
        _RESERVED[name] = path, source, True


def _withdraw(name):
    import os
    from importlib.util import cache_from_source

    path = _RESERVED.pop(name)[0]
    folder = _FOLDERS.pop(name, None)
    if folder is not None and folder != os.path.dirname(path):
        # The stand-in, and its bytecode: another one in its place may be as old and as long.
        stand_in = os.path.join(folder, name + ".py")
        for file in (stand_in, cache_from_source(stand_in)):
            if os.path.exists(file):
                os.remove(file)
    if folder not in _FOLDERS.values() and folder in sys.path:
        sys.path.remove(folder)
    _IN_MEMORY.pop(name, None)


def _known_file(name):
    """The file of the module that an import of a name leads to; None where it leads nowhere."""
    if name in sys.modules:
        return getattr(sys.modules[name], "__file__", None) or "loaded already"
    spec = _find_spec(name)
    # A folder without __init__.py has no origin, and is no obstacle.
    return spec and spec.origin


def _has_text(path, text):
    from importlib.util import decode_source

    try:
        with open(path, "rb") as file:
            return decode_source(file.read()) == text.replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, SyntaxError, ValueError):
        return False


class _InMemory(dict):
    """Finds and loads modules whose text could not be written to a file."""

    def add(self, name, path, source):
        self[name] = path, source
        if any(finder is self for finder in sys.meta_path):
            return
        sys.meta_path.append(self)
        from multiprocessing.reduction import ForkingPickler

        ForkingPickler.reducer_override = lambda _, value: self.reducer_override(value)

    def find_spec(self, name, path=None, target=None):
        import importlib.util

        if name not in self:
            return None
        return importlib.util.spec_from_loader(name, self, origin=self[name][0])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        path, source = self[module.__name__]
        module.__file__ = path
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name):
        return self[name][1]

    def reducer_override(self, value):
        """Refuses what a child process could not unpickle: a Pool would wait for it for ever."""
        module = getattr(value, "__module__", None)
        if isinstance(value, (type, _FUNCTION)) and module in self:
            raise __import__("pickle").PicklingError(
                "%r can't be sent to another process: its module %r is in this process alone, since "
                "no folder can be written to (set CALLPY_CACHE to one that can)" % (value, module)
            )
        return NotImplemented


_IN_MEMORY = _InMemory()
