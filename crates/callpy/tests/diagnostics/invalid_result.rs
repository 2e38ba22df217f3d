//! A result whose hint is not a type.
callpy::module!(mod m = "python/invalid_result.py");

fn main() {}
