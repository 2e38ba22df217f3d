

# Loans that do not end: finds what holds a lent array, and lets go of it where that is safe. Runs after
# support.py, in the same module.

# Bound here, since programs replace what modules hold.
collect = gc.collect


def _turn():
    import _thread

    return _thread.RLock()


# One thread at a time searches, since a search holds what it finds. A thread may search again
# within its own search (a __del__ that calls Rust).
_TURN = _turn()
begin_turn = _TURN.acquire
end_turn = _TURN.release
# Let others search while this thread waits for them, as threading.Condition does.
leave_turn = _TURN._release_save
return_to_turn = _TURN._acquire_restore

# Where there is no lock, the locals of a frame that another thread runs must not be looked at.
_LOCKED = has_interpreter_lock()


def _untraced(work, *arguments):
    """Runs work without this thread's tracer, which could retain the frames, and so the arrays."""
    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(None)
    sys.setprofile(None)
    try:
        return work(*arguments)
    finally:
        del arguments
        sys.setprofile(profiler)
        sys.settrace(tracer)


class _Kinds:
    """What a search has to know about types."""

    def __init__(self, ndarray):
        import types

        self.ndarray = ndarray
        self.frame = types.FrameType
        self.cell = types.CellType
        self.function = types.FunctionType
        self.module = types.ModuleType
        self.methods = (types.MethodType, types.BuiltinMethodType)
        self.slot = types.MemberDescriptorType
        # There are many of these, and they hold few arrays.
        self.code = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
        # Those that have a frame while they are suspended: by which attribute, and what they are.
        self.suspended = {
            types.GeneratorType: ("gi_frame", "generator"),
            types.CoroutineType: ("cr_frame", "coroutine"),
            types.AsyncGeneratorType: ("ag_frame", "asynchronous generator"),
        }
        # Descriptors made of C functions, of which there is one for each slot of each type.
        self.leading = dict.fromkeys(
            [
                types.WrapperDescriptorType,
                types.MethodDescriptorType,
                types.ClassMethodDescriptorType,
                types.GetSetDescriptorType,
                types.MemberDescriptorType,
            ],
            False,
        )

    def leads(self, kind):
        """Whether objects of a type can hold others."""
        known = self.leading.get(kind)
        if known is None:
            # Py_TPFLAGS_HAVE_GC; what arrays and their iterators hold is unknown to the collector.
            known = bool(kind.__flags__ & (1 << 14)) or self.is_view(kind)
            self.leading[kind] = known
        return known

    def is_view(self, kind):
        """Whether objects of a type only show the memory of another object."""
        return issubclass(kind, (self.ndarray, memoryview)) or kind.__name__ in (
            "flatiter",
            "nditer",
            "managedbuffer",
        )

    def frame_of(self, owner):
        known = self.suspended.get(type(owner))
        return getattr(owner, known[0]) if known else None


