//! A hint that is no type: every one of them is told.
callpy::module!(mod m = "python/invalid_parameter.py");

fn main() {}
