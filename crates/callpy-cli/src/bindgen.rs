//! `callpy bindgen`: prints the code that `callpy::module!` generates for a file, or a Go package.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use callpy_codegen::{FunctionReport, GoInput, Input, Loading, Usages};
use clap::{Args, ValueEnum};
use quote::quote;

use crate::failure::{Failure, Result, bad_input, failed, usage};
use crate::file::check_python_file;

/// Print the Rust module that `callpy::module!` generates for a Python file, or a Go package
///
/// Use it to commit the generated code. The code includes the Python file with include_str!, or
/// go:embed in Go; run bindgen again when the hints change. Needs no Python.
///
/// In Go, put `//go:generate sh -c "callpy bindgen --lang go outliers.py > outliers.go"` into a file
/// in the folder of the Python file, and run `go generate`.
///
/// A line on stderr says how many functions and methods are typed, and how many are left out: the code's
/// documentation says why.
#[derive(Debug, Args)]
pub(crate) struct Bindgen {
    /// The Python file; for Rust, relative to the folder of your Cargo.toml
    file: PathBuf,

    /// The language to generate
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    lang: Language,

    /// The name of the Rust module or Go package [default: the file's]
    #[arg(long, value_name = "NAME", visible_alias = "package")]
    name: Option<String>,

    /// Import the module by this name at run time, instead of including the file
    #[arg(long, value_name = "PACKAGE.MODULE")]
    import: Option<String>,

    /// A function that retains its arguments, and gets copies of arrays; may be repeated
    #[arg(long, value_name = "FUNCTION")]
    retains: Vec<String>,

    /// A function that does not retain its arguments, and is lent arrays at its first call; may be
    /// repeated
    #[arg(long, value_name = "FUNCTION")]
    lends: Vec<String>,

    /// A function, a class or a method (Class.method) to leave out; may be repeated
    #[arg(long, value_name = "NAME")]
    skip: Vec<String>,

    /// In Go, have each function take a context.Context first, whose end cancels the call
    #[arg(long)]
    context: bool,
}

impl Bindgen {
    fn usages(&self) -> Usages {
        Usages { retains: self.retains.clone(), lends: self.lends.clone() }
    }
}

/// The languages that `bindgen` can generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Rust,
    Go,
}

/// Runs the command.
pub(crate) fn run(arguments: &Bindgen) -> Result<()> {
    let path = &arguments.file;
    // Forward slashes work on every system, and the code may be committed.
    let file = path.to_string_lossy().replace('\\', "/");
    check_python_file(path, "")?;
    let bytes =
        fs::read(path).or_else(|error| bad_input(format_args!("can't read {file}: {error}")))?;
    let source =
        callpy_codegen::decode(&bytes, &file).map_err(|diagnostic| report(vec![diagnostic]))?;
    let is_decoded = source.as_bytes() != bytes;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => module_name(path, arguments.lang),
    };
    if arguments.context && matches!(arguments.lang, Language::Rust) {
        return usage("--context is for Go; add --lang go");
    }
    let (code, reports) = match arguments.lang {
        Language::Rust => rust(&source, is_decoded, &file, &name, arguments)?,
        Language::Go => go(&source, is_decoded, &file, &name, arguments)?,
    };
    if let Some(unknown) = arguments.skip.iter().find(|name| !is_declared(&source, name)) {
        let close: Vec<&str> = reports.iter().map(|report| &report.name[..]).take(8).collect();
        return usage(format_args!(
            "{file} has no `{unknown}` to skip; it has {}",
            close.join(", ")
        ));
    }
    io::stdout().write_all(code.as_bytes())?;
    let left_out = reports.iter().filter(|report| report.left_out.is_some()).count();
    let typed =
        reports.iter().filter(|report| report.left_out.is_none() && report.untyped.is_empty());
    let typed = typed.count();
    let in_part = reports.len() - left_out - typed;
    eprintln!(
        "{file}: functions and methods: {typed} typed, {in_part} in part, {left_out} left out"
    );
    Ok(())
}

