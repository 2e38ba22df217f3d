//! A file that is not there.
callpy::module!(mod m = "python/nowhere.py");

fn main() {}
