//! The source of the numbers: a table or arrays, in files or from a pipe.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use callpy::{IntoPython, Object, Scope};

use crate::columnar::{Files, Frame};
use crate::columns::{Columns, by_name, choose};
use crate::decode::{decode, note, what};
use crate::failure::{Failure, Result, bad_input, usage};
use crate::format::{Format, Missing};
use crate::helper::Helper;
use crate::npz;
use crate::output::Rows;
use crate::parameters::{Choice, Library, Parameters, Takes};
use crate::table::{Column, Table};
use crate::unread::{self, Form, MAGIC, Unread};
use crate::values::{List, Number, Values};

/// An open file, or several as one table.
pub(crate) struct Source {
    /// Its name in messages.
    name: String,
    contents: Contents,
    missing: Option<Missing>,
}

enum Contents {
    Table(Table),
    Npy(Unread),
    /// A .npy file's array, once Python runs.
    Array(Object),
    /// A .npz file, whose arrays are its columns.
    Npz(Vec<String>, Unread),
    /// A .npz file's arrays, once Python runs.
    Arrays(Vec<String>, Vec<Object>),
    /// Parquet or Arrow files, whose columns only Python knows.
    Files(Files),
    /// The columns of Parquet or Arrow files, once Python runs.
    Frame(Frame),
}

/// An argument of the call.
#[derive(Clone)]
pub(crate) enum Numbers {
    /// Floats or 64-bit integers, as they are.
    Array(Values),
    List(Values),
    Object(Object),
}

