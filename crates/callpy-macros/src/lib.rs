//! The procedural half of `callpy::module!`, and the derives. Use it through `callpy`, whose version must be the same.
#![forbid(unsafe_code)]

mod derive;
mod input;

use std::path::{Path, PathBuf};

use callpy_codegen::{Input, Loading};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::input::Invocation;

/// Makes a Rust module of a Python file. See `callpy::module!`, which adds the path to its own crate.
#[proc_macro]
pub fn module(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let code = match syn::parse::<Invocation>(tokens) {
        Ok(invocation) => expand(invocation),
        Err(error) => error.to_compile_error(),
    };
    code.into()
}

/// Derives `callpy::FromPython` for a struct. See the trait.
#[proc_macro_derive(FromPython, attributes(callpy))]
pub fn from_python(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derived(tokens, derive::from_python)
}

/// Derives `callpy::IntoPython` for a struct. See the trait.
#[proc_macro_derive(IntoPython, attributes(callpy))]
pub fn into_python(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derived(tokens, derive::into_python)
}

fn derived(
    tokens: proc_macro::TokenStream,
    derive: impl Fn(syn::DeriveInput) -> syn::Result<TokenStream>,
) -> proc_macro::TokenStream {
    let code = syn::parse(tokens).and_then(derive);
    code.unwrap_or_else(syn::Error::into_compile_error).into()
}

fn expand(invocation: Invocation) -> TokenStream {
    let file = invocation.file.value();
    let span = invocation.file.span();
    let path = folder().join(&file);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message =
                format!("{file}: {error}; the path is relative to the folder of Cargo.toml");
            return compile_error(span, &message);
        }
    };
    let source = match callpy_codegen::decode(&bytes, &file) {
        Ok(source) => source,
        Err(diagnostic) => return compile_error(span, &diagnostic.to_string()),
    };
    let Some(path) = path.to_str() else {
        return compile_error(span, "the path of the package's folder is not Unicode");
    };
    let is_utf_8 = source.as_bytes() == bytes;
    if invocation.reload && !is_utf_8 {
        return compile_error(span, "`reload` needs a file in UTF-8 without a byte-order mark");
    }
    let is_included = invocation.import.is_none() && is_utf_8;
    let loading = match &invocation.import {
        Some(module) => Loading::Imported { module: module.value() },
        None => {
            let name = invocation.python_name;
            match is_included {
                true => Loading::Embedded { path: quote!(#path), name, reload: invocation.reload },
                false => Loading::Decoded { name },
            }
        }
    };
    let watch = (!is_included).then(|| path.to_owned());
    let input = Input {
        attributes: invocation.attributes,
        visibility: invocation.visibility,
        name: invocation.name,
        callpy: invocation.callpy,
        file,
        path: Some(path.into()),
        loading,
        declared: invocation.declared,
        usages: invocation.usages,
        skip: invocation.skip,
    };
    match callpy_codegen::generate(&source, &input) {
        Ok(generated) => {
            // Cargo compiles again when one of these files changes, because the code includes them.
            let neighbours = generated.neighbours.iter().filter_map(|path| path.to_str());
            let watch = watch.as_deref().into_iter().chain(neighbours);
            let code = generated.code;
            quote!(#code #(const _: &[u8] = ::core::include_bytes!(#watch);)*)
        }
        Err(diagnostics) => diagnostics
            .iter()
            .map(|diagnostic| compile_error(span, &diagnostic.to_string()))
            .collect(),
    }
}

/// Returns the folder of the package that is being compiled.
fn folder() -> PathBuf {
    // Cargo sets it, and so does every other build tool that calls rustc for a package.
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| Path::new("").to_owned(), PathBuf::from)
}

fn compile_error(span: Span, message: &str) -> TokenStream {
    quote_spanned!(span=> ::core::compile_error! { #message })
}