/// Whether a file has a function, a class or a method of this name.
fn is_declared(source: &str, name: &str) -> bool {
    let Ok(module) = callpy_codegen::declared(source) else { return true };
    module.iter().any(|declared| declared == name)
}

fn go(
    source: &str,
    is_decoded: bool,
    file: &str,
    name: &str,
    arguments: &Bindgen,
) -> Result<(String, Vec<FunctionReport>)> {
    let is_letter = |c: char| callpy_codegen::is_in_go(c) || c == '_';
    if !name.chars().all(is_letter) || !name.starts_with(|c: char| c.is_alphabetic()) {
        return usage(format_args!(
            "`{name}` is not a valid name for a Go package; choose another with --name"
        ));
    }
    // The code is written to the same folder.
    let file = file.rsplit('/').next().unwrap_or(file);
    let mut input = GoInput::new(name.to_lowercase(), file);
    input.path = std::path::absolute(&arguments.file).ok();
    input.import = arguments.import.clone();
    input.is_decoded = is_decoded;
    input.usages = arguments.usages();
    input.skip = arguments.skip.clone();
    input.context = arguments.context;
    let generated = callpy_codegen::generate_go_package(source, &input).map_err(report)?;
    Ok((generated.code, generated.functions))
}

fn report(diagnostics: Vec<callpy_codegen::Diagnostic>) -> Failure {
    failed(diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn rust(
    source: &str,
    is_decoded: bool,
    file: &str,
    name: &str,
    arguments: &Bindgen,
) -> Result<(String, Vec<FunctionReport>)> {
    let path = &arguments.file;
    if syn::parse_str::<syn::Ident>(name).is_err() {
        return usage(format_args!(
            "`{name}` is not a valid name for a Rust module; choose another with --name"
        ));
    }
    let loading = match &arguments.import {
        Some(module) => Loading::Imported { module: module.clone() },
        None if is_decoded => Loading::Decoded { name: None },
        None => {
            let below = format!("/{file}");
            let path = match path.is_absolute() {
                true => quote!(#file),
                false => quote!(concat!(env!("CARGO_MANIFEST_DIR"), #below)),
            };
            Loading::Embedded { path, name: None, reload: false }
        }
    };
    let mut input = Input::new(name, file, loading);
    input.path = std::path::absolute(path).ok();
    input.usages = arguments.usages();
    input.skip = arguments.skip.clone();
    let generated = callpy_codegen::generate(source, &input).map_err(report)?;
    let code = syn::parse2(generated.code)
        .map_err(|error| failed(format_args!("callpy generated invalid Rust code: {error}")))?;
    Ok((prettyplease::unparse(&code), generated.functions))
}

/// Returns the file's name as the name of a Rust module or a Go package.
fn module_name(path: &Path, language: Language) -> String {
    const GO_KEYWORDS: [&str; 25] = [
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "fallthrough",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "map",
        "package",
        "range",
        "return",
        "select",
        "struct",
        "switch",
        "type",
        "var",
    ];
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_letter = |c: char| match language {
        Language::Rust => c.is_alphanumeric(),
        Language::Go => callpy_codegen::is_in_go(c),
    };
    let mut name: String = stem.chars().map(|c| if is_letter(c) { c } else { '_' }).collect();
    match language {
        Language::Rust => {
            if name.starts_with(|c: char| c.is_numeric()) {
                name.insert(0, '_');
            }
            if syn::parse_str::<syn::Ident>(&name).is_err() {
                let raw = format!("r#{name}");
                name = if syn::parse_str::<syn::Ident>(&raw).is_ok() { raw } else { name + "_" };
            }
        }
        Language::Go => {
            name = name.trim_start_matches('_').to_lowercase();
            if !name.starts_with(|c: char| c.is_alphabetic()) {
                name.insert_str(0, "py");
            }
            // No program can import a package `init`.
            if GO_KEYWORDS.contains(&&name[..]) || name == "init" {
                name.push_str("py");
            }
        }
    }
    name
}