impl Source {
    /// Opens files, or standard input for `-`; several are one table.
    pub(crate) fn open(files: &[PathBuf], format: &Format) -> Result<Source> {
        let mut paths = Vec::new();
        for file in files {
            paths.extend(matching(file)?);
        }
        if let [one] = &paths[..] {
            return Source::open_one(one, format);
        }
        let mut seen = HashSet::new();
        for path in &paths {
            if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                note(format_args!("{} is read more than once", path.display()));
            }
        }
        let read: Vec<(String, Input)> =
            paths.iter().map(|path| read(path)).collect::<Result<_>>()?;
        let name = format!("{} files", read.len());
        let forms: Vec<Option<Form>> = read.iter().map(|(_, input)| input.form()).collect();
        if let Some(form @ (Form::Parquet | Form::Arrow | Form::ArrowStream)) = forms[0]
            && forms.iter().all(|other| *other == Some(form))
        {
            let (names, inputs): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            let files = inputs.into_iter().filter_map(Input::unread).collect();
            return Ok(Source::new(name, Contents::Files(Files { form, names, files }), format));
        }
        if let Some((at, form)) = forms.iter().enumerate().find_map(|(at, it)| Some((at, (*it)?))) {
            return bad_input(format!(
                "{} is a file of {}, and several files must be tables of one kind; name one file",
                read[at].0,
                form.name()
            ));
        }
        let decoded = |(name, input)| match input {
            Input::Bytes(bytes) => Some(decode(name, bytes)),
            Input::Unread(..) => None,
        };
        let tables: Result<Vec<_>> = read.into_iter().filter_map(decoded).collect();
        Ok(Source::new(name, Contents::Table(Table::new(tables?, format)?), format))
    }

    fn new(name: String, contents: Contents, format: &Format) -> Source {
        Source { name, contents, missing: format.missing }
    }

    fn open_one(path: &Path, format: &Format) -> Result<Source> {
        let (name, input) = read(path)?;
        let contents = match input {
            Input::Unread(Form::Npy, file) => Contents::Npy(file),
            Input::Unread(form, file) => {
                Contents::Files(Files { form, names: vec![name.clone()], files: vec![file] })
            }
            Input::Bytes(bytes) => match npz::names(&name, &bytes)? {
                Some(names) => Contents::Npz(names, Unread::Bytes(bytes)),
                None => Contents::Table(Table::new(vec![decode(name.clone(), bytes)?], format)?),
            },
        };
        Ok(Source::new(name, contents, format))
    }

    /// Returns whether standard input is a pipe or a file.
    pub(crate) fn is_piped() -> bool {
        !io::stdin().is_terminal() && is_data(&io::stdin())
    }

    /// Opens standard input if it is a pipe or a file.
    pub(crate) fn piped(format: &Format) -> Result<Option<Source>> {
        match Source::is_piped() {
            true => Source::open_one(Path::new("-"), format).map(Some),
            false => Ok(None),
        }
    }

    /// Returns whether its columns are known only once Python runs.
    pub(crate) fn is_columnar(&self) -> bool {
        matches!(self.contents, Contents::Files(_))
    }

    /// Has Python make arrays of a .npy or .npz file, or open Parquet or Arrow files; with a library's
    /// own reader if a parameter takes its frame.
    pub(crate) fn load(&mut self, helper: &Helper, library: Option<Library>) -> Result<()> {
        let nothing = Contents::Arrays(Vec::new(), Vec::new());
        let loaded = match std::mem::replace(&mut self.contents, nothing) {
            Contents::Npy(file) => helper.array(file).map(Contents::Array),
            Contents::Npz(names, file) => {
                let arrays = helper.arrays(file, &names);
                arrays.map(|arrays| Contents::Arrays(names, arrays))
            }
            Contents::Files(files) => helper
                .columnar(files, library)
                .map(|found| Contents::Frame(Frame::new(&self.name, found, self.missing))),
            ready => Ok(ready),
        };
        self.contents = loaded.map_err(|failure| self.wrong(failure))?;
        Ok(())
    }

    /// Adds the file's name to a failure.
    fn wrong(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Input(text) => Failure::Input(format!("{}: {text}", self.name)),
            other => other,
        }
    }

    /// Finds the columns that the command line names. Those for the same parameter are one argument.
    pub(crate) fn choose(&self, columns: &[String]) -> Result<Vec<Choice>> {
        let mut choices: Vec<Choice> = Vec::new();
        for text in columns {
            let split = || match text.split_once('=') {
                Some((parameter, name)) if !parameter.is_empty() => (Some(parameter), name),
                _ => (None, &text[..]),
            };
            let named = |columns: &dyn Columns| -> Result<_> {
                if let Some(column) = columns.named(text)? {
                    return Ok((None, column));
                }
                let (parameter, name) = split();
                Ok((parameter, columns.column(name)?))
            };
            let (parameter, column) = match &self.contents {
                Contents::Table(table) => named(table)?,
                Contents::Frame(frame) => named(frame)?,
                Contents::Files(_) => unreachable!("loaded before it is read"),
                Contents::Npy(_) | Contents::Array(_) => {
                    let (parameter, name) = split();
                    (parameter, unread::column(name, &self.name)?)
                }
                Contents::Npz(names, _) | Contents::Arrays(names, _) => {
                    let (parameter, name) = split();
                    match names.iter().position(|other| other == name) {
                        Some(at) => (parameter, at),
                        None => {
                            return bad_input(format!(
                                "there is no array {name:?} in {}; it has {}",
                                self.name,
                                names.join(", ")
                            ));
                        }
                    }
                }
            };
            let same = |choice: &&mut Choice| {
                parameter.is_some() && choice.parameter.as_deref() == parameter
            };
            match choices.iter_mut().find(same) {
                Some(choice) => choice.columns.push(column),
                None => choices.push(Choice::new(parameter, vec![column])),
            }
        }
        Ok(choices)
    }

    /// Chooses columns if the command line does not: those with the names of parameters, else the
    /// only one that fits. An array is passed whole, and so is a table that a parameter takes as a frame.
    pub(crate) fn choose_for(
        &self,
        parameters: &Parameters,
        values: &[(String, String)],
    ) -> Result<Vec<Choice>> {
        let arrays = parameters.arrays(values);
        let whole = || Ok(vec![Choice::new(None, Vec::new())]);
        match &self.contents {
            Contents::Table(table) => choose(table, &arrays),
            Contents::Frame(frame) => choose(frame, &arrays),
            Contents::Files(_) => unreachable!("loaded before it is read"),
            Contents::Npy(_) | Contents::Array(_) => whole(),
            Contents::Npz(names, _) | Contents::Arrays(names, _) => {
                let position = |name: &str| names.iter().position(|other| other == name);
                let same = by_name(&arrays, |name, _, _| Ok(position(name)))?;
                match names.len() {
                    _ if !same.is_empty() => Ok(same),
                    1 => Ok(vec![Choice::new(None, vec![0])]),
                    _ => usage(format!(
                        "{} has several arrays; choose with --column: {}",
                        self.name,
                        names.join(", ")
                    )),
                }
            }
        }
    }

    /// Reads the columns of each choice in the form that its parameter takes.
    pub(crate) fn columns(
        &self,
        wanted: &[(&Choice, Takes)],
        helper: &Helper,
    ) -> Result<Vec<Numbers>> {
        match &self.contents {
            Contents::Table(table) => table_columns(table, wanted, helper),
            Contents::Frame(frame) => {
                let read = frame.read(wanted).map_err(|failure| self.wrong(failure))?;
                Ok(read.into_iter().map(Numbers::Object).collect())
            }
            Contents::Array(array) => {
                let column = |number: &Column| {
                    helper.column(array, *number).map_err(|failure| self.wrong(failure))
                };
                self.array_columns(wanted, helper, |choice| match choice.columns.is_empty() {
                    true => Ok(vec![array.clone()]),
                    false => choice.columns.iter().map(column).collect(),
                })
            }
            Contents::Arrays(_, arrays) => self.array_columns(wanted, helper, |choice| {
                Ok(choice.columns.iter().map(|at| arrays[*at].clone()).collect())
            }),
            Contents::Npy(_) | Contents::Npz(..) | Contents::Files(_) => {
                unreachable!("loaded before it is read")
            }
        }
    }

    fn array_columns(
        &self,
        wanted: &[(&Choice, Takes)],
        helper: &Helper,
        columns: impl Fn(&Choice) -> Result<Vec<Object>>,
    ) -> Result<Vec<Numbers>> {
        let numbers = |(choice, takes): &(&Choice, Takes)| {
            let mut columns = columns(choice)?;
            let array = match columns.len() {
                1 => columns.remove(0),
                _ => helper.stack(columns)?,
            };
            Ok(Numbers::Object(match takes {
                Takes::List(_) => array.call_method("tolist", ())?,
                Takes::Frame(library) => {
                    return usage(format!(
                        "{} has no columns with names, which a frame of {library} needs",
                        self.name
                    ));
                }
                _ => array,
            }))
        };
        wanted.iter().map(numbers).collect()
    }

    /// Returns the name of a choice's columns for messages and labels.
    pub(crate) fn label(&self, choice: &Choice) -> String {
        let file = || {
            let name = Path::new(&self.name).file_stem();
            name.map_or_else(|| self.name.clone(), |stem| stem.to_string_lossy().into_owned())
        };
        let name = |column: &Column| match &self.contents {
            Contents::Table(table) => match table.names().swap_remove(*column) {
                name if table.has_header() => name,
                number => format!("column {number}"),
            },
            Contents::Npz(names, _) | Contents::Arrays(names, _) => names[*column].clone(),
            Contents::Frame(frame) => frame.names().nth(*column).unwrap_or_default().to_owned(),
            _ => format!("column {column}"),
        };
        match choice.columns.is_empty() {
            true => file(),
            false => choice.columns.iter().map(name).collect::<Vec<_>>().join(", "),
        }
    }

    /// Returns the file's name for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the times of the rows, if the file has a column of rising times that is not in `used`: its
    /// name, whether the times are seconds since 1970, and the times.
    pub(crate) fn times(&self, used: &[Column]) -> Result<Option<(String, bool, Vec<f64>)>> {
        match &self.contents {
            Contents::Table(table) => table.times(used),
            Contents::Frame(frame) => {
                Ok(frame.times(used)?.map(|(name, times)| (name, true, times)))
            }
            _ => Ok(None),
        }
    }

    /// Returns the number of rows; arrays in one file that are `used` must have the same.
    pub(crate) fn len(&self, used: &[Column], helper: &Helper) -> Result<usize> {
        match &self.contents {
            Contents::Table(table) => table.len(),
            Contents::Frame(frame) => Ok(frame.len()),
            Contents::Array(array) => match helper.len(array)? {
                Some(length) => Ok(length),
                None => bad_input(format!("{} is a single value, which has no rows", self.name)),
            },
            Contents::Arrays(names, arrays) => {
                // A single value belongs to all rows.
                let with_rows = |at: &Column| {
                    let length = helper.len(&arrays[*at]).transpose()?;
                    Some(length.map(|length| (&names[*at], length)))
                };
                let found: Vec<_> = used.iter().filter_map(with_rows).collect::<Result<_>>()?;
                let Some((first, length)) = found.first() else { return Ok(0) };
                match found.iter().find(|(_, other)| other != length) {
                    Some((name, other)) => bad_input(format!(
                        "{}: the arrays have different numbers of rows: {first} has {length}, but \
                         {name} has {other}",
                        self.name
                    )),
                    None => Ok(*length),
                }
            }
            Contents::Npy(_) | Contents::Npz(..) | Contents::Files(_) => {
                unreachable!("loaded before it is read")
            }
        }
    }

    /// Returns the number of rows in each of the files.
    pub(crate) fn lengths(&self, used: &[Column], helper: &Helper) -> Result<Vec<usize>> {
        match &self.contents {
            Contents::Table(table) => table.lengths(),
            _ => Ok(vec![self.len(used, helper)?]),
        }
    }

    /// Checks that there are rows to print.
    pub(crate) fn check_rows(&self) -> Result<()> {
        match &self.contents {
            Contents::Npz(..) | Contents::Arrays(..) => {
                usage(format!("{} has arrays instead of rows; call without --rows", self.name))
            }
            _ => Ok(()),
        }
    }

    /// Returns rows for printing.
    pub(crate) fn rows(&self, indices: Vec<usize>, helper: &Helper) -> Result<Rows<'_>> {
        let array = match &self.contents {
            Contents::Table(table) => {
                let rows = table.rows(&indices)?;
                return Ok(Rows {
                    names: table.names(),
                    header: table.header().map(Cow::from),
                    separator: table.separator(),
                    texts: rows.iter().map(|row| row.text.into()).collect(),
                    indices: rows.iter().map(|row| row.index).collect(),
                    cells: rows.into_iter().map(|row| row.cells).collect(),
                });
            }
            Contents::Frame(frame) => {
                let (indices, cells) = frame.rows(&indices)?;
                let names: Vec<String> = frame.names().map(str::to_owned).collect();
                return Ok(Rows {
                    header: Some(csv_row(&names).into()),
                    separator: b',',
                    texts: cells.iter().map(|row| csv_row(row).into()).collect(),
                    names,
                    indices,
                    cells,
                });
            }
            Contents::Array(array) => array,
            Contents::Arrays(..) => unreachable!("checked before the call"),
            Contents::Npy(_) | Contents::Npz(..) | Contents::Files(_) => {
                unreachable!("loaded before it is read")
            }
        };
        let cells = helper.cells(array, &indices)?;
        let width = cells.first().map_or(0, Vec::len);
        Ok(Rows {
            names: (1..=width).map(|number| number.to_string()).collect(),
            header: None,
            separator: b',',
            texts: cells.iter().map(|row| row.join(",").into_bytes().into()).collect(),
            cells,
            indices,
        })
    }
}

