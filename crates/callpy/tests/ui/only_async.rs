//! An async function alone.
callpy::module!(mod m = "tests/ui/python/only_async.py");

fn main() {}
