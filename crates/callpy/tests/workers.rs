//! Functions on workers take and return what they do in this process, and hold what workers promise.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use callpy::{
    Array, Builder, Bytes, Cancel, Copied, CopyReason, Error, ErrorKind, Function, Given, Ignored,
    Items, Like, Object, Workers, named,
};
use common::labour::{builder, function, wait_for_free, workers};
use common::wait_for;

#[test]
fn values_of_every_sort_go_both_ways() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    assert!(echo.call::<bool>(true).unwrap());
    assert_eq!(echo.call::<i64>(i64::MIN).unwrap(), i64::MIN);
    assert_eq!(echo.call::<u64>(u64::MAX).unwrap(), u64::MAX);
    assert_eq!(echo.call::<f64>(0.1).unwrap(), 0.1);
    assert_eq!(echo.call::<String>("é\0\u{1f40d}").unwrap(), "é\0\u{1f40d}");
    assert_eq!(echo.call::<Bytes<Vec<u8>>>(Bytes(&b"\0\xff"[..])).unwrap().0, b"\0\xff");
    assert_eq!(echo.call::<Option<i64>>(None::<i64>).unwrap(), None);
    let list = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(echo.call::<Vec<String>>(list.clone()).unwrap(), list);
    let map = BTreeMap::from([("a".to_owned(), vec![1.5]), ("b".to_owned(), vec![])]);
    assert_eq!(echo.call::<BTreeMap<String, Vec<f64>>>(map.clone()).unwrap(), map);
    let set = BTreeSet::from([1, 2, 3]);
    assert_eq!(echo.call::<BTreeSet<i64>>(set.clone()).unwrap(), set);
    let nested = ((1, "two"), 3.0);
    assert_eq!(echo.call::<((i64, String), f64)>((nested,)).unwrap(), ((1, "two".to_owned()), 3.0));
    echo.call::<()>(((),)).unwrap();
}

#[test]
fn arguments_are_positional_or_keyword_arguments_and_any_number() {
    let workers = workers(1);
    let echo = function(&workers, "echo_all");
    let (values, named): (Vec<i64>, BTreeMap<String, f64>) =
        echo.call((1, 2, named("x", 0.5), named("y", 1.5))).unwrap();
    assert_eq!(values, [1, 2]);
    assert_eq!(named, BTreeMap::from([("x".to_owned(), 0.5), ("y".to_owned(), 1.5)]));

    let mut many = callpy::Arguments::new();
    (0..1000_i64).for_each(|number| {
        many.push(number);
    });
    let (values, _): (Vec<i64>, BTreeMap<String, f64>) = echo.call(many).unwrap();
    assert_eq!(values, (0..1000).collect::<Vec<_>>());
}

#[test]
fn arrays_of_any_size_and_dtype_go_both_ways() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    fn check<T: callpy::Element + for<'a> callpy::Item<'a>>(echo: &Function, values: &[T]) {
        let array: Array<T> = echo.call(values).unwrap();
        assert_eq!(&array[..], values);
    }
    check(&echo, &[true, false, true]);
    check(&echo, &[i8::MIN, 0, i8::MAX]);
    check(&echo, &[0_u16, u16::MAX]);
    check(&echo, &[f32::MIN_POSITIVE, f32::MAX]);
    check(&echo, &[i64::MIN, i64::MAX]);
    check::<f64>(&echo, &[]);
    for len in [1, 63, 64, 512, 4096, 1 << 16, 1 << 20, 5_000_000] {
        let values: Vec<f64> = (0..len).map(|index| index as f64).collect();
        check(&echo, &values);
    }
    // Dtypes without a number of their own, and structure, are pickled.
    let days = [callpy::Datetime64::<callpy::unit::Day>::new(17), callpy::Datetime64::new(18)];
    let array: Array<callpy::Datetime64<callpy::unit::Day>> = echo.call(&days[..]).unwrap();
    assert_eq!(array[..], days);
    let columns: BTreeMap<String, Array<f64>> =
        echo.call(BTreeMap::from([("x".to_owned(), vec![1.0, 2.0])])).unwrap();
    assert_eq!(columns["x"][..], [1.0, 2.0]);
    let (first, second): (Array<f64>, Array<i32>) = echo.call(((&[1.0][..], &[2][..]),)).unwrap();
    assert_eq!((&first[..], &second[..]), (&[1.0][..], &[2][..]));
}

#[cfg(feature = "ndarray")]
#[test]
fn axes_and_strides_are_not_lost() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    let table = ndarray::Array2::from_shape_fn((3, 4), |(row, column)| (10 * row + column) as f64);
    let array: Array<f64> = echo.call(table.view()).unwrap();
    assert_eq!(array.shape(), [3, 4]);
    assert_eq!(array.to_vec(), table.iter().copied().collect::<Vec<_>>());
    let array: Array<f64> = echo.call(table.t()).unwrap();
    assert_eq!(array.shape(), [4, 3]);
    assert_eq!(array.to_vec(), table.t().iter().copied().collect::<Vec<_>>());
}

