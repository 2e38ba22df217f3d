//! A loan ends with its call: what holds it by oversight is released, and what retains it ends the
//! process with a message that names it.
#![cfg(unix)]

mod common;

use std::collections::HashMap;
use std::sync::Mutex;

use callpy::{Array, CopyReason, Error, ErrorKind, Object, named};
use common::{abort_of, alone, case, each, python};

/// Tests that look at state of the whole process take turns.
static TURN: Mutex<()> = Mutex::new(());

fn my_turn() -> impl Drop {
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether this Python has an interpreter lock.
fn is_locked() -> bool {
    common::eval("getattr(sys, '_is_gil_enabled', lambda: True)()").unwrap()
}

/// Returns a function to which arrays are lent from its first call on.
fn function(target: &str) -> callpy::Function {
    python().function(target).unwrap().lends()
}

fn settler(name: &str) -> callpy::Function {
    function(&format!("settlers:{name}"))
}

/// Calls a function several times, and checks that later calls work and that no state grows.
fn settles(name: &str, expect: impl Fn(callpy::Result<Object>)) {
    let _turn = my_turn();
    let (total, settler) = (settler("total"), settler(name));
    let data = [1.0, 2.0, 3.0, 4.0];
    let probe = || total.call::<(f64, i64, (i64,), String)>(&data).unwrap();
    expect(settler.call(&data));
    let before = probe();
    assert_eq!((before.0, before.2), (10.0, (4,)), "{name}");
    for _ in 0..2 {
        expect(settler.call(&data));
        let after = probe();
        assert_eq!(after, before, "{name}");
    }
    assert_eq!(data, [1.0, 2.0, 3.0, 4.0]);
    if let Ok(kept) = python().module("settlers").unwrap().attr("kept") {
        kept.call_method::<()>("clear", ()).unwrap();
    }
}

fn is_one(result: callpy::Result<Object>) {
    assert_eq!(result.unwrap().extract::<f64>().unwrap(), 1.0);
}

fn is_python(error: &Error, name: &str, message: &str) {
    let exception = error.exception().unwrap_or_else(|| panic!("{error:#}"));
    assert_eq!((exception.type_name(), exception.message()), (name, message));
}

// --- what is retained

/// A function of keepers.py, and how the message describes the holder.
const KEEPERS: &[(&str, &str)] = &[
    ("in_a_global", "the global 'kept' of module keepers"),
    ("in_a_list", "item 0 of a list, which is the global 'box' of module keepers"),
    (
        "in_a_nested_list",
        "item 1 of a list, which is item 1 of a list, which is a dict under 'rows', which is the \
         global 'table' of module keepers",
    ),
    ("in_a_dict", "the global 'table' of module keepers"),
    ("as_a_dict_key", "the attribute 'series' of a keepers.Hashed, which is a dict under "),
    (
        "in_a_set",
        "the attribute 'series' of a keepers.Hashed, which is a set, which is the global 'kept'",
    ),
    ("in_a_tuple", "the global 'kept' of module keepers"),
    ("in_its_own_arguments", "the global 'kept' of module keepers"),
    ("in_a_deque", "a collections.deque, which is the global 'kept' of module keepers"),
    ("in_an_attribute", "the attribute 'series' of a keepers.Plain, which is the global 'holder'"),
    ("in_a_slot", "the attribute 'series' of a keepers.Slotted, which is the global 'slotted'"),
    ("in_a_dataclass", "the attribute 'series' of a keepers.Record, which is the global 'kept'"),
    ("in_a_class_attribute", "the class attribute 'cache' of Plain"),
    ("in_a_function_attribute", "the attribute 'cache' of the function in_a_function_attribute"),
    (
        "in_a_closure",
        "a variable of a closure, which is the function in_a_closure.<locals>.inner, which is the \
         global 'kept' of module keepers",
    ),
    ("as_a_default", "a default argument of the function as_a_default.<locals>.inner"),
    (
        "as_a_keyword_default",
        "the function as_a_keyword_default.<locals>.inner, which is the global",
    ),
    ("in_a_generator", "in_a_generator.<locals>.rows"),
    ("in_an_unstarted_generator", ", which is the global 'kept' of module keepers"),
    ("in_a_coroutine", "a variable of a closure, which is "),
    ("in_an_async_generator", "in_an_async_generator.<locals>.rows"),
    ("in_an_iterator", "an iterator, which is the global 'kept' of module keepers"),
    ("in_a_map", ", which is the global 'kept' of module keepers"),
    ("in_a_bound_method", "the bound method ndarray.mean, which is the global 'kept'"),
    ("in_a_python_method", "the attribute 'series' of a keepers.Hashed, which is the bound method"),
    ("in_a_partial", "a functools.partial, which is the global 'kept' of module keepers"),
    (
        "in_a_cache",
        "a functools._lru_cache_wrapper, which is the global 'cached' of module keepers",
    ),
    ("in_an_exception_of_its_own", "a ValueError, which is the global 'kept' of module keepers"),
    ("in_an_exception_it_raises", "a ValueError, which is the global 'kept' of module keepers"),
    ("in_a_running_thread", " of "),
    ("in_a_thread_local", "a _thread._local, which is the global 'local' of module keepers"),
    ("in_a_context_variable", "the context variable 'series_of_this_call'"),
    ("as_a_slice", "the global 'kept' of module keepers"),
    ("as_a_slice_of_a_slice", "the global 'kept' of module keepers"),
    ("as_a_reshape", "the global 'kept' of module keepers"),
    ("as_other_bytes", "the global 'kept' of module keepers"),
    ("as_a_subclass", "the global 'kept' of module keepers"),
    ("as_a_broadcast", "the global 'kept' of module keepers"),
    ("as_a_window", "the global 'kept' of module keepers"),
    ("in_an_object_array", "the global 'kept' of module keepers"),
    ("as_flat", "the global 'kept' of module keepers"),
    ("as_nditer", "the global 'kept' of module keepers"),
    ("as_a_memoryview", "the global 'kept' of module keepers"),
    ("as_a_cast_memoryview", "the global 'kept' of module keepers"),
    ("as_its_buffer", "the global 'kept' of module keepers"),
    ("from_a_buffer", "the global 'kept' of module keepers"),
    ("as_a_pickle_buffer", "the global 'kept' of module keepers"),
    ("as_ctypes", "the global 'kept' of module keepers"),
    ("as_a_ctypes_pointer", "It is held by "),
    ("as_an_array_struct", "something that Python's collector does not know: a C extension"),
    ("by_a_strong_weakref_callback", "a variable of a closure"),
    ("in_a_cycle_that_rises_again", "the attribute 'series' of a keepers.Undead"),
    // Too distant to find in time; tests/search.rs checks that a longer search finds it.
    ("in_logged_arguments", "It is held by "),
];

#[test]
fn what_is_kept_ends_the_process() {
    if let Some(case) = case("what_is_kept_ends_the_process") {
        let data = [1.0, 2.0, 3.0, 4.0];
        let result = function(&format!("keepers:{case}")).call::<Object>(&data);
        panic!("{case} went on with {result:?}");
    }
    each(KEEPERS, |(case, holder)| {
        let said = abort_of("what_is_kept_ends_the_process", case);
        let start = format!(
            "callpy: keepers:{case} retained argument 1, which was only lent for the call.\n\
             It is held by "
        );
        assert!(said.contains(&start), "{case}: {said}");
        assert!(said.contains(holder), "{case}: {said}");
        for way_out in ["Vec", "Arc<[T]>", "callpy::Copied"] {
            assert!(said.contains(way_out), "{case}: {said}");
        }
        // What callpy itself holds during the search is not among the holders.
        for own in ["<callpy>", "_Search", "a frame", "_Is"] {
            assert!(!said.contains(own), "{case}: {said}");
        }
    });
}

#[test]
fn a_running_thread_is_named_with_its_place_in_the_file() {
    if case("a_running_thread_is_named_with_its_place_in_the_file").is_some() {
        let _ = function("keepers:in_a_running_thread").call::<Object>(&[1.0]);
        panic!("went on");
    }
    if !is_locked() {
        // The locals of another thread's frames can't be looked at.
        return;
    }
    let said = abort_of("a_running_thread_is_named_with_its_place_in_the_file", "-");
    let source = std::fs::read_to_string(std::env::var_os("CALLPY_TEST_PYTHON_FILES").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/keepers.py"),
        |folder| std::path::Path::new(&folder).join("keepers.py"),
    ));
    let source = source.unwrap();
    let line = source.lines().position(|line| line.contains("for_ever.wait()")).unwrap() + 1;
    assert!(said.contains(&format!("keepers.py:{line}), which still runs")), "{said}");
}

