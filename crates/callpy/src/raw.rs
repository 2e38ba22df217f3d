//! The room for unsafe code: CPython and NumPy as they are, behind wrappers that safe code may call.
//!
//! # Safety contract
//!
//! 1. **Functions come from the library that runs.** [`cpython::Api`] is filled from one libpython,
//!    which is never closed, before any other thing here exists.
//! 2. **Nothing is called detached.** Whatever touches a Python object takes an [`Attached`], which
//!    exists only while this thread holds a thread state (and, where there is one, the interpreter
//!    lock). It is not `Send`, and it borrows from the [`thread::Attachment`] that releases it, or
//!    from a [`thread::Within`], which its owner drops before the attachment.
//! 3. **A reference is owned once.** [`Ref`] owns one reference; `Ref::steal` takes over a reference
//!    that CPython hands out as new, and `Ref::into_ptr` gives one up to a function documented to
//!    steal it. Borrowed pointers become a `Ref` by `Ref::borrow`, which adds a reference.
//! 4. **No error is left set.** A wrapper whose CPython function failed takes the exception away and
//!    returns it as [`Raised`].
//! 5. **No panic crosses a C frame.** Every `extern "C"` function here catches.

#[macro_use]
mod functions;
pub(crate) mod arrow;
pub(crate) mod call;
pub(crate) mod callback;
pub(crate) mod child;
pub(crate) mod composition;
pub(crate) mod cpython;
pub(crate) mod deadline;
pub(crate) mod detach;
pub(crate) mod end;
pub(crate) mod failure;
#[cfg(unix)]
pub(crate) mod fork;
mod idle;
pub(crate) mod library;
pub(crate) mod memory;
pub(crate) mod ndarray;
pub(crate) mod numpy;
pub(crate) mod objects;
mod phase;
mod place;
pub(crate) mod process;
pub(crate) mod proof;
pub(crate) mod pyconfig;
mod raised;
mod reaper;
pub(crate) mod reference;
#[cfg(target_os = "linux")]
pub(crate) mod shared;
pub(crate) mod start;
mod text;
pub(crate) mod thread;

pub(crate) use raised::{Outcome, Raised};
pub(crate) use reference::Ref;
pub(crate) use thread::{Attached, Attachment, Within};
