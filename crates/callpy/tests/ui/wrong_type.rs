//! An argument of another type.
callpy::module!(mod m = "tests/ui/python/wrong_type.py");

fn main() {
    let _ = m::scale("2", "x");
}
