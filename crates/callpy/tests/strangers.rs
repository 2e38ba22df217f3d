//! Names, classes and decorators that Python treats in its own way, and classes of neighbouring files.
#![allow(mixed_script_confusables, reason = "the names are Python's")]

mod common;

use callpy::{ErrorKind, Object};

callpy::module!(mod strangers = "tests/python/hints/strangers.py");
callpy::module!(mod cats = "tests/python/zoo/cats.py", import = "zoo.cats");

use strangers::*;

#[test]
fn names_are_those_that_python_makes_of_them() {
    common::python();
    assert_eq!(scale(2.0).unwrap(), 4.0);
    assert_eq!(scale_with(2.0, ScaleOptions::new().φ(3.0)).unwrap(), 6.0);
    assert_eq!(find(1).unwrap(), 2);
    // A Greek capital letter would look like the M of `Ms`.
    assert_eq!(unit(UnitName::Ms).unwrap(), "ms");
    assert_eq!(unit(UnitName::Micros).unwrap(), "μs");
    let grown = wachsen(&Größe::new(1.0)).unwrap();
    assert_eq!((grown.μ, grown.flag), (2.0, true));
}

#[test]
fn private_names_have_their_class_in_them() {
    common::python();
    let known = secret(&Secret::new("s".to_owned())).unwrap();
    assert_eq!((known.name.as_str(), known._Secret__token), ("s", 3));
    assert_eq!(known.token().unwrap(), 3);
    assert_eq!(known.token_with(SecretTokenOptions::new()._Secret__by(2)).unwrap(), 6);
}

#[test]
fn what_has_no_hash_is_an_object_in_a_struct_too() {
    common::python();
    let made = unhashed().unwrap();
    assert_eq!(made.by_float.extract::<Vec<(f64, i64)>>().unwrap(), [(0.5, 1)]);
    assert!(made.by_value.is_empty() && made.later.is_none());

    // Only a list has a default that Rust can write.
    let Unhashed { by_float, by_value, floats, by_any, anything, .. } = made;
    let made = Unhashed::new(by_float, by_value, floats, by_any, anything);
    assert_eq!(again(&made).unwrap(), "{0.5: 1} {} set() []");
}

#[test]
fn a_field_that_iterates_is_only_read() {
    common::python();
    let rows = Reader::new(1).unwrap().rows().unwrap();
    assert_eq!(rows.collect::<callpy::Result<Vec<i64>>>().unwrap(), [1, 2]);
}

#[test]
fn a_frozenset_is_passed_as_one() {
    common::python();
    assert_eq!(frozen([1, 2], [([2, 1], "x")]).unwrap(), ["x".to_owned()].into());
}

#[test]
fn a_computed_field_is_what_python_computes() {
    common::python();
    let computed = Computed::new(3.0).unwrap();
    assert_eq!((computed.side().unwrap(), computed.area().unwrap()), (3.0, 9.0));
    computed.set_area(1.0).unwrap();
    assert_eq!(area(&computed).unwrap(), 1.0);
}

#[test]
fn a_star_import_hides_no_builtin_decorator() {
    common::python();
    let square = Square::make().unwrap();
    assert_eq!((square.label().unwrap().as_str(), Square::half(5).unwrap()), ("square", 2));
    let shape: Shape = square.extract().unwrap();
    assert_eq!(shape.sides().unwrap(), 4);
}

#[test]
fn the_members_of_an_enum_are_those_that_python_has() {
    common::python();
    for member in [Members::A, Members::B, Members::C] {
        assert_eq!(members(member, Planet::MARS).unwrap(), (Members::C, Planet::MARS));
    }
}

#[test]
fn a_class_whose_constructor_takes_no_fields_is_an_object() {
    common::python();
    let (own, thrice) = (Own::new(4).unwrap(), Thrice::new(5).unwrap());
    assert_eq!(strangers::own(&own, &thrice).unwrap(), "own 10");
    let again = Again::new().unwrap();
    assert_eq!((again.first().unwrap(), again.second().unwrap()), (1, 2));
}

#[test]
fn a_named_tuple_renames_what_can_be_no_field() {
    common::python();
    let one: Object =
        callpy::Python::start().unwrap().function("builtins:int").unwrap().call(1).unwrap();
    let of = Renamed { a: one.clone(), _1: one.clone(), _2: one.clone(), _3: one };
    assert_eq!(renamed(&of).unwrap()._3.extract::<i64>().unwrap(), 1);
}

#[test]
fn a_decorator_may_pass_on_all_arguments() {
    common::python();
    assert_eq!(passed(1).unwrap(), 3);
    assert_eq!(passed_with(1, PassedOptions::new().y(5)).unwrap(), 6);
    let error = added(1).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Target));
    let text = error.to_string();
    assert!(
        text.contains("Python has added(more, *args, **kwargs); leave out the decorator"),
        "{text}"
    );
}

#[test]
fn a_complex_number_may_be_real() {
    common::python();
    let both = (root(4.0).unwrap(), root(-4.0).unwrap());
    assert_eq!((both.0.re, both.0.im, both.1.im), (2.0, 0.0, 2.0));
    let all = roots().unwrap();
    assert_eq!((all[0].re, all[1].re, all[2].im), (1.0, 2.0, 1.0));
}

#[test]
fn what_a_neighbour_declares_is_called_by_its_instances() {
    common::python();
    let deep = cats::deep_cat().unwrap();
    assert_eq!((deep.depth().unwrap(), deep.name().unwrap().as_str()), (2, "deep"));
    // This file has no name for the class.
    assert_eq!(cats::inner(&deep).unwrap().value().unwrap(), 3);
    // And another class of this name.
    let config: Object = deep.configs().unwrap().next().unwrap().unwrap().into();
    assert_eq!(config.attr("need").unwrap().extract::<i64>().unwrap(), 1);
}

#[test]
fn a_constructor_may_be_a_neighbours() {
    common::python();
    let bird = cats::Bird::new_with(2, cats::BirdOptions::new().name("b")).unwrap();
    assert_eq!((bird.legs().unwrap(), bird.name().unwrap().as_str()), (2, "b"));
    let tiger = cats::Tiger::new("t").unwrap();
    assert_eq!((tiger.legs().unwrap(), tiger.name().unwrap().as_str()), (4, "t"));
    assert_eq!(cats::Bird::make(3).unwrap().attr("_legs").unwrap().extract::<i64>().unwrap(), 3);
    let child = cats::Child::new_with(1, cats::ChildOptions::new().own(5)).unwrap();
    assert_eq!(child.own().unwrap(), 5);
    assert_eq!(child.attr("need").unwrap().extract::<i64>().unwrap(), 1);
}