#[test]
fn what_is_written_comes_back() {
    let workers = workers(1);
    let scale = function(&workers, "scale_in_place");
    for _ in 0..3 {
        let mut values = vec![1.0, 2.0, 3.0];
        scale.call::<()>((&mut values[..], 2.0)).unwrap();
        assert_eq!(values, [2.0, 4.0, 6.0]);
    }
    // What a function owns is its own.
    let is_writable = function(&workers, "is_writable");
    for _ in 0..3 {
        assert!(is_writable.call::<bool>(vec![1.0]).unwrap());
        assert!(is_writable.call::<bool>(&mut [1.0]).unwrap());
        assert!(!is_writable.call::<bool>(&[1.0]).unwrap());
        assert!(!is_writable.call::<bool>(Given::new(vec![1.0])).unwrap());
        assert!(is_writable.call::<bool>(Copied(&[1.0][..])).unwrap());
    }
}

#[test]
fn what_could_not_come_back_is_refused() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    let (mut first, mut second) = ([1.0], [2.0]);
    let days = &mut [callpy::Datetime64::<callpy::unit::Day>::new(17)];
    let errors = [
        echo.call::<Object>(((&mut first, &mut second),)).unwrap_err(),
        echo.call::<Object>(&mut days[..]).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
        let place = "argument 1 of labour:echo: what Python writes to it";
        assert!(error.to_string().contains(place), "{error}");
    }
    let error = echo.call::<Object>(named("value", (&mut first, 1))).unwrap_err();
    assert!(error.to_string().contains("argument \"value\""), "{error}");
    // What is only read may be anywhere.
    let (_, sum): (Array<f64>, f64) = echo.call(((&[1.0][..], 2.0),)).unwrap();
    assert_eq!(sum, 2.0);
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn a_result_that_can_not_leave_costs_no_memory_of_its_worker() {
    let workers = workers(1);
    let [lambda, fill, limit, size] = ["fill_and_lambda", "fill", "limit_memory", "results_size"]
        .map(|it| function(&workers, it));
    fill.call::<Array<f64>>(100_000).unwrap();
    let before: u64 = size.call(()).unwrap();
    for _ in 0..50 {
        let error = lambda.call::<Object>(100_000).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    }
    assert!(size.call::<u64>(()).unwrap() <= 2 * before);

    // One that is too large leaves the worker as it was, and the system alone.
    let broadcast = function(&workers, "broadcast");
    let error = broadcast.call::<Array<f64>>(1_u64 << 40).unwrap_err().to_string();
    let memory =
        "can't leave its worker: MemoryError: there is no shared memory for 8796093022208 bytes";
    assert!(error.contains(memory), "{error}");
    let error =
        workers.function("builtins:bytes").unwrap().call::<Object>(5_u64 << 30).unwrap_err();
    let is_said =
        ["take more than 4 GiB", "MemoryError"].iter().any(|it| error.to_string().contains(it));
    assert!(is_said, "{error}");
    limit.call::<()>(1_u64 << 30).unwrap();
    let error = broadcast.call::<Array<f64>>(1_u64 << 40).unwrap_err();
    assert!(error.to_string().contains("can't leave its worker"), "{error}");
    for count in [1_000, 10_000, 1_000_000] {
        assert_eq!(fill.call::<Array<f64>>(count).unwrap().len(), count);
    }
    assert_eq!(workers.statistics().crashes, 0);
}

#[test]
fn a_caller_that_has_python_may_ask_for_a_function() {
    const NAME: &str = "a_caller_that_has_python_may_ask_for_a_function";

    /// Asks for a function while it is converted, and has Python to itself.
    struct Asks<'w>(&'w Workers);
    impl<'a> callpy::IntoPython<'a> for Asks<'_> {
        fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
            let value: i64 = function(self.0, "echo").call(7)?;
            callpy::IntoPython::into_python(value, scope)
        }
    }

    common::alone(
        NAME,
        |_| (),
        || {
            let folder = tempfile::tempdir().unwrap();
            let [path, end] = ["gate", "end"].map(|name| folder.path().join(name));
            let builder = builder().worker_setup("labour:wait_at_gate");
            let workers = builder.worker_variable("GATE", &path).workers(1).unwrap();
            // No other worker can be had: the spare one ends, and the next waits at the gate.
            std::fs::write(&path, "").unwrap();
            let busy = function(&workers, "end_others_and_wait");
            thread::scope(|scope| {
                scope.spawn(|| busy.call::<()>(end.as_path()).unwrap());
                wait_for("no other worker", || {
                    let statistics = workers.statistics();
                    (statistics.busy, statistics.free) == (1, 0)
                });
                scope.spawn(|| {
                    wait_for("a waiting caller", || workers.statistics().waiting == 1);
                    std::fs::write(&end, "").unwrap();
                });
                let abs = common::python().function("builtins:abs").unwrap();
                assert_eq!(abs.call::<i64>(Asks(&workers)).unwrap(), 7);
            });
        },
    );
}

#[test]
fn functions_are_found_while_all_workers_are_busy() {
    let workers = builder().max_waiting(1).workers(1).unwrap();
    wait_for_free(&workers, 2);
    let [sleep, pid] = ["sleep", "pid"].map(|name| function(&workers, name));
    let cancel = Cancel::new();
    let folder = tempfile::tempdir().unwrap();
    let (file, gate) = (folder.path().join("slow.py"), folder.path().join("gate"));
    let source = "
import os, time
while not os.path.exists(os.path.join(os.path.dirname(__file__), 'gate')):
    time.sleep(0.001)
function = abs
";
    std::fs::write(&file, source).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| sleep.cancelled_by(&cancel).call::<()>(()).unwrap_err());
        wait_for("a busy worker", || workers.statistics().busy == 1);
        let waits = scope.spawn(|| pid.call::<u32>(()).unwrap());
        wait_for("a caller that waits", || workers.statistics().waiting == 1);
        // In the spare worker.
        let found = scope.spawn(|| workers.function(&format!("{}:function", file.display())));
        wait_for("the spare worker to be busy", || workers.statistics().busy == 2);
        // Known by now, and so found without a worker.
        let known = workers.function("labour:pid");
        std::fs::write(&gate, "").unwrap();
        cancel.cancel();
        waits.join().unwrap();
        assert!(found.join().unwrap().is_ok() && known.is_ok());
    });
    assert_eq!((workers.statistics().refused, workers.statistics().waited), (0, 1));
}