#[test]
fn dlpack_of_a_writable_loan_is_kept() {
    if let Some(case) = case("dlpack_of_a_writable_loan_is_kept") {
        let mut data = [1.0, 2.0];
        let result = function(&format!("keepers:{case}")).call::<Object>(&mut data);
        panic!("{case} went on with {result:?}");
    }
    let numpy = python().module("numpy").unwrap();
    for (case, holder) in [
        ("as_a_dlpack_capsule", "something that Python's collector does not know"),
        ("from_dlpack", "the global 'kept' of module keepers"),
    ] {
        let wanted = if case == "from_dlpack" { "from_dlpack" } else { "ndarray.__dlpack__" };
        if numpy.function(wanted).is_ok() {
            let said = abort_of("dlpack_of_a_writable_loan_is_kept", case);
            assert!(
                said.contains(&format!("callpy: keepers:{case} retained argument 1")),
                "{said}"
            );
            assert!(said.contains(holder), "{said}");
        }
    }
}

#[test]
fn the_message_names_the_argument() {
    let [a, b, c, d, mut e] = [[1.0], [2.0], [3.0], [4.0], [5.0]];
    if let Some(case) = case("the_message_names_the_argument") {
        let keeper = function(&format!("keepers:{case}"));
        let result = match case.as_str() {
            "the_second" => keeper.call::<()>((&a, &b)),
            "the_fifth" => keeper.call((&a, &b, &c, &d, &mut e)),
            "by_name" => keeper.call((&a, named("data", &b))),
            "in_its_own_keywords" => keeper.call((named("first", &a), named("second", &b))),
            "one_of_a_list" | "several_of_a_list" => keeper.call((vec![&a[..], &b, &c, &d],)),
            "both" => keeper.call((&a, &a)),
            "three" => keeper.call((&a, &b, &c)),
            _ => unreachable!(),
        };
        panic!("{case} went on with {result:?}");
    }
    let cases = [
        ("the_second", "retained argument 2, which was"),
        ("the_fifth", "retained argument 5, which was"),
        ("by_name", "retained argument \"data\", which was"),
        (
            "in_its_own_keywords",
            "retained argument \"first\" and argument \"second\", which were only lent for the call.\n\
             Argument \"first\" is held by a dict under 'first', which is the global 'kept' of module \
             keepers",
        ),
        ("one_of_a_list", "retained argument 1, which was"),
        ("several_of_a_list", "retained argument 1, which was"),
        ("both", "retained argument 1 and argument 2, which were"),
        ("three", "retained argument 1, argument 2 and argument 3, which were"),
    ];
    each(&cases, |(case, argument)| {
        let said = abort_of("the_message_names_the_argument", case);
        assert!(said.contains(argument) && said.contains("the global 'kept'"), "{case}: {said}");
        assert!(!said.contains(".."), "{case}: {said}");
    });
}

