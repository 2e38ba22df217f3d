//! What modules are called, where their files are, and that other processes can import them.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{ErrorKind, Function, Module, Object, Result};
use common::{alone, file, lambda, python, target};

callpy::module!(mod squares = "tests/python/squares.py");
callpy::module!(mod named = "tests/python/squares.py", name = "squares_of_rust");

const SOURCE: &str = include_str!("python/squares.py");

fn source(name: &str, text: &str) -> Result<Module> {
    python().module_from_source(name, &format!("carried/{name}.py"), text)
}

fn text_of(object: &Object) -> String {
    object.extract().unwrap()
}

/// A function of each kind of module.
fn functions() -> Vec<(&'static str, Function)> {
    squares::square(1).unwrap();
    named::square(1).unwrap();
    let python = python();
    vec![
        ("a file", python.function(target("squares.py", "square")).unwrap()),
        ("a file of another's name", python.function(target("apart/json.py", "square")).unwrap()),
        ("source text", source("from_text", SOURCE).unwrap().function("square").unwrap()),
        ("module!", python.function("modules__squares:square").unwrap()),
        ("module! with a name", python.function("squares_of_rust:square").unwrap()),
    ]
}

#[test]
fn other_processes_find_the_functions() {
    let processes = python().module("processes").unwrap();
    let methods: Vec<String> = processes.function("methods").unwrap().call(()).unwrap();
    assert!(methods.contains(&"spawn".to_owned()));
    let (one, two): (i64, i64) = (3, 4);
    for (kind, function) in functions() {
        for method in &methods {
            for runner in ["in_pool", "in_executor"] {
                let run = processes.function(runner).unwrap();
                let results: Result<Vec<i64>> = run.call((method, &function, (one, two)));
                let results =
                    results.unwrap_or_else(|error| panic!("{kind}, {method}, {runner}: {error:#}"));
                assert_eq!(results, [9, 16], "{kind}, {method}, {runner}");
            }
        }
        let run = processes.function("in_another_program").unwrap();
        let results: Vec<i64> = run.call((&function, (one, two))).unwrap();
        assert_eq!(results, [9, 16], "{kind}, in another program");
    }
}

#[test]
fn every_module_has_a_name_without_dots_and_a_real_file() {
    let is_file = python().function("os.path:isfile").unwrap();
    let source_of = python().function("inspect:getsource").unwrap();
    let loaded = lambda("lambda name: sys.modules[name]");
    for (kind, function) in functions() {
        let name = text_of(&function.object().attr("__module__").unwrap());
        assert!(name.chars().all(|c| c.is_alphanumeric() || c == '_'), "{kind}: {name}");
        let module: Object = loaded.call(&name).unwrap();
        assert_eq!(text_of(&module.attr("__name__").unwrap()), name);
        let own = text_of(&module.attr("__file__").unwrap());
        let code = function.object().attr("__code__").unwrap();
        assert_eq!(text_of(&code.attr("co_filename").unwrap()), own, "{kind}");
        assert!(is_file.call::<bool>(&own).unwrap(), "{kind}: {own}");
        let text: String = source_of.call(&function).unwrap();
        assert!(text.starts_with("def square"), "{kind}: {text}");
    }
}

#[test]
fn a_file_runs_as_itself_under_another_name() {
    let path = file("apart/json.py");
    let module = python().module(&path).unwrap();
    assert_eq!(text_of(&module.attr("__file__").unwrap()), path.display().to_string());
    let doc = text_of(&module.attr("__doc__").unwrap());
    assert!(doc.starts_with("A file whose own name"), "{doc}");
    let name = text_of(&module.attr("__name__").unwrap());
    assert!(name.starts_with("json_"), "{name}");
    // A second time by the file or by the name, it is the same.
    let same = lambda("lambda one, two, name: one is two is sys.modules[name]");
    let again = python().module(&path).unwrap();
    assert!(same.call::<bool>((again.object(), module.object(), &name)).unwrap());
    // What the stand-in needs is no name of the module.
    assert!(module.attr("importlib").is_err());
}

#[test]
fn the_same_text_is_the_same_module() {
    let counting = "runs = []\ndef run():\n    runs.append(1)\n    return len(runs)\n";
    let run = |module: Module| module.function("run").unwrap().call::<i64>(()).unwrap();
    assert_eq!(run(source("counted", counting).unwrap()), 1);
    assert_eq!(run(source("counted", counting).unwrap()), 2);
}

