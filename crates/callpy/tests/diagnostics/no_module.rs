//! Something else than a module.
callpy::module!("python/outliers.py");

fn main() {}
