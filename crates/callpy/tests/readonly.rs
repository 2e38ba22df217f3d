//! Python can't write a slice that is lent read-only, and writes a `&mut` slice in place.

mod common;

use callpy::{Array, Function, named};
use common::{lambda, python};

fn writer(name: &str) -> Function {
    python().function(format!("writers:{name}")).unwrap()
}

/// What Python's own errors say about read-only memory, or about a function that this version lacks.
const REFUSALS: &[&str] = &[
    "read-only",
    "readonly",
    "not writ",
    "is not set",
    "cannot set WRITEABLE",
    "cannot modify read-only",
    "read-write",
    "not contiguous, writable",
    "must be contiguous, writable",
    "does not support item assignment",
    "a bytes-like object is required",
    "immutable",
    "can't set attributes of built-in",
    "only supported for",
    "layout differs",
    "does not own its data",
    "doesn't support item deletion",
    "cannot delete array elements",
    "read-write bytes-like",
    "output array",
    "is not writable",
    "has no attribute",
    "unexpected keyword argument",
    "invalid keyword",
    "Unable to avoid copy",
    "WRITEABLE",
    "to be writeable",
];

#[test]
fn what_is_lent_to_be_read_stays_as_it_is() {
    let attempt = writer("attempt");
    let ways: Vec<String> = writer("ways").call(()).unwrap();
    assert!(ways.len() > 80, "{ways:?}");
    let mut wrong = Vec::new();
    for way in &ways {
        let data = [1.0, 2.0, 3.0, 4.0];
        let raised: Option<String> = attempt.call((way, &data)).unwrap();
        // The compiler must not know the answer.
        let written = *std::hint::black_box(&data) != [1.0, 2.0, 3.0, 4.0];
        let raised = raised.unwrap_or_else(|| "nothing was raised".to_owned());
        if written || !REFUSALS.iter().any(|words| raised.contains(words)) {
            wrong.push((way, written, raised));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_error_is_pythons_own() {
    let data = [1.0, 2.0];
    let error = lambda("lambda data: data.fill(0)").call::<()>(&data).unwrap_err();
    let exception = error.exception().unwrap();
    assert_eq!(exception.type_name(), "ValueError");
    assert_eq!(exception.message(), "assignment destination is read-only");
    let text = error.to_string();
    assert!(
        text.starts_with("ValueError: assignment destination is read-only in <lambda> ("),
        "{text}"
    );
    assert!(
        text.ends_with(
            "; argument 1 is lent read-only: pass it as `&mut` to have it written in place, or as an \
             owned `Vec` or a `callpy::Copied` to let Python write memory of its own"
        ),
        "{text}"
    );
}

/// Errors of libraries about read-only memory, each in its own words.
#[test]
fn an_error_about_read_only_memory_says_what_is() {
    let raise = lambda("lambda kind, text, **arrays: (_ for _ in ()).throw(kind(text))");
    let raised = |kind: &str, text: &str| {
        let kind: callpy::Object = common::eval(kind).unwrap();
        let (read, mut written) = ([1.0], [1.0]);
        let arrays = (named("rows", &read), named("more", &read), named("out", &mut written));
        let arguments = (kind, text, arrays.0, arrays.1, arrays.2);
        raise.call::<()>(arguments).unwrap_err().to_string()
    };
    let said = "; argument \"rows\" and argument \"more\" are lent read-only: pass it as `&mut`";
    for (kind, text) in [
        ("ValueError", "output array is read-only"),
        ("ValueError", "buffer source array is read-only"),
        ("ValueError", "cannot set WRITEABLE flag to True of this array"),
        ("ValueError", "array is not writeable"),
        ("TypeError", "cannot modify read-only memory"),
        ("TypeError", "a read-write bytes-like object is required, not 'numpy.ndarray'"),
        ("BufferError", "Object is not writable."),
        ("type('TypingError', (Exception,), {})", "Cannot modify readonly array of type: Array"),
    ] {
        let error = raised(kind, text);
        assert!(error.contains(said), "{error}");
    }
    for (kind, text) in [
        ("ValueError", "no"),
        ("OSError", "[Errno 30] Read-only file system: 'a'"),
        ("type('OperationalError', (Exception,), {})", "attempt to write a readonly database"),
        ("AttributeError", "readonly attribute"),
    ] {
        let error = raised(kind, text);
        assert!(!error.contains("lent"), "{error}");
    }
    // Also where that error is the cause of another.
    let wrapped =
        lambda("lambda data: exec('try: data.fill(0)\\nexcept ValueError: raise KeyError(1)')");
    let error = wrapped.call::<()>(&[1.0]).unwrap_err().to_string();
    assert!(error.starts_with("KeyError: 1 in <lambda> ("), "{error}");
    assert!(error.contains("; argument 1 is lent read-only"), "{error}");
    // No hint if everything that is lent may be written.
    let error = wrapped.call::<()>(vec![1.0]);
    error.unwrap();
    let flag = lambda("lambda data: numpy.frombuffer(bytes(8)).fill(0)");
    let error = flag.call::<()>(&mut [1.0]).unwrap_err().to_string();
    assert!(!error.contains("lent"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_write_to_a_guarded_loan_ends_the_process() {
    const NAME: &str = "a_write_to_a_guarded_loan_ends_the_process";
    let values: Vec<f64> = (0..12).map(f64::from).collect();
    if let Some(case) = common::case(NAME) {
        let write = writer("behind_its_back").lends();
        callpy::Python::builder().guard_loans(true).start().unwrap();
        let table = ndarray::ArrayView::from_shape((3, 4), &values).unwrap();
        let array = Array::try_from(values.clone()).unwrap();
        // Not constants, which are in memory that can't be written.
        let flags = vec![false; 3];
        let texts = vec![callpy::FixedBytes::<3>::new(b"abc").unwrap(); 4];
        match case.as_str() {
            "a slice" => write.call::<()>((&values, 2)),
            "a view" => write.call((table.slice(ndarray::s![..;-1, 1..3]).t(), 1, 2)),
            "an Array" => write.call((&array, 11)),
            "bools" => write.call((&flags, 1)),
            "text" => write.call((&texts, 3)),
            "one of many" => {
                write.call((&values, 5, named("a", &values[..2]), named("b", &values)))
            }
            _ => unreachable!(),
        }
        .unwrap();
        panic!("{case} went on");
    }
    let cases = [
        ("a slice", "argument 1, which was lent read-only: element [2] has changed"),
        ("a view", "argument 1, which was lent read-only: element [1, 2] has changed"),
        ("an Array", "argument 1, which was lent read-only: element [11] has changed"),
        ("bools", "argument 1, which was lent read-only: element [1] has changed"),
        ("text", "argument 1, which was lent read-only: element [3] has changed"),
        // Each is compared, though they share memory.
        ("one of many", "argument 1, which was lent read-only: element [5] has changed"),
    ];
    common::each(&cases, |(case, expected)| {
        let said = common::abort_of(NAME, case);
        let start =
            format!("callpy: writers:behind_its_back wrote to {expected}.\nThe call is at ");
        assert!(said.contains(&start) && said.contains("callpy::Copied"), "{case}: {said}");
    });
}

#[test]
fn a_loan_is_not_guarded_where_that_is_off_or_it_is_large() {
    let body = || {
        let write = writer("behind_its_back").lends();
        let mut small = vec![0.0; 4];
        let mut large = vec![0.0; (1 << 17) + 1];
        callpy::Python::builder().guard_loans(true).start().unwrap();
        write.call::<()>((std::hint::black_box(&large), 3)).unwrap();
        // One byte less would be compared, but Python may write to a `&mut` slice.
        write.call::<()>((&mut large[..1 << 17], 3)).unwrap();
        write.call::<()>((&mut small, 3)).unwrap();
        write.call::<()>((callpy::Copied(&small), 3)).unwrap();
        callpy::Python::builder().guard_loans(false).start().unwrap();
        write.call::<()>((std::hint::black_box(&small), 3)).unwrap();
    };
    common::alone("a_loan_is_not_guarded_where_that_is_off_or_it_is_large", |_| (), body);
}

#[test]
fn what_is_lent_to_be_written_is_written_in_place() {
    let mut data = [3.0, 1.0, 2.0];
    let address: usize = {
        let address = lambda("lambda data: (data.__iadd__(1), data.ctypes.data)[1]");
        address.lends().call(&mut data).unwrap()
    };
    assert_eq!((address, data), (data.as_ptr() as usize, [4.0, 2.0, 3.0]));
    writer("double").call::<()>(&mut data).unwrap();
    assert_eq!(data, [8.0, 6.0, 4.0]);
    let mut vector = vec![1_u8; 3];
    writer("double").call::<()>(named("data", &mut vector)).unwrap();
    assert_eq!(vector, [2; 3]);
    // Written even if the function fails afterwards.
    let fails = lambda("lambda data: (data.fill(7), 1 / 0)");
    fails.call::<()>(&mut vector).unwrap_err();
    assert_eq!(vector, [7; 3]);
}

#[test]
fn bools_are_bools_whatever_python_wrote() {
    let mut flags = [true; 5];
    let seen: Vec<i64> = writer("set_bytes").call(&mut flags).unwrap();
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    // As bytes: a bool of another value would be undefined.
    // SAFETY: bools are bytes.
    let bytes: &[u8; 5] = unsafe { &*std::hint::black_box(&raw const flags).cast() };
    assert_eq!(*bytes, [0, 1, 1, 1, 1]);

    // As a result that is copied out, in a call that fails, and after the third argument.
    let set = "(data.view(numpy.uint8).fill(2), data)[1]";
    let array: Array<bool> = lambda(&format!("lambda data: {set}")).call(&mut flags).unwrap();
    assert_eq!(array[..], [true; 5]);
    let fails = lambda(&format!("lambda a, b, c, data: ({set}, 1 / 0)"));
    let (a, mut b) = ([false; 2], [false; 2]);
    flags = [false; 5];
    fails.call::<()>((&a, &mut b, &a, &mut flags)).unwrap_err();
    assert_eq!((flags, b, a), ([true; 5], [false; 2], [false; 2]));
}

#[test]
fn an_array_lent_on_is_read_only() {
    let array: Array<f64> = lambda("lambda: numpy.arange(4.0)[::2]").call(()).unwrap();
    for way in ["item", "flag", "base_class", "data_cast", "as_strided"] {
        let raised: Option<String> = writer("attempt").call((way, &array)).unwrap();
        assert!(raised.is_some(), "{way}");
        assert_eq!(std::hint::black_box(&array)[..], [0.0, 2.0]);
    }
}