#[test]
fn the_message_names_the_call_and_the_class() {
    const NAME: &str = "the_message_names_the_call_and_the_class";
    /// Says on which line the call is.
    macro_rules! called {
        ($call:expr) => {{
            eprintln!("on line {}.", line!());
            drop($call)
        }};
    }
    if let Some(case) = case(NAME) {
        let retain = function("keepers:in_a_global");
        for method in ["keepers:Hashed.keep", "keepers:keep"] {
            function(method);
        }
        let object: Object = function("keepers:Hashed").call(1).unwrap();
        let method = object.attr("keep").unwrap();
        let module = python().module("keepers").unwrap().object().clone();
        match case.as_str() {
            "function" => called!(retain.call::<()>(DATA)),
            "receipt" => called!(retain.call_with_receipt::<()>(DATA)),
            "method" => called!(object.call_method::<()>("keep", DATA)),
            "object" => called!(method.call::<()>(DATA)),
            "module" => called!(module.call_method::<()>("keep", DATA)),
            _ => unreachable!(),
        }
        panic!("{case} went on");
    }
    let cases = [
        ("function", "keepers:in_a_global"),
        ("receipt", "keepers:in_a_global"),
        ("method", "Hashed.keep"),
        ("object", "keepers:Hashed.keep"),
        ("module", "keepers:keep"),
    ];
    each(&cases, |(case, function)| {
        let said = abort_of(NAME, case);
        assert!(said.contains(&format!("callpy: {function} retained ")), "{case}: {said}");
        let line = said.split_once("on line ").unwrap().1.split_once('.').unwrap().0;
        assert!(said.contains(&format!("\nThe call is at {}:{line}:", file!())), "{case}: {said}");
    });
}

