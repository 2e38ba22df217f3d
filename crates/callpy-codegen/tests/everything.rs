//! The code of a file with every construct, as text. `callpy/tests/typed.rs` calls that code.
#![allow(missing_docs, reason = "a test")]

use callpy_codegen::{GoInput, Input, Loading, Outcome, generate, generate_go};
use quote::quote;

const SOURCE: &str = include_str!("../../callpy/tests/python/typed.py");

fn input() -> Input {
    let path = quote!("typed.py");
    Input::new("typed", "typed.py", Loading::Embedded { path, name: None, reload: false })
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

/// That it is Go, and calls what it says, is tested in go/typed, where this file is compiled.
#[test]
fn the_go_package_is_not_stale() {
    let committed = include_str!("../../../go/typed/typed.go");
    let source = include_str!("../../../go/typed/typed.py");
    let generated = generate_go(source, &GoInput::new("typed", "typed.py")).unwrap();
    assert!(
        generated == committed,
        "go/typed/typed.go is stale: callpy bindgen --lang go go/typed/typed.py > go/typed/typed.go"
    );
    assert_eq!(source, SOURCE, "go/typed/typed.py is a copy of callpy/tests/python/typed.py");
}

#[test]
fn a_go_package_of_an_installed_module_carries_no_source() {
    let mut input = GoInput::new("shapes", "shapes.py");
    input.import = Some("geometry.shapes".into());
    let source = "def area(side: float) -> float: ...\ndef kinds() -> set[str]: ...\n";
    insta::assert_snapshot!(generate_go(source, &input).unwrap());
}

#[test]
fn parameters_in_go_hide_nothing_that_the_body_uses() {
    let source = "def f(result: int, result1: int, nil: int, len: int, option: int, b: int = 2) \
                  -> tuple[int, str]: ...";
    let code = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    let expected = "func F(result_ int, result1_ int, nil_ int, len_ int, option_ int, \
                    options ...FOption) (result0 int, result1 string, err error) {";
    assert!(code.contains(expected), "{code}");
}

#[test]
fn what_go_cannot_map_says_why() {
    let problems = |source| {
        let problems = generate_go(source, &GoInput::new("p", "p.py")).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(problems("def f(a: 1 + 1) -> int: ...").contains("p.py:1: `f`, parameter `a`"));
    assert!(problems("def f(a): ...").contains("no public function can be typed: `f`"));
    assert!(problems("x = 1").contains("there is no public function"));
    assert!(problems("def f(").starts_with("p.py:1: "));
}
