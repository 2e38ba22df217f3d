//! Joining a Python that runs in the process already: that of a host which embeds one, and that of
//! `python` itself, which loads callpy in a library.
#![allow(missing_docs, reason = "a test")]
#![cfg(target_os = "linux")]

mod common;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use callpy::locate::{self, Wanted};
use callpy::{Object, Python};
use common::{alone, guest, told};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};

/// A host's own Python, started without callpy. It is never unloaded, which CPython does not survive.
struct Host(ManuallyDrop<Library>);

impl Host {
    fn start(path: &Path, flags: c_int) -> Host {
        // SAFETY: libpython's initialisers only set up its own globals.
        let library = unsafe { Library::open(Some(path), flags | RTLD_NOW) }.unwrap();
        let host = Host(ManuallyDrop::new(library));
        host.start_again();
        host
    }

    fn start_again(&self) {
        // SAFETY: the function has this signature; on one thread, where none is running.
        unsafe { self.get::<unsafe extern "C" fn(c_int)>("Py_InitializeEx")(0) }
    }

    /// # Safety
    ///
    /// `F` is the type of the function.
    unsafe fn get<F: Copy>(&self, name: &str) -> F {
        // SAFETY: as the caller says.
        *unsafe { self.0.get::<F>(name.as_bytes()) }.unwrap()
    }

    fn run(&self, source: &CStr) {
        // SAFETY: called on the thread that is attached.
        unsafe {
            let run = self.get::<unsafe extern "C" fn(*const c_char, *mut c_void) -> c_int>(
                "PyRun_SimpleStringFlags",
            );
            assert_eq!(run(source.as_ptr(), std::ptr::null_mut()), 0);
        }
    }

    fn detached<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: this thread is attached, and is again afterwards.
        unsafe {
            let save = self.get::<unsafe extern "C" fn() -> *mut c_void>("PyEval_SaveThread");
            let restore = self.get::<unsafe extern "C" fn(*mut c_void)>("PyEval_RestoreThread");
            let state = save();
            let result = work();
            restore(state);
            result
        }
    }

    fn finish(&self) {
        // SAFETY: on the thread that started it, attached.
        assert_eq!(unsafe { self.get::<unsafe extern "C" fn() -> c_int>("Py_FinalizeEx")() }, 0);
    }
}

fn libpython() -> std::path::PathBuf {
    locate::find(&Wanted::default()).unwrap().0.libpython().to_owned()
}

/// Joins, and calls: no NumPy, which the host's Python may lack.
fn joins() -> Python {
    let python = Python::start().unwrap();
    assert!(python.interpreter().is_none() && python.report().is_none());
    let answer = python.module("__main__").unwrap().attr("answer").unwrap();
    assert_eq!(answer.extract::<i64>().unwrap(), 42, "it is the host's interpreter");
    let upper = python.function("builtins:str.upper").unwrap();
    assert_eq!(upper.call::<String>("joined").unwrap(), "JOINED");
    let error = python.function("math:sqrt").unwrap().call::<f64>(-1.0).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "ValueError");
    thread::scope(|scope| {
        for _ in 0..4 {
            let upper = upper.clone();
            scope.spawn(move || assert_eq!(upper.call::<String>("a").unwrap(), "A"));
        }
    });
    python
}

/// Starts a host's Python, joins it from its own thread, and lets the host finalise it.
fn a_hosts_python(flags: c_int) {
    let host = Host::start(&libpython(), flags);
    host.run(c"answer = 42");
    let object = host.detached(|| {
        let python = joins();
        python.function("builtins:list").unwrap().call::<Object>("ab").unwrap()
    });
    // Attached, as an extension module's functions are.
    let python = Python::start().unwrap();
    assert_eq!(object.len().unwrap(), 2);
    let upper = python.function("builtins:str.upper").unwrap();
    assert_eq!(upper.call::<String>("attached").unwrap(), "ATTACHED");
    let copy = object.clone();
    host.run(c"assert answer == 42");

    host.finish();
    // The host's Python is finalised: errors, and drops that do nothing.
    assert!(matches!(object.len().unwrap_err().kind(), callpy::ErrorKind::Ending));
    drop((object.clone(), object));
    thread::spawn(move || {
        assert!(upper.call::<String>("too late").is_err());
        drop(copy);
    })
    .join()
    .unwrap();
}

#[test]
fn a_hosts_python_is_joined() {
    alone("a_hosts_python_is_joined", |_| (), || a_hosts_python(RTLD_GLOBAL));
}

