//! Data frames both ways: columns of pandas, polars, pyarrow, duckdb, and of anything with Arrow's
//! PyCapsule interface.
//!
//! ```
//! # callpy::Python::builder().require(["numpy"]).start()?;
//! # let python = callpy::Python::start()?;
//! # if python.module("polars").is_ok() {
//! use callpy::{Columns, Frame};
//!
//! let columns = Columns::new().with("price", &[1.5, 2.5, 4.0]).with("name", vec!["a", "b", "a"]).polars();
//! let frame: Frame = python.function("polars:DataFrame.unique")?.call((columns, callpy::named("subset", "name")))?;
//! let prices: Vec<f64> = frame.column("price")?.to_vec()?;
//! # }
//! # Ok::<(), callpy::Error>(())
//! ```
//!
//! # Out
//!
//! A [`Frame`] is what `__arrow_c_stream__` or `__arrow_c_array__` hands over: a frame, a table, a record
//! batch, a `Series`, a relation. Nothing is copied then. [`Frame::column`] and [`Batch::column`] lead to
//! values:
//!
//! | | nulls |
//! |---|---|
//! | [`Column::to_vec`] | are an error, which names the column and counts them |
//! | [`Column::to_options`], [`Column::iter`] | are `None` |
//! | [`Column::to_vec_or`] | are a value of your choice, `f64::NAN` say |
//! | [`Column::to_masked`] | are `true` in a mask |
//!
//! `iter` reads the values in place. What is copied is copied at once, into a vector of Rust's own: the
//! memory is the producer's, and a frame may share it with a NumPy array that Python code still writes.
//! So there are no slices of it.
//!
//! | in Rust | in the frame |
//! |---|---|
//! | `i8` … `u64`, `f32`, `f64`, `bool` | that type; nothing is converted silently |
//! | `String`, [`Column::to_texts`] | text, and categories of text |
//! | [`Bytes`] | binary |
//! | [`Datetime64<U>`](crate::Datetime64), [`Timedelta64<U>`](crate::Timedelta64) | timestamps (UTC if the column has a time zone), dates (`U` is `Day`), durations, in that unit |
//! | any of these | nulls without a type |
//!
//! Other columns (lists, structs, decimals) are in the frame as well, but can't be read. An extension type is
//! read as what it is stored as: a pandas `Period` is an `i64`.
//!
//! A `Vec` of any of these takes a `Series` or an Arrow array directly where values
//! [may be missing](crate::convert).
//!
//! # In
//!
//! [`Columns`] are passed as a frame of the package that the function expects. Their order is that in
//! which they were added.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::array::{Datetime64, Texts, TimeUnit, Timedelta64, Unit, detach_from_loans};
use crate::convert::classes::{
    ArrowTable, FromInstance, IntoInstance, PandasDataFrame, PolarsDataFrame,
};
use crate::convert::{Bytes, FromPython, IntoPython};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw::arrow::{Batches, Column as RawColumn, Field, Wrong};
use crate::scope::Scope;
use crate::support;

/// A frame of columns that Python returned, in batches of rows.
///
/// See the [module](crate::frame).
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// # if python.module("pyarrow").is_ok() {
/// use callpy::{Columns, Frame};
///
/// let table: Frame = python.function("pyarrow:table")?.call(
///     callpy::Dict::new().with("id", vec![1_i64, 2, 3]).with("city", vec![Some("Bonn"), None, Some("Rome")]),
/// )?;
/// assert_eq!((table.rows(), table.names().collect::<Vec<_>>()), (3, vec!["id", "city"]));
/// let cities: Vec<Option<String>> = table.column("city")?.to_options()?;
/// assert_eq!(cities[1], None);
/// for batch in table.batches() {
///     let ids = batch.column("id")?;
///     let total: i64 = ids.iter::<i64>()?.flatten().sum();
///     assert_eq!((total, ids.len(), batch.rows()), (6, 3, 3));
/// }
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone)]
pub struct Frame(Arc<Batches>);

