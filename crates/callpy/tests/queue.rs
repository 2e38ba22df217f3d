//! Callers queue before the interpreter lock, and whatever they call, none is stuck or starved.
#![allow(missing_docs, reason = "a test")]
#![allow(unsafe_code, reason = "destructors of threads, as C has them")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use callpy::{ErrorKind, Function};
use common::{alone, lambda, module, python};

/// Calls from this many threads, until the closure returns false.
fn crowd(threads: usize, call: impl Fn(usize) -> bool + Sync) {
    thread::scope(|scope| {
        for number in 0..threads {
            let call = &call;
            scope.spawn(move || while call(number) {});
        }
    });
}

/// Has two threads call functions that wait for each other, a hundred times.
fn wait_for_each_other(functions: [&Function; 2]) {
    let rounds = [const { AtomicUsize::new(0) }; 2];
    crowd(2, |number| {
        functions[number].call::<()>(()).unwrap();
        rounds[number].fetch_add(1, Ordering::Relaxed) < 99
    });
}

/// Runs work while other threads make short calls all the time, so that there is a queue.
fn in_a_storm(threads: usize, work: impl FnOnce()) {
    let nothing = lambda("lambda: None");
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let (is_over, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        // Also where the work panics.
        let _ends = Ends(&is_over);
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    nothing.call::<()>(()).unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while calls.load(Ordering::Relaxed) < 10_000 {
            thread::yield_now();
        }
        work();
    });
}

/// Functions in which callers wait for one another.
const MEETINGS: &str = "
import threading, queue

barrier = threading.Barrier(32)
event = threading.Event()
there, back = queue.Queue(), queue.Queue()
lock, turn = threading.Condition(), 0

def meet():
    barrier.wait()

def wait():
    event.wait()

def set():
    event.set()

def ping():
    there.put(1)
    back.get()

def pong():
    there.get()
    back.put(1)

def my_turn(number, of):
    global turn
    with lock:
        lock.wait_for(lambda: turn % of == number)
        turn += 1
        lock.notify_all()
";

#[test]
fn callers_meet_in_python() {
    let functions = module("meetings", MEETINGS);
    let [meet, wait, set, ping, pong, my_turn] = ["meet", "wait", "set", "ping", "pong", "my_turn"]
        .map(|name| functions.function(name).unwrap());
    in_a_storm(2, || {
        // A barrier that needs all of them inside.
        let rounds: Vec<AtomicUsize> = (0..32).map(|_| AtomicUsize::new(0)).collect();
        crowd(32, |number| {
            meet.call::<()>(()).unwrap();
            rounds[number].fetch_add(1, Ordering::Relaxed) < 9
        });
        // An event that the last to arrive sets.
        crowd(8, |number| {
            let function: &Function = if number == 7 { &set } else { &wait };
            function.call::<()>(()).unwrap();
            false
        });
        // Two that wait for each other, a hundred times.
        wait_for_each_other([&ping, &pong]);
        // Each waits for the one before.
        let rounds: Vec<AtomicUsize> = (0..8).map(|_| AtomicUsize::new(0)).collect();
        crowd(8, |number| {
            my_turn.call::<()>((number, 8)).unwrap();
            rounds[number].fetch_add(1, Ordering::Relaxed) < 9
        });
    });
}

#[test]
fn callers_meet_in_nested_calls_and_attached_scopes() {
    let python = python();
    let apply = lambda("lambda function, value: function(value)");
    let double = lambda("lambda value: 2 * value");
    in_a_storm(4, || {
        crowd(4, |number| {
            let sum = python.attach(|py| {
                let first: usize = apply.call((&double, number)).unwrap();
                // The scope has no slot, so the thread that it waits for can get one.
                let second = py.detach(|| {
                    thread::scope(|scope| {
                        scope.spawn(|| double.call::<usize>(number).unwrap()).join().unwrap()
                    })
                });
                first + second
            });
            assert_eq!(sum.unwrap(), 4 * number);
            false
        });
    });
}

/// Called from C, with the interpreter lock held or released, within a call that waited in the queue.
extern "C" fn back(number: i64) -> i64 {
    let double = lambda("lambda value: 2 * value");
    let once: i64 = double.call(number).unwrap();
    python().attach(|py| py.detach(|| double.call::<i64>(once).unwrap())).unwrap()
}

