//! The `callpy` command.
fn main() {}
