//! Structs whose conversions are derived.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{Array, ErrorKind, FromPython, IntoPython, Item, Object};
use common::{eval, lambda, python};

#[derive(FromPython, IntoPython, Debug, PartialEq, Clone)]
#[callpy(class = "types:SimpleNamespace")]
struct Point<T> {
    x: T,
    #[callpy(name = "class")]
    kind: String,
}

impl<'a> Item<'a> for Point<f64> {}

#[derive(FromPython, IntoPython, Debug, PartialEq)]
#[callpy(keys)]
struct Row {
    id: i64,
    r#type: Option<f64>,
}

#[derive(FromPython, IntoPython, Debug, PartialEq)]
struct Pair(i64, String);

#[derive(IntoPython)]
#[callpy(positions)]
struct Lends<'s, T> {
    values: &'s [f64],
    other: T,
}

#[derive(FromPython, IntoPython, Debug, PartialEq)]
#[callpy(keys)]
struct Nothing {}

#[derive(FromPython)]
struct Fit {
    coefficients: Array<f64>,
    model: Object,
}

#[test]
fn a_struct_is_read_by_attribute_key_or_position() {
    python();
    let namespace = "__import__('types').SimpleNamespace(x=0.5, **{'class': 'a', 'more': 1})";
    let point: Point<f64> = eval(namespace).unwrap();
    assert_eq!(point, Point { x: 0.5, kind: "a".to_owned() });
    let row: Row = eval("{'id': 1, 'type': None, 'more': 2}").unwrap();
    assert_eq!(row, Row { id: 1, r#type: None });
    assert_eq!(eval::<Pair>("(1, 'a')").unwrap(), Pair(1, "a".to_owned()));
    assert_eq!(eval::<Pair>("[1, 'a']").unwrap(), Pair(1, "a".to_owned()));
    assert_eq!(eval::<Nothing>("{'id': 1}").unwrap(), Nothing {});
    assert_eq!(lambda("len").call::<usize>(Nothing {}).unwrap(), 0);
    let fit: Fit = eval("type('R', (), {'coefficients': numpy.ones(2), 'model': 7})()").unwrap();
    assert_eq!((fit.coefficients[..].len(), fit.model.to_string()), (2, "7".to_owned()));
}

#[test]
fn an_error_names_the_field() {
    python();
    let error = eval::<Row>("{'id': 1}").unwrap_err();
    assert!(
        error.to_string().contains("the dict has no \"type\", which a Row must have"),
        "{error}"
    );
    let error = eval::<Row>("{'id': 'x', 'type': 1.0}").unwrap_err();
    assert!(error.to_string().contains("the field id"), "{error}");
    let error = eval::<Point<f64>>("7").unwrap_err();
    assert!(error.to_string().contains("expected Point, got the int 7"), "{error}");
    let error = eval::<Pair>("(1, 'a', 2)").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result));
    assert!(error.to_string().contains("expected 2 items, got a tuple of 3"), "{error}");
}

#[test]
fn a_struct_is_passed_as_what_it_says() {
    python();
    let shown = lambda("lambda x: repr(x)");
    let point = Point { x: 0.5, kind: "a".to_owned() };
    let text: String = shown.call(point.clone()).unwrap();
    assert!(text.contains("x=0.5") && text.contains("class='a'"), "{text}");
    let count: usize = lambda("lambda points: len([p.x for p in points])")
        .call(vec![point.clone(), point])
        .unwrap();
    assert_eq!(count, 2);
    let row = Row { id: 1, r#type: Some(2.0) };
    assert_eq!(shown.call::<String>(row).unwrap(), "{'id': 1, 'type': 2.0}");
    assert_eq!(shown.call::<String>((Pair(1, "a".to_owned()),)).unwrap(), "(1, 'a')");
    let values = vec![1.0, 2.0];
    let lent = lambda("lambda pair: float(pair[0].sum()) + pair[1]").lends();
    let (sum, receipt) =
        lent.call_with_receipt::<f64>((Lends { values: &values, other: 1 },)).unwrap();
    assert_eq!((sum, receipt.lent_bytes), (4.0, 16));
}
