//! Calls Python functions in memory: slices in, NumPy arrays out, nothing copied.
//!
//! ```
//! # callpy::module!(mod outliers = "examples/outliers.py");
//! # #[cfg(any())] // so that the line below is as in a program
//! callpy::module!(mod outliers = "python/outliers.py");   // typed from its hints, at compile time
//!
//! # let series = [20.0, 19.0, 21.0, 20.5, 19.5, 20.2, 19.8, 97.3];
//! let indices = outliers::detect(&series)?;               // &[f64] in, Array<i64> out, nothing copied
//! # assert_eq!(indices[..], [7]);
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! And without the macro:
//!
//! ```
//! # std::env::set_current_dir("examples").unwrap();
//! # callpy::Python::builder().script("outliers.py").start()?;
//! let python = callpy::Python::start()?;
//! let detect = python.function("outliers.py:detect")?;
//!
//! let series = vec![20.5, 19.0, 19.5, 20.1, 19.9, 97.3, 21.1];
//! let indices: callpy::Array<i64> = detect.call(&series)?;
//! assert_eq!(indices[..], [5]);
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! A slice of numbers is a NumPy array in Python for the duration of one call, the result is read in
//! place, an exception becomes a typed error, and any thread may call. No Python is
//! needed to compile: libpython is found and loaded when the program starts it, CPython 3.8 to 3.15.
//!
//! - [`Python`] starts the interpreter; [`locate`] says which, [`environment`] installs what a
//!   function requires.
//! - [`Function`] calls; [`Object`] is any Python object.
//! - [`typed`] makes Rust functions of the functions in a Python file that have type hints.
//! - [`mod@array`] says how arrays are passed and returned, [`convert`] how all other values are.
//! - [`workers`] calls functions in processes of their own.
//! - [`Error`] is every failure; [`PythonException`] is a Python exception as owned text.
//!
//! # Features
//!
//! - `macros` (default): [`module!`], typed functions from a Python file's own hints.
//! - `ndarray` (default): arrays and views of the `ndarray` crate, of any rank and strides, in and out.
//! - `complex` (default): `num_complex::Complex` as an element.
//! - `half`: `half::f16` as an element.
//! - `chrono`, `jiff`: their dates, times and spans of time, both ways.
//! - `rust_decimal`, `uuid`: `Decimal` and `UUID`, both ways.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]
#![deny(clippy::disallowed_methods)]

#[allow(unsafe_code, reason = "the rules of lending, and the memory they are about")]
pub mod array;
pub mod attach;
mod bring_up;
mod call;
pub mod callback;
mod cancel;
#[doc(hidden)]
pub mod child;
pub mod convert;
mod crash;
pub mod environment;
mod error;
mod exception;
pub mod frame;
mod function;
#[doc(hidden)]
pub mod generated;
mod installation;
mod interpreter;
mod iterate;
mod language;
mod learn;
mod load;
pub mod locate;
mod numpy;
mod object;
mod queue;
#[allow(unsafe_code, reason = "CPython's and NumPy's C functions")]
mod raw;
mod receipt;
mod scope;
mod support;
mod target;
#[cfg(feature = "macros")]
pub mod typed;
pub mod workers;

#[cfg(feature = "macros")]
#[doc(hidden)]
pub use callpy_macros as __macros;

pub use array::{
    Array, ArrayArgument, Cast, Copied, Datetime64, Dtype, Element, FixedBytes, FixedStr, Given,
    IntoArray, IntoShape, Like, Scalar, SharedArray, Texts, TimeUnit, Timedelta64, unit,
};
pub use attach::Attached;
pub use call::Function;
pub use callback::{Callback, OwnedCallback, callback, callback_mut};
#[cfg(feature = "macros")]
pub use callpy_macros::{FromPython, IntoPython};
pub use cancel::Cancel;
pub use convert::classes;
pub use convert::{
    Arguments, Bytes, Call, Dict, FromPython, Ignored, IntoPython, Item, List, Named, named,
};
pub use error::{Error, ErrorKind, Result};
pub use exception::{PythonException, StackFrame};
pub use frame::{Columns, Frame};
pub use function::Module;
pub use interpreter::{Builder, EndOnDrop, Python};
pub use iterate::Items;
pub use language::Language;
pub use learn::Retained;
pub use object::Object;
pub use receipt::{Copy, CopyReason, Receipt};
pub use scope::Scope;
pub use target::Target;
pub use workers::Workers;
