//! Every construct of `module!`, called: go/typed/typed.py, which Go calls as well, asserts what Python got.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod common;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use callpy::{Array, Bytes, Error, ErrorKind, FromPython, Given, Object};
use ndarray::{ArrayView1, array};
use num_complex::Complex;

callpy::module!(
    /// Documentation by the user of the macro.
    pub mod typed = "../../go/typed/typed.py" {
        fn unhinted(data: &[f64], limit: f64) -> Array<i64>;
        /// A generator is an object.
        fn generator(a: i64) -> Object;
    }
);
callpy::module!(mod installed = "tests/python/hints/installed.py", import = "installed");
callpy::module!(mod latin1 = "tests/python/latin1.py");
callpy::module!(mod fresh = "tests/python/fresh.py", reload);

use typed::*;

/// Starts Python with the folder that `installed` is in.
fn start() {
    common::python();
}

#[test]
fn scalars_go_both_ways() {
    assert_eq!(
        scalars(1, 2.5, true, "abc", b"xyz").unwrap(),
        (2, 5.0, false, "ABC".to_owned(), Bytes(b"zyx".to_vec()))
    );
    nothing().unwrap();
    assert_eq!(complex_number(Complex::new(1.0, 2.0)).unwrap(), Complex::new(-2.0, 1.0));
    assert_eq!(numpy_scalars(0.5, 2, 1.0).unwrap(), 3.5);
}

#[test]
fn an_array_is_lent_in_any_form() {
    let mut series = vec![0.0; 20];
    series[3] = 9.0;
    let by_slice = detect(&series[..]).unwrap();
    assert_eq!(by_slice[..], [3]);
    assert_eq!(detect(&series).unwrap(), by_slice);
    assert_eq!(detect(series.clone()).unwrap(), by_slice);
    assert_eq!(detect(Arc::new(series.clone())).unwrap(), by_slice);
    assert_eq!(detect(Given::new(series.clone())).unwrap(), by_slice);
    assert_eq!(detect(ArrayView1::from(&series)).unwrap(), by_slice);
    let fixed = [0.0; 4];
    assert!(detect(&fixed).unwrap().is_empty());
    fill(&mut series, 2.0).unwrap();
    assert_eq!(series, [2.0; 20]);
    // A read-only loan stays one.
    let error = fill(&series, 3.0).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "ValueError");
}

#[test]
fn the_caller_chooses_a_dtype_that_the_hint_leaves_open() {
    assert_eq!(total(&[1_i32, 2, 3]).unwrap(), 6.0);
    let floats: Array<f32> = doubled(&[1.0_f32, 2.0]).unwrap();
    assert_eq!(floats[..], [2.0, 4.0]);
    let (values, places): (Array<f64>, Array<isize>) = extremes(&[3.0, 1.0, 2.0]).unwrap();
    assert_eq!((&values[..], &places[..]), (&[1.0, 3.0][..], &[1, 0][..]));
    let error = doubled::<f64, f32>(&[1.0_f32]).map(|_: Array<f64>| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
}

#[test]
fn a_shape_is_checked_by_name() {
    let points = array![[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]];
    assert_eq!(distances(&points, &[1.0, 10.0]).unwrap()[..], [5.0, 20.0]);

    let error = distances(&points, &[1.0, 10.0, 3.0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument));
    assert_eq!(
        error.to_string(),
        "argument 2 of typed:distances: expected the shape (n) for weights, got (3), but n is 2 in \
         points"
    );
    let error = distances(&array![[1.0, 2.0]], &[1.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument 1 of typed:distances: expected the shape (n, 3) for points, got (1, 2)"
    );
    let error = wrong_shape(&points).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result));
    assert!(
        error.to_string().contains("expected the shape (n) for the result, got (3)"),
        "{error}"
    );
}

