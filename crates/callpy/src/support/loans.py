

# Loans that do not end: who holds a lent array, and what can be made to let go of it. Runs after
# support.py, in the same module.

# Bound here, since programs replace what modules hold.
collect = gc.collect


def _turn():
    import _thread

    return _thread.RLock()


# One thread at a time searches, and a thread again in its own search (a __del__ that calls Rust).
_TURN = _turn()
begin_turn = _TURN.acquire
end_turn = _TURN.release


class _Search:
    """Finds who holds a lent array.

    The collector knows containers, not arrays: so each container's contents are followed down to
    the lent array, through views, memoryviews and the small containers it does not track. What this
    file itself holds meanwhile is left out.
    """

    def __init__(self, lent):
        import types

        self.types = types
        self.ndarray = type(lent)
        self.address = id(lent)
        first = lent.__array_interface__["data"][0]
        self.memory = range(first, first + lent.nbytes)
        self.transparent = {}
        self.mine = []
        self.modules = {}
        for name, module in list(sys.modules.items()):
            if isinstance(module, types.ModuleType):
                self.modules[id(module.__dict__)] = name

    def sees_through(self, kind):
        """Whether objects of a type are not the collector's, and may lead further."""
        known = self.transparent.get(kind)
        if known is None:
            known = issubclass(kind, (self.ndarray, memoryview, tuple, dict)) or kind.__name__ in (
                "flatiter",
                "nditer",
            )
            self.transparent[kind] = known
        return known

    def leads(self, value, depth=0):
        array = None
        while id(value) != self.address:
            kind = type(value)
            if not self.sees_through(kind):
                break
            if issubclass(kind, self.ndarray):
                array = value
                value = self.ndarray.base.__get__(value)
            elif kind is memoryview:
                try:
                    value = value.obj
                except ValueError:
                    return False  # it was released
            elif kind.__name__ == "flatiter":
                value = value.base
            else:
                break
        else:
            return True
        items = ()
        if array is not None:
            if array.size and self.ndarray.__array_interface__.__get__(array)["data"][0] in self.memory:
                return True
            if array.dtype.hasobject:
                items = list(array.flat)[:1000]
        elif self.sees_through(type(value)):
            if type(value).__name__ == "nditer":
                items = value.operands
            elif not gc.is_tracked(value):
                items = gc.get_referents(value)
        if depth < 3:
            for item in items:
                if self.leads(item, depth + 1):
                    return True
        return False

    def is_mine(self, owner):
        if owner is self or owner is self.__dict__ or owner is self.mine:
            return True
        for mine in self.mine:
            if owner is mine:
                return True
        if type(owner) is self.types.FrameType:
            return owner.f_code.co_filename == _HERE
        # The argument tuple of the call that led here, before Python 3.10.
        return type(owner) is tuple and len(owner) == 1 and id(owner[0]) == self.address

    def stacks(self):
        """The frames that run, thread by thread."""
        return [_stack(frame) for frame in sys._current_frames().values()]

    def owners(self):
        """The objects, known to the collector, that hold the array."""
        running = set()
        for stack in self.stacks():
            running.update(map(id, stack))
        found = []
        self.mine.append(found)
        for owner in gc.get_objects():
            if self.is_mine(owner) or id(owner) in running:
                continue
            for value in gc.get_referents(owner):
                if id(value) == self.address or (
                    self.sees_through(type(value)) and self.leads(value)
                ):
                    found.append(owner)
                    break
        return found

    def keys(self, mapping, leads):
        found = []
        for key, value in list(mapping.items()):
            if leads(value):
                found.append(key if isinstance(key, str) else repr(key))
        return ", ".join(repr(key)[:60] if isinstance(key, str) else key for key in found[:4])

    def path(self, owner):
        """How an owner holds the array, and where the owner is to be found."""
        words, owner = self.link(owner, self.leads)
        parts = [words]
        while owner is not None and len(parts) < 6:
            outer = self.outer(owner)
            if outer is None:
                break
            words, owner = self.link(outer, _Is(id(owner)))
            parts.append(words)
        return ", which is ".join(parts)

    def outer(self, owner):
        """The holder of an owner, by which it is known best."""
        self.mine.append(owner)
        referrers = gc.get_referrers(owner)
        self.mine.append(referrers)
        best, rank = None, 0
        for outer in referrers:
            if self.is_mine(outer):
                continue
            if type(owner) is self.types.CellType and type(outer) is tuple:
                for function in gc.get_referrers(outer):
                    if getattr(function, "__closure__", None) is outer:
                        return function
            if id(outer) in self.modules:
                return outer
            kind = type(outer)
            own = 1 if kind in (self.types.FrameType, tuple, list) else 2
            if getattr(outer, "__dict__", None) is owner or isinstance(outer, type):
                own = 3
            if own > rank:
                best, rank = outer, own
        return best

    def link(self, owner, leads):
        """How an owner holds something, and the object to go on from; none where that says it all."""
        types = self.types
        kind = type(owner)
        if id(owner) in self.modules:
            return "the global %s of module %s" % (self.keys(owner, leads), self.modules[id(owner)]), None
        if kind is types.FrameType:
            for outer in gc.get_referrers(owner):
                if _frame_of(types, outer) is owner:
                    return self.link(outer, leads)
            return self.local(owner, leads), None
        if kind is types.FunctionType:
            name = owner.__qualname__
            held = self.keys(owner.__dict__, leads)
            if held:
                return "the attribute %s of the function %s" % (held, name), None
            for value in (owner.__defaults__ or ()) + tuple((owner.__kwdefaults__ or {}).values()):
                if leads(value):
                    return "a default argument of the function %s" % name, owner
            return "the function " + name, owner
        if kind is types.CellType:
            return "a variable of a closure", owner
        if kind in (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType):
            name = {types.CoroutineType: "coroutine", types.GeneratorType: "generator"}
            words = "the %s %s" % (name.get(kind, "asynchronous generator"), owner.__qualname__)
            return words + ", which has not ended", owner
        if kind in (types.MethodType, types.BuiltinMethodType):
            return "the bound method %s" % owner.__qualname__, owner
        if isinstance(owner, type):
            return "the class attribute %s of %s" % (self.keys(vars(owner), leads), owner.__qualname__), None
        if isinstance(owner, dict):
            outer = self.outer(owner)
            thread_local = type(outer).__name__ == "_local"
            if isinstance(outer, type) or thread_local or getattr(outer, "__dict__", None) is owner:
                return self.link(outer, leads)
            return "%s under %s" % (what(owner), self.keys(owner, leads)), owner
        if isinstance(owner, (list, tuple)):
            for index, value in enumerate(owner):
                if leads(value):
                    return "item %d of %s" % (index, what(owner)), owner
        attributes = getattr(owner, "__dict__", None)
        held = self.keys(attributes, leads) if isinstance(attributes, dict) else ""
        if not held:
            slots = {}
            for base in kind.__mro__:
                for name, slot in vars(base).items():
                    if type(slot) is types.MemberDescriptorType:
                        try:
                            slots[name] = slot.__get__(owner)
                        except Exception:
                            pass
            held = self.keys(slots, leads)
        if held:
            return "the attribute %s of %s" % (held, what(owner)), owner
        return what(owner), owner

    def local(self, frame, leads):
        code = frame.f_code
        held = self.keys(frame.f_locals, leads)
        return "%s of %s (%s:%d)" % (
            "the local " + held if held else "a local",
            code.co_name,
            code.co_filename,
            frame.f_lineno or code.co_firstlineno,
        )

    def running(self):
        """The locals of frames that run, which the collector does not see since Python 3.11."""
        found = []
        others = [] if _LOCKED else [id(stack[0]) for stack in _other_stacks().values() if stack]
        for stack in self.stacks():
            if stack and id(stack[0]) in others:
                continue
            for frame in stack:
                for value in list(frame.f_locals.values()):
                    if self.leads(value):
                        found.append(self.local(frame, self.leads) + ", which still runs")
                        break
        return found

    def in_context(self):
        """The context variables of this thread."""
        contextvars = sys.modules.get("contextvars")
        found = []
        for variable, value in contextvars.copy_context().items() if contextvars else ():
            if self.leads(value):
                found.append("the context variable %r" % variable.name)
        return found


