//! Conversions both ways: what a Rust value becomes in Python, and a Python object in Rust.
//!
//! | in Rust | as an argument | as a result, accepts |
//! |---|---|---|
//! | `bool` | `bool` | `bool`, `numpy.bool` |
//! | `i8` … `u64`, `isize`, `usize` | `int` | `int` and NumPy integers in range; no `bool`, no `float` |
//! | `f32`, `f64` | `float` | `float`, `int` where that is exact, and NumPy numbers; no `bool` |
//! | `&str`, `String` | `str` | `str` |
//! | `&Path`, `PathBuf`, `&OsStr`, `OsString` | `str`, as `os.fsdecode` makes it | `str`, `os.PathLike` |
//! | [`Bytes`] | `bytes` | `bytes` |
//! | `Duration` | `timedelta` | `timedelta`, not negative |
//! | `SystemTime` | `datetime` in UTC | `datetime` with a time zone |
//! | types of chrono and jiff (features) | `date`, `time`, `datetime`, `timedelta` | those, NumPy's and pandas' |
//! | [`classes`], and types of `rust_decimal` and `uuid` (features) | `Decimal`, `Fraction`, `UUID`, `Path` | those |
//! | `()` | no argument; `None` inside a tuple | `None` |
//! | `Option<T>` | `None` or `T` | `None` or `T` |
//! | `Vec<String>`, [`Texts`](crate::Texts) | `list` of `str` | `list`, `tuple`; a 1-D array of text or of `str` objects |
//! | `Vec<Option<T>>` | `list` | a 1-D array, masked, of objects or of NumPy's times; pandas, Arrow and polars arrays and Series |
//! | [`Items<T>`](crate::Items) | | whatever Python can iterate over |
//! | `Vec<T>`, slices of values | `list`; an array of the [element](crate::Element) types | `list`, `tuple`; a 1-D array, copied |
//! | `Vec<Vec<T>>` | `list` of the above | the above, of each; a 2-D array, copied |
//! | `&[[T; N]]`, `Vec<[T; N]>` of elements | a 2-D array | as `Vec<Vec<T>>`, with rows of that length |
//! | `[T; N]` | by reference, as slices | `list`, `tuple`, 1-D array of that length |
//! | [`List`] | `list` of any values | |
//! | [`Dict`] | `dict` of any values, in this order | |
//! | `Vec<(K, V)>` | `list` of pairs | `list` of pairs; `dict`, in its order |
//! | `HashMap`, `BTreeMap` | `dict`, in no certain order or sorted | `dict` |
//! | `HashSet`, `BTreeSet` | `set` | `set`, `frozenset` |
//! | tuples | several arguments; a `tuple` inside one | `tuple` of that length |
//! | [`Object`] | the object | anything |
//! | [`Ignored`] | | anything, which is dropped |
//! | structs | see [`IntoPython`] | see [`FromPython`] |
//! | arrays | see [`array`](crate::array) | [`Array<T>`](crate::Array) |
//!
//! Nothing is converted or rounded silently: a result of another type than the one asked for is an
//! error that says what it is. An `int` is accepted for a float, as in Python's own hints (PEP 484), but
//! only if the float is the same number; a `float` for an `f32` is rounded, as the type says.

#[cfg(feature = "chrono")]
mod chrono;
pub mod classes;
mod collections;
mod dict;
mod ignored;
mod instance;
#[cfg(feature = "jiff")]
mod jiff;
pub(crate) mod number;
mod object;
mod paths;
mod scalars;
mod time;
mod value;

pub use dict::{Dict, List};
pub use ignored::Ignored;
pub use scalars::Bytes;
pub use value::Value;

pub(crate) use collections::{dict, objects, vec};

use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw::call::ArgumentList;
#[doc(hidden)]
pub use crate::scope::Expected;
use crate::scope::Scope;