#[test]
fn a_restart_leaves_as_many_workers_as_there_should_be() {
    let workers = workers(3);
    let pid = function(&workers, "pid");
    let (is_over, mut least) = (AtomicBool::new(false), usize::MAX);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    pid.call::<u32>(()).unwrap();
                }
            });
        }
        let end = Instant::now() + Duration::from_secs(60);
        let count = || {
            let statistics = workers.statistics();
            (statistics.free + statistics.busy, statistics.started)
        };
        // The spare one comes last.
        while count().0 < 4 && Instant::now() < end {
            thread::yield_now();
        }
        workers.restart();
        // Four were started, and four take their places.
        while count().1 < 8 && Instant::now() < end {
            least = least.min(count().0);
            thread::yield_now();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(least >= 3, "{least}");
    assert_eq!(workers.statistics().crashes, 0);
}

#[test]
fn a_worker_that_waits_for_a_call_uses_no_core() {
    let workers = workers(1);
    let cpu_time = workers.function("time:process_time").unwrap();
    // After calls in a row, it first looks for the next one.
    let before = (0..1000).fold(0.0, |_, _| cpu_time.call::<f64>(()).unwrap());
    thread::sleep(Duration::from_millis(500));
    let used = cpu_time.call::<f64>(()).unwrap() - before;
    assert!(used < 0.25, "{used} s");
}

#[test]
fn a_worker_is_used_again_only_once_it_has_answered() {
    struct Panics(bool);
    impl<'a> callpy::IntoPython<'a> for Panics {
        fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
            assert!(!self.0, "as a program's own conversion may");
            callpy::IntoPython::into_python(0.3, scope)
        }
    }
    let workers = workers(1);
    let [sleep, echo] = ["sleep_for", "echo"].map(|name| function(&workers, name));
    let map = || sleep.map::<(), Panics>([Panics(false), Panics(true)]);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(map)).is_err());
    assert_eq!(echo.call::<i64>(1).unwrap(), 1);
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn workers_are_started_from_the_folder_of_their_pool_but_import_nothing_there() {
    const NAME: &str = "workers_are_started_from_the_folder_of_their_pool_but_import_nothing_there";
    common::alone(
        NAME,
        |_| (),
        || {
            let folder = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| {
                std::fs::write(folder.path().join(name), text).unwrap();
            };
            for name in ["socket", "array", "pickle", "mmap", "ctypes", "fcntl", "termios"] {
                write(&format!("{name}.py"), "raise RuntimeError('not to be imported')");
            }
            write("here.py", "import os\ndef here():\n    return os.getpid()\n");
            // Before that, since it looks for Python.
            common::python();
            std::env::set_current_dir(folder.path()).unwrap();
            let workers = builder().worker_calls(1).workers(1).unwrap();
            let here = workers.function("here.py:here").unwrap();
            let first: u32 = here.call(()).unwrap();
            std::env::set_current_dir("/").unwrap();
            // Long enough that all workers are started after that.
            for _ in 0..4 {
                assert_ne!(here.call::<u32>(()).unwrap(), first);
            }
        },
    );
}