impl Frame {
    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.0.batches.iter().map(|(rows, _)| rows).sum()
    }

    /// Returns the columns' names, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.fields.iter().map(|field| &field.name[..])
    }

    /// Returns the column of this name.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if there is none, in which case the message has the names that there are, or if
    /// there are several.
    pub fn column(&self, name: &str) -> Result<Column<'_>> {
        let index = self.index(name)?;
        Ok(self.at(index, &self.0.batches))
    }

    /// Returns all columns, in their order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        (0..self.0.fields.len()).map(|index| self.at(index, &self.0.batches))
    }

    /// Returns the batches, as the producer has them: each is a part of the rows.
    pub fn batches(&self) -> impl ExactSizeIterator<Item = Batch<'_>> {
        (0..self.0.batches.len()).map(|index| Batch { frame: self, index })
    }

    fn at<'f>(&'f self, index: usize, batches: &'f [(usize, Vec<RawColumn>)]) -> Column<'f> {
        let chunks = batches.iter().map(|(_, columns)| &columns[index]).collect();
        Column { field: &self.0.fields[index], chunks }
    }

    fn index(&self, name: &str) -> Result<usize> {
        let mut called_so = self.names().enumerate().filter(|(_, other)| *other == name);
        match (called_so.next(), called_so.count()) {
            (Some((index, _)), 0) => Ok(index),
            (Some(_), more) => Err(Error::result(format!(
                "{} columns are called {name:?} (use columns())",
                more + 1
            ))),
            (None, _) => {
                let names: Vec<String> = self.names().map(|name| format!("{name:?}")).collect();
                let names = names.join(", ");
                Err(Error::result(format!("there is no column {name:?}; there are {names}")))
            }
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} rows of {:?})", self.rows(), self.names().collect::<Vec<_>>())
    }
}

impl FromPython for Frame {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        // What it hands over may be memory that was lent.
        let object = detach_from_loans(object.0, scope)?;
        let py = scope.py();
        let parts = scope.taken(py.with_frame(|| support::arrow(py, &object)))?;
        let read = || match parts.as_deref() {
            Some([stream]) => py.arrow_stream(stream).map(Some),
            Some([schema, array]) => py.arrow_array(schema, array).map(Some),
            _ => Ok(None),
        };
        match read() {
            Ok(Some(batches)) => Ok(Frame(Arc::new(batches))),
            Ok(None) => Err(scope.mismatch("a frame (an object with __arrow_c_stream__)", &object)),
            Err(Wrong::Raised(raised)) => scope.taken(Err(raised)),
            Err(Wrong::Because(message)) => {
                let what = support::what(py, &object);
                Err(Error::result(format!("{what} can't be read as a frame: {message}")))
            }
        }
    }
}

/// Some of the rows of a [`Frame`].
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// # if python.module("pyarrow").is_ok() {
/// use callpy::frame::Batch;
///
/// let array: callpy::Frame = python.function("pyarrow:array")?.call(vec![0.5, 1.5])?;
/// let batches: Vec<Batch<'_>> = array.batches().collect();
/// assert_eq!((batches.len(), batches[0].rows()), (1, 2));
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Batch<'f> {
    frame: &'f Frame,
    index: usize,
}

impl<'f> Batch<'f> {
    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.frame.0.batches[self.index].0
    }

    /// Returns the part of the column of this name.
    ///
    /// # Errors
    ///
    /// As [`Frame::column`].
    pub fn column(&self, name: &str) -> Result<Column<'f>> {
        let index = self.frame.index(name)?;
        let batch = std::slice::from_ref(&self.frame.0.batches[self.index]);
        Ok(self.frame.at(index, batch))
    }
}

/// A column of a [`Frame`], or of one of its batches.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// # if python.module("pyarrow").is_ok() {
/// let array: callpy::Frame = python.function("pyarrow:array")?.call(vec![Some(0.5), None])?;
/// let column = array.columns().next().expect("an array is one column");
/// assert_eq!((column.name(), column.kind(), column.len(), column.nulls()), ("", "float64".into(), 2, 1));
/// assert!(column.to_vec::<f64>().unwrap_err().to_string().contains("1 null of 2"));
/// assert_eq!(column.to_vec_or(-1.0)?, [0.5, -1.0]);
/// assert_eq!(column.to_masked::<f64>()?, (vec![0.5, 0.0], vec![false, true]));
/// assert_eq!(column.to_options::<f64>()?, [Some(0.5), None]);
/// assert!(!column.is_empty());
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone)]
pub struct Column<'f> {
    field: &'f Field,
    chunks: Vec<&'f RawColumn>,
}

