//! callpy's C ABI: error, python, function, array, value, callback, retained and workers, each in the file of
//! its name.
//!
//! `include/callpy.h` is generated from here and is what a C programmer reads. One C call makes one
//! Python call: attaching, conversion, settling and detaching happen inside.
#![allow(non_camel_case_types, reason = "these are the names of the C types")]

mod array;
mod callback;
mod constant;
mod error;
mod function;
mod invocation;
mod module;
mod python;
mod retained;
mod text;
mod value;
mod workers;

pub use array::*;
pub use callback::*;
pub use error::*;
pub use function::*;
pub use invocation::*;
pub use module::*;
pub use python::*;
pub use retained::*;
pub use value::*;
pub use workers::*;
