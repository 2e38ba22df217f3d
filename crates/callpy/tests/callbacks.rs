//! Rust closures that Python calls: what they take and return, how long they live, and what they raise.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::error::Error as _;
use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use callpy::{Array, ErrorKind, Module, Object, Result, callback, callback_mut};
use common::{lambda, module, python};
use ndarray::ArrayView2;

fn caller() -> Module {
    module(
        "callers",
        "
import threading

kept = []

def call(function, *arguments):
    return function(*arguments)

def keep(function):
    kept.append(function)
    return function(1.0)

def call_kept(*arguments):
    return kept[-1](*arguments)

def let_go():
    kept.clear()

def on_threads(function, count):
    results = []
    threads = [threading.Thread(target=lambda i=i: results.append(function(i))) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)

def swallow(function):
    try:
        function(1.0)
    except Exception as error:
        return type(error).__module__ + '.' + type(error).__name__ + ': ' + str(error)

def wrap(function):
    try:
        return function(1.0)
    except Exception as error:
        raise LookupError('wrapped') from error

def reraise_later(function):
    try:
        function(1.0)
    except Exception as error:
        caught = error
    raise caught

def catch_value_error(function):
    try:
        return function(1.0)
    except ValueError as error:
        return 'caught ' + str(error)
",
    )
}

#[test]
fn a_closure_takes_and_returns_what_calls_do() {
    let module = caller();
    let call = module.function("call").unwrap();
    let offset = 0.5;
    assert_eq!(call.call::<f64>((callback(|x: f64| x + offset), 1.0)).unwrap(), 1.5);
    assert_eq!(call.call::<i64>((callback(|| 7),)).unwrap(), 7);
    assert_eq!(
        call.call::<String>((
            callback(|a: &str, b: String, n: usize| a.repeat(n) + &b),
            "a",
            "b",
            2
        ))
        .unwrap(),
        "aab"
    );
    let sum = callback(|row: &[f64]| row.iter().sum::<f64>());
    assert_eq!(call.call::<f64>((sum, vec![1.0, 2.0])).unwrap(), 3.0);
    let shape = callback(|table: ArrayView2<'_, i64>| table.dim());
    let table = Array::try_from(vec![1_i64, 2, 3, 4]).unwrap();
    let reshape = lambda("lambda f, a: f(a.reshape(2, 2)[:, ::-1])");
    assert_eq!(reshape.call::<(usize, usize)>((shape, &table)).unwrap(), (2, 2));
    let twice = callback(|values: &[f64]| values.iter().map(|x| 2.0 * x).collect::<Vec<f64>>());
    let doubled: Array<f64> = call.call((twice, &[1.0, 2.0])).unwrap();
    assert_eq!(doubled[..], [2.0, 4.0]);
    let nothing = callback(|_: Object| ());
    call.call::<()>((nothing, "x")).unwrap();
}

#[test]
fn a_closure_may_change_what_it_has_captured() {
    let module = caller();
    let mut seen = Vec::new();
    let see = callback_mut(|x: i64| seen.push(x));
    lambda("lambda f: [f(i) for i in range(3)] and None").call::<()>(see).unwrap();
    assert_eq!(seen, [0, 1, 2]);

    // It would be called while it runs.
    let function: Mutex<Option<Object>> = Mutex::new(None);
    let mut depth = 0;
    let nested = callback_mut(|x: i64| -> Result<i64> {
        depth += 1;
        let function = function.lock().unwrap().clone();
        function.unwrap().call(x)
    });
    let run = lambda("lambda f, tell: (tell(f), f(1))[1]");
    let tell = callback(|it: Object| *function.lock().unwrap() = Some(it));
    let error = run.call::<i64>((nested, tell)).unwrap_err();
    assert!(error.to_string().contains("this callback runs already"), "{error}");
    assert_eq!(depth, 1);
    drop(module);
}

#[test]
fn a_wrong_call_is_an_error_that_says_what_was_expected() {
    let module = caller();
    let call = module.function("call").unwrap();
    let add = || callback(|a: f64, b: f64| a + b);
    let error = call.call::<f64>((add(), 1.0)).unwrap_err();
    assert!(error.to_string().contains("a callback takes 2 arguments, got 1"), "{error}");
    let error = call.call::<f64>((add(), 1.0, "x")).unwrap_err();
    let expected = "argument 2 of a callback: expected f64, got the str 'x'";
    assert!(error.to_string().contains(expected), "{error}");
    let named = lambda("lambda f: f(a=1)");
    let error = named.call::<f64>(callback(|a: f64| a)).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "TypeError");
    let error =
        call.call::<f64>((callback(|row: &[f64]| row.len()), vec![[1.0, 2.0]])).unwrap_err();
    assert!(
        error.to_string().contains("expected an array with one axis, got one with 2"),
        "{error}"
    );
}

