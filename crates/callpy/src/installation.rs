//! One installed Python: its facts, why it can't be used, and the context in which it is looked at.
//!
//! The search for a Python and the environments build on this.

pub(crate) mod cache;
mod context;
mod facts;
mod failure;
mod launch;
mod problem;

pub use context::Context;
pub use facts::Interpreter;
pub(crate) use facts::{ANSWER, interpreter, python_in};
pub(crate) use failure::reproduce;
pub(crate) use launch::is_pythons;
pub use problem::Problem;
