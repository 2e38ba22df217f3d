//! The first call of a callable shows whether it retains its arguments: no argument is lost, and none
//! is copied for longer than necessary.
#![cfg(unix)]

mod common;

use std::collections::HashMap;
use std::sync::{Mutex, Once};

use callpy::{Array, CopyReason, Dtype, ErrorKind, Function, IntoPython, Object, Retained, named};
use common::{abort_of, alone, case, python};
use ndarray::{Array2, ArrayView, ShapeBuilder, s};

callpy::module!(mod called_from_a_line = "tests/python/called_from_a_line.py" {
    fn by_hand(data: &[f64]);
});

static TOLD: Mutex<Vec<Retained>> = Mutex::new(Vec::new());

/// Sets a hook that notes what it is told.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        python();
        let note = |retained: &Retained| TOLD.lock().unwrap().push(retained.clone());
        callpy::Python::builder().on_retained(note).start().unwrap();
    });
}

/// Returns what the hook was told of a function.
fn told(function: &str) -> Vec<Retained> {
    let told = TOLD.lock().unwrap();
    told.iter().filter(|retained| retained.function() == function).cloned().collect()
}

fn function(name: &str) -> Function {
    listen();
    python().function(format!("learners:{name}")).unwrap()
}

fn object(name: &str) -> Object {
    listen();
    python().module("learners").unwrap().attr(name).unwrap()
}

fn made(class: &str) -> Object {
    function(class).call(()).unwrap()
}

/// Calls with an array and says whether that was lent; the function returns the array's address.
fn is_lent(call: impl for<'a> FnOnce(&'a [f64]) -> callpy::Result<usize>) -> bool {
    let data = vec![1.0, 2.0, 3.0];
    call(&data).unwrap() == data.as_ptr() as usize
}

fn reasons(receipt: &callpy::Receipt) -> Vec<&CopyReason> {
    receipt.copies.iter().map(|copy| &copy.reason).collect()
}

// --- what is retained

#[test]
fn whatever_retains_its_argument_gets_copies() {
    listen();
    let names: Vec<String> = common::lambda(
        "lambda keepers: [name for name, value in vars(keepers).items() \
         if name.startswith(('in_', 'as_', 'from_', 'by_a_')) and type(value) is type(lambda: 0)]",
    )
    .call(python().module("keepers").unwrap().object())
    .unwrap();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let keeper = python().function(format!("keepers:{name}")).unwrap();
        let mut results = Vec::new();
        for round in 0..3 {
            let data = vec![1.0, 2.0, 3.0, 4.0];
            let result = match name.starts_with("in_its_own_keywords") {
                true => keeper.call_with_receipt::<Object>(named("data", &data)),
                false => keeper.call_with_receipt::<Object>(&data),
            };
            // One of them raises, and NumPy 1 exports no read-only array by DLPack.
            if let Ok((_, receipt)) = &result {
                let reason = if round == 0 { CopyReason::FirstCall } else { CopyReason::Retained };
                assert_eq!(reasons(receipt), [&reason], "{name}");
                assert_eq!((receipt.lent_bytes, receipt.copied_bytes()), (0, 32), "{name}");
            }
            results.push(result.is_ok());
        }
        let told = told(&format!("keepers:{name}"));
        assert_eq!(told.len(), usize::from(results[0]), "{name}: {told:?}");
        assert!(results.iter().all(|result| *result == results[0]), "{name}: {results:?}");
        if let [retained] = &told[..] {
            let argument = match name.starts_with("in_its_own_keywords") {
                true => "argument \"data\"",
                false => "argument 1",
            };
            assert_eq!(retained.arguments(), [argument], "{name}");
        }
    }
    let told = told("keepers:in_an_attribute");
    let holder = "the attribute 'series' of a keepers.Plain, which is the global 'holder'";
    assert!(told[0].holders()[0].contains(holder), "{told:?}");
    assert!(told[0].to_string().contains("keepers:in_an_attribute retained argument 1"));
}

#[test]
fn what_was_retained_stays_as_it_was() {
    let remember = function("remember");
    for value in 0..4 {
        let mut data = vec![f64::from(value); 1_000];
        remember.call::<()>(&data).unwrap();
        data.fill(-1.0);
    }
    let kept: Vec<Vec<f64>> = function("remembered").call(()).unwrap();
    assert_eq!(kept, [[0.0; 1_000], [1.0; 1_000], [2.0; 1_000], [3.0; 1_000]]);
}

#[test]
fn every_retained_argument_is_named() {
    let [a, b, c] = [[1.0], [2.0], [3.0]];
    function("two").call::<()>((&a, &b)).unwrap();
    assert_eq!(told("learners:two")[0].arguments(), ["argument 2"]);
    function("by_name").call::<()>((&a, named("other", &b), named("data", &c))).unwrap();
    let told = told("learners:by_name");
    assert_eq!(told[0].arguments(), ["argument \"other\"", "argument \"data\""]);
}

