//! The `callpy` command: calls a Python function with the numbers of a file, and writes the Rust
//! code that calls it.
#![deny(unsafe_code)]
#![deny(clippy::disallowed_methods)]

mod arguments;
mod bindgen;
mod bitmap;
mod call;
mod comforts;
mod doctor;
mod failure;
mod file;
mod helper;
mod npy;
mod output;
mod parameters;
mod picture;
mod progress;
mod session;
mod signals;
mod source;
mod style;
mod table;
mod target;
mod text;
mod time;
mod times;

use std::process::ExitCode;

use callpy::Python;
use clap::Parser;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    signals::install();
    let outcome = match Arguments::parse().command {
        Command::Call(arguments) => call::run(&arguments),
        Command::Time(arguments) => time::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Bindgen(arguments) => bindgen::run(&arguments),
        Command::Completions(arguments) => comforts::completions(&arguments),
        Command::Man(arguments) => comforts::man(&arguments),
    };
    // Not as the process exits, when libraries have lost their thread-local storage.
    let ended = Python::running().map_or(Ok(()), |python| python.end());
    let outcome = outcome.and_then(|()| Ok(ended?));
    outcome.map_or_else(failure::Failure::report, |()| ExitCode::SUCCESS)
}
