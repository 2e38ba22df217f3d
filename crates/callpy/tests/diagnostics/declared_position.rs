//! A parameter by position, at another.
callpy::module!(mod m = "python/declared_position.py" {
    fn detect(b: i64);
});

fn main() {}
