//! The source of the numbers: a table or an array, in a file or from a pipe.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use callpy::{IntoPython, Item, Object, Scope};

use crate::failure::{Failure, Result, bad_input};
use crate::helper::Helper;
use crate::npy::{self, Npy};
use crate::output::Rows;
use crate::parameters::{Choice, Parameters, Takes};
use crate::table::{Number, Table, Values};

/// An open file.
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
}

/// An argument of the call.
#[derive(Clone)]
pub(crate) enum Numbers {
    Array(Values),
    List(Values),
    Object(Object),
}

impl Source {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Source> {
        if path == Path::new("-") {
            return Source::read("standard input".to_owned(), io::stdin().lock(), None);
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
            return bad_input(format!("{name} is a folder; name a file in it"));
        }
        let can_be_mapped = metadata.is_ok_and(|metadata| metadata.is_file());
        Source::read(name, &file, can_be_mapped.then_some(path))
    }

    /// Opens standard input if it is a pipe or a file.
    pub(crate) fn piped() -> Result<Option<Source>> {
        if io::stdin().is_terminal() || !is_data(&io::stdin()) {
            return Ok(None);
        }
        Source::open(Path::new("-")).map(Some)
    }

    /// Reads a stream, unless it is a .npy file that can be mapped.
    fn read(name: String, mut stream: impl Read, file: Option<&Path>) -> Result<Source> {
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
        let contents = match read() {
            Ok(Some(file)) => Contents::Npy(file),
            Ok(None) if bytes.starts_with(npy::MAGIC) => Contents::Npy(Npy::Read(bytes)),
            Ok(None) if name.ends_with(".npy") => {
                return bad_input(format!("{name} is not a .npy file, despite its name"));
            }
            Ok(None) => Contents::Table(Table::new(name.clone(), bytes)?),
            Err(error) => return bad_input(format!("can't read {name}: {error}")),
        };
        Ok(Source { name, contents })
    }

    /// Makes Python's array from the bytes of a .npy file.
    pub(crate) fn load(&mut self, helper: &Helper) -> Result<()> {
        if let Contents::Npy(bytes) = &mut self.contents {
            let bytes = std::mem::replace(bytes, Npy::Read(Vec::new()));
            let array = helper.array(bytes).map_err(|failure| self.wrong(failure))?;
            self.contents = Contents::Array(array);
        }
        Ok(())
    }

    /// Adds the file's name to a failure.
    fn wrong(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Input(text) => Failure::Input(format!("{}: {text}", self.name)),
            other => other,
        }
    }

    /// Finds the columns that the command line names.
    pub(crate) fn choose(&self, columns: &[String]) -> Result<Vec<Choice>> {
        let choice = |text: &String| {
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
            };
            Ok(Choice::new(parameter, Some(column)))
        };
        columns.iter().map(choice).collect()
    }

    /// Chooses columns if the command line does not: those with the names of parameters, else the
    /// only one with numbers. An array is passed whole.
    pub(crate) fn choose_for(
        &self,
        parameters: &Parameters,
        values: &[(String, String)],
    ) -> Result<Vec<Choice>> {
        let Contents::Table(table) = &self.contents else {
            return Ok(vec![Choice::new(None, None)]);
        };
        let numeric = table.numeric();
        let arrays = parameters.arrays(values);
        let mut same = Vec::new();
        for (name, required) in &arrays {
            match table.named(name)?.filter(|column| numeric.contains(column)) {
                Some(column) => same.push(Choice::new(Some(name), Some(column))),
                None if *required => {
                    same.clear();
                    break;
                }
                None => {}
            }
        }
        match numeric[..] {
            _ if !same.is_empty() => Ok(same),
            [one] => Ok(vec![Choice::new(None, Some(one))]),
            _ => table.choose(&numeric),
        }
    }

    /// Reads columns in the form that their parameters take.
    pub(crate) fn columns(
        &self,
        wanted: &[(&Choice, Takes)],
        helper: &Helper,
    ) -> Result<Vec<Numbers>> {
        let array = match &self.contents {
            Contents::Table(table) => {
                let columns = wanted.iter().map(|(choice, takes)| {
                    let number = match takes {
                        Takes::Array(number) | Takes::List(number) => *number,
                        Takes::Anything | Takes::Other => Number::Float64,
                    };
                    (choice.column.unwrap_or_default(), number)
                });
                let read = table.read(&columns.collect::<Vec<_>>())?.into_iter();
                let numbers = read.zip(wanted).map(|(values, (_, takes))| match takes {
                    Takes::List(_) => Numbers::List(values),
                    _ => Numbers::Array(values),
                });
                return Ok(numbers.collect());
            }
            Contents::Array(array) => array,
            Contents::Npy(_) => unreachable!("loaded before its columns are read"),
        };
        let numbers = |(choice, takes): &(&Choice, Takes)| {
            let column = match choice.column {
                Some(number) => {
                    helper.column(array, number).map_err(|failure| self.wrong(failure))?
                }
                None => array.clone(),
            };
            Ok(Numbers::Object(match takes {
                Takes::List(_) => column.call_method("tolist", ())?,
                _ => column,
            }))
        };
        wanted.iter().map(numbers).collect()
    }

    /// Returns a column's name for messages and labels.
    pub(crate) fn label(&self, choice: &Choice) -> String {
        match (&self.contents, choice.column) {
            (Contents::Table(table), Some(column)) => match table.names().swap_remove(column) {
                name if table.has_header() => name,
                number => format!("column {number}"),
            },
            (_, Some(number)) => format!("column {number}"),
            (_, None) => Path::new(&self.name)
                .file_stem()
                .map_or_else(|| self.name.clone(), |stem| stem.to_string_lossy().into_owned()),
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
            Contents::Npy(_) => unreachable!("loaded before its rows are counted"),
        }
    }

    /// Returns rows for printing.
    pub(crate) fn rows(&self, indices: Vec<usize>, helper: &Helper) -> Result<Rows<'_>> {
        let (table, array) = match &self.contents {
            Contents::Table(table) => (Some(table), None),
            Contents::Array(array) => (None, Some(array)),
            Contents::Npy(_) => unreachable!("loaded before its rows are read"),
        };
        if let Some(table) = table {
            let rows = table.rows(&indices)?;
            return Ok(Rows {
                names: table.names(),
                header: table.header(),
                separator: table.separator(),
                texts: rows.iter().map(|row| row.text.into()).collect(),
                cells: rows.into_iter().map(|row| row.cells).collect(),
                indices,
            });
        }
        let cells = helper.cells(array.expect("one of the two"), &indices)?;
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
            Numbers::List(Values::Float64(values)) => list(values.into_iter(), scope),
            Numbers::List(Values::Int64(values)) => list(values.into_iter(), scope),
            Numbers::Object(object) => Ok(object),
        }
    }
}

/// A number in a list; a vector of plain numbers would become an array.
#[derive(Clone)]
struct Listed<T>(T);

impl<'a, T: IntoPython<'a>> IntoPython<'a> for Listed<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        self.0.into_python(scope)
    }
}

impl<'a, T: IntoPython<'a> + Clone + 'a> Item<'a> for Listed<T> {}

/// Makes a list of numbers.
pub(crate) fn list<'a, T>(
    values: impl Iterator<Item = T>,
    scope: &mut Scope<'a>,
) -> callpy::Result<Object>
where
    T: IntoPython<'a> + Clone + 'a,
{
    values.map(Listed).collect::<Vec<_>>().into_python(scope)
}
