//! Two options that exclude each other.
callpy::module!(mod m = "python/reload_import.py", import = "m", reload);

fn main() {}
