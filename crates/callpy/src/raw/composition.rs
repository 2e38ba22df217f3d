//! What an object is composed of: the classes and functions that it leads to, as a number.
//!
//! What a method does may depend on what its object holds: the steps of a pipeline, a function that
//! it wraps. So callpy learns what a method does with its arguments for each composition.

use std::ffi::{c_int, c_ulong, c_void};
use std::mem::transmute;
use std::sync::OnceLock;

use super::cpython::PyObject;
use super::layout::Header;
use super::objects::{ArgumentList, Builtin, Outcome};
use super::reference::Ref;
use super::thread::Attached;

/// The same for objects that lead to the same classes and functions.
///
/// Numbers, arrays and what else can't hold anything are no part of it, nor is how many there are of
/// each: a model composed as another one was trained on other data, and a list has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Composition {
    /// Of the classes and functions, each once, and of bools, in the order in which they are found.
    pub(crate) kinds: u64,
    /// Of short texts, which are options (`algorithm="brute"`), or names.
    pub(crate) texts: u64,
}

/// So many objects are looked into, the nearest first, and at so many of what each of them holds.
const MOST_OBJECTS: usize = 64;
const MOST_HELD: usize = 32;
/// A longer text is data.
const LONGEST_OPTION: isize = 24;

/// `Py_TPFLAGS_HEAPTYPE` and `Py_TPFLAGS_HAVE_GC` (`Include/object.h`).
const HEAP_TYPE: c_ulong = 1 << 9;
const HAS_GC: c_ulong = 1 << 14;

/// `Py_tp_traverse` (`Include/typeslots.h`), and its type.
const TRAVERSE: c_int = 71;
type Visit = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int;
type Traverse = unsafe extern "C" fn(*mut PyObject, Visit, *mut c_void) -> c_int;

impl Attached<'_> {
    /// Looks at what an object holds; its own class is no part of the composition.
    ///
    /// The answer is made of addresses, and holds as long as what they stand for is alive: `parts` gets
    /// that, as far as it can ever be freed.
    pub(crate) fn composition(self, object: &Ref, parts: Option<&mut Vec<Ref>>) -> Composition {
        let (seen, found) = (Vec::new(), Composition::default());
        let mut walk = Walk { py: self, parts, left: MOST_OBJECTS, queue: Vec::new(), seen, found };
        walk.look_into(object);
        let mut next = 0;
        while let Some(object) = walk.queue.get(next) {
            let object = object.clone_ref(self);
            walk.look_into(&object);
            object.release(self);
            next += 1;
        }
        walk.queue.into_iter().for_each(|object| object.release(self));
        walk.found
    }

    /// Returns the first objects that an object refers to. No Python code runs.
    fn held_by(self, object: &Ref) -> Vec<Ref> {
        let class = object.class(self);
        let mut held = Vec::with_capacity(MOST_HELD);
        if class == self.api.PyFunction_Type {
            // Not its globals, which are its whole module.
            for name in [c"__closure__", c"__defaults__", c"__kwdefaults__"] {
                held.extend(self.interned(name).and_then(|name| self.attribute(object, &name)));
            }
            return held;
        }
        // Up to 3.9 the slot can't be had of every class, and without an interpreter lock, other
        // threads must stop meanwhile.
        if self.api.minor < 10 || self.api.header == Header::FreeThreaded {
            held.extend(self.referents(object).into_iter().flatten().take(MOST_HELD));
            return held;
        }
        // SAFETY: attached, and the class of a live object is alive; it may have no such function.
        let traverse = unsafe { (self.api.PyType_GetSlot)(class, TRAVERSE) };
        if !traverse.is_null() {
            let mut visitor = Visitor { py: self, held: &mut held };
            // SAFETY: what is in this slot is of this type, and may be called with any object of the
            // class, as `gc.get_referents` does. It runs no Python code, and calls `visit` with what is
            // here.
            unsafe {
                let traverse = transmute::<*mut c_void, Traverse>(traverse);
                traverse(object.as_ptr(), visit, (&raw mut visitor).cast());
            }
        }
        held
    }

    /// Asks Python's collector for the objects that an object refers to.
    #[cold]
    fn referents(self, object: &Ref) -> Outcome<Vec<Ref>> {
        static GET_REFERENTS: OnceLock<Ref> = OnceLock::new();
        let get = match GET_REFERENTS.get() {
            Some(get) => get,
            None => {
                let name = self.interned(c"get_referents")?;
                let get = self.attribute(&self.import(c"gc")?, &name)?;
                GET_REFERENTS.get_or_init(|| get)
            }
        };
        let mut list = ArgumentList::new();
        list.push(object.clone_ref(self));
        let referents = self.call(get, &mut list);
        list.release(self);
        self.sequence_items(&referents?)
    }
}