class _Is:
    def __init__(self, address):
        self.address = address

    def __call__(self, value):
        return id(value) == self.address


# Where there is no lock, the locals of a frame that another thread runs must not be looked at.
_LOCKED = has_interpreter_lock()


def _stack(frame):
    """A thread's frames; not this file's, which would be a cycle with the list as their local."""
    frames = []
    while frame is not None:
        if frame.f_code.co_filename != _HERE:
            frames.append(frame)
        frame = frame.f_back
    return frames


def _untraced(work, lent):
    """Runs work without this thread's tracer, which could keep the frames, and so the array."""
    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(None)
    sys.setprofile(None)
    try:
        return work(lent)
    finally:
        del lent
        sys.setprofile(profiler)
        sys.settrace(tracer)


def release(lent):
    """Clears the finished frames that hold a lent array: those of tracebacks that somebody keeps."""
    try:
        _untraced(_release, lent)
    finally:
        del lent


def _release(lent):
    search = _Search(lent)
    frames = []
    suspended = set()
    types = search.types
    for owner in gc.get_objects():
        if type(owner) is types.FrameType:
            if owner.f_code.co_filename != _HERE:
                frames.append(owner)
        else:
            suspended.add(id(_frame_of(types, owner)))
    for stack in search.stacks():
        suspended.update(map(id, stack))
    for frame in frames:
        if id(frame) not in suspended and _reaches(search, gc.get_referents(frame)):
            try:
                frame.clear()
                frame.f_locals  # brings a snapshot that somebody took up to date
            except RuntimeError:
                pass  # it runs again
    gc.collect()


