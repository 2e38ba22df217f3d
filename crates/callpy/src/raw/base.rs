//! The base frame: what Python code that Rust calls finds above its own frame.
//!
//! Code at the top level of a script runs in the frame of the module `__main__`, and much that it
//! calls looks at that frame: `eval`, `locals`, `warnings.warn`, `namedtuple`, NumExpr, pandas. A
//! call straight from Rust would have no frame at all. So it goes through a Python function whose frame
//! has the globals of `__main__` and no locals of its own, and which only calls back.

use std::cell::Cell;
use std::ffi::c_int;
use std::mem::transmute;
use std::ptr::{NonNull, null_mut};
use std::sync::OnceLock;

use super::cpython::{PyMethodDef, PyObject, api};
use super::objects::{Outcome, Raised};
use super::reference::Ref;
use super::thread::Attached;

/// The function whose frame is the base frame; it calls the object that [`callback`] made.
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
pub(crate) fn callback(py: Attached<'_>) -> Outcome<Ref> {
    py.function_in_c(&CALLBACK)
}

/// Sets the function whose frame is the base frame.
pub(crate) fn set(function: Ref) {
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

impl Attached<'_> {
    /// Makes an object that calls a function in C.
    pub(super) fn function_in_c(self, definition: &'static PyMethodDef) -> Outcome<Ref> {
        let definition = std::ptr::from_ref(definition).cast_mut();
        // SAFETY: attached; the definition is a static, which CPython only reads.
        let object = unsafe { (self.api.PyCFunction_NewEx)(definition, null_mut(), null_mut()) };
        // SAFETY: a new reference, or null with an exception.
        unsafe { Ref::steal(self, object) }.ok_or_else(|| self.take_raised())
    }

    /// Runs work from the base frame, unless a frame of this thread's is there already.
    ///
    /// The work calls CPython, and nothing that may panic: an unwinding that reaches the frame ends
    /// the process.
    #[inline]
    pub(crate) fn with_frame<R>(self, work: impl FnOnce() -> Outcome<R>) -> Outcome<R> {
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
}
