//! Which member of a union a result is: just what it is before what it could be converted to, and
//! never a rounded number.
#![forbid(unsafe_code)]

mod common;

use callpy::{Bytes, ErrorKind, Result};

callpy::module!(mod unions = "tests/python/unions.py");

use unions::*;

/// Asserts that a result was refused, and returns what was said.
fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    common::python();
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    error.to_string()
}

#[test]
fn an_int_is_an_int_and_never_a_rounded_float() {
    assert!(matches!(number("3"), Ok(NumberResult::Int(3))));
    assert!(matches!(number("3.0"), Ok(NumberResult::Float(3.0))));
    assert!(matches!(number("np.int64(3)"), Ok(NumberResult::Int(3))));
    assert!(matches!(number("np.int64(2**53 + 1)"), Ok(NumberResult::Int(9_007_199_254_740_993))));
    assert!(matches!(number("np.float32(0.5)"), Ok(NumberResult::Float(0.5))));
    assert!(matches!(number("np.array(7)"), Ok(NumberResult::Int(7))));
    for beyond in ["2**70 + 1", "2**70", "2**63", "-2**63 - 1", "10**400", "np.uint64(2**63)"] {
        let message = refused(number(beyond));
        assert!(message.contains("is out of the range of i64"), "{message}");
    }
    let message = refused(number("True"));
    assert!(message.contains("expected float | int"), "{message}");
    assert!(matches!(flag_or_number("True"), Ok(FlagOrNumberResult::Bool(true))));
    assert!(matches!(flag_or_number("np.bool_(True)"), Ok(FlagOrNumberResult::Bool(true))));
    assert!(matches!(flag_or_number("1"), Ok(FlagOrNumberResult::Int(1))));
}

#[test]
fn an_int_is_a_float_where_that_is_exact() {
    assert!(matches!(float_or_text("3"), Ok(FloatOrTextResult::Float(3.0))));
    assert!(matches!(float_or_text("2**70"), Ok(FloatOrTextResult::Float(_))));
    for inexact in ["2**53 + 1", "2**70 + 1", "-2**53 - 1", "np.int64(2**53 + 1)"] {
        let message = refused(float_or_text(inexact));
        assert!(message.contains("can't be an f64 without rounding"), "{message}");
    }
    refused(float_or_text("10**400"));
    refused(float_or_text("False"));
}

#[test]
fn a_numpy_scalar_is_just_what_it_is() {
    assert!(matches!(narrow("np.float64(1)"), Ok(NarrowResult::F64(1.0))));
    assert!(matches!(narrow("np.float32(1)"), Ok(NarrowResult::F32(1.0))));
    assert!(matches!(narrow("np.int8(1)"), Ok(NarrowResult::I8(1))));
    assert!(matches!(narrow("1"), Ok(NarrowResult::I8(1))));
    assert!(matches!(narrow("1.5"), Ok(NarrowResult::F64(1.5))));
    refused(narrow("300"));
    assert!(matches!(complex_or_float("1.5"), Ok(ComplexOrFloatResult::Float(1.5))));
    assert!(
        matches!(complex_or_float("1.5j"), Ok(ComplexOrFloatResult::Complex(z)) if z.im == 1.5)
    );
    assert!(
        matches!(complex_or_float("np.complex64(2j)"), Ok(ComplexOrFloatResult::Complex(z)) if z.im == 2.0)
    );
}

#[test]
fn a_tuple_stays_a_tuple() {
    assert!(matches!(list_or_tuple("(1, 2)"), Ok(ListOrTupleResult::Tuple((1, 2)))));
    assert!(matches!(list_or_tuple("[1, 2]"), Ok(ListOrTupleResult::List(list)) if list == [1, 2]));
    // No such tuple: it can be a list.
    assert!(
        matches!(list_or_tuple("(1, 2, 3)"), Ok(ListOrTupleResult::List(list)) if list == [1, 2, 3])
    );
    assert!(
        matches!(list_or_tuple("np.arange(2)"), Ok(ListOrTupleResult::List(list)) if list == [0, 1])
    );
    refused(list_or_tuple("{1, 2}"));
    assert!(matches!(tuples("(1, 2, 3)"), Ok(TuplesResult::Tuple(items)) if items == [1, 2, 3]));
    assert!(matches!(tuples("[1]"), Ok(TuplesResult::List(items)) if items == [1]));
    assert!(matches!(tuples("{1}"), Ok(TuplesResult::Set(items)) if items.contains(&1)));
    assert!(matches!(pair("(1, 2)"), Ok(PairResult::Tuple(_))));
    assert!(matches!(pair("Pair(1, 2)"), Ok(PairResult::Pair(_))));
}

