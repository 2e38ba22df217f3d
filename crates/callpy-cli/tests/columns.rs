//! Which columns go where, and as what.

mod command;

use command::Folder;

const FUNCTIONS: &str = "
import numpy.typing as npt

def show(data):
    print(data.dtype, data.tolist())

def two(x, y, scale=1.0):
    return (x - y).tolist(), scale

def whole(data: npt.NDArray[np.int64], k: int = 0):
    return str(data.dtype), data.tolist()

def named(value: npt.NDArray[np.float64], weight: npt.NDArray[np.float64] = None):
    return value.tolist(), None if weight is None else weight.tolist()

def only(*, data):
    return data.tolist()

def hinted(label: str, data: 'npt.NDArray[np.float64]'):
    return label, data.tolist()

def several(first, *rest):
    return first.tolist(), [one.tolist() for one in rest]

def options(data, **options):
    return data.tolist(), options

retained = []
def keep(data):
    data[0] = -1
    retained.append(data)
    import atexit
    atexit.register(lambda: print('retained', retained[0].tolist()))
    return data
";

#[test]
fn the_only_column_of_numbers() {
    let folder = Folder::with(FUNCTIONS).file("t.csv", "name,value\na,1\nb,2.5\n");
    assert_eq!(folder.printed(&["f.py:show", "t.csv"]), "float64 [1.0, 2.5]\n");
    let text = folder.pipe(&["f.py:show"], "1\n2\n").printed();
    assert_eq!(text, "float64 [1.0, 2.0]\n");
    let text = folder.pipe(&["f.py:show", "-"], "a,1\nb,2\n").printed();
    assert_eq!(text, "float64 [1.0, 2.0]\n");
}

#[test]
fn several_columns_of_numbers_need_a_choice() {
    let folder = Folder::with(FUNCTIONS)
        .file("t.csv", "time,x,label,y\n1,10,a,4\n2,20,b,5\n")
        .file("bare.csv", "1,10,a\n2,20,b\n")
        .file("same.csv", "x,y,x\n1,2,3\n");
    folder.run(&["f.py:show", "t.csv"]).failed(2, &["--column: time, x, y"]);
    folder.run(&["f.py:show", "same.csv"]).failed(2, &["--column: 1 (x), y, 3 (x)"]);
    assert_eq!(folder.printed(&["f.py:show", "same.csv", "-c", "3"]), "float64 [3.0]\n");
    folder.run(&["f.py:show", "bare.csv"]).failed(2, &["no header", "1, 2"]);
    assert_eq!(folder.printed(&["f.py:show", "t.csv", "-c", "x"]), "float64 [10.0, 20.0]\n");
    assert_eq!(folder.printed(&["f.py:show", "bare.csv", "-c", "2"]), "float64 [10.0, 20.0]\n");
    // Columns that are called as the parameters need none.
    assert_eq!(folder.printed(&["f.py:two", "t.csv"]), "([6.0, 15.0], 1.0)\n");
    let swapped = ["f.py:two", "t.csv", "--column", "y=x", "--column", "x=y"];
    assert_eq!(folder.printed(&swapped), "([-6.0, -15.0], 1.0)\n");
    let in_order = ["f.py:two", "t.csv", "--column", "y", "--column", "x", "--arg", "scale=2"];
    assert_eq!(folder.printed(&in_order), "([-6.0, -15.0], 2)\n");
}

#[test]
fn a_parameter_takes_the_column_of_its_name() {
    let folder = Folder::with(FUNCTIONS)
        .file("both.csv", "weight,value\n1,10\n2,20\n")
        .file("one.csv", "value,other\n10,1\n");
    assert_eq!(folder.printed(&["f.py:named", "both.csv"]), "([10.0, 20.0], [1.0, 2.0])\n");
    assert_eq!(folder.printed(&["f.py:named", "one.csv"]), "([10.0], None)\n");
}