impl<'f> Column<'f> {
    /// Returns its name; that of an array or a `Series` may be empty.
    pub fn name(&self) -> &'f str {
        &self.field.name
    }

    /// Returns the number of values, nulls included.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many values are null.
    pub fn nulls(&self) -> usize {
        self.chunks.iter().map(|chunk| self.nulls_in(chunk)).sum()
    }

    fn nulls_in(&self, chunk: &RawColumn) -> usize {
        match chunk.dictionary() {
            // An index may lead to a null.
            Some(values) if values.nulls() > 0 => {
                let is_null = |index: &usize| matches!(self.place(chunk, *index), Ok(None));
                (0..chunk.len()).filter(is_null).count()
            }
            _ => chunk.nulls(),
        }
    }

    /// Returns the name of its type, such as `float64`, `str` or `datetime64[ns]`.
    pub fn kind(&self) -> String {
        kind(self.format())
    }

    /// Returns the type of the values, also where the column has indices of them.
    fn format(&self) -> &'f str {
        self.field.dictionary.as_ref().unwrap_or(&self.field.format)
    }

    /// Returns where a value is, unless it is null: in the chunk, or in its dictionary.
    fn place<'c>(
        &self,
        chunk: &'c RawColumn,
        index: usize,
    ) -> Result<Option<(&'c RawColumn, usize)>> {
        if chunk.is_null(index) {
            return Ok(None);
        }
        let Some(values) = chunk.dictionary() else { return Ok(Some((chunk, index))) };
        let place = match &self.field.format[..] {
            "c" => chunk.number::<i8>(index).map(i64::from),
            "C" => chunk.number::<u8>(index).map(i64::from),
            "s" => chunk.number::<i16>(index).map(i64::from),
            "S" => chunk.number::<u16>(index).map(i64::from),
            "i" => chunk.number::<i32>(index).map(i64::from),
            "I" => chunk.number::<u32>(index).map(i64::from),
            _ => chunk.number::<i64>(index),
        };
        let place = place.and_then(|place| usize::try_from(place).ok());
        match place.filter(|place| *place < values.len()) {
            Some(place) => Ok((!values.is_null(place)).then_some((values, place))),
            None => Err(self.error(format!("value {index} is not in the dictionary"))),
        }
    }

    fn check<T: Cell>(&self) -> Result<()> {
        // A column that has no type holds nulls only, which are nulls of any type.
        match self.format() == "n" || T::reads(self.format()) {
            true => Ok(()),
            false => Err(self.error(format!("expected {}, got {}", T::name(), self.kind()))),
        }
    }

    #[cold]
    fn error(&self, message: String) -> Error {
        Error::result(message).at(format_args!("column {:?}", self.name()))
    }

    /// Copies the values into a vector.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the column is of another type, or has nulls.
    pub fn to_vec<T: Cell>(&self) -> Result<Vec<T>> {
        self.check::<T>()?;
        let nulls = self.nulls();
        if nulls > 0 {
            let (plural, len) = (if nulls == 1 { "" } else { "s" }, self.len());
            return Err(self.error(format!(
                "it has {nulls} null{plural} of {len} values (use to_options, to_vec_or or to_masked)"
            )));
        }
        let mut values = Vec::with_capacity(self.len());
        for chunk in &self.chunks {
            if chunk.dictionary().is_some() || !T::append(Source(chunk), &mut values) {
                for index in 0..chunk.len() {
                    let value = self.read(chunk, index)?;
                    // A producer's memory may change meanwhile.
                    values.push(value.ok_or_else(|| self.error(format!("value {index} is null")))?);
                }
            }
        }
        Ok(values)
    }

    /// Copies the values into a vector; nulls are `None`.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the column is of another type.
    pub fn to_options<T: Cell>(&self) -> Result<Vec<Option<T>>> {
        self.check::<T>()?;
        let chunks = self.chunks.iter();
        chunks.flat_map(|chunk| (0..chunk.len()).map(|index| self.read(chunk, index))).collect()
    }

    /// Copies the values into a vector, with another value for each null.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the column is of another type.
    pub fn to_vec_or<T: Cell + Clone>(&self, null: T) -> Result<Vec<T>> {
        let values = self.to_options()?;
        Ok(values.into_iter().map(|value| value.unwrap_or_else(|| null.clone())).collect())
    }

    /// Copies the values into a vector, with a default for each null, and says which are null.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the column is of another type.
    pub fn to_masked<T: Cell + Default>(&self) -> Result<(Vec<T>, Vec<bool>)> {
        let values = self.to_options::<T>()?;
        let mask = values.iter().map(Option::is_none).collect();
        Ok((values.into_iter().map(Option::unwrap_or_default).collect(), mask))
    }

    /// Copies the texts of a column without nulls into one piece of memory.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the column is of another type, or has nulls.
    ///
    /// # Examples
    ///
    /// ```
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// # if python.module("pyarrow").is_ok() {
    /// let words: callpy::Frame = python.function("pyarrow:array")?.call(vec!["oak", "elm"])?;
    /// let words = words.column("")?.to_texts()?;
    /// assert_eq!(words.iter().collect::<Vec<_>>(), ["oak", "elm"]);
    /// # }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn to_texts(&self) -> Result<Texts> {
        self.to_vec::<String>().map(|texts| texts.into_iter().collect())
    }

    /// Reads the values in place, one by one; nulls are `None`.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if the column is of another type. A value that is none, such as text that is
    /// not UTF-8, is `None` as well; [`to_options`](Column::to_options) says so.
    pub fn iter<T: Cell>(&self) -> Result<impl Iterator<Item = Option<T>> + use<'f, T>> {
        self.check::<T>()?;
        let column = self.clone();
        let places = (0..self.chunks.len()).flat_map({
            let lengths: Vec<usize> = self.chunks.iter().map(|chunk| chunk.len()).collect();
            move |chunk| (0..lengths[chunk]).map(move |index| (chunk, index))
        });
        Ok(places.map(move |(chunk, index)| {
            let (chunk, index) = column.place(column.chunks[chunk], index).ok()??;
            T::read(Source(chunk), index)
        }))
    }

    fn read<T: Cell>(&self, chunk: &RawColumn, index: usize) -> Result<Option<T>> {
        let Some((chunk, place)) = self.place(chunk, index)? else { return Ok(None) };
        match T::read(Source(chunk), place) {
            Some(value) => Ok(Some(value)),
            None => Err(self.error(format!("value {index} is no {}", T::name()))),
        }
    }
}

