//! The header of a lent array is reused for other slices, and nothing that Python does to one array
//! shows in a later one.

mod common;

use std::fmt::Debug;

use callpy::{Array, Element, Function, IntoPython};
use common::{module, python};

fn meddler(name: &str) -> Function {
    python().function(format!("meddlers:{name}")).unwrap()
}

type Seen<T> = (Vec<i64>, Vec<i64>, String, bool, (bool, bool, bool, bool), bool, bool, Vec<T>);
type Look = (Vec<i64>, Vec<i64>, String, bool, (bool, bool, bool, bool), bool, bool);

/// Lends slices of one type in several lengths, and sees just those in Python.
fn look<T>(after: &str, dtype: &str, value: impl Fn(usize) -> T)
where
    T: Element + callpy::FromPython + PartialEq + Debug,
    for<'a> &'a [T]: IntoPython<'a>,
{
    let look = meddler("look");
    for length in [3, 0, 1, 1_000, 2] {
        let mut data: Vec<T> = (0..length).map(&value).collect();
        let expected = data.clone();
        for writable in [false, true] {
            let found = match writable {
                true => look.call::<callpy::Object>(&mut data[..]),
                false => look.call(&data[..]),
            };
            let (shape, strides, name, plain, flags, other, whole, values): Seen<T> =
                found.unwrap().extract().unwrap();
            let found: Look = (shape, strides, name, plain, flags, other, whole);
            let wanted: Look = (
                vec![length as i64],
                vec![size_of::<T>() as i64],
                format!("dtype('{dtype}')"),
                true,
                (writable, true, true, true),
                false,
                true,
            );
            assert_eq!(found, wanted, "{dtype} after {after}");
            assert_eq!(values, expected, "{dtype} after {after}");
        }
    }
}

fn look_at_all(after: &str) {
    look(after, "float64", |index| index as f64);
    look(after, "int32", |index| index as i32 - 1);
    look(after, "uint8", |index| index as u8);
    look(after, "bool", |index| index % 2 == 0);
    look(after, "int64", |index| index as i64);
    look(after, "int16", |index| index as i16);
}

#[test]
fn nothing_done_to_one_array_shows_in_a_later_one() {
    let names: Vec<String> =
        python().module("meddlers").unwrap().attr("MEDDLERS").unwrap().extract().unwrap();
    assert!(names.len() > 15, "{names:?}");
    let mut changed = 0;
    for name in &names {
        let meddler = meddler(name);
        // More often than a thread caches headers.
        for _ in 0..6 {
            changed += i32::from(meddler.call::<bool>(&[1.0, 2.0]).unwrap());
            changed += i32::from(meddler.call::<bool>(&mut [1_i32, 2]).unwrap());
            changed += i32::from(meddler.call::<bool>(&mut [1.0]).unwrap());
            changed += i32::from(meddler.call::<bool>(&mut [1_u8; 32]).unwrap());
            changed += i32::from(meddler.call::<bool>(&[1_i64, 2]).unwrap());
            changed += i32::from(meddler.call::<bool>(&[true; 16]).unwrap());
        }
        look_at_all(name);
    }
    assert!(changed > 300, "{changed}");
}

#[test]
fn threads_have_headers_of_their_own() {
    // One thread imports NumPy first.
    python();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    meddler("shape").call::<bool>(&[1.0, 2.0]).unwrap();
                    look("threads", "float64", |index| index as f64);
                    look("threads", "int32", |index| index as i32);
                }
            });
        }
    });
}

/// Called back by Python while a slice is lent: lends others, and returns their sum.
extern "C" fn again(depth: i64) -> f64 {
    let call = || {
        let mut more = [depth as f64; 8];
        let flags = [true, false];
        let function = python().function("nested:descend")?;
        let (below, sum): (f64, f64) = function.call((&mut more, &flags, depth))?;
        assert_eq!(more, [depth as f64 + 0.5; 8]);
        Ok::<_, callpy::Error>(below + sum)
    };
    std::panic::catch_unwind(|| call().unwrap()).unwrap_or(f64::NAN)
}

#[test]
fn calls_in_calls_lend_beside_each_other() {
    let module = module(
        "nested",
        r#"
import ctypes

call_back = None

def set_call_back(address):
    global call_back
    call_back = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(address)

def descend(numbers, flags, depth):
    numbers += 0.25
    assert flags.tolist() == [True, False]
    below = call_back(depth - 1) if depth else 0.0
    numbers += 0.25
    assert numbers.shape == (8,) and len(set(numbers.tolist())) == 1, numbers
    return below, numbers.sum()

def start(values):
    below = call_back(20)
    return values[below > 0:]
"#,
    );
    let address = again as extern "C" fn(i64) -> f64 as usize;
    module.function("set_call_back").unwrap().call::<()>(address).unwrap();
    let values = [1.0, 2.0, 3.0];
    for _ in 0..10 {
        let rest: Array<f64> = module.function("start").unwrap().call(&values).unwrap();
        assert_eq!(rest[..], [2.0, 3.0]);
    }
    assert_eq!(again(20), (0..=20).map(|depth| 8.0 * (depth as f64 + 0.5)).sum::<f64>());
}
