//! Python's exceptions as typed errors: what they contain, how they are displayed, and that nothing of
//! them stays in the interpreter.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::error::Error as _;

use callpy::{Error, ErrorKind, Object, PythonException};
use common::{eval, lambda, python, target};

/// Calls `failing.py:name`, which fails, and checks that the next call succeeds.
fn fail<'a>(name: &str, arguments: impl callpy::IntoPython<'a>) -> Error {
    let function = python().function(target("failing.py", name)).unwrap();
    let error = function.call::<Object>(arguments).expect_err("this function fails");
    let leftovers = python().function(target("failing.py", "leftovers")).unwrap();
    assert!(leftovers.call::<bool>(()).unwrap(), "nothing stays set after {name}");
    assert_eq!(eval::<i64>("40 + 2").unwrap(), 42);
    one_line(&error);
    error
}

fn raised(error: &Error) -> &PythonException {
    error.exception().unwrap_or_else(|| panic!("no exception: {error}"))
}

fn one_line(error: &Error) {
    let line = error.to_string();
    assert_eq!(line.lines().count(), 1, "{line:?}");
    assert!(format!("{error:#}").starts_with(&line));
    assert_eq!(format!("{error:?}"), format!("{error:#}"));
}

/// Counts the causes below an error.
fn links(error: &Error) -> usize {
    let mut count = 0;
    let mut source = error.source();
    while let Some(error) = source {
        count += 1;
        source = error.source();
    }
    count
}

fn minor() -> i64 {
    eval("sys.version_info[1]").unwrap()
}

#[test]
fn an_exception_keeps_its_type_and_text() {
    let error = fail("app_error", ());
    let exception = raised(&error);
    assert_eq!(exception.type_name(), "AppError");
    assert_eq!(exception.module(), "failing");
    assert_eq!(exception.message(), "of my own");
    assert!(exception.notes().is_empty());
    assert!(exception.cause().is_none() && exception.context().is_none());
    let line = error.to_string();
    assert!(line.starts_with("AppError: of my own in app_error ("), "{line}");
    assert!(line.ends_with("failing.py, line 11)"), "{line}");
    // What anyhow and `Box<dyn Error>` print: they know nothing of this type.
    let unknown: &(dyn std::error::Error + Send + Sync) = &error;
    assert_eq!(unknown.to_string(), line);
    assert_eq!(exception.to_string(), "AppError: of my own");
    assert!(error.source().is_none());
    let builtin = fail("deep", 0);
    assert_eq!(raised(&builtin).module(), "builtins");
}

#[test]
fn a_traceback_has_files_and_lines() {
    let error = fail("deep", 3);
    let traceback = raised(&error).traceback();
    assert!(traceback.starts_with("Traceback (most recent call last):\n"), "{traceback}");
    assert!(traceback.trim_end().ends_with("ValueError: at the bottom"), "{traceback}");
    assert!(traceback.contains("failing.py\", line 16, in deep"), "{traceback}");
    assert!(traceback.contains("raise ValueError(\"at the bottom\")"), "{traceback}");
    assert_eq!(traceback.matches(", in deep").count(), 4, "{traceback}");
    assert!(!traceback.contains("<callpy>"), "none of callpy's own frames: {traceback}");
    assert!(format!("{error:#}").contains(traceback.trim_end()));
}

