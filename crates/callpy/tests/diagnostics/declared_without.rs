//! A parameter that must be given.
callpy::module!(mod m = "python/declared_without.py" {
    fn detect(data: &[f64]);
});

fn main() {}
