//! Calls the functions of `command.py` in the running interpreter.

use callpy::{Bytes, Function, IntoPython, Module, Object, Python};

use crate::columnar::Files;
use crate::failure::{COMMAND_MODULE, Result};
use crate::parameters::Library;
use crate::unread::Unread;
use crate::values::{List, Values};

/// A parameter's name, kind, whether it is required, and hint.
pub(crate) type Parameter = (String, i64, bool, String);

/// The names of a frame's columns, and its rows as text.
pub(crate) type FrameRows = (Vec<String>, Vec<Vec<String>>);

/// What the numbers of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One number.
    Level,
    /// A number for each of the file's rows.
    Rows,
    /// A line over `x`.
    Line,
    /// Rows with a number of columns.
    Table,
}

/// Numbers that can be drawn.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) x_label: String,
    pub(crate) x: Vec<f64>,
    pub(crate) values: Vec<f64>,
    pub(crate) columns: usize,
}

impl Series {
    /// Returns the number of its rows.
    pub(crate) fn rows(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }
}

/// The functions of command.py.
pub(crate) struct Helper {
    python: Python,
    module: Module,
}

/// The functions of columnar.py, for opened files.
pub(crate) struct Columnar {
    module: Module,
    reader: Object,
    rows: usize,
    columns: Vec<(String, String)>,
}

/// The names of an argument's columns, what their parameter takes, what their values are, and their dtype.
pub(crate) type Wanted = (Vec<String>, String, String, String);

impl Helper {
    /// Loads command.py; `divert` sends what Python prints to stderr.
    pub(crate) fn load(python: Python, divert: bool) -> Result<Helper> {
        let source = include_str!("command.py");
        let module = python.module_from_source(COMMAND_MODULE, "<callpy command>", source)?;
        let helper = Helper { python, module };
        helper.function("prepare")?.call::<()>(divert)?;
        Ok(helper)
    }

    fn function(&self, name: &str) -> Result<Function> {
        Ok(self.module.function(name)?)
    }

    /// Returns a function's parameters, if Python knows them.
    pub(crate) fn parameters(&self, function: &Function) -> Result<Option<Vec<Parameter>>> {
        Ok(self.function("parameters")?.call(function.object())?)
    }

    /// Lists a module's functions with their parameters.
    pub(crate) fn functions(&self, module: &Module) -> Result<Vec<String>> {
        Ok(self.function("functions")?.call(module.object())?)
    }

    /// Makes the value of a JSON text.
    pub(crate) fn value(&self, json: &str) -> Result<Object> {
        Ok(self.function("from_json")?.call(json)?)
    }

    /// Makes the array of a .npy file, without copying its bytes.
    pub(crate) fn array(&self, file: Unread) -> Result<Object> {
        Ok(self.function("from_npy")?.call(file)?)
    }

    /// Makes the arrays of a .npz file.
    pub(crate) fn arrays(&self, file: Unread, names: &[String]) -> Result<Vec<Object>> {
        Ok(self.function("from_npz")?.call((file, names.to_vec()))?)
    }

    /// Opens Parquet or Arrow files, by the library whose frame a parameter takes, if one does.
    pub(crate) fn columnar(&self, files: Files, library: Option<Library>) -> Result<Columnar> {
        let source = include_str!("columnar.py");
        let name = "callpy_command_columnar";
        let module = self.python.module_from_source(name, "<callpy columnar>", source)?;
        let Files { form, names, files } = files;
        let unread = |file| match file {
            Unread::File(path) => self.same(path),
            Unread::Bytes(bytes) => self.same(Bytes(bytes)),
        };
        let files: Vec<Object> = files.into_iter().map(unread).collect::<Result<_>>()?;
        let library = library.map(|library| library.to_string());
        let opened =
            module.function("opened")?.call((files, format!("{form:?}"), names, library))?;
        let (reader, rows, names, kinds): (Object, usize, Vec<String>, Vec<String>) = opened;
        Ok(Columnar { module, reader, rows, columns: names.into_iter().zip(kinds).collect() })
    }

    /// Makes one array with an axis more from several.
    pub(crate) fn stack(&self, columns: Vec<Object>) -> Result<Object> {
        Ok(self.function("stack")?.call((columns,))?)
    }

