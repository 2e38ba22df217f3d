//! The shapes that hints declare, checked when arrays are passed and returned.

use std::cell::RefCell;

use crate::convert::IntoPython;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::raw::ndarray::Ndarray;
use crate::scope::Scope;

/// The extent of one axis.
#[derive(Debug, Clone, Copy)]
pub enum Dim {
    /// Any length.
    Any,
    /// This length.
    Fixed(usize),
    /// The same length wherever the name appears in the call.
    Named(&'static str),
    /// Any number of axes.
    Ellipsis,
    /// Any number of axes, the same wherever the name appears in the call.
    Variadic(&'static str),
}

/// The lengths of named axes in one call, and where each was seen first.
#[derive(Default)]
pub struct Dims(RefCell<Vec<(&'static str, Vec<usize>, &'static str)>>);

impl Dims {
    /// Makes an empty table.
    pub fn new() -> Dims {
        Dims::default()
    }

    /// Checks a result's shape against its hint.
    ///
    /// # Errors
    ///
    /// `ErrorKind::Result` if it has another.
    pub fn result(&self, expected: &[Dim], shape: &[usize]) -> Result<()> {
        self.check("the result", expected, shape)
            .map_err(|message| Error::new(ErrorKind::Result, message))
    }

    fn check(&self, place: &'static str, expected: &[Dim], shape: &[usize]) -> Result<(), String> {
        let wrong = |why: String| {
            Err(format!(
                "expected the shape {} for {place}, got {}{why}",
                told(expected),
                list(shape)
            ))
        };
        // Axes of any number may also be none.
        let many = expected.iter().position(|dim| matches!(dim, Dim::Ellipsis | Dim::Variadic(_)));
        let fits = match many {
            Some(_) => shape.len() + 1 >= expected.len(),
            None => shape.len() == expected.len(),
        };
        if !fits {
            return wrong(String::new());
        }
        let mut axis = 0;
        for dim in expected {
            let length = match dim {
                Dim::Ellipsis | Dim::Variadic(_) => shape.len() + 1 - expected.len(),
                _ => 1,
            };
            let extent = &shape[axis..axis + length];
            axis += length;
            match dim {
                Dim::Any | Dim::Ellipsis => {}
                Dim::Fixed(fixed) if extent == [*fixed] => {}
                Dim::Fixed(_) => return wrong(String::new()),
                Dim::Named(name) | Dim::Variadic(name) => {
                    let mut known = self.0.borrow_mut();
                    match known.iter().find(|(other, ..)| other == name) {
                        None => known.push((name, extent.to_vec(), place)),
                        Some((_, same, _)) if same == extent => {}
                        Some((_, other, first)) => {
                            let other = match dim {
                                Dim::Named(_) => other[0].to_string(),
                                _ => list(other),
                            };
                            return wrong(format!(", but {name} is {other} in {first}"));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn told(expected: &[Dim]) -> String {
    let dims: Vec<String> = expected
        .iter()
        .map(|dim| match dim {
            Dim::Any => "_".to_owned(),
            Dim::Fixed(extent) => extent.to_string(),
            Dim::Named(name) => (*name).to_owned(),
            Dim::Ellipsis => "...".to_owned(),
            Dim::Variadic(name) => format!("*{name}"),
        })
        .collect();
    format!("({})", dims.join(", "))
}

fn list(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("({})", lengths.join(", "))
}

/// An array argument with a declared shape.
pub struct Shaped<'d, V> {
    value: V,
    parameter: &'static str,
    expected: &'d [Dim],
    dims: &'d Dims,
}

/// Checks an array's shape when it is converted.
pub fn shaped<'d, V>(
    value: V,
    parameter: &'static str,
    expected: &'d [Dim],
    dims: &'d Dims,
) -> Shaped<'d, V> {
    Shaped { value, parameter, expected, dims }
}

impl<'a, V: IntoPython<'a>> IntoPython<'a> for Shaped<'_, V> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let object = self.value.into_python(scope)?;
        let py = scope.py();
        if let Some(array) = Ndarray::of(py, py.numpy()?, &object.0) {
            let shape: Vec<usize> = array.shape().iter().map(|length| *length as usize).collect();
            self.dims
                .check(self.parameter, self.expected, &shape)
                .map_err(|message| Error::new(ErrorKind::Argument, message))?;
        }
        Ok(object)
    }
}
