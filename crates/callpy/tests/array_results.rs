//! What Rust sees of an array that Python made: always what a naive copy has, whatever its dtype,
//! shape, strides, byte order and alignment, and without a copy where none is needed.

use callpy::convert::Value;
use callpy::{
    Array, Cast, CopyReason, Datetime64, Dtype, Element, ErrorKind, FixedBytes, FixedStr,
    FromPython, Function, Module, Object, Python, Receipt, Result, named, unit,
};
use num_complex::Complex;
use proptest::prelude::*;

fn module() -> Module {
    let python = Python::builder().require(["numpy"]).start().expect("a Python with NumPy");
    let source = include_str!("python/array_results.py");
    python.module_from_source("array_results", "array_results.py", source).expect("it runs")
}

fn function(name: &str) -> Function {
    module().function(name).expect(name)
}

fn received<R: FromPython>(name: &str) -> Result<(R, Receipt)> {
    function(name).call_with_receipt(())
}

fn reasons(receipt: &Receipt) -> Vec<CopyReason> {
    receipt.copies.iter().map(|copy| copy.reason.clone()).collect()
}

/// How an array is made from a packed one.
#[derive(Debug, Clone)]
struct Recipe {
    shape: Vec<usize>,
    steps: Vec<i64>,
    fortran: bool,
    transposed: bool,
    swapped: bool,
    misaligned: bool,
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let axes =
        prop::collection::vec((0..5_usize, prop::sample::select(vec![-2, -1, 1, 2, 3])), 0..5);
    (axes, any::<[bool; 4]>()).prop_map(|(axes, [fortran, transposed, swapped, misaligned])| {
        let (shape, steps) = axes.into_iter().unzip();
        Recipe { shape, steps, fortran, transposed, swapped, misaligned }
    })
}

/// Compares an array with its naive copy: the same values as a flat list, made by Python.
fn compare<T: Element + FromPython>(dtype: &str, recipe: &Recipe) {
    let Recipe { shape, steps, fortran, transposed, swapped, misaligned } = recipe.clone();
    let shape: Vec<u64> = shape.into_iter().map(|length| length as u64).collect();
    let arguments = (
        dtype,
        shape.iter().map(|length| Some(*length)).collect::<Vec<_>>(),
        steps.iter().map(|step| Some(*step)).collect::<Vec<_>>(),
        (fortran, transposed, swapped, misaligned),
    );
    let (array, receipt): (Array<T>, Receipt) =
        function("make").call_with_receipt(arguments.clone()).expect("the array");
    let (flat, shape): (Array<T>, Vec<usize>) =
        function("naive").call(arguments).expect("its copy");

    assert_eq!(array.shape(), shape);
    assert_eq!(array.to_vec(), flat[..]);
    assert_eq!(array[..], flat[..]);
    let view: Vec<T> = array.view().iter().copied().collect();
    assert_eq!(view, flat[..]);
    assert_eq!(array.view().shape(), shape);
    if let Some(slice) = array.as_slice() {
        assert_eq!(slice, &flat[..]);
    }
    // A copy was made only where the bytes could not be read as they lay.
    let copies = reasons(&receipt);
    let bytes = align_of::<T>() == 1;
    for reason in &copies {
        match reason {
            CopyReason::ByteOrder => assert!(swapped && !bytes, "{receipt:?}"),
            CopyReason::Misaligned => assert!(misaligned && !bytes, "{receipt:?}"),
            other => panic!("{other:?} for {recipe:?}"),
        }
    }
    if swapped && !bytes {
        assert_eq!(copies, [CopyReason::ByteOrder]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_layout_reads_as_its_naive_copy(recipe in recipes()) {
        compare::<bool>("bool", &recipe);
        compare::<i8>("int8", &recipe);
        compare::<i16>("int16", &recipe);
        compare::<i32>("int32", &recipe);
        compare::<i64>("int64", &recipe);
        compare::<u8>("uint8", &recipe);
        compare::<u16>("uint16", &recipe);
        compare::<u32>("uint32", &recipe);
        compare::<u64>("uint64", &recipe);
        compare::<f32>("float32", &recipe);
        compare::<f64>("float64", &recipe);
        compare::<Complex<f32>>("complex64", &recipe);
        compare::<Complex<f64>>("complex128", &recipe);
        compare::<Datetime64<unit::Millisecond>>("datetime64[ms]", &recipe);
        compare::<FixedStr<3>>("U3", &recipe);
        compare::<FixedBytes<5>>("S5", &recipe);
    }
}

#[test]
fn a_fresh_array_is_borrowed() {
    let (array, receipt): (Array<f64>, _) = received("fresh").unwrap();
    assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(receipt.copies, []);
    assert_eq!(receipt.borrowed_bytes, 32);
}

#[test]
fn views_of_a_fresh_array_are_borrowed() {
    for name in ["fresh_transposed", "fresh_strided", "fresh_backwards", "fresh_reshaped"] {
        let (_, receipt): (Array<f64>, _) = received(name).unwrap();
        assert_eq!(receipt.copies, [], "{name}");
    }
}

#[test]
fn what_others_could_change_is_copied() {
    for (name, reason) in [
        ("kept", CopyReason::NotUnique),
        ("view_of_kept", CopyReason::NotUnique),
        ("weakly_kept", CopyReason::NotUnique),
        ("subclass", CopyReason::NotUnique),
        ("over_bytearray", CopyReason::ForeignOwner("a memoryview".into())),
    ] {
        let (array, receipt): (Array<f64>, _) = received(name).unwrap();
        assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0], "{name}");
        assert_eq!(reasons(&receipt).len(), 1, "{name}");
        match (&reasons(&receipt)[0], reason) {
            (CopyReason::ForeignOwner(_), CopyReason::ForeignOwner(_)) => {}
            (found, expected) => assert_eq!(*found, expected, "{name}"),
        }
    }
    function("overwrite_kept").call::<()>(()).unwrap();
    let (array, _): (Array<f64>, _) = received("kept").unwrap();
    function("overwrite_kept").call::<()>(()).unwrap();
    assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0]);
}