#[test]
fn hints_say_where_a_column_goes_and_as_what() {
    let folder = Folder::with(FUNCTIONS).file("t.csv", "9007199254740993\n2\n");
    let text = folder.printed(&["f.py:whole", "t.csv"]);
    assert_eq!(text, "('int64', [9007199254740993, 2])\n");
    let float = folder.run(&["f.py:hinted", "t.csv", "--arg", "label=a b"]);
    float.failed(2, &["9007199254740993 is a whole number that a float can't hold"]);
    let text = folder.pipe(&["f.py:hinted", "--arg", "label=a b"], "9007199254740992\n2\n");
    assert_eq!(text.printed(), "('a b', [9007199254740992.0, 2.0])\n");
    let fraction = folder.pipe(&["f.py:whole"], "1\n2.5\n");
    fraction.failed(2, &["line 2", "2.5", "not an int64"]);
}

#[test]
fn a_small_float_holds_all_digits_of_a_whole_number() {
    let folder = Folder::with(
        "import numpy.typing as npt\n\
         def single(x: npt.NDArray[np.float32]): return x.tolist()\n\
         def half(x: npt.NDArray[np.float16]): return x.tolist()\n",
    );
    let single = |text: &str| folder.pipe(&["f.py:single"], text);
    let whole = ["row 1", "a float32 can't hold 16777217", "NDArray[np.float64]"];
    single("x\n1\n16777217\n").failed(2, &whole);
    single("x\n0.5\n-16777217\n").failed(2, &["a float32 can't hold -16777217"]);
    let half = folder.pipe(&["f.py:half"], "x\n2049\n");
    half.failed(2, &["row 0", "a float16 can't hold 2049"]);
    // A number of few digits keeps them all.
    let measured = single("x\n16777216\n1.5e12\n1e30\n16777216.5\n").printed();
    assert!(measured.starts_with("[16777216.0, 15000"), "{measured}");
}

#[test]
fn a_function_without_numpy_takes_a_list() {
    let folder = Folder::plain(
        "from typing import List, Sequence\n\
         def show(values: List[float]):\n    return values\n\
         def count(values: 'Sequence[int]'):\n    return values\n",
    );
    assert_eq!(folder.pipe(&["f.py:show"], "1\n2.5\n").printed(), "[1.0, 2.5]\n");
    assert_eq!(folder.pipe(&["f.py:count"], "1\n2\n").printed(), "[1, 2]\n");
}

#[test]
fn parameters_of_every_kind() {
    let folder = Folder::with(FUNCTIONS).file("t.csv", "x,y,z\n1,2,3\n");
    assert_eq!(folder.printed(&["f.py:only", "t.csv", "-c", "z"]), "[3.0]\n");
    let several = ["f.py:several", "t.csv", "-c", "x", "-c", "y", "-c", "z"];
    assert_eq!(folder.printed(&several), "([1.0], [[2.0], [3.0]])\n");
    let options = ["f.py:options", "t.csv", "-c", "y", "-a", "mode=fast", "-a", "deep={\"a\":[1]}"];
    assert_eq!(folder.printed(&options), "([2.0], {'mode': 'fast', 'deep': {'a': [1]}})\n");
}

#[test]
fn a_missing_column_lists_the_existing_ones() {
    let folder = Folder::with(FUNCTIONS).file("t.csv", "größe,a=b\n1,2\n");
    let text = folder.run(&["f.py:show", "t.csv", "-c", "groesse"]);
    text.failed(2, &["no column \"groesse\" in t.csv", "größe, a=b"]);
    folder.run(&["f.py:show", "t.csv", "-c", "3"]).failed(2, &["größe, a=b"]);
    assert_eq!(folder.printed(&["f.py:show", "t.csv", "-c", "größe"]), "float64 [1.0]\n");
    assert_eq!(folder.printed(&["f.py:show", "t.csv", "-c", "a=b"]), "float64 [2.0]\n");
    assert_eq!(folder.printed(&["f.py:show", "t.csv", "-c", "data=a=b"]), "float64 [2.0]\n");
    let text = folder.run(&["f.py:show", "t.csv", "-c", "date=a=b"]);
    text.failed(2, &["no parameter \"date\"", "its parameters: data"]);
}

