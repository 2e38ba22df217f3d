#![forbid(unsafe_code)]
#![deny(missing_docs)]
//! x
callpy::module!(pub mod typed = "tests/python/typed.py" { fn unhinted(data: &[f64], limit: f64) -> callpy::Array<i64>; });
#[test] fn t() { println!("{:?}", typed::detect(&[1.0,2.0])); }
