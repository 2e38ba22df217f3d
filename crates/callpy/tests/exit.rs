//! The end of the process, however it comes about: exit handlers have run, nothing printed is lost,
//! nothing hangs and nothing crashes.
//!
//! Each case runs in this program, started again, on its main thread.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::io::Write as _;
use std::process::{Command, ExitCode, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use callpy::{Array, ErrorKind, Object, Python};
use common::{eval, lambda, module, python, told};

struct Case {
    name: &'static str,
    /// What the child does; if it returns, `main` does.
    run: fn(),
    code: i32,
    /// What the child must have printed, in this order.
    printed: &'static [&'static str],
    /// What it must have said on stderr.
    said: &'static str,
    times: usize,
}

const STAYS_ATTACHED: &str =
    "callpy: Python cannot end while thread \"holds the lock\" stays attached";

const PYTHONS_STAYS_ATTACHED: &str =
    "callpy: Python cannot end while a thread of Python's stays attached";

const CASES: &[Case] = &[
    case("main_returns", exit_handlers, 0, &["handler", "flushed at the end"]),
    case("main_panics", main_panics, 101, &["handler", "flushed at the end"]),
    case("exit_on_main", exit_on_main, 7, &["handler", "flushed at the end"]),
    case("exit_on_another_thread", exit_on_another_thread, 7, &["handler", "flushed at the end"]),
    case("exit_while_main_calls", exit_while_main_calls, 7, &["handler", "flushed at the end"]),
    case("exit_while_attached", exit_while_attached, 7, &["handler", "flushed at the end"]),
    case("exit_while_detached", exit_while_detached, 7, &["handler", "flushed at the end"]),
    case("exit_in_a_callback_held", || exit_in_a_callback("PYFUNCTYPE"), 9, &["handler"]),
    case("exit_in_a_callback_released", || exit_in_a_callback("CFUNCTYPE"), 9, &["handler"]),
    case(
        "started_on_a_thread_that_is_gone",
        started_on_a_thread,
        0,
        &["handler", "flushed at the end"],
    ),
    case(
        "threading_imported_on_a_thread_that_is_gone",
        threading_on_a_thread,
        0,
        &["thread done", "handler"],
    ),
    case("python_threads_are_joined", python_threads, 0, &["thread done", "handler"]),
    case("daemon_threads_are_not", daemon_threads, 0, &["handler"]),
    case("logging_is_flushed", logging, 0, &["remembered until the end"]),
    case("a_thread_pool_is_left_open", || pool("ThreadPoolExecutor(2)"), 0, &["handler"]),
    case("a_process_pool_is_left_open", || pool("ProcessPoolExecutor(2)"), 0, &["handler"]),
    case(
        "a_spawned_process_pool_is_left_open",
        || pool("ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('spawn'))"),
        0,
        &["handler"],
    ),
    case("a_handler_fails", a_handler_fails, 0, &["third", "second", "first"]),
    case("a_handler_calls_rust", || a_handler_calls_rust("PYFUNCTYPE"), 0, &["42 from Rust"]),
    case(
        "a_handler_calls_rust_detached",
        || a_handler_calls_rust("CFUNCTYPE"),
        0,
        &["42 from Rust"],
    ),
    Case {
        said: "callpy: an exit handler of Python's calls exit",
        ..case("a_handler_exits", || a_handler_exits("PYFUNCTYPE"), 0, &["handler"])
    },
    Case {
        said: "callpy: an exit handler of Python's calls exit",
        ..case("a_handler_exits_detached", || a_handler_exits("CFUNCTYPE"), 0, &["handler"])
    },
    case("a_handler_exits_at_the_end", a_handler_exits_at_the_end, 9, &["handler"]),
    case(
        "a_child_forked_at_the_end_exits",
        || forks_at_the_end(true),
        0,
        &["the child ended with 3", "handler"],
    ),
    case(
        "a_child_forked_as_the_process_exits_exits",
        || forks_at_the_end(false),
        0,
        &["the child ended with 3", "handler"],
    ),
    case("a_thread_of_pythons_calls_rust", a_thread_calls_rust, 0, &["42 from Rust"]),
    case("a_call_under_way_calls_rust", a_call_calls_rust, 0, &["handler", "42 from Rust"]),
    case("threads_are_said_to_be_awaited", threads_are_awaited, 0, &["daemons: slow one", "done"]),
    case("handlers_are_said_to_be_awaited", handlers_are_awaited, 0, &["exit handlers", "done"]),
    Case {
        said: STAYS_ATTACHED,
        ..case("another_thread_stays_attached", || stays_attached(false), 7, &[])
    },
    Case {
        said: STAYS_ATTACHED,
        ..case("another_thread_stays_attached_at_the_end", || stays_attached(true), 7, &[])
    },
    Case {
        said: PYTHONS_STAYS_ATTACHED,
        ..case("a_thread_of_pythons_stays_attached", pythons_stays_attached, 0, &[])
    },
    case(
        "a_handler_uses_a_librarys_storage",
        || storage(false),
        0,
        &["main: True", "handler: True"],
    ),
    case("a_librarys_storage_after_the_end", || storage(true), 0, &["main: True", "handler: True"]),
    case("a_librarys_destructor_uses_python", || destructor(false), 0, &["handler", "destroyed"]),
    case(
        "a_librarys_destructor_uses_python_after_the_end",
        || destructor(true),
        0,
        &["handler", "destroyed"],
    ),
    case(
        "a_librarys_destructor_uses_python_beside_daemon_threads",
        || {
            daemon_threads();
            destructor(false);
        },
        0,
        &["handler", "destroyed"],
    ),
    case(
        "a_librarys_destructor_uses_python_on_another_thread",
        || {
            destructor(false);
            exit_on_another_thread();
        },
        7,
        // The library was loaded after Python started, so there its destructor comes first.
        &["destroyed", "handler"],
    ),
    case("an_exit_handler_of_c_ends_python", exit_handler_of_c, 0, &["handler", "ended: true"]),
    case(
        "main_ends_python",
        main_ends_python,
        0,
        &["handler", "flushed at the end", "after the end"],
    ),
    case(
        "a_guard_ends_python",
        a_guard_ends_python,
        101,
        &["handler", "flushed at the end", "later"],
    ),
    case("the_end_on_the_main_thread", end_on_main, 0, &["closed on its own thread"]),
    case("threads_are_joined_after_the_end", join_after_the_end, 0, &["handler", "joined"]),
    case("the_end_inside_an_attachment", end_while_attached, 0, &["an error", "handler"]),
    case("a_detached_part_of_an_attachment_calls", detached_part_calls, 0, &["handler", "1"]),
    case("the_end_in_a_callback", end_in_a_callback, 0, &["an error", "handler"]),
    case("stdout_is_closed", stdout_is_closed, 0, &[]),
    case("calls_are_errors_from_then_on", calls_are_errors, 0, &["ending", "handler is done"]),
    case("handles_outlive_python", handles_outlive_python, 0, &["dropped"]),
    case("numpy_has_threads", numpy_has_threads, 0, &["handler"]),
    Case { times: 10, ..case("threads_are_in_blas", threads_are_in_blas, 0, &["handler"]) },
    Case { times: 25, ..case("eight_threads_call", eight_threads_call, 0, &["handler"]) },
    Case { times: 10, ..case("threads_end_meanwhile", threads_end_meanwhile, 0, &["handler"]) },
];