#[test]
fn missing_and_extra_arguments_are_errors() {
    let folder = Folder::with(FUNCTIONS).file("t.csv", "p,q\n1,2\n");
    folder.run(&["f.py:show", "t.csv", "-c", "p", "-c", "q"]).failed(2, &["takes one array, data"]);
    folder.run(&["f.py:two", "t.csv", "-c", "p"]).failed(2, &["needs y", "--column y=NAME"]);
    folder.run(&["f.py:show"]).failed(2, &["needs data"]);
    folder.run(&["f.py:show", "-c", "x"]).failed(2, &["there are no numbers"]);
    folder.run(&["f.py:show", "nowhere.csv"]).failed(2, &["there is no file nowhere.csv"]);
    folder.run(&["f.py:show", "."]).failed(2, &["is a folder"]);
}

#[test]
fn the_function_may_change_and_retain_its_columns() {
    let folder = Folder::with(FUNCTIONS);
    let text = folder.pipe(&["f.py:keep"], "1\n2\n").printed();
    assert_eq!(text, "[-1.  2.]\nretained [-1.0, 2.0]\n");
}

#[test]
fn a_column_with_the_parameters_name_is_read_as_its_hint_says() {
    let folder = Folder::plain(
        "
from datetime import date
from typing import Optional

def labels(id: 'list[str]', value: 'list[float]'): return id, value
def truths(ok: 'list[bool]'): return ok
def days(when: 'list[date]'): return len(when)
def weighted(value: 'list[float]', weights: 'Optional[list[float]]' = None): return value, weights
",
    )
    .file("ids.csv", "id,value\n1001,2\n1002,3\n")
    .file("days.csv", "id,value\n2024-01-01,2\n")
    .file("ok.csv", "id,ok\n7,1\n8,0\n")
    .file("one.json", "[{\"ok\": 1}]")
    .file("empty.csv", "value,weights\n1,\n2,\n")
    .file("late.csv", format!("value,weights\n{}1,2\n", "1,\n".repeat(150)))
    .file("when.csv", "when,v\n01/02/2024,1\n");
    let printed = folder.printed(&["f.py:labels", "ids.csv"]);
    assert_eq!(printed, "(['1001', '1002'], [2.0, 3.0])\n");
    assert_eq!(folder.printed(&["f.py:labels", "days.csv"]), "(['2024-01-01'], [2.0])\n");
    assert_eq!(folder.printed(&["f.py:truths", "ok.csv"]), "[True, False]\n");
    assert_eq!(folder.printed(&["f.py:truths", "one.json"]), "[True]\n");
    let ended = folder.run(&["f.py:weighted", "empty.csv"]);
    assert!(ended.stderr.contains("column weights has no values"), "{}", ended.stderr);
    assert_eq!(ended.printed(), "([1.0, 2.0], None)\n");
    // Values after the first rows are not left out.
    folder.run(&["f.py:weighted", "late.csv"]).failed(2, &["column weights: the cell is empty"]);
    let skip = ["f.py:weighted", "late.csv", "--missing", "skip"];
    assert_eq!(folder.printed(&skip), "([1.0], [2.0])\n");
    folder.run(&["f.py:days", "when.csv"]).failed(2, &["is not a date; say how", "--dates"]);
}

#[test]
fn without_a_hint_whole_numbers_that_a_float_can_not_hold_are_integers() {
    let folder = Folder::with(FUNCTIONS)
        .file("t.csv", "t\n1700000000123456789\n1700000001123456789\n")
        .file("two.csv", "x,y\n1,9007199254740993\n3,1\n")
        .file("mixed.csv", "v\n9007199254740993\n0.5\n")
        .file("gap.csv", "id,v\n1,9007199254740993\n2,\n");
    let printed = folder.printed(&["f.py:show", "t.csv"]);
    assert_eq!(printed, "int64 [1700000000123456789, 1700000001123456789]\n");
    // Only the column that needs it.
    let printed = folder.printed(&["f.py:several", "two.csv", "-c", "x", "-c", "y"]);
    assert_eq!(printed, "([1.0, 3.0], [[9007199254740993, 1]])\n");
    folder.run(&["f.py:show", "mixed.csv"]).failed(2, &["line 2", "a float can't hold"]);
    folder.run(&["f.py:show", "gap.csv", "-c", "v"]).failed(2, &["--missing skip"]);
}