#[test]
fn arrays_in_containers_are_borrowed_too() {
    let (pair, receipt): ((Array<f64>, Array<i64>), _) = received("pair").unwrap();
    assert_eq!((pair.0[0], pair.1[0]), (0.5, 7));
    assert_eq!(receipt.copies, []);
    let (list, receipt): (Vec<Array<f64>>, _) = received("list_of_arrays").unwrap();
    assert_eq!(list.iter().map(|array| array[0]).collect::<Vec<_>>(), [0.0, 1.0, 2.0]);
    assert_eq!(receipt.copies, []);
}

#[test]
fn a_copy_that_is_denied_is_an_error_that_says_why() {
    let kept = function("kept").deny_copies();
    let error = kept.call::<Array<f64>>(()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CopyDenied), "{error}");
    assert_eq!(
        error.to_string(),
        "the result of array_results:kept: 32 bytes would have to be copied, since Python still \
         holds the array"
    );
    function("fresh").deny_copies().call::<Array<f64>>(()).unwrap();
}

#[test]
fn another_dtype_is_an_error_that_names_both() {
    let error = function("fresh").call::<Array<f32>>(()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    assert_eq!(
        error.to_string(),
        "the result of array_results:fresh: expected an array of float32, got an array of float64 (4) \
         (use Cast to convert, or .astype())"
    );
    for name in ["objects", "list", "none", "masked", "long_double"] {
        let error = function(name).call::<Array<f64>>(()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{name}: {error}");
    }
    let seconds = function("seconds").call::<Array<Datetime64<unit::Nanosecond>>>(());
    assert!(seconds.unwrap_err().to_string().contains("datetime64[s]"));
}

#[test]
fn a_cast_is_made_by_name() {
    let (Cast(array), receipt): (Cast<f32>, _) = received("fresh").unwrap();
    assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(reasons(&receipt), [CopyReason::Cast]);
    let (Cast(array), receipt): (Cast<f64>, _) = received("fresh").unwrap();
    assert_eq!(receipt.copies, []);
    assert_eq!(array.cast::<i16>().unwrap()[..], [0, 1, 2, 3]);
}

#[test]
fn bools_are_0_and_1_whatever_their_bytes() {
    let (array, receipt): (Array<bool>, _) = received("strange_bools").unwrap();
    assert_eq!(array[..], [false, true, true, true]);
    assert!(receipt.copies.len() <= 1);
    let (array, receipt): (Array<bool>, _) = received("strange_readonly_bools").unwrap();
    assert_eq!(array[..], [false, true, true, true]);
    assert_eq!(reasons(&receipt).len(), 1);
}

#[test]
fn a_result_outlives_its_function_and_thread() {
    let array: Array<f64> =
        std::thread::spawn(|| function("fresh").call(()).unwrap()).join().unwrap();
    function("collect").call::<()>(()).unwrap();
    assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0]);
    std::thread::spawn(move || drop(array)).join().unwrap();
}