/// Python's own words, but for the marks below a source line.
#[test]
fn a_traceback_reads_as_pythons_own() {
    let printed = python().function(target("failing.py", "printed")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let mut cases: Vec<(&str, Option<Object>)> =
        ["app_error", "caused", "in_context", "suppressed", "nested_chain", "own_cause", "circle"]
            .iter()
            .chain(&["unprintable_with_exit", "syntax_error", "memory", "stop_iteration", "warn"])
            .chain(&["multiline", "nul", "set_traceback_none", "no_such_name"])
            // CPython 3.8 itself never leaves such a cycle (bpo-25782).
            .filter(|name| minor() > 8 || **name != "circle")
            .map(|name| (*name, None))
            .collect();
    if minor() >= 11 {
        cases.extend(["noted", "group", "wrong_notes"].map(|name| (name, None)));
    }
    for (name, argument) in [
        ("deep", "9".to_owned()),
        ("two", "4".to_owned()),
        ("long_chain", "20".to_owned()),
        ("made_up", "'x = 1 / 0'".to_owned()),
        ("in_archive", format!("{folder:?}")),
        ("raise_class", "KeyError".to_owned()),
    ] {
        cases.push((name, Some(eval(&argument).unwrap())));
    }
    for (name, argument) in &cases {
        let function = python().function(target("failing.py", name)).unwrap();
        let (expected, error) = match argument {
            Some(argument) => {
                let expected: String = printed.call((&function, argument)).unwrap();
                (expected, function.call::<Object>(argument).unwrap_err())
            }
            None => {
                let expected: String = printed.call(&function).unwrap();
                (expected, function.call::<Object>(()).unwrap_err())
            }
        };
        let unprintable = "<unprintable UnprintableWithExit object>"; // before Python 3.11
        let expected = expected.replace(unprintable, "<exception str() failed>");
        let expected = expected.replace("<exception str() failed>", "<str() raised SystemExit>");
        assert_eq!(unmarked(raised(&error).traceback()), unmarked(&expected), "{name}");
    }
}

/// A traceback without the marks below its source lines, which callpy omits.
fn unmarked(traceback: &str) -> String {
    let is_mark = |line: &str| {
        line.contains(['^', '~']) && line.trim_matches(['^', '~', ' ', '|']).is_empty()
    };
    traceback.split_inclusive('\n').filter(|line| !is_mark(line.trim_end())).collect()
}

#[test]
fn a_traceback_is_read_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lazy_lines.py");
    std::fs::write(&path, "def fail():\n    raise ValueError('before')  # the first text\n")
        .unwrap();
    let fail = python().function(format!("{}:fail", path.display())).unwrap();
    let (early, late) = (fail.call::<()>(()).unwrap_err(), fail.call::<()>(()).unwrap_err());
    let (early, late) = (raised(&early), raised(&late));
    assert!(early.traceback().contains("# the first text"), "{}", early.traceback());
    std::fs::remove_file(&path).unwrap();
    assert!(early.traceback().contains("# the first text"), "it is made once");
    let place = format!("File \"{}\", line 2, in fail\nValueError", path.display());
    assert!(late.traceback().contains(&place), "{}", late.traceback());
    assert_eq!(early, late, "whether the text was made makes no difference");
}

#[test]
fn frames_are_places() {
    let error = fail("two", 2);
    let frames = raised(&error).frames();
    let functions: Vec<&str> = frames.iter().map(callpy::StackFrame::function).collect();
    assert_eq!(functions, ["two", "other", "two", "other", "two"]);
    assert!(frames.iter().all(|frame| frame.file().ends_with("failing.py") && frame.times() == 1));
    let deep = fail("deep", 50);
    let frames = raised(&deep).frames();
    let places: Vec<_> = frames.iter().map(|frame| (frame.line(), frame.times())).collect();
    assert_eq!(places, [(17, 50), (16, 1)]);
    assert!(raised(&deep).traceback().contains("[Previous line repeated 47 more times]"));
    assert!(error.to_string().ends_with("failing.py, line 211)"), "{error}");
    // For the standard library, the program's own line is the one that called it.
    let parse = lambda("lambda text: __import__('json').loads(text)");
    let error = parse.call::<()>("{").unwrap_err();
    assert!(error.to_string().contains(" in <lambda> ("), "{error}");
    let error = python().function("json:loads").unwrap().call::<()>("{").unwrap_err();
    assert_eq!(error.to_string(), raised(&error).to_string());
    assert!(raised(&error).own_frame().is_none());
    // Source text is the program's own, even if its name is none of a file.
    let source = "def half(x):\n    return x / 2\n";
    let half = python().module_from_source("halves_of_text", "<halves>", source).unwrap();
    let error = half.function("half").unwrap().call::<f64>("x").unwrap_err();
    assert!(error.to_string().ends_with(" in half (<halves>, line 2)"), "{error}");
}

