//! Arrays of text, and arrays in which values are missing.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{Array, Datetime64, ErrorKind, Texts, unit};
use common::{eval, lambda, python};

#[test]
fn text_comes_out_of_arrays_of_every_kind() {
    python();
    for expression in [
        "['ab', '', 'ü€𝄞']",
        "('ab', '', 'ü€𝄞')",
        "numpy.array(['ab', '', 'ü€𝄞'])",
        "numpy.array(['ab', '', 'ü€𝄞'], '>U5')",
        "numpy.array(['ab', 'x', '', 'y', 'ü€𝄞'])[::2]",
        "numpy.array(['ü€𝄞', '', 'ab'])[::-1]",
        "numpy.array(['ab', '', 'ü€𝄞'], object)",
        "numpy.array(['ab'.encode(), b'', 'ü€𝄞'.encode()])",
    ] {
        let expected = ["ab", "", "ü€𝄞"];
        assert_eq!(eval::<Vec<String>>(expression).unwrap(), expected, "{expression}");
        let texts: Texts = eval(expression).unwrap();
        assert_eq!(texts.iter().collect::<Vec<_>>(), expected, "{expression}");
        assert_eq!(texts.iter().next_back(), Some("ü€𝄞"));
    }
    if eval::<bool>("hasattr(numpy.dtypes, 'StringDType')").unwrap_or(false) {
        let texts: Vec<String> =
            eval("numpy.array(['ab', '', 'long' * 20], numpy.dtypes.StringDType())").unwrap();
        assert_eq!(texts, ["ab".to_owned(), String::new(), "long".repeat(20)]);
    }
    assert!(eval::<Texts>("numpy.array([], 'U3')").unwrap().is_empty());
}

#[test]
fn what_is_no_text_is_an_error_that_says_where() {
    python();
    for (expression, message) in [
        ("numpy.array(['a', 1], object)", "expected str, got the int 1"),
        ("numpy.array(['a', '\\ud800'])", "item 1 is no text that UTF-8 can write"),
        ("numpy.array([b'a', b'\\xff'])", "item 1 is no text that UTF-8 can write"),
        ("numpy.array([['a']])", "of <U1 (1x1)"),
        (
            "numpy.array([1.5])",
            "expected a list, or an array with one axis, of str, got an array of float64",
        ),
        ("'text'", "expected a list"),
        ("numpy.ma.array(['a'], mask=[True])", "use .filled()"),
    ] {
        let error = eval::<Texts>(expression).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{expression}");
        assert!(error.to_string().contains(message), "{expression}: {error}");
    }
}

#[test]
fn text_goes_in_as_a_list() {
    let texts: Texts = ["b", "a"].into_iter().collect();
    assert_eq!(lambda("sorted").call::<Vec<String>>(&texts).unwrap(), ["a", "b"]);
    let lengths: Array<i64> = lambda("numpy.char.str_len").call(&texts).unwrap();
    assert_eq!(lengths[..], [1, 1]);
}

#[test]
fn missing_values_are_none() {
    python();
    for expression in [
        "[1, None, 3]",
        "numpy.ma.array([1, 2, 3], mask=[False, True, False])",
        "numpy.array([1, None, 3], object)",
        "numpy.array([1, float('nan'), 3], object)",
        // What pandas' and Arrow's arrays have.
        "type('Nullable', (), {'isna': lambda s: [False, True, False], '__iter__': lambda s: iter([1, 0, 3])})()",
        "type('Arrow', (), {'to_pylist': lambda s: [1, None, 3]})()",
        "type('Polars', (), {'to_list': lambda s: [1, None, 3]})()",
    ] {
        let values: Vec<Option<i64>> = eval(expression).unwrap();
        assert_eq!(values, [Some(1), None, Some(3)], "{expression}");
    }
    assert_eq!(eval::<Vec<Option<f64>>>("numpy.array([0.5, 1])").unwrap(), [Some(0.5), Some(1.0)]);
    let days: Vec<Option<Datetime64<unit::Day>>> =
        eval("numpy.array(['1970-01-03', 'NaT'], 'M8[D]')").unwrap();
    assert_eq!(days, [Some(Datetime64::new(2)), None]);
    let texts: Vec<Option<String>> =
        eval("numpy.ma.array(['a', 'b'], mask=[True, False])").unwrap();
    assert_eq!(texts, [None, Some("b".to_owned())]);
    let error = eval::<Vec<Option<i64>>>("numpy.ma.array([0.5], mask=[True])").unwrap_err();
    assert!(error.to_string().contains("int64"), "{error}");
}

