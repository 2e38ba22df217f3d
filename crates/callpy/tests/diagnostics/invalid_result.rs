//! A result that is no type.
callpy::module!(mod m = "python/invalid_result.py");

fn main() {}