/// Calls each of the generated functions, and returns the lines of the calls.
fn call_generated(data: &[f64]) -> [(&'static str, u32); 4] {
    use called_from_a_line::{OptionalOptions, by_hand, optional, optional_with, plain, shaped};

    let line = line!();
    plain(data).unwrap();
    optional(data).unwrap();
    by_hand(data).unwrap();
    shaped(data).unwrap();
    // The function is known by now: the hook is not called.
    optional_with(data, OptionalOptions::new().factor(2.0)).unwrap();
    [("plain", line + 1), ("optional", line + 2), ("by_hand", line + 3), ("shaped", line + 4)]
}

#[test]
fn the_line_that_calls_a_generated_function_is_named() {
    const NAME: &str = "the_line_that_calls_a_generated_function_is_named";
    use called_from_a_line::{OptionalOptions, by_hand, optional, optional_with, plain};

    /// Says where the call is, before it ends the process.
    macro_rules! called {
        ($call:expr) => {{
            eprintln!("on line {}.", line!());
            drop($call)
        }};
    }
    if let Some(case) = case(NAME) {
        // Too large to be watched: it is lent at once.
        let large = vec![0.0; (64 << 17) + 1];
        python();
        match case.as_str() {
            "plain" => called!(plain(&large)),
            "optional" => called!(optional(&large)),
            "with" => called!(optional_with(&large, OptionalOptions::new().factor(2.0))),
            _ => called!(by_hand(&large)),
        }
        panic!("{case} went on");
    }
    listen();
    for (function, line) in call_generated(&[1.0]) {
        let told = told(&format!("called_from_a_line:{function}"));
        let site = told[0].call_site().unwrap();
        assert_eq!((told.len(), site.file(), site.line()), (1, file!(), line), "{function}");
    }
    for case in ["plain", "optional", "with", "by_hand"] {
        let said = abort_of(NAME, case);
        let line = said.split_once("on line ").unwrap().1.split_once('.').unwrap().0;
        assert!(said.contains(&format!("\nThe call is at {}:{line}:", file!())), "{case}: {said}");
    }
}

#[test]
fn without_a_hook_a_line_on_stderr_says_so_once() {
    const NAME: &str = "without_a_hook_a_line_on_stderr_says_so_once";
    if common::is_child(NAME) {
        for _ in 0..3 {
            python().function("keepers:in_a_global").unwrap().call::<()>(&[1.0]).unwrap();
        }
        return;
    }
    let output = common::run(&mut common::child(NAME));
    assert!(output.status.success(), "{}", common::told(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("callpy: ")).collect();
    let start = "callpy: keepers:in_a_global retained argument 1, held by the global 'kept' of module \
                 keepers";
    assert!(lines.len() == 1 && lines[0].starts_with(start), "{said}");
}

#[test]
fn what_the_result_holds_is_retained() {
    let rows = function("rows");
    for _ in 0..3 {
        let data = vec![1.0, 2.0];
        let iterator: Object = rows.call(&data).unwrap();
        drop(data);
        let list: Vec<f64> = python().function("builtins:list").unwrap().call(&iterator).unwrap();
        assert_eq!(list, [1.0, 2.0]);
    }
    assert_eq!(told("learners:rows").len(), 1);
}

#[test]
fn attributes_and_items_are_copies() {
    static SERIES: [f64; 3] = [1.0, 2.0, 3.0];
    let holder = made("Remembers");
    holder.set_attr("series", &SERIES).unwrap();
    assert_eq!(holder.attr("series").unwrap().extract::<Vec<f64>>().unwrap(), SERIES);
    let table: Object = python().function("builtins:dict").unwrap().call(()).unwrap();
    table.set_item("series", &SERIES).unwrap();
    assert_eq!(table.item("series").unwrap().extract::<Vec<f64>>().unwrap(), SERIES);
}

#[test]
fn what_depends_on_the_data_can_not_be_foreseen() {
    const NAME: &str = "what_depends_on_the_data_can_not_be_foreseen";
    if case(NAME).is_some() {
        let keeps = function("keeps_large_numbers");
        assert!(!is_lent(|data| keeps.call(data)));
        assert!(is_lent(|data| keeps.call(data)));
        let _ = keeps.call::<usize>(&[1_000.0]);
        return;
    }
    let said = abort_of(NAME, "-");
    assert!(said.contains("learners:keeps_large_numbers") && said.contains("argument 1"), "{said}");
}

// --- what is not

#[test]
fn later_calls_lend() {
    let address = function("address");
    let data = vec![1.0, 2.0];
    let (first, receipt) = address.call_with_receipt::<usize>(&data).unwrap();
    assert_ne!(first, data.as_ptr() as usize);
    assert_eq!((reasons(&receipt), receipt.lent_bytes), (vec![&CopyReason::FirstCall], 0));
    for _ in 0..2 {
        let (later, receipt) = address.call_with_receipt::<usize>(&data).unwrap();
        assert_eq!(later, data.as_ptr() as usize);
        assert_eq!((receipt.copies.len(), receipt.lent_bytes), (0, 16));
    }
    // Another handle of the same function knows it, too.
    assert!(is_lent(|data| function("address").call(data)));
    assert!(is_lent(|data| object("address").call(data)));
    assert!(told("learners:address").is_empty());
}

#[test]
fn oversights_and_views_in_results_are_not_retained() {
    let settlers = [
        "itself",
        "every_second_backwards",
        "in_a_tuple",
        "in_a_list",
        "in_a_dict",
        "nested",
        "in_a_namedtuple",
        "cycle",
        "weakly",
        "in_a_weak_cache",
        "finished_generator",
        "closed_generator",
        "ran_coroutine",
    ];
    listen();
    let data = [1.0, 2.0, 3.0, 4.0];
    for name in settlers {
        let settler = python().function(format!("settlers:{name}")).unwrap();
        let text = |result: Object| result.repr().unwrap();
        let (first, receipt) = settler.call_with_receipt::<Object>(&data).unwrap();
        assert_eq!(*reasons(&receipt)[0], CopyReason::FirstCall, "{name}");
        let (later, receipt) = settler.call_with_receipt::<Object>(&data).unwrap();
        assert_eq!(receipt.lent_bytes, 32, "{name}");
        assert_eq!(text(first), text(later), "{name}");
    }
}

#[test]
fn the_first_result_is_as_later_ones() {
    let flip = function("flip");
    let data = [1.0, 2.0, 3.0];
    let (first, receipt) = flip.call_with_receipt::<Array<f64>>(&data).unwrap();
    assert_eq!(reasons(&receipt), [&CopyReason::FirstCall, &CopyReason::Lent]);
    let (later, receipt) = flip.call_with_receipt::<Array<f64>>(&data).unwrap();
    assert_eq!(reasons(&receipt), [&CopyReason::Lent]);
    assert_eq!(first, later);

    // Also where it is copied into an object: Python may write that.
    let mut results = Vec::new();
    let rise = common::lambda("lambda data: [data[1:], {'all': data}]");
    for _ in 0..2 {
        let result: Object = rise.call(&data).unwrap();
        result.item(0).unwrap().call_method::<()>("fill", 7.0).unwrap();
        results.push(result.repr().unwrap());
    }
    assert_eq!(results[0], results[1]);
}

#[test]
fn a_call_without_arrays_shows_nothing() {
    let optional = function("optional");
    for _ in 0..3 {
        assert_eq!(optional.call::<usize>(()).unwrap(), 0);
    }
    assert!(!is_lent(|data| optional.call(data)));
    assert!(is_lent(|data| optional.call(data)));
}

#[test]
fn a_call_that_raises_shows_nothing() {
    let raises = function("raises_at_first");
    raises.call::<usize>(&[1.0]).unwrap_err();
    assert!(!is_lent(|data| raises.call(data)));
    assert_eq!(told("learners:raises_at_first").len(), 1);
    // Nor does one that fails before the function is called.
    let address = common::lambda("lambda a, b=None: a.__array_interface__['data'][0]");
    struct Fails;
    impl IntoPython<'_> for Fails {
        fn into_python(self, _: &mut callpy::Scope<'_>) -> callpy::Result<Object> {
            Err(callpy::Error::argument("as this test wants it"))
        }
    }
    address.call::<usize>((&[1.0], Fails)).unwrap_err();
    assert!(!is_lent(|data| address.call(data)));
    // A result of the wrong type changes nothing: the function has returned.
    let other = common::lambda("lambda data: (data, 'text')[1]");
    other.call::<i64>(&[1.0]).unwrap_err();
    assert_eq!(other.call_with_receipt::<String>(&[1.0]).unwrap().1.lent_bytes, 8);
}

// --- which callables are one

#[test]
fn methods_are_one_for_all_instances() {
    let (one, other) = (made("Counts"), made("Counts"));
    assert!(!is_lent(|data| one.call_method("total", data)));
    assert!(is_lent(|data| one.call_method("total", data)));
    assert!(is_lent(|data| other.call_method("total", data)));
    assert!(is_lent(|data| other.attr("total").unwrap().call(data)));
    assert!(!is_lent(|data| one.call(data)));
    assert!(is_lent(|data| other.call(data)));
    for name in ["of_the_class", "static"] {
        assert!(!is_lent(|data| function(&format!("Counts.{name}")).call(data)), "{name}");
        assert!(is_lent(|data| one.call_method(name, data)), "{name}");
        assert!(is_lent(|data| object("Counts").call_method(name, data)), "{name}");
    }
}

#[test]
fn methods_that_retain_are_told_once() {
    let instances = [made("Remembers"), made("Remembers"), made("Remembers")];
    for instance in &instances {
        assert!(!is_lent(|data| instance.call_method("fit", data)));
        assert!(!is_lent(|data| instance.call_method("of_the_class", data)));
    }
    assert_eq!(told("Remembers.fit").len(), 1);
    assert_eq!(told("Remembers.of_the_class").len(), 1);
    // What each of them has is its own.
    let sums: Vec<f64> = instances
        .iter()
        .map(|it| it.attr("last").unwrap().call_method("sum", ()).unwrap())
        .collect();
    assert_eq!(sums, [6.0; 3]);
}

#[test]
fn an_inherited_method_is_another_for_each_class() {
    let (forgetful, mindful) = (made("Forgetful"), made("Mindful"));
    for _ in 0..2 {
        forgetful.call_method::<usize>("fit_transform", &[1.0]).unwrap();
    }
    assert!(is_lent(|data| forgetful.call_method("fit_transform", data)));
    assert!(!is_lent(|data| mindful.call_method("fit_transform", data)));
    assert!(!is_lent(|data| mindful.call_method("fit_transform", data)));
    let (plain, keeps) = (object("FromArray"), object("FromArrayKept"));
    assert!(!is_lent(|data| plain.call_method("read", data)));
    assert!(is_lent(|data| plain.call_method("read", data)));
    assert!(!is_lent(|data| keeps.call_method("read", data)));
    assert!(!is_lent(|data| keeps.call_method("read", data)));
}

#[test]
fn methods_in_c_are_one_for_all_instances() {
    listen();
    let list = || python().function("builtins:list").unwrap().call::<Object>(()).unwrap();
    let (one, other) = (list(), list());
    one.call_method::<()>("append", &[1.0, 2.0]).unwrap();
    other.call_method::<()>("append", &[3.0, 4.0]).unwrap();
    assert_eq!(told("list.append").len(), 1);
    assert_eq!(other.item(0).unwrap().extract::<Vec<f64>>().unwrap(), [3.0, 4.0]);

    // Looked up in the class, with the instance as the first argument.
    let append = python().function("builtins:list.append").unwrap();
    append.call::<()>((&one, &[5.0])).unwrap();
    append.call::<()>((&one, &[6.0])).unwrap();
    assert_eq!(one.len().unwrap(), 3);

    let numbers = |seed: u64| -> Object {
        python().function("numpy.random:default_rng").unwrap().call(seed).unwrap()
    };
    let mut shuffled = vec![1.0, 2.0, 3.0];
    for seed in 0..3 {
        numbers(seed).call_method::<()>("shuffle", &mut shuffled).unwrap();
    }
    shuffled.sort_by(f64::total_cmp);
    assert_eq!(shuffled, [1.0, 2.0, 3.0]);
}

#[test]
fn wrappers_are_one_each() {
    for (lender, keeper) in
        [("checked_lender", "checked_keeper"), ("wrapped_lender", "wrapped_keeper")]
    {
        assert!(!is_lent(|data| function(lender).call(data)), "{lender}");
        assert!(is_lent(|data| function(lender).call(data)), "{lender}");
        assert!(is_lent(|data| object(lender).call(data)), "{lender}");
        assert!(!is_lent(|data| function(keeper).call(data)), "{keeper}");
        assert!(!is_lent(|data| object(keeper).call(data)), "{keeper}");
    }
}

#[test]
fn partials_are_their_function() {
    assert!(!is_lent(|data| function("partial").call(data)));
    assert!(is_lent(|data| function("partial_again").call(data)));
    assert!(is_lent(|data| function("scaled").call((1.0, data))));
    assert!(!is_lent(|data| function("partial_kept").call(data)));
    assert!(!is_lent(|data| function("scaled_and_kept").call((1.0, data))));
    assert_eq!(told("learners:partial_kept").len(), 1);
    assert_eq!(told("learners:scaled_and_kept").len(), 0);
}

#[test]
fn ufuncs_and_classes_are_learned() {
    listen();
    let numpy = python().module("numpy").unwrap();
    let add = numpy.attr("add").unwrap();
    for _ in 0..2 {
        add.call::<Array<f64>>((&[1.0], &[2.0])).unwrap();
    }
    let (_, receipt) =
        numpy.function("add").unwrap().call_with_receipt::<Array<f64>>((&[1.0], &[2.0])).unwrap();
    assert_eq!(receipt.lent_bytes, 16);
    let hashed = python().function("keepers:Hashed").unwrap();
    for _ in 0..2 {
        let object: Object = hashed.call(&[1.0, 2.0]).unwrap();
        assert_eq!(object.attr("series").unwrap().extract::<Vec<f64>>().unwrap(), [1.0, 2.0]);
    }
    assert_eq!(told("keepers:Hashed").len(), 1);
}

#[test]
fn callables_that_come_and_go_leave_nothing_behind() {
    alone(
        "callables_that_come_and_go_leave_nothing_behind",
        |_| (),
        || {
            let make = function("make_closure");
            let itemgetter = python().function("operator:itemgetter").unwrap();
            let round = || {
                for _ in 0..3_000 {
                    let closure: Object = make.call(()).unwrap();
                    assert!(!is_lent(|data| closure.call(data)));
                    // It has no weak references.
                    let getter: Object = itemgetter.call(0).unwrap();
                    assert_eq!(getter.call::<f64>((&[1.5][..],)).unwrap(), 1.5);
                }
            };
            round();
            let before = common::resident();
            round();
            let grown = common::resident().saturating_sub(before);
            assert!(grown < 1 << 20, "{grown}");
        },
    );
}

// --- by hand

#[test]
fn the_program_decides() {
    let lends = common::lambda("lambda data: data.__array_interface__['data'][0]").lends();
    assert!(is_lent(|data| lends.call(data)));
    assert!(!is_lent(|data| lends.retains().call(data)));
    // Nothing that is learned changes a decision.
    assert!(!is_lent(|data| lends.call(data)));
    assert!(is_lent(|data| lends.lends().call(data)));
    let (_, receipt) = lends.retains().call_with_receipt::<usize>(&[1.0]).unwrap();
    assert_eq!(reasons(&receipt), [&CopyReason::Retained]);

    // For methods, known already or not, by their function.
    let source = "class Model:\n    def fit(self, data):\n        return \
                  data.__array_interface__['data'][0]\nclass Other(Model):\n    pass\n";
    let models = common::module("models_decided", source);
    let model: Object = models.function("Model").unwrap().call(()).unwrap();
    let other: Object = models.function("Other").unwrap().call(()).unwrap();
    assert!(!is_lent(|data| model.call_method("fit", data)));
    assert!(is_lent(|data| model.call_method("fit", data)));
    models.function("Model.fit").unwrap().retains();
    assert!(!is_lent(|data| model.call_method("fit", data)));
    assert!(!is_lent(|data| other.call_method("fit", data)));
    models.function("Model.fit").unwrap().lends();
    assert!(is_lent(|data| model.call_method("fit", data)));
    assert!(is_lent(|data| other.call_method("fit", data)));
}

#[test]
fn what_lends_by_hand_and_retains_ends_the_process() {
    const NAME: &str = "what_lends_by_hand_and_retains_ends_the_process";
    if case(NAME).is_some() {
        let _ = function("checked_keeper").lends().call::<usize>(&[1.0]);
        return;
    }
    assert!(abort_of(NAME, "-").contains("learners:checked_keeper"));
}

#[test]
fn handles_that_deny_copies_lend_at_once() {
    let address = common::lambda("lambda data: data.__array_interface__['data'][0]");
    assert!(is_lent(|data| address.deny_copies().call(data)));
    // That call has shown nothing of what a copy would.
    assert!(!is_lent(|data| address.call(data)));
    let error = address.retains().deny_copies().call::<usize>(&[1.0, 2.0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CopyDenied), "{error}");
    assert!(error.to_string().contains("16 bytes"), "{error}");
    assert!(error.to_string().contains("retains its arguments"), "{error}");
}

#[test]
fn what_is_large_is_lent_at_once() {
    let addresses =
        common::lambda("lambda *arrays: [data.__array_interface__['data'][0] for data in arrays]");
    let large = vec![0_u8; (64 << 20) + 1];
    let found: Vec<usize> = addresses.call(&large).unwrap();
    assert_eq!(found, [large.as_ptr() as usize]);
    // Beside a small one, and where all together are large.
    let small = [1_u8; 100];
    let third = &large[..30 << 20];
    let found: Vec<usize> = addresses.call((&small, &large, third, third, third)).unwrap();
    let lent: Vec<bool> =
        [small.as_ptr(), large.as_ptr(), large.as_ptr(), large.as_ptr(), large.as_ptr()]
            .iter()
            .zip(&found)
            .map(|(address, found)| *address as usize == *found)
            .collect();
    assert_eq!(lent, [false, true, false, false, true]);
    // A function that is known to retain gets a copy of any size.
    let keep = common::lambda("lambda data: (data, data.__array_interface__['data'][0])").retains();
    let (_, found) = keep.call::<(Object, usize)>(&large).unwrap();
    assert_ne!(found, large.as_ptr() as usize);
}

// --- what is written

#[test]
fn what_is_written_is_copied_back() {
    let fill = common::lambda("lambda data, value: data.fill(value)");
    let mut data = [0.0; 5];
    for value in [1.0, 2.0] {
        fill.call::<()>((&mut data, value)).unwrap();
        assert_eq!(data, [value; 5]);
    }
    // Even if the function raises, each time.
    let fails = function("fill_and_fail");
    for value in [3.0, 4.0] {
        fails.call::<()>((&mut data, value)).unwrap_err();
        assert_eq!(data, [value; 5]);
    }
    // And if it retains the array: what Python writes later stays in the copy.
    let keeps = function("fill_and_keep");
    for value in [5.0, 6.0, 7.0] {
        let first: Array<f64> = keeps.call((&mut data, value)).unwrap();
        assert_eq!((first[..].to_vec(), data), (vec![value], [value; 5]));
    }
    function("write_to_filled").call::<()>(-1.0).unwrap();
    assert_eq!(data, [7.0; 5]);
}

#[test]
fn what_is_written_through_strides_is_copied_back() {
    let check = |which: &str,
                 array: &mut Array2<i32>,
                 view: fn(&mut Array2<i32>) -> ndarray::ArrayViewMutD<'_, i32>| {
        let source = format!("lambda data: (numpy.add(data, 100, out=data), {which:?}) and None");
        let add = common::lambda(&source);
        for _ in 0..2 {
            let mut expected = array.clone();
            view(&mut expected).map_inplace(|value| *value += 100);
            add.call::<()>(view(array)).unwrap();
            assert_eq!(*array, expected, "{which}");
        }
    };
    let mut array = Array2::from_shape_fn((4, 6), |(row, column)| (row * 10 + column) as i32);
    check("all", &mut array, |array| array.view_mut().into_dyn());
    check("transposed", &mut array, |array| array.view_mut().reversed_axes().into_dyn());
    check("second rows", &mut array, |array| array.slice_mut(s![..;2, ..]).into_dyn());
    check("second columns backwards", &mut array, |array| {
        array.slice_mut(s![.., ..;-2]).into_dyn()
    });
    check("a part", &mut array, |array| array.slice_mut(s![1..3, 2..4]).into_dyn());
    check("one", &mut array, |array| array.slice_mut(s![2, 3]).into_dyn());
    check("none", &mut array, |array| array.slice_mut(s![2..2, ..]).into_dyn());
}

