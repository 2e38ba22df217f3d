//! Functions of which none can be typed.
callpy::module!(mod m = "tests/ui/python/several_left_out.py");

fn main() {}
