//! Values both ways, row by row of the table in `convert`: what Python sees, what Rust takes, and
//! what neither may take for the other.
#![allow(missing_docs, reason = "a test")]
#![allow(
    clippy::needless_borrows_for_generic_args,
    reason = "both the value and its loan are tested"
)]

mod common;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;

use callpy::convert::Value;
use callpy::{Bytes, Error, ErrorKind, FromPython, IntoPython, Item, Object, Result, Scope};
use common::{eval, lambda};

/// What Python says of a value: its type and its repr.
fn seen<'a>(value: impl IntoPython<'a>) -> String {
    lambda("lambda value: '%s %r' % (type(value).__name__, value)").call((value,)).unwrap()
}

fn round_trip<'a, T: FromPython>(value: impl IntoPython<'a>) -> T {
    lambda("lambda value: value").call((value,)).unwrap()
}

/// Asserts that the value of an expression is not taken for a `T`, and returns the error.
fn refused<T: FromPython + Debug>(expression: &str) -> Error {
    let error = match eval::<T>(expression) {
        Err(error) => error,
        Ok(value) => panic!("{expression} was taken for {value:?}"),
    };
    assert!(matches!(error.kind(), ErrorKind::Result), "{expression}: {error}");
    // Nothing stays set behind a refusal.
    assert_eq!(eval::<i64>("1 + 1").unwrap(), 2);
    error
}

#[test]
fn bool() {
    assert_eq!(seen(true), "bool True");
    assert_eq!(seen(false), "bool False");
    for truth in [true, false] {
        assert_eq!(round_trip::<bool>(truth), truth);
    }
    assert!(eval::<bool>("numpy.bool_(True)").unwrap());
    assert!(!eval::<bool>("numpy.array(False)").unwrap());
    for other in ["1", "0", "None", "'True'", "1.0", "[]", "numpy.int8(1)", "numpy.array([True])"] {
        refused::<bool>(other);
    }
}

#[test]
fn a_bool_is_no_number() {
    for truth in ["True", "numpy.bool_(True)", "numpy.array(True)"] {
        refused::<i64>(truth);
        refused::<u8>(truth);
        refused::<f64>(truth);
        refused::<f32>(truth);
    }
}

macro_rules! integers {
    ($($name:ident $type:ty),*) => {$(
        #[test]
        fn $name() {
            let name = stringify!($name);
            let (min, max) = (<$type>::MIN, <$type>::MAX);
            for value in [min, max, 0, 1] {
                assert_eq!(seen(value), format!("int {value}"));
                assert_eq!(round_trip::<$type>(value), value);
            }
            for beyond in [format!("{min} - 1"), format!("{max} + 1"), "10**100".into(), "-10**100".into()] {
                let error = refused::<$type>(&beyond);
                assert!(error.to_string().contains(&format!("range of {name}")), "{error}");
            }
            // NumPy's own scalar of the type, at both ends, and a 0-d array of it.
            for value in [min, max] {
                let dtype = name.replace("size", &format!("{}", usize::BITS)).replacen('i', "int", 1);
                let dtype = if dtype.starts_with('u') { dtype.replacen("u", "uint", 1) } else { dtype };
                assert_eq!(eval::<$type>(&format!("numpy.{dtype}({value})")).unwrap(), value);
                let array = format!("numpy.array({value}, dtype=numpy.{dtype})");
                assert_eq!(eval::<$type>(&array).unwrap(), value);
            }
            for other in ["1.0", "'1'", "None", "numpy.float64(1)", "[1]", "1j", "numpy.array([1])"] {
                refused::<$type>(other);
            }
        }
    )*};
}
integers!(i8 i8, i16 i16, i32 i32, i64 i64, isize isize, u8 u8, u16 u16, u32 u32, u64 u64, usize usize);

