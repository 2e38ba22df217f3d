//! Iterators over what Python iterates over: item by item, closed when they are dropped early.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::thread;

use callpy::{Array, ErrorKind, Items, Object};
use common::{eval, lambda, module, python};

#[test]
fn whatever_python_can_iterate_over_yields_its_items() {
    python();
    for expression in [
        "(i for i in range(3))",
        "range(3)",
        "[0, 1, 2]",
        "{0: 'a', 1: 'b', 2: 'c'}",
        "{0: 'a', 1: 'b', 2: 'c'}.keys()",
        "__import__('collections').deque([0, 1, 2])",
        "map(int, '012')",
        "numpy.arange(3)",
        "type('Old', (), {'__getitem__': lambda self, i: [0, 1, 2][i]})()",
    ] {
        let items: Items<i64> = eval(expression).unwrap();
        let items: Vec<i64> = items.collect::<Result<_, _>>().unwrap();
        assert_eq!(items, [0, 1, 2], "{expression}");
    }
    let lines: Items<String> = eval("__import__('io').StringIO('a\\nb\\n')").unwrap();
    assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>(), ["a\n", "b\n"]);

    let error = eval::<Items<i64>>("7").unwrap_err();
    assert!(error.to_string().contains("expected something to iterate over, got"), "{error}");
    let list: Object = eval("[1, 2]").unwrap();
    assert_eq!(list.iter::<i64>().unwrap().map(Result::unwrap).sum::<i64>(), 3);
}

#[test]
fn an_exception_ends_the_iteration_and_a_wrong_item_does_not() {
    let module = module(
        "failing_generators",
        "def items(*items):\n    yield from items\n    raise KeyError('after them')\n",
    );
    let mut items: Items<i64> = module.function("items").unwrap().call((1, "two", 3)).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 1);
    let wrong = items.next().unwrap().unwrap_err();
    assert!(matches!(wrong.kind(), ErrorKind::Result));
    assert!(wrong.to_string().starts_with("item 1: expected i64"), "{wrong}");
    assert_eq!(items.next().unwrap().unwrap(), 3);
    let raised = items.next().unwrap().unwrap_err();
    assert_eq!(raised.exception().unwrap().type_name(), "KeyError");
    assert!(items.next().is_none());
    assert!(items.next().is_none());
}

#[test]
fn a_generator_that_is_dropped_early_is_closed_on_whatever_thread() {
    let module = module(
        "closed_generators",
        "
closed = []

def count(name):
    try:
        number = 0
        while True:
            yield number
            number += 1
    finally:
        closed.append(name)

def fails():
    try:
        yield 1
    finally:
        raise OSError('at the end')
",
    );
    let count = module.function("count").unwrap();
    let closed = || module.attr("closed").unwrap().extract::<Vec<String>>().unwrap();

    let first: Vec<_> = count.call::<Items<i64>>("taken").unwrap().take(2).collect();
    assert_eq!((first.len(), closed()), (2, vec!["taken".to_owned()]));

    // Someone else has it too, so that it does not close by itself.
    let generator: Object = count.call("shared").unwrap();
    let mut items = generator.iter::<i64>().unwrap();
    items.next();
    thread::scope(|scope| {
        scope.spawn(move || drop(items));
    });
    assert_eq!(closed(), ["taken", "shared"]);
    assert!(generator.iter::<i64>().unwrap().next().is_none());

    let mut fails: Items<i64> = module.function("fails").unwrap().call(()).unwrap();
    fails.next();
    let error = fails.close().unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "OSError");
}

#[test]
fn a_file_stays_open_for_others() {
    let file: Object = eval("__import__('io').StringIO('a\\nb\\n')").unwrap();
    let mut lines = file.iter::<String>().unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "a\n");
    drop(lines);
    assert_eq!(file.call_method::<String>("readline", ()).unwrap(), "b\n");
}

#[test]
fn an_iterator_over_lent_memory_is_an_error() {
    python();
    let chunks = lambda("lambda xs: (xs[i:] for i in range(len(xs)))").lends();
    let error = chunks.call::<Items<Array<f64>>>(&[1.0, 2.0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");

    let items: Items<Array<f64>> = chunks.call(vec![1.0, 2.0]).unwrap();
    let sums: Vec<f64> = items.map(|item| item.unwrap().iter().sum()).collect();
    assert_eq!(sums, [3.0, 2.0]);
}
