//! A Python syntax error has its line.
callpy::module!(mod m = "python/syntax_error.py");

fn main() {}