#[test]
fn integers_of_other_kinds() {
    assert_eq!(eval::<i64>("type('Int', (int,), {})(7)").unwrap(), 7);
    assert_eq!(eval::<u8>("numpy.int64(200)").unwrap(), 200);
    refused::<u8>("numpy.int64(300)");
    refused::<u8>("numpy.int64(-1)");
    refused::<i64>("numpy.uint64(2**63)");
    assert_eq!(eval::<i64>("-1").unwrap(), -1, "which CPython also answers for an error");
    assert_eq!(eval::<u64>("2**64 - 1").unwrap(), u64::MAX, "likewise");
    // More digits than Python writes by default.
    refused::<i64>("1 << 100000");
    refused::<i64>("type('Index', (), {'__index__': lambda self: 7})()");
}

#[test]
fn a_moment_is_no_number() {
    for unit in ["ns", "s", "D"] {
        for kind in ["datetime64", "timedelta64"] {
            for value in [
                format!("numpy.{kind}(1, '{unit}')"),
                format!("numpy.array(1, dtype='{kind}[{unit}]')"),
            ] {
                refused::<i64>(&value);
                refused::<f64>(&value);
            }
        }
    }
}

#[test]
fn what_is_masked_is_no_number() {
    eval::<Object>("__import__('numpy.ma')").unwrap();
    refused::<f64>("numpy.ma.masked");
    refused::<f64>("numpy.ma.array([1.0, 2.0], mask=True).mean()");
    refused::<i64>("numpy.ma.array(1, mask=True)");
    refused::<bool>("numpy.ma.array(True, mask=True)");
}

#[test]
fn floats() {
    assert_eq!(seen(1.5), "float 1.5");
    assert_eq!(seen(1.5_f32), "float 1.5");
    assert_eq!(seen(f64::INFINITY), "float inf");
    assert!(round_trip::<f64>(f64::NAN).is_nan());
    assert!(round_trip::<f32>(f32::NAN).is_nan());
    for value in [0.0, -0.0, -1.0, 1e-320, f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::NEG_INFINITY]
    {
        assert_eq!(round_trip::<f64>(value).to_bits(), value.to_bits());
    }
    for value in [0.1_f32, -0.0, -1.0, f32::MAX, f32::MIN, f32::INFINITY, 1e-45] {
        assert_eq!(round_trip::<f32>(value).to_bits(), value.to_bits());
    }
    for kind in ["int8", "uint64", "float16", "float32", "float64"] {
        assert_eq!(eval::<f64>(&format!("numpy.{kind}(3)")).unwrap(), 3.0);
        assert_eq!(eval::<f32>(&format!("numpy.array(3, dtype=numpy.{kind})")).unwrap(), 3.0);
    }
    assert_eq!(eval::<f64>("7").unwrap(), 7.0);
    assert_eq!(eval::<f64>("type('Float', (float,), {})(7)").unwrap(), 7.0);
    assert_eq!(eval::<f64>("-1").unwrap(), -1.0);
    assert!(refused::<f64>("10**400").to_string().contains("range of f64"));
    assert!(refused::<f32>("1e39").to_string().contains("range of f32"));
    assert!(refused::<f32>("-2**130").to_string().contains("range of f32"));
    for other in ["'1.0'", "None", "1j", "numpy.complex128(1)", "[1.0]", "numpy.array([1.0])"] {
        refused::<f64>(other);
        refused::<f32>(other);
    }
}

