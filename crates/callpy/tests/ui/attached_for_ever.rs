//! An attachment ends with its closure.

fn main() {
    let python = callpy::Python::start().unwrap();
    let kept = python.attach(|py| py).unwrap();
    kept.detach(|| ());
}