#[test]
fn bools_are_bools_at_the_first_call_too() {
    let set = common::lambda(
        "lambda data: data.view(numpy.uint8).__setitem__(slice(None), [0, 1, 2, 3])",
    );
    for _ in 0..2 {
        let mut flags = [true; 4];
        set.call::<()>(&mut flags).unwrap();
        // SAFETY: bools are bytes.
        let bytes: &[u8; 4] = unsafe { &*std::hint::black_box(&raw const flags).cast() };
        assert_eq!(*bytes, [0, 1, 1, 1]);
    }
}

#[test]
fn a_panic_copies_back_as_well() {
    struct Panics;
    impl callpy::FromPython for Panics {
        fn from_python(_: Object, _: &mut callpy::Scope<'_>) -> callpy::Result<Self> {
            panic!("as this test wants it");
        }
    }
    let fill = common::lambda("lambda data: data.fill(9.0) or data");
    let mut data = [0.0; 3];
    let call = std::panic::AssertUnwindSafe(|| drop(fill.call::<Panics>(&mut data)));
    std::panic::catch_unwind(call).unwrap_err();
    assert_eq!(data, [9.0; 3]);
    // It has shown nothing.
    let (_, receipt) = fill.call_with_receipt::<Object>(&mut data).unwrap();
    assert_eq!(*reasons(&receipt)[0], CopyReason::FirstCall);
}