#[test]
fn an_int_for_a_float_is_never_rounded() {
    for (exact, value) in [
        ("2**53", 9_007_199_254_740_992.0),
        ("-2**53", -9_007_199_254_740_992.0),
        ("2**60", 1_152_921_504_606_846_976.0),
        ("2**63", 9_223_372_036_854_775_808.0),
        ("-2**63", -9_223_372_036_854_775_808.0),
        ("2**1000", 2_f64.powi(1000)),
        ("numpy.uint64(2**63)", 9_223_372_036_854_775_808.0),
        ("type('Int', (int,), {'__float__': lambda self: 1.5})(3)", 3.0),
    ] {
        assert_eq!(eval::<f64>(exact).unwrap(), value, "{exact}");
    }
    for inexact in [
        "2**53 + 1",
        "-2**53 - 1",
        "2**63 - 1",
        "2**64 - 1",
        "2**1000 + 1",
        "10**39",
        "numpy.int64(2**53 + 1)",
        "numpy.uint64(2**64 - 1)",
        "numpy.array(2**53 + 1)",
    ] {
        let error = refused::<f64>(inexact);
        assert!(error.to_string().contains("without rounding"), "{error}");
        refused::<Vec<f64>>(&format!("[1.0, {inexact}]"));
        refused::<(f64, i64)>(&format!("({inexact}, 1)"));
        refused::<HashMap<String, f64>>(&format!("{{'a': {inexact}}}"));
        refused::<Option<f64>>(inexact);
    }
    assert_eq!(eval::<f32>("2**24").unwrap(), 16_777_216.0);
    for inexact in ["2**24 + 1", "-2**24 - 1", "numpy.int32(2**24 + 1)", "2**53 + 1"] {
        let error = refused::<f32>(inexact);
        assert!(error.to_string().contains("an f32 without rounding"), "{error}");
    }
    // A float has no other meaning in single precision than the nearest.
    assert_eq!(eval::<f32>("0.1").unwrap(), 0.1);
}

#[test]
fn strings() {
    for text in ["", "plain", "quite a mix: é ∑ 日本 🐍", "with\0NUL", "\u{10ffff}", "line\nline"]
    {
        assert_eq!(round_trip::<String>(text), text);
        assert_eq!(round_trip::<String>(text.to_owned()), text);
        assert_eq!(round_trip::<String>(&text.to_owned()), text);
        assert_eq!(round_trip::<String>(Cow::Borrowed(text)), text);
        assert_eq!(lambda("len").call::<usize>(text).unwrap(), text.chars().count());
    }
    assert_eq!(seen("it's"), "str \"it's\"");
    assert_eq!(eval::<String>("numpy.str_('scalar')").unwrap(), "scalar");
    assert_eq!(eval::<String>("type('Text', (str,), {})('sub')").unwrap(), "sub");
    for other in ["b'bytes'", "None", "1", "['a']", "numpy.bytes_(b'a')", "numpy.array('a')"] {
        refused::<String>(other);
    }
    let error = refused::<String>(r"'half a \ud800 pair'");
    assert!(error.to_string().contains("UnicodeEncodeError"), "{error}");
    assert_eq!(eval::<String>("'fine'").unwrap(), "fine");
}

#[test]
fn bytes() {
    assert_eq!(seen(Bytes(b"a\0\xff")), r"bytes b'a\x00\xff'");
    assert_eq!(seen(Bytes(vec![])), "bytes b''");
    for bytes in [&b""[..], b"\0", b"\xff\xfe", &[7; 10_000]] {
        assert_eq!(round_trip::<Bytes<Vec<u8>>>(Bytes(bytes)).0, bytes);
    }
    assert_eq!(eval::<Bytes<Vec<u8>>>("numpy.bytes_(b'np')").unwrap().0, b"np");
    for other in ["'str'", "bytearray(b'a')", "None", "memoryview(b'a')", "[1]"] {
        refused::<Bytes<Vec<u8>>>(other);
    }
}

#[test]
fn none() {
    assert_eq!(seen(()), "NoneType None");
    eval::<()>("None").unwrap();
    for other in ["0", "False", "''", "()", "[]"] {
        refused::<()>(other);
    }
    let error = refused::<i64>("None");
    assert!(error.to_string().contains("got None"), "{error}");
}

#[test]
fn option() {
    assert_eq!(seen(None::<i64>), "NoneType None");
    assert_eq!(seen(Some(3)), "int 3");
    assert_eq!(eval::<Option<i64>>("None").unwrap(), None);
    assert_eq!(eval::<Option<i64>>("3").unwrap(), Some(3));
    assert_eq!(
        eval::<Option<Vec<Option<String>>>>("['a', None]").unwrap(),
        Some(vec![Some("a".into()), None])
    );
    assert_eq!(seen(vec![Some("a"), None]), "list ['a', None]");
    refused::<Option<i64>>("'3'");
    // There is one None: the two levels are one.
    assert_eq!(round_trip::<Option<Option<i64>>>(Some(None::<i64>)), None);
}

