//! A parameter of another name.
callpy::module!(mod m = "python/declared_parameter.py" {
    fn detect(series: &[f64]);
});

fn main() {}
