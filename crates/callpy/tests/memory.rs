//! Many calls leave nothing behind: arguments, results and errors of every kind.
//!
//! These are short enough for every `cargo test`; the long runs are in endurance.rs.
#![allow(missing_docs, reason = "a test")]
#![cfg(target_os = "linux")]

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use callpy::{Array, Bytes, Copied, Function, Object, Python, named};
use common::{COUNTED, alone, lambda, resident};

/// Runs a mix of work many times, and asserts that memory stays as it was after a first part.
///
/// 100,000 calls that lost 16 bytes each would be 1.6 MB more.
fn stays_flat(name: &str, calls: usize, work: impl Fn(usize)) {
    (0..calls / 4).for_each(&work);
    let before = resident();
    (0..calls).for_each(&work);
    let grown = resident().saturating_sub(before);
    assert!(grown < 1 << 20, "{name}: {grown} bytes more after {calls} rounds");
}

/// Each test has its own process, so that no other test allocates in it.
macro_rules! flat {
    ($($name:ident, $calls:expr, $make:expr;)*) => {$(
        #[test]
        fn $name() {
            alone(stringify!($name), |_| (), || stays_flat(stringify!($name), $calls, $make()));
        }
    )*};
}

flat! {
    slices_and_results, 100_000, || {
        let add = lambda("lambda a, b: a + b");
        let numbers = vec![1.5; 64];
        move |_| {
            let sum: Array<f64> = add.call((&numbers, &numbers[..])).unwrap();
            assert_eq!(sum[63], 3.0);
        }
    };
    large_results, 20_000, || {
        let add = lambda("lambda a: a + 1");
        let numbers = vec![1.5; 20_000];
        move |_| assert_eq!(add.call::<Array<f64>>(&numbers).unwrap()[0], 2.5)
    };
    memory_given_away, 100_000, || {
        let len = lambda("lambda a, b, c: len(a) + len(b) + len(c)");
        let shared: Arc<[f32]> = Arc::from(vec![1.0; 32]);
        move |_| {
            let arguments = (vec![1_i64; 32], Arc::clone(&shared), Copied(&[1_u8, 2][..]));
            assert_eq!(len.call::<i64>(arguments).unwrap(), 66);
            assert_eq!(Arc::strong_count(&shared), 1);
        }
    };
    values_of_every_kind, 50_000, || {
        let echo = lambda("lambda *values, **named: (values, named)");
        move |round: usize| {
            let text = format!("text {round}");
            let map = HashMap::from([(text.clone(), Some(round as f64))]);
            let arguments = (
                round as i64 + (1 << 40),
                0.5,
                true,
                text.as_str(),
                Bytes(text.as_bytes()),
                (),
                vec![Some(text.clone()), None],
                map,
                named("k", (1, (2, text.clone()))),
            );
            let (values, _): (Vec<Object>, Object) = echo.call(arguments).unwrap();
            assert_eq!(values.len(), 8);
            assert_eq!(values[3].extract::<String>().unwrap(), text);
        }
    };
    errors, 10_000, || {
        let fails: [Function; 3] = [
            lambda("lambda a: {}[len(a)]"),
            lambda("lambda a: int('x' * len(a))"),
            lambda("lambda a: a.no_such_thing"),
        ];
        let numbers = vec![1.5; 64];
        move |round: usize| {
            let error = fails[round % 2].call::<Object>(&numbers).unwrap_err();
            assert!(error.exception().is_some());
            if round.is_multiple_of(100) {
                fails[2].call::<Object>(&numbers).unwrap_err();
            }
        }
    };
    refusals, 50_000, || {
        let make = lambda("lambda kind: 'text' if kind else [1, 2, None]");
        let python = Python::running().unwrap();
        move |round: usize| {
            make.call::<Array<f64>>(round.is_multiple_of(2)).unwrap_err();
            make.call::<Vec<i64>>(round.is_multiple_of(2)).unwrap_err();
            make.call::<()>((1, named("kind", 2))).unwrap_err();
            make.call::<i64>((named("kind", 1), 2)).unwrap_err();
            if round.is_multiple_of(1_000) {
                python.function("math:no_such_function").unwrap_err();
                python.function("no_such_module:f").unwrap_err();
            }
        }
    };
    loans_that_come_back, 50_000, || {
        let same = lambda("lambda a: a[::2]");
        let numbers = vec![1.5; 64];
        move |_| assert_eq!(same.call::<Array<f64>>(&numbers).unwrap().len(), 32)
    };
    handles, 50_000, || {
        let make = lambda("lambda: [object(), object()]");
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Object>(100);
        std::thread::spawn(move || receiver.iter().for_each(drop));
        move |_| {
            let object: Object = make.call(()).unwrap();
            let copy = object.clone();
            assert_eq!(copy.attr("__len__").unwrap().call::<i64>(()).unwrap(), 2);
            drop(object.item(0).unwrap());
            sender.send(object).unwrap();
        }
    };
    attachments, 200_000, || {
        let python = common::python();
        move |_| python.attach(|py| py.detach(|| python.attach(|_| ()))).unwrap().unwrap()
    };
}