#[test]
fn vectors_of_numbers_are_arrays() {
    assert!(seen(vec![1.5, 2.0]).starts_with("ndarray array([1.5, 2. ])"));
    assert!(seen(&[1_u8, 2][..]).contains("dtype=uint8"));
    assert!(seen(vec![true]).contains("True"));
    assert_eq!(seen(Vec::<f64>::new()), "ndarray array([], dtype=float64)");
    assert_eq!(round_trip::<Vec<i32>>(vec![1, -2]), [1, -2]);
    assert_eq!(round_trip::<Vec<bool>>(&[true, false][..]), [true, false]);
}

#[test]
fn vectors_of_other_values_are_lists() {
    assert_eq!(seen(vec!["a", "b"]), "list ['a', 'b']");
    assert_eq!(seen(&vec!["a".to_owned()]), "list ['a']");
    assert_eq!(seen(&["x"; 2]), "list ['x', 'x']");
    assert_eq!(seen(vec![("a", 1), ("b", 2)]), "list [('a', 1), ('b', 2)]");
    assert_eq!(seen(Vec::<String>::new()), "list []");
    assert_eq!(seen(vec![Bytes(b"a")]), "list [b'a']");
    assert!(
        seen(vec![vec![1.5], vec![]]).starts_with("list [array([1.5]), array([], dtype=float64)]")
    );
    let nested = vec![vec![1.5]];
    assert!(seen(&nested).starts_with("list [array([1.5])]"));
    assert_eq!(nested, [[1.5]]);
    assert_eq!(seen(vec![HashMap::from([("k", 1)])]), "list [{'k': 1}]");
    let object: Object = eval("{1}").unwrap();
    assert_eq!(seen(vec![object.clone(), object]), "list [{1}, {1}]");
    assert_eq!(
        round_trip::<Vec<Vec<String>>>(vec![vec!["a"], vec![]]),
        [vec!["a".to_owned()], vec![]]
    );
}

impl<'a> Item<'a> for Pair {}

#[derive(Clone)]
struct Pair(i64, i64);

impl<'a> IntoPython<'a> for Pair {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        (self.0, self.1).into_python(scope)
    }
}

impl FromPython for Pair {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        <(i64, i64)>::from_python(object, scope).map(|(a, b)| Pair(a, b))
    }
}

#[test]
fn a_type_of_ones_own_is_made_of_parts() {
    assert_eq!(seen(Pair(1, 2)), "tuple (1, 2)");
    assert_eq!(seen(vec![Pair(1, 2)]), "list [(1, 2)]");
    let Pair(a, b) = eval("(3, 4)").unwrap();
    assert_eq!((a, b), (3, 4));
    assert_eq!(eval::<Vec<Pair>>("[(3, 4)]").unwrap().len(), 1);
}

