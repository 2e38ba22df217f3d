//! Data frames out of Arrow's PyCapsule interface, from a producer that is right and from some that are
//! not; `.ci/packages` has those of real packages.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::BTreeMap;

use callpy::{Columns, Datetime64, ErrorKind, Frame, Module, unit};
use common::{file, python};

fn arrow() -> Module {
    python().module(file("arrow.py")).unwrap()
}

#[test]
fn columns_come_out_by_name_and_type() {
    let frame: Frame = arrow().function("frame").unwrap().call(()).unwrap();
    assert_eq!(frame.rows(), 4);
    let names: Vec<&str> = frame.names().collect();
    assert_eq!(names, ["id", "price", "name", "note", "kind", "flag", "day", "time"]);
    let kinds: Vec<String> = frame.columns().map(|column| column.kind()).collect();
    let expected =
        ["int64", "float64", "str", "str", "str", "bool", "datetime64[D]", "datetime64[ns, UTC]"];
    assert_eq!(kinds, expected);

    let column = |name| frame.column(name).unwrap();
    assert_eq!(column("id").to_vec::<i64>().unwrap(), [1, 2, 3, 4]);
    assert_eq!(column("name").to_vec::<String>().unwrap(), ["a", "ü", "", "b"]);
    assert_eq!(
        column("note").to_texts().unwrap().iter().collect::<Vec<_>>(),
        ["short", "a text of more than 12 bytes", "", "x"]
    );
    assert_eq!(column("kind").to_vec::<String>().unwrap(), ["high", "low", "high", "other"]);
    assert_eq!(column("flag").to_vec::<bool>().unwrap(), [true, false, true, true]);
    let days = column("day").to_vec::<Datetime64<unit::Day>>().unwrap();
    assert_eq!(days[3], Datetime64::new(3));
    let times = column("time").to_vec::<Datetime64<unit::Nanosecond>>().unwrap();
    assert_eq!(times[1], Datetime64::new(6));

    let batches: Vec<_> = frame.batches().collect();
    assert_eq!((batches.len(), batches[0].rows(), batches[1].rows()), (2, 3, 1));
    let ids: Vec<Option<i64>> = batches[1].column("id").unwrap().iter().unwrap().collect();
    assert_eq!(ids, [Some(4)]);
}

#[test]
fn nulls_are_what_the_caller_chooses() {
    let frame: Frame = arrow().function("frame").unwrap().call(()).unwrap();
    let price = frame.column("price").unwrap();
    assert_eq!((price.len(), price.nulls()), (4, 1));
    let error = price.to_vec::<f64>().unwrap_err();
    assert!(
        error.to_string().starts_with("column \"price\": it has 1 null of 4 values"),
        "{error}"
    );
    assert_eq!(price.to_options::<f64>().unwrap(), [Some(0.5), None, Some(2.5), Some(4.5)]);
    assert!(price.to_vec_or(f64::NAN).unwrap()[1].is_nan());
    let (values, mask) = price.to_masked::<f64>().unwrap();
    assert_eq!((values, mask), (vec![0.5, 0.0, 2.5, 4.5], vec![false, true, false, false]));
}

#[test]
fn a_wrong_name_or_type_is_an_error_that_says_what_there_is() {
    let frame: Frame = arrow().function("frame").unwrap().call(()).unwrap();
    let error = frame.column("prize").unwrap_err();
    assert!(
        error.to_string().contains("there is no column \"prize\"; there are \"id\", \"price\""),
        "{error}"
    );
    let error = frame.column("id").unwrap().to_vec::<f64>().unwrap_err();
    assert_eq!(error.to_string(), "column \"id\": expected float64, got int64");
    let error = frame.column("time").unwrap().to_vec::<Datetime64<unit::Second>>().unwrap_err();
    assert!(
        error.to_string().contains("expected datetime64[s], got datetime64[ns, UTC]"),
        "{error}"
    );
}

#[test]
fn a_column_that_cant_be_read_is_no_hindrance_to_others() {
    let frame: Frame = arrow().function("unread").unwrap().call(()).unwrap();
    assert_eq!(frame.column("x").unwrap().to_vec::<i64>().unwrap(), [1, 2]);
    let kinds: Vec<String> = frame.columns().map(|column| column.kind()).collect();
    let expected = [
        "int64",
        "list",
        "struct",
        "decimal(5,2)",
        "fixed_size_binary[5]",
        "union",
        "fixed_size_list[2]",
        "interval",
        "int128",
        "Arrow's \"??\"",
        "dictionary",
    ];
    assert_eq!(kinds, expected);
    let nulls: Vec<usize> = frame.columns().map(|column| column.nulls()).collect();
    assert_eq!(nulls, [0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 2]);
    let error = frame.column("list").unwrap().to_options::<f64>().unwrap_err();
    assert_eq!(error.to_string(), "column \"list\": expected float64, got list");
    let error = frame.column("nested").unwrap().to_options::<String>().unwrap_err();
    assert_eq!(error.to_string(), "column \"nested\": expected str, got dictionary");
}

