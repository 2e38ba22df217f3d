//! Memory given to Python by value may be kept as long as it likes, on any thread, and is freed
//! exactly once.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use callpy::{Array, Copied, CopyReason, ErrorKind, Function, Given, Object};
use common::{lambda, module, python};

fn keeper(function: &str) -> Function {
    let source = r#"
import gc, threading, weakref
import numpy as np

kept = []

def keep(data):
    kept.append(data[1:])
    return len(kept)

def keep_all(*data):
    kept.extend(data)

def keep_in_a_cycle(data):
    ring = [data]
    ring.append(ring)

def kept_sum():
    return float(sum(each.sum() for each in kept))

def let_go():
    kept.clear()
    gc.collect()

def let_go_on_a_thread():
    thread = threading.Thread(target=let_go)
    thread.start()
    thread.join()

def write(data):
    data *= 2
    return data

def look(data):
    return data.flags.writeable, data.flags.owndata, data.shape, data.dtype.str

def attempt_to_write(data):
    try:
        data.flags.writeable = True
    except ValueError as error:
        return str(error)

def fails(data):
    kept.append(data)
    raise ValueError("after keeping")
"#;
    module("given", source).function(function).unwrap()
}

/// An owner that counts how often it is dropped.
struct Counting {
    values: Vec<f64>,
    drops: Arc<AtomicUsize>,
}

impl Counting {
    fn new(values: &[f64]) -> (Counting, Arc<AtomicUsize>) {
        let drops = Arc::new(AtomicUsize::new(0));
        (Counting { values: values.to_vec(), drops: Arc::clone(&drops) }, drops)
    }
}

impl AsRef<[f64]> for Counting {
    fn as_ref(&self) -> &[f64] {
        &self.values
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        // What is freed too early is seen to be wrong.
        self.values.fill(f64::NAN);
        self.drops.fetch_add(1, Ordering::SeqCst);
    }
}

fn drops(count: &AtomicUsize) -> usize {
    count.load(Ordering::SeqCst)
}

/// Waits until an owner that Python has let go is dropped: where there is no interpreter lock, what
/// another thread let go is freed by the thread that made it, when that comes by.
fn is_dropped(count: &AtomicUsize) -> bool {
    let start = Instant::now();
    while drops(count) == 0 && start.elapsed() < Duration::from_secs(20) {
        python().function("gc:collect").unwrap().call::<i64>(()).unwrap();
    }
    drops(count) == 1
}

/// The kept list is one for all tests: each test that keeps runs alone.
fn my_turn() -> impl Drop {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    keeper("let_go").call::<()>(()).unwrap();
    turn
}

#[test]
fn an_owner_is_dropped_once_when_python_lets_go() {
    let _turn = my_turn();
    for let_go in ["let_go", "let_go_on_a_thread"] {
        let (owner, count) = Counting::new(&[1.0, 2.0, 3.0]);
        assert_eq!(keeper("keep").call::<i64>(Given::new(owner)).unwrap(), 1);
        assert_eq!(drops(&count), 0);
        assert_eq!(keeper("kept_sum").call::<f64>(()).unwrap(), 5.0);
        keeper(let_go).call::<()>(()).unwrap();
        assert!(is_dropped(&count), "{let_go}");
    }
    let (owner, count) = Counting::new(&[1.0]);
    keeper("keep_in_a_cycle").call::<()>(Given::new(owner)).unwrap();
    keeper("let_go").call::<()>(()).unwrap();
    assert_eq!(drops(&count), 1);
}

