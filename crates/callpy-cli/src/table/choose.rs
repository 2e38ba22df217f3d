//! Which columns a function gets.

use super::{Column, Table};
use crate::cell::{self, is_missing};
use crate::columns::Columns;
use crate::failure::{Failure, Result, bad_input};
use crate::values::Number;

impl Columns for Table {
    fn name(&self) -> &str {
        &self.name
    }

    fn named(&self, name: &str) -> Result<Option<Column>> {
        let names = self.header.iter().flatten();
        let found: Vec<Column> =
            names.enumerate().filter(|(_, other)| *other == name).map(|(at, _)| at).collect();
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            [first, ..] => bad_input(format!(
                "{} has several columns {name:?}; choose one by its number, such as {}",
                self.name,
                first + 1
            )),
        }
    }

    fn column(&self, name: &str) -> Result<Column> {
        if let Some(column) = self.named(name)? {
            return Ok(column);
        }
        match name.parse::<usize>() {
            Ok(number) if (1..=self.width).contains(&number) => Ok(number - 1),
            _ => bad_input(format!(
                "there is no column {name:?} in {}; it has {}",
                self.name,
                self.listed(0..self.width)
            )),
        }
    }

    fn fitting(&self, number: Number) -> Vec<Column> {
        let fits = |column: &Column| {
            let cell = &self.sample[*column];
            match number {
                Number::Text => {
                    !self.is_number(*column, cell) && cell::moment(cell, &self.format).is_none()
                }
                Number::Time | Number::Date => cell::moment(cell, &self.format).is_some(),
                Number::Bool => cell::truth(cell).is_some(),
                _ => self.is_number(*column, cell),
            }
        };
        (0..self.width).filter(fits).collect()
    }

    fn can_be(&self, column: Column, number: Number) -> bool {
        let cell = &self.sample[column];
        // What is wrong with the other rows is said where they are read.
        cell.is_empty()
            || match number {
                Number::Text => true,
                Number::Bool => cell::asked_truth(cell).is_some(),
                _ => self.fitting(number).contains(&column),
            }
    }

    fn is_empty(&self, column: Column) -> Result<bool> {
        if !self.sample[column].is_empty() {
            return Ok(false);
        }
        let mut is_empty = true;
        self.each(|row, _| {
            is_empty &= is_missing(&row[column]);
            Ok(())
        })?;
        Ok(is_empty)
    }

    fn doubtful(&self) -> Option<String> {
        let columns = (0..self.width).filter(|column| {
            let cell = &self.sample[*column];
            self.doubtful[*column]
                && !self.is_number(*column, cell)
                && cell::moment(cell, &self.format).is_none()
        });
        let mut columns =
            columns.filter_map(|column| Some((column, cell::options(&self.sample[column])?)));
        let (column, options) = columns.next()?;
        Some(format!(
            "column {} ({:?}) would have numbers, too, with {options}",
            self.name_of(column),
            cell::text(&self.sample[column])
        ))
    }

    fn misfit(&self, column: Column, parameter: &str, number: Number) -> Failure {
        let cell = &self.sample[column];
        let options = Some(number).filter(|it| matches!(it, Number::Float(_) | Number::Int(_)));
        let options = options.and_then(|_| cell::options(cell));
        let options = options.map(|it| format!("add {it} or "));
        let dates = "say how dates are written, such as --dates %d/%m/%Y, or ".to_owned();
        let dates = matches!(number, Number::Time | Number::Date).then_some(dates);
        Failure::Input(format!(
            "{}: column {parameter} matches the parameter's name, but {:?} is not {}; {}choose another with \
             --column {parameter}=NAME",
            self.name,
            cell::text(cell),
            number.one(),
            options.or(dates).unwrap_or_default()
        ))
    }

    fn not_one(&self, fitting: &[Column], what: &str) -> Failure {
        if self.first.is_empty() {
            return Failure::Input(format!("{} has a header but no rows", self.name));
        }
        if fitting.is_empty() {
            let options = self.first.iter().find_map(cell::options);
            let options = options.filter(|_| what == "numbers");
            let options = options.map(|it| format!("; to read them as numbers add {it}"));
            let dates = "; say how dates are written, such as --dates %d/%m/%Y".to_owned();
            let options = options.or_else(|| (what == "dates").then_some(dates));
            return Failure::Input(format!(
                "{} has no column of {what}; its first row of values is {}{}",
                self.name,
                cell::text(&self.first.iter().collect::<Vec<_>>().join(&self.separator)),
                options.unwrap_or_default()
            ));
        }
        Failure::Input(format!(
            "{} has several columns of {what}; choose with --column: {}",
            self.name,
            self.listed(fitting.iter().copied())
        ))
    }
}
