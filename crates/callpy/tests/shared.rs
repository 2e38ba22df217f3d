//! Arrays in memory that a program shares with its workers: nothing is copied, and nothing is written late.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::thread;
use std::time::Duration;

use callpy::{
    Array, Datetime64, ErrorKind, FixedBytes, FixedStr, Object, SharedArray, Timedelta64, named,
    unit,
};
use common::labour::{function, wait_for_free, workers};

callpy::element! {
    /// One measurement.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Sample {
        /// When.
        pub time: i64,
        /// What.
        pub value: f32,
        /// Where.
        pub channel: u32,
    }
}

#[test]
fn arrays_of_every_dtype_are_read_and_written_in_place() {
    let workers = workers(1);
    let [is_shared, copy_to, described] =
        ["is_shared", "copy_to", "described"].map(|name| function(&workers, name));
    let check = |is_same: &dyn Fn() -> bool, receipt: callpy::Receipt, bytes: usize| {
        assert!(is_same());
        assert_eq!((receipt.lent_bytes, receipt.copied_bytes()), (bytes, 0));
    };
    macro_rules! check {
        ($($type:ty: $value:expr),* $(,)?) => {$({
            let value: $type = $value;
            let mut source = workers.zeros::<$type>((2, 3)).unwrap();
            let mut target = workers.zeros::<$type>((2, 3)).unwrap();
            source.fill(value);
            let (_, shape, writable): (String, Vec<usize>, bool) = described.call(&source).unwrap();
            assert_eq!((shape, writable), (vec![2, 3], false));
            assert!(is_shared.call::<bool>(&source).unwrap());
            assert!(is_shared.call::<bool>(&mut target).unwrap());
            let bytes = 2 * 6 * size_of::<$type>();
            let (_, receipt) = copy_to.call_with_receipt::<Object>((&source, &mut target)).unwrap();
            check(&|| target[..] == [value; 6], receipt, bytes);
            // As keyword arguments, and parts of an array.
            target.fill(source[0]);
            let (first, second) = target.split_at_mut(3);
            let arguments = (named("source", &*first), named("target", second));
            let (_, receipt) = copy_to.call_with_receipt::<Object>(arguments).unwrap();
            check(&|| target[..] == [value; 6], receipt, bytes / 2);
        })*};
    }
    check! {
        bool: true, i8: -1, i16: -2, i32: -3, i64: i64::MIN, u8: 255, u16: 7, u32: 8, u64: u64::MAX,
        f32: 0.5, f64: -0.25,
        Datetime64<unit::Day>: Datetime64::new(17), Timedelta64<unit::Second>: Timedelta64::new(3),
        FixedStr<5>: FixedStr::new("\u{1f40d}é").unwrap(), FixedBytes<3>: FixedBytes::new(b"EUR").unwrap(),
        Sample: Sample { time: 1, value: 2.5, channel: 3 },
    }
    #[cfg(feature = "complex")]
    check! { num_complex::Complex<f32>: num_complex::Complex::new(1.0, -1.0), num_complex::Complex<f64>: num_complex::Complex::new(0.5, 2.0) }
    #[cfg(feature = "half")]
    check! { half::f16: half::f16::from_f32(0.5) }
    assert_eq!(workers.statistics().bytes_sent, 0);
}

#[test]
fn shapes_may_have_any_axes_and_no_elements() {
    let workers = workers(1);
    let [described, echo, scale] =
        ["described", "echo", "scale_in_place"].map(|name| function(&workers, name));
    for shape in [vec![], vec![0], vec![3, 0, 2], vec![0, 1 << 59], vec![1; 20]] {
        let mut array = workers.zeros::<f64>(shape.clone()).unwrap();
        assert_eq!((array.shape(), array.len()), (&shape[..], shape.iter().product()));
        let (_, seen, _): (String, Vec<usize>, bool) = described.call(&array).unwrap();
        assert_eq!(seen, shape);
        array.fill(2.0);
        scale.call::<()>((&mut array, 3.0)).unwrap();
        assert!(array.iter().all(|element| *element == 6.0));
        assert_eq!(echo.call::<Array<f64>>(&array).unwrap().shape(), &shape[..]);
    }
    for shape in [vec![usize::MAX, 2], vec![1 << 62], vec![1; 65]] {
        let error = workers.zeros::<f64>(shape).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    }
}