#[test]
fn a_hosts_python_without_global_names_is_joined() {
    alone("a_hosts_python_without_global_names_is_joined", |_| (), || a_hosts_python(RTLD_LOCAL));
}

#[test]
fn a_libpython_that_was_loaded_and_not_started_is_started() {
    alone(
        "a_libpython_that_was_loaded_and_not_started_is_started",
        |_| (),
        || {
            // SAFETY: libpython's initialisers only set up its own globals.
            let library =
                unsafe { Library::open(Some(libpython()), RTLD_NOW | RTLD_GLOBAL) }.unwrap();
            std::mem::forget(library);
            let python = Python::start().unwrap();
            assert!(python.interpreter().is_some());
            let upper = python.function("builtins:str.upper").unwrap();
            assert_eq!(upper.call::<String>("started").unwrap(), "STARTED");
        },
    );
}

/// Starts a thread that has called, and that calls once more when it is told to: too late.
fn late_caller(python: &Python) -> (thread::JoinHandle<callpy::Error>, mpsc::Sender<()>) {
    let upper = python.function("builtins:str.upper").unwrap();
    let (called, is_called) = mpsc::channel();
    let (finish, finished) = mpsc::channel();
    let worker = thread::spawn(move || {
        assert_eq!(upper.call::<String>("a").unwrap(), "A");
        called.send(()).unwrap();
        finished.recv().unwrap();
        upper.call::<String>("too late").unwrap_err()
    });
    is_called.recv().unwrap();
    (worker, finish)
}

/// Runs a test in a process of its own, whose program has started Python.
fn in_host(name: &str, body: impl FnOnce(Host)) {
    let start = || {
        let host = Host::start(&libpython(), RTLD_GLOBAL);
        host.run(c"answer = 42");
        body(host);
    };
    alone(name, |_| (), start);
}

/// A thread that has called outlives its host's Python, calls once more, and ends.
#[test]
fn a_thread_ends_after_its_hosts_python() {
    in_host("a_thread_ends_after_its_hosts_python", |host| {
        let (worker, finish) = host.detached(|| late_caller(&joins()));
        host.finish();
        finish.send(()).unwrap();
        let error = worker.join().unwrap();
        assert!(matches!(error.kind(), callpy::ErrorKind::Ending), "{error}");
        // Time in which a thread state that no longer exists could be destroyed.
        thread::sleep(Duration::from_millis(200));
    });
}

/// A host that starts Python again has another interpreter, in which no handle is valid.
#[test]
fn a_host_starts_python_again() {
    in_host("a_host_starts_python_again", |host| {
        let (list, (worker, finish)) = host.detached(|| {
            let python = joins();
            (eval_list(&python), late_caller(&python))
        });
        host.finish();
        host.start_again();
        host.run(c"kept = [object() for _ in range(100_000)]");
        // Attached, as a function of an extension module is.
        let ended = |error: &callpy::Error| matches!(error.kind(), callpy::ErrorKind::Ending);
        assert!(ended(&list.len().unwrap_err()));
        assert!(Python::start().and_then(|python| python.module("sys")).is_err_and(|e| ended(&e)));
        drop((list.clone(), list));
        host.run(c"assert len(kept) == 100_000");
        finish.send(()).unwrap();
        let error = host.detached(|| worker.join().unwrap());
        assert!(ended(&error), "{error}");
        thread::sleep(Duration::from_millis(200));
        host.run(c"import gc; gc.collect(); del kept; gc.collect()");
        host.finish();
    });
}

/// `multiprocessing` clears the exit handlers in the child of a fork, which goes on.
#[test]
fn a_python_whose_exit_handlers_are_cleared_goes_on() {
    in_host("a_python_whose_exit_handlers_are_cleared_goes_on", |host| {
        let (python, list) = host.detached(|| {
            let list = eval_list(&joins());
            let exec = Python::start().unwrap().function("builtins:exec").unwrap();
            exec.call::<()>("import atexit; atexit._clear()").unwrap();
            (joins(), list)
        });
        host.finish();
        let ended = |error: callpy::Error| matches!(error.kind(), callpy::ErrorKind::Ending);
        assert!(list.len().is_err_and(ended));
        assert!(python.module("sys").is_err_and(ended));
        drop((list.clone(), list));
    });
}

