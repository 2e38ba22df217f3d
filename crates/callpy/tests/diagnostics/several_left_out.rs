//! Functions of which none can be typed.
callpy::module!(mod m = "python/several_left_out.py");

fn main() {}
