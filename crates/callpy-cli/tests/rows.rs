//! Results as rows of the file.

mod command;

use command::Folder;

const FUNCTIONS: &str = "
def where(v): return np.where(v > 1)
def argwhere(v): return np.argwhere(v > 1)
def mask(v): return v > 1
def masks(v): return (v > 1).tolist()
def one(v): return v.argmax()
def number(v): return 2
def again(v): return [2, 0, 2]
def unsigned(v): return np.array([1], dtype='u1')
def some(v): return {2, 1}
def none(v): return []
def nothing(v): return None
def mean(v): return v.mean()
def floats(v): return v
def text(v): return 'row 1'
def texts(v): return ['1']
def truth(v): return True
def mixed(v): return [True, 1]
def short(v): return [True]
def beyond(v): return [0, 3]
def below(v): return -1
def table(v): return np.zeros((2, 2), int)
def labels(v): return (v > 1).astype(int)
";

fn folder() -> Folder {
    Folder::with(FUNCTIONS).file("t.csv", "row,\"na,me\",v\n1,\"x, y\",1\n2,\"a\"\"b\",2\n3,c,3\n")
}

fn rows(folder: &Folder, function: &str) -> String {
    folder.printed(&[&format!("f.py:{function}"), "t.csv", "-c", "v", "--rows"])
}

#[test]
fn every_form_of_an_index() {
    let folder = folder();
    let (header, first) = ("row_,row,\"na,me\",v\n", "0,1,\"x, y\",1\n");
    let (second, third) = ("1,2,\"a\"\"b\",2\n", "2,3,c,3\n");
    for function in ["where", "argwhere", "mask", "masks", "some"] {
        assert_eq!(rows(&folder, function), [header, second, third].concat(), "{function}");
    }
    for function in ["one", "number"] {
        assert_eq!(rows(&folder, function), [header, third].concat(), "{function}");
    }
    assert_eq!(rows(&folder, "again"), [header, third, first, third].concat());
    assert_eq!(rows(&folder, "unsigned"), [header, second].concat());
    assert_eq!(rows(&folder, "none"), header);
}

#[test]
fn results_that_are_not_indices_are_errors() {
    let folder = folder();
    for (function, words) in [
        ("nothing", "the result is None, not row indices"),
        ("mean", "the result is a float64, not row indices"),
        ("floats", "the result is an array of float64 (3), not row indices"),
        ("text", "the result is a str, not"),
        ("texts", "the result is a list, not"),
        ("truth", "the result is a bool, not"),
        ("mixed", "the result is a list, not"),
        ("table", "the result is an array of int64 (2x2), not"),
        ("short", "a mask of 1 values, but the file has 3 rows"),
        ("beyond", "names row 3, but the file has the rows 0 to 2"),
        ("below", "names row -1, but"),
        ("labels", "0 or 1 for each row, which is a mask or row indices"),
    ] {
        let target = format!("f.py:{function}");
        folder.run(&[&target, "t.csv", "-c", "v", "--rows"]).failed(1, &[words]);
    }
    let folder = Folder::plain("def one(): return 1\n");
    folder.run(&["f.py:one", "--rows"]).failed(2, &["there are no numbers"]);
}

#[test]
fn json_has_numbers_with_all_their_digits() {
    let folder = Folder::with(FUNCTIONS)
        .file("t.csv", "v,id,t,t\n3,007,-1.50e3,nan\n")
        .file("bare.csv", "3,\"a \"\"b\"\"\"\n");
    let json = folder.printed(&["f.py:one", "t.csv", "-c", "v", "--rows", "--json"]);
    assert_eq!(json, "[{\"row\": 0, \"v\": 3, \"id\": \"007\", \"t\": -1.50e3, \"4\": \"nan\"}]\n");
    let json = folder.printed(&["f.py:one", "bare.csv", "--rows", "--json"]);
    assert_eq!(json, "[{\"row\": 0, \"1\": 3, \"2\": \"a \\\"b\\\"\"}]\n");
    assert_eq!(folder.printed(&["f.py:one", "bare.csv", "--rows"]), "0,3,\"a \"\"b\"\"\"\n");
    assert_eq!(folder.printed(&["f.py:none", "bare.csv", "--rows", "--json"]), "[]\n");
}