// --- what a copy looks like

callpy::element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Point {
        x: f64,
        y: i32,
        z: i32,
    }
}

/// Passes an array twice to a function that callpy has not seen before.
fn looks_the_same<'a>(
    name: &str,
    pass: impl Fn(&Function) -> callpy::Result<(String, callpy::Receipt)> + 'a,
) {
    let look: Object = function("make_look").call(()).unwrap();
    let module = common::module("looks", "");
    module.object().set_attr("look", &look).unwrap();
    let look = module.function("look").unwrap();
    let (first, receipt) = pass(&look).unwrap();
    let zero = receipt.copies.iter().all(|copy| copy.reason == CopyReason::FirstCall);
    assert!(zero && receipt.copies.len() == 1 && receipt.lent_bytes == 0, "{name}: {receipt:?}");
    let bytes = receipt.copied_bytes();
    let (later, receipt) = pass(&look).unwrap();
    assert_eq!(first, later, "{name}");
    assert_eq!((receipt.copies.len(), receipt.lent_bytes), (0, bytes), "{name}");
}

#[test]
fn a_copy_looks_as_the_loan_does() {
    let _turn = {
        static TURN: Mutex<()> = Mutex::new(());
        TURN.lock().unwrap()
    };
    let table = Array2::from_shape_fn((3, 4), |(row, column)| (row * 10 + column) as f32);
    let columns = Array2::from_shape_vec((3, 4).f(), (0..12).map(f64::from).collect()).unwrap();
    let mut writable = vec![1_u16, 2, 3];
    let points = [Point { x: 1.0, y: 2, z: 3 }, Point { x: 4.0, y: 5, z: 6 }];
    let texts =
        [callpy::FixedStr::<5>::new("one").unwrap(), callpy::FixedStr::new("three").unwrap()];
    looks_the_same("a slice", |look| look.call_with_receipt(&[1.0, 2.0, 3.0]));
    looks_the_same("nothing", |look| look.call_with_receipt(&[0_i64; 0]));
    looks_the_same("bools", |look| look.call_with_receipt(&[true, false, true]));
    looks_the_same("structs", |look| look.call_with_receipt(&points));
    looks_the_same("texts", |look| look.call_with_receipt(&texts));
    looks_the_same("in C order", |look| look.call_with_receipt(&table));
    looks_the_same("in Fortran order", |look| look.call_with_receipt(&columns));
    looks_the_same("transposed", |look| look.call_with_receipt(table.t()));
    looks_the_same("backwards", |look| look.call_with_receipt(table.slice(s![..;-1, ..;-1])));
    looks_the_same("every second", |look| look.call_with_receipt(table.slice(s![..;2, 1..;2])));
    looks_the_same("a column", |look| look.call_with_receipt(table.slice(s![.., 1])));
    looks_the_same("one element", |look| look.call_with_receipt(table.slice(s![1, 1])));
    looks_the_same("no rows", |look| look.call_with_receipt(table.slice(s![1..1, ..])));
    looks_the_same("broadcast", |look| {
        look.call_with_receipt(ArrayView::from(&[1.0, 2.0]).broadcast((3, 2)).unwrap())
    });
    let writable = Mutex::new(&mut writable);
    looks_the_same("writable", |look| look.call_with_receipt(&mut writable.lock().unwrap()[..]));
    looks_the_same("an Array", |look| {
        let array = Array::try_from(vec![1.0, 2.0]).unwrap();
        look.call_with_receipt(&array)
    });
    let numbers = [1_i32, 2, 3, 4, 5, 6];
    looks_the_same("overlapping windows", |look| {
        // SAFETY: six int32 that no one writes.
        let loan = unsafe {
            callpy::array::AnyLoan::new(
                Dtype::Int32,
                numbers.as_ptr().cast_mut().cast(),
                &[4, 3],
                Some(&[4, 4]),
                false,
            )
        };
        look.call_with_receipt(loan.unwrap())
    });
}

