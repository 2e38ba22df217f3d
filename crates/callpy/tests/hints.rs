//! Hints that are hard on a generator, compiled and called: no file is refused for one of them.

mod common;

use std::collections::HashMap;
use std::time::Duration;

use callpy::{Array, Object};

callpy::module!(mod kinds = "tests/python/hints/kinds.py");
callpy::module!(mod only = "tests/python/hints/only_a_class.py");

use kinds::*;

#[test]
fn unions_have_arrays_of_any_element() {
    common::python();
    assert_eq!(one(&[1_i32, 2]).unwrap(), 2);
    let options = ArraysOptions::new().x(&[1.5_f32][..]);
    assert_eq!(arrays_with(options).unwrap(), "ndarray");
    assert_eq!(arrays_with(ArraysOptions::new().x(vec![1.5])).unwrap(), "list");
    assert_eq!(nested([("a", &[1_u8, 2])], &[NestedX::Float(1.5)]).unwrap(), "ndarray float");
    let FoundResult::Array(array) = found("array").unwrap() else { panic!() };
    assert_eq!(array.extract::<Array<f64>>().unwrap()[..], [1.5]);
    assert!(matches!(found("int").unwrap(), FoundResult::Int(3)));
}

/// C's `long` is an `i64` on one machine and an `i32` on another.
#[test]
fn unions_may_have_types_of_c_beside_those_they_are() {
    common::python();
    assert_eq!(of_c(5_i64).unwrap(), "int64 int64");
    assert_eq!(of_c(5_i32).unwrap(), "int32 int32");
    assert_eq!(of_c(&[5_i64]).unwrap(), "ndarray int64");
}

#[test]
fn an_alias_in_itself_is_an_object() {
    common::python();
    let list: Object =
        callpy::Python::start().unwrap().function("builtins:list").unwrap().call(()).unwrap();
    assert_eq!(dump(Some(JsonValue::List(vec![list]))).unwrap(), "[[]]");
    let Some(JsonValue::Dict(loaded)) = load("{\"a\": [1]}").unwrap() else { panic!() };
    assert_eq!(loaded["a"].extract::<Vec<i64>>().unwrap(), [1]);
    assert!(load("null").unwrap().is_none());
}

#[test]
fn names_that_clash_are_told_apart() {
    common::python();
    assert_eq!((crate__(1).unwrap(), crate_(1).unwrap()), (1, 2));
    let options = CrateWithOptions::new().new_(5).new__(4);
    assert_eq!(crate_with_with(options).unwrap(), "4 5 3");
    assert_eq!(stars_with(StarsOptions::new().___(1).__("a", 2)).unwrap(), "(1,) {'a': 2}");
    assert_eq!(clash(1, 2).unwrap(), 4);
    let made = f64_::new(2).unwrap();
    assert_eq!(made.new_with(F64NewOptions::new().self_(3)).unwrap().crate_().unwrap(), 5);
    assert_eq!(made.crate__(3).unwrap(), 5);
    assert_eq!(instance(&made).unwrap().crate_().unwrap(), 2);
    Self_::new().unwrap();
    let sums = T1::new(vec![1.0, 2.0]).unwrap();
    assert_eq!(sums.sum(&[3_i8]).unwrap(), 6.0);
}

#[test]
fn a_struct_may_contain_itself() {
    common::python();
    let child = Child { value: Some(1), child: None };
    let parent = parent(&child).unwrap();
    assert_eq!((parent.value, parent.child.unwrap().value), (Some(5), Some(1)));
    let first = Made { r#type: None, ..Made::new(7) };
    let second = made(&first).unwrap();
    assert_eq!((second.crate__, second.crate_), (7, 2));
    assert_eq!(second.r#type.unwrap().crate__, 7);
    assert!(matches!(*second.either.unwrap(), MadeEither::Made(_)));
}

#[test]
fn a_struct_may_contain_instances_and_unions() {
    common::python();
    let one = f64_::new(3).unwrap();
    let around = Around {
        holder: Holder::new(one.clone(), vec![one.clone()], [("a".to_owned(), one)].into()),
    };
    let held = held(&around).unwrap();
    assert_eq!(held.one.crate_().unwrap() + held.many[0].crate_().unwrap(), 6);
    assert_eq!(held.by_name["a"].crate_().unwrap(), 3);
    assert!(held.pair.is_none() && matches!(held.either, HolderEither::Int(0)));
    assert!(matches!(held.wide, HolderWide::Float(1.0)));
    assert!(matches!(held.text, Some(HolderEither::Str(text)) if text == "x"));
}

#[test]
fn each_key_of_unpacked_options_is_an_option() {
    common::python();
    assert_eq!(options("u").unwrap(), "u[]");
    let set = OptionsOptions::new().timeout(1.5).retries(2);
    assert_eq!(options_with("u", set).unwrap(), "u[('retries', 2), ('timeout', 1.5)]");
}

#[test]
fn a_container_is_what_its_hint_says() {
    common::python();
    let floats = callpy::Python::start().unwrap().function("builtins:dict").unwrap();
    let floats: Object = floats.call(()).unwrap();
    assert_eq!(
        kinds(
            [("a", 1)],
            HashMap::from([("b", 2.5)]),
            [1, 2],
            [1.5, 2.5],
            ["x"],
            [1.5],
            [(1.5, 1)],
            [((1, 1.5), 2)],
            &[floats],
            [0.5],
        )
        .unwrap(),
        "dict dict set list tuple frozenset dict dict list set"
    );
}

#[test]
fn an_iterator_is_read_item_by_item() {
    common::python();
    let mut items = counted(1_000_000).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 0.0);
    assert_eq!(items.next().unwrap().unwrap(), 0.5);
}

#[test]
fn times_and_callbacks_are_those_of_rust() {
    common::python();
    let waited: Duration = waited(Duration::from_millis(1500)).unwrap();
    assert_eq!(waited, Duration::from_secs(3));
    let doubled = called(callpy::callback(|x: f64| -> callpy::Result<f64> { Ok(x * 2.0) }));
    assert_eq!(doubled.unwrap(), 4.0);
}

#[test]
fn a_file_may_have_classes_only() {
    common::python();
    assert_eq!(only::Model::new().unwrap().predict(&[1.5]).unwrap(), [1.5]);
}