#[test]
fn memory_is_used_again_as_zeros_and_grows() {
    let workers = workers(1);
    let scale = function(&workers, "scale_in_place");
    for round in 1..20 {
        let mut arrays: Vec<SharedArray<f64>> =
            (0..4).map(|index| workers.zeros(1000 * round * (index + 1)).unwrap()).collect();
        for (index, array) in arrays.iter_mut().enumerate() {
            assert!(array.iter().all(|element| *element == 0.0));
            array.fill(index as f64);
            scale.call::<()>((&mut *array, 2.0)).unwrap();
        }
        for (index, array) in arrays.iter().enumerate() {
            assert!(array.iter().all(|element| *element == 2.0 * index as f64));
        }
    }
    assert_eq!(workers.statistics().started, 2);
}

#[test]
fn an_array_may_outlive_its_workers_and_be_passed_elsewhere() {
    let workers = workers(1);
    let mut array = workers.zeros::<f64>(100).unwrap();
    array.fill(1.0);
    function(&workers, "scale_in_place").call::<()>((&mut array, 3.0)).unwrap();
    // In this process, where its first call is passed a copy as for any other memory.
    let sum = common::python().function("numpy:sum").unwrap();
    assert_eq!(sum.call::<f64>(&array).unwrap(), 300.0);
    // To workers that do not share it.
    let others = self::workers(1);
    assert!(!function(&others, "is_shared").call::<bool>(&array).unwrap());
    function(&others, "scale_in_place").call::<()>((&mut array, 2.0)).unwrap();
    drop(workers);
    array[0] += 1.0;
    assert_eq!((array[0], array[99]), (7.0, 6.0));
    thread::spawn(move || assert_eq!(array.iter().sum::<f64>(), 601.0)).join().unwrap();
}

#[test]
fn several_calls_may_read_an_array_at_once() {
    let workers = workers(2);
    let total = function(&workers, "total");
    let mut array = workers.zeros::<f64>(10_000).unwrap();
    array.fill(0.5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(total.call::<f64>(&array).unwrap(), 5000.0);
                }
            });
        }
    });
    // And parts of it may be written at once.
    let scale = function(&workers, "scale_in_place");
    thread::scope(|scope| {
        for part in array.chunks_mut(2500) {
            scope.spawn(|| scale.call::<()>((part, 2.0)).unwrap());
        }
    });
    assert!(array.iter().all(|element| *element == 1.0));
}

#[test]
fn what_is_only_read_can_not_be_written() {
    let workers = workers(1);
    let array = workers.zeros::<f64>(10).unwrap();
    for name in ["make_writable", "scale_in_place"] {
        let result = match name {
            "make_writable" => function(&workers, name).call::<()>(&array),
            _ => function(&workers, name).call::<()>((&array, 2.0)),
        };
        assert_eq!(result.unwrap_err().exception().unwrap().type_name(), "ValueError", "{name}");
    }
    // Not even by C.
    let error = function(&workers, "write_below").call::<()>(&array).unwrap_err();
    let ErrorKind::Crashed(crash) = error.kind() else { panic!("{error}") };
    assert_eq!(crash.signal(), Some(libc::SIGSEGV));
    assert!(array.iter().all(|element| *element == 0.0));
}

#[test]
fn bools_stay_bools() {
    let workers = workers(1);
    let mut array = workers.zeros::<bool>(5).unwrap();
    function(&workers, "overwrite").call::<()>((&mut array, 255)).unwrap();
    assert_eq!(array[..], [true; 5]);
}

