//! Finding what a target names, and calling it with arguments of every kind.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::BTreeMap;

use callpy::{Arguments, Error, ErrorKind, Object, named};
use common::{eval, file, lambda, python, target};

/// Returns the error of a call that must fail.
fn failure<T>(result: callpy::Result<T>) -> Error {
    result.map(drop).expect_err("this must fail")
}

fn is_target(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Target)
}

#[test]
fn a_module_is_found_by_its_dotted_name() {
    let place = python().function("package.inner.module:where").unwrap();
    assert_eq!(place.call::<String>(()).unwrap(), "package.inner.module");
    assert_eq!(place.name(), "package.inner.module:where");
    let name = python().function("package.inner.module:Outer.Inner.name").unwrap();
    assert_eq!(name.call::<String>(()).unwrap(), "Outer.Inner");
}

#[test]
fn a_file_is_found_by_its_path() {
    let answer = python().function(target("plain.py", "answer")).unwrap();
    assert_eq!(answer.call::<i64>(()).unwrap(), 42);
    // The same file by another path is the same module.
    let round = file("twins/../plain.py");
    let again = python().function(format!("{}:answer", round.display())).unwrap();
    assert_eq!(format!("{:?}", again.object()), format!("{:?}", answer.object()));
    assert!(python().function("plain:answer").is_ok(), "it is known by its own name too");
}

#[test]
fn a_relative_path_is_a_file_of_the_current_folder() {
    let here = std::env::current_dir().unwrap();
    let path = file("plain.py");
    let relative = path.strip_prefix(&here).expect("cargo runs tests in the package's folder");
    let answer = python().function(format!("{}:answer", relative.display())).unwrap();
    assert_eq!(answer.call::<i64>(()).unwrap(), 42);
}

#[test]
fn a_file_may_have_the_name_of_a_standard_module() {
    let which = python().function(target("shadow/json.py", "which")).unwrap();
    let answer: (String, String) = which.call(()).unwrap();
    assert_eq!(answer, ("mine".into(), "[1]".into()), "and itself still gets the standard one");
    let dumps = python().function("json:dumps").unwrap();
    assert_eq!(dumps.call::<String>(true).unwrap(), "true");
}

#[test]
fn two_files_of_one_name_stay_two() {
    let one = python().function(target("twins/one/stem.py", "where")).unwrap();
    let two = python().function(target("twins/two/stem.py", "where")).unwrap();
    assert_eq!(one.call::<String>(()).unwrap(), "one");
    assert_eq!(two.call::<String>(()).unwrap(), "two");
    let one = python().function(target("twins/one/stem.py", "where")).unwrap();
    assert_eq!(one.call::<String>(()).unwrap(), "one");
}

#[test]
fn a_file_finds_its_neighbour() {
    let greet = python().function(target("family/family_parent.py", "greet")).unwrap();
    assert_eq!(greet.call::<String>(()).unwrap(), "parent of child");
}

#[test]
fn a_file_that_does_not_parse_says_where() {
    let error = failure(python().function(target("broken.py", "broken")));
    let exception = error.exception().expect("a SyntaxError");
    assert_eq!(exception.type_name(), "SyntaxError");
    assert!(exception.traceback().contains("broken.py\", line 3"), "{error:#}");
    assert!(error.to_string().contains("broken.py"), "{error}");
}

#[test]
fn a_file_that_failed_is_imported_again() {
    let error = failure(python().function(target("flaky.py", "attempts")));
    assert_eq!(error.exception().unwrap().message(), "not yet");
    let attempts = python().function(target("flaky.py", "attempts")).unwrap();
    assert_eq!(attempts.call::<i64>(()).unwrap(), 2);
}

#[test]
fn what_leads_nowhere_is_an_error_that_says_so() {
    for nothing in ["", "answer", ":answer", "plain:", "plain.py"] {
        let error = failure(python().function(nothing));
        assert!(is_target(&error), "{nothing}: {error}");
        assert!(error.to_string().contains("module:function"), "{error}");
    }
    let error = failure(python().function("no/such/file.py:f"));
    assert!(is_target(&error) && error.to_string().contains("no/such/file.py"), "{error}");

    let error = failure(python().function("no_such_module:f"));
    assert_eq!(error.exception().unwrap().type_name(), "ModuleNotFoundError");

    let error = failure(python().function("plain:anser"));
    assert!(is_target(&error) && error.to_string().contains("answer"), "{error}");
    let error = failure(python().function("plain:Account.gret"));
    assert!(is_target(&error) && error.to_string().contains("greet"), "{error}");
    for nothing in ["plain:.answer", "plain:Account..greet", "plain:Account."] {
        let error = failure(python().function(nothing));
        assert!(is_target(&error), "{nothing}: {error}");
    }
    let error = failure(python().function("plain:not_callable"));
    assert!(is_target(&error) && error.to_string().contains("an int"), "{error}");

    let error = failure(python().function("pla\0in:answer"));
    assert!(is_target(&error), "{error}");
    failure(python().function("plain:ans\0wer"));
}

