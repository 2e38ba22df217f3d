//! A call ends when its time is up or it is cancelled: always on workers, and in this process where Python
//! code runs.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::thread;
use std::time::{Duration, Instant};

use callpy::{Cancel, ErrorKind, Function};
use common::{lambda, python};

fn is_deadline(result: callpy::Result<()>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline), "{error:#}");
    error.to_string()
}

fn is_cancelled(result: callpy::Result<()>) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error:#}");
    assert!(error.to_string().ends_with(": it was cancelled"), "{error}");
}

fn the_earlier_deadline_counts(endless: &Function) {
    let (short, long) = (Duration::from_millis(20), Duration::from_secs(60));
    for [first, second] in [[short, long], [long, short]] {
        let text = is_deadline(endless.within(first).within(second).call(()));
        assert!(text.contains("20ms"), "{text}");
    }
}

/// `wait` waits until a call of the function, which does not return, is under way.
fn each_cancel_counts(endless: &Function, wait: impl Fn()) {
    for cancelled in [&[0][..], &[1], &[0, 1]] {
        let cancels = [Cancel::new(), Cancel::new()];
        let called = endless.cancelled_by(&cancels[0]).cancelled_by(&cancels[1]);
        thread::scope(|scope| {
            let call = scope.spawn(|| called.call(()));
            wait();
            cancelled.iter().for_each(|&which| cancels[which].cancel());
            is_cancelled(call.join().unwrap());
        });
        is_cancelled(called.call(()));
    }
}

#[cfg(target_os = "linux")]
mod on_workers {
    use super::*;

    use callpy::{Python, Workers};
    use common::labour::{function, wait_for_free, workers};
    use common::{file, wait_for};

    #[test]
    fn a_worker_that_only_says_that_it_has_answered_holds_no_one_up() {
        let workers = workers(1);
        let echo = function(&workers, "echo");
        let say = function(&workers, "say_answered").within(Duration::from_millis(50));
        // After some calls the caller looks for what the worker says, where there are cores enough.
        (0..100).for_each(|it| assert_eq!(echo.call::<i64>(it).unwrap(), it));
        is_deadline(say.call(()));
        (0..100).for_each(|it| assert_eq!(echo.call::<i64>(it).unwrap(), it));
    }

    #[test]
    fn a_call_is_cancelled_whatever_it_does() {
        let workers = workers(1);
        let folder = tempfile::tempdir().unwrap();
        let mut stopped = 0;
        let mut stop = |name| {
            stopped += 1;
            let cancel = Cancel::new();
            let called = function(&workers, name).cancelled_by(&cancel);
            let begun = folder.path().join(format!("{name}{stopped}"));
            thread::scope(|scope| {
                let call = scope.spawn(|| called.call(begun.as_path()));
                // A call that is cancelled before its function begins is not made.
                wait_for("the function", || begun.exists());
                cancel.cancel();
                is_cancelled(call.join().unwrap());
            });
            // One that begins after that is not made.
            is_cancelled(called.call(()));
        };
        costs_no_worker(&workers, || stop("spin"));
        costs_no_worker(&workers, || stop("sleep"));
        let id: u32 = function(&workers, "pid").call(()).unwrap();
        stop("will_not_stop");
        assert_ne!(function(&workers, "pid").call::<u32>(()).unwrap(), id);
        let statistics = workers.statistics();
        assert_eq!((statistics.cancelled, statistics.deadlines), (2 * stopped, 0));
    }

    #[test]
    fn a_caller_that_waits_is_cancelled() {
        let workers = workers(1);
        let (first, second) = (Cancel::new(), Cancel::new());
        let sleep = function(&workers, "sleep").cancelled_by(&first);
        let waits = function(&workers, "sleep").cancelled_by(&second);
        thread::scope(|scope| {
            let busy = scope.spawn(|| sleep.call(()));
            wait_for("a busy worker", || workers.statistics().busy == 1);
            let waiting = scope.spawn(|| waits.call(()));
            wait_for("a waiting caller", || workers.statistics().waiting == 1);
            second.cancel();
            is_cancelled(waiting.join().unwrap());
            assert_eq!((workers.statistics().waiting, workers.statistics().busy), (0, 1));
            first.cancel();
            is_cancelled(busy.join().unwrap());
        });
    }

    #[test]
    fn each_limit_counts_beside_those_before_it() {
        let workers = workers(1);
        let sleep = function(&workers, "sleep");
        the_earlier_deadline_counts(&sleep);
        each_cancel_counts(&sleep, || {
            wait_for("a busy worker", || workers.statistics().busy == 1);
        });
        // Nor does what is left of two that cancelled one call end the next.
        wait_for_free(&workers, 2);
        let (pid, other) = (function(&workers, "pid"), Cancel::new());
        let before: u32 = pid.call(()).unwrap();
        assert_eq!(pid.cancelled_by(&other).call::<u32>(()).unwrap(), before);
        // While it waits for a worker, too.
        thread::scope(|scope| {
            let busy = Cancel::new();
            let sleeps = sleep.cancelled_by(&busy);
            scope.spawn(move || is_cancelled(sleeps.call(())));
            wait_for("a busy worker", || workers.statistics().busy == 1);
            the_earlier_deadline_counts(&sleep);
            each_cancel_counts(&sleep, || {
                wait_for("a waiting caller", || workers.statistics().waiting == 1);
            });
            busy.cancel();
        });
    }

