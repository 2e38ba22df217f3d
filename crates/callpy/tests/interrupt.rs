//! Interrupting Python code on the thread that started Python, from another.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::thread;

use callpy::{Array, Module, Python};
use common::{module, python};

const SOURCE: &str = "
begun = 0

def run(series):
    global begun
    begun += 1
    while True:
        pass

def catch(series):
    try:
        run(series)
    except KeyboardInterrupt:
        return series * 2
";

/// Interrupts, once the function runs for the n-th time.
fn interrupt_when_begun(python: Python, module: &Module, times: &str) {
    while module.attr("begun").unwrap().to_string() != times {
        thread::yield_now();
    }
    python.interrupt();
}

/// What the system does about SIGINT: the address of the handler.
#[cfg(unix)]
#[allow(unsafe_code, reason = "asks the system")]
fn handler() -> usize {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: asks for the present action without setting one; it is filled on success.
    unsafe {
        assert_eq!(libc::sigaction(libc::SIGINT, std::ptr::null(), action.as_mut_ptr()), 0);
        action.assume_init().sa_sigaction
    }
}

/// An exception that is retained holds the argument, until its frames are released, which is interrupted.
const SETTLED: &str = "
import sys

kept = []

def fail(series):
    try:
        raise ValueError
    except ValueError as error:
        kept.append(error)

def interrupt():
    def trace(frame, event, argument):
        if frame.f_code.co_name == 'release':
            sys.settrace(None)
            raise KeyboardInterrupt
    sys.settrace(trace)

def traced():
    return sys.gettrace() is not None
";

// One test: the thread that starts Python is the one that can be interrupted.
#[test]
fn the_starting_thread_is_interrupted_from_another() {
    let python = python();
    let module = module("interrupted", SOURCE);
    let series = [1.5; 1_000];

    // Not enabled: the next call would end with it.
    python.interrupt();
    assert_eq!(module.attr("begun").unwrap().to_string(), "0");

    let error = thread::scope(|scope| scope.spawn(|| python.enable_interrupts()).join().unwrap());
    assert_eq!(error.unwrap_err().exception().unwrap().type_name(), "ValueError");

    #[cfg(unix)]
    let before = handler();
    python.enable_interrupts().unwrap();
    #[cfg(unix)]
    assert_eq!(handler(), before, "the signal is the program's own");

    thread::scope(|scope| {
        scope.spawn(|| interrupt_when_begun(python, &module, "1"));
        let error = module.function("run").unwrap().call::<()>(&series).unwrap_err();
        let exception = error.exception().unwrap();
        assert_eq!(exception.type_name(), "KeyboardInterrupt");
        assert!(exception.traceback().contains("in run"), "{}", exception.traceback());
    });
    // By one that lives on: a thread that ends asks for the interpreter, too.
    thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(|| {
            let wait = wait;
            interrupt_when_begun(python, &module, "2");
            python.attach(|_| ()).unwrap();
            assert!(wait.recv().is_err());
        });
        let error = module.function("run").unwrap().call::<()>(&series).unwrap_err();
        assert_eq!(error.exception().unwrap().type_name(), "KeyboardInterrupt");
        drop(done);
    });
    thread::scope(|scope| {
        scope.spawn(|| interrupt_when_begun(python, &module, "3"));
        let doubled: Array<f64> = module.function("catch").unwrap().call(&series).unwrap();
        assert_eq!(doubled[..], [3.0; 1_000]);
    });

    // Settling is not disturbed by an interrupt, which the next call raises.
    let settled = common::module("settled", SETTLED);
    let [interrupt, traced] = ["interrupt", "traced"].map(|name| settled.function(name).unwrap());
    let fail = settled.function("fail").unwrap().lends();
    interrupt.call::<()>(()).unwrap();
    fail.call::<()>(&series).unwrap();
    let error = traced.call::<bool>(()).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "KeyboardInterrupt");
    assert!(!traced.call::<bool>(()).unwrap());
}
