//! Calling a Python object: the arguments as CPython expects them, and the frame that the call is
//! made from.
//!
//! Code at the top level of a script runs in the frame of the module `__main__`, and much that it
//! calls looks at that frame: `eval`, `locals`, `warnings.warn`, `namedtuple`, NumExpr, pandas. A
//! call straight from Rust would have no frame at all. So it goes through a Python function whose frame
//! has the globals of `__main__` and no locals of its own, and which only calls back: the base frame.

use std::cell::Cell;
use std::ffi::c_int;
use std::mem::{ManuallyDrop, MaybeUninit, transmute};
use std::ops::{Deref, DerefMut};
use std::ptr::{NonNull, null_mut};
use std::sync::OnceLock;

use super::cpython::{PyMethodDef, PyObject, api};
use super::raised::{Outcome, Raised};
use super::reference::Ref;
use super::thread::{self, Attached};

/// How many arguments of a call need no allocation.
const INLINE: usize = 7;

/// `PyObject_Vectorcall` (PEP 590).
type Vectorcall = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

/// The arguments of one call, laid out as `PyObject_Vectorcall` expects them.
pub(crate) struct ArgumentList {
    /// Owned references in slots 1 to `len`, while they are few. Slot 0 is scratch space that the
    /// callee may use (`PY_VECTORCALL_ARGUMENTS_OFFSET`).
    inline: [MaybeUninit<*mut PyObject>; INLINE + 1],
    len: usize,
    positional: usize,
    rest: Seldom<Rest>,
}

/// What few calls have.
#[derive(Default)]
struct Rest {
    /// All the slots, once they are too many for `inline`.
    many: Vec<MaybeUninit<*mut PyObject>>,
    names: Vec<Ref>,
}

impl ArgumentList {
    #[inline]
    pub(crate) fn new() -> ArgumentList {
        let inline = [MaybeUninit::uninit(); INLINE + 1];
        ArgumentList { inline, len: 0, positional: 0, rest: Seldom::none() }
    }

    #[inline]
    fn add(&mut self, value: Ref) {
        self.len += 1;
        if self.len <= INLINE {
            self.inline[self.len].write(value.into_ptr());
        } else {
            self.add_to_many(value);
        }
    }

    #[cold]
    fn add_to_many(&mut self, value: Ref) {
        let rest = self.rest.get_or_insert_default();
        if rest.many.is_empty() {
            rest.many.extend(self.inline);
        }
        rest.many.push(MaybeUninit::new(value.into_ptr()));
    }

    /// Adds a positional argument; false after a keyword argument.
    #[inline]
    pub(crate) fn push(&mut self, value: Ref) -> bool {
        if self.positional < self.len {
            return false;
        }
        self.add(value);
        self.positional += 1;
        true
    }

    /// Adds a keyword argument; the name is a Python str.
    pub(crate) fn push_named(&mut self, name: Ref, value: Ref) {
        self.add(value);
        self.rest.get_or_insert_default().names.push(name);
    }

    /// Returns how many arguments there are, with and without names.
    #[cfg(target_os = "linux")]
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn next_position(&self) -> usize {
        self.len + 1
    }

    /// Returns the name of the keyword argument at a place, counted from 1; also after `release`.
    pub(crate) fn name(&self, place: usize) -> Option<&Ref> {
        self.names().get(place.checked_sub(self.positional + 1)?)
    }

    #[inline]
    pub(crate) fn names(&self) -> &[Ref] {
        self.rest.as_ref().map_or(&[], |rest| &rest.names)
    }

    #[inline]
    fn values(&self) -> &[*mut PyObject] {
        let values = match &*self.rest {
            Some(rest) if self.len > INLINE => &rest.many[1..],
            _ => &self.inline[1..=self.len.min(INLINE)],
        };
        // SAFETY: `add` has written each slot after the first, up to `len`.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
    }

    /// As the callee gets them, who may write to the scratch space.
    #[inline]
    fn slots_mut(&mut self) -> *mut *mut PyObject {
        match &mut *self.rest {
            Some(rest) if self.len > INLINE => rest.many.as_mut_ptr().cast(),
            _ => self.inline.as_mut_ptr().cast(),
        }
    }

    /// Returns the argument at a place, counted from 0; there are so many.
    #[cfg(target_os = "linux")]
    pub(crate) fn value(&self, py: Attached<'_>, place: usize) -> Ref {
        // SAFETY: the list owns a reference to each of its values.
        unsafe { Ref::borrow(py, self.values()[place]) }.expect("an argument has an address")
    }

