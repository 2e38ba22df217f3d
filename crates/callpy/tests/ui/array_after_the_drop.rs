//! A slice of an array is borrowed from it.

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:ones").unwrap();
    let array: callpy::Array<f64> = function.call(3).unwrap();
    let slice: &[f64] = &array;
    drop(array);
    println!("{slice:?}");
}
