//! Results that are made an array, or a number, on request.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{Cast, Datetime64, ErrorKind, FixedBytes, FixedStr, Like, Scalar, Timedelta64, unit};
use common::{eval, python};

#[test]
fn whatever_numpy_takes_is_an_array() {
    python();
    for expression in [
        "[1.0, 2.0]",
        "(1, 2)",
        "range(1, 3)",
        "__import__('array').array('d', [1, 2])",
        "memoryview(numpy.array([1.0, 2.0]))",
        "numpy.array([1.0, 2.0])",
        "numpy.array([1.0, 2.0], '>f8')",
        "type('Tensor', (), {'__array__': lambda s, *a, **k: numpy.array([1.0, 2.0])})()",
    ] {
        let Like(array): Like<f64> = eval(expression).unwrap();
        assert_eq!(array[..], [1.0, 2.0], "{expression}");
    }
    let dlpack = "type('Tensor', (), {'__dlpack__': lambda s, **k: s.a.__dlpack__(), \
                  '__dlpack_device__': lambda s: (1, 0), 'a': numpy.array([1.0, 2.0])})()";
    if eval::<bool>("hasattr(numpy, 'from_dlpack')").unwrap() {
        let Like(array): Like<f64> = eval(dlpack).unwrap();
        assert_eq!(array[..], [1.0, 2.0]);
        let items = "'__len__': lambda s: 1 / 0, '__getitem__': lambda s, i: 1 / 0, '__dlpack__'";
        let Like(array): Like<f64> = eval(&dlpack.replacen("'__dlpack__'", items, 1)).unwrap();
        assert_eq!(array[..], [1.0, 2.0]);
    }
    let Like(table): Like<i32> = eval("[[1, 2], [3, 4]]").unwrap();
    assert_eq!((table.shape(), &table[..]), (&[2, 2][..], &[1, 2, 3, 4][..]));
    let Like(single): Like<f32> = eval("0.1").unwrap();
    assert_eq!((single.shape(), single[0]), (&[][..], 0.1_f32));
    let Like(empty): Like<u8> = eval("[]").unwrap();
    assert!(empty.is_empty());
}

#[test]
fn numbers_that_would_be_others_are_refused() {
    python();
    for expression in [
        "[1, 300]",
        "[-1]",
        "[0.5]",
        "[True]",
        "['a']",
        "[2**70]",
        "numpy.array([1])",
        "__import__('array').array('h', [1])",
        "{1: 2}",
        "None",
    ] {
        let error = eval::<Like<u8>>(expression).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{expression}: {error}");
    }
    assert!(eval::<Like<f64>>("[2**53 + 1]").is_err());
    assert_eq!(eval::<Like<f64>>("[2**62]").unwrap().0[0], (1_u64 << 62) as f64);
    assert!(eval::<Like<f32>>("[1e300]").is_err());
    assert_eq!(eval::<Like<f32>>("[float('inf')]").unwrap().0[0], f32::INFINITY);
}

#[test]
fn whole_numbers_are_floats_only_where_those_have_all_their_digits() {
    python();
    let exact = |number: &str, bits: u32| {
        eval::<bool>(&format!("int(float(numpy.float{bits}(float({number})))) == {number}"))
            .unwrap()
    };
    for number in [
        "(2**24 - 1)",
        "2**24",
        "(2**24 + 1)",
        "(2**53 - 1)",
        "2**53",
        "(2**53 + 1)",
        "(2**53 + 2)",
        "-(2**53 + 1)",
        "2**60",
        "(2**60 + 1)",
        "(2**63 - 1)",
        "(2**63 - 1024)",
        "2**63",
        "(2**63 + 2048)",
        "-2**63",
        "(1 - 2**63)",
        "(2**64 - 1)",
        "(2**64 - 2048)",
    ] {
        // Python's numbers and NumPy's, alone and among floats.
        let kind =
            if eval::<bool>(&format!("{number} < 2**63")).unwrap() { "int64" } else { "uint64" };
        for list in [
            format!("[{number}]"),
            format!("[{number}, 0.5]"),
            format!("[numpy.{kind}({number}), 0.5]"),
            format!("[numpy.array([{number}], '{kind}'), [0.5]]"),
            format!("[[1], (numpy.{kind}({number}),)]"),
        ] {
            let wide = eval::<Like<f64>>(&list).is_ok();
            assert_eq!(wide, exact(number, 64), "{list}");
            let narrow = eval::<Like<f32>>(&list).is_ok();
            assert_eq!(narrow, exact(number, 32), "{list}");
            type Complex = num_complex::Complex<f64>;
            assert_eq!(eval::<Like<Complex>>(&list).is_ok(), wide, "{list}");
        }
    }
    // NumPy makes no number of more than 64 bits.
    assert!(eval::<Like<f64>>("[2**70, 0.5]").is_err());
}

