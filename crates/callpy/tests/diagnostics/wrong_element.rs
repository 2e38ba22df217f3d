//! No array at all.
callpy::module!(mod m = "python/wrong_element.py");

fn main() {
    let _ = m::total(5.0);
}
