//! Reads the hints of a Python file into a signature model. No Python runs, and none is needed.
//!
//! [`read`] turns the source into a [`Module`]: the functions with their parameters, hints
//! and docstrings, and the value classes (dataclasses, named tuples, typed dicts and enums). Hints are
//! resolved: [`Hint::ty`] is the same however a file imports `numpy` or `Optional`, and whatever
//! aliases it has for types.
//!
//! ```
//! use callpy_signature::{Dtypes, ScalarType, Type};
//!
//! let module = callpy_signature::read(r#"
//! import numpy as np
//! from numpy.typing import NDArray as A
//!
//! def detect(series: A[np.float64], *, limit: "float | None" = None) -> A[np.int64]:
//!     """Returns the indices of the outliers."""
//!     ...
//! "#)?;
//!
//! let detect = module.function("detect").unwrap();
//! assert_eq!(detect.docstring.as_deref(), Some("Returns the indices of the outliers."));
//!
//! let [series, limit] = &detect.parameters[..] else { panic!() };
//! let Some(Type::Array(array)) = series.hint.as_ref().map(|hint| &hint.ty) else { panic!() };
//! assert_eq!(array.dtypes, Dtypes::One(ScalarType::Float64));
//! assert_eq!(limit.hint.as_ref().unwrap().ty, Type::Optional(Box::new(Type::Float)));
//! assert_eq!(limit.default.as_ref().unwrap().source, "None");
//! # Ok::<(), callpy_signature::Error>(())
//! ```
//!
//! # Errors
//! A syntax error is an [`Error`] with its line and column. A hint that can't be understood is not an
//! error: it is [`Type::Unknown`] (a class from another module) or [`Type::Invalid`] (not a type),
//! together with its source text, and the caller decides what to do.
//!
//! # Limits
//! The file is read, not run: functions created by calls (`f = partial(g, 1)`), names changed through
//! `globals()`, and the declarations of other modules are unknown.
#![forbid(unsafe_code)]

mod class;
mod decorator;
mod encoding;
mod error;
mod function;
mod hint;
mod model;
mod module;
mod names;
mod overload;
mod parse;
mod position;
mod syntax;

pub use encoding::decode;
pub use error::Error;
pub use model::*;
pub use names::is_keyword;

/// Reads the source of a Python file.
///
/// # Errors
/// The source is not Python: the error has the line and the column.
pub fn read(source: &str) -> Result<Module, Error> {
    // Offsets are those of the text after a byte-order mark, as editors count them.
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let positions = position::Positions::new(source);
    let (docstring, statements) = parse::file(source, &positions)?;
    Ok(module::module(docstring, &statements, &positions).0)
}

/// A file that was read, of which more hints can be asked: what a name means that others import from it.
#[derive(Debug)]
pub struct File {
    source: String,
    /// Where its lines start.
    lines: Vec<usize>,
    names: names::Names,
    module: Module,
}

impl File {
    /// Reads the source of a Python file, as [`read`] does.
    ///
    /// # Errors
    ///
    /// As `read`.
    ///
    /// ```
    /// use callpy_signature::{File, Type};
    ///
    /// let file = File::read("from typing import List\nNames = List[str]")?;
    /// assert_eq!(file.hint("Names").to_string(), "list[str]");
    /// assert_eq!(file.module().aliases[0].name, "Names");
    /// # Ok::<(), callpy_signature::Error>(())
    /// ```
    pub fn read(source: &str) -> Result<File, Error> {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source).to_owned();
        let positions = position::Positions::new(&source);
        let (docstring, statements) = parse::file(&source, &positions)?;
        let (module, names) = module::module(docstring, &statements, &positions);
        let lines = positions.into_starts();
        Ok(File { source, lines, names, module })
    }

    /// Returns what the file declares.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Returns the type that a hint has in this file.
    pub fn hint(&self, hint: &str) -> Type {
        let positions = position::Positions::with_starts(&self.source, &self.lines);
        module::hint(hint, &self.names, &positions)
    }
}

/// The imports that [`read_hint`] assumes: what files usually write, and the names that `inspect` prints.
const USUAL_IMPORTS: &str = "\
import collections.abc, jaxtyping, numpy, numpy as np, numpy.typing, numpy.typing as npt, typing
from collections.abc import Collection, Iterable, MutableSequence, Sequence
from numpy import ndarray
from numpy.typing import ArrayLike, NDArray
from typing import Annotated, Any, Dict, List, Literal, Optional, Set, Tuple, Union
";

/// Reads a hint without its file, as `inspect.signature` has it.
///
/// Names such as `np.float64`, `NDArray` and `Optional` mean what they usually do. Other names are
/// [`Type::Unknown`].
///
/// ```
/// use callpy_signature::{Type, read_hint};
///
/// assert!(matches!(read_hint("numpy.ndarray[typing.Any, numpy.dtype[numpy.int64]]"), Type::Array(_)));
/// assert_eq!(read_hint("Optional[float]"), Type::Optional(Box::new(Type::Float)));
/// assert!(matches!(read_hint("pandas.DataFrame"), Type::Unknown { .. }));
/// ```
pub fn read_hint(hint: &str) -> Type {
    let unreadable = || Type::Invalid { reason: "it is not a Python expression".to_owned() };
    let source = format!("{USUAL_IMPORTS}def f(x: {}): ...\n", hint.replace(['\r', '\n'], " "));
    let module = read(&source).ok();
    let function = module.and_then(|mut module| module.functions.pop());
    let parameter = function.and_then(|mut function| function.parameters.pop());
    parameter.and_then(|parameter| parameter.hint).map_or_else(unreadable, |hint| hint.ty)
}
