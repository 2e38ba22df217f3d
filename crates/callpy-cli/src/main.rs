//! The `callpy` command: calls a Python function with the numbers of a file, and writes the code that
//! calls it from Rust or Go.
#![deny(unsafe_code)]
#![deny(clippy::disallowed_methods)]

mod bindgen;
mod bitmap;
mod blocks;
mod cache;
mod call;
mod cell;
mod columnar;
mod columns;
mod completions;
mod decode;
mod dialect;
mod doctor;
mod failure;
mod file;
mod format;
mod helper;
mod hints;
mod inputs;
mod man;
mod npz;
mod output;
mod parameters;
mod picture;
mod progress;
mod quotes;
mod records;
mod session;
mod signals;
mod source;
mod style;
mod table;
mod target;
mod text;
mod time;
mod times;
mod unread;
mod values;

use std::process::ExitCode;

use callpy::Python;
use clap::{CommandFactory, Parser, Subcommand};

/// Call Python functions in memory, with the numbers of a file
#[derive(Debug, Parser)]
#[command(name = "callpy", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Each subcommand has a file with its arguments and its `run`.
#[derive(Debug, Subcommand)]
enum Command {
    Call(call::Call),
    Time(time::Time),
    Doctor(doctor::Doctor),
    Bindgen(bindgen::Bindgen),
    Cache(cache::Cache),
    Completions(completions::Completions),
    Man(man::Man),
}

fn main() -> ExitCode {
    signals::install();
    let outcome = match Arguments::parse().command {
        Command::Call(call) => call::run(&call),
        Command::Time(time) => time::run(&time),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Cache(cache) => cache::run(&cache),
        Command::Bindgen(bindgen) => bindgen::run(&bindgen),
        Command::Completions(completions) => completions::run(&completions, Arguments::command()),
        Command::Man(man) => man::run(&man, Arguments::command()),
    };
    // Not as the process exits, when libraries have lost their thread-local storage.
    let ended = Python::running().map_or(Ok(()), |python| python.end());
    let outcome = outcome.and_then(|()| Ok(ended?));
    outcome.map_or_else(failure::Failure::report, |()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
