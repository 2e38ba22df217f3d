//! Typed functions from Python's own hints, checked when Rust compiles.
//!
//! [`module!`](crate::module) reads a Python file while Rust compiles and makes a Rust module of it:
//! one function for each public function that has hints, a struct for each dataclass, `NamedTuple`
//! and `TypedDict`, an enum for each `Enum`. No Python runs, and none is needed, to compile.
//!
//! ```python
//! # python/smoothing.py
//! # /// script
//! # dependencies = ["numpy"]
//! # ///
//! import numpy as np
//! from numpy.typing import NDArray
//!
//! def smooth(data: NDArray[np.float64], window: int = 5) -> NDArray[np.float64]:
//!     """Smooths by a moving average."""
//!     return np.convolve(data, np.ones(window) / window, "same")
//! ```
//!
//! ```
//! # callpy::module!(pub mod smoothing = "../../examples/smoothing.py");
//! # #[cfg(any())] // so that the line below is as in a program
//! callpy::module!(pub mod smoothing = "python/smoothing.py");
//!
//! # let data = [1.0; 32];
//! let smooth = smoothing::smooth(&data)?;
//! let smoother = smoothing::smooth_with(&data, smoothing::SmoothOptions::new().window(9))?;
//! # assert_eq!((smooth.len(), smoother.len()), (32, 32));
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! The source travels in the binary; tracebacks show its lines. It is run from a copy in the cache
//! folder, which the processes of `multiprocessing` and `joblib` can import too: see
//! [`Python::module_from_source`](crate::Python::module_from_source). The first call starts Python,
//! with what the file's header requires (PEP 723). Where several modules have requirements, start
//! Python before, with those of all: [`Builder::script`](crate::Builder::script). Start it on the
//! program's main thread, too, if Python code sets signal handlers: `signal.signal` works only on the
//! thread of the first start, and a first call on a short-lived thread leaves none
//! ([`Builder::start`](crate::Builder::start)). The file is run by itself: it does not find neighbours
//! by `import`, unless they are installed.
//!
//! # What the hints become
//!
//! | hint | as an argument | as a result, or in a struct |
//! |---|---|---|
//! | `int`, `float`, `bool`, `complex` | `i64`, `f64`, `bool`, `Complex<f64>` | the same |
//! | `str`, `bytes` | `&str`, `&[u8]` | `String`, `Bytes<Vec<u8>>` |
//! | `NDArray[np.float64]` and the other dtypes | any [`IntoArray<f64>`](crate::IntoArray): slices, vectors, views | [`Array<f64>`](crate::Array) |
//! | `np.ndarray`, `ArrayLike`, dtypes of a kind | an array of any element type | `Array<T>`, where the caller chooses `T` |
//! | `np.float32` and other scalars | `f32`, passed as a NumPy scalar | `f32` |
//! | `list[T]`, `Sequence[T]`, `tuple[T, ...]` | `&[T]`, passed as a list or tuple; any iterator for arrays | `Vec<T>` |
//! | `tuple[A, B]` | `(A, B)` | `(A, B)` |
//! | `dict[K, V]` | any iterator of pairs: `[("a", 1.0)]`, a map | `HashMap<K, V>` |
//! | `set[T]` | any iterator | `HashSet<T>` |
//! | `T \| None` | `Option<T>` | `Option<T>` |
//! | `A \| B` | anything that is `Into` a generated enum: an `A` or a `B` | that enum |
//! | `Literal["a", "b"]` | a generated enum | that enum |
//! | `pathlib.Path` | any `AsRef<Path>` | `PathBuf` |
//! | a dataclass, `NamedTuple`, `TypedDict` of the file | a reference to a generated struct | that struct |
//! | an `Enum` of the file | a generated enum | that enum |
//! | `Any`, a type variable | any [`IntoPython`](crate::IntoPython) | [`Object`](crate::Object) |
//! | another class | `&Object` | `Object` |
//!
//! An enum for a union or a `Literal` has the name of the type in the file, or else that of the function
//! and the parameter: `SmoothMode`.
//!
//! Aliases imported from other files of the package (`from .typing import FloatArray`) are followed;
//! classes declared there are objects.
//!
//! Shapes (`Annotated[NDArray[np.float64], "n 3"]`, jaxtyping's `Float64[np.ndarray, "n 3"]`) are
//! checked at each call; a name means the same length in all arguments and the result.
//!
//! # What a function does with its arrays
//!
//! A note in `Annotated` says whether the function still holds an array when it has returned. Python
//! ignores such notes:
//!
//! ```python
//! # python/model.py
//! def fit(rows: Annotated[NDArray[np.float64], "n 3", "retained"]) -> None: ...
//! def score(rows: Annotated[NDArray[np.float64], "n 3", "borrowed"]) -> float: ...
//! ```
//!
//! A function with an argument that is `"retained"` gets copies at every call, as
//! [`Function::retains`](crate::Function::retains) says; one whose arrays are all `"borrowed"` is lent
//! them from the first call on, as [`Function::lends`](crate::Function::lends) says. For all others
//! callpy [learns](crate::array#retained-arguments) it. A note that is nearly one of the two
//! (`"retains"`) leaves its function out.
//!
//! # Parameters with defaults
//!
//! `smooth(data)` takes what has no default. `smooth_with(data, options)` takes the rest too, by the
//! setters of `SmoothOptions`; Python evaluates its own defaults, and an option that is not set is not
//! passed. `*args` and `**kwargs` are setters that add one each time. Where the default is `None`,
//! the setter takes what is not `None`.
//!
//! # What is left out
//!
//! Functions without hints, async functions, generators, and functions whose decorator changes their
//! signature are left out; the module's documentation lists them. A function can be declared by hand
//! in the macro, in Rust's types, with or without hints:
//!
//! ```
//! use callpy::Array;
//!
//! # callpy::module!(pub mod outliers = "../../examples/outliers/outliers.py" {
//! #     fn detect(data: &[f64]) -> Array<i64>;
//! # });
//! # #[cfg(any())] // so that the lines below are as in a program
//! callpy::module!(pub mod outliers = "python/outliers.py" {
//!     fn detect(data: &[f64]) -> Array<i64>;
//! });
//! # let series = [20.0, 19.0, 21.0, 20.5, 19.5, 20.2, 19.8, 97.3];
//! # let indices: Array<i64> = outliers::detect(&series)?;
//! # assert_eq!(indices[..], [7]);
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! A function with a hint that is not a type is left out as well, and such a field is an [`Object`](crate::Object).
//! If no function is left, that is an error while Rust compiles, with the reasons.
//!
//! # Options of the macro
//!
//! - `module!(mod x = "x.py", reload)` reads the file at each start of the program instead of the
//!   source in the binary. The environment variable `CALLPY_RELOAD` does so for all modules of a debug
//!   build.
//! - `module!(mod x = "x.py", name = "x")` names the module in Python, where it is the path of the Rust
//!   module otherwise (`program__x`). Pickles of its functions and classes are read by this name: with
//!   the file's own they can be read wherever Python finds the file.
//! - `module!(mod stats = "python/pkg/stats.py", import = "pkg.stats")` takes the hints of the file,
//!   and imports the module by its name when the program runs. Each function's parameters are
//!   compared with the ones compiled in, and a difference is an error that shows both.
//! - `module!(mod x = "x.py", retains = [fit], lends = [score, predict])` says what functions do with
//!   their arrays, also those declared by hand, where the file does not say it or is not yours.

/// Makes a Rust module of a Python file's typed functions: see [`typed`](crate::typed).
///
/// ```
/// # callpy::module!(pub mod outliers = "../../examples/outliers/outliers.py");
/// # #[cfg(any())] // so that the line below is as in a program
/// callpy::module!(pub mod outliers = "python/outliers.py");
///
/// # let series = [20.0, 19.0, 21.0, 20.5, 19.5, 20.2, 19.8, 97.3];
/// let indices = outliers::detect(&series)?;
/// # assert_eq!(indices[..], [7]);
/// # Ok::<(), callpy::Error>(())
/// ```
///
/// The path is relative to the folder of the package's `Cargo.toml`. The first call starts Python if it
/// does not run yet: where Python code sets signal handlers, call [`Python::start`](crate::Python::start)
/// on the program's main thread first.
#[macro_export]
macro_rules! module {
    ($($tokens:tt)*) => {
        $crate::__macros::module! { [$crate] $($tokens)* }
    };
}
