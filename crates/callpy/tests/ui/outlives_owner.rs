//! A slice is lent for the call; what lends it must be there until then.

fn main() {
    let mut arguments = callpy::Arguments::new();
    {
        let series = vec![1.0, 2.0];
        arguments.push(&series);
    }
    let function = callpy::Python::start().unwrap().function("numpy:mean").unwrap();
    let _: f64 = function.call(arguments).unwrap();
}