#[test]
fn everything_that_can_be_called_is_called() {
    let call = |name: &str| python().function(name).unwrap();
    assert_eq!(call("builtins:abs").call::<i64>(-3).unwrap(), 3);
    assert_eq!(call("math:hypot").call::<f64>((3.0, 4.0)).unwrap(), 5.0);
    assert_eq!(call("plain:Account.double").call::<i64>(21).unwrap(), 42);
    assert_eq!(call("plain:Account.Rules.limit").call::<i64>(()).unwrap(), 100);
    assert_eq!(call("plain:add_ten").call::<i64>(5).unwrap(), 15);
    assert_eq!(call("plain:greet_ada").call::<String>("Hello").unwrap(), "Hello, Ada");
    assert_eq!(call("plain:int_base_2").call::<i64>("101").unwrap(), 5);
    assert_eq!(call("builtins:str.upper").call::<String>("up").unwrap(), "UP");
    assert_eq!(call("builtins:dict.fromkeys").call::<Object>(("ab", 0)).unwrap().len().unwrap(), 2);
    assert_eq!(
        call("operator:itemgetter").call::<Object>(1).unwrap().call::<i64>(((5, 6),)).unwrap(),
        6
    );
    assert_eq!(call("numpy:add").call::<f64>((1.5, 2)).unwrap(), 3.5);

    let account: Object = call("plain:Account").call("Grace").unwrap();
    assert_eq!(account.call_method::<String>("greet", "Hi").unwrap(), "Hi, Grace");
    let greet = account.attr("greet").unwrap();
    assert_eq!(greet.call::<String>("Ho").unwrap(), "Ho, Grace");
    let opened: Object = call("plain:Account.open").call("Alan").unwrap();
    assert_eq!(opened.attr("owner").unwrap().extract::<String>().unwrap(), "Alan");
    assert_eq!(opened.attr("opened").unwrap().extract::<i64>().unwrap(), 1);
}

#[test]
fn any_number_of_arguments_arrives_in_order() {
    let count = python().function("plain:count").unwrap();
    let echo = python().function("plain:echo").unwrap();
    for positional in 0..=20 {
        for keywords in 0..=9 {
            let mut arguments = Arguments::new();
            let mut twin = Arguments::new();
            for number in 0..positional {
                arguments.push(number);
                twin.push(number);
            }
            let names: Vec<String> = (0..keywords).map(|index| format!("k{index}")).collect();
            for (index, name) in names.iter().enumerate() {
                arguments.push_named(name.as_str(), -(index as i64));
                twin.push_named(name.as_str(), -(index as i64));
            }
            let answer: (usize, Vec<String>) = count.call(arguments).unwrap();
            assert_eq!(answer, (positional as usize, names.clone()));
            let (values, by_name): (Vec<i64>, BTreeMap<String, i64>) = echo.call(twin).unwrap();
            assert_eq!(values, (0..positional).collect::<Vec<i64>>());
            let expected = names.into_iter().zip((0..).map(|index: i64| -index)).collect();
            assert_eq!(by_name, expected);
        }
    }
}

#[test]
fn tuples_of_every_length_are_arguments() {
    let count = |arguments: (usize, Vec<String>)| arguments.0;
    let f = python().function("plain:count").unwrap();
    assert_eq!(count(f.call(()).unwrap()), 0);
    assert_eq!(count(f.call("one").unwrap()), 1);
    assert_eq!(count(f.call((1,)).unwrap()), 1);
    assert_eq!(count(f.call(((1, 2),)).unwrap()), 1);
    assert_eq!(count(f.call((1, ())).unwrap()), 2, "() inside a tuple is None");
    assert_eq!(count(f.call((1, 2, 3, 4, 5, 6, 7)).unwrap()), 7);
    assert_eq!(count(f.call((1, 2, 3, 4, 5, 6, 7, 8)).unwrap()), 8);
    assert_eq!(count(f.call((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)).unwrap()), 12);
    let (number, names): (usize, Vec<String>) =
        f.call((1, 2, 3, 4, 5, 6, 7, named("x", 8), named("y", &[1.0][..]))).unwrap();
    assert_eq!((number, names), (7, vec!["x".into(), "y".into()]));
}

#[test]
fn keyword_arguments_go_by_their_names() {
    let defaults = python().function("plain:defaults").unwrap();
    assert_eq!(defaults.call::<(i64, i64, i64)>(1).unwrap(), (1, 2, 3));
    let answer: (i64, i64, i64) = defaults.call((named("c", 30), named("a", 10))).unwrap();
    assert_eq!(answer, (10, 2, 30));
    let error = failure(defaults.call::<Object>((1, named("d", 4))));
    assert_eq!(error.exception().unwrap().type_name(), "TypeError");
    let error = failure(defaults.call::<Object>((1, named("a", 4))));
    assert_eq!(error.exception().unwrap().type_name(), "TypeError");
    for twice in ["plain:defaults", "plain:echo"] {
        let twice = python().function(twice).unwrap();
        let error = failure(twice.call::<Object>((1, named("c", 4), named("c", 5))));
        assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
        assert!(error.to_string().contains("\"c\" is passed twice"), "{error}");
    }

    let error = failure(defaults.call::<Object>((named("a", 1), 2)));
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    let words = "a positional argument follows a keyword argument: put keyword arguments last";
    assert!(error.to_string().contains(words), "{error}");
    let error = failure(defaults.call::<Object>(((named("a", 1),), 2)));
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    assert_eq!(defaults.call::<(i64, i64, i64)>(7).unwrap(), (7, 2, 3), "nothing stays behind");
}