/// Reads the columns of a table in one pass, and the frames after them.
fn table_columns(
    table: &Table,
    wanted: &[(&Choice, Takes)],
    helper: &Helper,
) -> Result<Vec<Numbers>> {
    let mut columns: Vec<(Column, Number)> = Vec::new();
    // The places of those of which no hint says what they are.
    let mut free = Vec::new();
    for (choice, takes) in wanted {
        match takes {
            Takes::Frame(_) => {}
            Takes::Array(number) | Takes::List(number) => {
                columns.extend(choice.columns.iter().map(|column| (*column, *number)));
            }
            Takes::Anything | Takes::Other => {
                let float = Number::Float("float64");
                let start = columns.len();
                columns.extend(choice.columns.iter().map(|column| (*column, float)));
                free.push(start..columns.len());
            }
        }
    }
    let read = match table.read(&columns) {
        Err(Failure::Input(text)) if !free.is_empty() => {
            // An array of integers goes wherever one of floats does: times in nanoseconds, and IDs.
            let mut is_changed = false;
            for places in free {
                let numbers: Vec<Column> = columns[places.clone()].iter().map(|it| it.0).collect();
                for (at, kind) in places.zip(table.long_integers(&numbers)?.into_iter().flatten()) {
                    columns[at].1 = kind;
                    is_changed = true;
                }
            }
            if is_changed { table.read(&columns)? } else { return Err(Failure::Input(text)) }
        }
        read => read?,
    };
    let mut read = read.into_iter().zip(columns);
    let mut numbers = Vec::new();
    for (choice, takes) in wanted {
        let mut parts: Vec<(Values, Number)> = match takes {
            Takes::Frame(library) => {
                numbers.push(Numbers::Object(frame(table, &choice.columns, *library, helper)?));
                continue;
            }
            _ => read
                .by_ref()
                .take(choice.columns.len())
                .map(|(it, (_, number))| (it, number))
                .collect(),
        };
        let is_list = matches!(takes, Takes::List(_));
        numbers.push(match parts.len() {
            1 => {
                let (values, number) = parts.remove(0);
                one(values, number, is_list, helper)?
            }
            _ => {
                let array = |(values, number)| helper.same(one(values, number, false, helper)?);
                let arrays: Result<Vec<Object>> = parts.into_iter().map(array).collect();
                let stacked = helper.stack(arrays?)?;
                Numbers::Object(if is_list { stacked.call_method("tolist", ())? } else { stacked })
            }
        });
    }
    Ok(numbers)
}