#[test]
fn vectors_from_sequences() {
    assert_eq!(eval::<Vec<i64>>("[1, 2]").unwrap(), [1, 2]);
    assert_eq!(eval::<Vec<i64>>("(1, numpy.int8(2))").unwrap(), [1, 2]);
    assert_eq!(eval::<Vec<i64>>("[]").unwrap(), [0_i64; 0]);
    assert_eq!(eval::<Vec<f64>>("numpy.array([1.0, 2.0])").unwrap(), [1.0, 2.0]);
    assert_eq!(eval::<Vec<f64>>("numpy.arange(6.0)[::-2]").unwrap(), [5.0, 3.0, 1.0]);
    assert_eq!(
        eval::<Vec<Vec<f64>>>("[numpy.ones(2), [3, 4.5], ()]").unwrap(),
        [vec![1.0, 1.0], vec![3.0, 4.5], vec![]]
    );
    assert_eq!(eval::<Vec<String>>("type('L', (list,), {})(['a'])").unwrap(), ["a"]);
    assert_eq!(eval::<Vec<()>>("[None]").unwrap(), [()]);
    for other in [
        "{1, 2}",
        "{1: 2}",
        "iter([1])",
        "range(2)",
        "'ab'",
        "b'ab'",
        "None",
        "1",
        "numpy.ones((2, 2))",
        "numpy.array(1.0)",
        "numpy.array([1])",
        "[1, 'a']",
        "[1, None]",
    ] {
        refused::<Vec<f64>>(other);
    }
    refused::<Vec<i64>>("[1.0]");
    refused::<Vec<u8>>("b'ab'");
    refused::<Vec<String>>("'ab'");
    assert_eq!(eval::<Vec<String>>("numpy.array(['a'])").unwrap(), ["a"]);
    let error = refused::<Vec<i64>>("[1, 2, 'three']");
    assert!(error.to_string().contains("item 2"), "{error}");
    let error = refused::<Vec<Vec<i8>>>("[[1], [2, 300]]");
    assert!(error.to_string().contains("item 1 of item 1"), "{error}");
}

#[test]
fn maps() {
    assert_eq!(seen(HashMap::from([("a", 1)])), "dict {'a': 1}");
    assert_eq!(seen(BTreeMap::from([(2, "b"), (1, "a")])), "dict {1: 'a', 2: 'b'}");
    assert_eq!(seen(BTreeMap::<i64, i64>::new()), "dict {}");
    // Values that differ here may be equal there.
    let keys = [Value::Int(2), Value::Int(1), Value::Bool(true), Value::Float(2.0)];
    let entries = Value::Dict(keys.into_iter().map(|key| (key, Value::None)).collect());
    let error = lambda("lambda value: value").call::<Object>((entries,)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    let expected = "two keys of a dict are equal in Python: True is there already";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert_eq!(
        eval::<HashMap<String, f64>>("{'a': 1, 'b': 2.5}").unwrap(),
        HashMap::from([("a".into(), 1.0), ("b".into(), 2.5)])
    );
    assert_eq!(
        eval::<BTreeMap<(i64, bool), Vec<String>>>("{(1, True): ['x']}").unwrap(),
        BTreeMap::from([((1, true), vec!["x".into()])])
    );
    assert_eq!(
        eval::<BTreeMap<String, BTreeMap<i64, Option<i64>>>>("{'a': {1: None}}").unwrap(),
        BTreeMap::from([("a".into(), BTreeMap::from([(1, None)]))])
    );
    assert_eq!(
        eval::<BTreeMap<String, i64>>("__import__('collections').Counter('aab')").unwrap()["a"],
        2
    );
    assert!(eval::<HashMap<String, i64>>("{}").unwrap().is_empty());
    for other in ["[('a', 1)]", "None", "{'a'}", "__import__('os').environ", "{1: 1}", "{'a': 'b'}"]
    {
        refused::<HashMap<String, i64>>(other);
    }
    // What a dict can't have for a key, a dict made of Rust's can't have either.
    let error = lambda("lambda x: x")
        .call::<Object>((BTreeMap::from([(vec!["unhashable"], 1)]),))
        .unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "TypeError");
}

#[test]
fn sets() {
    assert_eq!(seen(HashSet::from(["a"])), "set {'a'}");
    assert_eq!(seen(BTreeSet::<i64>::new()), "set set()");
    assert_eq!(eval::<BTreeSet<i64>>("{3, 1}").unwrap(), BTreeSet::from([1, 3]));
    assert_eq!(
        eval::<HashSet<String>>("frozenset('ab')").unwrap(),
        HashSet::from(["a".into(), "b".into()])
    );
    for other in ["[1]", "{1: 2}", "None", "{'a'}", "{1: 2}.keys()"] {
        refused::<BTreeSet<i64>>(other);
    }
}

