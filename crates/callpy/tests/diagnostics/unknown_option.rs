//! An option that is none.
callpy::module!(mod m = "python/unknown_option.py", relaod);

fn main() {}
