//! The search for what holds a loan: it finds distant holders if it has time, ends when its time is up,
//! and leaves nothing behind.

mod common;

use callpy::{Function, Module};
use common::{alone, file, python};

/// The functions of the search, as a module that a test can call.
fn search() -> Module {
    let source = concat!(
        include_str!("../src/support.py"),
        include_str!("../src/support/got.py"),
        include_str!("../src/support/loans.py")
    );
    // The name by which the search knows its own frames.
    let source = source.replace("_HERE = \"<callpy>\"", "_HERE = __file__");
    let module = python().module_from_source("callpy_search", "search.py", &source).unwrap();
    let file = file("searches.py");
    let tests = std::fs::read_to_string(&file).unwrap();
    let name = file.to_string_lossy().into_owned();
    python().module_from_source("searches", &name, &tests).unwrap();
    module
}

fn test(name: &str) -> Function {
    search();
    python().function(format!("searches:{name}")).unwrap()
}

#[test]
fn what_is_out_of_the_way_is_found() {
    let (words, saw_all): (Vec<Vec<String>>, bool) =
        test("in_logged_arguments").call(60.0).unwrap();
    assert!(saw_all);
    let expected = "item 0 of a tuple, which is the attribute 'args' of a logging.LogRecord, which is \
                    item 0 of a list, which is the attribute 'records' of a ";
    assert!(words[0].iter().any(|words| words.starts_with(expected)), "{words:?}");
}

#[test]
fn many_objects_are_not_searched_further() {
    let body = || {
        // Budgets by a clock that advances a second at each look.
        for (budget, most) in [(0.0, 20), (20.0, 60)] {
            let (words, saw_all, looks): (Vec<Vec<String>>, bool, usize) =
                test("among_many").call(budget).unwrap();
            // The functions that run hold it as well, and are found.
            assert!(!words[0].iter().any(|words| words.contains("MANY")), "{words:?}");
            assert!(!saw_all);
            assert!(looks < most, "{looks}");
        }
        let (words, saw_all): (Vec<Vec<String>>, bool) = test("near_among_many").call(()).unwrap();
        assert_eq!(words[0][0], "the attribute 'last' of a searches.Near");
        assert!(!saw_all);
    };
    alone("many_objects_are_not_searched_further", |_| (), body);
}

#[test]
fn a_search_leaves_nothing_behind() {
    let body = || {
        let left: Vec<String> = test("left_behind").call(()).unwrap();
        assert_eq!(left, Vec::<String>::new());
    };
    alone("a_search_leaves_nothing_behind", |_| (), body);
}

#[test]
fn a_result_is_searched_without_all_else() {
    let words: Vec<Vec<String>> = test("in_a_result").call(()).unwrap();
    assert_eq!(
        words,
        [
            ["the attribute 'rows' of a searches.Near, which is item 1 of a list"],
            ["item 0 of a list"]
        ]
    );
    // The result does not hold what a module or a finished frame holds.
    let words: Vec<Vec<String>> = test("not_in_a_result").call(()).unwrap();
    assert_eq!(words, [Vec::<String>::new()]);
}