#[test]
fn tuples() {
    assert_eq!(seen((1, "a", 2.5)), "tuple (1, 'a', 2.5)");
    assert_eq!(seen((1,)), "tuple (1,)");
    assert_eq!(seen(((), (true,))), "tuple (None, (True,))");
    assert_eq!(eval::<(i64, String)>("(1, 'a')").unwrap(), (1, "a".into()));
    assert_eq!(eval::<(i64,)>("(1,)").unwrap(), (1,));
    assert_eq!(eval::<((i64, i64), Option<f64>)>("((1, 2), None)").unwrap(), ((1, 2), None));
    let (a, .., l) =
        eval::<(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8)>("tuple(range(12))").unwrap();
    assert_eq!((a, l), (0, 11));
    let named: (i64, i64) = eval("__import__('collections').namedtuple('P', 'x y')(1, 2)").unwrap();
    assert_eq!(named, (1, 2));
    for other in ["(1,)", "(1, 2, 3)", "[1, 2]", "()", "None", "(1, 'a')"] {
        refused::<(i64, i64)>(other);
    }
    let error = refused::<(i64, (i64, u8))>("(1, (2, 256))");
    assert!(error.to_string().contains("item 1 of item 1"), "{error}");
}

#[test]
fn objects_are_what_they_are() {
    let object: Object = eval("object()").unwrap();
    let copy = object.clone();
    let same: bool = lambda("lambda a, b: a is b").call((&copy, object)).unwrap();
    assert!(same);
    let deep: Object = eval("[[]]").unwrap();
    assert_eq!(deep.extract::<Vec<Object>>().unwrap().len(), 1);
    let circular: Object = lambda("lambda: (lambda a: (a.append(a), a)[1])([])").call(()).unwrap();
    assert_eq!(circular.extract::<Vec<Object>>().unwrap()[0].len().unwrap(), 1);
    assert_eq!(circular.to_string(), "[[...]]");
}

#[test]
fn an_error_says_what_was_got() {
    for (expression, got) in [
        ("1", "the int 1"),
        ("2**200", "an int of 201 bits"),
        ("True", "the bool True"),
        ("'a'", "the str 'a'"),
        ("'a' * 41", "a str of 41 characters"),
        ("1j", "a complex"),
        ("numpy.float32(1)", "a numpy.float32"),
        ("[1, 2]", "a list of 2"),
        ("(1, 2, 3)", "a tuple of 3"),
        ("numpy.ones((2, 3), dtype='i4')", "an array of int32 (2x3)"),
        ("numpy.array(1.5)", "an array of float64 (0-d)"),
        ("numpy.ones(2, dtype='>f8')", "an array of float64 of foreign byte order (2)"),
        ("numpy.timedelta64(1, 'us')", "a timedelta64[us]"),
        ("__import__('numpy.ma').ma.masked", "numpy.ma.masked (use .filled())"),
        ("__import__('enum').Enum('Colour', 'RED').RED", "Colour.RED"),
        ("__import__('decimal').Decimal(1)", "a decimal.Decimal"),
        ("type('Odd', (), {'__module__': None})()", "an Odd"),
        ("int", "a type"),
    ] {
        let error = refused::<HashMap<String, i64>>(expression);
        assert!(error.to_string().ends_with(&format!("expected a dict, got {got}")), "{error}");
    }
}

/// A class that has the methods of a library's, and nothing else.
fn like(methods: &[&str]) -> String {
    let methods: Vec<String> =
        methods.iter().map(|name| format!("{name:?}: lambda self: None")).collect();
    format!("type('Like', (), {{{}}})()", methods.join(", "))
}

