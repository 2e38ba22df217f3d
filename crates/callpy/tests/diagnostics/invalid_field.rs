//! A field that is no type.
callpy::module!(mod m = "python/invalid_field.py");

fn main() {}
