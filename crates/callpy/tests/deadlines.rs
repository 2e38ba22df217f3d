//! A call ends when its time is up: always on workers, and in this process where Python code runs.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::time::{Duration, Instant};

use callpy::{ErrorKind, Function};
use common::{lambda, python};

fn is_deadline(result: callpy::Result<()>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline), "{error:#}");
    error.to_string()
}

#[cfg(target_os = "linux")]
mod on_workers {
    use super::*;

    use callpy::{Python, Workers};
    use common::file;

    fn workers() -> Workers {
        Python::builder().require(["numpy"]).search_path(file("")).workers(1).unwrap()
    }

    fn function(workers: &Workers, name: &str) -> Function {
        workers.function(&format!("labour:{name}")).unwrap()
    }

    #[test]
    fn a_call_ends_whatever_it_does() {
        let workers = workers();
        let [echo, pid] = ["echo", "pid"].map(|name| function(&workers, name));
        let short = Duration::from_millis(50);
        // Those that end by the signal, and leave their worker as it was.
        for name in ["spin", "sleep"] {
            let id: u32 = pid.call(()).unwrap();
            let text = is_deadline(function(&workers, name).within(short).call(()));
            assert!(text.contains("it did not return within 50ms"), "{text}");
            assert_eq!(pid.call::<u32>(()).unwrap(), id, "{name}");
        }
        // Those that have to be killed.
        for name in
            ["will_not_stop", "finally_slow", "decompose", "ignore_interrupts", "stop_itself"]
        {
            is_deadline(function(&workers, name).within(short).call(()));
            assert_eq!(echo.call::<i64>(1).unwrap(), 1, "{name}");
        }
        assert_eq!(workers.statistics().deadlines, 7);
    }

    #[test]
    fn a_call_that_ends_in_time_is_left_alone_and_so_is_the_next() {
        let workers = workers();
        let echo = function(&workers, "echo");
        assert_eq!(echo.within(Duration::MAX).call::<i64>(1).unwrap(), 1);
        let soon = echo.within(Duration::from_micros(60));
        let pid: u32 = function(&workers, "pid").call(()).unwrap();
        let (mut good, mut late) = (0, 0);
        for round in 0..20_000 {
            match soon.call::<i64>(round) {
                Ok(value) => {
                    assert_eq!(value, round);
                    good += 1;
                }
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Deadline), "{error:#}");
                    late += 1;
                }
            }
            assert_eq!(echo.call::<i64>(round).unwrap(), round);
        }
        assert_eq!(good + late, 20_000);
        assert_eq!(workers.statistics().crashes, 0);
        assert_eq!(function(&workers, "pid").call::<u32>(()).unwrap(), pid);
    }

    #[test]
    fn a_call_whose_time_is_up_at_once_costs_no_worker() {
        let workers = workers();
        let id: u32 = function(&workers, "pid").call(()).unwrap();
        for limit in [0, 1, 20, 50, 100].map(Duration::from_micros) {
            is_deadline(function(&workers, "sleep").within(limit).call(()));
            assert_eq!(function(&workers, "pid").call::<u32>(()).unwrap(), id, "{limit:?}");
        }
    }

    #[test]
    fn a_function_may_change_what_an_interrupt_does() {
        let workers = workers();
        function(&workers, "default_interrupts").call::<()>(()).unwrap();
        // The signal then ends the worker.
        let error = function(&workers, "sleep")
            .within(Duration::from_millis(20))
            .call::<()>(())
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline | ErrorKind::Crashed(_)), "{error}");
        assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
    }
}

fn spin() -> Function {
    lambda("lambda: [None for _ in iter(int, 1)]")
}

#[test]
fn python_code_in_this_process_is_asked_to_stop() {
    python();
    let text = is_deadline(spin().within(Duration::from_millis(20)).call(()));
    assert!(text.contains("it did not return within 20ms"), "{text}");
    // A call that ends in time, and one without a deadline, have nothing to do with it.
    let len = python().function("builtins:len").unwrap();
    assert_eq!(len.within(Duration::from_secs(60)).call::<i64>("four").unwrap(), 4);
    assert_eq!(len.within(Duration::MAX).call::<i64>("four").unwrap(), 4);
    assert_eq!(len.call::<i64>("four").unwrap(), 4);
}

#[test]
fn a_function_may_catch_it_as_base_exceptions_are_caught() {
    python();
    // Not `while True`, whose jump back CPython 3.11 and 3.12 leave out of the `try`.
    let source = "
def handle_errors():
    try:
        for _ in iter(int, 1): pass
    except Exception:
        return 'handled'

def handle_all():
    try:
        for _ in iter(int, 1): pass
    except BaseException as error:
        return type(error).__name__
";
    let module = common::module("catchers", source);
    let within = |name| module.function(name).unwrap().within(Duration::from_millis(500));
    is_deadline(within("handle_errors").call(()));
    assert_eq!(within("handle_all").call::<String>(()).unwrap(), "DeadlineExceeded");
}

#[test]
fn no_later_call_of_the_thread_is_asked() {
    python();
    let short = lambda("lambda: sum(range(100))");
    let start = Instant::now();
    let (mut good, mut late) = (0, 0);
    let mut limit = 0;
    while good + late < 20_000 {
        limit = (limit + 37) % 20_000;
        match short.within(Duration::from_nanos(limit)).call::<i64>(()) {
            Ok(sum) => {
                assert_eq!(sum, 4950);
                good += 1;
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Deadline), "{error:#}");
                late += 1;
            }
        }
        assert_eq!(short.call::<i64>(()).unwrap(), 4950, "after {:?}", start.elapsed());
    }
    assert!(good > 0);
}

#[test]
fn several_threads_have_deadlines_of_their_own() {
    python();
    let (spin, short) = (spin(), lambda("lambda: 1"));
    std::thread::scope(|scope| {
        for thread in 1..=4_u64 {
            let (spin, short) = (&spin, &short);
            scope.spawn(move || {
                is_deadline(spin.within(Duration::from_millis(10 * thread)).call(()));
                assert_eq!(short.call::<i64>(()).unwrap(), 1);
            });
        }
    });
}