#[test]
fn an_error_says_how_to_fix_it() {
    let said = |error: Error| error.to_string().split(" (").last().unwrap_or_default().to_owned();
    // By what it can do, not by its name: pandas and polars, SciPy, PyArrow, torch, tensorflow, CuPy,
    // dask, jax.
    for (methods, array, list) in [
        (&["to_numpy", "tolist", "__array__"][..], "use .to_numpy())", "use .tolist())"),
        (&["toarray", "__iter__"], "use .toarray())", "use list())"),
        (&["to_pandas", "to_pylist"], "use .to_pandas().to_numpy())", "use .to_pylist())"),
        (&["detach", "cpu", "numpy"], "use .detach().cpu().numpy())", ""),
        (&["numpy", "__iter__"], "use .numpy())", "use list())"),
        (&["__cuda_array_interface__", "get"], "use .get())", ""),
        (&["compute", "__dask_graph__"], "use .compute())", "use .compute())"),
        (&["collect", "lazy"], "use .collect())", "use .collect())"),
        (&["__array__"], "use numpy.asarray())", ""),
        (&["__dlpack__"], "use numpy.asarray())", ""),
    ] {
        let object = like(methods);
        assert_eq!(said(refused::<callpy::Array<f64>>(&object)), array, "{methods:?}");
        let message = refused::<Vec<String>>(&object).to_string();
        assert!(message.ends_with(list), "{message}");
    }
    // An instance that answers to any name is none of these.
    let mock = "__import__('unittest.mock').mock.MagicMock()";
    assert!(!refused::<callpy::Array<f64>>(mock).to_string().contains("to_numpy"));
    for (expression, fix) in [
        ("[1.0, 2.0]", "use numpy.asarray())"),
        ("range(3)", "use numpy.asarray())"),
        ("(i for i in [1.0])", "use numpy.array(list(…)))"),
        ("numpy.zeros(2, 'f4')", "use Cast to convert, or .astype())"),
        ("__import__('numpy.ma').ma.array([1.0], mask=[1])", "use .filled())"),
    ] {
        let message = refused::<callpy::Array<f64>>(expression).to_string();
        assert!(message.ends_with(fix), "{message}");
    }
    for expression in ["(i for i in 'ab')", "{'a'}", "range(3)", "iter('ab')"] {
        assert_eq!(said(refused::<Vec<String>>(expression)), "use list())", "{expression}");
    }
    assert_eq!(said(refused::<Vec<String>>("numpy.array([['a']])")), "use .tolist())");
    let message = refused::<Vec<f64>>("numpy.ones((2, 2))").to_string();
    assert!(message.ends_with("an array of float64 (2x2) (use .ravel())"), "{message}");
    assert_eq!(said(refused::<f64>("numpy.ones(1)")), "use .item())");
    let coroutine = "(lambda made: (made, made.close())[0])(__import__('asyncio').sleep(0))";
    let message = refused::<f64>(coroutine).to_string();
    assert!(message.contains("got a coroutine (it is async: "), "{message}");
    type Nanoseconds = callpy::Timedelta64<callpy::unit::Nanosecond>;
    for (expression, fix) in [
        ("numpy.timedelta64(1, 'us')", "use .astype('timedelta64[ns]'))"),
        ("__import__('datetime').timedelta(1)", "use numpy.timedelta64(…, 'ns'))"),
    ] {
        let message = refused::<Nanoseconds>(expression).to_string();
        assert!(message.ends_with(fix), "{message}");
    }
}

#[test]
fn an_error_names_the_key() {
    let error = refused::<HashMap<String, i64>>("{'a': 1, 'b': 'x'}");
    assert!(error.to_string().starts_with("key 'b' of the result of "), "{error}");
    let error = refused::<HashMap<i64, Vec<i64>>>("{7: [1, None]}");
    assert!(error.to_string().starts_with("item 1 of key 7 of the result of "), "{error}");
    let error = refused::<HashMap<i64, i64>>("{'a': 1}");
    assert!(error.to_string().starts_with("a key of the result of "), "{error}");
}

