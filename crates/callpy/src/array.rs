//! Arrays both ways: slices lent to Python, and results read in place.
//!
//! # In
//!
//! | in Rust | in Python | may Python retain it? |
//! |---|---|---|
//! | `&[T]`, `&Vec<T>`, `&Array<T>`, views of the `ndarray` crate | a read-only array over the same memory | gets a copy, once callpy has seen it |
//! | `&mut [T]`, mutable views | a writable array over the same memory | as above, and what is written is copied back |
//! | `&[[T; N]]`, `&mut [[T; N]]` | as the slices above, with two axes (three for `[[T; N]; M]`) | as above |
//! | `Vec<T>`, `Vec<[T; N]>`, [`Given<T>`] | an array that owns the memory | yes |
//! | `Arc<[T]>`, `Arc<Vec<T>>` | a read-only array over shared memory | yes |
//! | [`Copied`] of a slice, an array or a view | a writable copy | yes |
//!
//! The first two are loans: the memory is the caller's, and a loan ends with its call.
//!
//! # Retained arguments
//!
//! Ordinary code retains what it is passed: `self.last = data`, `KNeighborsClassifier.fit`, a logging
//! handler that buffers. So callpy learns from the **first call** of each callable. It passes copies,
//! which look as the loan would (shape, strides, read-only or not), and when the call returns it sees
//! whether anything still holds them:
//!
//! - If nothing does, later calls **lend**.
//! - If something does (the result too, say an iterator over its argument), the function **retains**
//!   its arguments: what it holds stays its own, and later calls pass copies as well. A line on stderr
//!   says so once, or the hook of [`Builder::on_retained`](crate::Builder::on_retained).
//!
//! ```
//! # callpy::Python::builder().require(["numpy"]).on_retained(|_| ()).start()?;
//! # let python = callpy::Python::start()?;
//! use callpy::CopyReason;
//!
//! let source = "last = None\ndef remember(series):\n    global last\n    last = series";
//! let monitor = python.module_from_source("monitor", "monitor.py", source)?;
//! let remember = monitor.function("remember")?;
//!
//! let ((), receipt) = remember.call_with_receipt(&[1.0, 2.0])?;
//! assert_eq!(receipt.copies[0].reason, CopyReason::FirstCall);
//! let ((), receipt) = remember.call_with_receipt(&[3.0, 4.0])?;
//! assert_eq!(receipt.copies[0].reason, CopyReason::Retained);
//!
//! let absolute = python.function("numpy:absolute")?;
//! for lent_bytes in [0, 16, 16] {
//!     let (_, receipt) = absolute.call_with_receipt::<callpy::Array<f64>>(&[-1.0, 2.0])?;
//!     assert_eq!(receipt.lent_bytes, lent_bytes);
//! }
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! What is learned holds for the process and for every way to the same function: other handles,
//! [`Object::call`](crate::Object::call), typed functions, C and Go. A method is learned by its
//! function, its instance's class, and the classes and functions that the instance leads to: once for
//! a model that is created for each request, and again for a pipeline around another estimator.
//! `functools.partial` is learned by what it calls and its other arguments. A call that raises an
//! exception shows nothing, nor does one without arrays: the next call is watched.
//!
//! What Python writes into the copy of a `&mut` argument is copied back before the call returns, also
//! if it raised an exception, as it would have been written in place. If the function retains that
//! array, it retains a copy: what it writes later does not reach Rust.
//!
//! [`Function::retains`](crate::Function::retains) and [`Function::lends`](crate::Function::lends)
//! decide by hand. Without a decision, more than 64 MiB in one call are lent at once, and so is
//! everything that is passed by a handle with [`deny_copies`](crate::Function::deny_copies).
//!
//! # When a loan is retained
//!
//! That can't be foreseen where it depends on the data or on the other arguments, or happens at a
//! later call only. callpy first
//! lets go of what holds the loan by oversight: an exception's traceback, a reference cycle, the
//! result. If that was not all, the loan's memory would dangle, so callpy names the function, the
//! argument and its holders, and aborts the process. Pass a `Vec`, an `Arc` or a [`Copied`] to such a
//! function, or say that it [`retains`](crate::Function::retains) its arguments.
//!
//! # Libraries that retain or write their arguments
//!
//! Known to retain what they are passed: scikit-learn's neighbours, `KernelDensity`, `KernelRidge`
//! and Gaussian processes, `duckdb.register`, `cv2.BFMatcher` and `KalmanFilter`, numba's typed
//! containers, LightGBM's `Dataset`, pandas 2, Arrow and polars `Series`, SciPy's `KDTree`, sparse
//! matrices and splines, statsmodels' models, `jax.device_put`, `torch.from_numpy`, logging handlers
//! that buffer.
//!
//! Known to write what is read-only: in-place operations of torch, `faiss.normalize_L2`, SciPy's
//! `overwrite_a=True` on arrays in Fortran order, `numpy.putmask` before NumPy 1.21,
//! `numpy.random.shuffle` before 1.22 and `numpy.ufunc.at` before 2.5, and whatever takes a raw
//! address (`ctypes`, an array's own `__setstate__`). That is undefined behaviour of a program without
//! any `unsafe`; debug builds, and others with
//! [`Builder::guard_loans`](crate::Builder::guard_loans), find it and say which function it was. Such
//! a function is passed a `&mut` slice, or a [`Copied`].
//!
//! An address says nothing of who has it. `data.__array_interface__` is a dict with the address, and
//! an array that Python makes of that dict alone does not refer to `data`: callpy does not see it, and
//! it must not outlive the call.
//!
//! `docs/retaining-libraries.md` has the whole list.
//!
//! # Out
//!
//! An [`Array<T>`](Array) reads the result in place if no one else can change it, and is a copy
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
mod copies;
mod element;
mod given;
pub(crate) mod guard;
mod holders;
mod lend;
mod like;
#[cfg(feature = "ndarray")]
mod ndarray;
mod read_only;
mod receive;
mod rows;
mod settle;
#[cfg(target_os = "linux")]
pub(crate) mod shared;
pub(crate) mod shared_array;
mod special;
mod texts;
mod time;
mod values;
mod view;

pub use any::{AnyArray, AnyLoan};
pub use argument::{ArrayArgument, IntoArray};
pub use copied::{Copied, CopySource};
#[doc(hidden)]
pub use element::FieldType;
pub use element::{Dtype, Element, Field};
pub use given::Given;
pub use like::{Like, Scalar};
pub use receive::Cast;
pub use shared_array::{IntoShape, SharedArray};
pub use special::{FixedBytes, FixedStr};
pub use texts::{Texts, TextsIter};
pub use time::{Datetime64, TimeUnit, Timedelta64, Unit, unit};
pub use view::Array;

// For `element!`.
#[doc(hidden)]
pub use lend::{give, lend};
#[doc(hidden)]
pub use values::{
    element_from_python, element_into_python, elements_from_python, options_into_column,
    value_into_python,
};

pub(crate) use holders::{FixedNames, Names};
pub(crate) use lend::{Loans, lend_closure};
pub(crate) use read_only::explain;
pub(crate) use receive::{detach_from_loans, is_array, numpy_if_imported};
