//! Rust closures that Python can call, and what they raise.
//!
//! A closure that borrows is lent for one call: [`Armed`] takes it back. It waits until no thread is in
//! the closure, and from then on the callable only raises an exception.

use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_ulong};
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};

use super::cpython::{PyMethodDef, PyObject};
use super::detach;
use super::raised::{Outcome, Raised};
use super::reference::Ref;
use super::thread::{Attached, Attachment};

/// What a callable does, on whichever thread Python calls it.
pub(crate) type Work<'w> = dyn Fn(&Attachment, Passed<'_>) -> Outcome<Ref> + Send + Sync + 'w;

/// The arguments of a call by Python.
#[derive(Clone, Copy)]
pub(crate) struct Passed<'p> {
    py: Attached<'p>,
    values: &'p [*mut PyObject],
}

impl Passed<'_> {
    pub(crate) fn len(self) -> usize {
        self.values.len()
    }

    /// Returns an argument; there are so many.
    #[inline]
    pub(crate) fn get(self, index: usize) -> Ref {
        // SAFETY: whoever calls a function keeps its arguments alive until it returns.
        unsafe { Ref::borrow(self.py, self.values[index]) }.expect("an argument has an address")
    }
}

/// What the capsule of a callable holds.
struct State {
    gate: Gate,
    /// Taken out once the gate is closed and no one is inside.
    work: UnsafeCell<Option<Box<Work<'static>>>>,
}

// SAFETY: the work is Send and Sync, and several threads call it by a shared reference. It is moved out
// once the gate is closed and no one is inside.
unsafe impl Sync for State {}

/// Counts who is inside, and lets no one in once it is closed.
struct Gate {
    /// How many are inside, and `CLOSED`.
    inside: AtomicUsize,
    waiting: Mutex<()>,
    left: Condvar,
    /// The process that made it.
    process: u32,
}

impl Gate {
    fn new() -> Gate {
        Gate {
            inside: AtomicUsize::new(0),
            waiting: Mutex::new(()),
            left: Condvar::new(),
            process: std::process::id(),
        }
    }
}

const CLOSED: usize = 1 << (usize::BITS - 1);

struct Inside<'g>(&'g Gate);

impl Gate {
    #[inline]
    fn enter(&self) -> Option<Inside<'_>> {
        let before = self.inside.fetch_add(1, Ordering::Acquire);
        let inside = Inside(self);
        (before & CLOSED == 0).then_some(inside)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Closes the gate, and waits until everyone has left.
    fn close(&self) {
        if self.inside.fetch_or(CLOSED, Ordering::AcqRel) & !CLOSED == 0 {
            return;
        }
        // The child of a fork has none of the threads that were inside.
        if self.process != std::process::id() {
            return;
        }
        // Whoever is inside may need the interpreter lock to get out.
        detach::detached(|| {
            let mut waiting = self.lock();
            while self.inside.load(Ordering::Acquire) != CLOSED {
                waiting = self.left.wait(waiting).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
        });
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.inside.fetch_sub(1, Ordering::Release) & CLOSED != 0 {
            let _waiting = self.0.lock();
            self.0.left.notify_all();
        }
    }
}

/// Takes back a closure that was lent, when it is dropped.
pub(crate) struct Armed(Arc<State>);

impl Drop for Armed {
    fn drop(&mut self) {
        self.0.gate.close();
        // SAFETY: the gate is closed and no one is inside, so no one else looks at the work.
        let work = unsafe { (*self.0.work.get()).take() };
        drop(work);
    }
}

type Fastcall = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    isize,
    *mut PyObject,
) -> *mut PyObject;
type CFunction = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

/// `Py_TPFLAGS_BASE_EXC_SUBCLASS` (`Include/object.h`): CPython writes into what it takes for an exception.
const EXCEPTION: c_ulong = 1 << 30;

/// `METH_FASTCALL | METH_KEYWORDS` (`Include/methodobject.h`).
const FLAGS: c_int = 0x80 | 0x02;

static CALLBACK: PyMethodDef = PyMethodDef {
    name: c"callback".as_ptr(),
    // SAFETY: CPython calls it as the flags say.
    function: unsafe { transmute::<Fastcall, CFunction>(call) },
    flags: FLAGS,
    // What `inspect.signature` reads.
    documentation: c"callback(*arguments)\n--\n\nA function of the program that runs Python."
        .as_ptr(),
};