def _frame_of(types, owner):
    """The frame of a generator or its like that has not ended."""
    kind = type(owner)
    if kind is types.GeneratorType:
        return owner.gi_frame
    if kind is types.CoroutineType:
        return owner.cr_frame
    if kind is types.AsyncGeneratorType:
        return owner.ag_frame
    return None


def _reaches(search, todo):
    """Whether objects lead to the lent array; yes too where they lead to too much."""
    types = search.types
    seen = {}
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        if search.leads(value):
            return True
        if len(seen) > 20000:
            return True
        seen[id(value)] = value
        if not gc.is_tracked(value) or id(value) in search.modules:
            continue
        if not isinstance(value, (type, types.ModuleType, types.FrameType)):
            todo.extend(gc.get_referents(value))
    return False


def others_hold(lent):
    """Whether another thread works with a lent array, and may yet let go of it."""
    try:
        return _untraced(_others_hold, lent)
    finally:
        del lent


def _others_hold(lent):
    stacks = [stack for stack in _other_stacks().values() if stack]
    if not _LOCKED:
        return bool(stacks)
    search = _Search(lent)
    for stack in stacks:
        for frame in stack:
            if _reaches(search, list(frame.f_locals.values())):
                return True
    return False


def _other_stacks():
    import _thread

    own = _thread.get_ident()
    stacks = {thread: _stack(frame) for thread, frame in sys._current_frames().items()}
    stacks.pop(own, None)
    return stacks


def holders(lent):
    """Who holds a lent array, in words."""
    try:
        return _untraced(_holders, lent)
    finally:
        del lent


def _holders(lent):
    search = _Search(lent)
    found = []
    for owner in search.owners():
        try:
            found.append(search.path(owner))
        except Exception:
            found.append(what(owner))
    found.extend(search.running())
    found.extend(search.in_context())
    return list(dict.fromkeys(found))