/// A value that can be passed to Python.
///
/// `'a` is how long the memory that it lends is borrowed, which outlives the call.
///
/// For a struct, `#[derive(IntoPython)]` makes a dict of its fields (feature `macros`), or a tuple of those
/// without names, or with `#[callpy(positions)]`; with `#[callpy(attributes)]` an object with such
/// attributes, and with `#[callpy(class = "module:Class")]` an instance of the class, which is called with
/// the fields as keyword arguments. `#[callpy(name = "class")]` says what a field is called in Python.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use callpy::{IntoPython, Python};
///
/// #[derive(IntoPython)]
/// struct Sample<'s> {
///     values: &'s [f64],      // lent, as by itself
///     unit: &'s str,
/// }
///
/// #[derive(IntoPython)]
/// #[callpy(class = "datetime:timedelta")]
/// struct Pause { minutes: u32 }
///
/// # Python::builder().require(["numpy"]).start()?;
/// # let python = Python::start()?;
/// let values = vec![1.0, 2.0];
/// let sample = Sample { values: &values, unit: "m" };
/// assert_eq!(python.function("builtins:len")?.call::<usize>(sample)?, 2);
/// assert_eq!(python.function("builtins:str")?.call::<String>(Pause { minutes: 90 })?, "1:30:00");
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
///
/// For other types, implement it by hand by building an [`Object`] from parts:
///
/// ```
/// use callpy::{IntoPython, Object, Result, Scope};
///
/// struct Point { x: f64, y: f64 }
///
/// impl<'a> IntoPython<'a> for Point {
///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
///         (self.x, self.y).into_python(scope)
///     }
/// }
///
/// # let python = callpy::Python::start()?;
/// let len = python.function("builtins:len")?;
/// assert_eq!(len.call::<usize>(Point { x: 1.0, y: 2.0 })?, 2);
/// # Ok::<(), callpy::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be passed to Python",
    label = "not a value that callpy knows",
    note = "arrays: &[T], &mut [T], Vec<T>, Arc<[T]> of numbers; values: bool, numbers, &str, String, \
            Option, Vec, maps, tuples, Object; several arguments: a tuple, `call((&a, 2))`"
)]
pub trait IntoPython<'a>: Sized {
    /// Makes the Python object.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if the value has no Python counterpart, `ErrorKind::Numpy` for an array if
    /// there is no NumPy.
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object>;

    /// Places the value as all of a call's arguments: a single one, unless it is a tuple or another list
    /// of arguments.
    ///
    /// # Errors
    ///
    /// As [`into_python`](IntoPython::into_python).
    #[inline]
    fn place(self, call: &mut Call<'a>) -> Result<()> {
        self.place_one(call)
    }

    /// Places the value as one of a call's arguments: positional, unless it is [`named`].
    ///
    /// # Errors
    ///
    /// As [`into_python`](IntoPython::into_python).
    #[inline]
    fn place_one(self, call: &mut Call<'a>) -> Result<()> {
        call.positional(self)
    }

    /// Makes the column of a frame: what `frame` of `support/values.py` takes for one.
    #[doc(hidden)]
    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        self.into_python(scope)
    }
}

/// A value that may be in a `Vec` or a slice that is passed to Python.
///
/// Numbers become an array, everything else a list. For a type of your own, `impl Item<'_> for Point {}`
/// is enough.
///
/// ```
/// use callpy::{IntoPython, Item, Object, Result, Scope};
///
/// #[derive(Clone)]
/// struct Point { x: f64, y: f64 }
///
/// impl<'a> IntoPython<'a> for Point {
///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
///         (self.x, self.y).into_python(scope)
///     }
/// }
///
/// impl Item<'_> for Point {}
///
/// # let python = callpy::Python::start()?;
/// let highest: (f64, f64) =
///     python.function("builtins:max")?.call(vec![Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 0.0 }])?;
/// assert_eq!(highest, (3.0, 0.0));
/// # Ok::<(), callpy::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be in a Vec or a slice that is passed to Python",
    label = "neither the element of an array nor the item of a list",
    note = "for a type of your own that is IntoPython and Clone, `impl Item<'_> for {Self} {{}}` makes \
            a list of such values; a plain struct can be the element of an array: see callpy::Element"
)]
pub trait Item<'a>: IntoPython<'a> + Clone + 'a {
    /// Makes the Python object of a vector of such values: a list, by default.
    ///
    /// # Errors
    ///
    /// As [`IntoPython::into_python`].
    fn vec_into_python(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
        collections::list(items.into_iter(), scope)
    }

    /// Makes the Python object of a slice of such values: a list, by default.
    ///
    /// # Errors
    ///
    /// As [`IntoPython::into_python`].
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::{IntoPython, Item, Object, Result, Scope};
    ///
    /// /// Words, several of which become one text in Python.
    /// #[derive(Clone)]
    /// struct Word(&'static str);
    ///
    /// impl<'a> IntoPython<'a> for Word {
    ///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
    ///         self.0.into_python(scope)
    ///     }
    /// }
    ///
    /// impl<'a> Item<'a> for Word {
    ///     fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
    ///         Self::vec_into_python(items.to_vec(), scope)
    ///     }
    ///
    ///     fn vec_into_python(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
    ///         let words: Vec<&str> = items.iter().map(|word| word.0).collect();
    ///         words.join(" ").into_python(scope)
    ///     }
    /// }
    ///
    /// # let python = callpy::Python::start()?;
    /// let len = python.function("builtins:len")?;
    /// assert_eq!(len.call::<usize>(&[Word("in"), Word("memory")])?, 9);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        collections::list(items.iter().cloned(), scope)
    }

    /// Makes a frame's column of a vector, as [`IntoPython::into_column`].
    #[doc(hidden)]
    fn vec_into_column(items: Vec<Self>, scope: &mut Scope<'a>) -> Result<Object> {
        Self::vec_into_python(items, scope)
    }

    /// Makes a frame's column of a slice.
    #[doc(hidden)]
    fn slice_into_column(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        Self::slice_into_python(items, scope)
    }

    /// Makes a frame's column of values some of which are missing.
    #[doc(hidden)]
    fn options_into_column(items: Vec<Option<Self>>, scope: &mut Scope<'a>) -> Result<Object> {
        collections::list(items.into_iter(), scope)
    }
}