#[test]
fn nothing_in_a_list_becomes_another_value() {
    python();
    let masked = "numpy.ma.array([1.0, 2.0], mask=[False, True])";
    // Old versions of NumPy want a length and items as well.
    let likened = "(lambda items: type('Series', (), {'__array__': lambda s, *a, **k: numpy.array(items), \
                   '__len__': lambda s: len(items), '__getitem__': lambda s, i: items[i]})())";
    for (expression, words) in [
        ("[2**53 + 1, 0.5]", "9007199254740993 has more digits than float64"),
        ("[[0.5, 1], [2, 2**63 + 1]]", "has more digits than float64"),
        ("(-1, 2**63 + 1)", "has more digits than float64"),
        ("[numpy.array([2**53 + 1, 1]), [0.5, 1.5]]", "has more digits than float64"),
        ("[float('nan'), 2**53 + 1]", "has more digits than float64"),
        ("[numpy.array(2**53 + 1), 0.5]", "has more digits than float64"),
        ("[range(2**53, 2**53 + 2), [0.5, 1.5]]", "has more digits than float64"),
        (&format!("[[0.5], {likened}([2**53 + 1])]"), "has more digits than float64"),
        ("[numpy.uint64(2**63 + 1), numpy.int8(-1)]", "has more digits than float64"),
        ("[True, 0.5]", "it has bools and numbers in it"),
        ("[[1], [True]]", "it has bools and numbers in it"),
        ("[numpy.array([True, False]), [1.5, 2.0]]", "it has bools and numbers in it"),
        ("[numpy.array(True), 1.5]", "it has bools and numbers in it"),
        ("__import__('collections').deque([True, 0.5])", "it has bools and numbers in it"),
        ("[__import__('collections').deque([True]), [0.5]]", "it has bools and numbers in it"),
        (&format!("[[0.5], {likened}([True])]"), "it has bools and numbers in it"),
        (&format!("[{masked}, {masked}]"), "masked array"),
        ("[numpy.ma.masked, 1.0]", "masked array"),
        (
            &format!("type('Variable', (), {{'__array__': lambda s, *a, **k: {masked}}})()"),
            "a masked array of float64",
        ),
    ] {
        let error = eval::<Like<f64>>(expression).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{expression}: {error}");
        assert!(error.to_string().contains(words), "{expression}: {error}");
    }
    assert!(eval::<Like<f32>>("[2**24 + 1, 0.5]").is_err());
    for expression in [
        "[1, 'a']",
        "[numpy.array([1]), numpy.array(['a'])]",
        "[b'a', 'b']",
        "[numpy.array([b'a']), ['b']]",
        "['a', 'b\\0']",
        "'a\\0'",
    ] {
        let error = eval::<Like<FixedStr<21>>>(expression).unwrap_err();
        assert!(error.to_string().contains("it has "), "{expression}: {error}");
    }
    assert!(eval::<Like<FixedBytes<2>>>("[b'a\\0']").is_err());
    // Others are printed by their value.
    let named = "type('E', (str,), {'__str__': lambda s: 'E.RED'})('red')";
    for expression in [&format!("[{named}, 'green']"), &format!("[['b'], [{named}]]"), named] {
        let error = eval::<Like<FixedStr<5>>>(expression).unwrap_err();
        let words = "NumPy would take as 'E.RED' (use str.__str__(text))";
        assert!(error.to_string().contains(words), "{expression}: {error}");
    }
    let color = "__import__('enum').Enum('Color', {'RED': 'red'}, type=str).RED";
    let error = eval::<Like<FixedStr<5>>>(&format!("[{color}]")).unwrap_err();
    assert!(
        error.to_string().contains("NumPy would take as 'Color.RED' (use its .value)"),
        "{error}"
    );
    let Like(texts): Like<FixedStr<5>> =
        eval("[type('Text', (str,), {})('red'), 'green']").unwrap();
    assert_eq!(texts[0].to_string(), "red");
    type Spans = Like<Timedelta64<unit::Second>>;
    type Times = Like<Datetime64<unit::Nanosecond>>;
    assert!(eval::<Spans>("[numpy.timedelta64(1, 's'), 5]").is_err());
    let error = eval::<Spans>("[numpy.timedelta64(5), numpy.timedelta64(1, 's')]").unwrap_err();
    assert!(error.to_string().contains("without a unit"), "{error}");
    let Like(spans): Spans = eval(
        "[[numpy.timedelta64('NaT')], [numpy.timedelta64(2, 'm')], [numpy.timedelta64(1, 's')]]",
    )
    .unwrap();
    assert_eq!((spans[0].count(), spans[1].count()), (None, Some(120)));
    type Fine = Like<Timedelta64<unit::Nanosecond>>;
    let far = "[numpy.timedelta64(10**12, 's'), numpy.timedelta64(1, 'ns')]";
    assert!(eval::<Fine>(far).is_err());
    let (far, near) =
        ("numpy.datetime64('3000-01-01', 's')", "numpy.datetime64('2000-01-01', 'ns')");
    assert!(eval::<Times>(&format!("[{far}, {near}]")).is_err());
    let Like(exact): Times = eval(&format!("[{near}, numpy.datetime64(1, 's')]")).unwrap();
    assert_eq!(exact[1], Datetime64::new(1_000_000_000));
    let Like(whole): Like<f64> = eval("[2**53, 0.5, float('inf'), 2**62]").unwrap();
    assert_eq!(whole[..], [9007199254740992.0, 0.5, f64::INFINITY, 2_f64.powi(62)]);
    let Like(texts): Like<FixedStr<2>> = eval("[['a', numpy.str_('bc')]]").unwrap();
    assert_eq!(texts[1].to_string(), "bc");
    let Like(texts): Like<FixedStr<1>> = eval(&format!("[{likened}(['a', 'b'])]")).unwrap();
    assert_eq!((texts.shape(), texts[1].to_string()), (&[1, 2][..], "b".to_owned()));
}