#[test]
fn nulls_without_a_type_are_of_any() {
    let frame: Frame = arrow().function("untyped").unwrap().call(()).unwrap();
    for name in ["none", "one"] {
        let column = frame.column(name).unwrap();
        assert_eq!((column.kind(), column.nulls()), ("null".to_owned(), 2), "{name}");
        assert_eq!(column.to_options::<String>().unwrap(), [None, None]);
        assert_eq!(column.iter::<f64>().unwrap().collect::<Vec<_>>(), [None, None]);
        assert_eq!(column.to_vec_or(7_u8).unwrap(), [7, 7]);
        assert!(column.to_vec::<bool>().unwrap_err().to_string().contains("2 nulls of 2"));
    }
}

#[test]
fn a_name_that_two_columns_have_leads_to_neither() {
    let frame: Frame = arrow().function("twice").unwrap().call(()).unwrap();
    let error = frame.column("x").unwrap_err();
    assert_eq!(error.to_string(), "2 columns are called \"x\" (use columns())");
    let firsts: Vec<i64> =
        frame.columns().map(|column| column.to_vec::<i64>().unwrap()[0]).collect();
    assert_eq!(firsts, [1, 2]);
}

#[test]
fn a_batch_may_be_a_part_of_its_columns() {
    let sliced: Frame = arrow().function("sliced").unwrap().call(()).unwrap();
    assert_eq!(sliced.column("x").unwrap().to_vec::<i32>().unwrap(), [3, 4]);
    assert_eq!(sliced.column("t").unwrap().to_vec::<String>().unwrap(), ["b", "c"]);
    let batch: Frame = arrow().function("batch").unwrap().call(()).unwrap();
    assert_eq!(batch.column("x").unwrap().to_vec::<f64>().unwrap(), [1.0, 2.0]);
}

#[test]
fn what_is_handed_over_is_released_once() {
    let module = arrow();
    let counts =
        || -> BTreeMap<String, usize> { module.function("counts").unwrap().call(()).unwrap() };
    let count = |kind: &str| counts()[kind];
    let before = ["schema", "array", "stream"].map(count);
    let frame: Frame = module.function("frame").unwrap().call(()).unwrap();
    let clone = frame.clone();
    let after = ["schema", "array", "stream"].map(count);
    // Other tests release theirs meanwhile.
    assert!(after[0] > before[0] && after[2] > before[2]);
    drop(frame);
    assert_eq!(clone.column("id").unwrap().to_vec::<i64>().unwrap(), [1, 2, 3, 4]);
    let arrays = count("array");
    drop(clone);
    assert!(count("array") >= arrays + 2);
}

#[test]
fn a_producer_that_is_wrong_is_an_error() {
    let broken = arrow().function("broken").unwrap();
    for (how, message) in [
        ("length", "has the length -1"),
        ("offset", "the offset -1"),
        ("overflow", "has the length 4611686018427387904"),
        ("short", "has 1 values, and the batch 2 rows"),
        ("nulls", "has nulls, and does not say which"),
        ("buffers", "has 1 buffers"),
        ("pointer", "lacks a buffer"),
        ("no type", "has no type"),
        ("offsets", "overlap"),
        ("negative offsets", "overlap"),
        ("error", "its Arrow stream failed: no more of it"),
        ("columns", "a batch has 0 columns, and its schema 1"),
        ("read", "was read before"),
        ("not a capsule", "PyCapsule"),
        ("other capsule", "PyCapsule"),
        ("raises", "ZeroDivisionError"),
    ] {
        let error = broken.call::<Frame>(how).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{how}: {error}");
        assert!(error.to_string().contains(message), "{how}: {error}");
    }
    let index: Frame = broken.call("index").unwrap();
    let error = index.column("x").unwrap().to_options::<String>().unwrap_err();
    assert!(error.to_string().contains("value 1 is not in the dictionary"), "{error}");
    let utf8: Frame = broken.call("utf8").unwrap();
    let error = utf8.column("x").unwrap().to_vec::<String>().unwrap_err();
    assert!(error.to_string().contains("value 0 is no str"), "{error}");
    assert!(python().function("builtins:int").unwrap().call::<Frame>(1).is_err());
}

#[test]
fn two_columns_have_two_names() {
    arrow();
    let columns = Columns::new().with("x", &[1.0]).with("y", &[1.0]).with("x", &[2.0]);
    let len = common::lambda("len");
    let error = len.call::<usize>(columns.pyarrow()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument));
    assert!(error.to_string().contains("two columns are called \"x\""), "{error}");
}