#[test]
fn a_failing_import_has_no_frames_of_callpys() {
    let error = python().function(target("broken.py", "f")).unwrap_err();
    assert!(!format!("{error:#}").contains("<callpy>"), "{error:#}");
    assert!(!format!("{error:#}").contains("importlib"), "{error:#}");
    let source = "def f():\n    raise ValueError('x')\nf()\n";
    let error = python().module_from_source("raises", "raises.py", source).unwrap_err();
    let text = format!("{error:#}");
    assert!(!text.contains("<callpy>"), "{text}");
    assert!(text.contains("raises.py\", line 2, in f"), "{text}");
    assert!(text.contains("raise ValueError('x')"), "source text has its lines too: {text}");
}

#[test]
fn notes_are_kept() {
    if minor() < 11 {
        return assert_eq!(raised(&fail("noted", ())).type_name(), "AttributeError");
    }
    let error = fail("noted", ());
    assert_eq!(raised(&error).notes(), ["first note", "second note"]);
    assert_eq!(raised(&error).message(), "with notes");
    assert!(format!("{error:#}").contains("second note"));
}

#[test]
fn odd_notes_do_no_harm() {
    assert_eq!(raised(&fail("wrong_notes", ())).notes(), ["1", "two", "None"]);
    assert!(raised(&fail("no_notes", ())).notes().is_empty());
}

#[test]
fn causes_and_contexts_are_kept() {
    let error = fail("caused", ());
    let exception = raised(&error);
    assert_eq!(exception.message(), "outer");
    assert_eq!(exception.cause().unwrap().type_name(), "KeyError");
    assert!(exception.traceback().contains("direct cause"));
    assert_eq!(error.source().unwrap().to_string(), "KeyError: 'inner'");

    let error = fail("in_context", ());
    assert_eq!(raised(&error).context().unwrap().message(), "'inner'");
    assert!(raised(&error).cause().is_none() && error.source().is_none());
    assert!(raised(&error).traceback().contains("During handling"));

    let error = fail("suppressed", ());
    assert!(!raised(&error).traceback().contains("KeyError"));
    assert!(raised(&error).cause().is_none());
}

#[test]
fn chains_end() {
    let error = fail("own_cause", ());
    assert!(raised(&error).cause().is_none());
    let error = fail("circle", ());
    let second = raised(&error).context().expect("the second");
    assert_eq!((second.type_name(), second.context()), ("KeyError", None));
    let error = fail("long_chain", 20);
    assert_eq!(links(&error), 19);
    let error = fail("long_chain", 1_000);
    let links = links(&error);
    assert!((50..1_000).contains(&links), "{links}");
    assert_eq!(raised(&error).message(), "link 999");
}

#[test]
fn an_exception_without_a_text_is_still_one() {
    let error = fail("unprintable", ());
    assert_eq!(raised(&error).type_name(), "Unprintable");
    assert!(raised(&error).message().contains("RuntimeError"), "{error}");
    let error = fail("unprintable_with_exit", ());
    assert_eq!(raised(&error).type_name(), "UnprintableWithExit");
    let error = fail("raise_strange", ());
    assert_eq!((raised(&error).type_name(), raised(&error).message()), ("Renamed", "odd"));
}

#[test]
fn any_text_arrives() {
    assert_eq!(raised(&fail("surrogates", ())).message(), r"half a \ud800 pair");
    assert_eq!(raised(&fail("nul", ())).message(), "a\0b");
    let error = fail("multiline", ());
    assert_eq!(raised(&error).message(), "\n\nthe point\nand more");
    assert_eq!(raised(&error).to_string(), "ValueError: the point");
}

