//! An attachment is its thread's own.

fn main() {
    let python = callpy::Python::start().unwrap();
    python
        .attach(|py| {
            std::thread::scope(|threads| {
                threads.spawn(|| py.detach(|| ()));
            })
        })
        .unwrap();
}
