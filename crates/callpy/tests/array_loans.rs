//! Lent memory has the same values in Python as a naive copy, whatever its dtype, rank, strides and
//! order; and what Python writes lands where it should.

use callpy::{Array, Copied, Element, Function, IntoPython, Module, Python, named};
use ndarray::{ArcArray, Array1, Array2, ArrayD, Axis, IxDyn, ShapeBuilder, Slice, array};
use num_complex::Complex;
use proptest::prelude::*;

fn module() -> Module {
    let python = Python::builder().require(["numpy"]).start().expect("a Python with NumPy");
    let source = include_str!("python/array_loans.py");
    python.module_from_source("array_loans", "array_loans.py", source).expect("it runs")
}

fn function(name: &str) -> Function {
    module().function(name).expect(name)
}

/// How a view is cut out of an array: the length and step of each axis, and the array's order.
#[derive(Debug, Clone)]
struct Cut {
    shape: Vec<usize>,
    steps: Vec<isize>,
    fortran: bool,
    transposed: bool,
}

fn cuts() -> impl Strategy<Value = Cut> {
    let steps = prop::sample::select(vec![-3, -1, 1, 2]);
    (prop::collection::vec((0..5_usize, steps), 0..5), any::<[bool; 2]>()).prop_map(
        |(axes, [fortran, transposed])| {
            let (shape, steps) = axes.into_iter().unzip();
            Cut { shape, steps, fortran, transposed }
        },
    )
}

/// Checks one view, lent to read and lent to write.
fn check<T>(cut: &Cut, value: impl Fn(usize) -> T)
where
    T: Element + for<'a> IntoPython<'a> + callpy::FromPython,
{
    let whole: Vec<usize> = cut
        .shape
        .iter()
        .zip(&cut.steps)
        .map(|(length, step)| length * step.unsigned_abs())
        .collect();
    let mut count = 0;
    let shape = IxDyn(&whole).set_f(cut.fortran);
    let mut array = ArrayD::from_shape_simple_fn(shape, || {
        count += 1;
        value(count)
    });
    let before = array.clone();

    let slice = |axis: ndarray::AxisDescription| Slice::new(0, None, cut.steps[axis.axis.index()]);
    let mut view = array.slice_each_axis_mut(slice);
    if cut.transposed {
        view = view.reversed_axes();
    }
    let naive: Vec<T> = view.iter().copied().collect();

    let (flat, shape, writable): (Array<T>, Vec<usize>, bool) =
        function("seen").call(view.view()).expect("it is seen");
    assert_eq!(flat[..], naive);
    assert_eq!(shape, view.shape());
    assert!(!writable);
    let (flat, _, writable): (Array<T>, Vec<usize>, bool) =
        function("seen").call(&view).expect("it is seen");
    assert_eq!((&flat[..], writable), (&naive[..], false));

    for copied in [function("seen").call(Copied(view.view())), function("seen").call(Copied(&view))]
    {
        let (flat, shape, writable): (Array<T>, Vec<usize>, bool) = copied.expect("it is seen");
        assert_eq!((&flat[..], &shape[..], writable), (&naive[..], view.shape(), true));
    }

    function("fill").call::<()>((view.view_mut(), value(1))).expect("it is written");
    assert!(view.iter().all(|found| *found == value(1)));
    // Nothing between the elements of the view was touched.
    let written = view.len();
    let untouched = |(now, then): (&T, &T)| now == then;
    assert!(
        array.iter().zip(&before).filter(|pair| untouched(*pair)).count() >= array.len() - written
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_view_is_seen_as_its_naive_copy(cut in cuts()) {
        check::<bool>(&cut, |index| index % 3 == 0);
        check::<i8>(&cut, |index| index as i8);
        check::<i16>(&cut, |index| index as i16);
        check::<i32>(&cut, |index| index as i32);
        check::<i64>(&cut, |index| index as i64);
        check::<u8>(&cut, |index| index as u8);
        check::<u16>(&cut, |index| index as u16);
        check::<u32>(&cut, |index| index as u32);
        check::<u64>(&cut, |index| index as u64);
        check::<f32>(&cut, |index| index as f32);
        check::<f64>(&cut, |index| index as f64);
        check::<Complex<f32>>(&cut, |index| Complex::new(index as f32, 1.0));
        check::<Complex<f64>>(&cut, |index| Complex::new(index as f64, 1.0));
    }

    #[test]
    fn every_slice_is_seen_as_its_naive_copy(values: Vec<f64>, start in 0..4_usize) {
        let slice = &values[start.min(values.len())..];
        let (flat, shape, _): (Array<f64>, Vec<usize>, bool) =
            function("seen").call(slice).expect("it is seen");
        // NaNs are bits like others.
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&flat), bits(slice));
        assert_eq!(shape, [slice.len()]);
    }
}

