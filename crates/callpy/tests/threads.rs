//! Any thread may call, drop, end and come back; and Python's own threads may call into Rust.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use callpy::{Array, Function, Given, Object, named};
use common::{COUNTED, alone, eval, lambda, module, python};

#[test]
fn eight_threads_call_at_once() {
    let add = lambda("lambda array, n: array + n");
    let fails = lambda("lambda array: {}[array.size]");
    thread::scope(|scope| {
        for number in 0..8 {
            let (add, fails) = (&add, &fails);
            scope.spawn(move || {
                let series = vec![f64::from(number); 100];
                for round in 0..500 {
                    let sum: Array<f64> = add.call((&series, round)).unwrap();
                    assert_eq!(sum[99], f64::from(number) + f64::from(round));
                    let error = fails.call::<Object>(&series).unwrap_err();
                    assert_eq!(error.exception().unwrap().type_name(), "KeyError");
                }
            });
        }
    });
}

#[test]
fn handles_are_cloned_and_dropped_while_others_call() {
    let make = lambda("lambda: object()");
    let hold = lambda("lambda *all: len(all)");
    thread::scope(|scope| {
        for _ in 0..4 {
            let (make, hold) = (&make, &hold);
            scope.spawn(move || {
                for _ in 0..500 {
                    let object: Object = make.call(()).unwrap();
                    let copies = vec![object.clone(); 3];
                    let other = thread::spawn(move || drop(copies));
                    let again = hold.clone();
                    assert_eq!(again.call::<i64>((&object, object.clone())).unwrap(), 2);
                    other.join().unwrap();
                }
            });
        }
    });
}

#[test]
fn what_is_dropped_on_a_thread_that_never_attached_is_released() {
    let counted = module("counted_dropped", COUNTED);
    let (make, count) = (counted.function("make").unwrap(), counted.function("count").unwrap());
    let objects: Vec<Object> = (0..100).map(|_| make.call(()).unwrap()).collect();
    assert_eq!(count.call::<i64>(()).unwrap(), 100);
    thread::spawn(move || drop(objects)).join().unwrap();
    // The next attachment of any thread releases them.
    python().attach(|_| ()).unwrap();
    comes_to_nothing(&count);
}

/// Waits until a count is 0: another test's thread may be about to release what was queued, and without
/// an interpreter lock an object is deleted when its own thread gets to it.
fn comes_to_nothing(count: &Function) {
    let start = std::time::Instant::now();
    while count.call::<i64>(()).unwrap() != 0 {
        assert!(start.elapsed().as_secs() < 20, "{} are left", count.call::<i64>(()).unwrap());
        thread::yield_now();
    }
}

#[test]
fn what_is_dropped_while_detached_is_released() {
    let counted = module("counted_detached", COUNTED);
    let (make, count) = (counted.function("make").unwrap(), counted.function("count").unwrap());
    python()
        .attach(|py| {
            let object: Object = make.call(()).unwrap();
            py.detach(move || drop(object));
        })
        .unwrap();
    comes_to_nothing(&count);
}

#[test]
fn attachments_nest() {
    let next = lambda("lambda number: number + 1");
    fn go(next: &Function, depth: i64) -> i64 {
        if depth == 0 {
            return next.call(0).unwrap();
        }
        python()
            .attach(|py| {
                let below = py.detach(|| {
                    let below = python().attach(|_| go(next, depth - 1)).unwrap();
                    next.call::<i64>(below).unwrap() - 1
                });
                next.call(below).unwrap()
            })
            .unwrap()
    }
    assert_eq!(go(&next, 30), 31);
}

#[test]
fn a_detached_scope_lets_others_call() {
    let ask = lambda("lambda: 7");
    let answer = python().attach(|py| {
        py.detach(|| thread::scope(|scope| scope.spawn(|| ask.call::<i64>(())).join().unwrap()))
    });
    assert_eq!(answer.unwrap().unwrap(), 7);
}