#[test]
fn groups_are_exceptions() {
    let error = fail("group", ());
    if minor() < 11 {
        return assert_eq!(raised(&error).type_name(), "NameError");
    }
    assert_eq!(raised(&error).type_name(), "ExceptionGroup");
    assert!(raised(&error).message().starts_with("several"));
    let traceback = raised(&error).traceback();
    assert!(traceback.contains("ValueError: one") && traceback.contains("TypeError: two"));
}

#[test]
fn what_would_end_python_is_an_error() {
    for name in ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "MemoryError", "StopIteration"]
    {
        let kind: Object = eval(name).unwrap();
        let error = fail("raise_class", kind);
        assert_eq!(raised(&error).type_name(), name);
        assert_eq!(raised(&error).to_string(), name);
    }
    let exit = python().function("sys:exit").unwrap();
    let error = exit.call::<Object>(3).unwrap_err();
    assert_eq!((raised(&error).type_name(), raised(&error).message()), ("SystemExit", "3"));
}

#[test]
fn the_interpreters_own_errors_are_errors() {
    assert_eq!(raised(&fail("recursion", ())).type_name(), "RecursionError");
    assert_eq!(raised(&fail("memory", ())).type_name(), "MemoryError");
    assert_eq!(raised(&fail("stop_iteration", ())).type_name(), "StopIteration");
    assert_eq!(raised(&fail("warn", ())).type_name(), "DeprecationWarning");
    let error = fail("syntax_error", ());
    assert_eq!(raised(&error).type_name(), "SyntaxError");
    assert!(raised(&error).traceback().contains("cell.py\", line 1"), "{error:#}");
    let error = lambda("lambda: numpy.empty(1 << 56)").call::<Object>(()).unwrap_err();
    assert!(raised(&error).type_name().ends_with("MemoryError"), "{error}");
    // NumPy has its own exception since 1.18.
    assert_ne!(raised(&error).message(), "", "{error}");
}

#[test]
fn recursion_on_any_thread_is_an_error() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert_eq!(raised(&fail("recursion", ())).type_name(), "RecursionError");
                }
            });
        }
    });
}

#[test]
fn what_fails_while_an_exception_is_cleared_stays_behind() {
    let error = fail("fail_while_clearing", ());
    assert_eq!(raised(&error).message(), "first");
    let error = fail("set_traceback_none", ());
    assert_eq!(raised(&error).message(), "at the bottom");
}

#[test]
fn a_refused_argument_leaves_nothing_set() {
    let function = python().function("builtins:len").unwrap();
    for _ in 0..3 {
        assert_eq!(raised(&function.call::<i64>(3).unwrap_err()).type_name(), "TypeError");
        assert_eq!(raised(&function.call::<i64>(()).unwrap_err()).type_name(), "TypeError");
        assert_eq!(function.call::<i64>("abc").unwrap(), 3);
    }
}

#[test]
fn what_an_exception_held_is_let_go() {
    let function = lambda(
        "lambda made: (_ for _ in ()).throw(ValueError(made)) if made.append(1) is None else None",
    );
    let object: Object = eval("[]").unwrap();
    let count = lambda("lambda made: sys.getrefcount(made)");
    let before: i64 = count.call(&object).unwrap();
    for _ in 0..10 {
        function.call::<Object>(&object).unwrap_err();
    }
    assert_eq!(count.call::<i64>(&object).unwrap(), before);
}

#[test]
fn an_error_is_an_error_of_rusts() {
    fn boxed() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        python().function("builtins:len")?.call::<()>(1)?;
        Ok(())
    }
    let error = boxed().unwrap_err();
    assert!(error.to_string().starts_with("TypeError: "), "{error}");
    let error: Box<Error> = error.downcast().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Python(_)));
    fn kept<T: Send + Sync + 'static>(_: &T) {}
    kept(&*error);
    let again = Error::from(raised(&error).clone());
    assert_eq!(again.to_string(), error.to_string());
}