#[test]
fn nothing_is_written_after_a_call_that_failed() {
    let workers = workers(1);
    let mut array = workers.zeros::<f64>(100_000).unwrap();
    let error = function(&workers, "write_and_crash").call::<()>(&mut array).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
    assert_eq!((array[0], array[1]), (7.0, 0.0));
    // Another attempt would read what this one has written.
    let crashes = workers.statistics().crashes;
    function(&workers, "write_and_crash").retries(2).call::<()>(&mut array).unwrap_err();
    assert_eq!(workers.statistics().crashes, crashes + 1);

    // A worker that has to be killed.
    let write_on = function(&workers, "write_on").within(Duration::from_millis(30));
    let echo = function(&workers, "echo");
    let exists = |id: f64| std::path::Path::new(&format!("/proc/{id}/fd/0")).exists();
    for _ in 0..3 {
        array[0] = 0.0;
        // On a busy machine the time may be up before it begins.
        while array[0] == 0.0 {
            let error = write_on.call::<()>(&mut array).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Deadline), "{error}");
        }
        assert!(!exists(array[0]));
        let seen = array.to_vec();
        echo.call::<i64>(1).unwrap();
        assert_eq!(array[..], seen);
    }

    // One that retains it.
    let error = function(&workers, "sign_and_remember").call::<()>(&mut array).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    assert!(error.to_string().contains("it retains argument 1"), "{error}");
    assert!(array[0] > 7.0 && !exists(array[0]));

    // One that retains it, and hides what looking for who does comes by.
    let hide = function(&workers, "remember_and_hide");
    let error = hide.call::<()>(&mut array).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    function(&workers, "write_what_is_remembered").call::<()>(()).unwrap_err();
    assert!(array[0] > 7.0);

    wait_for_free(&workers, 2);
    // A function gets copies if it is known to retain them, and the receipt says so.
    let remember = function(&workers, "remember").retains();
    let (_, receipt) = remember.call_with_receipt::<()>(&array).unwrap();
    assert_eq!((receipt.lent_bytes, receipt.copied_bytes()), (0, 800_000));
    assert_eq!(function(&workers, "remembered").call::<Vec<f64>>(()).unwrap(), array[..]);
    let scale = function(&workers, "scale_in_place").retains();
    array.fill(2.0);
    scale.call::<()>((&mut array, 2.0)).unwrap();
    assert_eq!(array[99_999], 4.0);
}

#[test]
fn an_array_within_another_value_is_copied_or_refused() {
    let workers = workers(1);
    let mut array = workers.zeros::<f64>(3).unwrap();
    let echo = function(&workers, "echo");
    let (copy, number): (Array<f64>, i64) = echo.call(((&array, 7),)).unwrap();
    assert_eq!((&copy[..], number), (&[0.0; 3][..], 7));
    let error = echo.call::<Object>(((&mut array, 7),)).unwrap_err();
    let place = "argument 1 of labour:echo: what Python writes to it";
    assert!(error.to_string().contains(place), "{error}");
}

#[test]
fn the_base_of_an_array_leads_to_no_other() {
    let workers = workers(1);
    let (mut array, others) =
        (workers.zeros::<f64>(1000).unwrap(), workers.zeros::<f64>(1000).unwrap());
    let reach = function(&workers, "reach_of_base");
    for _ in 0..2 {
        assert_eq!(reach.call::<usize>(&mut array).unwrap(), 8000);
        // Half of it may be anyone else's.
        assert_eq!(reach.call::<usize>(&mut array[100..200]).unwrap(), 800);
    }
    let error = function(&workers, "remember_base").call::<()>(&mut array).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    assert!(error.to_string().contains("it retains argument 1"), "{error}");
    function(&workers, "write_what_is_remembered").call::<()>(()).unwrap_err();
    assert_eq!((&array[..], &others[..]), (&[0.0; 1000][..], &[0.0; 1000][..]));
}

#[test]
fn a_weak_reference_retains_an_array() {
    let workers = workers(1);
    let mut array = workers.zeros::<f64>(3).unwrap();
    for name in ["remember_weakly", "remember_base_weakly"] {
        let error = function(&workers, name).call::<()>(&mut array).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
        assert!(error.to_string().contains("a weak reference"), "{error}");
    }
}

#[test]
fn without_ctypes_what_is_written_is_written_back() {
    const NAME: &str = "without_ctypes_what_is_written_is_written_back";
    let folder = tempfile::tempdir().unwrap();
    let code = "import sys\nsys.modules['ctypes'] = None\n";
    std::fs::write(folder.path().join("sitecustomize.py"), code).unwrap();
    common::alone(
        NAME,
        |command| {
            command.env("PYTHONPATH", folder.path());
        },
        || {
            let workers = workers(1);
            let (mut array, others) =
                (workers.zeros::<f64>(1000).unwrap(), workers.zeros::<f64>(1000).unwrap());
            array.fill(1.0);
            assert!(function(&workers, "overwrite").call::<()>((&mut array, 1)).is_err(), "ctypes");
            function(&workers, "scale_in_place").call::<()>((&mut array, 3.0)).unwrap();
            assert!(array.iter().all(|element| *element == 3.0));
            // There is none: the array is a copy.
            assert_eq!(function(&workers, "reach_of_base").call::<usize>(&mut array).unwrap(), 0);
            assert!(others.iter().all(|element| *element == 0.0));
        },
    );
}
