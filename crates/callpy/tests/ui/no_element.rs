//! Not every type is the element of an array.

#[derive(Clone, Copy)]
struct Celsius(f64);

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:mean").unwrap();
    let series = [Celsius(20.5)];
    let _: f64 = function.call(&series[..]).unwrap();
}