#[test]
fn a_panic_in_an_attached_or_detached_scope_is_survived() {
    for detached in [false, true] {
        let result = std::panic::catch_unwind(|| {
            python()
                .attach(|py| if detached { py.detach(|| panic!("mine")) } else { panic!("mine") })
        });
        assert!(result.is_err());
        assert_eq!(eval::<i64>("3").unwrap(), 3);
        thread::scope(|scope| scope.spawn(|| eval::<i64>("4").unwrap()).join().unwrap());
    }
}

#[test]
fn a_thread_that_ends_gives_its_state_back() {
    alone(
        "a_thread_that_ends_gives_its_state_back",
        |_| (),
        || {
            let call = lambda("lambda array: array.sum()");
            let states = lambda("lambda: len(sys._current_frames())");
            let one = || {
                let series = vec![1.0; 100];
                thread::spawn({
                    let call = call.clone();
                    move || assert_eq!(call.call::<f64>(&series).unwrap(), 100.0)
                })
            };
            let burst = || {
                let threads: Vec<_> = (0..50).map(|_| one()).collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            };
            (0..20).for_each(|_| burst());
            #[cfg(target_os = "linux")]
            let before = common::resident();
            (0..60).for_each(|_| burst());
            assert!(states.call::<usize>(()).unwrap() <= 3, "thread states stay behind");
            #[cfg(target_os = "linux")]
            {
                let grown = || common::resident().saturating_sub(before);
                // The last of them may be freed a little later.
                let end = Instant::now() + Duration::from_secs(20);
                while grown() >= 4 << 20 {
                    assert!(Instant::now() < end, "{} bytes more after 3,000 threads", grown());
                    thread::sleep(Duration::from_millis(10));
                }
            }
        },
    );
}

thread_local! {
    static AT_THE_END: RefCell<Option<CallsWhenDropped>> = const { RefCell::new(None) };
}

struct CallsWhenDropped(Function, Object, Arc<AtomicUsize>);

impl Drop for CallsWhenDropped {
    fn drop(&mut self) {
        let series = [1.0, 2.0];
        let object: Object = self.0.call((&self.1, &series[..])).unwrap();
        drop(object.clone());
        self.2.fetch_add(object.len().unwrap(), Ordering::SeqCst);
    }
}

#[test]
fn the_destructor_of_a_thread_local_may_call() {
    let make = lambda("lambda object, array: [object, array.sum()]");
    let total = Arc::new(AtomicUsize::new(0));
    for first in [true, false] {
        for _ in 0..20 {
            let (make, total) = (make.clone(), Arc::clone(&total));
            thread::spawn(move || {
                // Before or after callpy has anything of its own in this thread, so that its own
                // destructor comes before or after.
                if first {
                    eval::<i64>("1").unwrap();
                }
                let object = if first { eval("{}").unwrap() } else { make.object().clone() };
                AT_THE_END.set(Some(CallsWhenDropped(make, object, total)));
                assert_eq!(eval::<i64>("2").unwrap(), 2);
            })
            .join()
            .unwrap();
        }
    }
    assert_eq!(total.load(Ordering::SeqCst), 80);
}

#[test]
fn a_thread_that_has_called_is_joined_inside_an_attachment() {
    alone(
        "a_thread_that_has_called_is_joined_inside_an_attachment",
        |_| (),
        || {
            for _ in 0..20 {
                let (end, wait) = mpsc::channel::<()>();
                let thread = caller(wait);
                python().attach(|_| drop(end)).unwrap();
                python().attach(|_| thread.join().unwrap()).unwrap();
            }
            // Nothing of them stays behind.
            comes_to_nothing(&lambda("lambda: len(sys._current_frames()) - 1"));
        },
    );
}

