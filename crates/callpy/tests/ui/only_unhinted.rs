//! A file from which nothing comes.
callpy::module!(mod m = "tests/ui/python/only_unhinted.py");

fn main() {}