#[test]
fn callers_call_back_into_rust_that_calls() {
    let call = lambda(
        "lambda kind, address, n: getattr(__import__('ctypes'), kind)(
            __import__('ctypes').c_int64, __import__('ctypes').c_int64)(address)(n)",
    );
    let address = back as extern "C" fn(i64) -> i64 as usize;
    in_a_storm(4, || {
        crowd(4, |number| {
            for kind in ["PYFUNCTYPE", "CFUNCTYPE"] {
                for n in 0..50 {
                    let n = 4 * n + number as i64;
                    assert_eq!(call.call::<i64>((kind, address, n)).unwrap(), 4 * n);
                }
            }
            false
        });
    });
}

#[test]
fn a_call_reads_a_socket_that_another_call_writes_to() {
    let source = "
import socket

here, there = socket.socketpair()

def read():
    return len(here.recv(1))

def write():
    there.send(b'1')
";
    let functions = module("sockets", source);
    let [read, write] = ["read", "write"].map(|name| functions.function(name).unwrap());
    in_a_storm(4, || {
        let rounds = [const { AtomicUsize::new(0) }; 5];
        crowd(5, |number| {
            // Four readers, and one that writes for all of them.
            let of_all = match number {
                4 => {
                    write.call::<()>(()).unwrap();
                    4 * 50
                }
                _ => {
                    assert_eq!(read.call::<i64>(()).unwrap(), 1);
                    50
                }
            };
            rounds[number].fetch_add(1, Ordering::Relaxed) + 1 < of_all
        });
    });
}

/// The standard library's part of a thread has ended before what `pthread_key_create` registers.
#[test]
#[cfg(unix)]
fn a_thread_calls_in_its_last_destructors() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn last(_: *mut std::ffi::c_void) {
        let half = lambda("lambda n: n // 2");
        for n in 0..200 {
            assert_eq!(half.call::<usize>(2 * n).unwrap(), n);
            CALLS.fetch_add(1, Ordering::Relaxed);
        }
    }
    let body = || {
        let mut key = 0;
        // SAFETY: the key is written to, and the destructor is called with what is set below.
        assert_eq!(unsafe { libc::pthread_key_create(&mut key, Some(last)) }, 0);
        let nothing = lambda("lambda: None");
        in_a_storm(4, || {
            for calls_before in [true, false] {
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            if calls_before {
                                nothing.call::<()>(()).unwrap();
                            }
                            // SAFETY: any value but null has the destructor called.
                            unsafe { libc::pthread_setspecific(key, (&raw const CALLS).cast()) };
                        });
                    }
                });
            }
            // The scopes wait for what the threads do, not for their last destructors.
            while CALLS.load(Ordering::Relaxed) < 2 * 4 * 200 {
                thread::yield_now();
            }
        });
    };
    alone("a_thread_calls_in_its_last_destructors", |_| (), body);
}

#[test]
fn calls_that_sleep_or_run_long_let_others_in() {
    let sleep = lambda("__import__('time').sleep");
    let spin =
        module("spin", "def spin():\n    return sum(range(20_000_000))").function("spin").unwrap();
    let nothing = lambda("lambda: None");
    in_a_storm(2, || {
        let lets_in = |slow: &Function| {
            let (calls, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
            thread::scope(|scope| {
                scope.spawn(|| {
                    let called = match std::ptr::eq(slow, &raw const sleep) {
                        true => slow.call::<()>(0.5),
                        false => slow.call::<i64>(()).map(drop),
                    };
                    called.unwrap();
                    is_over.store(true, Ordering::SeqCst);
                });
                while !is_over.load(Ordering::SeqCst) {
                    nothing.call::<()>(()).unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
            calls.load(Ordering::Relaxed) > 3
        };
        for slow in [&sleep, &spin] {
            // A slow machine may keep this thread waiting.
            assert!((0..5).any(|_| lets_in(slow)), "the slow call kept the others out");
        }
    });
}

#[test]
fn no_caller_starves_in_a_storm_of_short_calls() {
    let nothing = lambda("lambda: None");
    let longest = AtomicU64::new(0);
    let start = Instant::now();
    crowd(24, |_| {
        let begin = Instant::now();
        nothing.call::<()>(()).unwrap();
        longest.fetch_max(begin.elapsed().as_millis() as u64, Ordering::Relaxed);
        start.elapsed() < Duration::from_secs(1)
    });
    // What the documents promise is a second, on a machine that does nothing else.
    assert!(longest.load(Ordering::Relaxed) < 10_000, "a call waited for {longest:?} ms");
}

#[test]
fn errors_and_panics_give_the_turn_back() {
    struct Panics;
    impl<'a> callpy::IntoPython<'a> for Panics {
        fn into_python(self, _: &mut callpy::Scope<'a>) -> callpy::Result<callpy::Object> {
            std::panic::resume_unwind(Box::new("an argument that panics"));
        }
    }
    let fails = lambda("lambda x: x.missing");
    in_a_storm(4, || {
        for _ in 0..200 {
            assert!(matches!(fails.call::<()>(1).unwrap_err().kind(), ErrorKind::Python(_)));
            let panicked =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fails.call::<()>(Panics)));
            assert!(panicked.is_err());
        }
    });
}

#[test]
fn callers_that_come_and_go_leave_no_slot_behind() {
    let nothing = lambda("lambda: None");
    in_a_storm(2, || {
        for _ in 0..300 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| nothing.call::<()>(()).unwrap());
                }
            });
        }
    });
}

