//! A result is a type that can be made of a Python object; a slice is nobody's.

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:array").unwrap();
    let slice: &[f64] = function.call(1).unwrap();
    drop(slice);
}