/// Makes an argument of one column.
fn one(values: Values, number: Number, as_list: bool, helper: &Helper) -> Result<Numbers> {
    Ok(match (&values, number) {
        (Values::Time(_), _) => {
            let dtype = if number == Number::Date { "datetime64[D]" } else { "datetime64[us]" };
            Numbers::Object(helper.times(&values, dtype, as_list)?)
        }
        _ if as_list => Numbers::List(values),
        (Values::Float64(_), Number::Float("float64"))
        | (Values::Int64(_), Number::Int("int64")) => Numbers::Array(values),
        (_, Number::Float(dtype) | Number::Int(dtype)) => {
            Numbers::Object(helper.cast(&values, dtype)?)
        }
        _ => Numbers::Object(helper.cast(&values, values.dtype())?),
    })
}

/// Makes a frame of the columns of a table, or of all.
fn frame(table: &Table, columns: &[Column], library: Library, helper: &Helper) -> Result<Object> {
    let names = table.names();
    let all: Vec<Column> = (0..names.len()).collect();
    let columns = if columns.is_empty() { &all[..] } else { columns };
    let kinds = table.kinds(columns)?;
    let wanted: Vec<(Column, Number)> = columns.iter().copied().zip(kinds).collect();
    let read = table.read_with_holes(&wanted)?;
    let names = columns.iter().map(|column| names[*column].clone()).collect();
    helper.frame(library, names, &read)
}