#[test]
fn a_copy_can_not_be_written_where_the_loan_can_not() {
    let writes = common::lambda("lambda data: data.fill(0)");
    let opens = common::lambda("lambda data: data.setflags(write=True)");
    for _ in 0..2 {
        for function in [&writes, &opens] {
            let error = function.call::<()>(&[1.0]).unwrap_err();
            assert_eq!(error.exception().unwrap().type_name(), "ValueError");
        }
    }
    let retains = common::lambda("lambda data: data.fill(0)").retains();
    retains.call::<()>(&[1.0]).unwrap_err();
}

#[test]
fn arrays_in_values_are_copied_too() {
    let (a, b) = ([1.0, 2.0], [3.0]);
    let list = || vec![&a[..], &b];
    let map = || HashMap::from([("a".to_owned(), vec![&a[..]]), ("b".to_owned(), vec![&b[..]])]);
    let keep = function("keep_nested");
    for _ in 0..2 {
        assert_eq!(keep.call::<f64>((list(),)).unwrap(), 6.0);
        assert_eq!(keep.call::<f64>(map()).unwrap(), 6.0);
        assert_eq!(keep.call::<f64>(((&a, (&b, Some(&a))),)).unwrap(), 9.0);
    }
    assert_eq!(told("learners:keep_nested")[0].arguments(), ["argument 1"]);
    let totals = function("totals");
    for lent in [0, 24] {
        let (sum, receipt) = totals.call_with_receipt::<f64>((list(),)).unwrap();
        assert_eq!((sum, receipt.lent_bytes), (6.0, lent));
    }
}

