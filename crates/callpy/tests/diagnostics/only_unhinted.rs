//! A file from which nothing comes.
callpy::module!(mod m = "python/only_unhinted.py");

fn main() {}
