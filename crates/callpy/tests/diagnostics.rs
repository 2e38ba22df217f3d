//! What the compiler says where `module!` can't make a module, or its functions are misused.
//!
//! `TRYBUILD=overwrite cargo test -p callpy --test diagnostics` rewrites the texts.

use std::fs;
use std::path::Path;

#[test]
fn every_diagnostic_says_where_and_what_instead() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    // trybuild compiles each case as a package of its own, in a folder below `target`: there the
    // macro looks for the Python files.
    let target = std::env::current_exe().unwrap();
    let target = target.ancestors().nth(3).expect("target/debug/deps/diagnostics");
    let package = target.join("tests/trybuild/callpy/python");
    fs::create_dir_all(&package).unwrap();
    for file in fs::read_dir(ui.join("python")).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, package.join(file.file_name().unwrap())).unwrap();
    }
    trybuild::TestCases::new().compile_fail("tests/diagnostics/*.rs");
}