#[test]
fn another_text_under_a_known_name_is_an_error() {
    source("taken", "number = 1").unwrap();
    let message = |result: Result<Module>| {
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Target), "{error:?}");
        error.to_string()
    };
    assert_eq!(
        message(source("taken", "number = 2")),
        "running carried/taken.py: a module 'taken' with other text is loaded already: choose \
         another name"
    );
    // Nor is the name of a module that Python finds elsewhere free, loaded or not.
    for (name, file) in
        [("json", "json"), ("this", "this.py"), ("squares", "squares.py"), ("sys", "")]
    {
        let message = message(source(name, "number = 1"));
        assert!(message.contains("is the name of another module ("), "{message}");
        assert!(message.contains(file), "{message}");
    }
    for name in ["", "a.b", "a/b", "a b", "a-b", "a:b", "nul\0"] {
        let message = message(source(name, "number = 1"));
        assert!(message.contains("can't be the name of a module"), "{message}");
    }
    let number = python().module("taken").unwrap().attr("number").unwrap();
    assert_eq!(number.extract::<i64>().unwrap(), 1);
}

#[test]
fn a_text_that_python_finds_by_that_name_is_that_module() {
    let module = source("package_free", include_str!("python/package_free.py")).unwrap();
    let path = file("package_free.py").display().to_string();
    assert_eq!(text_of(&module.attr("__file__").unwrap()), path);
}

#[test]
fn a_text_that_failed_leaves_the_name_free() {
    for text in ["1 / 0", "def", "import no_such_module"] {
        let error = source("repaired", text).unwrap_err();
        assert!(error.exception().is_some(), "{error}");
        // The same text is tried again.
        assert_eq!(source("repaired", text).unwrap_err().to_string(), error.to_string());
    }
    let module = source("repaired", SOURCE).unwrap();
    assert_eq!(module.function("square").unwrap().call::<i64>(5).unwrap(), 25);
}

#[test]
fn errors_show_the_name_that_the_author_knows() {
    let fail = source("shown", SOURCE).unwrap().function("fail").unwrap();
    let error = fail.call::<i64>(1).unwrap_err();
    let [frame] = error.exception().unwrap().frames() else { panic!("one frame: {error:#}") };
    assert_eq!((frame.file(), frame.line()), ("carried/shown.py", 9));
    assert!(format!("{error:#}").contains("return number // 0"), "{error:#}");

    let error = source("unparsed", "def f(:\n").unwrap_err();
    assert!(format!("{error:#}").contains("File \"carried/unparsed.py\", line 1"), "{error:#}");

    let error = squares::fail(1).unwrap_err();
    let [frame] = error.exception().unwrap().frames() else { panic!("one frame: {error:#}") };
    assert_eq!(frame.file(), "tests/python/squares.py");

    let error = python().module(file("apart/string.py")).unwrap_err();
    let [frame] = error.exception().unwrap().frames() else { panic!("one frame: {error:#}") };
    assert_eq!(frame.file(), file("apart/string.py").display().to_string());
}

#[test]
fn a_text_may_name_its_encoding() {
    for encoding in ["latin-1", "utf-8", "koi8-r"] {
        let letter = if encoding == "koi8-r" { 'ж' } else { 'é' };
        let text = format!("# coding: {encoding}\nletter = '{letter}'\n");
        let module = source(&format!("in_{}", encoding.replace('-', "_")), &text).unwrap();
        assert_eq!(text_of(&module.attr("letter").unwrap()), letter.to_string(), "{encoding}");
    }
}

/// A process whose cache folder can't be written to, and whose folder for temporary files is this.
fn without_a_cache(command: &mut std::process::Command, temporary: &std::path::Path) {
    let nowhere = file("squares.py").join("cache");
    command
        .env("CALLPY_CACHE", nowhere)
        .env("TMPDIR", temporary)
        .env("CALLPY_PYTHON", executable());
}

