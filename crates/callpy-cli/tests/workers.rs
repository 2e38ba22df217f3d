//! `--workers`: the rows of a file, or several files, on worker processes.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

mod command;

use command::{Folder, NUMPY};

const FUNCTIONS: &str = "
import os

def doubled(x: list[float]) -> list[float]:
    return [2 * each for each in x]

def large(x: list[float]) -> list[int]:
    return [row for row, each in enumerate(x) if each > 4]

def total(x: list[float], plus: float = 0) -> float:
    return sum(x) + plus

def broken(x: list[float]) -> float:
    if 5 in x:
        raise ValueError('there is a 5')
    return 0.0

def gone(x: list[float]) -> float:
    os.abort()

def nothing() -> None: ...
";

fn folder() -> Folder {
    Folder::plain(&format!("from __future__ import annotations\n{FUNCTIONS}"))
        .file("x.csv", "x\n1\n2\n3\n4\n5\n6\n7\n")
        .file("a.csv", "x\r\n1\r\n5\r\n")
        .file("b.csv", "x\n6\n")
        .file("c.csv", "x\n2\n7\n")
}

#[test]
fn what_the_calls_for_the_blocks_return_is_joined() {
    let folder = folder();
    let doubled = ["f.py:doubled", "x.csv", "--workers", "2", "--json"];
    assert_eq!(folder.printed(&doubled), "[2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]\n");
    let two = [&doubled[..], &["--block", "2"]].concat();
    assert_eq!(folder.printed(&two), folder.printed(&doubled));
    let total = ["f.py:total", "x.csv", "--workers", "2", "--block", "3", "--arg", "plus=0.5"];
    assert_eq!(folder.printed(&total), "[6.5, 15.5, 7.5]\n");
    let rows = ["f.py:large", "x.csv", "--workers", "2", "--block", "3", "--rows"];
    assert_eq!(folder.printed(&rows), "row,x\n4,5\n5,6\n6,7\n");
}

#[test]
fn each_of_several_files_is_a_call() {
    let folder = folder();
    let files = ["a.csv", "b.csv", "c.csv", "--workers", "2"];
    assert_eq!(folder.printed(&[&["f.py:total"][..], &files].concat()), "[6.0, 6.0, 9.0]\n");
    let rows = folder.printed(&[&["f.py:large"][..], &files, &["--rows"]].concat());
    assert_eq!(rows, "row,x\n1,5\n2,6\n4,7\n");
}

#[test]
fn blank_lines_belong_to_no_row() {
    let ends = ["", "\n", "\n\n\n", "\r\n\r\n"];
    for end in ends {
        let folder = Folder::plain(&format!("from __future__ import annotations\n{FUNCTIONS}"))
            .file("a.csv", format!("x\n1\n2{end}"))
            .file("b.csv", format!("x\n\n\n5{end}"))
            .file("c.csv", format!("x\r\n6\r\n{end}7{end}"));
        let files = ["f.py:total", "a.csv", "b.csv", "c.csv", "--workers", "2"];
        assert_eq!(folder.printed(&files), "[3.0, 5.0, 13.0]\n", "{end:?}");
    }
    let folder = Folder::plain("def f(x): ...\n")
        .file("a.csv", "x\n1\n2\n\n\n")
        .file("b.csv", "x\n\nfive\n");
    folder.run(&["f.py:f", "a.csv", "b.csv"]).failed(2, &["b.csv, line 3"]);
}

#[test]
fn arrays_are_joined_too() {
    let folder = Folder::with("def halved(x):\n    return x / 2\n");
    let folder = folder.file("x.csv", "x\n1\n2\n3\n");
    let arguments = ["f.py:halved", "x.csv", "--workers", "2", "--block", "1"];
    assert_eq!(folder.printed(&arguments), "[0.5 1.  1.5]\n");
    let folder = folder.file(
        "m.py",
        format!(
            "{NUMPY}\nimport numpy as np\ndef few(x):\n    \
             return np.ma.masked_greater(x, 1) if x[0] > 1 else x\n"
        ),
    );
    let masked = ["m.py:few", "x.csv", "--workers", "2", "--block", "1", "--json"];
    assert_eq!(folder.printed(&masked), "[1.0, null, null]\n");
}

#[test]
fn a_failure_says_which_rows_it_is_about() {
    let folder = folder();
    let block = ["x.csv", "--workers", "2", "--block", "2"];
    folder
        .run(&[&["f.py:broken"][..], &block].concat())
        .failed(1, &["ValueError: there is a 5", "help: the call was for the rows 4 to 5"]);
    folder.run(&[&["f.py:gone"][..], &block].concat()).failed(1, &["signal 6 (SIGABRT)"]);
    folder
        .run(&["f.py:nothing", "--workers", "2"])
        .failed(2, &["--workers needs a file, whose rows the workers share"]);
    folder.run(&["f.py:total", "x.csv", "--workers", "0"]).failed(2, &["write a number from 1"]);
    folder.run(&["f.py:total", "x.csv", "--block", "2"]).failed(2, &["--workers"]);
}

#[test]
fn calls_on_workers_are_timed() {
    let folder = folder();
    let time = ["time", "f.py:total", "x.csv", "--workers", "2", "--calls", "20"];
    let run = |arguments: &[&str]| {
        let output = callpy::child::spawn(&mut folder.callpy(arguments)).unwrap();
        command::Ended::from(output.wait_with_output().unwrap()).printed()
    };
    let text = run(&time);
    assert!(text.contains("2 callers at once on 2 workers: "), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&run(&[&time[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["workers"]["count"], 2);
    assert!(json["workers"]["calls_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_rows_are_those_of_the_arrays_that_are_passed() {
    let folder = Folder::with(
        "def save(): np.savez('a.npz', short=np.arange(2.0), long=np.arange(5.0), one=0.5)\n\
         def doubled(x): return 2 * x\n\
         def scaled(x, by): return x * by\n\
         def both(x, y): return x\n",
    );
    folder.printed(&["f.py:save"]);
    let doubled = ["f.py:doubled", "a.npz", "-c", "long", "--workers", "2"];
    assert_eq!(folder.printed(&doubled), "[0. 2. 4. 6. 8.]\n");
    let both = ["f.py:both", "a.npz", "-c", "x=short", "-c", "y=long", "--workers", "2"];
    folder.run(&both).failed(2, &["different numbers of rows: short has 2, but long has 5"]);
    // A single value goes to all workers.
    let scaled = ["f.py:scaled", "a.npz", "-c", "x=long", "-c", "by=one", "--workers", "2"];
    assert_eq!(folder.printed(&scaled), "[0.  0.5 1.  1.5 2. ]\n");
    folder.run(&[&scaled[..6], &["--rows"]].concat()).failed(2, &["call without --rows"]);
}