#[test]
fn an_array_goes_back_as_an_argument() {
    let eye: Array<f64> = function("eye").call(named("size", 3)).unwrap();
    let sum: f64 = function("total").call(&eye).unwrap();
    assert_eq!(sum, 3.0);
    let kept: Object = function("identity").call(eye).unwrap();
    assert_eq!(kept.len().unwrap(), 3);
}

#[test]
fn a_vector_is_a_copy_of_one_axis() {
    let (vector, receipt): (Vec<f64>, _) = received("fresh").unwrap();
    assert_eq!(vector, [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(reasons(&receipt), [CopyReason::Asked]);
    let error = function("fresh_reshaped").call::<Vec<f64>>(()).unwrap_err();
    assert!(error.to_string().contains("2x2"), "{error}");
    let matrix: ndarray::Array2<f64> = function("fresh_reshaped").call(()).unwrap();
    assert_eq!(matrix, ndarray::array![[0.0, 1.0], [2.0, 3.0]]);
    let error = function("fresh").call::<ndarray::Array2<f64>>(()).unwrap_err();
    assert!(error.to_string().contains("expected an array with 2 axes"), "{error}");
}

callpy::element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Sample {
        time: Datetime64<unit::Second>,
        value: f32,
        name: FixedBytes<4>,
    }
}

#[test]
fn structs_go_both_ways() {
    let sample = |time, value, name: &[u8]| Sample {
        time: Datetime64::new(time),
        value,
        name: FixedBytes::new(name).unwrap(),
    };
    let samples = [sample(1, 0.5, b"a"), sample(2, 1.5, b"bcde")];
    let (back, receipt): (Array<Sample>, _) =
        function("later").lends().call_with_receipt(&samples[..]).unwrap();
    assert_eq!(back[..], [sample(61, 0.5, b"a"), sample(62, 1.5, b"bcde")]);
    assert_eq!(receipt.lent_bytes, 32);
    let one: Sample = function("first").call(samples.to_vec()).unwrap();
    assert_eq!(one, samples[0]);
}

#[test]
fn scalars_of_numpys_own_types() {
    let identity = function("identity");
    let time = Datetime64::<unit::Microsecond>::new(5);
    assert_eq!(identity.call::<Datetime64<unit::Microsecond>>(time).unwrap(), time);
    let number = Complex::new(1.5, -2.5);
    assert_eq!(identity.call::<Complex<f64>>(number).unwrap(), number);
    assert_eq!(function("a_complex").call::<Complex<f64>>(()).unwrap(), Complex::new(1.0, 2.0));
    // A function that is hinted to return a complex number may return a real one (PEP 484).
    assert_eq!(identity.call::<Complex<f64>>(1.5).unwrap(), Complex::new(1.5, 0.0));
    assert_eq!(identity.call::<Complex<f32>>(-2).unwrap(), Complex::new(-2.0, 0.0));
    identity.call::<Complex<f64>>((1_i64 << 53) + 1).unwrap_err();
    identity.call::<Complex<f64>>("1").unwrap_err();
    identity.call::<Complex<f32>>(1e300).unwrap_err();
    identity.call::<Complex<f32>>((1_i64 << 24) + 1).unwrap_err();
}

/// An array that shows a few elements again and again costs what those few do.
#[test]
fn a_broadcast_array_costs_what_its_memory_does() {
    for (kind, copied) in [("own", 0), ("held", 24), ("swapped", 24)] {
        let (array, receipt): (Array<f64>, _) =
            function("broadcast").call_with_receipt(kind).unwrap();
        assert_eq!((array.shape(), array.strides()), (&[1 << 57, 3][..], &[0, 8][..]), "{kind}");
        assert_eq!((receipt.copied_bytes(), receipt.borrowed_bytes), (copied, 24), "{kind}");
        assert!(array.as_slice().is_none());
        let error = array.try_to_vec().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
        let object = array.into_object();
        let row = object.call_method::<Vec<f64>>("__getitem__", (1_usize << 57) - 1).unwrap();
        assert_eq!(row.len(), 3);
        // What wants every element is an error where there is no memory for them.
        let error = function("broadcast").call::<Cast<f32>>(kind).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
        let error = function("broadcast").call::<ndarray::ArrayD<f64>>(kind).unwrap_err();
        assert!(error.to_string().contains("no memory"), "{error}");
    }
    for kind in ["plain", "strange", "with_gaps", "writable"] {
        let (array, receipt): (Array<bool>, _) =
            function("broadcast_bools").call_with_receipt(kind).unwrap();
        assert_eq!((array.len(), receipt.borrowed_bytes), (3 << 57, 3), "{kind}");
        let row = array.into_object().call_method::<Vec<bool>>("__getitem__", 1).unwrap();
        assert_eq!(row, [true, false, true], "{kind}");
    }
    // Memory that was lent for the call, in a result of each kind.
    let samples: Vec<f64> = (0..1_000_000).map(f64::from).collect();
    let windows = function("windows").lends();
    let (array, receipt): (Array<f64>, _) = windows.call_with_receipt((&samples, 500_000)).unwrap();
    assert_eq!((array.shape(), receipt.copied_bytes()), (&[500_001, 500_000][..], 8_000_000));
    let broadcast = Python::start().unwrap().function("numpy:broadcast_to").unwrap().lends();
    let object: Object = broadcast.call((&samples, (1_000_000, samples.len()))).unwrap();
    let last = object.item(999_999).unwrap().item(999_999).unwrap();
    assert_eq!(last.extract::<f64>().unwrap(), 999_999.0);
}

#[test]
fn repeated_elements_are_those_of_a_naive_copy() {
    for how in [
        "rows",
        "columns",
        "backwards",
        "sparse",
        "scalar",
        "one",
        "turned",
        "windows",
        "back_windows",
        "swapped",
        "empty",
        "no_axes",
        "fortran",
        "fortran_windows",
        "far_apart",
        "unaligned",
        "within_one_another",
        "of_a_subclass",
    ] {
        let flat: Vec<i32> = {
            let nested = module().function("repeated").unwrap().call::<Object>(how).unwrap();
            let flat = nested.call_method::<Object>("ravel", ()).unwrap();
            flat.call_method("tolist", ()).unwrap()
        };
        for name in ["repeated", "repeated_and_held"] {
            let array: Array<i32> = function(name).call(how).unwrap();
            assert_eq!(array[..], flat, "{how} {name}");
            assert_eq!(array.to_vec(), flat, "{how} {name}");
            let again: Array<i32> = function(name).call(how).unwrap();
            assert_eq!(array, again, "{how} {name}");
            let ndarray: ndarray::ArrayD<i32> = function(name).call(how).unwrap();
            assert_eq!(ndarray.iter().copied().collect::<Vec<_>>(), flat, "{how} {name}");
            let Value::Array(any) = function(name).call(how).unwrap() else {
                panic!("{how} {name}")
            };
            assert_eq!((any.dtype(), any.shape()), (Dtype::Int32, array.shape()));
            // As an argument of the next call it is what it was.
            let list = Python::start().unwrap().function("numpy:ravel").unwrap();
            assert_eq!(list.call::<Vec<i32>>(any).unwrap(), flat, "{how} {name}");
        }
    }
}

#[test]
fn a_reason_names_the_owner_of_foreign_memory() {
    for _ in 0..2 {
        for (name, owner) in [("shown", "Shows"), ("shown_too", "ShowsToo")] {
            let (_, receipt): (Array<f64>, _) = received(name).unwrap();
            let text = receipt.copies[0].reason.to_string();
            assert!(text.contains("belongs to a") && text.ends_with(owner), "{text}");
        }
    }
}

#[test]
fn records_of_another_layout_are_copied_field_by_field() {
    let expected = [Picked { b: 2.5, a: 1 }, Picked { b: 5.5, a: 4 }];
    for kind in ["padded", "selected", "swapped"] {
        let (records, receipt): (Array<Picked>, _) =
            function("records").call_with_receipt(kind).unwrap();
        assert_eq!(records[..], expected, "{kind}");
        assert!(receipt.copies.iter().any(|copy| copy.reason == CopyReason::Layout), "{kind}");
    }
    assert!(function("records").call::<Array<Picked>>("other").is_err());
    let first = Python::start()
        .unwrap()
        .function("operator:itemgetter")
        .unwrap()
        .call::<Object>(0)
        .unwrap();
    for kind in ["padded", "selected", "swapped"] {
        let records: Object = function("records").call(kind).unwrap();
        assert_eq!(first.call::<Picked>(&records).unwrap(), expected[0], "{kind}");
    }
}

callpy::element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Track { id: i64, ends: [Picked; 2], top: Picked }
}

