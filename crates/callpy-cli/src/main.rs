//! The `callpy` command: calls a Python function with the numbers of a file, and writes the Rust
//! code that calls it.
#![deny(unsafe_code)]

mod arguments;
mod bindgen;
mod call;
mod failure;
mod helper;
mod npy;
mod output;
mod parameters;
mod progress;
mod source;
mod table;
mod target;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Call(arguments) => call::run(&arguments),
        Command::Bindgen(arguments) => bindgen::run(&arguments),
    };
    outcome.map_or_else(failure::Failure::report, |()| ExitCode::SUCCESS)
}