    /// Makes an array of a dtype that Rust has no vectors for here.
    pub(crate) fn cast(&self, values: &Values, dtype: &str) -> Result<Object> {
        let cast = self.function("cast")?;
        Ok(match values {
            Values::Float64(values) => cast.call((&values[..], dtype))?,
            Values::Int64(values) => cast.call((&values[..], dtype))?,
            Values::UInt64(values) => cast.call((&values[..], dtype))?,
            other => cast.call((List(other), dtype))?,
        })
    }

    /// Makes an array of times, or a list of Python's own.
    pub(crate) fn times(&self, values: &Values, dtype: &str, as_list: bool) -> Result<Object> {
        Ok(self.function("times")?.call((List(values), dtype, as_list))?)
    }

    /// Makes a frame of columns, each with the rows in which its value is missing.
    pub(crate) fn frame(
        &self,
        library: Library,
        names: Vec<String>,
        columns: &[(Values, Vec<i64>)],
    ) -> Result<Object> {
        let add = self.function("add_column")?;
        let frame: Object = self.function("new_columns")?.call(())?;
        for (name, (values, holes)) in names.iter().zip(columns) {
            let kind = values.dtype();
            let holes = Values::Int64(holes.clone());
            // Arrays are faster, but polars and pyarrow do without NumPy.
            match values {
                Values::Float64(numbers) if library == Library::Pandas => {
                    let _: () = add.call((&frame, &name[..], &numbers[..], List(&holes), kind))?;
                }
                Values::Int64(numbers) if library == Library::Pandas => {
                    let _: () = add.call((&frame, &name[..], &numbers[..], List(&holes), kind))?;
                }
                _ => {
                    let _: () = add.call((&frame, &name[..], List(values), List(&holes), kind))?;
                }
            }
        }
        Ok(self.function("to_frame")?.call((&frame, library.to_string()))?)
    }

    /// Returns the names of a frame's columns, and its rows as text; none for anything else.
    pub(crate) fn frame_rows(&self, result: &Object) -> Result<Option<FrameRows>> {
        Ok(self.function("frame_rows")?.call(result)?)
    }

    /// Returns a result as CSV.
    pub(crate) fn csv(&self, result: &Object) -> Result<String> {
        Ok(self.function("to_csv")?.call(result)?)
    }

    /// Writes a result into a file, in the format that the ending of a name asks for.
    pub(crate) fn save(&self, result: &Object, file: &std::path::Path, ending: &str) -> Result<()> {
        Ok(self.function("save")?.call((result, file, ending))?)
    }

    /// Returns the number of an array's rows; none for a single value.
    pub(crate) fn len(&self, array: &Object) -> Result<Option<usize>> {
        let shape: Vec<usize> = array.attr("shape")?.extract()?;
        Ok(shape.first().copied())
    }

    /// Returns a view of an array's column, counted from 1.
    pub(crate) fn column(&self, array: &Object, number: usize) -> Result<Object> {
        Ok(self.function("column")?.call((array, number))?)
    }

    /// Returns the cells of an array's rows as text.
    pub(crate) fn cells(&self, array: &Object, rows: &[usize]) -> Result<Vec<Vec<String>>> {
        Ok(self.function("cells")?.call((array, rows.to_vec()))?)
    }

    /// Reads a result as indices of `count` rows.
    pub(crate) fn rows(&self, result: &Object, count: usize) -> Result<Vec<usize>> {
        Ok(self.function("rows")?.call((result, count))?)
    }

    /// Returns some rows of an array, a list or a frame.
    pub(crate) fn part(&self, value: &Object, rows: &std::ops::Range<usize>) -> Result<Object> {
        Ok(self.function("part")?.call((value, rows.start, rows.end))?)
    }

    /// Joins the results of several calls.
    pub(crate) fn joined(&self, results: Vec<Object>) -> Result<Object> {
        Ok(self.function("joined")?.call((results,))?)
    }

    /// Reads a result as flagged rows, if it looks like that.
    pub(crate) fn flags(&self, result: &Object, count: usize) -> Result<Option<Vec<usize>>> {
        Ok(self.function("flags")?.call((result, count))?)
    }