    #[test]
    fn a_map_is_cancelled_as_a_whole() {
        let workers = workers(1);
        let cancel = Cancel::new();
        let sleep = function(&workers, "sleep_for").cancelled_by(&cancel);
        thread::scope(|scope| {
            let map = scope.spawn(|| sleep.map::<(), _>([60.0; 5]));
            wait_for("a busy worker", || workers.statistics().busy == 1);
            cancel.cancel();
            map.join().unwrap().into_iter().for_each(is_cancelled);
        });
        assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
    }

    #[test]
    fn the_next_call_is_not_cancelled() {
        let workers = workers(1);
        let echo = function(&workers, "echo");
        for round in 0..1000_i64 {
            let cancel = Cancel::new();
            let cancelled = echo.cancelled_by(&cancel);
            thread::scope(|scope| {
                scope.spawn(|| cancel.cancel());
                match cancelled.call::<i64>(round) {
                    Ok(value) => assert_eq!(value, round),
                    error => is_cancelled(error.map(|_| ())),
                }
            });
            let other = Cancel::new();
            assert_eq!(echo.cancelled_by(&other).call::<i64>(round).unwrap(), round);
        }
        few_were_lost(&workers);
    }

    #[test]
    fn a_signal_that_comes_late_ends_no_other_call() {
        let workers = workers(1);
        let [block, unblock] =
            ["block_interrupts", "unblock_interrupts"].map(|name| function(&workers, name));
        for _ in 0..3 {
            costs_no_worker(&workers, || {
                // It returns before the grace is over. On a slow machine its time may be up before it blocks
                // the signal.
                if let Err(error) = block.within(Duration::from_millis(100)).call::<()>(()) {
                    return is_deadline(Err(error)).clear();
                }
                assert_eq!(unblock.call::<i64>(()).unwrap(), 499_500);
            });
        }
    }

    #[test]
    fn a_worker_that_was_stopped_in_an_import_is_not_used_again() {
        let workers = workers(1);
        let folder = tempfile::tempdir().unwrap();
        let source = "
import os, time
if os.path.exists(__file__ + '.wait'):
    open(__file__ + '.begun', 'w').close()
    time.sleep(60)
value = 7
";
        let [module, wait, begun] =
            ["slow.py", "slow.py.wait", "slow.py.begun"].map(|name| folder.path().join(name));
        std::fs::write(module, source).unwrap();
        std::fs::write(&wait, "").unwrap();
        let import = function(&workers, "import_slowly");
        let path = folder.path().to_str().unwrap();
        let cancel = Cancel::new();
        let cancelled = import.cancelled_by(&cancel);
        thread::scope(|scope| {
            let call = scope.spawn(|| cancelled.call::<i64>(path));
            wait_for("the import", || begun.exists());
            cancel.cancel();
            is_cancelled(call.join().unwrap().map(drop));
        });
        std::fs::remove_file(wait).unwrap();
        assert_eq!(import.call::<i64>(path).unwrap(), 7);
        wait_for("another worker", || workers.statistics().started == 3);
    }

    #[test]
    fn the_calls_of_a_map_are_stopped_at_once() {
        let workers = Python::builder().search_path(file("")).workers(2).unwrap();
        wait_for_free(&workers, 3);
        let folder = tempfile::tempdir().unwrap();
        let source = "
import labour
def work(path, is_first):
    return labour.begin_and_stay(path) if is_first else labour.is_the_other_alive(path)
";
        std::fs::write(folder.path().join("staged.py"), source).unwrap();
        let target = format!("{}:work", folder.path().join("staged.py").display());
        let work = workers.function(&target).unwrap().within(Duration::from_millis(300));
        let was_asked_meanwhile = |attempt: u32| {
            let path = folder.path().join(attempt.to_string());
            let path = path.to_str().unwrap();
            let mut results = work.map::<bool, _>([(path, true), (path, false)]).into_iter();
            is_deadline(results.next().unwrap().map(drop));
            // While the first was given time to stop, the second was asked to.
            matches!(results.next().unwrap(), Ok(true))
        };
        // On a slow machine their time may be up before they begin.
        assert!((0..20).any(was_asked_meanwhile));
    }

    /// Looks whether the worker lives on. It may be lost where the machine is slow: if it does not answer
    /// within its grace, it is killed.
    fn costs_no_worker(workers: &Workers, mut stop: impl FnMut()) {
        let pid = || function(workers, "pid").call::<u32>(()).unwrap();
        let lives_on = (0..10).any(|_| {
            let before = pid();
            stop();
            pid() == before
        });
        assert!(lives_on);
    }

    /// As `costs_no_worker`, where each of very many calls could have cost one.
    fn few_were_lost(workers: &Workers) {
        let statistics = workers.statistics();
        assert!(statistics.started <= 2 + 100, "{statistics:?}");
        assert_eq!(statistics.crashes, 0);
    }

