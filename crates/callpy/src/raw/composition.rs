//! What an object is composed of: the classes and functions that it leads to, as a number.
//!
//! What a method does may depend on what its object holds: the steps of a pipeline, a function that
//! it wraps. So callpy learns what a method does with its arguments for each composition.

use std::collections::BTreeSet;
use std::ffi::{c_int, c_ulong, c_void};
use std::mem::transmute;
use std::ptr::NonNull;

use super::cpython::{Header, PyObject, PyTypeObject};
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

/// So many objects are looked into, the nearest first, and at so many of what they hold in all.
const MOST_OBJECTS: usize = 64;
const MOST_HELD: usize = 2048;
/// Of one object, at so many: a long list is data, but an estimator may have very many parameters.
const MOST_ITEMS: usize = 32;
const MOST_ATTRIBUTES: usize = 256;
/// A longer text is data.
const LONGEST_OPTION: isize = 24;

/// Flags of types (`Include/object.h`).
const HEAP_TYPE: c_ulong = 1 << 9;
const HAS_GC: c_ulong = 1 << 14;
const IS_LIST: c_ulong = 1 << 25;
const IS_TUPLE: c_ulong = 1 << 26;
const IS_DICT: c_ulong = 1 << 29;
const IS_TYPE: c_ulong = 1 << 31;

/// `Py_tp_traverse` (`Include/typeslots.h`), and its type.
const TRAVERSE: c_int = 71;
type Visit = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int;
type Traverse = unsafe extern "C" fn(*mut PyObject, Visit, *mut c_void) -> c_int;

/// Where `tp_traverse` is in 3.8 and 3.9 (`Include/cpython/object.h`), in words.
const TRAVERSE_INDEX: usize = 23;

/// An object that a holder keeps alive during the walk.
type Held = NonNull<PyObject>;

impl Attached<'_> {
    /// Looks at what an object holds; its own class is no part of the composition.
    ///
    /// The answer is made of addresses, and holds as long as what they stand for is alive: `parts` gets
    /// that, as far as it can ever be freed.
    pub(crate) fn composition(self, object: &Ref, parts: Option<&mut Vec<Ref>>) -> Composition {
        let mut walk = Walk {
            py: self,
            parts,
            objects_left: MOST_OBJECTS,
            held_left: MOST_HELD,
            queue: Vec::new(),
            held: Vec::new(),
            met: BTreeSet::new(),
            seen: BTreeSet::new(),
            found: Composition::default(),
        };
        walk.queue.extend(NonNull::new(object.as_ptr()));
        if self.api.header != Header::FreeThreaded {
            // No other thread has the interpreter lock until the walk ends.
            walk.walk();
        } else if let Some(visit_objects) = self.api.PyUnstable_GC_VisitObjects {
            // SAFETY: attached. It stops all other threads of the interpreter, and calls `walk_once`
            // with this walk before it returns.
            unsafe { visit_objects(walk_once, (&raw mut walk).cast()) };
        }
        walk.found
    }
}

/// Walks while other threads are stopped, whatever object this is called with first, and asks for no
/// other.
unsafe extern "C" fn walk_once(_: *mut PyObject, walk: *mut c_void) -> c_int {
    // SAFETY: `composition` passes its own walk, and waits.
    unsafe { (*walk.cast::<Walk<'_, '_>>()).walk() };
    0
}

/// What `visit` adds to.
struct Visitor<'h> {
    held: &'h mut Vec<Held>,
    /// How long `held` may become.
    most: usize,
}