unsafe extern "C" fn call(
    this: *mut PyObject,
    arguments: *const *mut PyObject,
    count: isize,
    names: *mut PyObject,
) -> *mut PyObject {
    // Where this thread can't be attached, Python is ending, or this is a sub-interpreter: an exception
    // can't be made then, and one of CPython's own says that there is none.
    let Ok(attachment) = Attachment::new() else { return null_mut() };
    let py = attachment.token();
    // SAFETY: the callable keeps its capsule, and this reference keeps it if the callable goes.
    let Some(capsule) = (unsafe { Ref::borrow(py, this) }) else { return null_mut() };
    let outcome = match py.state(&capsule) {
        Some(state) => {
            let values = match count {
                0 => &[],
                // SAFETY: CPython passes so many values, which live until this function returns.
                count => unsafe { std::slice::from_raw_parts(arguments, count as usize) },
            };
            // The tuple may be empty (PEP 590).
            // SAFETY: attached; null, or a tuple of names.
            let is_named = !names.is_null() && unsafe { (py.api.PyTuple_Size)(names) } > 0;
            let work = AssertUnwindSafe(|| run(&attachment, state, values, is_named));
            catch_unwind(work).unwrap_or_else(|panic| Err(carry_panic(py, panic)))
        }
        None => Err(Raised(None)),
    };
    capsule.release(py);
    match outcome {
        Ok(result) => result.into_ptr(),
        Err(raised) => {
            py.raise(raised);
            null_mut()
        }
    }
}

#[inline]
fn run(
    attachment: &Attachment,
    state: &State,
    values: &[*mut PyObject],
    is_named: bool,
) -> Outcome<Ref> {
    let py = attachment.token();
    let inside = state.gate.enter();
    // SAFETY: while someone is inside, the work is not taken out.
    let work = inside.as_ref().and_then(|_| unsafe { (*state.work.get()).as_ref() });
    let Some(work) = work else {
        return Err(py.exception(
            c"RuntimeError",
            "this callback was lent for one call, which has ended: pass an owned one to what retains it",
        ));
    };
    if is_named {
        return Err(py.exception(c"TypeError", "a callback takes no keyword arguments"));
    }
    work(attachment, Passed { py, values })
}

impl Attached<'_> {
    /// Makes a callable that Python may keep, and the work with it.
    pub(crate) fn keep(self, work: Box<Work<'static>>) -> Outcome<Ref> {
        self.callable(work).map(|(callable, _)| callable)
    }

    /// Makes a callable for work that is lent.
    ///
    /// # Safety
    ///
    /// What is returned beside it is dropped, and not leaked, before `'w` ends.
    pub(crate) unsafe fn arm<'w>(self, work: Box<Work<'w>>) -> Outcome<(Ref, Armed)> {
        // SAFETY: only the lifetime is another; the caller drops `Armed`, which drops the work.
        let work = unsafe { transmute::<Box<Work<'w>>, Box<Work<'static>>>(work) };
        self.callable(work).map(|(callable, state)| (callable, Armed(state)))
    }

    fn callable(self, work: Box<Work<'static>>) -> Outcome<(Ref, Arc<State>)> {
        let work = UnsafeCell::new(Some(work));
        let state = Arc::new(State { gate: Gate::new(), work });
        let capsule = self.capsule(Box::new(Arc::clone(&state)))?;
        let definition = std::ptr::from_ref(&CALLBACK).cast_mut();
        // SAFETY: attached; the definition is a static, which CPython only reads, and the callable gets a
        // reference of its own to the capsule.
        let callable =
            unsafe { (self.api.PyCFunction_NewEx)(definition, capsule.as_ptr(), null_mut()) };
        Ok((self.outcome(callable)?, state))
    }

    /// Returns the state in the capsule of a callable.
    #[inline]
    fn state(self, capsule: &Ref) -> Option<&State> {
        // SAFETY: only `callable` makes functions of `CALLBACK`, whose capsule holds a boxed Arc of the
        // state; the reference keeps it alive.
        unsafe { self.boxed::<Arc<State>>(capsule) }.map(|state| &**state)
    }

    /// Sets an exception, which the C function that was called then reports.
    fn raise(self, raised: Raised) {
        let exception = match raised {
            Raised(Some(exception)) => exception,
            Raised(None) => match self.exception(c"SystemError", "an error without an exception") {
                Raised(Some(exception)) => exception,
                Raised(None) => return,
            },
        };
        let class = self.class_of(&exception);
        // SAFETY: attached; the type of a live object is alive.
        if unsafe { (self.api.PyType_GetFlags)(class.as_ptr().cast()) } & EXCEPTION == 0 {
            // A program has put something else in the place of an exception's class. Without an exception
            // CPython raises one of its own.
            return;
        }
        // SAFETY: attached; takes over both references.
        unsafe { (self.api.PyErr_Restore)(class.into_ptr(), exception.into_ptr(), null_mut()) };
    }
}

