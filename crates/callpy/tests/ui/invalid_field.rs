//! A field that is no type.
callpy::module!(mod m = "tests/ui/python/invalid_field.py");

fn main() {}