#[test]
fn an_argument_that_can_not_be_made_is_named() {
    let count = python().function("plain:count").unwrap();
    let inner = Arguments::new();
    let error = failure(count.call::<Object>((1, 2, inner)));
    assert!(matches!(error.kind(), ErrorKind::Argument), "{error}");
    assert!(error.to_string().contains("argument 3 of plain:count"), "{error}");
    let error = failure(count.call::<Object>((1, named("x", (named("y", 1),)))));
    assert!(error.to_string().contains("argument \"x\" of plain:count"), "{error}");
}

#[test]
fn a_result_that_is_not_what_was_asked_for_is_named() {
    let error = failure(python().function("plain:answer").unwrap().call::<String>(()));
    assert!(matches!(error.kind(), ErrorKind::Result), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("the result of plain:answer") && text.contains("got the int 42"),
        "{text}"
    );
}

#[test]
fn functions_may_be_arguments_and_results() {
    let map = lambda("lambda function, items: [function(item) for item in items]");
    let answer = python().function("math:factorial").unwrap();
    let factorials: Vec<i64> = map.call((&answer, vec![Some(3), Some(4)])).unwrap();
    assert_eq!(factorials, [6, 24]);
    let inner: Object = eval("lambda x: x + 1").unwrap();
    assert_eq!(inner.call::<i64>(1).unwrap(), 2);
}

#[test]
fn objects_are_read_and_written() {
    let object: Object = eval("type('Thing', (), {})()").unwrap();
    object.set_attr("colour", "red").unwrap();
    assert_eq!(object.attr("colour").unwrap().extract::<String>().unwrap(), "red");
    assert_eq!(failure(object.attr("size")).exception().unwrap().type_name(), "AttributeError");
    assert!(failure(object.len()).exception().is_some());

    let dict: Object = eval("{'a': 1}").unwrap();
    dict.set_item("b", vec![1.5]).unwrap();
    assert_eq!(dict.item("a").unwrap().extract::<i64>().unwrap(), 1);
    assert_eq!(dict.item("b").unwrap().extract::<Vec<f64>>().unwrap(), [1.5]);
    assert_eq!(failure(dict.item("c")).exception().unwrap().type_name(), "KeyError");
    assert_eq!((dict.len().unwrap(), dict.is_empty().unwrap()), (2, false));
    assert_eq!(dict.item("a").unwrap().to_string(), "1");
    assert_eq!(format!("{:?}", eval::<Object>("'text'").unwrap()), "'text'");
    assert!(eval::<Object>("None").unwrap().is_none());
    assert!(!dict.is_none());
    let hostile: Object = eval("type('Hostile', (), {'__repr__': lambda self: 1 / 0})()").unwrap();
    assert_eq!(failure(hostile.repr()).exception().unwrap().type_name(), "ZeroDivisionError");
    assert_eq!(format!("{hostile} {hostile:?}"), "<a Python object> <a Python object>");
}

#[test]
fn source_text_is_a_module_once() {
    let source = "runs = []\ndef run():\n    runs.append(1)\n    return len(runs)\n";
    let first = python().module_from_source("source_once", "source_once.py", source).unwrap();
    assert_eq!(first.function("run").unwrap().call::<i64>(()).unwrap(), 1);
    let second = python().module_from_source("source_once", "source_once.py", source).unwrap();
    assert_eq!(second.function("run").unwrap().call::<i64>(()).unwrap(), 2);
    assert_eq!(first.attr("__name__").unwrap().extract::<String>().unwrap(), "source_once");
    let error = failure(python().module_from_source("source_bad", "source_bad.py", "1 / 0\n"));
    assert!(
        error.exception().unwrap().traceback().contains("source_bad.py\", line 1"),
        "{error:#}"
    );
    failure(python().function("source_bad:f"));
}

#[test]
fn a_module_is_loaded_once_and_whole_by_many_threads() {
    let source = "import sys, time\nseen = set(sys.modules)\nfor _ in range(50):\n    time.sleep(0)\ndef f():\n    return id(f)\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("json.py");
    std::fs::write(&path, source).unwrap();
    let by_path = format!("{}:f", path.display());
    for round in 0..20 {
        let name = format!("many_threads_{round}");
        let all = std::sync::Barrier::new(8);
        let load = || {
            all.wait();
            let module = python().module_from_source(&name, "many.py", source).unwrap();
            let by_path = python().function(&by_path).unwrap();
            let f = module.function("f").unwrap();
            (f.call::<i64>(()).unwrap(), by_path.call::<i64>(()).unwrap())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            let answers: Vec<_> =
                threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        });
    }
}
