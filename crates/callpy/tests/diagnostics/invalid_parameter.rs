//! Hints that are not types, in every function of the file.
callpy::module!(mod m = "python/invalid_parameter.py");

fn main() {}