/// Starts a thread that calls once, and then waits for its end.
fn caller(wait: mpsc::Receiver<()>) -> thread::JoinHandle<()> {
    let (called, has_called) = mpsc::channel();
    let thread = thread::spawn(move || {
        assert_eq!(eval::<i64>("1").unwrap(), 1);
        called.send(()).unwrap();
        let _ = wait.recv();
    });
    has_called.recv().unwrap();
    thread
}

/// Memory whose owner has a worker, which it joins.
struct Joins(Vec<f64>, Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>);

impl AsRef<[f64]> for Joins {
    fn as_ref(&self) -> &[f64] {
        &self.0
    }
}

impl Drop for Joins {
    fn drop(&mut self) {
        let (end, worker) = self.1.take().unwrap();
        drop(end);
        worker.join().unwrap();
    }
}

#[test]
fn an_owner_joins_a_thread_that_calls_when_it_is_dropped() {
    alone(
        "an_owner_joins_a_thread_that_calls_when_it_is_dropped",
        |_| (),
        || {
            let owner = || {
                let (end, wait) = mpsc::channel::<()>();
                // It makes one more call before it ends, so it needs the interpreter lock.
                let worker = thread::spawn(move || {
                    let _ = wait.recv();
                    assert_eq!(eval::<i64>("2").unwrap(), 2);
                });
                Given::new(Joins(vec![1.0, 2.0], Some((end, worker))))
            };
            let sum: f64 = lambda("lambda data: data.sum()").call(owner()).unwrap();
            assert_eq!(sum, 3.0);
            // By the collector, out of a cycle.
            let cycle = lambda("lambda data: (lambda it: it.append(it))([data])");
            cycle.call::<()>(owner()).unwrap();
            python().attach(|_| eval::<i64>("__import__('gc').collect()").unwrap()).unwrap();
        },
    );
}

/// Memory whose owner calls when it is dropped.
struct Calls(Vec<f64>);

impl AsRef<[f64]> for Calls {
    fn as_ref(&self) -> &[f64] {
        &self.0
    }
}

static DROPPED: AtomicUsize = AtomicUsize::new(0);

