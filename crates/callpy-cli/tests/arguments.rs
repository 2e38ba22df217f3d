//! Values of --arg against the hints of their parameters, before Python runs.
#![allow(missing_docs, reason = "a test")]

mod command;

use command::Folder;

#[test]
fn a_value_that_does_not_fit_is_refused_before_python_runs() {
    let folder = Folder::plain(
        "from typing import Literal, Optional\n\
         print('imported')\n\
         def f(mode: Literal['fast', 'exact'], limit: float = 1.0, count: Optional[int] = None):\n    \
             return mode, limit, count\n",
    );
    // Python is not even looked for.
    let nowhere = ["--python", "/nowhere/python"];
    for (values, words) in [
        (&["mode=slow"][..], "--arg mode=\"slow\": f takes \"fast\" or \"exact\""),
        (&["mode=fast", "limit=high"], "--arg limit=\"high\": f takes a number"),
        (&["mode=fast", "count=1.5"], "f takes a whole number or null, got 1.5"),
        (&["mode=fast", "limit=.5"], "write limit=0.5, or 'limit=\".5\"' for the string"),
    ] {
        let values = values.iter().flat_map(|value| ["--arg", value]);
        let arguments: Vec<&str> = ["f.py:f"].into_iter().chain(nowhere).chain(values).collect();
        folder.run(&arguments).failed(2, &[words]);
    }
    let fine = folder.printed(&["f.py:f", "--arg", "mode=fast", "--arg", "limit=2"]);
    assert_eq!(fine, "imported\n('fast', 2, None)\n");
}

#[test]
fn a_message_says_where_in_a_value_it_does_not_fit() {
    let folder = Folder::plain(
        "from typing import Dict, List, TypedDict\n\
         class Point(TypedDict):\n    x: int\n\
         def f(a: Dict[str, List[int]], b: Point): ...\n",
    );
    for (values, words) in [
        (&["a={\"k\": [1, 2.5]}"][..], "f takes a whole number at a[\"k\"][1], got 2.5"),
        (&["a={}", "b={\"x\": \"1\"}"], "f takes a whole number at b[\"x\"], got \"1\""),
        (&["a={}", "b={\"y\": 1}"], "f takes an object with the key \"x\", got \"y\""),
    ] {
        let values = values.iter().flat_map(|value| ["--arg", value]);
        let arguments: Vec<&str> =
            ["f.py:f", "--python", "/nowhere"].into_iter().chain(values).collect();
        folder.run(&arguments).failed(2, &[words]);
    }
}

#[test]
fn a_value_with_the_name_of_the_rest_is_passed() {
    let folder = Folder::plain("def f(**options: int): return options\n");
    assert_eq!(folder.printed(&["f.py:f", "--arg", "options=1"]), "{'options': 1}\n");
    folder.run(&["f.py:f", "--arg", "other=x"]).failed(2, &["f takes a whole number"]);
    let folder = Folder::plain("def f(x): return x != x\n");
    assert_eq!(folder.printed(&["f.py:f", "--arg", "x=NaN"]), "True\n");
}

#[test]
fn a_function_that_only_python_knows_is_checked_by_python() {
    let folder = Folder::plain("").file(
        "package.py",
        "def deco(f): return f\n@deco\ndef f(x: float): return x\nclass C:\n    \
         @staticmethod\n    def g(x: int): return x\n",
    );
    folder.run(&["package:f", "--arg", "x=a"]).failed(2, &["f takes a number"]);
    folder.run(&["package.py:f", "--arg", "x=a"]).failed(2, &["f takes a number"]);
    folder.run(&["package:C.g", "--arg", "x=1.5"]).failed(2, &["takes a whole number"]);
    assert_eq!(folder.printed(&["package:C.g", "--arg", "x=3"]), "3\n");
}