#[test]
fn the_end_comes_while_many_wait() {
    alone(
        "the_end_comes_while_many_wait",
        |_| (),
        || {
            let python = python();
            let work = lambda("lambda array: numpy.sort(array)[::2].sum()");
            let entered = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..32 {
                    scope.spawn(|| {
                        let series = [1.0; 2000];
                        loop {
                            match work.call::<f64>(&series) {
                                Ok(sum) => assert_eq!(sum, 1000.0),
                                Err(error) => {
                                    break assert!(matches!(error.kind(), ErrorKind::Ending));
                                }
                            }
                            entered.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
                while entered.load(Ordering::Relaxed) < 500 {
                    thread::yield_now();
                }
                python.end().unwrap();
            });
        },
    );
}

#[test]
#[cfg(target_os = "linux")]
fn the_child_of_a_fork_calls_on() {
    alone(
        "the_child_of_a_fork_calls_on",
        |_| (),
        || {
            let [fork, wait, exit] =
                ["os:fork", "os:waitpid", "os:_exit"].map(|name| python().function(name).unwrap());
            let same = lambda("lambda n: n");
            let functions = module("meetings", MEETINGS);
            let [ping, pong] = ["ping", "pong"].map(|name| functions.function(name).unwrap());
            in_a_storm(4, || {
                for _ in 0..5 {
                    let child: i64 = fork.call(()).unwrap();
                    if child == 0 {
                        // SAFETY: ends this process where it hangs; a busy machine may take its time.
                        unsafe { libc::alarm(120) };
                        crowd(4, |_| {
                            (0..500).for_each(|n| assert_eq!(same.call::<i64>(n).unwrap(), n));
                            false
                        });
                        wait_for_each_other([&ping, &pong]);
                        exit.call::<()>(7).unwrap();
                    }
                    assert_eq!(wait.call::<(i64, i64)>((child, 0)).unwrap(), (child, 7 << 8));
                }
            });
        },
    );
}

#[test]
fn a_series_of_calls_keeps_order_and_errors() {
    let invert = lambda("lambda x: 1 / x");
    let results = invert.map::<f64, _>([1.0, 0.0, 4.0]);
    assert_eq!(results.len(), 3);
    assert_eq!((*results[0].as_ref().unwrap(), *results[2].as_ref().unwrap()), (1.0, 0.25));
    assert_eq!(
        results[1].as_ref().unwrap_err().exception().unwrap().type_name(),
        "ZeroDivisionError"
    );
    assert!(invert.map::<f64, f64>([]).is_empty());

    let total = lambda("lambda array, factor: array.sum() * factor");
    let series = [vec![1.0, 2.0], vec![3.0]];
    let totals = total.map::<f64, _>(series.iter().zip([10, 100]));
    let totals: Vec<f64> = totals.into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(totals, [30.0, 300.0]);
}

#[test]
fn a_series_of_calls_lets_others_in() {
    // Sorting holds the interpreter lock, and no Python code runs that would give it up.
    let sort = lambda("sorted").lends();
    let nothing = lambda("lambda: None");
    let values: Vec<i64> = (0..200_000).rev().collect();
    let lets_in = || {
        let (is_over, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let results = sort.map::<callpy::Object, _>((0..40).map(|_| &values[..]));
                assert!(results.iter().all(Result::is_ok));
                is_over.store(true, Ordering::SeqCst);
            });
            while !is_over.load(Ordering::SeqCst) {
                nothing.call::<()>(()).unwrap();
                calls.fetch_add(1, Ordering::Relaxed);
            }
        });
        calls.load(Ordering::Relaxed) > 3
    };
    // A slow machine may keep this thread waiting.
    assert!((0..5).any(|_| lets_in()), "the series kept the other caller out");
}