/// Adds an object to those that a holder's `tp_traverse` visits, and ends the visit once they are many.
unsafe extern "C" fn visit(object: *mut PyObject, visitor: *mut c_void) -> c_int {
    // SAFETY: `hold` passes its own visitor, and waits.
    let visitor = unsafe { &mut *visitor.cast::<Visitor<'_>>() };
    if visitor.held.len() >= visitor.most {
        return 1;
    }
    visitor.held.extend(NonNull::new(object));
    0
}

/// A look at objects that don't change meanwhile: other threads wait, and nothing that the walk does
/// runs Python code, drops a reference or allocates Python's memory. So what an object holds stays
/// alive without being counted.
struct Walk<'p, 'a> {
    py: Attached<'p>,
    parts: Option<&'a mut Vec<Ref>>,
    /// How many objects may be looked into, and how many may be looked at.
    objects_left: usize,
    held_left: usize,
    /// What is to be looked into, the nearest first.
    queue: Vec<Held>,
    /// What the objects hold that are being looked into.
    held: Vec<Held>,
    /// The addresses of the objects that were or will be looked into.
    met: BTreeSet<usize>,
    /// The addresses of the kinds that were found.
    seen: BTreeSet<usize>,
    found: Composition,
}

impl Walk<'_, '_> {
    fn walk(&mut self) {
        self.met.extend(self.queue.iter().map(|object| object.addr().get()));
        let mut next = 0;
        while let Some(&object) = self.queue.get(next) {
            self.look_into(object);
            next += 1;
        }
    }

    fn look_into(&mut self, holder: Held) {
        if self.objects_left == 0 {
            return;
        }
        self.objects_left -= 1;
        let class = self.class(holder);
        let has_options = self.has_options(class);
        // One list serves the whole walk, as a stack: what a holder refers to is above its own part.
        let begin = self.held.len();
        self.hold(holder, if has_options { MOST_ATTRIBUTES } else { MOST_ITEMS });
        let end = self.held.len();
        self.held_left -= end - begin;
        for index in begin..end {
            let held = self.held[index];
            // Since 3.9 an instance of a class made in Python visits its class (`tp_traverse`), before it does not.
            if held.as_ptr() == class.cast() {
                continue;
            }
            if self.class(held) == self.py.api.PyDict_Type {
                // An instance has its attributes in a dict, or has had none made yet.
                if self.met.insert(held.addr().get()) {
                    self.look_into(held);
                }
            } else if self.look(held, has_options)
                && self.queue.len() < MOST_OBJECTS
                && self.met.insert(held.addr().get())
            {
                self.queue.push(held);
            }
        }
        self.held.truncate(begin);
    }

    /// Adds the first objects that an object refers to.
    fn hold(&mut self, holder: Held, most: usize) {
        let (api, class) = (self.py.api, self.class(holder));
        if class == api.PyFunction_Type {
            // Not its globals, which are its whole module.
            let parts = [
                api.PyFunction_GetClosure,
                api.PyFunction_GetDefaults,
                api.PyFunction_GetKwDefaults,
            ];
            // SAFETY: attached; a function, which lends what it has, or answers null.
            let parts = parts.map(|part| unsafe { part(holder.as_ptr()) });
            self.held.extend(parts.into_iter().filter_map(NonNull::new).take(self.held_left));
            return;
        }
        if self.flags(class) & HAS_GC == 0 {
            return;
        }
        if let Some(traverse) = self.traverse(class) {
            let most = self.held.len() + most.min(self.held_left);
            let mut visitor = Visitor { held: &mut self.held, most };
            // SAFETY: the function may be called with any object of the class, as the collector does.
            // It runs no Python code, and calls `visit` with what is here.
            unsafe { traverse(holder.as_ptr(), visit, (&raw mut visitor).cast()) };
        }
    }

    fn traverse(&self, class: *mut PyTypeObject) -> Option<Traverse> {
        // SAFETY: attached, and the class of a live object is alive. What is in this slot is of this
        // type, or null. Up to 3.9 PyType_GetSlot refuses static types; in these two versions, the slot
        // is at this offset.
        unsafe {
            let slot = match self.py.api.minor {
                ..10 => *class.cast::<*mut c_void>().add(TRAVERSE_INDEX),
                _ => (self.py.api.PyType_GetSlot)(class, TRAVERSE),
            };
            transmute::<*mut c_void, Option<Traverse>>(slot)
        }
    }

    /// Whether a bool or a short text in an object of the class may be an option: not one of a list.
    fn has_options(&self, class: *mut PyTypeObject) -> bool {
        let flags = self.flags(class);
        flags & IS_LIST == 0
            && (flags & (IS_TUPLE | IS_DICT | HEAP_TYPE) != 0
                || class == self.py.api.PyFunction_Type)
    }

    fn class(&self, object: Held) -> *mut PyTypeObject {
        // SAFETY: attached, and the object's holder keeps it alive.
        unsafe { self.py.api.header.class(object.as_ptr()) }
    }

    fn flags(&self, class: *mut PyTypeObject) -> c_ulong {
        // SAFETY: attached; the type of a live object is alive.
        unsafe { (self.py.api.PyType_GetFlags)(class) }
    }

    /// Takes note of an object; says whether to look into it as well.
    fn look(&mut self, object: Held, is_option: bool) -> bool {
        let (api, class) = (self.py.api, self.class(object));
        if class == api.PyFunction_Type {
            // Not the function, which may be made for the one object.
            // SAFETY: attached; a function, which lends its code.
            let code = unsafe { (api.PyFunction_GetCode)(object.as_ptr()) };
            NonNull::new(code).into_iter().for_each(|code| self.add(code));
            return true;
        }
        if class == api.PyBool_Type {
            if is_option {
                mix(&mut self.found.kinds, object.addr().get());
            }
            return false;
        }
        if class == api.PyUnicode_Type {
            // SAFETY: attached, and the object is a str itself, whose hash is no Python code. Neither
            // fails but for want of memory, up to 3.11 and with a str that an old extension made.
            unsafe {
                if is_option && (api.PyUnicode_GetLength)(object.as_ptr()) <= LONGEST_OPTION {
                    let hash = (api.PyObject_Hash)(object.as_ptr());
                    mix(&mut self.found.texts, hash.cast_unsigned());
                }
            }
            return false;
        }
        let flags = self.flags(class);
        if flags & IS_TYPE != 0 || class == api.PyModule_Type {
            self.add(object);
            return false;
        }
        if flags & (HEAP_TYPE | HAS_GC) != 0 {
            NonNull::new(class.cast()).into_iter().for_each(|class| self.add(class));
        }
        flags & HAS_GC != 0
    }

    /// Adds a class, a code or a module, once.
    fn add(&mut self, kind: Held) {
        if !self.seen.insert(kind.addr().get()) {
            return;
        }
        mix(&mut self.found.kinds, kind.addr().get());
        let is_class = self.flags(self.class(kind)) & IS_TYPE != 0;
        let is_static = is_class && self.flags(kind.as_ptr().cast()) & HEAP_TYPE == 0;
        if let Some(parts) = &mut self.parts
            && !is_static
        {
            // SAFETY: its holder, or its object, keeps it alive.
            parts.extend(unsafe { Ref::borrow(self.py, kind.as_ptr()) });
        }
    }
}

// The steps of rustc's `FxHasher`: no one chooses addresses so that they collide.
fn mix(hash: &mut u64, value: usize) {
    *hash = (hash.rotate_left(5) ^ value as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
}
