//! Typed functions from Python's own hints, checked when Rust compiles.
//!
//! [`module!`](crate::module) reads a Python file while Rust compiles and makes a Rust module of it:
//! one function for each public function that has hints, a struct with methods for each class, an enum
//! for each `Enum`. No Python runs, and none is needed, to compile.
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
//! # callpy::module!(pub mod smoothing = "examples/smoothing.py");
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
//! | `dict[K, V]` | any iterator of pairs: `[("a", 1.0)]`, a map | `HashMap<K, V>`; `Object` if `K` can't be hashed in Rust |
//! | `set[T]` | any iterator | `HashSet<T>`; `Object` if `T` can't be hashed in Rust |
//! | `T \| None` | `Option<T>` | `Option<T>` |
//! | `A \| B` | anything that is `Into` a generated enum: an `A` or a `B` | that enum |
//! | `Literal["a", "b"]` | a generated enum | that enum |
//! | `Literal["a", 1]` | as the union `Literal["a"] \| int` | as that union |
//! | `datetime`, `date`, `time`, `timedelta`, `Decimal`, `UUID`, `Fraction` | [any of these types](crate::classes::IntoInstance): `SystemTime`, `Duration`, types of chrono, jiff, rust_decimal and uuid (features), text | as the caller chooses; in a struct or a union, text in a type of [`classes`](crate::classes), and a `Duration` |
//! | `pandas.DataFrame`, `polars.DataFrame`, `pyarrow.Table` | [`Columns`](crate::Columns), an `Object` | a [`Frame`](crate::Frame) or an `Object` |
//! | `torch.Tensor`, `jax.Array` | an array of any element type, which is copied, or refused if the package would change its dtype; an `Object` | [`Like<T>`](crate::Like) or an `Object` |
//! | `Iterator[T]`, `Generator[T, …]` | any iterator | [`Items<T>`](crate::Items), as a result |
//! | `Callable` | a [`callback`](crate::callback()), or anything else | `Object` |
//! | `pathlib.Path` | any `AsRef<Path>` | `PathBuf` |
//! | a dataclass, `NamedTuple`, `TypedDict`, a class of attrs, a model of pydantic, of the file | a reference to a generated struct | that struct; of a value of a derived class, only the fields that the hinted class has |
//! | an `Enum` of the file | a generated enum | that enum |
//! | any other class of the file | a reference to a generated struct around the object | that struct |
//! | a class of another file of the package | `&Object`, which each generated struct around an object is as well | a generated struct, with the class's methods if a function of this file returns it |
//! | `type`, `re.Pattern`, `logging.Logger`, `pandas.Series` and the like | `&Object` | a generated struct without methods |
//! | `Any`, a type variable | any [`IntoPython`](crate::IntoPython) | [`Object`](crate::Object) |
//! | another class | `&Object` | `Object` |
//!
//! An enum for a union or a `Literal` has the name of the type in the file, or else that of the function
//! and the parameter: `SmoothMode`.
//!
//! Aliases imported from other files of the package (`from .typing import FloatArray`) are followed. An
//! alias that contains itself (`Json = dict[str, "Json"] | str`) is an object where it does. The keys of
//! `**options: Unpack[Options]` are options, each by itself.
//!
//! # Classes
//!
//! A value (a dataclass and the like) is a struct of its fields, from which an instance is made by its own
//! constructor, with its validation; fields with `init=False` are set afterwards, unless the class has a
//! `__post_init__`, which computes them. Where the fields do not
//! make an instance, and for all classes that are no values, the instance stays a Python object:
//!
//! ```python
//! # python/models.py
//! class Model:
//!     def __init__(self, rate: float = 0.1) -> None: ...
//!     def predict(self, row: list[float]) -> float: ...
//!     @classmethod
//!     def load(cls, path: str) -> "Model": ...
//!     @property
//!     def rate(self) -> float: ...
//! ```
//!
//! ```
//! # callpy::module!(pub mod models = "examples/models.py");
//! # #[cfg(any())] // so that the line below is as in a program
//! callpy::module!(pub mod models = "python/models.py");
//!
//! # use models::*;
//! let model = Model::new()?;
//! let better = Model::new_with(ModelOptions::new().rate(0.2))?;
//! assert_eq!(better.predict(&[1.0, 2.0])?, 0.6000000000000001);
//! assert_eq!((model.rate()?, Model::load("x")?.rate()?), (0.1, 1.0));
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! A method is looked up in the instance, which may be of a subclass. The struct leads to that of its base
//! by `Deref`, and so at last to [`Object`](crate::Object): it has the methods of all of them, and can be
//! passed for each. `object.extract::<Model>()` is the way back, which checks the class. A property with a
//! setter has `set_rate`; `__call__`, `__iter__`, `__getitem__`, `__setitem__`, `__delitem__` and
//! `__contains__` are `call`, `iter`, `item`, `set_item`, `del_item` and `contains`. The methods of values and
//! enums are there too; each call makes an instance.
//!
//! A context manager has `with`, which takes a function. If that returns an error, `__exit__` gets the exception
//! that the error is, or else a `RuntimeError` with its text; it gets one of a panic, too, which then goes on. An
//! exception that `__exit__` suppresses is returned all the same, since there is no value without it.
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
//! # Overloads
//!
//! A function with overloads is one function: each parameter, and the result, is the union of what the
//! overloads say, and a parameter that one of them does without is an option. So are overloads alone, as a
//! stub (`.pyi`) has them. A call that no overload allows, such as one without what each of them requires in
//! a way of its own, compiles, and is then Python's to refuse.
//!
//! # On workers
//!
//! `on` returns the same functions as they are called on [workers](crate::workers), which import the
//! module: as methods, with the same arguments, results and options, and with limits.
//!
//! ```
//! # callpy::module!(pub mod smoothing = "examples/smoothing.py");
//! # #[cfg(target_os = "linux")] {
//! use std::time::Duration;
//!
//! use callpy::Python;
//!
//! let workers = Python::builder().require(["numpy"]).workers(2)?;
//! let smoothing = smoothing::on(&workers)?.within(Duration::from_secs(5));
//! # let data = [1.0; 32];
//! let smoother = smoothing.smooth_with(&data, smoothing::SmoothOptions::new().window(9))?;
//! # assert_eq!(smoother.len(), 32);
//! # }
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! Values (dataclasses, enums and the like) go there and back. Instances of other classes are pickled,
//! if they can be, and are copies on the other side; their methods are called in this process. A generator
//! can't be copied, so functions that return an [`Items`](crate::Items) are not among them.
//!
//! # What is left out
//!
//! Functions without hints, async functions, generators whose hint does not say what they yield, and
//! functions whose decorator changes their signature are left out; the module's documentation lists them. A function can be declared by hand
//! in the macro, in Rust's types, with or without hints:
//!
//! ```
//! use callpy::Array;
//!
//! # callpy::module!(pub mod outliers = "examples/outliers.py" {
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
//!   their arrays, also those declared by hand, where the file does not say it or is not yours; a
//!   method is `Model.fit`.
//! - `module!(mod x = "x.py", skip = [f, Model, Other.method])` leaves them out.

/// Makes a Rust module of a Python file's typed functions: see [`typed`](crate::typed).
///
/// ```
/// # callpy::module!(pub mod outliers = "examples/outliers.py");
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
