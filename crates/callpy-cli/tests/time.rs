//! How long a call takes, and what is said of it.

mod command;

use command::{Ended, Folder};
use serde_json::Value;

const FUNCTIONS: &str = "
retained = []
calls = 0

def nothing(v): pass
def double(v): return v * 2
def view(v): return v[1:]
def keep(v): retained.append(v)
def sort(v): v.sort()
def touch(v): v[0] = v[0]
def twice(v):
    global calls
    calls += 1
    if calls == 2: raise RuntimeError('not again')
def once(v): raise ValueError('never')
def speak(v): print('spoken'); return len(v)
def listed(v: list[float]): return sorted(v)
def named(v, *, by): return v * by
def number(n): return n + 1
class Holder:
    def __init__(self, v): self.v = v
def hold(v): return Holder(v)
def leave(v):
    import sys
    sys.exit(4)
";

fn folder() -> Folder {
    Folder::with(FUNCTIONS).file("v.csv", "v\n3\n1\n2\n")
}

fn time(folder: &Folder, arguments: &[&str]) -> Ended {
    let arguments = [&["time"], arguments, &["--calls", "20", "--for", "5"]].concat();
    folder.callpy(&arguments).output().unwrap().into()
}

#[track_caller]
fn json(folder: &Folder, function: &str, more: &[&str]) -> Value {
    let target = format!("f.py:{function}");
    let printed = time(folder, &[&[&target[..], "v.csv", "--json"], more].concat()).printed();
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn a_table_and_a_bar() {
    let printed = time(&folder(), &["f.py:double", "v.csv"]).printed();
    for words in [
        "f.py:double on v.csv: v (3 float64)",
        "callpy ",
        "Python ",
        "ratio ",
        "waiting ",
        "lending ",
        "result ",
        "█",
    ] {
        assert!(printed.contains(words), "{words} is not in {printed}");
    }
    assert!(printed.contains("24 bytes lent, 24 bytes of the result"), "{printed}");
    assert!(!printed.contains("nan") && !printed.contains("NaN"), "{printed}");
}

#[test]
fn the_same_as_json() {
    let found = json(&folder(), "double", &[]);
    let number = |path: &str| found.pointer(path).unwrap().as_f64().unwrap();
    assert_eq!(number("/calls"), 20.0);
    assert_eq!((number("/bytes/lent"), number("/bytes/copied")), (24.0, 0.0));
    for path in
        ["/callpy/median", "/python/median", "/ratio/median", "/parts/python", "/first_call"]
    {
        assert!(number(path) > 0.0, "{path} in {found}");
    }
    assert_eq!(found["arguments"], "lent");
}

#[test]
fn copies_and_their_reasons() {
    let found = json(&folder(), "view", &[]);
    assert_eq!(found["copies"][0]["bytes"], 16);
    assert_eq!(found["copies"][0]["reason"], "it is memory that was only lent");
}

#[test]
fn functions_that_change_or_retain_their_arguments() {
    let folder = folder();
    for (function, way) in [
        ("nothing", "lent"),
        ("sort", "writable"),
        ("touch", "writable"),
        ("keep", "copied"),
        ("hold", "copied"),
    ] {
        assert_eq!(json(&folder, function, &[])["arguments"], way, "{function}");
    }
    let printed = time(&folder, &["f.py:keep", "v.csv"]).printed();
    assert!(printed.contains("retains its arguments"), "{printed}");
    let printed = time(&folder, &["f.py:sort", "v.csv"]).printed();
    assert!(printed.contains("changes its arguments"), "{printed}");
}

#[test]
fn functions_that_do_not_return() {
    let folder = folder();
    let text = time(&folder, &["f.py:twice", "v.csv"])
        .failed(1, &["not again", "the first call with these"]);
    assert!(!text.contains("callpy command"), "{text}");
    let text = time(&folder, &["f.py:once", "v.csv"]).failed(1, &["ValueError: never"]);
    assert!(!text.contains("help"), "{text}");
    time(&folder, &["f.py:leave", "v.csv"]).failed(4, &[]);
}

#[test]
fn every_kind_of_argument() {
    let folder = folder();
    assert_eq!(json(&folder, "listed", &[])["arguments"], "lent");
    json(&folder, "named", &["--arg", "by=2"]);
    let printed = time(&folder, &["f.py:number", "--arg", "n=1"]).printed();
    assert!(printed.starts_with("f.py:number\n"), "{printed}");
}

#[test]
fn the_output_of_the_first_calls_is_printed() {
    let ended = time(&folder(), &["f.py:speak", "v.csv", "--json"]);
    assert_eq!((ended.code, &ended.stderr[..]), (Some(0), "spoken\nspoken\n"));
    assert!(!ended.stdout.contains("spoken"));
}

#[test]
fn bounds() {
    let folder = folder();
    let ended = |more: &[&str]| -> Ended {
        let arguments = [&["time", "f.py:nothing", "v.csv"], more].concat();
        folder.callpy(&arguments).output().unwrap().into()
    };
    for (more, words) in [
        (&["--for", "x"][..], "write a number of seconds"),
        (&["--for=-1"], "write a number of seconds"),
        (&["--for", "nan"], "write a number of seconds"),
        (&["--calls", "0"], "--calls"),
    ] {
        ended(more).failed(2, &[words]);
    }
    ended(&["--for", "0"]).printed();
}