/// As in Python itself. mimalloc would map the memory, and the kernel would kill the process later.
#[test]
fn more_memory_than_there_is_is_a_memory_error() {
    let mode = std::fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap_or_default();
    if mode.trim() == "1" {
        return; // This machine gives any amount.
    }
    let info = std::fs::read_to_string("/proc/meminfo").unwrap();
    let kibibytes = |name: &str| -> usize {
        let line = info.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let bytes = 2 * 1024 * (kibibytes("MemTotal:") + kibibytes("SwapTotal:"));
    for make in ["numpy.empty(n, 'u1')", "numpy.zeros(n, 'u1')", "numpy.empty(8).resize(n)"] {
        let error = lambda(&format!("lambda n: {make}")).call::<Object>(bytes).unwrap_err();
        assert!(error.exception().unwrap().type_name().ends_with("MemoryError"), "{make}: {error}");
    }
}

/// Waits until this many bytes fewer are resident; fails after half a minute.
fn falls_below(bytes: usize, what: &str) {
    let start = std::time::Instant::now();
    while resident() > bytes {
        assert!(start.elapsed().as_secs() < 30, "{what}: {} bytes stay", resident());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

const LARGE: usize = 80 << 20;

/// Makes several arrays at once, so that mimalloc holds that much memory.
fn use_and_free() {
    let make = lambda("lambda n: numpy.ones(n, 'u1')");
    let arrays: Vec<Array<u8>> = (0..4).map(|_| make.call(LARGE).unwrap()).collect();
    assert!(resident() > 4 * LARGE);
    common::python().attach(|_| drop(arrays)).unwrap();
}

#[test]
fn freed_memory_goes_back_while_nothing_is_called() {
    alone(
        "freed_memory_goes_back_while_nothing_is_called",
        |_| (),
        || {
            lambda("lambda: numpy.ones(1)").call::<Array<f64>>(()).unwrap();
            let limit = resident() + LARGE / 2;
            use_and_free();
            falls_below(limit, "after the first use");
            use_and_free();
            falls_below(limit, "after the thread has slept");
            // Threads that have made and freed arrays, one of which lives on in Rust.
            std::thread::spawn(use_and_free).join().unwrap();
            let (done, wait) = std::sync::mpsc::channel::<()>();
            let (used, is_used) = std::sync::mpsc::channel();
            let thread = std::thread::spawn(move || {
                use_and_free();
                used.send(()).unwrap();
                wait.recv().unwrap_err();
            });
            is_used.recv().unwrap();
            falls_below(limit, "after other threads' use");
            drop(done);
            thread.join().unwrap();
        },
    );
}

#[test]
fn a_trim_gives_memory_back_at_once() {
    alone(
        "a_trim_gives_memory_back_at_once",
        |_| (),
        || {
            lambda("lambda: numpy.ones(1)").call::<Array<f64>>(()).unwrap();
            let limit = resident() + LARGE / 2;
            use_and_free();
            common::python().trim().unwrap();
            assert!(resident() < limit, "{} bytes stay", resident());
        },
    );
}

/// Drops the last reference detached, with no later call to release it.
#[test]
fn what_is_dropped_detached_is_freed() {
    alone(
        "what_is_dropped_detached_is_freed",
        |_| (),
        || {
            // callpy does not know how much memory a view or a list keeps alive.
            let shown = lambda(
                "lambda kind, n: numpy.ones(n, 'u1')[:: n - 1] if kind == 'view' else [numpy.ones(n, 'u1')]",
            );
            let make = lambda("lambda n: numpy.ones(n, 'u1')");
            drop(make.call::<Array<u8>>(8).unwrap());
            let limit = resident() + LARGE / 2;
            let array: Array<u8> = make.call(LARGE).unwrap();
            assert!(resident() > limit);
            drop(array);
            falls_below(limit, "an array");
            if !common::python().has_interpreter_lock().unwrap() {
                return; // The rest waits until the thread that made it attaches again.
            }
            let array: Array<u8> = make.call(LARGE).unwrap();
            std::thread::spawn(move || drop(array)).join().unwrap();
            falls_below(limit, "an array on another thread");
            drop(shown.call::<Array<u8>>(("view", LARGE)).unwrap());
            falls_below(limit, "a view");
            drop(shown.call::<Object>(("list", LARGE)).unwrap());
            falls_below(limit, "a list");
        },
    );
}

/// The child of a fork has only one thread, until it needs another.
#[cfg(unix)]
#[test]
fn a_forked_child_gives_memory_back_too() {
    alone(
        "a_forked_child_gives_memory_back_too",
        |_| (),
        || {
            let in_child = lambda(
                "lambda work: (lambda child: sys.modules['os'].waitpid(child, 0)[1] if child else \
             (work(), sys.modules['os']._exit(0)))(sys.modules['os'].fork())",
            );
            let waits = common::module("fork_work", FORK_WORK).function("work").unwrap();
            use_and_free();
            assert_eq!(in_child.call::<i64>(waits.object()).unwrap(), 0);
        },
    );
}

#[cfg(unix)]
const FORK_WORK: &str = "
import sys, time, numpy

def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) << 12

def work():
    before = resident()
    arrays = [numpy.ones(80 << 20, 'u1') for _ in range(4)]
    del arrays
    deadline = time.monotonic() + 30
    while resident() > before + (40 << 20):
        if time.monotonic() > deadline:
            sys.modules['os']._exit(1)
        time.sleep(0.01)
";

/// What was learned of a callable that can't be referred to weakly does not keep its memory.
#[test]
fn callables_that_nothing_else_keeps_go() {
    let source = format!(
        "{COUNTED}
import operator

def make_callable():
    global made
    made = operator.itemgetter(make())
"
    );
    let module = common::module("makes_callables", &source);
    let [make, count] = ["make_callable", "count"].map(|name| module.function(name).unwrap());
    for _ in 0..200 {
        make.call::<()>(()).unwrap();
        drop(module.function("made").unwrap());
    }
    let alive = count.call::<usize>(()).unwrap();
    assert!(alive <= 5, "{alive} are alive");
}
