//! Which columns of a file go to which parameters, if the command line does not say so.

use crate::decode::note;
use crate::failure::{Failure, Result, bad_input};
use crate::parameters::{Choice, Takes};
use crate::table::Column;
use crate::values::Number;

/// Columns with names and kinds.
pub(crate) trait Columns {
    /// Returns the file's name.
    fn name(&self) -> &str;

    /// Finds a column with exactly this name.
    fn named(&self, name: &str) -> Result<Option<Column>>;

    /// Finds a column by name, else by its number from 1.
    fn column(&self, name: &str) -> Result<Column>;

    /// Returns the columns that fit what a parameter takes.
    fn fitting(&self, number: Number) -> Vec<Column>;

    /// Returns whether a column that has the parameter's name can be read as what that takes: its name
    /// says more than its values, so `1` may be text.
    fn can_be(&self, column: Column, number: Number) -> bool {
        self.fitting(number).contains(&column)
    }

    /// Returns whether a column has no value in any row.
    fn is_empty(&self, column: Column) -> Result<bool>;

    /// Says which other column has numbers, if the command line says how they are written; none if no other
    /// has.
    fn doubtful(&self) -> Option<String>;

    /// Makes the error of a column that has the name of a parameter, but not what that takes.
    fn misfit(&self, column: Column, parameter: &str, number: Number) -> Failure;

    /// Makes the error of a file with several columns that could be meant, or with none.
    fn not_one(&self, fitting: &[Column], what: &str) -> Failure;
}

/// Chooses columns for the parameters that take arrays: those with their names, else the only one that
/// fits. A parameter that takes a frame gets all.
pub(crate) fn choose(columns: &dyn Columns, arrays: &[(&str, Takes, bool)]) -> Result<Vec<Choice>> {
    if let Some((name, ..)) = arrays.iter().find(|(_, takes, _)| matches!(takes, Takes::Frame(_))) {
        return Ok(vec![Choice::new(Some(name), Vec::new())]);
    }
    let number = |takes: Takes| takes.number().unwrap_or(Number::Float("float64"));
    let fitting = |takes| columns.fitting(number(takes));
    let same = by_name(arrays, |name, takes, required| match columns.named(name)? {
        Some(column) if !columns.can_be(column, number(takes)) => {
            Err(columns.misfit(column, name, number(takes)))
        }
        Some(column) if !required && columns.is_empty(column)? => {
            note(format_args!(
                "{}: column {name} has no values, so it is not passed",
                columns.name()
            ));
            Ok(None)
        }
        named => Ok(named),
    })?;
    if !same.is_empty() {
        return Ok(same);
    }
    // A column that is passed because no other has numbers is the wrong one if another has, too.
    let is_numbers = |takes| matches!(number(takes), Number::Float(_) | Number::Int(_));
    let doubt =
        || columns.doubtful().filter(|_| arrays.iter().any(|(_, takes, _)| is_numbers(*takes)));
    let required = || arrays.iter().filter(|(.., required)| *required);
    if required().count() > 1 {
        // One column of text and one of numbers, say.
        let only = |(name, takes, _): &(&str, Takes, bool)| match fitting(*takes)[..] {
            [one] => Some(Choice::new(Some(name), vec![one])),
            _ => None,
        };
        let found: Option<Vec<Choice>> =
            required().map(only).collect::<Option<_>>().filter(|_| doubt().is_none());
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
    match fitting(takes)[..] {
        [one] => match doubt() {
            Some(doubt) => bad_input(format!(
                "{} has one column of {}, but {doubt}; add that, or choose with --column",
                columns.name(),
                number(takes).what()
            )),
            None => Ok(vec![Choice::new(None, vec![one])]),
        },
        ref several => Err(columns.not_one(several, number(takes).what())),
    }
}

/// Returns a choice for each parameter whose name `find` finds; none if a required one is missing.
pub(crate) fn by_name(
    arrays: &[(&str, Takes, bool)],
    find: impl Fn(&str, Takes, bool) -> Result<Option<Column>>,
) -> Result<Vec<Choice>> {
    let mut same = Vec::new();
    for (name, takes, required) in arrays {
        match find(name, *takes, *required)? {
            Some(column) => same.push(Choice::new(Some(name), vec![column])),
            None if *required => return Ok(Vec::new()),
            None => {}
        }
    }
    Ok(same)
}
