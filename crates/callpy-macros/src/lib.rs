//! The procedural half of `callpy::module!`. Use it through `callpy`, whose version must be the same.
#![forbid(unsafe_code)]

mod input;

use std::path::{Path, PathBuf};

use callpy_codegen::{Input, Loading, Problem};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::input::Invocation;

/// Makes a Rust module of a Python file. See `callpy::module!`, which passes the way to itself.
#[proc_macro]
pub fn module(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let code = match syn::parse::<Invocation>(tokens) {
        Ok(invocation) => expand(invocation),
        Err(error) => error.to_compile_error(),
    };
    code.into()
}

fn expand(invocation: Invocation) -> TokenStream {
    let file = invocation.file.value();
    let span = invocation.file.span();
    let path = folder().join(&file);
    let source = match std::fs::read_to_string(&path) {
        Ok(source) => source,
        Err(error) => {
            let message = format!(
                "{file} can't be read ({error}); the path is relative to the folder of Cargo.toml"
            );
            return complain(span, &message);
        }
    };
    let Some(path) = path.to_str() else {
        return complain(span, "the path of the package's folder is not Unicode");
    };
    let loading = match &invocation.import {
        Some(module) => Loading::Imported { module: module.value() },
        None => Loading::Embedded {
            path: quote!(#path),
            name: invocation.python_name,
            reload: invocation.reload,
        },
    };
    let watch = invocation.import.is_some().then(|| path.to_owned());
    let input = Input {
        attributes: invocation.attributes,
        visibility: invocation.visibility,
        name: invocation.name,
        callpy: invocation.callpy,
        file,
        path: Some(path.into()),
        loading,
        declared: invocation.declared,
    };
    match callpy_codegen::generate(&source, &input) {
        Ok(generated) => {
            // Has Cargo compile again when one of the files changes.
            let neighbours = generated.neighbours.iter().filter_map(|path| path.to_str());
            let watch = watch.as_deref().into_iter().chain(neighbours);
            let code = generated.code;
            quote!(#code #(const _: &[u8] = ::core::include_bytes!(#watch);)*)
        }
        Err(problems) => {
            problems.iter().map(|problem: &Problem| complain(span, &problem.to_string())).collect()
        }
    }
}

/// The folder of the package that is being compiled.
fn folder() -> PathBuf {
    // Set by Cargo, and by whoever else calls rustc for a package.
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| Path::new("").to_owned(), PathBuf::from)
}

fn complain(span: Span, message: &str) -> TokenStream {
    quote_spanned!(span=> ::core::compile_error! { #message })
}
