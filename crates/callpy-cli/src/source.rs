//! The source of the numbers: a table or arrays, in files or from a pipe.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use callpy::{IntoPython, Object, Scope};

use crate::decode::decode;
use crate::failure::{Failure, Result, bad_input, usage};
use crate::format::Format;
use crate::helper::Helper;
use crate::npy::{self, Npy};
use crate::npz;
use crate::output::Rows;
use crate::parameters::{Choice, Library, Parameters, Takes};
use crate::table::{Column, Table};
use crate::values::{List, Number, Values};

/// An open file, or several as one table.
pub(crate) struct Source {
    /// Its name in messages.
    name: String,
    contents: Contents,
}

enum Contents {
    Table(Table),
    Npy(Npy),
    /// A .npy file's array, once Python runs.
    Array(Object),
    /// A .npz file, whose arrays are its columns.
    Npz(Vec<String>, Npy),
    /// A .npz file's arrays, once Python runs.
    Arrays(Vec<String>, Vec<Object>),
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
        let mut tables = Vec::new();
        for path in &paths {
            let (name, contents) = read(path)?;
            match contents {
                Input::Bytes(bytes) => tables.push(decode(name, bytes)?),
                Input::Npy(_) => {
                    return bad_input(format!(
                        "{name} is a .npy file, and several files must be tables; name one file"
                    ));
                }
            }
        }
        let name = format!("{} files", tables.len());
        Ok(Source { name, contents: Contents::Table(Table::new(tables, format)?) })
    }

    fn open_one(path: &Path, format: &Format) -> Result<Source> {
        let (name, contents) = read(path)?;
        let contents = match contents {
            Input::Npy(npy) => Contents::Npy(npy),
            Input::Bytes(bytes) => match npz::names(&name, &bytes)? {
                Some(names) => Contents::Npz(names, Npy::Read(bytes)),
                None if name.ends_with(".npy") => {
                    return bad_input(format!("{name} is not a .npy file, despite its name"));
                }
                None => Contents::Table(Table::new(vec![decode(name.clone(), bytes)?], format)?),
            },
        };
        Ok(Source { name, contents })
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

    /// Makes Python's arrays from the bytes of a .npy or .npz file.
    pub(crate) fn load(&mut self, helper: &Helper) -> Result<()> {
        let nothing = || Npy::Read(Vec::new());
        let loaded = match &mut self.contents {
            Contents::Npy(bytes) => {
                helper.array(std::mem::replace(bytes, nothing())).map(Contents::Array)
            }
            Contents::Npz(names, bytes) => {
                let names = std::mem::take(names);
                let arrays = helper.arrays(std::mem::replace(bytes, nothing()), &names);
                arrays.map(|arrays| Contents::Arrays(names, arrays))
            }
            _ => return Ok(()),
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
            let (parameter, column) = match &self.contents {
                Contents::Table(table) => match table.named(text)? {
                    Some(column) => (None, column),
                    None => {
                        let (parameter, name) = split();
                        (parameter, table.column(name)?)
                    }
                },
                Contents::Npy(_) | Contents::Array(_) => {
                    let (parameter, name) = split();
                    (parameter, npy::column(name, &self.name)?)
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
            Contents::Table(table) => {
                let frame = arrays.iter().find(|(_, takes, _)| matches!(takes, Takes::Frame(_)));
                if let Some((name, ..)) = frame {
                    return Ok(vec![Choice::new(Some(name), Vec::new())]);
                }
                let number = |takes: Takes| takes.number().unwrap_or(Number::Float("float64"));
                let fitting = |takes| table.fitting(number(takes));
                let same = by_name(&arrays, |name, takes| {
                    let named = table.named(name)?;
                    Ok(named.filter(|column| fitting(takes).contains(column)))
                })?;
                if !same.is_empty() {
                    return Ok(same);
                }
                let required = || arrays.iter().filter(|(.., required)| *required);
                if required().count() > 1 {
                    // One column of text and one of numbers, say.
                    let only = |(name, takes, _): &(&str, Takes, bool)| match fitting(*takes)[..] {
                        [one] => Some(Choice::new(Some(name), vec![one])),
                        _ => None,
                    };
                    let found: Option<Vec<Choice>> = required().map(only).collect();
                    let is_each_once = |found: &Vec<Choice>| {
                        let mut columns: Vec<_> = found.iter().map(|it| it.columns[0]).collect();
                        columns.sort();
                        columns.windows(2).all(|pair| pair[0] != pair[1])
                    };
                    if let Some(found) = found.filter(is_each_once) {
                        return Ok(found);
                    }
                }
                let takes = arrays.first().map_or(Takes::Anything, |(_, takes, _)| *takes);
                let columns = fitting(takes);
                match columns[..] {
                    [one] => Ok(vec![Choice::new(None, vec![one])]),
                    _ => table.choose(&columns, number(takes).what()),
                }
            }
            Contents::Npy(_) | Contents::Array(_) => whole(),
            Contents::Npz(names, _) | Contents::Arrays(names, _) => {
                let position = |name: &str| names.iter().position(|other| other == name);
                let same = by_name(&arrays, |name, _| Ok(position(name)))?;
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
            Contents::Npy(_) | Contents::Npz(..) => unreachable!("loaded before it is read"),
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

    /// Returns the table, if the file is one.
    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.contents {
            Contents::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self, helper: &Helper) -> Result<usize> {
        match &self.contents {
            Contents::Table(table) => table.len(),
            Contents::Array(array) => helper.len(array),
            Contents::Arrays(_, arrays) => arrays.first().map_or(Ok(0), |array| helper.len(array)),
            Contents::Npy(_) | Contents::Npz(..) => unreachable!("loaded before it is read"),
        }
    }

    /// Returns rows for printing.
    pub(crate) fn rows(&self, indices: Vec<usize>, helper: &Helper) -> Result<Rows<'_>> {
        let array = match &self.contents {
            Contents::Table(table) => {
                let rows = table.rows(&indices)?;
                return Ok(Rows {
                    names: table.names(),
                    header: table.header(),
                    separator: table.separator(),
                    texts: rows.iter().map(|row| row.text.into()).collect(),
                    indices: rows.iter().map(|row| row.index).collect(),
                    cells: rows.into_iter().map(|row| row.cells).collect(),
                });
            }
            Contents::Array(array) => array,
            Contents::Arrays(..) => {
                return usage(format!(
                    "{} has arrays instead of rows; call without --rows",
                    self.name
                ));
            }
            Contents::Npy(_) | Contents::Npz(..) => unreachable!("loaded before it is read"),
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

/// Returns a choice for each parameter whose name `find` finds; none if a required one is missing.
fn by_name(
    arrays: &[(&str, Takes, bool)],
    find: impl Fn(&str, Takes) -> Result<Option<Column>>,
) -> Result<Vec<Choice>> {
    let mut same = Vec::new();
    for (name, takes, required) in arrays {
        match find(name, *takes)? {
            Some(column) => same.push(Choice::new(Some(name), vec![column])),
            None if *required => return Ok(Vec::new()),
            None => {}
        }
    }
    Ok(same)
}

/// Reads the columns of a table in one pass, and the frames after them.
fn table_columns(
    table: &Table,
    wanted: &[(&Choice, Takes)],
    helper: &Helper,
) -> Result<Vec<Numbers>> {
    let mut columns: Vec<(Column, Number)> = Vec::new();
    for (choice, takes) in wanted {
        match takes {
            Takes::Frame(_) => {}
            Takes::Array(number) | Takes::List(number) => {
                columns.extend(choice.columns.iter().map(|column| (*column, *number)));
            }
            Takes::Anything | Takes::Other => {
                let float = Number::Float("float64");
                columns.extend(choice.columns.iter().map(|column| (*column, float)));
            }
        }
    }
    let mut read = table.read(&columns)?.into_iter().zip(columns);
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

enum Input {
    Bytes(Vec<u8>),
    Npy(Npy),
}

/// Reads a file and its name for messages, unless it is a .npy file, which can be mapped.
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
    read_stream(name, &file, can_be_mapped.then_some(path))
}

fn read_stream(
    name: String,
    mut stream: impl Read,
    file: Option<&Path>,
) -> Result<(String, Input)> {
    let mut bytes = Vec::new();
    let mut read = || -> io::Result<Option<Npy>> {
        stream.by_ref().take(npy::MAGIC.len() as u64).read_to_end(&mut bytes)?;
        match file {
            Some(file) if bytes == npy::MAGIC => {
                std::path::absolute(file).map(|file| Some(Npy::File(file)))
            }
            _ => stream.read_to_end(&mut bytes).map(|_| None),
        }
    };
    match read() {
        Ok(Some(file)) => Ok((name, Input::Npy(file))),
        Ok(None) if bytes.starts_with(npy::MAGIC) => Ok((name, Input::Npy(Npy::Read(bytes)))),
        Ok(None) => Ok((name, Input::Bytes(bytes))),
        Err(error) => bad_input(format!("can't read {name}: {error}")),
    }
}

/// Returns the files that a pattern such as `data/*.csv` matches, or the file of that name.
fn matching(file: &Path) -> Result<Vec<PathBuf>> {
    let is_pattern = |text: &&str| text.contains(['*', '?', '[']);
    let Some(pattern) = file.to_str().filter(is_pattern).filter(|_| !file.exists()) else {
        return Ok(vec![file.to_owned()]);
    };
    let found = match glob::glob(pattern) {
        Ok(found) => found.filter_map(|path| path.ok()).collect::<Vec<_>>(),
        Err(error) => return bad_input(format!("{pattern} is not a pattern: {error}")),
    };
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
