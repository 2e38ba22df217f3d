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

mod dtype;
mod go;
mod lower;
mod names;
mod neighbours;
mod report;
mod rust;
mod usage;

use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub use go::{GoInput, generate_go};
pub use report::{Diagnostic, FunctionReport, decode};
pub use rust::declared::Declared;
pub use usage::Usages;

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
    /// What functions do with their arguments, where the caller says so.
    pub usages: Usages,
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
    /// From the binary, as the text that the code is generated from: the file is not UTF-8, so Rust
    /// can't include it.
    Decoded {
        /// The module's name in Python, as above.
        name: Option<String>,
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
            usages: Usages::default(),
        }
    }
}

/// The Rust module, and what became of each public function.
#[derive(Debug)]
pub struct Generated {
    /// The code: one `mod` item.
    pub code: TokenStream,
    /// The file's public functions, in its order.
    pub functions: Vec<FunctionReport>,
    /// The neighbours that were read: the code hangs on them too.
    pub neighbours: Vec<PathBuf>,
}

/// Writes the Rust module for a Python file's source.
///
/// # Errors
///
/// Why no module can be written: the source is not Python, no function can be typed, or one is declared
/// by hand that can't be called. Never an empty list.
pub fn generate(source: &str, input: &Input) -> Result<Generated, Vec<Diagnostic>> {
    let module = report::read(source, &input.file).map_err(|diagnostic| vec![diagnostic])?;
    let rust::Written { code, functions, neighbours } = rust::write(&module, source, input);
    code.map(|code| Generated { code, functions, neighbours })
}

/// Says what becomes of each public function, also where no module can be written.
///
/// # Errors
///
/// The source is not Python.
pub fn reports(source: &str, input: &Input) -> Result<Vec<FunctionReport>, Diagnostic> {
    Ok(rust::write(&report::read(source, &input.file)?, source, input).functions)
}
