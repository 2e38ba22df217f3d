//! Classes as `module!` writes them: instances are objects with methods, values have theirs too.
#![deny(missing_docs)]

mod common;

use callpy::{Error, ErrorKind, Object};

callpy::module!(
    /// The classes of a file.
    pub mod classes = "tests/python/classes.py", skip = [Model.twin]
);

use classes::*;

#[test]
fn an_instance_has_the_methods_of_its_class() {
    let python = common::python();
    let model = Model::new().unwrap();
    assert_eq!(model.predict(&[1.0, 2.0]).unwrap(), [3.0, 6.0]);
    let options = ModelPredictOptions::new().offset(0.5);
    assert_eq!(model.predict_with(&[1.0], options).unwrap(), [3.5]);
    assert_eq!(model.total(&[1.0, 2.0]).unwrap(), 9.0);
    let other = Model::new_with(ModelOptions::new().k(2).name("abc")).unwrap();
    assert_eq!(other.call(1.5).unwrap(), 3.0);
    assert_eq!(other.len().unwrap(), 2);
    assert_eq!(other.item(1).unwrap(), "b");
    other.set_item("k", 5).unwrap();
    assert!(other.contains("b").unwrap() && !other.contains("x").unwrap());
    assert_eq!(Model::load("four").unwrap().size().unwrap(), 4);
    assert_eq!(Model::version().unwrap(), "1");
    assert_eq!(other.size().unwrap(), 5);
    other.set_size(7).unwrap();
    // A setter takes what its own hint says.
    other.set_text(vec![3, 4]).unwrap();
    assert_eq!(other.text().unwrap(), "7");
    assert_eq!(other.size().unwrap(), 7);
    // It is an object like any other.
    assert_eq!(other.attr("name").unwrap().extract::<String>().unwrap(), "abc");
    let letters = python.function("builtins:iter").unwrap().call::<Object>(("xyz",)).unwrap();
    other.set_letters(letters).unwrap();
    let letters: Result<Vec<String>, Error> = other.letters().unwrap().collect();
    assert_eq!(letters.unwrap(), ["x", "y", "z"]);
    other.set_nothing(()).unwrap();
    other.nothing().unwrap();
    assert_eq!(other.attr("name").unwrap().extract::<String>().unwrap(), "None");
    assert_eq!(Object::from(other).attr("k").unwrap().extract::<i64>().unwrap(), 7);
}

#[test]
fn errors_name_the_class_and_the_method() {
    common::python();
    let model = Model::new().unwrap();
    let error = model.fails().unwrap_err();
    assert!(error.to_string().starts_with("ValueError: no in "), "{error}");
    let error = model.wrong().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result));
    assert!(error.to_string().contains("the result of classes:Model.wrong"), "{error}");
    let point: Object =
        callpy::Python::start().unwrap().function("builtins:dict").unwrap().call(()).unwrap();
    let error = point.extract::<Model>().unwrap_err();
    assert!(error.to_string().contains("expected Model, got a dict"), "{error}");
}

#[test]
fn a_method_is_that_of_the_instances_own_class() {
    common::python();
    let model = classes::doubled(2).unwrap();
    assert_eq!(model.predict(&[1.0]).unwrap(), [4.0]);
    let doubled: Doubled = model.extract().unwrap();
    assert_eq!((doubled.only().unwrap().as_str(), doubled.size().unwrap()), ("doubled", 2));
    // A class method makes instances of the class that it is called on.
    assert_eq!(Doubled::load("abc").unwrap().predict(&[1.0]).unwrap(), [6.0]);
    assert_eq!(Doubled::new().unwrap().predict(&[1.0]).unwrap(), [6.0]);
    assert!(Model::new().unwrap().extract::<Doubled>().is_err());
}

#[test]
fn instances_are_arguments_and_results() {
    common::python();
    let (a, b) = (Model::new().unwrap(), Doubled::new().unwrap());
    assert_eq!((helper(&a).unwrap(), helper(&b).unwrap()), (3, 3));
    let (total, best) = helpers(&[a.clone(), a.clone()]).unwrap();
    assert!((total, best.is_none()) == (6, true));
    let (_, best) = helpers_with(&[], HelpersOptions::new().best(&a)).unwrap();
    assert_eq!(best.unwrap().size().unwrap(), 3);
    let named = by_name([("a", &a)]).unwrap();
    assert_eq!(named["a"].size().unwrap(), 3);
    assert!(matches!(either(&a).unwrap(), EitherX::Model(model) if model.size().unwrap() == 3));
    assert!(matches!(either(5).unwrap(), EitherX::Int(5)));
    // Any object with the attributes is a protocol.
    assert_eq!(name_of(&a).unwrap(), "m");
    assert_eq!(anything(&b).unwrap(), "Doubled");
}

#[test]
fn a_context_is_left_with_the_error_of_the_body() {
    common::python();
    let session = Session::new().unwrap();
    assert_eq!(session.with(|session| session.said()).unwrap(), ["enter"]);
    let error = session.with(|_| Model::new()?.fails()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Python(_)));
    assert_eq!(session.said().unwrap(), ["enter", "exit", "enter", "failed: no"]);
}

#[test]
fn values_have_methods_too() {
    common::python();
    let point = Point::new(3.0);
    assert_eq!(point.area().unwrap(), 6.0);
    assert_eq!(point.scaled(2.0).unwrap(), Point { x: 6.0, y: 4.0, norm: 0.5 });
    assert_eq!(Point::origin().unwrap().x, 0.0);
}

#[test]
fn a_value_of_a_derived_class_is_read_as_its_hint_says() {
    common::python();
    for more in [false, true] {
        assert_eq!(derived(more).unwrap(), Point::new(1.0));
    }
}

#[test]
fn fields_that_the_constructor_does_not_take_are_set() -> Result<(), Error> {
    common::python();
    assert_eq!(norm(&Point { norm: 4.0, ..Point::new(1.0) })?, 4.0);
    assert_eq!(back(&Frozen { a: 1, e: 5 })?, Frozen { a: 1, e: 5 });
    // Where the constructor takes more than the fields, the instance stays an object.
    let scaled = Scaled::new(2.0, 3.0)?;
    assert_eq!(scaled.value()?, 6.0);
    scaled.set_value(1.0)?;
    assert_eq!(scaled.value()?, 1.0);
    Ok(())
}
