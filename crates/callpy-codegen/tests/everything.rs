//! The code of a file with every construct, as text. `callpy/tests/typed.rs` calls that code.
#![allow(missing_docs, reason = "a test")]

use callpy_codegen::{Input, Loading, Outcome, generate};
use quote::quote;

const SOURCE: &str = include_str!("../../callpy/tests/python/typed.py");

fn input() -> Input {
    let path = quote!("typed.py");
    Input::new("typed", "typed.py", Loading::Embedded { path, reload: false })
}

#[test]
fn the_code_of_everything() {
    let generated = generate(SOURCE, &input()).unwrap();
    let file = syn::parse2(generated.code).unwrap();
    insta::assert_snapshot!(prettyplease::unparse(&file));
}

#[test]
fn what_is_left_out_says_why() {
    let generated = generate(SOURCE, &input()).unwrap();
    let left_out = |outcome: &Outcome| Some((outcome.name.clone(), outcome.left_out.clone()?));
    let left_out: Vec<_> = generated.functions.iter().filter_map(left_out).collect();
    insta::assert_debug_snapshot!(left_out);
    let untyped: Vec<_> = generated.functions.iter().flat_map(|outcome| &outcome.untyped).collect();
    insta::assert_debug_snapshot!(untyped);
}
