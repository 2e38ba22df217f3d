//! Types from other files of the package.
#![allow(missing_docs, reason = "a test")]

use std::path::Path;

use callpy_codegen::{Input, Loading, generate};

#[test]
fn an_imported_alias_is_followed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/package");
    let source = std::fs::read_to_string(folder.join("functions.py")).unwrap();
    let loading = Loading::Imported { module: "package.functions".into() };
    let mut input = Input::new("functions", "functions.py", loading);

    let alone = generate(&source, &input).unwrap();
    assert!(alone.neighbours.is_empty());
    assert_eq!(alone.functions[0].untyped.len(), 3, "{:?}", alone.functions);

    input.path = Some(folder.join("functions.py"));
    let generated = generate(&source, &input).unwrap();
    let code = prettyplease::unparse(&syn::parse2(generated.code).unwrap());
    for line in [
        "data: impl __callpy::IntoArray<'a, f64>,",
        "impl ::core::convert::Into<OneScaleArgument<'a>> + 'a,",
        "names: &'a [impl ::core::convert::AsRef<str> + 'a],",
        "many: &'a [__callpy::Object],",
        "settings: &'a __callpy::Object,",
        "-> __callpy::Result<__callpy::Array<i32>> {",
        "`Settings`, which `package/aliases.py` declares.",
    ] {
        assert!(code.contains(line), "{line} is not in\n{code}");
    }
    let untyped: Vec<usize> =
        generated.functions.iter().map(|report| report.untyped.len()).collect();
    assert_eq!(untyped, [0, 0, 1, 0], "what leads in a circle, and the constructor of a class");
    let read: Vec<_> =
        generated.neighbours.iter().map(|path| path.strip_prefix(&folder).unwrap()).collect();
    assert_eq!(read, [Path::new("aliases.py"), Path::new("inner/__init__.py")]);
}

#[test]
fn a_method_of_a_neighbour_may_lead_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/package");
    let source = std::fs::read_to_string(folder.join("hidden.py")).unwrap();
    let mut input =
        Input::new("hidden", "hidden.py", Loading::Imported { module: "package.hidden".into() });
    input.path = Some(folder.join("hidden.py"));
    let code = generate(&source, &input).unwrap().code.to_string();
    assert!(code.contains("_Hidden (_Hidden)"), "{code}");
    assert_eq!(code.matches("pub enum _Hidden {").count(), 1, "{code}");
    assert!(code.contains("values : impl __callpy :: IntoArray < 'a , f64 >"), "{code}");
}
