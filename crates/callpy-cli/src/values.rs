//! The values of a column.

use std::ops::Range;

use callpy::{IntoPython, Item, Object, Scope};

use crate::cell;
use crate::format::Format;

/// What to read a column as; numbers with the name of their dtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Float(&'static str),
    Int(&'static str),
    Bool,
    Text,
    /// Dates and times.
    Time,
    /// Dates alone.
    Date,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Float64(Vec<f64>),
    Int64(Vec<i64>),
    UInt64(Vec<u64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
    /// Microseconds since 1970; the smallest number is none.
    Time(Vec<i64>),
}

impl Number {
    /// Returns what it is called in messages: "numbers".
    pub(crate) fn what(self) -> &'static str {
        match self {
            Number::Float(_) | Number::Int(_) => "numbers",
            Number::Bool => "truth values",
            Number::Text => "text",
            Number::Time | Number::Date => "dates",
        }
    }

    /// Returns what one of its values is called in messages: "a number".
    pub(crate) fn one(self) -> &'static str {
        match self {
            Number::Float(_) | Number::Int(_) => "a number",
            Number::Bool => "true or false",
            Number::Text => "text",
            Number::Time | Number::Date => "a date",
        }
    }
}

impl Values {
    pub(crate) fn new(number: Number) -> Values {
        match number {
            Number::Float(_) => Values::Float64(Vec::new()),
            Number::Int("uint64") => Values::UInt64(Vec::new()),
            Number::Int(_) => Values::Int64(Vec::new()),
            Number::Bool => Values::Bool(Vec::new()),
            Number::Text => Values::Text(Vec::new()),
            Number::Time | Number::Date => Values::Time(Vec::new()),
        }
    }

    /// Returns whether a cell is such a value beyond doubt, for a column of which nothing is known: `01` may be
    /// a code.
    pub(crate) fn fits(number: Number, cell: &[u8], format: &Format) -> bool {
        match number {
            Number::Bool => cell::is_true_or_false(cell),
            Number::Float(_) => {
                let float = cell::number::<f64>(cell, format);
                !cell::has_leading_zero(cell)
                    && float.is_some_and(|float| cell::is_exact(cell, float, format))
            }
            Number::Int(_) if cell::has_leading_zero(cell) => false,
            _ => Values::new(number).push(cell, format),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Values::Float64(values) => values.len(),
            Values::Int64(values) | Values::Time(values) => values.len(),
            Values::UInt64(values) => values.len(),
            Values::Bool(values) => values.len(),
            Values::Text(values) => values.len(),
        }
    }

    /// Returns a copy of some of them.
    pub(crate) fn part(&self, rows: &Range<usize>) -> Values {
        let rows = rows.clone();
        match self {
            Values::Float64(values) => Values::Float64(values[rows].to_vec()),
            Values::Int64(values) => Values::Int64(values[rows].to_vec()),
            Values::UInt64(values) => Values::UInt64(values[rows].to_vec()),
            Values::Bool(values) => Values::Bool(values[rows].to_vec()),
            Values::Text(values) => Values::Text(values[rows].to_vec()),
            Values::Time(values) => Values::Time(values[rows].to_vec()),
        }
    }

    pub(crate) fn dtype(&self) -> &'static str {
        match self {
            Values::Float64(_) => "float64",
            Values::Int64(_) => "int64",
            Values::UInt64(_) => "uint64",
            Values::Bool(_) => "bool",
            Values::Text(_) => "str",
            Values::Time(_) => "datetime64[us]",
        }
    }

    /// Adds a cell; returns false if it is not such a value.
    pub(crate) fn push(&mut self, cell: &[u8], format: &Format) -> bool {
        match self {
            Values::Float64(to) => {
                let float = cell::number::<f64>(cell, format);
                let float = float.filter(|float| cell::is_exact(cell, *float, format));
                float.map(|it| to.push(it)).is_some()
            }
            Values::Int64(to) => cell::number(cell, format).map(|it| to.push(it)).is_some(),
            Values::UInt64(to) => cell::number(cell, format).map(|it| to.push(it)).is_some(),
            Values::Bool(to) => cell::asked_truth(cell).map(|it| to.push(it)).is_some(),
            Values::Time(to) => cell::moment(cell, format).map(|it| to.push(it.micros)).is_some(),
            Values::Text(to) => {
                to.push(cell::text(cell).into_owned());
                true
            }
        }
    }

    /// Adds a number to floats; returns false for other values.
    pub(crate) fn push_float(&mut self, number: f64) -> bool {
        match self {
            Values::Float64(values) => values.push(number),
            _ => return false,
        }
        true
    }

    /// Adds a time, or a day, in microseconds since 1970; returns false for other values.
    pub(crate) fn push_time(&mut self, micros: i64) -> bool {
        match self {
            Values::Time(values) => values.push(micros),
            _ => return false,
        }
        true
    }

    /// Adds what stands for a missing value; returns false if nothing does.
    pub(crate) fn push_missing(&mut self) -> bool {
        match self {
            Values::Float64(values) => values.push(f64::NAN),
            Values::Time(values) => values.push(i64::MIN),
            Values::Text(values) => values.push(String::new()),
            _ => return false,
        }
        true
    }

    /// Adds any value, for a missing one whose place is noted elsewhere.
    pub(crate) fn push_any(&mut self) {
        match self {
            Values::Int64(values) => values.push(0),
            Values::UInt64(values) => values.push(0),
            Values::Bool(values) => values.push(false),
            _ => _ = self.push_missing(),
        }
    }
}

/// A list of the values.
pub(crate) struct List<'v>(pub(crate) &'v Values);

impl<'a> IntoPython<'a> for List<'_> {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        match self.0 {
            Values::Float64(values) => list(values.iter().copied(), scope),
            Values::Int64(values) | Values::Time(values) => list(values.iter().copied(), scope),
            Values::UInt64(values) => list(values.iter().copied(), scope),
            Values::Bool(values) => list(values.iter().copied(), scope),
            Values::Text(values) => list(values.iter().cloned(), scope),
        }
    }
}

/// An item of a list; a vector of plain numbers would become an array.
#[derive(Clone)]
struct Listed<T>(T);

impl<'a, T: IntoPython<'a>> IntoPython<'a> for Listed<T> {
    fn into_python(self, scope: &mut Scope<'a>) -> callpy::Result<Object> {
        self.0.into_python(scope)
    }
}

impl<'a, T: IntoPython<'a> + Clone + 'a> Item<'a> for Listed<T> {}

fn list<'a, T>(values: impl Iterator<Item = T>, scope: &mut Scope<'a>) -> callpy::Result<Object>
where
    T: IntoPython<'a> + Clone + 'a,
{
    values.map(Listed).collect::<Vec<_>>().into_python(scope)
}
