//! A mutable slice is an array: there is no list that Rust could see written.

fn main() {
    let function = callpy::Python::start().unwrap().function("builtins:len").unwrap();
    let mut words = [String::from("a")];
    let _: i64 = function.call(&mut words[..]).unwrap();
}