impl fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({:?}, {} of {})", self.name(), self.len(), self.kind())
    }
}

/// Says a type in words.
fn kind(format: &str) -> String {
    let unit = |letter: &str| match letter {
        "s" => "s",
        "m" => "ms",
        "u" => "us",
        _ => "ns",
    };
    let name = match format {
        "n" => "null",
        "b" => "bool",
        "c" => "int8",
        "C" => "uint8",
        "s" => "int16",
        "S" => "uint16",
        "i" => "int32",
        "I" => "uint32",
        "l" => "int64",
        "L" => "uint64",
        "e" => "float16",
        "f" => "float32",
        "g" => "float64",
        "u" | "U" | "vu" => "str",
        "z" | "Z" | "vz" => "bytes",
        "tdD" => "datetime64[D]",
        "tdm" => "datetime64[ms]",
        "+l" | "+L" | "+vl" | "+vL" => "list",
        "+s" => "struct",
        "+m" => "map",
        "+r" => "run_end_encoded",
        "+dictionary" => "dictionary",
        "tiM" | "tiD" | "tin" => "interval",
        // Polars' own.
        "_pli128" => "int128",
        "_plu128" => "uint128",
        _ => match (format.get(..2), format.get(2..3)) {
            (Some("ts"), Some(letter)) => {
                let zone = format.get(4..).filter(|zone| !zone.is_empty());
                let zone = zone.map_or_else(String::new, |zone| format!(", {zone}"));
                return format!("datetime64[{}{zone}]", unit(letter));
            }
            (Some("tD"), Some(letter)) => return format!("timedelta64[{}]", unit(letter)),
            (Some("tt"), Some(letter)) => return format!("time[{}]", unit(letter)),
            (Some("d:"), _) => return format!("decimal({})", &format[2..]),
            (Some("+w"), _) => {
                return format!("fixed_size_list[{}]", format.get(3..).unwrap_or_default());
            }
            (Some("+u"), _) => "union",
            (Some("w:"), _) => return format!("fixed_size_binary[{}]", &format[2..]),
            _ => return format!("Arrow's {format:?}"),
        },
    };
    name.to_owned()
}

