//! `map` on workers sends calls ahead of the answers: whatever ends one of them, each is made once.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use callpy::{
    Array, Error, ErrorKind, FromPython, Function, IntoPython, Object, Result, Scope, SharedArray,
};
use common::alone;
use common::labour::{builder, function, workers};

const CALLS: i64 = 40;

/// Makes a map in which one call ends in a way of its own, and returns its error. All others must return, and
/// each must be made as often as it says.
fn map_with(note: &Function, odd: i64, ending: &str) -> Option<Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls");
    let values = [1.0; 100];
    let arguments = (0..CALLS).map(|number| {
        let ending = (number == odd).then_some(ending);
        (path.as_path(), number, ending, &values)
    });
    let results: Vec<Result<i64>> = note.map(arguments);
    let mut error = None;
    for (number, result) in (0..).zip(results) {
        match result {
            Ok(value) => assert_eq!(value, number),
            Err(_) if number == odd => error = result.err(),
            Err(other) => panic!("call {number}, not {odd}: {other:#}"),
        }
    }
    let noted = fs::read_to_string(&path).unwrap();
    let mut noted: Vec<i64> = noted.lines().map(|line| line.parse().unwrap()).collect();
    noted.sort_unstable();
    assert_eq!(noted, (0..CALLS).collect::<Vec<_>>(), "{odd} {ending}");
    error
}

#[test]
fn a_crash_is_an_error_of_one_call() {
    let workers = workers(2);
    let note = function(&workers, "note");
    for odd in [0, 1, 6, 7, CALLS - 1] {
        let error = map_with(&note, odd, "abort").unwrap();
        assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
    }
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn an_exception_is_an_error_of_one_call() {
    let workers = workers(2);
    let note = function(&workers, "note");
    for odd in [0, 6, CALLS - 1] {
        let error = map_with(&note, odd, "raise").unwrap();
        assert!(error.to_string().contains(&format!("ValueError: {odd}")), "{error}");
    }
    assert_eq!(workers.statistics().started, 3);
}

#[test]
fn a_retained_argument_is_an_error_of_one_call() {
    let workers = workers(2);
    let note = function(&workers, "note").lends();
    for odd in [0, 6, 7, CALLS - 1] {
        let error = map_with(&note, odd, "retain").unwrap();
        assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    }
}

#[test]
fn nonsense_costs_a_worker_and_the_calls_that_it_has_begun() {
    let workers = workers(2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls");
    let arguments =
        (0..CALLS).map(|number| (path.as_path(), number, (number == 9).then_some("nonsense")));
    let results: Vec<Result<i64>> = function(&workers, "note").map(arguments);
    for (number, result) in (0..).zip(&results) {
        match result {
            Ok(value) => assert_eq!(*value, number),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
                // The next one on the same worker may have begun, and then it is not made again.
                assert!((9..13).contains(&number), "{number}: {error}");
            }
        }
    }
    assert!(results[9].is_err());
    let noted = fs::read_to_string(&path).unwrap();
    let mut noted: Vec<&str> = noted.lines().collect();
    noted.sort_unstable();
    let count = noted.len();
    noted.dedup();
    assert_eq!(noted.len(), count, "a call was made twice");
}

#[test]
fn workers_are_replaced_in_the_middle_of_a_map() {
    let workers = builder().worker_calls(10).workers(2).unwrap();
    let note = function(&workers, "note");
    (0..2).for_each(|_| assert!(map_with(&note, -1, "").is_none()));
    // All that were used up, but for the last two.
    assert!(workers.statistics().restarts >= 2 * CALLS as u64 / 10 - 2);

    let workers = common::labour::workers(2);
    let note = function(&workers, "note");
    std::thread::scope(|scope| {
        let maps = scope.spawn(|| {
            while workers.statistics().restarts < 2 {
                assert!(map_with(&note, -1, "").is_none());
            }
        });
        while !maps.is_finished() {
            workers.restart();
            std::thread::yield_now();
        }
        maps.join().unwrap();
    });
}

#[test]
fn more_than_the_memory_for_arguments_at_first() {
    let workers = workers(2);
    let series: Vec<Vec<f64>> =
        (0..100).map(|number| vec![f64::from(number); 5_000 + 1_000 * number as usize]).collect();
    let results: Vec<Result<Array<f64>>> =
        function(&workers, "echo").map(series.iter().map(Vec::as_slice));
    for (values, result) in series.iter().zip(results) {
        assert_eq!(result.unwrap()[..], values[..]);
    }
}

#[test]
fn arrays_that_both_have_are_written_by_each_call() {
    let workers = workers(2);
    let scale = function(&workers, "scale_in_place");
    let mut arrays: Vec<SharedArray<f64>> =
        (0..20).map(|_| workers.zeros::<f64>(100).unwrap()).collect();
    for (number, array) in (0..).zip(&mut arrays) {
        array.fill(f64::from(number));
    }
    let results = scale.map::<Object, _>(arrays.iter_mut().map(|array| (array, 3.0)));
    results.into_iter().for_each(|result| drop(result.unwrap()));
    for (number, array) in (0..).zip(&arrays) {
        assert!(array.iter().all(|value| *value == 3.0 * f64::from(number)));
    }
}

#[test]
fn a_conversion_that_panics_leaves_no_answer_to_another_call() {
    struct Panics(i64);
    impl<'a> IntoPython<'a> for Panics {
        fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
            assert!(self.0 < 20, "as a program's own conversion may");
            self.0.into_python(scope)
        }
    }
    let workers = workers(1);
    let echo = function(&workers, "echo");
    for _ in 0..3 {
        let map = || echo.map::<i64, _>((0..30).map(Panics));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(map)).is_err());
        assert_eq!(echo.call::<i64>(-1).unwrap(), -1);
    }
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn an_argument_that_cannot_be_passed_is_an_error_of_its_call() {
    struct Bad(i64);
    impl<'a> IntoPython<'a> for Bad {
        fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
            match self.0 {
                // It can't be pickled.
                7 => common::python().function("builtins:eval")?.call("lambda: 1"),
                number => number.into_python(scope),
            }
        }
    }
    let workers = workers(1);
    let results = function(&workers, "echo").map::<i64, _>((0..30).map(Bad));
    for (number, result) in (0..).zip(results) {
        assert_eq!(result.ok(), (number != 7).then_some(number));
    }
}

