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
        None => Loading::Embedded { path: quote!(#path), reload: invocation.reload },
    };
    // Has Cargo compile again when the file changes.
    let watch = invocation.import.is_some().then(|| {
        quote!(
            const _: &[u8] = ::core::include_bytes!(#path);
        )
    });
    let input = Input {
        attributes: invocation.attributes,
        visibility: invocation.visibility,
        name: invocation.name,
        callpy: invocation.callpy,
        file,
        loading,
        declared: invocation.declared,
    };
    match callpy_codegen::generate(&source, &input) {
        Ok(generated) => {
            let code = generated.code;
            quote!(#code #watch)
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