static DATA: &[f64] = &[1.0];

#[test]
fn an_object_kept_in_rust_is_kept() {
    static KEPT: Mutex<Option<Object>> = Mutex::new(None);
    struct Keep<'a>(&'a [f64]);
    impl<'a> callpy::IntoPython<'a> for Keep<'a> {
        fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
            let object = self.0.into_python(scope)?;
            *KEPT.lock().unwrap() = Some(object.clone());
            Ok(object)
        }
    }
    if case("an_object_kept_in_rust_is_kept").is_some() {
        let _ = function("builtins:len").call::<i64>(Keep(&[1.0]));
        panic!("went on");
    }
    let said = abort_of("an_object_kept_in_rust_is_kept", "-");
    assert!(said.contains("builtins:len retained argument 1") && said.contains("Object"), "{said}");
}

#[test]
fn aborts_also_where_stderr_is_closed() {
    const NAME: &str = "aborts_also_where_stderr_is_closed";
    if case(NAME).is_some() {
        // SAFETY: closes a descriptor that nothing of this test uses again.
        unsafe { libc::close(libc::STDERR_FILENO) };
        let _ = function("keepers:in_a_global").call::<()>(&[1.0]);
        std::process::exit(0);
    }
    assert_eq!(abort_of(NAME, "-"), "");
}

// --- what is held by oversight

#[test]
fn views_in_results_are_copied_out() {
    let _turn = my_turn();
    let data = [1.0, 2.0, 3.0, 4.0];
    let call = |name: &str| settler(name).call_with_receipt::<Array<f64>>(&data).unwrap();
    let (array, receipt) = call("itself");
    assert_eq!(array[..], data);
    assert_eq!(receipt.copies.len(), 1);
    assert_eq!((receipt.copies[0].bytes, &receipt.copies[0].reason), (32, &CopyReason::Lent));
    assert_eq!(call("every_second_backwards").0[..], [4.0, 2.0]);
    let (array, _) = call("transposed");
    assert_eq!((array.shape(), &array[..]), (&[2, 2][..], &[1.0, 3.0, 2.0, 4.0][..]));
    let (array, _) = call("as_a_matrix");
    assert_eq!((array.shape(), &array[..]), (&[1, 3][..], &data[1..]));

    let (rest, seven, all): (Array<f64>, i64, Vec<f64>) =
        settler("in_a_tuple").call(&data).unwrap();
    assert_eq!((&rest[..], seven, &all[..]), (&data[1..], 7, &data[..]));
    let rows: Vec<Array<f64>> = settler("in_a_list").call(&data).unwrap();
    assert_eq!((&rows[0][..], &rows[1][..]), (&data[..1], &data[1..]));
    let rows: HashMap<String, Vec<f64>> = settler("in_a_dict").call(&data).unwrap();
    assert_eq!((&rows["first"][..], &rows["rest"][..]), (&data[..1], &data[1..]));
    let optional: Option<Array<f64>> = settler("itself").call(&data).unwrap();
    assert_eq!(optional.unwrap()[..], data);
}

#[test]
fn views_in_objects_are_copied_out() {
    for name in ["itself", "in_a_tuple", "in_a_list", "in_a_dict", "nested", "in_a_namedtuple"] {
        settles(name, |result| {
            let object = result.unwrap_or_else(|error| panic!("{name}: {error}"));
            let text = object.repr().unwrap();
            let rest = if name == "in_a_namedtuple" { "array([3., 4.])" } else { "2., 3., 4.])" };
            assert!(text.contains(rest), "{name}: {text}");
        });
    }
    let _turn = my_turn();
    let data = [1.0, 2.0, 3.0, 4.0];
    let object: Object = settler("nested").call(&data).unwrap();
    let rows: Vec<(Array<f64>, String)> = object.item("rows").unwrap().extract().unwrap();
    assert_eq!((&rows[1].0[..], &rows[1].1[..]), (&data[1..], "b"));
    let object: Object = settler("in_a_namedtuple").call(&data).unwrap();
    assert_eq!(object.attr("rows").unwrap().extract::<Vec<f64>>().unwrap(), data[2..]);
}

