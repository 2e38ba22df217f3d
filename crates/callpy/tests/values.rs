//! Values and arrays whose types are known at run time only.

mod common;

use std::ffi::c_void;

use callpy::array::AnyLoan;
use callpy::convert::Value;
use callpy::{Dtype, ErrorKind};

use common::{eval, lambda};

#[test]
fn a_result_is_what_python_made() {
    common::python();
    let value: Value<'_> =
        eval("[None, True, -1, 2**64 - 1, 2**64, 0.5, 'a', b'b', (1,), {'k': numpy.int8(3)}]")
            .unwrap();
    let text = format!("{value:?}");
    assert_eq!(
        text,
        "List([None, Bool(true), Int(-1), Uint(18446744073709551615), \
         Object(18446744073709551616), Float(0.5), Str(\"a\"), Bytes([98]), Tuple([Int(1)]), \
         Dict([(Str(\"k\"), Int(3))])])"
    );
}

#[test]
fn text_that_utf8_can_not_write_is_an_object() {
    common::python();
    let Value::Object(half) = eval(r"'half a \ud800 pair'").unwrap() else { panic!("no object") };
    let Value::Bytes(bytes) =
        lambda("lambda text: text.encode('utf-8', 'surrogatepass')").call(half).unwrap()
    else {
        panic!("no bytes")
    };
    assert_eq!(bytes, &b"half a \xed\xa0\x80 pair"[..]);
}

#[test]
fn an_array_is_of_any_dtype_or_else_an_object() {
    common::python();
    for (expression, dtype, shape) in [
        ("numpy.zeros((2, 3), '>f4')", Dtype::Float32, &[2, 3][..]),
        ("numpy.zeros(3, 'U5')[::2]", Dtype::Str(5), &[2]),
        ("numpy.zeros((), 'S2')", Dtype::Bytes(2), &[]),
        ("numpy.zeros(0, 'c16')", Dtype::Complex128, &[0]),
    ] {
        let Value::Array(array) = eval(expression).unwrap() else { panic!("{expression}") };
        assert_eq!((array.dtype(), array.shape()), (dtype, shape), "{expression}");
    }
    for expression in [
        "numpy.zeros(2, 'O')",
        "numpy.zeros(2, 'i4,f8')",
        "numpy.zeros(2, 'M8[25s]')",
        "numpy.ma.array([1, 2], mask=[0, 1])",
        "__import__('numpy.ma').ma.masked",
        "numpy.ma.array(1, mask=True)",
        "numpy.ma.array(1j, mask=True)",
    ] {
        assert!(matches!(eval(expression).unwrap(), Value::Object(_)), "{expression}");
    }
}

fn lend<'a>(data: &'a [i32], shape: &[isize], strides: Option<&[isize]>) -> AnyLoan<'a> {
    let pointer = data.as_ptr().cast_mut().cast::<c_void>();
    // SAFETY: the tests describe only elements of the slice.
    unsafe { AnyLoan::new(Dtype::Int32, pointer, shape, strides, false) }.unwrap()
}

#[test]
fn a_loan_has_any_shape_and_strides_and_can_be_a_copy() {
    common::python();
    let data = [1, 2, 3, 4, 5, 6];
    let nested: Vec<Vec<i32>> =
        lambda("lambda a: a.tolist()").call(lend(&data, &[3, 2], Some(&[4, 12]))).unwrap();
    assert_eq!(nested, [[1, 4], [2, 5], [3, 6]]);
    let keep = lambda("lambda a, kept=[]: (kept.append(a), len(kept))[1]");
    assert_eq!(keep.call::<i64>(lend(&data, &[6], None).copied()).unwrap(), 1);
    // In a list, and back: a copy, since the loan has ended.
    let lent = Value::List(vec![Value::Loan(lend(&data, &[6], None))]);
    let Value::List(back) = lambda("lambda a: a").call(lent).unwrap() else { panic!("no list") };
    let [Value::Array(back)] = &back[..] else { panic!("no array") };
    assert_ne!(back.as_ptr(), data.as_ptr().cast());
    assert_eq!(back.shape(), [6]);
}

#[test]
fn what_is_no_array_is_refused() {
    let data = [1_i32; 4];
    let at = data.as_ptr().cast_mut().cast::<c_void>();
    type Described<'d> = (*mut c_void, &'d [isize], Option<&'d [isize]>);
    let all: [(Described<'_>, &str); 8] = [
        ((at, &[-1], None), "length -1"),
        ((at, &[1; 65], None), "64 axes"),
        ((at, &[isize::MAX, 2], None), "fit in memory"),
        ((at, &[2, 2], Some(&[isize::MAX / 4 * 4, 4])), "fit in memory"),
        ((at, &[2], Some(&[isize::MIN + 8])), "fit in memory"),
        ((at, &[2], Some(&[3])), "aligned"),
        ((at.wrapping_byte_add(2), &[1], None), "aligned"),
        ((std::ptr::null_mut(), &[1], None), "null pointer"),
    ];
    for ((data, shape, strides), part) in all {
        // SAFETY: refused before anything is read.
        let error = unsafe { AnyLoan::new(Dtype::Int32, data, shape, strides, false) }.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn lengths_beside_a_zero_must_fit_too() {
    let shape = [isize::MAX, isize::MAX, 0];
    // SAFETY: there is no element to read.
    #[allow(unsafe_code, reason = "the description is refused before anything is read")]
    let loan = unsafe { AnyLoan::new(Dtype::Float64, std::ptr::null_mut(), &shape, None, false) };
    let error = loan.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    assert!(error.to_string().contains("does not fit in memory"), "{error}");
}