#[test]
fn a_function_that_uses_the_terminal_is_not_stopped() {
    const NAME: &str = "a_function_that_uses_the_terminal_is_not_stopped";
    if common::is_child(NAME) {
        let workers = workers(1);
        let use_terminal = function(&workers, "use_terminal").within(Duration::from_secs(60));
        let found: Vec<String> = use_terminal.call(()).unwrap();
        assert_eq!(found, ["set", "No such device or address"]);
        return;
    }
    // In a terminal that stops even what writes to it from the background.
    let test = common::child(NAME);
    let mut command = Command::new(common::eval::<String>("sys.executable").unwrap());
    command
        .args(["-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"])
        .args(["sh", "-c", "stty tostop && exec \"$0\" \"$@\""])
        .arg(test.get_program())
        .args(test.get_args())
        .envs(test.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = common::run(&mut command);
    let is_done = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(output.status.success() && is_done, "{}", common::told(&output));
}

#[test]
fn results_stay_when_they_are_many_and_when_their_worker_is_gone() {
    let workers = workers(1);
    let fill = function(&workers, "fill");
    let expected = |count: usize| (0..count).map(|index| index as f64).collect::<Vec<_>>();
    let results: Vec<Array<f64>> = (1..200).map(|count| fill.call(count * 100).unwrap()).collect();
    _ = function(&workers, "leave").call::<()>(3).unwrap_err();
    drop((workers, fill));
    let check = move |results: Vec<Array<f64>>| {
        for (count, result) in (1..).zip(&results) {
            assert_eq!(result[..], expected(count * 100));
        }
    };
    // Another thread may drop them.
    thread::spawn(move || check(results)).join().unwrap();
}

#[test]
fn blocks_are_used_again() {
    let workers = workers(1);
    let (fill, size) = (function(&workers, "fill"), function(&workers, "results_size"));
    fill.call::<Array<f64>>(100_000).unwrap();
    fill.call::<Array<f64>>(100_000).unwrap();
    let before: u64 = size.call(()).unwrap();
    for _ in 0..100 {
        fill.call::<Array<f64>>(100_000).unwrap();
    }
    assert_eq!(size.call::<u64>(()).unwrap(), before);
}

#[test]
fn exceptions_arrive_whole() {
    let workers = workers(1);
    let error = function(&workers, "fail").call::<()>("no such thing").unwrap_err();
    let exception = error.exception().unwrap();
    assert_eq!((exception.module(), exception.type_name()), ("builtins", "ValueError"));
    assert_eq!(exception.message(), "no such thing");
    let frame = exception.own_frame().unwrap();
    assert_eq!(frame.function(), "fail");
    assert!(
        exception.traceback().contains("raise ValueError(message)"),
        "{}",
        exception.traceback()
    );

    let error = function(&workers, "fail_below").call::<()>("second").unwrap_err();
    let exception = error.exception().unwrap();
    assert_eq!(exception.type_name(), "KeyError");
    assert_eq!(exception.cause().unwrap().message(), "the first");

    // So is one that was raised from a hundred others.
    let error = function(&workers, "fail_deep").call::<()>(100).unwrap_err();
    let exception = error.exception().unwrap_or_else(|| panic!("{error}"));
    assert_eq!((exception.type_name(), exception.message()), ("ValueError", "100"));
    assert_eq!(exception.cause().unwrap().message(), "99");

    // The worker goes on.
    assert_eq!(function(&workers, "echo").call::<i64>(1).unwrap(), 1);
    assert_eq!(workers.statistics().crashes, 0);
}

#[test]
fn an_exception_that_cannot_be_told_in_full_is_still_one() {
    let workers = workers(1);
    let raise = function(&workers, "raise_odd");
    let told = |what: &str| {
        let error = raise.call::<()>(what).unwrap_err();
        let exception = error.exception().unwrap_or_else(|| panic!("{what}: {error:#}"));
        (exception.type_name().to_owned(), exception.message().to_owned(), exception.clone())
    };
    for what in ["note", "class", "parts", "module", "syntax", "lines", "limit"] {
        let (name, message, exception) = told(what);
        let expected = match what {
            // As in this process: the class hides its name.
            "class" => ("", "odd"),
            "parts" => ("Odd", "<str() raised SystemExit>"),
            "module" => ("Odd", "odd"),
            "syntax" => ("SyntaxError", "odd (f.py, line 1)"),
            _ => ("ValueError", "odd"),
        };
        assert_eq!((&name[..], &message[..]), expected, "{what}");
        let frame = exception.own_frame().map_or("", |frame| frame.function());
        assert_eq!(frame, if what == "lines" { "odd\\udc80" } else { "raise_odd" }, "{what}");
    }
    let notes = told("note").2.notes().to_vec();
    assert_eq!(notes, ["first", "<str() raised RuntimeError>", "last"]);
    assert_eq!(told("module").2.module(), "<unknown>");
    assert_eq!(workers.statistics().crashes, 0);
}

#[test]
fn an_exception_says_what_it_says_in_this_process() {
    fn told(error: &callpy::Error) -> Vec<String> {
        let exception = error.exception().unwrap_or_else(|| panic!("{error}"));
        let classes =
            ["OSError", "Exception", "BaseException", "failing_oddly.Outer.Inner", "KeyError"];
        let is = classes.map(|class| format!("{class}: {}", exception.is(class)));
        let mut told = vec![
            exception.to_string(),
            exception.traceback().to_owned(),
            format!("{:?}", exception.notes()),
            format!("{:?}", exception.missing_module()),
        ];
        told.extend(is);
        told
    }
    let workers = workers(1);
    let here = common::python().module("failing_oddly").unwrap().function("fail").unwrap();
    let there = workers.function("failing_oddly:fail").unwrap();
    let kinds: Vec<String> =
        common::python().module("failing_oddly").unwrap().attr("KINDS").unwrap().extract().unwrap();
    for kind in kinds {
        let here = here.call::<()>(&kind).unwrap_err();
        let there = there.call::<()>(&kind).unwrap_err();
        assert_eq!(told(&there), told(&here), "{kind}");
    }
    assert_eq!(workers.statistics().crashes, 0);
}

#[test]
fn objects_are_copies_on_the_other_side() {
    let workers = workers(1);
    let point: Object = function(&workers, "make_point").call((1.0, 2.0)).unwrap();
    assert_eq!(point.attr("y").unwrap().extract::<f64>().unwrap(), 2.0);
    assert_eq!(function(&workers, "point_sum").call::<f64>(&point).unwrap(), 3.0);

    let error = function(&workers, "lambdas").call::<Object>(()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    assert!(error.to_string().contains("can't leave its worker"), "{error}");
    let lambda: Object = common::eval("lambda: None").unwrap();
    let error = function(&workers, "echo").call::<Object>(&lambda).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
}

#[test]
fn options_with_which_no_worker_can_start_are_errors_that_name_them() {
    let started = |change: fn(Builder) -> Builder| change(builder()).workers(1).unwrap_err();
    let error = started(|it| it.worker_setup("labour.echo")).to_string();
    assert!(error.starts_with("worker_setup: \"labour.echo\" names no function"), "{error}");
    let error = started(|it| it.worker_setup("labour\0:echo")).to_string();
    assert_eq!(error, "worker_setup: it has a zero byte");
    let error = started(|it| it.worker_setup("labour:nothing")).to_string();
    assert!(error.contains("labour:nothing: there is no \"nothing\" in it"), "{error}");
    for (name, value) in [("", "x"), ("A=B", "x"), ("A\0B", "x"), ("A", "x\0")] {
        let error = builder().worker_variable(name, value).workers(1).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
        assert!(error.to_string().starts_with("worker_variable: a variable"), "{error}");
    }
    let error = started(|it| it.worker_setup("labour:raise_odd"));
    assert!(error.to_string().contains("raise_odd() missing 1 required"), "{error}");
    // What is said of it at length does not repeat it.
    assert_eq!(format!("{error:#}").matches("a worker did not start").count(), 1, "{error:#}");
    // One that would never be ready.
    let error = started(|it| {
        it.worker_setup("signal:pause").worker_start_within(Duration::from_millis(100))
    });
    assert!(matches!(error.kind(), ErrorKind::Start), "{error}");
    assert!(error.to_string().ends_with("not ready after 100ms (worker_start_within)"), "{error}");
    assert_eq!(builder().workers(0).unwrap_err().to_string(), "at least one worker is needed");

    // The first call is the earliest after which a worker is replaced.
    let workers = builder().worker_calls(0).workers(1).unwrap();
    wait_for_free(&workers, 2);
    let pid = function(&workers, "pid");
    assert_eq!(workers.statistics().restarts, 0);
    assert_ne!(pid.call::<u32>(()).unwrap(), pid.call::<u32>(()).unwrap());
}

#[test]
fn errors_name_the_function() {
    let workers = builder().max_waiting(0).workers(1).unwrap();
    let begins = |error: Error, expected: &str| {
        let text = error.to_string();
        assert!(text.starts_with(expected), "{text}");
    };
    let call = |name: &str| function(&workers, name).call::<Object>(()).unwrap_err();
    begins(call("make_generator"), "labour:make_generator: a generator can't leave its worker");
    begins(
        call("make_foreign"),
        "the result of labour:make_foreign: it can't be made in this process: ",
    );
    let absent = workers.function("labour:nothing").unwrap_err();
    begins(absent, "labour:nothing: there is no \"nothing\" in it");
    let absent = workers.function("labour:os.curdir").unwrap_err();
    begins(absent, "labour:os.curdir: it is a str, which can't be called");

    let [sleep, pid] = ["sleep", "pid"].map(|name| function(&workers, name));
    let cancel = Cancel::new();
    let sleep = sleep.cancelled_by(&cancel);
    thread::scope(|scope| {
        scope.spawn(|| sleep.call::<()>(()).unwrap_err());
        wait_for("a busy worker", || workers.statistics().busy == 1);
        let refused = pid.call::<u32>(()).unwrap_err();
        cancel.cancel();
        assert!(matches!(refused.kind(), ErrorKind::Busy), "{refused}");
        begins(
            refused,
            "labour:pid: no worker is free, and no caller may wait for one (max_waiting)",
        );
    });
}

#[test]
fn targets_that_lead_nowhere_are_errors_at_once() {
    let workers = workers(1);
    for (target, words) in [
        ("labour:ech", "there is no \"ech\" in it"),
        ("labour:count", "can't be called"),
        ("labour", "names no function"),
        (":echo", "names no module"),
        ("nowhere.py:f", "there is no file nowhere.py"),
    ] {
        let error = workers.function(target).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Target), "{target}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let error = workers.function("no_such_module:f").unwrap_err();
    let exception = error.exception().unwrap();
    assert_eq!(exception.type_name(), "ModuleNotFoundError");
    assert_eq!(exception.missing_module(), Some("no_such_module"));
    // The fix is the same as in this process.
    let here = common::python().function("no_such_module:f").unwrap_err();
    assert_eq!(error.hint(), here.hint());
    assert!(error.to_string().contains("pip install no_such_module"), "{error}");
    let error = function(&workers, "import_missing").call::<()>(()).unwrap_err();
    assert!(error.to_string().contains("pip install missing_in_a_call"), "{error}");
    // Where the workers of this pool search, and not those that were started last.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("missing_in_a_call.py"), "").unwrap();
    let of_path = |method| common::python().function(format!("sys:path.{method}")).unwrap();
    of_path("append").call::<()>(folder.path()).unwrap();
    let others = self::workers(1);
    of_path("remove").call::<()>(folder.path()).unwrap();
    function(&others, "import_missing").call::<()>(()).unwrap();
    let error = function(&workers, "import_missing").call::<()>(()).unwrap_err();
    assert!(error.to_string().contains("pip install missing_in_a_call"), "{error}");
    // A file by its path.
    let echo = workers.function(&common::target("labour.py", "echo")).unwrap();
    assert_eq!(echo.call::<i64>(5).unwrap(), 5);
}

#[test]
fn a_function_that_retains_gets_copies_or_costs_its_worker() {
    let builder = builder().on_retained(|_| ());
    let workers = builder.workers(1).unwrap();
    wait_for_free(&workers, 2);
    let [remember, remembered] = ["remember", "remembered"].map(|name| function(&workers, name));
    for values in [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]] {
        remember.call::<()>(&values).unwrap();
        function(&workers, "total").call::<f64>(&[9.0, 9.0]).unwrap();
        assert_eq!(remembered.call::<Vec<f64>>(()).unwrap(), values);
    }

    // One that did not at its first call.
    let remember_if = function(&workers, "remember_if");
    let process: u32 = function(&workers, "pid").call(()).unwrap();
    remember_if.call::<()>((&[1.0][..], false)).unwrap();
    let error = remember_if.call::<()>((&[1.0][..], true)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    let text = error.to_string();
    assert!(text.contains("it retains argument 1") && text.contains("'last'"), "{text}");
    assert_ne!(function(&workers, "pid").call::<u32>(()).unwrap(), process);

    wait_for_free(&workers, 2);
    // The program may know better; and what the function is passed by value is its own.
    let remember_if = function(&workers, "remember_if").retains();
    remember_if.call::<()>((&[1.0][..], false)).unwrap();
    remember_if.call::<()>((&[1.0][..], true)).unwrap();
    let remember_if = function(&workers, "remember_if").lends();
    remember_if.call::<()>((vec![1.0], true)).unwrap();
    assert_eq!(remembered.call::<Vec<f64>>(()).unwrap(), [1.0]);
}

#[test]
fn receipts_say_what_was_copied() {
    let workers = workers(1);
    let scaled = function(&workers, "scaled");
    let (result, receipt) = scaled.call_with_receipt::<Array<f64>>((&[1.0, 2.0][..], 2.0)).unwrap();
    assert_eq!(result[..], [2.0, 4.0]);
    assert_eq!((receipt.lent_bytes, receipt.borrowed_bytes, receipt.copied_bytes()), (0, 16, 16));
    assert_eq!(receipt.copies[0].reason, CopyReason::Worker);
    let error = scaled.deny_copies().call::<Array<f64>>((&[1.0][..], 2.0)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CopyDenied));
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn as_many_calls_run_at_once_as_there_are_workers() {
    let workers = workers(2);
    let pids: BTreeSet<u32> = thread::scope(|scope| {
        let folder = tempfile::tempdir().unwrap();
        // Each waits for the other.
        let source = "
import os, time
def meet(folder, own, other):
    open(os.path.join(folder, own), 'w').close()
    while not os.path.exists(os.path.join(folder, other)):
        time.sleep(0.001)
    return os.getpid()
";
        let module = tempfile::Builder::new().prefix("meeting").suffix(".py").tempfile().unwrap();
        std::fs::write(module.path(), source).unwrap();
        let meet = workers.function(&format!("{}:meet", module.path().display())).unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let threads: Vec<_> = [("a", "b"), ("b", "a")]
            .into_iter()
            .map(|(own, other)| {
                let (meet, path) = (meet.clone(), path.clone());
                scope.spawn(move || meet.call::<u32>((path, own, other)).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(pids.len(), 2);
}

#[test]
fn callers_wait_in_line_and_the_line_has_an_end() {
    let workers = builder().max_waiting(1).workers(1).unwrap();
    let cancel = Cancel::new();
    let sleep = function(&workers, "sleep").cancelled_by(&cancel);
    let echo = function(&workers, "echo");
    thread::scope(|scope| {
        scope.spawn(|| sleep.call::<()>(()).unwrap_err());
        wait_for("a busy worker", || workers.statistics().busy == 1);
        let waiter = scope.spawn(|| echo.call::<i64>(7).unwrap());
        wait_for("a waiting caller", || workers.statistics().waiting == 1);
        let error = echo.call::<i64>(8).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Busy), "{error}");
        cancel.cancel();
        assert_eq!(waiter.join().unwrap(), 7);
    });
    assert_eq!(workers.statistics().refused, 1);
}

#[test]
fn a_caller_waits_no_longer_than_its_time() {
    let workers = workers(1);
    let cancel = Cancel::new();
    let sleep = function(&workers, "sleep").cancelled_by(&cancel);
    let echo = function(&workers, "echo").within(Duration::from_millis(30));
    thread::scope(|scope| {
        scope.spawn(|| sleep.call::<()>(()).unwrap_err());
        wait_for("a busy worker", || workers.statistics().busy == 1);
        let error = echo.call::<i64>(7).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline), "{error}");
        assert!(error.to_string().contains("no worker was free"), "{error}");
        cancel.cancel();
    });
    assert_eq!(workers.statistics().waiting, 0);
    let echo = function(&workers, "echo").within(Duration::from_secs(30));
    assert_eq!(echo.call::<i64>(7).unwrap(), 7);
}

#[test]
fn workers_are_set_up_before_their_first_call_and_may_be_replaced() {
    let workers = builder().worker_setup("labour:set_up").worker_calls(3).workers(1).unwrap();
    let [loaded, pid, counted] =
        ["get_loaded", "pid", "counted"].map(|name| function(&workers, name));
    let mut pids = BTreeSet::new();
    for _ in 0..4 {
        assert_eq!(loaded.call::<String>(()).unwrap(), "model");
        pids.insert(pid.call::<u32>(()).unwrap());
        // State is the worker's own.
        assert_eq!(counted.call::<i64>(()).unwrap(), 1);
    }
    assert_eq!(pids.len(), 4);

    let error = builder().worker_setup("labour:broken_set_up").workers(1).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Start), "{error}");
    assert!(error.to_string().contains("there is no model"), "{error}");
}

#[test]
fn a_worker_with_too_much_memory_is_replaced() {
    let workers = builder().worker_memory(400 << 20).workers(1).unwrap();
    wait_for_free(&workers, 2);
    let [pid, grow] = ["pid", "grow"].map(|name| function(&workers, name));
    let first: u32 = pid.call(()).unwrap();
    assert_eq!(pid.call::<u32>(()).unwrap(), first);
    grow.call::<()>(500_u64 << 20).unwrap();
    assert_ne!(pid.call::<u32>(()).unwrap(), first);
    // What it shares does not count.
    wait_for_free(&workers, 2);
    let second: u32 = pid.call(()).unwrap();
    let large: Array<f64> = function(&workers, "fill").call(60 << 20).unwrap();
    assert_eq!(large.len(), 60 << 20);
    assert_eq!(pid.call::<u32>(()).unwrap(), second);
    assert_eq!((workers.statistics().restarts, workers.statistics().crashes), (1, 0));
}

#[test]
fn the_end_of_the_last_handle_ends_the_processes() {
    let workers = workers(2);
    let pid = function(&workers, "pid");
    let id: u32 = pid.call(()).unwrap();
    let exists = |id: u32| std::path::Path::new(&format!("/proc/{id}")).exists();
    drop(workers);
    // A function keeps them.
    assert_eq!(pid.call::<u32>(()).unwrap(), id);
    drop(pid);
    assert!(!exists(id));
}

#[test]
fn many_callers_share_few_workers() {
    let workers = workers(2);
    let scaled = function(&workers, "scaled");
    thread::scope(|scope| {
        for caller in 0..8 {
            let scaled = &scaled;
            scope.spawn(move || {
                for round in 0..100 {
                    let values = vec![f64::from(caller); 1 + round];
                    let result: Array<f64> = scaled.call((&values, f64::from(caller))).unwrap();
                    assert_eq!(result[..], vec![f64::from(caller * caller); 1 + round]);
                }
            });
        }
    });
    let statistics = workers.statistics();
    assert_eq!((statistics.calls, statistics.crashes, statistics.busy), (800, 0, 0));
}

#[test]
fn what_cannot_be_sent_is_an_error_that_says_why() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    let square = callpy::callback(|x: f64| Ok::<f64, callpy::Error>(x * x));
    let error = echo.call::<Object>(square).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error:?}");
    assert!(text.contains("of labour:echo") && text.contains("as a callback does"), "{text}");
    let error = echo.call::<Object>(common::lambda("lambda: 1").object()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("of labour:echo: it can't be sent to a worker"), "{text}");
    assert_eq!(workers.statistics().busy, 0);
}

