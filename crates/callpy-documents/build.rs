//! Generates a test for each Rust block in the documents.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[path = "src/lib.rs"]
#[allow(dead_code, unreachable_pub, reason = "a library, whose other half the tests use")]
mod documents;

fn main() {
    let root = documents::root();
    // `cargo package --workspace` builds this crate's package, which has no documents.
    if !root.join("docs").is_dir() {
        return;
    }
    let out = env::var("OUT_DIR").expect("Cargo sets it");
    let folder = Path::new(&out).join("files");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("python")).expect("a folder of our own");

    // The current folder of the blocks has the examples' files, and files that blocks show.
    for file in ["outliers/outliers.py", "outliers/cpu.csv", "typed/spectrum.py", "smoothing.py"] {
        let path = root.join("examples").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let name = Path::new(file).file_name().expect("a file");
        fs::copy(&path, folder.join(name)).expect("an example's file");
        fs::copy(&path, folder.join("python").join(name)).expect("an example's file");
    }
    println!("cargo::rerun-if-changed={}", root.join("docs").display());

    let mut tests = String::new();
    for document in documents::documents(&root) {
        println!("cargo::rerun-if-changed={}", root.join(&document).display());
        let blocks = documents::blocks_of(&root, &document);
        for block in blocks.iter().filter(|block| block.language == "python") {
            if let Some(name) = block.file() {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of our own");
                fs::write(path, &block.text).expect("a file of our own");
            }
        }
        let name: String = document
            .to_string_lossy()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        writeln!(tests, "mod {name} {{").expect("text");
        for block in blocks {
            if block.language != "rust" || block.not_run.is_some() {
                continue;
            }
            let (place, line) = (block.place(), block.line);
            // `module!` takes a path from the folder of Cargo.toml, which is not where these files are.
            let code = block.whole().replace("= \"python/", &format!("= r\"{out}/files/python/"));
            let (items, call) = match code.contains("fn main(") {
                true => {
                    // The test that runs it is outside the module.
                    let code = code.replace("\nfn main(", "\npub(super) fn main(");
                    (
                        format!("mod program_{line} {{\n{code}\n}}\n"),
                        format!("program_{line}::main()"),
                    )
                }
                false => {
                    let body = format!(
                        "fn block_{line}() -> Result<(), Box<dyn std::error::Error>> {{\n{code}\nOk(())\n}}\n"
                    );
                    (body, format!("block_{line}()"))
                }
            };
            let output = block.output.unwrap_or_default();
            writeln!(
                tests,
                "// {place}\n{items}#[test]\nfn line_{line}() {{\n    \
                 super::alone(\"{name}::line_{line}\", {output:?}, || super::ended({call}));\n}}"
            )
            .expect("text");
        }
        writeln!(tests, "}}").expect("text");
    }
    fs::write(Path::new(&out).join("blocks.rs"), tests).expect("a file of our own");
}