impl<'a, T: Item<'a>> IntoPython<'a> for Vec<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::vec_into_python(self, scope)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::vec_into_column(self, scope)
    }
}

impl<'a, T: Item<'a>> Item<'a> for Vec<T> {
    fn slice_into_python(items: &'a [Self], scope: &mut Scope<'a>) -> Result<Object> {
        // As slices, so that inner vectors of numbers are lent and not cloned.
        collections::list(items.iter().map(Vec::as_slice), scope)
    }
}

impl<'a, T: Item<'a>> IntoPython<'a> for Box<[T]> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::vec_into_python(self.into_vec(), scope)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::vec_into_column(self.into_vec(), scope)
    }
}

impl<'a, T: Item<'a>> IntoPython<'a> for &'a [T] {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::slice_into_python(self, scope)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::slice_into_column(self, scope)
    }
}

impl<'a, T: Item<'a>> Item<'a> for &'a [T] {}

impl<'a, T: Item<'a>> IntoPython<'a> for &'a Vec<T> {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::slice_into_python(self, scope)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::slice_into_column(self, scope)
    }
}

// Not by value: an array is often Copy, and anyone who leaves out the `&` would copy it unawares.
impl<'a, T: Item<'a>, const N: usize> IntoPython<'a> for &'a [T; N] {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::slice_into_python(self, scope)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        T::slice_into_column(self, scope)
    }
}

/// A value that can be made from a Python result.
///
/// For a struct, `#[derive(FromPython)]` reads its fields (feature `macros`): those with names as
/// attributes, or as keys of a dict with `#[callpy(keys)]`, or as the items of a tuple or a list with
/// `#[callpy(positions)]`, as it reads fields without names. `#[callpy(name = "class")]` says what a field
/// is called in Python.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use callpy::{FromPython, Python};
///
/// #[derive(FromPython, Debug, PartialEq)]
/// struct Line {
///     slope: f64,
///     #[callpy(name = "intercept")]
///     start: f64,
/// }
///
/// #[derive(FromPython)]
/// #[callpy(keys)]
/// struct Fit { line: Line, points: Vec<f64> }
///
/// # let python = Python::start()?;
/// let source = "
/// from types import SimpleNamespace
///
/// def fit():
///     return {'line': SimpleNamespace(slope=0.5, intercept=1), 'points': [1.0, 1.5]}
/// ";
/// let fit = python.module_from_source("fitting", "fitting.py", source)?.function("fit")?;
/// let Fit { line, points } = fit.call(())?;
/// assert_eq!((line, points), (Line { slope: 0.5, start: 1.0 }, vec![1.0, 1.5]));
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
///
/// For other types, implement it by hand:
///
/// ```
/// use callpy::{FromPython, Object, Result, Scope};
///
/// struct Fraction { numerator: i64, denominator: i64 }
///
/// impl FromPython for Fraction {
///     fn from_python(object: Object, _: &mut Scope<'_>) -> Result<Self> {
///         let part = |name| object.attr(name)?.extract();
///         Ok(Fraction { numerator: part("numerator")?, denominator: part("denominator")? })
///     }
/// }
///
/// # let python = callpy::Python::start()?;
/// let half: Fraction = python.function("fractions:Fraction")?.call((2, 4))?;
/// assert_eq!((half.numerator, half.denominator), (1, 2));
/// # Ok::<(), callpy::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be made from a Python result",
    label = "not a type that callpy knows",
    note = "arrays: Array<T>; values: bool, numbers, String, Option, Vec, maps, tuples, (), Object"
)]
pub trait FromPython: Sized {
    /// Whether the result is dropped, whatever it is: a worker then sends none.
    #[doc(hidden)]
    const DROPS: bool = false;

