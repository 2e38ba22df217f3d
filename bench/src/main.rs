//! Compares callpy with everything a user would otherwise choose: same functions, same input, same run.
//!
//! `cargo run --release -p bench`; see bench/README.md.

mod build;
mod measure;
mod options;
mod pages;
mod plot;
mod process;
mod python;
mod record;
mod rivals;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::build::Built;
use crate::options::Options;
use crate::python::Environment;

/// Any failure is a sentence.
type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// The folder of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("bench/ is in the project's folder")
}

/// The folder for everything that is built.
fn target() -> PathBuf {
    root().join("target/bench")
}

fn run() -> Result<()> {
    let options = Options::parse();
    if options.list {
        for rival in rivals::ALL {
            println!("{:<22} {}", rival.key, rival.about);
        }
        return Ok(());
    }
    if let Some(record) = &options.again {
        return pages::write(&serde_json::from_slice(&std::fs::read(record)?)?, true);
    }
    let chosen = options.rivals()?;
    let python = Environment::find()?;
    if options.clippy {
        return build::clippy(&python);
    }
    let built: Vec<Built> = build::all(&chosen, &python)?;
    let record = measure::run(&options, &built, &python)?;
    if options.quick {
        print!("{}", table::checked(&record));
        return Ok(());
    }
    print!("{}", table::whole(&record));
    pages::write(&record, options.is_whole())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