// --- threads, and calls in calls

#[test]
fn several_first_calls_at_once_are_told_once() {
    listen();
    let source = "import threading\nkept = []\nstarted = threading.Barrier(4)\ndef keep(data):\n    \
                  started.wait()\n    kept.append(data)\ndef total(data):\n    started.wait()\n    \
                  return data.sum()\n";
    let module = common::module("first_calls", source);
    let (keep, total) = (module.function("keep").unwrap(), module.function("total").unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let data = vec![1.0; 100];
                let (_, receipt) = total.call_with_receipt::<f64>(&data).unwrap();
                assert_eq!(reasons(&receipt), [&CopyReason::FirstCall]);
                keep.call::<()>(&data).unwrap();
            });
        }
    });
    assert_eq!(told("first_calls:keep").len(), 1);
    assert!(told("first_calls:total").is_empty());
}

#[test]
fn a_first_call_in_a_first_call() {
    struct Calls<'a>(&'a Function, &'a [f64]);
    impl<'a> IntoPython<'a> for Calls<'a> {
        fn into_python(self, scope: &mut callpy::Scope<'a>) -> callpy::Result<Object> {
            let inner: f64 = self.0.call((self.1, 1.0))?;
            (inner + self.1[0]).into_python(scope)
        }
    }
    let total = common::lambda("lambda data, more: data.sum() + more");
    for _ in 0..2 {
        let sum: f64 = total.call((&[1.0, 2.0], Calls(&total, &[10.0]))).unwrap();
        assert_eq!(sum, 24.0);
    }
}