/// Where a [`Cell`] is read from.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Source<'c>(&'c RawColumn);

impl Source<'_> {
    fn bytes(self, index: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.copy_bytes(index, &mut bytes).then_some(bytes)
    }
}

/// A Rust type that the values of a [`Column`] can be read as.
///
/// ```
/// use callpy::frame::{Cell, Column};
///
/// fn last<T: Cell>(column: &Column<'_>) -> callpy::Result<Option<T>> {
///     Ok(column.to_options::<T>()?.pop().flatten())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column's values can't be read as `{Self}`",
    label = "not the type of a column",
    note = "columns are of i8 to u64, f32, f64, bool, String, Bytes<Vec<u8>>, Datetime64 or Timedelta64"
)]
pub trait Cell: Sized {
    #[doc(hidden)]
    fn name() -> String;

    /// Whether values of this type, in Arrow's letters, can be read.
    #[doc(hidden)]
    fn reads(format: &str) -> bool;

    /// Reads a value that is not null.
    #[doc(hidden)]
    fn read(from: Source<'_>, index: usize) -> Option<Self>;

    /// Reads all values; false if that is done one by one.
    #[doc(hidden)]
    fn append(_: Source<'_>, _: &mut Vec<Self>) -> bool {
        false
    }
}

macro_rules! numbers {
    ($($number:ty: $format:literal,)*) => {$(
        impl Cell for $number {
            fn name() -> String {
                kind($format)
            }

            fn reads(format: &str) -> bool {
                format == $format
            }

            fn read(from: Source<'_>, index: usize) -> Option<Self> {
                from.0.number(index)
            }

            fn append(from: Source<'_>, to: &mut Vec<Self>) -> bool {
                from.0.copy_numbers(to)
            }
        }
    )*};
}

numbers! {
    i8: "c", u8: "C", i16: "s", u16: "S", i32: "i", u32: "I", i64: "l", u64: "L", f32: "f", f64: "g",
}

impl Cell for bool {
    fn name() -> String {
        "bool".to_owned()
    }

    fn reads(format: &str) -> bool {
        format == "b"
    }

    fn read(from: Source<'_>, index: usize) -> Option<Self> {
        from.0.bool(index)
    }
}

impl Cell for String {
    fn name() -> String {
        "str".to_owned()
    }

    fn reads(format: &str) -> bool {
        matches!(format, "u" | "U" | "vu")
    }

    fn read(from: Source<'_>, index: usize) -> Option<Self> {
        String::from_utf8(from.bytes(index)?).ok()
    }
}

impl Cell for Bytes<Vec<u8>> {
    fn name() -> String {
        "bytes".to_owned()
    }

    fn reads(format: &str) -> bool {
        matches!(format, "z" | "Z" | "vz")
    }

    fn read(from: Source<'_>, index: usize) -> Option<Self> {
        from.bytes(index).map(Bytes)
    }
}

/// Whether a letter stands for a unit.
fn is_unit(letter: Option<&str>, unit: Unit) -> bool {
    let code = match letter {
        Some("s") => "s",
        Some("m") => "ms",
        Some("u") => "us",
        Some("n") => "ns",
        _ => return false,
    };
    code == unit.code()
}

impl<U: TimeUnit> Cell for Datetime64<U> {
    fn name() -> String {
        format!("datetime64[{}]", U::UNIT.code())
    }

    fn reads(format: &str) -> bool {
        match format {
            "tdD" => U::UNIT == Unit::Day,
            "tdm" => U::UNIT == Unit::Millisecond,
            _ => format.starts_with("ts") && is_unit(format.get(2..3), U::UNIT),
        }
    }

    fn read(from: Source<'_>, index: usize) -> Option<Self> {
        let day = || from.0.number::<i32>(index).map(i64::from);
        from.0.number::<i64>(index).or_else(day).map(Datetime64::new)
    }
}

impl<U: TimeUnit> Cell for Timedelta64<U> {
    fn name() -> String {
        format!("timedelta64[{}]", U::UNIT.code())
    }

    fn reads(format: &str) -> bool {
        format.starts_with("tD") && is_unit(format.get(2..3), U::UNIT)
    }

    fn read(from: Source<'_>, index: usize) -> Option<Self> {
        from.0.number::<i64>(index).map(Timedelta64::new)
    }
}

/// Which package's frame columns become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Package {
    Pandas,
    Polars,
    Pyarrow,
}