#[test]
fn a_view_of_many_is_copied_out() {
    let _turn = my_turn();
    // Beyond the loans that need no allocation.
    let rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]];
    let last = function("operator:itemgetter").call::<Object>(-1).unwrap();
    for _ in 0..10 {
        let array: Array<f64> =
            last.call((rows.iter().map(|row| &row[..]).collect::<Vec<_>>(),)).unwrap();
        assert_eq!(array[..], rows[4]);
    }
}

#[test]
fn exceptions_let_go() {
    for name in ["raises", "raises_a_cycle"] {
        settles(name, |result| is_python(&result.unwrap_err(), "ValueError", "no: 3"));
    }
    settles("raises_a_chain", |result| {
        let error = result.unwrap_err();
        is_python(&error, "KeyError", "'chained'");
        assert_eq!(error.exception().unwrap().cause().unwrap().message(), "no: 1");
    });
    settles("logs_and_raises", |result| {
        is_python(&result.unwrap_err(), "KeyError", "'chained'");
    });
}

#[test]
fn finished_frames_let_go() {
    settles("logs", |result| assert_eq!(result.unwrap().extract::<i64>().unwrap(), 3));
    settles("keeps_the_exception_of_a_generator", is_one);
    settles("keeps_looked_at_locals", is_one);
    settles("finished_generator", |result| {
        assert_eq!(result.unwrap().extract::<i64>().unwrap(), 4);
    });
    settles("closed_generator", is_one);
    settles("ran_coroutine", |result| {
        assert_eq!(result.unwrap().extract::<f64>().unwrap(), 9.0);
    });
}

#[test]
fn cycles_are_collected() {
    for name in ["cycle", "cycle_through_instances", "cycle_with_the_collector_off"] {
        settles(name, is_one);
    }
    function("gc:enable").call::<()>(()).unwrap();
}

#[test]
fn weak_references_do_not_hold() {
    for name in ["weakly", "weakly_with_callback", "in_a_weak_cache", "weakly_without_axes"] {
        // An array without axes can't be made empty, so without an interpreter lock its weak references
        // are not trusted.
        if name == "weakly_without_axes" && !is_locked() {
            continue;
        }
        if name != "weakly_without_axes" {
            settles(name, is_one);
        }
        let _turn = my_turn();
        let (call, dead) = (settler(name), settler("is_dead"));
        assert_eq!(call.call::<i64>(&[1.0]).unwrap(), 1);
        if name.starts_with("weakly") && name != "weakly_with_callback" {
            assert!(dead.call::<bool>(&[2.0]).unwrap(), "{name}");
        }
        let kept = python().module("settlers").unwrap().attr("kept").unwrap();
        if name == "weakly_with_callback" {
            assert!(kept.item(1).unwrap().is_none());
        }
        kept.call_method::<()>("clear", ()).unwrap();
    }
}

#[test]
fn other_threads_have_time_to_let_go() {
    let sum = |result: callpy::Result<Object>| {
        assert_eq!(result.unwrap().extract::<f64>().unwrap(), 10.0);
    };
    settles("in_a_pool", sum);
    settles("in_a_thread_that_ends_soon", is_one);
    settles("in_a_frame_that_is_suspended_later", is_one);
}

#[test]
fn two_threads_that_let_go_slowly_do_not_wait_for_each_other() {
    static CYCLE: std::sync::OnceLock<callpy::Function> = std::sync::OnceLock::new();
    /// What a Python thread calls before it lets go of an array: a call that takes a search itself.
    extern "C" fn call() -> i64 {
        CYCLE.get().unwrap().call::<i64>(&[1.0]).unwrap()
    }
    alone(
        "two_threads_that_let_go_slowly_do_not_wait_for_each_other",
        |_| (),
        || {
            CYCLE.get_or_init(|| settler("cycle"));
            let address = call as extern "C" fn() -> i64 as usize;
            let calls = settler("in_a_thread_that_calls_back");
            for _ in 0..5 {
                calls.call::<()>((&[1.0, 2.0], address)).unwrap();
            }
        },
    );
}

