//! What a method does with its arguments may be what the objects in its object do: each composition is
//! learned by itself, and objects that are composed alike are learned once.
#![cfg(unix)]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::sync::Mutex;

use callpy::{CopyReason, Function, Object, Retained, named};
use common::{alone, python};

fn function(name: &str) -> Function {
    python().function(format!("composites:{name}")).unwrap()
}

/// Calls with an array and says whether that was lent; what is called returns the array's address.
fn is_lent(call: impl for<'a> FnOnce(&'a [f64]) -> callpy::Result<usize>) -> bool {
    let data = vec![1.0, 2.0, 3.0];
    call(&data).unwrap() == data.as_ptr() as usize
}

/// Calls the object, or its method `fit`.
fn fits(object: &Object) -> bool {
    is_lent(|data| match object.attr("fit") {
        Ok(_) => object.call_method("fit", data),
        Err(_) => object.call(data),
    })
}

#[test]
fn what_is_composed_otherwise_is_learned_anew() {
    let pairs: Vec<(String, Object, Object, Object)> = function("pairs").call(()).unwrap();
    assert!(pairs.len() > 20);
    for (name, lends, alike, keeps) in pairs {
        assert!(!fits(&lends), "{name}");
        assert!(fits(&lends), "{name}");
        assert!(fits(&alike), "{name}");
        // Lent, it would end the process.
        for _ in 0..3 {
            assert!(!fits(&keeps), "{name}");
        }
        assert!(fits(&lends) && fits(&alike), "{name}");
    }
}

#[test]
fn an_object_that_comes_to_hold_another_is_learned_anew() {
    let (hold, handle) = (function("hold"), function("holder.fit"));
    let holder = python().module("composites").unwrap().attr("holder").unwrap();
    for kind in ["Lender", "Keeper"] {
        hold.call::<()>(kind).unwrap();
        for round in 0..3 {
            assert_eq!(is_lent(|data| handle.call(data)), kind == "Lender" && round > 0);
            assert_eq!(fits(&holder), kind == "Lender");
        }
    }
    // It is known from here on.
    hold.call::<()>("Lender").unwrap();
    let (_, receipt) = handle.call_with_receipt::<usize>(&[1.0]).unwrap();
    assert_eq!(receipt.lent_bytes, 8, "{receipt:?}");
}

#[test]
fn an_object_for_each_request_is_copied_for_once() {
    let make = |name: &str, numbers: &[f64]| -> Object {
        function("Named").call((name, numbers.to_vec())).unwrap()
    };
    assert!(!fits(&make("one", &[])));
    for count in 0..50 {
        let numbers = vec![0.5; count];
        let made = make("one", &numbers);
        assert!(fits(&made), "{count}");
        assert!(fits(&made), "{count}");
    }
    // A name may be an option: some of them are looked at.
    let copied = (0..50).filter(|count| !fits(&make(&format!("name {count}"), &[]))).count();
    assert!((1..10).contains(&copied), "{copied}");
}

#[test]
fn texts_are_told_apart_until_they_are_many() {
    let make = |copy: bool, name: &str| -> Object {
        function("ManyTexts").call((named("copy", copy), named("name", name))).unwrap()
    };
    for count in 0..50 {
        fits(&make(true, &count.to_string()));
    }
    assert!(fits(&make(true, "another")));
    // The bool makes another composition, and where some retain, all get copies.
    for count in 0..50 {
        assert!(!fits(&make(false, &count.to_string())));
    }
    assert!(fits(&make(true, "yet another")));
}

#[test]
fn classes_that_come_and_go_are_not_taken_for_another() {
    let (own, lender, keeper) = (function("own_class"), function("Lender"), function("Keeper"));
    for round in 0..120 {
        let model = if round % 3 == 2 { &keeper } else { &lender };
        let model: Object = model.call(()).unwrap();
        let made: Object = own.call(&model).unwrap();
        assert!(!fits(&made), "{round}");
        drop((made, model));
        if round % 10 == 9 {
            python().function("gc:collect").unwrap().call::<usize>(()).unwrap();
        }
    }
}

#[test]
fn a_callable_is_told_of_once_and_decided_for_all_compositions() {
    alone(
        "a_callable_is_told_of_once_and_decided_for_all_compositions",
        |_| (),
        || {
            static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
            python();
            let note =
                |retained: &Retained| TOLD.lock().unwrap().push(retained.function().to_owned());
            callpy::Python::builder().on_retained(note).start().unwrap();
            let holds = function("Told");
            let keeper: Object = function("Keeper").call(()).unwrap();
            let inner: Object = holds.call(&keeper).unwrap();
            let outer: Object = holds.call(&inner).unwrap();
            for object in [&inner, &outer, &inner, &outer] {
                assert!(!fits(object));
            }
            assert_eq!(*TOLD.lock().unwrap(), ["Told.fit"]);

            function("Told.fit").retains();
            let lender: Object = function("Lender").call(()).unwrap();
            let lends: Object = holds.call(&lender).unwrap();
            let handle = python().module("composites").unwrap();
            handle.object().set_attr("made", &lends).unwrap();
            let handle = handle.function("made.fit").unwrap();
            let reason = || {
                let (_, receipt) = handle.call_with_receipt::<usize>(&[1.0]).unwrap();
                receipt.copies.first().map(|copy| copy.reason.clone())
            };
            assert_eq!(reason(), Some(CopyReason::Retained));
            handle.lends();
            assert_eq!(reason(), None);
            let again: Object = holds.call(&lends).unwrap();
            assert!(fits(&again) && fits(&lends));
        },
    );
}

#[test]
fn other_threads_may_change_an_object_meanwhile() {
    function("change").call::<()>(()).unwrap();
    let changing = python().module("composites").unwrap().attr("changing").unwrap();
    for _ in 0..200 {
        is_lent(|data| changing.call_method("fit", data));
    }
    python().function("composites:stop.set").unwrap().call::<()>(()).unwrap();
}

#[test]
fn no_python_code_runs_while_an_object_is_looked_at() {
    alone(
        "no_python_code_runs_while_an_object_is_looked_at",
        |_| (),
        || {
            let wrapped: Object = function("Calls").call(function("lend").object()).unwrap();
            for _ in 0..2 {
                fits(&wrapped);
            }
            let audited = function("what_was_audited");
            audited.call::<Vec<String>>(()).unwrap();
            function("audit").call::<()>(()).unwrap();
            for _ in 0..3 {
                assert!(is_lent(|data| wrapped.call_method("fit", data)));
            }
            let audited: Vec<String> = audited.call(()).unwrap();
            assert_eq!(audited, [""; 0]);
        },
    );
}

#[test]
#[ignore = "needs scikit-learn"]
fn an_estimator_in_another_is_learned_anew() {
    let rows = ndarray::Array2::from_shape_fn((20, 3), |(row, column)| {
        ((row * 7 + column * 3) % 11) as f64
    });
    let wanted: Vec<f64> = rows.column(0).to_vec();
    let estimators: Vec<Object> = function("of_estimators").call(()).unwrap();
    // Lent where it is retained, it would end the process.
    for _ in 0..2 {
        for estimator in &estimators {
            for _ in 0..3 {
                estimator.call_method::<Object>("fit", (&rows, &wanted[..])).unwrap();
                let found: callpy::Array<f64> = estimator.call_method("predict", &rows).unwrap();
                assert_eq!(found.len(), 20);
            }
        }
    }
}