/// Columns that are passed as a data frame.
///
/// A column is whatever the package makes one of: a slice or a vector of numbers, of times, of text, of
/// `Option`s (whose `None` is missing in the frame), a result array. Slices are lent, as any argument. Numbers
/// keep their type, and a column of texts or of `Option`s of numbers has its type also if it is empty or all
/// of it is missing.
///
/// ```
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// # if python.module("pandas").is_ok() {
/// use callpy::{Columns, Object};
///
/// let (ids, names) = ([1_i64, 2], ["one", "two"]);
/// let frame = Columns::new().with("id", &ids).with("name", names.to_vec()).pandas();
/// let shape: (usize, usize) = python.function("operator:attrgetter")?.call::<Object>("shape")?.call(frame)?;
/// assert_eq!(shape, (2, 2));
/// # }
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Default)]
pub struct Columns<'a> {
    columns: Vec<(String, Make<'a>)>,
    package: Option<Package>,
}

type Make<'a> = Box<dyn FnOnce(&mut Scope<'a>) -> Result<Object> + 'a>;

impl fmt::Debug for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| &name[..]).collect();
        write!(f, "Columns({names:?})")
    }
}

impl<'a> Columns<'a> {
    /// Creates a frame without columns.
    pub fn new() -> Self {
        Columns::default()
    }

    /// Adds a column, whose name no other may have.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, values: impl IntoPython<'a> + 'a) -> Self {
        self.columns.push((name.into(), Box::new(|scope| values.into_column(scope))));
        self
    }

    /// Passes the columns as a `pandas.DataFrame`.
    #[must_use]
    pub fn pandas(self) -> Self {
        Columns { package: Some(Package::Pandas), ..self }
    }

    /// Passes the columns as a `polars.DataFrame`.
    #[must_use]
    pub fn polars(self) -> Self {
        Columns { package: Some(Package::Polars), ..self }
    }

    /// Passes the columns as a `pyarrow.Table`, which has an Arrow stream for everyone who takes one.
    ///
    /// ```
    /// # callpy::Python::builder().require(["numpy"]).start()?;
    /// # let python = callpy::Python::start()?;
    /// # if python.module("pyarrow").is_ok() {
    /// let table = callpy::Columns::new().with("x", &[1.5, 2.5]).pyarrow();
    /// assert_eq!(python.function("builtins:len")?.call::<usize>(table)?, 2);
    /// # }
    /// # Ok::<(), callpy::Error>(())
    /// ```
    #[must_use]
    pub fn pyarrow(self) -> Self {
        Columns { package: Some(Package::Pyarrow), ..self }
    }
}

impl<'a> IntoPython<'a> for Columns<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let package = match self.package {
            Some(Package::Pandas) => "pandas",
            Some(Package::Polars) => "polars",
            Some(Package::Pyarrow) => "pyarrow",
            None => {
                let message = "columns are passed as a frame of a package: call pandas(), polars() or \
                               pyarrow() on them";
                return Err(Error::new(ErrorKind::Argument, message));
            }
        };
        let (mut columns, mut names) = (Vec::new(), HashSet::new());
        for (name, make) in self.columns {
            let column = make(scope).map_err(|error| error.at(format_args!("column {name:?}")))?;
            columns.push((scope.ok(scope.py().str(&name))?, column.0));
            if let Some(name) = names.replace(name) {
                return Err(Error::argument(format!("two columns are called {name:?}")));
            }
        }
        let py = scope.py();
        let columns = scope.ok(py.dict(columns)).map(Object)?;
        let frame = py.with_frame(|| support::frame(py, package, &columns.0));
        scope.ok(frame).map(Object)
    }
}

/// Passes columns as the frame that a hint names, whatever package they were meant for.
macro_rules! of_hint {
    ($($class:ident $make:ident;)*) => {$(
        impl<'a> IntoInstance<'a, $class> for Columns<'a> {
            fn into_instance(self, scope: &mut Scope<'a>) -> Result<Object> {
                self.$make().into_python(scope)
            }
        }

        impl FromInstance<$class> for Frame {}
    )*};
}

of_hint! {
    PandasDataFrame pandas;
    PolarsDataFrame polars;
    ArrowTable pyarrow;
}
