//! include/callpy.h is what cbindgen makes of the source.

use std::path::Path;

#[test]
fn the_header_is_not_stale() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).expect("cbindgen.toml");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(folder.join("src/lib.rs"))
        .generate()
        .expect("cbindgen reads the source");
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = without_safety(&String::from_utf8(text).expect("it is text"));
    let header = folder.join("include/callpy.h");
    if std::env::var_os("CALLPY_WRITE_HEADER").is_some() {
        std::fs::write(&header, text).expect("include/callpy.h can be written");
        return;
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    assert!(
        committed == text,
        "include/callpy.h is stale: CALLPY_WRITE_HEADER=1 cargo test -p callpy-capi --test header"
    );
}

/// Leaves out what `# Safety` says: it is for Rust's lints, and C has it in the rules at the top.
fn without_safety(header: &str) -> String {
    let mut text = String::new();
    let mut in_safety = false;
    for line in header.lines() {
        let comment = line.trim_start().strip_prefix("//");
        in_safety = match comment {
            Some(comment) if comment.trim() == "# Safety" => {
                // The empty line before it.
                while text.ends_with("//\n") {
                    text.truncate(text.len() - 3);
                }
                true
            }
            Some(_) => in_safety,
            None => false,
        };
        if !in_safety {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}
