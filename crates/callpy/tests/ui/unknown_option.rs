//! An option that is none.
callpy::module!(mod m = "tests/ui/python/unknown_option.py", relaod);

fn main() {}
