//! An array has elements that NumPy knows.

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:array").unwrap();
    let words: callpy::Array<String> = function.call(1).unwrap();
    drop(words);
}
