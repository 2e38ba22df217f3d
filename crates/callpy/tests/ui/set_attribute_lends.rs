//! What an attribute keeps can't be lent.

fn main() {
    let object = callpy::Python::start().unwrap().module("sys").unwrap().object().clone();
    let series = vec![1.0, 2.0];
    object.set_attr("series", &series).unwrap();
}
