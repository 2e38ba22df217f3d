//! A library that `python` loads, and that calls the Python it is in: for `tests/join.rs`. And one that
//! keeps something for each thread, as libraries in C++ do: for `tests/exit.rs`.
#![allow(unsafe_code, reason = "the functions are called from C")]

use std::cell::RefCell;
use std::sync::{Mutex, mpsc};
use std::thread;

use callpy::{Array, Object, Python, Result};

/// Kept to the end, and past it.
static KEPT: Mutex<Vec<Object>> = Mutex::new(Vec::new());

thread_local! {
    static KEPT_HERE: RefCell<Vec<Object>> = const { RefCell::new(Vec::new()) };
}

fn sums() -> Result<bool> {
    let python = Python::start()?;
    let answer: i64 = python.module("__main__")?.attr("answer")?.extract()?;
    let cumsum = python.function("numpy:cumsum")?;
    let sums: Array<f64> = cumsum.call(&[1.0, 2.0, 3.0][..])?;
    let error = python.function("math:sqrt")?.call::<f64>(-1.0).unwrap_err();
    Ok(answer == 42 && sums[..] == [1.0, 3.0, 6.0] && error.exception().is_some())
}

fn all_is_well(work: impl FnOnce() -> Result<bool>) -> i64 {
    work().unwrap_or_else(|error| {
        eprintln!("{error:#}");
        false
    }) as i64
}

/// Calls with arrays and errors; 1 if all is well.
// SAFETY: no other library has a function of this name.
#[unsafe(no_mangle)]
pub extern "C" fn work() -> i64 {
    all_is_well(sums)
}

/// Keeps objects past the end of Python and of this thread.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn keep() -> i64 {
    all_is_well(|| {
        let list: Object = Python::start()?.function("builtins:list")?.call("kept")?;
        KEPT.lock().unwrap().push(list.clone());
        KEPT_HERE.with_borrow_mut(|kept| kept.push(list));
        sums()
    })
}

/// Leaves a thread behind that has called, and goes on existing while Python ends.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn keep_thread() -> i64 {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        sender.send(all_is_well(sums)).unwrap();
        loop {
            thread::park();
        }
    });
    receiver.recv().unwrap()
}

/// Starts threads that call `__main__.long` or `__main__.short` until Python ends.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn start_busy(threads: i64, is_long: bool) {
    let name = if is_long { "__main__:long" } else { "__main__:short" };
    let function = Python::start().unwrap().function(name).unwrap();
    let (sender, receiver) = mpsc::channel();
    for _ in 0..threads {
        let (function, sender) = (function.clone(), sender.clone());
        thread::spawn(move || {
            sender.send(()).unwrap();
            loop {
                if let Err(error) = function.call::<()>(()) {
                    assert!(matches!(error.kind(), callpy::ErrorKind::Ending), "{error}");
                    return;
                }
            }
        });
    }
    (0..threads).for_each(|_| receiver.recv().unwrap());
}

unsafe extern "C" {
    /// C's own, on every platform.
    safe fn atexit(callback: extern "C" fn()) -> i32;
}

/// Interrupts Python when it has ended, as a signal handler might at that moment.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn interrupt_late() {
    extern "C" fn late() {
        Python::running().unwrap().interrupt();
        eprintln!("interrupted");
    }
    Python::start().unwrap().enable_interrupts().unwrap();
    atexit(late);
}

thread_local! {
    static STORAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Uses this thread's storage; false if it has been destroyed, where a library in C++ would crash.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn use_storage() -> bool {
    STORAGE.try_with(|storage| storage.borrow_mut().push(1)).is_ok()
}