#[test]
fn collections_are_what_the_hint_says() {
    assert_eq!(
        lists(&[1.0], &["x", "y"], &[vec![1, 2], vec![]], &[7]).unwrap(),
        ["1.0", "x", "y", "[[1, 2], []]", "(7,)"]
    );
    assert_eq!(
        pairs(&[(1, "one".to_owned())], (2.0, None::<&str>)).unwrap(),
        [("one".to_owned(), 1), ("None".to_owned(), 2)]
    );
    let counts = dicts([("a", 1.5)], BTreeMap::from([(3, &["x".to_owned()][..])])).unwrap();
    assert_eq!(counts, HashMap::from([("a".to_owned(), 1), ("3".to_owned(), 1)]));
    let means = columns([("x", &[1.0, 3.0]), ("y", &[5.0, 5.0])]).unwrap();
    assert_eq!(means, HashMap::from([("x".to_owned(), 2.0), ("y".to_owned(), 5.0)]));
    let all = sets([1, 2], ["a"]).unwrap();
    assert_eq!(all, HashSet::from(["1", "2", "a"].map(str::to_owned)));
    assert_eq!(countdown(3).unwrap(), [3, 2, 1]);
    let stacked = stack([&[1.0, 2.0], &[3.0, 4.0]]).unwrap();
    assert_eq!(stacked.shape(), [2, 2]);
}

#[test]
fn none_is_an_option() {
    assert_eq!(optional(None, None::<&[f64]>).unwrap(), None);
    assert_eq!(optional(Some(1), Some(&[2.5])).unwrap().as_deref(), Some("1 [2.5]"));
}

#[test]
fn a_union_is_an_enum() {
    // Into<…> for each member; the same enum comes back.
    assert!(matches!(either(Some(5)).unwrap(), EitherA::Int(5)));
    assert!(matches!(either(Some("text")).unwrap(), EitherA::Str(text) if text == "text"));
    assert!(matches!(either(Some(vec![1.0])).unwrap(), EitherA::List(list) if list == [1.0]));

    let NumberOrArrayX::Float(number) = number_or_array(1.5).unwrap() else { panic!() };
    assert_eq!(number, 3.0);
    let (result, _) = (number_or_array(&[1.0, 2.0]).unwrap(), ());
    let NumberOrArrayX::Array(doubled) = result else { panic!("{result:?}") };
    assert_eq!(doubled[..], [2.0, 4.0]);

    assert!(matches!(anything_or_more("x").unwrap(), AnythingOrMoreX::Str(text) if text == "x"));
    let other = anything_or_more(handle("h").unwrap()).unwrap();
    assert!(
        matches!(other, AnythingOrMoreX::Handle(handle) if handle_name(&handle).unwrap() == "h")
    );
}

#[test]
fn a_literal_is_an_enum() {
    assert_eq!(boundary(Boundary::Reflect).unwrap(), Boundary::NearestValue);
    assert_eq!(boundary(Boundary::_2d).unwrap().as_str(), "2d");
    assert_eq!(order(OrderBy::Down).unwrap(), -1);
}

#[test]
fn paths_and_objects() {
    assert_eq!(path("some").unwrap(), PathBuf::from("some/more"));
    assert_eq!(anything(3).unwrap().extract::<i64>().unwrap(), 3);
    assert_eq!(same("x").unwrap().extract::<String>().unwrap(), "x");
    assert_eq!(handle_name(&handle("the name").unwrap()).unwrap(), "the name");
}

#[test]
fn the_files_enums_are_enums() {
    assert_eq!(next_mode(Mode::SAFE, Level::LOW).unwrap(), (Mode::FAST, Level::HIGH));
    assert_eq!(Mode::QUICK, Mode::FAST);
    assert_eq!(Mode::FAST.name(), "FAST");
}

#[test]
fn a_dataclass_is_a_struct() {
    let settings = Settings { names: vec!["a".to_owned()], ..Settings::new(0.5) };
    assert_eq!((settings.steps, settings.mode), (10, Mode::SAFE));
    let settled = settle(&settings).unwrap();
    assert_eq!(
        settled,
        Settings {
            tolerance: 1.0,
            steps: 11,
            mode: Mode::FAST,
            names: vec!["a".to_owned(), "x".to_owned()],
            limit: Some(1.5),
            r#type: "plain".to_owned(),
        }
    );

    let tree = grow(&Tree::new(1)).unwrap();
    assert_eq!((tree.value, tree.children.len()), (2, 1));
    assert_eq!(tree.left.as_ref().as_ref().unwrap().value, 1);
}