const fn case(name: &'static str, run: fn(), code: i32, printed: &'static [&'static str]) -> Case {
    Case { name, run, code, printed, said: "", times: 1 }
}

const CHILD: &str = "CALLPY_TEST_EXIT";

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(CHILD) {
        (CASES.iter().find(|case| case.name == name).unwrap().run)();
        return ExitCode::SUCCESS;
    }
    let (options, filters): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let wanted = |case: &&Case| {
        filters.is_empty() || filters.iter().any(|filter| case.name.contains(filter.as_str()))
    };
    let wanted: Vec<&Case> = CASES.iter().filter(wanted).collect();
    if options.iter().any(|option| option == "--list") {
        wanted.iter().for_each(|case| println!("{}: test", case.name));
        return ExitCode::SUCCESS;
    }
    // The environment is created first, so that no child has to.
    python();
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    println!("\nrunning {} tests", wanted.len());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(case) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match check(case) {
                        Ok(()) => println!("test {} ... ok", case.name),
                        Err(reason) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            println!("test {} ... FAILED: {reason}", case.name);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!("\ntest result: {} passed; {failed} failed\n", wanted.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn check(case: &Case) -> Result<(), String> {
    for time in 1..=case.times {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let output = common::run(command.env(CHILD, case.name));
        is_right(case, &output)
            .map_err(|reason| format!("the {time}. time {reason}\n{}", told(&output)))?;
    }
    Ok(())
}

fn is_right(case: &Case, output: &Output) -> Result<(), String> {
    if output.status.code() != Some(case.code) {
        return Err(format!("it ended with {}, not with {}", output.status, case.code));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut rest = &*printed;
    for text in case.printed {
        rest = match rest.split_once(text) {
            Some((_, rest)) => rest,
            None => return Err(format!("{text:?} was not printed there")),
        };
    }
    match String::from_utf8_lossy(&output.stderr).contains(case.said) {
        true => Ok(()),
        false => Err(format!("it did not say {:?}", case.said)),
    }
}

/// Registers a handler that prints, and prints what stays in the buffer of a pipe.
fn exit_handlers() {
    let source = "
import atexit

def last():
    print('handler')
    print('flushed at the end', end='')

atexit.register(last)
";
    module("exit_handlers", source);
}

fn main_panics() {
    exit_handlers();
    panic!("on purpose");
}

fn exit_on_main() {
    exit_handlers();
    std::process::exit(7);
}

fn exit_on_another_thread() {
    exit_handlers();
    thread::spawn(|| std::process::exit(7));
    loop {
        thread::park();
    }
}

fn exit_while_main_calls() {
    exit_handlers();
    let (reader, mut writer) = std::io::pipe().unwrap();
    thread::spawn(move || {
        let mut one = [0];
        std::io::Read::read_exact(&mut &reader, &mut one).unwrap();
        std::process::exit(7)
    });
    // Python itself says when it is in the call.
    let call = lambda("lambda write, wait: (write(), wait())");
    writer.flush().unwrap();
    let write: Object = lambda("lambda fd: (lambda: __import__('os').write(fd, b'1'))")
        .call(std::os::fd::AsRawFd::as_raw_fd(&writer))
        .unwrap();
    let wait = eval::<Object>("__import__('threading').Event().wait").unwrap();
    call.call::<Object>((write, wait)).unwrap();
}

fn exit_while_attached() {
    exit_handlers();
    let series = vec![1.0; 10];
    let sum = lambda("lambda array: array.sum()");
    python()
        .attach(|_| {
            let _: f64 = sum.call(&series).unwrap();
            std::process::exit(7)
        })
        .unwrap()
}

fn exit_while_detached() {
    exit_handlers();
    python().attach(|py| py.detach(|| std::process::exit(7))).unwrap()
}

extern "C" fn exit_now() {
    let _: i64 = eval("1").unwrap();
    std::process::exit(9)
}

fn exit_in_a_callback(kind: &str) {
    exit_handlers();
    let call =
        lambda("lambda kind, address, array: getattr(__import__('ctypes'), kind)(None)(address)()");
    let series = [1.0, 2.0];
    call.call::<()>((kind, exit_now as extern "C" fn() as usize, &series[..])).unwrap();
}

fn started_on_a_thread() {
    thread::spawn(exit_handlers).join().unwrap();
    assert_eq!(eval::<i64>("1").unwrap(), 1);
}

fn threading_on_a_thread() {
    thread::spawn(|| {
        module("imports_threading", "import threading, concurrent.futures\n");
    })
    .join()
    .unwrap();
    python_threads();
}

fn python_threads() {
    exit_handlers();
    let source = "
import threading

def run(gate):
    gate.wait()
    for _ in range(300000):
        pass
    print('thread done')

gate = threading.Event()
# Threads that a thread of Rust's starts are daemons unless they are told not to be.
threading.Thread(target=run, args=(gate,), daemon=False).start()
gate.set()
";
    module("python_threads", source);
}

fn daemon_threads() {
    exit_handlers();
    let source = "
import threading

started = threading.Event()

def run():
    started.set()
    while True:
        sum(range(100))

threading.Thread(target=run, daemon=True).start()
threading.Thread(target=threading.Event().wait, daemon=True).start()
started.wait()
";
    module("daemon_threads", source);
}

fn logging() {
    let source = "
import logging.handlers
import sys

target = logging.StreamHandler(sys.stdout)
memory = logging.handlers.MemoryHandler(1000, logging.CRITICAL, target)
logging.getLogger('exit').addHandler(memory)
logging.getLogger('exit').error('remembered until the end')
";
    module("logs", source);
}

fn pool(pool: &str) {
    exit_handlers();
    let source = format!(
        "
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import math
import multiprocessing

pool = {pool}
first = pool.submit(math.factorial, 5).result()
pending = [pool.submit(math.factorial, 2000) for _ in range(20)]
"
    );
    let pool = module("pools", &source);
    assert_eq!(pool.attr("first").unwrap().extract::<i64>().unwrap(), 120);
}

fn a_handler_fails() {
    let source = "
import atexit
import sys

atexit.register(print, 'first')
atexit.register(lambda: 1 / 0)
atexit.register(print, 'second')
atexit.register(sys.exit, 3)
atexit.register(print, 'third')
";
    module("failing_handlers", source);
}

extern "C" fn forty_two() -> i64 {
    let object: Object = eval("[40, 2]").unwrap();
    let copy = object.clone();
    drop(object);
    let series = [40.0, 2.0];
    let sum: Array<f64> = lambda("lambda array: array.cumsum()").call(&series[..]).unwrap();
    assert_eq!(copy.len().unwrap(), 2);
    sum[1] as i64
}

fn address() -> usize {
    forty_two as extern "C" fn() -> i64 as usize
}

fn a_handler_calls_rust(kind: &str) {
    let source = "
import atexit
import ctypes

def register(kind, address):
    function = getattr(ctypes, kind)(ctypes.c_int64)(address)
    atexit.register(lambda: print(function(), 'from Rust'))
";
    let register = module("calls_rust", source).function("register").unwrap();
    register.call::<()>((kind, address())).unwrap();
}

/// A handler of Python's that calls a function in Rust which exits the process, and one after it.
fn a_handler_exits(kind: &str) {
    let source = "
import atexit
import ctypes

def register(kind, address):
    function = getattr(ctypes, kind)(None)(address)
    atexit.register(lambda: (print('handler', flush=True), function()))
";
    let register = module("exits", source).function("register").unwrap();
    register.call::<()>((kind, exit_now as extern "C" fn() as usize)).unwrap();
}

fn a_handler_exits_at_the_end() {
    a_handler_exits("PYFUNCTYPE");
    python().end().unwrap();
    unreachable!("the handler has exited");
}

/// A thread of Python's forks while another one runs the exit handlers, and the child exits as C does.
fn forks_at_the_end(ends: bool) {
    let source = "
import atexit
import ctypes
import os
import signal
import threading

begun, forked = threading.Event(), threading.Event()
process = os.getpid()

def run():
    begun.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        ctypes.CDLL(None).exit(3)
    status = os.waitpid(child, 0)[1]
    print('the child ended with', status >> 8 if status & 255 == 0 else -status)
    forked.set()

def handler():
    if os.getpid() == process:
        begun.set()
        forked.wait()
        print('handler')

threading.Thread(target=run, daemon=True).start()
atexit.register(handler)
";
    module("forks", source);
    if ends {
        python().end().unwrap();
    }
}

/// Writes a byte as soon as a Rust thread gets the error that Python is ending.
fn when_ending(mut writer: std::io::PipeWriter) {
    let call = lambda("lambda: 1");
    thread::spawn(move || {
        let error = loop {
            match call.call::<i64>(()) {
                Ok(one) => assert_eq!(one, 1),
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind(), ErrorKind::Ending), "{error}");
        writer.write_all(b"1").unwrap();
    });
}

fn a_thread_calls_rust() {
    let source = "
import ctypes
import os
import threading

def start(fd, address):
    def run():
        os.read(fd, 1)
        print(ctypes.CFUNCTYPE(ctypes.c_int64)(address)(), 'from Rust')
    threading.Thread(target=run, daemon=False).start()
";
    let (reader, writer) = std::io::pipe().unwrap();
    let start = module("thread_calls_rust", source).function("start").unwrap();
    start.call::<()>((std::os::fd::IntoRawFd::into_raw_fd(reader), address())).unwrap();
    when_ending(writer);
}

/// A call that waits for the handler, and then calls back.
fn a_call_calls_rust() {
    let source = "
import atexit
import ctypes
import os
import threading

begun = threading.Event()
handled = threading.Event()

def handler():
    print('handler')
    handled.set()

atexit.register(handler)

def call(address):
    begun.set()
    handled.wait()
    print(ctypes.CFUNCTYPE(ctypes.c_int64)(address)(), 'from Rust', flush=True)
";
    let module = module("call_calls_rust", source);
    let call = module.function("call").unwrap();
    // The Rust function imports something that takes longer than a call may take at the end.
    lambda("len");
    thread::spawn(move || call.call::<()>(address()).unwrap());
    module.attr("begun").unwrap().call_method::<bool>("wait", ()).unwrap();
}

/// Sends stderr through a pipe, from which `said` reads.
const STDERR: &str = "
import os
import threading

reader, writer = os.pipe()
os.dup2(writer, 2)

def said():
    return os.read(reader, 1000).decode()
";

fn threads_are_awaited() {
    let source = "
def run():
    print(said())
    print('done')

threading.Thread(target=run, name='slow one', daemon=False).start()
";
    module("slow_threads", &format!("{STDERR}{source}"));
}

fn handlers_are_awaited() {
    let source = "
import atexit

def handler():
    print(said())
    print('done')

atexit.register(handler)
";
    module("slow_handlers", &format!("{STDERR}{source}"));
}

fn stays_attached(ends: bool) {
    exit_handlers();
    let python = python();
    let has_lock = python.has_interpreter_lock().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let attach = move || {
        python.attach(|_| {
            sender.send(()).unwrap();
            loop {
                thread::park();
            }
        })
    };
    thread::Builder::new().name("holds the lock".to_owned()).spawn(attach).unwrap();
    receiver.recv().unwrap();
    if !has_lock {
        // No one need wait for that thread. The message names the threads that must be waited for.
        python.end().unwrap();
        eprintln!("{STAYS_ATTACHED}");
    } else if ends {
        assert!(matches!(python.end().unwrap_err().kind(), ErrorKind::Ending));
    }
    std::process::exit(7);
}

static IS_HELD: AtomicBool = AtomicBool::new(false);

extern "C" fn hold_the_lock() {
    IS_HELD.store(true, Ordering::SeqCst);
    loop {
        thread::park();
    }
}

/// One that callpy does not know, in a function in C that keeps the interpreter lock.
fn pythons_stays_attached() {
    exit_handlers();
    let has_lock = python().has_interpreter_lock().unwrap();
    let source = "
import ctypes
import os
import threading

def start(fd, address):
    hold = ctypes.PYFUNCTYPE(None)(address)
    threading.Thread(target=lambda: (os.read(fd, 1), hold()), daemon=True).start()
";
    let (reader, mut writer) = std::io::pipe().unwrap();
    let start = module("holds", source).function("start").unwrap();
    let address = hold_the_lock as extern "C" fn() as usize;
    start.call::<()>((std::os::fd::IntoRawFd::into_raw_fd(reader), address)).unwrap();
    writer.write_all(b"1").unwrap();
    while !IS_HELD.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    if !has_lock {
        // No one need wait for that thread.
        eprintln!("{PYTHONS_STAYS_ATTACHED}");
    }
}

/// A library in C++ has destroyed what it keeps for this thread when C's exit handlers run.
fn storage(ends: bool) {
    let source = "
import atexit
import ctypes

def load(path):
    library = ctypes.CDLL(path)
    library.use_storage.restype = ctypes.c_bool
    print('main:', library.use_storage())
    atexit.register(lambda: print('handler:', library.use_storage()))
";
    let load = module("uses_storage", source).function("load").unwrap();
    load.call::<()>(common::guest().to_str().unwrap()).unwrap();
    if ends {
        python().end().unwrap();
    }
}

/// A library's destructor acquires the interpreter lock, as torch's do.
fn destructor(ends: bool) {
    let source = "
import atexit
import ctypes
import os

@ctypes.CFUNCTYPE(None)
def destroyed():
    os.write(1, b'destroyed\\n')

def register():
    # What C++ calls for each static object.
    assert ctypes.CDLL(None).__cxa_atexit(destroyed, None, None) == 0
    atexit.register(lambda: print('handler', flush=True))
";
    module("has_destructor", source).function("register").unwrap().call::<()>(()).unwrap();
    if ends {
        python().end().unwrap();
    }
}

fn exit_handler_of_c() {
    static PYTHON: OnceLock<Python> = OnceLock::new();
    extern "C" fn end() {
        println!("ended: {}", PYTHON.get().is_some_and(|python| python.end().is_ok()));
    }
    unsafe extern "C" {
        safe fn atexit(callback: extern "C" fn()) -> i32;
    }
    // Before Python starts: so it is called after callpy's own handler.
    atexit(end);
    exit_handlers();
    PYTHON.set(python()).unwrap();
}

fn main_ends_python() {
    exit_handlers();
    let call = lambda("lambda: 1");
    let object: Object = eval("[1, 2]").unwrap();
    python().end().unwrap();
    println!("after the end");
    for error in [call.call::<i64>(()).unwrap_err(), object.len().unwrap_err()] {
        assert!(matches!(error.kind(), ErrorKind::Ending), "{error}");
    }
    let error = thread::spawn(move || call.call::<i64>(()).unwrap_err()).join().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Ending), "{error}");
    drop((object.clone(), object));
    Python::running().unwrap().end().unwrap();
}

fn a_guard_ends_python() {
    struct Later;
    impl Drop for Later {
        fn drop(&mut self) {
            println!("later");
        }
    }
    let _later = Later;
    let _end = python().end_on_drop();
    exit_handlers();
    panic!("on purpose");
}

fn end_on_main() {
    let source = "
import atexit
import sqlite3

connection = sqlite3.connect(':memory:')

def close():
    connection.close()
    print('closed on its own thread')

atexit.register(close)
";
    module("connects", source);
    python().end().unwrap();
}

fn join_after_the_end() {
    exit_handlers();
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for seed in 0..4 {
            let sender = sender.clone();
            scope.spawn(move || {
                let begun = std::cell::Cell::new(Some(sender));
                busy(seed, || {
                    begun.take().into_iter().for_each(|begun| begun.send(()).unwrap());
                    false
                });
            });
        }
        (0..4).for_each(|_| receiver.recv().unwrap());
        python().end().unwrap();
    });
    println!("joined");
}