#[test]
fn so_are_records_in_records() {
    let picked = |a| Picked { b: a as f64 + 0.5, a };
    let track = |id| Track { id, ends: [picked(id + 1), picked(id + 2)], top: picked(id + 3) };
    for kind in ["equal", "padded", "more", "turned", "swapped"] {
        let tracks: Array<Track> = function("tracks").call(kind).unwrap();
        assert_eq!(tracks[..], [track(10), track(20)], "{kind}");
        let one: Track = function("track").call(kind).unwrap();
        assert_eq!(one, track(10), "{kind}");
    }
    for kind in ["shorter", "without", "other"] {
        assert!(function("tracks").call::<Array<Track>>(kind).is_err(), "{kind}");
        assert!(function("track").call::<Track>(kind).is_err(), "{kind}");
    }
}

callpy::element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Picked { b: f64, a: i64 }
}

callpy::element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Body { place: [f64; 3], turns: [[i32; 2]; 2], codes: [FixedBytes<4>; 2] }
}

#[test]
fn fields_may_be_rows() {
    let body = |start: f64| Body {
        place: [start, start + 1.0, start + 2.0],
        turns: [[1, 2], [3, 4]],
        codes: [FixedBytes::new(b"ab").unwrap(), FixedBytes::new(b"cdef").unwrap()],
    };
    let bodies = [body(0.5), body(9.5)];
    let text = "{place: float64[3], turns: int32[2][2], codes: S4[2]}";
    assert_eq!(Body::DTYPE.to_string(), text);
    let (moved, receipt): (Array<Body>, _) =
        function("moved").lends().call_with_receipt(&bodies[..]).unwrap();
    assert_eq!(receipt.lent_bytes, 2 * size_of::<Body>());
    let turned = |start| Body { turns: [[1, 3], [2, 4]], ..body(start) };
    assert_eq!(moved[..], [turned(1.5), turned(10.5)]);
    let one: Body = function("first").call(bodies.to_vec()).unwrap();
    assert_eq!(one, bodies[0]);
    for kind in ["padded", "selected", "swapped"] {
        let rows: Array<Body> = function("rows_of").call((&bodies[..], kind)).unwrap();
        assert_eq!(rows[..], bodies, "{kind}");
    }
    let error = function("rows_of").call::<Array<Body>>((&bodies[..], "longer")).unwrap_err();
    assert!(error.to_string().contains(text), "{error}");
}
