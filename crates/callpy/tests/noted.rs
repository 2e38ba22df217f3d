//! What a function does with its arguments, as a Python file's hints say it, or `module!`.
#![cfg(unix)]

mod common;

use std::sync::Mutex;

use callpy::{Result, Retained};
use common::{abort_of, case, python};

callpy::module!(mod noted = "tests/python/noted.py", lends = [chosen, by_hand], retains = [chosen_over_its_hint] {
    fn by_hand(data: &[f64]) -> usize;
});

static TOLD: Mutex<Vec<Retained>> = Mutex::new(Vec::new());

fn start() {
    python();
    let note = |retained: &Retained| TOLD.lock().unwrap().push(retained.clone());
    callpy::Python::builder().on_retained(note).start().unwrap();
}

static DATA: [f64; 3] = [1.0, 2.0, 3.0];

/// Says whether a call that returns its argument's address was lent it.
fn lent(address: Result<i64>) -> bool {
    address.unwrap() as usize == DATA.as_ptr() as usize
}

#[test]
fn a_hint_decides_from_the_first_call_on() {
    start();
    let other = [0.0];
    for _ in 0..2 {
        assert!(!lent(noted::retains(&DATA)));
        assert!(!lent(noted::retains_sometimes(&DATA)));
        assert!(!lent(noted::retains_one(&DATA, &other)));
        assert!(!lent(noted::retains_imported(&DATA)));
        assert!(!lent(noted::retains_a_list([&DATA])));
        assert!(lent(noted::borrows(&DATA)));
        assert!(lent(noted::borrows_all(&DATA)));
    }
    let options = noted::BorrowsAllOptions::new().weights(&[1.0, 1.0, 1.0]);
    assert!(lent(noted::borrows_all_with(&DATA, options)));
    // What it does only later is no reason to end the process.
    let options = noted::RetainsSometimesOptions::new().wanted(true);
    assert!(!lent(noted::retains_sometimes_with(&DATA, options)));
    // There is nothing to tell.
    assert!(TOLD.lock().unwrap().is_empty(), "{TOLD:?}");
}

#[test]
fn what_no_hint_says_is_learned() {
    start();
    assert!(!lent(noted::unnoted(&DATA)));
    assert!(lent(noted::unnoted(&DATA)));
    // One array may be retained, as far as the hints say.
    assert!(!lent(noted::borrows_one(&DATA, &[0.0])));
    assert!(lent(noted::borrows_one(&DATA, &[0.0])));
}

#[test]
fn the_macro_decides_over_the_hints() {
    start();
    assert!(lent(noted::chosen(&DATA)));
    assert!(lent(noted::by_hand(&DATA).map(|address| address as i64)));
    for _ in 0..2 {
        assert!(!lent(noted::chosen_over_its_hint(&DATA)));
    }
}

#[test]
fn a_hint_that_is_not_true_ends_the_process() {
    const NAME: &str = "a_hint_that_is_not_true_ends_the_process";
    if case(NAME).is_some() {
        python();
        let _ = noted::breaks_its_word(&DATA);
        return;
    }
    let said = abort_of(NAME, "-");
    assert!(said.contains("noted:breaks_its_word retained argument 1"), "{said}");
    assert!(said.contains(&format!("The call is at {}:", file!())), "{said}");
}