#[test]
fn arrays_in_structs_are_borrowed_both_ways() {
    start();
    let signals = [
        Signal { samples: vec![1.0, 2.0].try_into().unwrap(), rate: 10.0 },
        Signal { samples: vec![0.0].try_into().unwrap(), rate: 20.0 },
    ];
    let loud = loud(&signals, 1.0).unwrap();
    assert_eq!(loud.len(), 1);
    assert_eq!((&loud[0].samples[..], loud[0].rate), (&[2.0, 4.0][..], 10.0));

    let fit = line(&[1.0, 2.0], &[2.0, 4.0]).unwrap();
    assert_eq!((fit.slope, &fit.residuals[..]), (2.0, &[0.0, 0.0][..]));
    assert_eq!(residuals(&fit).unwrap(), fit.residuals);

    let made = "lambda: __import__('types').SimpleNamespace(slope=1.0, residuals=numpy.ones(3))";
    assert!(common::lambda(made).deny_copies().call::<Fit>(()).is_ok());
}

#[test]
fn a_typed_dict_is_a_struct() {
    let changed = row(&Row::new("me".to_owned())).unwrap();
    assert_eq!(changed, Row { name: "me!".to_owned(), count: Some(1), maybe: None });
    // A key that is missing.
    let object = callpy::Python::start().unwrap().function("builtins:dict").unwrap();
    let error = object.call::<Row>(()).unwrap_err();
    assert!(error.to_string().contains("the dict has no \"name\""), "{error}");
}

#[test]
fn what_is_not_set_is_not_passed() {
    assert_eq!(defaults(1).unwrap(), "1 2 None 4 5");
    let options = DefaultsOptions::new().c(3).d(None).self_(6);
    assert_eq!(defaults_with_options(1, options).unwrap(), "1 2 3 None 6");
    assert_eq!(defaults_with(7).unwrap(), 7, "a function of Python's own");

    assert_eq!(positional_with(1, PositionalOptions::new().d(9).b(5)).unwrap(), "1 5 3 9");
    let error = positional_with(1, PositionalOptions::new().c(5)).unwrap_err();
    assert!(error.to_string().contains("set b as well"), "{error}");

    assert_eq!(rest(1, true).unwrap(), "1 2 () True []");
    let options = RestOptions::new().b(3).numbers(4).numbers(5).extra("x", 1.5);
    assert_eq!(rest_with(1, false, options).unwrap(), "1 3 (4, 5) False [('x', 1.5)]");
    let error = rest_with(1, false, RestOptions::new().numbers(4)).unwrap_err();
    assert!(error.to_string().contains("set b as well"), "{error}");

    let options =
        WeightedOptions::new().weights(&[2.0, 1.0]).boundary(Boundary::NearestValue).scale(10);
    assert_eq!(format!("{options:?}"), r#"WeightedOptions({"weights", "boundary", "scale"})"#);
    assert_eq!(weighted_with(&[1.0, 3.0], options).unwrap(), 50.0);
    let error = weighted_with(&[1.0], WeightedOptions::new().weights(&[2.0, 1.0])).unwrap_err();
    assert!(error.to_string().contains("but n is 1 in data"), "{error}");

    assert_eq!(typed::options(1, 2, 3).unwrap(), 10);
    assert_eq!(options_with(1, 2, 3, OptionsOptions::new().call(5)).unwrap(), 11);
}

#[test]
fn what_has_no_hint_takes_anything() {
    assert_eq!(partly(1, 2_u8).unwrap(), 3);
    assert_eq!(cached(3).unwrap(), 3);
}

#[test]
fn a_function_is_declared_by_hand() {
    assert_eq!(typed::unhinted(&[1.0, 5.0, 2.0], 1.5).unwrap()[..], [1, 2]);
    let items: Vec<i64> = callpy::Python::start()
        .unwrap()
        .function("builtins:list")
        .unwrap()
        .call(generator(8).unwrap())
        .unwrap();
    assert_eq!(items, [8]);
}

#[test]
fn a_traceback_shows_the_files_lines() {
    let error = fails("because").unwrap_err();
    let line = error.to_string();
    assert!(line.starts_with("ValueError: because in fails ("), "{line}");
    let traceback = error.exception().unwrap().traceback();
    assert!(traceback.contains("File \"../../go/typed/typed.py\""), "{traceback}");
    assert!(traceback.contains("raise ValueError(message)"), "{traceback}");
}

#[test]
fn a_result_of_another_type_names_what_was_got() {
    let wrong = common::lambda("lambda: 5");
    let error = wrong.call::<Fit>(()).unwrap_err();
    assert!(error.to_string().contains("expected Fit, got the int 5"), "{error}");
    let error = wrong.call::<Mode>(()).unwrap_err();
    assert!(error.to_string().contains("expected Mode, got the int 5"), "{error}");
    let error = wrong.call::<Boundary>(()).unwrap_err();
    assert!(error.to_string().contains("expected Literal[\"reflect\""), "{error}");
    let error = common::lambda("lambda: 5.0").call::<EitherA>(()).unwrap_err();
    assert!(
        error.to_string().contains("expected int | str | list[float], got the float 5.0"),
        "{error}"
    );
}

#[test]
fn an_installed_module_is_compared_with_its_hints() {
    start();
    assert_eq!(installed::same(1, 3).unwrap(), "1 1 3");
    let error = installed::changed(1, 2).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Target));
    let text = error.to_string();
    assert!(text.contains("changed(a, old_name)"), "{text}");
    assert!(text.contains("changed(a, new_name, extra=...)"), "{text}");
}

