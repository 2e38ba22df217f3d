//! No one reads memory that Python may write.

fn main() {
    let function = callpy::Python::start().unwrap().function("numpy:copyto").unwrap();
    let mut series = [1.0, 2.0];
    function.call::<()>((&mut series, &series)).unwrap();
}
