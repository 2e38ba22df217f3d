//! A masked value is refused, since it is wrong without its mask.

mod common;

use callpy::{Array, Cast, Datetime64, ErrorKind, FixedBytes, FixedStr, Timedelta64, unit};
use num_complex::Complex;

callpy::element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Record { a: f64 }
}

/// Asserts that an expression whose value is masked is not converted to a `T`.
fn masked<T: callpy::FromPython + std::fmt::Debug>(expression: &str) {
    common::eval::<callpy::Object>("__import__('numpy.ma.mrecords')").unwrap();
    let expression = expression.replace("ma.", "numpy.ma.");
    let error = match common::eval::<T>(&expression) {
        Ok(value) => panic!("{expression} was taken for {value:?}"),
        Err(error) => error,
    };
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    assert!(error.to_string().contains("masked"), "{error}");
    assert!(error.to_string().contains("use .filled()"), "{error}");
}

#[test]
fn a_masked_value_is_no_value() {
    type Seconds = Datetime64<unit::Second>;
    for ints in ["ma.array([1, 2], mask=[0, 1])", "ma.array([1, 2])", "ma.array(1, mask=True)"] {
        masked::<Array<i64>>(ints);
        masked::<Array<f64>>(ints);
        masked::<Cast<i64>>(ints);
        masked::<Cast<f64>>(ints);
        masked::<Vec<i64>>(ints);
        masked::<ndarray::ArrayD<i64>>(ints);
    }
    for constant in ["ma.masked", "ma.array(7, mask=True)", "ma.array([1.0], mask=[1]).mean()"] {
        masked::<i64>(constant);
        masked::<u8>(constant);
        masked::<f64>(constant);
        masked::<f32>(constant);
        masked::<bool>(constant);
        masked::<Complex<f64>>(constant);
        masked::<Vec<f64>>(&format!("[1.0, {constant}]"));
        masked::<(f64, f64)>(&format!("(1.0, {constant})"));
        masked::<std::collections::HashMap<String, f64>>(&format!("{{'a': {constant}}}"));
        masked::<Option<f64>>(constant);
        masked::<Cast<f64>>(constant);
    }
    masked::<Complex<f64>>("ma.array(1j, mask=True)");
    masked::<Complex<f32>>("ma.array(1j, mask=True, dtype='c8')");
    masked::<Seconds>("ma.array(7, mask=True, dtype='M8[s]')");
    masked::<Timedelta64<unit::Second>>("ma.array(7, mask=True, dtype='m8[s]')");
    masked::<FixedStr<2>>("ma.array('ab', mask=True)");
    masked::<FixedBytes<2>>("ma.array(b'ab', mask=True)");
    masked::<Array<Seconds>>("ma.array([7], mask=[1], dtype='M8[s]')");
    masked::<Vec<FixedStr<2>>>("ma.array(['ab'], mask=[1])");
    // A record of which one field is masked, and arrays of those.
    let records = "ma.array([(1.0,), (2.0,)], dtype=[('a', 'f8')], mask=[(0,), (1,)])";
    masked::<Record>(&format!("{records}[1]"));
    masked::<Array<Record>>(records);
    masked::<Cast<Record>>(records);
    masked::<Array<Record>>(&format!("{records}.view(ma.mrecords.MaskedRecords)"));
    // A filled array has values again.
    assert_eq!(
        common::eval::<Vec<i64>>("numpy.ma.array([1, 2], mask=[0, 1]).filled(9)").unwrap(),
        [1, 9]
    );
}