#[test]
fn a_scoped_callback_is_taken_back_when_its_call_ends() {
    let module = caller();
    let count = AtomicUsize::new(0);
    let counting = callback(|x: f64| {
        count.fetch_add(1, Ordering::Relaxed);
        x
    });
    assert_eq!(module.function("keep").unwrap().call::<f64>(counting).unwrap(), 1.0);
    let error = module.function("call_kept").unwrap().call::<f64>(1.0).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "RuntimeError");
    assert!(error.to_string().contains("lent for one call, which has ended"), "{error}");
    assert_eq!(count.load(Ordering::Relaxed), 1);

    // What the closure owns is dropped with it, although Python still has the callable; also after a panic.
    let owned = Arc::new(());
    let held = Arc::clone(&owned);
    let failing = callback(move |_: f64| -> f64 { panic!("{:?}", held) });
    let keep = module.function("keep").unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| keep.call::<f64>(failing))).is_err());
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn an_owned_callback_lives_as_long_as_python_keeps_it() {
    let module = caller();
    let owned = Arc::new(2.0);
    let held = Arc::clone(&owned);
    let scale = callback(move |x: f64| x * *held).owned();
    assert_eq!(module.function("keep").unwrap().call::<f64>(scale).unwrap(), 2.0);
    assert_eq!(module.function("call_kept").unwrap().call::<f64>(4.0).unwrap(), 8.0);
    assert_eq!(Arc::strong_count(&owned), 2);
    module.function("let_go").unwrap().call::<()>(()).unwrap();
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn an_error_comes_back_as_what_it_was() {
    let module = caller();
    let function = |name| module.function(name).unwrap();
    let fails = || {
        callback(|_: f64| -> Result<f64, ParseIntError> { "x".parse::<i64>().map(|x| x as f64) })
    };
    for name in ["call", "reraise_later"] {
        let error = match name {
            "call" => function(name).call::<f64>((fails(), 1.0)),
            _ => function(name).call::<f64>(fails()),
        };
        let error = error.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Callback), "{error}");
        assert!(error.source().unwrap().is::<ParseIntError>());
    }
    let own = callback(|_: f64| -> Result<f64> { Err(callpy::Error::argument("my very own")) });
    let error = function("call").call::<f64>((own, 1.0)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument));
    assert!(error.to_string().ends_with("my very own"), "{error}");

    let told: String = function("swallow").call(fails()).unwrap();
    assert_eq!(told, "callpy.CallbackError: invalid digit found in string");
    let error = function("wrap").call::<f64>(fails()).unwrap_err();
    let exception = error.exception().unwrap();
    assert_eq!(
        (exception.type_name(), exception.cause().unwrap().type_name()),
        ("LookupError", "CallbackError")
    );
    let text = callback(|_: f64| -> Result<f64, &str> { Err("just text") });
    assert_eq!(
        function("swallow").call::<String>(text).unwrap(),
        "callpy.CallbackError: just text"
    );
}

#[test]
fn an_exception_of_python_goes_through_a_closure_as_itself() {
    let module = caller();
    let fails = lambda("lambda: int('one')");
    let calls = || callback(|_: f64| fails.call::<i64>(()));
    let caught: String = module.function("catch_value_error").unwrap().call(calls()).unwrap();
    assert!(caught.starts_with("caught invalid literal"), "{caught}");
    let error = module.function("call").unwrap().call::<i64>((calls(), 1.0)).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "ValueError");
}

#[test]
fn a_panic_goes_on_where_the_call_was_made() {
    let module = caller();
    let panics = || callback(|_: f64| -> f64 { std::panic::panic_any(42_u8) });
    for name in ["call", "swallow", "wrap"] {
        let function = module.function(name).unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| match name {
            "call" => function.call::<Object>((panics(), 1.0)),
            _ => function.call::<Object>(panics()),
        }));
        assert_eq!(panic.unwrap_err().downcast_ref::<u8>(), Some(&42), "{name}");
    }
    // Nothing is left behind.
    assert_eq!(lambda("lambda: 1").call::<i64>(()).unwrap(), 1);
}

#[test]
fn a_closure_may_call_python_again_and_be_called_by_what_it_calls() {
    python();
    let call = lambda("lambda f, n: f(n)");
    let function: Mutex<Option<Object>> = Mutex::new(None);
    let factorial = callback(|n: u64| -> Result<u64> {
        if n == 0 {
            return Ok(1);
        }
        let this = function.lock().unwrap().clone().unwrap();
        Ok(n * call.call::<u64>((this, n - 1))?)
    });
    let tell = callback(|it: Object| *function.lock().unwrap() = Some(it));
    let run = lambda("lambda f, tell, n: (tell(f), f(n))[1]");
    assert_eq!(run.call::<u64>((factorial, tell, 10)).unwrap(), 3_628_800);
}