#[test]
fn a_missing_value_is_none_whatever_stands_for_it() {
    python();
    let numbers = "numpy.array([1, numpy.float32('nan'), numpy.ma.masked, None], object)";
    assert_eq!(eval::<Vec<Option<f64>>>(numbers).unwrap(), [Some(1.0), None, None, None]);
    let objects = "numpy.ma.array([1, 'a', 3], mask=[0, 1, 0], dtype=object)";
    assert_eq!(eval::<Vec<Option<i64>>>(objects).unwrap(), [Some(1), None, Some(3)]);

    type Days = Vec<Option<Datetime64<unit::Day>>>;
    let day = Some(Datetime64::new(0));
    for times in [
        "numpy.array([numpy.datetime64(0, 'D'), numpy.datetime64('NaT')], object)",
        "numpy.ma.array(['1970-01-01', 'NaT'], dtype='M8[D]')",
        "numpy.ma.array(['1970-01-01', '1970-01-02'], mask=[0, 1], dtype='M8[D]')",
        "numpy.ma.array(['1970-01-01', 'NaT'], mask=[0, 1], dtype='>M8[D]')",
    ] {
        assert_eq!(eval::<Days>(times).unwrap(), [day, None], "{times}");
    }

    let rows = "numpy.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])";
    let rows_of: Vec<Vec<Option<f64>>> = eval(rows).unwrap();
    assert_eq!(rows_of, [[Some(1.0), None], [Some(3.0), Some(4.0)]]);
    assert!(eval::<Vec<Vec<f64>>>(rows).unwrap_err().to_string().contains("masked"));

    // What says it of other values than it has is not read by that.
    for isna in ["[False]", "[[False, True], [True, False]]", "True"] {
        let odd = format!(
            "type('Odd', (), {{'isna': lambda s: {isna}, '__iter__': lambda s: iter([1, 2])}})()"
        );
        assert!(eval::<Vec<Option<i64>>>(&odd).is_err(), "{isna}");
    }

    if eval::<bool>("hasattr(numpy, 'dtypes') and hasattr(numpy.dtypes, 'StringDType')").unwrap() {
        let texts = "numpy.array(['a', numpy.ma], numpy.dtypes.StringDType(na_object=numpy.ma))";
        assert_eq!(eval::<Vec<Option<String>>>(texts).unwrap(), [Some("a".to_owned()), None]);
    }
}

#[test]
fn a_scalar_of_pandas_is_one_of_numpy() {
    python();
    let scalar = "type('Timestamp', (), {'to_datetime64': lambda s: numpy.datetime64(5, 's'), 'tzinfo': None})()";
    let second = eval::<Datetime64<unit::Second>>(scalar).unwrap();
    assert_eq!(second, Datetime64::new(5));
    assert!(eval::<Datetime64<unit::Nanosecond>>(scalar).is_err());
    let aware = scalar.replace("None", "1");
    assert!(eval::<Datetime64<unit::Second>>(&aware).is_err());
}

#[test]
fn texts_that_no_memory_has_room_for_are_an_error() {
    python();
    let huge = "numpy.broadcast_to(numpy.array('a'), 10 ** 15)";
    assert!(eval::<Texts>(huge).unwrap_err().to_string().contains("memory"));
}