    /// Converts the object to a value of this type.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the object is not one.
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self>;

    /// Converts the object to a vector of such values.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the object is no list or tuple, or an item is no such value.
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::{FromPython, Object, Result, Scope};
    ///
    /// /// A digit; several are a text in Python.
    /// #[derive(Debug, PartialEq)]
    /// struct Digit(char);
    ///
    /// impl FromPython for Digit {
    ///     fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
    ///         char::from_digit(u32::from_python(object, scope)?, 10)
    ///             .map(Digit)
    ///             .ok_or_else(|| callpy::Error::result("a digit is less than 10"))
    ///     }
    ///
    ///     fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
    ///         Ok(String::from_python(object, scope)?.chars().map(Digit).collect())
    ///     }
    /// }
    ///
    /// # let python = callpy::Python::start()?;
    /// let str = python.function("builtins:str")?;
    /// assert_eq!(str.call::<Vec<Digit>>(42)?, [Digit('4'), Digit('2')]);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        collections::vec(object, scope)
    }
}

/// The arguments of a call that is being made.
///
/// ```
/// use callpy::{Call, IntoPython, Object, Result, Scope};
///
/// /// Passed as two arguments.
/// struct Interval { from: f64, to: f64 }
///
/// impl<'a> IntoPython<'a> for Interval {
///     fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
///         (self.from, self.to).into_python(scope)
///     }
///
///     fn place(self, call: &mut Call<'a>) -> Result<()> {
///         call.positional(self.from)?;
///         call.positional(self.to)
///     }
/// }
///
/// # let python = callpy::Python::start()?;
/// let hypot = python.function("math:hypot")?;
/// assert_eq!(hypot.call::<f64>(Interval { from: 3.0, to: 4.0 })?, 5.0);
/// # Ok::<(), callpy::Error>(())
/// ```
pub struct Call<'a> {
    // Dropped before the scope, which checks what still holds a loan.
    pub(crate) list: ArgumentList,
    pub(crate) scope: Scope<'a>,
}

impl<'a> Call<'a> {
    /// Adds a positional argument.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` after a keyword argument, and those of the conversion.
    #[inline]
    pub fn positional(&mut self, value: impl IntoPython<'a>) -> Result<()> {
        let position = self.list.next_position();
        self.scope.loans.argument = position;
        let value = match value.into_python(&mut self.scope) {
            Ok(value) => value,
            Err(error) => return Err(at_argument(error, position)),
        };
        if self.list.push(value.0) { Ok(()) } else { Err(after_a_keyword_argument()) }
    }