fn end_while_attached() {
    exit_handlers();
    let error = python().attach(|_| python().end().unwrap_err()).unwrap();
    assert!(matches!(error.kind(), ErrorKind::Attach), "{error}");
    let error = python().attach(|py| py.detach(|| python().end().unwrap_err())).unwrap();
    assert!(matches!(error.kind(), ErrorKind::Attach), "{error}");
    println!("an error");
    assert_eq!(eval::<i64>("1").unwrap(), 1);
    python().end().unwrap();
}

/// What an attachment does in `detach` is part of it, even after the end has begun.
fn detached_part_calls() {
    exit_handlers();
    let one = lambda("lambda: 1");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (end, has_ended) = std::sync::mpsc::channel();
    let attached = thread::spawn(move || {
        python().attach(|py| {
            py.detach(move || {
                begun.send(()).unwrap();
                has_ended.recv().unwrap();
                println!("{}", one.call::<i64>(()).unwrap());
            });
        })
    });
    has_begun.recv().unwrap();
    python().end().unwrap();
    end.send(()).unwrap();
    attached.join().unwrap().unwrap();
}

extern "C" fn end_now() {
    let error = Python::running().unwrap().end().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Attach), "{error}");
    println!("an error");
}

fn end_in_a_callback() {
    exit_handlers();
    let call = lambda("lambda kind, address: getattr(__import__('ctypes'), kind)(None)(address)()");
    for kind in ["PYFUNCTYPE", "CFUNCTYPE"] {
        call.call::<()>((kind, end_now as extern "C" fn() as usize)).unwrap();
    }
}