#[test]
fn lists_may_be_as_deep_as_an_array_has_axes() {
    python();
    let nested =
        |depth| format!("__import__('functools').reduce(lambda a, _: [a, a], range({depth}), 0.5)");
    let Like(deep): Like<f64> = eval(&nested(12)).unwrap();
    assert_eq!((deep.ndim(), deep.len()), (12, 1 << 12));
    for depth in [70, 100_000] {
        let one = format!("__import__('functools').reduce(lambda a, _: [a], range({depth}), 0.5)");
        assert!(eval::<Like<f64>>(&one).is_err(), "{depth}");
    }
}

#[test]
fn what_numpy_knows_nothing_about_is_said_as_what_it_is() {
    python();
    for (expression, words) in [
        ("{1.0, 2.0}", "got a set"),
        ("None", "got None"),
        ("(x for x in [1.0])", "got a generator (use numpy.array(list(…)))"),
        ("{1: 2}.values()", "got a dict_values"),
        ("{1: 2}", "got a dict"),
        ("__import__('types').MappingProxyType({1: 2})", "got a mappingproxy"),
        ("__import__('collections').UserDict({0: 2.0})", "UserDict"),
        ("__import__('collections').ChainMap({0: 2.0})", "ChainMap"),
        (
            "[[0.5], __import__('collections').UserDict({0: 2.0})]",
            "it has numbers and other objects",
        ),
    ] {
        let error = eval::<Like<f64>>(expression).unwrap_err();
        assert!(error.to_string().contains(words), "{expression}: {error}");
    }
}

