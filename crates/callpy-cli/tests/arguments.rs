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
        (&["mode=fast", "count=1.5"], "f takes a whole number or null"),
    ] {
        let values = values.iter().flat_map(|value| ["--arg", value]);
        let arguments: Vec<&str> = ["f.py:f"].into_iter().chain(nowhere).chain(values).collect();
        folder.run(&arguments).failed(2, &[words]);
    }
    let fine = folder.printed(&["f.py:f", "--arg", "mode=fast", "--arg", "limit=2"]);
    assert_eq!(fine, "imported\n('fast', 2, None)\n");
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