#[test]
fn other_callers_get_a_worker_meanwhile() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(echo.map::<i64, _>(0..10_000).iter().all(Result::is_ok));
            }
        });
        while workers.statistics().calls < 100 {
            std::thread::yield_now();
        }
        for number in 0..100 {
            assert_eq!(echo.call::<i64>(number).unwrap(), number);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn maps_of_several_threads_end_though_workers_are_killed() {
    let workers = workers(2);
    let [echo, kill] = ["echo", "kill"].map(|name| function(&workers, name));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for (number, result) in (0..).zip(echo.map::<i64, _>(0..500)) {
                        match result {
                            Ok(value) => assert_eq!(value, number),
                            Err(error) => {
                                assert!(matches!(error.kind(), ErrorKind::Crashed(_)), "{error}");
                            }
                        }
                    }
                }
            });
        }
        for _ in 0..20 {
            kill.call::<()>(libc::SIGKILL).unwrap_err();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn a_conversion_that_calls_a_function_gets_a_worker() {
    const NAME: &str = "a_conversion_that_calls_a_function_gets_a_worker";
    static ECHO: OnceLock<Function> = OnceLock::new();

    /// Calls the pool's function again as it is converted.
    struct Again(i64);
    impl<'a> IntoPython<'a> for Again {
        fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
            ECHO.get().unwrap().call::<i64>(self.0)?.into_python(scope)
        }
    }
    impl FromPython for Again {
        fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Again> {
            let number = i64::from_python(object, scope)?;
            ECHO.get().unwrap().call(number).map(Again)
        }
    }
    alone(
        NAME,
        |_| (),
        || {
            let workers = workers(1);
            let echo = ECHO.get_or_init(|| function(&workers, "echo"));
            let map = || {
                let results: Vec<Result<Again>> = echo.map(0..200_i64);
                for (number, result) in (0..).zip(results) {
                    assert_eq!(result.unwrap().0, number);
                }
                let results: Vec<Result<i64>> = echo.map((0..200).map(Again));
                for (number, result) in (0..).zip(results) {
                    assert_eq!(result.unwrap(), number);
                }
            };
            map();
            // Each has a worker while it waits for one.
            std::thread::scope(|scope| {
                (0..3).for_each(|_| _ = scope.spawn(map));
            });
            assert_eq!(workers.statistics().busy, 0);
        },
    );
}

#[test]
fn an_argument_that_cannot_be_passed_leaves_the_call_before_it_alone() {
    struct Bad(bool);
    impl<'a> IntoPython<'a> for Bad {
        fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
            match self.0 {
                // It can't be pickled.
                true => common::python().function("builtins:eval")?.call("lambda: 1"),
                false => ().into_python(scope),
            }
        }
    }
    let workers = workers(1);
    let abort_once = function(&workers, "abort_once").lends().retries(1);
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls");
        let mut array = workers.zeros::<f64>(100).unwrap();
        let mut array = Some(&mut array);
        let arguments: Vec<_> = (0..10)
            .map(|number| {
                let array = if number == 6 { array.take() } else { None };
                (path.as_path(), number, array, Bad(number == 6))
            })
            .collect();
        for (number, result) in (0..).zip(abort_once.map::<i64, _>(arguments)) {
            match result {
                Ok(value) => assert_eq!(value, number),
                Err(error) => assert_eq!(number, 6, "{error:#}"),
            }
        }
    }
}

#[test]
fn a_worker_that_does_not_read_its_requests_stops_no_one() {
    const NAME: &str = "a_worker_that_does_not_read_its_requests_stops_no_one";
    alone(
        NAME,
        |_| (),
        || {
            let workers = workers(1);
            let results = function(&workers, "answer_unread").map::<Object, _>([100; 200]);
            drop(results);
            function(&workers, "answer_unread").call::<()>(100).unwrap();
            let echo = function(&workers, "echo");
            for number in 0..200 {
                _ = echo.call::<Object>(number);
            }
            assert_eq!(echo.call::<i64>(1).unwrap(), 1);
        },
    );
}