#[test]
fn an_argument_that_cannot_be_made_in_the_worker_is_no_exception_of_the_function() {
    let workers = workers(1);
    let echo = function(&workers, "echo");
    let make = common::python().module("labour").unwrap().function("make_coded").unwrap();
    let coded: Object = make.call(()).unwrap();
    let errors = [
        ("argument 1", echo.call::<Object>(&coded).unwrap_err()),
        ("argument \"value\"", echo.call::<Object>(named("value", &coded)).unwrap_err()),
    ];
    for (argument, error) in errors {
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error:?}");
        let text = error.to_string();
        let why = format!("{argument} of labour:echo: it can't be made in a worker: TypeError: ");
        assert!(text.starts_with(&why) && text.contains("'message'"), "{text}");
    }
    assert_eq!(echo.call::<i64>(1).unwrap(), 1);
    assert_eq!(workers.statistics().crashes, 0);
}

#[test]
fn a_result_that_is_dropped_stays_in_its_worker() {
    let workers = workers(1);
    let make = function(&workers, "make");
    for expression in ["(it for it in [1])", "open('/dev/null')", "threading.Lock()", "lambda: 1"] {
        let Ignored = make.call(expression).unwrap();
        assert!(make.call::<Object>(expression).is_err(), "{expression}");
    }
    // Nothing of it is sent, either.
    let received = workers.statistics().bytes_received;
    let Ignored = function(&workers, "fill").call(1_000_000).unwrap();
    assert_eq!(workers.statistics().bytes_received, received);
    // The end of a call sees its loans as if there had been no result.
    let Ignored = function(&workers, "echo").call(&[1.0, 2.0]).unwrap();
    assert!(function(&workers, "fail").call::<Ignored>("no").is_err());

    let lambdas = vec!["lambda: 1"; 50];
    let results: Vec<callpy::Result<Ignored>> = make.map(lambdas);
    assert!(results.len() == 50 && results.iter().all(Result::is_ok));
    let folder = tempfile::tempdir().unwrap();
    let lock_once = function(&workers, "lock_once").retries(1);
    let Ignored = lock_once.call((folder.path().join("noted"), 5)).unwrap();
    assert_eq!(workers.statistics().crashes, 1);
}