#[test]
fn a_number_is_not_made_of_what_numpy_would_only_warn_of() {
    python();
    for expression in [
        "numpy.complex128(1 + 2j)",
        "numpy.array(1 + 2j)",
        "numpy.ma.masked",
        "numpy.ma.array(3, mask=True)",
        "numpy.array('5')",
        "numpy.array('5', dtype=object)",
        "numpy.timedelta64(5, 's')",
        "numpy.void(b'12')",
        "numpy.array(b'12', 'V2')",
        "numpy.array((1,), [('a', 'i8')])",
        "__import__('decimal').Decimal('1e400')",
        "-__import__('decimal').Decimal('1e400')",
        "numpy.datetime64('NaT')",
    ] {
        assert!(eval::<Scalar<f64>>(expression).is_err(), "{expression}");
        assert!(eval::<Scalar<i64>>(expression).is_err(), "{expression}");
    }
    assert_eq!(eval::<Scalar<f64>>("numpy.array(5, dtype=object)").unwrap(), Scalar(5.0));
    assert_eq!(eval::<Scalar<i64>>("numpy.array(5)").unwrap(), Scalar(5));
    assert_eq!(eval::<Scalar<f64>>("numpy.longdouble(0.5)").unwrap(), Scalar(0.5));
    assert_eq!(eval::<Scalar<bool>>("numpy.bool_(True)").unwrap(), Scalar(true));
    for expression in ["1j", "numpy.complex128(1j)", "numpy.complex64(1j)", "numpy.array(1j)"] {
        let Scalar(number) = eval::<Scalar<num_complex::Complex<f64>>>(expression).unwrap();
        assert_eq!((number.re, number.im), (0.0, 1.0), "{expression}");
    }
    for expression in [
        "__import__('decimal').Decimal('-Infinity')",
        "-numpy.longdouble('inf')",
        "numpy.array(-numpy.inf)",
        "type('Unequal', (), {'__float__': lambda s: -numpy.inf})()",
    ] {
        let infinite = eval::<Scalar<f64>>(expression);
        assert_eq!(infinite.unwrap(), Scalar(f64::NEG_INFINITY), "{expression}");
        let Scalar(infinite) = eval::<Scalar<num_complex::Complex<f64>>>(expression).unwrap();
        assert_eq!(infinite.re, f64::NEG_INFINITY, "{expression}");
    }
    for (expression, re, im) in [
        ("complex(1.7e308, 1.7e308)", 1.7e308, 1.7e308),
        ("numpy.complex128(complex(1.7e308, 1.7e308))", 1.7e308, 1.7e308),
        ("numpy.array(complex(1.7e308, -1.7e308))", 1.7e308, -1.7e308),
        ("numpy.complex128(complex('-inf+1j'))", f64::NEG_INFINITY, 1.0),
        ("numpy.complex128(complex('1+infj'))", 1.0, f64::INFINITY),
    ] {
        let Scalar(number) = eval::<Scalar<num_complex::Complex<f64>>>(expression).unwrap();
        assert_eq!((number.re, number.im), (re, im), "{expression}");
    }
    if eval::<bool>("numpy.finfo(numpy.longdouble).max > numpy.finfo(float).max").unwrap() {
        for expression in [
            "numpy.clongdouble(1) * numpy.longdouble('1e400')",
            "numpy.clongdouble(1j) * numpy.longdouble('1e400')",
        ] {
            let number = eval::<Scalar<num_complex::Complex<f64>>>(expression);
            assert!(number.unwrap_err().to_string().contains("beyond the range"), "{expression}");
        }
    }
}

#[test]
fn an_object_with_a_number_is_one_under_a_cast() {
    python();
    assert_eq!(eval::<Scalar<f64>>("__import__('decimal').Decimal('0.5')").unwrap(), Scalar(0.5));
    assert_eq!(
        eval::<Scalar<f64>>("__import__('fractions').Fraction(1, 4)").unwrap(),
        Scalar(0.25)
    );
    let index = "type('Index', (), {'__index__': lambda s: 7})()";
    assert_eq!(eval::<Scalar<u8>>(index).unwrap(), Scalar(7));
    assert_eq!(eval::<Scalar<f32>>(index).unwrap(), Scalar(7.0));
    assert_eq!(eval::<Scalar<i64>>("numpy.int8(3)").unwrap(), Scalar(3));
    for (expression, is_float) in [("'1'", true), ("0.5", false), ("None", true), ("[1]", true)] {
        let error = match is_float {
            true => eval::<Scalar<f64>>(expression).map(drop),
            false => eval::<Scalar<i64>>(expression).map(drop),
        };
        assert!(matches!(error.unwrap_err().kind(), ErrorKind::Result), "{expression}");
    }
    assert!(eval::<Scalar<u8>>("256").unwrap_err().to_string().contains("256"));
    let Cast(number): Cast<f32> = eval("__import__('decimal').Decimal('0.5')").unwrap();
    assert_eq!((number.ndim(), number[0]), (0, 0.5));
    let Cast(number): Cast<i64> = eval(index).unwrap();
    assert_eq!(number[0], 7);
    assert!(eval::<Cast<f64>>("'1'").is_err());
}