    /// Adds a keyword argument.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Argument` if an argument of this name was added before, and those of the conversion.
    ///
    /// # Examples
    ///
    /// ```
    /// use callpy::{Call, Error, IntoPython, Object, Result, Scope};
    ///
    /// /// Options of `json.dumps`.
    /// #[derive(Clone, Copy)]
    /// struct Pretty { indent: u8 }
    ///
    /// impl<'a> IntoPython<'a> for Pretty {
    ///     fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
    ///         Err(Error::argument("options are arguments of their own"))
    ///     }
    ///
    ///     fn place_one(self, call: &mut Call<'a>) -> Result<()> {
    ///         call.named("indent", self.indent)?;
    ///         call.named("sort_keys", true)
    ///     }
    /// }
    ///
    /// # let python = callpy::Python::start()?;
    /// let dumps = python.function("json:dumps")?;
    /// let text: String = dumps.call((((), true), Pretty { indent: 0 }))?;
    /// assert_eq!(text, "[\nnull,\ntrue\n]");
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn named(&mut self, name: &str, value: impl IntoPython<'a>) -> Result<()> {
        // Python itself lets the last one win if a function takes any names, or before 3.10.
        let py = self.scope.py();
        if self.list.names().iter().any(|other| py.text(other).is_ok_and(|other| other == name)) {
            let message = format!("the keyword argument {name:?} is passed twice");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        self.scope.loans.argument = self.list.next_position();
        let value = value
            .into_python(&mut self.scope)
            .map_err(|error| error.at(format_args!("argument {name:?}")))?;
        let name = self.scope.ok(self.scope.py().str(name))?;
        self.list.push_named(name, value.0);
        Ok(())
    }
}

#[cold]
fn at_argument(error: Error, position: usize) -> Error {
    error.at(format_args!("argument {position}"))
}

#[cold]
fn after_a_keyword_argument() -> Error {
    Error::new(
        ErrorKind::Argument,
        "a positional argument follows a keyword argument: put keyword arguments last",
    )
}

/// A keyword argument, made by [`named`].
///
/// ```
/// use callpy::{Named, named};
///
/// let sorted: Named<'_, bool> = named("reverse", true);
/// # let python = callpy::Python::start()?;
/// let letters: Vec<String> = python.function("builtins:sorted")?.call(("abc", sorted))?;
/// assert_eq!(letters, ["c", "b", "a"]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Named<'n, V> {
    name: &'n str,
    value: V,
}

/// Makes a keyword argument, for the tuple of a call's arguments.
///
/// ```
/// # let python = callpy::Python::start()?;
/// use callpy::named;
///
/// let round = python.function("builtins:round")?;
/// let rounded: f64 = round.call((3.14159, named("ndigits", 2)))?;
/// assert_eq!(rounded, 3.14);
/// # Ok::<(), callpy::Error>(())
/// ```
pub fn named<V>(name: &str, value: V) -> Named<'_, V> {
    Named { name, value }
}

impl<'a, V: IntoPython<'a>> IntoPython<'a> for Named<'_, V> {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Err(Error::new(
            ErrorKind::Argument,
            format!(
                "the keyword argument {:?} is inside a value: pass it beside the other arguments",
                self.name
            ),
        ))
    }

    fn place_one(self, call: &mut Call<'a>) -> Result<()> {
        call.named(self.name, self.value)
    }
}

type Place<'a> = Box<dyn FnOnce(&mut Call<'a>) -> Result<()> + 'a>;

/// An argument list whose length is known only at run time.
///
/// ```
/// # let python = callpy::Python::start()?;
/// let mut arguments = callpy::Arguments::new();
/// for word in ["in", "memory"] {
///     arguments.push(word);
/// }
/// arguments.push_named("sep", "-");
/// python.function("builtins:print")?.call::<()>(arguments)?;
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Default)]
pub struct Arguments<'a>(Vec<Place<'a>>);

impl<'a> Arguments<'a> {
    /// Makes an empty list.
    pub fn new() -> Self {
        Arguments(Vec::new())
    }

    /// Adds a positional argument.
    pub fn push(&mut self, value: impl IntoPython<'a> + 'a) -> &mut Self {
        self.0.push(Box::new(move |call| call.positional(value)));
        self
    }

    /// Adds a keyword argument.
    pub fn push_named(
        &mut self,
        name: impl Into<String>,
        value: impl IntoPython<'a> + 'a,
    ) -> &mut Self {
        let name = name.into();
        self.0.push(Box::new(move |call| call.named(&name, value)));
        self
    }
}

impl<'a> IntoPython<'a> for Arguments<'a> {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        Err(Error::new(
            ErrorKind::Argument,
            "a list of arguments is inside a value: pass it to the call by itself",
        ))
    }

    fn place(self, call: &mut Call<'a>) -> Result<()> {
        self.0.into_iter().try_for_each(|place| place(call))
    }
}

/// Says that a result is not what was expected, for a binding that converts it to a type of its own.
#[doc(hidden)]
pub fn mismatch<'a>(got: impl IntoPython<'a>, kind: Expected, expected: &str) -> Error {
    let made = || {
        let mut scope = Scope::new()?;
        let got = got.into_python(&mut scope)?;
        Ok(scope.mismatch_of(kind, expected, &got.0))
    };
    made().unwrap_or_else(|_: Error| Error::result(format!("expected {expected}")))
}
