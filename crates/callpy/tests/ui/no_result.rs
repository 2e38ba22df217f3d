//! A result is of a type that can be made from a Python object, which a slice can't be.

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:array").unwrap();
    let slice: &[f64] = function.call(1).unwrap();
    drop(slice);
}
