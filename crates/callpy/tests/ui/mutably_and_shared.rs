//! What Python may write, nobody reads meanwhile.

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:copyto").unwrap();
    let mut series = [1.0, 2.0];
    function.call::<()>((&mut series, &series)).unwrap();
}