/// A conversion asks nothing of an object's own code, or says that it failed.
#[test]
fn what_raises_while_it_is_converted_is_a_result_that_can_not_be() {
    let raises = "(lambda *_: 1 / 0)";
    let of = |base: &str, names: &[&str], value: &str| {
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}: {raises}")).collect();
        format!("type('Raises', ({base},), {{{}}})({value})", names.join(", "))
    };
    let names =
        ["__iter__", "__len__", "__getitem__", "__bool__", "__eq__", "keys", "items", "get"];
    assert_eq!(eval::<Vec<i64>>(&of("list", &names, "[1, 2]")).unwrap(), [1, 2]);
    assert_eq!(eval::<(i64, i64)>(&of("tuple", &names, "[1, 2]")).unwrap(), (1, 2));
    let dict: HashMap<String, i64> = eval(&of("dict", &names, "{'a': 1}")).unwrap();
    assert_eq!(dict, HashMap::from([("a".to_owned(), 1)]));
    let set: HashSet<i64> = eval(&of("set", &["__iter__", "__len__"], "{1}")).unwrap();
    assert_eq!(set, HashSet::from([1]));
    let number = ["__int__", "__index__", "__float__", "__str__", "__repr__", "__bool__"];
    assert_eq!(eval::<i64>(&of("int", &number, "3")).unwrap(), 3);
    assert_eq!(eval::<f64>(&of("int", &number, "3")).unwrap(), 3.0);
    assert_eq!(eval::<f64>(&of("float", &number, "3")).unwrap(), 3.0);
    assert_eq!(eval::<String>(&of("str", &["__str__", "__len__"], "'a'")).unwrap(), "a");
    for expression in [
        of("object", &["__float__", "__int__", "__index__", "__len__", "__iter__"], ""),
        of("int", &number, "2**80"),
        "type('Odd', (), {'__class__': property(lambda self: 1 / 0)})()".to_owned(),
        "type('Odd', (), {'__getattr__': lambda *_: 1 / 0})()".to_owned(),
        "type('Odd', (type,), {'__getattribute__': lambda *_: 1 / 0})('A', (), {})()".to_owned(),
        "numpy.ma.array(1, mask=True)".to_owned(),
    ] {
        refused::<i64>(&expression);
        refused::<u8>(&expression);
        refused::<bool>(&expression);
        refused::<Vec<f64>>(&expression);
        refused::<HashMap<String, f64>>(&expression);
        refused::<HashSet<i64>>(&expression);
        refused::<callpy::Array<f64>>(&expression);
        refused::<callpy::Cast<f64>>(&expression);
        refused::<num_complex::Complex<f64>>(&expression);
        refused::<(i64, i64)>(&expression);
        refused::<std::path::PathBuf>(&expression);
    }
    refused::<f64>("type('Scalar', (numpy.float32,), {'item': lambda self: 1 / 0})(1)");
}

#[test]
fn a_complex_number_is_one_of_python() {
    use num_complex::Complex;
    let kind = lambda("lambda *z: str([type(z), *map(repr, z)])");
    let told: String =
        kind.call((Complex::new(0.1_f64, -0.0), Complex::new(0.1_f32, 2.0))).unwrap();
    assert_eq!(told, "[<class 'tuple'>, '(0.1-0j)', '(0.10000000149011612+2j)']");
}

#[test]
fn a_complex_beyond_the_float32_is_not_infinite() {
    type Complex = num_complex::Complex<f32>;
    refused::<Complex>("complex(1e300, 0)");
    refused::<Complex>("complex(0, -1e300)");
    let infinite = eval::<Complex>("complex(float('inf'), float('nan'))").unwrap();
    assert!(infinite.re.is_infinite() && infinite.im.is_nan());
    assert_eq!(eval::<Complex>("complex(0.5, 1)").unwrap(), Complex::new(0.5, 1.0));
}

#[test]
fn a_thousand_levels_are_converted() {
    let object: Object =
        lambda("lambda: __import__('functools').reduce(lambda a, b: [a], range(1000), 'core')")
            .call(())
            .unwrap();
    let mut level = object;
    for _ in 0..1000 {
        level = level.extract::<Vec<Object>>().unwrap().remove(0);
    }
    assert_eq!(level.extract::<String>().unwrap(), "core");
}
