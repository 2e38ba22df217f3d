//! An async function alone.
callpy::module!(mod m = "python/only_async.py");

fn main() {}
