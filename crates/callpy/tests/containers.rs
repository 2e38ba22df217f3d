//! Dicts and lists of anything in their order, rows of a fixed length, and nested vectors.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{Array, Dict, ErrorKind, List, Object};
use common::{eval, lambda, module, python};
use ndarray::{ArrayView2, array};

#[test]
fn a_dict_keeps_its_order_and_lends_its_arrays() {
    python();
    let (ids, dense) = (vec![3_i64, 1, 2], array![[0.5, 1.5], [2.5, 3.5]]);
    let mut out = [0.0; 2];
    let look = lambda(
        "lambda d: (d['out'].__setitem__(0, d['dense'].sum()), list(d), d['ids'].base is d['dense'].base)[1:]",
    )
    .lends();
    let dict = Dict::new()
        .with("ids", &ids)
        .with("dense", dense.view())
        .with("out", &mut out)
        .with("name", "x")
        .with("also", List::new().with(1).with("two").with(&ids));
    let ((names, lent), receipt) = look.call_with_receipt::<(Vec<String>, bool)>(dict).unwrap();
    assert_eq!(names, ["ids", "dense", "out", "name", "also"]);
    assert!(lent);
    assert_eq!((receipt.lent_bytes, receipt.copied_bytes()), (2 * 24 + 32 + 16, 0));
    assert_eq!(out[0], 8.0);
}

#[test]
fn an_error_in_a_container_says_where() {
    python();
    let len = lambda("len");
    let bad = || callpy::named("x", 1);
    let error = len.call::<usize>(Dict::new().with("a", 1).with("b", bad())).unwrap_err();
    assert!(error.to_string().starts_with("key 'b' of argument 1 of"), "{error}");
    let error = len.call::<usize>(List::new().with(1).with(bad())).unwrap_err();
    assert!(error.to_string().starts_with("item 1 of argument 1 of"), "{error}");
    let dict: Dict<'_> = [("x".to_owned(), 1), ("a".to_owned(), 2)].into_iter().collect();
    let pairs: Vec<(String, i64)> = lambda("lambda d: d").call(dict).unwrap();
    assert_eq!(pairs, [("x".to_owned(), 1), ("a".to_owned(), 2)]);
}

#[test]
fn views_of_different_shapes_are_a_list_of_arrays() {
    python();
    let shapes = lambda("lambda arrays: [a.shape for a in arrays]").lends();
    let (one, two) = (array![[1.0, 2.0]], array![[1.0], [2.0], [3.0]]);
    let views: Vec<ArrayView2<'_, f64>> = vec![one.view(), two.view()];
    let (got, receipt) = shapes.call_with_receipt::<Vec<(usize, usize)>>(views).unwrap();
    assert_eq!((got, receipt.lent_bytes), (vec![(1, 2), (3, 1)], 40));
    let got: Vec<(usize, usize)> = shapes.call(vec![&one, &two]).unwrap();
    assert_eq!(got, [(1, 2), (3, 1)]);
}

#[test]
fn rows_of_a_fixed_length_are_an_array_with_more_axes() {
    python();
    let shape = lambda("lambda a: a.shape").lends();
    let rows = vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let (got, receipt) = shape.call_with_receipt::<(usize, usize)>(&rows).unwrap();
    assert_eq!((got, receipt.lent_bytes, receipt.copied_bytes()), ((2, 3), 48, 0));
    assert_eq!(shape.call::<(usize, usize)>(&rows[1..]).unwrap(), (1, 3));
    assert_eq!(shape.call::<(usize, usize)>(&[[1_u8; 4]; 3]).unwrap(), (3, 4));
    let image = vec![[[0_u8; 3]; 5]; 2];
    assert_eq!(shape.call::<(usize, usize, usize)>(&image).unwrap(), (2, 5, 3));
    assert_eq!(shape.call::<(usize, usize)>(Vec::<[f64; 3]>::new()).unwrap(), (0, 3));

    let mut rows = [[1, 2], [3, 4]];
    lambda("lambda a: a.__imul__(10) is None or None").lends().call::<()>(&mut rows).unwrap();
    assert_eq!(rows, [[10, 20], [30, 40]]);
    // Moved: Python may keep them.
    let keep = module("rows_keeper", "kept = []\ndef keep(a):\n    kept.append(a)\n");
    keep.function("keep").unwrap().call::<()>(vec![[1_i64, 2], [3, 4]]).unwrap();
    let kept: Vec<Vec<Vec<i64>>> = keep.attr("kept").unwrap().extract().unwrap();
    assert_eq!(kept, [[[1, 2], [3, 4]]]);
}