#[test]
fn what_is_inside_counts() {
    assert!(matches!(lists("[1, 2]"), Ok(ListsResult::List2(list)) if list == [1, 2]));
    assert!(matches!(lists("[1.0, 2.0]"), Ok(ListsResult::List1(_))));
    assert!(matches!(lists("[1.0, 2]"), Ok(ListsResult::List1(list)) if list == [1.0, 2.0]));
    assert!(matches!(lists("['a']"), Ok(ListsResult::List3(_))));
    refused(lists("[2**70]"));
    refused(lists("[1, 'a']"));
    assert!(matches!(dicts("{'a': 1}"), Ok(DictsResult::Dict2(_))));
    assert!(matches!(dicts("{'a': 1.0}"), Ok(DictsResult::Dict1(_))));
    assert!(matches!(dicts("{1: 'a'}"), Ok(DictsResult::Dict3(_))));
    assert!(
        matches!(nested("[1, None]"), Ok(NestedResult::List2(list)) if list == [Some(1), None])
    );
    assert!(matches!(nested("[1.0, 'a']"), Ok(NestedResult::List1(_))));
    assert!(matches!(nested("{'a': [1]}"), Ok(NestedResult::Dict(_))));
}

#[test]
fn a_class_is_itself_before_its_base() {
    assert!(matches!(classes("Point(1, 2)"), Ok(ClassesResult::Point(_))));
    assert!(matches!(classes("Space(1, 2, 3)"), Ok(ClassesResult::Space(_))));
    assert!(matches!(classes("'text'"), Ok(ClassesResult::Str(_))));
    let alike = "__import__('types').SimpleNamespace(x=1, y=2)";
    assert!(matches!(classes(alike), Ok(ClassesResult::Point(_))));
    let message = refused(classes("b'bytes'"));
    assert!(message.contains("expected Point | Space | str"), "{message}");
    assert!(matches!(members("1"), Ok(MembersResult::Int(1))));
    assert!(matches!(members("Level.LOW"), Ok(MembersResult::Level(Level::LOW))));
    assert!(matches!(members("Colour.LOW"), Ok(MembersResult::Colour(Colour::LOW))));
    refused(members("pathlib.Path('LOW')"));
}

#[test]
fn a_dict_is_told_by_its_keys_and_by_its_literals() {
    assert!(matches!(rows("{'name': 'a'}"), Ok(RowsResult::Small(_))));
    assert!(matches!(rows("{'name': 'a', 'size': 1}"), Ok(RowsResult::Large(_))));
    assert!(matches!(shapes("{'kind': 'circle', 'size': 1.0}"), Ok(ShapesResult::Circle(_))));
    assert!(matches!(shapes("{'kind': 'square', 'size': 1.0}"), Ok(ShapesResult::Square(_))));
    refused(shapes("{'kind': 'line', 'size': 1.0}"));
}

#[test]
fn a_text_of_a_literal_is_that() {
    assert!(matches!(words("'yes'"), Ok(WordsResult::Answer(_))), "{:?}", words("'yes'"));
    assert!(matches!(words("'perhaps'"), Ok(WordsResult::Str(text)) if text == "perhaps"));
    assert!(matches!(words("b'yes'"), Ok(WordsResult::Bytes(Bytes(_)))));
    assert!(matches!(path_or_text("'a/b'"), Ok(PathOrTextResult::Str(_))));
    assert!(matches!(path_or_text("pathlib.Path('a/b')"), Ok(PathOrTextResult::Path(_))));
    assert!(matches!(items("'abc'"), Ok(ItemsResult::Str(_))));
    assert!(
        matches!(items("(i for i in range(3))"), Ok(ItemsResult::List1(list)) if list == [0, 1, 2])
    );
}

#[test]
fn an_array_is_told_by_its_dtype() {
    assert!(
        matches!(arrays("np.zeros(2)"), Ok(ArraysResult::Array1(array)) if array[..] == [0.0; 2])
    );
    assert!(
        matches!(arrays("np.arange(2)"), Ok(ArraysResult::Array2(array)) if array[..] == [0, 1])
    );
    assert!(matches!(arrays("np.zeros(())"), Ok(ArraysResult::Array1(array)) if array.ndim() == 0));
    assert!(matches!(arrays("1.5"), Ok(ArraysResult::Float(1.5))));
    refused(arrays("np.zeros(2, 'f4')"));
    refused(arrays("np.ma.array([1.0], mask=[True])"));
}

#[test]
fn a_literal_of_several_types_is_a_union() {
    common::python();
    assert!(matches!(axis("'index'"), Ok(Axis::Text(AxisText::Index))));
    assert!(matches!(axis("1"), Ok(Axis::Int(1))));
    let auto = literals("'auto'");
    assert!(matches!(auto, Ok(Some(LiteralsResult::Text(LiteralsResultText::Auto)))), "{auto:?}");
    assert!(matches!(literals("2"), Ok(Some(LiteralsResult::Int(2)))));
    assert!(matches!(literals("True"), Ok(Some(LiteralsResult::Bool(true)))));
    assert!(matches!(literals("None"), Ok(None)));
    assert!(refused(literals("'other'")).contains("expected"));
    assert_eq!(said(1).unwrap(), "1");
    assert_eq!(said(false).unwrap(), "False");
}