fn stdout_is_closed() {
    let source = "
import os

print('lost', end='')
os.close(1)
";
    module("closed", source);
}

fn calls_are_errors() {
    // The handler waits until a Rust thread has noticed that Python is ending.
    let source = "
import atexit
import os

def register(fd):
    def handler():
        os.read(fd, 1)
        print('handler is done')
    atexit.register(handler)
";
    let (reader, mut writer) = std::io::pipe().unwrap();
    let register = module("errors_at_the_end", source).function("register").unwrap();
    register.call::<()>(std::os::fd::AsRawFd::as_raw_fd(&reader)).unwrap();
    std::mem::forget(reader);
    let object: Object = eval("[1, 2]").unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let call = lambda("lambda: 1");
        let copy = object.clone();
        sender.send(()).unwrap();
        let error = loop {
            match call.call::<i64>(()) {
                Ok(one) => assert_eq!(one, 1),
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind(), ErrorKind::Ending), "{error}");
        assert!(matches!(copy.len().unwrap_err().kind(), ErrorKind::Ending));
        assert_eq!(copy.to_string(), "<a Python object>");
        drop((copy.clone(), copy, object));
        println!("ending");
        writer.write_all(b"1").unwrap();
    });
    receiver.recv().unwrap();
}

static DROPPED: AtomicBool = AtomicBool::new(false);

