//! Calls and drops on threads that are in a sub-interpreter: an error, or the main interpreter's answer.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use callpy::{ErrorKind, Function, Object, Python};
use common::{alone, eval, module, python};

/// Runs code in a sub-interpreter, on this thread or on one of Python's.
const SOURCE: &str = "
import sys
import threading

where = 'the main interpreter'

def sub():
    try:
        import _interpreters as interpreters
        return interpreters, interpreters.create()
    except ImportError:
        import _xxsubinterpreters as interpreters
        isolated = {'isolated': False} if sys.version_info >= (3, 10) else {}
        return interpreters, interpreters.create(**isolated)

def here(kind, address):
    code = 'import ctypes\\nctypes.%s(None)(%d)()' % (kind, address)
    interpreters, id = sub()
    run = getattr(interpreters, 'exec', interpreters.run_string)
    failure = run(id, code)
    assert failure is None, failure
    interpreters.destroy(id)

def on_thread(kind, address):
    failures = []
    def run():
        try:
            here(kind, address)
        except BaseException as failure:
            failures.append(failure)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for failure in failures:
        raise failure
";

static OBJECT: OnceLock<Object> = OnceLock::new();
static CLONES: Mutex<Vec<Object>> = Mutex::new(Vec::new());
static CALLED: AtomicUsize = AtomicUsize::new(0);

/// Does on a thread in a sub-interpreter all that can be done with a handle.
extern "C" fn back() {
    let object = OBJECT.get().unwrap();
    // The main interpreter's answer is right as well: where the callback has detached, the thread may
    // have a state of that one.
    match python_len().call::<usize>("four") {
        Ok(length) => assert_eq!(length, 4),
        Err(error) => assert!(matches!(error.kind(), ErrorKind::Attach), "{error}"),
    }
    match Python::running().unwrap().attach(|_| ()) {
        Ok(()) => assert_eq!(object.len().unwrap(), 3),
        Err(error) => {
            assert!(error.to_string().contains("sub-interpreter"), "{error}");
            assert!(matches!(object.len().unwrap_err().kind(), ErrorKind::Attach));
            assert!(matches!(object.repr().unwrap_err().kind(), ErrorKind::Attach));
        }
    }
    // Drops are left to a thread that can attach, and clones are as good as any.
    drop(CLONES.lock().unwrap().pop());
    let clone = object.clone();
    CLONES.lock().unwrap().push(clone.clone());
    drop(clone);
    CALLED.fetch_add(1, Ordering::SeqCst);
}

fn python_len() -> &'static Function {
    static LEN: OnceLock<Function> = OnceLock::new();
    LEN.get_or_init(|| python().function("builtins:len").unwrap())
}

fn address(function: extern "C" fn()) -> usize {
    function as usize
}

#[test]
fn a_callback_in_a_sub_interpreter() {
    alone(
        "a_callback_in_a_sub_interpreter",
        |_| (),
        || {
            let subs = module("subs", SOURCE);
            OBJECT.set(eval("[1, 2, 3]").unwrap()).unwrap();
            python_len();
            for name in ["here", "on_thread"] {
                let run = subs.function(name).unwrap();
                for kind in ["PYFUNCTYPE", "CFUNCTYPE"] {
                    for _ in 0..3 {
                        CLONES.lock().unwrap().push(OBJECT.get().unwrap().clone());
                        run.call::<()>((kind, address(back))).unwrap();
                    }
                }
            }
            assert_eq!(CALLED.load(Ordering::SeqCst), 12);
            // All is as it was.
            assert_eq!(OBJECT.get().unwrap().len().unwrap(), 3);
            assert!(CLONES.lock().unwrap().drain(..).all(|clone| clone.len().unwrap() == 3));
            assert_eq!(subs.attr("where").unwrap().to_string(), "the main interpreter");
        },
    );
}

static BUSY: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);

/// Calls from a sub-interpreter over and over, which must not touch what the main one works with.
extern "C" fn calls() {
    while !STOP.load(Ordering::SeqCst) {
        match OBJECT.get().unwrap().call::<()>(()) {
            Ok(()) => (),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Attach), "{error}"),
        }
        BUSY.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_sub_interpreter_and_the_main_one_call_at_once() {
    alone(
        "a_sub_interpreter_and_the_main_one_call_at_once",
        |_| (),
        || {
            let source = "
class Own:
    pass

own = Own()

def touch():
    for _ in range(100):
        a = b = own

def start(kind, address):
    thread = threading.Thread(target=here, args=(kind, address))
    thread.start()
    return thread
";
            let subs = module("busy_subs", &format!("{SOURCE}{source}"));
            OBJECT.set(subs.attr("touch").unwrap()).unwrap();
            let references = || -> usize {
                let count = python().function("sys:getrefcount").unwrap();
                count.call(subs.attr("own").unwrap()).unwrap()
            };
            let before = references();
            // Where they share a lock, a callback that holds it would never let the main one call.
            let shares_lock = python().interpreter().unwrap().version() < (3, 13, 0);
            let kinds = ["CFUNCTYPE", "PYFUNCTYPE"];
            for kind in &kinds[..if shares_lock { 1 } else { 2 }] {
                let start = subs.function("start").unwrap();
                let thread: Object = start.call((*kind, address(calls))).unwrap();
                while !BUSY.swap(false, Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                for _ in 0..2_000 {
                    OBJECT.get().unwrap().call::<()>(()).unwrap();
                }
                STOP.store(true, Ordering::SeqCst);
                thread.call_method::<()>("join", ()).unwrap();
                STOP.store(false, Ordering::SeqCst);
            }
            assert_eq!(references(), before);
        },
    );
}
