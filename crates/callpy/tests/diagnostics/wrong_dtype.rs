//! An array of another dtype.
callpy::module!(mod m = "python/wrong_dtype.py");

fn main() {
    let series: Vec<f32> = vec![1.0];
    let _ = m::detect(&series);
}