#[test]
fn receipts_count_each_array_once_wherever_it_is() {
    let workers = workers(1);
    let drop = function(&workers, "take").lends();
    let receipt = |arguments: &dyn Fn() -> callpy::Receipt| {
        let receipt = arguments();
        (receipt.lent_bytes, receipt.given_bytes, receipt.copied_bytes())
    };
    let values = [1.0, 2.0];
    let call = || drop.call_with_receipt::<()>(&values).unwrap().1;
    assert_eq!(receipt(&call), (0, 0, 16));
    let call = || drop.call_with_receipt::<()>(((&values[..], 1),)).unwrap().1;
    assert_eq!(receipt(&call), (0, 0, 16));
    let call = || drop.call_with_receipt::<()>(vec![1.0, 2.0]).unwrap().1;
    assert_eq!(receipt(&call), (0, 0, 16));
    let times = [callpy::Datetime64::<callpy::unit::Nanosecond>::NAT];
    let call = || drop.call_with_receipt::<()>(&times).unwrap().1;
    assert_eq!(receipt(&call), (0, 0, 8));
    let call = || drop.call_with_receipt::<()>(((&times[..], 1),)).unwrap().1;
    assert_eq!(receipt(&call), (0, 0, 8));
    let shared = workers.zeros::<f64>(3_usize).unwrap();
    let call = || drop.call_with_receipt::<()>((&shared, &values)).unwrap().1;
    assert_eq!(receipt(&call), (24, 0, 16));
}