    /// Returns the numbers in a value, to be drawn with a file of `rows` rows.
    pub(crate) fn series(&self, value: &Object, name: &str, rows: usize) -> Result<Vec<Series>> {
        type Found = (String, String, String, Vec<f64>, Vec<f64>, usize);
        let found: Vec<Found> = self.function("series")?.call((value, name, rows))?;
        let series = |(label, kind, x_label, x, values, columns): Found| {
            let kind = match &kind[..] {
                "level" => Kind::Level,
                "rows" => Kind::Rows,
                "line" => Kind::Line,
                _ => Kind::Table,
            };
            Series { label, kind, x_label, x, values, columns }
        };
        Ok(found.into_iter().map(series).collect())
    }

    /// Makes a PNG from pixels of red, green and blue.
    pub(crate) fn png(&self, width: usize, pixels: Vec<u8>) -> Result<Vec<u8>> {
        let png: Bytes<Vec<u8>> = self.function("to_png")?.call((width, Bytes(pixels)))?;
        Ok(png.0)
    }

    /// Converts an argument to its Python object.
    pub(crate) fn same(&self, argument: impl IntoPython<'static>) -> Result<Object> {
        Ok(self.function("same")?.call(argument)?)
    }

    /// Copies an array or a list; other values stay as they are.
    pub(crate) fn copy(&self, value: &Object) -> callpy::Result<Object> {
        self.module.function("copy")?.call(value)
    }

    /// Returns the reference count of each array and list.
    pub(crate) fn holders(&self, values: &[Object]) -> Result<Vec<i64>> {
        Ok(self.function("holders")?.call(values.to_vec())?)
    }

    /// Returns whether values differ from their copies.
    pub(crate) fn differ(&self, values: &[Object], before: &[Object]) -> Result<bool> {
        Ok(self.function("differ")?.call((values.to_vec(), before.to_vec()))?)
    }

    /// Discards what Python prints, or stops doing so.
    pub(crate) fn quiet(&self, quiet: bool) -> Result<()> {
        Ok(self.function("quiet")?.call(quiet)?)
    }

    /// Makes a function that times calls in Python itself; with `fresh`, each call gets new copies.
    pub(crate) fn timer(
        &self,
        function: &Object,
        arguments: Vec<Object>,
        names: Vec<Option<String>>,
        fresh: bool,
    ) -> Result<Object> {
        Ok(self.function("timer")?.call((function, arguments, names, fresh))?)
    }

    /// Returns the nanoseconds that `number` calls took.
    pub(crate) fn timed(&self, timer: &Object, number: u64) -> Result<f64> {
        Ok(self.function("timed")?.call((timer, number))?)
    }

    /// Returns the text that Python's print would write for a result; none for None.
    pub(crate) fn text(&self, result: &Object) -> Result<Option<String>> {
        Ok(self.function("text")?.call(result)?)
    }

    /// Returns a result as JSON.
    pub(crate) fn json(&self, result: &Object) -> Result<String> {
        Ok(self.function("to_json")?.call(result)?)
    }

    /// Flushes what Python has printed, so that the command's own output follows it.
    pub(crate) fn flush(&self) -> Result<()> {
        Ok(self.function("flush")?.call(())?)
    }

    /// Returns whether the reader of the output has closed the pipe.
    pub(crate) fn stdout_is_broken(&self) -> bool {
        let broken = || self.function("stdout_is_broken").ok()?.call::<bool>(()).ok();
        broken().unwrap_or(false)
    }
}

impl Columnar {
    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Returns the name and the kind of each column.
    pub(crate) fn columns(&self) -> &[(String, String)] {
        &self.columns
    }

    /// Makes arguments of columns, and returns the rows that were left out for that.
    pub(crate) fn arguments(
        &self,
        wanted: Vec<Wanted>,
        missing: &str,
    ) -> Result<(Vec<Object>, Vec<usize>)> {
        Ok(self.module.function("arguments")?.call((&self.reader, wanted, missing))?)
    }

    /// Returns the cells of rows as text.
    pub(crate) fn cells(&self, rows: Vec<usize>) -> Result<Vec<Vec<String>>> {
        let rows = Values::Int64(rows.into_iter().map(|row| row as i64).collect());
        Ok(self.module.function("cells")?.call((&self.reader, List(&rows)))?)
    }

    /// Returns a column of times as seconds since 1970; nothing if some are missing.
    pub(crate) fn times(&self, name: &str, skipped: &[usize]) -> Result<Vec<f64>> {
        let skipped = Values::Int64(skipped.iter().map(|row| *row as i64).collect());
        Ok(self.module.function("times")?.call((&self.reader, name, List(&skipped)))?)
    }
}