#[test]
fn the_file_is_read_again_where_asked() {
    assert_eq!(fresh::answer().unwrap(), 42);
}

#[test]
fn every_thread_may_be_the_first() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(cached(1).unwrap(), 1));
        }
    });
}

/// As arguments and results, in every kind of type.
#[test]
fn generated_types_are_values_like_others() {
    fn both<'a, T: FromPython + callpy::IntoPython<'a>>() {}
    both::<Settings>();
    both::<Mode>();
    both::<Boundary>();
    both::<EitherA>();
}

#[test]
fn a_file_in_another_encoding_means_the_same() {
    start();
    assert_eq!(latin1::drink(2).unwrap(), "café café ");
}

#[cfg(target_os = "linux")]
mod on_workers {
    use std::time::Duration;

    use callpy::{Cancel, Workers};

    use super::*;

    fn workers() -> Workers {
        let builder = callpy::Python::builder().require(["numpy"]);
        builder.search_path(common::file("")).workers(1).unwrap()
    }

    #[test]
    fn the_same_functions_take_and_return_the_same() {
        let typed = typed::on(&workers()).unwrap();
        assert_eq!(
            typed.scalars(1, 2.5, true, "abc", b"xyz").unwrap(),
            (2, 5.0, false, "ABC".to_owned(), Bytes(b"zyx".to_vec()))
        );
        assert_eq!(typed.numpy_scalars(0.5, 2, 1.0).unwrap(), 3.5);
        let mut series = vec![0.0; 20];
        series[3] = 9.0;
        assert_eq!(typed.detect(&series).unwrap()[..], [3]);
        typed.fill(&mut series, 2.0).unwrap();
        assert_eq!(series, [2.0; 20]);
        let floats: Array<f32> = typed.doubled(&[1.0_f32, 2.0]).unwrap();
        assert_eq!(floats[..], [2.0, 4.0]);
        let error = typed.distances(&array![[1.0, 2.0, 3.0]], &[1.0, 2.0]).unwrap_err();
        assert!(error.to_string().starts_with("argument 2 of typed:distances"), "{error}");
        assert_eq!(
            typed.lists(&[1.0], &["x"], &[vec![1, 2]], &[7]).unwrap(),
            ["1.0", "x", "[[1, 2]]", "(7,)"]
        );
        assert_eq!(typed.countdown(3).unwrap(), [3, 2, 1]);
        assert_eq!(typed.optional(Some(1), Some(&[2.5])).unwrap().as_deref(), Some("1 [2.5]"));
        assert!(matches!(typed.either(Some("text")).unwrap(), EitherA::Str(it) if it == "text"));
        assert_eq!(typed.boundary(Boundary::Reflect).unwrap(), Boundary::NearestValue);
        assert_eq!(typed.path("some").unwrap(), PathBuf::from("some/more"));
        // By hand.
        assert_eq!(typed.unhinted(&[1.0, 5.0, 2.0], 1.5).unwrap()[..], [1, 2]);
    }