/// A Rust value that a Python exception carries to whoever catches it in Rust.
pub(crate) enum Carried {
    Error(Box<dyn Any + Send>),
    Panic(Box<dyn Any + Send>),
}

/// The classes of the exceptions that carry errors and panics.
static CLASSES: OnceLock<[Ref; 2]> = OnceLock::new();

/// The values that exceptions carry, by their numbers: Python code could put any object in the place of
/// one that it can reach.
static CARRIED: Mutex<BTreeMap<u64, Box<dyn Any + Send>>> = Mutex::new(BTreeMap::new());

fn take(number: u64) -> Option<Box<dyn Any + Send>> {
    CARRIED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(&number)
}

/// Drops the value with its exception, unless it was taken.
struct Ticket(u64);

impl Drop for Ticket {
    fn drop(&mut self) {
        drop(take(self.0));
    }
}

/// Whether the classes of the exceptions are set.
pub(crate) fn has_classes() -> bool {
    CLASSES.get().is_some()
}

/// Sets the classes of the exceptions that carry errors and panics.
pub(crate) fn set_classes(classes: [Ref; 2]) {
    let _ = CLASSES.set(classes);
}

/// Makes an exception that carries an error.
pub(crate) fn carry(py: Attached<'_>, message: &str, error: Box<dyn Any + Send>) -> Raised {
    carry_in(py, 0, message, error)
}

#[cold]
fn carry_panic(py: Attached<'_>, panic: Box<dyn Any + Send>) -> Raised {
    let message = panic_message(&*panic).to_owned();
    carry_in(py, 1, &message, panic)
}

/// Returns what a panic says.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a value")
}

fn carry_in(py: Attached<'_>, class: usize, message: &str, value: Box<dyn Any + Send>) -> Raised {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let Some(classes) = CLASSES.get() else { return Raised(None) };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let ticket = Box::new(Ticket(number));
    CARRIED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(number, value);
    let made = || {
        let exception = py.instance(&classes[class], message)?;
        py.set_attribute(&exception, &py.interned(c"_number")?, &py.uint(number)?)?;
        py.set_attribute(&exception, &py.interned(c"_ticket")?, &py.capsule(ticket)?)?;
        Ok(exception)
    };
    match made() {
        Ok(exception) => Raised(Some(exception)),
        Err(raised) => raised,
    }
}

/// Takes the Rust value out of an exception that carries one. It has it no more.
#[cold]
pub(crate) fn carried(py: Attached<'_>, exception: &Ref) -> Option<Carried> {
    let class = exception.class(py).cast();
    let place = CLASSES.get()?.iter().position(|known| known.as_ptr() == class)?;
    let number = py.attribute(exception, &py.interned(c"_number").ok()?).ok()?;
    let value = take(py.as_u64(&number).ok()?)?;
    Some(if place == 0 { Carried::Error(value) } else { Carried::Panic(value) })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_closed_gate_lets_no_one_in_and_waits_for_those_inside() {
        let gate = Gate::new();
        let (told, heard) = mpsc::channel();
        thread::scope(|scope| {
            let inside = gate.enter().unwrap();
            let waiter = scope.spawn(|| {
                gate.close();
                told.send("closed").unwrap();
            });
            while gate.inside.load(Ordering::Relaxed) & CLOSED == 0 {
                thread::yield_now();
            }
            assert!(gate.enter().is_none());
            assert!(heard.try_recv().is_err());
            drop(inside);
            waiter.join().unwrap();
        });
        assert_eq!(heard.recv(), Ok("closed"));
        assert!(gate.enter().is_none());
    }

    #[test]
    fn the_child_of_a_fork_waits_for_no_thread_of_its_parent() {
        let gate = Gate { process: 0, ..Gate::new() };
        std::mem::forget(gate.enter());
        gate.close();
        assert!(gate.enter().is_none());
    }
}