#[test]
fn arrays_within_other_values_are_whole_on_the_other_side() {
    let python = common::python();
    let workers = workers(1);
    let make = python.module("labour").unwrap().function("make").unwrap();
    let described = "lambda value: repr((value[0].dtype, value[0].shape, value[0].tolist()))";
    let described = common::lambda(described);
    let echo = function(&workers, "echo");
    for array in [
        "numpy.array(['2024', 'NaT'], 'M8[ns]')",
        "numpy.array([[1, 2], [3, 4]], 'm8[25s]').T",
        "numpy.arange(10.0)[::2]",
        "numpy.array(5, 'M8[D]')",
        "numpy.zeros((2, 0), 'M8[s]')",
        "numpy.zeros(2, [('a', 'M8[s]'), ('b', 'i4', (2,))])",
        "numpy.array(['a', None], object)",
        "numpy.array(['a', 'bc'])",
        "numpy.zeros(2, 'S0')",
    ] {
        let here: Object = make.call(format!("[{array}]")).unwrap();
        let there: Object = echo.call(&here).unwrap();
        let texts = [here, there].map(|value| described.call::<String>(&value).unwrap());
        assert_eq!(texts[0], texts[1], "{array}");
    }
}

#[test]
fn metadata_of_a_dtype_gets_to_the_other_side() {
    let python = common::python();
    let workers = workers(1);
    let make = python.module("labour").unwrap().function("make").unwrap();
    let array: Object =
        make.call("numpy.ones(2, numpy.dtype('f8', metadata={'unit': 'm'}))").unwrap();
    let told: String = function(&workers, "metadata").call(&array).unwrap();
    assert!(told.contains("'unit': 'm'"), "{told}");
    let returned: Object = function(&workers, "echo").call(&array).unwrap();
    let told = returned.attr("dtype").unwrap().attr("metadata").unwrap().to_string();
    assert!(told.contains("'unit': 'm'"), "{told}");
}

