//! Functions that look at their caller's frame work as they do at the top level of a script.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::thread;

use callpy::{Function, Given, Module, Object, Result, named};
use common::{lambda, python};

/// What Python code saw of its caller: the module, the function, whether its locals are separate from
/// its globals, and whether its frame is the outermost.
type Seen = (String, String, bool, bool);

fn top_level() -> Seen {
    ("__main__".to_owned(), "<module>".to_owned(), false, true)
}

fn frames() -> Module {
    python().module("frames").unwrap()
}

fn function(name: &str) -> Function {
    frames().function(name).unwrap()
}

#[test]
fn every_kind_of_callable_is_called_from_the_top_level() {
    let look = function("look");
    let seer = || function("Seer").call::<Object>(()).unwrap();
    let python = python();
    let partial = python.function("functools:partial").unwrap();
    let partial: Object = partial.call(&look).unwrap();
    let range: Object = python.function("builtins:range").unwrap().call(2).unwrap();
    let lazy: Object = python.function("builtins:map").unwrap().call((&look, &range)).unwrap();
    let seen: [(&str, Result<Seen>); 8] = [
        ("a function", look.call(())),
        ("with arguments", look.call((1, [2.5, 3.5].as_slice(), named("key", "value")))),
        ("with more than a few", look.call(((1, 2, 3), 4, 5, 6, 7, 8, 9, 10, 11))),
        ("a class method", function("Seer.of_class").call(())),
        ("a method", seer().call_method("method", ())),
        ("an object", seer().call(1)),
        ("a partial", partial.call(2)),
        ("a function in C that calls it", python.function("builtins:next").unwrap().call(&lazy)),
    ];
    for (kind, seen) in seen {
        assert_eq!(seen.unwrap(), top_level(), "{kind}");
    }
    let made = seer().attr("made").unwrap();
    assert_eq!(made.extract::<Seen>().unwrap(), top_level(), "a class");
}

#[test]
fn so_is_what_is_no_call() {
    let seer: Object = function("Seer").call(()).unwrap();
    assert_eq!(seer.attr("attribute").unwrap().extract::<Seen>().unwrap(), top_level());
    assert_eq!(seer.item("key").unwrap().extract::<Seen>().unwrap(), top_level());
    seer.set_item("key", 1).unwrap();
    assert_eq!(seer.attr("set").unwrap().extract::<Seen>().unwrap(), top_level());
    seer.set_attr("assigned", 1).unwrap();
    assert_eq!(seer.attr("assigned").unwrap().extract::<Seen>().unwrap(), top_level());
    assert_eq!(seer.len().unwrap(), 4);
    assert_eq!(seer.to_string(), "__main__");
    assert_eq!(seer.repr().unwrap(), "__main__");
}

#[test]
fn python_finds_the_globals_of_main() {
    let python = python();
    let name = |expression: &str| -> Result<String> {
        python.function("builtins:eval").unwrap().call(expression)
    };
    assert_eq!(name("__name__").unwrap(), "__main__");
    assert_eq!(name("'yes' if locals() is globals() else 'no'").unwrap(), "yes");

    // A name that code at the top level assigns is there afterwards, as it is in a script.
    let exec = python.function("builtins:exec").unwrap();
    exec.call::<()>("def half(number): return number / 2").unwrap();
    assert_eq!(name("half.__module__").unwrap(), "__main__");
    let main = python.module("__main__").unwrap();
    assert_eq!(main.function("half").unwrap().call::<f64>(3).unwrap(), 1.5);

    let is_main = lambda("lambda names: names is sys.modules['__main__'].__dict__");
    for function in ["globals", "locals", "vars"] {
        let function = python.function(format!("builtins:{function}")).unwrap();
        assert!(is_main.call::<bool>(&function.call::<Object>(()).unwrap()).unwrap());
    }
    let dir = python.function("builtins:dir").unwrap().call::<Vec<String>>(()).unwrap();
    assert!(dir.contains(&"half".to_owned()), "{dir:?}");
}

#[test]
fn arguments_are_no_names_of_the_caller() {
    let evaluate = function("evaluate");
    let numbers = vec![1.0, 2.0];
    assert_eq!(
        evaluate.call::<f64>(("__import__('math').pi", &numbers)).unwrap(),
        std::f64::consts::PI
    );
    assert!(evaluate.call::<bool>(("locals() is globals()", &numbers)).unwrap());
}

#[test]
fn the_standard_library_finds_who_calls_it() {
    assert_eq!(function("warn").call::<String>(()).unwrap(), "<callpy>");
    assert_eq!(function("log").call::<String>(()).unwrap(), "<module>");
    let namedtuple = python().function("collections:namedtuple").unwrap();
    let pair: Object = namedtuple.call(("Pair", "left right")).unwrap();
    assert_eq!(pair.attr("__module__").unwrap().to_string(), "__main__");
    let stack = python().function("inspect:stack").unwrap();
    assert_eq!(stack.call::<Object>(()).unwrap().len().unwrap(), 1);
}

#[test]
fn a_module_is_imported_from_the_top_level() {
    let module = python().module("imported").unwrap();
    assert_eq!(module.attr("importer").unwrap().to_string(), "__main__");
}

#[test]
fn a_caller_in_python_stays_the_caller() {
    // Python frees what it was passed, and the owner's destructor then calls Python.
    struct Owner(Vec<f64>, std::sync::mpsc::SyncSender<Seen>);
    impl AsRef<[f64]> for Owner {
        fn as_ref(&self) -> &[f64] {
            &self.0
        }
    }
    impl Drop for Owner {
        fn drop(&mut self) {
            self.1.send(function("look").call(()).unwrap()).unwrap();
        }
    }
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    function("keep_memory").call::<()>(Given::new(Owner(vec![1.0], sender))).unwrap();
    function("let_go").call::<()>(()).unwrap();
    let (module, function, _, outermost) = receiver.recv().unwrap();
    assert_eq!((module.as_str(), function.as_str(), outermost), ("frames", "let_go", false));
}

#[test]
fn threads_have_frames_of_their_own() {
    let look = function("look");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(look.call::<Seen>(()).unwrap(), top_level());
                }
            });
        }
    });
    let seen = python().attach(|_| look.call::<Seen>(()).unwrap()).unwrap();
    assert_eq!(seen, top_level());
}

#[test]
fn tracebacks_begin_with_the_function() {
    for name in ["fails", "fails_below"] {
        let error = function(name).call::<()>(()).unwrap_err();
        let exception = error.exception().unwrap();
        assert!(!exception.traceback().contains("<callpy>"), "{}", exception.traceback());
        let first = exception.traceback().lines().nth(1).unwrap_or_default();
        assert!(first.ends_with(&format!("in {name}")), "{first}");
    }
}

#[test]
fn the_base_frame_holds_no_argument() {
    let numbers = vec![1.5; 10];
    for name in ["keep_the_exception", "keep_the_frame"] {
        function(name).call::<()>(&numbers).unwrap();
    }
    let kept = frames().attr("kept").unwrap();
    assert_eq!(kept.len().unwrap(), 2);
}

#[test]
fn a_function_that_calls_nothing_works_without() {
    let numbers = vec![1.5; 10];
    assert_eq!(function("hands_on").call::<Vec<f64>>(&numbers).unwrap(), numbers);
    let arguments = (&numbers, named("other", 1));
    assert_eq!(function("hands_on").call::<Vec<f64>>(arguments).unwrap(), numbers);
}