/// Writes a row as CSV, without a line break.
fn csv_row(cells: &[String]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let is_written = writer.write_record(cells).is_ok();
    debug_assert!(is_written, "memory can be written to");
    let mut row = writer.into_inner().unwrap_or_default();
    row.pop();
    row
}

enum Input {
    Bytes(Vec<u8>),
    Unread(Form, Unread),
}

impl Input {
    fn form(&self) -> Option<Form> {
        match self {
            Input::Bytes(_) => None,
            Input::Unread(form, _) => Some(*form),
        }
    }

    fn unread(self) -> Option<Unread> {
        match self {
            Input::Bytes(_) => None,
            Input::Unread(_, file) => Some(file),
        }
    }
}

/// Reads a file and its name for messages, unless Python reads it itself.
fn read(path: &Path) -> Result<(String, Input)> {
    if path == Path::new("-") {
        return read_stream("standard input".to_owned(), io::stdin().lock(), None);
    }
    let name = path.display().to_string();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return bad_input(format!("there is no file {name}"));
        }
        Err(error) => return bad_input(format!("can't read {name}: {error}")),
    };
    let metadata = file.metadata();
    if metadata.as_ref().is_ok_and(|metadata| metadata.is_dir()) {
        return bad_input(format!("{name} is a folder; name a file in it, or '{name}/*.csv'"));
    }
    let can_be_mapped = metadata.is_ok_and(|metadata| metadata.is_file());
    let (name, input) = read_stream(name, &file, can_be_mapped.then_some(path))?;
    match (&input, Form::by_ending(path)) {
        (Input::Bytes(bytes), Some(form)) => {
            bad_input(format!("{name} is not {} file: it is {}", form.a_name(), what(bytes)))
        }
        (Input::Bytes(bytes), None) if name.ends_with(".npz") && !bytes.starts_with(b"PK") => {
            bad_input(format!("{name} is not a .npz file: it is {}", what(bytes)))
        }
        _ => Ok((name, input)),
    }
}

