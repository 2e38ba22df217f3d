//! `callpy bindgen`: the code of `callpy::module!`, printed; or the Go package of the same file.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use callpy_codegen::{GoInput, Input, Loading};
use quote::quote;

use crate::arguments::{Bindgen, Language};
use crate::failure::{Failure, Result, usage};

/// Prints the module for a file.
pub(crate) fn run(arguments: &Bindgen) -> Result<()> {
    let path = &arguments.file;
    // Forward slashes mean the same everywhere, and the code may be committed.
    let file = path.to_string_lossy().replace('\\', "/");
    let source = fs::read_to_string(path)
        .or_else(|error| usage(format_args!("{file} can't be read: {error}")))?;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => module_name(path),
    };
    let code = match arguments.lang {
        Language::Rust => rust(&source, &file, &name, arguments)?,
        Language::Go => go(&source, &file, &name, arguments)?,
    };
    io::stdout().write_all(code.as_bytes())?;
    Ok(())
}

fn go(source: &str, file: &str, name: &str, arguments: &Bindgen) -> Result<String> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    if !name.chars().all(is_letter) || !name.starts_with(|c: char| c.is_alphabetic()) {
        return usage(format_args!(
            "`{name}` can't be a package's name in Go; choose one with --name"
        ));
    }
    // As the compiler sees it from the folder in which the code is to stand.
    let file = file.rsplit('/').next().unwrap_or(file);
    let mut input = GoInput::new(name.to_lowercase(), file);
    input.path = std::path::absolute(&arguments.file).ok();
    input.import = arguments.import.clone();
    callpy_codegen::generate_go(source, &input).map_err(failed)
}

fn failed(problems: Vec<callpy_codegen::Problem>) -> Failure {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::Failed(problems.join("\n"))
}

fn rust(source: &str, file: &str, name: &str, arguments: &Bindgen) -> Result<String> {
    let path = &arguments.file;
    if syn::parse_str::<syn::Ident>(name).is_err() {
        return usage(format_args!(
            "`{name}` can't be a module's name in Rust; choose one with --name"
        ));
    }
    let loading = match &arguments.import {
        Some(module) => Loading::Imported { module: module.clone() },
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
    let generated = callpy_codegen::generate(source, &input).map_err(failed)?;
    let code = syn::parse2(generated.code).map_err(|error| {
        Failure::Failed(format!("the code is no Rust, which is callpy's fault: {error}"))
    })?;
    Ok(prettyplease::unparse(&code))
}

/// Returns the file's name as a name in Rust.
fn module_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}