#[test]
fn nested_vectors_come_out_of_arrays_and_lists() {
    python();
    for expression in ["[[1, 2], [3, 4], [5, 6]]", "numpy.arange(1, 7).reshape(3, 2)"] {
        let nested: Vec<Vec<i64>> = eval(expression).unwrap();
        assert_eq!(nested, [[1, 2], [3, 4], [5, 6]], "{expression}");
    }
    let matrix: Vec<Vec<f64>> = eval("numpy.matrix([[1.0, 2.0], [3.0, 4.0]])").unwrap();
    assert_eq!(matrix, [[1.0, 2.0], [3.0, 4.0]]);
    let turned: Vec<[i64; 3]> = eval("numpy.arange(1, 7).reshape(3, 2).T").unwrap();
    assert_eq!(turned, [[1, 3, 5], [2, 4, 6]]);
    let deep: Vec<Vec<Vec<i64>>> = eval("numpy.arange(8).reshape(2, 2, 2)").unwrap();
    assert_eq!(deep, [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]);
    let empty: Vec<Vec<f64>> = eval("numpy.zeros((2, 0))").unwrap();
    assert_eq!(empty, [[], []] as [[f64; 0]; 2]);
    assert_eq!(eval::<[f64; 3]>("numpy.array([1.0, 2, 3])").unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(eval::<[String; 2]>("('a', 'b')").unwrap(), ["a", "b"]);

    let error = eval::<[i64; 2]>("[1, 2, 3]").unwrap_err();
    assert!(error.to_string().contains("expected 2 items, got a list of 3"), "{error}");
    let error = eval::<Vec<[i64; 2]>>("numpy.zeros((2, 3), int)").unwrap_err();
    assert!(error.to_string().contains("expected rows of 2, got rows of 3"), "{error}");
    let error = eval::<Vec<Vec<f64>>>("numpy.zeros((2, 3), int)").unwrap_err();
    assert!(error.to_string().contains("float64"), "{error}");
}

#[test]
fn a_method_is_a_function_with_a_receipt_and_a_name() {
    let module = module(
        "methodical",
        "
class Model:
    bias = 1

    def predict(self, rows):
        return rows + self.bias

    def view(self, rows):
        return rows[1:]

model = Model()
",
    );
    let model: Object = module.attr("model").unwrap();
    let predict = model.function("predict").unwrap().lends();
    assert_eq!(predict.name(), "Model.predict");
    let (sums, receipt) = predict.call_with_receipt::<Array<f64>>(&[1.0, 2.0]).unwrap();
    assert_eq!((&sums[..], receipt.lent_bytes), (&[2.0, 3.0][..], 16));

    let view = model.function("view").unwrap().deny_copies();
    let error = view.call::<Array<f64>>(&[1.0, 2.0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CopyDenied));
    assert!(error.to_string().contains("the result of Model.view"), "{error}");

    let error = model.function("predictt").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Target));
    assert!(
        error.to_string().contains("predict") && error.to_string().contains("Model.predictt"),
        "{error}"
    );
    assert!(model.function("bias").unwrap_err().to_string().contains("can't be called"));
    let real: f64 = eval::<Object>("1.5").unwrap().function("__add__").unwrap().call(1.0).unwrap();
    assert_eq!(real, 2.5);
}