struct Visitor<'p, 'h> {
    py: Attached<'p>,
    held: &'h mut Vec<Ref>,
}

/// Adds an object to those that a holder's `tp_traverse` visits, and ends the visit once they are many.
unsafe extern "C" fn visit(object: *mut PyObject, visitor: *mut c_void) -> c_int {
    // SAFETY: `held_by` passes its own visitor, and waits.
    let visitor = unsafe { &mut *visitor.cast::<Visitor<'_, '_>>() };
    if visitor.held.len() == MOST_HELD {
        return 1;
    }
    // SAFETY: the holder keeps the object alive. There is room, so that nothing can panic here.
    visitor.held.extend(unsafe { Ref::borrow(visitor.py, object) });
    0
}

struct Walk<'p, 'a> {
    py: Attached<'p>,
    parts: Option<&'a mut Vec<Ref>>,
    /// How many objects may be looked into.
    left: usize,
    /// What is to be looked into, the nearest first.
    queue: Vec<Ref>,
    /// The addresses of the kinds that were found.
    seen: Vec<usize>,
    found: Composition,
}

impl Walk<'_, '_> {
    fn look_into(&mut self, holder: &Ref) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let has_options = self.has_options(holder);
        for held in self.py.held_by(holder) {
            if held.as_ptr() == holder.class(self.py).cast() {
                held.release(self.py);
            } else if held.class(self.py) == self.py.api.PyDict_Type {
                // An instance has its attributes in a dict, or has had none made yet.
                self.look_into(&held);
                held.release(self.py);
            } else if self.look(&held, has_options) {
                self.queue.push(held);
            } else {
                held.release(self.py);
            }
        }
    }

    /// Whether a bool or a short text in an object may be an option: not one of a list.
    fn has_options(&self, holder: &Ref) -> bool {
        match self.py.builtin(holder) {
            Builtin::Tuple | Builtin::Dict => true,
            Builtin::List => false,
            _ => {
                holder.class(self.py) == self.py.api.PyFunction_Type
                    || self.flags(holder) & HEAP_TYPE != 0
            }
        }
    }

    fn flags(&self, object: &Ref) -> c_ulong {
        // SAFETY: attached; the type of a live object is alive.
        unsafe { (self.py.api.PyType_GetFlags)(object.class(self.py)) }
    }

    /// Takes note of an object; says whether to look into it as well.
    fn look(&mut self, object: &Ref, is_option: bool) -> bool {
        let (py, class) = (self.py, object.class(self.py));
        let api = py.api;
        if class == api.PyFunction_Type {
            // Not the function, which may be made for the one object.
            let code = py.interned(c"__code__").and_then(|name| py.attribute(object, &name));
            code.iter().for_each(|code| self.add(code));
            return true;
        }
        if class == api.PyBool_Type {
            if is_option {
                mix(&mut self.found.kinds, object.as_ptr().addr());
            }
            return false;
        }
        if class == api.PyUnicode_Type {
            // SAFETY: attached, and the object is a str itself, whose hash is no Python code.
            unsafe {
                if is_option && (api.PyUnicode_GetLength)(object.as_ptr()) <= LONGEST_OPTION {
                    let hash = (api.PyObject_Hash)(object.as_ptr());
                    mix(&mut self.found.texts, hash.cast_unsigned());
                }
            }
            return false;
        }
        if py.builtin(object) == Builtin::Type || class == api.PyModule_Type {
            self.add(object);
            return false;
        }
        let flags = self.flags(object);
        if flags & (HEAP_TYPE | HAS_GC) != 0 {
            self.add(&py.class_of(object));
        }
        flags & HAS_GC != 0
    }

    /// Adds a class, a code or a module, once.
    fn add(&mut self, kind: &Ref) {
        let address = kind.as_ptr().addr();
        if self.seen.contains(&address) {
            return;
        }
        self.seen.push(address);
        mix(&mut self.found.kinds, address);
        let is_class = self.py.builtin(kind) == Builtin::Type;
        // SAFETY: attached; a live type.
        let flags = || unsafe { (self.py.api.PyType_GetFlags)(kind.as_ptr().cast()) };
        if let Some(parts) = &mut self.parts
            && (!is_class || flags() & HEAP_TYPE != 0)
        {
            parts.push(kind.clone_ref(self.py));
        }
    }
}

fn mix(hash: &mut u64, value: usize) {
    *hash = (hash.rotate_left(5) ^ value as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
}