#[test]
fn without_a_cache_folder_modules_are_in_a_temporary_one() {
    let name = "without_a_cache_folder_modules_are_in_a_temporary_one";
    let temporary = tempfile::tempdir().unwrap();
    alone(
        name,
        |command| without_a_cache(command, temporary.path()),
        || {
            let python = callpy::Python::start().unwrap();
            let module = python.module_from_source("spare", "spare.py", SOURCE).unwrap();
            let square = module.function("square").unwrap();
            let processes = python.module(file("processes.py")).unwrap();
            let run = processes.function("in_pool").unwrap();
            assert_eq!(run.call::<Vec<i64>>(("spawn", &square, (3, 4))).unwrap(), [9, 16]);
            let own = text_of(&module.attr("__file__").unwrap());
            assert!(std::path::Path::new(&own).starts_with(std::env::temp_dir()), "{own}");
            python.end().unwrap();
        },
    );
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn where_nothing_can_be_written_modules_are_in_this_process() {
    let name = "where_nothing_can_be_written_modules_are_in_this_process";
    alone(
        name,
        |command| without_a_cache(command, &file("squares.py")),
        || {
            let python = callpy::Python::start().unwrap();
            let execute = python.function("builtins:exec").unwrap();
            execute.call::<()>("import tempfile; tempfile.tempdir = '/no/such/folder'").unwrap();
            let module = python.module_from_source("memory", "memory.py", SOURCE).unwrap();
            let square = module.function("square").unwrap();
            assert_eq!(square.call::<i64>(5).unwrap(), 25);
            let error = module.function("fail").unwrap().call::<i64>(5).unwrap_err();
            assert!(format!("{error:#}").contains("return number // 0"), "{error:#}");
            let other = python.module_from_source("memory", "memory.py", "").unwrap_err();
            assert!(matches!(other.kind(), ErrorKind::Target), "{other}");
            let source_of = python.function("inspect:getsource").unwrap();
            let text: String = source_of.call(&square).unwrap();
            assert!(text.starts_with("def square"), "{text}");
            // A file whose own name is another's works, too.
            let by_path = python.function(target("apart/json.py", "square")).unwrap();
            assert_eq!(by_path.call::<i64>(5).unwrap(), 25);
            // What another process can't find is refused: a pool would wait for it for ever.
            let processes = python.module(file("processes.py")).unwrap();
            for runner in ["in_pool", "in_executor"] {
                let run = processes.function(runner).unwrap();
                let error = run.call::<Vec<i64>>(("spawn", &square, (3, 4))).unwrap_err();
                assert_eq!(error.exception().unwrap().type_name(), "PicklingError", "{error}");
                assert!(error.to_string().contains("set CALLPY_CACHE"), "{error}");
                let math = python.function("math:sqrt").unwrap();
                let roots: Vec<f64> = run.call(("spawn", &math, (9, 16))).unwrap();
                assert_eq!(roots, [3.0, 4.0]);
            }
        },
    );
}

/// The Python that the other tests run on.
fn executable() -> String {
    text_of(&python().module("sys").unwrap().attr("executable").unwrap())
}

#[test]
fn many_texts_are_few_entries_of_the_search_path() {
    alone(
        "many_texts_are_few_entries_of_the_search_path",
        |_| (),
        || {
            let length = || python().module("sys").unwrap().attr("path").unwrap().len().unwrap();
            let text = |number: i64| format!("def own(): return {number}\n");
            let before = length();
            for number in 0..60 {
                let module = source(&format!("many_{number}"), &text(number)).unwrap();
                let own = module.function("own").unwrap();
                assert_eq!(own.call::<i64>(()).unwrap(), number);
                let file =
                    text_of(&own.object().attr("__code__").unwrap().attr("co_filename").unwrap());
                assert_eq!(std::fs::read_to_string(file).unwrap(), text(number));
            }
            assert!(length() <= before + 20, "{before}, {}", length());
            // Another process finds them all.
            let processes = python().module("processes").unwrap();
            let run = processes.function("in_another_program").unwrap();
            for name in ["squares_0", "squares_1"] {
                let square = source(name, SOURCE).unwrap().function("square").unwrap();
                let results: Vec<i64> = run.call((&square, (3_i64, 4_i64))).unwrap();
                assert_eq!(results, [9, 16]);
            }
            // A name whose text failed is free for another of the same length.
            for number in 1..4 {
                source("failing_text", &format!("number = {number}; absent")).unwrap_err();
            }
            let module = source("failing_text", "number = 4; abs").unwrap();
            assert_eq!(module.attr("number").unwrap().extract::<i64>().unwrap(), 4);
            let error = source("failing_text", "number = 5; abs").unwrap_err();
            assert!(error.to_string().contains("with other text"), "{error}");
        },
    );
}
