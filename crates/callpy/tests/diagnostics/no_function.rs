//! A file without functions.
callpy::module!(mod m = "python/no_function.py");

fn main() {}