/// A thread whose Python ends under its call stops, also where callpy knew the library before it ran.
#[test]
fn a_python_that_starts_after_a_failed_start_is_joined() {
    const LIBRARY: &str = "CALLPY_TEST_LIBRARY";
    let name = "a_python_that_starts_after_a_failed_start_is_joined";
    alone(
        name,
        |command| {
            command.env(LIBRARY, libpython()).env("CALLPY_PYTHON", "/nowhere");
        },
        || {
            let path = std::env::var_os(LIBRARY).unwrap();
            // SAFETY: libpython's initialisers only set up its own globals.
            let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }.unwrap();
            Python::start().unwrap_err();
            let host = Host(ManuallyDrop::new(library));
            host.start_again();
            host.run(
                c"import os, time
answer = 42

def long(fd):
    os.write(fd, b'1')
    time.sleep(0.7)
",
            );
            let (mut reader, writer) = std::io::pipe().unwrap();
            host.detached(|| {
                joins();
                let long = Python::start().unwrap().function("__main__:long").unwrap();
                let fd = std::os::fd::AsRawFd::as_raw_fd(&writer);
                thread::spawn(move || long.call::<()>(fd));
                std::io::Read::read_exact(&mut reader, &mut [0]).unwrap();
            });
            // It waits for half a second.
            host.finish();
            // The time in which the call returns to a Python that is no more.
            thread::sleep(Duration::from_millis(500));
        },
    );
}

fn eval_list(python: &Python) -> Object {
    python.function("builtins:list").unwrap().call("abc").unwrap()
}

/// A thread uses the library first, with the interpreter lock released, and another one while it has
/// the lock.
const BOTH_START: &str = "
import ctypes, sys, threading, time

answer = 42
released, held = ctypes.CDLL(sys.argv[1]), ctypes.PyDLL(sys.argv[1])
work = held.work
sys.setswitchinterval(10)
thread = threading.Thread(target=released.work)
thread.start()
end = time.perf_counter() + 0.1
while time.perf_counter() < end:
    pass
assert work() == 1
thread.join()
print('python is done')
";

#[test]
fn two_threads_join_at_the_same_moment() {
    assert_eq!(run(BOTH_START, &[]), "");
}

/// What `python` does with the guest library: it calls with the interpreter held and released, from
/// its main thread and from others, and ends as usual.
const SCRIPT: &str = "
import atexit, ctypes, sys, threading

answer = 42
released, held = ctypes.CDLL(sys.argv[1]), ctypes.PyDLL(sys.argv[1])
for library in (released, held):
    for function in (library.work, library.keep, library.keep_thread):
        function.restype = ctypes.c_int64
atexit.register(held.work)

def run():
    for _ in range(10):
        assert held.work() == 1 and released.work() == 1
    held.keep()

assert held.work() == 1 and released.work() == 1
threads = [threading.Thread(target=run) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert held.keep() == 1 and released.keep_thread() == 1
print('python is done')
";

/// Runs a script in `python`, which must succeed, and returns its stderr.
fn run(script: &str, arguments: &[&str]) -> String {
    let python = common::python().interpreter().unwrap().executable();
    let output =
        common::run(Command::new(python).args(["-c", script]).arg(guest()).args(arguments));
    assert!(output.status.success(), "{}", told(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("python is done"), "{}", told(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn python_loads_a_library_that_calls_back() {
    assert_eq!(run(SCRIPT, &[]), "");
}

/// Ends while threads of the library's call functions that take a moment, or longer than the end waits.
const BUSY: &str = "
import ctypes, sys, time

def short():
    time.sleep(0.001)

def long():
    time.sleep(1.2)

library = ctypes.CDLL(sys.argv[1])
library.start_busy(ctypes.c_int64(4), sys.argv[2] == 'long')
print('python is done', flush=True)
if len(sys.argv) > 3:
    # Destroyed when the interpreter is, which keeps that from being over before the calls return.
    class Slow:
        def __del__(self, sleep=time.sleep):
            sleep(1.5)
    slow = Slow()
";

#[test]
fn python_ends_while_calls_are_under_way() {
    for _ in 0..5 {
        assert_eq!(run(BUSY, &["short"]), "");
    }
}

#[test]
fn python_ends_while_calls_take_longer_than_it_waits() {
    assert_eq!(run(BUSY, &["long"]), "");
    assert_eq!(run(BUSY, &["long", "slow"]), "");
}

#[test]
fn an_interrupt_after_pythons_end_does_nothing() {
    let script =
        "import ctypes, sys\nctypes.CDLL(sys.argv[1]).interrupt_late()\nprint('python is done')";
    assert_eq!(run(script, &[]), "interrupted\n");
}
