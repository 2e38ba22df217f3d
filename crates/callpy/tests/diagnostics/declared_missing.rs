//! A function that is not there.
callpy::module!(mod m = "python/declared_missing.py" {
    fn detekt(data: &[f64]);
});

fn main() {}