fn handles_outlive_python() {
    /// Dropped with the main thread's locals, after Python's end or before.
    struct Last(Object);
    impl Drop for Last {
        fn drop(&mut self) {
            let _ = self.0.clone().len();
            DROPPED.store(true, Ordering::SeqCst);
            println!("dropped");
        }
    }
    thread_local!(static LAST: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) });
    LAST.set(Some(Last(eval("[1]").unwrap())));
    let _: f64 = lambda("lambda array: array.sum()").call(&[1.0][..]).unwrap();
}

fn numpy_has_threads() {
    exit_handlers();
    let product = lambda("lambda a: a.reshape(300, 300) @ a.reshape(300, 300)");
    let a = vec![1.0; 90_000];
    let b: Array<f64> = product.call(&a).unwrap();
    assert_eq!(b[0], 300.0);
}

/// What eight threads do over and over: lend, fail, make, clone, drop.
fn busy(seed: usize, stop: impl Fn() -> bool) {
    let add = lambda("lambda array, n: array * n + n");
    let fails = lambda("lambda array: {}[array.size]");
    let make = lambda("lambda: [object()]");
    let series = vec![seed as f64; 1_000];
    let ends = |error: callpy::Error| match error.kind() {
        ErrorKind::Ending => (),
        _ => panic!("{error}"),
    };
    while !stop() {
        match add.call::<Array<f64>>((&series, 2)) {
            Ok(sum) => assert_eq!(sum[0], seed as f64 * 2.0 + 2.0),
            Err(error) => return ends(error),
        }
        match fails.call::<Object>(&series) {
            Err(error) if error.exception().is_some() => (),
            Err(error) => return ends(error),
            Ok(_) => panic!("this must fail"),
        }
        match make.call::<Object>(()) {
            Ok(object) => drop((object.clone(), object.len())),
            Err(error) => return ends(error),
        }
    }
}