class _Search:
    """Finds the ways from objects down to lent arrays, the shortest first.

    Ends when the time is up, which is that of this thread's processor: a busy machine does not make
    the answer another one.
    """

    def __init__(self, lents, seconds):
        from time import thread_time

        self.clock = thread_time
        self.end = thread_time() + seconds
        self.kinds = _Kinds(type(lents[0]))
        self.lents = {id(lent): index for index, lent in enumerate(lents)}
        self.memory = [_memory(lent) for lent in lents]
        self.modules = {}
        for name, module in list(sys.modules.items()):
            if isinstance(module, self.kinds.module):
                self.modules[id(module.__dict__)] = (name, module.__dict__)
        # The addresses of frames whose locals can be looked at, though they run.
        self.readable = set()
        # What was found, by its address, and the object that led to it.
        self.seen, self.holders = {}, {}
        # What the roots are, where they don't say it themselves.
        self.names = {}
        # What was seen and not looked into, for want of time, or since it is unlikely to hold data.
        self.later = []
        # For each lent array: what was found to lead to it, and that one's holder, in turns.
        self.found = [[] for _ in lents]
        own = [lents, self, self.__dict__, self.kinds, self.kinds.__dict__] + self.found
        self.leave_out(*own + list(self.__dict__.values()) + list(self.kinds.__dict__.values()))

    def close(self):
        """Lets go of what was found: it may include frames of the search, in a cycle."""
        for mapping in (self.seen, self.holders, self.names):
            mapping.clear()
        for objects in self.found + [self.later]:
            objects.clear()

    def is_over(self):
        return self.clock() >= self.end

    def leave_out(self, *own):
        """Leaves out what belongs to the search."""
        self.seen.update((id(owner), None) for owner in own)

    def descend(self, roots, share=1.0, near=False, most=None):
        """Goes down from the roots in a share of the time that is left; says whether it saw all.

        Near the roots means not through modules and types, nor through frames but a generator's own.
        """
        end = self.clock() + share * (self.end - self.clock())
        seen, leading, steps = self.seen, self.kinds.leading, 0
        todo, later = [roots], self.later
        self.leave_out(roots, todo)
        while todo:
            for place, owner in enumerate(todo):
                for value in roots if owner is roots else self.held_by(owner):
                    steps += 1
                    if not steps & 127 and self.clock() >= end:
                        later += todo[place:]
                        return False
                    kind = type(value)
                    if id(value) not in seen and (
                        leading[kind] if kind in leading else self.kinds.leads(kind)
                    ):
                        self.come_across(value, owner, near, todo)
                if most is not None and len(seen) >= most:
                    return False
            todo[:] = later
            later.clear()
        return True

    def come_across(self, value, owner, near, todo):
        kind = type(value)
        index = self.lents.get(id(value))
        if index is not None:
            self.found[index] += (value, owner)
            return
        if kind is self.kinds.frame:
            if value.f_code.co_filename == _HERE or (near and type(owner) not in self.kinds.suspended):
                return
        elif near and (issubclass(kind, (type, self.kinds.module)) or id(value) in self.modules):
            return
        self.seen[id(value)] = value
        self.holders[id(value)] = owner
        (self.later if issubclass(kind, self.kinds.code) else todo).append(value)
        if issubclass(kind, self.kinds.ndarray):
            # Of which the base may be unknown to the collector: a capsule.
            memory, base = _memory(value), self.kinds.ndarray.base.__get__(value)
            for index, lent in enumerate(self.memory):
                if memory and memory[0] in lent and not issubclass(type(base), self.kinds.ndarray):
                    self.found[index] += (value, owner)

    def held_by(self, owner):
        kind = type(owner)
        if kind is list or kind is tuple:
            return owner  # which may be long: looking at some of it takes no copy
        if id(owner) in self.readable:
            return list(owner.f_locals.values())
        held = gc.get_referents(owner)
        if kind is self.kinds.function:
            # Its cells, defaults and attributes; its globals are a module's.
            own = (tuple, dict)
            return [part for part in held if type(part) in own and part is not owner.__globals__]
        if issubclass(kind, self.kinds.ndarray):
            array = self.kinds.ndarray
            held.append(array.base.__get__(owner))
            if array.dtype.__get__(owner).hasobject:
                held += list(array.flat.__get__(owner))[:1000]
        elif kind.__name__ == "flatiter":
            held.append(owner.base)
        elif kind.__name__ == "nditer":
            try:
                held += owner.operands
            except ValueError:
                pass  # it is closed
        return held

    # --- in words

    def words(self, index):
        """What holds a lent array, and where it is, in words."""
        found = self.found[index]
        words = [self.path(value, owner) for value, owner in zip(found[::2], found[1::2])]
        return list(dict.fromkeys(words))

    def path(self, value, owner):
        parts, chain = [], [value]
        while id(owner) in self.holders:
            chain.append(owner)
            owner = self.holders[id(owner)]
        place = 1
        try:
            while place < len(chain) and len(parts) < 6:
                words, place = self.link(chain, place)
                if words:
                    parts.append(words)
        except Exception:  # of a class that does not like to be looked at
            parts.append(what(chain[place]))
        if id(chain[-1]) in self.names:
            parts.append(self.names[id(chain[-1])])
        return ", which is ".join(parts or [what(chain[-1])])

    def link(self, chain, place):
        """How the object at a place holds the one before; and the place to go on from."""
        kinds = self.kinds
        value, owner = chain[place - 1], chain[place]
        above, top = (chain[place + 1 :] + [None, None])[:2]
        kind, end = type(owner), len(chain)
        if kinds.is_view(kind):
            return None, place + 1
        if id(owner) in self.modules:
            return "the global %s of module %s" % (_key(owner, value), self.modules[id(owner)][0]), end
        if kind is kinds.frame:
            if kinds.frame_of(above) is owner:
                return None, place + 1
            return self.local(value, owner), place + 1
        if kind in kinds.suspended:
            name = kinds.suspended[kind][1]
            return "the %s %s, which has not ended" % (name, owner.__qualname__), place + 1
        if type(above) is kinds.function:
            if owner is above.__defaults__ or owner is above.__kwdefaults__:
                return "a default argument of the function " + above.__qualname__, place + 2
        if kind is kinds.cell:
            closed = getattr(top, "__closure__", None) is above and above is not None
            return "a variable of a closure", place + (2 if closed else 1)
        if kind is kinds.function:
            return "the function " + owner.__qualname__, place + 1
        if kind in kinds.methods:
            return "the bound method " + owner.__qualname__, place + 1
        if kind is dict:
            return self.link_of_dict(chain, place, above, top)
        if isinstance(owner, type):
            return "the class attribute %s of %s" % (_key(vars(owner), value), owner.__qualname__), end
        if isinstance(owner, (list, tuple)):
            for index, item in enumerate(owner):
                if item is value:
                    return "item %d of %s" % (index, what(owner)), place + 1
        return self.attribute(value, owner), place + 1

    def link_of_dict(self, chain, place, above, top):
        value, owner = chain[place - 1], chain[place]
        key = _key(owner, value)
        if isinstance(above, type):
            return "the class attribute %s of %s" % (key, above.__qualname__), len(chain)
        if type(above) is self.kinds.function:
            return "the attribute %s of the function %s" % (key, above.__qualname__), place + 2
        if getattr(above, "__dict__", None) is owner:
            return "the attribute %s of %s" % (key, what(above)), place + 2
        if type(top).__name__ == "_local":
            return "the attribute %s of %s" % (key, what(top)), place + 3
        return "%s under %s" % (what(owner), key) if key else what(owner), place + 1

    def attribute(self, value, owner):
        attributes = getattr(owner, "__dict__", None)
        attributes = dict(attributes) if isinstance(attributes, dict) else {}
        for base in type(owner).__mro__:
            for name, slot in vars(base).items():
                if type(slot) is self.kinds.slot:
                    try:
                        attributes[name] = slot.__get__(owner)
                    except AttributeError:
                        pass  # it is not set
        key = _key(attributes, value)
        return "the attribute %s of %s" % (key, what(owner)) if key else what(owner)

    def local(self, value, frame):
        name = _key(frame.f_locals, value) if id(frame) in self.readable else ""
        line = frame.f_lineno or frame.f_code.co_firstlineno
        place = "%s (%s:%d)" % (frame.f_code.co_name, frame.f_code.co_filename, line)
        runs = ", which still runs" if id(frame) in self.readable else ""
        return "the local %s of %s%s" % (name, place, runs) if name else "a local of " + place + runs


