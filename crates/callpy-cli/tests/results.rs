//! Results as text and as JSON.

mod command;

use command::Folder;

const FUNCTIONS: &str = r#"
import collections, dataclasses, datetime, decimal, enum

def array(): return np.arange(10000)
def table(): return np.array([[1.5, -2], [300, 4]])
def scalar(): return np.float64(1.5)
def number(): return 10 ** 30
def text(): return "größe \udc80"
def nothing(): return None

class Colour(enum.Enum):
    RED = "red"

@dataclasses.dataclass
class Fit:
    slope: float
    points: list

Point = collections.namedtuple("Point", "x y")

def mixed():
    return {
        "fit": Fit(np.float32(0.5), [Point(1, np.int8(2))]),
        "none": None, "yes": np.bool_(True), "big": 2 ** 70, 3: (1, 2), None: {1},
        "float": [0.1, float("nan"), np.inf], "array": np.array([[1.5, np.nan]]),
        "ints": np.array([[1, 2]], dtype="u1"), "bools": np.array([True, False]),
        "day": datetime.date(2020, 4, 2), "days": np.array(["2020-04-02", "NaT"], "M8[D]"),
        "colour": Colour.RED, "words": np.array(["a", "ü"]), "single": np.array(3),
        "masked": np.ma.array([1.0, 2.0], mask=[False, True]), "range": range(2),
    }

def number_c(): return 1j
def strange(): return [object()]
def lost(): return b"bytes"
def key(): return {(1, 2): 3}

def chatty():
    print("from the function, ü")
    import os, sys
    sys.stdout.flush()
    os.write(1, b"from the descriptor\n")
    return 1
print("from the import")
"#;

#[test]
fn a_result_is_printed_as_python_prints_it() {
    let folder = Folder::with(FUNCTIONS);
    let printed = |function: &str| {
        let text = folder.printed(&[&format!("f.py:{function}")]);
        text.strip_prefix("from the import\n").unwrap().to_owned()
    };
    assert_eq!(printed("array"), "[   0    1    2 ... 9997 9998 9999]\n");
    assert_eq!(printed("table"), "[[  1.5  -2. ]\n [300.    4. ]]\n");
    assert_eq!(printed("scalar"), "1.5\n");
    assert_eq!(printed("number"), format!("1{}\n", "0".repeat(30)));
    assert_eq!(printed("text"), "größe \\udc80\n");
    assert_eq!(printed("nothing"), "");
    assert_eq!(printed("chatty"), "from the function, ü\nfrom the descriptor\n1\n");
}

#[test]
fn only_json_is_on_stdout() {
    let folder = Folder::with(FUNCTIONS);
    let ended = folder.run(&["f.py:chatty", "--json"]);
    for line in ["from the import", "from the function, ü", "from the descriptor"] {
        assert!(ended.stderr.contains(line), "{}", ended.stderr);
    }
    assert_eq!(ended.printed(), "1\n");
    assert_eq!(folder.printed(&["f.py:nothing", "--json"]), "null\n");
    assert_eq!(folder.printed(&["f.py:text", "--json"]), "\"größe \\\\udc80\"\n");
}

#[test]
fn json_of_every_kind_of_value() {
    let json = Folder::with(FUNCTIONS).printed(&["f.py:mixed", "--json"]);
    assert_eq!(
        json,
        concat!(
            r#"{"fit": {"slope": 0.5, "points": [{"x": 1, "y": 2}]}, "none": null, "yes": true, "#,
            r#""big": 1180591620717411303424, "3": [1, 2], "null": [1], "#,
            r#""float": [0.1, null, null], "array": [[1.5, null]], "ints": [[1, 2]], "#,
            r#""bools": [true, false], "day": "2020-04-02", "days": ["2020-04-02", null], "#,
            r#""colour": "red", "words": ["a", "ü"], "single": 3, "masked": [1.0, null], "#,
            r#""range": [0, 1]}"#,
            "\n"
        )
    );
}

#[test]
fn values_that_json_can_not_represent_are_errors() {
    let folder = Folder::with(FUNCTIONS);
    for (function, word) in [
        ("number_c", "a complex"),
        ("strange", "an object"),
        ("lost", "a bytes"),
        ("key", "a tuple as a key"),
    ] {
        let target = format!("f.py:{function}");
        folder
            .run(&[&target, "--json"])
            .failed(1, &["the result ", word, "which JSON can't represent"]);
    }
}

#[cfg(unix)]
#[test]
fn a_locale_without_an_encoding_means_utf_8() {
    let folder = Folder::plain("def f():\n    print('ü')\n    return 'ä'\n");
    let mut command = folder.command(&["f.py:f"]);
    let ended = command.env("LC_ALL", "C").env_remove("LANG").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "ü\nä\n", "{ended:?}");
}