/// Time in which the process was stopped does not count as waiting.
#[test]
fn a_process_that_is_stopped_has_not_waited() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    const NAME: &str = "a_process_that_is_stopped_has_not_waited";
    if common::is_child(NAME) {
        settler("in_a_thread_for_long").call::<()>(&[1.0, 2.0]).unwrap();
        return;
    }
    let mut command = common::child(NAME);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("the call waits")));
    let send = |signal| {
        // SAFETY: only sends a signal, to a child that was not waited for.
        assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, signal) }, 0);
    };
    send(libc::SIGSTOP);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    send(libc::SIGCONT);
    assert!(child.wait().unwrap().success());
    drop(lines);
}

#[test]
fn a_tracer_that_keeps_frames_is_no_holder() {
    alone(
        "a_tracer_that_keeps_frames_is_no_holder",
        |_| (),
        || {
            let data = [1.0, 2.0, 3.0, 4.0];
            for _ in 0..3 {
                assert_eq!(settler("traced").call::<f64>(&data).unwrap(), 10.0);
            }
            settler("untrace").call::<()>(&data).unwrap();
        },
    );
}

#[test]
fn what_only_the_result_holds_is_an_error() {
    let cases = [
        ("generator", "an iterator, which is the generator generator.<locals>.<genexpr>"),
        ("coroutine", "coroutine"),
        ("async_generator", "asynchronous generator"),
        ("closure", "a variable of a closure"),
        ("iterator", "an iterator"),
        ("flat", "a numpy.flatiter"),
        ("view_in_memory", "a memoryview"),
        ("capsule", "a PyCapsule"),
        ("exception", "a ValueError"),
        ("in_an_instance", "the attribute 'rows' of a settlers.WithRows"),
    ];
    for (name, holder) in cases {
        settles(name, |result| {
            let error = result.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Kept), "{name}: {error}");
            let text = error.to_string();
            let start = format!(
                "settlers:{name}: the result retains argument 1, which was only lent for the call; it \
                 is held by "
            );
            assert!(text.starts_with(&start), "{text}");
            assert!(text.contains(holder) && text.contains("callpy::Copied"), "{name}: {text}");
        });
    }
    let _turn = my_turn();
    let error = settler("generator").call::<Object>(named("data", &[1.0])).unwrap_err();
    assert!(error.to_string().contains("the result retains argument \"data\","), "{error}");
}

// --- panics

/// Lends a slice, and panics: after this many steps of its conversion, or in its destructor.
struct Panics<'a>(&'a [f64], When);

#[derive(Clone, Copy, PartialEq)]
enum When {
    BeforeLending,
    AfterLending,
}

impl<'a> callpy::IntoPython<'a> for Panics<'a> {
    fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
        assert!(self.1 != When::BeforeLending, "as this test wants it");
        let _object = (self.0, self.0).into_python(scope)?;
        panic!("as this test wants it");
    }
}

/// Panics when it is made from a result.
#[derive(Debug)]
struct Unmakeable;

impl callpy::FromPython for Unmakeable {
    fn from_python(_: Object, _: &mut callpy::Scope<'_>) -> callpy::Result<Self> {
        panic!("as this test wants it");
    }
}

/// Holds a result, and panics when it is dropped.
struct Undroppable(#[allow(dead_code, reason = "it is there to be dropped")] Object);

impl callpy::FromPython for Undroppable {
    fn from_python(object: Object, _: &mut callpy::Scope<'_>) -> callpy::Result<Self> {
        Ok(Undroppable(object))
    }
}

impl Drop for Undroppable {
    fn drop(&mut self) {
        panic!("as this test wants it");
    }
}

fn panics(work: impl FnOnce()) {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"as this test wants it"));
}

#[test]
fn a_panic_ends_the_loans() {
    let _turn = my_turn();
    let data = [1.0, 2.0, 3.0, 4.0];
    let total = settler("total");
    let probe = || total.call::<(f64, i64, (i64,), String)>(&data).unwrap();
    let mut before = None;
    for _ in 0..10 {
        for when in [When::BeforeLending, When::AfterLending] {
            panics(|| drop(total.call::<Object>(Panics(&data, when))));
            panics(|| drop(total.call::<Object>((&data, Panics(&data, when), &data))));
            panics(|| drop(total.call::<Object>((&data, named("b", Panics(&data, when))))));
        }
        // The function has run, and the result holds the loan.
        panics(|| drop(settler("itself").call::<Unmakeable>(&data)));
        panics(|| drop(settler("generator").call::<Unmakeable>(&data)));
        panics(|| drop(settler("in_a_tuple").call::<(Object, i64, Unmakeable)>(&data)));
        // The first round has filled the thread's cache of headers.
        assert_eq!(probe(), *before.get_or_insert_with(probe));
    }
}