def _memory(array):
    """The addresses of an array's elements, whatever its strides."""
    ndarray = sys.modules["numpy"].ndarray
    low = high = ndarray.__array_interface__.__get__(array)["data"][0]
    for length, stride in zip(ndarray.shape.__get__(array), ndarray.strides.__get__(array)):
        if length == 0:
            return range(0)
        low += min(stride * (length - 1), 0)
        high += max(stride * (length - 1), 0)
    return range(low, high + ndarray.itemsize.__get__(array))


def _key(mapping, value):
    """The keys of a value, as messages have them."""
    keys = [key for key, item in list(mapping.items()) if item is value or key is value]
    return ", ".join(repr(key)[:60] if isinstance(key, str) else what(key) for key in keys[:4])


def _young():
    """The newest objects, as far as the collector tells them apart.

    To be cleared: the list can be among them, as the caller's frame is before Python 3.11.
    """
    if not _LOCKED:
        return gc.get_objects()
    objects = gc.get_objects(0)
    if sys.version_info < (3, 14):
        objects += gc.get_objects(1)
    return objects


def _stacks():
    """The frames that run: of this thread, and of each other one that runs Python code.

    Not those of this file, which would be in a cycle with the lists.
    """
    import _thread

    frames = sys._current_frames()
    stacks = {thread: [] for thread in frames}
    for thread in stacks:
        frame = frames.pop(thread)
        while frame is not None:
            if frame.f_code.co_filename != _HERE:
                stacks[thread].append(frame)
            frame = frame.f_back
    own = stacks.pop(_thread.get_ident(), [])
    return own, [stack for stack in stacks.values() if stack]