#[test]
fn the_hook_may_call_and_wait_for_other_threads() {
    alone(
        "the_hook_may_call_and_wait_for_other_threads",
        |_| (),
        || {
            let python = python();
            let keep = python.function("learners:keep_nested").unwrap();
            let again = keep.clone();
            let hook = move |retained: &Retained| {
                assert_eq!(retained.function(), "learners:keep_nested");
                std::thread::scope(|scope| {
                    let call = scope.spawn(|| again.call::<f64>(&[1.0, 2.0]).unwrap());
                    assert_eq!(call.join().unwrap(), 3.0);
                });
            };
            callpy::Python::builder().on_retained(hook).start().unwrap();
            assert_eq!(keep.call::<f64>(&[4.0]).unwrap(), 4.0);
        },
    );
}

/// Returns what copies a callable's next call makes, and why.
fn copies_of(callable: &Function) -> Vec<CopyReason> {
    let ((), receipt) = callable.call_with_receipt(&[1.0]).unwrap();
    receipt.copies.into_iter().map(|copy| copy.reason).collect()
}

#[test]
fn what_was_learned_of_a_handle_never_serves_for_another_callable() {
    let name = "what_was_learned_of_a_handle_never_serves_for_another_callable";
    alone(
        name,
        |_| (),
        || {
            let source = "\
import gc, sys

kept = []

class Called:
    def __call__(self, data): pass

called = Called()

def change_called():
    Called.__call__ = lambda self, data: None

class Base:
    def method(self, data): pass

class Other(Base): pass

def instance():
    class Own(Base): pass
    return Own()

method = instance().method

def change_method():
    method.__self__.__class__ = Other
    gc.collect()

def interrupted(data): pass

def change_interrupted(): pass

def interrupt():
    def trace(frame, event, argument):
        if frame.f_code.co_name == 'note_end':
            sys.settrace(None)
            raise KeyboardInterrupt
    sys.settrace(trace)

def keeper_of_called(data): kept.append(data)
def keeper_of_method(data): kept.append(data)
def keeper_of_interrupted(data): kept.append(data)
";
            let module = common::module("what_is_called_changes", source);
            let function = |name: &str| module.function(name).unwrap();
            let [interrupt, change] = ["interrupt", "change_interrupted"].map(function);
            for name in ["called", "method", "interrupted"] {
                let change = match name {
                    "interrupted" => change.clone(),
                    name => function(&format!("change_{name}")),
                };
                if name == "interrupted" {
                    interrupt.call::<()>(()).unwrap();
                }
                let handle = function(name);
                change.call::<()>(()).unwrap();
                let keeper = function(&format!("keeper_of_{name}"));
                assert_eq!(copies_of(&handle), [CopyReason::FirstCall], "{name}");
                // Lent, it would end the process.
                assert_eq!(copies_of(&keeper), [CopyReason::FirstCall], "{name}");
                assert_eq!(copies_of(&keeper), [CopyReason::Retained], "{name}");
            }
        },
    );
}
