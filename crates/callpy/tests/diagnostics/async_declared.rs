//! An async function declared by hand.
callpy::module!(mod m = "python/async_declared.py" {
    fn fetch(n: i64) -> i64;
});

fn main() {}