    #[test]
    fn options_are_the_same() {
        let typed = typed::on(&workers()).unwrap();
        assert_eq!(typed.defaults(1).unwrap(), "1 2 None 4 5");
        let options = DefaultsOptions::new().c(3).d(None).self_(6);
        assert_eq!(typed.defaults_with_options(1, options).unwrap(), "1 2 3 None 6");
        assert_eq!(typed.defaults_with(7).unwrap(), 7);
        let options = RestOptions::new().b(3).numbers(4).numbers(5).extra("x", 1.5);
        assert_eq!(typed.rest_with(1, false, options).unwrap(), "1 3 (4, 5) False [('x', 1.5)]");
    }

    #[test]
    fn values_of_the_files_classes_are_the_same_and_objects_are_copies() {
        let typed = typed::on(&workers()).unwrap();
        assert_eq!(typed.next_mode(Mode::SAFE, Level::LOW).unwrap(), (Mode::FAST, Level::HIGH));
        assert_eq!(typed.settle(&Settings::new(0.5)).unwrap().steps, 11);
        assert_eq!(typed.grow(&Tree::new(1)).unwrap().value, 2);
        let fit = typed.line(&[1.0, 2.0], &[2.0, 4.0]).unwrap();
        assert_eq!(typed.residuals(&fit).unwrap(), fit.residuals);
        let signal = Signal { samples: vec![1.0, 2.0].try_into().unwrap(), rate: 10.0 };
        assert_eq!(typed.loud(&[signal], 1.0).unwrap()[0].samples[..], [2.0, 4.0]);

        let handle = typed.handle("the name").unwrap();
        assert_eq!(typed.handle_name(&handle).unwrap(), "the name");
        assert_eq!(handle.label().unwrap(), "the name/1");
        let error = typed.generator(8).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
        let object = callpy::Python::start().unwrap().module("os").unwrap();
        let error = typed.anything(object.object()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
        assert!(error.to_string().contains("it can't be sent to a worker"), "{error}");
    }

    #[test]
    fn what_the_hints_say_of_arguments_holds_there() {
        let typed = typed::on(&workers()).unwrap();
        // It retains its argument, at each call, and costs no worker.
        for _ in 0..3 {
            typed.remembered(&[1.0]).unwrap();
        }
        typed.address(&[1.0]).unwrap();
    }

    #[test]
    fn an_error_names_the_function_and_shows_the_files_lines() {
        let typed = typed::on(&workers()).unwrap();
        let error = typed.fails("because").unwrap_err();
        assert!(error.to_string().starts_with("ValueError: because in fails ("), "{error}");
        let traceback = error.exception().unwrap().traceback();
        assert!(traceback.contains("File \"../../go/typed/typed.py\""), "{traceback}");
        assert!(traceback.contains("raise ValueError(message)"), "{traceback}");
    }

    #[test]
    fn limits_apply_to_all_functions() {
        let workers = workers();
        let typed = typed::on(&workers).unwrap();
        let much = vec![0.0; 1 << 20];
        let error = typed.within(Duration::ZERO).detect(&much).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline), "{error}");
        assert!(error.to_string().contains("typed:detect"), "{error}");
        let cancel = Cancel::new();
        cancel.cancel();
        let error = typed.cancelled_by(&cancel).retries(1).cached(1).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!(typed.cached(1).unwrap(), 1);
    }

    #[test]
    fn an_installed_module_is_compared_with_its_hints_there() {
        let error = installed::on(&workers()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Target), "{error}");
        assert!(error.to_string().contains("changed(a, new_name, extra=...)"), "{error}");
    }
}

#[test]
fn a_class_finds_its_methods_where_python_does() {
    start();
    let basket = Basket::new(3).unwrap();
    assert_eq!(basket.kind().unwrap(), "counted");
    assert_eq!(basket.count().unwrap(), 3);
    // `Self`, and a type variable used for it, are the class that inherits.
    let grown: Basket = basket.grown().unwrap();
    assert_eq!(grown.doubled().unwrap(), 8);
    let halved: Option<Basket> = grown.halved().unwrap();
    assert_eq!(halved.unwrap().doubled().unwrap(), 4);
    assert!(basket.halved().unwrap().is_none());
    let made: Vec<Basket> = Basket::of(&[1, 2]).unwrap();
    assert_eq!(made[1].doubled().unwrap(), 4);
    let plain: Sized = Sized::new(2).unwrap().grown().unwrap();
    assert_eq!(plain.kind().unwrap(), 1);
}