#[test]
fn an_owner_is_dropped_at_once_where_python_keeps_nothing() {
    let length = python().function("builtins:len").unwrap();
    let (owner, count) = Counting::new(&[1.0, 2.0]);
    assert_eq!(length.call::<i64>(Given::new(owner)).unwrap(), 2);
    assert_eq!(drops(&count), 1);
    // Never given, or not accepted.
    let (owner, count) = Counting::new(&[1.0, 2.0]);
    drop(Given::new(owner));
    assert_eq!(drops(&count), 1);
    let (owner, count) = Counting::new(&[1.0, 2.0]);
    let error = Given::new(owner).with_shape(&[3]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    assert_eq!(drops(&count), 1);
    let (owner, count) = Counting::new(&[1.0, 2.0]);
    // Another argument can't be converted, or the function takes no such.
    let error = length.call::<i64>((callpy::named("x", 1), Given::new(owner))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    assert_eq!(drops(&count), 1);
    let (owner, count) = Counting::new(&[1.0, 2.0]);
    lambda("lambda: 1").call::<i64>(Given::new(owner)).unwrap_err();
    assert_eq!(drops(&count), 1);
}

#[test]
fn an_exception_after_keeping_changes_nothing() {
    let _turn = my_turn();
    let (owner, count) = Counting::new(&[4.0, 5.0]);
    keeper("fails").call::<()>(Given::new(owner)).unwrap_err();
    assert_eq!(drops(&count), 0);
    assert_eq!(keeper("kept_sum").call::<f64>(()).unwrap(), 9.0);
    keeper("let_go").call::<()>(()).unwrap();
    assert_eq!(drops(&count), 1);
}

#[test]
fn a_panicking_destructor_stays_in_rust() {
    struct Panics(Vec<f64>);
    impl AsRef<[f64]> for Panics {
        fn as_ref(&self) -> &[f64] {
            &self.0
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor, as this test wants it");
        }
    }
    let length = python().function("builtins:len").unwrap();
    assert_eq!(length.call::<i64>(Given::new(Panics(vec![1.0]))).unwrap(), 1);
    assert_eq!(length.call::<i64>(&[1.0, 2.0]).unwrap(), 2);
}

#[test]
fn an_arc_is_shared_as_long_as_either_has_it() {
    let _turn = my_turn();
    let shared: Arc<[f64]> = Arc::from([1.0, 2.0, 3.0]);
    let vector = Arc::new(vec![10.0, 20.0]);
    let (weak_slice, weak_vector) = (Arc::downgrade(&shared), Arc::downgrade(&vector));
    keeper("keep_all").call::<()>((shared.clone(), vector.clone(), shared.clone())).unwrap();
    assert_eq!((Arc::strong_count(&shared), Arc::strong_count(&vector)), (3, 2));
    for argument in [shared.clone(), Arc::from([7.0])] {
        let refused: String = keeper("attempt_to_write").call(argument).unwrap();
        assert!(refused.contains("WRITEABLE"), "{refused}");
    }
    drop((shared, vector));
    assert_eq!(keeper("kept_sum").call::<f64>(()).unwrap(), 42.0);
    keeper("let_go_on_a_thread").call::<()>(()).unwrap();
    let start = Instant::now();
    while weak_slice.strong_count() + weak_vector.strong_count() > 0 {
        assert!(start.elapsed() < Duration::from_secs(20));
        python().function("gc:collect").unwrap().call::<i64>(()).unwrap();
    }
}

#[test]
fn a_vector_is_pythons_own() {
    let _turn = my_turn();
    let vector = vec![1.0, 2.0, 3.0];
    let address = vector.as_ptr() as usize;
    let seen: usize = lambda("lambda data: data.ctypes.data").call(vector).unwrap();
    assert_eq!(seen, address);
    let (writable, owns, shape, dtype): (bool, bool, (i64,), String) =
        keeper("look").call(vec![1_i32, 2]).unwrap();
    assert_eq!((writable, owns, shape, &dtype[..]), (true, false, (2,), "<i4"));
    let boxed: Box<[i32]> = Box::new([1, 2, 3]);
    assert_eq!(keeper("look").call::<(bool, bool, (i64,), String)>(boxed).unwrap().2, (3,));
    let empty: Vec<f64> = Vec::new();
    assert_eq!(keeper("look").call::<(bool, bool, (i64,), String)>(empty).unwrap().2, (0,));

    for index in 0..100 {
        keeper("keep").call::<i64>(vec![index as f64; 1_000]).unwrap();
    }
    let kept: f64 = keeper("kept_sum").call(()).unwrap();
    assert_eq!(kept, 999.0 * (0..100).sum::<i32>() as f64);
    keeper("let_go").call::<()>(()).unwrap();
}

#[test]
fn what_comes_back_is_borrowed_if_no_one_else_has_it() {
    let _turn = my_turn();
    // A vector, written by Python.
    let vector = vec![1.0, 2.0, 3.0];
    let address = vector.as_ptr();
    let (array, receipt) = keeper("write").call_with_receipt::<Array<f64>>(vector).unwrap();
    assert_eq!((array.as_ptr(), &array[..]), (address, &[2.0, 4.0, 6.0][..]));
    assert_eq!((receipt.given_bytes, receipt.borrowed_bytes, receipt.copies.len()), (24, 24, 0));

    // A view of it.
    let vector = vec![1.0, 2.0, 3.0];
    let address = vector.as_ptr();
    let tail: Array<f64> = lambda("lambda data: data[1:]").call(vector).unwrap();
    assert_eq!((tail.as_ptr(), &tail[..]), (address.wrapping_add(1), &[2.0, 3.0][..]));

    // An owner of any kind, who is dropped with the array.
    let (owner, count) = Counting::new(&[1.0, 2.0, 3.0, 4.0]);
    let given = Given::new(owner).with_shape(&[2, 2]).unwrap();
    let array: Array<f64> = lambda("lambda data: data.T").call(given).unwrap();
    assert_eq!((array.shape(), &array[..]), (&[2, 2][..], &[1.0, 3.0, 2.0, 4.0][..]));
    assert_eq!(drops(&count), 0);
    thread::spawn(move || drop(array)).join().unwrap();
    // Dropped detached, it is let go at the next attachment.
    python().attach(|_| ()).unwrap();
    assert_eq!(drops(&count), 1);

    // Python has it still: then it is a copy.
    let (array, receipt) =
        lambda("lambda data: (sys.__dict__.setdefault('kept', []).append(data), data)[1]")
            .call_with_receipt::<Array<f64>>(vec![1.0, 2.0])
            .unwrap();
    assert_eq!(array[..], [1.0, 2.0]);
    assert!(matches!(receipt.copies[0].reason, CopyReason::NotUnique), "{receipt:?}");
    lambda("lambda: sys.__dict__.pop('kept')[0].fill(9)").call::<()>(()).unwrap();
    assert_eq!(array[..], [1.0, 2.0]);
    let vector = vec![1.0, 2.0];
    let (array, receipt) = lambda("lambda data: (data.base, data)[1][:]")
        .call_with_receipt::<Array<f64>>(vector)
        .unwrap();
    assert_eq!((&array[..], receipt.copies.len()), (&[1.0, 2.0][..], 0));
    let (base, array): (Object, Array<f64>) =
        lambda("lambda data: (data.base, data)").call(vec![1.0, 2.0]).unwrap();
    drop(base);
    assert_eq!(array[..], [1.0, 2.0]);
}

#[test]
fn a_copy_is_pythons_own() {
    let _turn = my_turn();
    let mut data = [1.0, 2.0];
    let (_, receipt) = keeper("keep_all").call_with_receipt::<()>(Copied(&data[..])).unwrap();
    assert!(matches!(receipt.copies[0].reason, CopyReason::Asked), "{receipt:?}");
    data[0] = 100.0;
    assert_eq!(keeper("kept_sum").call::<f64>(()).unwrap(), 3.0);
    let written: Array<f64> = keeper("write").call(Copied(&data[..])).unwrap();
    assert_eq!((&written[..], data), (&[200.0, 4.0][..], [100.0, 2.0]));
}

#[test]
fn owners_are_dropped_once_whichever_thread_is_last() {
    let _turn = my_turn();
    let totals: Vec<Arc<AtomicUsize>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let keep = lambda("lambda data, sink: sink.append(data[::2])");
                    let sink: Object = lambda("lambda: []").call(()).unwrap();
                    let counts: Vec<_> = (0..50)
                        .map(|index| {
                            let (owner, count) = Counting::new(&[f64::from(index); 4]);
                            keep.call::<()>((Given::new(owner), &sink)).unwrap();
                            count
                        })
                        .collect();
                    assert!(counts.iter().all(|count| drops(count) == 0));
                    let arrays: Vec<Array<f64>> = sink.extract().unwrap();
                    assert_eq!(arrays[49][..], [49.0; 2]);
                    // Dropped by another thread, with the list.
                    thread::spawn(move || drop(sink)).join().unwrap();
                    counts
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(totals.len(), 200);
    assert!(totals.iter().all(|count| is_dropped(count)));
}