#[test]
fn threads_of_python_may_call_at_once() {
    let module = caller();
    let total = AtomicUsize::new(0);
    let add = callback(|n: usize| {
        total.fetch_add(n, Ordering::Relaxed);
        n
    });
    let results: Vec<usize> = module.function("on_threads").unwrap().call((add, 8)).unwrap();
    assert_eq!(results, (0..8).collect::<Vec<_>>());
    assert_eq!(total.load(Ordering::Relaxed), 28);
}

#[test]
fn a_call_waits_for_a_thread_that_is_in_the_closure() {
    let module = module(
        "leavers",
        "
import threading

def leave_behind(function, wait_until_inside):
    thread = threading.Thread(target=function)
    thread.start()
    wait_until_inside()
    return 'left'
",
    );
    let inside = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let (done, told) = (AtomicUsize::new(0), Arc::clone(&inside));
    let python = python();
    let work = callback(|| {
        *told.0.lock().unwrap() = true;
        told.1.notify_all();
        // The other thread can't go on before this lets go of the interpreter lock.
        python
            .attach(|attached| attached.detach(|| (0..20).for_each(|_| std::thread::yield_now())))
            .unwrap();
        done.fetch_add(1, Ordering::SeqCst);
    });
    let wait = callback(|| -> Result<()> {
        python.attach(|attached| {
            attached.detach(|| {
                let mut is_inside = inside.0.lock().unwrap();
                while !*is_inside {
                    is_inside = inside.1.wait(is_inside).unwrap();
                }
            })
        })
    });
    let left: String = module.function("leave_behind").unwrap().call((work, wait)).unwrap();
    assert_eq!((&left[..], done.load(Ordering::SeqCst)), ("left", 1));
}

#[test]
fn a_thread_in_the_closure_may_hold_what_was_lent() {
    let module = module(
        "lent_leavers",
        "
import threading

def leave_behind(function, tell, xs):
    thread = threading.Thread(target=lambda: function(xs))
    thread.start()
    tell()
    return 'left'
",
    );
    let (start, go) = std::sync::mpsc::channel::<()>();
    let go = Mutex::new(go);
    let python = python();
    let waits = callback(|xs: Object| -> Result<()> {
        python.attach(|attached| attached.detach(|| go.lock().unwrap().recv().unwrap()))?;
        drop(xs);
        Ok(())
    });
    // The thread goes on while the call waits for it, or before.
    let tell = callback(|| start.send(()).unwrap());
    let leave = module.function("leave_behind").unwrap().lends();
    assert_eq!(leave.call::<String>((waits, tell, &[1.0, 2.0])).unwrap(), "left");
}

#[test]
fn a_panic_in_a_generator_goes_on_where_it_is_iterated_over() {
    python();
    let panics = callback(|_: i64| -> i64 { std::panic::panic_any(7_u8) }).owned();
    let mut items: callpy::Items<i64> =
        lambda("lambda f: (f(i) for i in range(3))").call(panics).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| items.next())).unwrap_err();
    assert_eq!(panic.downcast_ref::<u8>(), Some(&7));
    assert!(items.next().is_none());
}

#[test]
fn python_sees_a_function() {
    python();
    let shown: (String, bool, String) =
        lambda("lambda f: (f.__name__, callable(f), str(__import__('inspect').signature(f)))")
            .call(callback(|x: f64| x))
            .unwrap();
    assert_eq!(shown, ("callback".to_owned(), true, "(*arguments)".to_owned()));
}

#[test]
fn an_argument_that_is_lent_to_the_outer_call_can_be_read() {
    python();
    let apply = lambda("lambda f, xs: f(xs) + f(xs[1:])").lends();
    let sum = callback(|row: &[f64]| row.iter().sum::<f64>());
    assert_eq!(apply.call::<f64>((sum, &[1.0, 2.0])).unwrap(), 5.0);
}

#[test]
fn a_closure_may_keep_what_is_lent_to_the_outer_call() {
    python();
    let apply = lambda("lambda f, xs: f(xs)").lends();
    let kept = Mutex::new(Vec::new());
    let keep = callback(|it: Object| kept.lock().unwrap().push(it));
    apply.call::<()>((keep, &[1.0, 2.0])).unwrap();
    let sum = lambda("lambda xs: float(sum(xs))");
    assert_eq!(sum.call::<f64>(&kept.into_inner().unwrap()[0]).unwrap(), 3.0);
}
