//! A file without functions.
callpy::module!(mod m = "tests/ui/python/no_function.py");

fn main() {}