#[test]
fn an_iterator_written_by_hand_is_read_item_by_item() {
    start();
    let items: Vec<i64> =
        Down::new(3).unwrap().iter().unwrap().collect::<callpy::Result<_>>().unwrap();
    assert_eq!(items, [2, 1, 0]);
}

#[test]
fn assignments_make_properties_and_second_names_of_methods() {
    start();
    let needle = Needle::new(1.5).unwrap();
    needle.set_level(2.5).unwrap();
    assert_eq!((needle.level().unwrap(), needle.fixed().unwrap()), (2.5, 2.5));
    assert_eq!((needle.raised().unwrap(), needle.lifted().unwrap()), (3.5, 3.5));
    assert_eq!(Needle::doubled(1.5).unwrap(), 3.0);
    let options = NeedleLiftedOptions::new().by(2.0);
    assert_eq!(needle.lifted_with(options).unwrap(), 4.5);
}

#[test]
fn a_context_is_left_with_the_exception_of_the_body() {
    start();
    let made = |then: &str| Transaction::new_with(TransactionOptions::new().then(then)).unwrap();
    let fails = |entered: Transaction| entered.look_up("b");

    let transaction = made("");
    assert_eq!(transaction.with(|entered| entered.look_up("a")).unwrap(), 1);
    let error = transaction.with(fails).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "KeyError");
    let error = transaction.with(|_| Err::<(), _>(Error::result("odd"))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    let said = ["enter", "exit", "enter", "KeyError KeyError('b')", "enter"];
    let log = transaction.log().unwrap();
    assert_eq!(log[..5], said);
    assert_eq!(log[5..], ["RuntimeError RuntimeError('odd')"]);

    // There is no value instead of one that is suppressed.
    let suppressing = made("suppress");
    assert_eq!(suppressing.with(fails).unwrap_err().exception().unwrap().type_name(), "KeyError");
    // An exception that is raised again is the same.
    let error = made("again").with(fails).unwrap_err();
    assert_eq!(error.exception().unwrap().message(), "'b'");
    assert!(error.to_string().starts_with("KeyError"), "{error}");
    // Another one says while which it was raised.
    let error = made("fail").with(fails).unwrap_err();
    let exception = error.exception().unwrap();
    assert_eq!((exception.type_name(), exception.message()), ("OSError", "can't leave"));
    assert_eq!(exception.context().unwrap().type_name(), "KeyError");
    let error = made("fail").with(|_| Ok(())).unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "OSError");
}

#[test]
fn a_context_is_left_by_a_panic_and_where_what_was_entered_does_not_convert() {
    start();
    let transaction = Transaction::new().unwrap();
    let body = AssertUnwindSafe(|| transaction.with(|_| -> callpy::Result<()> { panic!("stop") }));
    let panic = catch_unwind(body).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"stop"));
    let said = ["enter", "RuntimeError RuntimeError('the program panicked: stop')"];
    assert_eq!(transaction.log().unwrap(), said);

    let misleading = Transaction::new_with(TransactionOptions::new().then("mislead")).unwrap();
    let error = misleading.with(|_| Ok(())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("the result of __enter__ of with Transaction: expected Tr"), "{text}");
    assert_eq!(misleading.log().unwrap().len(), 2);

    let locked = Locked::new().unwrap();
    locked.with(|_| Ok(())).unwrap_err();
    assert_eq!(locked.log().unwrap(), ["enter", "RuntimeError"]);
}

#[test]
fn attributes_that_a_class_declares_are_properties() {
    start();
    let stamped = Stamped::new().unwrap();
    assert_eq!(stamped.tag().unwrap(), "none");
    stamped.set_tag("mine".to_owned()).unwrap();
    assert_eq!(stamped.kinds().unwrap(), ["a", "b"]);
    assert_eq!(stamped.limit().unwrap(), 7);
    let tagged: Tagged = stamped.relabel("other").unwrap();
    assert_eq!(tagged.tag().unwrap(), "other");
    // A declaration alone makes no value.
    let error = stamped.at().unwrap_err();
    assert!(error.to_string().contains("AttributeError"), "{error}");
    assert_eq!(stamped.stamp(1.5).unwrap().at().unwrap(), 1.5);
}

#[test]
fn a_method_with_the_name_of_a_conversion_gets_another() {
    start();
    assert_eq!(Factory::new().unwrap().into_().unwrap(), "into");
}
