//! Arrays both ways: slices lent to Python, and results read where NumPy put them.
//!
//! # In
//!
//! | in Rust | in Python | may Python keep it? |
//! |---|---|---|
//! | `&[T]`, `&Vec<T>`, `&Array<T>` | a read-only array over the same memory | no |
//! | `&mut [T]` | a writable array over the same memory | no |
//! | `Vec<T>`, [`Given<T>`] | an array that owns the memory | yes |
//! | `Arc<[T]>`, `Arc<Vec<T>>` | a read-only array over shared memory | yes |
//! | [`Copied`] of a slice, an array or a view | a writable copy | yes |
//!
//! What may not be kept is a loan, and ends with its call. If Python still holds it then (in a
//! global, in a thread that runs on), callpy first lets go of what holds it by oversight: the result
//! if it is a view, an exception's traceback, a reference cycle. If that was not all, the loan's
//! memory would dangle, so callpy names the function, the argument and its holders, and aborts the
//! process. A function that is known to keep its argument is given a `Vec`, an `Arc` or a [`Copied`].
//!
//! A program that goes behind NumPy's back can write what is lent to be read, or keep what no count
//! shows: with `ctypes` and other raw addresses, an array's own `__setstate__`, or a C function that
//! does not ask (`numpy.ufunc.at` before NumPy 2.5, `overwrite_b` and the like in SciPy). Such a
//! function is given a [`Copied`], too.
//!
//! # Out
//!
//! An [`Array<T>`](Array) reads the result where it lies if nobody else can change it, and is a copy
//! otherwise. There are no silent conversions: a result of another dtype is an error that says so.
//!
//! ```
//! # callpy::Python::builder().require(["numpy"]).start()?;
//! let python = callpy::Python::start()?;
//! let cumsum = python.function("numpy:cumsum")?;
//! let sums: callpy::Array<f64> = cumsum.call(&[1.0, 2.0, 3.0])?;
//! assert_eq!(sums[..], [1.0, 3.0, 6.0]);
//! # Ok::<(), callpy::Error>(())
//! ```

mod any;
mod argument;
mod copied;
mod element;
mod given;
mod holders;
mod lend;
#[cfg(feature = "ndarray")]
mod ndarray;
mod read_only;
mod receive;
mod settle;
mod special;
mod time;
mod view;

pub use any::{AnyArray, AnyLoan};
pub use argument::{ArrayArgument, IntoArray};
pub use copied::{Copied, CopySource};
pub use element::{Dtype, Element, Field};
pub use given::Given;
pub use receive::Cast;
pub use special::{FixedBytes, FixedStr};
pub use time::{Datetime64, TimeUnit, Timedelta64, Unit, unit};
pub use view::Array;

pub(crate) use holders::Names;
pub(crate) use lend::Loans;
pub(crate) use read_only::explain;
pub(crate) use receive::{detach_from_loans, element, is_array, numpy_if_imported};
