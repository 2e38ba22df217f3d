//! Generates a Rust module or a Go package for a Python file, with a typed function for each function
//! that has hints.
//!
//! `callpy::module!` and `callpy bindgen` call [`generate`], so they write the same code;
//! `callpy bindgen --lang go` calls [`generate_go`]. Python is not needed.
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
mod known;
mod lower;
mod methods;
mod names;
mod neighbours;
mod python;
mod report;
mod rust;
mod usage;

use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub use go::{GoGenerated, GoInput, generate_go, generate_go_package};
pub use names::is_in_go;
pub use report::{Diagnostic, FunctionReport, decode};
pub use rust::declared::Declared;
pub use usage::Usages;

/// The input for a Rust module.
pub struct Input {
    /// The module's attributes, visibility and name, as the user wrote them.
    pub attributes: TokenStream,
    /// `pub`, or nothing.
    pub visibility: TokenStream,
    /// The module's name.
    pub name: Ident,
    /// The path of the crate callpy: `::callpy`.
    pub callpy: TokenStream,
    /// The Python file, as messages and tracebacks show it.
    pub file: String,
    /// The file's path, to follow types that it imports from its neighbours; none to ignore them.
    pub path: Option<PathBuf>,
    /// Where the running module comes from.
    pub loading: Loading,
    /// The functions declared by hand.
    pub declared: Vec<Declared>,
    /// What functions do with their arguments, where the caller says so.
    pub usages: Usages,
    /// The functions, classes and methods (`Class.method`) that are left out.
    pub skip: Vec<String>,
}

/// Where the running module comes from.
pub enum Loading {
    /// From the binary.
    Embedded {
        /// An expression for the file's path while Rust compiles, for `include_str!`.
        path: TokenStream,
        /// The module's name in Python; none to use the path of the Rust module.
        name: Option<String>,
        /// Whether each start of the program reads the file again, in release builds too.
        reload: bool,
    },
    /// From the binary, as decoded text: the file is not UTF-8, so Rust can't include it.
    Decoded {
        /// The module's name in Python, as above.
        name: Option<String>,
    },
    /// From the module with this name, which Python imports.
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
            name: match name.strip_prefix("r#") {
                Some(raw) => Ident::new_raw(raw, Span::call_site()),
                None => Ident::new(name, Span::call_site()),
            },
            callpy: quote!(::callpy),
            file: file.into(),
            path: None,
            loading,
            declared: Vec::new(),
            usages: Usages::default(),
            skip: Vec::new(),
        }
    }
}

/// The Rust module, and a report on each public function.
#[derive(Debug)]
pub struct Generated {
    /// The code: one `mod` item.
    pub code: TokenStream,
    /// The file's public functions, in its order, and then the methods of its public classes.
    pub functions: Vec<FunctionReport>,
    /// The neighbours that were read: the code depends on them too.
    pub neighbours: Vec<PathBuf>,
}

/// Generates the Rust module for a Python file's source.
///
/// # Errors
///
/// The reasons, at least one: the source is not Python, no function can be typed, or a function that is
/// declared by hand can't be called.
pub fn generate(source: &str, input: &Input) -> Result<Generated, Vec<Diagnostic>> {
    let module = report::read(source, &input.file).map_err(|diagnostic| vec![diagnostic])?;
    let rust::Written { code, functions, neighbours } = rust::write(&module, source, input);
    code.map(|code| Generated { code, functions, neighbours })
}

/// Returns the names of a file's functions, classes and methods: `f`, `Model`, `Model.predict`.
///
/// # Errors
///
/// The source is not Python.
pub fn declared(source: &str) -> Result<Vec<String>, Diagnostic> {
    let module = report::read(source, "")?;
    let mut names: Vec<String> = module.functions.iter().map(|it| it.name.clone()).collect();
    for class in &module.classes {
        names.push(class.name.clone());
        names.extend(class.methods.iter().map(|method| format!("{}.{}", class.name, method.name)));
        let bases = class.bases.iter().filter_map(|base| module.class(base));
        let inherited = bases.flat_map(|base| &base.methods);
        names.extend(inherited.map(|method| format!("{}.{}", class.name, method.name)));
    }
    Ok(names)
}

/// Reports on each public function and method, even if no module can be generated.
///
/// # Errors
///
/// The source is not Python.
pub fn reports(source: &str, input: &Input) -> Result<Vec<FunctionReport>, Diagnostic> {
    Ok(rust::write(&report::read(source, &input.file)?, source, input).functions)
}
