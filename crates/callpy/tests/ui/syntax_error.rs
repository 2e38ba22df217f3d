//! A Python syntax error has its line.
callpy::module!(mod m = "tests/ui/python/syntax_error.py");

fn main() {}