    /// Releases the arguments, but not their names.
    #[inline]
    pub(crate) fn release(&mut self, py: Attached<'_>) {
        for value in self.values() {
            // SAFETY: the list owns a reference to each of its values, and forgets them below.
            unsafe { Ref::steal(py, *value) }.into_iter().for_each(|value| value.release(py));
        }
        self.len = 0;
        if let Some(rest) = &mut *self.rest {
            rest.many.clear();
        }
    }
}

impl Drop for ArgumentList {
    #[inline]
    fn drop(&mut self) {
        if self.len > 0 {
            // A panic or an early error: a call has released them.
            thread::if_attached(|py| self.release(py));
        }
    }
}

impl Attached<'_> {
    /// Calls an object with arguments, which stay with the caller.
    #[inline]
    pub(crate) fn call(self, callable: &Ref, list: &mut ArgumentList) -> Outcome<Ref> {
        match (self.api.PyObject_Vectorcall, list.names()) {
            (Some(vectorcall), []) => self.vectorcall(vectorcall, callable, list, null_mut()),
            _ => self.call_with_names(callable, list),
        }
    }

    #[cold]
    fn call_with_names(self, callable: &Ref, list: &mut ArgumentList) -> Outcome<Ref> {
        // `PyObject_Vectorcall` takes the names as a tuple, and the values after the positional ones.
        let names = match list.names() {
            [] => None,
            names => Some(self.tuple(names.iter().map(|name| name.clone_ref(self)).collect())?),
        };
        let Some(vectorcall) = self.api.PyObject_Vectorcall else {
            return self.call_with_tuple(callable, list, names.as_ref());
        };
        let names = names.as_ref().map_or(null_mut(), Ref::as_ptr);
        self.vectorcall(vectorcall, callable, list, names)
    }

    #[inline]
    fn vectorcall(
        self,
        vectorcall: Vectorcall,
        callable: &Ref,
        list: &mut ArgumentList,
        names: *mut PyObject,
    ) -> Outcome<Ref> {
        // With `PY_VECTORCALL_ARGUMENTS_OFFSET` a bound method puts its object into the slot before the
        // arguments; without, it would have to copy them all.
        const OFFSET: usize = 1 << (usize::BITS - 1);
        // SAFETY: the list's values are alive, the slot before the first of them is the list's to
        // lend as scratch space, and names is null or a tuple of strings with one name for each
        // value after the positional ones.
        let result = unsafe {
            let first = list.slots_mut().add(1);
            vectorcall(callable.as_ptr(), first, list.positional | OFFSET, names)
        };
        // SAFETY: a new reference, or null with an exception.
        unsafe { Ref::steal(self, result) }.ok_or_else(|| self.take_raised())
    }

    /// The call for CPython 3.8 and 3.9, where `PyObject_Vectorcall` is an inline of the headers.
    #[cold]
    fn call_with_tuple(
        self,
        callable: &Ref,
        list: &ArgumentList,
        names: Option<&Ref>,
    ) -> Outcome<Ref> {
        // SAFETY: the list owns a reference to each of its values.
        let value = |value: &*mut PyObject| unsafe { Ref::borrow(self, *value) };
        let (positional, named) = list.values().split_at(list.positional);
        let positional = self.tuple(positional.iter().filter_map(value).collect())?;
        let keywords = match names {
            Some(names) => {
                let named = named.iter().filter_map(value);
                Some(self.dict(self.tuple_items(names)?.into_iter().zip(named))?)
            }
            None => None,
        };
        let keywords = keywords.as_ref().map_or(null_mut(), Ref::as_ptr);
        // SAFETY: attached; a callable, a tuple, and a dict or null, all alive.
        self.outcome(unsafe {
            (self.api.PyObject_Call)(callable.as_ptr(), positional.as_ptr(), keywords)
        })
    }

    /// Runs work from the base frame, unless a frame of this thread's is there already.
    ///
    /// The work calls CPython, and nothing that may panic: an unwinding that reaches the frame ends
    /// the process.
    #[inline]
    pub(crate) fn with_frame<R>(self, work: impl FnOnce() -> Outcome<R>) -> Outcome<R> {
        // The globals of the running frame are null where no frame runs.
        // SAFETY: attached; the answer is borrowed, and only compared with null.
        let is_outermost = unsafe { (self.api.PyEval_GetGlobals)() }.is_null();
        match BASE.get() {
            Some(base) if is_outermost => self.enter(base, work),
            _ => work(),
        }
    }

    fn enter<R>(self, base: &Ref, work: impl FnOnce() -> Outcome<R>) -> Outcome<R> {
        let (mut work, mut result) = (Some(work), None);
        let mut run = || result = work.take().map(|work| work());
        let run: NonNull<Work<'_>> = NonNull::from(&mut run);
        // SAFETY: only the lifetime is another. What is in WORK is taken out by `run` while this
        // function waits for it, or replaced below before the closure is dropped.
        let run = unsafe { transmute::<NonNull<Work<'_>>, NonNull<Work<'static>>>(run) };
        // Another call may be waiting here: a tracer or a signal handler calls Rust after the base
        // frame was made, and before it calls back.
        let outer = WORK.replace(Some(run));
        // SAFETY: attached; a callable, and null for no arguments.
        let ended = unsafe { (self.api.PyObject_CallObject)(base.as_ptr(), null_mut()) };
        WORK.set(outer);
        // An exception here is not the work's, but an interrupt's, say: what the work made goes.
        self.outcome(ended)?;
        result.unwrap_or(Err(Raised(None)))
    }

    /// Makes an object that calls a function in C.
    pub(super) fn function_in_c(self, definition: &'static PyMethodDef) -> Outcome<Ref> {
        let definition = std::ptr::from_ref(definition).cast_mut();
        // SAFETY: attached; the definition is a static, which CPython only reads.
        let object = unsafe { (self.api.PyCFunction_NewEx)(definition, null_mut(), null_mut()) };
        // SAFETY: a new reference, or null with an exception.
        unsafe { Ref::steal(self, object) }.ok_or_else(|| self.take_raised())
    }
}