    #[test]
    fn a_call_ends_whatever_it_does() {
        let workers = workers(1);
        let echo = function(&workers, "echo");
        let short = Duration::from_millis(50);
        let mut stopped = 0;
        // Those that end by the signal, and leave their worker as it was.
        for name in ["spin", "sleep"] {
            costs_no_worker(&workers, || {
                stopped += 1;
                let text = is_deadline(function(&workers, name).within(short).call(()));
                assert!(text.contains("it did not return within 50ms"), "{text}");
            });
        }
        // Those that have to be killed.
        for name in
            ["will_not_stop", "finally_slow", "decompose", "ignore_interrupts", "stop_itself"]
        {
            wait_for("a free worker", || workers.statistics().free > 0);
            stopped += 1;
            is_deadline(function(&workers, name).within(short).call(()));
            assert_eq!(echo.call::<i64>(1).unwrap(), 1, "{name}");
        }
        assert_eq!(workers.statistics().deadlines, stopped);
    }

    #[test]
    fn a_call_that_ends_in_time_is_left_alone_and_so_is_the_next() {
        let workers = workers(1);
        let echo = function(&workers, "echo");
        assert_eq!(echo.within(Duration::MAX).call::<i64>(1).unwrap(), 1);
        let soon = echo.within(Duration::from_micros(60));
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
        few_were_lost(&workers);
    }

    #[test]
    fn a_call_whose_time_is_up_at_once_costs_no_worker() {
        let workers = workers(1);
        for limit in [0, 1, 20, 50, 100].map(Duration::from_micros) {
            let sleep = function(&workers, "sleep").within(limit);
            costs_no_worker(&workers, || drop(is_deadline(sleep.call(()))));
        }
    }

    #[test]
    fn a_function_may_change_what_an_interrupt_does() {
        let workers = workers(1);
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
    lambda("lambda: all(True for _ in iter(int, 1))")
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
fn a_call_of_this_process_is_cancelled() {
    python();
    let source = "
import threading
started = threading.Event()
def spin():
    started.set()
    for _ in iter(int, 1): pass

def outlast_deadline():
    try:
        for _ in iter(int, 1): pass
    except BaseException:
        started.set()
        for _ in iter(int, 1): pass
";
    let module = common::module("cancelled", source);
    let wait = lambda("lambda started: started.wait(30) and not started.clear()");
    let started = module.attr("started").unwrap();
    for (name, limit) in [("spin", None), ("outlast_deadline", Some(Duration::from_secs(1)))] {
        let cancel = Cancel::new();
        let mut called = module.function(name).unwrap().cancelled_by(&cancel);
        if let Some(limit) = limit {
            called = called.within(limit);
        }
        thread::scope(|scope| {
            let call = scope.spawn(|| called.call(()));
            assert!(wait.call::<bool>(&started).unwrap());
            cancel.cancel();
            is_cancelled(call.join().unwrap());
        });
        is_cancelled(called.call(()));
    }
}

#[test]
fn each_limit_of_a_call_of_this_process_counts() {
    python();
    let source = "
import threading
started = threading.Event()
def spin():
    started.set()
    for _ in iter(int, 1): pass
";
    let module = common::module("limited", source);
    let started = module.attr("started").unwrap();
    let wait = lambda("lambda started: started.wait(30) and not started.clear()");
    the_earlier_deadline_counts(&spin());
    each_cancel_counts(&module.function("spin").unwrap(), || {
        assert!(wait.call::<bool>(&started).unwrap());
    });
}

#[test]
fn no_later_call_of_the_thread_is_cancelled() {
    python();
    let short = lambda("lambda: sum(range(100))");
    for _ in 0..2000 {
        let cancel = Cancel::new();
        let cancelled = short.cancelled_by(&cancel);
        thread::scope(|scope| {
            scope.spawn(|| cancel.cancel());
            match cancelled.call::<i64>(()) {
                Ok(sum) => assert_eq!(sum, 4950),
                error => is_cancelled(error.map(|_| ())),
            }
            assert_eq!(short.call::<i64>(()).unwrap(), 4950);
        });
    }
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
    // Long enough for it to be in its `try`.
    let within = |name| module.function(name).unwrap().within(Duration::from_secs(1));
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

#[test]
fn a_call_within_another_takes_no_deadline_from_it() {
    python();
    let outer = lambda("lambda f: (f(), all(True for _ in iter(int, 1)))");
    let sleep = lambda("lambda: __import__('time').sleep(0.3)").within(Duration::from_millis(100));
    // Both are asked while the inner one sleeps, and CPython has room for one exception a thread.
    // A machine that is late may raise that of the outer one in the inner one.
    let inner = callpy::callback(|| match sleep.call::<()>(()) {
        Err(error) if !matches!(error.kind(), ErrorKind::Deadline) => Err(error),
        _ => Ok(()),
    });
    let error = outer.within(Duration::from_millis(50)).call::<()>((inner,)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline), "{error:#}");
    assert!(error.to_string().contains("50ms"), "{error}");
}