def others_run():
    """Whether other threads run Python code, and may yet let go of an array."""
    return bool(_untraced(_stacks)[1])


# --- finished frames


def release(young, *lents):
    """Clears the finished frames that hold lent arrays: those of tracebacks that something retains.

    Looks at young frames only, or at all of them. Says whether any was cleared.
    """
    try:
        return _untraced(_release, young, lents)
    finally:
        del lents


def _release(young, lents):
    # Before a process ends, which is what the search is to prevent, it has a second.
    search = _Search(lents, 1.0)
    kinds = search.kinds
    own, others = _stacks()
    running = {id(frame) for stack in [own] + others for frame in stack}
    kind, objects = kinds.frame, _young() if young else gc.get_objects()
    frames = [owner for owner in objects if type(owner) is kind]
    frames = [frame for frame in frames if frame.f_code.co_filename != _HERE]
    objects.clear()
    suspended = None
    cleared = False
    # The youngest first.
    while frames and not search.is_over():
        frame = frames.pop()
        if id(frame) in running:
            continue
        # What leads to too much is cleared as well.
        held = gc.get_referents(frame)
        leads = not search.descend(held, near=True, most=20000) or any(search.found)
        search.close()
        held.clear()
        if leads and frame.f_code.co_flags & _MAY_BE_SUSPENDED:
            if suspended is None:
                owners = [owner for owner in gc.get_objects() if type(owner) in kinds.suspended]
                suspended = {id(kinds.frame_of(owner)) for owner in owners}
            leads = id(frame) not in suspended
        if leads:
            try:
                frame.clear()
                frame.f_locals  # brings a snapshot that something took up to date
                cleared = True
            except RuntimeError:
                pass  # it runs again
    return cleared


# CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
_MAY_BE_SUSPENDED = 0x20 | 0x80 | 0x200


# --- holders


def result_holds(seconds, results, *lents):
    """How results hold lent arrays, for each array in words; and whether all was looked at."""
    try:
        return _untraced(_result_holds, seconds, results, lents)
    finally:
        del results, lents


def _result_holds(seconds, results, lents):
    search = _Search(lents, seconds)
    saw_all = search.descend(results, near=True)
    try:
        return [search.words(index) for index in range(len(lents))], saw_all
    finally:
        search.close()


def holders(seconds, function, at_the_end, *lents):
    """What holds lent arrays, for each array in words; and whether all was looked at.

    At the end of the process a search may leave something behind: up to 3.12, a look at the locals
    of a frame that runs is a snapshot of them, which stays.
    """
    try:
        return _untraced(_holders, seconds, function, at_the_end, lents)
    finally:
        del function, lents


def _holders(seconds, function, at_the_end, lents):
    search = _Search(lents, seconds)
    try:
        saw_all = _look(search, function, at_the_end)
        return [search.words(index) for index in range(len(lents))], saw_all
    finally:
        search.close()


def _look(search, function, at_the_end):
    """Looks where a holder is likeliest, then everywhere; says whether it saw all."""
    # First of all: later the search's own lists would be among it.
    young = _young()
    own, others = _stacks()
    running = own + [frame for stack in others if _LOCKED for frame in stack]
    if at_the_end or sys.version_info >= (3, 13):
        search.readable.update(map(id, running))
    near = _parts(function)
    contextvars = sys.modules.get("contextvars")
    for variable, value in contextvars.copy_context().items() if contextvars else ():
        if search.kinds.leads(type(value)):
            search.names[id(value)] = "the context variable %r" % variable.name
            near.append(value)
    near += running
    modules = [search.modules[address][1] for address in search.modules]
    search.leave_out(young, own, others, running, near, modules, *others)
    search.descend(near, share=0.7)
    # The last imported first: it is more likely the program's own.
    search.descend(modules[::-1], share=0.8)
    try:
        if not search.descend(young):
            return False
        everything = gc.get_objects()
        saw_all = search.descend(everything)
        everything.clear()
        return saw_all
    finally:
        young.clear()


def _parts(function):
    """The places where a function retains things: its object, itself, its module."""

    def part(name):
        try:
            return getattr(function, name, None)
        except Exception:
            return None

    module = sys.modules.get(str(part("__module__")))
    parts = [part("__self__"), part("__func__"), function, getattr(module, "__dict__", None)]
    return [part for part in parts if part is not None]
