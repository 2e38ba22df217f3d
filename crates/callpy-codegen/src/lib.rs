//! Writes the Rust module that stands for a Python file: one typed function for each hinted one; or
//! the Go package.
//!
//! `callpy::module!` and `callpy bindgen` both are [`generate`], so they write the same code;
//! `callpy bindgen --lang go` is [`generate_go`]. Nothing of Python is needed.
//!
//! ```
//! use callpy_codegen::{Input, Loading};
//!
//! let python = "def area(width: float, height: float) -> float: ...";
//! let input = Input::new("shapes", "shapes.py", Loading::Imported { module: "shapes".into() });
//! let generated = callpy_codegen::generate(python, &input).unwrap();
//! let code = generated.code.to_string();
//! assert!(code.contains("width : f64 , height : f64"));
//! ```
#![forbid(unsafe_code)]

mod class;
mod declared;
mod doc;
mod function;
mod go;
mod lower;
mod module;
mod names;
mod neighbours;
mod types;
mod union;

use std::fmt;
use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub use declared::Declared;
pub use go::{GoInput, generate_go};

/// What to make of a file.
pub struct Input {
    /// The module's attributes, visibility and name, as the user wrote them.
    pub attributes: TokenStream,
    /// `pub`, or nothing.
    pub visibility: TokenStream,
    /// The module's name.
    pub name: Ident,
    /// The way to the crate callpy: `::callpy`.
    pub callpy: TokenStream,
    /// The Python file as messages and tracebacks show it.
    pub file: String,
    /// Where the file is, to follow types that it imports from its neighbours; none to leave them.
    pub path: Option<PathBuf>,
    /// Where the running module comes from.
    pub loading: Loading,
    /// The functions declared by hand.
    pub declared: Vec<Declared>,
}

/// Where the running module comes from.
pub enum Loading {
    /// From the binary.
    Embedded {
        /// An expression for the file's path while Rust compiles, for `include_str!`.
        path: TokenStream,
        /// The module's name in Python; none for one made of the path of the Rust module.
        name: Option<String>,
        /// The file is read again at each start of the program, in release builds too.
        reload: bool,
    },
    /// From where Python finds the module of this name.
    Imported {
        /// The name, dotted.
        module: String,
    },
}

impl Input {
    /// Makes the input for `pub mod name`, without attributes or declarations.
    pub fn new(name: &str, file: impl Into<String>, loading: Loading) -> Input {
        Input {
            attributes: TokenStream::new(),
            visibility: quote!(pub),
            name: Ident::new(name, Span::call_site()),
            callpy: quote!(::callpy),
            file: file.into(),
            path: None,
            loading,
            declared: Vec::new(),
        }
    }
}

/// The Rust module, and what became of each public function.
#[derive(Debug)]
pub struct Generated {
    /// The code: one `mod` item.
    pub code: TokenStream,
    /// The file's public functions, in its order.
    pub functions: Vec<Outcome>,
    /// The neighbours that were read: the code hangs on them too.
    pub neighbours: Vec<PathBuf>,
}

/// What became of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The function's name.
    pub name: String,
    /// The line it stands on.
    pub line: usize,
    /// Why it has no typed counterpart; none if it has one.
    pub left_out: Option<String>,
    /// Why it can't be mapped, which is an error of the whole module; none if it can.
    pub refused: Option<String>,
    /// The parts of its signature that are no more than a Python object in Rust, and why.
    pub untyped: Vec<String>,
}

/// What can't be mapped, with its place in the Python file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The Python file.
    pub file: String,
    /// The line, counted from 1; none if it is about the whole file.
    pub line: Option<usize>,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problem {}

/// Writes the Rust module for a Python file's source.
///
/// # Errors
///
/// All that can't be mapped, in the file's order; never an empty list.
pub fn generate(source: &str, input: &Input) -> Result<Generated, Vec<Problem>> {
    let module = read(source, input).map_err(|problem| vec![problem])?;
    let mapped = module::generate(&module, input);
    let module::Mapped { code, functions, neighbours } = mapped;
    code.map(|code| Generated { code, functions, neighbours })
}

/// Says what becomes of each public function, also where some can't be mapped.
///
/// # Errors
///
/// The source is no Python.
pub fn outcomes(source: &str, input: &Input) -> Result<Vec<Outcome>, Problem> {
    Ok(module::generate(&read(source, input)?, input).functions)
}

fn read(source: &str, input: &Input) -> Result<callpy_signature::Module, Problem> {
    callpy_signature::read(source).map_err(|error| Problem {
        file: input.file.clone(),
        line: Some(error.line),
        message: format!("column {}: {}", error.column, error.message),
    })
}