#[test]
fn a_table_has_all_values_of_a_result() {
    let folder = Folder::with(
        "def pair(): return np.arange(2000), np.arange(2000) / 2\n\
         def unequal(): return np.arange(2), np.arange(3)\n\
         def nested(): return {'name': ['a'], 'all': [np.arange(2000)]}\n\
         def scalars(): return [{'ci': (np.float64(1.5), [np.int8(2)]), 'by': {np.str_('a'): np.True_}}]\n\
         def two(): return {1: 'a', '1': 'b'}\n\
         def gen(): return (i for i in range(3))\n\
         def fields(): return np.array([(1, 2.5)], dtype=[('a', 'i4'), ('b', 'f8')])\n\
         def gaps(): return [1, None]\n\
         def loaded(): return np.load('o.npy').tolist()\n\
         def named(): return {'file': np.array([1]), 'allow_pickle': np.array([2])}\n\
         def names(): return sorted(np.load('o.npz'))\n",
    );
    let csv = folder.printed(&["f.py:pair", "--csv"]);
    assert_eq!(csv.lines().count(), 2000);
    assert!(csv.ends_with("\n1999,999.5\n"), "{csv}");
    let scalars = folder.printed(&["f.py:scalars", "--csv"]);
    assert_eq!(scalars, "ci,by\n\"(1.5, [2])\",{'a': True}\n");
    folder.run(&["f.py:unequal", "--csv"]).failed(1, &["columns of different lengths"]);
    let nested = folder.printed(&["f.py:nested", "--csv"]);
    assert!(nested.contains("1998, 1999]") && !nested.contains("..."), "{nested}");
    for how in [&["--json"][..], &["--csv"], &["--out", "o.npz"]] {
        let said = folder.run(&[&["f.py:two"][..], how].concat());
        said.failed(1, &["two", "'1' as text"]);
    }
    folder.run(&["f.py:gen", "--csv"]).failed(1, &["a generator, which has no rows and columns"]);
    assert_eq!(folder.printed(&["f.py:fields", "--json"]), "[{\"a\": 1, \"b\": 2.5}]\n");
    folder.printed(&["f.py:gaps", "--out", "o.npy"]);
    assert_eq!(folder.printed(&["f.py:loaded"]), "[1.0, nan]\n");
    folder.printed(&["f.py:named", "--out", "o.npz"]);
    assert_eq!(folder.printed(&["f.py:names"]), "['allow_pickle', 'file']\n");
}

#[test]
fn an_array_does_not_change_the_values_of_a_list() {
    let folder = Folder::with(
        "large = 2 ** 53 + 1\n\
         def text(): return [1, 'a']\n\
         def text_in_rows(): return [['a', 1], ['b', 2]]\n\
         def text_in_arrays(): return [np.array(['a']), np.array([1])]\n\
         def bytes_too(): return [b'a', 1]\n\
         def whole(): return [large, 0.5]\n\
         def whole_in_rows(): return [[1, 2], [large, 0.5]]\n\
         def whole_in_arrays(): return (np.array([large]), np.array([0.5])), (np.array([1]), np.array([2]))\n\
         def whole_of_numpy(): return [np.int64(large), 0.5]\n\
         def whole_and_complex(): return [large, 1j]\n\
         def objects(): return [[object()]]\n\
         def right(): return [['a', 'b'], ['c', 'd']]\n\
         def exact(): return [[2 ** 60, True], [np.int8(1), 0.5]]\n\
         def loaded(): return np.load('o.npy').tolist()\n",
    );
    for (function, expected) in [
        ("text", "mixes text with other values"),
        ("text_in_rows", "mixes text"),
        ("text_in_arrays", "mixes text"),
        ("bytes_too", "mixes text"),
        ("whole", "mixes fractions with whole numbers that a float can't hold"),
        ("whole_in_rows", "mixes fractions"),
        ("whole_of_numpy", "mixes fractions"),
        ("whole_and_complex", "mixes fractions"),
        ("whole_in_arrays", "mixes fractions"),
        ("objects", "a list, which can't be an array of numbers or text"),
    ] {
        folder.run(&[&format!("f.py:{function}"), "--out", "o.npy"]).failed(1, &[expected]);
    }
    folder.printed(&["f.py:right", "--out", "o.npy"]);
    assert_eq!(folder.printed(&["f.py:loaded"]), "[['a', 'b'], ['c', 'd']]\n");
    folder.printed(&["f.py:exact", "--out", "o.npy"]);
    assert_eq!(folder.printed(&["f.py:loaded"]), "[[1.152921504606847e+18, 1.0], [1.0, 0.5]]\n");
}

#[test]
fn decimals_and_intervals_are_strings_in_json() {
    let folder = Folder::plain(
        "from datetime import timedelta\nfrom decimal import Decimal\n\
         def f(): return [Decimal('1.10'), timedelta(seconds=1)]\n",
    );
    assert_eq!(folder.printed(&["f.py:f", "--json"]), "[\"1.10\", \"0:00:01\"]\n");
}

#[test]
fn masked_values_are_not_written_as_if_they_were_not() {
    let folder = Folder::with(
        "import numpy as np\ndef floats():\n    return np.ma.masked_greater([1.0, 2.0, 3.0], 2)\n\
         def whole():\n    return np.ma.masked_greater([1, 2, 3], 2)\n\
         def load():\n    return np.load('floats.npy').tolist()\n",
    );
    folder.printed(&["f.py:floats", "--out", "floats.npy"]);
    assert_eq!(folder.printed(&["f.py:load"]), "[1.0, 2.0, nan]\n");
    for file in ["whole.npy", "whole.npz"] {
        folder.run(&["f.py:whole", "--out", file]).failed(1, &["masked values", ".filled()"]);
    }
}