fn eight_threads_call() {
    exit_handlers();
    let (sender, receiver) = std::sync::mpsc::channel();
    for seed in 0..8 {
        let sender = sender.clone();
        thread::spawn(move || {
            let calls = std::cell::Cell::new(0);
            busy(seed, || {
                calls.set(calls.get() + 1);
                if calls.get() == 3 {
                    sender.send(()).unwrap();
                }
                false
            });
        });
    }
    // All eight are running when main returns.
    (0..8).for_each(|_| receiver.recv().unwrap());
}

fn threads_are_in_blas() {
    exit_handlers();
    let product = lambda("lambda a: a.reshape(200, 200) @ a.reshape(200, 200)");
    let (sender, receiver) = std::sync::mpsc::channel();
    for _ in 0..6 {
        let (product, sender) = (product.clone(), sender.clone());
        thread::spawn(move || {
            let a = vec![1.0; 40_000];
            let mut begun = Some(sender);
            while let Ok(b) = product.call::<Array<f64>>(&a) {
                assert_eq!(b[0], 200.0);
                begun.take().into_iter().for_each(|begun| begun.send(()).unwrap());
            }
        });
    }
    (0..6).for_each(|_| receiver.recv().unwrap());
}

fn threads_end_meanwhile() {
    exit_handlers();
    let (sender, receiver) = std::sync::mpsc::sync_channel(0);
    for seed in 0..4 {
        let sender = sender.clone();
        thread::spawn(move || {
            loop {
                let calls = AtomicUsize::new(0);
                let short = move || busy(seed, || calls.fetch_add(1, Ordering::Relaxed) == 2);
                let thread = thread::Builder::new().spawn(short).unwrap();
                thread.join().unwrap();
                let _ = sender.try_send(());
            }
        });
    }
    (0..8).for_each(|_| receiver.recv().unwrap());
}