/// The function whose frame is the base frame; it calls the object that [`base_callback`] made.
static BASE: OnceLock<Ref> = OnceLock::new();

type Work<'w> = dyn FnMut() + 'w;

thread_local! {
    /// What this thread is to do in the base frame that it is about to enter.
    static WORK: Cell<Option<NonNull<Work<'static>>>> = const { Cell::new(None) };
}

static CALLBACK: PyMethodDef = PyMethodDef {
    name: c"call".as_ptr(),
    function: run,
    flags: METH_NOARGS,
    documentation: std::ptr::null(),
};

/// `METH_NOARGS` (`Include/methodobject.h`).
pub(super) const METH_NOARGS: c_int = 4;

/// Makes the object that the base frame calls.
pub(crate) fn base_callback(py: Attached<'_>) -> Outcome<Ref> {
    py.function_in_c(&CALLBACK)
}

/// Sets the function whose frame is the base frame.
pub(crate) fn set_base_frame(function: Ref) {
    let _ = BASE.set(function);
}

unsafe extern "C" fn run(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // None if Python code found this function and calls it by itself.
    if let Some(mut work) = WORK.take() {
        // SAFETY: `with_frame` put it there on this thread, and waits for this function with the
        // closure on its stack; taking it out has made sure that nothing else runs it.
        unsafe { work.as_mut()() }
    }
    none()
}

/// What a function in C returns that returns nothing. CPython has called it, and so is there.
pub(super) fn none() -> *mut PyObject {
    let none = api().map_or(null_mut(), |api| api._Py_NoneStruct);
    // SAFETY: called by a function that CPython calls, which is attached; None is always alive.
    unsafe { api().inspect(|api| (api.Py_IncRef)(none)) };
    none
}

/// An `Option<Box<T>>` whose drop is one inlined comparison if there is nothing in it.
///
/// The compiler does not inline the drop of the plain type, and a call that does next to nothing has
/// half a dozen of these.
pub(crate) struct Seldom<T>(ManuallyDrop<Option<Box<T>>>);

impl<T> Seldom<T> {
    pub(crate) const fn none() -> Seldom<T> {
        Seldom(ManuallyDrop::new(None))
    }

    pub(crate) fn new(value: T) -> Seldom<T> {
        Seldom(ManuallyDrop::new(Some(Box::new(value))))
    }
}

impl<T> Deref for Seldom<T> {
    type Target = Option<Box<T>>;

    #[inline]
    fn deref(&self) -> &Option<Box<T>> {
        &self.0
    }
}

impl<T> DerefMut for Seldom<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Option<Box<T>> {
        &mut self.0
    }
}

impl<T> Drop for Seldom<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            drop_cold(value);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_cold<T>(value: Box<T>) {
    drop(value);
}
