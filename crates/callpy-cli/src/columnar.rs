//! Columns of Parquet and Arrow files, which Python's own packages read.

use std::cell::RefCell;

use callpy::Object;

use crate::columns::Columns;
use crate::failure::{Failure, Result, bad_input};
use crate::format::Missing;
use crate::helper::Columnar;
use crate::parameters::{Choice, Takes};
use crate::table::Column;
use crate::unread::{Form, Unread};
use crate::values::Number;

/// Files with the same columns, which Python has not read yet.
pub(crate) struct Files {
    pub(crate) form: Form,
    pub(crate) names: Vec<String>,
    pub(crate) files: Vec<Unread>,
}

/// The columns of files.
pub(crate) struct Frame {
    /// The file's name for messages.
    name: String,
    python: Columnar,
    missing: Option<Missing>,
    /// The rows without a value that is needed, which are left out; in order.
    skipped: RefCell<Vec<usize>>,
}

impl Frame {
    pub(crate) fn new(name: &str, python: Columnar, missing: Option<Missing>) -> Frame {
        Frame { name: name.to_owned(), python, missing, skipped: RefCell::default() }
    }

    /// Returns the names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.python.columns().iter().map(|(name, _)| &name[..])
    }

    /// Returns the number of rows, without those that are left out.
    pub(crate) fn len(&self) -> usize {
        self.python.len() - self.skipped.borrow().len()
    }

    /// Reads the columns of each choice in the form that its parameter takes.
    pub(crate) fn read(&self, wanted: &[(&Choice, Takes)]) -> Result<Vec<Object>> {
        let one = |(choice, takes): &(&Choice, Takes)| {
            let all = || self.names().map(str::to_owned).collect();
            let named = |column: &Column| self.python.columns()[*column].0.clone();
            let names: Vec<String> = match choice.columns.is_empty() {
                true => all(),
                false => choice.columns.iter().map(named).collect(),
            };
            let form = match takes {
                Takes::Frame(library) => library.to_string(),
                Takes::List(_) => "list".to_owned(),
                _ => "array".to_owned(),
            };
            let (wants, dtype) = match takes.number() {
                None => ("any", ""),
                Some(Number::Float(dtype)) => ("number", dtype),
                Some(Number::Int(dtype)) => ("whole", dtype),
                Some(Number::Bool) => ("truth", "bool"),
                Some(Number::Text) => ("text", "str"),
                Some(Number::Time) => ("time", "datetime64[us]"),
                Some(Number::Date) => ("date", "datetime64[D]"),
            };
            (names, form, wants.to_owned(), dtype.to_owned())
        };
        let missing = match self.missing {
            None => "",
            Some(Missing::Error) => "error",
            Some(Missing::Nan) => "nan",
            Some(Missing::Skip) => "skip",
        };
        let (read, skipped) = self.python.arguments(wanted.iter().map(one).collect(), missing)?;
        if !skipped.is_empty() {
            crate::table::left_out(&self.name, skipped.len());
        }
        self.skipped.replace(skipped);
        Ok(read)
    }

    /// Returns the rows with these indices among those that were not left out: their indices in the
    /// file, and their cells.
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<(Vec<usize>, Vec<Vec<String>>)> {
        let skipped = self.skipped.borrow();
        let kept: Vec<usize> =
            (0..self.python.len()).filter(|row| skipped.binary_search(row).is_err()).collect();
        let indices: Vec<usize> = indices.iter().map(|index| kept[*index]).collect();
        let cells = self.python.cells(indices.clone())?;
        Ok((indices, cells))
    }

    /// Returns the times of the rows, if there is a column of rising times that is not in `used`: its
    /// name, and seconds since 1970.
    pub(crate) fn times(&self, used: &[Column]) -> Result<Option<(String, Vec<f64>)>> {
        let mut columns = self.python.columns().iter().enumerate();
        let found = columns.find(|(at, (_, kind))| kind == "time" && !used.contains(at));
        let Some((_, (name, _))) = found else { return Ok(None) };
        let times = self.python.times(name, &self.skipped.borrow())?;
        let is_rising = times.len() == self.len() && times.is_sorted();
        Ok(is_rising.then(|| (name.clone(), times)))
    }
}

impl Columns for Frame {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_empty(&self, _: Column) -> Result<bool> {
        Ok(false)
    }

    // Its columns have types.
    fn doubtful(&self) -> Option<String> {
        None
    }

    fn misfit(&self, _: Column, parameter: &str, number: Number) -> Failure {
        Failure::Input(format!(
            "{}: column {parameter} matches the parameter's name, but has no {}; choose another with --column \
             {parameter}=NAME",
            self.name,
            number.what()
        ))
    }

    fn named(&self, name: &str) -> Result<Option<Column>> {
        Ok(self.names().position(|other| other == name))
    }

    fn column(&self, name: &str) -> Result<Column> {
        let number =
            || name.parse().ok().filter(|it| (1..=self.python.columns().len()).contains(it));
        match self.named(name)?.or_else(|| number().map(|it: usize| it - 1)) {
            Some(column) => Ok(column),
            None => bad_input(format!(
                "there is no column {name:?} in {}; it has {}",
                self.name,
                self.names().collect::<Vec<_>>().join(", ")
            )),
        }
    }

    fn fitting(&self, number: Number) -> Vec<Column> {
        let wanted = match number {
            Number::Float(_) | Number::Int(_) => "number",
            Number::Bool => "truth",
            Number::Text => "text",
            Number::Time | Number::Date => "time",
        };
        let columns = self.python.columns().iter().enumerate();
        columns.filter(|(_, (_, kind))| kind == wanted).map(|(at, _)| at).collect()
    }

    fn not_one(&self, fitting: &[Column], what: &str) -> Failure {
        let all = self.python.columns();
        let list = |columns: &mut dyn Iterator<Item = Column>| {
            columns.map(|at| &all[at].0[..]).collect::<Vec<_>>().join(", ")
        };
        Failure::Input(match fitting.is_empty() {
            true => format!(
                "{} has no column of {what}; it has {}",
                self.name,
                list(&mut (0..all.len()))
            ),
            false => format!(
                "{} has several columns of {what}; choose with --column: {}",
                self.name,
                list(&mut fitting.iter().copied())
            ),
        })
    }
}