fn read_stream(
    name: String,
    mut stream: impl Read,
    file: Option<&Path>,
) -> Result<(String, Input)> {
    let mut bytes = Vec::new();
    let mut read = || -> io::Result<Input> {
        stream.by_ref().take(MAGIC as u64).read_to_end(&mut bytes)?;
        let form = Form::of(&bytes);
        if let (Some(form), Some(file)) = (form, file) {
            return Ok(Input::Unread(form, Unread::File(std::path::absolute(file)?)));
        }
        stream.read_to_end(&mut bytes)?;
        let bytes = std::mem::take(&mut bytes);
        Ok(match form {
            Some(form) => Input::Unread(form, Unread::Bytes(bytes)),
            None => Input::Bytes(bytes),
        })
    };
    match read() {
        Ok(input) => Ok((name, input)),
        Err(error) => bad_input(format!("can't read {name}: {error}")),
    }
}

/// Returns the files that a pattern such as `data/*.csv` matches, or the file of that name.
fn matching(file: &Path) -> Result<Vec<PathBuf>> {
    let is_pattern = |text: &&str| text.contains(['*', '?', '[']);
    let Some(pattern) = file.to_str().filter(is_pattern).filter(|_| !file.exists()) else {
        return Ok(vec![file.to_owned()]);
    };
    // As for shells: what macOS puts beside files, as ._data.csv, is no data.
    let mut options = glob::MatchOptions::new();
    options.require_literal_leading_dot = true;
    let found = match glob::glob_with(pattern, options) {
        Ok(found) => found,
        Err(error) => return bad_input(format!("{pattern} is not a pattern: {error}")),
    };
    // As for shells: a folder that can't be read has no files.
    let readable = found
        .filter_map(|found| found.map_err(|error| note(format_args!("{pattern}: {error}"))).ok());
    let found: Vec<PathBuf> = readable.collect();
    if found.is_empty() {
        return bad_input(format!("no file matches {pattern}"));
    }
    Ok(found)
}

/// Returns whether a stream may have data: a character device such as /dev/null means no input.
#[cfg(unix)]
fn is_data(stream: &impl std::os::fd::AsFd) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|it| !it.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_data<T>(_: &T) -> bool {
    true
}

impl Numbers {
    /// Returns some of the rows.
    pub(crate) fn part(&self, rows: &Range<usize>, helper: &Helper) -> Result<Numbers> {
        Ok(match self {
            Numbers::Array(values) => Numbers::Array(values.part(rows)),
            Numbers::List(values) => Numbers::List(values.part(rows)),
            Numbers::Object(object) => Numbers::Object(helper.part(object, rows)?),
        })
    }
}

impl<'a> IntoPython<'a> for Numbers {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self {
            Numbers::Array(Values::Float64(values)) => values.into_python(scope),
            Numbers::Array(Values::Int64(values)) => values.into_python(scope),
            Numbers::Array(values) | Numbers::List(values) => List(&values).into_python(scope),
            Numbers::Object(object) => Ok(object),
        }
    }
}