#[test]
fn a_mutable_slice_is_written_in_place() {
    let mut values = vec![1.0, 2.0, 3.0];
    function("fill").call::<()>((&mut values, 7.0)).unwrap();
    assert_eq!(values, [7.0; 3]);
    let mut words = [1_u16, 2];
    function("fill").call::<()>((&mut words, 9)).unwrap();
    assert_eq!(words, [9, 9]);
}

#[test]
fn bools_are_bools_after_python_wrote_other_bytes() {
    let mut flags = vec![false; 4];
    function("write_bytes").call::<()>(&mut flags).unwrap();
    assert_eq!(flags, [true; 4]);
    let mut matrix = Array2::from_elem((3, 4), false);
    function("write_bytes").call::<()>(matrix.slice_mut(ndarray::s![.., ..;2])).unwrap();
    assert_eq!(matrix.index_axis(Axis(1), 0), array![true, true, true]);
    assert_eq!(matrix.index_axis(Axis(1), 1), array![false, false, false]);
}

#[test]
fn many_arrays_of_many_types_in_one_call() {
    let (a, b, c) = ([1.0], [2_i64, 3], [4_u8, 5, 6]);
    let sizes: Vec<usize> =
        function("sizes").call((&a, &b, &c, &a, &b, &c, &a, &b, named("last", &c))).unwrap();
    assert_eq!(sizes, [1, 2, 3, 1, 2, 3, 1, 2, 3]);
    let list: Vec<&[f64]> = vec![&a, &a];
    let sizes: Vec<usize> = function("sizes_of_list").call(list).unwrap();
    assert_eq!(sizes, [1, 1]);
}

#[test]
fn owned_arrays_are_given_away() {
    let keep = function("keep");
    keep.call::<()>(Array1::from_vec(vec![1.0, 2.0])).unwrap();
    let shared = ArcArray::from_shape_vec((2, 2), vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    keep.call::<()>(shared.clone()).unwrap();
    drop(shared);
    let kept: Vec<f64> = function("kept_sums").call(()).unwrap();
    assert_eq!(kept, [3.0, 10.0]);
}

#[test]
fn a_copy_is_pythons_to_keep_and_to_write() {
    let rows: Array<f64> = function("rows_backwards").call(()).unwrap();
    let table = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
    let source = [1.0, 2.0];
    let keep = function("double_and_keep");
    keep.call::<()>(Copied(&source)).unwrap();
    keep.call::<()>(Copied(&source[1..])).unwrap();
    keep.call::<()>(Copied(&source.to_vec())).unwrap();
    keep.call::<()>(Copied(&rows)).unwrap();
    keep.call::<()>(Copied(table.t())).unwrap();
    keep.call::<()>((Copied(&table),)).unwrap();
    assert_eq!((source, &rows[..]), ([1.0, 2.0], &[2.0, 3.0, 0.0, 1.0][..]));
    let doubled: Vec<Vec<f64>> = function("doubled").call(()).unwrap();
    let expected = [
        vec![2.0, 4.0],
        vec![4.0],
        vec![2.0, 4.0],
        vec![4.0, 6.0, 0.0, 2.0],
        vec![2.0, 6.0, 4.0, 8.0],
        vec![2.0, 4.0, 6.0, 8.0],
    ];
    assert_eq!(doubled, expected);
}

#[test]
fn a_receipt_says_what_was_lent() {
    let values = [1.0; 100];
    let ((), receipt) = function("nothing").lends().call_with_receipt(&values).unwrap();
    assert_eq!((receipt.lent_bytes, receipt.given_bytes, receipt.copied_bytes()), (800, 0, 0));
    let ((), receipt) = function("nothing").call_with_receipt(values.to_vec()).unwrap();
    assert_eq!((receipt.lent_bytes, receipt.given_bytes), (0, 800));
    let parts = [receipt.waiting, receipt.lending, receipt.in_python, receipt.result];
    assert_eq!(receipt.total, parts.iter().sum());
    assert!(!receipt.in_python.is_zero(), "{receipt:?}");
    let copied = callpy::Copied(&values[..]);
    let ((), receipt) = function("nothing").call_with_receipt(copied).unwrap();
    assert_eq!((receipt.lent_bytes, receipt.copied_bytes()), (0, 800));
}

#[test]
fn too_many_axes_are_numpys_own_error() {
    let array = ArrayD::<f64>::zeros(IxDyn(&[1; 70]));
    let error = function("nothing").call::<()>(&array).unwrap_err();
    assert_eq!(error.exception().expect("NumPy's").type_name(), "ValueError");
}
