//! How much stack a thread needs. Rust's threads have 2 MiB, which is enough for OpenBLAS and for
//! Python's recursion limit through nearly everything; 8 MiB, which Python's own threads have, is
//! enough for everything here.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::Object;
use common::{alone, python};

/// Calls a function of `stack.py` on a thread with this much stack, and returns what it raised.
fn raised(function: &'static str, stack: usize) -> Option<String> {
    let source = include_str!("python/stack.py");
    let module = python().module_from_source("stack", "stack.py", source).unwrap();
    let function = module.function(function).unwrap();
    let call = move || function.call::<Object>(()).err();
    let error = std::thread::Builder::new().stack_size(stack).spawn(call).unwrap().join().unwrap();
    error.map(|error| error.exception().expect("an exception").type_name().to_owned())
}

const RUSTS_OWN: usize = 2 << 20;
const PYTHONS_OWN: usize = 8 << 20;

#[test]
fn endless_recursion_is_an_exception() {
    alone(
        "endless_recursion_is_an_exception",
        |_| (),
        || {
            for function in [
                "by_function",
                "by_repr",
                "by_json",
                "by_pickle",
                "by_comparing",
                "by_attribute",
                "by_method",
                "by_operator",
                "by_item",
                "by_map",
                "by_numpy",
            ] {
                println!("{function}");
                let raised = raised(function, RUSTS_OWN);
                // Newer Pythons compare and print lists of any depth.
                assert!(
                    raised.is_none() || raised.as_deref() == Some("RecursionError"),
                    "{function}"
                );
            }
            assert_eq!(raised("by_function", RUSTS_OWN).as_deref(), Some("RecursionError"));
        },
    );
}

#[test]
fn a_function_with_large_frames_needs_what_python_has() {
    alone(
        "a_function_with_large_frames_needs_what_python_has",
        |_| (),
        || {
            assert_eq!(raised("by_sort", PYTHONS_OWN).as_deref(), Some("RecursionError"));
        },
    );
}

#[test]
fn linear_algebra_runs_on_a_small_stack() {
    alone(
        "linear_algebra_runs_on_a_small_stack",
        |_| (),
        || {
            assert_eq!(raised("linear_algebra", RUSTS_OWN), None);
            assert_eq!(raised("linear_algebra", 512 << 10), None);
        },
    );
}