impl Drop for Calls {
    fn drop(&mut self) {
        assert_eq!(eval::<i64>("3").unwrap(), 3);
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn an_owner_calls_when_it_is_dropped_with_its_thread() {
    alone(
        "an_owner_calls_when_it_is_dropped_with_its_thread",
        |_| (),
        || {
            let source = "import threading\nlocal = threading.local()\ndef keep(data):\n    local.data = data\n";
            let keep = module("keeps_for_each_thread", source).function("keep").unwrap();
            for round in 1..=20 {
                let keep = keep.clone();
                thread::spawn(move || keep.call::<()>(Given::new(Calls(vec![1.0]))).unwrap())
                    .join()
                    .unwrap();
                while DROPPED.load(Ordering::SeqCst) < round {
                    assert_eq!(eval::<i64>("4").unwrap(), 4);
                }
            }
        },
    );
}

/// What the callbacks below call.
static CALLED: AtomicUsize = AtomicUsize::new(0);

/// Called from C, by ctypes, on a thread that may hold the interpreter or not.
extern "C" fn back(number: i64) -> i64 {
    CALLED.fetch_add(1, Ordering::SeqCst);
    let series = vec![number as f64; 3];
    let sum: f64 = lambda("lambda array: array.sum()").call(&series).unwrap();
    let error = lambda("lambda: {}['missing']").call::<Object>(()).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "KeyError");
    let object: Object = eval("[1, 2, 3]").unwrap();
    let nested = python().attach(|py| py.detach(|| object.len().unwrap())).unwrap();
    sum as i64 + nested as i64
}

/// Calls `back` as ctypes does: with the interpreter released (CFUNCTYPE) or held (PYFUNCTYPE).
const CALLBACKS: &str = "
import ctypes
import threading

def released(address, number):
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(number)

def held(address, number):
    return ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(number)

def within(kind, address, number, depth):
    # C calls Python, which calls Rust, which calls Python.
    kind = ctypes.PYFUNCTYPE if kind == 'held' else ctypes.CFUNCTYPE
    rust = kind(ctypes.c_int64, ctypes.c_int64)(address)
    def python(number):
        return rust(number)
    return kind(ctypes.c_int64, ctypes.c_int64)(python)(number)

def on_threads(kind, address, count):
    answers = []
    def run():
        answers.append(globals()[kind](address, 2))
    for _ in range(count):
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return answers
";

fn address() -> usize {
    back as extern "C" fn(i64) -> i64 as usize
}

#[test]
fn a_callback_may_call() {
    let callbacks = module("callbacks", CALLBACKS);
    for kind in ["held", "released"] {
        let function = callbacks.function(kind).unwrap();
        for number in 0..100 {
            assert_eq!(function.call::<i64>((address(), number)).unwrap(), 3 * number + 3);
        }
        let within = callbacks.function("within").unwrap();
        assert_eq!(within.call::<i64>((kind, address(), 5, 3)).unwrap(), 18);
        // And with a loan under way.
        let series = [1.0; 10];
        let both =
            lambda("lambda function, address, *, array: (function(address, 1), array.sum())");
        let answer: (i64, f64) =
            both.call((&function, address(), named("array", &series[..]))).unwrap();
        assert_eq!(answer, (6, 10.0));
    }
}

#[test]
fn a_thread_of_pythons_own_may_call_and_end() {
    alone(
        "a_thread_of_pythons_own_may_call_and_end",
        |_| (),
        || {
            let callbacks = module("callbacks", CALLBACKS);
            for kind in ["held", "released"] {
                let on_threads = callbacks.function("on_threads").unwrap();
                let answers: Vec<i64> = on_threads.call((kind, address(), 25)).unwrap();
                assert_eq!(answers, [9; 100]);
            }
            assert_eq!(CALLED.load(Ordering::SeqCst), 200);
            assert!(eval::<usize>("len(sys._current_frames())").unwrap() <= 3);
        },
    );
}

#[test]
fn a_python_thread_and_a_rust_thread_pass_objects_along() {
    let (sender, receiver) = mpsc::channel::<Object>();
    let producer = thread::spawn(move || {
        for number in 0..200 {
            sender.send(eval(&format!("[{}] * 3", number % 7)).unwrap()).unwrap();
        }
    });
    let total: usize = receiver.iter().map(|object| object.len().unwrap()).sum();
    producer.join().unwrap();
    assert_eq!(total, 600);
}

#[test]
fn all_threads_come_at_the_same_moment() {
    let all = Barrier::new(16);
    let sum = lambda("lambda array: array.sum()");
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                all.wait();
                let series = vec![1.0; 1000];
                assert_eq!(sum.call::<f64>(&series).unwrap(), 1000.0);
            });
        }
    });
}

#[test]
fn numpy_leaves_a_free_threaded_python_free() {
    let python = python();
    let free = python.interpreter().unwrap().is_free_threaded();
    // Arrays both ways, so that all that callpy itself imports has been.
    let sum: f64 = lambda("lambda a: a.sum()").call(&[1.0, 2.0]).unwrap();
    assert_eq!(sum, 3.0);
    assert_eq!(python.has_interpreter_lock().unwrap(), !free);
}

/// A signal that the program's threads block until one of them waits for it stays theirs.
#[test]
#[cfg(target_os = "linux")]
fn threads_of_callpys_own_block_signals() {
    let call = lambda("lambda: 1");
    thread::spawn(move || assert_eq!(call.call::<i64>(()).unwrap(), 1)).join().unwrap();
    let status = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("status")).unwrap_or_default()
    };
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    for status in tasks.map(status).filter(|status| status.contains("callpy-reaper")) {
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        let blocked = u64::from_str_radix(blocked.trim(), 16).unwrap();
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGCHLD, libc::SIGALRM] {
            assert_ne!(blocked & 1 << (signal - 1), 0, "{signal}");
        }
    }
}
