//! Is never installed: it makes `cargo install callpy` say which package has the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("the command is in another package: cargo install --locked callpy-cli");
    ExitCode::FAILURE
}