#[test]
fn a_panic_with_a_kept_loan_ends_the_process() {
    const NAME: &str = "a_panic_with_a_kept_loan_ends_the_process";
    let data = [1.0, 2.0];
    if let Some(case) = case(NAME) {
        let _ = std::panic::catch_unwind(|| match case.as_str() {
            "after the call" => drop(function("keepers:in_a_global").call::<Unmakeable>(&data)),
            "in the result's destructor" => {
                let result = settler("generator").call::<Undroppable>(&data);
                std::mem::forget(result);
            }
            _ => unreachable!(),
        });
        return;
    }
    let said = abort_of(NAME, "after the call");
    assert!(said.contains("as this test wants it"), "{said}");
    assert!(said.contains("It is held by the global 'kept' of module keepers"), "{said}");
    let said = abort_of(NAME, "in the result's destructor");
    assert!(said.contains("a panic while memory was lent"), "{said}");
}

#[test]
fn memory_replaced_by_python_is_not_taken_for_forgotten() {
    const NAME: &str = "memory_replaced_by_python_is_not_taken_for_forgotten";
    let replace = "lambda data: data.__setstate__((1, (2,), numpy.dtype('f8'), False, bytes(16)))";
    if case(NAME).is_some() {
        let _ = common::lambda(replace).lends().call::<Object>(&[1.0, 2.0, 3.0]);
        return;
    }
    let said = abort_of(NAME, "-");
    assert!(
        said.contains("gave the array of argument 1") && said.contains("other memory"),
        "{said}"
    );
}

#[test]
fn swapped_scopes_stay_attached() {
    /// In a call in a call, exchanges the two calls' scopes.
    struct Outer<'a>(&'a [f64], &'a callpy::Function);
    struct Inner<'s, 'a>(&'s mut callpy::Scope<'a>, &'a [f64]);
    impl<'a> callpy::IntoPython<'a> for Outer<'a> {
        fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
            assert_eq!(self.1.call::<i64>(Inner(scope, self.0))?, 2);
            self.0.into_python(scope)
        }
    }
    impl<'a> callpy::IntoPython<'a> for Inner<'_, 'a> {
        fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
            std::mem::swap(self.0, scope);
            self.1.into_python(scope)
        }
    }
    let length = function("builtins:len");
    // On a thread that is attached for this call only.
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(length.call::<i64>(Outer(&[1.0, 2.0], &length)).unwrap(), 2));
    });
}

// --- other libraries

/// What pandas and SciPy make from an argument without a copy is a view of it like any other.
#[test]
#[ignore = "installs pandas and SciPy"]
fn pandas_and_scipy_objects_are_views() {
    const NAME: &str = "pandas_and_scipy_objects_are_views";
    let start = || {
        let python = callpy::Python::builder().require(["numpy", "pandas", "scipy"]);
        python.search_path(common::file("")).start().unwrap()
    };
    let data = [1.0, 2.0, 3.0, 4.0];
    if let Some(case) = case(NAME) {
        let result = start().function(&case).unwrap().call::<Object>(&data);
        match result {
            Ok(object) => println!("{}", object.repr().unwrap()),
            Err(error) => println!("{error}"),
        }
        return;
    }
    for (case, holder) in [
        ("libraries:keep_a_series", "the global 'kept' of module libraries"),
        ("libraries:keep_a_frame", "the global 'kept' of module libraries"),
        ("libraries:keep_a_sparse_matrix", "the global 'kept' of module libraries"),
    ] {
        let said = abort_of(NAME, case);
        assert!(said.contains(holder), "{said}");
    }
    let python = start();
    for name in ["series", "frame", "sparse_matrix"] {
        let function = python.function(format!("libraries:{name}")).unwrap();
        let error = function.call::<Object>(&data).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    }
    for name in ["mean_of_a_series", "sum_of_a_group", "solved", "product"] {
        let function = python.function(format!("libraries:{name}")).unwrap();
        for _ in 0..20 {
            assert!(function.call::<f64>(&data).unwrap() > 0.0, "{name}");
        }
    }
}