#[test]
fn views_leave_their_worker_as_what_they_show() {
    let workers = workers(1);
    let make = function(&workers, "make");
    for (expression, expected) in [
        ("{'b': 1, 'a': 2}.values()", vec![1, 2]),
        ("{2: 'a', 1: 'b'}.keys()", vec![2, 1]),
        ("collections.OrderedDict({2: 'a', 1: 'b'}).keys()", vec![2, 1]),
        ("memoryview(b'ab')", vec![97, 98]),
        ("memoryview(numpy.arange(6)[::2])", vec![0, 2, 4]),
    ] {
        let items: Items<i64> = make.call(expression).unwrap();
        let items: Vec<i64> = items.map(Result::unwrap).collect();
        assert_eq!(items, expected, "{expression}");
    }
    let items: Items<(String, i64)> = make.call("{'b': 1, 'a': 2}.items()").unwrap();
    let items: Vec<_> = items.map(Result::unwrap).collect();
    assert_eq!(items, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
    let Like(values) = make.call::<Like<f64>>("memoryview(numpy.ones((2, 3)))").unwrap();
    assert_eq!((values.shape(), values[5]), (&[2, 3][..], 1.0));
    let counts: BTreeMap<String, i64> =
        make.call("collections.defaultdict(lambda: 0, a=1)").unwrap();
    assert_eq!(counts, BTreeMap::from([("a".to_owned(), 1)]));
    let counts: Object = make.call("collections.defaultdict(list, a=[1])").unwrap();
    assert!(counts.to_string().contains("<class 'list'>"), "{counts}");

    let error = make.call::<Items<i64>>("(it for it in [1])").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("a generator runs in the process that made it: use a list"), "{text}");
}

#[test]
fn a_class_whose_pickle_cannot_be_read_is_told_how() {
    let workers = workers(1);
    let make = common::python().module("labour").unwrap().function("make_coded").unwrap();
    let coded: Object = make.call(()).unwrap();
    let argument = function(&workers, "echo").call::<Object>(&coded).unwrap_err();
    let result = function(&workers, "make_coded").call::<Object>(()).unwrap_err();
    assert!(matches!(argument.kind(), ErrorKind::Argument), "{argument:?}");
    assert!(matches!(result.kind(), ErrorKind::Result), "{result:?}");
    let text = result.to_string();
    let why = "the result of labour:make_coded: it can't be made in this process: TypeError: ";
    assert!(text.starts_with(why) && text.contains("'message'"), "{text}");
    for error in [argument, result] {
        assert!(error.to_string().contains("define `__reduce__`"), "{error}");
    }
}

#[test]
fn map_keeps_the_order() {
    let workers = workers(2);
    let echo = function(&workers, "echo");
    let results = echo.map::<i64, _>(0..100);
    let results: Vec<i64> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(results, (0..100).collect::<Vec<_>>());
}
