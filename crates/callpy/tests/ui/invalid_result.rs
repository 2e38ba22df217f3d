//! A result that is no type.
callpy::module!(mod m = "tests/ui/python/invalid_result.py");

fn main() {}
